/* SPDX-License-Identifier: MIT */
/*
 * Counting in the ledger: what is seldom needed.
 */
#include "account/count.h"

#include <assert.h>
#include <stddef.h>

/*
 * Chunks of counters that lanes may have for themselves beyond as many as the shared ones are: 1 MiB without
 * a condition, so that ordinary programs have no other events than these, and 4 MiB where so many events of a
 * lane went to the same shared chunk: a chunk for each lane there can be.
 */
#define FREE_CHUNKS 256u
#define HOT_CHUNKS 1024u
#define HOT_EVENTS 4096u

/*
 * A lane that has other lanes beside it looks at one of them each time that it has flushed so often: more and
 * more seldom while their threads are all there, since it takes three system calls.
 */
#define LOOK_FIRST 64u
#define LOOK_LAST 16384u

/* Never used as long as add_site() keeps its word; the program must not pay if it does not. */
static struct hl_counters nowhere __attribute__((aligned(64)));

struct hl_counters *hl_counters_make(struct hl_lane *lane, uint32_t site)
{
	struct hl_table *table = lane ? &lane->counters : &hl_shared_counters;
	struct hl_counters *counters = hl_counters_find(table, site);

	if (counters)
		return counters;
	/* First what is looked for when the counters are there. */
	if (hl_options.mmap && !hl_table_make(lane ? &lane->peaks : &hl_shared_peaks, site))
		return NULL;
	counters = hl_table_make(table, site);
	if (counters && lane)
		__atomic_fetch_add(&hl_nr_own_chunks, 1, __ATOMIC_RELAXED);
	return counters;
}

/* Has the chunk been in this lane's way for long, more than others? A vote of the majority. */
static bool is_hot(struct hl_lane *lane, uint32_t chunk)
{
	struct hl_heat *heat = &lane->heat[chunk % HL_LANE_HEAT];

	if (heat->chunk == chunk)
		return ++heat->events >= HOT_EVENTS;
	if (heat->events > 0)
		heat->events--;
	else
		*heat = (struct hl_heat){ chunk, 1 };
	return false;
}

/*
 * All lanes' own counters take about as much as the shared ones, so that the file follows the stacks and not
 * the threads; what a lane uses much it gets beyond that, within a bound.
 */
static bool wants_chunk(struct hl_lane *lane, uint32_t site)
{
	uint32_t shared = (uint32_t)(__atomic_load_n(&hl_globals->nr_sites, __ATOMIC_RELAXED) >> HL_COUNTERS_SHIFT) + 1;
	uint32_t own = __atomic_load_n(&hl_nr_own_chunks, __ATOMIC_RELAXED);

	if (own < shared + FREE_CHUNKS)
		return true;
	return own < shared + FREE_CHUNKS + HOT_CHUNKS && is_hot(lane, site >> HL_COUNTERS_SHIFT);
}

struct hl_counters *hl_make_counters(struct hl_lane **lane, uint32_t site)
{
	struct hl_counters *counters = NULL;

	/* A full ledger is not asked for every event: that takes a lock and two system calls. */
	if (*lane && wants_chunk(*lane, site) && !hl_store_is_full())
		counters = hl_counters_make(*lane, site);
	if (counters)
		return counters;
	*lane = NULL;
	counters = hl_counters_find(&hl_shared_counters, site);
	return counters ? counters : &nowhere;
}

static inline struct hl_peak live_of(const struct hl_counters *counters)
{
	int64_t count = (int64_t)(__atomic_load_n(&counters->alloc_count, __ATOMIC_RELAXED) -
		__atomic_load_n(&counters->free_count, __ATOMIC_RELAXED));
	int64_t bytes = (int64_t)(__atomic_load_n(&counters->alloc_bytes, __ATOMIC_RELAXED) -
		__atomic_load_n(&counters->free_bytes, __ATOMIC_RELAXED));

	if (count > INT32_MAX)
		count = INT32_MAX;
	if (count < INT32_MIN)
		count = INT32_MIN;
	return (struct hl_peak){ .bytes = bytes, .count = (int32_t)count };
}

/* The end of struct hl_counters, and struct hl_peak: what was held, and an epoch. */
struct saved_peak {
	int64_t bytes;
	int32_t count;
	uint32_t epoch;
} __attribute__((may_alias));
static_assert(sizeof(struct saved_peak) == 16 && sizeof(struct hl_peak) == 16 &&
	offsetof(struct hl_counters, peak_bytes) % 16 == 0 &&
	offsetof(struct hl_counters, peak_count) ==
		offsetof(struct hl_counters, peak_bytes) + offsetof(struct saved_peak, count) &&
	offsetof(struct hl_counters, peak_epoch) ==
		offsetof(struct hl_counters, peak_bytes) + offsetof(struct saved_peak, epoch),
	"a saved peak is 16 bytes that can change at once");

static struct saved_peak load_saved(const struct saved_peak *place)
{
	struct saved_peak saved;

	/* Acquire: the epoch is read before the domain's, and before what the record holds. */
	saved.epoch = __atomic_load_n(&place->epoch, __ATOMIC_ACQUIRE);
	saved.bytes = __atomic_load_n(&place->bytes, __ATOMIC_RELAXED);
	saved.count = __atomic_load_n(&place->count, __ATOMIC_RELAXED);
	return saved;
}

