/* SPDX-License-Identifier: MIT */
/*
 * Events from before the constructor: there is no ledger yet, so they are kept in a static log, which the
 * constructor books (process.c).
 */
#ifndef HL_PRELOAD_EARLY_H
#define HL_PRELOAD_EARLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ledger.h"

#pragma GCC visibility push(hidden)

struct hl_early {
	const void *block;
	size_t size;
	uintptr_t ip;
	uint32_t kind;			/* enum hl_kind */
	bool freed;
};

void hl_early_alloc(const void *block, size_t size, enum hl_kind kind, uintptr_t ip);
void hl_early_free(const void *block);

/** hl_early_log() - all of them, oldest first; @nr_lost: what found no room */
const struct hl_early *hl_early_log(uint32_t *nr, uint32_t *nr_lost);

#pragma GCC visibility pop
#endif
