/* SPDX-License-Identifier: MIT */
/*
 * The verified last stacks of a lane.
 */
#include "stacks/cache.h"

#include <string.h>

#include "stacks/code.h"
#include "stacks/modules.h"
#include "stacks/moved.h"
#include "stacks/nodes.h"
#include "stacks/rules.h"

/* Slots per step: the return address, BP, and the CFA of realigned stacks. */
#define CHECKS_PER_FRAME 3u

size_t hl_stack_cache_bytes(uint32_t depth)
{
	return sizeof(struct hl_stack_cache) + (depth + 1) * (sizeof(struct hl_known_frame) +
		CHECKS_PER_FRAME * sizeof(struct hl_check) + sizeof(struct hl_walk_state) +
		sizeof(uint32_t)) + (hl_stack_room(depth) + 1) * sizeof(uintptr_t);
}

void hl_stack_cache_open(struct hl_stack_cache *cache, uint32_t depth)
{
	cache->frames = (struct hl_known_frame *)(cache + 1);
	cache->checks = (struct hl_check *)(cache->frames + depth + 1);
	cache->fresh = (struct hl_walk_state *)(cache->checks + (depth + 1) * CHECKS_PER_FRAME);
	cache->ips = (uintptr_t *)(cache->fresh + depth + 1);
	cache->hashes = (uint32_t *)(cache->ips + hl_stack_room(depth));
}

/* Pages that were never written are only read: they take no memory. */
static void forget_recent(struct hl_stack_cache *cache)
{
	for (uint32_t i = 0; i < HL_NR_RECENT; i++)
		if (cache->recent[i].ip)
			cache->recent[i].ip = 0;
	cache->newest = NULL;
}

void hl_stack_cache_clear(struct hl_stack_cache *cache)
{
	cache->nr_frames = 0;
	cache->own = (struct hl_own_stack){ 0, 0 };
	forget_recent(cache);
}

void hl_stack_cache_reset(struct hl_stack_cache *cache)
{
	cache->nr_frames = 0;
	forget_recent(cache);
	memset(cache->nodes, 0, sizeof(cache->nodes));
	memset(cache->memos, 0, sizeof(cache->memos));
}

/* They lie on the live part of the stack. */
static inline bool group_holds(const struct hl_check *check)
{
	return *check[3].slot == check[3].value && *check[2].slot == check[2].value &&
		*check[1].slot == check[1].value && *check[0].slot == check[0].value;
}

/* Do all of the first @nr checks hold? */
static inline bool all_hold(const struct hl_check *checks, uint32_t nr)
{
	const struct hl_check *check = checks + nr;

	for (; nr % HL_CHECK_GROUP != 0; nr--) {
		check--;
		if (*check->slot != check->value)
			return false;
	}
	while (check > checks) {
		check -= HL_CHECK_GROUP;
		if (!group_holds(check))
			return false;
	}
	return true;
}

/* The places of stacks whose innermost frame is this. */
static inline struct hl_recent *recent_set(struct hl_stack_cache *cache, uintptr_t ip,
	uintptr_t sp)
{
	uint64_t hash = (ip ^ sp) * 0x9e3779b97f4a7c15ull;

	return &cache->recent[(hash >> (64 - HL_RECENT_SET_BITS)) * HL_RECENT_WAYS];
}

/*
 * Is the way from the frame where the checks of @recent end to the root what it was?  If it needs BP
 * now, it did when @recent was kept, so that join_bp is what the checks lead to: within a generation
 * only addresses without a rule get another one, and without a rule BP is needed.
 */
static inline bool joins(const struct hl_stack_cache *cache,
	const struct hl_recent *recent)
{
	const struct hl_known_frame *now;

	if (hl_unlikely(recent->nr_join > cache->nr_frames))
		return false;
	now = &cache->frames[recent->nr_join - 1];
	return now->sp == recent->join_sp && now->node == recent->join_node &&
		(!now->needs_bp || now->bp == recent->join_bp) &&
		all_hold(cache->checks, now->checks);
}

/* The innermost ones first: there stacks differ most. */
static inline bool holds(const struct hl_stack_cache *cache,
	const struct hl_recent *recent)
{
	const struct hl_check *check = recent->checks + recent->nr_checks;

	while (check > recent->checks) {
		check -= HL_CHECK_GROUP;
		if (!group_holds(check))
			return false;
	}
	return recent->nr_join == 0 || joins(cache, recent);
}

