/* SPDX-License-Identifier: MIT */
/*
 * Ways for a process to begin and to end; the tests look at the ledger of each.
 *
 * Usage: victim-process MODE [ARG...]
 *
 * Each process makes blocks only through mine() and other(), whose sizes tell who made them; no
 * stdio.  Exit status 0 unless the mode says otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* @n blocks of 100 bytes; every second one is freed. */
void mine(int n)
{
	for (int i = 0; i < n; i++) {
		void *p = malloc(100);

		if (i % 2)
			free(p);
	}
}

/* In a child: @n blocks of 7 bytes, all stay. */
void other(int n)
{
	for (int i = 0; i < n; i++)
		if (!malloc(7))
			_exit(9);
}

static void *inherited[10];

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 99;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int do_fork(char **argv)
{
	pid_t pid;

	(void)argv;
	mine(1000);
	for (int i = 0; i < 10; i++)
		inherited[i] = malloc(50);
	pid = fork();
	if (pid == 0) {
		/* The very first event is the free of a block that only the parent saw. */
		free(inherited[0]);
		inherited[1] = realloc(inherited[1], 60);
		other(30);
		exit(0);
	}
	mine(200);
	return wait_for(pid);
}

/* A child that has no event has no ledger; one of a raw clone has one. */
static int do_clone(char **argv)
{
	pid_t silent, raw;

	(void)argv;
	mine(10);
	silent = fork();
	if (silent == 0)
		_exit(0);
	raw = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (raw == 0) {
		other(40);
		_exit(0);
	}
	return wait_for(silent) + wait_for(raw);
}

static int do_generations(char **argv)
{
	pid_t pid = fork();

	(void)argv;
	if (pid == 0) {
		other(1);
		pid = fork();
		if (pid == 0) {
			other(2);
			pid = fork();
			if (pid == 0) {
				other(3);
				_exit(0);
			}
		}
	}
	mine(2);
	return wait_for(pid);
}

static int do_tree(char **argv)
{
	int status = 0;

	(void)argv;
	for (int i = 0; i < 40; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			other(i);
			_exit(0);
		}
		mine(1);
		if (i % 4 == 3)
			while (wait(NULL) > 0)
				;
		status |= pid < 0;
	}
	while (wait(NULL) > 0)
		;
	return status;
}

static int stop_threads;
static void *keep_allocating(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;

	while (!__atomic_load_n(&stop_threads, __ATOMIC_RELAXED)) {
		void *p = malloc(10 + rand_r(&seed) % 500);

		p = realloc(p, 10 + rand_r(&seed) % 2000);
		free(p);
	}
	return NULL;
}

/* Stacks that nobody has walked yet: 2^depth ways to get to malloc. */
static void __attribute__((noinline)) fresh(unsigned int path, int depth)
{
	if (depth == 0) {
		free(malloc(3));
		return;
	}
	/* Two places, whatever the compiler thinks of it. */
	if (path & 1) {
		fresh(path >> 1, depth - 1);
		__asm__ volatile("# odd" ::: "memory");
	} else {
		fresh(path >> 1, depth - 1);
		__asm__ volatile("# even" ::: "memory");
	}
}
static void *keep_finding(void *arg)
{
	for (unsigned int i = 0; !__atomic_load_n(&stop_threads, __ATOMIC_RELAXED); i++)
		fresh(i, 14);
	return arg;
}

/* Children of a parent whose other threads are anywhere inside an event. */
static int do_threads(char **argv)
{
	pthread_t threads[4];
	int status = 0;

	(void)argv;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, i < 2 ? keep_allocating : keep_finding,
			(void *)(uintptr_t)i);
	for (int i = 0; i < 150 && status == 0; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			alarm(20);
			for (unsigned int n = 0; n < 8; n++)
				fresh(n + (unsigned int)i * 8, 14);
			other(25);
			_exit(0);
		}
		status = wait_for(pid);
	}
	__atomic_store_n(&stop_threads, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return status;
}

static int do_vfork(char **argv)
{
	pid_t pid;

	mine(100);
	pid = vfork();
	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	mine(100);
	return wait_for(pid);
}

static int do_spawn(char **argv)
{
	pid_t pid;

	mine(100);
	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0)
		return 98;
	return wait_for(pid);
}

