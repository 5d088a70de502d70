/* SPDX-License-Identifier: MIT */
/* Symbols of a ledger that no program wrote: for tests of who reads, writes and moves them. */
#ifndef HL_TESTS_EMBEDDED_DEMO_H
#define HL_TESTS_EMBEDDED_DEMO_H

#include "snapshot/embedded.h"
#include "snapshot/snapshot.h"

/* Of module 0, all that there can be: at 0x0f a chain of two frames, at 0x3ff a symbol, at 0x500 nothing known. */
struct hl_embedding *demo_embedding(void);
struct hl_embedded *demo_table(void);
/* Fails the test if @e says anything else. */
void check_demo(const struct hl_embedded *e);

/* A snapshot with calls at the first two of these addresses, without symbols. */
struct hl_snapshot *demo_ledger(void);

void must_write(const struct hl_snapshot *s, const char *path);
struct hl_snapshot *must_load(const char *path);

#endif
