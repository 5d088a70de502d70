/* SPDX-License-Identifier: MIT */
/*
 * Running a program under the shim, and finding the ledgers that it leaves.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/ledger-name.h"
#include "cli/trim.h"
#include "cli/timeline.h"
#include "cli/watch.h"
#include "common/ledger.h"

#define SHIM "libheapledger_preload.so"

static volatile sig_atomic_t child_pid;

/* ---- The preloaded library ---- */

static bool is_readable(const char *path)
{
	return access(path, R_OK) == 0;
}

static int use_shim(char *path)
{
	return strpbrk(path, ": \t\n") ? -EINVAL : 0;
}

int hl_run_find_shim(char *path, size_t bytes)
{
	static const char *const places[] = { "/.libs/" SHIM, "/../lib/heapledger/" SHIM };
	const char *given = getenv("HEAPLEDGER_PRELOAD");
	char exe[PATH_MAX], candidate[PATH_MAX + 64], *slash;
	ssize_t n;

	if (given) {
		/* The program, or one that it starts, may be in another folder. */
		if (!realpath(given, exe) || !is_readable(exe))
			return -ENOENT;
		snprintf(path, bytes, "%s", exe);
		return use_shim(path);
	}
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n < 0 ? 0 : n] = '\0';
	slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	snprintf(candidate, sizeof(candidate), "%s%s", exe, places[0]);
	if (!is_readable(candidate))
		snprintf(candidate, sizeof(candidate), "%s/%s", HL_PKGLIBDIR, SHIM);
	if (!is_readable(candidate))
		snprintf(candidate, sizeof(candidate), "%s%s", exe, places[1]);
	if (!is_readable(candidate) || !realpath(candidate, exe))
		return -ENOENT;
	snprintf(path, bytes, "%s", exe);
	return use_shim(path);
}

/* ---- The ledger's name ---- */

