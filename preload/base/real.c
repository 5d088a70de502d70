/* SPDX-License-Identifier: MIT */
/*
 * The allocator underneath.
 */
#include "base/real.h"
#include "cpu.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/aside.h"

struct hl_real hl_real;
uint32_t hl_real_special = HL_SPECIAL_START;

static char arena[64 << 10] __attribute__((aligned(64)));
static size_t arena_used;
static uint32_t finder;			/* the thread that looks up, 0: nobody */
static uint32_t found;
static enum hl_aside aside;

#define FINDER_SPINS 100u
#define FINDER_SLEEP_NS 50000u

bool hl_real_finding(void)
{
	return __atomic_load_n(&finder, __ATOMIC_RELAXED) == hl_os_tid();
}

/* RTLD_NEXT: a preloaded allocator behind us is found before libc. */
static void find(void *function, const char *name)
{
	void *address = aside == HL_ASIDE_NOT ? dlsym(RTLD_NEXT, name) : hl_next_function(name);

	memcpy(function, &address, sizeof(address));
}

static bool is_glibc(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return strncmp(name, "libc.so.", 8) == 0 || strncmp(name, "libc-2.", 7) == 0;
}

static const char *path_of(void *function)
{
	Dl_info info;

	return dladdr(function, &info) && info.dli_fname ? info.dli_fname : "";
}

/*
 * Functions that stand between the hooks and libc's may call those by libc's own names: that is a call of the
 * allocator underneath, not of the program, and would come back to them if it were led to them.
 */
static void find_libc_names(void)
{
	find(&hl_real.libc.malloc, "__libc_malloc");
	find(&hl_real.libc.calloc, "__libc_calloc");
	find(&hl_real.libc.realloc, "__libc_realloc");
	find(&hl_real.libc.free, "__libc_free");
	find(&hl_real.libc.memalign, "__libc_memalign");
	find(&hl_real.libc.valloc, "__libc_valloc");
	find(&hl_real.libc.pvalloc, "__libc_pvalloc");
}

static bool has_layers(void *(*real_malloc)(size_t), const char *path)
{
	void *functions[2];

	/* These two have no other names. */
	memcpy(&functions[0], &hl_real.posix_memalign, sizeof(functions[0]));
	memcpy(&functions[1], &hl_real.aligned_alloc, sizeof(functions[1]));
	return hl_real.libc.malloc != real_malloc || hl_real.libc.calloc != hl_real.calloc ||
		hl_real.libc.realloc != hl_real.realloc || hl_real.libc.free != hl_real.free ||
		hl_real.libc.memalign != hl_real.memalign || hl_real.libc.valloc != hl_real.valloc ||
		hl_real.libc.pvalloc != hl_real.pvalloc || strcmp(path_of(functions[0]), path) != 0 ||
		strcmp(path_of(functions[1]), path) != 0;
}

static void find_functions(void *(**real_malloc)(size_t))
{
	find(&hl_real.mmap, "mmap");
	find(&hl_real.munmap, "munmap");
	find(&hl_real.mremap, "mremap");
	find(&hl_real.start_main, "__libc_start_main");
	find(&hl_real.malloc_usable_size, "malloc_usable_size");
	find(&hl_real.calloc, "calloc");
	find(&hl_real.realloc, "realloc");
	find(&hl_real.free, "free");
	find(&hl_real.posix_memalign, "posix_memalign");
	find(&hl_real.aligned_alloc, "aligned_alloc");
	find(&hl_real.memalign, "memalign");
	find(&hl_real.valloc, "valloc");
	find(&hl_real.pvalloc, "pvalloc");
	find(real_malloc, "malloc");
	if (!*real_malloc || !hl_real.calloc || !hl_real.realloc || !hl_real.free ||
		!hl_real.malloc_usable_size)
		abort();
	if (aside == HL_ASIDE_NOT)
		return;
	find(&hl_real.pipe2, "pipe2");
	find(&hl_real.reallocarray, "reallocarray");
}

static void find_all(void)
{
	void *(*real_malloc)(size_t);
	void *function;

	aside = hl_aside();
	find_functions(&real_malloc);
	find_libc_names();
	hl_real.path = "";
	hl_real.layered = true;
	if (aside != HL_ASIDE_NOT) {
		hl_real.malloc = real_malloc;
		return;
	}
	hl_libc_find();
	memcpy(&function, &real_malloc, sizeof(function));
	hl_real.path = path_of(function);
	hl_real.layered = has_layers(real_malloc, hl_real.path);
	hl_real.foreign = !is_glibc(hl_real.path);
	/* The last: the hooks go by it. */
	hl_real.malloc = real_malloc;
}

/* So many blocks have to agree. */
#define HEADS_WANTED 8u

void hl_real_judge_head(const void *block)
{
	static uint32_t nr_agree, nr_differ;
	size_t head;

	if (hl_real.foreign || nr_agree >= HEADS_WANTED || nr_differ != 0)
		return;
	head = ((const size_t *)block)[-1];
	if (head & HL_HEAD_MAPPED)
		return;
	if ((head & ~HL_HEAD_FLAGS) - sizeof(head) != hl_real.malloc_usable_size((void *)block))
		nr_differ++;
	else if (__atomic_add_fetch(&nr_agree, 1, __ATOMIC_RELAXED) == HEADS_WANTED)
		hl_real.size_in_head = nr_differ == 0;
}

void hl_real_find(void)
{
	uint32_t nobody = 0, self = hl_os_tid(), spins = 0;

	if (__atomic_load_n(&found, __ATOMIC_ACQUIRE))
		return;
	if (!__atomic_compare_exchange_n(&finder, &nobody, self, false, __ATOMIC_ACQUIRE,
			__ATOMIC_RELAXED)) {
		/* Threads before the first allocation: raw clones only; the finder is soon done. */
		while (!__atomic_load_n(&found, __ATOMIC_ACQUIRE)) {
			if (spins++ < FINDER_SPINS)
				hl_cpu_relax();
			else
				hl_os_sleep(FINDER_SLEEP_NS);
		}
		return;
	}
	find_all();
	hl_real_special = (hl_real.foreign ? HL_SPECIAL_FOREIGN : 0) |
		(arena_used ? HL_SPECIAL_ARENA : 0) | (aside != HL_ASIDE_NOT ? HL_SPECIAL_ASIDE : 0);
	__atomic_store_n(&found, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&finder, 0, __ATOMIC_RELEASE);
}

bool hl_real_stands_aside(void)
{
	if ((hl_real_special & HL_SPECIAL_START) && !hl_real_finding())
		hl_real_find();
	return hl_real_special & HL_SPECIAL_ASIDE;
}

void *hl_arena_alloc(size_t align, size_t size)
{
	size_t at = __atomic_load_n(&arena_used, __ATOMIC_RELAXED), from;

	if (align < 16)
		align = 16;
	do {
		from = (at + align - 1) & ~(align - 1);
		if (size > sizeof(arena) || from > sizeof(arena) - size)
			abort();
	} while (!__atomic_compare_exchange_n(&arena_used, &at, from + size, true, __ATOMIC_RELAXED,
		__ATOMIC_RELAXED));
	return arena + from;
}

bool hl_arena_has(const void *block)
{
	return (uintptr_t)block - (uintptr_t)arena < sizeof(arena);
}

size_t hl_arena_room(const void *block)
{
	return arena_used - (size_t)((const char *)block - arena);
}
