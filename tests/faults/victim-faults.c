/* SPDX-License-Identifier: MIT */
/*
 * A program to which bad things happen.  It counts what it asks malloc for, and says so at its end:
 * "blocks bytes freed-blocks freed-bytes failed".
 *
 * Usage: victim-faults MODE [ARG...]; see modes[].
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct tally {
	uint64_t blocks, bytes, freed, freed_bytes, failed;
};
static struct tally total;
static pthread_mutex_t total_lock = PTHREAD_MUTEX_INITIALIZER;

static void add_to_total(const struct tally *tally)
{
	pthread_mutex_lock(&total_lock);
	total.blocks += tally->blocks;
	total.bytes += tally->bytes;
	total.freed += tally->freed;
	total.freed_bytes += tally->freed_bytes;
	total.failed += tally->failed;
	pthread_mutex_unlock(&total_lock);
}

static void report(void)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%llu %llu %llu %llu %llu\n", (unsigned long long)total.blocks,
		(unsigned long long)total.bytes, (unsigned long long)total.freed,
		(unsigned long long)total.freed_bytes, (unsigned long long)total.failed);

	if (write(1, line, (size_t)n) != n)
		_exit(98);
}

struct worker {
	struct tally tally;
	unsigned int seed;
	void *block[256];
	size_t bytes[256];
};

static void take(struct worker *w, unsigned int i, size_t bytes)
{
	w->block[i] = malloc(bytes);
	if (!w->block[i]) {
		w->tally.failed++;
		return;
	}
	memset(w->block[i], 1, bytes);
	w->bytes[i] = bytes;
	w->tally.blocks++;
	w->tally.bytes += bytes;
}

static void give(struct worker *w, unsigned int i)
{
	if (!w->block[i])
		return;
	w->tally.freed++;
	w->tally.freed_bytes += w->bytes[i];
	free(w->block[i]);
	w->block[i] = NULL;
}

/* Stacks of many shapes: each bit of @path chooses a call. */
static void deep_left(struct worker *w, unsigned int i, unsigned int path, int depth);
static void deep_right(struct worker *w, unsigned int i, unsigned int path, int depth);

static void deeper(struct worker *w, unsigned int i, unsigned int path, int depth)
{
	if (depth == 0)
		take(w, i, 16 + path % 200);
	else if (path & 1)
		deep_left(w, i, path >> 1, depth - 1);
	else
		deep_right(w, i, path >> 1, depth - 1);
}

static void deep_left(struct worker *w, unsigned int i, unsigned int path, int depth)
{
	deeper(w, i, path, depth);
}

static void deep_right(struct worker *w, unsigned int i, unsigned int path, int depth)
{
	deeper(w, i, path, depth);
}

static void step(struct worker *w)
{
	unsigned int r = (unsigned int)rand_r(&w->seed), i = r % 256;

	give(w, i);
	deeper(w, i, r >> 8, 12);
}

static void drop_all(struct worker *w)
{
	for (unsigned int i = 0; i < 256; i++)
		give(w, i);
}

static void work(unsigned int steps, unsigned int seed)
{
	static __thread struct worker w;

	memset(&w, 0, sizeof(w));
	w.seed = seed;
	for (unsigned int i = 0; i < steps; i++)
		step(&w);
	drop_all(&w);
	add_to_total(&w.tally);
}

/* work STEPS: that many blocks, of stacks by the thousand */
static int do_work(char **argv)
{
	work((unsigned int)atoi(argv[0]), 1);
	report();
	return 0;
}

/* halves STEPS COMMAND: the same, and a shell command after the first half */
static int do_halves(char **argv)
{
	work((unsigned int)atoi(argv[0]) / 2, 1);
	if (system(argv[1]) != 0)
		return 97;
	work((unsigned int)atoi(argv[0]) / 2, 2);
	report();
	return 0;
}

/* then STEPS COMMAND: a shell command after all of it, and the end */
static int do_then(char **argv)
{
	work((unsigned int)atoi(argv[0]), 1);
	report();
	return system(argv[1]) != 0;
}

