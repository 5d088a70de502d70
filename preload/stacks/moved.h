/* SPDX-License-Identifier: MIT */
/*
 * Objects whose addresses nodes have otherwise than memory: those loaded where another one was before, whose
 * nodes carry the record's tag (common/ledger.h), so that none is ever taken for that of another object; and
 * those that came back elsewhere, whose nodes are at the addresses of the record.  And addresses of records at
 * which no object lies: what comes there is no object's (HL_IP_TAG_STRAY).
 *
 * A change is what is added to an address in memory, as a function of it: constant from one piece to the next.
 * records.c draws it whenever something has moved, under its lock; it is read by any thread and
 * signal handler without one.
 */
#ifndef HL_PRELOAD_MOVED_H
#define HL_PRELOAD_MOVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/os.h"
#include "common/ledger.h"

#pragma GCC visibility push(hidden)

extern uint64_t hl_moved_start;		/* no address outside of this range differs */
extern uint64_t hl_moved_bytes;

/** hl_moved_begin() - begin to draw, on what there is */
void hl_moved_begin(void);

/** hl_moved_begin_empty() - begin to draw where no address differs, whatever there is */
void hl_moved_begin_empty(void);

/** hl_moved_draw() - addresses in [@start, @end) differ by @change, whatever was drawn there; false: no memory */
bool hl_moved_draw(uint64_t start, uint64_t end, uint64_t change);

/** hl_moved_end() - the drawing is what holds from now on; returns whether it is another than before */
bool hl_moved_end(void);

uint64_t hl_moved_find_change(uint64_t ip);

/** hl_moved_recorded() - an address in memory as nodes have it; two loads where nothing has moved */
static inline uint64_t hl_moved_recorded(uint64_t ip)
{
	if (hl_unlikely(ip - __atomic_load_n(&hl_moved_start, __ATOMIC_ACQUIRE) <
		    __atomic_load_n(&hl_moved_bytes, __ATOMIC_RELAXED)))
		ip += hl_moved_find_change(ip);
	return ip;
}

/** hl_moved_in_memory() - the other way; of an object that is not loaded, where it lay first */
uint64_t hl_moved_in_memory(uint64_t recorded);

#pragma GCC visibility pop
#endif
