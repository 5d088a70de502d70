/* SPDX-License-Identifier: MIT */
/*
 * Orders to a running program, by way of its ledger; see struct hl_orders in common/ledger.h.
 */
#ifndef HL_SNAPSHOT_ORDERS_H
#define HL_SNAPSHOT_ORDERS_H

#include <stdbool.h>

#include "snapshot/ledger-image.h"
#include "snapshot/snapshot.h"

struct hl_orders_state {
	uint64_t asked;			/* orders given so far */
	uint64_t done;			/* of these, carried out */
	bool is_stopped;		/* nothing is recorded */
};

/**
 * hl_orders_give() - tell a program something
 * @fd: its ledger, open for reading and writing; borrowed
 * @what: a mark has @text, of at most HL_ORDER_BYTES
 * @number: receives the order's number: it is carried out when hl_orders_state.done is as large
 *
 * It is carried out before the program's next event; a program that has none is not waited for.
 *
 * Returns: 0; -ENOENT: the ledger takes no orders; -EAGAIN: HL_MAX_ORDERS are waiting; -EINVAL: a text that is too
 *          long; -EBADMSG and errors of the file.
 */
int hl_orders_give(int fd, enum hl_order_what what, struct hl_text text, uint64_t *number, struct hl_error *err);

/** hl_orders_look() - what a program has been told, and has done; returns as above */
int hl_orders_look(int fd, struct hl_orders_state *out, struct hl_error *err);

/**
 * hl_orders_read() - what a program has been told, for hl_snapshot_load()
 * @out: receives it; no orders where the ledger has none
 *
 * Read before the marks: one that is carried out meanwhile is among both then, but never among neither.
 * Returns: 0; -EBADMSG; errors of the file.
 */
int hl_orders_read(const struct hl_image *image, struct hl_orders *out, struct hl_error *err);

/**
 * hl_orders_add() - add what the program had not got round to: marks after which nothing was made
 *
 * With the sites, marks and strings read; a mark that is there already is left out.  Returns: 0; -EFBIG; -ENOMEM.
 */
int hl_orders_add(const struct hl_orders *orders, struct hl_snapshot *snapshot, struct hl_error *err);

#endif