/* No file may be opened, made longer or given blocks any more; nothing else is refused. */
static int forbid_files(void)
{
	static const unsigned int calls[] = { SYS_openat, SYS_open, SYS_creat, SYS_ftruncate, SYS_fallocate };
	enum { NR = sizeof(calls) / sizeof(calls[0]) };
	struct sock_filter code[NR + 3];
	struct sock_fprog program = { .len = NR + 3, .filter = code };

	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (unsigned int i = 0; i < NR; i++)
		code[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i],
			(unsigned char)(NR - i), 0);
	code[NR + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[NR + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* sandbox STEPS: forbids itself files after the first half */
static int do_sandbox(char **argv)
{
	work((unsigned int)atoi(argv[0]) / 2, 1);
	if (forbid_files() != 0)
		return 88;
	work((unsigned int)atoi(argv[0]) / 2, 2);
	report();
	return 0;
}

/* Everything else than these ends the process: what the program itself calls, and with @ours what SECURITY.md names. */
static int forbid_all(int ours)
{
	static const unsigned int calls[] = { SYS_write, SYS_exit_group, SYS_brk, SYS_munmap, SYS_mremap,
		/* ours: */
		SYS_mmap, SYS_openat, SYS_fstat, SYS_ftruncate, SYS_madvise, SYS_close, SYS_rt_sigprocmask,
		SYS_sigaltstack, SYS_getpid, SYS_gettid, SYS_prlimit64, SYS_futex, SYS_clock_nanosleep,
		SYS_sched_getscheduler };
	unsigned int nr = ours ? sizeof(calls) / sizeof(calls[0]) : 5;
	struct sock_filter code[sizeof(calls) / sizeof(calls[0]) + 3];
	struct sock_fprog program = { .len = (unsigned short)(nr + 3), .filter = code };

	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (unsigned int i = 0; i < nr; i++)
		code[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i],
			(unsigned char)(nr - i), 0);
	code[nr + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	code[nr + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* jail STEPS OURS: dies of further system calls after the first half; OURS is 1: but for those of the library */
static int do_jail(char **argv)
{
	work((unsigned int)atoi(argv[0]) / 2, 1);
	report();
	if (forbid_all(atoi(argv[1])) != 0)
		return 88;
	work((unsigned int)atoi(argv[0]) / 2, 2);
	report();
	return 0;
}

static pthread_barrier_t barrier;

static void *thread_main(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < 200; i++)
		step(w);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 200; i++)
		step(w);
	drop_all(w);
	add_to_total(&w->tally);
	return NULL;
}

/* threads N: all alive at once */
static int do_threads(char **argv)
{
	int n = atoi(argv[0]);
	pthread_t *thread = mmap(NULL, (size_t)n * sizeof(*thread), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct worker *w = mmap(NULL, (size_t)n * sizeof(*w), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 << 10);
	pthread_barrier_init(&barrier, NULL, (unsigned int)n);
	for (int i = 0; i < n; i++) {
		w[i].seed = (unsigned int)i;
		if (pthread_create(&thread[i], &attr, thread_main, &w[i]) != 0)
			return 96;
	}
	for (int i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	report();
	return 0;
}

static void *endless(void *arg)
{
	struct worker *w = arg;

	for (;;)
		step(w);
	return NULL;
}

/* endless THREADS: until it is killed */
static int do_endless(char **argv)
{
	int n = atoi(argv[0]);
	pthread_t thread;
	struct worker *w = calloc((size_t)n, sizeof(*w));

	for (int i = 0; i < n; i++) {
		w[i].seed = (unsigned int)i;
		if (pthread_create(&thread, NULL, endless, &w[i]) != 0)
			return 96;
	}
	pause();
	return 0;
}

/*
 * What a program that is killed has done, in a file: per thread what it began and what it finished, and
 * every millisecond the sums of what was finished.
 */
#define DIARY_THREADS 8
#define DIARY_MOMENTS 65536

struct diary {
	struct {
		volatile uint64_t begun_blocks, begun_bytes, blocks, bytes, begun_freed, freed;
		char apart[80];
	} thread[DIARY_THREADS];
	volatile uint64_t nr_moments;
	volatile struct {
		uint64_t blocks, bytes, freed;
	} moment[DIARY_MOMENTS];
};
static struct diary *diary;

static void *diarist(void *arg)
{
	unsigned int me = (unsigned int)(uintptr_t)arg, seed = me;
	void *block[64] = { NULL };

	for (;;) {
		unsigned int r = (unsigned int)rand_r(&seed), i = r % 64;
		size_t bytes = 16 + (r >> 8) % 300;

		if (block[i]) {
			diary->thread[me].begun_freed++;
			free(block[i]);
			diary->thread[me].freed++;
		}
		diary->thread[me].begun_bytes += bytes;
		diary->thread[me].begun_blocks++;
		block[i] = malloc(bytes);
		diary->thread[me].bytes += bytes;
		diary->thread[me].blocks++;
	}
	return NULL;
}

static void write_moment(uint64_t n)
{
	uint64_t blocks = 0, bytes = 0, freed = 0;

	for (int i = 0; i < DIARY_THREADS; i++) {
		blocks += diary->thread[i].blocks;
		bytes += diary->thread[i].bytes;
		freed += diary->thread[i].freed;
	}
	diary->moment[n].blocks = blocks;
	diary->moment[n].bytes = bytes;
	diary->moment[n].freed = freed;
	__atomic_store_n(&diary->nr_moments, n + 1, __ATOMIC_RELEASE);
}

/* diary FILE: 8 threads until it is killed */
static int do_diary(char **argv)
{
	int fd = open(argv[0], O_RDWR | O_CREAT | O_TRUNC, 0600);
	pthread_t thread;

	if (fd < 0 || ftruncate(fd, sizeof(*diary)) != 0)
		return 90;
	diary = mmap(NULL, sizeof(*diary), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (diary == MAP_FAILED)
		return 89;
	for (uintptr_t i = 0; i < DIARY_THREADS; i++)
		if (pthread_create(&thread, NULL, diarist, (void *)i) != 0)
			return 96;
	for (uint64_t n = 0; n < DIARY_MOMENTS; n++) {
		write_moment(n);
		usleep(1000);
	}
	return 0;
}

/* bomb N: that many children before the first is waited for; each makes 3 blocks of 7 bytes */
static int do_bomb(char **argv)
{
	int n = atoi(argv[0]), bad = 0, status;

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 95;
		if (pid == 0) {
			for (int j = 0; j < 3; j++)
				if (!malloc(7))
					_exit(9);
			usleep(100000);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		bad |= status;
	work(100, 3);
	report();
	return bad != 0;
}

static volatile int stop_recursing;

static int sink(int depth)
{
	volatile char room[100];

	room[0] = (char)depth;
	if (stop_recursing)
		return 0;
	free(malloc((size_t)depth % 50 + 1));
	return sink(depth + 1) + room[0];
}

/* overflow: the stack comes to its end inside malloc or beside it */
static int do_overflow(char **argv)
{
	(void)argv;
	return sink(0);
}

static int count_bytes(int fd, const char *wanted, size_t length)
{
	char buf[256];
	ssize_t n = pread(fd, buf, sizeof(buf), 0);

	return n == (ssize_t)length && memcmp(buf, wanted, length) == 0;
}

/* closes FOLDER: closes every descriptor and takes the numbers for files of its own */
static int do_closes(char **argv)
{
	char path[4096];
	int fds[400], ok = 1;

	work(3000, 1);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	for (int i = 0; i < 400; i++) {
		snprintf(path, sizeof(path), "%s/mine%d", argv[0], i);
		fds[i] = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (fds[i] != i + 3 || write(fds[i], "mine", 4) != 4)
			return 94;
	}
	work(30000, 2);
	for (int i = 0; i < 400; i++)
		ok &= count_bytes(fds[i], "mine", 4);
	report();
	return !ok;
}

/* chroots FOLDER: and forks there */
static int do_chroots(char **argv)
{
	pid_t pid;
	int status;

	work(3000, 1);
	if (chroot(argv[0]) != 0 || chdir("/") != 0)
		return 93;
	work(30000, 2);
	pid = fork();
	if (pid == 0) {
		work(1000, 3);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 92;
	report();
	return 0;
}

/* daemon FILE: becomes one; its tally goes to FILE */
static int do_daemon(char **argv)
{
	int fd = open(argv[0], O_WRONLY | O_CREAT | O_TRUNC, 0600);

	work(3000, 1);
	if (daemon(0, 0) != 0)
		return 91;
	memset(&total, 0, sizeof(total));
	work(3000, 2);
	dup2(fd, 1);
	report();
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char **argv);
	int nr_args;
} modes[] = {
	{ "work", do_work, 1 },
	{ "halves", do_halves, 2 },
	{ "then", do_then, 2 },
	{ "sandbox", do_sandbox, 1 },
	{ "jail", do_jail, 2 },
	{ "threads", do_threads, 1 },
	{ "endless", do_endless, 1 },
	{ "diary", do_diary, 1 },
	{ "bomb", do_bomb, 1 },
	{ "overflow", do_overflow, 0 },
	{ "closes", do_closes, 1 },
	{ "chroots", do_chroots, 1 },
	{ "daemon", do_daemon, 1 },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (argc > 1 && strcmp(argv[1], modes[i].name) == 0 && argc - 2 >= modes[i].nr_args)
			return modes[i].run(argv + 2);
	return 2;
}
