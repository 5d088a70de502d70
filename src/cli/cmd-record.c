/* SPDX-License-Identifier: MIT */
/* heapledger record: run a program under the shim, and sum up. */
#include "cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "cli/duration.h"
#include "cli/leftover.h"
#include "cli/programs.h"
#include "cli/resident.h"
#include "cli/run.h"
#include "cli/shared-folder.h"
#include "cli/summary.h"
#include "cli/symbolize.h"
#include "cli/target.h"
#include "cli/watch.h"
#include "reports/escape.h"

/* As env(1), timeout(1) and others that run programs. */
enum {
	RECORD_FAILED = 125,
	RECORD_NOT_EXECUTABLE = 126,
	RECORD_NOT_FOUND = 127,
};

/* With less the library cannot begin: nothing would be recorded. */
#define MIN_LEDGER_BYTES (64u << 10)

/* Between copies, which are whole ledgers. */
#define MIN_COPY_S 0.1

static const char *const follow_names[] = {"all", "fork", "exec", "no", NULL};
static const char *const unwind_names[] = {"auto", "cfi", "fp", NULL};

struct record_options {
	const char *out;
	bool force;
	bool quiet;
	bool mmap;
	bool threads;
	bool paused;
	bool no_deepbind;
	bool no_symbols;
	uint64_t depth;
	uint64_t max_bytes;
	uint64_t max_memory;
	uint64_t sample_bytes;
	uint64_t nr_lines;
	int follow;
	int unwind;
	const char *interval;
	uint64_t interval_ns;
	const char *snapshot_every;
	uint64_t copy_every_ns;
};

/* What to do about it; behind strerror(). */
static const char *about_program(int error)
{
	switch (error) {
	case -ENOENT:
		return "; give the path of a program, or a name that is in PATH";
	case -EACCES:
		return "; make it executable (chmod +x), or record the program that reads it";
	case -EISDIR:
		return "; name a program in it";
	default:
		return "";
	}
}

static const char *about_ledger(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
		return "; make its folder first, or name another with -o";
	case -EACCES:
	case -EPERM:
	case -EROFS:
		return "; name one in a folder that you may write to, with -o";
	case -EISDIR:
		return "; name a file in it, with -o";
	case -ENAMETOOLONG:
		return "; name a shorter one with -o";
	default:
		return "";
	}
}

static int exit_for(int error)
{
	if (error == -ENOENT)
		return RECORD_NOT_FOUND;
	return error == -EACCES || error == -EISDIR || error == -ENOEXEC ? RECORD_NOT_EXECUTABLE : RECORD_FAILED;
}

static int find_shim(char *path, size_t bytes)
{
	int r = hl_run_find_shim(path, bytes);

	if (r == -EINVAL)
		cli_complain("record", "%s: LD_PRELOAD cannot hold a path with a blank or a colon; "
			"set HEAPLEDGER_PRELOAD to a copy elsewhere", path);
	else if (r < 0)
		cli_complain("record", "the preloaded library was not found; set HEAPLEDGER_PRELOAD to "
			"the path of libheapledger_preload.so");
	return r;
}

static int find_target(const char *name, struct hl_target *target)
{
	char reason[8192];
	int r = hl_target_find(name, target);

	if (r < 0) {
		cli_complain("record", "%s: %s%s", name, r == -ENOENT && !strchr(name, '/') ?
			"not found in PATH" : strerror(-r), about_program(r));
		return exit_for(r);
	}
	if (hl_target_check(target, reason, sizeof(reason)) < 0) {
		cli_complain("record", "%s", reason);
		return RECORD_FAILED;
	}
	return 0;
}

static int prepare(struct hl_run *run, const struct hl_run_options *options, const char *exe)
{
	int r = *options->out ? hl_run_prepare(run, options, exe) : -EINVAL;

	if (!*options->out)
		cli_complain("record", "the name of the ledger is empty; -o wants the name of a file");
	else if (r == -EEXIST)
		cli_complain("record", "%s: the file exists; -f replaces it", options->out);
	else if (r == -EINVAL)
		cli_complain("record", "%s: a %% must be one of %%p %%e %%h %%t %%n %%q{VAR}, or %%%% "
			"for itself", options->out);
	else if (r == -ENOTSUP)
		cli_complain("record", "%s: not a regular file; a ledger is never written to it; name "
			"a new one with -o", options->out);
	else if (r < 0)
		cli_complain("record", "%s: %s%s", options->out, strerror(-r), about_ledger(r));
	return r;
}

