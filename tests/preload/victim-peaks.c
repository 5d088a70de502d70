/* SPDX-License-Identifier: MIT */
/*
 * Peaks that many threads make together, and who held what at the peak's moment.
 *
 * Usage: victim-peaks MODE [NUMBER]; the figures that must come out are in tests/preload/peaks.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Each thread leaves 3,000 bytes in one block and ends; one after another. */
void *leave_behind(void *arg)
{
	return malloc(3000) ? arg : NULL;
}

static int do_one_by_one(long nr)
{
	for (long i = 0; i < nr; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, leave_behind, NULL) != 0)
			return 77;
		pthread_join(thread, NULL);
	}
	return 0;
}

/* The same, eight at a time. */
static int do_in_eights(long nr)
{
	for (long i = 0; i < nr; i += 8) {
		pthread_t thread[8];

		for (int k = 0; k < 8; k++)
			if (pthread_create(&thread[k], NULL, leave_behind, NULL) != 0)
				return 77;
		for (int k = 0; k < 8; k++)
			pthread_join(thread[k], NULL);
	}
	return 0;
}

static pthread_barrier_t all_hold, all_freed;

/* 32,000 bytes in two blocks, held while everybody holds them. */
void *hold_together(void *arg)
{
	void *small = malloc(1000), *big = malloc(31000);

	pthread_barrier_wait(&all_hold);
	free(small);
	free(big);
	pthread_barrier_wait(&all_freed);
	return arg;
}

/* A peak of one block first, which the threads then surpass. */
void hold_first(size_t bytes)
{
	free(malloc(bytes));
}

static int do_together(long nr)
{
	pthread_t *thread = mmap(NULL, (size_t)nr * sizeof(*thread), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attr;

	hold_first((size_t)nr * 7000);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	pthread_barrier_init(&all_hold, NULL, (unsigned int)nr + 1);
	pthread_barrier_init(&all_freed, NULL, (unsigned int)nr + 1);
	for (long i = 0; i < nr; i++)
		if (pthread_create(&thread[i], &attr, hold_together, NULL) != 0)
			_exit(77);
	pthread_barrier_wait(&all_hold);
	pthread_barrier_wait(&all_freed);
	for (long i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
	return 0;
}

static void *volatile here[4], *volatile there[4];

void *at_here(size_t bytes)
{
	return malloc(bytes);
}

/* calloc: of two functions with one body a compiler makes one. */
void *at_there(size_t bytes)
{
	return calloc(1, bytes);
}

/* Peak: 1,000 here and 100,000 there.  Then a free elsewhere, then an allocation here that is no new peak. */
static int do_moment(long nr)
{
	(void)nr;
	here[0] = at_here(1000);
	there[0] = at_there(100000);
	free(there[0]);
	here[1] = at_here(50000);
	return here[0] == here[1];
}

/* The line frees first, and then allocates, below the peak; then a second peak, of which it holds 7,000. */
static int do_second_moment(long nr)
{
	(void)nr;
	here[0] = at_here(4000);
	there[0] = at_there(90000);
	free(here[0]);
	here[0] = at_here(7000);
	free(there[0]);
	there[0] = at_there(120000);
	free(here[0]);
	free(there[0]);
	here[0] = at_here(64);
	here[1] = at_here(65);
	return here[0] == here[1];
}

/* 64 MiB by the heap; then 64 MiB by mmap; never both. */
static int do_heap_then_mmap(long nr)
{
	size_t bytes = 64 << 20;
	void *mapped;

	(void)nr;
	free(at_here(bytes));
	mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return mapped == MAP_FAILED || munmap(mapped, bytes) != 0;
}

/* 10 MiB by the heap and 20 by mmap at one moment: 30; each has had a higher one of its own, 25 and 28. */
static int do_heap_with_mmap(long nr)
{
	size_t mib = 1 << 20;
	char *mapped;

	(void)nr;
	free(at_here(25 * mib));
	mapped = mmap(NULL, 28 * mib, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mapped == MAP_FAILED || munmap(mapped, 8 * mib) != 0)
		return 1;
	here[0] = at_here(10 * mib);
	free(here[0]);
	return munmap(mapped + 8 * mib, 20 * mib) != 0;
}

static const struct {
	const char *name;
	int (*run)(long nr);
} modes[] = {
	{ "one-by-one", do_one_by_one },
	{ "in-eights", do_in_eights },
	{ "together", do_together },
	{ "moment", do_moment },
	{ "second-moment", do_second_moment },
	{ "heap-then-mmap", do_heap_then_mmap },
	{ "heap-with-mmap", do_heap_with_mmap },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argc > 2 ? atol(argv[2]) : 0);
	return 2;
}
