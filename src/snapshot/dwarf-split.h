/* SPDX-License-Identifier: MIT */
/*
 * Split units: a program's own unit is a skeleton, and its functions are in a .dwo file, or with those of other
 * units in one .dwp file.
 *
 * libdw (0.188) knows .dwo files only, and opens what a skeleton names by itself, unchecked.  Here the file is found
 * and opened by the rules for files that a file names; of a .dwp the unit's parts are put together as a .dwo in
 * memory.  libdw gets its descriptor as the skeleton's file name, which is changed in a copy of the skeletons.
 */
#ifndef HL_SNAPSHOT_DWARF_SPLIT_H
#define HL_SNAPSHOT_DWARF_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>

#include "elf-file.h"

/* Of one file with skeletons.  All zero: it has none. */
struct hl_dwarf_split {
	const struct hl_elf_file *file;	/* with the skeletons, in a copy that can be written; borrowed */
	const struct hl_elf_file *program; /* may be file itself, or NULL; borrowed */
	const struct hl_elf_places *places; /* borrowed */
	bool is_dwp_searched;
	struct hl_elf_file dwp;
	struct hl_elf_inflated dwp_inflated;
	size_t nr_missing;		/* units whose other part was not found */
	char *missing;			/* the file that the first of them names */
};

/* Whether a unit of @dwarf is a skeleton. */
bool hl_dwarf_has_skeletons(Dwarf *dwarf);

/**
 * hl_dwarf_split_find() - the other part of a skeleton
 * @unit: its entry
 * @directory: its compilation directory; NULL: not known
 * @out: receives the entry of the split unit, which lives as long as the skeleton's Dwarf
 *
 * To be asked once for a unit.  It has the skeleton's id, or is not taken.
 *
 * Cost:    as large as the unit.
 * Returns: false: there is none; counted and named in @split.
 */
bool hl_dwarf_split_find(struct hl_dwarf_split *split, Dwarf_Die *unit, const char *directory, Dwarf_Die *out);
void hl_dwarf_split_release(struct hl_dwarf_split *split);

#endif
