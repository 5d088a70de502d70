/* SPDX-License-Identifier: MIT */
/*
 * Objects whose addresses nodes have otherwise than memory.  Calls nothing.
 */
#include "moved.h"

#include <stddef.h>

struct moved {
	uint64_t start;
	uint64_t end;			/* 0: free */
	uint64_t change;		/* that of the record, with its tag, less that in memory */
};
#define MAX_MOVED 512u
static struct moved moved[MAX_MOVED];
static uint32_t nr_moved;

uint64_t hl_moved_start;
uint64_t hl_moved_bytes;

uint64_t hl_moved_find_change(uint64_t ip)
{
	uint32_t n = __atomic_load_n(&nr_moved, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n; i++)
		if (ip >= moved[i].start && ip < __atomic_load_n(&moved[i].end, __ATOMIC_ACQUIRE))
			return moved[i].change;
	return 0;
}

uint64_t hl_moved_in_memory(uint64_t recorded)
{
	uint32_t n = __atomic_load_n(&nr_moved, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n; i++) {
		uint64_t ip = recorded - moved[i].change;

		if (ip >= moved[i].start && ip < __atomic_load_n(&moved[i].end, __ATOMIC_ACQUIRE))
			return ip;
	}
	return recorded & ~HL_IP_TAG_MASK;
}

/* Readers look at the start first: whatever they see of the two covers what was moved before. */
static void widen_moved(uint64_t start, uint64_t end)
{
	uint64_t first = hl_moved_start, last = first + hl_moved_bytes;

	if (last == first)
		first = last = start;
	first = start < first ? start : first;
	last = end > last ? end : last;
	__atomic_store_n(&hl_moved_bytes, last - first, __ATOMIC_RELEASE);
	__atomic_store_n(&hl_moved_start, first, __ATOMIC_RELEASE);
}

bool hl_moved_set(const struct hl_module *module, uint64_t start)
{
	uint64_t change = module->start - start + ((uint64_t)module->tag << HL_IP_TAG_SHIFT);
	uint64_t end = start + (module->end - module->start);
	uint32_t i = 0;

	if (change == 0)
		return true;
	while (i < nr_moved && moved[i].end != 0)
		i++;
	if (i == MAX_MOVED)
		return false;
	widen_moved(start, end);
	moved[i].start = start;
	moved[i].change = change;
	/* Readers see the end last: until then the entry holds no address. */
	__atomic_store_n(&moved[i].end, end, __ATOMIC_RELEASE);
	if (i == nr_moved)
		__atomic_store_n(&nr_moved, i + 1, __ATOMIC_RELEASE);
	return true;
}

void hl_moved_drop(uint64_t start)
{
	for (uint32_t i = 0; i < nr_moved; i++)
		if (moved[i].end != 0 && moved[i].start == start)
			__atomic_store_n(&moved[i].end, 0, __ATOMIC_RELEASE);
}
