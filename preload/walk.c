/* SPDX-License-Identifier: MIT */
/*
 * Walking a stack by rules, and the verified last stack.  May call: rules.c, stacks.c, os.c.
 */
#include "walk.h"

#include <string.h>

#include "modules.h"
#include "rules.h"
#include "stacks.h"

#define MAX_FRAME_BYTES ((uintptr_t)HL_RULE_MAX_FRAME)
/* libunwind's own bound for a frame pointer that is only guessed. */
#define MAX_CHAIN_BYTES 0x4000u
/* Static TLS and the thread's descriptor lie between the thread pointer and its outermost frame. */
#define MAX_ROOT_BYTES (64u << 10)

/* Below the deepest frame that was walked there may be so much more of the same stack. */
#define HOOK_BYTES (16u << 10)

/* Where the kernel's signal frame keeps registers, from SP in the trampoline (struct ucontext). */
enum { UC_RBP = 120, UC_RSP = 160, UC_RIP = 168 };

/*
 * A frame of a walk, and how it was found from the one before.  Written field by field and never
 * copied whole: a vector load of fields that were just stored one by one stalls.
 */
struct state {
	uintptr_t ip;
	uintptr_t sp;
	uintptr_t bp;
	uintptr_t bp_slot;		/* where the step here read BP, or 0: BP stayed */
	uintptr_t cfa_slot;		/* where it read the CFA, or 0 */
	uint32_t used_bp;		/* the step depended on BP */
	uint32_t signal;		/* it crossed a signal frame: ip is an interrupted instruction */
};

static inline uintptr_t read_word(uintptr_t address)
{
	return *(const volatile uintptr_t *)address;
}

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

static __attribute__((noinline)) enum hl_walk_end step_signal(const struct state *from,
	struct state *to)
{
	uintptr_t frame = from->sp;

	to->ip = read_word(frame + UC_RIP);
	to->bp = read_word(frame + UC_RBP);
	to->sp = read_word(frame + UC_RSP);
	to->bp_slot = to->cfa_slot = 0;
	to->signal = 1;
	return to->ip ? HL_WALK_ROOT : HL_WALK_PARTIAL;
}

/* The CFA of a realigned frame; 0 when its slot must not be read. */
static uintptr_t deref_cfa(const struct state *from, struct state *to, uintptr_t slot)
{
	if (slot - from->sp >= MAX_FRAME_BYTES || slot >= top_of(from->sp))
		return 0;
	to->cfa_slot = slot;
	return read_word(slot);
}

/* The most frequent rule; hl_rule_find() has made sure that it reads nothing outside of the frame. */
static inline enum hl_walk_end step_sp(const struct state *from, struct state *to,
	struct hl_rule rule)
{
	uintptr_t cfa = from->sp + (uintptr_t)(intptr_t)rule.cfa_offset, bp = from->bp, slot = 0;

	if (rule.bp != HL_BP_SAME) {
		slot = cfa + (uintptr_t)(intptr_t)rule.bp_offset;
		bp = read_word(slot);
	}
	to->ip = read_word(cfa - 8);
	to->sp = cfa;
	to->bp = bp;
	to->bp_slot = slot;
	to->cfa_slot = 0;
	to->used_bp = 0;
	to->signal = 0;
	return hl_likely(to->ip != 0) ? HL_WALK_ROOT : HL_WALK_PARTIAL;
}

static __attribute__((noinline)) enum hl_walk_end step_bp(const struct state *from,
	struct state *to, struct hl_rule rule)
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
		bp = read_word(slot);
	}
	to->bp_slot = slot;
	to->bp = bp;
	to->sp = cfa;
	to->ip = read_word(cfa - 8);
	return hl_likely(to->ip != 0) ? HL_WALK_ROOT : HL_WALK_PARTIAL;
}

/*
 * The part of the thread's own stack that has been walked to its root: all of it is mapped as long as
 * the thread lives.
 */
struct own {
	uintptr_t low;
	uintptr_t high;
};

/* The kernel leaves so much room below the program's stack. */
#define MAIN_STACK_BYTES (64u << 20)

/* A guessed frame pointer may point anywhere, even into a guard page. */
static bool is_readable(const struct own *own, uintptr_t sp, uintptr_t bp)
{
	uintptr_t main_end = (uintptr_t)__libc_stack_end;

	if (hl_likely(own && sp >= own->low && bp + 16 <= own->high))
		return true;
	if (hl_likely(bp + 16 <= main_end && main_end - sp < MAIN_STACK_BYTES))
		return true;
	return hl_os_is_readable(bp) && hl_os_is_readable(bp + 8);
}

