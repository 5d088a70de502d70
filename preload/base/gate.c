/* SPDX-License-Identifier: MIT */
/* The gate between fork() and libunwind. */
#include "base/gate.h"

#include "base/aside.h"
#include "base/os.h"
#include "base/ranks.h"
#include "base/thread.h"

#define FORK_WAIT_NS 50000000u
#define ENTER_WAIT_NS 200000000u

static uint32_t users;			/* threads inside */
static uint32_t forks;			/* under way */
static bool unusable;

bool hl_gate_is_usable(void)
{
	return !unusable;
}

/* Sleeps until the word is not what was seen; false: for so long already, since the first call with *@end_ns 0. */
static bool wait_for_change(uint32_t *word, uint32_t seen, uint64_t most_ns, uint64_t *end_ns)
{
	uint64_t now_ns = hl_os_monotonic_ns();

	if (*end_ns == 0)
		*end_ns = now_ns + most_ns;
	if (now_ns >= *end_ns)
		return false;
	hl_os_wait(word, seen, *end_ns - now_ns);
	return true;
}

static void leave(void)
{
	__atomic_fetch_sub(&users, 1, __ATOMIC_SEQ_CST);
	/* Who forks counts itself before it looks at the users. */
	if (hl_unlikely(__atomic_load_n(&forks, __ATOMIC_SEQ_CST) != 0))
		hl_os_wake(&users, HL_WAKE_ALL);
}

bool hl_gate_enter(void)
{
	uint64_t end_ns = 0;
	uint32_t under_way;

	/* A handler that comes into fork() would wait for what it has interrupted. */
	while (!unusable && hl_tls.forking == HL_FORKING_NOT) {
		/* In this order, as in hl_gate_fork_begin() the other way round: one sees the other. */
		__atomic_fetch_add(&users, 1, __ATOMIC_SEQ_CST);
		under_way = __atomic_load_n(&forks, __ATOMIC_SEQ_CST);
		if (hl_likely(under_way == 0)) {
			hl_ranks_take(HL_RANK_LIBUNWIND);
			return true;
		}
		leave();
		if (!wait_for_change(&forks, under_way, ENTER_WAIT_NS, &end_ns))
			return false;
	}
	return false;
}

void hl_gate_leave(void)
{
	hl_ranks_drop(HL_RANK_LIBUNWIND);
	leave();
}

/* Who forks is not inside: signals are blocked in there. */
static bool is_quiet(uint32_t inside)
{
	return inside == 0;
}

void hl_gate_fork_begin(void)
{
	uint64_t end_ns = 0;
	uint32_t inside;

	hl_tls.forking = HL_FORKING_NOISY;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_fetch_add(&forks, 1, __ATOMIC_SEQ_CST);
	do
		inside = __atomic_load_n(&users, __ATOMIC_SEQ_CST);
	while (!is_quiet(inside) && wait_for_change(&users, inside, FORK_WAIT_NS, &end_ns));
	hl_tls.forking = is_quiet(inside) ? HL_FORKING_QUIET : HL_FORKING_NOISY;
	/* Threads that never allocated are known to nobody else. */
	hl_tls.fork_of_many = !hl_libc.single_threaded || !*hl_libc.single_threaded;
}

void hl_gate_fork_end(void)
{
	__atomic_fetch_sub(&forks, 1, __ATOMIC_SEQ_CST);
	hl_os_wake(&forks, HL_WAKE_ALL);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	hl_tls.forking = HL_FORKING_NOT;
}

void hl_gate_restart(void)
{
	/* Without fork()'s handlers (a raw clone) the count may be of another moment than the locks. */
	if (hl_tls.forking == HL_FORKING_NOISY || (hl_tls.forking == HL_FORKING_NOT && !is_quiet(users)))
		unusable = true;
	hl_tls.forking = HL_FORKING_NOT;
	users = 0;
	forks = 0;
}
