/* SPDX-License-Identifier: MIT */
/*
 * The booking of events.
 */
#include "account/account.h"

#include <errno.h>

#include "account/count.h"
#include "account/early.h"
#include "account/lanes.h"
#include "account/sample.h"
#include "account/sites.h"
#include "base/options.h"
#include "base/program.h"
#include "base/real.h"
#include "base/shadow.h"
#include "base/thread.h"
#include "stacks/modules.h"
#include "stacks/nodes.h"

static __attribute__((noinline)) void count_incomplete(struct hl_lane *lane, enum hl_walk_end end)
{
	if (end == HL_WALK_TRUNCATED) {
		HL_LANE_ADD(lane, truncated_events, 1);
		return;
	}
	HL_LANE_ADD(lane, partial_events, 1);
	if (end == HL_WALK_NO_INFO)
		HL_LANE_ADD(lane, partial_no_info, 1);
	else if (end == HL_WALK_CODE)
		HL_LANE_ADD(lane, partial_code, 1);
	else if (end == HL_WALK_NO_UNWINDER)
		HL_LANE_ADD(lane, partial_unwinder, 1);
	else if (end == HL_WALK_NO_ROOM)
		HL_LANE_ADD(lane, partial_budget, 1);
}

/* A node has one site for each kind and domain. */
HL_SPECIALISED uint16_t memo_kind(enum hl_kind kind, enum hl_domain domain)
{
	return (uint16_t)(kind | (unsigned int)domain << 8);
}

static void find_place(struct hl_lane *lane, uint32_t node, enum hl_kind kind,
	enum hl_domain domain, struct hl_place *place)
{
	struct hl_memo *memo = lane ? &lane->memo[node % HL_LANE_MEMO] : NULL;
	bool known = memo && memo->node == node && memo->kind == memo_kind(kind, domain);
	struct hl_lane *owner = lane;

	if (known && memo->counters) {
		*place = (struct hl_place){ memo->site, memo->counters, true };
		return;
	}
	place->site = known ? memo->site : hl_sites_find(node, kind, domain, lane ? lane->thread : 0);
	place->counters = hl_counters_of(&owner, place->site);
	place->owned = owner != NULL;
	/* Of shared counters no memo is made: each time it is asked whether the lane gets some of its own. */
	if (memo)
		*memo = (struct hl_memo){ .node = node, .kind = memo_kind(kind, domain), .site = place->site,
			.counters = place->owned ? place->counters : NULL };
}

/* A stack that is not among the recent ones, or not of the same kind. */
static __attribute__((noinline)) void capture_new(struct hl_lane *lane, struct hl_recent *recent,
	enum hl_kind kind, enum hl_domain domain, const struct hl_caller *caller,
	struct hl_place *place)
{
	enum hl_walk_end end = HL_WALK_ROOT;
	uint32_t node = recent ? recent->node : hl_unwind_node(lane ? lane->stack : NULL, caller, &end);

	if (hl_unlikely(end != HL_WALK_ROOT))
		count_incomplete(lane, end);
	else if (lane && !recent)
		recent = lane->stack->newest;
	find_place(lane, node, kind, domain, place);
	if (recent && place->owned && recent->node == node) {
		recent->kind = kind & 0x7f;
		recent->site = place->site;
		recent->counters = place->counters;
	}
}

/* Where the event came from: its site, new or known, and the counters of it. */
static void capture(struct hl_lane *lane, enum hl_kind kind, enum hl_domain domain,
	const struct hl_caller *caller, struct hl_place *place)
{
	/* Where the loader calls another malloc it hints at nothing: whatever is new may be of a new object. */
	if (hl_unlikely(hl_program_flags() & HL_FLAG_OWN_MALLOC))
		hl_modules_count_hint();
	if (lane)
		hl_modules_follow(caller->ip, &lane->hints_seen);
	else
		hl_modules_hint(caller->ip);
	capture_new(lane, lane ? hl_unwind_recent(lane->stack, caller) : NULL, kind, domain, caller, place);
}

/* The recent stack of an event and what was counted for it, or NULL: then capture(). */
HL_SPECIALISED const struct hl_recent *recapture(struct hl_lane *lane, enum hl_kind kind,
	struct hl_caller caller)
{
	const struct hl_recent *recent;