static int do_system(char **argv)
{
	mine(100);
	return system(argv[0]) != 0;
}

static int do_exec(char **argv)
{
	mine(100);
	execv(argv[0], argv);
	return 127;
}

static int do_plain(char **argv)
{
	mine(argv[0] ? atoi(argv[0]) : 100);
	return 0;
}

static int do_exit(char **argv)
{
	mine(100);
	exit(atoi(argv[0]));
}

static int do__exit(char **argv)
{
	mine(100);
	_exit(atoi(argv[0]));
}

static void late(void)
{
	mine(10);
}

static int do_quick_exit(char **argv)
{
	mine(100);
	at_quick_exit(late);
	quick_exit(atoi(argv[0]));
}

static int do_atexit(char **argv)
{
	atexit(late);
	on_exit((void (*)(int, void *))late, NULL);
	mine(100);
	return atoi(argv[0]);
}

static int do_abort(char **argv)
{
	struct rlimit none = { 0, 0 };

	(void)argv;
	setrlimit(RLIMIT_CORE, &none);
	mine(100);
	abort();
}

static int do_segv(char **argv)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	mine(100);
	/* A wild store, of which the compiler knows nothing. */
	*(int *volatile *)argv = (int *)8;
	**(int *volatile *)argv = 1;
	return 0;
}

/* glibc finds a double free: its message, its SIGABRT. */
static int do_double_free(char **argv)
{
	struct rlimit none = { 0, 0 };
	void *volatile p;

	(void)argv;
	setrlimit(RLIMIT_CORE, &none);
	mine(100);
	p = malloc(20);
	free(p);
	free(p);
	return 0;
}

static int do_invalid_free(char **argv)
{
	struct rlimit none = { 0, 0 };
	char *volatile p = malloc(2000);

	(void)argv;
	setrlimit(RLIMIT_CORE, &none);
	free(p + 8);
	return 0;
}

