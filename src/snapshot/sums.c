/* SPDX-License-Identifier: MIT */
/*
 * Sums that cannot lie: what goes beyond 63 bits is refused, instead of coming out small or negative.
 *
 * A snapshot that was read has no more in all of its sites together than 63 bits can count, nothing below zero and
 * nowhere more freed than allocated.  So whatever part of its sites is added up later, each site once, fits.  Who adds
 * a site more than once, or several snapshots, has to look at what the additions say.
 */
#include "snapshot/snapshot.h"

#include <errno.h>

typedef __int128 wide;

static bool add_signed(int64_t *to, int64_t from)
{
	if (!__builtin_add_overflow(*to, from, to))
		return true;
	*to = from < 0 ? INT64_MIN : INT64_MAX;
	return false;
}

static bool add_unsigned(uint64_t *to, uint64_t from)
{
	if (!__builtin_add_overflow(*to, from, to))
		return *to <= INT64_MAX;
	*to = UINT64_MAX;
	return false;
}

bool hl_held_add(struct hl_held *to, struct hl_held from)
{
	bool fits = add_signed(&to->bytes, from.bytes);

	return add_signed(&to->count, from.count) && fits;
}

bool hl_counts_add(struct hl_counts *to, const struct hl_counts *from)
{
	bool fits = add_unsigned(&to->alloc_count, from->alloc_count);

	fits &= add_unsigned(&to->alloc_bytes, from->alloc_bytes);
	fits &= add_unsigned(&to->free_count, from->free_count);
	fits &= add_unsigned(&to->free_bytes, from->free_bytes);
	fits &= add_unsigned(&to->temp_count, from->temp_count);
	fits &= add_unsigned(&to->move_count, from->move_count);
	fits &= add_signed(&to->peak_bytes, from->peak_bytes);
	fits &= add_signed(&to->peak_count, from->peak_count);
	to->variance += from->variance;
	return fits;
}

bool hl_counts_has_any(const struct hl_counts *counts)
{
	return counts->alloc_count || counts->alloc_bytes || counts->free_count || counts->free_bytes;
}

bool hl_shard_add(struct hl_shard *to, const struct hl_shard *from)
{
	bool fits = add_unsigned(&to->events, from->events);

	fits &= add_unsigned(&to->truncated_events, from->truncated_events);
	fits &= add_unsigned(&to->partial_events, from->partial_events);
	fits &= add_unsigned(&to->partial_no_info, from->partial_no_info);
	fits &= add_unsigned(&to->partial_code, from->partial_code);
	fits &= add_unsigned(&to->partial_unwinder, from->partial_unwinder);
	fits &= add_unsigned(&to->partial_budget, from->partial_budget);
	fits &= add_unsigned(&to->unknown_frees, from->unknown_frees);
	fits &= add_unsigned(&to->inherited_frees, from->inherited_frees);
	fits &= add_unsigned(&to->replaced_blocks, from->replaced_blocks);
	fits &= add_unsigned(&to->failed_allocs, from->failed_allocs);
	fits &= add_unsigned(&to->timed_events, from->timed_events);
	/* A difference of clocks, modulo 2^64: of one thread it may be below nothing, of all together it is not. */
	to->timed_ns += from->timed_ns;
	return fits;
}

bool hl_sizes_add(uint64_t to[HL_NR_SIZE_CLASSES], const uint64_t from[HL_NR_SIZE_CLASSES])
{
	bool fits = true;

	for (unsigned int i = 0; i < HL_NR_SIZE_CLASSES; i++)
		fits &= add_unsigned(&to[i], from[i]);
	return fits;
}

/* What all sites have together; of the peaks without their signs, so that no order of adding goes beyond it. */
struct sums {
	wide alloc_count, alloc_bytes;
	wide temp_count, move_count;
	wide peak_count, peak_bytes;
	wide own_count, own_bytes;
};

static wide magnitude(int64_t x)
{
	return x < 0 ? -(wide)x : x;
}

static void add_site(struct sums *sums, const struct hl_site_counts *site)
{
	const struct hl_counts *c = &site->counts;

	sums->alloc_count += c->alloc_count;
	sums->alloc_bytes += c->alloc_bytes;
	sums->temp_count += c->temp_count;
	sums->move_count += c->move_count;
	sums->peak_count += magnitude(c->peak_count);
	sums->peak_bytes += magnitude(c->peak_bytes);
	sums->own_count += magnitude(site->own.count);
	sums->own_bytes += magnitude(site->own.bytes);
}

static bool fits(const struct sums *sums)
{
	return sums->alloc_count <= INT64_MAX && sums->alloc_bytes <= INT64_MAX && sums->temp_count <= INT64_MAX &&
		sums->move_count <= INT64_MAX && sums->peak_count <= INT64_MAX && sums->peak_bytes <= INT64_MAX &&
		sums->own_count <= INT64_MAX && sums->own_bytes <= INT64_MAX;
}

static const char *const too_much = "more bytes or blocks than 63 bits can count";

int hl_snapshot_check_sites(const struct hl_snapshot *s, uint64_t *site, const char **msg)
{
	struct sums sums = {0};

	for (*site = 0; *site < s->globals.nr_sites; ++*site) {
		const struct hl_counts *c = &s->sites[*site].counts;

		*msg = "more was freed than allocated";
		if (c->free_count > c->alloc_count || c->free_bytes > c->alloc_bytes)
			return -ERANGE;
		add_site(&sums, &s->sites[*site]);
		*msg = too_much;
		if (!fits(&sums))
			return -ERANGE;
	}
	return 0;
}

int hl_snapshot_check_globals(const struct hl_snapshot *s, const char **msg)
{
	const struct hl_globals *g = &s->globals;
	const uint64_t counted[] = {
		g->peak_bound_bytes, g->file_bytes, g->private_bytes, g->refused_bytes, g->refused_stacks,
		g->early_lost, g->lost_blocks, g->threads_seen, g->grain_bytes, g->lost_children,
	};
	wide peaks = g->peak_bound_bytes;
	wide with_sum = peaks + g->sum.peak_bytes;
	bool is_negative = g->sum.peak_bytes < 0;

	for (int d = 0; d < HL_NR_DOMAINS; d++) {
		is_negative |= g->domains[d].peak_bytes < 0;
		peaks += g->domains[d].peak_bytes;
		with_sum += d > HL_DOMAIN_MMAP ? g->domains[d].peak_bytes : 0;
	}
	*msg = "a peak below nothing";
	if (is_negative)
		return -ERANGE;
	*msg = too_much;
	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++)
		if (counted[i] > INT64_MAX)
			return -ERANGE;
	return peaks > INT64_MAX || with_sum > INT64_MAX ? -ERANGE : 0;
}
