/* SPDX-License-Identifier: MIT */
/*
 * Orders from outside (`heapledger ctl`), by way of the ledger: no signal, no ptrace, no thread.
 *
 * Whoever gives one makes each lane's next event a special one, which looks here.  An event finds an order before it
 * is counted, so what happens after an order was given is recorded as the order wants it, even if the program
 * slept in between.
 *
 * For a mark nobody waits: each lane forgets by itself what it knows of sites (hl_lane_keep_up()).  An event of another
 * thread that has begun before may still be booked as one from before the mark.
 */
#ifndef HL_PRELOAD_ORDERS_H
#define HL_PRELOAD_ORDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "account/lanes.h"
#include "base/os.h"
#include "common/ledger.h"

#pragma GCC visibility push(hidden)

extern struct hl_orders *hl_orders;	/* in the ledger; where there are none: a dummy, that nobody writes */
extern uint64_t hl_orders_done;

/** hl_orders_wait() - is there something that hl_orders_obey() may have to do? Two loads and a comparison */
static inline bool hl_orders_wait(void)
{
	return __atomic_load_n(&hl_orders->asked, __ATOMIC_ACQUIRE) !=
		__atomic_load_n(&hl_orders_done, __ATOMIC_RELAXED);
}

/**
 * hl_orders_obey() - carry them out, or wait until another thread has
 * @frame: where on the stack this is
 *
 * Inside of an event nothing is done.  errno is kept.
 */
void hl_orders_obey(uintptr_t frame);

/** hl_orders_enter() - every other way into an event than the most frequent: hl_enter(), and orders before it */
static inline bool hl_orders_enter(struct hl_guard *guard)
{
	if (hl_unlikely(hl_orders_wait()))
		hl_orders_obey((uintptr_t)__builtin_frame_address(0));
	if (!hl_enter(guard))
		return false;
	if (guard->lane)
		hl_lane_keep_up(guard->lane);
	return true;
}

/** hl_orders_leave() - in the most frequent way: is another to be taken, as there are orders?  Then the lane is left */
static inline bool hl_orders_leave(struct hl_lane *lane)
{
	if (hl_likely(!hl_orders_wait()))
		return false;
	hl_leave_lane(lane);
	return true;
}

/* What carries one out (control.c); false: it cannot be done now. */
extern bool (*hl_orders_carry_out)(const struct hl_order *order);

/** hl_orders_note_stopped() - for readers: whether anything is recorded */
void hl_orders_note_stopped(bool stopped);

/** hl_orders_open() - room in a new ledger, if there is any */
void hl_orders_open(void);

/** hl_orders_abandon() - forked child: nobody has told it anything */
void hl_orders_abandon(void);

#pragma GCC visibility pop
#endif
