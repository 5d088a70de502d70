/* SPDX-License-Identifier: MIT */
/*
 * Walking a stack by rules.
 */
#include "stacks/walk.h"

#include <dlfcn.h>

#include "base/aside.h"
#include "stacks/code.h"
#include "stacks/rules.h"

#define MAX_FRAME_BYTES ((uintptr_t)HL_RULE_MAX_FRAME)
/* libunwind's own bound for a frame pointer that is only guessed. */
#define MAX_CHAIN_BYTES 0x4000u
/* Static TLS and the thread's descriptor lie between the thread pointer and its outermost frame. */
#define MAX_ROOT_BYTES (64u << 10)

/* Below the deepest frame that was walked there may be so much more of the same stack. */
#define HOOK_BYTES (16u << 10)

/* Where the program's stack begins (data of ld.so), and its first thread's pointer. */
extern void *__libc_stack_end;
static uintptr_t main_pointer;

void hl_walk_open(void)
{
	main_pointer = (uintptr_t)__builtin_thread_pointer();
}

/* The kernel leaves so much room below the program's stack. */
#define MAIN_STACK_BYTES (64u << 20)

void hl_extent_begin(struct hl_extent *extent, const struct hl_own_stack *own, uintptr_t sp)
{
	uintptr_t main_end = (uintptr_t)__libc_stack_end;

	extent->start = sp;
	extent->is_own = true;
	if (hl_likely(main_end - sp < MAIN_STACK_BYTES)) {
		extent->end = main_end;
	} else if (own && sp <= own->high && sp + HOOK_BYTES >= own->low) {
		extent->end = own->high;
	} else {
		extent->end = (sp | (HL_PAGE - 1)) + 1;
		extent->is_own = false;
	}
}

bool hl_extent_reach(struct hl_extent *extent, uintptr_t end)
{
	if (extent->is_own || end - extent->end > MAX_FRAME_BYTES)
		return false;
	while (extent->end < end) {
		if (!hl_os_is_readable(extent->end))
			return false;
		extent->end += HL_PAGE;
	}
	return true;
}

enum hl_walk_end hl_step_signal(const struct hl_walk_state *from, struct hl_walk_state *to,
	const struct hl_own_stack *own, struct hl_extent *extent)
{
	uintptr_t frame = from->sp;

	if (!hl_extent_reaches(extent, frame + HL_SIGNAL_IP + sizeof(uintptr_t)))
		return HL_WALK_PARTIAL;
	to->ip = hl_read_word(frame + HL_SIGNAL_IP);
	to->bp = hl_read_word(frame + HL_SIGNAL_BP);
	to->sp = hl_read_word(frame + HL_SIGNAL_SP);
	to->bp_slot = to->cfa_slot = 0;
	to->signal = 1;
	/* The handler may have a stack of its own. */
	if (!hl_extent_has_word(extent, to->sp))
		hl_extent_begin(extent, own, to->sp);
	return to->ip ? HL_WALK_ROOT : HL_WALK_PARTIAL;
}

/* Is the word at @slot one of the frame's and its callers', and readable? */
static bool is_stack_word(const struct hl_walk_state *from, uintptr_t slot, struct hl_extent *extent)
{
	return slot - from->sp < MAX_FRAME_BYTES && hl_extent_reaches(extent, slot + sizeof(uintptr_t));
}

/* The CFA of a realigned frame; 0 when its slot must not be read. */
static uintptr_t deref_cfa(const struct hl_walk_state *from, struct hl_walk_state *to, uintptr_t slot,
	struct hl_extent *extent)
{
	if (!is_stack_word(from, slot, extent))
		return 0;
	to->cfa_slot = slot;
	return hl_read_word(slot);
}

enum hl_walk_end hl_step_bp(const struct hl_walk_state *from, struct hl_walk_state *to,
	struct hl_rule rule, struct hl_extent *extent)
{
	uintptr_t cfa = from->bp + (uintptr_t)(intptr_t)rule.cfa_offset, bp = from->bp, slot = 0;

