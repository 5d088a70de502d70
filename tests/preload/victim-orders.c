/* SPDX-License-Identifier: MIT */
/*
 * A victim that is told what to record while it runs.
 *
 *   marks N     8 threads; N times all stop, `heapledger ctl` makes a mark, and all go on.  Says what lives at the end
 *               of what was made since each mark: "since NUMBER BLOCKS BYTES", and how long the longest first event
 *               after a mark took
 *   all         gives itself each order once
 *   step        does what is read from the standard input, a line each, and says "done" and its pid: "make N", "free N"
 *   step        does what is read from the standard input, a line each, and says "done PID": "make N", "free N"
 *               many pairs of malloc and free: says the ns of each)
 * HEAPLEDGER: the command
 */
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NR_THREADS 8
#define NR_BLOCKS 4096
#define MAX_ROUNDS 1000

struct block {
	void *address;
	size_t size;
	int round;
};

static pthread_barrier_t barrier;
static struct block blocks[NR_THREADS][NR_BLOCKS];
static int64_t longest_ns[NR_THREADS];
static int nr_rounds;

__attribute__((noinline)) void *make_block(size_t size)
{
	void *block = malloc(size);

	memset(block, 1, size);
	return block;
}

__attribute__((noinline)) void *grow_block(void *old, size_t size)
{
	void *block = realloc(old, size);

	memset(block, 1, size);
	return block;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/* Blocks are freed by other threads than those that made them, as each goes through the next one's half of the time. */
static void work(int number, int round, uint32_t *state)
{
	for (int i = 0; i < 400; i++) {
		struct block *block;
		int64_t start_ns = now_ns();

		*state = *state * 1664525u + 1013904223u;
		block = &blocks[(number + round) % NR_THREADS][(*state >> 8) % NR_BLOCKS];
		if (block->address && *state >> 31) {
			free(block->address);
			*block = (struct block){0};
		} else if (block->address) {
			block->size += 16;
			block->address = grow_block(block->address, block->size);
			block->round = round;
		} else {
			block->size = 16 + (*state >> 12) % 500;
			block->address = make_block(block->size);
			block->round = round;
		}
		if (i == 0 && now_ns() - start_ns > longest_ns[number])
			longest_ns[number] = now_ns() - start_ns;
	}
}

static void *run(void *arg)
{
	int number = (int)(intptr_t)arg;
	uint32_t state = (uint32_t)number + 1;

	for (int round = 0; round <= nr_rounds; round++) {
		pthread_barrier_wait(&barrier);
		work(number, round, &state);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

/* The command has no environment: it is not recorded. */
static int order(char *word, char *text)
{
	static char pid[32];
	char *arguments[] = {getenv("HEAPLEDGER"), "ctl", pid, word, text, NULL};
	char *environment[] = {NULL};
	pid_t child;
	int status;

	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	if (posix_spawn(&child, arguments[0], NULL, NULL, arguments, environment) != 0)
		return 1;
	return waitpid(child, &status, 0) != child || status != 0;
}

static int mark(int number)
{
	static char text[32];

	snprintf(text, sizeof(text), "mark %d", number);
	return order("mark", text);
}

static int do_all(void)
{
	static char *const words[] = {"clear", "stop", "start"};

	make_block(1);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (mark(1) != 0 || order(words[i], NULL) != 0)
			return 3;
		make_block(1);
	}
	return 0;
}

static int do_marks(int rounds)
{
	pthread_t threads[NR_THREADS];
	int64_t longest = 0;

	nr_rounds = rounds < MAX_ROUNDS ? rounds : MAX_ROUNDS;
	pthread_barrier_init(&barrier, NULL, NR_THREADS + 1);
	for (int i = 0; i < NR_THREADS; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)(intptr_t)i) != 0)
			return 77;
	for (int round = 0; round <= nr_rounds; round++) {
		if (round > 0 && mark(round) != 0)
			return 3;
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int round = 1; round <= nr_rounds; round++) {
		size_t nr = 0, bytes = 0;

		for (int i = 0; i < NR_THREADS * NR_BLOCKS; i++)
			if (blocks[i / NR_BLOCKS][i % NR_BLOCKS].address &&
					blocks[i / NR_BLOCKS][i % NR_BLOCKS].round >= round) {
				nr++;
				bytes += blocks[i / NR_BLOCKS][i % NR_BLOCKS].size;
			}
		printf("since %d %zu %zu\n", round, nr, bytes);
	}
	for (int i = 0; i < NR_THREADS; i++)
		longest = longest_ns[i] > longest ? longest_ns[i] : longest;
	printf("longest %lld us\n", (long long)longest / 1000);
	return 0;
}

/* The child speaks for both; so does the exit status. */
static void go_on_in_child(void)
{
	pid_t child = fork();
	int status = 1;

	if (child == 0)
		return;
	waitpid(child, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void loop(long nr)
{
	int64_t start_ns = now_ns();

	for (long i = 0; i < nr; i++) {
		void *volatile block = malloc(64);

		free(block);
	}
	printf("%.2f ns\n", (double)(now_ns() - start_ns) / (double)nr);
}

static int do_steps(void)
{
	static char output[4096], input[4096], line[256], what[256];
	struct block *all = blocks[0];
	size_t oldest = 0, next = 0;
	long n;

	/* Buffers of the program's, not of malloc's. */
	setvbuf(stdout, output, _IOLBF, sizeof(output));
	setvbuf(stdin, input, _IOFBF, sizeof(input));
	while (fgets(line, sizeof(line), stdin)) {
		n = 0;
		if (sscanf(line, "%255s %ld", what, &n) < 1)
			return 2;
		if (strcmp(what, "fork") == 0)
			go_on_in_child();
		if (strcmp(what, "loop") == 0)
			loop(n);
		for (long i = 0; i < n && next < NR_BLOCKS; i++) {
			if (strcmp(what, "make") == 0)
				all[next++].address = make_block(100);
			if (strcmp(what, "free") == 0 && oldest < next)
				free(all[oldest++].address);
			if (strcmp(what, "grow") == 0 && oldest < next)
				all[oldest].address = grow_block(all[oldest].address, 1000);
		}
		printf("done %ld\n", (long)getpid());
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "marks") == 0)
		return do_marks(atoi(argv[2]));
	if (argc > 1 && strcmp(argv[1], "all") == 0)
		return do_all();
	return argc > 1 && strcmp(argv[1], "step") == 0 ? do_steps() : 2;
}
