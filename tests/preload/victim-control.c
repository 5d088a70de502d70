/* SPDX-License-Identifier: MIT */
/*
 * A program that steers its own recording, one MODE of it: victim-control MODE [FILE]
 * Exits 0 when everything was as it should be; 77 without a recording.
 */
#include <errno.h>
#include <heapledger-control.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("line %d: %s\n", __LINE__, #condition);                             \
			fflush(stdout);                                                            \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static uint64_t current, peak;

static void expect_of(unsigned int domain, uint64_t size, uint64_t highest, int line)
{
	CHECK(hl_get_traced_memory(domain, &current, &peak) == 0);
	if (current == size && peak == highest)
		return;
	printf("line %d: domain %u has %llu, peak %llu; expected %llu and %llu\n", line, domain,
		(unsigned long long)current, (unsigned long long)peak, (unsigned long long)size,
		(unsigned long long)highest);
	fflush(stdout);
	exit(1);
}
#define EXPECT(size, highest) expect_of(0, size, highest, __LINE__)
#define EXPECT_OF(domain, size, highest) expect_of(domain, size, highest, __LINE__)

static void *made(size_t size)
{
	return malloc(size);
}

/* What was made before is forgotten, and its free, resize and second life are nobody's. */
static void clear(void)
{
	void *old = made(1000), *other = made(2000), *a, *b;

	CHECK(hl_clear_traces() == 0);
	EXPECT(0, 0);
	a = made(100);
	EXPECT(100, 100);
	free(old);
	EXPECT(100, 100);
	CHECK(hl_get_object_traceback(other, NULL, 0) == -ENOENT);
	/* A block that was not known becomes one of its full new size. */
	other = realloc(other, 5000);
	EXPECT(5100, 5100);
	b = realloc(a, 50);
	EXPECT(5050, 5100);
	CHECK(hl_reset_peak() == 0);
	EXPECT(5050, 5050);
	free(other);
	EXPECT(50, 5050);
	free(b);
	EXPECT(0, 5050);
	CHECK(hl_clear_traces() == 0);
	EXPECT(0, 0);
	/* For the ledger: three blocks, of which one stays. */
	for (int i = 0; i < 3; i++)
		b = made(10);
	free(b);
	b = made(10);
	free(b);
	EXPECT(20, 30);
}

static void stop(void)
{
	void *old = made(1000), *unknown, *again;

	CHECK(hl_is_tracing());
	CHECK(hl_start() == 0 && hl_is_tracing());
	CHECK(hl_get_traced_memory(0, &current, &peak) == 0 && current >= 1000);
	CHECK(hl_stop() == 0 && !hl_is_tracing());
	CHECK(hl_stop() == 0 && !hl_is_tracing());
	EXPECT(0, 0);
	unknown = made(300);
	again = realloc(made(20), 40);
	EXPECT(0, 0);
	CHECK(hl_reset_peak() == 0 && hl_clear_traces() == 0);
	CHECK(hl_take_snapshot("never.hl") == -ENODATA);
	CHECK(hl_track(2, 1, 10) == -ENOENT && hl_untrack(2, 1) == -ENOENT);
	CHECK(hl_get_object_traceback(unknown, NULL, 0) == -ENOENT);
	CHECK(hl_mark("while stopped") == 0);
	CHECK(hl_start() == 0 && hl_is_tracing());
	EXPECT(0, 0);
	free(old);
	free(unknown);
	EXPECT(0, 0);
	again = realloc(again, 70);
	EXPECT(70, 70);
	free(again);
	EXPECT(0, 70);
	again = made(7);
	EXPECT(7, 70);
}

static void *inner(size_t size)
{
	return made(size);
}

static void traceback(void)
{
	void *block = inner(10), *frames[64], *few[2];
	int n = hl_get_object_traceback(block, frames, 64);

	/* made, inner, traceback, main and what calls that */
	CHECK(n >= 4 && n <= 64);
	CHECK((char *)frames[0] > (char *)made && (char *)frames[0] < (char *)made + 100);
	CHECK((char *)frames[1] > (char *)inner && (char *)frames[1] < (char *)inner + 100);
	CHECK((char *)frames[2] > (char *)traceback);
	CHECK(hl_get_object_traceback(block, few, 2) == n);
	CHECK(few[0] == frames[0] && few[1] == frames[1]);
	CHECK(hl_get_object_traceback(block, NULL, 0) == n);
	CHECK(hl_get_object_traceback(&block, frames, 64) == -ENOENT);
	CHECK(hl_get_object_traceback(NULL, frames, 64) == -ENOENT);
	CHECK(hl_get_object_traceback((void *)-16, frames, 64) == -ENOENT);
	free(block);
	CHECK(hl_get_object_traceback(block, frames, 64) == -ENOENT);
	CHECK(hl_get_tracer_memory() > 65536);
}

