/* SPDX-License-Identifier: MIT */
/* The exact account: see tracker.h. */
#include <pthread.h>

#include "tracker.h"

struct tracker tracker;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* How deep this thread is in calls: beyond one it is in a handler, and may hold the lock already. */
static __thread int inside;

static void raise_to(int64_t *peak, int64_t value)
{
	int64_t seen = __atomic_load_n(peak, __ATOMIC_RELAXED);

	while (value > seen &&
		!__atomic_compare_exchange_n(peak, &seen, value, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static int64_t add(int64_t *sum, int64_t value)
{
	return __atomic_add_fetch(sum, value, __ATOMIC_RELAXED);
}

void tracker_begin(size_t more, size_t gone)
{
	if (++inside == 1 && tracker.locked)
		pthread_mutex_lock(&lock);
	if (more)
		raise_to(&tracker.most_peak, add(&tracker.most, (int64_t)more));
	if (gone)
		add(&tracker.live, -(int64_t)gone);
	__atomic_fetch_add(&tracker.freed_bytes, gone, __ATOMIC_RELAXED);
}

void tracker_end(size_t made, size_t sub, int nr_made, int nr_freed)
{
	if (made)
		raise_to(&tracker.live_peak, add(&tracker.live, (int64_t)made));
	if (sub)
		add(&tracker.most, -(int64_t)sub);
	__atomic_fetch_add(&tracker.made, (uint64_t)nr_made, __ATOMIC_RELAXED);
	__atomic_fetch_add(&tracker.made_bytes, made, __ATOMIC_RELAXED);
	__atomic_fetch_add(&tracker.freed, (uint64_t)nr_freed, __ATOMIC_RELAXED);
	if (inside == 1 && tracker.locked)
		pthread_mutex_unlock(&lock);
	inside--;
}
