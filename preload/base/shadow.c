/* SPDX-License-Identifier: MIT */
/*
 * From a block's address to its site: growth of the map, and the slots that are unusual.
 */
#include "base/shadow.h"

#define LEAF_BYTES ((HL_SHADOW_SLOTS + 4) * sizeof(uint32_t))

uint32_t **hl_shadow_root[HL_SHADOW_MIDDLES];

/* Whoever comes first installs; the loser gives its memory back. */
static void *install(void **where, size_t bytes)
{
	void *expected = NULL, *made = hl_os_map(bytes);

	if (!made)
		return NULL;
	if (__atomic_compare_exchange_n(where, &expected, made, false, __ATOMIC_ACQ_REL,
			__ATOMIC_ACQUIRE))
		return made;
	hl_os_unmap(made, bytes);
	return expected;
}

uint32_t *hl_shadow_map_leaf(const void *block)
{
	uint64_t address = (uint64_t)block;
	uint32_t **middle;
	void **entry;

	if (address >> HL_SHADOW_ADDRESS_BITS)
		return NULL;
	entry = (void **)&hl_shadow_root[address >> HL_SHADOW_MIDDLE_SHIFT];
	middle = __atomic_load_n(entry, __ATOMIC_ACQUIRE);
	if (!middle)
		middle = install(entry, HL_SHADOW_LEAVES * sizeof(*middle));
	if (!middle)
		return NULL;
	entry = (void **)&middle[address >> HL_SHADOW_LEAF_SHIFT & (HL_SHADOW_LEAVES - 1)];
	if (!__atomic_load_n(entry, __ATOMIC_ACQUIRE) && !install(entry, LEAF_BYTES))
		return NULL;
	return hl_shadow_slot(block);
}

/*
 * Sizes of requests whose blocks seemed smaller than they: by slot, with linear probing.  An entry is
 * taken by a compare-and-swap of its slot and then belongs to the block's owner.
 */
#define NR_ASIDE 4096u
#define ASIDE_FREED ((uint32_t *)1)

static struct {
	uint32_t *slot;			/* NULL: never used, which ends a search; ASIDE_FREED: may be used */
	size_t size;
} aside[NR_ASIDE];

static uint32_t aside_index(const uint32_t *slot, uint32_t step)
{
	return ((uint32_t)((uintptr_t)slot >> 2) * 2654435761u + step) % NR_ASIDE;
}

static bool put_aside(uint32_t *slot, size_t size)
{
	for (uint32_t step = 0; step < NR_ASIDE; step++) {
		uint32_t i = aside_index(slot, step), *found = __atomic_load_n(&aside[i].slot, __ATOMIC_RELAXED);

		if ((found == NULL || found == ASIDE_FREED) &&
			__atomic_compare_exchange_n(&aside[i].slot, &found, slot, false, __ATOMIC_RELAXED,
				__ATOMIC_RELAXED)) {
			aside[i].size = size;
			return true;
		}
	}
	return false;
}

static size_t take_aside(const uint32_t *slot)
{
	size_t size;

	for (uint32_t step = 0; step < NR_ASIDE; step++) {
		uint32_t i = aside_index(slot, step);

		if (__atomic_load_n(&aside[i].slot, __ATOMIC_RELAXED) != slot)
			continue;
		size = aside[i].size;
		/* The size is read before another may write it. */
		__atomic_store_n(&aside[i].slot, ASIDE_FREED, __ATOMIC_RELEASE);
		return size;
	}
	return 0;
}

bool hl_shadow_set_large(uint32_t *slot, uint32_t site, size_t usable, size_t size)
{
	size_t slack = usable - size;

	*slot = 0;
	if (usable < size || usable == 0) {
		if (!put_aside(slot, size))
			return false;
		*slot = site << HL_SHADOW_SLACK_BITS | HL_SHADOW_ASIDE;
		return true;
	}
	*slot = site << HL_SHADOW_SLACK_BITS | HL_SHADOW_ESCAPE;
	if (slack < UINT32_MAX) {
		slot[1] = (uint32_t)slack;
		return true;
	}
	slot[1] = UINT32_MAX;
	slot[2] = (uint32_t)slack;
	slot[3] = (uint32_t)(slack >> 32);
	return true;
}

size_t hl_shadow_take_large(uint32_t *slot, size_t usable)
{
	bool is_aside = (*slot & HL_SHADOW_ASIDE) == HL_SHADOW_ASIDE;
	uint64_t slack;

	*slot = 0;
	if (is_aside)
		return take_aside(slot);
	slack = slot[1];
	slot[1] = 0;
	if (slack != UINT32_MAX)
		return usable - slack;
	slack = slot[2] | (uint64_t)slot[3] << 32;
	slot[2] = slot[3] = 0;
	return usable - slack;
}
