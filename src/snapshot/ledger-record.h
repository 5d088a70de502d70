/* SPDX-License-Identifier: MIT */
/*
 * What one shard says of one call site, read while the shard's thread may be writing it.
 *
 * A shard's seq is odd while its thread is in an event: a reading between two equal, even values is whole.  A thread
 * that does not go on in its event is without a processor, for some ms, or dead.  What it has written can be read, and
 * is off by that one event at most: it is stuck.  Whoever has the time waits until it goes on.
 */
#ifndef HL_SNAPSHOT_LEDGER_RECORD_H
#define HL_SNAPSHOT_LEDGER_RECORD_H

#include <stdbool.h>

#include "common/ledger.h"

struct hl_writer {
	const struct hl_shard *shard;	/* in the mapped file; NULL: none */
	uint64_t stuck_seq;		/* odd: its thread did not go on inside the event with this number */
	bool is_shared;			/* shard 0: atomic additions, seq says nothing */
};

/*
 * What is left of the time that one reading of a file takes for all writers together.  A writer that is stuck costs
 * sleeps, one that always writes costs tries; a program that means it is both, for ever, in all of its shards.
 */
struct hl_patience {
	unsigned int nr_sleeps;		/* of 0.1 ms, and longer where a processor is hard to get */
	unsigned int nr_tries;		/* of about 0.1 us */
};

/* Where a record lies in the mapped file. */
struct hl_record_place {
	const struct hl_counters *counters;
	const struct hl_peak *peak;	/* NULL: not there */
};

struct hl_record {
	struct hl_counters counters;
	struct hl_peak peak;		/* without one: the peak of counters */
};

/* A plain copy, of a file that does not change or a record without a writer. */
void hl_record_copy(const struct hl_record_place *from, struct hl_record *to);

/**
 * hl_record_read() - copy a record while its writer may be writing it
 * @patience: less what was used
 * @is_waiting: a writer that is stuck is waited for
 *
 * Returns: whether it is whole; false: the writer is stuck, or patience is at its end.
 */
bool hl_record_read(struct hl_writer *writer, const struct hl_record_place *from, struct hl_patience *patience,
		bool is_waiting, struct hl_record *to);

/* CLOCK_MONOTONIC. */
uint64_t hl_monotonic_ns(void);

#endif
