/* SPDX-License-Identifier: MIT */
/* Choosing and grouping blocks, for all subcommands that do. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/live.h"
#include "cli/origins-file.h"
#include "cli/selection.h"

const char *const cli_color_names[] = {"auto", "always", "never", NULL};

bool cli_wants_color(int color)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (color)
		return color == 1;
	return !(no_color && *no_color) && term && strcmp(term, "dumb") && isatty(STDOUT_FILENO);
}

/* Of the terminal that is written to; 0: there is none. */
static uint32_t terminal_columns(void)
{
	const char *text = getenv("COLUMNS");
	struct winsize size;
	uint64_t columns;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (text && !cli_parse_size(text, &columns) && columns && columns <= UINT16_MAX)
		return (uint32_t)columns;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? 0 : size.ws_col;
}

struct hl_name_style cli_name_style(const struct cli_selection *selection)
{
	return (struct hl_name_style){
		.is_full = selection->full_names,
		.columns = terminal_columns(),
	};
}

void cli_selection_release(struct cli_selection *selection)
{
	free(selection->include.items);
	free(selection->exclude.items);
	free(selection->focus.items);
	free(selection->ignore.items);
	free(selection->pass.items);
	free(selection->own.items);
	free(selection->wrappers.items);
	free(selection->debug_dirs.items);
	free(selection->source_dirs.items);
}

void cli_grouping_release(struct cli_grouping *grouping)
{
	cli_selection_release(&grouping->selection);
}

/*
 * A line on the terminal that is written over, at most ten times a second; nothing of work that is
 * done before the first tenth.
 */
static void show_progress(void *arg, uint64_t done, uint64_t total)
{
	static uint64_t last_ns;
	static bool is_shown;
	struct timespec now;
	uint64_t now_ns;

	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return;
	now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	if (done == total) {
		if (is_shown)
			fputs("\r\033[K", stderr);
		is_shown = false;
		last_ns = 0;
		return;
	}
	if (!last_ns)
		last_ns = now_ns;
	if (now_ns - last_ns < 100000000u)
		return;
	last_ns = now_ns;
	is_shown = true;
	fprintf(stderr, "\rheapledger %s: symbols: %.0f %%", (const char *)arg,
			100 * (double)done / (double)total);
}

/* The same for a file of debuginfod's servers, whose size they need not tell. */
static void show_fetch(void *arg, uint64_t done, uint64_t total)
{
	char all[32] = "";

	if (!done && !total) {
		fputs("\r\033[K", stderr);
		return;
	}
	if (total)
		snprintf(all, sizeof(all), " of %.1f", (double)total / 1048576);
	fprintf(stderr, "\rheapledger %s: debuginfod: %.1f%s MiB", (const char *)arg, (double)done / 1048576, all);
}

static void be_told(const char *word, struct hl_resolver *resolver)
{
	hl_resolver_set_progress(resolver, show_progress, (void *)word);
	hl_resolver_set_fetch_progress(resolver, show_fetch, (void *)word);
}

/* Why there is no resolver. */
static void complain_resolver(const char *word, const struct hl_resolve_options *options, int rc)
{
	char *problem = hl_resolve_options_problem(options);

	if (!problem && rc != -ENOMEM)
		cli_complain(word, "--sysroot: %s: %s", options->sysroot, strerror(-rc));
	else
		cli_complain(word, "%s", problem ? problem : "out of memory");
	free(problem);
}

struct hl_resolver *cli_resolver(const char *word, const struct cli_selection *selection)
{
	struct cli_origins_file mine;
	char *directory;
	struct hl_resolve_options options = {
		.no_skip = selection->no_skip,
		.origins = selection->origins,
		.pass = selection->pass.items,
		.own = selection->own.items,
		.wrappers = selection->wrappers.items,
		.debug_dirs = selection->debug_dirs.items,
		.sysroot = selection->sysroot,
		.debuginfod = selection->debuginfod,
		.by_function = selection->by_function,
		.source_dirs = selection->source_dirs.items,
	};
	struct hl_resolver *resolver = NULL;
	int rc;

	if (cli_selection_check(word, selection) || cli_origins_file_read(word, &mine))
		return NULL;
	options.origins_text = mine.text;
	options.origins_name = mine.path;
	options.directory = directory = getcwd(NULL, 0);
	rc = hl_resolver_new(&options, &resolver);
	if (rc)
		complain_resolver(word, &options, rc);
	else if (!selection->quiet && isatty(STDERR_FILENO))
		be_told(word, resolver);
	free(directory);
	cli_origins_file_release(&mine);
	return resolver;
}

