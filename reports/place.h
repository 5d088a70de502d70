/* SPDX-License-Identifier: MIT */
/* Places of frames as text, for all reports that people read. */
#ifndef HL_REPORTS_PLACE_H
#define HL_REPORTS_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "snapshot/heapledger.h"

struct hl_sources;

/* How names of functions are shown; all zero: short, and 120 columns at most. */
struct hl_name_style {
	bool is_full;			/* as they are, templates and all */
	uint32_t columns;		/* that a short one may have; 0: 120 */
};

struct hl_places {
	FILE *file;			/* borrowed */
	struct hl_sources *sources;	/* NULL: no memory; no source lines then */
	char *directory;		/* where we are; NULL: unknown */
	enum hl_key key;		/* FUNCTION: the function is the place */
	bool color;
	struct hl_name_style names;
};

/* @resolver: borrowed; knows where sources may lie */
void hl_places_init(struct hl_places *out, FILE *file, const struct hl_resolver *resolver, enum hl_key key,
		bool color, struct hl_name_style names);
void hl_places_release(struct hl_places *out);

/* A file below the current directory as it is named from there, as a compiler's messages do. */
const char *hl_places_short(const struct hl_places *out, const char *path);

/* "parser.c:812", of a function its name; escaped, and never longer than a line may be. */
void hl_put_place(const struct hl_places *out, const struct hl_location *location);

/* "  in parse_node"; for a function the file it is in. */
void hl_put_context(const struct hl_places *out, const struct hl_location *location);

/*
 * ", via std::vector<int>::push_back": what the line called, if that is no allocator; nothing for @via 0.
 * @nr_vias: see struct hl_statistic
 */
void hl_put_via(const struct hl_places *out, const struct hl_resolver *resolver, uint32_t via, uint32_t nr_vias);

/* The source line with a newline, indented; nothing where it is not found. */
void hl_put_source(const struct hl_places *out, const struct hl_location *location);

/* A line for each frame, most recent first, indented. */
void hl_put_stack(const struct hl_places *out, const struct hl_resolver *resolver,
		uint32_t traceback);

#endif