	hl_modules_follow(caller.ip, &lane->hints_seen);
	recent = hl_unwind_recent(lane->stack, &caller);
	return hl_likely(recent && recent->kind == kind) ? recent : NULL;
}

HL_SPECIALISED struct hl_place place_of(const struct hl_recent *recent)
{
	return (struct hl_place){ recent->site, recent->counters, true };
}

/* How many blocks one stands for: one, but for --sample. */
HL_SPECIALISED uint64_t weight_of(const void *block, size_t size)
{
	return hl_likely(hl_options.sample_bytes == 0) ? 1 : hl_sample_weight(block, size);
}

/* When a block is put into the address map (@step 1) or taken out (-1). */
HL_SPECIALISED void note_sample(const void *block, int step)
{
	if (hl_unlikely(hl_options.sample_bytes != 0))
		hl_sample_note(block, step);
}

/* A shim-owned block: remembered, so that whoever frees it is not taken for a stranger. */
static void book_own(const void *block)
{
	uint32_t *slot = hl_shadow_make_slot(block);

	if (!slot)
		return;
	hl_shadow_set(slot, HL_SITE_OWN, 0, 0);
	note_sample(block, 1);
}

HL_SPECIALISED void book_at(struct hl_lane *lane, struct hl_place place, const void *block,
	size_t size, uint64_t weight)
{
	uint32_t *slot = hl_shadow_make_slot(block);

	if (hl_unlikely(!slot)) {
		HL_SHARED_ADD(hl_globals->lost_blocks, 1);
		return;
	}
	hl_begin_change(lane);
	if (hl_unlikely(*slot != 0))
		HL_LANE_ADD(lane, replaced_blocks, 1);
	if (hl_unlikely(!hl_shadow_set(slot, place.site, hl_usable_size(block), size))) {
		HL_SHARED_ADD(hl_globals->lost_blocks, 1);
		hl_end_change(lane);
		return;
	}
	hl_count_alloc(lane, &place, weight * size, weight, HL_DOMAIN_MALLOC);
	hl_end_change(lane);
	hl_add_bytes(lane, (int64_t)(weight * size), HL_DOMAIN_MALLOC);
	if (lane)
		lane->last_block = block;
}

/* Every other event than the most frequent: measured, weighted, without a lane, of a new stack. */
static __attribute__((noinline)) void book_new(struct hl_lane *lane, const void *block, size_t size,
	enum hl_kind kind, const struct hl_caller *caller)
{
	uint64_t start_ns = hl_begin_timing(lane);
	struct hl_place place;

	if (lane && !hl_is_plain(lane))
		hl_find_special(lane);
	capture(lane, kind, HL_DOMAIN_MALLOC, caller, &place);
	book_at(lane, place, block, size, weight_of(block, size));
	note_sample(block, 1);
	hl_end_timing(lane, start_ns);
}

/*
 * An allocator may have to set itself up when it is first asked for the size of a block, and allocate for
 * it (tcmalloc does, through an operator new that may be the program's or libstdc++'s and come here): that
 * is the shim's own, and must not ask again.  A lane's first event is not one of the short way.
 */
static void settle_usable_size(const void *block)
{
	static bool settled;
	sigset_t saved;

	if (hl_likely(!hl_real.foreign) || hl_tls.own ||
		__atomic_load_n(&hl_mode, __ATOMIC_RELAXED) != HL_MODE_ON ||
		__atomic_exchange_n(&settled, true, __ATOMIC_RELAXED))
		return;
	/* What a handler asks for is not the shim's. */
	hl_os_block_signals(&saved);
	hl_tls.own++;
	hl_real.malloc_usable_size((void *)block);
	hl_tls.own--;
	hl_os_restore_signals(&saved);
}

void hl_book_early(const void *block, size_t size, enum hl_kind kind, const struct hl_caller *caller)
{
	struct hl_guard guard;

	settle_usable_size(block);
	if (!hl_enter(&guard))
		return;
	hl_real_judge_head(block);
	if (guard.what == HL_EVENT_OWN)
		book_own(block);
	else if (guard.what == HL_EVENT_BOOK)
		book_new(guard.lane, block, size, kind, caller);
	else
		hl_early_alloc(block, size, kind, caller->ip);
	hl_leave(&guard);
}

