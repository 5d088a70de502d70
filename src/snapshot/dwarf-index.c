/* SPDX-License-Identifier: MIT */
/*
 * The map from addresses to compilation units.  The ranges come from the units' own entries: every
 * compiler writes them, while .debug_aranges is missing from clang's output.  It only helps with
 * units that have no ranges of their own; what it does not know either is a unit without code.
 */
#include "dwarf-index.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_UNIT_RANGES = 1 << 20,
	MAX_CANDIDATES = 64,		/* units tried for one address, if damaged ones overlap */
};

static int add_unit(struct hl_dwarf_index *index, const Dwarf_Die *die)
{
	if (index->nr_units == index->unit_room) {
		size_t room = index->unit_room ? index->unit_room * 2 : 64;
		struct hl_dwarf_unit *units = realloc(index->units, room * sizeof(*units));

		if (!units)
			return -ENOMEM;
		index->units = units;
		index->unit_room = room;
	}
	index->units[index->nr_units++] = (struct hl_dwarf_unit){ .die = *die, .split = index->split };
	return 0;
}

static int add_range(struct hl_dwarf_index *index, uint64_t low, uint64_t high, uint32_t unit)
{
	const struct hl_text_range *text = &index->text;

	/* the linker leaves 0 or 1 where it has dropped the code */
	if (low <= 1 || low >= high || high <= text->low || low >= text->high)
		return 0;
	if (index->nr_ranges == index->range_room) {
		size_t room = index->range_room ? index->range_room * 2 : 256;
		struct hl_unit_range *ranges = realloc(index->ranges, room * sizeof(*ranges));

		if (!ranges)
			return -ENOMEM;
		index->ranges = ranges;
		index->range_room = room;
	}
	index->ranges[index->nr_ranges++] =
		(struct hl_unit_range){ .low = low, .high = high, .unit = unit };
	return 0;
}

/* Returns the number of ranges in the unit's entry, also those without code; -ENOMEM. */
static int add_unit_ranges(struct hl_dwarf_index *index, uint32_t unit)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t offset = 0;
	int count = 0;

	while (count < MAX_UNIT_RANGES) {
		offset = dwarf_ranges(&index->units[unit].die, offset, &base, &start, &end);
		if (offset <= 0)
			break;
		if (add_range(index, start, end, unit) < 0)
			return -ENOMEM;
		count++;
	}
	return count;
}

static int by_low(const void *a, const void *b)
{
	const struct hl_unit_range *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static void sort_ranges(struct hl_dwarf_index *index)
{
	uint64_t reach = 0;

	if (index->nr_ranges)
		qsort(index->ranges, index->nr_ranges, sizeof(*index->ranges), by_low);
	for (size_t i = 0; i < index->nr_ranges; i++) {
		if (index->ranges[i].high > reach)
			reach = index->ranges[i].high;
		index->ranges[i].reach = reach;
	}
}

/* The unit whose entry is at @offset; units are in the order of the file.  UINT32_MAX: none. */
static uint32_t unit_at(const struct hl_dwarf_index *index, Dwarf_Off offset)
{
	size_t low = 0, high = index->nr_units;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		Dwarf_Off other = dwarf_dieoffset(&index->units[middle].die);

		if (other == offset)
			return (uint32_t)middle;
		if (other < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

/* What .debug_aranges knows of units that do not tell their ranges. */
static int add_aranges(struct hl_dwarf_index *index)
{
	Dwarf_Aranges *aranges;
	size_t count;

	if (dwarf_getaranges(index->dwarf, &aranges, &count) != 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		Dwarf_Addr start;
		Dwarf_Word length;
		Dwarf_Off owner;
		uint32_t unit;

		if (dwarf_getarangeinfo(dwarf_onearange(aranges, i), &start, &length, &owner) < 0 ||
			length > UINT64_MAX - start)
			continue;
		unit = unit_at(index, owner);
		if (unit == UINT32_MAX || index->units[unit].has_ranges)
			continue;
		if (add_range(index, start, start + length, unit) < 0)
			return -ENOMEM;
	}
	return 0;
}

int hl_dwarf_index_load(struct hl_dwarf_index *index, Dwarf *dwarf, struct hl_dwarf_split *split,
	const struct hl_text_range *text)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;
	bool is_complete = true;
	int err = 0;

	memset(index, 0, sizeof(*index));
	index->dwarf = dwarf;
	index->split = split;
	index->text = *text;
	while (!err && dwarf_get_units(dwarf, cu, &cu, NULL, &type, &die, NULL) == 0) {
		uint32_t unit = (uint32_t)index->nr_units;
		int count;

		if ((type != DW_UT_compile && type != DW_UT_skeleton) || !die.addr)
			continue;
		err = add_unit(index, &die);
		if (err)
			break;
		count = add_unit_ranges(index, unit);
		if (count < 0)
			err = count;
		index->units[unit].has_ranges = count > 0;
		is_complete = is_complete && count > 0;
	}
	if (!err && !is_complete)
		err = add_aranges(index);
	sort_ranges(index);
	return err;
}

void hl_dwarf_index_release(struct hl_dwarf_index *index)
{
	for (size_t i = 0; i < index->nr_units; i++)
		hl_dwarf_unit_release(&index->units[i]);
	free(index->units);
	free(index->ranges);
	memset(index, 0, sizeof(*index));
}

static size_t ranges_up_to(const struct hl_dwarf_index *index, uint64_t address)
{
	size_t low = 0, high = index->nr_ranges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->ranges[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A unit that knows the function is better than one with the line only. */
struct hl_dwarf_place hl_dwarf_index_find(
	struct hl_dwarf_index *index, uint64_t address, struct hl_strings *strings)
{
	struct hl_dwarf_place best = { .scope = HL_NO_SCOPE };
	int tries = MAX_CANDIDATES;

	for (size_t i = ranges_up_to(index, address); i > 0 && tries > 0; i--) {
		const struct hl_unit_range *range = &index->ranges[i - 1];
		struct hl_dwarf_place place;

		if (range->reach <= address)
			break;
		if (range->high <= address)
			continue;
		tries--;
		place.unit = &index->units[range->unit];
		if (!place.unit->is_indexed)
			hl_dwarf_unit_index(place.unit, &index->text, strings);
		place.scope = hl_dwarf_unit_scope(place.unit, address);
		place.row = hl_dwarf_unit_row(place.unit, address);
		if (place.scope != HL_NO_SCOPE)
			return place;
		if (place.row && !best.unit)
			best = place;
	}
	return best;
}
