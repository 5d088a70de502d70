/* SPDX-License-Identifier: MIT */
/* heapledger sim: runs a scenario, a Python program, on simulated objects, and accounts for them by line. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/sim.h"
#include "scenario/modules/modules.h"

struct sim_arguments {
	const char *snapshot;
	const char *thresholds;
	const char *start_stats;
	uint64_t max_steps, max_bytes;
	int gc;				/* 0: on, 1: off */
	int profile;			/* enum gcs_profile */
	bool stats, check, cells, compare, force;
};

/* What is taken between the end of the program and its shutdown. */
struct taking {
	const struct sim_arguments *arguments;
	const struct sim_file *file;
	struct sim_lines lines;
	struct hl_snapshot *snapshot;
};

/* --- the values of options ------------------------------------------------------------------------------ */

/* Digits up to the maximum; moves on.  0 or -EINVAL. */
static int read_digits(const char **text, uint64_t max, uint64_t *out)
{
	char *end;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoull(*text, &end, 10);
	*text = end;
	return errno || *out > max ? -EINVAL : 0;
}

/* "700,10,10" */
static int read_three(const char *text, int out[GCS_NR_GENERATIONS])
{
	for (int i = 0; i < GCS_NR_GENERATIONS; i++) {
		uint64_t value;

		if ((i && *text++ != ',') || read_digits(&text, INT32_MAX, &value))
			return -EINVAL;
		out[i] = (int)value;
	}
	return *text ? -EINVAL : 0;
}

/* "22/43,2/92,0/0" or "22/43,2/92,0/0:500,3,1": collections/collected of each generation, then the counts. */
static int read_start(const char *text, struct scenario_options *out)
{
	for (int i = 0; i < GCS_NR_GENERATIONS; i++) {
		struct gcs_generation_stats *stats = &out->start_stats[i];

		if ((i && *text++ != ',') || read_digits(&text, INT64_MAX, &stats->collections) || *text++ != '/' ||
				read_digits(&text, INT64_MAX, &stats->collected))
			return -EINVAL;
	}
	if (!*text)
		return 0;
	return *text == ':' ? read_three(text + 1, out->start_counts) : -EINVAL;
}

static int read_options(const struct sim_arguments *a, struct scenario_options *o)
{
	*o = (struct scenario_options){
		.profile = (enum gcs_profile)a->profile,
		.gc_off = a->gc,
		.has_thresholds = a->thresholds,
		.has_start = a->start_stats,
		.nr_frames = a->snapshot ? SIM_SNAPSHOT_FRAMES : 1,
		.max_steps = a->max_steps,
		.max_bytes = a->max_bytes,
	};
	if (a->thresholds && read_three(a->thresholds, o->thresholds)) {
		cli_complain("sim", "--thresholds: '%s' is not three numbers like 700,10,10", a->thresholds);
		return CLI_FAILED;
	}
	if (a->start_stats && read_start(a->start_stats, o)) {
		cli_complain("sim", "--start-stats: '%s' is not like 22/43,2/92,0/0 or 22/43,2/92,0/0:500,3,1",
				a->start_stats);
		return CLI_FAILED;
	}
	if (a->compare && (a->check || a->stats || a->snapshot)) {
		cli_complain("sim", "--compare runs the scenario twice: no --check, --stats or --snapshot with it");
		return CLI_FAILED;
	}
	if (a->compare && !a->thresholds && !a->gc && a->profile == GCS_PROFILE_CPYTHON311) {
		cli_complain("sim", "--compare needs a policy to compare with: --thresholds, --gc=off or"
				" --profile=plain");
		return CLI_FAILED;
	}
	if (a->check && a->cells) {
		cli_complain("sim", "--check: Python reads no notebooks: no --cells with it");
		return CLI_FAILED;
	}
	return -1;
}

/* --- the file ----------------------------------------------------------------------------------------------- */

/* What a compilation can take; a device without end would fill the memory. */
#define MOST_TEXT ((size_t)UINT32_MAX / 4)

