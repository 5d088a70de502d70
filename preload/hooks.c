/* SPDX-License-Identifier: MIT */
/*
 * The exported functions: the real call, and the booking before or after it.
 *
 * Built with frame pointers: HL_HOOK_FRAME() reads the caller's registers from the hook's own frame.
 */
#include "hooks.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "account/account.h"
#include "account/orders.h"
#include "account/sample.h"
#include "base/options.h"
#include "base/real.h"
#include "base/shadow.h"
#include "base/thread.h"
#include "regions.h"
#include "stacks/unwind.h"

#define SELDOM __attribute__((noinline))
#ifdef __OPTIMIZE__
#define BEHIND static __attribute__((noinline))
#else
#define BEHIND static inline __attribute__((always_inline))
#endif

/*
 * The shim steps aside (aside.h): a jump, so that a sanitizer sees its program's call.  For what takes
 * a block: but for one of the arena, which only we know.
 */
static inline bool stands_aside(void)
{
	return hl_unlikely(hl_real_special & (HL_SPECIAL_START | HL_SPECIAL_ASIDE)) && hl_real_stands_aside();
}

static inline bool stands_aside_of(const void *block)
{
	return stands_aside() && !hl_arena_has(block);
}

/* Under a foreign allocator: blocks at least 32 bytes apart, as the address map needs. */
#define TINY 32u

static inline size_t spaced(size_t size)
{
	return hl_unlikely(hl_real.foreign) && size < TINY ? TINY : size;
}

/* False while dlsym itself allocates, before anything is known. */
static inline bool ready(void)
{
	if (hl_likely(hl_real.malloc != NULL))
		return true;
	if (hl_real_finding())
		return false;
	hl_real_find();
	return true;
}

static inline void *booked(void *block, size_t size, enum hl_kind kind,
	const struct hl_hook_frame *frame)
{
	if (hl_unlikely(block == NULL))
		hl_book_failure();
	else if (hl_likely(!hl_sample_skips(size)))
		hl_book_alloc(block, size, kind, frame);
	return block;
}

/* As booked(), where nothing is special. */
static inline void *made(void *block, size_t size, enum hl_kind kind,
	const struct hl_hook_frame *frame)
{
	if (hl_likely(block != NULL))
		hl_book_alloc(block, size, kind, frame);
	else
		hl_book_failure();
	return block;
}

/* Of a block that is passed over only the failure counts. */
static inline void *passed(void *block)
{
	if (hl_unlikely(block == NULL))
		hl_book_failure();
	return block;
}

static inline void *passed_or_freed(void *block, size_t size)
{
	return size != 0 ? passed(block) : block;
}

/*
 * Nothing is special but --sample, and the next block is passed over: this is found out before the
 * hook makes its frame.
 */
static inline bool passes_over(size_t size)
{
	return hl_likely(hl_real_special == HL_SPECIAL_SAMPLE) && hl_likely(hl_sample_passes_now(size));
}

/* --start-paused: nothing was ever recorded here, and nothing is to be. */
static inline bool sleeps(void)
{
	return hl_likely(hl_real_special == HL_SPECIAL_ASLEEP) &&
		hl_likely(__atomic_load_n(hl_alive, __ATOMIC_RELAXED) == HL_ALIVE) && hl_likely(!hl_orders_wait());
}

BEHIND void *malloc_special(size_t size)
{
	const struct hl_hook_frame *frame = HL_HOOK_FRAME();

	if (stands_aside())
		JUMP hl_real.malloc(size);
	if (hl_unlikely(!ready()))
		return hl_arena_alloc(16, size);
	return booked(hl_real.malloc(spaced(size)), size, HL_KIND_MALLOC, frame);
}

BEHIND void *malloc_plain(size_t size)
{
	return made(hl_real.malloc(size), size, HL_KIND_MALLOC, HL_HOOK_FRAME());
}

FRONT void *malloc(size_t size)
{
	if (hl_likely(!hl_real_special))
		JUMP malloc_plain(size);
	if (passes_over(size))
		return passed(hl_real.malloc(size));
	if (sleeps())
		JUMP hl_real.malloc(size);
	JUMP malloc_special(size);
}

/* On overflow the real function is asked, too: its answer and errno are the program's. */
static inline size_t product(size_t nr, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(nr, size, &bytes) ? SIZE_MAX : bytes;
}

BEHIND void *calloc_special(size_t nr, size_t size)
{
	const struct hl_hook_frame *frame = HL_HOOK_FRAME();
	size_t bytes = product(nr, size);

	if (stands_aside())
		JUMP hl_real.calloc(nr, size);
	if (hl_unlikely(!ready()))
		return hl_arena_alloc(16, bytes);
	if (hl_real.foreign && bytes < TINY)
		return booked(hl_real.calloc(1, TINY), bytes, HL_KIND_CALLOC, frame);
	return booked(hl_real.calloc(nr, size), bytes, HL_KIND_CALLOC, frame);
}

