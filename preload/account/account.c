/* SPDX-License-Identifier: MIT */
/*
 * The booking of events.
 */
#include "account/account.h"

#include <errno.h>

#include "account/capture.h"
#include "account/count.h"
#include "account/early.h"
#include "account/lanes.h"
#include "account/orders.h"
#include "account/sample.h"
#include "account/sites.h"
#include "base/options.h"
#include "base/private.h"
#include "base/real.h"
#include "base/shadow.h"
#include "base/thread.h"
#include "stacks/hints.h"

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
	hl_count_size(lane, size, weight);
	hl_end_change(lane);
	hl_add_bytes(lane, (int64_t)(weight * size), HL_DOMAIN_MALLOC);
	if (lane)
		lane->last_block = block;
}

/* A slow step of an event, and what it works with. */
struct slow {
	void (*step)(const struct slow *slow);
	struct hl_lane *lane;
	const void *block;
	size_t size;
	enum hl_kind kind;
	struct hl_removed *removed;
	const struct hl_hook_frame *frame;
};

static void take_step(void *arg)
{
	const struct slow *slow = arg;

	slow->step(slow);
}

/* Is there room on the stack at hand, which @sp is on, for more than the most frequent kind of event? */
HL_SPECIALISED bool has_room(const struct hl_lane *lane, uintptr_t sp)
{
	return hl_walk_is_own(lane ? &lane->stack->own : NULL, sp);
}

/* A coroutine's stack or a signal handler's may have a few hundred bytes. */
HL_SPECIALISED void run_with_room(void (*step)(void *), void *arg, uintptr_t sp)
{
	if (has_room(hl_tls.lane, sp) || !hl_private_run(step, arg))
		step(arg);
}

/* What calls this is called last, instead of its caller, whose frame is gone: it leaves the lane as well. */
HL_SPECIALISED void run_slow(struct slow *slow)
{
	run_with_room(take_step, slow, (uintptr_t)slow->frame);
}

/* Every other event than the most frequent: measured, weighted, without a lane, of a new stack. */
static __attribute__((noinline)) void book_new(struct hl_lane *lane, const void *block, size_t size,
	enum hl_kind kind, const struct hl_caller *caller)
{
	uint64_t start_ns = hl_begin_timing(lane);
	struct hl_place place;

	if (lane && !hl_is_plain(lane))
		hl_find_special(lane);
	hl_capture(lane, kind, HL_DOMAIN_MALLOC, caller, &place);
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
	uint64_t saved;

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
	if (!hl_orders_enter(&guard))
		return;
	hl_real_judge_head(block);
	if (guard.what == HL_EVENT_OWN)
		book_own(block);
	else if (guard.what == HL_EVENT_EARLY)
		hl_early_alloc(block, size, kind, caller->ip);
	/* It may have been told so just now. */
	else if (!hl_sample_is_stopped())
		book_new(guard.lane, block, size, kind, caller);
	hl_leave(&guard);
}

static void book_new_unusual(const struct slow *slow)
{
	struct hl_caller caller = hl_caller_of(slow->frame);

	hl_book_early(slow->block, slow->size, slow->kind, &caller);
}

static __attribute__((noinline)) void book_new_special(struct hl_lane *lane, const void *block,
	size_t size, enum hl_kind kind, const struct hl_hook_frame *frame)
{
	struct hl_caller caller = hl_caller_of(frame);

	book_new(lane, block, size, kind, &caller);
}

static void book_new_foreign(const struct slow *slow)
{
	book_new_special(slow->lane, slow->block, slow->size, slow->kind, slow->frame);
	hl_leave_lane(slow->lane);
}

static __attribute__((noinline)) void book_new_slow(void (*step)(const struct slow *), struct hl_lane *lane,
	const void *block, size_t size, enum hl_kind kind, const struct hl_hook_frame *frame)
{
	struct slow slow = { step, lane, block, size, kind, NULL, frame };

	run_slow(&slow);
}