/* The folder must take new files; one that is known only when the program runs may do so or not. */
static int check_folder(struct hl_run *run, const char *exe)
{
	char folder[HL_NAME_BYTES];
	size_t nr = (size_t)(strrchr(run->pattern, '/') - run->pattern);
	struct stat st;
	int r = hl_name_expand(run->pattern, nr ? nr : 1, exe, folder);

	if (r == -EAGAIN)
		return 0;
	if (r < 0)
		return r;
	if (stat(folder, &st) != 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return access(folder, W_OK | X_OK) == 0 ? 0 : -errno;
}

/*
 * A name that can be known must be free, or given up.  Only a file (or a link, which is taken away
 * itself) is: somebody who writes to /dev/null as root wants to keep it.
 */
static int check_file(struct hl_run *run, const char *exe, bool force)
{
	char path[HL_NAME_BYTES];
	struct stat st;
	int r = hl_name_expand(run->pattern, strlen(run->pattern), exe, path);

	if (r == -EAGAIN)
		return 0;
	if (r < 0)
		return r;
	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return -ENOTSUP;
	if (!force)
		return -EEXIST;
	return unlink(path) == 0 ? 0 : -errno;
}

int hl_run_prepare(struct hl_run *run, const struct hl_run_options *options, const char *exe)
{
	int r;

	memset(run, 0, sizeof(*run));
	if (getrandom(&run->session, sizeof(run->session), 0) != sizeof(run->session))
		run->session = (uint64_t)getpid() << 32 | (uint64_t)time(NULL);
	r = hl_name_pattern(options->out, run->pattern);
	if (r == 0)
		r = check_folder(run, exe);
	return r == 0 ? check_file(run, exe, options->force) : r;
}

/* ---- The program ---- */

static void set_number(const char *name, const char *format, unsigned long long n)
{
	char text[32];

	snprintf(text, sizeof(text), format, n);
	setenv(name, text, 1);
}

/* Settings of an outer recording must not leak into this one. */
static void set_option(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/* @first, and what the user has in the variable; a setting that is to win comes @last. */
static void set_list(const char *name, const char *first, const char *last)
{
	const char *others = getenv(name);
	bool empty = !others || !*others;
	char *list = NULL;

	if (empty)
		setenv(name, first ? first : last, 1);
	else if (asprintf(&list, "%s:%s", first ? first : others, first ? others : last) >= 0)
		setenv(name, list, 1);
	free(list);
}

/*
 * glibc's loader puts the folder of its own machine in the place of $LIB, where it finds the library or,
 * for another machine, an empty one: else it would complain.  Others, musl's for one, find nothing, and
 * say nothing; given a library for glibc they would end the program.  Whoever lets a shell make nothing
 * of $LIB gets the library, too.
 */
static void set_preload(const char *shim)
{
	const char *slash = strrchr(shim, '/');
	char path[PATH_MAX + 64];
	struct stat here, there;

	snprintf(path, sizeof(path), "%.*s/" HL_DST_LIB "%s", (int)(slash - shim), shim, slash);
	if (stat(shim, &here) == 0 && stat(path, &there) == 0 && here.st_dev == there.st_dev &&
		here.st_ino == there.st_ino)
		snprintf(path, sizeof(path), "%.*s/$LIB%s", (int)(slash - shim), shim, slash);
	else
		snprintf(path, sizeof(path), "%s", shim);
	set_list("LD_PRELOAD", path, NULL);
}

static void set_environment(const struct hl_run *run, const struct hl_run_options *options,
	const char *shim)
{
	set_preload(shim);
	/* gcc's AddressSanitizer ends a program that has another library before its own. */
	set_list("ASAN_OPTIONS", NULL, "verify_asan_link_order=0");
	setenv("HEAPLEDGER_OUT", run->pattern, 1);
	set_option("HEAPLEDGER_DEPTH", options->depth);
	set_option("HEAPLEDGER_MAX_SIZE", options->max_bytes);
	set_option("HEAPLEDGER_MAX_MEMORY", options->max_memory);
	set_option("HEAPLEDGER_SAMPLE", options->sample_bytes);
	set_option("HEAPLEDGER_FOLLOW", options->follow);
	set_option("HEAPLEDGER_UNWIND", options->unwind);
	set_option("HEAPLEDGER_MMAP", options->mmap ? "1" : NULL);
	set_option("HEAPLEDGER_THREADS", options->threads ? "1" : NULL);
	set_option("HEAPLEDGER_PAUSED", options->paused ? "1" : NULL);
	set_option("HEAPLEDGER_DEEPBIND", options->no_deepbind ? "no" : NULL);
	set_number("HEAPLEDGER_SESSION", "%llx", run->session);
	set_number("HEAPLEDGER_FIRST", "%llu", (unsigned long long)getpid());
}

/* What the terminal sends, the kernel sends to the whole group: the program has it already. */
static void pass_on(int signal, siginfo_t *info, void *context)
{
	int saved_errno = errno;

	(void)context;
	if (child_pid > 0 && info->si_code <= 0)
		kill((pid_t)child_pid, signal);
	errno = saved_errno;
}

static const int passed[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH};
#define NR(array) (sizeof(array) / sizeof((array)[0]))

struct dispositions {
	struct sigaction actions[NR(passed)];
	sigset_t mask;
};

/*
 * A signal that we were started with as ignored stays so, for us and for the program.  All are
 * blocked until the program's number is known.
 */
static void take_signals(struct dispositions *old)
{
	struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_RESTART | SA_SIGINFO};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < NR(passed); i++)
		sigaddset(&set, passed[i]);
	sigprocmask(SIG_BLOCK, &set, &old->mask);
	for (size_t i = 0; i < NR(passed); i++) {
		sigaction(passed[i], NULL, &old->actions[i]);
		if (old->actions[i].sa_handler != SIG_IGN)
			sigaction(passed[i], &action, NULL);
	}
}

static void restore_signals(const struct dispositions *old)
{
	for (size_t i = 0; i < NR(passed); i++)
		sigaction(passed[i], &old->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &old->mask, NULL);
}