/* Take @new_ for @snapshot, or say why there is none. */
static int replace(const char *word, int rc, const char *what, struct hl_snapshot *new_,
		struct hl_snapshot **snapshot)
{
	if (rc) {
		cli_complain(word, "%s: %s", what, rc == -EINVAL ? "not a regular expression" : cli_reason(rc));
		return -1;
	}
	hl_snapshot_unref(*snapshot);
	*snapshot = new_;
	return 0;
}

static int parse_filters(const char *word, const struct cli_list *list, bool is_inclusive,
		struct hl_filter *filters)
{
	for (size_t i = 0; i < list->nr; i++) {
		if (hl_filter_parse(list->items[i], is_inclusive, &filters[i])) {
			cli_complain(word, "%s: a line or domain that is too large", list->items[i]);
			return -1;
		}
	}
	return 0;
}

static int filter(const char *word, const struct cli_selection *s, struct hl_resolver *resolver,
		struct hl_snapshot **snapshot)
{
	size_t nr = s->include.nr + s->exclude.nr;
	struct hl_filter *filters = calloc(nr + 1, sizeof(*filters));
	struct hl_snapshot *kept = NULL;
	int rc = -1;

	if (!filters)
		cli_complain(word, "out of memory");
	else if (!parse_filters(word, &s->include, true, filters) &&
			!parse_filters(word, &s->exclude, false, filters + s->include.nr))
		rc = 0;
	if (!rc) {
		rc = hl_snapshot_filter(*snapshot, resolver, filters, nr, &kept);
		rc = replace(word, rc, "--include", kept, snapshot);
	}
	free(filters);
	return rc;
}

static int focus(const char *word, const struct cli_list *list, bool keep,
		struct hl_resolver *resolver, struct hl_snapshot **snapshot)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < list->nr; i++) {
		struct hl_snapshot *kept = NULL;

		rc = hl_snapshot_focus(*snapshot, resolver, list->items[i], keep, &kept);
		rc = replace(word, rc, list->items[i], kept, snapshot);
	}
	return rc;
}

int cli_select(const char *word, const struct cli_selection *selection,
		struct hl_resolver *resolver, struct hl_snapshot **snapshot)
{
	int rc = 0;

	cli_use_process(resolver, *snapshot);
	if (selection->include.nr + selection->exclude.nr)
		rc = filter(word, selection, resolver, snapshot);
	if (!rc)
		rc = focus(word, &selection->focus, true, resolver, snapshot);
	if (!rc)
		rc = focus(word, &selection->ignore, false, resolver, snapshot);
	return rc;
}

int cli_grouping_check(const char *word, struct cli_grouping *grouping)
{
	const struct hl_report_writer *writer = cli_writer(grouping->format);

	if (grouping->nr_rows == CLI_ROWS_DEFAULT)
		grouping->nr_rows = writer->shows_all ? 0 : 10;
	if (grouping->key < 0)
		grouping->key = writer == &hl_traceback_writer ? HL_KEY_TRACEBACK : HL_KEY_LINENO;
	if (writer != &hl_traceback_writer && (grouping->frames != HL_ALL_FRAMES || grouping->most_recent_first)) {
		cli_complain(word, "--%s goes with --format=traceback only",
				grouping->most_recent_first ? "most-recent-first" : "frames");
		return CLI_FAILED;
	}
	if (grouping->cumulative && grouping->key == HL_KEY_TRACEBACK) {
		cli_complain(word, "--cumulative does not go with -g traceback");
		return CLI_FAILED;
	}
	return -1;
}

void cli_note_threads(const char *word, const struct hl_snapshot *snapshot, enum hl_key key)
{
	if (key == HL_KEY_THREAD && !hl_snapshot_nr_threads(snapshot))
		cli_complain(word, "note: threads are not told apart in this ledger; record --threads does it");
}

int cli_group(const struct cli_grouping *grouping, struct hl_snapshot *snapshot,
		struct hl_resolver *resolver, enum hl_metric metric, struct hl_statistics **out)
{
	enum hl_key key = (enum hl_key)grouping->key;

	if (grouping->cumulative)
		return hl_snapshot_statistics_cumulative(snapshot, resolver, key, metric, out);
	return hl_snapshot_statistics(snapshot, resolver, key, metric, out);
}

static bool has_live_blocks(const struct hl_snapshot *snapshot)
{
	struct hl_totals totals;

	hl_snapshot_totals(snapshot, -1, &totals);
	return totals.live_count || totals.live_bytes;
}

enum hl_metric cli_metric(int wanted, struct hl_snapshot *const *snapshots, size_t nr,
		bool *nothing_left)
{
	*nothing_left = false;
	if (wanted >= 0)
		return (enum hl_metric)wanted;
	for (size_t i = 0; i < nr; i++)
		if (has_live_blocks(snapshots[i]))
			return HL_METRIC_LIVE;
	*nothing_left = true;
	return HL_METRIC_PEAK;
}
