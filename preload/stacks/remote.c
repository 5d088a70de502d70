/* SPDX-License-Identifier: MIT */
/*
 * A stack walked by libunwind.
 */
#include "stacks/remote.h"

#include <errno.h>

#include "base/gate.h"
#include "base/os.h"
#include "base/private.h"
#include "rule.h"
#include "stacks/code.h"
#include "stacks/libunwind.h"
#include "stacks/modules.h"
#include "switch.h"

/* Frames of our own between here and the program. */
#define MOST_OWN_FRAMES 24u

static unw_addr_space_t space;

/* What libunwind's questions are answered from. */
struct walking {
	struct hl_unwind_info info;	/* first, as libunwind.h wants it */
	struct hl_registers registers;
	struct hl_extent extent;
	const struct hl_own_stack *own;
	const struct hl_caller *caller;
	uintptr_t *ips;
	size_t room;
	size_t nr_ips;
	enum hl_walk_end end;
	struct hl_walk_state outermost;	/* where libunwind has come to an end */
};

static int access_memory(unw_addr_space_t as, unw_word_t address, unw_word_t *value, int write, void *arg)
{
	struct walking *w = arg;

	(void)as;
	if (write)
		return -UNW_EINVAL;
	if (!hl_extent_has_word(&w->extent, address))
		return hl_libunwind_read_info(&w->info, address, value) ? 0 : -UNW_EINVAL;
	*value = hl_read_word(address);
	return 0;
}

static int access_register(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write, void *arg)
{
	const struct walking *w = arg;
	const struct hl_registers *r = &w->registers;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	return hl_register(r, reg, value) ? 0 : -UNW_EBADREG;
}

#define NR_CACHED 1024

/*
 * What libunwind has read of an address is kept, for all threads: without it a step costs ten times as much.  It
 * holds its lock of that cache while it asks us, and we take none, so no circle can be closed.
 */
int hl_remote_open(void)
{
	space = hl_libunwind_new_space(access_memory, access_register);
	if (!space)
		return -ENOSYS;
	hl_libunwind.set_caching_policy(space, UNW_CACHE_GLOBAL);
	hl_libunwind.set_cache_size(space, NR_CACHED, 0);
	return 0;
}

/* It knows an address as it was before another library came there. */
static void flush_if_stale(void)
{
	static uint32_t flushed;
	uint32_t generation = __atomic_load_n(&hl_modules_generation, __ATOMIC_ACQUIRE);

	if (__atomic_exchange_n(&flushed, generation, __ATOMIC_ACQ_REL) != generation)
		hl_libunwind.flush_cache(space, 0, 0);
}

/* There was no step out of this frame, and it was no error. */
static enum hl_walk_end judge_end(const struct hl_walk_state *last)
{
	struct hl_rule rule = hl_walk_rule(last);

	/* Unwind information says that this is the outermost frame, or there is none: as hl_walk() judges it. */
	return rule.kind != HL_RULE_CHAIN ? HL_WALK_ROOT : hl_walk_why(last);
}

static bool read_state(unw_cursor_t *cursor, struct hl_walk_state *s)
{
	unw_word_t ip, sp;

	if (hl_libunwind.get_reg(cursor, HL_UNW_IP, &ip) < 0 || hl_libunwind.get_reg(cursor, HL_UNW_SP, &sp) < 0)
		return false;
	s->ip = ip;
	s->sp = sp;
	return true;
}

/* Out of our own frames; false: the caller's was not met. */
static bool find_caller(struct walking *w, unw_cursor_t *cursor, struct hl_walk_state *s)
{
	for (uint32_t n = 0; n < MOST_OWN_FRAMES; n++) {
		if (!read_state(cursor, s))
			return false;
		if (s->ip == w->caller->ip && s->sp == w->caller->sp)
			return true;
		if (hl_libunwind.step(cursor) <= 0)
			return false;
	}
	return false;
}

static enum hl_walk_end walk(struct walking *w)
{
	struct hl_walk_state s = { 0 }, last;
	unw_cursor_t cursor;
	int r;

	if (hl_libunwind.init_remote(&cursor, space, w) < 0 || !find_caller(w, &cursor, &s))
		return HL_WALK_PARTIAL;
	while (w->nr_ips < w->room) {
		w->ips[w->nr_ips++] = s.ip;
		r = hl_libunwind.step(&cursor);
		if (r < 0)
			return HL_WALK_PARTIAL;
		if (r == 0) {
			w->outermost = s;
			return HL_WALK_ROOT;
		}
		last = s;
		if (!read_state(&cursor, &s))
			return HL_WALK_PARTIAL;
		if (s.ip == 0) {
			w->outermost = last;
			return HL_WALK_ROOT;
		}
		/* A handler's stack has led back to the one that it interrupted. */
		if (!hl_extent_has_word(&w->extent, s.sp))
			hl_extent_begin(&w->extent, w->own, s.sp);
	}
	return HL_WALK_TRUNCATED;
}

/* libunwind guesses by the frame pointer, too: what is no code, and all that was read from there, is none of it. */
static void cut_guesses(struct walking *w)
{
	for (size_t i = 1; i < w->nr_ips; i++) {
		if (hl_code_is(w->ips[i], true))
			continue;
		w->nr_ips = i;
		w->end = hl_walk_why(&(struct hl_walk_state){ .ip = w->ips[i - 1] });
	}
}

static void walk_in_private(void *arg)
{
	struct walking *w = arg;

	if (!hl_gate_enter())
		return;
	flush_if_stale();
	w->end = walk(w);
	hl_gate_leave();
	/* Not in there: it may learn a rule, and who enters twice waits for a fork that waits for him. */
	if (w->end == HL_WALK_ROOT)
		w->end = judge_end(&w->outermost);
	cut_guesses(w);
}

/* This frame is there as long as libunwind reads it. */
__attribute__((noinline)) enum hl_walk_end hl_remote_walk(const struct hl_own_stack *own,
	const struct hl_caller *caller, uintptr_t *ips, size_t room, size_t *nr_ips)
{
	struct walking w = { .own = own, .caller = caller, .ips = ips, .room = room, .end = HL_WALK_NO_UNWINDER };

	HL_REGISTERS(&w.registers);
	hl_extent_begin(&w.extent, own, w.registers.sp);
	if (!hl_private_call(walk_in_private, &w))
		w.end = HL_WALK_NO_ROOM;
	*nr_ips = w.nr_ips;
	return w.end;
}