/* A script without #! is the shell's, as execvp() and every shell see it. */
static void start_shell(const char *path, char *const argv[])
{
	size_t nr = 0;
	const char **line;

	while (argv[nr])
		nr++;
	line = calloc(nr + 2, sizeof(*line));
	if (!line)
		return;
	line[0] = "sh";
	line[1] = path;
	for (size_t i = 1; i < nr; i++)
		line[i + 1] = argv[i];
	execv("/bin/sh", (char *const *)line);
}

/* In the child: never returns; an error of exec goes through the pipe. */
static void start_program(const struct hl_run *run, const struct hl_run_options *options,
	const char *shim, const char *path, char *const argv[], int report)
{
	int error;

	set_environment(run, options, shim);
	execv(path, argv);
	if (errno == ENOEXEC)
		start_shell(path, argv);
	error = errno;
	while (write(report, &error, sizeof(error)) < 0 && errno == EINTR)
		continue;
	_exit(127);
}

/* How long to wait until there is something to look at again. */
static int64_t look(struct hl_run *run)
{
	int64_t watch_ns = run->watch ? hl_watch_look(run->watch) : INT64_MAX;
	int64_t line_ns = run->timeline ? hl_timeline_look(run->timeline) : INT64_MAX;

	return watch_ns < line_ns ? watch_ns : line_ns;
}

/*
 * Its number is ours until we reap it.  Without a descriptor for it (Linux before 5.3) the end is seen
 * at the next look.
 */
static void watch_until_end(struct hl_run *run)
{
	struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, run->pid, 0), .events = POLLIN};
	siginfo_t info = {0};
	struct timespec wait;

	while (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid == 0) {
		int64_t wait_ns = look(run);

		wait = (struct timespec){ wait_ns / 1000000000, wait_ns % 1000000000 };
		ppoll(&end, 1, &wait, NULL);
	}
	if (end.fd >= 0)
		close(end.fd);
}

