/* SPDX-License-Identifier: MIT */
/*
 * Lanes and the slow ways into an event.
 *
 * pthread_setspecific() is called for a key below 32 only, which glibc keeps inside the thread's descriptor, so that
 * it allocates nothing.
 */
#include "account/lanes.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "account/roster.h"
#include "base/gate.h"
#include "base/options.h"
#include "cpu.h"

#define INLINE_KEYS 32u

/* Who got no lane asks again after so many events: asking takes a lock and four system calls. */
#define REFUSED_EVENTS 1024u

void (*hl_start_child)(void);

uint32_t hl_nr_lanes_used;
struct hl_lock hl_lanes_lock;
struct hl_lane *hl_lanes[HL_MAX_LANES];
uint32_t hl_nr_lanes = 1;
struct hl_table hl_shared_counters = { HL_SECTION_COUNTERS, 0, sizeof(struct hl_counters),
	HL_COUNTERS_SHIFT, { 0 } };
struct hl_shard *hl_shared_shard;

static struct hl_table shards = { HL_SECTION_SHARDS, 0, sizeof(struct hl_shard), 4, { 0 } };
static pthread_key_t exit_key = INLINE_KEYS;

/* The lane and its last stacks, in one piece; pages that are not used cost nothing. */
static struct hl_lane *map_lane(void)
{
	size_t stack_bytes = hl_stack_cache_bytes(hl_options.depth);
	struct hl_lane *lane = hl_os_map(sizeof(*lane) + stack_bytes);

	if (!lane)
		return NULL;
	lane->stack = (struct hl_stack_cache *)(lane + 1);
	hl_stack_cache_open(lane->stack, hl_options.depth);
	return lane;
}

static struct hl_lane *make_lane(void)
{
	uint32_t number = hl_nr_lanes;
	struct hl_lane *lane;
	struct hl_shard *shard;

	if (number == HL_MAX_LANES)
		return NULL;
	/* A forked child has its parent's lanes for use again. */
	lane = hl_lanes[number];
	if (!lane)
		lane = map_lane();
	shard = lane ? hl_table_make(&shards, number) : NULL;
	if (!lane)
		return NULL;
	hl_lanes[number] = lane;
	if (!shard)
		return NULL;
	lane->shard = shard;
	lane->special_at = 0;
	lane->number = number;
	lane->counters.type = HL_SECTION_COUNTERS;
	lane->counters.instance = number;
	lane->counters.record_bytes = sizeof(struct hl_counters);
	lane->counters.shift = HL_COUNTERS_SHIFT;
	__atomic_store_n(&hl_nr_lanes, number + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&hl_globals->nr_shards, number + 1, __ATOMIC_RELEASE);
	return lane;
}

static struct hl_lane *free_lane(void)
{
	for (uint32_t i = 1; i < hl_nr_lanes; i++)
		if (!hl_lanes[i]->in_use)
			return hl_lanes[i];
	return NULL;
}

void hl_lane_flush(struct hl_lane *lane, enum hl_domain domain)
{
	struct hl_domain_totals *totals = &hl_globals->domains[domain];
	int64_t net = __atomic_load_n(&lane->net[domain], __ATOMIC_RELAXED);
	int64_t flushed = __atomic_exchange_n(&lane->flushed[domain], net, __ATOMIC_RELAXED);

	if (net != flushed)
		__atomic_fetch_add(&totals->current_bytes, net - flushed, __ATOMIC_RELAXED);
}

void hl_lanes_flush(void)
{
	for (uint32_t i = 1; i < hl_nr_lanes; i++)
		for (int domain = 0; domain < HL_NR_DOMAINS; domain++)
			hl_lane_flush(hl_lanes[i], domain);
}

void hl_lanes_note_names(void)
{
	sigset_t saved;

	hl_lock_take(&hl_lanes_lock, &saved);
	for (uint32_t i = 1; i < hl_nr_lanes; i++)
		if (hl_lanes[i]->in_use)
			hl_roster_name(hl_lanes[i]->thread);
	hl_lock_drop(&hl_lanes_lock, &saved);
}

static struct hl_lane *attach(void)
{
	struct hl_lane *lane;
	sigset_t saved;

