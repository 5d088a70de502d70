/* SPDX-License-Identifier: MIT */
/* What a recording does not show because it is not asked of malloc. */
#ifndef HL_CLI_RESIDENT_H
#define HL_CLI_RESIDENT_H

#include <stdio.h>

#include "snapshot/heapledger.h"

/**
 * cli_note_resident() - say that a program had far more memory than it asked malloc for, and why, as far as known
 * @max_rss: bytes that were resident at most (ru_maxrss)
 *
 * Far more: twice the peak and what the recording itself takes, and 32 MiB, which code and data of programs have.
 * The reason is one that the ledger knows: another allocator, or mappings that were not recorded; if they were, the
 * rest is what allocators keep and nobody uses.
 */
void cli_note_resident(FILE *file, const struct hl_snapshot *snapshot, uint64_t max_rss);

/* Say that Python's small objects are in pools of its own, unless PYTHONMALLOC is set, as the recorded one had it. */
void cli_note_python(FILE *file, const struct hl_snapshot *snapshot);

#endif
