/* SPDX-License-Identifier: MIT */
/*
 * A hash table from two 64-bit numbers to a 32-bit one, open addressing.
 *
 * For the tables with an entry per frame or stack, where uthash's 56 bytes of links and one malloc
 * per entry would cost more than the data.  Entries are never removed.
 */
#ifndef HL_SNAPSHOT_MAP_H
#define HL_SNAPSHOT_MAP_H

#include <stddef.h>
#include <stdint.h>

struct hl_map_entry {
	uint64_t a;
	uint64_t b;
	uint32_t value;
	uint32_t is_used;
};

struct hl_map {
	struct hl_map_entry *entries;
	size_t nr_slots;		/* a power of two, or 0 */
	size_t nr_used;
};

/**
 * hl_map_at() - the entry of a key, made if it is not there
 *
 * A new entry has value UINT32_MAX.
 * Returns: valid until the next call; NULL: out of memory.
 */
struct hl_map_entry *hl_map_at(struct hl_map *map, uint64_t a, uint64_t b);

/* The value of a key, UINT32_MAX if it is not there. */
uint32_t hl_map_get(const struct hl_map *map, uint64_t a, uint64_t b);

void hl_map_release(struct hl_map *map);

#endif
