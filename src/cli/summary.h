/* SPDX-License-Identifier: MIT */
/* What `heapledger record` says at the end of a run. */
#ifndef HL_CLI_SUMMARY_H
#define HL_CLI_SUMMARY_H

#include <stdio.h>

#include "snapshot/heapledger.h"

/**
 * hl_print_summary() - a run in a few lines
 * @file: usually stderr
 * @snapshot: borrowed, not NULL
 * @nr_lines: how many of the top lines at the peak
 *
 * Blocks and bytes allocated, freed, live, the peak and when it was, what may be missing, and the
 * lines that held the memory at the peak.
 *
 * Cost:    symbolises; a second for a large program.
 * Returns: 0; -ENOMEM.
 */
int hl_print_summary(FILE *file, struct hl_snapshot *snapshot, int nr_lines);

#endif
