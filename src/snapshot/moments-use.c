/* SPDX-License-Identifier: MIT */
/* A snapshot of a moment. */
#include "snapshot/moments.h"

#include <errno.h>
#include <stdlib.h>

#include "snapshot/resolve.h"

int hl_snapshot_moments(const struct hl_snapshot *snapshot, uint64_t *times, size_t *nr, struct hl_error *err)
{
	int rc = hl_moments_list(&snapshot->moments, times, nr);

	return rc ? hl_fail(err, -rc, snapshot->moments.offset, "damaged moments of call sites") : 0;
}

/* A site as it was; what came and went before is not known. */
static int add_site(struct hl_snapshot *to, const struct hl_site *site, struct hl_held held)
{
	const struct hl_site_counts then = {
		.site = *site,
		.counts = {
			.alloc_count = (uint64_t)held.count,
			.alloc_bytes = (uint64_t)held.bytes,
			.peak_bytes = held.bytes,
			.peak_count = held.count,
		},
		.own = held,
	};

	return hl_snapshot_copy_site(to, &then);
}

static int add_sites(struct hl_snapshot *to, const struct hl_snapshot *from, const struct hl_held *held)
{
	int64_t sums[HL_NR_DOMAINS] = {0};
	int rc = 0;

	for (uint64_t i = HL_NR_RESERVED_SITES; !rc && i < from->globals.nr_sites; i++) {
		unsigned int d = from->sites[i].site.domain;

		if ((!held[i].bytes && !held[i].count) || d >= HL_NR_DOMAINS)
			continue;
		if (__builtin_add_overflow(sums[d], held[i].bytes, &sums[d]))
			return -EBADMSG;
		rc = add_site(to, &from->sites[i].site, held[i]);
	}
	for (int d = 0; d < HL_NR_DOMAINS; d++) {
		to->globals.domains[d].current_bytes = to->globals.domains[d].peak_bytes = sums[d];
		to->globals.domains[d].peak_monotonic_ns = to->header.snapshot_monotonic_ns;
	}
	to->globals.sum = (struct hl_domain_totals){0};
	return rc;
}

int hl_snapshot_at(const struct hl_snapshot *snapshot, size_t index, struct hl_snapshot **out, struct hl_error *err)
{
	uint64_t times[HL_MAX_MOMENTS];
	struct hl_held *held = calloc(snapshot->globals.nr_sites + 1, sizeof(*held));
	struct hl_snapshot *copy = hl_snapshot_new_like(snapshot);
	const char *msg;
	uint64_t site;
	size_t nr;
	int rc = held && copy ? 0 : -ENOMEM;

	if (!rc)
		rc = hl_moments_list(&snapshot->moments, times, &nr);
	if (!rc)
		rc = index < nr ? hl_moments_sum(&snapshot->moments, index, held, snapshot->globals.nr_sites) : -EINVAL;
	if (!rc) {
		copy->header.kind = HL_LEDGER_SNAPSHOT;
		copy->header.snapshot_monotonic_ns = times[index];
		copy->header.end_reason = HL_END_NONE;
		copy->header.end_monotonic_ns = 0;
		rc = add_sites(copy, snapshot, held);
	}
	if (!rc && hl_snapshot_check_sites(copy, &site, &msg))
		rc = -EBADMSG;
	free(held);
	if (!rc) {
		*out = copy;
		return 0;
	}
	hl_snapshot_unref(copy);
	if (rc == -ENOMEM)
		return hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
	return hl_fail(err, -rc, snapshot->moments.offset, rc == -EINVAL ? "no such moment" :
		"damaged moments of call sites");
}
