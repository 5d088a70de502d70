/* SPDX-License-Identifier: MIT */
/* What was allocated after a mark. */
#include "snapshot/resolve.h"

#include <errno.h>

static int copy_sites(struct hl_snapshot *to, const struct hl_snapshot *from, uint64_t first)
{
	int rc = 0;

	for (uint64_t i = first; !rc && i < from->globals.nr_sites; i++)
		if (hl_counts_has_any(&from->sites[i].counts))
			rc = hl_snapshot_copy_site(to, &from->sites[i]);
	return rc;
}

int hl_snapshot_since(const struct hl_snapshot *snapshot, size_t mark, struct hl_snapshot **out, struct hl_error *err)
{
	uint32_t first = mark < snapshot->nr_marks ? snapshot->marks[mark].first_site : 0;
	struct hl_snapshot *copy;
	int rc;

	if (!first)
		return hl_fail(err, EINVAL, HL_NO_OFFSET, "no mark that begins a generation of call sites");
	copy = hl_snapshot_new_like(snapshot);
	rc = copy ? copy_sites(copy, snapshot, first) : -ENOMEM;
	if (rc) {
		hl_snapshot_unref(copy);
		return hl_fail(err, -rc, HL_NO_OFFSET, "out of memory");
	}
	hl_snapshot_sum_peaks(copy);
	*out = copy;
	return 0;
}