BEHIND void *calloc_plain(size_t nr, size_t size)
{
	return made(hl_real.calloc(nr, size), product(nr, size), HL_KIND_CALLOC, HL_HOOK_FRAME());
}

FRONT void *calloc(size_t nr, size_t size)
{
	if (hl_likely(!hl_real_special))
		JUMP calloc_plain(nr, size);
	if (passes_over(product(nr, size)))
		return passed(hl_real.calloc(nr, size));
	if (sleeps())
		JUMP hl_real.calloc(nr, size);
	JUMP calloc_special(nr, size);
}

/* With --sample, and after hl_stop(), most blocks are not known: nothing is to be done for them. */
static inline bool is_passed_over(const void *block)
{
	const uint32_t *slot;

	if (!(hl_real_special & (HL_SPECIAL_SAMPLE | HL_SPECIAL_GAPS | HL_SPECIAL_ASLEEP)))
		return false;
	if (hl_options.sample_bytes != 0 && hl_likely(!hl_sample_may_know(block)))
		return true;
	slot = hl_shadow_slot(block);
	return !slot || *slot == 0;
}

static SELDOM void release_special(void *block, const struct hl_hook_frame *frame)
{
	if (hl_unlikely(hl_arena_has(block) || !ready()))
		return;
	if (!is_passed_over(block))
		hl_book_free(block, frame);
	hl_real.free(block);
}

static inline void release(void *block, const struct hl_hook_frame *frame)
{
	if (!block)
		return;
	if (hl_unlikely(hl_real_special)) {
		release_special(block, frame);
		return;
	}
	hl_book_free(block, frame);
	hl_real.free(block);
}

BEHIND void free_special(void *block)
{
	if (stands_aside_of(block))
		JUMP hl_real.free(block);
	release_special(block, HL_HOOK_FRAME());
}

BEHIND void free_plain(void *block)
{
	hl_book_free(block, HL_HOOK_FRAME());
	hl_real.free(block);
}

FRONT void free(void *block)
{
	if (!block)
		return;
	if (hl_likely(!hl_real_special))
		JUMP free_plain(block);
	if (hl_real_special == HL_SPECIAL_SAMPLE && !hl_sample_may_know(block))
		JUMP hl_real.free(block);
	if (sleeps())
		JUMP hl_real.free(block);
	JUMP free_special(block);
}

EXPORT void cfree(void *block)
{
	const struct hl_hook_frame *frame = HL_HOOK_FRAME();

	if (block && stands_aside_of(block))
		JUMP hl_real.free(block);
	release(block, frame);
}

EXPORT void free_sized(void *block, size_t size)
{
	const struct hl_hook_frame *frame = HL_HOOK_FRAME();

	if (block && stands_aside_of(block))
		return hl_real.free(block);
	(void)size;
	release(block, frame);
}

EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size)
{
	const struct hl_hook_frame *frame = HL_HOOK_FRAME();

	if (block && stands_aside_of(block))
		return hl_real.free(block);
	(void)alignment;
	(void)size;
	release(block, frame);
}

/* A block of the arena goes on as a real one. */
static void *realloc_arena(void *block, size_t size, const struct hl_hook_frame *frame)
{
	size_t room = hl_arena_room(block);
	void *now;

	if (!ready())
		now = hl_arena_alloc(16, size);
	else
		now = booked(hl_real.malloc(spaced(size)), size, HL_KIND_REALLOC, frame);
	if (now)
		memcpy(now, block, room < size ? room : size);
	return now;
}

/* The realloc of a block that was passed over: the new one may be chosen. */
static void *booked_if(void *now, size_t size, const struct hl_hook_frame *frame)
{
	if (!now && size == 0)
		return NULL;
	return booked(now, size, HL_KIND_REALLOC, frame);
}

/* The block that a foreign realloc(p, 0) made: one with room around it instead, if there is one. */
static void *respaced(void *block)
{
	void *roomy = hl_real.malloc(TINY);

	if (!roomy)
		return block;
	hl_real.free(block);
	return roomy;
}

/* realloc(p, 0) frees under glibc; elsewhere what the allocator makes of it is kept. */
static inline void *really_resize(void *block, size_t size)
{
	void *now = hl_real.realloc(block, size ? spaced(size) : 0);

	return hl_unlikely(hl_real.foreign) && now && size == 0 ? respaced(now) : now;
}

