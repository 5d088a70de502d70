/* SPDX-License-Identifier: MIT */
/* One file through the library, which has to agree with the model, and through each command. */
#include "ledgers.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "snapshot/heapledger.h"

#define MAX_WORDS 16
#define MMAP_BYTES (128 << 10)
#define MAX_SECONDS 10			/* of processor time */
#define MAX_WALL_SECONDS 120		/* for one that sleeps; others may have the processors */

__attribute__((format(printf, 2, 3))) static void fault(struct report *report, const char *format, ...)
{
	va_list args;

	if (report->fault[0])
		return;
	va_start(args, format);
	vsnprintf(report->fault, sizeof(report->fault), format, args);
	va_end(args);
}

/* Whoever takes longer is killed, and the parent sees by what. */
static void set_clock(void)
{
	const struct itimerval limit = {.it_value.tv_sec = MAX_SECONDS};

	setitimer(ITIMER_PROF, &limit, NULL);
	alarm(MAX_WALL_SECONDS);
}

/* ---- The library and the model -------------------------------------------------------------------------------- */

static void compare(struct report *report, const char *what, int domain, __int128 expected, uint64_t found)
{
	if (expected != (__int128)found)
		fault(report, "%s of domain %d: %lld instead of %lld", what, domain, (long long)found,
				(long long)expected);
}

static void compare_totals(struct report *report, const struct hl_snapshot *s, const struct sums *sums, int domain)
{
	struct hl_totals t;

	hl_snapshot_totals(s, domain, &t);
	if (t.live_bytes < 0 || t.live_count < 0 || t.peak_bytes < t.live_bytes || t.counts.peak_bytes < 0)
		fault(report, "domain %d: %lld bytes live, %lld at the peak", domain, (long long)t.live_bytes,
				(long long)t.peak_bytes);
	if (!sums)
		return;
	compare(report, "allocated bytes", domain, sums->alloc_bytes, t.counts.alloc_bytes);
	compare(report, "allocated blocks", domain, sums->alloc_count, t.counts.alloc_count);
	compare(report, "freed bytes", domain, sums->free_bytes, t.counts.free_bytes);
	compare(report, "freed blocks", domain, sums->free_count, t.counts.free_count);
	compare(report, "temporary blocks", domain, sums->temp_count, t.counts.temp_count);
	compare(report, "moved blocks", domain, sums->move_count, t.counts.move_count);
	compare(report, "live bytes", domain, sums->alloc_bytes - sums->free_bytes, (uint64_t)t.live_bytes);
}

/* The groups of each key together are the total. */
static void compare_groups(struct report *report, struct hl_snapshot *s, enum hl_key key)
{
	struct hl_resolver *resolver = NULL;
	struct hl_statistics *stats = NULL;
	__int128 bytes = 0;
	struct hl_totals t;

	if (hl_resolver_new(NULL, &resolver) || hl_snapshot_statistics(s, resolver, key, HL_METRIC_LIVE, &stats)) {
		fault(report, "no groups of %s", hl_key_names[key]);
		hl_resolver_unref(resolver);
		return;
	}
	hl_snapshot_totals(s, -1, &t);
	for (size_t i = 0; i < stats->nr_items; i++)
		bytes += stats->items[i].size;
	if (bytes != t.live_bytes || stats->total_size != t.live_bytes)
		fault(report, "groups of %s have %lld bytes, all blocks %lld", hl_key_names[key], (long long)bytes,
				(long long)t.live_bytes);
	hl_statistics_unref(stats);
	hl_resolver_unref(resolver);
}