static __attribute__((noinline)) void book_new_unusual(const void *block, size_t size,
	enum hl_kind kind, const struct hl_hook_frame *frame)
{
	struct hl_caller caller = hl_caller_of(frame);

	hl_book_early(block, size, kind, &caller);
}

static __attribute__((noinline)) void book_new_special(struct hl_lane *lane, const void *block,
	size_t size, enum hl_kind kind, const struct hl_hook_frame *frame)
{
	struct hl_caller caller = hl_caller_of(frame);

	book_new(lane, block, size, kind, &caller);
}

void hl_book_alloc(const void *block, size_t size, enum hl_kind kind,
	const struct hl_hook_frame *frame)
{
	struct hl_lane *lane = hl_enter_lane((uintptr_t)frame);
	const struct hl_recent *recent = NULL;

	if (hl_unlikely(!lane)) {
		book_new_unusual(block, size, kind, frame);
		return;
	}
	if (hl_is_plain(lane))
		recent = recapture(lane, kind, hl_caller_of(frame));
	if (hl_likely(recent != NULL))
		book_at(lane, place_of(recent), block, size, 1);
	else
		book_new_special(lane, block, size, kind, frame);
	hl_leave_lane(lane);
}

void hl_book_passed(size_t size, enum hl_kind kind, const struct hl_caller *caller)
{
	struct hl_guard guard;
	struct hl_place place;

	if (!hl_enter(&guard))
		return;
	capture(guard.lane, kind, HL_DOMAIN_MALLOC, caller, &place);
	hl_begin_change(guard.lane);
	hl_count_alloc(guard.lane, &place, size, 1, HL_DOMAIN_MALLOC);
	hl_count_free(guard.lane, place.site, size, 1, false, HL_DOMAIN_MALLOC);
	hl_end_change(guard.lane);
	hl_leave(&guard);
}

void hl_book_failure(void)
{
	struct hl_guard guard;

	if (!hl_enter(&guard))
		return;
	if (guard.what == HL_EVENT_BOOK)
		HL_LANE_ADD(guard.lane, failed_allocs, 1);
	hl_leave(&guard);
}

/* A free of a block whose site does not count any more, or that nobody saw being made. */
static void note_stranger(struct hl_lane *lane, uint32_t site)
{
	if (site == HL_SITE_NONE)
		HL_LANE_ADD(lane, unknown_frees, 1);
	/* Those from before hl_clear_traces() are nobody's loss. */
	else if (site != HL_SITE_OWN && site < hl_site_inherited)
		HL_LANE_ADD(lane, inherited_frees, 1);
}

/*
 * Takes a block out of the address map.  Returns false when there is nothing to count: it is not
 * known, the shim's own, or the parent's.  @weighted: there may be --sample.
 */
HL_SPECIALISED bool take_block(const void *block, bool weighted, struct hl_removed *removed)
{
	uint32_t *slot = hl_shadow_slot(block);

	removed->site = slot ? hl_shadow_site(slot) : HL_SITE_NONE;
	if (hl_unlikely(removed->site == HL_SITE_NONE))
		return false;
	if (hl_unlikely(removed->site < hl_site_unattributed)) {
		hl_shadow_take(slot, 0);
		if (weighted)
			note_sample(block, -1);
		return false;
	}
	removed->size = hl_shadow_take(slot, hl_usable_size(block));
	if (weighted)
		note_sample(block, -1);
	return true;
}

HL_SPECIALISED bool is_temporary(struct hl_lane *lane, const void *block)
{
	bool temporary = lane && lane->last_block == block;

	if (lane)
		lane->last_block = NULL;
	return temporary;
}

HL_SPECIALISED void book_old(struct hl_lane *lane, const void *block, bool weighted)
{
	struct hl_removed removed;
	uint64_t weight;

	hl_begin_change(lane);
	if (hl_unlikely(!take_block(block, weighted, &removed))) {
		note_stranger(lane, removed.site);
		hl_end_change(lane);
		return;
	}
	weight = weighted ? weight_of(block, removed.size) : 1;
	hl_count_free(lane, removed.site, weight * removed.size, weight, is_temporary(lane, block),
		HL_DOMAIN_MALLOC);
	hl_end_change(lane);
	hl_add_bytes(lane, -(int64_t)(weight * removed.size), HL_DOMAIN_MALLOC);
}

