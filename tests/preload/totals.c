/* SPDX-License-Identifier: MIT */
/*
 * The sums of a ledger as KEY=VALUE lines, for the scripts beside it.
 *
 * Usage: totals FILE [KEY-OF-GROUPS]
 *
 * With a key of grouping one line more per group: "group", its name, blocks allocated, bytes
 * allocated, blocks freed, bytes freed, temporary blocks, moves, bytes at the peak; separated by tabs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "snapshot/heapledger.h"

static void print_counts(const char *prefix, const struct hl_totals *totals)
{
	const struct hl_counts *counts = &totals->counts;

	printf("%salloc_count=%" PRIu64 "\n", prefix, counts->alloc_count);
	printf("%salloc_bytes=%" PRIu64 "\n", prefix, counts->alloc_bytes);
	printf("%sfree_count=%" PRIu64 "\n", prefix, counts->free_count);
	printf("%sfree_bytes=%" PRIu64 "\n", prefix, counts->free_bytes);
	printf("%slive_count=%" PRId64 "\n", prefix, totals->live_count);
	printf("%slive_bytes=%" PRId64 "\n", prefix, totals->live_bytes);
	printf("%speak_bytes=%" PRId64 "\n", prefix, totals->peak_bytes);
	printf("%speak_count=%" PRId64 "\n", prefix, counts->peak_count);
	printf("%stemp_count=%" PRIu64 "\n", prefix, counts->temp_count);
	printf("%smove_count=%" PRIu64 "\n", prefix, counts->move_count);
}

static void print_completeness(const struct hl_snapshot *snapshot)
{
	struct hl_completeness c;

	hl_snapshot_completeness(snapshot, &c);
#define PRINT(field) printf(#field "=%" PRIu64 "\n", c.field)
	PRINT(events);
	PRINT(truncated_events);
	PRINT(partial_events);
	PRINT(unknown_frees);
	PRINT(inherited_frees);
	PRINT(replaced_blocks);
	PRINT(failed_allocs);
	PRINT(early_lost);
	PRINT(refused_bytes);
	PRINT(refused_stacks);
	PRINT(unattributed_count);
	PRINT(file_bytes);
	PRINT(private_bytes);
	PRINT(threads_seen);
	PRINT(nr_stacks);
#undef PRINT
	printf("refused_error=%d\n", c.refused_error);
}

static void print_info(const struct hl_snapshot *snapshot)
{
	struct hl_info info;

	hl_snapshot_info(snapshot, &info);
	printf("pid=%u\nppid=%u\nflags=%u\n", info.pid, info.ppid, info.flags);
	printf("end_reason=%u\ncomplete=%d\n", info.end_reason, info.is_complete);
	printf("exe=%.*s\n", (int)info.exe.length, info.exe.data);
	printf("allocator=%.*s\n", (int)info.allocator.length, info.allocator.data);
}

/* The name of a group is its function where there is one. */
static const char *name_of(const struct hl_location *location, enum hl_key key)
{
	if (!location)
		return "?";
	if (key == HL_KEY_FUNCTION && *location->function)
		return location->function;
	if (key == HL_KEY_MODULE && *location->module)
		return location->module;
	return location->filename;
}

static int print_groups(struct hl_snapshot *snapshot, enum hl_key key)
{
	/* Functions of libc count for themselves here, not for who called them. */
	const struct hl_resolve_options options = {.origins = "none"};
	struct hl_resolver *resolver;
	struct hl_statistics *statistics;
	int r = hl_resolver_new(&options, &resolver);

	if (r < 0)
		return r;
	r = hl_snapshot_statistics(snapshot, resolver, key, HL_METRIC_COUNT, &statistics);
	if (r < 0)
		goto out;
	for (size_t i = 0; i < statistics->nr_items; i++) {
		const struct hl_statistic *item = &statistics->items[i];
		const struct hl_counts *counts = &item->counts;

		printf("group\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		       "\t%" PRIu64 "\t%" PRId64 "\n",
			name_of(hl_traceback_frame(resolver, item->traceback, 0), key),
			counts->alloc_count, counts->alloc_bytes, counts->free_count,
			counts->free_bytes, counts->temp_count, counts->move_count, counts->peak_bytes);
	}
	hl_statistics_unref(statistics);
out:
	hl_resolver_unref(resolver);
	return r;
}

int main(int argc, char **argv)
{
	struct hl_snapshot *snapshot;
	struct hl_totals totals;
	struct hl_error error;
	int key = argc > 2 ? hl_key_from_name(argv[2]) : 0;
	int r;

	if (argc < 2 || key < 0) {
		fprintf(stderr, "usage: totals FILE [KEY]\n");
		return 2;
	}
	r = hl_snapshot_load(argv[1], &snapshot, &error);
	if (r < 0) {
		fprintf(stderr, "totals: %s: %s\n", argv[1], error.msg);
		return 1;
	}
	print_info(snapshot);
	hl_snapshot_totals(snapshot, 0, &totals);
	print_counts("", &totals);
	hl_snapshot_totals(snapshot, 1, &totals);
	print_counts("mmap.", &totals);
	print_completeness(snapshot);
	if (argc > 2 && print_groups(snapshot, (enum hl_key)key) < 0)
		return 1;
	hl_snapshot_unref(snapshot);
	return 0;
}
