/* SPDX-License-Identifier: MIT */
/* One open ELF file. */
#ifndef HL_SNAPSHOT_ELF_FILE_H
#define HL_SNAPSHOT_ELF_FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <libelf.h>

#include "elf-inflate.h"
#include "elf-places.h"

/* One open ELF file.  All zero: not open. */
struct hl_elf_file {
	Elf *elf;
	struct hl_elf_inflated inflated; /* what DWARF is read from, if elf has it compressed */
	char *path;			/* for the user: with the name of its place before it */
	const struct hl_elf_place *place;	/* where it was found, borrowed; NULL: in the file system */
	const char *inside;		/* the end of path that is its path in its place */
	char *folder;			/* that the file lies in, links resolved; NULL: not known */
	uid_t owner;
	struct hl_build_id build_id;
};

/**
 * hl_elf_file_open() - open an ELF file in a place
 * @file: receives it; hl_elf_file_done() and hl_elf_file_release() it
 *
 * The descriptor is to be closed soon, by hl_elf_file_done(): libelf has the whole file mapped, and a program with
 * a thousand modules would need too many.
 *
 * Returns: the descriptor; -errno of open(); -ENOEXEC: not an ELF file.
 */
int hl_elf_file_open(struct hl_elf_file *file, const struct hl_elf_place *place, const char *path);

/* The same of a descriptor, which is closed on an error. */
int hl_elf_file_take(struct hl_elf_file *file, int fd, const struct stat *st, const struct hl_elf_place *place,
	const char *path);
void hl_elf_file_done(struct hl_elf_file *file, int fd);
void hl_elf_file_release(struct hl_elf_file *file);

bool hl_build_id_equal(const struct hl_build_id *a, const struct hl_build_id *b);

#endif
