/* SPDX-License-Identifier: MIT */
/*
 * Pauses.
 *
 * Nothing is added to the path of an event: it stores busy and then reads the word that tells a
 * forked child anyway.  Who pauses changes the word and then, behind a barrier in all threads, looks
 * at each lane's busy.  Each attempt is short, so that threads that wait for each other get on: one
 * that waits outside may hold what one that is inside needs.
 */
#include "account/pause.h"

#include <errno.h>

#include "account/lanes.h"
#include "cpu.h"

#define ATTEMPT_NS 5000000u
#define GIVE_UP_NS 1000000000u
#define BETWEEN_NS 500000u

/* One pause at a time. */
static struct hl_lock pause_lock;

static bool is_quiet(bool has_time)
{
	for (uint32_t i = 1; i < hl_nr_lanes; i++) {
		const struct hl_lane *lane = hl_lanes[i];

		if (!hl_lane_tids[i] || __atomic_load_n(&lane->busy, __ATOMIC_ACQUIRE) == 0)
			continue;
		/* A thread that ended inside of an event, by a raw exit, is not waited for. */
		if (!has_time || !hl_lane_is_gone(i))
			return false;
	}
	return true;
}

static bool wait_until_quiet(void)
{
	uint64_t start_ns = hl_os_monotonic_ns();
	unsigned int spins = 0;

	if (hl_nr_lanes_used > 1)
		hl_os_barrier();
	while (!is_quiet(false)) {
		if (hl_os_monotonic_ns() - start_ns > ATTEMPT_NS)
			return is_quiet(true);
		if (++spins % 16 == 0)
			hl_os_yield();
		else
			hl_cpu_relax();
	}
	return true;
}

static bool attempt(uint64_t *saved)
{
	uint32_t alive = HL_ALIVE;
	uint64_t inner;

	hl_lock_take(&pause_lock, saved);
	/* No thread comes or goes: who comes later would begin with an event. */
	hl_lock_take(&hl_lanes_lock, &inner);
	if (__atomic_compare_exchange_n(hl_alive, &alive, HL_PAUSED, false, __ATOMIC_SEQ_CST,
			__ATOMIC_RELAXED) && wait_until_quiet())
		return true;
	hl_resume(saved);
	return false;
}

int hl_pause(uint64_t *saved)
{
	uint64_t start_ns = hl_os_monotonic_ns();

	while (!attempt(saved)) {
		if (hl_os_monotonic_ns() - start_ns > GIVE_UP_NS)
			return -EAGAIN;
		hl_os_sleep(BETWEEN_NS);
	}
	hl_lanes_flush();
	return 0;
}

void hl_resume(const uint64_t *saved)
{
	uint32_t paused = HL_PAUSED;

	__atomic_compare_exchange_n(hl_alive, &paused, HL_ALIVE, false, __ATOMIC_RELEASE,
		__ATOMIC_RELAXED);
	/* Signals stay blocked until the second one is dropped. */
	__atomic_store_n(&hl_lanes_lock.word, 0, __ATOMIC_RELEASE);
	hl_lock_drop(&pause_lock, saved);
}

void hl_pause_abandon(void)
{
	pause_lock.word = 0;
}
