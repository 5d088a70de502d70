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
#include "base/lock.h"
#include "base/os.h"
#include "cpu.h"

#define ATTEMPT_NS 5000000u
#define GIVE_UP_NS 1000000000u
#define BETWEEN_NS 500000u
/* An event seldom takes longer than the spins do. */
#define QUIET_SPINS 100u
#define QUIET_SLEEP_NS 50000u

/* One pause at a time. */
static struct hl_lock pause_lock = { .rank = HL_RANK_PAUSE };

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
		if (spins++ < QUIET_SPINS)
			hl_cpu_relax();
		else
			hl_os_sleep(QUIET_SLEEP_NS);
	}
	return true;
}

static bool attempt(uint64_t *saved)
{
	uint32_t alive = HL_ALIVE;

	hl_lock_take(&pause_lock, saved);
	/* No thread comes or goes: who comes later would begin with an event. */
	hl_lock_close(&hl_lanes_lock);
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
	hl_os_wake(hl_alive, HL_WAKE_ALL);
	hl_lock_open(&hl_lanes_lock);
	hl_lock_drop(&pause_lock, saved);
}

void hl_pause_abandon(void)
{
	hl_lock_reset(&pause_lock);
}