/* What is known of @block, which is not NULL, goes on with the new one. */
static inline void *resize_known(void *block, size_t size, const struct hl_hook_frame *frame)
{
	struct hl_removed removed;
	void *now;

	hl_book_realloc_begin(block, &removed, frame);
	now = really_resize(block, size);
	if (hl_unlikely(!now && size != 0))
		hl_book_realloc_failed(&removed);
	else
		hl_book_realloc_end(now, size, &removed, frame);
	return now;
}

static SELDOM void *resize_special(void *block, size_t size, const struct hl_hook_frame *frame)
{
	if (hl_unlikely(hl_arena_has(block)))
		return realloc_arena(block, size, frame);
	if (hl_unlikely(!ready()))
		return hl_arena_alloc(16, size);
	if (block && is_passed_over(block))
		return booked_if(really_resize(block, size), size, frame);
	if (!block)
		return booked(hl_real.realloc(NULL, spaced(size)), size, HL_KIND_REALLOC, frame);
	return resize_known(block, size, frame);
}

static SELDOM void *resize_plain(void *block, size_t size, const struct hl_hook_frame *frame)
{
	if (!block)
		return made(hl_real.realloc(NULL, size), size, HL_KIND_REALLOC, frame);
	return resize_known(block, size, frame);
}

BEHIND void *realloc_special(void *block, size_t size)
{
	if (stands_aside_of(block))
		JUMP hl_real.realloc(block, size);
	return resize_special(block, size, HL_HOOK_FRAME());
}

BEHIND void *realloc_plain(void *block, size_t size)
{
	return resize_plain(block, size, HL_HOOK_FRAME());
}

/* With --sample neither the old block nor the new one is recorded, as a rule. */
FRONT void *realloc(void *block, size_t size)
{
	if (hl_likely(!hl_real_special))
		JUMP realloc_plain(block, size);
	if (!hl_sample_may_know(block) && passes_over(size))
		return passed_or_freed(hl_real.realloc(block, size), size);
	if (sleeps())
		JUMP hl_real.realloc(block, size);
	JUMP realloc_special(block, size);
}

EXPORT void *reallocarray(void *block, size_t nr, size_t size)
{
	const struct hl_hook_frame *frame = HL_HOOK_FRAME();
	size_t bytes;

	if (stands_aside_of(block) && hl_real.reallocarray)
		JUMP hl_real.reallocarray(block, nr, size);
	if (__builtin_mul_overflow(nr, size, &bytes)) {
		hl_book_failure();
		errno = ENOMEM;
		return NULL;
	}
	return hl_real_special ? resize_special(block, bytes, frame) : resize_plain(block, bytes, frame);
}

EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
	const struct hl_hook_frame *frame = HL_HOOK_FRAME();
	int r;

	if (stands_aside())
		JUMP hl_real.posix_memalign(block, alignment, size);
	if (hl_unlikely(!ready())) {
		*block = hl_arena_alloc(alignment, size);
		return 0;
	}
	r = hl_real.posix_memalign(block, alignment, spaced(size));
	if (r != 0)
		hl_book_failure();
	else if (*block)
		booked(*block, size, HL_KIND_ALIGNED, frame);
	return r;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	const struct hl_hook_frame *frame = HL_HOOK_FRAME();

	if (stands_aside())
		JUMP hl_real.aligned_alloc(alignment, size);
	if (hl_unlikely(!ready()))
		return hl_arena_alloc(alignment, size);
	return booked(hl_real.aligned_alloc(alignment, spaced(size)), size, HL_KIND_ALIGNED, frame);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
	const struct hl_hook_frame *frame = HL_HOOK_FRAME();

	if (stands_aside())
		JUMP hl_real.memalign(alignment, size);
	if (hl_unlikely(!ready()))
		return hl_arena_alloc(alignment, size);
	return booked(hl_real.memalign(alignment, spaced(size)), size, HL_KIND_ALIGNED, frame);
}

EXPORT void *valloc(size_t size)
{
	const struct hl_hook_frame *frame = HL_HOOK_FRAME();

	if (stands_aside())
		JUMP hl_real.valloc(size);
	if (hl_unlikely(!ready()))
		return hl_arena_alloc(4096, size);
	return booked(hl_real.valloc(size), size, HL_KIND_ALIGNED, frame);
}

EXPORT void *pvalloc(size_t size)
{
	const struct hl_hook_frame *frame = HL_HOOK_FRAME();

	if (stands_aside())
		JUMP hl_real.pvalloc(size);
	if (hl_unlikely(!ready()))
		return hl_arena_alloc(4096, size);
	return booked(hl_real.pvalloc(size), size, HL_KIND_ALIGNED, frame);
}

