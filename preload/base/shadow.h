/* SPDX-License-Identifier: MIT */
/*
 * From a block's address to its site: one 4-byte slot per 32 bytes of address space.
 *
 * Two blocks are never less than 32 bytes apart (glibc's smallest chunk; hooks.c rounds tiny
 * requests up under other allocators), so the slot of a block is its own.  A slot holds the site
 * and how much smaller the request was than the usable size; where that does not fit, the next slot
 * (and if need be two more) hold it: they lie inside the block then.  An allocator may not know its
 * blocks' sizes at first (tcmalloc says 0 until its constructor has run): such a request is kept aside.
 *
 * Leaves of 256 KiB for 2 MiB of heap are mapped on demand, never removed, and the kernel fills only
 * the pages that are touched: 1/8 of the live heap at most.
 *
 * Safety: lock-free, usable in signal handlers.  A slot is only touched by the owner of its block.
 */
#ifndef HL_PRELOAD_SHADOW_H
#define HL_PRELOAD_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/os.h"
#include "common/address-map.h"

#pragma GCC visibility push(hidden)

/* A leaf has a few slots of slop at its end, so that an escaped slack never crosses into nothing. */
extern uint32_t **hl_shadow_root[HL_SHADOW_MIDDLES];

/** hl_shadow_slot() - the slot of an address, or NULL when its leaf is not there */
static inline uint32_t *hl_shadow_slot(const void *block)
{
	uint64_t address = (uint64_t)block;
	uint32_t **middle, *leaf;

	if (hl_unlikely(address >> HL_SHADOW_ADDRESS_BITS))
		return NULL;
	middle = __atomic_load_n(&hl_shadow_root[address >> HL_SHADOW_MIDDLE_SHIFT], __ATOMIC_ACQUIRE);
	if (hl_unlikely(!middle))
		return NULL;
	leaf = __atomic_load_n(&middle[address >> HL_SHADOW_LEAF_SHIFT & (HL_SHADOW_LEAVES - 1)],
		__ATOMIC_ACQUIRE);
	if (hl_unlikely(!leaf))
		return NULL;
	return &leaf[address >> HL_SHADOW_SLOT_SHIFT & (HL_SHADOW_SLOTS - 1)];
}

/** hl_shadow_map_leaf() - as hl_shadow_slot(), but maps the leaf; NULL when there is no memory */
uint32_t *hl_shadow_map_leaf(const void *block);

static inline uint32_t *hl_shadow_make_slot(const void *block)
{
	uint32_t *slot = hl_shadow_slot(block);

	return hl_likely(slot != NULL) ? slot : hl_shadow_map_leaf(block);
}

/* The cases that are seldom of hl_shadow_set() and hl_shadow_take(). */
bool hl_shadow_set_large(uint32_t *slot, uint32_t site, size_t usable, size_t size);
size_t hl_shadow_take_large(uint32_t *slot, size_t usable);

/**
 * hl_shadow_set() - remember a block
 * @slot:   from hl_shadow_make_slot()
 * @usable: its size as the allocator says; 0: that does not know it yet
 * @size:   as it was requested
 *
 * Returns: false if there is no room for what is unusual about it; the slot is empty then.
 */
static inline bool hl_shadow_set(uint32_t *slot, uint32_t site, size_t usable, size_t size)
{
	if (hl_unlikely(usable - size >= HL_SHADOW_ESCAPE || usable == 0))
		return hl_shadow_set_large(slot, site, usable, size);
	*slot = site << HL_SHADOW_SLACK_BITS | (uint32_t)(usable - size);
	return true;
}

/** hl_shadow_take() - forget a block; returns the size of the request. @slot holds a site. */
static inline size_t hl_shadow_take(uint32_t *slot, size_t usable)
{
	uint32_t slack = *slot & HL_SHADOW_ASIDE;

	if (hl_unlikely(slack >= HL_SHADOW_ESCAPE))
		return hl_shadow_take_large(slot, usable);
	*slot = 0;
	return usable - slack;
}

static inline uint32_t hl_shadow_site(const uint32_t *slot)
{
	return *slot >> HL_SHADOW_SLACK_BITS;
}

#pragma GCC visibility pop
#endif