static __attribute__((noinline)) enum hl_walk_end step_chain(const struct state *from,
	struct state *to, const struct own *own)
{
	static const struct hl_rule chain = { HL_RULE_BP, HL_BP_AT_CFA, -16, 16 };

	if (from->bp < from->sp || from->bp - from->sp > MAX_CHAIN_BYTES || from->bp % 8 != 0 ||
		!is_readable(own, from->sp, from->bp))
		return HL_WALK_PARTIAL;
	return step_bp(from, to, chain);
}

/*
 * One frame outwards.  HL_WALK_ROOT: @to is the caller's frame; otherwise @from is the last one.
 * @own: NULL when nothing is known of it
 */
static inline enum hl_walk_end step(const struct state *from, struct state *to, struct hl_rule rule,
	const struct own *own)
{
	if (hl_likely(rule.kind == HL_RULE_SP))
		return step_sp(from, to, rule);
	if (rule.kind < HL_RULE_CHAIN)
		return step_bp(from, to, rule);
	if (rule.kind == HL_RULE_SIGNAL)
		return step_signal(from, to);
	return rule.kind == HL_RULE_CHAIN ? step_chain(from, to, own) : HL_WALK_UNFIT;
}

/*
 * Is this the outermost frame of the thread's own stack?  The program's start has its stack pointer
 * at __libc_stack_end, that of a thread lies right below the thread pointer.  The first thread's
 * pointer is in no stack: what lies below it may be a fibre's stack, which can be unmapped.
 */
static bool is_own_root(const struct state *s)
{
	uintptr_t main_end = (uintptr_t)__libc_stack_end;
	uintptr_t thread_pointer = (uintptr_t)__builtin_thread_pointer();

	if (s->sp <= main_end && main_end - s->sp <= 64)
		return true;
	return thread_pointer != main_pointer && s->sp < thread_pointer &&
		thread_pointer - s->sp < MAX_ROOT_BYTES;
}

static void widen(struct own *own, uintptr_t sp, uintptr_t root_sp)
{
	if (own->high != root_sp || sp < own->low)
		own->low = sp;
	own->high = root_sp;
}

/* The ABI has BP zero in the outermost frame. */
static bool is_end(const struct state *s, struct hl_rule rule, bool fp_only)
{
	return rule.kind == HL_RULE_END || (fp_only && s->bp == 0);
}

static enum hl_walk_end walk(const struct hl_caller *caller, bool fp_only, struct own *own,
	uintptr_t *ips, size_t room, size_t *nr_ips)
{
	struct state states[2] = { { .ip = caller->ip, .sp = caller->sp, .bp = caller->bp } };
	struct hl_rule rule = { .kind = HL_RULE_CHAIN };
	enum hl_walk_end end;

	for (size_t n = 0; n < room;) {
		struct state *from = &states[n & 1], *to = &states[~n & 1];

		ips[n++] = from->ip;
		*nr_ips = n;
		if (!fp_only)
			rule = hl_rule_find(from->ip | (from->signal ? HL_RULE_EXACT : 0));
		end = HL_WALK_ROOT;
		if (!is_end(from, rule, fp_only)) {
			end = step(from, to, rule, own);
			if (end == HL_WALK_ROOT)
				continue;
		}
		/* libc is built without frame pointers: the chain seldom ends as it should. */
		if (own && fp_only && is_own_root(from))
			widen(own, caller->sp, from->sp);
		return end;
	}
	return HL_WALK_TRUNCATED;
}

/* ---- The verified last stack ---- */

struct frame {
	uintptr_t ip;
	uintptr_t sp;
	uintptr_t bp;
	uint32_t node;
	/* What must hold for the way from here to the root: checks[0..checks). 32 bytes in all. */
	uint32_t checks : 31;
	uint32_t needs_bp : 1;		/* the way depends on bp */
};

/* A slot that was read on the way, and what was in it. */
struct check {
	const uintptr_t *slot;
	uintptr_t value;
};

/* What was last known of an address; and of an address below a node. */
struct memo {
	uintptr_t ip;
	struct hl_rule rule;
};
struct node_memo {
	uintptr_t ip;
	uint32_t parent;
	uint32_t node;			/* 0: empty */
};
#define NR_MEMOS 512u
#define NR_NODE_MEMOS 1024u

struct hl_stack_cache {
	uint32_t nr_frames;
	uint32_t generation;
	struct own own;
	struct frame *frames;		/* [0] is the outermost */
	struct check *checks;
	struct state *fresh;		/* frames of the walk that were not met, innermost first */
	struct node_memo nodes[NR_NODE_MEMOS];
	struct memo memos[NR_MEMOS];
	struct memo passing;		/* of an address whose rule must not be kept */
};

/* Slots per step: the return address, BP, and the CFA of realigned stacks. */
#define CHECKS_PER_FRAME 3u

