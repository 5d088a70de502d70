/* SPDX-License-Identifier: MIT */
/*
 * One peak for every command: the highest live sum, at one moment, of the domains that the question is about.
 *
 * What a ledger says of its peaks was written by many threads at nearly one moment; here it is made to agree with
 * itself, once, when it is read.  What is shown later, totals and lines, comes from the result.
 */
#include "snapshot/snapshot.h"

#include <string.h>

/* Numbers come from files: sums wrap instead of being undefined. */
static int64_t plus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t live_bytes(const struct hl_counts *c)
{
	return (int64_t)(c->alloc_bytes - c->free_bytes);
}

static struct hl_held held_now(const struct hl_counts *c)
{
	return (struct hl_held){
		.bytes = live_bytes(c),
		.count = (int64_t)(c->alloc_count - c->free_count),
	};
}

static struct hl_held held_at_peak(const struct hl_counts *c)
{
	return (struct hl_held){.bytes = c->peak_bytes, .count = c->peak_count};
}

static void set_peak(struct hl_counts *c, struct hl_held held)
{
	c->peak_bytes = held.bytes;
	c->peak_count = held.count;
}

bool hl_snapshot_has_sum(const struct hl_snapshot *snapshot)
{
	return snapshot->globals.sum.peak_bytes > 0;
}

/* Of malloc and mmap there is a peak of the sum. */
static bool is_in_sum(unsigned int domain)
{
	return domain <= HL_DOMAIN_MMAP;
}

/* A peak, and what the sites of its domains held then and hold now. */
struct account {
	struct hl_domain_totals *totals;
	int64_t lines;
	int64_t live;
	bool is_used;
	bool is_now;			/* the moment of the peak is that of the reading */
};

enum { SUM = HL_NR_DOMAINS, NR_ACCOUNTS };

static void add_up(const struct hl_snapshot *s, struct account *accounts)
{
	bool has_sum = hl_snapshot_has_sum(s);

	for (uint64_t i = HL_NR_RESERVED_SITES; i < s->globals.nr_sites; i++) {
		const struct hl_site_counts *site = &s->sites[i];
		struct account *a = &accounts[site->site.domain % HL_NR_DOMAINS];
		int64_t live = live_bytes(&site->counts);

		a->is_used |= site->counts.alloc_count != 0;
		a->live = plus(a->live, live);
		a->lines = plus(a->lines, has_sum ? site->own.bytes : site->counts.peak_bytes);
		if (!has_sum || !is_in_sum(site->site.domain))
			continue;
		accounts[SUM].is_used |= a->is_used;
		accounts[SUM].live = plus(accounts[SUM].live, live);
		accounts[SUM].lines = plus(accounts[SUM].lines, site->counts.peak_bytes);
	}
}

/* The latest moment that the ledger tells of; 0: none. */
static uint64_t last_moment(const struct hl_snapshot *s)
{
	if (s->header.end_monotonic_ns)
		return s->header.end_monotonic_ns;
	return s->header.snapshot_monotonic_ns ? s->header.snapshot_monotonic_ns : s->read_ns;
}

/* By how much the peak was raised. */
static uint64_t settle(struct account *a, uint64_t now_ns)
{
	int64_t said = a->totals->peak_bytes;

	a->is_now = a->live > said && a->live >= a->lines;
	if (a->is_now && now_ns)
		a->totals->peak_monotonic_ns = now_ns;
	if (a->lines > a->totals->peak_bytes)
		a->totals->peak_bytes = a->lines;
	if (a->live > a->totals->peak_bytes)
		a->totals->peak_bytes = a->live;
	return (uint64_t)a->totals->peak_bytes - (uint64_t)said;
}

/* A share below nothing comes from events that crossed the moment of the peak. */
static struct hl_held share(struct hl_held saved, const struct hl_counts *c, bool is_now)
{
	struct hl_held held = is_now ? held_now(c) : saved;

	if (held.bytes < 0)
		held.bytes = 0;
	if (held.count < 0)
		held.count = 0;
	return held;
}

static void settle_lines(struct hl_snapshot *s, const struct account *accounts)
{
	bool has_sum = hl_snapshot_has_sum(s);

	/* These are no lines, and counted in no peak. */
	for (uint64_t i = 0; i < HL_NR_RESERVED_SITES && i < s->globals.nr_sites; i++) {
		set_peak(&s->sites[i].counts, (struct hl_held){0});
		s->sites[i].own = (struct hl_held){0};
	}
	for (uint64_t i = HL_NR_RESERVED_SITES; i < s->globals.nr_sites; i++) {
		struct hl_site_counts *site = &s->sites[i];
		unsigned int d = site->site.domain % HL_NR_DOMAINS;
		bool is_now = accounts[has_sum && is_in_sum(d) ? SUM : d].is_now;

		set_peak(&site->counts, share(held_at_peak(&site->counts), &site->counts, is_now));
		site->own = share(site->own, &site->counts, accounts[d].is_now);
	}
}

void hl_snapshot_settle_peaks(struct hl_snapshot *s)
{
	struct account accounts[NR_ACCOUNTS] = {0};
	struct hl_globals *g = &s->globals;
	bool has_sum = hl_snapshot_has_sum(s);
	uint64_t bound = 0;

	add_up(s, accounts);
	/* While one domain was at its peak, the other held something or nothing. */
	for (int d = 0; has_sum && d <= HL_DOMAIN_MMAP; d++)
		if (g->domains[d].peak_bytes > g->sum.peak_bytes)
			g->sum.peak_bytes = g->domains[d].peak_bytes;
	for (int i = 0; i < NR_ACCOUNTS; i++) {
		struct account *a = &accounts[i];
		uint64_t raised;

		a->totals = i == SUM ? &g->sum : &g->domains[i];
		if (i == SUM && !has_sum)
			break;
		raised = settle(a, last_moment(s));
		if (a->is_used && raised < g->peak_bound_bytes && g->peak_bound_bytes - raised > bound)
			bound = g->peak_bound_bytes - raised;
	}
	settle_lines(s, accounts);
	g->peak_bound_bytes = bound;
}

void hl_snapshot_keep_domains(struct hl_snapshot *s, unsigned int mask)
{
	const unsigned int both = 1u << HL_DOMAIN_MALLOC | 1u << HL_DOMAIN_MMAP;
	struct hl_globals *g = &s->globals;

	for (int d = 0; d < HL_NR_DOMAINS; d++)
		if (!(mask >> d & 1))
			g->domains[d] = (struct hl_domain_totals){0};
	if (!hl_snapshot_has_sum(s) || (mask & both) == both)
		return;
	g->sum = (struct hl_domain_totals){0};
	for (uint64_t i = 0; i < g->nr_sites; i++)
		set_peak(&s->sites[i].counts, s->sites[i].own);
}

void hl_snapshot_sum_peaks(struct hl_snapshot *s)
{
	struct account accounts[NR_ACCOUNTS] = {0};

	add_up(s, accounts);
	for (int d = 0; d < HL_NR_DOMAINS; d++) {
		s->globals.domains[d].peak_bytes = accounts[d].lines;
		s->globals.domains[d].current_bytes = accounts[d].live;
	}
	if (hl_snapshot_has_sum(s))
		s->globals.sum.peak_bytes = accounts[SUM].lines;
	s->globals.peak_bound_bytes = 0;
}
