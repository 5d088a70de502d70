/* SPDX-License-Identifier: MIT */
/* Which compilation unit of a module holds an address; units are indexed when first asked for. */
#ifndef HL_SNAPSHOT_DWARF_INDEX_H
#define HL_SNAPSHOT_DWARF_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>

#include "dwarf-unit.h"
#include "sym-strings.h"

struct hl_unit_range {
	uint64_t low;
	uint64_t high;
	uint64_t reach;			/* highest high of this and all earlier ranges */
	uint32_t unit;
};

struct hl_dwarf_index {
	Dwarf *dwarf;			/* borrowed */
	struct hl_dwarf_split *split;	/* borrowed; NULL: split units are left alone */
	struct hl_text_range text;
	struct hl_dwarf_unit *units;
	struct hl_unit_range *ranges;	/* by low */
	size_t nr_units;
	size_t nr_ranges;
	size_t unit_room;
	size_t range_room;
};

/* What is known about an address; unit NULL: nothing. */
struct hl_dwarf_place {
	struct hl_dwarf_unit *unit;
	const struct hl_row *row;	/* NULL: no line */
	uint32_t scope;			/* innermost, or HL_NO_SCOPE */
};

/*
 * Reads the ranges of all units of @dwarf; @split finds the other parts of skeletons.
 * Returns 0; -ENOMEM.  Damaged units are left out.
 */
int hl_dwarf_index_load(struct hl_dwarf_index *index, Dwarf *dwarf, struct hl_dwarf_split *split,
	const struct hl_text_range *text);
void hl_dwarf_index_release(struct hl_dwarf_index *index);

struct hl_dwarf_place hl_dwarf_index_find(
	struct hl_dwarf_index *index, uint64_t address, struct hl_strings *strings);

#endif
