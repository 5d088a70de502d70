/* SPDX-License-Identifier: MIT */
/*
 * The life of the process: start, forked child, end.  Nothing calls into here but the loader, libc, and events of a
 * forked child by the address that lanes.h keeps.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "account/account.h"
#include "account/early.h"
#include "account/lanes.h"
#include "account/marks.h"
#include "account/orders.h"
#include "account/pause.h"
#include "account/roster.h"
#include "account/sample.h"
#include "account/sites.h"
#include "base/aside.h"
#include "base/exe.h"
#include "base/gate.h"
#include "base/options.h"
#include "base/parent.h"
#include "base/private.h"
#include "base/program.h"
#include "base/ranks.h"
#include "base/real.h"
#include "base/shadow.h"
#include "base/store.h"
#include "base/thread.h"
#include "control.h"
#include "cpu.h"
#include "hooks.h"
#include "regions.h"
#include "stacks/interpose.h"
#include "stacks/code.h"
#include "stacks/hints.h"
#include "stacks/modules.h"
#include "stacks/nodes.h"
#include "stacks/records.h"
#include "stacks/rules.h"
#include "stacks/unwind.h"
#include "stacks/verify.h"
#include "tracked.h"

static void replay_early(void)
{
	uint32_t n, lost;
	const struct hl_early *event = hl_early_log(&n, &lost);

	for (; n > 0; n--, event++) {
		struct hl_caller caller = { event->ip, 0, 0 };

		if (hl_sample_skips(event->size))
			continue;
		/* A block that was freed may be somewhere else again: its address says nothing. */
		if (event->freed)
			hl_book_passed(event->size, event->kind, &caller);
		else
			hl_book_early(event->block, event->size, event->kind, &caller);
	}
	hl_globals->early_lost = lost;
}

/*
 * A forked child starts its ledger on the stack of whatever thread forked, which may have 16 KiB:
 * what is large is static in the start's functions.  They have the process to themselves.
 */

/* argv as the kernel keeps it: each argument ended by NUL. */
static struct hl_string command_line(void)
{
	static char line[32768];
	size_t used = 0;
	ssize_t n = 0;
	int fd = hl_os_open("/proc/self/cmdline", 0, 0);

	if (fd < 0)
		return (struct hl_string){ 0, 0 };
	while (used < sizeof(line) && (n = hl_os_read(fd, line + used, sizeof(line) - used)) > 0)
		used += (size_t)n;
	hl_os_close(fd);
	return hl_store_string(line, used);
}

static struct hl_string link_target(const char *path)
{
	static char target[HL_PATH_BYTES];
	ssize_t n = hl_os_readlink(path, target, sizeof(target));

	return n > 0 ? hl_store_string(target, (size_t)n) : (struct hl_string){ 0, 0 };
}

static void fill_header(bool forked)
{
	static const char version[] = PACKAGE_VERSION;
	struct hl_ledger_header *header = hl_header;
	size_t exe_bytes;
	const char *exe = hl_exe_path(&exe_bytes);

	memcpy(header->magic, HL_LEDGER_MAGIC, sizeof(header->magic));
	header->version = HL_LEDGER_VERSION;
	header->endian = HL_LEDGER_ENDIAN;
	header->header_bytes = HL_LEDGER_PAGE;
	header->machine = HL_ARCH_MACHINE;
	header->kind = HL_LEDGER_LIVE;
	header->session = hl_options.session;
	header->pid = hl_os_pid();
	header->ppid = hl_os_ppid();
	header->flags = (hl_options.mmap ? HL_FLAG_MMAP : 0) | (forked ? HL_FLAG_FORKED : 0) |
		(hl_real.foreign ? HL_FLAG_UNDERLYING : 0) | hl_program_flags();
	header->depth_limit = hl_options.depth;
	header->unwind_mode = hl_options.unwind;
	header->sample_bytes = hl_options.sample_bytes;
	header->max_bytes = hl_options.max_bytes;
	header->start_realtime_ns = hl_os_realtime_ns();
	header->start_monotonic_ns = hl_os_start_ns();
	header->exe = hl_store_string(exe, exe_bytes);
	header->command = command_line();
	header->directory = link_target("/proc/self/cwd");
	header->allocator = hl_store_string(hl_real.path, strlen(hl_real.path));
	header->shim_version = hl_store_string(version, sizeof(version) - 1);
	/* Of other allocators nobody knows from outside how large blocks are. */
	header->map_address = hl_real.foreign ? 0 : (uintptr_t)hl_shadow_root;
}

