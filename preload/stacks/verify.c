/* SPDX-License-Identifier: MIT */
/*
 * The comparison of the test build.  Never part of the shim that is installed.
 */
#include "stacks/verify.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/gate.h"
#include "base/options.h"
#include "base/os.h"
#include "base/thread.h"
#include "stacks/libunwind.h"
#include "stacks/modules.h"
#include "stacks/nodes.h"

#define MAX_PRINTED 5u

static uint64_t nr_stacks, nr_differ;

/* The local address space, as programs use it. */
static struct {
	int (*backtrace)(void **buffer, int size);
	int (*get_context)(unw_context_t *context);
	int (*init)(unw_cursor_t *cursor, unw_context_t *context);
	int (*step)(unw_cursor_t *cursor);
	int (*get_reg)(unw_cursor_t *cursor, unw_regnum_t reg, unw_word_t *value);
	void (*flush_cache)(unw_addr_space_t space, unw_word_t low, unw_word_t high);
	unw_addr_space_t *space;
} local;
static bool is_open;

void hl_verify_open(void *library)
{
	static const struct {
		void *place;
		const char *name;
	} wanted[] = {
		{ &local.backtrace, "unw_backtrace" },
		{ &local.get_context, HL_UNW("getcontext") },
		{ &local.init, "_ULx86_64_init_local" },
		{ &local.step, "_ULx86_64_step" },
		{ &local.get_reg, "_ULx86_64_get_reg" },
		{ &local.flush_cache, HL_UNW("flush_cache") },
		{ &local.space, "_ULx86_64_local_addr_space" },
	};

	is_open = true;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		void *address = dlsym(library, wanted[i].name);

		if (!address)
			is_open = false;
		memcpy(wanted[i].place, &address, sizeof(address));
	}
}

static int backtrace_by_steps(void **ips, int room)
{
	unw_context_t context;
	unw_cursor_t cursor;
	int n = 0;

	if (local.get_context(&context) < 0 || local.init(&cursor, &context) < 0)
		return 0;
	do {
		unw_word_t ip;

		if (n == room || local.get_reg(&cursor, HL_UNW_IP, &ip) < 0)
			break;
		ips[n++] = (void *)ip;
	} while (local.step(&cursor) > 0);
	return n;
}

/*
 * libunwind knows an address as it was before another library came there.  What unw_step() goes by can be flushed;
 * but unw_backtrace() has a cache of whole frames besides, which nothing ever clears.
 */
static int backtrace(void **ips, int room)
{
	static uint32_t flushed;
	uint32_t generation = __atomic_load_n(&hl_modules_generation, __ATOMIC_ACQUIRE);

	if (generation == 0)
		return local.backtrace(ips, room);
	if (flushed != generation)
		local.flush_cache(*local.space, 0, 0);
	flushed = generation;
	return backtrace_by_steps(ips, room);
}

static void print_stack(const char *what, const uintptr_t *ips, size_t nr_ips)
{
	char line[160];

	for (size_t i = 0; i < nr_ips; i++) {
		int n = snprintf(line, sizeof(line), "heapledger verify: %s %zu: %#lx\n", what, i, ips[i]);

		hl_os_write(2, line, (size_t)n);
	}
}

static void compare(uint32_t node, const uintptr_t *ips, size_t nr_ips)
{
	static uintptr_t mine[HL_DEPTH_MAX];
	size_t n = hl_nodes_frames(node, mine, HL_DEPTH_MAX), same = 0;

	while (same < n && same < nr_ips && mine[same] == ips[same])
		same++;
	nr_stacks++;
	if (same == n && same == nr_ips)
		return;
	if (nr_differ++ < MAX_PRINTED) {
		print_stack("ours", mine, n);
		print_stack("libunwind", ips, nr_ips);
	}
}

/* Frames of our own between unw_backtrace() and the program. */
#define MOST_OWN_FRAMES 24

void hl_verify_stack(const struct hl_caller *caller, uint32_t node, enum hl_walk_end end)
{
	static uintptr_t theirs[HL_DEPTH_MAX + MOST_OWN_FRAMES];
	static uint32_t busy;
	uint64_t saved;
	int n, first = 0;

	/* Only whole stacks can be compared, and only one at a time. */
	if (!is_open || end != HL_WALK_ROOT || caller->sp == 0 || !hl_gate_is_usable() ||
		__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
		return;
	hl_os_block_signals(&saved);
	hl_tls.own++;
	n = hl_gate_enter() ? backtrace((void **)theirs, HL_DEPTH_MAX + MOST_OWN_FRAMES) : -1;
	if (n >= 0)
		hl_gate_leave();
	hl_tls.own--;
	hl_os_restore_signals(&saved);
	while (first < n && first <= MOST_OWN_FRAMES && theirs[first] != caller->ip)
		first++;
	if (first < n && first <= MOST_OWN_FRAMES && (size_t)(n - first) <= hl_options.depth)
		compare(node, theirs + first, (size_t)(n - first));
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

void hl_verify_report(void)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "heapledger: %u: verified %llu stacks, %llu differ\n",
		hl_os_pid(), (unsigned long long)nr_stacks, (unsigned long long)nr_differ);

	if (hl_options.log)
		hl_os_write(2, line, (size_t)n);
}