	to->cfa_slot = 0;
	to->used_bp = 1;
	to->signal = 0;
	if (rule.kind == HL_RULE_BP_DEREF)
		cfa = deref_cfa(from, to, cfa, extent);
	/* What is unbelievable must not be read; BP is whatever the program keeps in it. */
	if (hl_unlikely(cfa % 8 != 0 || !is_stack_word(from, cfa - 8, extent)))
		return HL_WALK_UNFIT;
	if (rule.bp != HL_BP_SAME) {
		slot = (rule.bp == HL_BP_AT_CFA ? cfa : bp) + (uintptr_t)(intptr_t)rule.bp_offset;
		if (hl_unlikely(!is_stack_word(from, slot, extent)))
			return HL_WALK_UNFIT;
		bp = hl_read_word(slot);
	}
	to->bp_slot = slot;
	to->bp = bp;
	to->sp = cfa;
	to->ip = hl_read_word(cfa - 8);
	return hl_likely(to->ip != 0) ? HL_WALK_ROOT : HL_WALK_STOP;
}

enum hl_walk_end hl_step_chain(const struct hl_walk_state *from, struct hl_walk_state *to,
	struct hl_extent *extent)
{
	static const struct hl_rule chain = { HL_RULE_BP, HL_BP_AT_CFA, -16, 16 };

	if (from->bp < from->sp || from->bp - from->sp > MAX_CHAIN_BYTES || from->bp % 8 != 0 ||
		!hl_extent_reaches(extent, from->bp + 16))
		return HL_WALK_PARTIAL;
	return hl_step_bp(from, to, chain, extent) == HL_WALK_ROOT ? HL_WALK_ROOT : HL_WALK_PARTIAL;
}

/* Where the kernel entered the program: in its first function or the loader's. */
static bool is_entry(const struct hl_walk_state *s)
{
	uintptr_t main_end = (uintptr_t)__libc_stack_end;

	return s->sp <= main_end && main_end - s->sp <= 64;
}

struct hl_rule hl_walk_rule(const struct hl_walk_state *s)
{
	struct hl_rule rule = hl_rule_find(s->ip | (s->signal ? HL_RULE_EXACT : 0));

	if (rule.kind == HL_RULE_CHAIN && is_entry(s))
		rule.kind = HL_RULE_END;
	return rule;
}

/*
 * The first thread's pointer is in no stack: what lies below it may be a fibre's stack, which can be
 * unmapped.
 */
bool hl_walk_is_root(const struct hl_walk_state *s)
{
	uintptr_t thread_pointer = (uintptr_t)__builtin_thread_pointer();

	if (is_entry(s))
		return true;
	return thread_pointer != main_pointer && s->sp < thread_pointer &&
		thread_pointer - s->sp < MAX_ROOT_BYTES;
}

void hl_own_stack_widen(struct hl_own_stack *own, uintptr_t sp, uintptr_t root_sp)
{
	if (own->high != root_sp || sp < own->low)
		own->low = sp;
	own->high = root_sp;
}

bool hl_walk_is_own(const struct hl_own_stack *own, uintptr_t address)
{
	uintptr_t main_end = (uintptr_t)__libc_stack_end;

	/* Hooks and what they call lie below the frame that called them. */
	return (address <= main_end && main_end - address < MAIN_STACK_BYTES) ||
		(own && address <= own->high && address + HOOK_BYTES >= own->low);
}

/* The frames between the entry and main(), which have no frame pointers. */
#define START_BYTES 1024u

static bool is_start(const struct hl_walk_state *s)
{
	return (uintptr_t)__libc_stack_end - s->sp <= START_BYTES;
}

/* A thread's stack whose root is not known yet lies below the thread pointer, which is on top of it. */
#define THREAD_STACK_BYTES ((uintptr_t)16 << 20)

/*
 * The ABI has BP zero in the outermost frame; but code without frame pointers has anything in it.  So this is an end
 * only where the end of the stack is not known otherwise, or where the chain has led on to another one (Go's stacks).
 */
static bool is_end(const struct hl_walk_state *s, struct hl_rule rule, bool fp_only, bool crossed,
	const struct hl_extent *extent)
{
	uintptr_t thread_pointer = (uintptr_t)__builtin_thread_pointer();

	return rule.kind == HL_RULE_END || (crossed && rule.kind == HL_RULE_CHAIN && s->bp == 0) ||
		(fp_only && s->bp == 0 && !extent->is_own && thread_pointer - s->sp > THREAD_STACK_BYTES);
}

/*
 * Code without unwind information may have gone to another stack and left the frame pointer where it was, as Go does
 * for calls of C: the chain is believed there if the next two frames look like frames.
 */
static bool step_across(const struct hl_walk_state *from, struct hl_walk_state *to, const struct hl_own_stack *own,
	struct hl_extent *extent)
{
	uintptr_t bp = from->bp, next;

