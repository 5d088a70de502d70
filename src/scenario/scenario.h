/* SPDX-License-Identifier: MIT */
/* One run of a program from the beginning to the end: what the command, its comparison and the fuzzer do. */
#ifndef HL_SCENARIO_SCENARIO_H
#define HL_SCENARIO_SCENARIO_H

#include "scenario/compile/code.h"
#include "scenario/objects/sim.h"

/* All zero but out and err: as CPython's defaults. */
struct scenario_options {
	enum gcs_profile profile;
	const char *script;			/* sys.argv[0]; NULL: "" */
	bool gc_off;				/* the collector is disabled when the program begins */
	bool has_thresholds, has_start;
	int thresholds[GCS_NR_GENERATIONS];
	struct gcs_generation_stats start_stats[GCS_NR_GENERATIONS];	/* counters to begin with */
	int start_counts[GCS_NR_GENERATIONS];
	unsigned int nr_frames;			/* of the stack of each site; 0: 1 */
	uint64_t max_steps, max_bytes;		/* 0: no limit */
	sim_write_fn out, err;
	void *write_arg;
	/* The program has ended, its objects are still there; NULL: nobody asks.  0, or -errno, which
	   scenario_run() returns then. */
	int (*ended)(struct gcs_heap *heap, void *arg);
	void *ended_arg;
};

struct scenario_result {
	int status;				/* as the process would have it */
	enum sim_stop stop;			/* a limit, not the program, ended it: status is 2 */
};

/**
 * scenario_run() - run a program on a heap of its own
 * @program: one run at a time, but as often as wanted
 * @out: filled on success
 *
 * The program counts within the limit of bytes, and its compilation as steps.
 *
 * Returns: 0: it ran, whatever came of it; -ENOMEM before it could begin, without a limit of bytes; what
 *          options->ended() said.
 */
int scenario_run(const struct program *program, const struct scenario_options *options,
		struct scenario_result *out);

#endif
