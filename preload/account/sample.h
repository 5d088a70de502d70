/* SPDX-License-Identifier: MIT */
/*
 * Sampling by bytes (--sample): every byte that is allocated is chosen with probability 1 / mean,
 * independently; a block is recorded if one of its bytes is.
 *
 * So a block of s bytes is recorded with probability p = 1 - exp(-s / mean), and stands for 1 / p
 * blocks of its size: expected counts and bytes are those of all blocks.  The weight 1 / p is
 * rounded up or down at random, but as a function of the block's address, so that its free finds the
 * same weight without storing it.
 *
 * Source: Poisson sampling and its unbiased weights as described for jemalloc (PROFILING_INTERNALS)
 * and tcmalloc; Horvitz and Thompson 1952.
 */
#ifndef HL_PRELOAD_SAMPLE_H
#define HL_PRELOAD_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "base/os.h"

#pragma GCC visibility push(hidden)

/* Why blocks may be passed over, and hence be unknown when they are freed; 0: none is. */
enum hl_sample_flags {
	HL_SAMPLE_BYTES = 1u << 0,	/* --sample */
	HL_SAMPLE_STOPPED = 1u << 1,	/* hl_stop(): every block is */
	HL_SAMPLE_GAPS = 1u << 2,	/* there was such a time */
};
extern uint32_t hl_sample_flags;

/* Bytes until the next chosen one; per thread, so a signal handler may at most lose a step of it. */
extern __thread int64_t hl_sample_left __attribute__((tls_model("initial-exec")));

bool hl_sample_chosen(void);

/** hl_stays_stopped() - nothing is recorded: have orders from outside changed that?  Not inside of an event (stop.c) */
bool hl_stays_stopped(void);

/** hl_sample_is_stopped() - is nothing recorded at all? */
static inline bool hl_sample_is_stopped(void)
{
	return __atomic_load_n(&hl_sample_flags, __ATOMIC_RELAXED) & HL_SAMPLE_STOPPED;
}

/**
 * hl_sample_passes_now() - with --sample: is the next block of @size bytes surely passed over?
 * If not, hl_sample_skips() is to say.
 */
static inline bool hl_sample_passes_now(size_t size)
{
	int64_t left = hl_sample_left - (int64_t)(size ? size : 1);

	if (hl_unlikely(left <= 0))
		return false;
	hl_sample_left = left;
	return true;
}

/** hl_sample_skips() - is the next block of @size bytes passed over? Where it may, it obeys orders from outside */
static inline bool hl_sample_skips(size_t size)
{
	uint32_t flags = __atomic_load_n(&hl_sample_flags, __ATOMIC_RELAXED);

	if (hl_likely(flags == 0))
		return false;
	if (hl_unlikely((flags & (HL_SAMPLE_BYTES | HL_SAMPLE_STOPPED)) != HL_SAMPLE_BYTES))
		return (flags & HL_SAMPLE_STOPPED) && hl_stays_stopped();
	if (hl_sample_passes_now(size))
		return true;
	hl_sample_left -= (int64_t)(size ? size : 1);
	return !hl_sample_chosen();
}

/*
 * How many recorded blocks have a hash; for most hashes none, and then the address map, which is
 * larger than the cache, need not be asked.  A count that was ever at its end stays there.
 */
#define HL_SAMPLE_HASH_BITS 14
extern uint8_t hl_sample_counts[1u << HL_SAMPLE_HASH_BITS];

static inline uint8_t *hl_sample_count_of(const void *block)
{
	uint32_t hash = (uint32_t)((uintptr_t)block >> 4) * 0x9e3779b1u;

	return &hl_sample_counts[hash >> (32 - HL_SAMPLE_HASH_BITS)];
}

/** hl_sample_may_know() - with --sample: false: @block was surely not recorded */
static inline bool hl_sample_may_know(const void *block)
{
	return __atomic_load_n(hl_sample_count_of(block), __ATOMIC_RELAXED) != 0;
}

/** hl_sample_note() - with --sample: @block is recorded (@step 1), or forgotten (-1) */
void hl_sample_note(const void *block, int step);

/** hl_sample_weight() - how many blocks of @size bytes the recorded one at @block stands for */
uint64_t hl_sample_weight(const void *block, size_t size);

/*
 * The mathematics, for tests.  In integers: the program's vector registers and its floating point are no
 * concern of the shim, which has no libm either.
 */

/** hl_sample_minus_log() - -ln(@u / 2^64) for @u > 0, with 58 bits behind the point, of which 57 are right */
uint64_t hl_sample_minus_log(uint64_t u);

/**
 * hl_sample_distance() - from one chosen byte to the next, at least 1
 * @bits: random
 *
 * -ln(u) mean, rounded up, for u in (0, 1): more than n with probability exp(-n / mean).
 */
int64_t hl_sample_distance(uint64_t bits, uint64_t mean);

/**
 * hl_sample_weigh() - 1 / (1 - exp(-@size / @mean)), for sizes of 1 or more
 * @fraction: receives what is behind the point, in units of 2^-32
 *
 * With x = size / mean it is 1 / x + 1/2 + x / 12 - x^3 / 720 + ... (the coefficients are those of
 * coth), and 1 + 1 / (e^x - 1).  The error is below 2^-30 of the whole.
 */
uint64_t hl_sample_weigh(uint64_t size, uint64_t mean, uint32_t *fraction);

#pragma GCC visibility pop
#endif
