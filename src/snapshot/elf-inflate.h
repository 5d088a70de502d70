/* SPDX-License-Identifier: MIT */
/*
 * Compressed DWARF, decompressed at once, and only what is asked of it here.
 *
 * libdw decompresses every debug section when a file is opened: of Debian's debug file of libc that
 * is three quarters of the time that a small report takes.  Here those sections that nobody reads are
 * left out, and libdeflate does it in half the time of zlib.  Sections of Zstandard, which libelf knows
 * from 0.189 on, are read if libzstd was there when this was built.
 */
#ifndef HL_SNAPSHOT_ELF_INFLATE_H
#define HL_SNAPSHOT_ELF_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libelf.h>

/* An ELF file in memory with the debug sections of another; it can be written to.  All zero: none. */
struct hl_elf_inflated {
	Elf *elf;
	void *image;
	size_t bytes;
	/* Of a copy with skeletons (hl_elf_copy_skeletons()): */
	char *tail;			/* HL_INFLATED_TAIL bytes behind .debug_str, for a name */
	size_t tail_offset;		/* in .debug_str */
	size_t str_offsets;		/* where .debug_str_offsets is in the image; 0: there is none */
};
#define HL_INFLATED_TAIL 32u

/* A section of a file that is put together. */
struct hl_elf_part {
	const char *name;
	const unsigned char *data;
	size_t data_bytes;
	size_t bytes;			/* decompressed */
	size_t tail_bytes;		/* zeros behind them */
	size_t offset;			/* in the image; filled in */
	unsigned int compression;	/* ELFCOMPRESS_...; 0: none */
};

/**
 * hl_elf_inflate() - make a copy of a file's debug sections if they are compressed
 * @elf: borrowed; not needed afterwards
 * @out: receives the copy; hl_elf_inflated_release() it after the last use
 *
 * Returns: false: @elf is better used itself: nothing is compressed, not in a way known here, or
 *          there is no memory.
 */
bool hl_elf_inflate(Elf *elf, struct hl_elf_inflated *out);

/* The same whether something is compressed or not, with room for a name behind the strings. */
bool hl_elf_copy_skeletons(Elf *elf, struct hl_elf_inflated *out);

/* A file like @elf with these sections only.  False: a section is damaged, or there is no memory. */
bool hl_elf_assemble(Elf *elf, struct hl_elf_part *parts, size_t nr, struct hl_elf_inflated *out);
void hl_elf_inflated_release(struct hl_elf_inflated *inflated);

#endif