size_t hl_stack_cache_bytes(uint32_t depth)
{
	return sizeof(struct hl_stack_cache) + (depth + 1) * (sizeof(struct frame) +
		CHECKS_PER_FRAME * sizeof(struct check) + sizeof(struct state));
}

void hl_stack_cache_clear(struct hl_stack_cache *cache)
{
	cache->nr_frames = 0;
	cache->own = (struct own){ 0, 0 };
}

enum hl_walk_end hl_walk(struct hl_stack_cache *cache, const struct hl_caller *caller, bool fp_only,
	uintptr_t *ips, size_t room, size_t *nr_ips)
{
	return walk(caller, fp_only, cache ? &cache->own : NULL, ips, room, nr_ips);
}

bool hl_walk_is_own(const struct hl_stack_cache *cache, uintptr_t address)
{
	uintptr_t main_end = (uintptr_t)__libc_stack_end;

	/* Hooks and what they call lie below the frame that called them. */
	return (address <= main_end && main_end - address < MAIN_STACK_BYTES) ||
		(address <= cache->own.high && address + HOOK_BYTES >= cache->own.low);
}

void hl_stack_cache_reset(struct hl_stack_cache *cache)
{
	cache->nr_frames = 0;
	memset(cache->nodes, 0, sizeof(cache->nodes));
	memset(cache->memos, 0, sizeof(cache->memos));
}

static void set_up(struct hl_stack_cache *cache, uint32_t depth)
{
	cache->frames = (struct frame *)(cache + 1);
	cache->checks = (struct check *)(cache->frames + depth + 1);
	cache->fresh = (struct state *)(cache->checks + (depth + 1) * CHECKS_PER_FRAME);
}

/* Do all of the first @nr checks hold?  They lie on the live part of the stack. */
static inline bool all_hold(const struct check *check, uint32_t nr)
{
	uintptr_t differ = 0;

	for (; nr >= 4; nr -= 4, check += 4)
		differ |= (*check[0].slot ^ check[0].value) | (*check[1].slot ^ check[1].value) |
			(*check[2].slot ^ check[2].value) | (*check[3].slot ^ check[3].value);
	for (; nr > 0; nr--, check++)
		differ |= *check->slot ^ check->value;
	return differ == 0;
}

/* How many of them, from the outermost inwards? */
static inline uint32_t nr_holding(const struct check *checks, uint32_t nr)
{
	uint32_t i = 0;

	while (i < nr && *checks[i].slot == checks[i].value)
		i++;
	return i;
}

/* Appends a frame inside of the ones that are there.  @s: how its caller, the last one, was found. */
static inline void push(struct hl_stack_cache *cache, const struct state *frame,
	const struct state *s, uint32_t node)
{
	struct frame *f = &cache->frames[cache->nr_frames], *outer = f - 1;
	struct check *check;

	f->ip = frame->ip;
	f->sp = frame->sp;
	f->bp = frame->bp;
	f->node = node;
	f->checks = 0;
	f->needs_bp = false;
	if (cache->nr_frames++ == 0)
		return;
	check = &cache->checks[outer->checks];
	check->slot = (const uintptr_t *)(outer->sp - 8);
	check->value = outer->ip;
	check++;
	if (hl_unlikely(s->cfa_slot)) {
		check->slot = (const uintptr_t *)s->cfa_slot;
		check->value = outer->sp;
		check++;
	}
	if (s->bp_slot && outer->needs_bp) {
		check->slot = (const uintptr_t *)s->bp_slot;
		check->value = outer->bp;
		check++;
	}
	f->needs_bp = s->used_bp || (!s->bp_slot && outer->needs_bp);
	f->checks = (uint32_t)(check - cache->checks);
}

static inline uint32_t node_of(struct hl_stack_cache *cache, uint32_t parent, uintptr_t ip)
{
	struct node_memo *memo = &cache->nodes[(ip ^ parent * 0x9e3779b1u >> 16) % NR_NODE_MEMOS];

	if (hl_unlikely(memo->ip != ip || memo->parent != parent || memo->node == 0)) {
		memo->ip = ip;
		memo->parent = parent;
		memo->node = hl_stacks_child(parent, ip);
	}
	return memo->node;
}

/*
 * Adds the frames of the walk that were not met, from @s - 1 (outermost) to fresh[0]; each knows
 * from the state behind it how its caller was found.
 */
static inline void push_fresh(struct hl_stack_cache *cache, const struct state *s)
{
	uint32_t node = cache->nr_frames ? cache->frames[cache->nr_frames - 1].node : HL_NODE_ROOT;

	while (s-- > cache->fresh) {
		node = node_of(cache, node, s->ip);
		if (hl_unlikely(node == 0)) {
			hl_stacks_refused();
			return;
		}
		push(cache, s, s + 1, node);
	}
}

