/* SPDX-License-Identifier: MIT */
/*
 * From an event to its call stack: which of the ways, and how libunwind is loaded.
 */
#include "stacks/unwind.h"

#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>

#include "base/gate.h"
#include "base/options.h"
#include "base/private.h"
#include "base/thread.h"
#include "stacks/learn.h"
#include "stacks/libunwind.h"
#include "stacks/modules.h"
#include "stacks/nodes.h"
#include "stacks/remote.h"

uint32_t hl_unwind_by_rules;

static enum { NOT_YET, LOADING, GIVEN_UP, READY } libunwind;

/* Buffers for nested events: one each, or the stack is cut to its caller. */
#define NR_SPARE 16u
static struct spare {
	uint32_t taken;
	uintptr_t *ips;
} spares[NR_SPARE];

static int state_of_libunwind(void)
{
	return __atomic_load_n((int *)&libunwind, __ATOMIC_ACQUIRE);
}

static void load_in_private(void *result)
{
	void *library = dlopen(HL_LIBUNWIND_SONAME, RTLD_NOW | RTLD_LOCAL);
	int r = library ? hl_libunwind_open(library) : -ENOENT;

	if (r == 0)
		r = hl_learn_open();
	if (r == 0)
		r = hl_remote_open();
#ifdef HL_VERIFY_UNWIND
	if (r == 0)
		hl_verify_open(library);
#endif
	*(int *)result = r;
}

/* Not in the constructor: that runs before libc's (-z initfirst), and dlopen would run libc's without argc and argv. */
void hl_unwind_load(void)
{
	int not_yet = NOT_YET, r = -ENOMEM;

	/* Either is set by libc's constructor; the program may have cleared its environment since. */
	if ((!environ && !*program_invocation_name) ||
		!__atomic_compare_exchange_n((int *)&libunwind, &not_yet, LOADING, false, __ATOMIC_RELAXED,
			__ATOMIC_RELAXED))
		return;
	hl_private_call(load_in_private, &r);
	if (r == 0)
		__atomic_store_n(&hl_unwind_by_rules, hl_options.unwind == HL_UNWIND_AUTO, __ATOMIC_RELEASE);
	else
		hl_log("stacks by frame pointers only (is the package libunwind8 installed?), cannot use ",
			HL_LIBUNWIND_SONAME, 0);
	__atomic_store_n((int *)&libunwind, r == 0 ? READY : GIVEN_UP, __ATOMIC_RELEASE);
}

/* So long the events of other threads wait for libunwind; who loads it may wait for the loader's lock. */
#define LOAD_WAIT_NS 200000000u
#define LOAD_LOOK_NS 100000u

static void wait_until_loaded(void)
{
	static bool waited_in_vain;
	uint64_t start_ns = hl_os_coarse_ns();

	while (state_of_libunwind() == LOADING && !waited_in_vain) {
		hl_os_sleep(LOAD_LOOK_NS);
		if (hl_os_coarse_ns() - start_ns > LOAD_WAIT_NS)
			waited_in_vain = true;
	}
}

/*
 * Is it known whether there is libunwind?  It is loaded at the first event that permits it, if the program's entry
 * was not seen.  Not when the loader itself is the caller: it may be half way through something, or have the lock
 * that who loads waits for.
 */
static __attribute__((noinline)) bool be_ready(const struct hl_caller *caller, bool in_lane)
{
	int state = state_of_libunwind();

	if (state == READY || state == GIVEN_UP)
		return true;
	if (caller->ip - hl_loader_start < hl_loader_bytes || !in_lane)
		return false;
	if (state == NOT_YET)
		hl_unwind_load();
	wait_until_loaded();
	state = state_of_libunwind();
	return state == READY || state == GIVEN_UP;
}

