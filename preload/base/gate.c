/* SPDX-License-Identifier: MIT */
/* The gate between fork() and libunwind. */
#include "base/gate.h"

#include "base/aside.h"
#include "base/os.h"
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

bool hl_gate_enter(void)
{
	uint64_t start_ns = 0;

	while (!unusable) {
		/* In this order, as in hl_gate_fork_begin() the other way round: one sees the other. */
		__atomic_fetch_add(&users, 1, __ATOMIC_SEQ_CST);
		if (hl_likely(__atomic_load_n(&forks, __ATOMIC_SEQ_CST) == 0))
			return true;
		__atomic_fetch_sub(&users, 1, __ATOMIC_SEQ_CST);
		if (start_ns == 0)
			start_ns = hl_os_coarse_ns();
		else if (hl_os_coarse_ns() - start_ns > ENTER_WAIT_NS)
			return false;
		hl_os_yield();
	}
	return false;
}

void hl_gate_leave(void)
{
	__atomic_fetch_sub(&users, 1, __ATOMIC_SEQ_CST);
}

/* Who forks is not inside: signals are blocked in there. */
static bool is_quiet(void)
{
	return __atomic_load_n(&users, __ATOMIC_SEQ_CST) == 0;
}

void hl_gate_fork_begin(void)
{
	uint64_t start_ns = hl_os_coarse_ns();

	__atomic_fetch_add(&forks, 1, __ATOMIC_SEQ_CST);
	while (!is_quiet() && hl_os_coarse_ns() - start_ns < FORK_WAIT_NS)
		hl_os_yield();
	hl_tls.forking = is_quiet() ? HL_FORKING_QUIET : HL_FORKING_NOISY;
	/* Threads that never allocated are known to nobody else. */
	hl_tls.fork_of_many = !hl_libc.single_threaded || !*hl_libc.single_threaded;
}

void hl_gate_fork_end(void)
{
	hl_tls.forking = HL_FORKING_NOT;
	__atomic_fetch_sub(&forks, 1, __ATOMIC_SEQ_CST);
}

void hl_gate_restart(void)
{
	/* Without fork()'s handlers (a raw clone) the count may be of another moment than the locks. */
	if (hl_tls.forking == HL_FORKING_NOISY || (hl_tls.forking == HL_FORKING_NOT && !is_quiet()))
		unusable = true;
	hl_tls.forking = HL_FORKING_NOT;
	users = 0;
	forks = 0;
}
