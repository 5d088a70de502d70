/* SPDX-License-Identifier: MIT */
/*
 * The totals of a parent's ledger, in a forked child that may have to say there that it has none.
 * May call: os.c, store.c.
 */
#include "base/parent.h"

#include "base/os.h"
#include "base/store.h"

static struct hl_globals *totals;
static int lost_error;

void hl_parent_keep(void)
{
	char *page;

	hl_parent_leave();
	/* The totals begin a page, as every chunk does. */
	if (hl_os_map_again((char *)hl_globals, HL_LEDGER_PAGE, &page) == 0)
		totals = (struct hl_globals *)page;
}

void hl_parent_leave(void)
{
	if (totals)
		hl_os_unmap_file(totals, HL_LEDGER_PAGE);
	totals = NULL;
}

void hl_parent_count_lost(int error)
{
	if (error < 0)
		lost_error = -error;
	if (!totals)
		return;
	/* Other children may be lost at the same moment; the latest word stays. */
	__atomic_fetch_add(&totals->lost_children, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&totals->lost_child_pid, hl_os_pid(), __ATOMIC_RELAXED);
	__atomic_store_n(&totals->lost_child_error, lost_error, __ATOMIC_RELAXED);
}
