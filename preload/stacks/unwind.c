/* SPDX-License-Identifier: MIT */
/*
 * From an event to its call stack: which of the ways, and libunwind itself.
 */
#include "stacks/unwind.h"

#include <dlfcn.h>
#include <errno.h>
#include <libunwind.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/gate.h"
#include "base/options.h"
#include "base/thread.h"
#include "rule.h"
#include "stacks/learn.h"
#include "stacks/modules.h"
#include "stacks/nodes.h"
#include "stacks/verify.h"

/* unw_backtrace() was seen to use 5 KiB; the usual size of a sigaltstack() is 8 KiB. */
#define BACKTRACE_STACK_BYTES (8u << 10)
#define NOT_ASKED INT_MIN

static int (*backtrace_of_libunwind)(void **buffer, int size);
/* The same step by step. */
static struct {
	int (*get_context)(unw_context_t *context);
	int (*init)(unw_cursor_t *cursor, unw_context_t *context);
	int (*step)(unw_cursor_t *cursor);
	int (*get_reg)(unw_cursor_t *cursor, unw_regnum_t reg, unw_word_t *value);
	void (*flush_cache)(unw_addr_space_t space, unw_word_t low, unw_word_t high);
	unw_addr_space_t *space;
} local;
static uint64_t libunwind_start, libunwind_bytes;

uint32_t hl_unwind_by_rules;

static enum { NOT_YET, LOADING_OR_GIVEN_UP, READY } libunwind;

/* Buffers for nested events: one each, or the stack is cut to its caller. */
#define NR_SPARE 16u
static struct spare {
	uint32_t taken;
	uintptr_t *ips;
} spares[NR_SPARE];

static int open_local(void *library)
{
	static const struct {
		void *place;
		const char *name;
	} wanted[] = {
		{ &local.get_context, HL_UNW("getcontext") },
		{ &local.init, "_ULx86_64_init_local" },
		{ &local.step, "_ULx86_64_step" },
		{ &local.get_reg, "_ULx86_64_get_reg" },
		{ &local.flush_cache, HL_UNW("flush_cache") },
		{ &local.space, "_ULx86_64_local_addr_space" },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		void *address = dlsym(library, wanted[i].name);

		if (!address)
			return -ENOSYS;
		memcpy(wanted[i].place, &address, sizeof(address));
	}
	return 0;
}

/*
 * Loads libunwind at the first event that permits it.  Not in the constructor: that runs before
 * libc's (-z initfirst), and dlopen would run libc's there and then, without argc and argv.
 * Not when the loader itself is the caller: it may be half way through something.
 */
