/* SPDX-License-Identifier: MIT */
/*
 * What a thread has in thread-local storage, and the two words that each event reads: is the shim on, and does
 * this process have a ledger (or is it a forked child that has none yet)?
 */
#ifndef HL_PRELOAD_THREAD_H
#define HL_PRELOAD_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

struct hl_lane;				/* account/lanes.h */

enum hl_forking {
	HL_FORKING_NOT = 0,
	HL_FORKING_QUIET,		/* nobody is inside libunwind */
	HL_FORKING_NOISY,		/* somebody is */
};

struct hl_tls {
	struct hl_lane *lane;
	struct hl_lane *stranded;	/* forked in the middle of an event of this lane of the parent's */
	uint32_t own;			/* the shim itself called something that allocates */
	uint32_t forking;		/* enum hl_forking: inside fork() */
	bool fork_of_many;		/* with other threads about; while forking is set */
	bool on_private;		/* on a private stack: see private.h */
	uint32_t ended;			/* past the thread's destructor: no lane any more */
	uint32_t refused;		/* there was no lane: events until one is asked for again */
};
extern __thread struct hl_tls hl_tls __attribute__((tls_model("initial-exec")));

/* Points to a word of enum hl_alive; the kernel makes it HL_DEAD in a forked child. */
extern uint32_t *hl_alive;
enum hl_alive {
	HL_DEAD = 0,			/* a forked child that has no ledger of its own yet */
	HL_ALIVE = 1,
	HL_STARTING = 2,		/* a thread of the child makes the ledger */
	HL_PAUSED = 3,			/* who is outside of an event stays there (pause.c) */
};

enum hl_mode {
	HL_MODE_EARLY = 0,		/* the constructor has not run */
	HL_MODE_ON = 1,
	HL_MODE_OFF = 2,		/* AT_SECURE, no ledger, or a child that is not followed */
};
extern uint32_t hl_mode;

#pragma GCC visibility pop
#endif
