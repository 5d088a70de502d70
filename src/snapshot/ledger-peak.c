/* SPDX-License-Identifier: MIT */
/* The peaks of a ledger that may be running, and which of them a record has saved. */
#include "snapshot/ledger-peak.h"

#include <string.h>

/* Old ledgers have shorter globals; without --mmap there is no such section. */
struct hl_peak_reader hl_peak_reader(const struct hl_image *image)
{
	const struct hl_chunk *globals = &image->tables[HL_SECTION_GLOBALS].chunks[0];

	return (struct hl_peak_reader){
		.globals = (const void *)(image->map + globals->offset),
		.has_sum = image->tables[HL_SECTION_PEAKS].nr_chunks &&
			globals->record_bytes >= sizeof(struct hl_globals),
	};
}

struct hl_moment hl_moment_of(const struct hl_peak_reader *reader, const struct hl_globals *g, unsigned int domain)
{
	struct hl_moment m = {0};

	if (domain >= HL_NR_DOMAINS)
		return m;
	m.own = g->domains[domain].peak_epoch;
	m.sum = reader->has_sum && domain <= HL_DOMAIN_MMAP ? g->sum_epochs[domain] : m.own;
	return m;
}

struct hl_held hl_held_then(const struct hl_counters *c, struct hl_held saved, uint32_t epoch)
{
	/* later or the same; the numbers may have gone round */
	if ((int32_t)(c->peak_epoch - epoch) >= 0)
		return saved;
	return (struct hl_held){
		.bytes = (int64_t)(c->alloc_bytes - c->free_bytes),
		.count = (int64_t)(c->alloc_count - c->free_count),
	};
}

/* A consistent copy: peak_epoch changes with every new peak, but for those that follow each other. */
static void read_domain(const struct hl_domain_totals *from, struct hl_domain_totals *to)
{
	for (int i = 0; i < 1000; i++) {
		/* acquire: the epoch is read before the values */
		uint32_t epoch = __atomic_load_n(&from->peak_epoch, __ATOMIC_ACQUIRE);

		to->current_bytes = __atomic_load_n(&from->current_bytes, __ATOMIC_RELAXED);
		to->peak_bytes = __atomic_load_n(&from->peak_bytes, __ATOMIC_RELAXED);
		to->peak_monotonic_ns = __atomic_load_n(&from->peak_monotonic_ns, __ATOMIC_RELAXED);
		to->epoch = __atomic_load_n(&from->epoch, __ATOMIC_RELAXED);
		to->peak_epoch = epoch;
		/* acquire: the values are read before the epoch is read again */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&from->peak_epoch, __ATOMIC_RELAXED) == epoch &&
				__atomic_load_n(&from->peak_bytes, __ATOMIC_RELAXED) == to->peak_bytes)
			return;
	}
}

/* The same of the sum, whose moment the epochs of its domains tell. */
static void read_sum(const struct hl_globals *from, struct hl_globals *to)
{
	uint32_t epochs[HL_NR_DOMAINS];

	for (int i = 0; i < 1000; i++) {
		for (int d = 0; d < HL_NR_DOMAINS; d++)
			/* acquire: the epochs are read before the values */
			epochs[d] = __atomic_load_n(&from->sum_epochs[d], __ATOMIC_ACQUIRE);
		to->sum.current_bytes = __atomic_load_n(&from->sum.current_bytes, __ATOMIC_RELAXED);
		to->sum.peak_bytes = __atomic_load_n(&from->sum.peak_bytes, __ATOMIC_RELAXED);
		to->sum.peak_monotonic_ns = __atomic_load_n(&from->sum.peak_monotonic_ns, __ATOMIC_RELAXED);
		/* acquire: the values are read before the epochs are read again */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		for (int d = 0; d < HL_NR_DOMAINS; d++)
			to->sum_epochs[d] = __atomic_load_n(&from->sum_epochs[d], __ATOMIC_RELAXED);
		if (!memcmp(epochs, to->sum_epochs, sizeof(epochs)))
			return;
	}
}

void hl_peaks_read(const struct hl_peak_reader *reader, struct hl_globals *to)
{
	for (int d = 0; d < HL_NR_DOMAINS; d++)
		read_domain(&reader->globals->domains[d], &to->domains[d]);
	to->sum = (struct hl_domain_totals){0};
	if (reader->has_sum)
		read_sum(reader->globals, to);
}
