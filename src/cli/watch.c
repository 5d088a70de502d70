/* SPDX-License-Identifier: MIT */
/* The processes of a recording, seen from outside. */
#include "cli/watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/process.h"
#include "cli/run.h"
#include "common/ledger.h"
#include "reports/escape.h"

#define MAX_LISTED 20
/* Looking takes 1/20 of a processor at most, and much less while nothing is started. */
#define SHARE 20
#define MIN_WAIT_NS 500000
#define MAX_WAIT_NS 5000000
/* When more numbers than that were given out between two looks, all processes are asked. */
#define MAX_PROBED 512

/* A process of the recording. */
struct seen {
	pid_t pid;
	uint64_t start;
	uint64_t image;
	bool judged;
};

/* Programs that were not recorded, for one reason. */
struct finding {
	char *exe;
	enum hl_verdict verdict;
	pid_t pid;			/* of the first */
	uint64_t nr;
};

struct hl_watch {
	char session[48];		/* "HEAPLEDGER_SESSION=..." */
	const char *library;		/* base name */
	int newest;			/* /proc/loadavg, where the last number is that was given to a process */
	pid_t last_pid;
	struct seen *seen;		/* in no order */
	size_t nr_seen, room_seen;
	struct finding *findings;
	size_t nr_findings;
	int64_t wait_ns;
	bool news;			/* somebody was started since the last look, or is about to */
};

void hl_watch_free(struct hl_watch *watch)
{
	if (!watch)
		return;
	for (size_t i = 0; i < watch->nr_findings; i++)
		free(watch->findings[i].exe);
	free(watch->findings);
	free(watch->seen);
	if (watch->newest >= 0)
		close(watch->newest);
	free(watch);
}

static void add_finding(struct finding **findings, size_t *nr, const char *exe, enum hl_verdict verdict, pid_t pid)
{
	struct finding *grown;

	for (size_t i = 0; i < *nr; i++)
		if ((*findings)[i].verdict == verdict && strcmp((*findings)[i].exe, exe) == 0) {
			(*findings)[i].nr++;
			return;
		}
	grown = reallocarray(*findings, *nr + 1, sizeof(*grown));
	if (!grown)
		return;
	*findings = grown;
	grown[*nr] = (struct finding){ .exe = strdup(exe), .verdict = verdict, .pid = pid, .nr = 1 };
	if (grown[*nr].exe)
		(*nr)++;
}

/* ---- A look ---- */

static const struct seen *find_seen(const struct hl_watch *watch, pid_t pid)
{
	for (size_t i = 0; i < watch->nr_seen; i++)
		if (watch->seen[i].pid == pid)
			return &watch->seen[i];
	return NULL;
}

static void add_seen(struct hl_watch *watch, pid_t pid, uint64_t start)
{
	struct seen *grown;

	if (watch->nr_seen == watch->room_seen) {
		grown = reallocarray(watch->seen, watch->room_seen + 64, sizeof(*grown));
		if (!grown)
			return;
		watch->seen = grown;
		watch->room_seen += 64;
	}
	watch->seen[watch->nr_seen++] = (struct seen){ .pid = pid, .start = start };
}

/*
 * A child is known by its parent; one whose parent nobody has seen by the recording's number in its
 * environment.  Numbers are also those of threads.
 */
static bool consider(struct hl_watch *watch, pid_t pid)
{
	struct hl_process process;

	if (find_seen(watch, pid) || !hl_process_read(pid, &process) ||
		(!find_seen(watch, process.ppid) && !hl_process_has_variable(pid, watch->session)) ||
		hl_process_is_thread(pid))
		return false;
	add_seen(watch, pid, process.start);
	return true;
}

/* All processes, until no child of a known one is found: a child's number may be lower. */
static void consider_all(struct hl_watch *watch)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	bool again = dir != NULL;

	while (again) {
		again = false;
		rewinddir(dir);
		while ((entry = readdir(dir))) {
			pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

			if (pid > 0 && consider(watch, pid))
				again = true;
		}
	}
	if (dir)
		closedir(dir);
}

/* "0.00 0.00 0.00 1/100 4711" */
static pid_t read_last_pid(int fd)
{
	char text[128], *blank;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	blank = strrchr(text, ' ');
	return blank ? (pid_t)strtol(blank, NULL, 10) : 0;
}

static void find_new(struct hl_watch *watch)
{
	pid_t last = read_last_pid(watch->newest);

	if (last == watch->last_pid)
		return;
	watch->news = true;
	if (last < watch->last_pid || last - watch->last_pid > MAX_PROBED)
		consider_all(watch);
	else
		for (pid_t pid = watch->last_pid + 1; pid <= last; pid++)
			consider(watch, pid);
	watch->last_pid = last;
}

static void judge(struct hl_watch *watch, struct seen *seen, const struct hl_process *process)
{
	enum hl_verdict verdict;
	char exe[PATH_MAX];

	verdict = hl_process_judge(process, watch->library, exe);
	watch->news = true;
	seen->judged = verdict != HL_VERDICT_NONE;
	seen->image = process->image;
	if (verdict != HL_VERDICT_NONE && verdict != HL_VERDICT_RECORDED)
		add_finding(&watch->findings, &watch->nr_findings, exe, verdict, seen->pid);
}

