/* SPDX-License-Identifier: MIT */
/*
 * Which ELF objects were loaded where, and when that changed.
 *
 * Each object has one record (records.h), with the addresses at which it lay first.  One that comes back elsewhere
 * has its record again, if a build-id says that it is the same: so a server that loads and unloads its
 * plugins for months has as many records and stacks as it has plugins.  Nodes have addresses as records
 * have them (moved.h).
 */
#ifndef HL_PRELOAD_MODULES_H
#define HL_PRELOAD_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/os.h"

#pragma GCC visibility push(hidden)

extern uint64_t hl_loader_start;	/* the mapped range of ld.so */
extern uint64_t hl_loader_bytes;
extern uint32_t hl_modules_generation;	/* changes when an object was unloaded, or nodes have other addresses */

/** hl_modules_open() - in the constructor: nothing is recorded yet */
void hl_modules_open(void);

/**
 * hl_modules_look() - record what came and went
 * Asks the loader (dl_iterate_phdr), whose lock the caller has (loader.h): hints.c says when.
 */
void hl_modules_look(void);

/**
 * hl_modules_see() - the same for the objects that a stack goes through, where the loader cannot be asked
 * They are on the stack of the thread that calls this, so they are loaded and stay so. What else came and went is left
 * to the next look. To be called before the stack gets a node: that would be one of what lay there before.
 * Returns: true: something else lies there than was known: walk the stack again
 */
bool hl_modules_see(const uintptr_t *ips, size_t nr_ips);

/**
 * hl_modules_note_calls() - what objects have been bound to since the last look, at the end
 * Does not ask the loader, whose lock another thread may keep for ever.
 */
void hl_modules_note_calls(void);

/** hl_modules_note_no_info() - the object of @ip has no unwind information for that; flags it in the ledger */
void hl_modules_note_no_info(uintptr_t ip);

#pragma GCC visibility pop
#endif
