/* SPDX-License-Identifier: MIT */
/* The lock of the shim. */
#include "base/lock.h"

#include <linux/futex.h>

#include "base/os.h"
#include "cpu.h"

/* Some microseconds: most are open again by then. */
#define SPINS 100u
#define SLEEP_NS 50000u
#define LONGEST_WAIT_NS 10000000u
/* Nobody holds one for so long; but the holder that the kernel sees may be another's, in a pid namespace. */
#define LEND_NS 100000000u

static bool is_got(struct hl_lock *lock, uint32_t self)
{
	uint32_t open = 0;

	return __atomic_load_n(&lock->word, __ATOMIC_RELAXED) == 0 &&
		__atomic_compare_exchange_n(&lock->word, &open, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void wait_as_real_time(struct hl_lock *lock, uint32_t self)
{
	while (!is_got(lock, self) && !hl_os_wait_and_lend(&lock->word, LEND_NS))
		hl_os_sleep(SLEEP_NS);
}

static void wait_for_turn(struct hl_lock *lock, uint32_t self)
{
	uint32_t turn;

	/* Who opens it looks at this behind the word, and we at the word behind this. */
	__atomic_fetch_add(&lock->nr_waiting, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		turn = __atomic_load_n(&lock->turns, __ATOMIC_SEQ_CST);
		if (is_got(lock, self))
			break;
		hl_os_wait(&lock->turns, turn, LONGEST_WAIT_NS);
	}
	__atomic_fetch_sub(&lock->nr_waiting, 1, __ATOMIC_RELAXED);
}

void hl_lock_close(struct hl_lock *lock)
{
	uint32_t self = hl_os_tid();

	hl_ranks_take(lock->rank);
	for (unsigned int spins = 0; spins < SPINS; spins++) {
		if (is_got(lock, self))
			return;
		hl_cpu_relax();
	}
	if (hl_os_is_real_time())
		wait_as_real_time(lock, self);
	else
		wait_for_turn(lock, self);
}

void hl_lock_open(struct hl_lock *lock)
{
	uint32_t self = __atomic_load_n(&lock->word, __ATOMIC_RELAXED) & FUTEX_TID_MASK;

	hl_ranks_drop(lock->rank);
	/* With waiters the kernel gives it to the first of them. */
	if (!__atomic_compare_exchange_n(&lock->word, &self, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED) &&
		!hl_os_hand_over(&lock->word))
		__atomic_store_n(&lock->word, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&lock->nr_waiting, __ATOMIC_SEQ_CST) == 0)
		return;
	__atomic_fetch_add(&lock->turns, 1, __ATOMIC_SEQ_CST);
	hl_os_wake(&lock->turns, 1);
}

void hl_lock_take(struct hl_lock *lock, uint64_t *saved)
{
	hl_os_block_signals(saved);
	hl_lock_close(lock);
}

bool hl_lock_try(struct hl_lock *lock, uint64_t *saved)
{
	if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) != 0)
		return false;
	hl_os_block_signals(saved);
	if (is_got(lock, hl_os_tid())) {
		hl_ranks_take(lock->rank);
		return true;
	}
	hl_os_restore_signals(saved);
	return false;
}

void hl_lock_drop(struct hl_lock *lock, const uint64_t *saved)
{
	hl_lock_open(lock);
	hl_os_restore_signals(saved);
}
