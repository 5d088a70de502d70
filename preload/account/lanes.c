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

#include "account/peak.h"
#include "account/roster.h"
#include "base/options.h"
#include "cpu.h"

#define INLINE_KEYS 32u

/* Who got no lane asks again after so many events: asking takes a lock and four system calls. */
#define REFUSED_EVENTS 1024u

/* How many lanes a thread that found none free looks at, before a new one is made. */
#define LOOK_AT 4u
/* When there is none to be made, all are looked at, but not more often than this. */
#define LOOK_AGAIN_NS 100000000u

void (*hl_start_child)(void);

uint32_t hl_nr_lanes_used;
struct hl_lock hl_lanes_lock = { .rank = HL_RANK_LANES };
struct hl_lane *hl_lanes[HL_MAX_LANES];
uint32_t hl_lane_tids[HL_MAX_LANES];
uint32_t hl_nr_lanes = 1;
uint32_t hl_lane_generation;
struct hl_table hl_shared_counters = { HL_SECTION_COUNTERS, 0, sizeof(struct hl_counters),
	HL_COUNTERS_SHIFT, { 0 } };
struct hl_table hl_shared_peaks = { HL_SECTION_PEAKS, 0, sizeof(struct hl_peak), HL_PEAKS_SHIFT, { 0 } };
struct hl_shard *hl_shared_shard;
uint32_t hl_nr_own_chunks;

static uint32_t hand = 1;		/* the lane that is looked at next */
static uint64_t look_again_ns;
static struct hl_table shards = { HL_SECTION_SHARDS, 0, sizeof(struct hl_sized_shard), 3, { 0 } };
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

/* A lane's table like a shared one; it may have been another process's before. */
static void open_table(struct hl_table *table, const struct hl_table *shared, uint32_t number)
{
	table->type = shared->type;
	table->instance = number;
	table->record_bytes = shared->record_bytes;
	table->shift = shared->shift;
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
	shard->special_at = 0;
	lane->number = number;
	open_table(&lane->counters, &hl_shared_counters, number);
	open_table(&lane->peaks, &hl_shared_peaks, number);
	__atomic_store_n(&hl_nr_lanes, number + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&hl_globals->nr_shards, number + 1, __ATOMIC_RELEASE);
	return lane;
}

void hl_lane_forget(struct hl_lane *lane)
{
	lane->generation = __atomic_load_n(&hl_lane_generation, __ATOMIC_ACQUIRE);
	memset(lane->memo, 0, sizeof(lane->memo));
	hl_stack_cache_reset(lane->stack);
}

static bool is_used(uint32_t number)
{
	return __atomic_load_n(&hl_lane_tids[number], __ATOMIC_RELAXED) != 0;
}

static struct hl_lane *free_lane(void)
{
	for (uint32_t i = 1; i < hl_nr_lanes; i++)
		if (!is_used(i))
			return hl_lanes[i];
	return NULL;
}

void hl_lane_flush(struct hl_lane *lane)
{
	int64_t net = __atomic_load_n(&lane->net, __ATOMIC_RELAXED);
	/* Acquire and release: flushed moves before the totals, see hl_reach_peak(). */
	int64_t flushed = __atomic_exchange_n(&lane->flushed, net, __ATOMIC_ACQ_REL);

	if (net != flushed)
		hl_peak_add(HL_DOMAIN_MALLOC, net - flushed);
}

void hl_lanes_flush(void)
{
	uint32_t nr = __atomic_load_n(&hl_nr_lanes, __ATOMIC_ACQUIRE);

	for (uint32_t i = 1; i < nr; i++)
		if (is_used(i))
			hl_lane_flush(hl_lanes[i]);
}

int64_t hl_lanes_kept(void)
{
	uint32_t nr = __atomic_load_n(&hl_nr_lanes, __ATOMIC_ACQUIRE);
	int64_t kept = 0;

	for (uint32_t i = 1; i < nr; i++)
		if (is_used(i))
			kept += __atomic_load_n(&hl_lanes[i]->net, __ATOMIC_RELAXED) -
				__atomic_load_n(&hl_lanes[i]->flushed, __ATOMIC_RELAXED);
	return kept;
}

/* The lanes' share of what is kept back, by how many are in use; not to and fro when one comes and goes. */
static void share_out(void)
{
	uint32_t nr = hl_nr_lanes_used, lanes = hl_peak_lanes(), wanted = 1;

	while (wanted < nr)
		wanted *= 2;
	if (nr <= lanes && wanted > 1 && wanted > lanes / 4)
		return;
	if (wanted == lanes)
		return;
	hl_peak_share(wanted);
	/* A lane that found the grain of before has stored its bytes, too, before it is flushed here. */
	if (wanted > lanes)
		hl_os_try_barrier();
	hl_lanes_flush();
}

