/* SPDX-License-Identifier: MIT */
/*
 * Who recorded.
 *
 * A thread gets its name after its start, from itself or from who made it, so the name is read again
 * at its end, and at the end of the process.
 */
#include "account/roster.h"

#include <string.h>

#include "base/store.h"

static struct hl_table threads = { HL_SECTION_THREADS, 0, sizeof(struct hl_ledger_thread), 7, { 0 } };
static uint32_t nr_threads;
/* What the record has, so that a name which has not changed takes no room. */
static char last_name[HL_THREAD_NAME_BYTES];
static struct hl_string last_string;

static void set_name(struct hl_ledger_thread *record)
{
	char name[HL_THREAD_NAME_BYTES] = "";
	size_t length = hl_os_thread_name(record->tid, name);
	struct hl_string string = last_string;

	if (length == 0)
		return;
	if (length != last_string.length || memcmp(name, last_name, length) != 0)
		string = hl_store_string(name, length);
	if (string.length == 0)
		return;
	memcpy(last_name, name, length);
	last_string = string;
	/* One word: a reader sees the old or the new one. */
	__atomic_store(&record->name, &string, __ATOMIC_RELEASE);
}

uint16_t hl_roster_add(uint32_t tid)
{
	struct hl_ledger_thread *record =
		nr_threads < HL_MAX_THREADS ? hl_table_make(&threads, nr_threads) : NULL;

	if (!record)
		return 0;
	record->tid = tid;
	set_name(record);
	/* Release: who sees the time sees the rest. */
	__atomic_store_n(&record->start_ns, hl_os_monotonic_ns(), __ATOMIC_RELEASE);
	return (uint16_t)++nr_threads;
}

void hl_roster_end(uint16_t thread)
{
	struct hl_ledger_thread *record = thread ? hl_table_find(&threads, thread - 1u) : NULL;

	if (!record)
		return;
	set_name(record);
	record->end_ns = hl_os_monotonic_ns();
}

void hl_roster_bury(uint16_t thread)
{
	struct hl_ledger_thread *record = thread ? hl_table_find(&threads, thread - 1u) : NULL;

	if (record)
		record->end_ns = hl_os_monotonic_ns();
}

void hl_roster_name(uint16_t thread)
{
	struct hl_ledger_thread *record = thread ? hl_table_find(&threads, thread - 1u) : NULL;

	if (record)
		set_name(record);
}

void hl_roster_abandon(void)
{
	hl_table_reset(&threads);
	nr_threads = 0;
	last_string.length = 0;
}
