/* SPDX-License-Identifier: MIT */
/* What the lines of groups called: the outermost frame of those that were passed over. */
#ifndef HL_SNAPSHOT_VIAS_H
#define HL_SNAPSHOT_VIAS_H

#include "snapshot/heapledger.h"
#include "snapshot/map.h"

struct hl_via {
	uint32_t item;			/* of struct hl_statistics */
	uint32_t traceback;
	int64_t size;
};

/* All zero is empty. */
struct hl_vias {
	struct hl_map places;		/* (item, traceback) -> vias */
	struct hl_via *vias;
	size_t nr;
	size_t room;
};

/* A stack of group @item went by @traceback, with so many bytes; 0 or -ENOMEM. */
int hl_vias_add(struct hl_vias *vias, uint32_t item, uint32_t traceback, int64_t size);

/* Give each group the one with the most bytes. */
void hl_vias_settle(const struct hl_vias *vias, struct hl_statistics *stats);
void hl_vias_release(struct hl_vias *vias);

#endif
