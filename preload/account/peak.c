/* SPDX-License-Identifier: MIT */
/* The totals of the domains and of their sum, their peaks, and how much a lane may keep back from them. */
#include "account/peak.h"

#include "base/os.h"

/* The lanes keep back at most 1/128 of the peak, and no more than this each. */
#define KEPT_SHIFT 7
#define MAX_GRAIN_BYTES (32u << 10)

struct hl_keeping hl_keeping;

static uint32_t grain_shift(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

static uint64_t grain_for(uint32_t shift)
{
	int64_t peak = __atomic_load_n(&hl_globals->domains[HL_DOMAIN_MALLOC].peak_bytes, __ATOMIC_RELAXED);
	uint64_t grain = peak > 0 ? (uint64_t)peak >> (KEPT_SHIFT + shift) : 0;

	if (shift == 0)
		return 0;
	return grain < MAX_GRAIN_BYTES ? grain : MAX_GRAIN_BYTES;
}

static void raise_to(uint64_t *word, uint64_t value)
{
	uint64_t old = __atomic_load_n(word, __ATOMIC_RELAXED);

	while (old < value &&
		!__atomic_compare_exchange_n(word, &old, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* Before a grain comes into force: by how much the peak may be off from then on. */
static void note_grain(uint64_t grain, uint32_t shift)
{
	raise_to(&hl_globals->grain_bytes, grain);
	raise_to(&hl_globals->peak_bound_bytes, grain << shift);
}

uint32_t hl_peak_lanes(void)
{
	return 1u << grain_shift(__atomic_load_n(&hl_keeping.grain, __ATOMIC_RELAXED));
}

void hl_peak_share(uint32_t lanes)
{
	uint32_t shift = (uint32_t)__builtin_ctz(lanes);
	uint64_t grain = grain_for(shift);

	note_grain(grain, shift);
	__atomic_store_n(&hl_keeping.grain, grain | (uint64_t)shift << 32, __ATOMIC_RELAXED);
	/* Release: a lane that is not alone any more must not find the grain of before. */
	__atomic_store_n(&hl_keeping.apart, shift != 0 || hl_options.mmap, __ATOMIC_RELEASE);
}

void hl_peak_fit(void)
{
	uint64_t word = __atomic_load_n(&hl_keeping.grain, __ATOMIC_RELAXED), old = (uint32_t)word;
	uint32_t shift = grain_shift(word);
	uint64_t grain = grain_for(shift);

	/* All threads read the word: not for a little. */
	if (hl_likely(grain <= old + old / 8))
		return;
	note_grain(grain, shift);
	__atomic_compare_exchange_n(&hl_keeping.grain, &word, grain | (uint64_t)shift << 32, false, __ATOMIC_RELAXED,
		__ATOMIC_RELAXED);
}

/* Raises a peak; false: it is not one. */
static bool raise_peak(struct hl_domain_totals *totals, int64_t bytes)
{
	int64_t peak = __atomic_load_n(&totals->peak_bytes, __ATOMIC_RELAXED);

	do {
		if (bytes <= peak)
			return false;
	} while (!__atomic_compare_exchange_n(&totals->peak_bytes, &peak, bytes, true, __ATOMIC_RELAXED,
		__ATOMIC_RELAXED));
	totals->peak_monotonic_ns = hl_os_coarse_ns();
	return true;
}

/* Nobody goes back to an earlier one; that of a sum's peak is told before it begins. */
static void raise_epoch(uint32_t *place, uint32_t epoch)
{
	uint32_t old = __atomic_load_n(place, __ATOMIC_RELAXED);

	while ((int32_t)(epoch - old) > 0 &&
		!__atomic_compare_exchange_n(place, &old, epoch, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* @own: at a peak of these totals; @sum_epoch: at one of the sum's, or NULL */
static void begin_epoch(struct hl_domain_totals *totals, bool own, uint32_t *sum_epoch)
{
	hl_epochs_word *word = (hl_epochs_word *)&totals->peak_epoch;
	uint64_t old = __atomic_load_n(word, __ATOMIC_RELAXED), next;
	struct hl_epochs epochs;

	do {
		epochs = hl_epochs_of(old);
		epochs.now++;
		if (own)
			epochs.peak = epochs.now;
		next = (uint64_t)epochs.now << 32 | epochs.peak;
		if (sum_epoch)
			raise_epoch(sum_epoch, epochs.now);
		/* Release: who sees the epoch sees sum_epoch. */
	} while (!__atomic_compare_exchange_n(word, &old, next, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	if (totals != &hl_globals->sum)
		raise_epoch(&hl_keeping.epoch[totals - hl_globals->domains], epochs.now);
}

void hl_peak_reach_domain(enum hl_domain domain, int64_t bytes)
{
	struct hl_domain_totals *totals = &hl_globals->domains[domain];

	if (raise_peak(totals, bytes))
		begin_epoch(totals, true, NULL);
}

void hl_peak_reach_alone(int64_t bytes)
{
	struct hl_domain_totals *totals = &hl_globals->domains[HL_DOMAIN_MALLOC];

	if (!raise_peak(totals, bytes) || hl_likely(__atomic_load_n(&hl_keeping.rising, __ATOMIC_RELAXED)))
		return;
	/* Before the epoch: what a handler does in the middle of this ends the rise. */
	__atomic_store_n(&hl_keeping.rising, 1, __ATOMIC_RELAXED);
	begin_epoch(totals, true, NULL);
}

void hl_peak_reach_sum(int64_t bytes)
{
	if (!raise_peak(&hl_globals->sum, bytes))
		return;
	for (int d = HL_DOMAIN_MALLOC; d <= HL_DOMAIN_MMAP; d++)
		begin_epoch(&hl_globals->domains[d], false, &hl_globals->sum_epochs[d]);
	begin_epoch(&hl_globals->sum, true, NULL);
}

void hl_peak_add(enum hl_domain domain, int64_t delta)
{
	struct hl_domain_totals *totals = &hl_globals->domains[domain];
	int64_t bytes = __atomic_add_fetch(&totals->current_bytes, delta, __ATOMIC_RELAXED);

	if (bytes > __atomic_load_n(&totals->peak_bytes, __ATOMIC_RELAXED))
		hl_peak_reach_domain(domain, bytes);
	if (!hl_peak_has_sum(domain))
		return;
	/* A total of its own: two that are read one after the other may be of no moment at all. */
	bytes = __atomic_add_fetch(&hl_globals->sum.current_bytes, delta, __ATOMIC_RELAXED);
	if (bytes > __atomic_load_n(&hl_globals->sum.peak_bytes, __ATOMIC_RELAXED))
		hl_peak_reach_sum(bytes);
}

static void restart(struct hl_domain_totals *totals, bool clear, uint32_t *sum_epoch)
{
	if (clear)
		__atomic_store_n(&totals->current_bytes, 0, __ATOMIC_RELAXED);
	totals->peak_bytes = totals->current_bytes;
	totals->peak_monotonic_ns = clear ? 0 : hl_os_monotonic_ns();
	begin_epoch(totals, true, sum_epoch);
}

void hl_peak_restart(bool clear)
{
	hl_peak_fall();
	for (int d = 0; d < HL_NR_DOMAINS; d++)
		restart(&hl_globals->domains[d], clear, hl_peak_has_sum(d) ? &hl_globals->sum_epochs[d] : NULL);
	if (hl_options.mmap)
		restart(&hl_globals->sum, clear, NULL);
	hl_globals->grain_bytes = 0;
	hl_globals->peak_bound_bytes = 0;
	hl_peak_share(hl_peak_lanes());
}

void hl_peak_open(void)
{
	for (int d = 0; d < HL_NR_DOMAINS; d++)
		hl_keeping.epoch[d] = hl_globals->domains[d].epoch;
	hl_peak_fall();
	hl_peak_share(1);
}