/* What the victim of kill -9 writes down: its own numbers, and when each 1 ms began. */
struct diary {
	volatile uint64_t alloc_count;
	volatile uint64_t free_count;
	volatile uint64_t nr_moments;
	struct {
		uint64_t ns;
		uint64_t alloc_count;
		uint64_t free_count;
	} moments[1 << 16];
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Allocates and frees until it is killed. ARG: the file of the diary. */
static int do_loop(char **argv)
{
	int fd = open(argv[0], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct diary *diary;
	void *ring[64] = { 0 };
	uint64_t last = 0;

	if (fd < 0 || ftruncate(fd, sizeof(*diary)) != 0)
		return 98;
	diary = mmap(NULL, sizeof(*diary), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	for (uint64_t i = 0; diary->nr_moments < 1 << 16; i++) {
		uint64_t ns = now_ns();

		if (ns - last >= 1000000) {
			last = ns;
			diary->moments[diary->nr_moments].ns = ns;
			diary->moments[diary->nr_moments].alloc_count = diary->alloc_count;
			diary->moments[diary->nr_moments].free_count = diary->free_count;
			diary->nr_moments++;
		}
		if (ring[i % 64]) {
			free(ring[i % 64]);
			diary->free_count++;
		}
		ring[i % 64] = malloc(100);
		diary->alloc_count++;
	}
	return 0;
}

static int number_of_next(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

/* Descriptors: the next number is the lowest, however few there may be; all can be closed. */
static int do_descriptors(char **argv)
{
	int first = number_of_next(), wanted = argv[0] ? atoi(argv[0]) : 3;

	if (first != wanted)
		return 10;
	mine(100);
	if (number_of_next() != first)
		return 11;
	for (int fd = 3; fd < 2048; fd++)
		close(fd);
	fresh(1, 14);
	/* A file of the program's under every number that the shim could think to be its own. */
	for (int fd = 3; fd < 1100; fd++) {
		char name[] = "/tmp/heapledger-fd-XXXXXX";

		if (fd == 3)
			first = mkstemp(name), unlink(name);
		else
			dup2(first, fd);
	}
	for (unsigned int i = 0; i < 1 << 13; i++)
		fresh(i, 14);
	if (lseek(first, 0, SEEK_END) != 0)
		return 13;
	mine(100);
	syscall(SYS_close_range, 3, ~0u, 0);
	for (unsigned int i = 1 << 13; i < 1 << 14; i++)
		fresh(i, 14);
	if (number_of_next() != 3)
		return 14;
	mine(100);
	return 0;
}

/* How many descriptors can still be had. */
static int do_count_descriptors(char **argv)
{
	int n = 0;

	(void)argv;
	fresh(1, 14);
	while (dup(0) >= 0)
		n++;
	return n;
}

static int do_daemon(char **argv)
{
	struct timespec pause = { 0, 10000000 };
	int pipe_ends[2];
	char c;

	(void)argv;
	mine(100);
	if (pipe(pipe_ends) != 0)
		return 98;
	if (fork() == 0) {
		if (daemon(0, 0) != 0)
			_exit(97);
		nanosleep(&pause, NULL);
		other(60);
		(void)!write(pipe_ends[1], "x", 1);
		_exit(0);
	}
	close(pipe_ends[1]);
	return read(pipe_ends[0], &c, 1) != 1;
}

/* ARG: where to go before the fork. */
static int do_chdir(char **argv)
{
	pid_t pid;

	mine(100);
	if (chdir(argv[0]) != 0)
		return 98;
	mine(100);
	pid = fork();
	if (pid == 0) {
		other(20);
		_exit(0);
	}
	return wait_for(pid);
}

/* ARG: a file that becomes descriptor 2 before a fork. */
static int do_other_stderr(char **argv)
{
	pid_t pid;
	int fd;

	mine(100);
	fd = open(argv[0], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || dup2(fd, 2) != 2)
		return 98;
	pid = fork();
	if (pid == 0) {
		other(20);
		_exit(0);
	}
	return wait_for(pid);
}

/* clearenv before the first allocation. */
static int do_clearenv(char **argv)
{
	(void)argv;
	clearenv();
	mine(100);
	return 0;
}

/* Threads with the smallest stack there is; one of them forks. */
static void *on_small_stack(void *arg)
{
	pid_t pid;

	fresh((unsigned int)(uintptr_t)arg, 14);
	mine(10);
	pid = fork();
	if (pid == 0) {
		other(5);
		_exit(0);
	}
	return (void *)(intptr_t)wait_for(pid);
}
static int do_small_stack(char **argv)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *result = NULL;

	(void)argv;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	if (pthread_create(&thread, &attr, on_small_stack, NULL) != 0)
		return 98;
	pthread_join(thread, &result);
	return (int)(intptr_t)result;
}

/* Handlers on the smallest alternate stack that the C library names: first event, then a fork's. */
static volatile int handler_status;
static void on_alternate(int signal)
{
	pid_t pid;

	(void)signal;
	mine(3);
	pid = fork();
	if (pid == 0) {
		other(5);
		_exit(0);
	}
	handler_status = wait_for(pid);
}
static int do_small_sigaltstack(char **argv)
{
	struct sigaction action = { .sa_handler = on_alternate, .sa_flags = SA_ONSTACK };
	size_t size = (size_t)sysconf(_SC_SIGSTKSZ);
	char *stack = mmap(NULL, size + 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t alternate = { .ss_sp = stack + 4096, .ss_size = size };

	(void)argv;
	mprotect(stack, 4096, PROT_NONE);
	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	return handler_status;
}

static const struct {
	const char *name;
	int (*run)(char **argv);
} modes[] = {
	{ "plain", do_plain }, { "fork", do_fork }, { "clone", do_clone }, { "tree", do_tree },
	{ "generations", do_generations }, { "threads", do_threads }, { "vfork", do_vfork },
	{ "spawn", do_spawn }, { "system", do_system }, { "exec", do_exec }, { "exit", do_exit },
	{ "_exit", do__exit }, { "quick_exit", do_quick_exit }, { "atexit", do_atexit },
	{ "abort", do_abort }, { "segv", do_segv }, { "double-free", do_double_free },
	{ "invalid-free", do_invalid_free }, { "loop", do_loop }, { "descriptors", do_descriptors },
	{ "count-descriptors", do_count_descriptors }, { "daemon", do_daemon },
	{ "other-stderr", do_other_stderr },
	{ "chdir", do_chdir }, { "clearenv", do_clearenv },
	{ "small-stack", do_small_stack }, { "small-sigaltstack", do_small_sigaltstack },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(modes[i].name, argv[1]) == 0)
			return modes[i].run(argv + 2);
	return 96;
}
