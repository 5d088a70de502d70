/* SPDX-License-Identifier: MIT */
/* Events from before the constructor. */
#include "account/early.h"

#define MAX_EARLY 4096u
static struct hl_early early[MAX_EARLY];
static uint32_t nr_early, early_lost;

void hl_early_alloc(const void *block, size_t size, enum hl_kind kind, uintptr_t ip)
{
	uint32_t i = __atomic_fetch_add(&nr_early, 1, __ATOMIC_RELAXED);

	if (i >= MAX_EARLY) {
		__atomic_fetch_add(&early_lost, 1, __ATOMIC_RELAXED);
		return;
	}
	early[i] = (struct hl_early){ block, size, ip, kind, false };
}

void hl_early_free(const void *block)
{
	uint32_t n = nr_early < MAX_EARLY ? nr_early : MAX_EARLY;

	for (uint32_t i = n; i-- > 0;)
		if (early[i].block == block && !early[i].freed) {
			early[i].freed = true;
			return;
		}
}

const struct hl_early *hl_early_log(uint32_t *nr, uint32_t *nr_lost)
{
	*nr = nr_early < MAX_EARLY ? nr_early : MAX_EARLY;
	*nr_lost = early_lost;
	return early;
}