static __attribute__((noinline)) void load(const struct hl_caller *caller)
{
	int saved_errno = errno, not_yet = NOT_YET, r = -ENOENT;
	sigset_t saved;
	void *library;

	/*
	 * Either is set by libc's constructor; the program may have cleared its environment since.  On a
	 * signal stack there may not be room for dlopen.
	 */
	if ((!environ && !*program_invocation_name) || caller->ip - hl_loader_start < hl_loader_bytes ||
		hl_os_on_signal_stack() ||
		!__atomic_compare_exchange_n((int *)&libunwind, &not_yet, LOADING_OR_GIVEN_UP, false,
			__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return;
	hl_os_block_signals(&saved);
	hl_tls.own++;
	library = dlopen(HL_LIBUNWIND_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (library)
		backtrace_of_libunwind = (int (*)(void **, int))dlsym(library, "unw_backtrace");
	if (backtrace_of_libunwind)
		hl_modules_range((uint64_t)backtrace_of_libunwind, &libunwind_start,
			&libunwind_bytes);
	if (backtrace_of_libunwind)
		r = open_local(library);
	if (r == 0)
		r = hl_learn_open(library);
	hl_tls.own--;
	hl_os_restore_signals(&saved);
	if (r == 0) {
		__atomic_store_n((int *)&libunwind, READY, __ATOMIC_RELEASE);
		__atomic_store_n(&hl_unwind_by_rules, hl_options.unwind == HL_UNWIND_AUTO,
			__ATOMIC_RELEASE);
	} else {
		hl_log("stacks by frame pointers only (is the package libunwind8 installed?), cannot use ",
			HL_LIBUNWIND_SONAME, 0);
	}
	errno = saved_errno;
}

bool hl_unwind_allocates(uintptr_t ip)
{
	return hl_tls.unwinding && ip - hl_loader_start < hl_loader_bytes;
}

enum hl_pipe hl_unwind_pipe(uintptr_t ip)
{
	/* Signals are blocked while `own` is set; in a backtrace a handler may ask for its own pipe. */
	if (hl_tls.own)
		return HL_PIPE_REFUSED;
	return hl_tls.unwinding && ip - libunwind_start < libunwind_bytes ? HL_PIPE_MOVED :
								     HL_PIPE_OF_PROGRAM;
}

static struct {
	int fd[2];
	uint64_t dev[2];
	uint64_t ino[2];
} pipe_ends = { .fd = { -1, -1 } };

void hl_unwind_move_pipe(int fds[2])
{
	for (int i = 0; i < 2; i++) {
		fds[i] = hl_os_raise_fd(fds[i]);
		hl_os_identify(fds[i], &pipe_ends.dev[i], &pipe_ends.ino[i]);
		pipe_ends.fd[i] = fds[i];
	}
}

/* Are libunwind's descriptors (if it has them) still its pipe? */
static bool pipe_is_sound(void)
{
	for (int i = 0; i < 2; i++)
		if (pipe_ends.fd[i] >= 0 &&
			!hl_os_fd_is(pipe_ends.fd[i], pipe_ends.dev[i], pipe_ends.ino[i]))
			return false;
	return true;
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
	for (uint32_t i = 0; i < NR_SPARE; i++)
		spares[i].taken = 0;
}

static void give_spare(const uintptr_t *ips)
{
	for (uint32_t i = 0; i < NR_SPARE; i++)
		if (ips == spares[i].ips)
			__atomic_store_n(&spares[i].taken, 0, __ATOMIC_RELEASE);
}

/*
 * libunwind knows an address as it was before another library came there.  What unw_step() goes by can be
 * flushed, and is then learned again, which is no harm to a program that uses the same libunwind; but
 * unw_backtrace() has a cache of whole frames besides, which nothing ever clears.
 */
static __attribute__((noinline)) int backtrace_by_steps(void **ips, int room)
{
	unw_context_t context;
	unw_cursor_t cursor;
	int n = 0;

	if (local.get_context(&context) < 0 || local.init(&cursor, &context) < 0)
		return 0;
	do {
		unw_word_t ip;

		if (local.get_reg(&cursor, HL_UNW_IP, &ip) < 0)
			break;
		ips[n++] = (void *)ip;
	} while (n < room && local.step(&cursor) > 0);
	return n;
}

static int backtrace_now(void **ips, int room)
{
	static uint32_t flushed;
	uint32_t generation = __atomic_load_n(&hl_modules_generation, __ATOMIC_ACQUIRE);

	if (generation == 0)
		return backtrace_of_libunwind(ips, room);
	if (__atomic_exchange_n(&flushed, generation, __ATOMIC_ACQ_REL) != generation)
		local.flush_cache(*local.space, 0, 0);
	return backtrace_by_steps(ips, room);
}

/*
 * The stack by libunwind: from *first in @ips.  It sees our own frames first; they end where the
 * hook's return address is.  Its per-thread cache may be in any state when a handler came in.
 * HL_WALK_UNFIT: it cannot be asked now, and @ips is as it was.
 */
static __attribute__((noinline)) enum hl_walk_end by_libunwind(const struct hl_caller *caller,
	uintptr_t *ips, size_t *first, size_t *nr_ips)
{
	/* libunwind probes memory with system calls where it has no unwind information. */
	int saved_errno = errno, r;
	size_t n;

	if (hl_tls.unwinding || !pipe_is_sound() || !hl_os_has_stack(BACKTRACE_STACK_BYTES))
		return HL_WALK_UNFIT;
	hl_tls.unwinding++;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	r = NOT_ASKED;
	if (hl_gate_enter()) {
		r = backtrace_now((void **)ips, (int)hl_stack_room(hl_options.depth));
		hl_gate_leave();
	}
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	hl_tls.unwinding--;
	errno = saved_errno;
	if (r == NOT_ASKED)
		return HL_WALK_UNFIT;
	*nr_ips = 0;
	n = r > 0 ? (size_t)r : 0;
	while (*first < n && *first <= HL_OWN_FRAMES && ips[*first] != caller->ip)
		(*first)++;
	if (*first >= n || *first > HL_OWN_FRAMES)
		return HL_WALK_PARTIAL;
	*nr_ips = n - *first;
	if (*nr_ips <= hl_options.depth)
		return HL_WALK_ROOT;
	*nr_ips = hl_options.depth;
	return HL_WALK_TRUNCATED;
}

static uint32_t outer_of(enum hl_walk_end end)
{
	return end == HL_WALK_ROOT ? HL_NODE_ROOT :
		end == HL_WALK_TRUNCATED ? HL_NODE_TRUNCATED : HL_NODE_PARTIAL;
}

/* The whole stack into @ips, then its node. */
static uint32_t whole_stack(struct hl_stack_cache *cache, const struct hl_caller *caller, uintptr_t *ips,
	uint32_t *outer)
{
	enum hl_walk_end end = HL_WALK_UNFIT;
	size_t nr_ips = 0, first = 0;

	if (hl_options.unwind != HL_UNWIND_CFI || !hl_gate_is_usable())
		end = hl_walk(cache ? &cache->own : NULL, caller,
			hl_options.unwind == HL_UNWIND_FP, ips, hl_options.depth, &nr_ips);
	if (end == HL_WALK_UNFIT && hl_gate_is_usable())
		end = by_libunwind(caller, ips, &first, &nr_ips);
	if (nr_ips == 0) {
		first = 0;
		ips[0] = caller->ip;
		nr_ips = 1;
		end = HL_WALK_PARTIAL;
	}
	*outer = outer_of(end);
	return hl_nodes_of(*outer, ips + first, nr_ips);
}

static __attribute__((noinline)) uint32_t caller_only(const struct hl_caller *caller,
	uint32_t *outer)
{
	*outer = HL_NODE_PARTIAL;
	return hl_nodes_of(HL_NODE_PARTIAL, &caller->ip, 1);
}

static __attribute__((noinline)) uint32_t uncached(struct hl_stack_cache *cache,
	const struct hl_caller *caller, uint32_t *outer)
{
	uintptr_t *ips = cache ? cache->ips : take_spare();
	uint32_t node;

	if (!ips || caller->sp == 0)
		return caller_only(caller, outer);
	node = whole_stack(cache, caller, ips, outer);
	if (!cache)
		give_spare(ips);
	return node;
}

uint32_t hl_unwind_slow(struct hl_stack_cache *cache, const struct hl_caller *caller, uint32_t *outer)
{
	if (__atomic_load_n((int *)&libunwind, __ATOMIC_ACQUIRE) == NOT_YET && cache)
		load(caller);
	if (__atomic_load_n((int *)&libunwind, __ATOMIC_ACQUIRE) != READY)
		return caller_only(caller, outer);
	return uncached(cache, caller, outer);
}

#ifdef HL_VERIFY_UNWIND
/* The test build asks libunwind as well, each time. */
void hl_unwind_verify(struct hl_stack_cache *cache, const struct hl_caller *caller, uint32_t node,
	uint32_t outer)
{
	size_t first = 0, nr_ips = 0;

	if (!cache || libunwind != READY || caller->sp == 0)
		return;
	if (by_libunwind(caller, cache->ips, &first, &nr_ips) == HL_WALK_ROOT)
		hl_verify_stack(node, outer, cache->ips + first, nr_ips);
}
#endif
