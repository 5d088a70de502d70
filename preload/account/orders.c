/* SPDX-License-Identifier: MIT */
/* Orders from outside. */
#include "account/orders.h"

#include <errno.h>
#include <string.h>

#include "base/lock.h"
#include "base/store.h"
#include "base/thread.h"

/* After an attempt that found no quiet moment. */
#define AGAIN_NS 10000000u

static struct hl_orders none;
static struct hl_table table = { HL_SECTION_ORDERS, 0, sizeof(struct hl_orders), 0, { 0 } };
static struct hl_lock lock = { .rank = HL_RANK_ORDERS };
static uint64_t again_ns;

struct hl_orders *hl_orders = &none;
uint64_t hl_orders_done;
bool (*hl_orders_carry_out)(const struct hl_order *order);

static void note_done(uint64_t nr)
{
	__atomic_store_n(&hl_orders_done, nr, __ATOMIC_RELEASE);
	__atomic_store_n(&hl_orders->done, nr, __ATOMIC_RELEASE);
}

/* The file's numbers may be anything: what cannot be is passed over. */
static void take_all(void)
{
	uint64_t asked = __atomic_load_n(&hl_orders->asked, __ATOMIC_ACQUIRE);
	struct hl_order order;

	if (asked - hl_orders_done > HL_MAX_ORDERS)
		note_done(asked);
	while (hl_orders_done != asked) {
		memcpy(&order, &hl_orders->ring[hl_orders_done % HL_MAX_ORDERS], sizeof(order));
		if (order.length > HL_ORDER_BYTES)
			order.length = HL_ORDER_BYTES;
		if (!hl_orders_carry_out(&order)) {
			__atomic_store_n(&again_ns, hl_os_coarse_ns() + AGAIN_NS, __ATOMIC_RELAXED);
			return;
		}
		note_done(hl_orders_done + 1);
	}
}

/* A child that has no ledger of its own yet is told nothing by its parent's, and one of vfork() has no say. */
static bool may_obey(uintptr_t frame)
{
	return __atomic_load_n(&hl_mode, __ATOMIC_ACQUIRE) == HL_MODE_ON && !hl_tls.own &&
		__atomic_load_n(hl_alive, __ATOMIC_ACQUIRE) == HL_ALIVE && !hl_is_inside(frame) &&
		hl_os_coarse_ns() >= __atomic_load_n(&again_ns, __ATOMIC_RELAXED) && hl_header->pid == hl_os_pid();
}

void hl_orders_obey(uintptr_t frame)
{
	int saved_errno = errno;
	uint64_t saved;

	if (!may_obey(frame))
		return;
	hl_lock_take(&lock, &saved);
	take_all();
	hl_lock_drop(&lock, &saved);
	errno = saved_errno;
}

void hl_orders_note_stopped(bool stopped)
{
	__atomic_store_n(&hl_orders->is_stopped, stopped, __ATOMIC_RELEASE);
}

void hl_orders_open(void)
{
	struct hl_orders *orders = hl_table_make(&table, 0);

	hl_orders_done = 0;
	again_ns = 0;
	hl_orders = orders ? orders : &none;
}

void hl_orders_abandon(void)
{
	hl_orders = &none;
	hl_orders_done = 0;
	hl_table_reset(&table);
	hl_lock_reset(&lock);
}
