/* SPDX-License-Identifier: MIT */
/*
 * An interposing counter that shares nothing with the shim: a preloaded library that counts blocks
 * and bytes by tracemalloc's rules (a successful realloc is one free and one allocation of the full
 * new size, realloc(p, 0) a free) and keeps the sums in the file that HEAPLEDGER_OUT names, so that
 * its runs have the same environment as the shim's.
 *
 * Sizes are remembered in a hash table of its own: blocks keep their addresses' neighbourhood.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct sums {
	uint64_t alloc_count;
	uint64_t alloc_bytes;
	uint64_t free_count;
	uint64_t free_bytes;
	uint64_t unknown_frees;
	uint64_t failed_allocs;
	uint64_t peak_bytes;
};
static struct sums early, *sums = &early;

/* One TLS variable, as the shim has: the threads library allocates by the number of modules. */
__thread uint64_t counter_tls[4] __attribute__((tls_model("initial-exec")));

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static void *(*real_memalign)(size_t, size_t);
static void *(*real_valloc)(size_t);
static void *(*real_pvalloc)(size_t);

static int lock;

static void take(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
}

static void drop(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

/* Open addressing; key 1 was removed. */
#define NR_SLOTS (1u << 24)
static struct slot {
	uintptr_t key;
	size_t size;
} *slots;

static size_t place(uintptr_t key)
{
	return (key >> 4) * 0x9e3779b97f4a7c15ull >> 40;
}

static void remember(void *block, size_t size)
{
	size_t i = place((uintptr_t)block);

	if (!slots)
		slots = mmap(NULL, NR_SLOTS * sizeof(*slots), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	while (slots[i].key > 1)
		i = (i + 1) % NR_SLOTS;
	slots[i].key = (uintptr_t)block;
	slots[i].size = size;
}

static int forget(void *block, size_t *size)
{
	size_t i = place((uintptr_t)block);

	while (slots && slots[i].key != 0) {
		if (slots[i].key == (uintptr_t)block) {
			slots[i].key = 1;
			*size = slots[i].size;
			return 1;
		}
		i = (i + 1) % NR_SLOTS;
	}
	return 0;
}

static void *made(void *block, size_t size)
{
	take();
	if (block) {
		remember(block, size);
		sums->alloc_count++;
		sums->alloc_bytes += size;
		if (sums->alloc_bytes - sums->free_bytes > sums->peak_bytes)
			sums->peak_bytes = sums->alloc_bytes - sums->free_bytes;
	} else {
		sums->failed_allocs++;
	}
	drop();
	return block;
}

static void gone(void *block)
{
	size_t size;

	take();
	if (forget(block, &size)) {
		sums->free_count++;
		sums->free_bytes += size;
	} else {
		sums->unknown_frees++;
	}
	drop();
}

static void find(void *function, const char *name)
{
	void *address = dlsym(RTLD_NEXT, name);

	memcpy(function, &address, sizeof(address));
}

static void find_all(void)
{
	if (real_malloc)
		return;
	find(&real_calloc, "calloc");
	find(&real_realloc, "realloc");
	find(&real_free, "free");
	find(&real_posix_memalign, "posix_memalign");
	find(&real_aligned_alloc, "aligned_alloc");
	find(&real_memalign, "memalign");
	find(&real_valloc, "valloc");
	find(&real_pvalloc, "pvalloc");
	find(&real_malloc, "malloc");
}

__attribute__((constructor)) static void start(int argc, char **argv, char **envp)
{
	int fd = -1;
	void *map;

	(void)argc;
	(void)argv;
	find_all();
	for (; *envp; envp++)
		if (strncmp(*envp, "HEAPLEDGER_OUT=", 15) == 0)
			fd = open(*envp + 15, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, 4096) != 0)
		return;
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return;
	take();
	*(struct sums *)map = early;
	sums = map;
	drop();
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

EXPORT void free(void *block)
{
	int saved_errno = errno;

	find_all();
	if (block)
		gone(block);
	errno = saved_errno;
	real_free(block);
}

EXPORT void *realloc(void *block, size_t size)
{
	void *now;
	size_t old;
	int known;

	find_all();
	take();
	known = block && forget(block, &old);
	drop();
	now = real_realloc(block, size);
	take();
	if (!now && size != 0 && known)
		remember(block, old);
	if (block && (now || size == 0)) {
		sums->unknown_frees += !known;
		sums->free_count += known;
		sums->free_bytes += known ? old : 0;
	}
	drop();
	return now || size != 0 || !block ? made(now, size) : now;
}

EXPORT void *reallocarray(void *block, size_t nr, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(nr, size, &bytes)) {
		errno = ENOMEM;
		return made(NULL, 0);
	}
	return realloc(block, bytes);
}

EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
	int r;

	find_all();
	r = real_posix_memalign(block, alignment, size);
	made(r == 0 ? *block : NULL, size);
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