	hl_lock_take(&hl_lanes_lock, &saved);
	lane = free_lane();
	if (!lane)
		lane = make_lane();
	if (lane) {
		lane->in_use = true;
		lane->last_block = NULL;
		hl_stack_cache_clear(lane->stack);
		lane->shard->tid = hl_os_tid();
		if (hl_options.threads) {
			/* A lane that is used again: its memo has the sites of another thread. */
			memset(lane->memo, 0, sizeof(lane->memo));
			lane->thread = hl_roster_add(lane->shard->tid);
		}
		hl_globals->threads_seen++;
		/* From two lanes on, deltas are kept back; the totals start from a true value. */
		if (__atomic_add_fetch(&hl_nr_lanes_used, 1, __ATOMIC_RELAXED) == 2)
			hl_lanes_flush();
	}
	hl_lock_drop(&hl_lanes_lock, &saved);
	return lane;
}

static void detach(struct hl_lane *lane)
{
	sigset_t saved;

	hl_lock_take(&hl_lanes_lock, &saved);
	hl_roster_end(lane->thread);
	lane->in_use = false;
	lane->shard->tid = 0;
	if (__atomic_sub_fetch(&hl_nr_lanes_used, 1, __ATOMIC_RELAXED) == 1)
		hl_lanes_flush();
	else
		for (int domain = 0; domain < HL_NR_DOMAINS; domain++)
			hl_lane_flush(lane, domain);
	hl_lock_drop(&hl_lanes_lock, &saved);
}

/*
 * An event of this lane was left half way: by siglongjmp() out of a signal handler, or by the
 * cancellation of its thread.  It may have been anywhere, so what it may have been writing is begun
 * anew; what it counted stays.
 */
static void recover(struct hl_lane *lane)
{
	hl_stack_cache_reset(lane->stack);
	memset(lane->memo, 0, sizeof(lane->memo));
	lane->last_block = NULL;
	if (lane->shard->seq % 2 != 0)
		__atomic_store_n(&lane->shard->seq, lane->shard->seq + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&lane->busy, 0, __ATOMIC_RELEASE);
}

/* A forked child without a ledger of its own, perhaps because another thread is making it. */
static bool is_unborn(uint32_t alive)
{
	return alive == HL_DEAD || alive == HL_STARTING;
}

/* The thread's destructor; what it does after this goes to the shared shard. */
static void on_thread_exit(void *arg)
{
	struct hl_lane *lane = arg;

	hl_tls.ended = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* In a forked child that had no event yet the lane is still the parent's. */
	if (hl_tls.lane != lane || is_unborn(__atomic_load_n(hl_alive, __ATOMIC_RELAXED)))
		return;
	if (lane->busy)
		recover(lane);
	hl_tls.lane = NULL;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	detach(lane);
}

static void adopt_lane(struct hl_tls *tls)
{
	struct hl_lane *lane;
	sigset_t saved;
	int saved_errno = errno;

	hl_os_block_signals(&saved);
	/* A handler may have come in and adopted one just before. */
	lane = tls->lane ? tls->lane : attach();
	if (!lane)
		tls->refused = REFUSED_EVENTS;
	else if (lane != tls->lane && exit_key < INLINE_KEYS)
		pthread_setspecific(exit_key, lane);
	tls->lane = lane;
	hl_os_restore_signals(&saved);
	errno = saved_errno;
}

/* What the kernel saves for a handler is larger than this, so the handler's events are further in. */
#define SIGNAL_FRAME_BYTES 512u

/*
 * Is the event that we are said to be inside of gone from the stack?  It is, if this one is not inside
 * of it on the same stack.  A handler on a stack of its own is inside, wherever that stack lies.
 */
static bool is_abandoned(const struct hl_lane *lane, uintptr_t frame)
{
	const struct hl_own_stack *own = &lane->stack->own;

	return frame + SIGNAL_FRAME_BYTES >= lane->busy && hl_walk_is_own(own, frame) &&
		hl_walk_is_own(own, lane->busy) && !hl_os_on_signal_stack();
}

bool hl_is_inside(uintptr_t frame)
{
	struct hl_tls *tls = &hl_tls;
	struct hl_lane *lane = tls->lane;

	if (hl_unlikely(tls->stranded != NULL)) {
		if (tls->stranded->busy)
			return true;
		tls->stranded = NULL;
	}
	if (!lane || !lane->busy)
		return false;
	if (!is_abandoned(lane, frame))
		return true;
	recover(lane);
	return false;
}

