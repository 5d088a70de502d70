/* SPDX-License-Identifier: MIT */
/*
 * Counting in the ledger: a site's counters, and a domain's bytes and peak.
 *
 * Counters of a lane are changed by plain loads and stores between two steps of the shard's seq;
 * those of the shared shard by atomic additions.  On x86 the release fences cost nothing.
 */
#ifndef HL_PRELOAD_COUNT_H
#define HL_PRELOAD_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "account/lanes.h"
#include "base/options.h"
#include "base/store.h"
#include "common/ledger.h"
#include "cpu.h"

#pragma GCC visibility push(hidden)

#define HL_SHARED_ADD(word, n) __atomic_fetch_add(&(word), (n), __ATOMIC_RELAXED)
#define HL_LANE_ADD(lane, word, n)								\
	do {										\
		if (hl_likely(lane))							\
			HL_OWNED_ADD((lane)->shard->word, n);				\
		else									\
			HL_SHARED_ADD(hl_shared_shard->word, n);				\
	} while (0)

/* Inlined with and without a lane, so that the common case has no test for it. */
#define HL_SPECIALISED static inline __attribute__((always_inline))

/* A change of a lane's counters: seq is odd in between, and counts events in steps of two. */
HL_SPECIALISED void hl_begin_change(struct hl_lane *lane)
{
	if (!lane) {
		HL_SHARED_ADD(hl_shared_shard->events, 1);
		return;
	}
	HL_OWNED_ADD(lane->shard->seq, 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

HL_SPECIALISED void hl_end_change(struct hl_lane *lane)
{
	if (!lane)
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	HL_OWNED_ADD(lane->shard->seq, 1);
}

/*
 * Is this event like most: neither measured nor weighted?  One comparison tells: with --sample the
 * next special event is always this one.
 */
static inline bool hl_is_plain(const struct hl_lane *lane)
{
	return hl_likely(lane->shard->seq < lane->special_at);
}

/* After an event that was special. */
static inline void hl_find_special(struct hl_lane *lane)
{
	if (hl_options.sample_bytes == 0)
		lane->special_at = (lane->shard->seq + HL_TIMED_EVERY) / (2 * HL_TIMED_EVERY) *
			(2 * HL_TIMED_EVERY) + HL_TIMED_EVERY;
}

/*
 * The start of a measured event, or 0: one of HL_TIMED_EVERY is measured.  It is later by what reading the
 * clock takes, which lies between start and end, too.
 */
HL_SPECIALISED uint64_t hl_begin_timing(const struct hl_lane *lane)
{
	uint64_t before, start;

	if (hl_likely(!lane || lane->shard->seq % (2 * HL_TIMED_EVERY) != HL_TIMED_EVERY))
		return 0;
	before = hl_os_monotonic_ns();
	start = hl_os_monotonic_ns();
	return start + (start - before);
}

/* What takes longer was not ours alone: the kernel gave the processor to others. */
#define HL_TIMED_MOST_NS 500000

HL_SPECIALISED void hl_end_timing(struct hl_lane *lane, uint64_t start_ns)
{
	int64_t ns;

	if (hl_likely(start_ns == 0))
		return;
	ns = (int64_t)(hl_os_monotonic_ns() - start_ns);
	if (ns > HL_TIMED_MOST_NS || ns < -HL_TIMED_MOST_NS)
		return;
	HL_OWNED_ADD(lane->shard->timed_events, 1);
	HL_OWNED_ADD(lane->shard->timed_ns, (uint64_t)ns);
}

/** hl_counters_find() - hl_table_find() for a table of counters, whose geometry is constant */
static inline struct hl_counters *hl_counters_find(const struct hl_table *table, uint32_t site)
{
	uint32_t chunk = site >> HL_COUNTERS_SHIFT;
	char **block, *records;

	if (hl_unlikely(chunk >= HL_TABLE_ROOTS * HL_TABLE_BLOCK))
		return NULL;
	block = __atomic_load_n(&table->blocks[chunk / HL_TABLE_BLOCK], __ATOMIC_ACQUIRE);
	if (hl_unlikely(!block))
		return NULL;
	records = __atomic_load_n(&block[chunk % HL_TABLE_BLOCK], __ATOMIC_ACQUIRE);
	if (hl_unlikely(!records))
		return NULL;
	return (struct hl_counters *)records + site % (1u << HL_COUNTERS_SHIFT);
}

/* hl_counters_of() where the counters are not there yet. */
struct hl_counters *hl_make_counters(struct hl_lane **lane, uint32_t site);

/*
 * The counters of a site for this lane.  When the lane's chunk finds no room the shared one serves
 * (it was made together with the site); *lane becomes NULL then.
 */
HL_SPECIALISED struct hl_counters *hl_counters_of(struct hl_lane **lane, uint32_t site)
{
	struct hl_counters *counters =
		hl_counters_find(*lane ? &(*lane)->counters : &hl_shared_counters, site);

	return hl_likely(counters != NULL) ? counters : hl_make_counters(lane, site);
}

/* hl_keep_peak() where there was a peak since the record changed last. */
void hl_keep_peak_slow(struct hl_counters *counters, uint32_t seen, uint32_t epoch, bool owned);

/* Before a record changes: keep what it held at the latest peak, if it has not changed since. */
HL_SPECIALISED void hl_keep_peak(struct hl_counters *counters, enum hl_domain domain, bool owned)
{
	uint32_t epoch = __atomic_load_n(&hl_globals->domains[domain].peak_epoch, __ATOMIC_RELAXED);
	uint32_t seen = __atomic_load_n(&counters->peak_epoch, __ATOMIC_RELAXED);

	if (hl_unlikely(seen != epoch))
		hl_keep_peak_slow(counters, seen, epoch, owned);
}

/* Where an allocation is counted. */
struct hl_place {
	uint32_t site;
	struct hl_counters *counters;
	bool owned;			/* counters are the lane's own */
};

HL_SPECIALISED void hl_count_alloc(const struct hl_place *place, uint64_t size, uint64_t nr_blocks,
	enum hl_domain domain)
{
	struct hl_counters *counters = place->counters;

	hl_keep_peak(counters, domain, place->owned);
	if (hl_likely(place->owned)) {
		HL_OWNED_ADD(counters->alloc_count, nr_blocks);
		HL_OWNED_ADD(counters->alloc_bytes, size);
	} else {
		HL_SHARED_ADD(counters->alloc_count, nr_blocks);
		HL_SHARED_ADD(counters->alloc_bytes, size);
	}
}

HL_SPECIALISED void hl_count_free(struct hl_lane *lane, uint32_t site, uint64_t size, uint64_t nr_blocks,
	bool temporary, enum hl_domain domain)
{
	struct hl_counters *counters = hl_counters_of(&lane, site);

	hl_keep_peak(counters, domain, lane != NULL);
	if (hl_likely(lane != NULL)) {
		HL_OWNED_ADD(counters->free_count, nr_blocks);
		HL_OWNED_ADD(counters->free_bytes, size);
		if (temporary)
			HL_OWNED_ADD(counters->temp_count, 1);
	} else {
		HL_SHARED_ADD(counters->free_count, nr_blocks);
		HL_SHARED_ADD(counters->free_bytes, size);
	}
}

/* hl_add_bytes(): @bytes may be more than ever; the bytes that a lane has kept back. */
void hl_new_peak(struct hl_domain_totals *totals, int64_t bytes);
void hl_flush_grain(struct hl_lane *lane, const struct hl_domain_totals *totals,
	enum hl_domain domain);

/*
 * The domain's bytes changed by @delta.  With one lane in use the sum is exact and compared with
 * the peak after each event, without an atomic addition: nobody else adds.  (A second thread that
 * starts in this very moment can make it miss its first grain.)
 */
HL_SPECIALISED void hl_add_bytes(struct hl_lane *lane, int64_t delta, enum hl_domain domain)
{
	struct hl_domain_totals *totals = &hl_globals->domains[domain];
	int64_t net, pending, bytes;

	if (hl_unlikely(!lane)) {
		bytes = __atomic_add_fetch(&totals->current_bytes, delta, __ATOMIC_RELAXED);
		if (bytes > __atomic_load_n(&totals->peak_bytes, __ATOMIC_RELAXED))
			hl_new_peak(totals, bytes);
		return;
	}
	net = lane->net[domain] + delta;
	__atomic_store_n(&lane->net[domain], net, __ATOMIC_RELAXED);
	pending = net - __atomic_load_n(&lane->flushed[domain], __ATOMIC_RELAXED);
	if (__atomic_load_n(&hl_nr_lanes_used, __ATOMIC_RELAXED) > 1) {
		if (hl_likely(pending < lane->grain[domain] && pending > -lane->grain[domain]))
			return;
		hl_flush_grain(lane, totals, domain);
		pending = 0;
	}
	bytes = __atomic_load_n(&totals->current_bytes, __ATOMIC_RELAXED) + pending;
	if (bytes <= totals->peak_bytes)
		return;
	if (hl_unlikely(pending == 0)) {
		hl_new_peak(totals, bytes);
		return;
	}
	/*
	 * A thread that has just started may have flushed this lane between the two loads above: then
	 * its whole heap would be counted twice.  It moves flushed before current_bytes.
	 */
	if (hl_unlikely(net - __atomic_load_n(&lane->flushed[domain], __ATOMIC_RELAXED) != pending))
		return;
	__atomic_store_n(&totals->peak_bytes, bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&totals->peak_epoch, totals->peak_epoch + 1, __ATOMIC_RELAXED);
	totals->peak_monotonic_ns = hl_os_coarse_ns();
}

#pragma GCC visibility pop
#endif
