/* SPDX-License-Identifier: MIT */
/*
 * A program as servers are: 8 threads with caches and requests, plugins that come and go, each time to
 * another place, children.
 *
 * Usage: server SECONDS PLUGIN...
 * Prints its tally at the end: "blocks bytes freed-blocks freed-bytes", of this file and the plugins.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tally.h"

#define NR_THREADS 8
#define NR_SLOTS 20000
#define NR_PLACES 4096

static double end;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct item {
	struct item *next;
	size_t bytes;
	char text[];
};

/* A cache that all threads share: each slot a short list, the oldest item goes. */
static struct {
	pthread_mutex_t lock;
	struct item *first;
	int nr;
} cache[NR_SLOTS];

static struct item *make_item(struct tally *t, size_t bytes)
{
	struct item *item = malloc(sizeof(*item) + bytes);

	item->bytes = sizeof(*item) + bytes;
	memset(item->text, 1, bytes);
	made(t, item->bytes);
	return item;
}

static void drop_item(struct tally *t, struct item *item)
{
	gone(t, item->bytes);
	free(item);
}

static struct item *grow_item(struct tally *t, struct item *item, size_t more)
{
	gone(t, item->bytes);
	item = realloc(item, item->bytes + more);
	item->bytes += more;
	made(t, item->bytes);
	return item;
}

static void cache_put(struct tally *t, unsigned int key, struct item *item)
{
	struct item **last;

	pthread_mutex_lock(&cache[key].lock);
	item->next = cache[key].first;
	cache[key].first = item;
	if (++cache[key].nr > 4) {
		for (last = &item->next; (*last)->next; last = &(*last)->next)
			;
		drop_item(t, *last);
		*last = NULL;
		cache[key].nr--;
	}
	pthread_mutex_unlock(&cache[key].lock);
}

static void cache_empty(struct tally *t, unsigned int key)
{
	pthread_mutex_lock(&cache[key].lock);
	while (cache[key].first) {
		struct item *item = cache[key].first;

		cache[key].first = item->next;
		drop_item(t, item);
	}
	cache[key].nr = 0;
	pthread_mutex_unlock(&cache[key].lock);
}

/* A request parses something of a depth, and leaves one item in the cache. */
static int make_parts(struct tally *t, unsigned int *seed, struct item **parts)
{
	int n = rand_r(seed) % 8;

	for (int i = 0; i < n; i++)
		parts[i] = make_item(t, (size_t)rand_r(seed) % 200);
	return n;
}

static void drop_parts(struct tally *t, struct item **parts, int n)
{
	for (int i = 0; i < n; i++) {
		if (i % 3 == 0)
			parts[i] = grow_item(t, parts[i], 100);
		drop_item(t, parts[i]);
	}
}

static void parse(struct tally *t, unsigned int *seed, int depth)
{
	struct item *parts[8];
	int n = make_parts(t, seed, parts);

	if (depth > 0)
		parse(t, seed, depth - 1);
	drop_parts(t, parts, n);
}

static void *serve(void *arg)
{
	struct tally *t = arg;
	unsigned int seed = (unsigned int)(uintptr_t)arg;

	while (now() < end) {
		for (int i = 0; i < 200; i++) {
			unsigned int key = (unsigned int)rand_r(&seed) % NR_SLOTS;

			parse(t, &seed, rand_r(&seed) % 12);
			if (rand_r(&seed) % 10 == 0)
				cache_empty(t, key);
			else
				cache_put(t, key, make_item(t, (size_t)rand_r(&seed) % 2000));
		}
		usleep(100);
	}
	return NULL;
}

/* A page where a plugin was, so that the next one goes elsewhere; and the oldest such page given back. */
static void occupy(void *place)
{
	static void *places[NR_PLACES];
	static unsigned int next;

	if (places[next])
		munmap(places[next], 4096);
	places[next] = mmap(place, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (places[next] == MAP_FAILED)
		places[next] = NULL;
	next = (next + 1) % NR_PLACES;
}

static void run_plugin(struct tally *t, const char *path)
{
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void (*work)(struct tally *);
	Dl_info info;

	if (!plugin) {
		fprintf(stderr, "%s\n", dlerror());
		exit(3);
	}
	*(void **)&work = dlsym(plugin, "plugin_work");
	work(t);
	if (!dladdr(*(void **)&work, &info))
		exit(5);
	dlclose(plugin);
	occupy(info.dli_fbase);
}

/* A child uses the heap that it finds, and goes. */
static void run_child(void)
{
	struct tally t = { 0, 0, 0, 0 };
	unsigned int seed = 1;
	pid_t pid = fork();

	if (pid == 0) {
		parse(&t, &seed, 10);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	static struct tally tallies[NR_THREADS + 1];
	struct tally *mine = &tallies[NR_THREADS], sum = { 0, 0, 0, 0 };
	pthread_t thread[NR_THREADS];

	if (argc < 3)
		return 2;
	end = now() + atof(argv[1]);
	for (unsigned int i = 0; i < NR_SLOTS; i++)
		pthread_mutex_init(&cache[i].lock, NULL);
	for (int i = 0; i < NR_THREADS; i++)
		if (pthread_create(&thread[i], NULL, serve, &tallies[i]) != 0)
			return 4;
	for (int i = 0; now() < end; i++) {
		run_plugin(mine, argv[2 + i % (argc - 2)]);
		if (i % 50 == 0)
			run_child();
		usleep(2000);
	}
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(thread[i], NULL);
	for (unsigned int i = 0; i < NR_SLOTS; i++)
		cache_empty(mine, i);
	for (int i = 0; i <= NR_THREADS; i++) {
		sum.blocks += tallies[i].blocks;
		sum.bytes += tallies[i].bytes;
		sum.freed += tallies[i].freed;
		sum.freed_bytes += tallies[i].freed_bytes;
	}
	printf("%llu %llu %llu %llu\n", (unsigned long long)sum.blocks, (unsigned long long)sum.bytes,
		(unsigned long long)sum.freed, (unsigned long long)sum.freed_bytes);
	return 0;
}
