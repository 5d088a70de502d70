/* SPDX-License-Identifier: MIT */
/*
 * Walking a stack by rules.
 */
#include "stacks/walk.h"

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

/*
 * Nothing of a frame on the thread's own stack lies beyond: a thread has its descriptor on top of its
 * stack.  On other stacks (fibres) it may be a bound that does not matter.
 */
static inline uintptr_t top_of(uintptr_t sp)
{
	uintptr_t main_end = (uintptr_t)__libc_stack_end;
	uintptr_t thread_pointer = (uintptr_t)__builtin_thread_pointer();

	return sp < thread_pointer ? thread_pointer : sp <= main_end ? main_end : UINTPTR_MAX;
}

enum hl_walk_end hl_step_signal(const struct hl_walk_state *from, struct hl_walk_state *to)
{
	uintptr_t frame = from->sp;

	to->ip = hl_read_word(frame + HL_SIGNAL_IP);
	to->bp = hl_read_word(frame + HL_SIGNAL_BP);
	to->sp = hl_read_word(frame + HL_SIGNAL_SP);
	to->bp_slot = to->cfa_slot = 0;
	to->signal = 1;
	return to->ip ? HL_WALK_ROOT : HL_WALK_PARTIAL;
}

/* The CFA of a realigned frame; 0 when its slot must not be read. */
static uintptr_t deref_cfa(const struct hl_walk_state *from, struct hl_walk_state *to,
	uintptr_t slot)
{
	if (slot - from->sp >= MAX_FRAME_BYTES || slot >= top_of(from->sp))
		return 0;
	to->cfa_slot = slot;
	return hl_read_word(slot);
}

enum hl_walk_end hl_step_bp(const struct hl_walk_state *from, struct hl_walk_state *to,
	struct hl_rule rule)
{
	uintptr_t cfa = from->bp + (uintptr_t)(intptr_t)rule.cfa_offset, bp = from->bp, slot = 0;
	uintptr_t top = top_of(from->sp);

	to->cfa_slot = 0;
	to->used_bp = 1;
	to->signal = 0;
	if (rule.kind == HL_RULE_BP_DEREF)
		cfa = deref_cfa(from, to, cfa);
	/* What is unbelievable must not be read; BP is whatever the program keeps in it. */
	if (hl_unlikely(cfa - from->sp - 8 >= MAX_FRAME_BYTES || cfa % 8 != 0 || cfa > top))
		return HL_WALK_UNFIT;
	if (rule.bp != HL_BP_SAME) {
		slot = (rule.bp == HL_BP_AT_CFA ? cfa : bp) + (uintptr_t)(intptr_t)rule.bp_offset;
		if (hl_unlikely(slot - from->sp >= MAX_FRAME_BYTES || slot >= top))
			return HL_WALK_UNFIT;
		bp = hl_read_word(slot);
	}
	to->bp_slot = slot;
	to->bp = bp;
	to->sp = cfa;
	to->ip = hl_read_word(cfa - 8);
	return hl_likely(to->ip != 0) ? HL_WALK_ROOT : HL_WALK_PARTIAL;
}

/* The kernel leaves so much room below the program's stack. */
#define MAIN_STACK_BYTES (64u << 20)

/* A guessed frame pointer may point anywhere, even into a guard page. */
static bool is_readable(const struct hl_own_stack *own, uintptr_t sp, uintptr_t bp)
{
	uintptr_t main_end = (uintptr_t)__libc_stack_end;

	if (hl_likely(own && sp >= own->low && bp + 16 <= own->high))
		return true;
	if (hl_likely(bp + 16 <= main_end && main_end - sp < MAIN_STACK_BYTES))
		return true;
	return hl_os_is_readable(bp) && hl_os_is_readable(bp + 8);
}

enum hl_walk_end hl_step_chain(const struct hl_walk_state *from, struct hl_walk_state *to,
	const struct hl_own_stack *own)
{
	static const struct hl_rule chain = { HL_RULE_BP, HL_BP_AT_CFA, -16, 16 };

	if (from->bp < from->sp || from->bp - from->sp > MAX_CHAIN_BYTES || from->bp % 8 != 0 ||
		!is_readable(own, from->sp, from->bp))
		return HL_WALK_PARTIAL;
	return hl_step_bp(from, to, chain);
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
		(address <= own->high && address + HOOK_BYTES >= own->low);
}

/* The ABI has BP zero in the outermost frame. */
static bool is_end(const struct hl_walk_state *s, struct hl_rule rule, bool fp_only)
{
	return rule.kind == HL_RULE_END || (fp_only && s->bp == 0);
}

enum hl_walk_end hl_walk(struct hl_own_stack *own, const struct hl_caller *caller, bool fp_only,
	uintptr_t *ips, size_t room, size_t *nr_ips)
{
	struct hl_walk_state states[2] = { { .ip = caller->ip, .sp = caller->sp, .bp = caller->bp } };
	struct hl_rule rule = { .kind = HL_RULE_CHAIN };
	enum hl_walk_end end;

	for (size_t n = 0; n < room;) {
		struct hl_walk_state *from = &states[n & 1], *to = &states[~n & 1];

		ips[n++] = from->ip;
		*nr_ips = n;
		if (!fp_only)
			rule = hl_walk_rule(from);
		end = HL_WALK_ROOT;
		if (!is_end(from, rule, fp_only)) {
			end = hl_step(from, to, rule, own);
			if (end == HL_WALK_ROOT)
				continue;
		}
		/* libc is built without frame pointers: the chain seldom ends as it should. */
		if (own && fp_only && hl_walk_is_root(from))
			hl_own_stack_widen(own, caller->sp, from->sp);
		return end;
	}
	return HL_WALK_TRUNCATED;
}