void hl_book_alloc(const void *block, size_t size, enum hl_kind kind,
	const struct hl_hook_frame *frame)
{
	struct hl_lane *lane = hl_enter_lane((uintptr_t)frame);
	const struct hl_recent *recent = NULL;

	if (hl_unlikely(!lane)) {
		book_new_slow(book_new_unusual, NULL, block, size, kind, frame);
		return;
	}
	if (hl_is_plain(lane)) {
		recent = hl_recapture(lane, kind, hl_caller_of(frame));
	} else if (hl_orders_leave(lane)) {
		book_new_slow(book_new_unusual, NULL, block, size, kind, frame);
		return;
	}
	if (hl_likely(recent != NULL)) {
		book_at(lane, hl_place_of(recent), block, size, 1);
	} else if (hl_likely(has_room(lane, (uintptr_t)frame))) {
		book_new_special(lane, block, size, kind, frame);
	} else {
		book_new_slow(book_new_foreign, lane, block, size, kind, frame);
		return;
	}
	hl_leave_lane(lane);
}

void hl_book_passed(size_t size, enum hl_kind kind, const struct hl_caller *caller)
{
	struct hl_guard guard;
	struct hl_place place;

	if (!hl_orders_enter(&guard))
		return;
	hl_capture(guard.lane, kind, HL_DOMAIN_MALLOC, caller, &place);
	hl_begin_change(guard.lane);
	/* It never is among the totals' bytes, so no further peak comes of it. */
	hl_peak_fall();
	hl_count_alloc(guard.lane, &place, size, 1, HL_DOMAIN_MALLOC);
	hl_count_size(guard.lane, size, 1);
	hl_count_free(guard.lane, place.site, size, 1, false, HL_DOMAIN_MALLOC);
	hl_end_change(guard.lane);
	hl_leave(&guard);
}

