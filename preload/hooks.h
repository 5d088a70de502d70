/* SPDX-License-Identifier: MIT */
/*
 * The hooks under names that nobody outside can take: a program may have a malloc of its own.
 */
#ifndef HL_PRELOAD_HOOKS_H
#define HL_PRELOAD_HOOKS_H

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "stacks/interpose.h"

#define EXPORT __attribute__((visibility("default"), noinline, used))
/*
 * A hook that is called very often has two parts.  Its front has no frame: it finds out whether anything is to be
 * done, which with --sample is seldom so, and jumps to the part behind, which then finds itself called by the
 * program.  Where the compiler does not make jumps of such calls, the part behind is a part of the front.
 */
#if defined(__has_attribute) && __has_attribute(musttail)
#define JUMP __attribute__((musttail)) return
#else
#define JUMP return
#endif
#ifdef __clang__
#define FRONT EXPORT
#else
#define FRONT EXPORT __attribute__((optimize("omit-frame-pointer", "optimize-sibling-calls")))
#endif

#pragma GCC visibility push(hidden)

extern __typeof(malloc) hl_hook_malloc;
extern __typeof(calloc) hl_hook_calloc;
extern __typeof(realloc) hl_hook_realloc;
extern __typeof(reallocarray) hl_hook_reallocarray;
extern __typeof(free) hl_hook_free;
extern __typeof(free) hl_hook_cfree;
extern __typeof(posix_memalign) hl_hook_posix_memalign;
extern __typeof(aligned_alloc) hl_hook_aligned_alloc;
extern __typeof(memalign) hl_hook_memalign;
extern __typeof(valloc) hl_hook_valloc;
extern __typeof(pvalloc) hl_hook_pvalloc;
extern __typeof(mmap) hl_hook_mmap;
extern __typeof(munmap) hl_hook_munmap;
extern __typeof(mremap) hl_hook_mremap;

extern const struct hl_stand_in hl_stand_ins[];	/* for hl_interpose_open() */

#pragma GCC visibility pop
#endif
