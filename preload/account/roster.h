/* SPDX-License-Identifier: MIT */
/*
 * Who recorded (--threads): a record for each thread that had an event, with its name.
 */
#ifndef HL_PRELOAD_ROSTER_H
#define HL_PRELOAD_ROSTER_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

/**
 * hl_roster_add() - a thread begins to record
 * Returns its number, from 1 on; 0: there are too many, or there is no room in the ledger.
 * With the lanes' lock; the same holds for the following.
 */
uint16_t hl_roster_add(uint32_t tid);

/** hl_roster_end() - the calling thread ends; what it is called now is what it was called */
void hl_roster_end(uint16_t thread);

/** hl_roster_bury() - it has ended without having been asked for its name */
void hl_roster_bury(uint16_t thread);

/** hl_roster_name() - what the thread is called now; 0: nothing is done */
void hl_roster_name(uint16_t thread);

/** hl_roster_abandon() - forked child: its ledger has none yet */
void hl_roster_abandon(void);

#pragma GCC visibility pop
#endif
