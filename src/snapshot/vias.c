/* SPDX-License-Identifier: MIT */
/* What the lines of groups called. */
#include "snapshot/vias.h"

#include <errno.h>
#include <stdlib.h>

#include "snapshot/resolve.h"

int hl_vias_add(struct hl_vias *vias, uint32_t item, uint32_t traceback, int64_t size)
{
	struct hl_map_entry *entry = hl_map_at(&vias->places, item, traceback);

	if (!entry)
		return -ENOMEM;
	if (entry->value == HL_NONE) {
		if (hl_array_grow((void **)&vias->vias, &vias->room, vias->nr, sizeof(*vias->vias)))
			return -ENOMEM;
		vias->vias[vias->nr] = (struct hl_via){.item = item, .traceback = traceback};
		entry->value = (uint32_t)vias->nr++;
	}
	vias->vias[entry->value].size += size;
	return 0;
}

/* The same whatever order the stacks come in. */
static bool is_before(const struct hl_resolver *r, const struct hl_via *a, const struct hl_via *b)
{
	if (a->size != b->size)
		return a->size > b->size;
	return hl_traceback_compare(r, a->traceback, b->traceback) < 0;
}

void hl_vias_settle(const struct hl_vias *vias, struct hl_statistics *stats)
{
	for (size_t i = 0; i < vias->nr; i++) {
		const struct hl_via *via = &vias->vias[i];
		struct hl_statistic *item = &stats->items[via->item];

		/* Until all are seen it is a number, + 1, in vias. */
		if (!item->nr_vias++ || is_before(stats->resolver, via, &vias->vias[item->via - 1]))
			item->via = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < stats->nr_items; i++)
		if (stats->items[i].via)
			stats->items[i].via = vias->vias[stats->items[i].via - 1].traceback;
}

void hl_vias_release(struct hl_vias *vias)
{
	hl_map_release(&vias->places);
	free(vias->vias);
}
