/* SPDX-License-Identifier: MIT */
/* The hash table of map.h: linear probing, at most two thirds full. */
#include "snapshot/map.h"

#include <stdlib.h>

/* The finalizer of a multiplicative hash; both numbers reach every bit. */
static uint64_t hash_pair(uint64_t a, uint64_t b)
{
	uint64_t h = a * 0x9e3779b97f4a7c15u;

	h ^= h >> 32;
	h = (h + b) * 0xd6e8feb86659fd93u;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	return h ^ (h >> 32);
}

static struct hl_map_entry *find(const struct hl_map *map, uint64_t a, uint64_t b)
{
	size_t mask = map->nr_slots - 1;
	size_t i = hash_pair(a, b) & mask;

	while (map->entries[i].is_used && (map->entries[i].a != a || map->entries[i].b != b))
		i = (i + 1) & mask;
	return &map->entries[i];
}

static int grow(struct hl_map *map)
{
	struct hl_map bigger = {.nr_slots = map->nr_slots ? map->nr_slots * 2 : 64};

	bigger.entries = calloc(bigger.nr_slots, sizeof(*bigger.entries));
	if (!bigger.entries)
		return -1;
	for (size_t i = 0; i < map->nr_slots; i++)
		if (map->entries[i].is_used)
			*find(&bigger, map->entries[i].a, map->entries[i].b) = map->entries[i];
	bigger.nr_used = map->nr_used;
	free(map->entries);
	*map = bigger;
	return 0;
}

struct hl_map_entry *hl_map_at(struct hl_map *map, uint64_t a, uint64_t b)
{
	struct hl_map_entry *entry;

	if (map->nr_used * 3 >= map->nr_slots * 2 && grow(map))
		return NULL;
	entry = find(map, a, b);
	if (!entry->is_used) {
		*entry = (struct hl_map_entry){.a = a, .b = b, .value = UINT32_MAX, .is_used = 1};
		map->nr_used++;
	}
	return entry;
}

uint32_t hl_map_get(const struct hl_map *map, uint64_t a, uint64_t b)
{
	const struct hl_map_entry *entry;

	if (!map->nr_slots)
		return UINT32_MAX;
	entry = find(map, a, b);
	return entry->is_used ? entry->value : UINT32_MAX;
}

void hl_map_release(struct hl_map *map)
{
	free(map->entries);
	*map = (struct hl_map){0};
}
