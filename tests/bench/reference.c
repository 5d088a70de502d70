/* SPDX-License-Identifier: MIT */
/*
 * What a heap profiler costs that is built the plain way: a preloaded library that calls
 * unw_backtrace() for every allocation and keeps counts by call stack and a table of live blocks,
 * both hash tables under one mutex. Nothing is clever and nothing is left out; the benchmarks
 * compare the shim with it. Tables lie in memory of their own, because malloc is the program's.
 *
 * BENCH_REFERENCE_OUT names a file that receives the sums at the end, to see that it counts right.
 */
#define UNW_LOCAL_ONLY
#include <dlfcn.h>
#include <errno.h>
#include <libunwind.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORT __attribute__((visibility("default")))
#define MAX_FRAMES 256
#define FIRST_SLOTS 4096u

struct stack {
	struct stack *next;
	uint64_t hash;
	uint64_t alloc_count, alloc_bytes;
	uint64_t free_count, free_bytes;
	uint32_t nr_frames;
	void *frames[];
};

/* Open addressing with linear probing; key 0 is a slot without a block. */
struct block {
	uintptr_t key;
	size_t size;
	struct stack *stack;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct stack **buckets;
static size_t nr_buckets, nr_stacks;
static struct block *blocks;
static size_t nr_slots, nr_live;
static uint64_t live_bytes, peak_bytes;
static char *pool;
static size_t pool_left;

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static void *(*real_memalign)(size_t, size_t);
static void *(*real_valloc)(size_t);
static void *(*real_pvalloc)(size_t);

/* Set while we are at work: what libunwind or the loader allocate then is not the program's. */
static __thread bool busy __attribute__((tls_model("initial-exec")));

static void *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static void *from_pool(size_t bytes)
{
	if (pool_left < bytes) {
		pool_left = 1u << 20;
		pool = map(pool_left);
	}
	pool += bytes;
	pool_left -= bytes;
	return pool - bytes;
}

static uint64_t mix(uint64_t hash, uintptr_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

static void grow_buckets(void)
{
	size_t nr = nr_buckets ? nr_buckets * 2 : FIRST_SLOTS, i;
	struct stack **table = map(nr * sizeof(*table)), *stack, *next;

	for (i = 0; i < nr_buckets; i++)
		for (stack = buckets[i]; stack; stack = next) {
			next = stack->next;
			stack->next = table[stack->hash & (nr - 1)];
			table[stack->hash & (nr - 1)] = stack;
		}
	if (buckets)
		munmap(buckets, nr_buckets * sizeof(*buckets));
	buckets = table;
	nr_buckets = nr;
}

static struct stack *find_stack(void **frames, uint32_t nr_frames, uint64_t hash)
{
	size_t bytes = nr_frames * sizeof(*frames);
	struct stack *stack;

	if (nr_stacks >= nr_buckets)
		grow_buckets();
	for (stack = buckets[hash & (nr_buckets - 1)]; stack; stack = stack->next)
		if (stack->hash == hash && stack->nr_frames == nr_frames &&
			memcmp(stack->frames, frames, bytes) == 0)
			return stack;
	stack = from_pool(sizeof(*stack) + bytes);
	stack->hash = hash;
	stack->nr_frames = nr_frames;
	memcpy(stack->frames, frames, bytes);
	stack->next = buckets[hash & (nr_buckets - 1)];
	buckets[hash & (nr_buckets - 1)] = stack;
	nr_stacks++;
	return stack;
}

static size_t home_slot(uintptr_t key)
{
	return mix(0, key) & (nr_slots - 1);
}

static void put_block(struct block block)
{
	size_t i = home_slot(block.key);

	while (blocks[i].key)
		i = (i + 1) & (nr_slots - 1);
	blocks[i] = block;
}

static void grow_blocks(void)
{
	struct block *old = blocks;
	size_t nr_old = nr_slots, i;

	nr_slots = nr_old ? nr_old * 2 : FIRST_SLOTS;
	blocks = map(nr_slots * sizeof(*blocks));
	for (i = 0; i < nr_old; i++)
		if (old[i].key)
			put_block(old[i]);
	if (old)
		munmap(old, nr_old * sizeof(*old));
}

/* Moves up what was put behind slot i for want of room, so that no search ends too early there. */
static void clear_slot(size_t i)
{
	size_t k, mask = nr_slots - 1;

	for (k = (i + 1) & mask; blocks[k].key; k = (k + 1) & mask)
		if (((k - home_slot(blocks[k].key)) & mask) >= ((k - i) & mask)) {
			blocks[i] = blocks[k];
			i = k;
		}
	blocks[i].key = 0;
}

static void add_block(void *p, size_t size, struct stack *stack)
{
	if (nr_live >= nr_slots / 4 * 3)
		grow_blocks();
	put_block((struct block){.key = (uintptr_t)p, .size = size, .stack = stack});
	nr_live++;
	stack->alloc_count++;
	stack->alloc_bytes += size;
	live_bytes += size;
	if (live_bytes > peak_bytes)
		peak_bytes = live_bytes;
}

static bool take_block(void *p, struct block *out)
{
	size_t i = home_slot((uintptr_t)p);

	for (; nr_slots && blocks[i].key; i = (i + 1) & (nr_slots - 1)) {
		if (blocks[i].key != (uintptr_t)p)
			continue;
		*out = blocks[i];
		clear_slot(i);
		nr_live--;
		out->stack->free_count++;
		out->stack->free_bytes += out->size;
		live_bytes -= out->size;
		return true;
	}
	return false;
}

static void *made(void *p, size_t size)
{
	void *frames[MAX_FRAMES];
	int saved_errno = errno, nr, i;
	uint64_t hash = 0;

	if (!p || busy)
		return p;
	busy = true;
	nr = unw_backtrace(frames, MAX_FRAMES);
	for (i = 0; i < nr; i++)
		hash = mix(hash, (uintptr_t)frames[i]);
	pthread_mutex_lock(&mutex);
	add_block(p, size, find_stack(frames, (uint32_t)nr, hash));
	pthread_mutex_unlock(&mutex);
	busy = false;
	errno = saved_errno;
	return p;
}

static bool gone(void *p, struct block *out)
{
	bool known;

	if (!p || busy)
		return false;
	busy = true;
	pthread_mutex_lock(&mutex);
	known = take_block(p, out);
	pthread_mutex_unlock(&mutex);
	busy = false;
	return known;
}

/* A realloc that failed: the block is what it was. */
static void undo_gone(void *p, struct block *was)
{
	busy = true;
	pthread_mutex_lock(&mutex);
	was->stack->free_count--;
	was->stack->free_bytes -= was->size;
	was->stack->alloc_count--;
	was->stack->alloc_bytes -= was->size;
	add_block(p, was->size, was->stack);
	pthread_mutex_unlock(&mutex);
	busy = false;
}

static void find(void *function, const char *name)
{
	void *address = dlsym(RTLD_NEXT, name);

	memcpy(function, &address, sizeof(address));
}

__attribute__((constructor)) static void find_all(void)
{
	if (real_malloc)
		return;
	busy = true;
	find(&real_calloc, "calloc");
	find(&real_realloc, "realloc");
	find(&real_free, "free");
	find(&real_posix_memalign, "posix_memalign");
	find(&real_aligned_alloc, "aligned_alloc");
	find(&real_memalign, "memalign");
	find(&real_valloc, "valloc");
	find(&real_pvalloc, "pvalloc");
	find(&real_malloc, "malloc");
	busy = false;
}

__attribute__((destructor)) static void tell(void)
{
	const char *path = getenv("BENCH_REFERENCE_OUT");
	uint64_t allocs = 0, frees = 0;
	struct stack *stack;
	FILE *out;
	size_t i;

	busy = true;
	out = path ? fopen(path, "w") : NULL;
	for (i = 0; i < nr_buckets; i++)
		for (stack = buckets[i]; stack; stack = stack->next) {
			allocs += stack->alloc_count;
			frees += stack->free_count;
		}
	if (out) {
		fprintf(out, "allocs %llu frees %llu stacks %zu\n", (unsigned long long)allocs,
			(unsigned long long)frees, nr_stacks);
		fclose(out);
	}
	busy = false;
}

EXPORT void *malloc(size_t size)
{
	find_all();
	return made(real_malloc(size), size);
}

EXPORT void *calloc(size_t nr, size_t size)
{
	find_all();
	return made(real_calloc(nr, size), nr * size);
}

EXPORT void free(void *p)
{
	struct block was;

	find_all();
	gone(p, &was);
	real_free(p);
}

EXPORT void *realloc(void *p, size_t size)
{
	struct block was;
	bool known;
	void *now;

	find_all();
	known = gone(p, &was);
	now = real_realloc(p, size);
	if (!now && size != 0 && known)
		undo_gone(p, &was);
	return made(now, size);
}

EXPORT void *reallocarray(void *p, size_t nr, size_t size)
{
	size_t bytes;

	if (!__builtin_mul_overflow(nr, size, &bytes))
		return realloc(p, bytes);
	errno = ENOMEM;
	return NULL;
}

EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
	int r;

	find_all();
	r = real_posix_memalign(p, alignment, size);
	if (r == 0)
		made(*p, size);
	return r;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	find_all();
	return made(real_aligned_alloc(alignment, size), size);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
	find_all();
	return made(real_memalign(alignment, size), size);
}

EXPORT void *valloc(size_t size)
{
	find_all();
	return made(real_valloc(size), size);
}

EXPORT void *pvalloc(size_t size)
{
	find_all();
	return made(real_pvalloc(size), size);
}