static int open_ledger(bool forked)
{
	static char path[HL_PATH_BYTES];
	int r = -EEXIST;

	for (uint32_t attempt = 0; r == -EEXIST; attempt++) {
		r = hl_options_path(attempt, forked, path);
		if (r < 0)
			break;
		r = hl_store_open(path, hl_options.max_bytes);
	}
	hl_log(r < 0 ? "cannot make " : "recording to ", path, r);
	return r;
}

/*
 * A fresh ledger for this process; nodes and sites start anew, sites from @first_site on.
 * @threads: forked from several threads
 */
static int begin_recording(bool forked, bool threads, uint32_t first_site)
{
	static const struct hl_section times = { .type = HL_SECTION_TIMES,
		.nr_records = HL_TIMES_BYTES, .record_bytes = 1 };
	static const struct hl_section moments = { .type = HL_SECTION_MOMENTS,
		.nr_records = HL_MOMENTS_BYTES, .record_bytes = 1 };
	int r = open_ledger(forked);

	if (r < 0)
		return r;
	fill_header(forked);
	r = hl_lanes_open();
	if (r == 0)
		r = hl_nodes_open();
	if (r == 0)
		r = hl_sites_open(first_site);
	if (r < 0)
		return r;
	if (forked) {
		hl_hints_restart(threads);
		hl_records_restart();
	} else {
		hl_modules_open();
		hl_hints_open();
	}
	hl_orders_open();
	hl_orders_note_stopped(hl_sample_is_stopped());
	hl_store_reserve(&times);
	hl_store_reserve(&moments);
	__atomic_store_n(&hl_header->state, 1, __ATOMIC_RELEASE);
	return 0;
}

static void end_recording(enum hl_end_reason reason)
{
	uint32_t alive = __atomic_load_n(hl_alive, __ATOMIC_RELAXED);

	/*
	 * A vfork child that calls exit() is not the end of its parent; nor is a forked one that had no
	 * event, which may even have the same pid, in a namespace of its own.
	 */
	if (hl_mode != HL_MODE_ON || alive == HL_DEAD || alive == HL_STARTING ||
		hl_header->pid != hl_os_pid())
		return;
	hl_header->end_monotonic_ns = hl_os_monotonic_ns();
	hl_globals->private_bytes = hl_os_mapped_bytes();
	hl_lanes_end();
	hl_program_note_namespaces();
	hl_modules_note_calls();
	__atomic_store_n(&hl_header->end_reason, reason, __ATOMIC_RELEASE);
	hl_store_trim();
#ifdef HL_VERIFY_UNWIND
	hl_verify_report();
#endif
	if (hl_options.log)
		hl_ranks_report();
}

static void on_quick_exit(void)
{
	end_recording(HL_END_QUICK_EXIT);
}

/* Kernels without MADV_WIPEONFORK; misses children of a raw clone and of _Fork(). */
static void on_fork_child(void)
{
	__atomic_store_n(hl_alive, HL_DEAD, __ATOMIC_RELAXED);
}

static void watch_forks(void)
{
	uint32_t *word = hl_os_wipeonfork_page();

	pthread_atfork(hl_gate_fork_begin, hl_gate_fork_end, word ? NULL : on_fork_child);
	if (!word)
		return;
	*word = HL_ALIVE;
	hl_alive = word;
}

static void start_child(void);

/* An empty account, so that readers can say why there is none. */
static void step_aside(enum hl_aside aside)
{
	int r;

	if (aside == HL_ASIDE_OLD_LIBC) {
		hl_log("nothing is recorded: the program's glibc is older than 2.35", "", 0);
		return;
	}
	r = open_ledger(false);
	if (r < 0) {
		hl_log("nothing is recorded", hl_options_advice(r), r);
		return;
	}
	fill_header(false);
	hl_header->flags |= HL_FLAG_SANITIZER;
	__atomic_store_n(&hl_header->state, 1, __ATOMIC_RELEASE);
	hl_store_trim();
}

