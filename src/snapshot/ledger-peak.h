/* SPDX-License-Identifier: MIT */
/*
 * What the sites held at a peak, read while there may be new ones.
 *
 * A domain's epoch grows with each peak, its own or the sum's, and a record says in which epoch it changed last.  A
 * record that changed since the peak has saved what it held then; of the others it is what lives.
 */
#ifndef HL_SNAPSHOT_LEDGER_PEAK_H
#define HL_SNAPSHOT_LEDGER_PEAK_H

#include "snapshot/ledger-image.h"
#include "snapshot/snapshot.h"

struct hl_peak_reader {
	const struct hl_globals *globals;	/* in the mapped file */
	bool has_sum;			/* the program keeps a peak of malloc and mmap together */
};

/* When a site was read: the epochs of its domain at its own peak and at that of the sum. */
struct hl_moment {
	uint32_t own;
	uint32_t sum;
	bool is_inside_event;		/* the thread that writes one of its records was in an event */
};

/* @image: mapped, with a section of globals. */
struct hl_peak_reader hl_peak_reader(const struct hl_image *image);

/* The latest peaks of a domain. */
struct hl_moment hl_moment_now(const struct hl_peak_reader *reader, unsigned int domain);

/* What a record held in @epoch, if it saved @saved when it changed first after that. */
struct hl_held hl_held_then(const struct hl_counters *counters, struct hl_held saved, uint32_t epoch);

/**
 * hl_moments_settle() - read the peaks, behind all sites
 * @moments: by site, what hl_moment_now() said when it was read
 * @snapshot: of globals, domains and sum are written, and the peaks of sites that were read before the last one
 */
void hl_moments_settle(const struct hl_peak_reader *reader, const struct hl_moment *moments,
		struct hl_snapshot *snapshot);

#endif