/* -EFBIG: longer than that, or than the limit of bytes. */
static int read_file(struct sim_file *file, uint64_t max_bytes)
{
	size_t most = max_bytes && max_bytes < MOST_TEXT ? (size_t)max_bytes : MOST_TEXT;
	int fd = open(file->name, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : sim_buffer_read(&file->text, fd, most);

	if (fd >= 0)
		close(fd);
	if (rc && !(rc == -EFBIG && max_bytes))
		cli_complain("sim", "%s: cannot be read: %s", file->name, strerror(-rc));
	return rc;
}

/* As CPython shows a script: the folder is put before it, and nothing is resolved. */
static char *absolute_path(const char *name)
{
	char *folder = *name == '/' ? NULL : getcwd(NULL, 0);
	char *path;
	int n;

	if (!folder)
		return strdup(name);
	n = asprintf(&path, "%s/%s", folder, name);
	free(folder);
	return n < 0 ? NULL : path;
}

static int refuse(const struct sim_file *file, const struct scenario_error *err)
{
	if (err->kind == SCENARIO_SYNTAX) {
		fprintf(stderr, "  File \"%s\", line %" PRIu32 "\n%s\n", file->path, err->line, err->message);
		return CLI_FINDING;
	}
	cli_complain("sim", "%s:%" PRIu32 ": %s", file->name, err->line, err->message);
	return CLI_FAILED;
}

/* -1: go on; else the exit status. */
static int load(struct sim_file *file, bool cells, const struct scenario_options *o)
{
	struct scenario_error err = {0};
	int rc;

	file->path = absolute_path(file->name);
	if (!file->path) {
		cli_complain("sim", "%s: %s", file->name, strerror(errno));
		return CLI_FAILED;
	}
	rc = read_file(file, o->max_bytes);
	if (rc == -EFBIG && o->max_bytes)
		return sim_complain_limit(file, o, SIM_STOP_BYTES);
	if (rc)
		return CLI_FAILED;
	rc = program_compile_within(file->text.data, file->text.nr, file->path, cells ? PROGRAM_CELLS : 0,
			o->max_bytes, &file->program, &err);
	if (rc == -E2BIG)
		return sim_complain_limit(file, o, SIM_STOP_BYTES);
	if (!rc)
		rc = sim_modules_check(file->program, &err);
	if (rc == -EINVAL)
		return refuse(file, &err);
	if (rc)
		cli_complain("sim", "%s: %s", file->name, strerror(-rc));
	return rc ? CLI_FAILED : -1;
}

static void release_file(struct sim_file *file)
{
	program_free(file->program);
	sim_buffer_release(&file->text);
	free(file->path);
}

/* --- the run --------------------------------------------------------------------------------------------------- */

/* The accounts without what the interpreter itself has made. */
static int take_snapshot(struct gcs_heap *heap, struct hl_snapshot **out)
{
	const struct hl_filter filter = {.pattern = {SIM_START_FILE, strlen(SIM_START_FILE)}};
	const struct hl_resolve_options options = {.no_skip = true};
	struct hl_resolver *resolver = NULL;
	struct hl_snapshot *all = NULL;
	int rc = gcs_snapshot(heap, GCS_SNAPSHOT_ALL, &all);

	if (!rc)
		rc = hl_resolver_new(&options, &resolver);
	if (!rc)
		rc = hl_snapshot_filter(all, resolver, &filter, 1, out);
	hl_resolver_unref(resolver);
	hl_snapshot_unref(all);
	return rc;
}

static int take(struct gcs_heap *heap, void *arg)
{
	struct taking *t = arg;
	int rc = 0;

	if (t->arguments->stats)
		rc = sim_lines_collect(heap, t->file->path, sim_count_lines(&t->file->text), &t->lines);
	if (!rc && t->arguments->snapshot)
		rc = take_snapshot(heap, &t->snapshot);
	return rc;
}

int sim_complain_limit(const struct sim_file *file, const struct scenario_options *options, enum sim_stop stop)
{
	if (stop == SIM_STOP_STEPS)
		cli_complain("sim", "%s: the limit of %" PRIu64 " steps is reached (--max-steps)", file->name,
				options->max_steps);
	else
		cli_complain("sim", "%s: the limit of %" PRIu64 " bytes is reached (--max-bytes)", file->name,
				options->max_bytes);
	return CLI_FAILED;
}

static int write_snapshot(const struct sim_arguments *a, const struct hl_snapshot *snapshot)
{
	struct hl_error err;

	if (!hl_snapshot_write(snapshot, a->snapshot, a->force ? HL_WRITE_FORCE : 0, &err))
		return 0;
	cli_complain_file("sim", a->snapshot, &err);
	return -1;
}

/* What was asked for beside the scenario's own output. */
static int report(const struct taking *t, int status)
{
	const struct sim_arguments *a = t->arguments;

	if (a->stats)
		sim_lines_print(&t->lines, t->file);
	if (a->snapshot && write_snapshot(a, t->snapshot))
		return CLI_FAILED;
	return status;
}

static int run_once(const struct sim_file *file, const struct sim_arguments *a, struct scenario_options *o)
{
	const char *python = a->check ? sim_find_python() : NULL;
	struct taking taking = {.arguments = a, .file = file};
	struct sim_output output = {.is_shown = true, .is_kept = a->check, .max_bytes = o->max_bytes};
	struct scenario_result result;
	int status = CLI_FAILED;
	int rc;

	if (a->check && !python)
		return CLI_FAILED;
	o->out = sim_write_out;
	o->err = sim_write_err;
	o->write_arg = &output;
	o->ended = take;
	o->ended_arg = &taking;
	rc = scenario_run(file->program, o, &result);
	if (rc) {
		cli_complain("sim", "%s: %s", file->name, strerror(-rc));
	} else {
		status = report(&taking, result.stop ? sim_complain_limit(file, o, result.stop) : result.status);
		if (a->check && !result.stop && status == result.status) {
			rc = sim_check(python, file, &output, status);
			status = rc ? rc : status;
		}
	}
	free(taking.lines.lines);
	hl_snapshot_unref(taking.snapshot);
	sim_buffer_release(&output.out);
	sim_buffer_release(&output.err);
	return status;
}

static int run(const char *name, const struct sim_arguments *a)
{
	struct sim_file file = {.name = name};
	struct scenario_options o;
	int status = read_options(a, &o);

	if (status >= 0)
		return status;
	o.script = name;
	status = load(&file, a->cells, &o);
	if (status < 0)
		status = a->compare ? sim_compare_policies(&file, &o) : run_once(&file, a, &o);
	release_file(&file);
	return status;
}

int cmd_sim(int argc, char **argv)
{
	static const char *const switches[] = {"on", "off", NULL};
	static const char *const profiles[] = {"plain", "cpython311", NULL};
	struct sim_arguments a = {.profile = GCS_PROFILE_CPYTHON311};
	const struct cli_option options[] = {
		{0, "stats", NULL, CLI_FLAG, &a.stats, "show what each line made, beside the source", NULL},
		{'o', "snapshot", "FILE", CLI_STRING, &a.snapshot, "write a ledger for top, diff, export ...", NULL},
		{'f', "force", NULL, CLI_FLAG, &a.force, "replace that file", NULL},
		{0, "check", NULL, CLI_FLAG, &a.check, "compare with python3 3.11, show the first difference", NULL},
		{0, "cells", NULL, CLI_FLAG, &a.cells, "the file is a notebook's text", NULL},
		{0, "thresholds", "A,B,C", CLI_STRING, &a.thresholds, "gc.set_threshold() before it starts", NULL},
		{0, "gc", "WHEN", CLI_CHOICE, &a.gc, "on or off (on)", switches},
		{0, "profile", "HOW", CLI_CHOICE, &a.profile, "plain or cpython311 (cpython311)", profiles},
		{0, "compare", NULL, CLI_FLAG, &a.compare, "the same under the defaults, side by side", NULL},
		{0, "start-stats", "N/N,N/N,N/N", CLI_STRING, &a.start_stats, "what gc.get_stats() begins with", NULL},
		{0, "max-steps", "N", CLI_NUMBER, &a.max_steps, "end after N steps; 0: no limit", NULL},
		{0, "max-bytes", "SIZE", CLI_SIZE, &a.max_bytes, "end when it takes more memory; 0: no limit", NULL},
		{0},
	};
	const struct cli_usage usage = {
		.word = "sim",
		.operands = "FILE.py",
		.summary = "Run a Python program on simulated objects, as CPython 3.11 would.",
		.options = options,
		.min_operands = 1,
		.max_operands = 1,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	return status < 0 ? run(argv[first], &a) : status;
}
