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

/* The last peaks of a domain: the epochs of its own and of the sum's. */
struct hl_moment {
	uint32_t own;
	uint32_t sum;
};

/* @image: mapped, with a section of globals. */
struct hl_peak_reader hl_peak_reader(const struct hl_image *image);

/**
 * hl_peaks_read() - read the peaks of all domains and of their sum
 * @globals: domains, sum and sum_epochs are written
 *
 * To be called behind the reading of the records, so that none of them is of a later peak: one that has not changed
 * since an earlier one is as it was at the last.
 */
void hl_peaks_read(const struct hl_peak_reader *reader, struct hl_globals *globals);

/* The last peaks of a domain in what was read. */
struct hl_moment hl_moment_of(const struct hl_peak_reader *reader, const struct hl_globals *globals,
		unsigned int domain);

/* What a record held in @epoch, if it saved @saved when it changed first after that. */
struct hl_held hl_held_then(const struct hl_counters *counters, struct hl_held saved, uint32_t epoch);

#endif