/*
 * Not for the account: libunwind opens a pipe, with which it probes addresses of its local address space, at its first
 * use.  It would have the two lowest free descriptors, and is not needed, so it gets none.  Else the same system call
 * as libc's.
 */
EXPORT int pipe2(int fds[2], int flags)
{
	if (stands_aside())
		JUMP hl_real.pipe2(fds, flags);
#ifndef HL_VERIFY_UNWIND			/* The test build does use the local address space. */
	/* Nothing else of what the shim calls wants a pipe. */
	if (hl_unlikely(hl_tls.own)) {
		errno = EMFILE;
		return -1;
	}
#endif
	return (int)syscall(SYS_pipe2, fds, flags);
}

/*
 * Not for the account: the program's entry calls this, when libc and all libraries have been set up and before there
 * are threads of the program's: the moment to load libunwind.
 */
EXPORT int __libc_start_main(int (*entry)(int, char **, char **), int argc, char **argv,
	int (*init)(int, char **, char **), void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	if (!stands_aside()) {
		ready();
		if (hl_mode == HL_MODE_ON)
			hl_unwind_load();
	}
	JUMP hl_real.start_main(entry, argc, argv, init, fini, rtld_fini, stack_end);
}

static inline void *map(void *address, size_t size, int prot, int flags, int fd, off_t offset,
	const struct hl_caller *caller)
{
	uint64_t newest;
	void *start;

	ready();
	if (hl_likely(!hl_options.mmap))
		return hl_real.mmap(address, size, prot, flags, fd, offset);
	/* What goes is booked after the call, which may fail; but not what others map there since. */
	hl_regions_has(address, &newest);
	start = hl_real.mmap(address, size, prot, flags, fd, offset);
	if (start == MAP_FAILED)
		return start;
	if (flags & MAP_FIXED)
		hl_regions_remove(start, size, newest);
	if (flags & MAP_ANONYMOUS)
		hl_regions_add(start, size, caller);
	return start;
}

EXPORT void *mmap(void *address, size_t size, int prot, int flags, int fd, off_t offset)
{
	struct hl_caller caller = HL_CALLER();

	if (stands_aside())
		JUMP hl_real.mmap(address, size, prot, flags, fd, offset);
	return map(address, size, prot, flags, fd, offset, &caller);
}

EXPORT void *mmap64(void *address, size_t size, int prot, int flags, int fd, off_t offset)
{
	struct hl_caller caller = HL_CALLER();

	if (stands_aside())
		JUMP hl_real.mmap(address, size, prot, flags, fd, offset);
	return map(address, size, prot, flags, fd, offset, &caller);
}

EXPORT int munmap(void *start, size_t size)
{
	uint64_t newest;
	int r;

	if (stands_aside())
		JUMP hl_real.munmap(start, size);
	ready();
	if (hl_likely(!hl_options.mmap))
		return hl_real.munmap(start, size);
	hl_regions_has(start, &newest);
	r = hl_real.munmap(start, size);
	if (r == 0)
		hl_regions_remove(start, size, newest);
	return r;
}

EXPORT void *mremap(void *start, size_t old_size, size_t size, int flags, ...)
{
	struct hl_caller caller = HL_CALLER();
	bool known;
	void *fixed = NULL, *now;
	uint64_t newest;
	va_list rest;

	if (flags & MREMAP_FIXED) {
		va_start(rest, flags);
		fixed = va_arg(rest, void *);
		va_end(rest);
	}
	if (stands_aside())
		return hl_real.mremap(start, old_size, size, flags, fixed);
	ready();
	known = hl_options.mmap && hl_regions_has(start, &newest);
	now = hl_real.mremap(start, old_size, size, flags, fixed);
	if (!known || now == MAP_FAILED)
		return now;
	if (!(flags & MREMAP_DONTUNMAP))
		hl_regions_remove(start, old_size, newest);
	hl_regions_add(now, size, &caller);
	return now;
}

/* The hook itself, where a program may have a function of that name. */
#if defined(__has_attribute) && __has_attribute(copy)
#define LIKE(function) __attribute__((copy(function)))
#else
#define LIKE(function)
#endif
#define HOOK(function) \
	extern __typeof(function) hl_hook_##function LIKE(function) \
		__attribute__((alias(#function), visibility("hidden")))

HOOK(malloc);
HOOK(calloc);
HOOK(realloc);
HOOK(reallocarray);
HOOK(free);
HOOK(cfree);
HOOK(posix_memalign);
HOOK(aligned_alloc);
HOOK(memalign);
HOOK(valloc);
HOOK(pvalloc);
HOOK(mmap);
HOOK(munmap);
HOOK(mremap);