static uintptr_t *take_spare(void)
{
	for (uint32_t i = 0; i < NR_SPARE; i++) {
		if (__atomic_exchange_n(&spares[i].taken, 1, __ATOMIC_ACQUIRE))
			continue;
		if (!spares[i].ips)
			spares[i].ips = hl_os_map(hl_stack_room(hl_options.depth) * sizeof(uintptr_t));
		if (spares[i].ips)
			return spares[i].ips;
		__atomic_store_n(&spares[i].taken, 0, __ATOMIC_RELEASE);
	}
	return NULL;
}

void hl_unwind_restart(void)
{
	/* Who was loading it is in the parent, and has left the loader's list half changed here. */
	if (libunwind == LOADING)
		libunwind = GIVEN_UP;
	for (uint32_t i = 0; i < NR_SPARE; i++)
		spares[i].taken = 0;
}

static void give_spare(const uintptr_t *ips)
{
	for (uint32_t i = 0; i < NR_SPARE; i++)
		if (ips == spares[i].ips)
			__atomic_store_n(&spares[i].taken, 0, __ATOMIC_RELEASE);
}

static uint32_t outer_of(enum hl_walk_end end)
{
	return end == HL_WALK_ROOT ? HL_NODE_ROOT :
		end == HL_WALK_TRUNCATED ? HL_NODE_TRUNCATED : HL_NODE_PARTIAL;
}

/*
 * The whole stack into @ips.  @can_ask: libunwind can be asked.  A child that was forked while another thread was
 * in there has the rules that were learned until then.
 */
static enum hl_walk_end walk_whole(struct hl_own_stack *own, const struct hl_caller *caller, uintptr_t *ips,
	bool can_ask, size_t *nr_ips)
{
	bool fp_only = hl_options.unwind == HL_UNWIND_FP || state_of_libunwind() != READY;
	enum hl_walk_end end = HL_WALK_UNFIT;
	size_t nr_remote = 0;

	if (hl_options.unwind != HL_UNWIND_CFI || !can_ask)
		end = hl_walk(own, caller, fp_only, ips, hl_options.depth, nr_ips);
	if (end == HL_WALK_UNFIT)
		end = can_ask ? hl_remote_walk(own, caller, ips, hl_options.depth, &nr_remote) :
				HL_WALK_NO_UNWINDER;
	/* If libunwind did not get to the caller, what the rules have found stands. */
	if (nr_remote != 0)
		*nr_ips = nr_remote;
	return end;
}

/* Why a stack has its innermost frame only. */
static uint32_t caller_only(const struct hl_caller *caller, enum hl_walk_end why, enum hl_walk_end *end)
{
	*end = why;
	return hl_nodes_of(HL_NODE_PARTIAL, &caller->ip, 1);
}

/* A library that came while its neighbour was looked at is no reason to walk for ever. */
#define MAX_WALKS 4

uint32_t hl_unwind_slow(struct hl_stack_cache *cache, const struct hl_caller *caller, bool certain,
	enum hl_walk_end *end)
{
	uintptr_t *ips = NULL;
	size_t nr_ips = 0;
	uint32_t node, nr_walks = 0;

	if (!certain && caller->sp != 0)
		hl_modules_see(&caller->ip, 1);
	/* An event of the early log: there is no stack to it any more. */
	if (caller->sp == 0)
		return caller_only(caller, HL_WALK_PARTIAL, end);
	if (!be_ready(caller, cache != NULL))
		return caller_only(caller, HL_WALK_NO_UNWINDER, end);
	ips = cache ? cache->ips : take_spare();
	if (!ips)
		return caller_only(caller, HL_WALK_NO_ROOM, end);
	do {
		*end = walk_whole(cache ? &cache->own : NULL, caller, ips,
			state_of_libunwind() == READY && hl_gate_is_usable(), &nr_ips);
		if (nr_ips == 0) {
			ips[0] = caller->ip;
			nr_ips = 1;
		}
		/* By the rules of what was there before it may have gone anywhere. */
	} while (!certain && ++nr_walks < MAX_WALKS && hl_modules_see(ips, nr_ips));
	node = hl_nodes_of(outer_of(*end), ips, nr_ips);
	if (!cache)
		give_spare(ips);
	return node;
}
