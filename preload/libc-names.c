/* SPDX-License-Identifier: MIT */
/*
 * libc's names of the functions that the hooks stand in for: those that a program may call instead of malloc & co,
 * exported, and all of them as a list.
 */
#include "hooks.h"

#include "base/real.h"

/*
 * A malloc that stands between the hooks and libc's may call libc's by these names, and gets it, as everybody does
 * where the shim steps aside (base/aside.h).  Else they lead to a hook, which takes itself for called by the
 * program: see FRONT.
 */
static inline bool is_below(void)
{
	if (hl_unlikely(!hl_real.malloc) && !hl_real_finding())
		hl_real_find();
	return hl_unlikely(hl_real.layered);
}

FRONT void *__libc_malloc(size_t size)
{
	if (is_below())
		return hl_real.libc.malloc(size);
	JUMP hl_hook_malloc(size);
}

FRONT void *__libc_calloc(size_t nr, size_t size)
{
	if (is_below())
		return hl_real.libc.calloc(nr, size);
	JUMP hl_hook_calloc(nr, size);
}

FRONT void *__libc_realloc(void *block, size_t size)
{
	if (is_below() && !hl_arena_has(block))
		return hl_real.libc.realloc(block, size);
	JUMP hl_hook_realloc(block, size);
}

FRONT void __libc_free(void *block)
{
	if (is_below() && !hl_arena_has(block)) {
		hl_real.libc.free(block);
		return;
	}
	JUMP hl_hook_free(block);
}

FRONT void *__libc_memalign(size_t alignment, size_t size)
{
	if (is_below())
		return hl_real.libc.memalign(alignment, size);
	JUMP hl_hook_memalign(alignment, size);
}

FRONT void *__libc_valloc(size_t size)
{
	if (is_below())
		return hl_real.libc.valloc(size);
	JUMP hl_hook_valloc(size);
}

FRONT void *__libc_pvalloc(size_t size)
{
	if (is_below())
		return hl_real.libc.pvalloc(size);
	JUMP hl_hook_pvalloc(size);
}

#define STAND_IN(function) { #function, (void *)hl_hook_##function, (void *const *)&hl_real.function, false }
#define OTHER_NAME(name, function) { name, (void *)hl_hook_##function, NULL, false }
#define MAPPING(name, function) { name, (void *)hl_hook_##function, (void *const *)&hl_real.function, true }

const struct hl_stand_in hl_stand_ins[] = {
	STAND_IN(malloc),
	STAND_IN(calloc),
	STAND_IN(realloc),
	STAND_IN(free),
	STAND_IN(posix_memalign),
	STAND_IN(aligned_alloc),
	STAND_IN(memalign),
	STAND_IN(valloc),
	STAND_IN(pvalloc),
	OTHER_NAME("reallocarray", reallocarray),
	OTHER_NAME("cfree", cfree),
	OTHER_NAME("__libc_malloc", malloc),
	OTHER_NAME("__libc_calloc", calloc),
	OTHER_NAME("__libc_realloc", realloc),
	OTHER_NAME("__libc_free", free),
	OTHER_NAME("__libc_memalign", memalign),
	OTHER_NAME("__libc_valloc", valloc),
	OTHER_NAME("__libc_pvalloc", pvalloc),
	MAPPING("mmap", mmap),
	MAPPING("mmap64", mmap),
	MAPPING("munmap", munmap),
	MAPPING("mremap", mremap),
	{ 0 },
};
