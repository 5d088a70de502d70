/* SPDX-License-Identifier: MIT */
/* The reports of one command each.  As in report.h: finished figures in, the FILE tells of errors. */
#ifndef HL_REPORTS_VIEWS_H
#define HL_REPORTS_VIEWS_H

#include <stdbool.h>
#include <stdio.h>

#include "reports/place.h"
#include "snapshot/heapledger.h"

/* A suppression and what it left out. */
struct hl_suppressed {
	const char *pattern;
	bool is_carried;		/* the program itself brings it along */
	struct hl_counts counts;
};

struct hl_leaks_report {
	const char *file;
	const struct hl_snapshot *snapshot;
	const struct hl_statistics *statistics;	/* HL_KEY_TRACEBACK, HL_METRIC_LIVE */
	const struct hl_suppressed *suppressed;
	size_t nr_suppressed;
	struct hl_counts runtime;	/* what runtimes keep, left out */
	size_t nr_rows;
	bool exact;
	bool color;
	struct hl_name_style names;
};

void hl_leaks_write_text(FILE *file, const struct hl_leaks_report *report);
void hl_leaks_write_json(FILE *file, const struct hl_leaks_report *report);

struct hl_tree_report {
	const char *file;
	const struct hl_snapshot *snapshot;
	const struct hl_tree *tree;
	enum hl_metric metric;
	double min_share;		/* of the total, 0 to 1: what is smaller is left out */
	size_t max_depth;
	const char *of;			/* functions that it begins with; NULL: all */
	bool is_inverted;		/* to the callers */
	bool exact;
	bool color;
	struct hl_name_style names;
};

void hl_tree_write_text(FILE *file, const struct hl_tree_report *report);
void hl_tree_write_json(FILE *file, const struct hl_tree_report *report);

/* A line that grew. */
struct hl_grown {
	uint32_t traceback;
	uint32_t via;			/* of the last file's group, see struct hl_statistic */
	uint32_t nr_vias;
	bool grew_in_bytes;
	bool grew_in_blocks;
	const int64_t *sizes;		/* by file */
	const int64_t *counts;
	double slope;			/* bytes per step, the least squares over all of them */
	double count_slope;		/* blocks per step */
	double per_second;		/* the same over time; 0: the times are not known */
};

struct hl_growth_report {
	char *const *files;
	size_t nr_files;		/* or moments */
	struct hl_snapshot *const *snapshots; /* where they come from */
	size_t nr_snapshots;
	const struct hl_resolver *resolver;
	const struct hl_grown *lines;	/* steepest first */
	size_t nr_lines;
	size_t nr_tested;		/* series of bytes and of blocks that change */
	bool is_tested;			/* else there were too few files: the lines grew each time */
	bool is_of_moments;		/* of one file */
	size_t nr_rows;
	enum hl_key key;
	enum hl_metric metric;
	bool exact;
	bool color;
	struct hl_name_style names;
};

void hl_growth_write_text(FILE *file, const struct hl_growth_report *report);
void hl_growth_write_json(FILE *file, const struct hl_growth_report *report);

struct hl_pages_report {
	const char *process;		/* its number */
	const struct hl_statistics *statistics;	/* of hl_snapshot_pages() */
	const struct hl_memory *memory;
	size_t nr_rows;
	bool exact;
	bool color;
	struct hl_name_style names;
};

void hl_pages_write_text(FILE *file, const struct hl_pages_report *report);
void hl_pages_write_json(FILE *file, const struct hl_pages_report *report);

/* A budget, what was found, and the groups that made it so. */
struct hl_budget {
	const char *name;		/* "max-live", "parser.c:12" */
	bool is_count;			/* blocks, not bytes */
	bool is_percent;
	bool is_broken;
	double limit;
	double found;			/* HUGE_VAL: growth from nothing */
	double bound;			/* of a peak: the true one may be higher by so much; else 0 */
	double runtime;			/* bytes that runtimes keep, which are not in found */
	double error;			/* of a sample: the standard error of found; else 0 */
	const struct hl_statistics *statistics;	/* the groups, or ... */
	const struct hl_diffs *diffs;	/* ... what they grew by; both NULL: nothing to show */
};

struct hl_check_report {
	const char *file;
	const struct hl_budget *budgets;
	size_t nr_budgets;
	size_t nr_rows;			/* lines shown for each */
	bool exact;
	bool color;
	struct hl_name_style names;
};

void hl_check_write_text(FILE *file, const struct hl_check_report *report);
void hl_check_write_json(FILE *file, const struct hl_check_report *report);
void hl_check_write_junit(FILE *file, const struct hl_check_report *report);

struct hl_annotate_report {
	const char *path;		/* of the source */
	const struct hl_resolver *resolver;
	const struct hl_statistic **lines; /* by line number, NULL: none; 0 is not used */
	size_t nr_lines;
	const struct hl_snapshot *snapshot;
	enum hl_metric metric;
	bool exact;
	bool color;
};

/* -EPERM: the source may not be shown; other -errno: it cannot be read.  Nothing was written then. */
int hl_annotate_write_text(FILE *file, const struct hl_annotate_report *report);

#endif
