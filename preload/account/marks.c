/* SPDX-License-Identifier: MIT */
/*
 * Marks in the ledger.
 */
#include "account/marks.h"

#include <errno.h>

#include "account/lanes.h"
#include "base/store.h"

static struct hl_table marks = { HL_SECTION_MARKS, 0, sizeof(struct hl_ledger_mark), 5, { 0 } };
static uint64_t nr_marks;

/* A number whose record has room: numbers must not run away while the disk is full. */
static struct hl_ledger_mark *new_mark(void)
{
	uint64_t n = __atomic_load_n(&nr_marks, __ATOMIC_RELAXED);
	struct hl_ledger_mark *mark;

	do {
		mark = hl_table_make(&marks, n);
		if (!mark)
			return NULL;
	} while (!__atomic_compare_exchange_n(&nr_marks, &n, n + 1, true, __ATOMIC_RELAXED,
		__ATOMIC_RELAXED));
	return mark;
}

int hl_marks_add(const char *text, size_t length, uint64_t time_ns, uint32_t first_site)
{
	struct hl_string string = hl_store_string(text, length);
	struct hl_ledger_mark *mark;

	if (string.length != length)
		return -ENOSPC;
	mark = new_mark();
	if (!mark)
		return -ENOSPC;
	mark->text = string;
	mark->first_site = first_site;
	hl_lanes_flush();
	for (int d = 0; d < HL_NR_DOMAINS; d++) {
		int64_t peak;

		mark->current_bytes[d] =
			__atomic_load_n(&hl_globals->domains[d].current_bytes, __ATOMIC_RELAXED);
		peak = __atomic_load_n(&hl_globals->domains[d].peak_bytes, __ATOMIC_RELAXED);
		/* Between a thread's bytes and its comparison. */
		mark->peak_bytes[d] = peak > mark->current_bytes[d] ? peak : mark->current_bytes[d];
	}
	/* Release: a reader that sees the time sees the rest. */
	__atomic_store_n(&mark->monotonic_ns, time_ns, __ATOMIC_RELEASE);
	return 0;
}

void hl_marks_abandon(void)
{
	hl_table_reset(&marks);
	nr_marks = 0;
}
