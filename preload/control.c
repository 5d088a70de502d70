/* SPDX-License-Identifier: MIT */
/*
 * Control: the table behind <heapledger-control.h>, which the program finds through the one exported name, and
 * orders from outside.
 *
 * The former are ordinary calls of the program's, outside of malloc: they may take system calls and wait.
 * None is called before the constructor has run or with a lock of ours held.
 */
#include "control.h"

#include "account/account.h"
#include "account/lanes.h"
#include "account/marks.h"
#include "account/orders.h"
#include "account/pause.h"
#include "account/peak.h"
#include "account/sample.h"
#include "account/sites.h"
#include "account/stop.h"
#include "base/options.h"
#include "base/real.h"
#include "base/shadow.h"
#include "base/thread.h"
#include "common/heapledger-control.h"
#include "stacks/nodes.h"
#include "tracked.h"

#include <fcntl.h>
#include <string.h>

/* An empty event: a forked child gets its ledger.  False: nothing is recorded in this process. */
static bool is_recording(void)
{
	struct hl_guard guard;

	if (__atomic_load_n(&hl_mode, __ATOMIC_ACQUIRE) != HL_MODE_ON || !hl_enter(&guard))
		return false;
	hl_leave(&guard);
	return true;
}

/* For what looks at the account as a whole; 0: until hl_resume(). */
static int begin(uint64_t *saved)
{
	if (!is_recording())
		return -ENOSYS;
	if (hl_is_inside((uintptr_t)__builtin_frame_address(0)))
		return -EAGAIN;
	return hl_pause(saved);
}

/* All below with the lanes paused, so that nobody else writes the totals. */

static int clear(void)
{
	int r = hl_sites_clear();

	if (r < 0)
		return r;
	for (uint32_t i = 1; i < hl_nr_lanes; i++) {
		hl_lane_forget(hl_lanes[i]);
		hl_lanes[i]->last_block = NULL;
	}
	hl_peak_restart(true);
	hl_tracked_clear();
	return 0;
}

static int clear_if_started(void)
{
	return hl_sample_is_stopped() ? 0 : clear();
}

static int clear_and_stop(void)
{
	int r = clear_if_started();

	if (r == 0)
		hl_stop_recording(true);
	return r;
}

static int while_paused(int (*step)(void))
{
	uint64_t saved;
	int r = begin(&saved);

	if (r < 0)
		return r;
	r = step();
	hl_resume(&saved);
	return r;
}

static int start(void)
{
	if (!is_recording())
		return -ENOSYS;
	if (hl_sample_is_stopped())
		hl_stop_recording(false);
	return 0;
}

static int stop(void)
{
	return while_paused(clear_and_stop);
}

static bool is_tracing(void)
{
	return is_recording() && !hl_sample_is_stopped();
}

static int clear_traces(void)
{
	return while_paused(clear_if_started);
}

static int reset_peak(void)
{
	uint64_t saved;
	int r = begin(&saved);

	if (r < 0)
		return r;
	hl_peak_restart(false);
	hl_resume(&saved);
	return 0;
}

/* Frees of blocks whose allocation was not seen yet may make a domain look negative for a moment. */
static uint64_t not_negative(int64_t bytes)
{
	return bytes > 0 ? (uint64_t)bytes : 0;
}

static int get_traced_memory(unsigned int domain, uint64_t *current, uint64_t *peak)
{
	uint64_t saved;
	int r;

	if (domain >= HL_NR_DOMAINS)
		return -EINVAL;
	r = begin(&saved);
	if (r < 0)
		return r;
	*current = not_negative(hl_globals->domains[domain].current_bytes);
	*peak = not_negative(hl_globals->domains[domain].peak_bytes);
	hl_resume(&saved);
	return 0;
}

static uint64_t get_tracer_memory(void)
{
	if (!is_recording())
		return 0;
	return hl_os_mapped_bytes() + hl_globals->file_bytes;
}

static int get_object_traceback(const void *object, void **frames, int max)
{
	const struct hl_site *site = NULL;
	const uint32_t *slot;
	uint32_t number;

	if (!is_recording())
		return -ENOSYS;
	slot = hl_shadow_slot(object);
	number = slot ? hl_shadow_site(slot) : HL_SITE_NONE;
	/* An address inside of a block may show anything. */
	if (number >= hl_site_first && number < hl_globals->nr_sites)
		site = hl_table_find(&hl_sites, number);
	if (!site || site->kind == HL_KIND_NONE)
		return -ENOENT;
	return (int)hl_nodes_frames(site->node, (uintptr_t *)frames, max > 0 ? (size_t)max : 0);
}

static int mark(const char *text)
{
	if (!is_recording())
		return -ENOSYS;
	return hl_marks_add(text, strnlen(text, HL_MARK_BYTES), hl_os_monotonic_ns(), 0);
}

/* 0: it may be booked. */
static int check_tracked(unsigned int domain)
{
	if (domain < HL_TRACK_DOMAIN_FIRST || domain > HL_TRACK_DOMAIN_LAST)
		return -EINVAL;
	if (!is_recording())
		return -ENOSYS;
	return hl_sample_is_stopped() ? -ENOENT : 0;
}

static __attribute__((noinline)) int track(unsigned int domain, uintptr_t address, size_t size)
{
	struct hl_caller caller = HL_CALLER();
	int r = check_tracked(domain);

	return r < 0 ? r : hl_tracked_add(domain, address, size, &caller);
}