static __attribute__((noinline)) void book_old_unusual(const void *block,
	const struct hl_hook_frame *frame)
{
	uint32_t *slot = hl_shadow_slot(block);
	struct hl_guard guard;

	if (!hl_enter(&guard))
		return;
	hl_modules_hint(frame->ip);
	if (guard.what == HL_EVENT_EARLY)
		hl_early_free(block);
	else if (guard.what == HL_EVENT_BOOK || (slot && hl_shadow_site(slot) != HL_SITE_NONE))
		/* What the loader frees while it works for us may have been made for the program. */
		book_old(guard.lane, block, true);
	hl_leave(&guard);
}

static __attribute__((noinline)) void book_old_special(struct hl_lane *lane, const void *block)
{
	uint64_t start_ns = hl_begin_timing(lane);

	hl_find_special(lane);
	book_old(lane, block, true);
	hl_end_timing(lane, start_ns);
}

void hl_book_free(const void *block, const struct hl_hook_frame *frame)
{
	struct hl_lane *lane = hl_enter_lane((uintptr_t)frame);

	if (hl_unlikely(!lane)) {
		book_old_unusual(block, frame);
		return;
	}
	hl_modules_hint(frame->ip);
	if (hl_is_plain(lane))
		book_old(lane, block, false);
	else
		book_old_special(lane, block);
	hl_leave_lane(lane);
}

void hl_book_realloc_begin(const void *block, struct hl_removed *removed)
{
	struct hl_guard guard;

	*removed = (struct hl_removed){ .site = HL_SITE_NONE };
	if (hl_unlikely(!hl_enter(&guard)))
		return;
	if (guard.what != HL_EVENT_EARLY)
		take_block(block, true, removed);
	hl_leave(&guard);
}

void hl_book_realloc_failed(const void *block, const struct hl_removed *removed)
{
	uint32_t *slot = hl_shadow_slot(block);

	if (removed->site != HL_SITE_NONE && slot) {
		/* Of what does not count no size is wanted. */
		if (removed->site < hl_site_unattributed)
			hl_shadow_set(slot, removed->site, 0, 0);
		else
			hl_shadow_set(slot, removed->site, hl_usable_size(block), removed->size);
		note_sample(block, 1);
	}
	hl_book_failure();
}

/* The new block of a realloc; returns the bytes that it counts for. */
HL_SPECIALISED int64_t count_moved(struct hl_lane *lane, struct hl_place place, uint32_t *slot,
	const void *now, size_t size, uint64_t weight, bool moved)
{
	if (hl_unlikely(*slot != 0))
		HL_LANE_ADD(lane, replaced_blocks, 1);
	if (hl_unlikely(!hl_shadow_set(slot, place.site, hl_usable_size(now), size))) {
		HL_SHARED_ADD(hl_globals->lost_blocks, 1);
		return 0;
	}
	hl_count_alloc(lane, &place, weight * size, weight, HL_DOMAIN_MALLOC);
	if (moved && place.owned)
		HL_OWNED_ADD(place.counters->move_count, weight);
	else if (moved)
		HL_SHARED_ADD(place.counters->move_count, weight);
	return (int64_t)(weight * size);
}

/* The old block of a realloc goes; returns the bytes that it counted for. */
HL_SPECIALISED int64_t count_before(struct hl_lane *lane, const void *before,
	const struct hl_removed *removed, uint64_t weight)
{
	if (hl_unlikely(removed->site < hl_site_unattributed)) {
		note_stranger(lane, removed->site);
		return 0;
	}
	hl_count_free(lane, removed->site, weight * removed->size, weight,
		is_temporary(lane, before), HL_DOMAIN_MALLOC);
	return (int64_t)(weight * removed->size);
}

static __attribute__((noinline)) void book_moved(struct hl_lane *lane, const void *before,
	const void *now, size_t size, const struct hl_removed *removed,
	const struct hl_caller *caller)
{
	uint64_t start_ns = hl_begin_timing(lane);
	uint32_t *slot = NULL;
	struct hl_place place;
	int64_t delta;

	if (lane && !hl_is_plain(lane))
		hl_find_special(lane);
	if (now && !hl_sample_skips(size)) {
		capture(lane, HL_KIND_REALLOC, HL_DOMAIN_MALLOC, caller, &place);
		slot = hl_shadow_make_slot(now);
		if (hl_unlikely(!slot))
			HL_SHARED_ADD(hl_globals->lost_blocks, 1);
	}
	hl_begin_change(lane);
	delta = -count_before(lane, before, removed, weight_of(before, removed->size));
	if (slot) {
		delta += count_moved(lane, place, slot, now, size, weight_of(now, size), now != before);
		note_sample(now, 1);
	}
	hl_end_change(lane);
	hl_add_bytes(lane, delta, HL_DOMAIN_MALLOC);
	if (lane)
		lane->last_block = now;
	hl_end_timing(lane, start_ns);
}

