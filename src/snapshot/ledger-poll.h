/* SPDX-License-Identifier: MIT */
/*
 * The sums of a running program's ledger, again and again: what a time line is made of.
 *
 * Of the counters only those are read again whose shard has had an event (ledger-copies.h).  The program does not
 * notice: it is neither stopped nor asked.
 */
#ifndef HL_SNAPSHOT_LEDGER_POLL_H
#define HL_SNAPSHOT_LEDGER_POLL_H

#include "snapshot/ledger-copies.h"
#include "snapshot/snapshot.h"

struct hl_ledger_poll {
	struct hl_image image;
	struct hl_copies copies;
};

/**
 * hl_ledger_poll_begin() - open the ledger of a running program
 * @poll: to be given to hl_ledger_poll_end()
 * @fd: borrowed, open for reading, must stay open until then
 *
 * Returns: 0; the errors of hl_image_open() and hl_image_map(): then there is nothing to end.
 */
int hl_ledger_poll_begin(struct hl_ledger_poll *poll, int fd, struct hl_error *err);
void hl_ledger_poll_end(struct hl_ledger_poll *poll);

/**
 * hl_ledger_poll() - the sums as they are now
 * @out: filled, but for what only the kernel knows
 *
 * Cost:    O(call sites, once for each thread that had an event since the last time).
 * Returns: 0; -EBADMSG: more records than the file has data; the errors of hl_copies_take().
 */
int hl_ledger_poll(struct hl_ledger_poll *poll, struct hl_time_point *out, struct hl_error *err);

/**
 * hl_ledger_poll_sites() - what each call site held at the last poll
 * @held: receives an array by site, which the caller frees
 *
 * Returns: 0; -ENOMEM.
 */
int hl_ledger_poll_sites(const struct hl_ledger_poll *poll, struct hl_held **held, size_t *nr);

/* Whether the program has ended, or this ledger of it. */
bool hl_ledger_poll_has_ended(const struct hl_ledger_poll *poll);

#endif
