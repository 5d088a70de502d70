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

/* Bytes of a domain, with what the lanes keep back. */
static int64_t current_bytes(enum hl_domain domain)
{
	int64_t bytes = __atomic_load_n(&hl_globals->domains[domain].current_bytes, __ATOMIC_RELAXED);
	uint32_t nr = __atomic_load_n(&hl_nr_lanes, __ATOMIC_ACQUIRE);

	for (uint32_t i = 1; i < nr; i++)
		bytes += __atomic_load_n(&hl_lanes[i]->net[domain], __ATOMIC_RELAXED) -
			__atomic_load_n(&hl_lanes[i]->flushed[domain], __ATOMIC_RELAXED);
	return bytes;
}

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

int hl_marks_add(const char *text, size_t length)
{
	struct hl_string string = hl_store_string(text, length);
	struct hl_ledger_mark *mark;

	if (string.length != length)
		return -ENOSPC;
	mark = new_mark();
	if (!mark)
		return -ENOSPC;
	mark->text = string;
	for (int d = 0; d < HL_NR_DOMAINS; d++) {
		int64_t peak = __atomic_load_n(&hl_globals->domains[d].peak_bytes, __ATOMIC_RELAXED);

		mark->current_bytes[d] = current_bytes(d);
		mark->peak_bytes[d] = peak > mark->current_bytes[d] ? peak : mark->current_bytes[d];
	}
	/* Release: a reader that sees the time sees the rest. */
	__atomic_store_n(&mark->monotonic_ns, hl_os_monotonic_ns(), __ATOMIC_RELEASE);
	return 0;
}

void hl_marks_abandon(void)
{
	hl_table_reset(&marks);
	nr_marks = 0;
}
