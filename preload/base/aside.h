/* SPDX-License-Identifier: MIT */
/*
 * Processes in which the shim steps aside: nothing is recorded, and each exported function is a jump
 * to the next one of its name, without a frame of ours in between.
 */
#ifndef HL_PRELOAD_ASIDE_H
#define HL_PRELOAD_ASIDE_H

#include <dlfcn.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

enum hl_aside {
	HL_ASIDE_NOT = 0,
	HL_ASIDE_SANITIZER,		/* a sanitizer's runtime is in the process */
	HL_ASIDE_OLD_LIBC,		/* glibc before 2.35, which cannot find an object without a lock */
};

/** hl_aside() - must the shim step aside in this process, and why? The answer never changes */
enum hl_aside hl_aside(void);

/**
 * hl_next_function() - what dlsym(RTLD_NEXT) finds, for a process that has no dlsym()
 * For the start only: takes no lock, allocates nothing, knows no versions.
 */
void *hl_next_function(const char *name);

/* Of glibc 2.32 and 2.35: a reference by name would be fatal, or heard of, under an older one. */
struct hl_libc {
	int (*find_object)(void *address, struct dl_find_object *object);
	const char *single_threaded;
};
extern struct hl_libc hl_libc;

/** hl_libc_find() - fill hl_libc; for the start, and not where the shim steps aside */
void hl_libc_find(void);

#pragma GCC visibility pop
#endif
