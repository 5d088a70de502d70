/* SPDX-License-Identifier: MIT */
/* The index of one compilation unit: which functions, inlined calls and lines its code belongs to. */
#ifndef HL_SNAPSHOT_DWARF_UNIT_H
#define HL_SNAPSHOT_DWARF_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>

#include "dwarf-scopes.h"
#include "dwarf-split.h"
#include "sym-strings.h"

#define HL_NO_SCOPE UINT32_MAX

/* A function with code, or a call that was inlined. */
struct hl_scope {
	void *die;			/* Dwarf_Die.addr within the unit's DIE tree */
	uint64_t low;			/* lowest address of its first range */
	const char *function;		/* see hl_dwarf_unit_name(); NULL until then */
	const char *linkage_name;
	uint32_t parent;		/* what an inlined call was inlined into; HL_NO_SCOPE: function */
	uint32_t depth;
	uint32_t call_file;
	uint32_t call_line;
	uint32_t decl_line;		/* 0: not known; with the name */
	bool named;
};

/* Code [address, next segment's address) belongs to scope (HL_NO_SCOPE: to no function). */
struct hl_segment {
	uint64_t address;
	uint32_t scope;
};

/* Code [address, next row's address) comes from this line. */
struct hl_row {
	uint64_t address;
	uint32_t file;			/* index for dwarf_filesrc(); HL_NO_FILE: no code here */
	uint32_t line;
};
#define HL_NO_FILE UINT32_MAX

struct hl_dwarf_unit {
	Dwarf_Die die;			/* of the compilation unit, of the skeleton when it is split */
	Dwarf_Die tree;			/* whose children are walked: die, or that of the .dwo file */
	bool has_ranges;		/* the unit's own entry tells where its code is */
	bool is_indexed;
	bool is_vouched_for;		/* its folders were told, see named-file.h */
	bool has_linkage_names;		/* of a language that mangles: a plain name is not unique */
	struct hl_dwarf_split *split;	/* of its file, borrowed; NULL: the other part of a skeleton is left alone */
	const char *directory;		/* DW_AT_comp_dir, interned; NULL: none */
	Dwarf_Files *line_files;	/* files of the rows */
	Dwarf_Files *call_files;	/* files of call_file: the same but in a split unit */
	size_t nr_line_files;
	size_t nr_call_files;
	const char **line_paths;	/* interned on first use */
	const char **call_paths;
	struct hl_containers containers; /* of a language that mangles */
	struct hl_scope *scopes;
	struct hl_segment *segments;
	struct hl_row *rows;
	size_t nr_scopes;
	size_t nr_segments;
	size_t nr_rows;
};

/* Code addresses that can be meant: others are left over from functions that the linker dropped. */
struct hl_text_range {
	uint64_t low;
	uint64_t high;
};

/**
 * hl_dwarf_unit_index() - read a unit
 * @unit: with @die set, the rest zero; hl_dwarf_unit_release() it
 *
 * Damaged data gives a smaller index, never an error.
 *
 * Returns: 0; -ENOMEM (the unit then stays as far as it came).
 */
int hl_dwarf_unit_index(struct hl_dwarf_unit *unit, const struct hl_text_range *text,
	struct hl_strings *strings);
void hl_dwarf_unit_release(struct hl_dwarf_unit *unit);

/* The innermost scope of @address, or HL_NO_SCOPE. */
uint32_t hl_dwarf_unit_scope(const struct hl_dwarf_unit *unit, uint64_t address);

/* The line of @address; NULL: none. */
const struct hl_row *hl_dwarf_unit_row(const struct hl_dwarf_unit *unit, uint64_t address);

/* Full path of a file of a row, or of a call; NULL: not known. */
const char *hl_dwarf_unit_row_path(
	struct hl_dwarf_unit *unit, uint32_t file, struct hl_strings *strings);
const char *hl_dwarf_unit_call_path(
	struct hl_dwarf_unit *unit, uint32_t file, struct hl_strings *strings);

/* Full path of the source that was compiled; NULL: not known. */
const char *hl_dwarf_unit_source(const struct hl_dwarf_unit *unit, struct hl_strings *strings);

/* Fills in a scope's function and linkage_name from its DIE. */
void hl_dwarf_unit_name(struct hl_dwarf_unit *unit, struct hl_scope *scope, bool parameters,
	struct hl_strings *strings);

#endif
