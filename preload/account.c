/* SPDX-License-Identifier: MIT */
/*
 * The booking of events.  May call: thread.c, unwind.c, stacks.c, shadow.c, modules.c, start.c,
 * malloc_usable_size() underneath, clock_gettime().
 *
 * Counters of a lane are changed by plain loads and stores between two steps of the shard's seq;
 * those of the shared shard by atomic additions.  On x86 the release fences cost nothing.
 */
#include "account.h"

#include <errno.h>

#include "modules.h"
#include "options.h"
#include "real.h"
#include "sample.h"
#include "shadow.h"
#include "stacks.h"
#include "start.h"
#include "thread.h"

/*
 * With several threads a lane's bytes reach the totals in portions: 1/128 of the peak, so that small
 * heaps are exact enough, and at most this.
 */
#define GRAIN_BYTES (32 << 10)

/* Adds to a word that only this thread writes and others read. */
#define OWNED_ADD(word, n)                                                                         \
	__atomic_store_n(&(word), __atomic_load_n(&(word), __ATOMIC_RELAXED) + (n), __ATOMIC_RELAXED)
#define SHARED_ADD(word, n) __atomic_fetch_add(&(word), (n), __ATOMIC_RELAXED)
#define LANE_ADD(lane, word, n)                                                                    \
	do {                                                                                       \
		if (hl_likely(lane))                                                               \
			OWNED_ADD((lane)->shard->word, n);                                         \
		else                                                                               \
			SHARED_ADD(hl_shared_shard->word, n);                                      \
	} while (0)

/* Inlined with and without a lane, so that the common case has no test for it. */
#define SPECIALISED static inline __attribute__((always_inline))

