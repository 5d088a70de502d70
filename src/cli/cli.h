/* SPDX-License-Identifier: MIT */
/*
 * What the subcommands share: the table of commands, tables of options, messages.
 *
 * A subcommand is one file cmd-<word>.c with one function; its options are one table, from which
 * getopt_long and --help are fed, and which a lint compares with the man page.
 */
#ifndef HL_CLI_CLI_H
#define HL_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/report.h"
#include "snapshot/heapledger.h"

enum cli_exit {
	CLI_DONE = 0,
	CLI_FINDING = 1,		/* what the command was asked to look for */
	CLI_FAILED = 2,			/* usage or input */
};

/* One line of the table in main.c. */
struct cli_command {
	const char *word;		/* matched whole */
	const char *alias;		/* NULL: none */
	int (*run)(int argc, char **argv); /* argv[0] is the word; returns the exit status */
	const char *summary;
};

enum cli_option_type {
	CLI_FLAG,			/* bool *value */
	CLI_STRING,			/* const char **value */
	CLI_NUMBER,			/* uint64_t *value */
	CLI_INTEGER,			/* int64_t *value; may be negative */
	CLI_SIZE,			/* uint64_t *value; 64MiB, 10K, 1.5G: units of 1024 */
	CLI_CHOICE,			/* int *value: index into choices */
	CLI_LIST,			/* struct cli_list *value; may be repeated */
};

struct cli_list {
	const char **items;		/* NULL-ended; NULL: none given */
	size_t nr;
};

/* -h, --help is there for every command and not in the table. */
struct cli_option {
	char letter;			/* 0: none */
	const char *name;
	const char *argument;		/* as --help shows it; NULL for a flag */
	enum cli_option_type type;
	void *value;
	const char *help;
	const char *const *choices;	/* CLI_CHOICE: NULL-ended */
};

struct cli_usage {
	const char *word;
	const char *operands;		/* "FILE", "[--] PROGRAM [ARG...]" */
	const char *summary;
	const struct cli_option *options; /* ended by a name of NULL */
	int min_operands;
	int max_operands;		/* -1: any number */
	bool stops_at_operand;		/* the rest belongs to a program */
};

/**
 * cli_parse() - read the options of a command
 * @first: receives the index of the first operand
 *
 * Prints --help and complaints itself.
 * Returns: -1: go on; else the exit status to leave with (0 after --help).
 */
int cli_parse(const struct cli_usage *usage, int argc, char **argv, int *first);

/* "64MiB", "10K", "1.5G", "100": units of 1024; 0 or -EINVAL. */
int cli_parse_size(const char *text, uint64_t *out);

/* What a size is, behind "'x' is not ". */
#define CLI_SIZE_WORDS "a number of bytes, such as 65536, 64KiB or 1.5M"