#define NR_TRACKED 100000u

static void track(void)
{
	CHECK(hl_track(0, 1, 10) == -EINVAL && hl_track(1, 1, 10) == -EINVAL);
	CHECK(hl_track(4, 1, 10) == -EINVAL && hl_untrack(4, 1) == -EINVAL);
	CHECK(hl_track(2, 1, 10) == 0 && hl_track(3, 1, 1000) == 0);
	EXPECT_OF(2, 10, 10);
	EXPECT_OF(3, 1000, 1000);
	/* An address that is known is replaced, not added. */
	CHECK(hl_track(2, 1, 7) == 0);
	EXPECT_OF(2, 7, 10);
	CHECK(hl_untrack(2, 2) == 0);
	EXPECT_OF(2, 7, 10);
	CHECK(hl_untrack(2, 1) == 0 && hl_untrack(2, 1) == 0);
	EXPECT_OF(2, 0, 10);
	EXPECT_OF(3, 1000, 1000);
	/* Any number is an address; many need a larger table. */
	CHECK(hl_track(2, 0, 1) == 0 && hl_track(2, UINTPTR_MAX, 2) == 0);
	for (uintptr_t i = 1; i <= NR_TRACKED; i++)
		CHECK(hl_track(2, i << 20, 16) == 0);
	EXPECT_OF(2, 3 + NR_TRACKED * 16, 3 + NR_TRACKED * 16);
	for (uintptr_t i = 1; i <= NR_TRACKED; i += 2)
		CHECK(hl_untrack(2, i << 20) == 0);
	EXPECT_OF(2, 3 + NR_TRACKED * 8, 3 + NR_TRACKED * 16);
	for (uintptr_t i = 1; i <= NR_TRACKED; i++)
		CHECK(hl_untrack(2, i << 20) == 0);
	EXPECT_OF(2, 3, 3 + NR_TRACKED * 16);
	CHECK(hl_clear_traces() == 0);
	EXPECT_OF(2, 0, 0);
	CHECK(hl_untrack(2, 0) == 0 && hl_untrack(3, 1) == 0);
	EXPECT_OF(2, 0, 0);
	EXPECT_OF(3, 0, 0);
	/* For the ledger. */
	for (uintptr_t i = 0; i < 10; i++)
		CHECK(hl_track(2, i, 100) == 0);
	CHECK(hl_untrack(2, 3) == 0);
	CHECK(hl_track(3, 3, 5) == 0);
}