static void compare_with_model(struct report *report, struct hl_snapshot *s, const struct model *model)
{
	struct hl_completeness c;

	for (int d = 0; d < HL_NR_DOMAINS; d++)
		compare_totals(report, s, model ? &model->domains[d] : NULL, d);
	compare_totals(report, s, model ? &model->all : NULL, -1);
	for (int key = 0; key < HL_NR_KEYS; key++)
		compare_groups(report, s, (enum hl_key)key);
	hl_snapshot_completeness(s, &c);
	if (model)
		compare(report, "events", -1, model->events, c.events);
	if (model && model->is_wrong)
		fault(report, "accepted, but its sums are impossible");
}

/* What was read, written and read again; @s is given up before, as one file's memory is what is allowed. */
static void compare_copy(struct report *report, struct hl_snapshot *s, const struct model *model)
{
	struct hl_snapshot *copy = NULL;
	struct hl_error err = {0};
	int rc = hl_snapshot_write(s, "copy.hl", HL_WRITE_FORCE, &err);

	hl_snapshot_unref(s);
	malloc_trim(0);
	if (rc || hl_snapshot_load("copy.hl", &copy, &err)) {
		fault(report, "its copy: %s", err.msg);
		return;
	}
	compare_with_model(report, copy, model);
	hl_snapshot_unref(copy);
}

static struct hl_snapshot *load(struct report *report, const struct subject *subject)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};
	int rc = hl_snapshot_load(subject->path, &s, &err);

	if (!rc && subject->must_refuse)
		fault(report, "accepted, but it has to be refused");
	if (rc && (err.code != -rc || !err.msg || s))
		fault(report, "refused without a reason");
	if (rc && subject->must_accept)
		fault(report, "refused: %s", err.msg);
	return rc ? NULL : s;
}

static void ask_library(struct report *report, const struct subject *subject)
{
	struct hl_snapshot *s;

	snprintf(report->command, sizeof(report->command), "the library");
	set_clock();
	s = load(report, subject);
	if (!s)
		return;
	report->is_accepted = true;
	compare_with_model(report, s, subject->model);
	if (subject->is_deep)
		hl_snapshot_unref(s);
	else
		compare_copy(report, s, subject->model);
	malloc_trim(0);
}

/* ---- Commands ------------------------------------------------------------------------------------------------- */

/* F: the file; B: a ledger with which nothing is wrong; O: a file to be made; S: suppressions. */
static const char *const commands[] = {
	"info F", "top F", "top -n0 -g traceback --format=json F", "top --cumulative -n0 --format=csv F",
	"top -s peak --format=tracemalloc F", "top --format=traceback --frames=5 F", "top -g thread -s temp F",
	"top -g module -s count F", "top --at=1s F", "diff --from=1ms F", "growth F",
	"diff B F", "diff -n0 --format=json F B", "tree F", "tree -s peak --format=json F",
	"leaks F", "leaks -n0 --format=json --suppressions=S F", "growth B F F", "growth --format=json F B F",
	"check --max-live=1MiB --max-peak=1GiB --max-count=10 F", "check --max-growth=5% --format=junit B F",
	"check --budget=file1.c=1 --format=json F", "merge -o O B F", "merge -o O F F", "info --format=json F",
	"export -t pprof F", "export -t folded F", "export -t speedscope F", "export -t massif F", "export -t dhat F",
	"export -t callgrind F", "export -t heap F", "export -t traces -o O F", "export -t json F",
	"annotate file1.c F", "snapshot -o O F", "symbolize F",
};
/* Of one that is waited for, each time. */
static const char *const few_commands[] = {"info F", "top F", "snapshot -o O F"};

int tell_commands(void)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		puts(commands[i]);
	return 0;
}

static const char *operand(const struct subject *subject, const char *word)
{
	if (!strcmp(word, "F"))
		return subject->path;
	if (!strcmp(word, "B"))
		return "base.hl";
	return !strcmp(word, "O") ? "output" : word;
}

