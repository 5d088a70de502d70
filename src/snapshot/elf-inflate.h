/* SPDX-License-Identifier: MIT */
/*
 * Compressed DWARF, decompressed at once, and only what is asked of it here.
 *
 * libdw decompresses every debug section when a file is opened: of Debian's debug file of libc that
 * is three quarters of the time that a small report takes.  Here those sections that nobody reads are
 * left out, and libdeflate does it in half the time of zlib.
 */
#ifndef HL_SNAPSHOT_ELF_INFLATE_H
#define HL_SNAPSHOT_ELF_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include <libelf.h>

/* An ELF file in memory with the debug sections of another.  All zero: none. */
struct hl_elf_inflated {
	Elf *elf;
	void *image;
	size_t bytes;
};

/**
 * hl_elf_inflate() - make a copy of a file's debug sections if they are compressed
 * @elf: borrowed; not needed afterwards
 * @out: receives the copy; hl_elf_inflated_release() it after the last use
 *
 * Returns: false: @elf is better used itself: nothing is compressed, not in a way known here, or it
 *          needs other files (.dwo) beside it; or there is no memory.
 */
bool hl_elf_inflate(Elf *elf, struct hl_elf_inflated *out);
void hl_elf_inflated_release(struct hl_elf_inflated *inflated);

#endif
