/* SPDX-License-Identifier: MIT */
/* What `growth` looks at: the groups of several ledgers, as series. */
#ifndef HL_CLI_GROWTH_H
#define HL_CLI_GROWTH_H

#include "cli/cli.h"
#include "reports/views.h"

struct growth_series {
	char **files;			/* names: of the command line, or, where owns_files, our own */
	bool owns_files;
	size_t nr;
	struct hl_snapshot **snapshots;	/* moments: NULL but for the one that is looked at */
	struct hl_snapshot *whole;	/* the ledger whose moments they are; NULL: of several files */
	struct hl_statistics *last;	/* of the last snapshot, cumulative or not */
	double *times;			/* seconds; all 0: not known */
	int64_t *figures;		/* for each of its groups: nr sizes, then nr counts */
	struct hl_grown *lines;
	size_t nr_lines;
	size_t nr_tested;		/* series that change at all: of sizes and of counts */
	bool is_tested;			/* else there are too few files, and lines are those that grew each time */
};

/* Room for @nr snapshots; 0 or -ENOMEM. */
int growth_series_init(struct growth_series *s, size_t nr);
void growth_series_release(struct growth_series *s);

/**
 * growth_load_moments() - one ledger, and when its moments were
 *
 * Returns: 0: there are two at least; -1 after a complaint.
 */
int growth_load_moments(struct growth_series *s, const char *file);

/* Make snapshots[i], the i-th moment, which its user unrefs and sets to NULL; 0; -1 after a complaint. */
int growth_make_moment(struct growth_series *s, size_t i);

/*
 * The snapshots of one process in the order of their times, which stay 0 unless all are known.  Those that were taken
 * now are left alone.
 */
void growth_order(struct growth_series *s);

/**
 * growth_add() - the groups of a snapshot, the last one first
 * @groups: of the i-th, each with the same key and metric; taken over, and put into another order but for the last ones
 *
 * What is not in the last snapshot any more did not grow, and is left out.
 * Returns: 0; -ENOMEM.
 */
int growth_add(struct growth_series *s, size_t i, struct hl_statistics *groups);

/**
 * growth_find_lines() - which groups of the last snapshot grew, steepest first; all snapshots are added
 *
 * In bytes or in blocks: by the test of snapshot/trend.h, and in the later half of the files, too, so that what was
 * filled once and stays is not among them.  Where even series that rise all the time could not be told from chance, as
 * there are too few files, those are taken that do, in bytes or in blocks.
 *
 * Returns: 0; -ENOMEM.
 */
int growth_find_lines(struct growth_series *s);

struct growth_watch {
	const char *pid;
	double every;			/* seconds */
	double length;			/* seconds */
	const char *keep;		/* folder for the snapshots; NULL: they are not kept */
	bool quiet;			/* no progress */
};

/**
 * growth_take() - take snapshots of a process until the time is over, it ends, or SIGINT or SIGTERM comes
 *
 * Returns: 0: there are two at least; -1 after a complaint.
 */
int growth_take(struct growth_series *s, const struct growth_watch *watch);

#endif
