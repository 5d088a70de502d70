/* SPDX-License-Identifier: MIT */
/* Choosing and grouping blocks, for all subcommands that do. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "snapshot/named-file.h"

const char *const cli_color_names[] = {"auto", "always", "never", NULL};

bool cli_wants_color(int color)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (color)
		return color == 1;
	return !(no_color && *no_color) && term && strcmp(term, "dumb") && isatty(STDOUT_FILENO);
}

void cli_selection_release(struct cli_selection *selection)
{
	free(selection->include.items);
	free(selection->exclude.items);
	free(selection->focus.items);
	free(selection->ignore.items);
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

/* What the library would do with it, in silence. */
static int try_source_dir(const char *folder)
{
	struct hl_named_folders folders = {0};
	int rc = hl_named_folders_add_here(&folders);

	if (!rc)
		rc = hl_named_folders_add(&folders, folder, HL_VOUCHER_USER, 0);
	hl_named_folders_release(&folders);
	return rc;
}

bool cli_has_sources(const char *folder)
{
	return try_source_dir(folder) == 0;
}

/* 0, or -1 after a complaint about a --source-dir that allows nothing. */
static int check_source_dirs(const char *word, const struct cli_list *dirs)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < dirs->nr; i++) {
		rc = try_source_dir(dirs->items[i]);
		if (rc)
			cli_complain(word, "--source-dir: %s: %s", dirs->items[i], rc == -EPERM ?
					"a folder of the system: no sources are shown from there" : strerror(-rc));
	}
	return rc ? -1 : 0;
}

struct hl_resolver *cli_resolver(const char *word, const struct cli_selection *selection)
{
	char *directory;
	struct hl_resolve_options options = {
		.no_skip = selection->no_skip,
		.wrappers = selection->wrappers.items,
		.debug_dirs = selection->debug_dirs.items,
		.by_function = selection->by_function,
		.source_dirs = selection->source_dirs.items,
	};
	struct hl_resolver *resolver = NULL;

	if (check_source_dirs(word, &selection->source_dirs))
		return NULL;
	options.directory = directory = getcwd(NULL, 0);
	if (hl_resolver_new(&options, &resolver))
		cli_complain(word, "out of memory");
	else if (!selection->quiet && isatty(STDERR_FILENO))
		hl_resolver_set_progress(resolver, show_progress, (void *)word);
	free(directory);
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
	if (grouping->cumulative && grouping->key == HL_KEY_TRACEBACK) {
		cli_complain(word, "--cumulative does not go with -g traceback");
		return CLI_FAILED;
	}
	return -1;
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
