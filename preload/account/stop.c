/* SPDX-License-Identifier: MIT */
/* Times in which nothing is recorded. */
#include "account/stop.h"

#include "account/orders.h"
#include "account/sample.h"
#include "base/real.h"

void hl_stop_recording(bool stop)
{
	if (stop)
		__atomic_fetch_or(&hl_sample_flags, HL_SAMPLE_STOPPED | HL_SAMPLE_GAPS, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&hl_sample_flags, ~(uint32_t)HL_SAMPLE_STOPPED, __ATOMIC_RELAXED);
	__atomic_fetch_or(&hl_real_special, HL_SPECIAL_GAPS, __ATOMIC_RELAXED);
	__atomic_fetch_and(&hl_real_special, ~(uint32_t)HL_SPECIAL_ASLEEP, __ATOMIC_RELAXED);
	hl_orders_note_stopped(stop);
}

bool hl_stays_stopped(void)
{
	struct hl_guard guard;

	/* A forked child gets its ledger, so that it can be told something. */
	if (hl_unlikely(__atomic_load_n(hl_alive, __ATOMIC_RELAXED) != HL_ALIVE) && hl_enter(&guard))
		hl_leave(&guard);
	if (hl_unlikely(hl_orders_wait()))
		hl_orders_obey((uintptr_t)__builtin_frame_address(0));
	return hl_sample_is_stopped();
}
