/* SPDX-License-Identifier: MIT */
/*
 * The reports, and who can write them: one struct of functions per output format.
 *
 * A writer gets finished statistics and a FILE; it neither loads nor chooses.  Whether writing
 * failed, the FILE's error state tells.
 */
#ifndef HL_REPORTS_REPORT_H
#define HL_REPORTS_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "reports/place.h"
#include "snapshot/heapledger.h"

struct hl_top_report {
	const char *moment;		/* " after 12.500 s", for the title; "": the end */
	const char *file;		/* the ledger's name, as the user gave it */
	const struct hl_snapshot *snapshot;
	const struct hl_statistics *statistics;
	size_t nr_rows;			/* at most so many; the rest is summed up */
	int64_t frames;			/* of a traceback; see hl_traceback_slice() */
	bool most_recent_first;
	bool exact;			/* bytes instead of KiB, MiB ... */
	bool color;			/* with a terminal's colours */
	struct hl_name_style names;
	bool nothing_left;		/* the metric is the peak because no live block is left */
};

struct hl_diff_report {
	const char *moment;		/* ", after 2.500 s and after 7.500 s", for the title; "": the ends */
	const char *old_file;
	const char *new_file;
	const struct hl_snapshot *sides[2];
	const struct hl_diffs *diffs;
	size_t nr_rows;
	int64_t frames;
	bool most_recent_first;
	bool exact;
	bool color;
	struct hl_name_style names;
	bool nothing_left;
};

struct hl_info_report {
	bool has_sizes;			/* of allocations, too, where it is text */
	const char *file;
	const struct hl_snapshot *snapshot;
	bool exact;
	bool has_spark;			/* draw the time line with block elements: a terminal, and UTF-8 */
};

/* NULL: the format cannot show this report. */
struct hl_report_writer {
	const char *name;		/* the word after --format= */
	bool shows_all;			/* unless a number of rows is asked for */
	void (*top)(FILE *file, const struct hl_top_report *report);
	void (*diff)(FILE *file, const struct hl_diff_report *report);
	void (*info)(FILE *file, const struct hl_info_report *report);
};

extern const struct hl_report_writer hl_text_writer;
extern const struct hl_report_writer hl_json_writer;
extern const struct hl_report_writer hl_csv_writer;
extern const struct hl_report_writer hl_tracemalloc_writer;
extern const struct hl_report_writer hl_traceback_writer;

/* A line that says so if a ledger holds a sample; @more tells what that means for the report. */
int hl_write_sample(FILE *file, const struct hl_snapshot *snapshot, const char *prefix, const char *more);

/* " (may be up to 0.8 % = 480 KiB higher)", if a peak is not known exactly. */
void hl_write_peak_bound(FILE *file, const struct hl_totals *totals, bool exact);

/* "1.20 MiB", or of @exact "1258291 B"; with @sign also of what is not negative. */
void hl_put_size(FILE *file, double size, bool sign, bool exact);

/**
 * hl_write_warnings() - what the account may have missed, one line each
 * @prefix: put before each line
 *
 * Returns: the number of lines; 0: nothing is missing.
 */
int hl_write_warnings(FILE *file, const struct hl_snapshot *snapshot, const char *prefix);

/* "live bytes at the end" and the like. */
const char *hl_metric_title(const struct hl_snapshot *snapshot, enum hl_metric metric);
/* "lines", "functions" ... */
const char *hl_key_plural(enum hl_key key);
#define HL_END_TEXT 96
/* How the program ended; @buf of HL_END_TEXT bytes. */
const char *hl_describe_end(const struct hl_info *info, char *buf);

#endif