static void marks(void)
{
	char text[2000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	CHECK(hl_clear_traces() == 0);
	CHECK(hl_mark("begin") == 0);
	CHECK(made(100) && hl_track(2, 5, 50) == 0);
	CHECK(hl_mark("with <&\n\033[31m a block") == 0);
	CHECK(hl_mark(text) == 0);
	for (int i = 0; i < 997; i++)
		CHECK(hl_mark("") == 0);
}

/* A snapshot has what was there then, and the ledger what is there at the end. */
static void snapshot(const char *file)
{
	char name[1100];
	void *block;

	CHECK(hl_clear_traces() == 0);
	block = made(100);
	CHECK(hl_take_snapshot(file) == 0);
	CHECK(hl_take_snapshot(file) == -EEXIST);
	free(block);
	block = made(30);
	EXPECT(30, 100);
	CHECK(hl_take_snapshot(NULL) == 0 && hl_take_snapshot(NULL) == 0);
	CHECK(hl_take_snapshot("/nowhere/a.hl") == -ENOENT);
	CHECK(hl_take_snapshot("/proc/a.hl") < 0);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK(hl_take_snapshot(name) == -ENAMETOOLONG);
	errno = 4711;
	CHECK(hl_take_snapshot("") < 0 && errno == 4711);
}

/* The child's account is its own, from its first event on, whatever that is. */
static void forked(void)
{
	void *parents;
	int status;
	pid_t pid;

	CHECK(hl_clear_traces() == 0);
	parents = made(1000);
	CHECK(hl_track(2, 1, 77) == 0 && hl_mark("parent") == 0);
	pid = fork();
	if (pid == 0) {
		EXPECT(0, 0);
		EXPECT_OF(2, 0, 0);
		free(parents);
		CHECK(hl_untrack(2, 1) == 0);
		EXPECT(0, 0);
		CHECK(hl_track(2, 1, 5) == 0 && hl_mark("child") == 0);
		parents = made(10);
		EXPECT(10, 10);
		EXPECT_OF(2, 5, 5);
		CHECK(hl_clear_traces() == 0);
		parents = made(20);
		EXPECT(20, 20);
		CHECK(hl_stop() == 0 && hl_start() == 0);
		parents = made(40);
		EXPECT(40, 40);
		exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	EXPECT(1000, 1000);
	EXPECT_OF(2, 77, 77);
}

/* ---- Threads that allocate while others ask for everything ---- */

static volatile int has_ended;
#define NR_WORKERS 4
#define NR_KEPT 1000

static void may_be_stopped(int r)
{
	CHECK(r == 0 || r == -ENOENT);
}

static void *work(void *arg)
{
	uintptr_t number = (uintptr_t)arg;
	void **kept = calloc(NR_KEPT, sizeof(*kept));

	for (unsigned int i = 0; !has_ended; i++) {
		void **block = &kept[i % NR_KEPT];

		if (i % 3 == 0) {
			free(*block);
			*block = made(i % 500);
		} else {
			*block = realloc(*block, 1 + i % 700);
		}
		CHECK(*block);
		if (i % 16 == 0)
			may_be_stopped(hl_track(3, number << 32 | i % 256, i % 100));
		if (i % 32 == 0)
			may_be_stopped(hl_untrack(3, number << 32 | i % 256));
	}
	for (unsigned int i = 0; i < NR_KEPT; i++)
		free(kept[i]);
	free(kept);
	for (unsigned int i = 0; i < 256; i++)
		hl_untrack(3, number << 32 | i);
	return NULL;
}

static void *make_one(void *arg)
{
	(void)arg;
	return made(100);
}

/* A child of a process that may be paused by a thread that the child does not have. */
static void fork_one(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		alarm(20);
		CHECK(hl_start() == 0 && hl_clear_traces() == 0);
		CHECK(made(1 << 20));
		EXPECT(1 << 20, 1 << 20);
		CHECK(hl_stop() == 0);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* Threads and children come and go while others pause all of them. */
static void *spawn(void *arg)
{
	for (unsigned int i = 0; !has_ended; i++) {
		pthread_t thread;

		if (i % 256 == 0)
			fork_one();

		CHECK(pthread_create(&thread, NULL, make_one, NULL) == 0);
		CHECK(pthread_join(thread, &arg) == 0);
		free(arg);
	}
	return NULL;
}

static void *ask(void *arg)
{
	void *frames[10];
	unsigned int nr_refused = 0, n;

	for (n = 0; !has_ended; n++) {
		void *mine = made(64);

		nr_refused += hl_get_traced_memory(n % 4, &current, &peak) == -EAGAIN;
		nr_refused += hl_reset_peak() == -EAGAIN;
		CHECK(hl_get_object_traceback(mine, frames, 10) != 0);
		if (n % 64 == 1)
			CHECK(hl_mark("asked") == 0);
		if (arg && n % 8 == 0)
			nr_refused += hl_clear_traces() == -EAGAIN;
		if (arg && n % 32 == 0)
			nr_refused += hl_stop() == -EAGAIN;
		CHECK(hl_start() == 0);
		free(mine);
		usleep(200);
	}
	CHECK(n > 10);
	CHECK(nr_refused == 0);
	return NULL;
}

static void threads(double seconds)
{
	pthread_t workers[NR_WORKERS], askers[3];

	for (uintptr_t i = 0; i < NR_WORKERS; i++)
		CHECK(pthread_create(&workers[i], NULL, work, (void *)i) == 0);
	for (uintptr_t i = 0; i < 2; i++)
		CHECK(pthread_create(&askers[i], NULL, ask, (void *)i) == 0);
	CHECK(pthread_create(&askers[2], NULL, spawn, NULL) == 0);
	usleep((useconds_t)(seconds * 1e6));
	has_ended = 1;
	for (int i = 0; i < NR_WORKERS; i++)
		CHECK(pthread_join(workers[i], NULL) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(pthread_join(askers[i], NULL) == 0);
	CHECK(hl_start() == 0);
	/* What the threads tracked they have untracked. */
	CHECK(hl_get_traced_memory(3, &current, &peak) == 0 && current == 0);
	CHECK(hl_clear_traces() == 0);
	EXPECT(0, 0);
	/* So large that a sample has it, too. */
	CHECK(made(1 << 20));
	EXPECT(1 << 20, 1 << 20);
}

/* Exact with threads, too: nothing of what they keep back is missing. */
static void *keep(void *arg)
{
	pthread_barrier_t *barrier = arg;
	void *kept[100];

	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	for (int i = 0; i < 100; i++)
		kept[i] = made(11);
	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	for (int i = 1; i < 100; i++)
		free(kept[i]);
	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return NULL;
}

static void exact(void)
{
	pthread_t workers[NR_WORKERS];
	pthread_barrier_t barrier;

	pthread_barrier_init(&barrier, NULL, NR_WORKERS + 1);
	for (int i = 0; i < NR_WORKERS; i++)
		CHECK(pthread_create(&workers[i], NULL, keep, &barrier) == 0);
	pthread_barrier_wait(&barrier);
	/* What pthread_create() itself made is not ours to count. */
	CHECK(hl_clear_traces() == 0);
	EXPECT(0, 0);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	EXPECT(NR_WORKERS * 1100, NR_WORKERS * 1100);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	EXPECT(NR_WORKERS * 11, NR_WORKERS * 1100);
	CHECK(hl_reset_peak() == 0);
	EXPECT(NR_WORKERS * 11, NR_WORKERS * 11);
	CHECK(hl_clear_traces() == 0);
	EXPECT(0, 0);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < NR_WORKERS; i++)
		CHECK(pthread_join(workers[i], NULL) == 0);
	/* What is freed of the threads is from before. */
	EXPECT(0, 0);
}

/* ---- A handler that asks in the middle of whatever it came into ---- */

static volatile unsigned int nr_asked, nr_again;

static void handler(int number)
{
	uint64_t now, highest;
	int r = hl_get_traced_memory(0, &now, &highest);

	(void)number;
	nr_asked++;
	nr_again += r == -EAGAIN;
	if (r != 0 && r != -EAGAIN)
		abort();
	if (hl_mark("in a handler") != 0)
		abort();
}

static void signals(double seconds)
{
	struct itimerval every = { { 0, 300 }, { 0, 300 } };
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

	CHECK(hl_clear_traces() == 0);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	while (nr_asked < seconds * 1000)
		free(made(nr_asked % 300));
	every = (struct itimerval){ { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_REAL, &every, NULL);
	CHECK(hl_get_traced_memory(0, &current, &peak) == 0 && current == 0);
	printf("%u asked, %u of them in the middle\n", nr_asked, nr_again);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	const char *argument = argc > 2 ? argv[2] : "1";

	/* stdout's buffer, before anything is counted */
	printf("%s\n", mode);
	if (hl_get_traced_memory(0, &current, &peak) == -ENOSYS)
		return 77;
	CHECK(hl_get_traced_memory(4, &current, &peak) == -EINVAL);
	if (strcmp(mode, "clear") == 0)
		clear();
	else if (strcmp(mode, "stop") == 0)
		stop();
	else if (strcmp(mode, "traceback") == 0)
		traceback();
	else if (strcmp(mode, "track") == 0)
		track();
	else if (strcmp(mode, "marks") == 0)
		marks();
	else if (strcmp(mode, "snapshot") == 0)
		snapshot(argument);
	else if (strcmp(mode, "fork") == 0)
		forked();
	else if (strcmp(mode, "threads") == 0)
		threads(atof(argument));
	else if (strcmp(mode, "exact") == 0)
		exact();
	else if (strcmp(mode, "signals") == 0)
		signals(atof(argument));
	else
		return 2;
	return 0;
}