static void summarise(const struct hl_run *run, int nr_lines)
{
	size_t index = 0;
	struct hl_snapshot *snapshot;
	struct rusage usage;

	if (run->nr_ledgers == 0)
		return;
	snapshot = hl_programs_list(run, &index);
	if (!snapshot)
		return;
	fputs("heapledger: ", stderr);
	hl_put_name(stderr, run->ledgers[index].path);
	fputc('\n', stderr);
	hl_print_summary(stderr, snapshot, nr_lines);
	/* of several programs nobody knows which of them had it */
	if (run->nr_ledgers == 1 && !getrusage(RUSAGE_CHILDREN, &usage))
		cli_note_resident(stderr, snapshot, (uint64_t)usage.ru_maxrss << 10);
	cli_note_python(stderr, snapshot);
	hl_snapshot_unref(snapshot);
}

/* Ends as the program did, so that whoever waits for us sees the same. */
static int end_as(int status)
{
	struct rlimit no_core = {0, 0};
	sigset_t set;

	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	fflush(NULL);
	setrlimit(RLIMIT_CORE, &no_core);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, WTERMSIG(status));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

/* Else programs that others start are not recorded because they shall not be. */
static bool follows_exec(const struct record_options *options)
{
	return strcmp(follow_names[options->follow], "all") == 0 || strcmp(follow_names[options->follow], "exec") == 0;
}

static int record(const struct record_options *options, char **argv)
{
	char shim[4096], depth[24], max_bytes[24], max_memory[24], sample_bytes[24];
	struct hl_run_options run_options = {.out = options->out, .force = options->force,
		.mmap = options->mmap, .threads = options->threads,
		.paused = options->paused, .no_deepbind = options->no_deepbind,
		.depth = depth, .max_bytes = max_bytes,
		.max_memory = max_memory, .sample_bytes = sample_bytes,
		.follow = follow_names[options->follow],
		.unwind = unwind_names[options->unwind], .watch = !options->quiet && follows_exec(options),
		.interval_ns = options->interval_ns, .copy_every_ns = options->copy_every_ns};
	struct hl_target target;
	struct hl_run run;
	int r;

	snprintf(depth, sizeof(depth), "%llu", (unsigned long long)options->depth);
	snprintf(max_bytes, sizeof(max_bytes), "%llu", (unsigned long long)options->max_bytes);
	snprintf(max_memory, sizeof(max_memory), "%llu", (unsigned long long)options->max_memory);
	snprintf(sample_bytes, sizeof(sample_bytes), "%llu",
		(unsigned long long)options->sample_bytes);
	r = find_target(argv[0], &target);
	if (r != 0)
		return r;
	if (find_shim(shim, sizeof(shim)) < 0 || prepare(&run, &run_options, target.exe) < 0)
		return RECORD_FAILED;
	r = hl_run_program(&run, &run_options, shim, target.path, argv);
	if (r < 0) {
		cli_complain("record", "%s: %s%s", target.path, strerror(-r),
			r == -ENOENT ? " (its interpreter or loader is missing)" : "");
		return exit_for(r);
	}
	/* What becomes of our words must not change how the program ended. */
	signal(SIGPIPE, SIG_IGN);
	hl_run_collect(&run);
	/* That is no summary: -q does not hide it. */
	if (run.nr_ledgers == 0)
		cli_complain("record", "no ledger was written: the library was not loaded, or could not "
			"make its file; HEAPLEDGER_LOG=1 in the environment shows why");
	if (!options->no_symbols)
		hl_run_symbolize(&run, options->quiet);
	if (!options->quiet) {
		summarise(&run, (int)options->nr_lines);
		hl_watch_print(run.watch, &run, stderr);
		if (options->follow <= 1)
			hl_leftover_list(&run);
	}
	hl_run_release(&run);
	return end_as(run.status);
}

