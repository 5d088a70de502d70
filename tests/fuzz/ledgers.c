/* SPDX-License-Identifier: MIT */
/*
 * ledgers [--files=N] [--first=N] [--seed=N] [--jobs=N] [--verbose] FOLDER: N hostile ledgers through all commands.
 * ledgers --make ... FOLDER: the files only, and a good one; ledgers --commands: the commands (tests/fuzz/hostile)
 *
 * Each file has a process of its own, which ends by itself: no signal, no command that takes more than ten seconds, not
 * more memory than four times what the file takes on the disk and 64 MiB; commands leave with 0 or 2 (`check` with 1,
 * too), and what is accepted adds up to what the model says.  The file of a fault stays in FOLDER.
 */
#include "ledgers.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_JOBS 64
#define SUBJECT "file.hl"
#define FREE_BYTES (UINT64_C(64) << 20)
/* A sanitizer's memory is not the reader's. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif

struct options {
	uint64_t nr_files;
	uint64_t first;
	uint64_t seed;
	unsigned int nr_jobs;
	bool is_verbose;
	bool only_make;
};

/* Of all jobs, in memory that they share. */
struct counts {
	uint64_t nr_files;
	uint64_t nr_accepted;
	uint64_t nr_modelled;		/* accepted, with sums that are known */
	uint64_t nr_commands;
	uint64_t nr_faults;
};

