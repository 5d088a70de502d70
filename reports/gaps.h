/* SPDX-License-Identifier: MIT */
/* What is not in an account, and why: what hl_write_warnings() says besides numbers of events. */
#ifndef HL_REPORTS_GAPS_H
#define HL_REPORTS_GAPS_H

#include <stdio.h>

#include "snapshot/heapledger.h"

/* Why stacks have no outer end, with the objects that have no unwind information; the number of lines. */
int hl_write_partial_causes(FILE *file, const struct hl_snapshot *snapshot, const char *prefix);

/* Objects whose calls of malloc go past the recorder; the number of lines. */
int hl_write_bypasses(FILE *file, const struct hl_snapshot *snapshot, const char *prefix);

/* Forked children without a ledger, why, and what helps; the number of lines. */
int hl_write_lost_children(FILE *file, const struct hl_snapshot *snapshot, const char *prefix);

#endif
