/* SPDX-License-Identifier: MIT */
/* The programs of a run: a line for each, and a word on their allocators. */
#include "cli/programs.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/target.h"
#include "common/ledger.h"
#include "reports/escape.h"

#define MAX_LISTED 20

/* What was read of a ledger, which is not kept: a build may leave thousands. */
struct program {
	uint64_t alloc_bytes;
	bool loaded;
	bool listed;
};

static uint64_t allocated_bytes(const struct hl_snapshot *snapshot)
{
	struct hl_totals totals;

	hl_snapshot_totals(snapshot, -1, &totals);
	return totals.counts.alloc_bytes;
}

static void print_line(const char *path, const struct hl_snapshot *snapshot)
{
	char size[HL_SIZE_TEXT];
	struct hl_info info;

	hl_snapshot_info(snapshot, &info);
	hl_format_size(size, (double)allocated_bytes(snapshot), false);
	fprintf(stderr, "  %s allocated by ", size);
	hl_put_text(stderr, info.exe.data, info.exe.length);
	fprintf(stderr, " (pid %u): ", info.pid);
	hl_put_name(stderr, path);
	if (info.end_reason == HL_END_NONE && kill((pid_t)info.pid, 0) == 0)
		fputs(" (still running)", stderr);
	fputc('\n', stderr);
}

/* An allocator inside the program: what it hands out is seen only if it asks malloc for it. */
static void explain_allocator(const struct hl_snapshot *snapshot)
{
	struct hl_allocator allocator;
	struct hl_info info;
	char path[4096];

	hl_snapshot_info(snapshot, &info);
	snprintf(path, sizeof(path), "%.*s", (int)info.exe.length, info.exe.data);
	hl_target_allocator(path, &allocator);
	if (allocator.own_malloc)
		cli_complain("record", "%s brings its own malloc%s%s%s: what it allocates with that is "
			"not recorded; build it with libc's malloc to see it", path,
			*allocator.name ? " (" : "", allocator.name, *allocator.name ? ")" : "");
	else if (*allocator.name)
		cli_complain("record", "%s has %s inside: what it allocates with that is not recorded; "
			"build it with libc's malloc to see it", path, allocator.name);
}

/* The one that allocated most and is not listed yet; nr: there is none. */
static size_t find_largest(const struct program *programs, size_t nr)
{
	size_t largest = nr;

	for (size_t i = 0; i < nr; i++)
		if (programs[i].loaded && !programs[i].listed &&
			(largest == nr || programs[i].alloc_bytes > programs[largest].alloc_bytes))
			largest = i;
	return largest;
}

static void choose_listed(struct program *programs, size_t nr)
{
	for (size_t n = 0; n < MAX_LISTED; n++) {
		size_t i = find_largest(programs, nr);

		if (i == nr)
			return;
		programs[i].listed = true;
	}
}

static void measure(const struct hl_run *run, struct program *programs)
{
	for (size_t i = 0; i < run->nr_ledgers; i++) {
		struct hl_snapshot *snapshot = NULL;

		/* The account of one with a sanitizer is empty: hl_watch_print() names it. */
		if (!(run->ledgers[i].flags & HL_FLAG_SANITIZER))
			snapshot = cli_load("record", run->ledgers[i].path);
		programs[i].loaded = snapshot != NULL;
		programs[i].alloc_bytes = snapshot ? allocated_bytes(snapshot) : 0;
		hl_snapshot_unref(snapshot);
	}
}

static void print_listed(const struct hl_run *run, const struct program *programs)
{
	size_t nr = 0;

	for (size_t i = 0; i < run->nr_ledgers; i++)
		nr += !(run->ledgers[i].flags & HL_FLAG_SANITIZER);
	if (nr > MAX_LISTED)
		fprintf(stderr, "heapledger: %zu programs were recorded, of which the largest %d:\n", nr, MAX_LISTED);
	else if (nr > 1)
		fprintf(stderr, "heapledger: %zu programs were recorded:\n", nr);
	for (size_t i = 0; i < run->nr_ledgers; i++) {
		struct hl_snapshot *snapshot = NULL;

		if (programs[i].listed)
			snapshot = cli_load("record", run->ledgers[i].path);
		if (!snapshot)
			continue;
		if (nr > 1)
			print_line(run->ledgers[i].path, snapshot);
		explain_allocator(snapshot);
		hl_snapshot_unref(snapshot);
	}
}

struct hl_snapshot *hl_programs_list(const struct hl_run *run, size_t *index)
{
	struct program *programs = calloc(run->nr_ledgers, sizeof(*programs));
	size_t largest;

	if (!programs) {
		cli_complain("record", "out of memory");
		return NULL;
	}
	measure(run, programs);
	largest = find_largest(programs, run->nr_ledgers);
	choose_listed(programs, run->nr_ledgers);
	print_listed(run, programs);
	free(programs);
	if (largest == run->nr_ledgers)
		return NULL;
	*index = largest;
	return cli_load("record", run->ledgers[largest].path);
}
