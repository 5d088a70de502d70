/* SPDX-License-Identifier: MIT */
/*
 * Anonymous mappings as a second domain (--mmap): which ranges are mapped, and by which site.
 *
 * A mapping counts as one block until its last page is gone; munmap of a part frees bytes only.
 */
#ifndef HL_PRELOAD_REGIONS_H
#define HL_PRELOAD_REGIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "stacks/unwind.h"

#pragma GCC visibility push(hidden)

/** hl_regions_add() - [@start, +@bytes) was mapped by @caller; replaces what was there */
void hl_regions_add(const void *start, size_t bytes, const struct hl_caller *caller);

/**
 * hl_regions_remove() - [@start, +@bytes) was unmapped, or mapped over by something else
 * @newest: mappings with a higher number stay: they came while the kernel was at work
 */
void hl_regions_remove(const void *start, size_t bytes, uint64_t newest);

/** hl_regions_has() - does @start lie in a recorded mapping? *@newest: the latest number so far */
bool hl_regions_has(const void *start, uint64_t *newest);

void hl_regions_abandon(void);

#pragma GCC visibility pop
#endif
