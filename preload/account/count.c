/* SPDX-License-Identifier: MIT */
/*
 * Counting in the ledger: what is seldom needed.
 */
#include "account/count.h"

/*
 * With several threads a lane's bytes reach the totals in portions: 1/128 of the peak, so that small
 * heaps are exact enough, and at most this.
 */
#define GRAIN_BYTES (32 << 10)

/* Never used as long as add_site() keeps its word; the program must not pay if it does not. */
static struct hl_counters nowhere;

struct hl_counters *hl_make_counters(struct hl_lane **lane, uint32_t site)
{
	struct hl_counters *counters = NULL;

	/* A full ledger is not asked for every event: that takes a lock and two system calls. */
	if (!*lane || !hl_store_is_full())
		counters = hl_table_make(*lane ? &(*lane)->counters : &hl_shared_counters, site);
	if (counters)
		return counters;
	*lane = NULL;
	counters = hl_table_find(&hl_shared_counters, site);
	return counters ? counters : &nowhere;
}

void hl_keep_peak_slow(struct hl_counters *counters, uint32_t seen, uint32_t epoch, bool owned)
{
	int64_t count = (int64_t)(counters->alloc_count - counters->free_count);

	if (!owned && !__atomic_compare_exchange_n(&counters->peak_epoch, &seen, epoch, false,
			      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return;
	counters->peak_bytes = (int64_t)(counters->alloc_bytes - counters->free_bytes);
	counters->peak_count = count > INT32_MAX ? INT32_MAX :
		count < INT32_MIN                ? INT32_MIN :
						   (int32_t)count;
	counters->peak_epoch = epoch;
}

void hl_new_peak(struct hl_domain_totals *totals, int64_t bytes)
{
	int64_t peak = __atomic_load_n(&totals->peak_bytes, __ATOMIC_RELAXED);

	do {
		if (bytes <= peak)
			return;
	} while (!__atomic_compare_exchange_n(&totals->peak_bytes, &peak, bytes, true,
		__ATOMIC_RELAXED, __ATOMIC_RELAXED));
	__atomic_fetch_add(&totals->peak_epoch, 1, __ATOMIC_RELAXED);
	totals->peak_monotonic_ns = hl_os_coarse_ns();
}

void hl_flush_grain(struct hl_lane *lane, const struct hl_domain_totals *totals,
	enum hl_domain domain)
{
	int64_t grain = __atomic_load_n(&totals->peak_bytes, __ATOMIC_RELAXED) / 128;

	hl_lane_flush(lane, domain);
	lane->grain[domain] = grain < GRAIN_BYTES ? grain : GRAIN_BYTES;
	if ((uint64_t)lane->grain[domain] > hl_globals->grain_bytes)
		hl_globals->grain_bytes = (uint64_t)lane->grain[domain];
}
