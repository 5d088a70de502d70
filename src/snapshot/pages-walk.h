/* SPDX-License-Identifier: MIT */
/*
 * A walk over the blocks of a running program, by the recording library's map from addresses to call sites
 * (common/address-map.h), and over the pages that they lie on.
 */
#ifndef HL_SNAPSHOT_PAGES_WALK_H
#define HL_SNAPSHOT_PAGES_WALK_H

#include "snapshot/process-memory.h"

/* What the blocks of a call site have. */
struct hl_pages_site {
	uint64_t nr_blocks;
	uint64_t slack_bytes;		/* how much more than the requests the blocks have */
	uint64_t resident_bytes;	/* of the requests */
	uint64_t swapped_bytes;
	uint64_t untouched_bytes;
	uint64_t beside_bytes;		/* its share of the rest of its resident pages, by bytes on each */
};

struct hl_pages_walk {
	struct hl_process_memory *memory; /* borrowed */
	uint64_t root;			/* address of the map in the program */
	uint64_t site_base;		/* sites[i] is that of number site_base + i */
	uint64_t nr_sites;
	struct hl_pages_site *sites;	/* borrowed, nr_sites of them, zero */
	struct hl_pages_site strangers;	/* of numbers that are not among them */
	uint64_t *block_pages;		/* borrowed, by mapping, zero: resident pages with a block on them */
	uint64_t map_bytes;		/* resident bytes of the map itself */
	uint64_t nr_unread;		/* blocks whose size was taken from where the next one is */
};

/**
 * hl_pages_walk() - fill @walk
 *
 * Only pages that are resident are read.  A program that allocates meanwhile is not stopped: what changes is found as
 * it was or as it is.
 *
 * Cost:    O(resident pages + blocks).
 * Returns: 0; -EPERM and -ENOMEM, with @err filled.
 */
int hl_pages_walk(struct hl_pages_walk *walk, struct hl_error *err);

#endif