/* Waits until the process may book; false: the child has no ledger. */
static bool wait_until_alive(void)
{
	uint32_t alive;
	unsigned int spins = 0;

	while ((alive = __atomic_load_n(hl_alive, __ATOMIC_ACQUIRE)) != HL_ALIVE) {
		if (is_unborn(alive)) {
			hl_start_child();
			if (__atomic_load_n(&hl_mode, __ATOMIC_ACQUIRE) != HL_MODE_ON)
				return false;
		} else if (++spins % 64 == 0) {
			hl_os_yield();
		} else {
			hl_cpu_relax();
		}
	}
	return true;
}

/* Into the event, unless somebody has asked for a pause since. */
static bool get_busy(struct hl_lane *lane, uintptr_t frame)
{
	__atomic_store_n(&lane->busy, frame, __ATOMIC_RELAXED);
	/* Who pauses looks at busy, so it is stored before the word is read. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (hl_likely(__atomic_load_n(hl_alive, __ATOMIC_RELAXED) == HL_ALIVE))
		return true;
	__atomic_store_n(&lane->busy, 0, __ATOMIC_RELAXED);
	return false;
}

/* The event of a thread that is outside; false: there is nothing to book in. */
static bool begin(struct hl_guard *guard, struct hl_tls *tls, uintptr_t frame)
{
	while (wait_until_alive()) {
		if (tls->ended)
			return true;
		if (!tls->lane && tls->refused > 0) {
			tls->refused--;
			return true;
		}
		if (!tls->lane)
			adopt_lane(tls);
		if (!tls->lane)
			return true;
		if (get_busy(tls->lane, frame)) {
			guard->lane = tls->lane;
			return true;
		}
	}
	return false;
}

bool hl_enter_slow(struct hl_guard *guard, uintptr_t frame)
{
	struct hl_tls *tls = &hl_tls;
	uint32_t mode = __atomic_load_n(&hl_mode, __ATOMIC_ACQUIRE);

	guard->lane = NULL;
	if (hl_unlikely(mode == HL_MODE_OFF)) {
		/* A child of a process without a ledger has none either, and is counted as that one was. */
		if (hl_unlikely(__atomic_load_n(hl_alive, __ATOMIC_RELAXED) == HL_DEAD))
			hl_start_child();
		return false;
	}
	if (tls->own) {
		guard->what = HL_EVENT_OWN;
		return true;
	}
	if (mode == HL_MODE_EARLY) {
		guard->what = HL_EVENT_EARLY;
		return true;
	}
	if (is_unborn(__atomic_load_n(hl_alive, __ATOMIC_ACQUIRE)) && !wait_until_alive())
		return false;
	/* A nested event never waits: who pauses waits for the one that it is nested in. */
	return hl_is_inside(frame) || begin(guard, tls, frame);
}

int hl_lanes_open(void)
{
	if (exit_key == INLINE_KEYS && pthread_key_create(&exit_key, on_thread_exit) != 0)
		exit_key = INLINE_KEYS;
	hl_shared_shard = hl_table_make(&shards, 0);
	if (!hl_shared_shard)
		return -ENOSPC;
	hl_globals->nr_shards = 1;
	return 0;
}

void hl_lanes_abandon(void)
{
	struct hl_lane *mine = hl_tls.lane;

	/* A handler that forked in the middle of an event: that one goes on, with the lane that it has. */
	if (mine && mine->busy)
		hl_tls.stranded = mine;
	for (uint32_t i = 1; i < HL_MAX_LANES && hl_lanes[i]; i++) {
		hl_lanes[i]->in_use = false;
		if (hl_lanes[i] != mine)
			hl_lanes[i]->busy = 0;
		hl_table_reset(&hl_lanes[i]->counters);
		hl_lanes[i]->hints_seen = 0;
		memset(hl_lanes[i]->memo, 0, sizeof(hl_lanes[i]->memo));
		hl_stack_cache_reset(hl_lanes[i]->stack);
		memset(hl_lanes[i]->net, 0, sizeof(hl_lanes[i]->net));
		memset(hl_lanes[i]->flushed, 0, sizeof(hl_lanes[i]->flushed));
	}
	hl_table_reset(&hl_shared_counters);
	hl_table_reset(&shards);
	hl_lanes_lock.word = 0;
	hl_nr_lanes_used = 0;
	hl_nr_lanes = 1;
	hl_tls.lane = NULL;
}
