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
#include "account/orders.h"
#include "account/peak.h"
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
	return hl_likely(lane->shard->seq < __atomic_load_n(&lane->shard->special_at, __ATOMIC_RELAXED));
}

/* After an event that was special. */
static inline void hl_find_special(struct hl_lane *lane)
{
	struct hl_shard *shard = lane->shard;

	hl_lane_keep_up(lane);
	if (hl_options.sample_bytes != 0)
		return;
	__atomic_store_n(&shard->special_at, (shard->seq + HL_TIMED_EVERY) / (2 * HL_TIMED_EVERY) *
		(2 * HL_TIMED_EVERY) + HL_TIMED_EVERY, __ATOMIC_RELAXED);
	/* Who gives an order counts it, and then stores 0 there: if that was before our store, it is seen here. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (hl_unlikely(hl_orders_wait()))
		__atomic_store_n(&shard->special_at, 0, __ATOMIC_RELAXED);
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

/**
 * hl_counters_make() - the chunk of counters that @site is in, and that of its peaks
 * @lane: NULL: the shared ones
 * Returns: the counters; NULL: there is no room.
 */
struct hl_counters *hl_counters_make(struct hl_lane *lane, uint32_t site);

/* hl_counters_of() where the counters are not there yet. */
struct hl_counters *hl_make_counters(struct hl_lane **lane, uint32_t site);

/*
 * The counters of a site for this lane.  Where the lane has none of its own the shared ones serve, which
 * were made together with the site; *lane becomes NULL then.
 */
HL_SPECIALISED struct hl_counters *hl_counters_of(struct hl_lane **lane, uint32_t site)
{
	struct hl_counters *counters =
		hl_counters_find(*lane ? &(*lane)->counters : &hl_shared_counters, site);

	return hl_likely(counters != NULL) ? counters : hl_make_counters(lane, site);
}

/* Where an event is counted. */
struct hl_place {
	uint32_t site;
	struct hl_counters *counters;
	bool owned;			/* counters are the lane's own */
};

/* hl_keep_peak() where there was a peak since the record changed last; @lane: whose it is, NULL: shared. */
void hl_keep_peak_slow(struct hl_lane *lane, struct hl_counters *counters, uint32_t site, enum hl_domain domain);

/*
 * Before a record changes: keep what it held at the latest peak, if it has not changed since.  @grows: by this change
 * the domain has more bytes, if nothing else happens meanwhile: from one peak to the next nothing is to be kept.
 */
HL_SPECIALISED void hl_keep_peak(struct hl_lane *lane, struct hl_place place, enum hl_domain domain, bool grows)
{
	uint32_t epoch = __atomic_load_n(&hl_keeping.epoch[domain], __ATOMIC_RELAXED);
	uint32_t seen = __atomic_load_n(&place.counters->peak_epoch, __ATOMIC_RELAXED);

	if (hl_likely(seen == epoch))
		return;
	if (grows && lane && domain == HL_DOMAIN_MALLOC && __atomic_load_n(&hl_keeping.rising, __ATOMIC_RELAXED) &&
		!__atomic_load_n(&hl_keeping.apart, __ATOMIC_RELAXED))
		return;
	hl_keep_peak_slow(place.owned ? lane : NULL, place.counters, place.site, domain);
}

/* @nr_blocks blocks of @size bytes, among all that malloc was asked for. */
HL_SPECIALISED void hl_count_size(const struct hl_lane *lane, uint64_t size, uint64_t nr_blocks)
{
	struct hl_shard *shard = hl_likely(lane != NULL) ? lane->shard : hl_shared_shard;
	uint64_t *count = &((struct hl_sized_shard *)shard)->sizes[hl_size_class(size)];

	if (hl_likely(lane != NULL))
		HL_OWNED_ADD(*count, nr_blocks);
	else
		HL_SHARED_ADD(*count, nr_blocks);
}

HL_SPECIALISED void hl_count_alloc(struct hl_lane *lane, const struct hl_place *place, uint64_t size,
	uint64_t nr_blocks, enum hl_domain domain)
{
	struct hl_counters *counters = place->counters;

	hl_keep_peak(lane, *place, domain, size != 0);
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

	hl_keep_peak(lane, (struct hl_place){ site, counters, lane != NULL }, domain, false);
	if (hl_likely(lane != NULL)) {
		HL_OWNED_ADD(counters->free_count, nr_blocks);
		HL_OWNED_ADD(counters->free_bytes, size);
		if (temporary)
			HL_OWNED_ADD(counters->temp_count, 1);
	} else {
		HL_SHARED_ADD(counters->free_count, nr_blocks);
		HL_SHARED_ADD(counters->free_bytes, size);
		if (temporary)
			HL_SHARED_ADD(counters->temp_count, 1);
	}
}

/* hl_add_bytes(): no lane, or another domain than malloc's. */
void hl_add_to_total(int64_t delta, enum hl_domain domain);
/* A lane has kept back as much as it may. */
void hl_flush_grain(struct hl_lane *lane);
/* With what the lane keeps back, which is @pending, the domain may have more bytes than ever. */
void hl_reach_peak(struct hl_lane *lane, int64_t pending);

/*
 * The domain's bytes changed by @delta.  With one lane in use what it keeps back is compared with the
 * peak after each event, without an atomic addition.
 */
HL_SPECIALISED void hl_add_bytes(struct hl_lane *lane, int64_t delta, enum hl_domain domain)
{
	const struct hl_domain_totals *totals = &hl_globals->domains[HL_DOMAIN_MALLOC];
	int64_t net, pending, grain;

	if (hl_unlikely(!lane) || domain != HL_DOMAIN_MALLOC) {
		hl_add_to_total(delta, domain);
		return;
	}
	net = lane->net + delta;
	__atomic_store_n(&lane->net, net, __ATOMIC_RELAXED);
	/* Who makes the grain smaller sends a barrier, and flushes what was stored before it: see share_out(). */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* Acquire: who flushes moves flushed before current_bytes, and here it is read before. */
	pending = net - __atomic_load_n(&lane->flushed, __ATOMIC_ACQUIRE);
	if (__atomic_load_n(&hl_keeping.apart, __ATOMIC_ACQUIRE)) {
		grain = hl_peak_grain();
		if (hl_unlikely(pending >= grain || pending <= -grain))
			hl_flush_grain(lane);
		return;
	}
	if (hl_unlikely(__atomic_load_n(&totals->current_bytes, __ATOMIC_RELAXED) + pending >
		    __atomic_load_n(&totals->peak_bytes, __ATOMIC_RELAXED)))
		hl_reach_peak(lane, pending);
}

#pragma GCC visibility pop
#endif
