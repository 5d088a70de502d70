/* SPDX-License-Identifier: MIT */
/* Nested address ranges cut into disjoint segments. */
#ifndef HL_SNAPSHOT_DWARF_SEGMENTS_H
#define HL_SNAPSHOT_DWARF_SEGMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "dwarf-unit.h"

struct hl_span {
	uint64_t low;
	uint64_t high;			/* one past the end, > low */
	uint32_t scope;
	uint32_t depth;			/* where spans overlap, the deeper one counts */
};

struct hl_spans {
	struct hl_span *spans;
	size_t nr_spans;
	size_t room;
};

/* Returns 0; -ENOMEM. */
int hl_spans_add(
	struct hl_spans *spans, uint64_t low, uint64_t high, uint32_t scope, uint32_t depth);

/* Sorts @spans; @segments receives a malloc'ed array, by address.  Returns 0; -ENOMEM. */
int hl_spans_flatten(struct hl_spans *spans, struct hl_segment **segments, size_t *nr_segments);
void hl_spans_release(struct hl_spans *spans);

#endif
