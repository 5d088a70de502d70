/* SPDX-License-Identifier: MIT */
/*
 * Snapshots of a running process, one after the other.
 *
 * They stay in memory, where the report needs all of them anyway: nothing is left behind when we are killed.
 */
#include "cli/growth.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/load-process.h"

#define MAX_SNAPSHOTS 10000

static volatile sig_atomic_t is_enough;

static void on_signal(int number)
{
	(void)number;
	is_enough = 1;
}

static double now(void)
{
	struct timespec at = {0};

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* From one begin to the next: the time that reading takes does not add up. */
static void sleep_until(double when)
{
	struct timespec at = {.tv_sec = (time_t)when, .tv_nsec = (long)((when - (double)(time_t)when) * 1e9)};

	while (!is_enough && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

static char *name_of(const struct growth_watch *watch, size_t number)
{
	char *name = NULL;
	int n = watch->keep ?
		asprintf(&name, "%s/heapledger.%s.%zu.hl", watch->keep, watch->pid, number) :
		asprintf(&name, "snapshot %zu of process %s", number, watch->pid);

	return n < 0 ? NULL : name;
}

/* 0; -1: after a complaint; there is one more then only if it was kept. */
static int take_one(struct growth_series *s, const struct growth_watch *watch)
{
	struct hl_snapshot *snapshot = cli_load_process("growth", watch->pid, s->nr > 0);
	struct hl_error err;
	struct hl_info first, info;

	if (!snapshot)
		return -1;
	hl_snapshot_info(s->nr ? s->snapshots[0] : snapshot, &first);
	hl_snapshot_info(snapshot, &info);
	s->files[s->nr] = name_of(watch, s->nr + 1);
	if (!s->files[s->nr] || info.pid != first.pid || info.start_ns != first.start_ns) {
		cli_complain("growth", s->files[s->nr] ? "process %s goes on as another program" :
				"process %s: out of memory", watch->pid);
	} else if (watch->keep && hl_snapshot_write(snapshot, s->files[s->nr], 0, &err)) {
		cli_complain_file("growth", s->files[s->nr], &err);
	} else {
		s->times[s->nr] = now();
		s->snapshots[s->nr++] = snapshot;
		return 0;
	}
	free(s->files[s->nr]);
	hl_snapshot_unref(snapshot);
	return -1;
}

static void take_all(struct growth_series *s, const struct growth_watch *watch, size_t nr)
{
	bool has_progress = !watch->quiet && isatty(STDERR_FILENO);
	double begin = now();

	while (s->nr < nr && !is_enough) {
		if (s->nr)
			sleep_until(begin + (double)s->nr * watch->every);
		if (is_enough)
			break;
		if (has_progress)
			fputs("\r\033[K", stderr);
		if (take_one(s, watch))
			break;
		if (has_progress)
			fprintf(stderr, "heapledger growth: snapshot %zu of %zu; Ctrl-C ends it", s->nr, nr);
	}
	if (has_progress)
		fputs("\r\033[K", stderr);
}

static size_t nr_snapshots(const struct growth_watch *watch)
{
	double nr = watch->length / watch->every + 1.0001;

	return nr < MAX_SNAPSHOTS ? (size_t)nr : MAX_SNAPSHOTS;
}

int growth_take(struct growth_series *s, const struct growth_watch *watch)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct sigaction old[2];
	size_t nr = nr_snapshots(watch);

	s->files = calloc(nr + 1, sizeof(char *));
	s->owns_files = true;
	if (!s->files || growth_series_init(s, nr)) {
		cli_complain("growth", "out of memory");
		return -1;
	}
	if (watch->keep && mkdir(watch->keep, 0700) && errno != EEXIST) {
		cli_complain("growth", "--keep: %s: %s", watch->keep, strerror(errno));
		return -1;
	}
	sigaction(SIGINT, &action, &old[0]);
	sigaction(SIGTERM, &action, &old[1]);
	take_all(s, watch, nr);
	sigaction(SIGINT, &old[0], NULL);
	sigaction(SIGTERM, &old[1], NULL);
	if (s->nr > 1)
		return 0;
	if (s->nr)
		cli_complain("growth", "process %s: one snapshot shows no growth", watch->pid);
	return -1;
}