struct hl_recent *hl_stack_cache_find(struct hl_stack_cache *cache, uintptr_t ip, uintptr_t sp,
	uintptr_t bp)
{
	struct hl_recent *recent = recent_set(cache, ip, sp);

	if (hl_unlikely(cache->generation !=
		    __atomic_load_n(&hl_modules_generation, __ATOMIC_ACQUIRE)))
		return NULL;
	for (uint32_t i = 0; i < HL_RECENT_WAYS; i++, recent++)
		if (recent->ip == ip && recent->sp == sp && (!recent->needs_bp || recent->bp == bp) &&
			holds(cache, recent))
			return recent;
	return NULL;
}

/* How many checks hold, from the outermost inwards? */
static inline uint32_t nr_holding(const struct hl_check *checks, uint32_t nr)
{
	uint32_t i = 0;

	while (i < nr && *checks[i].slot == checks[i].value)
		i++;
	return i;
}

/* Appends a frame inside of the ones that are there.  @s: how its caller, the last one, was found. */
static inline void push(struct hl_stack_cache *cache, const struct hl_walk_state *frame,
	const struct hl_walk_state *s, uint32_t node)
{
	struct hl_known_frame *f = &cache->frames[cache->nr_frames], *outer = f - 1;
	struct hl_check *check;

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

static inline struct hl_node_memo *node_memo(struct hl_stack_cache *cache, uint32_t hash)
{
	return &cache->nodes[hash % HL_NR_NODE_MEMOS];
}

static inline uint32_t node_of(struct hl_stack_cache *cache, uint32_t parent, uintptr_t ip, uint32_t hash)
{
	struct hl_node_memo *memo = node_memo(cache, hash);

	if (hl_unlikely(memo->ip != ip || memo->parent != parent || memo->node == 0)) {
		memo->ip = ip;
		memo->parent = parent;
		memo->node = hl_nodes_child(parent, ip, hash);
	}
	return memo->node;
}

/* The hashes of the paths to the frames that were not met; what is not in a memo will be in the table. */
static inline void hash_fresh(struct hl_stack_cache *cache, const struct hl_walk_state *s)
{
	uint32_t *hashes = cache->hashes + cache->nr_frames;
	uint32_t hash = cache->nr_frames ? hashes[-1] : HL_NODE_ROOT;

	while (s-- > cache->fresh) {
		hash = hl_path_hash(hash, hl_moved_recorded(s->ip));
		*hashes++ = hash;
		if (node_memo(cache, hash)->ip != s->ip)
			hl_nodes_prefetch(hash);
	}
}

/*
 * Adds the frames of the walk that were not met, from @s - 1 (outermost) to fresh[0]; each knows
 * from the state behind it how its caller was found.
 */
static inline void push_fresh(struct hl_stack_cache *cache, const struct hl_walk_state *s)
{
	uint32_t node = cache->nr_frames ? cache->frames[cache->nr_frames - 1].node : HL_NODE_ROOT;

	hash_fresh(cache, s);
	while (s-- > cache->fresh) {
		node = node_of(cache, node, s->ip, cache->hashes[cache->nr_frames]);
		if (hl_unlikely(node == 0)) {
			hl_nodes_refused();
			return;
		}
		push(cache, s, s + 1, node);
	}
}

static inline bool is_frame(const struct hl_known_frame *f, const struct hl_walk_state *s)
{
	return f->sp == s->sp && f->ip == s->ip && (!f->needs_bp || f->bp == s->bp);
}

/* How many remembered frames are still on the way to the root: those whose way has not changed. */
static const struct hl_known_frame *end_of_valid(const struct hl_stack_cache *cache, const struct hl_known_frame *end)
{
	uint32_t holding = nr_holding(cache->checks, end[-1].checks);

	while (end > cache->frames && end[-1].checks > holding)
		end--;
	return end;
}

static __attribute__((noinline)) struct hl_rule_memo *learn(struct hl_stack_cache *cache, struct hl_rule_memo *memo,
	const struct hl_walk_state *s)
{
	struct hl_rule rule = hl_rule_find(s->ip);

	if (rule.kind == HL_RULE_CHAIN) {
		memo = &cache->passing;
		rule = hl_walk_rule(s);
		/* What is no code is left to hl_walk(), which ends the stack before. */
		if (rule.kind == HL_RULE_CHAIN && s != cache->fresh && !hl_code_is(s->ip, s->signal))
			rule.kind = HL_RULE_FULL;
	}
	memo->ip = s->ip;
	memo->rule = rule;
	return memo;
}

static inline struct hl_rule_memo *memo_of(struct hl_stack_cache *cache, const struct hl_walk_state *s)
{
	struct hl_rule_memo *memo = &cache->memos[(s->ip ^ s->ip >> 9) % HL_NR_RULE_MEMOS];

	return hl_likely(memo->ip == s->ip) ? memo : learn(cache, memo, s);
}

static __attribute__((noinline)) void start_again(struct hl_stack_cache *cache, uint32_t generation)
{
	cache->generation = generation;
	cache->nr_frames = 0;
	forget_recent(cache);
	memset(cache->nodes, 0, sizeof(cache->nodes));
	memset(cache->memos, 0, sizeof(cache->memos));
}

static __attribute__((noinline)) enum hl_walk_end walk_fresh(struct hl_stack_cache *cache,
	uint32_t depth, const struct hl_caller *caller, uint32_t *node)
{
	uint32_t generation = __atomic_load_n(&hl_modules_generation, __ATOMIC_ACQUIRE);
	const struct hl_known_frame *known, *outermost;
	struct hl_extent extent;
	struct hl_walk_state *s;

	/* An event of the early log: there is no stack to it any more. */
	if (hl_unlikely(caller->sp == 0))
		return HL_WALK_PARTIAL;
	if (hl_unlikely(cache->generation != generation))
		start_again(cache, generation);
	outermost = cache->frames;
	known = outermost + cache->nr_frames;
	s = cache->fresh;
	s->ip = caller->ip;
	s->sp = caller->sp;
	s->bp = caller->bp;
	hl_extent_begin(&extent, &cache->own, caller->sp);
	for (;; s++) {
		struct hl_rule_memo *memo;

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
		memo = memo_of(cache, s);
		if (hl_unlikely(memo->rule.kind == HL_RULE_END)) {
			if (!hl_walk_is_root(s))
				return HL_WALK_PARTIAL;
			hl_own_stack_widen(&cache->own, caller->sp, s->sp);
			known = outermost;
			s++;
			break;
		}
		if (hl_unlikely(hl_step(s, s + 1, memo->rule, &cache->own, &extent) != HL_WALK_ROOT ||
				    s[1].signal))
			return HL_WALK_UNFIT;
	}
	cache->nr_frames = (uint32_t)(known - outermost);
	push_fresh(cache, s);
	*node = hl_likely(cache->nr_frames) ? cache->frames[cache->nr_frames - 1].node :
					      HL_NODE_UNATTRIBUTED;
	return HL_WALK_ROOT;
}

/*
 * The frame of the last stack where the checks of a recent one may end.  Best is one with a whole number
 * of groups outside, so that neither part has single checks.
 */
static const struct hl_known_frame *find_join(const struct hl_stack_cache *cache, uint32_t nr_checks)
{
	uint32_t least = nr_checks - HL_RECENT_CHECKS;
	const struct hl_known_frame *last = &cache->frames[cache->nr_frames - 1], *join = last, *even;

	while (join > cache->frames && join[-1].checks >= least)
		join--;
	for (even = join; even < last && even->checks < least + HL_CHECK_GROUP; even++)
		if (even->checks % HL_CHECK_GROUP == 0)
			return even;
	return join;
}

/* Remembers the last stack among the recent ones, in place of one with the same hash. */
static void keep_recent(struct hl_stack_cache *cache)
{
	const struct hl_known_frame *last = &cache->frames[cache->nr_frames - 1], *join;
	struct hl_recent *recent = recent_set(cache, last->ip, last->sp);
	uint32_t from = 0, nr;

	if (recent->ip != 0 && (recent[1].ip == 0 || cache->turn++ % HL_RECENT_WAYS != 0))
		recent++;
	recent->nr_join = 0;
	if (last->checks > HL_RECENT_CHECKS) {
		join = find_join(cache, last->checks);
		recent->nr_join = (uint16_t)(join - cache->frames + 1);
		recent->join_sp = join->sp;
		recent->join_bp = join->bp;
		recent->join_node = join->node;
		from = join->checks;
	}
	recent->ip = last->ip;
	recent->sp = last->sp;
	recent->bp = last->bp;
	recent->needs_bp = last->needs_bp;
	recent->node = last->node;
	recent->kind = 0;
	nr = last->checks - from;
	memcpy(recent->checks, cache->checks + from, nr * sizeof(*recent->checks));
	for (; nr % HL_CHECK_GROUP != 0; nr++)
		recent->checks[nr] = recent->checks[nr - 1];
	recent->nr_checks = (uint8_t)nr;
	cache->newest = recent;
}

enum hl_walk_end hl_stack_cache_walk(struct hl_stack_cache *cache, uint32_t depth,
	const struct hl_caller *caller, uint32_t *node)
{
	enum hl_walk_end end = walk_fresh(cache, depth, caller, node);
	const struct hl_known_frame *last = &cache->frames[cache->nr_frames - 1];

	cache->newest = NULL;
	/* Not when there was no room for all of its nodes. */
	if (end == HL_WALK_ROOT && cache->nr_frames != 0 && last->ip == caller->ip &&
		last->sp == caller->sp)
		keep_recent(cache);
	return end;
}
