/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of the ledger reader: whatever bytes a file has, loading it ends in an error or in a
 * snapshot whose every query is safe, and which survives being written and loaded again.
 *
 * Symbols are left out, so that no path in the input is opened: the files named there are the
 * machine's own, and their debug information would take the fuzzer's time.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "snapshot/heapledger.h"
#include "fuzz.h"

static char copy_path[] = "/tmp/fuzz_ledger.XXXXXX";

static void remove_copy(void)
{
	unlink(copy_path);
}

/* One file for all runs: a new name each time would cost more than what is tested. */
static const char *the_copy(void)
{
	static int fd = -1;

	if (fd < 0) {
		fd = mkstemp(copy_path);
		assert(fd >= 0);
		atexit(remove_copy);
	}
	return copy_path;
}

static struct hl_snapshot *load(const uint8_t *data, size_t size)
{
	struct hl_snapshot *snapshot = NULL;
	struct hl_error err = {0};
	int fd = memfd_create("ledger", MFD_CLOEXEC);
	int r;

	assert(fd >= 0);
	if (write(fd, data, size) != (ssize_t)size)
		abort();
	r = hl_snapshot_load_fd(fd, &snapshot, &err);
	close(fd);
	if (r < 0) {
		/* A failure has its reason, and leaves the output alone. */
		assert(err.code == -r && err.msg && !snapshot);
		return NULL;
	}
	return snapshot;
}

/* Reads every byte that a text claims to have, for the sanitizer to see. */
static unsigned int sum(struct hl_text text)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < text.length; i++)
		n += (unsigned char)text.data[i];
	return n;
}

static unsigned int query(const struct hl_snapshot *snapshot)
{
	struct hl_completeness completeness;
	struct hl_module_info module;
	struct hl_mark_info mark;
	struct hl_time_info point;
	struct hl_snapshot *then;
	uint64_t times[HL_MOMENTS_MAX];
	struct hl_info info;
	unsigned int n;
	size_t i;

	hl_snapshot_completeness(snapshot, &completeness);
	hl_snapshot_info(snapshot, &info);
	n = sum(info.exe) + sum(info.command) + sum(info.directory) + sum(info.allocator) +
	    sum(info.shim_version);
	for (i = 0; i < hl_snapshot_nr_modules(snapshot); i++) {
		hl_snapshot_module(snapshot, i, &module);
		n += sum(module.path);
		n += sum((struct hl_text){(const char *)module.build_id, module.build_id_bytes});
	}
	for (i = 0; i < hl_snapshot_nr_marks(snapshot); i++) {
		hl_snapshot_mark(snapshot, i, &mark);
		n += sum(mark.text);
	}
	for (i = 0; i < hl_snapshot_nr_times(snapshot, NULL); i++) {
		hl_snapshot_time(snapshot, i, &point);
		n += (size_t)point.live_bytes[0] + point.nr_threads;
	}
	if (hl_snapshot_moments(snapshot, times, &i, NULL) == 0 && i &&
	    hl_snapshot_at(snapshot, i - 1, &then, NULL) == 0) {
		n += (unsigned int)times[i - 1];
		hl_snapshot_unref(then);
	}
	return n;
}

/*
 * All but peak_count: a file has 32 bits for that of each site, and a writer stops at their ends.
 */
static bool is_same(const struct hl_counts *a, const struct hl_counts *b)
{
	struct hl_counts c = *b;

	c.peak_count = a->peak_count;
	return !memcmp(a, &c, sizeof(c));
}

static void check_copy(const struct hl_snapshot *snapshot)
{
	struct hl_totals before, after;
	struct hl_snapshot *copy;
	int domain;

	if (hl_snapshot_write(snapshot, the_copy(), HL_WRITE_FORCE, NULL) < 0)
		return;
	if (hl_snapshot_load(the_copy(), &copy, NULL) < 0)
		abort();
	assert(query(copy) == query(snapshot));
	for (domain = 0; domain < 4; domain++) {
		hl_snapshot_totals(snapshot, domain, &before);
		hl_snapshot_totals(copy, domain, &after);
		assert(is_same(&before.counts, &after.counts));
		assert(before.live_bytes == after.live_bytes);
		assert(before.live_count == after.live_count);
	}
	hl_snapshot_unref(copy);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct hl_snapshot *snapshot = load(data, size);

	if (snapshot) {
		query(snapshot);
		check_copy(snapshot);
		hl_snapshot_unref(snapshot);
	}
	return 0;
}