static inline bool is_frame(const struct frame *f, const struct state *s)
{
	return f->sp == s->sp && f->ip == s->ip && (!f->needs_bp || f->bp == s->bp);
}

/* How many remembered frames are still on the way to the root: those whose way has not changed. */
static const struct frame *end_of_valid(const struct hl_stack_cache *cache, const struct frame *end)
{
	uint32_t holding = nr_holding(cache->checks, end[-1].checks);

	while (end > cache->frames && end[-1].checks > holding)
		end--;
	return end;
}

static __attribute__((noinline)) struct memo *learn(struct hl_stack_cache *cache, struct memo *memo,
	uintptr_t ip)
{
	struct hl_rule rule = hl_rule_find(ip);

	if (rule.kind == HL_RULE_CHAIN)
		memo = &cache->passing;
	memo->ip = ip;
	memo->rule = rule;
	return memo;
}

static inline struct memo *memo_of(struct hl_stack_cache *cache, uintptr_t ip)
{
	struct memo *memo = &cache->memos[(ip ^ ip >> 9) % NR_MEMOS];

	return hl_likely(memo->ip == ip) ? memo : learn(cache, memo, ip);
}

static __attribute__((noinline)) void start_again(struct hl_stack_cache *cache, uint32_t depth,
	uint32_t generation)
{
	if (!cache->frames)
		set_up(cache, depth);
	cache->generation = generation;
	cache->nr_frames = 0;
	memset(cache->nodes, 0, sizeof(cache->nodes));
	memset(cache->memos, 0, sizeof(cache->memos));
}

static __attribute__((noinline)) enum hl_walk_end walk_fresh(struct hl_stack_cache *cache,
	uint32_t depth, const struct hl_caller *caller, uint32_t *node)
{
	uint32_t generation = __atomic_load_n(&hl_modules_generation, __ATOMIC_ACQUIRE);
	const struct frame *known, *outermost;
	struct state *s;

	/* An event of the early log: there is no stack to it any more. */
	if (hl_unlikely(caller->sp == 0))
		return HL_WALK_PARTIAL;
	if (hl_unlikely(!cache->frames || cache->generation != generation))
		start_again(cache, depth, generation);
	outermost = cache->frames;
	known = outermost + cache->nr_frames;
	s = cache->fresh;
	s->ip = caller->ip;
	s->sp = caller->sp;
	s->bp = caller->bp;
	for (;; s++) {
		struct memo *memo;

		while (known > outermost && known[-1].sp < s->sp)
			known--;
		if (known > outermost && is_frame(known - 1, s)) {
			if (hl_likely(all_hold(cache->checks, known[-1].checks)))
				break;
			/* The way outwards from here is another than before: seldom. */
			known = end_of_valid(cache, known);
			if (known > outermost && is_frame(known - 1, s))
				break;
		}
		if (hl_unlikely((size_t)(known - outermost) + (size_t)(s - cache->fresh) >= depth))
			return HL_WALK_TRUNCATED;
		memo = memo_of(cache, s->ip);
		if (hl_unlikely(memo->rule.kind == HL_RULE_END)) {
			if (!is_own_root(s))
				return HL_WALK_PARTIAL;
			widen(&cache->own, caller->sp, s->sp);
			known = outermost;
			s++;
			break;
		}
		if (hl_unlikely(step(s, s + 1, memo->rule, &cache->own) != HL_WALK_ROOT ||
				    s[1].signal))
			return HL_WALK_UNFIT;
	}
	cache->nr_frames = (uint32_t)(known - outermost);
	push_fresh(cache, s);
	*node = hl_likely(cache->nr_frames) ? cache->frames[cache->nr_frames - 1].node :
					      HL_NODE_UNATTRIBUTED;
	return HL_WALK_ROOT;
}

enum hl_walk_end hl_walk_cached(struct hl_stack_cache *cache, uint32_t depth,
	const struct hl_caller *caller, uint32_t *node)
{
	const struct frame *last = &cache->frames[cache->nr_frames - 1];

	/* Most often it is the same stack again, down to the caller of malloc. */
	if (hl_likely(cache->nr_frames != 0) && last->sp == caller->sp && last->ip == caller->ip &&
		(!last->needs_bp || last->bp == caller->bp) &&
		cache->generation == __atomic_load_n(&hl_modules_generation, __ATOMIC_ACQUIRE) &&
		all_hold(cache->checks, last->checks)) {
		*node = last->node;
		return HL_WALK_ROOT;
	}
	return walk_fresh(cache, depth, caller, node);
}
