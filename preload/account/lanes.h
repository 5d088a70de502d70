/* SPDX-License-Identifier: MIT */
/*
 * The guard around every event, and what a thread has to itself.
 *
 * A thread that has events owns a lane: a shard of the counters in the ledger that nobody else
 * writes, and some private memory.  Lanes outlive threads and are used again.  An event without a
 * lane (of a signal handler that came in while its thread was inside, of more threads than lanes)
 * uses the shared shard 0 with atomic additions.
 *
 * Nobody tells the shim that a thread ends: a key of pthread_key_create() would be missing among the
 * program's, and __cxa_thread_atexit_impl() waits for the loader's lock, which whoever waits for this
 * thread may hold.  So threads that need a lane look for those whose thread is gone (hl_lane_is_gone()).
 * With --threads there is a key, for the names that threads have at their ends.
 */
#ifndef HL_PRELOAD_LANES_H
#define HL_PRELOAD_LANES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"
#include "base/store.h"
#include "base/thread.h"
#include "common/ledger.h"
#include "stacks/cache.h"

#pragma GCC visibility push(hidden)

#define HL_MAX_LANES 1024u

/* Counters per chunk: a page of them. */
#define HL_COUNTERS_SHIFT 6

/* Records of struct hl_peak per chunk: a page of them, too. */
#define HL_PEAKS_SHIFT 8

/* The site of a node and a kind, and this lane's own counters of it, if there are any. */
struct hl_memo {
	uint32_t node;
	uint16_t kind;
	uint32_t site;
	struct hl_counters *counters;
};
#define HL_LANE_MEMO 64u

/* How often the lane had to do with the shared counters of a chunk; see hl_lane_wants_chunk(). */
struct hl_heat {
	uint32_t chunk;
	uint32_t events;
};
#define HL_LANE_HEAT 64u

struct hl_lane {
	struct hl_shard *shard;		/* in the ledger */
	uintptr_t busy;			/* its thread is inside an event: where on the stack; else 0 */
	const void *last_block;		/* what the latest event allocated, or NULL */
	/*
	 * Bytes of HL_DOMAIN_MALLOC that this lane has added (less those it has removed), and how much
	 * of that is in the totals.  The owner alone writes net; flushed is moved by whoever flushes.
	 */
	int64_t net;
	int64_t flushed;
	uint32_t number;		/* of the shard */
	uint32_t hints_seen;		/* see hl_hints_follow() */
	uint32_t generation;		/* of the sites that it remembers */
	uint32_t nr_flushes;		/* by its own thread, since it looked at another lane */
	uint32_t look_at;		/* so many of them, and it looks again */
	uint32_t doubts;		/* events of which nobody knows whether they are inside of another */
	uint16_t thread;		/* --threads: its number in roster.c, else 0 */
	struct hl_memo memo[HL_LANE_MEMO];
	struct hl_heat heat[HL_LANE_HEAT];
	struct hl_stack_cache *stack;	/* the verified last stack */
	struct hl_table counters;
	struct hl_table peaks;		/* --mmap: struct hl_peak */
};

/* What an event works with; made by hl_enter(). */
struct hl_guard {
	struct hl_lane *lane;		/* NULL: shared shard */
	enum {
		HL_EVENT_BOOK,
		HL_EVENT_EARLY,		/* before the constructor: into the early log */
		HL_EVENT_OWN,		/* made for the shim itself */
	} what;
};

/* Lanes in use; while it is 1 the totals are exact after each event. */
extern uint32_t hl_nr_lanes_used;
extern struct hl_lock hl_lanes_lock;	/* threads come and go */
extern struct hl_lane *hl_lanes[HL_MAX_LANES];	/* [0] stays NULL: the shared shard has no lane */
extern uint32_t hl_lane_tids[HL_MAX_LANES];	/* whose they are; 0: free */
extern uint32_t hl_nr_lanes;
extern uint32_t hl_lane_generation;		/* grows when all stacks get new sites */
extern struct hl_table hl_shared_counters;
extern struct hl_table hl_shared_peaks;		/* --mmap */
extern struct hl_shard *hl_shared_shard;
extern uint32_t hl_nr_own_chunks;		/* of counters, of all lanes */

/**
 * hl_enter_lane() - begin an event in the common case; NULL: take hl_enter()
 * @frame: where on the stack the event is
 */
static inline struct hl_lane *hl_enter_lane(uintptr_t frame)
{
	struct hl_tls *tls = &hl_tls;
	struct hl_lane *lane = tls->lane;

	if (hl_unlikely(!lane || lane->busy || tls->own))
		return NULL;
	__atomic_store_n(&lane->busy, frame, __ATOMIC_RELAXED);
	/*
	 * A handler on this thread must see busy before anything else of the event.  Who pauses looks
	 * at busy after a barrier on all processors, so it is stored before the word is read.
	 */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (hl_likely(__atomic_load_n(hl_alive, __ATOMIC_RELAXED) == HL_ALIVE))
		return lane;
	__atomic_store_n(&lane->busy, 0, __ATOMIC_RELAXED);
	return NULL;
}

static inline void hl_leave_lane(struct hl_lane *lane)
{
	__atomic_store_n(&lane->busy, 0, __ATOMIC_RELEASE);
}

/* @frame: where on the stack the event is */
bool hl_enter_slow(struct hl_guard *guard, uintptr_t frame);

/** hl_enter() - begin an event; false: the shim is off, nothing is to be done */
static inline bool hl_enter(struct hl_guard *guard)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);

	guard->lane = hl_enter_lane(frame);
	guard->what = HL_EVENT_BOOK;
	return hl_likely(guard->lane != NULL) || hl_enter_slow(guard, frame);
}

static inline void hl_leave(struct hl_guard *guard)
{
	if (guard->lane)
		hl_leave_lane(guard->lane);
}

/** hl_is_inside() - is this thread in the middle of an event, which a signal handler came into? */
bool hl_is_inside(uintptr_t frame);

/** hl_lanes_open() - the shared shard of a new ledger; 0 or -errno */
int hl_lanes_open(void);

/** hl_lanes_abandon() - forked child: nobody has a lane, no shard exists */
void hl_lanes_abandon(void);

/** hl_lanes_end() - the process ends: last bytes, what threads are called now; takes the lanes' lock */
void hl_lanes_end(void);

/* A forked child's first event calls this: a ledger of its own (process.c). */
extern void (*hl_start_child)(void);

/** hl_lane_is_gone() - has the thread of a lane that is in use ended? A system call */
bool hl_lane_is_gone(uint32_t number);

/** hl_lane_look() - take back one other lane; false: its thread is there. Inside of an event, never waits */
bool hl_lane_look(const struct hl_lane *mine);

/** hl_lane_forget() - what it remembers of sites; inside of an event, or with the lanes paused */
void hl_lane_forget(struct hl_lane *lane);

/** hl_lane_keep_up() - the same, if they are not those of now */
static inline void hl_lane_keep_up(struct hl_lane *lane)
{
	if (hl_unlikely(lane->generation != __atomic_load_n(&hl_lane_generation, __ATOMIC_ACQUIRE)))
		hl_lane_forget(lane);
}

/** hl_lane_flush() - bring a lane's net bytes into the totals, and compare with the peak; any thread may */
void hl_lane_flush(struct hl_lane *lane);

/** hl_lanes_flush() - all lanes; any thread may */
void hl_lanes_flush(void);

/** hl_lanes_kept() - what the totals do not have of all lanes' bytes */
int64_t hl_lanes_kept(void);

#pragma GCC visibility pop
#endif