/* "heapledger WORD: " and a formatted message with a newline, on stderr. */
void cli_complain(const char *word, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a file: "heapledger top: a.hl: offset 4096: truncated". */
void cli_complain_file(const char *word, const char *file, const struct hl_error *err);

/* Why the library could not make something of ledgers that it has read: -ENOMEM, -EFBIG or -ERANGE. */
const char *cli_reason(int rc);

/* Load a ledger or complain; NULL after a complaint. */
struct hl_snapshot *cli_load(const char *word, const char *file);

/* Say once on stderr which modules could not be symbolised as recorded. */
void cli_warn_symbols(const char *word, const struct hl_resolver *resolver);

/* --format: the words and the writers, in the same order. */
extern const char *const cli_format_names[];
const struct hl_report_writer *cli_writer(int format);

/* Which blocks, and how they are named: what every command that groups has. */
struct cli_selection {
	struct cli_list include;
	struct cli_list exclude;
	struct cli_list focus;
	struct cli_list ignore;
	const char *origins;
	struct cli_list pass;
	struct cli_list own;
	struct cli_list wrappers;
	struct cli_list debug_dirs;
	const char *sysroot;
	bool debuginfod;
	struct cli_list source_dirs;	/* of commands that show source lines */
	bool no_skip;
	bool full_names;		/* of commands that show names */
	bool by_function;		/* no option: groups of lines are of one function each */
	bool quiet;			/* no progress */
};

/* The lines of the option table for a struct cli_selection @s. */
#define CLI_SELECTION_OPTIONS(s)                                                                   \
	{0, "include", "SPEC", CLI_LIST, &(s).include,                                             \
		"only blocks at PATTERN[@LINE][!][%DOMAIN] or of %DOMAIN", NULL},                  \
	{0, "exclude", "SPEC", CLI_LIST, &(s).exclude, "no blocks there", NULL},                   \
	{0, "focus", "REGEX", CLI_LIST, &(s).focus, "only stacks with a frame like REGEX", NULL},  \
	{0, "ignore", "REGEX", CLI_LIST, &(s).ignore, "no stacks with a frame like REGEX", NULL},  \
	{0, "origins", "LIST", CLI_STRING, &(s).origins,                                           \
		"pass over these: std,qt; +qt: besides the default; none", NULL},                  \
	{0, "pass", "PATTERN", CLI_LIST, &(s).pass,                                                \
		"pass over function:PATTERN, file:PATTERN or object:PATTERN", NULL},               \
	{0, "own", "PATH", CLI_LIST, &(s).own,                                                     \
		"the line is the innermost one of a file or an object below PATH", NULL},          \
	{0, "wrapper", "NAME", CLI_LIST, &(s).wrappers,                                            \
		"skip functions like NAME (*, ? and [] match) as allocators", NULL},               \
	{0, "no-skip", NULL, CLI_FLAG, &(s).no_skip, "pass over nothing, not even allocators", NULL},\
	{0, "debug-dir", "DIR", CLI_LIST, &(s).debug_dirs, "look for debug files in DIR", NULL},\
	{0, "sysroot", "DIR", CLI_STRING, &(s).sysroot, "look for programs and libraries in DIR first", NULL}, \
	{0, "debuginfod", NULL, CLI_FLAG, &(s).debuginfod,                                          \
		"ask debuginfod's servers for what is not here", NULL},                            \
	{'q', "quiet", NULL, CLI_FLAG, &(s).quiet, "no progress on a terminal, no hints", NULL}

/* For a command that shows source lines. */
#define CLI_SOURCE_OPTION(s)                                                                       \
	{0, "source-dir", "DIR", CLI_LIST, &(s).source_dirs, "show source lines of files in DIR, too", NULL}

/* For a command that shows names of functions. */
#define CLI_NAMES_OPTION(s)                                                                        \
	{0, "full-names", NULL, CLI_FLAG, &(s).full_names, "whole names of functions, templates and all", NULL}
/* Short ones as wide as the terminal, unless whole ones are asked for. */
struct hl_name_style cli_name_style(const struct cli_selection *selection);

/* Add an item, which has to stay; 0 or -ENOMEM. */
int cli_list_add(struct cli_list *list, const char *item);
/* Whether source lines of files in @folder are shown if the user asks for it. */
bool cli_has_sources(const char *folder);
void cli_selection_release(struct cli_selection *selection);
struct hl_resolver *cli_resolver(const char *word, const struct cli_selection *selection);

/**
 * cli_select() - replace a snapshot by one with the selected blocks only
 *
 * Returns: 0; -1 after a complaint.
 */
int cli_select(const char *word, const struct cli_selection *selection,
		struct hl_resolver *resolver, struct hl_snapshot **snapshot);

#define CLI_ROWS_DEFAULT UINT64_MAX

/* What `top` and `diff` share. */
struct cli_grouping {
	struct cli_selection selection;
	uint64_t nr_rows;		/* 0: all; CLI_ROWS_DEFAULT: what the format does by itself */
	int64_t frames;			/* of --format=traceback; see hl_traceback_slice() */
	int key;			/* -1: lineno, or traceback for its format */
	int metric;			/* -1: live, or the peak if nothing is left */
	int format;
	int color;
	bool cumulative;
	bool most_recent_first;
	bool exact;
};

#define CLI_GROUPING_DEFAULTS \
	{.nr_rows = CLI_ROWS_DEFAULT, .key = -1, .metric = -1, .frames = HL_ALL_FRAMES}

/* The lines of the option table for a struct cli_grouping @g. */
#define CLI_GROUPING_OPTIONS(g)                                                                    \
	{'n', "number", "N", CLI_NUMBER, &(g).nr_rows, "show at most N groups (10); 0: all", NULL},\
	{'g', "group-by", "KEY", CLI_CHOICE, &(g).key,                                             \
		"lineno, filename, function, module, traceback, kind or thread", hl_key_names},    \
	{'s', "sort", "METRIC", CLI_CHOICE, &(g).metric, "live, peak, alloc, count or temp",       \
		hl_metric_names},                                                                  \
	{0, "cumulative", NULL, CLI_FLAG, &(g).cumulative, "count a block for all its frames",     \
		NULL},                                                                             \
	CLI_SELECTION_OPTIONS((g).selection),                                                      \
	CLI_SOURCE_OPTION((g).selection),                                                          \
	CLI_NAMES_OPTION((g).selection),                                                           \
	{0, "format", "FORMAT", CLI_CHOICE, &(g).format,                                           \
		"text, json, csv, tracemalloc or traceback", cli_format_names},                    \
	{0, "frames", "LIMIT", CLI_INTEGER, &(g).frames,                                           \
		"traceback: the LIMIT most recent frames; -N: without the N", NULL},               \
	{0, "most-recent-first", NULL, CLI_FLAG, &(g).most_recent_first,                           \
		"traceback: the other order", NULL},                                               \
	{0, "bytes", NULL, CLI_FLAG, &(g).exact, "exact numbers instead of KiB, MiB ...", NULL},   \
	CLI_COLOR_OPTION((g).color)

extern const char *const cli_color_names[];
#define CLI_COLOR_OPTION(value)                                                                    \
	{0, "color", "WHEN", CLI_CHOICE, &(value), "auto, always or never", cli_color_names}
/* Of a command that writes text or JSON: the lines of the option table for its options @o. */
extern const char *const cli_text_or_json[];
#define CLI_OUTPUT_OPTIONS(o)                                                                      \
	{0, "format", "FORMAT", CLI_CHOICE, &(o).format, "text or json", cli_text_or_json},        \
	{0, "bytes", NULL, CLI_FLAG, &(o).exact, "exact numbers instead of KiB, MiB ...", NULL},   \
	CLI_COLOR_OPTION((o).color)
/* Whether standard output gets colours: for auto a terminal, unless NO_COLOR or TERM=dumb. */
bool cli_wants_color(int color);

/**
 * cli_grouping_check() - put defaults in that depend on other options
 *
 * Returns: -1: go on; else the exit status to leave with, after a complaint.
 */
int cli_grouping_check(const char *word, struct cli_grouping *grouping);
void cli_grouping_release(struct cli_grouping *grouping);
/* Say once on stderr that no threads were recorded, if they are asked for. */
void cli_note_threads(const char *word, const struct hl_snapshot *snapshot, enum hl_key key);
/* The groups of a snapshot as the options ask for them; 0 or -errno. */
int cli_group(const struct cli_grouping *grouping, struct hl_snapshot *snapshot,
		struct hl_resolver *resolver, enum hl_metric metric, struct hl_statistics **out);
/* What is shown when -s does not say: live bytes, unless there are none in any snapshot. */
enum hl_metric cli_metric(int wanted, struct hl_snapshot *const *snapshots, size_t nr,
		bool *nothing_left);

int cmd_annotate(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_growth(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_leaks(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_sim(int argc, char **argv);
int cmd_snapshot(int argc, char **argv);
int cmd_symbolize(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_ctl(int argc, char **argv);
int cmd_pages(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_tree(int argc, char **argv);

#endif
