/* SPDX-License-Identifier: MIT */
/*
 * From a block's address to its site: growth of the map.  May call: os.c.
 */
#include "shadow.h"

#include <stdbool.h>

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