void hl_book_failure(void)
{
	struct hl_guard guard;

	if (!hl_orders_enter(&guard))
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
	if (hl_unlikely(removed->site < hl_site_first)) {
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

static void book_old_unusual(const struct slow *slow)
{
	uint32_t *slot = hl_shadow_slot(slow->block);
	struct hl_guard guard;

	if (!hl_orders_enter(&guard))
		return;
	hl_hints_note(slow->frame->ip);
	if (guard.what == HL_EVENT_EARLY)
		hl_early_free(slow->block);
	else if (guard.what == HL_EVENT_BOOK || (slot && hl_shadow_site(slot) != HL_SITE_NONE))
		/* What the loader frees while it works for us may have been made for the program. */
		book_old(guard.lane, slow->block, true);
	hl_leave(&guard);
}

static void book_old_special(const struct slow *slow)
{
	uint64_t start_ns = hl_begin_timing(slow->lane);

	hl_find_special(slow->lane);
	book_old(slow->lane, slow->block, true);
	hl_end_timing(slow->lane, start_ns);
	hl_leave_lane(slow->lane);
}

static __attribute__((noinline)) void book_old_slow(void (*step)(const struct slow *), struct hl_lane *lane,
	const void *block, const struct hl_hook_frame *frame)
{
	struct slow slow = { .step = step, .lane = lane, .block = block, .frame = frame };

	run_slow(&slow);
}

void hl_book_free(const void *block, const struct hl_hook_frame *frame)
{
	struct hl_lane *lane = hl_enter_lane((uintptr_t)frame);

	if (hl_unlikely(!lane)) {
		book_old_slow(book_old_unusual, NULL, block, frame);
		return;
	}
	hl_hints_note(frame->ip);
	if (hl_unlikely(!hl_is_plain(lane))) {
		if (hl_orders_leave(lane))
			book_old_slow(book_old_unusual, NULL, block, frame);
		else
			book_old_slow(book_old_special, lane, block, frame);
		return;
	}
	book_old(lane, block, false);
	hl_leave_lane(lane);
}

static void begin_realloc_unusual(const struct slow *slow)
{
	struct hl_guard guard;

	if (!hl_orders_enter(&guard))
		return;
	if (guard.what != HL_EVENT_EARLY)
		take_block(slow->block, true, slow->removed);
	hl_leave(&guard);
}

static __attribute__((noinline)) void begin_realloc_slow(const void *block, struct hl_removed *removed,
	const struct hl_hook_frame *frame)
{
	struct slow slow = { .step = begin_realloc_unusual, .block = block, .removed = removed, .frame = frame };

	run_slow(&slow);
}

void hl_book_realloc_begin(const void *block, struct hl_removed *removed, const struct hl_hook_frame *frame)
{
	struct hl_lane *lane = hl_enter_lane((uintptr_t)frame);

	removed->block = block;
	removed->site = HL_SITE_NONE;
	if (hl_unlikely(!lane)) {
		begin_realloc_slow(block, removed, frame);
		return;
	}
	take_block(block, true, removed);
	hl_leave_lane(lane);
}

void hl_book_realloc_failed(const struct hl_removed *removed)
{
	uint32_t *slot = hl_shadow_slot(removed->block);

	if (removed->site != HL_SITE_NONE && slot) {
		/* Of what does not count no size is wanted. */
		if (removed->site < hl_site_first)
			hl_shadow_set(slot, removed->site, 0, 0);
		else
			hl_shadow_set(slot, removed->site, hl_usable_size(removed->block), removed->size);
		note_sample(removed->block, 1);
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
	hl_count_size(lane, size, weight);
	if (moved && place.owned)
		HL_OWNED_ADD(place.counters->move_count, weight);
	else if (moved)
		HL_SHARED_ADD(place.counters->move_count, weight);
	return (int64_t)(weight * size);
}

/* The old block of a realloc goes; returns the bytes that it counted for. */
HL_SPECIALISED int64_t count_before(struct hl_lane *lane, const struct hl_removed *removed, uint64_t weight)
{
	if (hl_unlikely(removed->site < hl_site_first)) {
		note_stranger(lane, removed->site);
		return 0;
	}
	hl_count_free(lane, removed->site, weight * removed->size, weight,
		is_temporary(lane, removed->block), HL_DOMAIN_MALLOC);
	return (int64_t)(weight * removed->size);
}

static __attribute__((noinline)) void book_moved(struct hl_lane *lane, const void *now, size_t size,
	const struct hl_removed *removed, const struct hl_caller *caller)
{
	uint64_t start_ns = hl_begin_timing(lane);
	uint32_t *slot = NULL;
	struct hl_place place;
	int64_t delta;

	if (lane && !hl_is_plain(lane))
		hl_find_special(lane);
	if (now && !hl_sample_skips(size)) {
		hl_capture(lane, HL_KIND_REALLOC, HL_DOMAIN_MALLOC, caller, &place);
		slot = hl_shadow_make_slot(now);
		if (hl_unlikely(!slot))
			HL_SHARED_ADD(hl_globals->lost_blocks, 1);
	}
	hl_begin_change(lane);
	delta = -count_before(lane, removed, weight_of(removed->block, removed->size));
	if (slot) {
		delta += count_moved(lane, place, slot, now, size, weight_of(now, size), now != removed->block);
		note_sample(now, 1);
	}
	hl_end_change(lane);
	hl_add_bytes(lane, delta, HL_DOMAIN_MALLOC);
	if (lane)
		lane->last_block = now;
	hl_end_timing(lane, start_ns);
}

static void book_moved_unusual(const struct slow *slow)
{
	struct hl_caller caller = hl_caller_of(slow->frame);
	struct hl_guard guard;

	if (!hl_orders_enter(&guard))
		return;
	if (guard.what == HL_EVENT_EARLY) {
		hl_early_free(slow->removed->block);
		if (slow->block)
			hl_early_alloc(slow->block, slow->size, HL_KIND_REALLOC, caller.ip);
	} else if (guard.what == HL_EVENT_BOOK || slow->removed->site >= hl_site_first) {
		book_moved(guard.lane, guard.what == HL_EVENT_BOOK ? slow->block : NULL, slow->size,
			slow->removed, &caller);
	}
	if (slow->block && guard.what == HL_EVENT_OWN)
		book_own(slow->block);
	hl_leave(&guard);
}

static void book_moved_special(const struct slow *slow)
{
	struct hl_caller caller = hl_caller_of(slow->frame);

	book_moved(slow->lane, slow->block, slow->size, slow->removed, &caller);
	hl_leave_lane(slow->lane);
}

static __attribute__((noinline)) void book_moved_slow(void (*step)(const struct slow *), struct hl_lane *lane,
	const void *now, size_t size, struct hl_removed *removed, const struct hl_hook_frame *frame)
{
	struct slow slow = { step, lane, now, size, HL_KIND_REALLOC, removed, frame };

	run_slow(&slow);
}

void hl_book_realloc_end(const void *now, size_t size, struct hl_removed *removed, const struct hl_hook_frame *frame)
{
	struct hl_lane *lane = hl_enter_lane((uintptr_t)frame);
	const struct hl_recent *recent = NULL;
	uint32_t *slot = NULL;
	int64_t delta;

	if (hl_unlikely(!lane)) {
		book_moved_slow(book_moved_unusual, NULL, now, size, removed, frame);
		return;
	}
	if (!hl_is_plain(lane)) {
		if (hl_orders_leave(lane)) {
			book_moved_slow(book_moved_unusual, NULL, now, size, removed, frame);
			return;
		}
	} else if (hl_likely(now != NULL && !hl_sample_is_stopped())) {
		recent = hl_recapture(lane, HL_KIND_REALLOC, hl_caller_of(frame));
	}
	if (hl_likely(recent != NULL))
		slot = hl_shadow_make_slot(now);
	if (hl_unlikely(!slot)) {
		book_moved_slow(book_moved_special, lane, now, size, removed, frame);
		return;
	}
	hl_begin_change(lane);
	delta = -count_before(lane, removed, 1);
	delta += count_moved(lane, hl_place_of(recent), slot, now, size, 1, now != removed->block);
	hl_end_change(lane);
	hl_add_bytes(lane, delta, HL_DOMAIN_MALLOC);
	lane->last_block = now;
	hl_leave_lane(lane);
}

struct other {
	size_t size;
	enum hl_kind kind;
	enum hl_domain domain;
	const struct hl_caller *caller;
	struct hl_place place;
};

static void book_other(void *arg)
{
	struct other *other = arg;
	struct hl_guard guard;

	if (!hl_orders_enter(&guard))
		return;
	if (guard.what == HL_EVENT_BOOK && !hl_sample_is_stopped()) {
		hl_capture(guard.lane, other->kind, other->domain, other->caller, &other->place);
		hl_begin_change(guard.lane);
		hl_count_alloc(guard.lane, &other->place, other->size, 1, other->domain);
		hl_end_change(guard.lane);
		hl_add_bytes(guard.lane, (int64_t)other->size, other->domain);
	}
	hl_leave(&guard);
}

uint32_t hl_book_other(size_t size, enum hl_kind kind, enum hl_domain domain,
	const struct hl_caller *caller)
{
	struct other other = { size, kind, domain, caller, { .site = HL_SITE_NONE } };

	run_with_room(book_other, &other, caller->sp);
	return other.place.site;
}

void hl_book_other_gone(uint32_t site, size_t size, uint64_t nr_blocks, enum hl_domain domain)
{
	struct hl_guard guard;

	if (!hl_orders_enter(&guard))
		return;
	if (guard.what == HL_EVENT_BOOK && site >= hl_site_first) {
		hl_begin_change(guard.lane);
		hl_count_free(guard.lane, site, size, nr_blocks, false, domain);
		hl_end_change(guard.lane);
		hl_add_bytes(guard.lane, -(int64_t)size, domain);
	}
	hl_leave(&guard);
}