/* False: another thread was faster. */
static bool save_shared(struct saved_peak *place, struct saved_peak old, const struct hl_counters *counters,
	uint32_t peak, uint32_t now)
{
	struct saved_peak next = old;
	struct hl_peak live = live_of(counters);

	if (hl_peak_is_older(old.epoch, peak, now))
		next = (struct saved_peak){ live.bytes, live.count, 0 };
	next.epoch = now;
	return old.epoch == now || hl_cpu_swap_pair(place, &old, &next);
}

/*
 * A record that several threads change.  Each saves first, if it has seen the new epoch, and the value and its
 * epoch are written as one: so what is saved is from before the first change.
 */
static __attribute__((noinline)) void keep_shared(struct hl_counters *counters, struct saved_peak *of_sum,
	enum hl_domain domain)
{
	struct saved_peak *of_domain = (struct saved_peak *)&counters->peak_bytes, old, old_sum = { 0 };
	struct hl_epochs epochs;
	bool done = false;

	while (!done) {
		old = load_saved(of_domain);
		if (of_sum)
			old_sum = load_saved(of_sum);
		epochs = hl_peak_epochs(domain);
		/* Readers go by the counters' epoch, so that one is last. */
		done = (!of_sum || save_shared(of_sum, old_sum, counters,
				__atomic_load_n(&hl_globals->sum_epochs[domain], __ATOMIC_RELAXED), epochs.now)) &&
			save_shared(of_domain, old, counters, epochs.peak, epochs.now);
	}
}

static inline void keep_own(struct hl_counters *counters, struct hl_epochs epochs)
{
	struct hl_peak live;

	if (hl_likely(hl_peak_is_older(counters->peak_epoch, epochs.peak, epochs.now))) {
		live = live_of(counters);
		counters->peak_bytes = live.bytes;
		counters->peak_count = live.count;
	}
	__atomic_store_n(&counters->peak_epoch, epochs.now, __ATOMIC_RELEASE);
}

static __attribute__((noinline)) void keep_with_sum(struct hl_lane *lane, struct hl_counters *counters, uint32_t site,
	enum hl_domain domain)
{
	struct hl_peak *of_sum = NULL;
	struct hl_epochs epochs;

	if (hl_peak_has_sum(domain))
		of_sum = hl_table_find(lane ? &lane->peaks : &hl_shared_peaks, site);
	if (!lane) {
		keep_shared(counters, (struct saved_peak *)of_sum, domain);
		return;
	}
	epochs = hl_peak_epochs(domain);
	if (of_sum && hl_peak_is_older(counters->peak_epoch,
			__atomic_load_n(&hl_globals->sum_epochs[domain], __ATOMIC_RELAXED), epochs.now))
		*of_sum = live_of(counters);
	keep_own(counters, epochs);
}

void hl_keep_peak_slow(struct hl_lane *lane, struct hl_counters *counters, uint32_t site, enum hl_domain domain)
{
	hl_peak_fall();
	/* A growing program has a peak every few events. */
	if (hl_likely(lane && !hl_options.mmap))
		keep_own(counters, hl_peak_epochs(domain));
	else
		keep_with_sum(lane, counters, site, domain);
}

/* What a lane that is alone keeps back has no bound, so it is counted in. */
static void reach_with_kept(enum hl_domain domain)
{
	for (int i = 0; i < 3; i++) {
		int64_t kept = hl_lanes_kept();
		struct hl_bytes bytes = hl_peak_read(domain);

		/* Who flushes moves bytes from one to the other, and compares by itself. */
		if (hl_lanes_kept() != kept)
			continue;
		bytes.domain += domain == HL_DOMAIN_MALLOC ? kept : 0;
		bytes.sum += kept;
		hl_peak_reach(domain, bytes);
		return;
	}
}

void hl_add_to_total(int64_t delta, enum hl_domain domain)
{
	hl_peak_add(domain, delta);
	if (hl_peak_lanes() == 1 && (domain == HL_DOMAIN_MALLOC || hl_peak_has_sum(domain)))
		reach_with_kept(domain);
}

void hl_reach_peak(struct hl_lane *lane, int64_t pending)
{
	struct hl_bytes bytes = hl_peak_read(HL_DOMAIN_MALLOC);

	/* A thread that has just started may have flushed this lane: its bytes would count twice. */
	if (hl_unlikely(lane->net - __atomic_load_n(&lane->flushed, __ATOMIC_RELAXED) != pending)) {
		hl_lane_flush(lane);
		return;
	}
	bytes.domain += pending;
	bytes.sum += pending;
	if (hl_likely(!hl_options.mmap))
		hl_peak_reach_alone(bytes.domain);
	else
		hl_peak_reach(HL_DOMAIN_MALLOC, bytes);
}

void hl_flush_grain(struct hl_lane *lane)
{
	/* Alone, with a sum beside the domain's total. */
	if (hl_peak_lanes() == 1) {
		hl_reach_peak(lane, lane->net - __atomic_load_n(&lane->flushed, __ATOMIC_ACQUIRE));
		return;
	}
	hl_lane_flush(lane);
	hl_peak_fit();
	if (hl_likely(++lane->nr_flushes < lane->look_at))
		return;
	lane->nr_flushes = 0;
	if (hl_lane_look(lane) || lane->look_at == 0)
		lane->look_at = LOOK_FIRST;
	else if (lane->look_at < LOOK_LAST)
		lane->look_at *= 2;
}
