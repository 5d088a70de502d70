/* SPDX-License-Identifier: MIT */
/*
 * When the loader's list is looked at.
 */
#include "stacks/hints.h"

#include <link.h>

#include "base/private.h"
#include "stacks/loader.h"

uint32_t hl_hints;

/*
 * Forked from several threads.  The lock that dl_iterate_phdr() takes is not among those that fork()
 * renews.  Where it cannot be tried, this child may ask only when it has changed the list itself: then it was free.
 */
static bool lock_in_doubt;

static bool is_in_doubt(void)
{
	return lock_in_doubt && !hl_loader_is_known();
}

/* Hints in the middle of a change, and how many there were when the loader was asked by one of its own events. */
static uint32_t changes, changes_seen;

void hl_hints_count(void)
{
	bool changing = _r_debug.r_state != RT_CONSISTENT;

	/* The loader allocates for thread-local variables, too, but not in the middle of a change. */
	if (hl_unlikely(is_in_doubt()) && !changing)
		return;
	if (changing)
		__atomic_fetch_add(&changes, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&hl_hints, 1, __ATOMIC_RELAXED);
}

/*
 * How many hints had been counted before the last look that no change was under way at.  Each change has a hint of
 * its own after the loader has said that one begins (r_state), so whoever follows these finds nothing new.
 */
static uint32_t looked;

static bool is_covered(void)
{
	uint32_t hints = __atomic_load_n(&hl_hints, __ATOMIC_ACQUIRE);

	return (int32_t)(__atomic_load_n(&looked, __ATOMIC_ACQUIRE) - hints) >= 0;
}

bool hl_hints_note_nested(uint64_t ip)
{
	hl_hints_note(ip);
	return is_covered();
}

/* On a private stack; *@data: whether the list was looked at. */
static void look_in_private(void *data)
{
	uint32_t hints;
	bool settled;

	/* What is not waited for is not looked at. */
	if (!hl_loader_try())
		return;
	hints = __atomic_load_n(&hl_hints, __ATOMIC_ACQUIRE);
	settled = __atomic_load_n(&_r_debug.r_state, __ATOMIC_ACQUIRE) == RT_CONSISTENT;
	hl_modules_look();
	if (settled)
		__atomic_store_n(&looked, hints, __ATOMIC_RELEASE);
	hl_loader_release();
	*(bool *)data = true;
}

/* Returns: false: the loader could not be asked now. */
static bool look(void)
{
	bool done = false;

	/* Signals are blocked: a handler that leaves by siglongjmp() would take the loader's lock with it. */
	hl_private_call(look_in_private, &done);
	return done;
}

static bool look_if_new(void)
{
	return is_covered() || look();
}

/* The loader is not in the middle of a change, but was since this was asked last. */
static bool look_between(void)
{
	uint32_t now = __atomic_load_n(&changes, __ATOMIC_RELAXED), seen;

	if (is_in_doubt() || _r_debug.r_state != RT_CONSISTENT)
		return true;
	seen = __atomic_exchange_n(&changes_seen, now, __ATOMIC_RELAXED);
	if (seen == now || look_if_new())
		return true;
	__atomic_store_n(&changes_seen, seen, __ATOMIC_RELAXED);
	return false;
}

bool hl_hints_follow_slow(uint64_t ip, uint32_t *seen)
{
	uint32_t hints = __atomic_load_n(&hl_hints, __ATOMIC_RELAXED);

	if (hl_hints_note(ip))
		return look_between();
	if (!look_if_new())
		return false;
	*seen = hints;
	return true;
}

void hl_hints_open(void)
{
	hl_loader_open();
	look();
}

void hl_hints_restart(bool threads)
{
	lock_in_doubt = lock_in_doubt || threads;
	looked = 0;
	/* No thread has followed any hint (account/lanes.c): each looks once, or not before it may. */
	hl_hints = is_in_doubt() ? 0 : 1;
}