static void fail(const char *what)
{
	fprintf(stderr, "ledgers: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void *shared(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	return p;
}

/* ---- One file ------------------------------------------------------------------------------------------------- */

struct made {
	struct model model;
	struct subject subject;
	const char *notes[MAX_NOTES];
	size_t nr_notes;
};

static void make_ledger_file(struct random *r, struct tables *t, struct made *made)
{
	make_ledger(t, r);
	mutate_tables(t, r);
	make_sections(t, r);
	mutate_sections(t, r);
	write_ledger(t, r, SUBJECT);
	model_of(t, &made->model);
	made->subject = (struct subject){
		.path = SUBJECT,
		.model = t->is_unknown ? NULL : &made->model,
		.must_refuse = !t->is_unknown && (t->must_refuse || is_impossible(t) || made->model.is_wrong),
		.must_accept = t->must_accept && !made->model.is_wrong,
		.is_stuck = is_stuck(t),
	};
	memcpy(made->notes, t->notes, sizeof(made->notes));
	made->nr_notes = t->nr_notes;
}

static void make_text_file(struct random *r, struct made *made)
{
	bool is_deep;

	write_traces(r, SUBJECT, &made->model, &is_deep);
	made->subject = (struct subject){
		.path = SUBJECT,
		.model = &made->model,
		.must_refuse = made->model.is_wrong,
		.must_accept = !made->model.is_wrong,
		.is_deep = is_deep,
	};
	made->notes[0] = "a text";
	made->nr_notes = 1;
}

static void make_file(const struct options *o, uint64_t number, struct tables *t, struct made *made)
{
	struct random r = {.state = number};

	/* Twice, so that the numbers of one file are not those of the next one, moved by one. */
	r.state = random_number(&r) ^ o->seed;
	r.state = random_number(&r);
	if (random_chance(&r, 8))
		make_text_file(&r, made);
	else
		make_ledger_file(&r, t, made);
}

static uint64_t allowed_bytes(void)
{
	struct stat st;

	return stat(SUBJECT, &st) ? 0 : 4 * (uint64_t)st.st_blocks * 512 + FREE_BYTES;
}

/* What the child did not say itself. */
static void judge(struct report *report, int status, const struct rusage *usage, uint64_t before_bytes)
{
	uint64_t bytes = (uint64_t)usage->ru_maxrss * 1024;

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
		snprintf(report->fault, sizeof(report->fault), "takes longer than ten seconds");
	else if (WIFSIGNALED(status))
		snprintf(report->fault, sizeof(report->fault), "killed by signal %d", WTERMSIG(status));
	else if (!report->is_done)
		snprintf(report->fault, sizeof(report->fault), "leaves with %d", WEXITSTATUS(status));
	else if (!HAS_SANITIZER && !report->fault[0] && bytes > before_bytes + allowed_bytes())
		snprintf(report->fault, sizeof(report->fault), "takes %llu MiB", (unsigned long long)bytes >> 20);
}

/* What a child has before it does anything. */
static uint64_t bytes_of_nothing(void)
{
	struct rusage usage;
	pid_t child = fork();

	if (!child)
		_exit(0);
	if (child < 0 || wait4(child, NULL, 0, &usage) != child)
		fail("fork");
	return (uint64_t)usage.ru_maxrss * 1024;
}

static void try_file(const struct made *made, struct report *report, uint64_t before_bytes)
{
	struct rusage usage;
	int status = 0;
	pid_t child;

	*report = (struct report){0};
	fflush(NULL);
	child = fork();
	if (!child) {
		run_all(&made->subject, report);
		fflush(NULL);
		/* A sanitizer looks for leaks at the end. */
		exit(0);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		fail("fork");
	judge(report, status, &usage, before_bytes);
	if (!report->fault[0] && (!WIFEXITED(status) || WEXITSTATUS(status)))
		snprintf(report->fault, sizeof(report->fault), "the process leaves with %d", WEXITSTATUS(status));
}

static void tell_fault(const struct options *o, uint64_t number, const struct made *made, const struct report *report,
		const char *folder)
{
	char name[PATH_MAX + 100];

	snprintf(name, sizeof(name), "%s/fault-%llu-%llu.hl", folder, (unsigned long long)o->seed,
			(unsigned long long)number);
	if (rename(SUBJECT, name))
		fail(name);
	printf("FAULT: file %llu (--seed=%llu --first=%llu --files=1): heapledger %s: %s\n",
			(unsigned long long)number, (unsigned long long)o->seed, (unsigned long long)number,
			report->command, report->fault);
	for (size_t i = 0; i < made->nr_notes; i++)
		printf("\t%s\n", made->notes[i]);
	fflush(stdout);
}

/* What became of a file, and why. */
static void tell(uint64_t number, const struct made *made, const struct report *report)
{
	char line[300] = "";
	FILE *file = fopen("messages", "re");

	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	line[strcspn(line, "\n")] = '\0';
	printf("%llu: %s", (unsigned long long)number, report->is_accepted ? "accepted" : line);
	for (size_t i = 0; i < made->nr_notes; i++)
		printf("%s %s", i ? "," : ":", made->notes[i]);
	putchar('\n');
}

/* ---- All files ------------------------------------------------------------------------------------------------ */

static void put_suppressions(void)
{
	FILE *file = fopen("suppressions", "we");

	if (!file)
		fail("suppressions");
	fputs("leak:function1\nleak:^lib*so$\n#\nleak:*\n", file);
	for (int i = 0; i < 50; i++)
		fprintf(file, "leak:none%d*of*these$\n", i);
	fclose(file);
}

static void enter(const char *folder, unsigned int job, struct tables *t)
{
	struct random r = {.state = 1};
	char name[PATH_MAX + 100];

	snprintf(name, sizeof(name), "%s/job-%u", folder, job);
	if (mkdir(name, 0700) && errno != EEXIST)
		fail(name);
	if (chdir(name))
		fail(name);
	make_ledger(t, &r);
	make_sections(t, &r);
	write_ledger(t, &r, "base.hl");
	put_suppressions();
}

static void leave(void)
{
	static const char *const names[] = {
		"base.hl", "suppressions", "copy.hl", "output", "folded", "messages", SUBJECT,
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
}

static void add(uint64_t *count, uint64_t n)
{
	__atomic_fetch_add(count, n, __ATOMIC_RELAXED);
}

static void keep_file(uint64_t number)
{
	char name[100];

	snprintf(name, sizeof(name), "../file-%llu.hl", (unsigned long long)number);
	if (rename(SUBJECT, name))
		fail(name);
}

static void run_job(const struct options *o, unsigned int job, const char *folder, struct counts *counts)
{
	/* static: children leave by exit(), and what only their stack knows would be called a leak */
	static struct tables *t;
	struct report *report = shared(sizeof(*report));
	uint64_t before_bytes;

	t = tables_new();
	enter(folder, job, t);
	before_bytes = bytes_of_nothing();
	for (uint64_t i = job; i < o->nr_files; i += o->nr_jobs) {
		struct made made = {.nr_notes = 0};

		make_file(o, o->first + i, t, &made);
		if (o->only_make) {
			keep_file(o->first + i);
			add(&counts->nr_files, 1);
			continue;
		}
		try_file(&made, report, before_bytes);
		add(&counts->nr_files, 1);
		add(&counts->nr_accepted, report->is_accepted);
		add(&counts->nr_modelled, report->is_accepted && made.subject.model);
		add(&counts->nr_commands, report->nr_commands);
		if (o->is_verbose)
			tell(o->first + i, &made, report);
		if (report->fault[0]) {
			add(&counts->nr_faults, 1);
			tell_fault(o, o->first + i, &made, report, "..");
		}
	}
	leave();
	exit(0);
}

static bool wait_for_jobs(const pid_t *jobs, unsigned int nr)
{
	bool all = true;
	int status;

	for (unsigned int i = 0; i < nr; i++)
		all &= waitpid(jobs[i], &status, 0) == jobs[i] && !status;
	return all;
}

static int summary(const struct options *o, const struct counts *c, bool is_whole)
{
	printf("%llu files, %llu accepted, %llu of them compared with the model; %llu commands; %llu faults\n",
			(unsigned long long)c->nr_files, (unsigned long long)c->nr_accepted,
			(unsigned long long)c->nr_modelled, (unsigned long long)c->nr_commands,
			(unsigned long long)c->nr_faults);
	if (!is_whole || c->nr_files != o->nr_files) {
		printf("not all files were tried\n");
		return 1;
	}
	if (o->only_make)
		return 0;
	/* A reader that refuses everything would have no faults. */
	if (o->nr_files >= 100 && c->nr_modelled * 10 < c->nr_files) {
		printf("less than a tenth was accepted and compared: that tells nothing\n");
		return 1;
	}
	return c->nr_faults ? 1 : 0;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"files", required_argument, NULL, 'n'}, {"first", required_argument, NULL, 'f'},
		{"seed", required_argument, NULL, 's'}, {"jobs", required_argument, NULL, 'j'},
		{"verbose", no_argument, NULL, 'v'}, {"make", no_argument, NULL, 'm'},
		{"commands", no_argument, NULL, 'c'}, {0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		uint64_t value = optarg ? strtoull(optarg, NULL, 10) : 0;

		if (c == 'n')
			o->nr_files = value;
		else if (c == 'f')
			o->first = value;
		else if (c == 's')
			o->seed = value;
		else if (c == 'j')
			o->nr_jobs = value && value <= MAX_JOBS ? (unsigned int)value : 1;
		else if (c == 'v')
			o->is_verbose = true;
		else if (c == 'm')
			o->only_make = true;
		else if (c == 'c')
			exit(tell_commands());
		else
			exit(2);
	}
	if (argc - optind != 1) {
		fprintf(stderr, "usage: ledgers [--files=N] [--first=N] [--seed=N] [--jobs=N] [--verbose] FOLDER\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct options o = {.nr_files = 1000, .seed = 1, .nr_jobs = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN)};
	struct counts *counts = shared(sizeof(*counts));
	pid_t jobs[MAX_JOBS];
	static char folder[PATH_MAX];

	parse(argc, argv, &o);
	if (!realpath(argv[optind], folder))
		fail(argv[optind]);
	if (o.nr_jobs > MAX_JOBS)
		o.nr_jobs = MAX_JOBS;
	for (unsigned int i = 0; i < o.nr_jobs; i++) {
		jobs[i] = fork();
		if (jobs[i] < 0)
			fail("fork");
		if (!jobs[i])
			run_job(&o, i, folder, counts);
	}
	return summary(&o, counts, wait_for_jobs(jobs, o.nr_jobs));
}