__attribute__((constructor)) static void start(int argc, char **argv, char **envp)
{
	enum hl_aside aside;
	int r;

	(void)argc;
	(void)argv;
	hl_real_find();
	if (getauxval(AT_SECURE)) {
		/* Nor may a program record that this one starts with the rights that it has now. */
		hl_options_withhold(envp);
		__atomic_store_n(&hl_mode, HL_MODE_OFF, __ATOMIC_RELEASE);
		return;
	}
	hl_options_read(envp);
	hl_exe_find();
	aside = hl_aside();
	if (aside != HL_ASIDE_NOT) {
		__atomic_store_n(&hl_mode, HL_MODE_OFF, __ATOMIC_RELEASE);
		step_aside(aside);
		return;
	}
	hl_start_child = start_child;
	hl_sample_flags = hl_options.sample_bytes ? HL_SAMPLE_BYTES : 0;
	if (hl_options.sample_bytes != 0)
		hl_real_special |= HL_SPECIAL_SAMPLE;
	if (hl_options.paused)
		hl_sample_flags |= HL_SAMPLE_STOPPED | HL_SAMPLE_GAPS;
	hl_orders_carry_out = hl_control_carry_out;
	hl_walk_open();
	hl_program_look();
	r = begin_recording(false, false, HL_NR_RESERVED_SITES);
	if (r < 0) {
		hl_log("nothing is recorded", hl_options_advice(r), r);
		__atomic_store_n(&hl_mode, HL_MODE_OFF, __ATOMIC_RELEASE);
		return;
	}
	hl_interpose_open(hl_stand_ins);
	watch_forks();
	at_quick_exit(on_quick_exit);
	if (hl_options.paused)
		hl_real_special |= HL_SPECIAL_ASLEEP;
	__atomic_store_n(&hl_mode, HL_MODE_ON, __ATOMIC_RELEASE);
	replay_early();
}

__attribute__((destructor)) static void stop(void)
{
	end_recording(HL_END_EXIT);
}

/* A child that cannot have a ledger is counted in its parent's; one that is not to have any is no loss. */
static int record_child(bool threads, uint32_t first_site)
{
	int r = hl_options.follow_fork ? begin_recording(true, threads, first_site) : -ECHILD;

	if (r < 0 && hl_options.follow_fork)
		hl_parent_count_lost(r);
	else
		hl_parent_leave();
	return r;
}

/*
 * One thread of the child (usually there is only one) makes the new ledger; the others wait.  The
 * parent's sites keep their numbers in the address map, so the child's begin above them.
 */
static void start_child(void)
{
	uint32_t dead = HL_DEAD, first_site;
	int saved_errno = errno;
	uint64_t saved;
	bool threads;

	hl_os_block_signals(&saved);
	if (!__atomic_compare_exchange_n(hl_alive, &dead, HL_STARTING, false, __ATOMIC_ACQUIRE,
			__ATOMIC_RELAXED)) {
		while (__atomic_load_n(hl_alive, __ATOMIC_ACQUIRE) == HL_STARTING)
			hl_os_wait(hl_alive, HL_STARTING, 0);
		hl_os_restore_signals(&saved);
		return;
	}
	if (hl_mode == HL_MODE_OFF) {
		/* The child of one that found no place for its ledger. */
		hl_parent_count_lost(0);
		__atomic_store_n(hl_alive, HL_ALIVE, __ATOMIC_RELEASE);
		hl_os_wake(hl_alive, HL_WAKE_ALL);
		hl_os_restore_signals(&saved);
		return;
	}
	first_site = (uint32_t)hl_globals->nr_sites;
	/* Without fork()'s handlers (a raw clone) nothing is known of the other threads. */
	threads = hl_nr_lanes_used > 1 || hl_tls.forking == HL_FORKING_NOT || hl_tls.fork_of_many;
	hl_parent_keep();
	hl_sites_abandon();
	hl_nodes_abandon();
	hl_gate_restart();
	hl_rules_restart();
	hl_code_restart();
	hl_private_restart();
	hl_unwind_restart();
	hl_pause_abandon();
	hl_lanes_abandon();
	hl_store_abandon();
	hl_regions_abandon();
	hl_tracked_abandon();
	hl_marks_abandon();
	hl_orders_abandon();
	hl_roster_abandon();
	if (record_child(threads, first_site) < 0)
		__atomic_store_n(&hl_mode, HL_MODE_OFF, __ATOMIC_RELEASE);
	__atomic_store_n(hl_alive, HL_ALIVE, __ATOMIC_RELEASE);
	hl_os_wake(hl_alive, HL_WAKE_ALL);
	hl_os_restore_signals(&saved);
	errno = saved_errno;
}
