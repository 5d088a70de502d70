/* SPDX-License-Identifier: MIT */
/*
 * Private stacks.  There are as many as threads were ever in a slow step at once; the lowest free one is taken, so
 * that its pages are warm.
 */
#include "base/private.h"

#include <errno.h>
#include <stdint.h>

#include "base/os.h"
#include "base/thread.h"
#include "switch.h"
#include "vectors.h"

/* Only pages that are used take memory: libunwind was seen to use 5 KiB, dlopen() 12. */
#define STACK_BYTES (128u << 10)
#define NR_STACKS 256u

static struct {
	uint32_t taken;
	char *memory;			/* NULL: not there yet */
} stacks[NR_STACKS];

static uint32_t take(void)
{
	for (uint32_t i = 0; i < NR_STACKS; i++) {
		if (__atomic_load_n(&stacks[i].taken, __ATOMIC_RELAXED) ||
			__atomic_exchange_n(&stacks[i].taken, 1, __ATOMIC_ACQUIRE))
			continue;
		if (!stacks[i].memory)
			stacks[i].memory = hl_os_map(STACK_BYTES);
		if (stacks[i].memory)
			return i;
		__atomic_store_n(&stacks[i].taken, 0, __ATOMIC_RELEASE);
		break;
	}
	return NR_STACKS;
}

bool hl_private_run(void (*function)(void *), void *argument)
{
	struct hl_tls *tls = &hl_tls;
	int saved_errno = errno;
	uint64_t saved;
	uint32_t i;

	if (tls->on_private) {
		function(argument);
		return true;
	}
	hl_os_block_signals(&saved);
	i = take();
	if (i < NR_STACKS) {
		tls->on_private = true;
		hl_switch_stack(argument, function, stacks[i].memory + STACK_BYTES);
		tls->on_private = false;
		__atomic_store_n(&stacks[i].taken, 0, __ATOMIC_RELEASE);
	}
	hl_os_restore_signals(&saved);
	errno = saved_errno;
	return i < NR_STACKS;
}

struct own_call {
	void (*function)(void *);
	void *argument;
};

static void call_as_own(void *arg)
{
	const struct own_call *call = arg;
	size_t bytes = hl_vectors_bytes();
	char area[bytes] __attribute__((aligned(HL_VECTORS_ALIGN)));

	hl_vectors_save(area);
	hl_tls.own++;
	call->function(call->argument);
	hl_tls.own--;
	hl_vectors_restore(area);
}

bool hl_private_call(void (*function)(void *), void *argument)
{
	struct own_call call = { function, argument };

	return hl_private_run(call_as_own, &call);
}

void hl_private_restart(void)
{
	for (uint32_t i = 0; i < NR_STACKS; i++)
		stacks[i].taken = 0;
}