static __attribute__((noinline)) void book_moved_unusual(const void *before, const void *now,
	size_t size, const struct hl_removed *removed, const struct hl_hook_frame *frame)
{
	struct hl_caller caller = hl_caller_of(frame);
	struct hl_guard guard;

	if (!hl_enter(&guard))
		return;
	if (guard.what == HL_EVENT_EARLY) {
		hl_early_free(before);
		if (now)
			hl_early_alloc(now, size, HL_KIND_REALLOC, caller.ip);
	} else if (guard.what == HL_EVENT_BOOK || removed->site >= hl_site_unattributed) {
		book_moved(guard.lane, before, guard.what == HL_EVENT_BOOK ? now : NULL, size, removed,
			&caller);
	}
	if (now && guard.what == HL_EVENT_OWN)
		book_own(now);
	hl_leave(&guard);
}

static __attribute__((noinline)) void book_moved_special(struct hl_lane *lane, const void *before,
	const void *now, size_t size, const struct hl_removed *removed,
	const struct hl_hook_frame *frame)
{
	struct hl_caller caller = hl_caller_of(frame);

	book_moved(lane, before, now, size, removed, &caller);
}

void hl_book_realloc_end(const void *before, const void *now, size_t size,
	const struct hl_removed *removed, const struct hl_hook_frame *frame)
{
	struct hl_lane *lane = hl_enter_lane((uintptr_t)frame);
	const struct hl_recent *recent = NULL;
	uint32_t *slot = NULL;
	int64_t delta;

	if (hl_unlikely(!lane)) {
		book_moved_unusual(before, now, size, removed, frame);
		return;
	}
	if (hl_is_plain(lane) && hl_likely(now != NULL && !hl_sample_is_stopped()))
		recent = recapture(lane, HL_KIND_REALLOC, hl_caller_of(frame));
	if (hl_likely(recent != NULL))
		slot = hl_shadow_make_slot(now);
	if (hl_unlikely(!slot)) {
		book_moved_special(lane, before, now, size, removed, frame);
		hl_leave_lane(lane);
		return;
	}
	hl_begin_change(lane);
	delta = -count_before(lane, before, removed, 1);
	delta += count_moved(lane, place_of(recent), slot, now, size, 1, now != before);
	hl_end_change(lane);
	hl_add_bytes(lane, delta, HL_DOMAIN_MALLOC);
	lane->last_block = now;
	hl_leave_lane(lane);
}

uint32_t hl_book_other(size_t size, enum hl_kind kind, enum hl_domain domain,
	const struct hl_caller *caller)
{
	struct hl_place place = { .site = HL_SITE_NONE };
	struct hl_guard guard;

	if (!hl_enter(&guard))
		return place.site;
	if (guard.what == HL_EVENT_BOOK && !hl_sample_is_stopped()) {
		capture(guard.lane, kind, domain, caller, &place);
		hl_begin_change(guard.lane);
		hl_count_alloc(guard.lane, &place, size, 1, domain);
		hl_end_change(guard.lane);
		hl_add_bytes(guard.lane, (int64_t)size, domain);
	}
	hl_leave(&guard);
	return place.site;
}

void hl_book_other_gone(uint32_t site, size_t size, uint64_t nr_blocks, enum hl_domain domain)
{
	struct hl_guard guard;

	if (!hl_enter(&guard))
		return;
	if (guard.what == HL_EVENT_BOOK && site >= hl_site_unattributed) {
		hl_begin_change(guard.lane);
		hl_count_free(guard.lane, site, size, nr_blocks, false, domain);
		hl_end_change(guard.lane);
		hl_add_bytes(guard.lane, -(int64_t)size, domain);
	}
	hl_leave(&guard);
}