void hl_lanes_end(void)
{
	uint64_t saved;

	hl_lock_take(&hl_lanes_lock, &saved);
	for (uint32_t i = 1; i < hl_nr_lanes; i++)
		if (is_used(i))
			hl_roster_name(hl_lanes[i]->thread);
	hl_lanes_flush();
	hl_lock_drop(&hl_lanes_lock, &saved);
}

/* What an event that was left half way may have been writing is begun anew; what it counted stays. */
static void settle(struct hl_lane *lane)
{
	hl_stack_cache_reset(lane->stack);
	memset(lane->memo, 0, sizeof(lane->memo));
	lane->last_block = NULL;
	lane->doubts = 0;
	if (lane->shard->seq % 2 != 0)
		__atomic_store_n(&lane->shard->seq, lane->shard->seq + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&lane->busy, 0, __ATOMIC_RELEASE);
}

/* All below until attach() with the lanes' lock. */

static void give_back(struct hl_lane *lane)
{
	hl_lane_flush(lane);
	lane->shard->tid = 0;
	__atomic_store_n(&hl_lane_tids[lane->number], 0, __ATOMIC_RELAXED);
	__atomic_sub_fetch(&hl_nr_lanes_used, 1, __ATOMIC_RELAXED);
	share_out();
}

/* Its thread has ended, perhaps in the middle of an event. */
static void bury(struct hl_lane *lane)
{
	if (lane->busy)
		settle(lane);
	hl_roster_bury(lane->thread);
	give_back(lane);
}

bool hl_lane_is_gone(uint32_t number)
{
	return hl_os_thread_is_gone(hl_header->pid, hl_lane_tids[number]);
}

/* Looks at the next @nr lanes that are in use, but not at @mine. */
static void bury_gone(uint32_t nr, const struct hl_lane *mine)
{
	for (uint32_t left = hl_nr_lanes; left > 1 && nr > 0; left--) {
		uint32_t i = hand;

		hand = i + 1 < hl_nr_lanes ? i + 1 : 1;
		if (i >= hl_nr_lanes || !is_used(i) || hl_lanes[i] == mine)
			continue;
		nr--;
		if (hl_lane_is_gone(i))
			bury(hl_lanes[i]);
	}
}

bool hl_lane_look(const struct hl_lane *mine)
{
	uint64_t saved;
	uint32_t before;
	bool found;

	if (!hl_lock_try(&hl_lanes_lock, &saved))
		return false;
	before = hl_nr_lanes_used;
	bury_gone(1, mine);
	found = hl_nr_lanes_used < before;
	hl_lock_drop(&hl_lanes_lock, &saved);
	return found;
}

/* The calling thread has no lane yet, so who had one under its number is gone. */
static void bury_namesakes(uint32_t tid)
{
	for (uint32_t i = 1; i < hl_nr_lanes; i++)
		if (hl_lane_tids[i] == tid)
			bury(hl_lanes[i]);
}

/* When no lane is free and none can be made. */
static struct hl_lane *last_resort(void)
{
	uint64_t now_ns = hl_os_coarse_ns();

	if (now_ns < look_again_ns)
		return NULL;
	look_again_ns = now_ns + LOOK_AGAIN_NS;
	bury_gone(UINT32_MAX, NULL);
	return free_lane();
}

static struct hl_lane *find_lane(uint32_t tid)
{
	struct hl_lane *lane;

	bury_namesakes(tid);
	/* Before the lanes' shares get smaller, only those count that have a thread. */
	if (hl_nr_lanes_used + 1 > hl_peak_lanes())
		bury_gone(UINT32_MAX, NULL);
	lane = free_lane();
	if (!lane) {
		bury_gone(LOOK_AT, NULL);
		lane = free_lane();
	}
	if (!lane)
		lane = make_lane();
	return lane ? lane : last_resort();
}

static struct hl_lane *attach(void)
{
	uint32_t tid = hl_os_tid();
	struct hl_lane *lane;
	uint64_t saved;

	hl_lock_take(&hl_lanes_lock, &saved);
	lane = find_lane(tid);
	if (lane) {
		lane->last_block = NULL;
		hl_stack_cache_clear(lane->stack);
		lane->shard->tid = tid;
		if (hl_options.threads) {
			/* A lane that is used again: its memo has the sites of another thread. */
			memset(lane->memo, 0, sizeof(lane->memo));
			lane->thread = hl_roster_add(tid);
		}
		hl_globals->threads_seen++;
		__atomic_store_n(&hl_lane_tids[lane->number], tid, __ATOMIC_RELAXED);
		/* From two lanes on, bytes are kept back; the totals start from a true value. */
		__atomic_add_fetch(&hl_nr_lanes_used, 1, __ATOMIC_RELAXED);
		share_out();
	}
	hl_lock_drop(&hl_lanes_lock, &saved);
	return lane;
}

