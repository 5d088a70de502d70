/* SPDX-License-Identifier: MIT */
/*
 * Copies of all counters of a ledger, as near to one instant as a running program lets them be.
 *
 * A record is copied between two events of its shard: its seq, a seqlock, was even and unchanged.  Of a writer that
 * does not leave its event the record is taken as it is, which is off by that event at most; of few threads these are
 * waited for, about 0.2 s all together.
 *
 * Copies are made in rounds.  The first is of all records, each further one of those shards that have had an event
 * since, until few came in during one of them: a shard whose seq stands is still as it was copied.  So it is not the
 * number of sites and threads that makes a reading inexact, but only what the threads that have a processor do while
 * their own records are copied.  Then the directory is read once more, and what it has got meanwhile is copied, too:
 * a thread that is new may have freed what another new one allocated.
 */
#ifndef HL_SNAPSHOT_LEDGER_COPIES_H
#define HL_SNAPSHOT_LEDGER_COPIES_H

#include "snapshot/ledger-image.h"
#include "snapshot/ledger-record.h"

struct hl_frees {
	uint64_t count;
	uint64_t bytes;
};

/* One chunk of the table of counters. */
struct hl_copy {
	struct hl_chunk chunk;		/* of it only the sites that are read */
	struct hl_record *records;	/* NULL: all are zero, as in the holes of a file */
	struct hl_frees *before;	/* what the records said of frees before the last round, if ... */
	bool has_before;		/* ... they were copied in it; else what they say now */
	uint64_t seq;			/* of the shard, before it was copied */
	bool is_read;			/* it was copied once at least */
	bool is_stuck;			/* a record was read while its writer was inside an event */
};

struct hl_copies {
	struct hl_copy *all;		/* as the image's table of counters */
	size_t nr;
	struct hl_writer *writers;	/* by shard */
	uint64_t nr_writers;
	bool is_hasty;			/* few rounds, and nobody is waited for: for who comes again soon */
	bool has_moved;			/* there were events, or counters came in, while this was read */
};

/**
 * hl_copies_take() - copy the counters of all sites below @nr_sites
 * @copies: all zero but for is_hasty, or what an earlier call has made of the same file: then only what has changed is
 *          copied; hl_copies_release() frees, after errors as well
 * @image: the checked file, mapped; what was added to it meanwhile is in it afterwards
 * @is_changing: the program may be running; false: plain copies, once
 *
 * Returns: 0; -ENOMEM; the errors of hl_image_open() and hl_image_map().
 */
int hl_copies_take(struct hl_copies *copies, struct hl_image *image, uint64_t nr_sites, bool is_changing,
		struct hl_error *err);
void hl_copies_release(struct hl_copies *copies);

/* How many threads have a shard now. */
uint64_t hl_copies_threads(const struct hl_copies *copies);

/* All events so far: those of shard 0 are counted, of the others seq tells. */
uint64_t hl_copies_events(const struct hl_copies *copies);

#endif
