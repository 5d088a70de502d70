/* SPDX-License-Identifier: MIT */
/*
 * Marks: what the program says about the moments of its run (hl_mark()).
 */
#ifndef HL_PRELOAD_MARKS_H
#define HL_PRELOAD_MARKS_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/**
 * hl_marks_add() - put a mark with the totals of all domains into the ledger
 * @time_ns:    when it was made
 * @first_site: what is made after it has sites from here on; 0: nobody can tell
 *
 * While other threads book, the totals may miss what these are just doing.
 * Returns: 0; -ENOSPC.
 * Safety:  usable in signal handlers
 */
int hl_marks_add(const char *text, size_t length, uint64_t time_ns, uint32_t first_site);

/** hl_marks_abandon() - forked child: its ledger has none yet */
void hl_marks_abandon(void);

#pragma GCC visibility pop
#endif