	if (bp == 0 || bp % 8 != 0 || !hl_os_is_readable(bp) || !hl_os_is_readable(bp + 8))
		return false;
	next = hl_read_word(bp);
	to->ip = hl_read_word(bp + 8);
	if ((next != 0 && (next <= bp || next - bp > MAX_FRAME_BYTES)) || !hl_code_is(to->ip, false))
		return false;
	to->bp = next;
	to->sp = bp + 16;
	to->bp_slot = to->cfa_slot = 0;
	to->used_bp = 1;
	to->signal = 0;
	hl_extent_begin(extent, own, to->sp);
	return true;
}

enum hl_walk_end hl_walk_why(const struct hl_walk_state *last)
{
	struct dl_find_object object;

	return hl_libc.find_object((void *)(last->ip - 1), &object) == 0 ? HL_WALK_NO_INFO : HL_WALK_CODE;
}

/* There is no step out of @last. */
static enum hl_walk_end judge_end(const struct hl_walk_state *last, struct hl_rule rule, bool fp_only,
	enum hl_walk_end end)
{
	if (end == HL_WALK_STOP)
		return HL_WALK_ROOT;
	if (end != HL_WALK_PARTIAL || (rule.kind != HL_RULE_CHAIN && !fp_only))
		return end;
	return hl_walk_why(last);
}

/* So often a stack may go on elsewhere: a chain that leads in a circle comes to an end. */
#define MOST_CROSSINGS 4u

enum hl_walk_end hl_walk(struct hl_own_stack *own, const struct hl_caller *caller, bool fp_only,
	uintptr_t *ips, size_t room, size_t *nr_ips)
{
	struct hl_walk_state states[2] = { { .ip = caller->ip, .sp = caller->sp, .bp = caller->bp } };
	struct hl_rule rule = { .kind = HL_RULE_CHAIN };
	struct hl_extent extent;
	enum hl_walk_end end;
	uint32_t crossings = 0;
	bool straight = true;		/* no handler's frame, which may be on another stack */

	hl_extent_begin(&extent, own, caller->sp);
	for (size_t n = 0; n < room;) {
		struct hl_walk_state *from = &states[n & 1], *to = &states[~n & 1];

		ips[n++] = from->ip;
		*nr_ips = n;
		if (!fp_only)
			rule = hl_walk_rule(from);
		end = HL_WALK_ROOT;
		/* A guess has led to something else than code: the frame before is the last one, in @to. */
		if (n > 1 && (fp_only || rule.kind == HL_RULE_CHAIN) && !hl_code_is(from->ip, from->signal)) {
			*nr_ips = n - 1;
			from = to;
			end = HL_WALK_PARTIAL;
		} else if (!is_end(from, rule, fp_only, crossings != 0, &extent)) {
			end = hl_step(from, to, rule, own, &extent);
			if (end == HL_WALK_PARTIAL && rule.kind == HL_RULE_CHAIN && crossings < MOST_CROSSINGS &&
				step_across(from, to, own, &extent)) {
				crossings++;
				end = HL_WALK_ROOT;
			}
			straight = straight && !to->signal && crossings == 0;
			if (end == HL_WALK_ROOT)
				continue;
		}
		/* libc is built without frame pointers: the chain seldom ends as it should. */
		if (fp_only && (hl_walk_is_root(from) || is_start(from))) {
			if (own && straight)
				hl_own_stack_widen(own, caller->sp, from->sp);
			end = HL_WALK_ROOT;
		}
		return judge_end(from, rule, fp_only, end);
	}
	return HL_WALK_TRUNCATED;
}

/* Deeper stacks are not walked to tell whether an event was left: it would take milliseconds. */
#define MISSES_FRAMES 20000u

enum hl_walk_end hl_walk_misses(const struct hl_own_stack *own, const struct hl_caller *caller, uintptr_t inner)
{
	struct hl_walk_state states[2] = { { .ip = caller->ip, .sp = caller->sp, .bp = caller->bp } };

	struct hl_extent extent;

	hl_extent_begin(&extent, own, caller->sp);
	for (uint32_t n = 0; n < MISSES_FRAMES; n++) {
		struct hl_walk_state *from = &states[n & 1], *to = &states[~n & 1];
		struct hl_rule rule = hl_walk_rule(from);

		if (is_end(from, rule, false, false, &extent) || hl_step(from, to, rule, own, &extent) != HL_WALK_ROOT)
			return hl_walk_is_root(from) ? HL_WALK_ROOT : HL_WALK_PARTIAL;
		/* On one stack the way goes up. */
		if (to->sp < from->sp && to->sp <= inner)
			return HL_WALK_TRUNCATED;
	}
	return HL_WALK_PARTIAL;
}