static int wait_for(struct hl_run *run, int report)
{
	siginfo_t info;
	int error = 0;
	ssize_t n;

	do
		n = read(report, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n == 0 && (run->watch || run->timeline))
		watch_until_end(run);
	hl_timeline_free(run->timeline);
	run->timeline = NULL;
	/* Its number is ours until we reap it: no signal may be passed on after that. */
	while (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			return -errno;
	child_pid = 0;
	while (waitpid(run->pid, &run->status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return n == sizeof(error) ? -error : 0;
}

int hl_run_program(struct hl_run *run, const struct hl_run_options *options, const char *shim,
	const char *path, char *const argv[])
{
	struct dispositions old;
	int report[2], r;

	if (pipe2(report, O_CLOEXEC) != 0)
		return -errno;
	if (options->watch)
		run->watch = hl_watch_new(run->session, shim);
	run->timeline = options->interval_ns ? hl_timeline_new(options->interval_ns) : NULL;
	if (run->timeline) {
		hl_timeline_find(run->timeline, run->pattern, run->session);
		hl_timeline_keep(run->timeline, options->copy_every_ns);
	}
	take_signals(&old);
	run->pid = fork();
	if (run->pid == 0) {
		restore_signals(&old);
		close(report[0]);
		start_program(run, options, shim, path, argv, report[1]);
	}
	r = run->pid < 0 ? -errno : 0;
	child_pid = run->pid;
	sigprocmask(SIG_SETMASK, &old.mask, NULL);
	close(report[1]);
	if (run->watch)
		hl_watch_begin(run->watch, run->pid);
	if (r == 0)
		r = wait_for(run, report[0]);
	child_pid = 0;
	close(report[0]);
	restore_signals(&old);
	return r;
}

/* ---- The ledgers ---- */

/*
 * Adds a file when it is a ledger that a process of this session wrote.  Copies that `snapshot` made
 * meanwhile have names like ledgers and the session of theirs; they are nobody's to complete.
 */
static int consider(struct hl_run *run, const char *path)
{
	struct hl_ledger_file file = {0};
	struct hl_ledger_header header;
	struct hl_run_ledger *grown;
	int fd = hl_ledger_file_open(path, O_RDONLY, &file);
	bool ours = fd >= 0 && hl_ledger_file_is_of(fd, run->session, &header);

	if (fd >= 0)
		close(fd);
	if (!ours)
		return 0;
	grown = reallocarray(run->ledgers, run->nr_ledgers + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	run->ledgers = grown;
	grown[run->nr_ledgers] = (struct hl_run_ledger){ .path = strdup(path), .pid = header.pid,
		.start_ns = header.start_monotonic_ns, .flags = header.flags, .file = file };
	if (!grown[run->nr_ledgers].path)
		return -ENOMEM;
	run->nr_ledgers++;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct hl_run_ledger *x = a, *y = b;

	return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/*
 * Only the parent knows how a process ended that could not say so itself.  Somebody who may write to the folder can
 * have put another file there since it was looked at, one of ours that he has no rights to: that stays as it is.
 */
static void write_end(const struct hl_run *run, struct hl_run_ledger *ledger, enum hl_end_reason reason,
	int32_t status, uint64_t end_ns)
{
	struct hl_ledger_header header;
	int fd = hl_ledger_file_open(ledger->path, O_RDWR, &ledger->file);
	off_t from = offsetof(struct hl_ledger_header, end_reason);
	size_t bytes = offsetof(struct hl_ledger_header, snapshot_monotonic_ns) - (size_t)from;

	if (fd < 0)
		return;
	if (hl_ledger_file_is_of(fd, run->session, &header) && header.pid == ledger->pid &&
		(reason != HL_END_EXEC || header.end_reason == HL_END_NONE)) {
		header.end_reason = reason;
		header.end_status = status;
		if (header.end_monotonic_ns == 0)
			header.end_monotonic_ns = end_ns;
		if (pwrite(fd, (char *)&header + from, bytes, from) < 0)
			perror("heapledger record: cannot complete the ledger");
	}
	close(fd);
}

/* The successor of a process that went on as another program. */
static const struct hl_run_ledger *successor(const struct hl_run *run, size_t index)
{
	for (size_t i = index + 1; i < run->nr_ledgers; i++)
		if (run->ledgers[i].pid == run->ledgers[index].pid)
			return &run->ledgers[i];
	return NULL;
}

static void write_ends(struct hl_run *run)
{
	uint64_t end_ns = now_ns();

	for (size_t i = 0; i < run->nr_ledgers; i++) {
		const struct hl_run_ledger *next = successor(run, i);
		struct hl_run_ledger *ledger = &run->ledgers[i];

		if (next)
			write_end(run, ledger, HL_END_EXEC, 0, next->start_ns);
		else if (ledger->pid != (uint32_t)run->pid)
			continue;
		else if (WIFSIGNALED(run->status))
			write_end(run, ledger, HL_END_SIGNAL, WTERMSIG(run->status), end_ns);
		else
			write_end(run, ledger, HL_END_STATUS, WEXITSTATUS(run->status), end_ns);
	}
}

int hl_run_collect(struct hl_run *run)
{
	char pattern[2 * HL_NAME_BYTES + 2];
	glob_t found = {0};
	int r = 0;

	hl_name_glob(run->pattern, pattern);
	if (glob(pattern, GLOB_NOSORT | GLOB_PERIOD, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && r == 0; i++)
			r = consider(run, found.gl_pathv[i]);
	globfree(&found);
	if (run->nr_ledgers)
		qsort(run->ledgers, run->nr_ledgers, sizeof(*run->ledgers), by_start);
	write_ends(run);
	for (size_t i = 0; i < run->nr_ledgers; i++)
		hl_trim_ledger(run->ledgers[i].path, &run->ledgers[i].file);
	return r;
}

void hl_run_release(struct hl_run *run)
{
	for (size_t i = 0; i < run->nr_ledgers; i++)
		free(run->ledgers[i].path);
	free(run->ledgers);
	hl_watch_free(run->watch);
}