/* The exit status of a command line. */
static int run(struct report *report, const struct subject *subject, const char *line)
{
	char words[160];
	char *argv[MAX_WORDS + 1] = {(char *)"heapledger"};
	int argc = 1;
	int status;

	snprintf(report->command, sizeof(report->command), "%s", line);
	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w && argc < MAX_WORDS; w = strtok(NULL, " "))
		argv[argc++] = (char *)operand(subject, w);
	if (strstr(line, "=S"))
		argv[argc - 2] = (char *)"--suppressions=suppressions";
	unlink("output");
	set_clock();
	status = heapledger_main(argc, argv);
	/* As if each were a process of its own: what it has given back is not to count for the next one. */
	malloc_trim(0);
	report->nr_commands++;
	return status;
}

/* 1 is for what a command was asked to look for; `check` was asked. */
static void run_command(struct report *report, const struct subject *subject, const char *line)
{
	int status = run(report, subject, line);
	bool is_check = !strncmp(line, "check", 5);

	if (status != 0 && status != 2 && !(is_check && status == 1))
		fault(report, "exit status %d", status);
	if (status != 2 && !report->is_accepted)
		fault(report, "accepts what the library refuses");
}

/* A budget of what lives is kept, one of a little less is broken; numbers are doubles there. */
static void check_budgets(struct report *report, const struct subject *subject)
{
	__int128 live = subject->model->all.alloc_bytes - subject->model->all.free_bytes;
	char line[100];
	int status;

	snprintf(line, sizeof(line), "check --max-live=%lld F", (long long)live);
	status = run(report, subject, line);
	if (status)
		fault(report, "exit status %d", status);
	if (live < 1000)
		return;
	snprintf(line, sizeof(line), "check --max-live=%lld F", (long long)(live - live / 1000));
	status = run(report, subject, line);
	if (status != 1)
		fault(report, "exit status %d", status);
}

static void redirect(int descriptor, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || dup2(fd, descriptor) < 0)
		_exit(99);
	close(fd);
}

/* The last word of each line, added up. */
static __int128 sum_of_folded(FILE *file)
{
	__int128 sum = 0;
	char *line = NULL;
	size_t room = 0;

	rewind(file);
	while (getline(&line, &room, file) > 0) {
		const char *number = strrchr(line, ' ');

		sum += number ? strtoull(number, NULL, 10) : 0;
	}
	free(line);
	return sum;
}

/* What another program would add up. */
static void check_export(struct report *report, const struct subject *subject)
{
	__int128 live = subject->model->all.alloc_bytes - subject->model->all.free_bytes;
	FILE *file;
	__int128 sum;

	fflush(stdout);
	redirect(STDOUT_FILENO, "folded");
	if (run(report, subject, "export -t folded --metric=live F"))
		fault(report, "no export");
	fflush(stdout);
	file = fopen("folded", "re");
	if (!file)
		_exit(99);
	sum = sum_of_folded(file);
	fclose(file);
	if (sum != live)
		fault(report, "%lld bytes are live, %lld exported", (long long)live, (long long)sum);
	redirect(STDOUT_FILENO, "/dev/null");
}

void run_all(const struct subject *subject, struct report *report)
{
	const char *const *lines = subject->is_stuck ? few_commands : commands;
	size_t nr = subject->is_stuck ? sizeof(few_commands) / sizeof(*lines) : sizeof(commands) / sizeof(*lines);

	/* glibc raises it at each large block that is freed: the next commands would have another allocator. */
	mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
	redirect(STDOUT_FILENO, "/dev/null");
	redirect(STDERR_FILENO, "messages");
	/* most of the time would go into messages that are written byte by byte */
	setvbuf(stdout, NULL, _IOFBF, 65536);
	setvbuf(stderr, NULL, _IOFBF, 65536);
	ask_library(report, subject);
	for (size_t i = 0; i < nr && !report->fault[0]; i++)
		run_command(report, subject, lines[i]);
	if (report->is_accepted && subject->model && !subject->is_stuck && !report->fault[0]) {
		check_budgets(report, subject);
		check_export(report, subject);
	}
	report->is_done = true;
}
