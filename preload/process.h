/* SPDX-License-Identifier: MIT */
/*
 * The shim's start: constructor, early log, forked child, end.
 */
#ifndef HL_PRELOAD_START_H
#define HL_PRELOAD_START_H

#include <stddef.h>
#include <stdint.h>

#include "common/ledger.h"

#pragma GCC visibility push(hidden)

enum hl_mode {
	HL_MODE_EARLY = 0,		/* the constructor has not run */
	HL_MODE_ON = 1,
	HL_MODE_OFF = 2,		/* AT_SECURE, no ledger, or a child that is not followed */
};
extern uint32_t hl_mode;

/** hl_start_child() - a forked child's first event: a ledger of its own */
void hl_start_child(void);

/** hl_early_alloc(), hl_early_free() - log what happens before the constructor */
void hl_early_alloc(const void *block, size_t size, enum hl_kind kind, uintptr_t ip);
void hl_early_free(const void *block);

#pragma GCC visibility pop
#endif
