/* SPDX-License-Identifier: MIT */
/*
 * Where an event came from.
 */
#include "account/capture.h"

#include "account/sites.h"
#include "base/program.h"
#include "stacks/learn.h"
#include "stacks/nodes.h"

static __attribute__((noinline)) void count_incomplete(struct hl_lane *lane, uint32_t node, enum hl_walk_end end)
{
	if (end == HL_WALK_TRUNCATED) {
		HL_LANE_ADD(lane, truncated_events, 1);
		return;
	}
	HL_LANE_ADD(lane, partial_events, 1);
	if (end == HL_WALK_NO_INFO) {
		HL_LANE_ADD(lane, partial_no_info, 1);
		hl_modules_note_no_info(hl_nodes_outermost(node));
	} else if (end == HL_WALK_CODE) {
		HL_LANE_ADD(lane, partial_code, 1);
	} else if (end == HL_WALK_NO_UNWINDER) {
		HL_LANE_ADD(lane, partial_unwinder, 1);
	} else if (end == HL_WALK_NO_ROOM) {
		HL_LANE_ADD(lane, partial_budget, 1);
	}
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

/* Stacks that go through code without unwind information may lack frames: readers say of which object. */
static __attribute__((noinline)) void name_bare(void)
{
	for (uintptr_t ip; (ip = hl_learn_take_bare()) != 0;)
		hl_modules_note_no_info(ip);
}

/* A stack that is not among the recent ones, or not of the same kind; @certain: as hl_hints_follow() says. */
static __attribute__((noinline)) void capture_new(struct hl_lane *lane, struct hl_recent *recent,
	enum hl_kind kind, enum hl_domain domain, const struct hl_caller *caller,
	struct hl_place *place, bool certain)
{
	enum hl_walk_end end = HL_WALK_ROOT;
	uint32_t node = recent ? recent->node : hl_unwind_node(lane ? lane->stack : NULL, caller, certain, &end);

	if (hl_unlikely(__atomic_load_n(&hl_learn_has_bare, __ATOMIC_RELAXED)))
		name_bare();
	if (hl_unlikely(end != HL_WALK_ROOT))
		count_incomplete(lane, node, end);
	else if (lane && !recent)
		recent = lane->stack->newest;
	find_place(lane, node, kind, domain, place);
	if (recent && place->owned && recent->node == node) {
		recent->kind = kind & 0x7f;
		recent->site = place->site;
		recent->counters = place->counters;
	}
}

void hl_capture(struct hl_lane *lane, enum hl_kind kind, enum hl_domain domain, const struct hl_caller *caller,
	struct hl_place *place)
{
	bool certain;

	/* Where the loader calls another malloc it hints at nothing: whatever is new may be of a new object. */
	if (hl_unlikely(hl_program_flags() & HL_FLAG_OWN_MALLOC))
		hl_hints_count();
	if (lane)
		certain = hl_hints_follow(caller->ip, &lane->hints_seen);
	else
		certain = hl_hints_note_nested(caller->ip);
	capture_new(lane, lane && certain ? hl_unwind_recent(lane->stack, caller) : NULL, kind, domain, caller, place,
		certain);
}
