/* SPDX-License-Identifier: MIT */
/*
 * The index of one compilation unit.  libdw reads, the index answers: its own per-address calls walk
 * the whole unit each time (5.6 ms per address in a unit of 1.6 MB).  Here the tree is walked once;
 * the ranges of functions and inlined calls are cut into disjoint segments, each of which knows its
 * innermost scope.
 *
 * Nothing in the file is trusted: each entry must lie behind all that were visited (a sibling link
 * that leads back would multiply the work), depth and number of ranges are bounded.
 */
#include "dwarf-unit.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dwarf-segments.h"

enum {
	MAX_DEPTH = 400,		/* recursion; compilers nest some 60 deep */
	MAX_RANGES = 1 << 23,		/* of all functions of a unit; large ones have 100,000 */
};

struct walk {
	struct hl_dwarf_unit *unit;
	const struct hl_text_range *text;
	struct hl_spans spans;
	const char *last;		/* entry that was visited last */
	const char *end;		/* of the unit's entries */
	int nr_ranges;
	size_t room;
	uint32_t container;		/* around the entries that are visited */
	int err;
};

static int add_scope(struct walk *walk, const struct hl_scope *scope)
{
	struct hl_dwarf_unit *unit = walk->unit;

	if (unit->nr_scopes == walk->room) {
		size_t room = walk->room ? walk->room * 2 : 256;
		struct hl_scope *s = realloc(unit->scopes, room * sizeof(*s));

		if (!s)
			return -ENOMEM;
		unit->scopes = s;
		walk->room = room;
	}
	unit->scopes[unit->nr_scopes++] = *scope;
	return 0;
}

/* Adds the ranges of @die that hold code; their number, or -ENOMEM. */
static int add_ranges(struct walk *walk, Dwarf_Die *die, uint32_t scope, uint32_t depth,
	uint64_t *lowest)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t offset = 0;
	int count = 0;

	while (walk->nr_ranges++ < MAX_RANGES) {
		offset = dwarf_ranges(die, offset, &base, &start, &end);
		if (offset <= 0)
			break;
		if (start >= end || start < walk->text->low || end > walk->text->high || start <= 1)
			continue;
		if (count == 0)
			*lowest = start;
		if (hl_spans_add(&walk->spans, start, end, scope, depth) < 0)
			return -ENOMEM;
		count++;
	}
	return count;
}

static uint32_t number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value) < 0)
		return 0;
	return value < UINT32_MAX ? (uint32_t)value : 0;
}

/* Makes a scope of a function or inlined call that has code; else leaves @scope as it was. */
static int enter_scope(struct walk *walk, Dwarf_Die *die, int tag, uint32_t *scope)
{
	uint32_t id = (uint32_t)walk->unit->nr_scopes;
	struct hl_scope s = { .die = die->addr, .parent = HL_NO_SCOPE };
	int count;

	if (id == HL_NO_SCOPE)
		return 0;
	if (tag == DW_TAG_inlined_subroutine && *scope != HL_NO_SCOPE) {
		s.parent = *scope;
		s.depth = walk->unit->scopes[*scope].depth + 1;
	}
	count = add_ranges(walk, die, id, s.depth, &s.low);
	if (count <= 0)
		return count;
	if (tag == DW_TAG_inlined_subroutine) {
		s.call_file = number_of(die, DW_AT_call_file);
		s.call_line = number_of(die, DW_AT_call_line);
	}
	*scope = id;
	return add_scope(walk, &s);
}

/* Which children can hold code, at any depth? */
static bool is_container(int tag)
{
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
	case DW_TAG_entry_point:
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_common_block:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return true;
	default:
		return false;
	}
}

static void *walk_siblings(struct walk *walk, Dwarf_Die *die, uint32_t scope, int depth);

