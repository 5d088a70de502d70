/* SPDX-License-Identifier: MIT */
/*
 * The ledger file of this process: made, grown and mapped here, and nowhere else.
 *
 * Tables of fixed-size records grow chunk by chunk; a chunk never moves, so a pointer to a record
 * stays good until hl_store_abandon().  A chunk has blocks on disk before it is handed out.
 *
 * Safety: everything may be called from a signal handler and from any thread, except hl_store_open()
 * and hl_store_abandon(), which need the process to themselves.
 */
#ifndef HL_PRELOAD_STORE_H
#define HL_PRELOAD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/os.h"
#include "common/ledger.h"

#pragma GCC visibility push(hidden)

/* The mapped header and totals; NULL until the first hl_store_open(), then never again. */
extern struct hl_ledger_header *hl_header;
extern struct hl_globals *hl_globals;

/**
 * hl_store_open() - create the file and map its first region
 * @path:      absolute path; must not exist
 * @max_bytes: bound of the file's size
 *
 * Returns: 0; -EEXIST; -ENOSPC and other -errno.  The header's state is still 0.
 */
int hl_store_open(const char *path, uint64_t max_bytes);

/**
 * hl_store_abandon() - in a forked child: let go of the parent's file
 * What was mapped reads and writes as private memory from now on.
 */
void hl_store_abandon(void);

/**
 * hl_store_trim() - at the end of the process: cut off what the file has no blocks for
 * The ledger can still grow afterwards.
 */
void hl_store_trim(void);

/** hl_store_is_full() - was growth refused within the last second? Takes no lock */
bool hl_store_is_full(void);

/**
 * hl_store_copy() - write the ledger as it is into an empty file
 * With the lanes paused it is the account of one instant, and marked as a snapshot of @now_ns.
 * Returns: 0; -ENOSPC, -EFBIG and other -errno.
 */
int hl_store_copy(int fd, uint64_t now_ns);

/**
 * hl_store_reserve() - a section that others will write, with pwrite(): a hole, which takes no blocks
 *
 * Called before the ledger is valid, several times one behind the other.  Where there is little room, or holes cannot
 * be had, there is no such section.
 */
void hl_store_reserve(const struct hl_section *wanted);

/** hl_store_path() - absolute path of the ledger */
const char *hl_store_path(void);

/* A string in the ledger; {0, 0} when there is no room. */
struct hl_string hl_store_string(const char *s, size_t length);

#define HL_TABLE_ROOTS 1024u
#define HL_TABLE_BLOCK 512u

/* A table of records in chunks of 1 << shift, at most 2^19 chunks; zero-initialised but for the first four. */
struct hl_table {
	uint32_t type;			/* enum hl_section_type */
	uint32_t instance;
	uint32_t record_bytes;
	uint32_t shift;
	char **blocks[HL_TABLE_ROOTS];
};

/** hl_table_find() - record @index, or NULL when its chunk is not there; two or three loads */
static inline void *hl_table_find(const struct hl_table *table, uint64_t index)
{
	uint64_t chunk = index >> table->shift;
	char **block, *records;

	if (hl_unlikely(chunk >= (uint64_t)HL_TABLE_ROOTS * HL_TABLE_BLOCK))
		return NULL;
	block = __atomic_load_n(&table->blocks[chunk / HL_TABLE_BLOCK], __ATOMIC_ACQUIRE);
	if (hl_unlikely(!block))
		return NULL;
	records = __atomic_load_n(&block[chunk % HL_TABLE_BLOCK], __ATOMIC_ACQUIRE);
	if (hl_unlikely(!records))
		return NULL;
	return records + (index & ((1u << table->shift) - 1)) * table->record_bytes;
}

/** hl_table_make() - as hl_table_find(), but adds the chunk; NULL when there is no room */
void *hl_table_make(struct hl_table *table, uint64_t index);

/**
 * hl_table_next() - the next number of a table, whose chunk exists; 0: @limit, or there is no room
 * @counter: in the ledger, of the numbers given out
 *
 * The chunk comes before the number: numbers must not run away while the disk is full.
 */
uint64_t hl_table_next(uint64_t *counter, struct hl_table *table, uint64_t limit);

/** hl_table_reset() - forget all chunks (forked child); the pointer blocks are kept for reuse */
void hl_table_reset(struct hl_table *table);

#pragma GCC visibility pop
#endif
