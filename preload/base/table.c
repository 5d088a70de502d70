/* SPDX-License-Identifier: MIT */
/*
 * Tables of the ledger: numbers for records, and forgetting all of them.
 */
#include "base/store.h"

#include <string.h>

void hl_table_reset(struct hl_table *table)
{
	for (uint32_t i = 0; i < HL_TABLE_ROOTS; i++)
		if (table->blocks[i])
			memset(table->blocks[i], 0, HL_TABLE_BLOCK * sizeof(char *));
}

uint64_t hl_table_next(uint64_t *counter, struct hl_table *table, uint64_t limit)
{
	uint64_t id = __atomic_load_n(counter, __ATOMIC_RELAXED);

	do {
		if (id >= limit || !hl_table_make(table, id))
			return 0;
	} while (!__atomic_compare_exchange_n(counter, &id, id + 1, true, __ATOMIC_RELAXED,
		__ATOMIC_RELAXED));
	return id;
}
