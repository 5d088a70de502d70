/* SPDX-License-Identifier: MIT */
/*
 * Objects that look for malloc somewhere else than in the program's list: loaded with RTLD_DEEPBIND they find libc's
 * before the shim's, and so does who asks dlsym() for libc's.
 *
 * What libc's symbol table says of these functions is changed in memory, to the hooks: then whoever is bound later,
 * constructors, at dlopen() or at the first call, finds them, and nothing has to be mended in the object itself.
 * The pages are private to the process and read-only again before anybody else runs.  libc itself calls the
 * functions by other ways, and the hooks call libc's by address.
 *
 * Whatever is loaded later and calls another malloc nevertheless is found by what its slots hold, when the list of
 * objects is looked at and at the end: not what binds at the first call and is gone before that.
 */
#ifndef HL_PRELOAD_INTERPOSE_H
#define HL_PRELOAD_INTERPOSE_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/os.h"

#pragma GCC visibility push(hidden)

/* One function of libc, and what is to be found instead. */
struct hl_stand_in {
	const char *name;
	void *hook;
	void *const *real;		/* what the hook calls, which must be libc's; NULL: several, or none */
	bool mapping;			/* --mmap */
};

/**
 * hl_interpose_open() - lead libc's functions to the hooks (constructor, after hl_real_find())
 * @all: ended by one without a name; stays
 *
 * Does nothing when another allocator stands between the hooks and libc's, when the kernel refuses, and with
 * HEAPLEDGER_DEEPBIND=no.
 */
void hl_interpose_open(const struct hl_stand_in *all);

/* Where an object keeps the addresses of the functions that it calls, as far as they are not known yet. */
#define HL_NR_WATCHED 7u
struct hl_slots {
	struct {
		uint32_t at;		/* from the object's start; 0: nothing to be looked at */
		uint32_t own;		/* the function of that name that is in the object itself; 0: there is none */
		uint32_t before;	/* what it held at the last look, its lower half */
	} of[HL_NR_WATCHED];
	bool any;
};

/**
 * hl_interpose_look() - does an object call another malloc than the program does?
 * @slots: receives what is to be looked at again, because it is bound at the first call only
 * Reads nothing but the object, as hl_object_describe().
 */
bool hl_interpose_look(const struct dl_phdr_info *info, struct hl_slots *slots);

/**
 * hl_interpose_look_again() - does it now?
 * @start, @end: where the object is
 */
bool hl_interpose_look_again(uint64_t start, uint64_t end, struct hl_slots *slots);

/** hl_interpose_look_last() - the same for an object that may be about to go, or is gone: only the kernel looks */
bool hl_interpose_look_last(uint64_t start, const struct hl_slots *slots);

#pragma GCC visibility pop
#endif