static int untrack(unsigned int domain, uintptr_t address)
{
	int r = check_tracked(domain);

	if (r == 0)
		hl_tracked_remove(domain, address);
	return r;
}

/* ---- hl_take_snapshot() ---- */

struct names {
	char path[HL_PATH_BYTES];
	char temporary[HL_PATH_BYTES];
};

/* @stem, a dot, @n, another dot and @end; false: too long. */
static bool put_name(char out[HL_PATH_BYTES], const char *stem, size_t length, uint32_t n,
	const char *end)
{
	char digits[10];
	size_t nr_digits = 0, end_length = strlen(end);

	do
		digits[nr_digits++] = (char)('0' + n % 10);
	while (n /= 10);
	if (length + 1 + nr_digits + end_length >= HL_PATH_BYTES)
		return false;
	memcpy(out, stem, length);
	out += length;
	*out++ = '.';
	while (nr_digits > 0)
		*out++ = digits[--nr_digits];
	memcpy(out, end, end_length + 1);
	return true;
}

/* A new file that nobody else has, beside @path; descriptor or -errno. */
static int open_temporary(struct names *names)
{
	int fd = -EEXIST;

	for (uint32_t n = 0; fd == -EEXIST && n < 1000; n++) {
		if (!put_name(names->temporary, names->path, strlen(names->path), hl_os_tid() + n, ".tmp"))
			return -ENAMETOOLONG;
		fd = hl_os_open(names->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	}
	return fd < 0 ? fd : hl_os_raise_fd(fd);
}

static int copy_ledger(int fd)
{
	uint64_t saved;
	int r = begin(&saved);

	if (r < 0)
		return r;
	hl_globals->private_bytes = hl_os_mapped_bytes();
	r = hl_store_copy(fd, hl_os_monotonic_ns());
	hl_resume(&saved);
	return r;
}

/* The copy under names->path, all or nothing. */
static int write_snapshot(struct names *names)
{
	int fd, r;

	if (hl_os_exists(names->path))
		return -EEXIST;
	fd = open_temporary(names);
	if (fd < 0)
		return fd;
	r = copy_ledger(fd);
	hl_os_close(fd);
	if (r == 0)
		r = hl_os_rename(names->temporary, names->path);
	if (r < 0)
		hl_os_unlink(names->temporary);
	return r;
}

static int write_numbered(struct names *names)
{
	const char *ledger = hl_store_path();
	size_t length = strlen(ledger);
	int r = -EEXIST;

	if (length > 3 && strcmp(ledger + length - 3, ".hl") == 0)
		length -= 3;
	for (uint32_t n = 1; r == -EEXIST && n < 100000; n++)
		r = put_name(names->path, ledger, length, n, ".hl") ? write_snapshot(names) :
								      -ENAMETOOLONG;
	return r;
}

static int take_snapshot(const char *path)
{
	size_t length = path ? strlen(path) : 0;
	struct names *names;
	int r;

	if (!is_recording())
		return -ENOSYS;
	if (hl_sample_is_stopped())
		return -ENODATA;
	if (length >= HL_PATH_BYTES)
		return -ENAMETOOLONG;
	/* Two names are too much for a small stack. */
	names = hl_os_map(sizeof(*names));
	if (!names)
		return -ENOMEM;
	if (path)
		memcpy(names->path, path, length + 1);
	r = path ? write_snapshot(names) : write_numbered(names);
	hl_os_unmap(names, sizeof(*names));
	return r;
}

/* ---- Orders from outside ---- */

/* When it was given; another clock than ours, or none, may have said so. */
static uint64_t time_of(const struct hl_order *order)
{
	uint64_t now_ns = hl_os_monotonic_ns();

	return order->monotonic_ns >= hl_header->start_monotonic_ns && order->monotonic_ns < now_ns ?
		order->monotonic_ns : now_ns;
}

/* Of each stack the next block has a new site. */
static void carry_out_mark(const struct hl_order *order)
{
	if (hl_sites_mark() < 0)
		return;
	__atomic_add_fetch(&hl_lane_generation, 1, __ATOMIC_RELEASE);
	hl_marks_add(order->text, order->length, time_of(order), hl_site_unattributed);
}

bool hl_control_carry_out(const struct hl_order *order)
{
	switch (order->what) {
	case HL_ORDER_MARK:
		carry_out_mark(order);
		return true;
	case HL_ORDER_START:
		return start() == 0;
	case HL_ORDER_STOP:
		return stop() != -EAGAIN;
	case HL_ORDER_CLEAR:
		return clear_traces() != -EAGAIN;
	default:
		return true;
	}
}

static const struct hl_control table = {
	.version = HL_CONTROL_VERSION,
	.size = sizeof(table),
	.start = start,
	.stop = stop,
	.is_tracing = is_tracing,
	.take_snapshot = take_snapshot,
	.get_traced_memory = get_traced_memory,
	.reset_peak = reset_peak,
	.clear_traces = clear_traces,
	.get_object_traceback = get_object_traceback,
	.get_tracer_memory = get_tracer_memory,
	.mark = mark,
	.track = track,
	.untrack = untrack,
};

__attribute__((visibility("default"), used)) const struct hl_control *hl_control(uint32_t version)
{
	return version == HL_CONTROL_VERSION ? &table : NULL;
}
