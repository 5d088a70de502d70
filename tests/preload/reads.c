/* SPDX-License-Identifier: MIT */
/*
 * Reads the ledger of a running program N times, or until the program has ended.
 *
 * Usage: reads FILE N [TRUTH]
 *
 * Prints how often it read, in how many readings a call site had less than nothing live, and with TRUTH, the live
 * bytes that there always are, the largest and the median difference from it in thousandths.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "snapshot/snapshot.h"

/* Waits until there is a ledger. */
static struct hl_snapshot *load(const char *path)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};
	int rc;

	for (int i = 0; i < 10000; i++) {
		rc = hl_snapshot_load(path, &s, &err);
		if (rc != -EAGAIN && rc != -ENOENT)
			break;
		nanosleep(&pause, NULL);
	}
	if (rc) {
		fprintf(stderr, "reads: %s: %s\n", path, err.msg);
		exit(1);
	}
	return s;
}

/* The reader itself notices most of them, and takes such a site to be free: that is one as well. */
static bool has_negative(const struct hl_snapshot *s)
{
	if (s->nr_raised)
		return true;
	for (uint64_t i = HL_NR_RESERVED_SITES; i < s->globals.nr_sites; i++) {
		const struct hl_counts *c = &s->sites[i].counts;

		if (c->free_count > c->alloc_count || c->free_bytes > c->alloc_bytes || c->peak_bytes < 0)
			return true;
	}
	return false;
}

static double error_of(const struct hl_snapshot *s, double truth)
{
	struct hl_totals t;
	double error;

	hl_snapshot_totals(s, -1, &t);
	error = 1000 * ((double)t.live_bytes - truth) / truth;
	return error < 0 ? -error : error;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	double truth = argc > 3 ? atof(argv[3]) : 0;
	double *errors;
	long nr_negative = 0;
	long nr = 0;

	if (argc < 3 || atol(argv[2]) < 1)
		return 2;
	errors = calloc((size_t)atol(argv[2]), sizeof(*errors));
	if (!errors)
		return 2;
	for (bool is_running = true; is_running && nr < atol(argv[2]); nr++) {
		struct hl_snapshot *s = load(argv[1]);

		nr_negative += has_negative(s);
		errors[nr] = truth > 0 ? error_of(s, truth) : 0;
		is_running = !s->header.end_monotonic_ns && kill((pid_t)s->header.pid, 0) == 0;
		hl_snapshot_unref(s);
	}
	qsort(errors, (size_t)nr, sizeof(*errors), compare);
	printf("readings=%ld\nnegative=%ld\nmedian=%.0f\nworst=%.0f\n", nr, nr_negative, errors[nr / 2],
			errors[nr - 1]);
	free(errors);
	return 0;
}