static bool is_named_container(int tag)
{
	return tag == DW_TAG_subprogram || tag == DW_TAG_namespace || tag == DW_TAG_class_type ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/* walk_siblings() of the children of @die, which give their names the one of @die. */
static void *walk_container(struct walk *walk, Dwarf_Die *die, Dwarf_Die *child, uint32_t scope, int depth)
{
	struct hl_containers *containers = &walk->unit->containers;
	uint32_t outer = walk->container;
	void *after;

	walk->container = hl_containers_add(containers, die, outer);
	if (walk->container == HL_NO_CONTAINER) {
		walk->err = -ENOMEM;
		return NULL;
	}
	after = walk_siblings(walk, child, scope, depth);
	containers->items[walk->container].end = after ? after : (char *)walk->last + 1;
	walk->container = outer;
	return after;
}

/* Returns the address behind the children, or NULL if they were not walked to their end. */
static void *walk_children(struct walk *walk, Dwarf_Die *die, uint32_t scope, int depth)
{
	int tag = dwarf_tag(die);
	uint32_t inner = scope;
	Dwarf_Die child;

	if (!is_container(tag))
		return NULL;
	if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine) {
		walk->err = enter_scope(walk, die, tag, &inner);
		/* calls within an inlined call without code have none either */
		if (inner == scope && tag == DW_TAG_inlined_subroutine)
			return NULL;
	}
	if (walk->err || depth >= MAX_DEPTH || dwarf_child(die, &child) != 0)
		return NULL;
	if (walk->unit->has_linkage_names && is_named_container(tag))
		return walk_container(walk, die, &child, inner, depth + 1);
	return walk_siblings(walk, &child, inner, depth + 1);
}

/* At the end of a list libdw hands out the address of the null entry, or nothing. */
static void *behind_null(const struct walk *walk, const Dwarf_Die *die, char *null)
{
	if (!null || null <= (char *)die->addr || null >= walk->end || *null != '\0')
		return NULL;
	return null + 1;
}

/*
 * Visits @die, the first of its siblings, and all others; returns the address of the entry behind
 * them, which is their parent's own sibling.  Going on from there spares libdw from skipping the
 * same subtree once more (clang writes no DW_AT_sibling).
 */
static void *walk_siblings(struct walk *walk, Dwarf_Die *die, uint32_t scope, int depth)
{
	while ((const char *)die->addr > walk->last) {
		Dwarf_Die next = { .cu = die->cu };
		char *after;
		int err;

		walk->last = die->addr;
		after = walk_children(walk, die, scope, depth);
		if (walk->err)
			return NULL;
		next.addr = after;
		if (after && after > (char *)die->addr && after < walk->end) {
			if (*after == '\0')	/* the null entry that ends a list */
				return after + 1;
		} else {
			err = dwarf_siblingof(die, &next);
			if (err == 1)
				return behind_null(walk, die, next.addr);
			if (err < 0)
				return NULL;
		}
		*die = next;
	}
	return NULL;
}

/* One past the last byte of the entries of the unit that @die is the root of. */
static const char *unit_end(Dwarf_Die *die)
{
	Dwarf *dwarf = dwarf_cu_getdwarf(die->cu);
	Dwarf_Off root = dwarf_dieoffset(die);
	Dwarf_Off next;
	size_t header;

	if (dwarf_nextcu(dwarf, root - dwarf_cuoffset(die), &next, &header, NULL, NULL, NULL) != 0 ||
		next <= root)
		return die->addr;
	return (const char *)die->addr + (next - root);
}

static void add_row(struct hl_dwarf_unit *unit, const struct hl_row *row)
{
	struct hl_row *last = unit->nr_rows ? &unit->rows[unit->nr_rows - 1] : NULL;

	/* of several rows for one address the last one counts, unless it only ends a sequence */
	if (last && last->address == row->address) {
		if (row->file != HL_NO_FILE)
			*last = *row;
		return;
	}
	if (last && last->file == row->file && last->line == row->line)
		return;
	unit->rows[unit->nr_rows++] = *row;
}

static bool read_row(Dwarf_Line *line, struct hl_row *row)
{
	Dwarf_Files *files;
	size_t file;
	bool is_end;
	int number;

	if (dwarf_lineaddr(line, &row->address) < 0 || dwarf_lineendsequence(line, &is_end) < 0)
		return false;
	row->file = HL_NO_FILE;
	row->line = 0;
	if (is_end)
		return true;
	if (dwarf_lineno(line, &number) < 0 || dwarf_line_file(line, &files, &file) < 0)
		return false;
	row->file = file < HL_NO_FILE ? (uint32_t)file : HL_NO_FILE;
	row->line = number > 0 ? (uint32_t)number : 0;
	return true;
}

