/* SPDX-License-Identifier: MIT */
/*
 * The totals of the domains and of their sum, their peaks, and how much a lane may keep back from them.
 *
 * While one lane is in use ("alone"), its events compare the totals and what it keeps back with the peak, and
 * nothing is added to the totals.  From two lanes on, a lane brings its bytes into the totals in portions, the
 * grain; each portion is compared with the peak.  All that the lanes keep back together is at most 1/128 of the
 * peak.  Only HL_DOMAIN_MALLOC has a grain: events of the other domains are rare or take a lock anyway.
 *
 * A new peak begins an epoch.  A record that is about to change in a later epoch than at its last change saves
 * what it holds (hl_keep_peak()), so that the account of the peak costs one comparison per event.
 *
 * While a lane is alone and its program grows, each event is a new peak.  All of these are one epoch, as long as
 * nothing else happens (hl_keeping.rising): no record saves anything, and what it holds is what it held at the peak.
 */
#ifndef HL_PRELOAD_PEAK_H
#define HL_PRELOAD_PEAK_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "base/store.h"
#include "common/ledger.h"

#pragma GCC visibility push(hidden)

/* Read by each event and seldom written, so they have a line of the cache to themselves. */
struct hl_keeping {
	uint32_t apart;			/* 0: one lane is alone, and no sum is kept: no grain is asked */
	/* Those of the domains, which lie beside bytes that each flush changes; the latest one a moment later. */
	uint32_t epoch[HL_NR_DOMAINS];
	uint32_t rising;		/* since the latest epoch began there were new peaks, and nothing else */
	/*
	 * The grain in the lower half; in the upper one, log2 of the lanes that it is for.  One word: a grain
	 * for few lanes must not come into force when there are many.
	 */
	uint64_t grain;
} __attribute__((aligned(64)));
extern struct hl_keeping hl_keeping;

/** hl_peak_grain() - a lane with so many bytes brings them into the totals */
static inline int64_t hl_peak_grain(void)
{
	return (uint32_t)__atomic_load_n(&hl_keeping.grain, __ATOMIC_RELAXED);
}

/** hl_peak_has_sum() - is there a total of @domain and others? */
static inline bool hl_peak_has_sum(enum hl_domain domain)
{
	return hl_unlikely(hl_options.mmap) && (domain == HL_DOMAIN_MALLOC || domain == HL_DOMAIN_MMAP);
}

/** hl_peak_lanes() - for how many lanes the grain is: a power of two, 1: for one that is alone */
uint32_t hl_peak_lanes(void);

/**
 * hl_peak_share() - from now on the grain is for @lanes, a power of two
 * With the lanes' lock.  When it got smaller, each lane has to be flushed behind a barrier.
 */
void hl_peak_share(uint32_t lanes);

/** hl_peak_fit() - the peak may have grown, and the grain with it */
void hl_peak_fit(void);

/** hl_peak_add() - @delta more bytes of the domain; compares; any thread, also from a signal handler */
void hl_peak_add(enum hl_domain domain, int64_t delta);

/* Bytes of a domain, and of the sum that it is part of. */
struct hl_bytes {
	int64_t domain;
	int64_t sum;			/* 0 where there is none */
};

/** hl_peak_read() - the totals; what the caller reads afterwards is not older */
static inline struct hl_bytes hl_peak_read(enum hl_domain domain)
{
	struct hl_bytes bytes = { 0, 0 };

	if (hl_peak_has_sum(domain))
		bytes.sum = __atomic_load_n(&hl_globals->sum.current_bytes, __ATOMIC_ACQUIRE);
	bytes.domain = __atomic_load_n(&hl_globals->domains[domain].current_bytes, __ATOMIC_ACQUIRE);
	return bytes;
}

/* hl_peak_reach(), each for itself. */
void hl_peak_reach_domain(enum hl_domain domain, int64_t bytes);
void hl_peak_reach_sum(int64_t bytes);

/** hl_peak_reach() - there are so many bytes, which may be more than ever */
static inline void hl_peak_reach(enum hl_domain domain, struct hl_bytes bytes)
{
	if (hl_peak_has_sum(domain))
		hl_peak_reach_sum(bytes.sum);
	hl_peak_reach_domain(domain, bytes.domain);
}

/** hl_peak_reach_alone() - hl_peak_reach() of HL_DOMAIN_MALLOC by a lane that is alone, without a sum */
void hl_peak_reach_alone(int64_t bytes);

/** hl_peak_fall() - something else than a new peak is about to happen */
static inline void hl_peak_fall(void)
{
	/* All threads read this line of the cache. */
	if (__atomic_load_n(&hl_keeping.rising, __ATOMIC_RELAXED))
		__atomic_store_n(&hl_keeping.rising, 0, __ATOMIC_RELAXED);
}

/** hl_peak_restart() - the peaks are what there is now; @clear: there is nothing. With the lanes paused */
void hl_peak_restart(bool clear);

/** hl_peak_open() - a new ledger: no lane is in use */
void hl_peak_open(void);

/* The two epochs of a domain change together: both words are one; no memcpy(), which is a call here. */
struct hl_epochs {
	uint32_t peak;			/* hl_domain_totals.peak_epoch */
	uint32_t now;			/* hl_domain_totals.epoch */
};
typedef uint64_t __attribute__((may_alias)) hl_epochs_word;
static_assert(offsetof(struct hl_domain_totals, peak_epoch) % sizeof(hl_epochs_word) == 0, "one aligned word");
static_assert(offsetof(struct hl_domain_totals, epoch) == offsetof(struct hl_domain_totals, peak_epoch) + 4,
	"peak_epoch and epoch are the halves of a word");

static inline struct hl_epochs hl_epochs_of(uint64_t word)
{
	return (struct hl_epochs){ .peak = (uint32_t)word, .now = (uint32_t)(word >> 32) };
}

static inline struct hl_epochs hl_peak_epochs(enum hl_domain domain)
{
	const struct hl_domain_totals *totals = &hl_globals->domains[domain];

	/* Acquire: sum_epochs is read after it. */
	return hl_epochs_of(__atomic_load_n((const hl_epochs_word *)&totals->peak_epoch, __ATOMIC_ACQUIRE));
}

/** hl_peak_is_older() - is epoch @a before @b? Both are at most 2^32 epochs ago */
static inline bool hl_peak_is_older(uint32_t a, uint32_t b, uint32_t now)
{
	return now - a > now - b;
}

#pragma GCC visibility pop
#endif
