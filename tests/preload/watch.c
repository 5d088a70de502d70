/* SPDX-License-Identifier: MIT */
/*
 * Reads a ledger again and again while its program runs, and demands that no reading shows what
 * cannot be: a block freed before it was allocated, counts that shrink, bytes that do not fit the
 * count.
 *
 * Usage: watch FILE PERIOD-MS UNIT
 *
 * All blocks that the program makes often have a multiple of UNIT bytes, at least one UNIT and at
 * most 16.  Ends when the program has ended; prints the number of readings.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "snapshot/snapshot.h"

/* Sites with fewer blocks may be the threads library's. */
#define OFTEN 256u
#define MAX_UNITS 16u
#define MAX_MESSAGES 20

static int nr_faults;

static void fault(const char *what, size_t site, const struct hl_counts *counts)
{
	if (++nr_faults > MAX_MESSAGES)
		return;
	printf("site %zu: %s: %" PRIu64 " blocks %" PRIu64 " bytes, freed %" PRIu64 " and %" PRIu64
	       "\n",
		site, what, counts->alloc_count, counts->alloc_bytes, counts->free_count,
		counts->free_bytes);
}

static void check_fit(size_t site, const struct hl_counts *counts, uint64_t unit)
{
	if ((counts->alloc_count == 0) != (counts->alloc_bytes == 0) ||
		(counts->free_count == 0) != (counts->free_bytes == 0))
		fault("count or bytes alone", site, counts);
	if (counts->alloc_bytes % unit || counts->free_bytes % unit)
		fault("not a multiple of the unit", site, counts);
	if (counts->alloc_bytes < unit * counts->alloc_count ||
		counts->alloc_bytes > MAX_UNITS * unit * counts->alloc_count ||
		counts->free_bytes < unit * counts->free_count ||
		counts->free_bytes > MAX_UNITS * unit * counts->free_count)
		fault("bytes do not fit the count", site, counts);
	/* If one is all gone the other is. */
	if ((counts->alloc_count == counts->free_count) !=
		(counts->alloc_bytes == counts->free_bytes))
		fault("live blocks without bytes, or the reverse", site, counts);
}

static void check_site(size_t site, const struct hl_counts *counts, const struct hl_counts *before,
		uint64_t unit)
{
	if (counts->free_count > counts->alloc_count || counts->free_bytes > counts->alloc_bytes)
		fault("freed more than allocated", site, counts);
	if (before && (counts->alloc_count < before->alloc_count ||
			counts->alloc_bytes < before->alloc_bytes ||
			counts->free_count < before->free_count ||
			counts->free_bytes < before->free_bytes))
		fault("shrank", site, counts);
	if (counts->alloc_count >= OFTEN)
		check_fit(site, counts, unit);
}

static void check_all(const struct hl_snapshot *now, const struct hl_snapshot *before, uint64_t unit)
{
	struct hl_totals totals;

	for (size_t i = HL_NR_RESERVED_SITES; i < now->globals.nr_sites; i++)
		check_site(i, &now->sites[i].counts,
			before && i < before->globals.nr_sites ? &before->sites[i].counts : NULL, unit);
	if (before && now->globals.nr_sites < before->globals.nr_sites)
		nr_faults += printf("sites went away\n") > 0;
	hl_snapshot_totals(now, 0, &totals);
	if (totals.live_bytes < 0 || totals.live_count < 0)
		nr_faults += printf("the totals are negative\n") > 0;
}

static struct hl_snapshot *load(const char *path)
{
	struct hl_snapshot *snapshot;
	struct hl_error error;
	int r = hl_snapshot_load(path, &snapshot, &error);

	if (r == 0)
		return snapshot;
	if (r != -ENOENT && r != -EAGAIN) {
		printf("%s: %s\n", path, error.msg);
		nr_faults++;
	}
	return NULL;
}

static bool is_over(const struct hl_snapshot *snapshot)
{
	return snapshot->header.end_reason != HL_END_NONE ||
		kill((pid_t)snapshot->header.pid, 0) != 0;
}

int main(int argc, char **argv)
{
	struct timespec pause = { 0, 0 };
	struct hl_snapshot *now, *before = NULL;
	unsigned int nr_readings = 0, nr_waits = 0;
	bool over = false;

	if (argc != 4)
		return 2;
	pause.tv_nsec = strtol(argv[2], NULL, 10) * 1000000;
	while (!over && nr_waits < 1000) {
		nanosleep(&pause, NULL);
		now = load(argv[1]);
		if (!now) {
			nr_waits++;
			continue;
		}
		over = is_over(now);
		check_all(now, before, strtoull(argv[3], NULL, 10));
		hl_snapshot_unref(before);
		before = now;
		nr_readings++;
	}
	hl_snapshot_unref(before);
	printf("%u readings, %d faults\n", nr_readings, nr_faults);
	return nr_faults != 0 || nr_readings < 10;
}