/* A change of a lane's counters: seq is odd in between, and counts events in steps of two. */
SPECIALISED void begin_change(struct hl_lane *lane)
{
	if (!lane) {
		SHARED_ADD(hl_shared_shard->events, 1);
		return;
	}
	OWNED_ADD(lane->shard->seq, 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

SPECIALISED void end_change(struct hl_lane *lane)
{
	if (!lane)
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	OWNED_ADD(lane->shard->seq, 1);
}

/* The start of a measured event, or 0: one of HL_TIMED_EVERY is measured. */
SPECIALISED uint64_t begin_timing(const struct hl_lane *lane)
{
	if (hl_likely(!lane || lane->shard->seq % (2 * HL_TIMED_EVERY) != HL_TIMED_EVERY))
		return 0;
	return hl_os_monotonic_ns();
}

SPECIALISED void end_timing(struct hl_lane *lane, uint64_t start_ns)
{
	if (hl_likely(start_ns == 0))
		return;
	OWNED_ADD(lane->shard->timed_events, 1);
	OWNED_ADD(lane->shard->timed_ns, hl_os_monotonic_ns() - start_ns);
}

/* Never used as long as add_site() keeps its word; the program must not pay if it does not. */
static struct hl_counters nowhere;

static __attribute__((noinline)) struct hl_counters *make_counters(struct hl_lane **lane,
	uint32_t site)
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

/*
 * The counters of a site for this lane.  When the lane's chunk finds no room the shared one serves
 * (it was made together with the site); *lane becomes NULL then.
 */
SPECIALISED struct hl_counters *counters_of(struct hl_lane **lane, uint32_t site)
{
	struct hl_counters *counters =
		hl_counters_find(*lane ? &(*lane)->counters : &hl_shared_counters, site);

	return hl_likely(counters != NULL) ? counters : make_counters(lane, site);
}

static __attribute__((noinline)) void keep_peak_slow(struct hl_counters *counters, uint32_t seen,
	uint32_t epoch, bool owned)
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

/* Before a record changes: keep what it held at the latest peak, if it has not changed since. */
SPECIALISED void keep_peak(struct hl_counters *counters, enum hl_domain domain, bool owned)
{
	uint32_t epoch = __atomic_load_n(&hl_globals->domains[domain].peak_epoch, __ATOMIC_RELAXED);
	uint32_t seen = __atomic_load_n(&counters->peak_epoch, __ATOMIC_RELAXED);

	if (hl_unlikely(seen != epoch))
		keep_peak_slow(counters, seen, epoch, owned);
}

/* Where an allocation is counted. */
struct place {
	uint32_t site;
	struct hl_counters *counters;
	bool owned;			/* counters are the lane's own */
};

SPECIALISED void count_alloc(const struct place *place, uint64_t size, uint64_t nr_blocks,
	enum hl_domain domain)
{
	struct hl_counters *counters = place->counters;

	keep_peak(counters, domain, place->owned);
	if (hl_likely(place->owned)) {
		OWNED_ADD(counters->alloc_count, nr_blocks);
		OWNED_ADD(counters->alloc_bytes, size);
	} else {
		SHARED_ADD(counters->alloc_count, nr_blocks);
		SHARED_ADD(counters->alloc_bytes, size);
	}
}

SPECIALISED void count_free(struct hl_lane *lane, uint32_t site, uint64_t size, uint64_t nr_blocks,
	bool temporary, enum hl_domain domain)
{
	struct hl_counters *counters = counters_of(&lane, site);

	keep_peak(counters, domain, lane != NULL);
	if (hl_likely(lane != NULL)) {
		OWNED_ADD(counters->free_count, nr_blocks);
		OWNED_ADD(counters->free_bytes, size);
		if (temporary)
			OWNED_ADD(counters->temp_count, 1);
	} else {
		SHARED_ADD(counters->free_count, nr_blocks);
		SHARED_ADD(counters->free_bytes, size);
	}
}

static __attribute__((noinline)) void new_peak(struct hl_domain_totals *totals, int64_t bytes)
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

static __attribute__((noinline)) void flush_grain(struct hl_lane *lane,
	const struct hl_domain_totals *totals, enum hl_domain domain)
{
	int64_t grain = __atomic_load_n(&totals->peak_bytes, __ATOMIC_RELAXED) / 128;

	hl_lane_flush(lane, domain);
	lane->grain[domain] = grain < GRAIN_BYTES ? grain : GRAIN_BYTES;
	if ((uint64_t)lane->grain[domain] > hl_globals->grain_bytes)
		hl_globals->grain_bytes = (uint64_t)lane->grain[domain];
}

/*
 * The domain's bytes changed by @delta.  With one lane in use the sum is exact and compared with
 * the peak after each event, without an atomic addition: nobody else adds.  (A second thread that
 * starts in this very moment can make it miss its first grain.)
 */
SPECIALISED void add_bytes(struct hl_lane *lane, int64_t delta, enum hl_domain domain)
{
	struct hl_domain_totals *totals = &hl_globals->domains[domain];
	int64_t pending, bytes;

	if (hl_unlikely(!lane)) {
		bytes = __atomic_add_fetch(&totals->current_bytes, delta, __ATOMIC_RELAXED);
		if (bytes > __atomic_load_n(&totals->peak_bytes, __ATOMIC_RELAXED))
			new_peak(totals, bytes);
		return;
	}
	OWNED_ADD(lane->net[domain], delta);
	pending = lane->net[domain] - __atomic_load_n(&lane->flushed[domain], __ATOMIC_RELAXED);
	if (__atomic_load_n(&hl_nr_lanes_used, __ATOMIC_RELAXED) > 1) {
		if (hl_likely(pending < lane->grain[domain] && pending > -lane->grain[domain]))
			return;
		flush_grain(lane, totals, domain);
		pending = 0;
	}
	bytes = __atomic_load_n(&totals->current_bytes, __ATOMIC_RELAXED) + pending;
	if (bytes <= totals->peak_bytes)
		return;
	if (hl_unlikely(pending == 0)) {
		new_peak(totals, bytes);
		return;
	}
	/*
	 * A thread that has just started may have flushed this lane between the two loads above: then
	 * its whole heap would be counted twice.  It moves flushed before current_bytes.
	 */
	if (hl_unlikely(lane->net[domain] - __atomic_load_n(&lane->flushed[domain], __ATOMIC_RELAXED) !=
		    pending))
		return;
	__atomic_store_n(&totals->peak_bytes, bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&totals->peak_epoch, totals->peak_epoch + 1, __ATOMIC_RELAXED);
	totals->peak_monotonic_ns = hl_os_coarse_ns();
}

static __attribute__((noinline)) void count_incomplete(struct hl_lane *lane, uint32_t outer)
{
	if (outer == HL_NODE_TRUNCATED)
		LANE_ADD(lane, truncated_events, 1);
	else
		LANE_ADD(lane, partial_events, 1);
}

/* A node has one site for each kind and domain. */
SPECIALISED uint16_t memo_kind(enum hl_kind kind, enum hl_domain domain)
{
	return (uint16_t)(kind | (unsigned int)domain << 8);
}

static __attribute__((noinline)) void find_place(struct hl_lane *lane, uint32_t node,
	enum hl_kind kind, enum hl_domain domain, struct place *place)
{
	struct hl_lane *owner = lane;

	place->site = hl_stacks_site(node, kind, domain, lane ? lane->thread : 0);
	place->counters = counters_of(&owner, place->site);
	place->owned = owner != NULL;
	if (place->owned)
		lane->memo[node % HL_LANE_MEMO] = (struct hl_memo){ .node = node,
			.kind = memo_kind(kind, domain), .site = place->site, .counters = place->counters };
}

/* Where the event came from: its site, new or known, and the counters of it. */
SPECIALISED void capture(struct hl_lane *lane, enum hl_kind kind, enum hl_domain domain,
	const struct hl_caller *caller, struct place *place)
{
	uint32_t node, outer;

	if (hl_likely(lane != NULL))
		hl_modules_follow(caller->ip, &lane->hints_seen);
	else
		hl_modules_hint(caller->ip);
	node = hl_unwind_node(lane, caller, &outer);
	if (hl_unlikely(outer != HL_NODE_ROOT))
		count_incomplete(lane, outer);
	if (lane) {
		const struct hl_memo *memo = &lane->memo[node % HL_LANE_MEMO];

		if (hl_likely(memo->node == node && memo->kind == memo_kind(kind, domain))) {
			place->site = memo->site;
			place->counters = memo->counters;
			place->owned = true;
			return;
		}
	}
	find_place(lane, node, kind, domain, place);
}

static inline uint64_t usable_size(const void *block)
{
	return hl_real.malloc_usable_size((void *)block);
}

/* How many blocks one stands for: one, but for --sample. */
SPECIALISED uint64_t weight_of(const void *block, size_t size)
{
	return hl_likely(hl_options.sample_bytes == 0) ? 1 : hl_sample_weight(block, size);
}

/* A shim-owned block: remembered, so that whoever frees it is not taken for a stranger. */
static void book_own(const void *block)
{
	uint32_t *slot = hl_shadow_make_slot(block);

	if (slot)
		hl_shadow_set(slot, HL_SITE_OWN, 0);
}

SPECIALISED void book_new(struct hl_lane *lane, const void *block, size_t size, enum hl_kind kind,
	const struct hl_caller *caller)
{
	uint64_t start_ns = begin_timing(lane), weight = weight_of(block, size);
	struct place place;
	uint32_t *slot;

	capture(lane, kind, HL_DOMAIN_MALLOC, caller, &place);
	slot = hl_shadow_make_slot(block);
	if (hl_unlikely(!slot)) {
		SHARED_ADD(hl_globals->lost_blocks, 1);
		return;
	}
	begin_change(lane);
	if (hl_unlikely(*slot != 0))
		LANE_ADD(lane, replaced_blocks, 1);
	hl_shadow_set(slot, place.site, usable_size(block) - size);
	count_alloc(&place, weight * size, weight, HL_DOMAIN_MALLOC);
	end_change(lane);
	add_bytes(lane, (int64_t)(weight * size), HL_DOMAIN_MALLOC);
	if (lane)
		lane->last_block = block;
	end_timing(lane, start_ns);
}

static __attribute__((noinline)) void book_new_unusual(const struct hl_guard *guard,
	const void *block, size_t size, enum hl_kind kind, const struct hl_caller *caller)
{
	if (guard->what == HL_EVENT_OWN || hl_unwind_allocates(caller->ip))
		book_own(block);
	else if (guard->what == HL_EVENT_BOOK)
		book_new(NULL, block, size, kind, caller);
	else
		hl_early_alloc(block, size, kind, caller->ip);
}

void hl_book_alloc(const void *block, size_t size, enum hl_kind kind,
	const struct hl_caller *caller)
{
	struct hl_guard guard;

	if (hl_unlikely(!hl_enter(&guard)))
		return;
	if (hl_likely(guard.lane != NULL))
		book_new(guard.lane, block, size, kind, caller);
	else
		book_new_unusual(&guard, block, size, kind, caller);
	hl_leave(&guard);
}

void hl_book_passed(size_t size, enum hl_kind kind, const struct hl_caller *caller)
{
	struct hl_guard guard;
	struct place place;

	if (!hl_enter(&guard))
		return;
	capture(guard.lane, kind, HL_DOMAIN_MALLOC, caller, &place);
	begin_change(guard.lane);
	count_alloc(&place, size, 1, HL_DOMAIN_MALLOC);
	count_free(guard.lane, place.site, size, 1, false, HL_DOMAIN_MALLOC);
	end_change(guard.lane);
	hl_leave(&guard);
}

void hl_book_failure(void)
{
	struct hl_guard guard;

	if (!hl_enter(&guard))
		return;
	if (guard.what == HL_EVENT_BOOK)
		LANE_ADD(guard.lane, failed_allocs, 1);
	hl_leave(&guard);
}

/*
 * Takes a block out of the address map.  Returns false when there is nothing to count: it is not
 * known, the shim's own, or the parent's.
 */
SPECIALISED bool take_block(struct hl_lane *lane, const void *block, struct hl_removed *removed)
{
	uint32_t *slot = hl_shadow_slot(block);

	removed->site = slot ? hl_shadow_site(slot) : HL_SITE_NONE;
	if (hl_unlikely(removed->site == HL_SITE_NONE)) {
		LANE_ADD(lane, unknown_frees, 1);
		return false;
	}
	removed->slack = hl_shadow_take(slot);
	if (hl_unlikely(removed->site < hl_site_unattributed)) {
		/* Those from before hl_clear_traces() are nobody's loss. */
		if (removed->site != HL_SITE_OWN && removed->site < hl_site_inherited)
			LANE_ADD(lane, inherited_frees, 1);
		return false;
	}
	removed->size = usable_size(block) - removed->slack;
	return true;
}

SPECIALISED bool is_temporary(struct hl_lane *lane, const void *block)
{
	bool temporary = lane && lane->last_block == block;

	if (lane)
		lane->last_block = NULL;
	return temporary;
}

SPECIALISED void book_old(struct hl_lane *lane, const void *block)
{
	uint64_t start_ns = begin_timing(lane);
	struct hl_removed removed;

	begin_change(lane);
	if (hl_likely(take_block(lane, block, &removed))) {
		uint64_t weight = weight_of(block, removed.size);

		count_free(lane, removed.site, weight * removed.size, weight,
			is_temporary(lane, block), HL_DOMAIN_MALLOC);
		end_change(lane);
		add_bytes(lane, -(int64_t)(weight * removed.size), HL_DOMAIN_MALLOC);
	} else {
		end_change(lane);
	}
	end_timing(lane, start_ns);
}

static __attribute__((noinline)) void book_old_unusual(const struct hl_guard *guard,
	const void *block)
{
	uint32_t *slot = hl_shadow_slot(block);

	if (guard->what == HL_EVENT_EARLY)
		hl_early_free(block);
	else if (guard->what == HL_EVENT_BOOK || (slot && hl_shadow_site(slot) != HL_SITE_NONE))
		/* What the loader frees while it works for us may have been made for the program. */
		book_old(NULL, block);
}

void hl_book_free(const void *block, const struct hl_caller *caller)
{
	struct hl_guard guard;

	if (hl_unlikely(!hl_enter(&guard)))
		return;
	hl_modules_hint(caller->ip);
	if (hl_likely(guard.lane != NULL))
		book_old(guard.lane, block);
	else
		book_old_unusual(&guard, block);
	hl_leave(&guard);
}

void hl_book_realloc_begin(const void *block, struct hl_removed *removed)
{
	struct hl_guard guard;

	*removed = (struct hl_removed){ .site = HL_SITE_NONE };
	if (hl_unlikely(!hl_enter(&guard)))
		return;
	if (guard.what != HL_EVENT_EARLY)
		take_block(guard.lane, block, removed);
	hl_leave(&guard);
}

void hl_book_realloc_failed(const void *block, const struct hl_removed *removed)
{
	uint32_t *slot = hl_shadow_slot(block);

	if (removed->site != HL_SITE_NONE && slot)
		hl_shadow_set(slot, removed->site, removed->slack);
	hl_book_failure();
}

/* The new block of a realloc; returns the bytes that it counts for. */
SPECIALISED int64_t count_moved(struct hl_lane *lane, const struct place *place, uint32_t *slot,
	const void *now, size_t size, bool moved)
{
	uint64_t weight = weight_of(now, size);

	if (hl_unlikely(*slot != 0))
		LANE_ADD(lane, replaced_blocks, 1);
	hl_shadow_set(slot, place->site, usable_size(now) - size);
	count_alloc(place, weight * size, weight, HL_DOMAIN_MALLOC);
	if (moved && place->owned)
		OWNED_ADD(place->counters->move_count, weight);
	else if (moved)
		SHARED_ADD(place->counters->move_count, weight);
	return (int64_t)(weight * size);
}

SPECIALISED void book_moved(struct hl_lane *lane, const void *before, const void *now, size_t size,
	const struct hl_removed *removed, const struct hl_caller *caller)
{
	bool known = removed->site >= hl_site_unattributed;
	uint64_t start_ns = begin_timing(lane);
	int64_t delta = 0;
	uint32_t *slot = NULL;
	struct place place;

	if (hl_likely(now != NULL && !hl_sample_skips(size))) {
		capture(lane, HL_KIND_REALLOC, HL_DOMAIN_MALLOC, caller, &place);
		slot = hl_shadow_make_slot(now);
		if (hl_unlikely(!slot))
			SHARED_ADD(hl_globals->lost_blocks, 1);
	}
	begin_change(lane);
	if (hl_likely(known)) {
		uint64_t weight = weight_of(before, removed->size);

		count_free(lane, removed->site, weight * removed->size, weight,
			is_temporary(lane, before), HL_DOMAIN_MALLOC);
		delta -= (int64_t)(weight * removed->size);
	}
	if (hl_likely(slot != NULL))
		delta += count_moved(lane, &place, slot, now, size, now != before);
	end_change(lane);
	add_bytes(lane, delta, HL_DOMAIN_MALLOC);
	if (lane)
		lane->last_block = now;
	end_timing(lane, start_ns);
}

static __attribute__((noinline)) void book_moved_unusual(const struct hl_guard *guard,
	const void *before, const void *now, size_t size, const struct hl_removed *removed,
	const struct hl_caller *caller)
{
	if (guard->what == HL_EVENT_EARLY) {
		hl_early_free(before);
		if (now)
			hl_early_alloc(now, size, HL_KIND_REALLOC, caller->ip);
		return;
	}
	if (guard->what == HL_EVENT_BOOK || removed->site >= hl_site_unattributed)
		book_moved(NULL, before, guard->what == HL_EVENT_BOOK ? now : NULL, size, removed, caller);
	if (now && guard->what == HL_EVENT_OWN)
		book_own(now);
}

void hl_book_realloc_end(const void *before, const void *now, size_t size,
	const struct hl_removed *removed, const struct hl_caller *caller)
{
	struct hl_guard guard;

	if (hl_unlikely(!hl_enter(&guard)))
		return;
	if (hl_likely(guard.lane != NULL))
		book_moved(guard.lane, before, now, size, removed, caller);
	else
		book_moved_unusual(&guard, before, now, size, removed, caller);
	hl_leave(&guard);
}

uint32_t hl_book_other(size_t size, enum hl_kind kind, enum hl_domain domain,
	const struct hl_caller *caller)
{
	struct place place = { .site = HL_SITE_NONE };
	struct hl_guard guard;

	if (!hl_enter(&guard))
		return place.site;
	if (guard.what == HL_EVENT_BOOK && !hl_sample_is_stopped()) {
		capture(guard.lane, kind, domain, caller, &place);
		begin_change(guard.lane);
		count_alloc(&place, size, 1, domain);
		end_change(guard.lane);
		add_bytes(guard.lane, (int64_t)size, domain);
	}
	hl_leave(&guard);
	return place.site;
}

void hl_book_other_gone(uint32_t site, size_t size, uint64_t nr_blocks, enum hl_domain domain)
{
	struct hl_guard guard;

	if (!hl_enter(&guard))
		return;
	if (guard.what == HL_EVENT_BOOK && site >= hl_site_unattributed) {
		begin_change(guard.lane);
		count_free(guard.lane, site, size, nr_blocks, false, domain);
		end_change(guard.lane);
		add_bytes(guard.lane, -(int64_t)size, domain);
	}
	hl_leave(&guard);
}