static int read_times(struct record_options *o)
{
	double seconds;

	if (o->snapshot_every) {
		if (cli_parse_duration(o->snapshot_every, &seconds) || seconds < MIN_COPY_S) {
			cli_complain("record", "--snapshot-every=%s: a time of at least 0.1s, like 10s or 5m",
				o->snapshot_every);
			return -1;
		}
		o->copy_every_ns = (uint64_t)(seconds * 1e9);
	}
	if (strcmp(o->interval, "0") == 0 && o->snapshot_every)
		cli_complain("record", "--snapshot-every goes with a time line: not with --interval=0");
	if (strcmp(o->interval, "0") == 0)
		return o->snapshot_every ? -1 : 0;
	if (cli_parse_duration(o->interval, &seconds) || seconds < CLI_MIN_INTERVAL_S) {
		cli_complain("record", "--interval=%s: a time of at least 1ms, like 10ms, 1s or 2m; or 0", o->interval);
		return -1;
	}
	o->interval_ns = (uint64_t)(seconds * 1e9);
	return 0;
}

int cmd_record(int argc, char **argv)
{
	struct record_options o = {.depth = 256,
		.max_bytes = 1ull << 30, .nr_lines = 10, .interval = "10ms"};
	const struct cli_option options[] = {
		{'o', "output", "FILE", CLI_STRING, &o.out,
			"the ledger's name, with %p %e %h %t %n %q{VAR}", NULL},
		{'f', "force", NULL, CLI_FLAG, &o.force, "replace an existing FILE", NULL},
		{'q', "quiet", NULL, CLI_FLAG, &o.quiet, "no summary at the end", NULL},
		{'n', "number", "N", CLI_NUMBER, &o.nr_lines, "top lines in the summary (10)", NULL},
		{0, "depth", "N", CLI_NUMBER, &o.depth, "frames kept per stack (256)", NULL},
		{0, "max-size", "SIZE", CLI_SIZE, &o.max_bytes, "bound of the ledger (1GiB)", NULL},
		{0, "max-memory", "SIZE", CLI_SIZE, &o.max_memory,
			"bound of the ledger and all tables in the program (none)", NULL},
		{0, "sample", "BYTES", CLI_SIZE, &o.sample_bytes,
			"record a sample: one byte in BYTES on average (all)", NULL},
		{0, "threads", NULL, CLI_FLAG, &o.threads, "a call site for each thread: for -g thread", NULL},
		{0, "start-paused", NULL, CLI_FLAG, &o.paused, "record nothing until `heapledger ctl PID start`", NULL},
		{0, "mmap", NULL, CLI_FLAG, &o.mmap, "record anonymous mappings as domain 1", NULL},
		{0, "no-deepbind", NULL, CLI_FLAG, &o.no_deepbind,
			"leave libraries with RTLD_DEEPBIND to call libc's malloc", NULL},
		{0, "no-symbols", NULL, CLI_FLAG, &o.no_symbols, "put no names of addresses into the ledger", NULL},
		{0, "interval", "TIME", CLI_STRING, &o.interval,
			"between points of the time line, at first (10ms); 0: no time line", NULL},
		{0, "snapshot-every", "TIME", CLI_STRING, &o.snapshot_every,
			"write a copy NAME.snapshot-1.hl ... each TIME", NULL},
		{0, "follow", "WHAT", CLI_CHOICE, &o.follow,
			"children to record: all, fork, exec or no", follow_names},
		{0, "unwind", "HOW", CLI_CHOICE, &o.unwind, "auto, cfi (libunwind) or fp",
			unwind_names},
		{0},
	};
	const struct cli_usage usage = {
		.word = "record",
		.operands = "[--] PROGRAM [ARG...]",
		.summary = "Run PROGRAM and record its heap in a ledger.",
		.options = options,
		.min_operands = 1,
		.max_operands = -1,
		.stops_at_operand = true,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status == CLI_FAILED)
		return RECORD_FAILED;
	if (status >= 0)
		return status;
	if (o.depth < 1 || o.depth > 4096) {
		cli_complain("record", "--depth: 1 to 4096 frames");
		return RECORD_FAILED;
	}
	if (o.max_bytes < MIN_LEDGER_BYTES) {
		cli_complain("record", "--max-size: no ledger is smaller than 64KiB");
		return RECORD_FAILED;
	}
	if (read_times(&o))
		return RECORD_FAILED;
	if (!o.out && cli_refuse_shared("record"))
		return RECORD_FAILED;
	o.out = o.out ?: "heapledger.%e.%p.hl";
	return record(&o, argv + first);
}
