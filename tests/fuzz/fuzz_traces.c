/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of the reader of traces texts: whatever a text says, loading it ends in an error that tells
 * where, or in a snapshot that can be grouped by every key, and whose own text is read back as the
 * same groups of blocks.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "snapshot/heapledger.h"
#include "snapshot/traces-read.h"
#include "fuzz.h"

static struct hl_snapshot *load(const void *data, size_t size)
{
	struct hl_snapshot *snapshot = NULL;
	struct hl_error err = {0};
	int fd = memfd_create("traces", MFD_CLOEXEC);
	int r;

	assert(fd >= 0);
	if (write(fd, data, size) != (ssize_t)size)
		abort();
	r = hl_traces_load_fd(fd, &snapshot, &err);
	close(fd);
	if (r == 0)
		return snapshot;
	assert(err.code == -r && err.msg && !snapshot);
	assert(err.offset == HL_NO_OFFSET || err.offset <= size);
	return NULL;
}

/* Every name of every group, for the sanitizer to see. */
static size_t read_groups(const struct hl_statistics *stats)
{
	size_t bytes = 0;

	for (size_t i = 0; i < stats->nr_items; i++) {
		uint32_t traceback = stats->items[i].traceback;
		size_t length = hl_traceback_length(stats->resolver, traceback);

		for (size_t k = 0; k < length; k++) {
			const struct hl_location *l = hl_traceback_frame(stats->resolver, traceback, k);

			bytes += strlen(l->filename) + strlen(l->function) + strlen(l->module);
		}
		assert(hl_traceback_line(stats->resolver, traceback));
	}
	return bytes;
}

static void group(struct hl_snapshot *snapshot, struct hl_resolver *resolver)
{
	struct hl_statistics *stats;

	for (int key = 0; key < HL_NR_KEYS; key++) {
		assert(hl_snapshot_statistics(snapshot, resolver, key, HL_METRIC_LIVE, &stats) == 0);
		read_groups(stats);
		hl_statistics_unref(stats);
	}
}

static char *written(struct hl_snapshot *snapshot, struct hl_resolver *resolver, size_t *length)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, length);

	assert(file);
	assert(hl_snapshot_write_traces(snapshot, resolver, file) == 0);
	assert(fclose(file) == 0);
	return text;
}

/* The same groups: no stack has more or less in one than in the other. */
static void compare(struct hl_snapshot *a, struct hl_snapshot *b, struct hl_resolver *resolver)
{
	struct hl_statistics *x, *y;
	struct hl_diffs *diffs;

	assert(hl_snapshot_statistics(a, resolver, HL_KEY_TRACEBACK, HL_METRIC_LIVE, &x) == 0);
	assert(hl_snapshot_statistics(b, resolver, HL_KEY_TRACEBACK, HL_METRIC_LIVE, &y) == 0);
	assert(hl_statistics_compare(x, y, &diffs) == 0);
	for (size_t i = 0; i < diffs->nr_items; i++)
		assert(!diffs->items[i].size_diff && !diffs->items[i].count_diff);
	hl_diffs_unref(diffs);
	hl_statistics_unref(x);
	hl_statistics_unref(y);
}

/* What was written of @snapshot, read again; *@text is that text, if it may be had. */
static struct hl_snapshot *read_back(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		char **text, size_t *length)
{
	struct hl_snapshot *copy;

	*text = written(snapshot, resolver, length);
	copy = load(*text, *length);
	if (!copy)
		abort();
	compare(snapshot, copy, resolver);
	return copy;
}

/*
 * One place may have two spellings ("a.c:3", "a.c:03"), and then two stacks are one only after the
 * first writing; from there on nothing changes any more.
 */
static void check_text(struct hl_snapshot *snapshot, struct hl_resolver *resolver)
{
	size_t lengths[3];
	char *texts[3];
	struct hl_snapshot *first = read_back(snapshot, resolver, &texts[0], &lengths[0]);
	struct hl_snapshot *second = read_back(first, resolver, &texts[1], &lengths[1]);
	struct hl_snapshot *third = read_back(second, resolver, &texts[2], &lengths[2]);

	assert(lengths[1] == lengths[2] && !memcmp(texts[1], texts[2], lengths[1]));
	hl_snapshot_unref(first);
	hl_snapshot_unref(second);
	hl_snapshot_unref(third);
	for (int i = 0; i < 3; i++)
		free(texts[i]);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct hl_snapshot *snapshot = load(data, size);
	struct hl_resolver *resolver;

	if (!snapshot)
		return 0;
	assert(hl_resolver_new(NULL, &resolver) == 0);
	group(snapshot, resolver);
	check_text(snapshot, resolver);
	hl_resolver_unref(resolver);
	hl_snapshot_unref(snapshot);
	return 0;
}
