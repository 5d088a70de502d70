/* SPDX-License-Identifier: MIT */
/*
 * Where an event came from: its stack, its site, and the counters of that.
 */
#ifndef HL_PRELOAD_CAPTURE_H
#define HL_PRELOAD_CAPTURE_H

#include "account/count.h"
#include "account/lanes.h"
#include "stacks/hints.h"
#include "stacks/unwind.h"

#pragma GCC visibility push(hidden)

/** hl_capture() - the site of an event, new or known, and its counters; @lane: NULL: the shared ones */
void hl_capture(struct hl_lane *lane, enum hl_kind kind, enum hl_domain domain, const struct hl_caller *caller,
	struct hl_place *place);

/** hl_recapture() - the recent stack of an event and what was counted for it, or NULL: then hl_capture() */
HL_SPECIALISED const struct hl_recent *hl_recapture(struct hl_lane *lane, enum hl_kind kind,
	struct hl_caller caller)
{
	const struct hl_recent *recent;

	if (hl_unlikely(!hl_hints_follow(caller.ip, &lane->hints_seen)))
		return NULL;
	recent = hl_unwind_recent(lane->stack, &caller);
	return hl_likely(recent && recent->kind == kind) ? recent : NULL;
}

HL_SPECIALISED struct hl_place hl_place_of(const struct hl_recent *recent)
{
	return (struct hl_place){ recent->site, recent->counters, true };
}

#pragma GCC visibility pop
#endif