/* libdw has sorted the lines by address already. */
static int read_lines(struct hl_dwarf_unit *unit, const struct hl_text_range *text)
{
	Dwarf_Lines *lines;
	size_t count;

	if (dwarf_getsrclines(&unit->die, &lines, &count) != 0 || count == 0)
		return 0;
	unit->rows = malloc(count * sizeof(*unit->rows));
	if (!unit->rows)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct hl_row row;

		if (!read_row(dwarf_onesrcline(lines, i), &row))
			continue;
		if (row.address <= 1 || row.address < text->low || row.address > text->high)
			continue;
		add_row(unit, &row);
	}
	return 0;
}

static void read_files(struct hl_dwarf_unit *unit)
{
	if (dwarf_getsrcfiles(&unit->die, &unit->line_files, &unit->nr_line_files) < 0)
		unit->nr_line_files = 0;
	unit->call_files = unit->line_files;
	unit->nr_call_files = unit->nr_line_files;
	if (unit->tree.addr != unit->die.addr &&
		dwarf_getsrcfiles(&unit->tree, &unit->call_files, &unit->nr_call_files) < 0)
		unit->nr_call_files = 0;
	unit->line_paths = calloc(unit->nr_line_files + 1, sizeof(*unit->line_paths));
	unit->call_paths = calloc(unit->nr_call_files + 1, sizeof(*unit->call_paths));
}

/* Languages in which one plain name can mean many functions. */
static bool language_mangles(Dwarf_Die *die)
{
	switch (number_of(die, DW_AT_language)) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case DW_LANG_Rust:
	case DW_LANG_D:
	case DW_LANG_Swift:
	case DW_LANG_ObjC_plus_plus:
		return true;
	default:
		return false;
	}
}

static void read_header(struct hl_dwarf_unit *unit, struct hl_strings *strings)
{
	Dwarf_Attribute attribute;
	const char *directory =
		dwarf_formstring(dwarf_attr(&unit->die, DW_AT_comp_dir, &attribute));
	uint8_t type;
	Dwarf_Die split;

	if (directory)
		unit->directory = hl_strings_add(strings, directory, strlen(directory));
	unit->tree = unit->die;
	/* by itself libdw would open whatever the skeleton names */
	if (dwarf_cu_info(unit->die.cu, NULL, &type, NULL, NULL, NULL, NULL, NULL) == 0 && type == DW_UT_skeleton &&
		unit->split && hl_dwarf_split_find(unit->split, &unit->die, unit->directory, &split))
		unit->tree = split;
	unit->has_linkage_names = language_mangles(&unit->tree);
}

int hl_dwarf_unit_index(struct hl_dwarf_unit *unit, const struct hl_text_range *text,
	struct hl_strings *strings)
{
	struct walk walk = { .unit = unit, .text = text, .container = HL_NO_CONTAINER };
	Dwarf_Die child;

	unit->is_indexed = true;
	read_header(unit, strings);
	read_files(unit);
	if (!unit->line_paths || !unit->call_paths)
		return -ENOMEM;
	walk.last = unit->tree.addr;
	walk.end = unit_end(&unit->tree);
	walk.err = read_lines(unit, text);
	if (!walk.err && dwarf_child(&unit->tree, &child) == 0)
		walk_siblings(&walk, &child, HL_NO_SCOPE, 0);
	if (!walk.err)
		walk.err = hl_spans_flatten(&walk.spans, &unit->segments, &unit->nr_segments);
	hl_spans_release(&walk.spans);
	return walk.err;
}

void hl_dwarf_unit_release(struct hl_dwarf_unit *unit)
{
	hl_containers_release(&unit->containers);
	free(unit->scopes);
	free(unit->segments);
	free(unit->rows);
	free(unit->line_paths);
	free(unit->call_paths);
	memset(unit, 0, sizeof(*unit));
}

uint32_t hl_dwarf_unit_scope(const struct hl_dwarf_unit *unit, uint64_t address)
{
	size_t low = 0, high = unit->nr_segments;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (unit->segments[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? unit->segments[low - 1].scope : HL_NO_SCOPE;
}

const struct hl_row *hl_dwarf_unit_row(const struct hl_dwarf_unit *unit, uint64_t address)
{
	size_t low = 0, high = unit->nr_rows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (unit->rows[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && unit->rows[low - 1].file != HL_NO_FILE ? &unit->rows[low - 1] : NULL;
}