/* Whoever is in another program now is judged again, and whoever is gone is forgotten. */
static void look_at_known(struct hl_watch *watch)
{
	struct hl_process process;
	size_t kept = 0;

	for (size_t i = 0; i < watch->nr_seen; i++) {
		struct seen *seen = &watch->seen[i];

		if (!hl_process_read(seen->pid, &process) || process.start != seen->start)
			continue;
		if (!seen->judged || seen->image != process.image)
			judge(watch, seen, &process);
		watch->seen[kept++] = *seen;
	}
	watch->nr_seen = kept;
}

static int64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

int64_t hl_watch_look(struct hl_watch *watch)
{
	int64_t start_ns = cpu_ns(), least_ns;

	watch->news = false;
	find_new(watch);
	look_at_known(watch);
	least_ns = (cpu_ns() - start_ns) * SHARE;
	watch->wait_ns = watch->news ? MIN_WAIT_NS : watch->wait_ns + watch->wait_ns / 8;
	if (watch->wait_ns > MAX_WAIT_NS)
		watch->wait_ns = MAX_WAIT_NS;
	return watch->wait_ns > least_ns ? watch->wait_ns : least_ns;
}

struct hl_watch *hl_watch_new(uint64_t session, const char *library)
{
	struct hl_watch *watch = calloc(1, sizeof(*watch));
	const char *slash = strrchr(library, '/');

	if (!watch)
		return NULL;
	watch->newest = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	watch->last_pid = watch->newest < 0 ? 0 : read_last_pid(watch->newest);
	if (watch->last_pid == 0) {
		hl_watch_free(watch);
		return NULL;
	}
	watch->library = slash ? slash + 1 : library;
	watch->wait_ns = MIN_WAIT_NS;
	snprintf(watch->session, sizeof(watch->session), "HEAPLEDGER_SESSION=%" PRIx64, session);
	return watch;
}

void hl_watch_begin(struct hl_watch *watch, pid_t program)
{
	struct hl_process process;

	if (hl_process_read(program, &process))
		add_seen(watch, program, process.start);
}

/* ---- What was found ---- */

static const char *explain(enum hl_verdict verdict)
{
	switch (verdict) {
	case HL_VERDICT_STATIC:
		return "it is linked statically; link it dynamically to record it";
	case HL_VERDICT_OTHER_LIBC:
		return "it is not linked with glibc (but with musl, for example)";
	case HL_VERDICT_OTHER_MACHINE:
		return "it is not a 64-bit x86-64 program";
	case HL_VERDICT_RIGHTS:
		return "it raises its rights (set-user-ID, sudo and the like), where nothing is preloaded";
	case HL_VERDICT_CLEARED:
		return "it was started without LD_PRELOAD (env -i, sudo and the like clear the environment); "
			"record inside that command, or let it keep LD_PRELOAD and HEAPLEDGER_*";
	case HL_VERDICT_ABSENT:
		return "its loader could not load the library (another root folder, or no right to read it)";
	case HL_VERDICT_OLD_LIBC:
		return "its glibc is older than 2.35";
	case HL_VERDICT_SANITIZER:
		return "it has a sanitizer, which wants malloc for itself; build it without -fsanitize to record it";
	default:
		return "";
	}
}

static void print_finding(FILE *file, const struct finding *finding)
{
	fputs("heapledger: not recorded: ", file);
	hl_put_name(file, finding->exe);
	fprintf(file, " (pid %ld", (long)finding->pid);
	if (finding->nr > 1)
		fprintf(file, " and %" PRIu64 " more", finding->nr - 1);
	fprintf(file, "): %s\n", explain(finding->verdict));
}

static void add_from_ledger(struct finding **findings, size_t *nr, const struct hl_run_ledger *ledger)
{
	struct hl_snapshot *snapshot = cli_load("record", ledger->path);
	struct hl_info info;
	char *exe;

	if (!snapshot)
		return;
	hl_snapshot_info(snapshot, &info);
	exe = strndup(info.exe.data, info.exe.length);
	if (exe)
		add_finding(findings, nr, exe, HL_VERDICT_SANITIZER, (pid_t)ledger->pid);
	free(exe);
	hl_snapshot_unref(snapshot);
}

/* Of a program that hides itself nothing is known but that it is another user's: it may be recorded. */
static bool has_ledger(const struct hl_run *run, const struct finding *finding)
{
	if (finding->exe[0] != '[')
		return false;
	for (size_t i = 0; i < run->nr_ledgers; i++)
		if (run->ledgers[i].pid == (uint32_t)finding->pid)
			return true;
	return false;
}

void hl_watch_print(const struct hl_watch *watch, const struct hl_run *run, FILE *file)
{
	size_t nr_watched = watch ? watch->nr_findings : 0, nr = 0;
	struct finding *said = NULL;

	for (size_t i = 0; i < run->nr_ledgers; i++)
		if (run->ledgers[i].flags & HL_FLAG_SANITIZER)
			add_from_ledger(&said, &nr, &run->ledgers[i]);
	for (size_t i = 0; i < nr_watched + nr && i < MAX_LISTED; i++) {
		const struct finding *finding = i < nr_watched ? &watch->findings[i] : &said[i - nr_watched];

		if (!has_ledger(run, finding))
			print_finding(file, finding);
	}
	if (nr_watched + nr > MAX_LISTED)
		fprintf(file, "heapledger: and %zu programs more that were not recorded\n",
			nr_watched + nr - MAX_LISTED);
	for (size_t i = 0; i < nr; i++)
		free(said[i].exe);
	free(said);
}