static void detach(struct hl_lane *lane)
{
	uint64_t saved;

	hl_lock_take(&hl_lanes_lock, &saved);
	hl_roster_end(lane->thread);
	give_back(lane);
	hl_lock_drop(&hl_lanes_lock, &saved);
}

/*
 * An event of this lane was left half way: by siglongjmp() out of a signal handler, or by the
 * cancellation of its thread.  It may have been anywhere.
 */
static void recover(struct hl_lane *lane)
{
	settle(lane);
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
	uint64_t saved;
	int saved_errno = errno;

	hl_os_block_signals(&saved);
	/*
	 * In a vfork child the thread that it stands for is known to nobody, and looked for in vain later.  A
	 * handler may have come in and adopted a lane just before.
	 */
	lane = tls->lane ? tls->lane : hl_os_pid() == hl_header->pid ? attach() : NULL;
	if (!lane && hl_os_pid() == hl_header->pid)
		tls->refused = REFUSED_EVENTS;
	else if (lane != tls->lane && exit_key < INLINE_KEYS)
		pthread_setspecific(exit_key, lane);
	tls->lane = lane;
	hl_os_restore_signals(&saved);
	errno = saved_errno;
}

/* What the kernel saves for a handler is larger than this, so the handler's events are further in. */
#define SIGNAL_FRAME_BYTES 512u

/* So many events are taken for nested ones although nobody knows. */
#define DOUBTS 1000u

/*
 * Is the event that we are said to be inside of gone from the stack?  It is, if this one is not inside
 * of it on the same stack.  A handler on a stack of its own is inside, wherever that stack lies.
 */
static bool is_abandoned(struct hl_lane *lane, uintptr_t frame)
{
	const struct hl_own_stack *own = &lane->stack->own;
	struct hl_caller caller;

	if (frame + SIGNAL_FRAME_BYTES < lane->busy || !hl_walk_is_own(own, frame) ||
		!hl_walk_is_own(own, lane->busy) || hl_os_on_signal_stack())
		return false;
	caller = hl_caller_of((const struct hl_hook_frame *)frame);
	switch (hl_walk_misses(own, &caller, lane->busy)) {
	case HL_WALK_ROOT:
		return true;
	case HL_WALK_TRUNCATED:
		return false;
	default:
		return ++lane->doubts > DOUBTS;
	}
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

/* Most pauses are over by then. */
#define PAUSE_SPINS 100u

/* Waits until the process may book; false: the child has no ledger. */
static bool wait_until_alive(void)
{
	uint32_t alive, spins = 0;

	while ((alive = __atomic_load_n(hl_alive, __ATOMIC_ACQUIRE)) != HL_ALIVE) {
		if (is_unborn(alive)) {
			hl_start_child();
			if (__atomic_load_n(&hl_mode, __ATOMIC_ACQUIRE) != HL_MODE_ON)
				return false;
		} else if (spins++ < PAUSE_SPINS) {
			hl_cpu_relax();
		} else {
			hl_os_wait(hl_alive, alive, 0);
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
	/* For the names that threads have at their ends; without, the program has all keys to itself. */
	if (hl_options.threads && exit_key == INLINE_KEYS && pthread_key_create(&exit_key, on_thread_exit) != 0)
		exit_key = INLINE_KEYS;
	/* The first call takes long when there are threads. */
	hl_os_try_barrier();
	hl_peak_open();
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
		hl_lane_tids[i] = 0;
		if (hl_lanes[i] != mine)
			hl_lanes[i]->busy = 0;
		hl_table_reset(&hl_lanes[i]->counters);
		hl_table_reset(&hl_lanes[i]->peaks);
		memset(hl_lanes[i]->heat, 0, sizeof(hl_lanes[i]->heat));
		hl_lanes[i]->hints_seen = 0;
		memset(hl_lanes[i]->memo, 0, sizeof(hl_lanes[i]->memo));
		hl_stack_cache_reset(hl_lanes[i]->stack);
		hl_lanes[i]->net = hl_lanes[i]->flushed = 0;
	}
	hl_table_reset(&hl_shared_counters);
	hl_table_reset(&hl_shared_peaks);
	hl_table_reset(&shards);
	hl_lock_reset(&hl_lanes_lock);
	hl_nr_lanes_used = 0;
	hl_nr_lanes = 1;
	hl_nr_own_chunks = 0;
	look_again_ns = 0;
	hl_tls.lane = NULL;
}
