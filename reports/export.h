/* SPDX-License-Identifier: MIT */
/*
 * Exports: a ledger's call stacks in the formats of other programs, one writer for each format.
 *
 * A writer gets finished stacks and a FILE; it neither loads nor symbolises, and gives the same
 * bytes for the same stacks.  Whether writing failed, the FILE's error state tells.
 */
#ifndef HL_REPORTS_EXPORT_H
#define HL_REPORTS_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "snapshot/stacks.h"

/* What the user should hear about an export. */
struct hl_export_notes {
	uint64_t nr_negative;		/* call sites with a value below zero in a format without such */
	int32_t spaced_module;		/* a module whose path has a blank, where readers cut it; -1: none */
};

struct hl_export {
	struct hl_snapshot *snapshot;
	struct hl_resolver *resolver;	/* that named the stacks */
	const struct hl_stacks *stacks;
	enum hl_metric metric;		/* of a format that holds one */
	const char *creator;		/* "heapledger 1.0" */
	bool full_names;		/* also where the format has a second field for them */
	struct hl_export_notes *notes;
};

struct hl_export_writer {
	const char *name;		/* the word after -t */
	bool is_binary;
	bool has_metric;		/* shows only hl_export.metric */
	int (*write)(FILE *file, const struct hl_export *export); /* 0 or -ENOMEM */
};

/* All formats, NULL-ended. */
extern const struct hl_export_writer *const hl_export_writers[];

extern const struct hl_export_writer hl_export_callgrind;
extern const struct hl_export_writer hl_export_dhat;
extern const struct hl_export_writer hl_export_folded;
extern const struct hl_export_writer hl_export_heap;
extern const struct hl_export_writer hl_export_json;
extern const struct hl_export_writer hl_export_massif;
extern const struct hl_export_writer hl_export_pprof;
extern const struct hl_export_writer hl_export_speedscope;
extern const struct hl_export_writer hl_export_traces;

/* ---- For the writers ------------------------------------------------------------------------ */

/* The figures of a call site that exports show. */
enum hl_value {
	HL_VALUE_ALLOC_COUNT,
	HL_VALUE_ALLOC_BYTES,
	HL_VALUE_LIVE_COUNT,
	HL_VALUE_LIVE_BYTES,
	HL_VALUE_PEAK_COUNT,
	HL_VALUE_PEAK_BYTES,
	HL_VALUE_TEMP_COUNT,
	HL_NR_VALUES
};

int64_t hl_export_value(const struct hl_counts *counts, enum hl_value value);
/* The same for formats without negative numbers: 0 instead. */
uint64_t hl_export_natural(const struct hl_counts *counts, enum hl_value value);
/* What a metric counts: bytes, but for COUNT and TEMP. */
enum hl_value hl_export_metric_value(enum hl_metric metric);
/* Fill notes->nr_negative from the values of which bit 1 << value is set in @values. */
void hl_export_note_negative(const struct hl_export *export, unsigned int values);
/* The sum of a value over all sites, of the positive ones only. */
uint64_t hl_export_sum(const struct hl_export *export, enum hl_value value);

/* The program's arguments on one line, as hl_put_replaced() writes them. */
void hl_export_put_command(FILE *file, const struct hl_export *export, const char *from,
		const char *to);
/* The same as a string without replacement; the caller frees; NULL: out of memory. */
char *hl_export_command(const struct hl_export *export);

/* Milliseconds and the like from the start to a moment (CLOCK_MONOTONIC); 0 if not known. */
uint64_t hl_export_since_start(const struct hl_export *export, uint64_t ns);
/* From the start to the end, the snapshot or the peak: the last moment that is known. */
uint64_t hl_export_duration(const struct hl_export *export);

#endif
