/* SPDX-License-Identifier: MIT */
/*
 * The records of ELF objects: what the ledger says of each, and where it lies now.
 *
 * All of it changes between hl_records_begin() and hl_records_end() only, which have a lock; hl_records_find_at(),
 * hl_records_at() below hl_records_nr() and hl_records_set_flag() are for any thread at any time.
 */
#ifndef HL_PRELOAD_RECORDS_H
#define HL_PRELOAD_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ledger.h"
#include "stacks/interpose.h"

#pragma GCC visibility push(hidden)

/*
 * What is in the ledger, once more in private memory: a forked child writes it anew without asking
 * the loader, whose lock some thread of the parent may have held.
 */
struct hl_known {
	struct hl_module module;
	const char *path;
	size_t path_bytes;
	uint64_t distance;		/* of the record's addresses from those in memory, while it is loaded */
	uint64_t seen;			/* number of the last look that saw it */
	uint32_t id;
	uint32_t next;			/* of the same bucket: its id + 1 */
	bool written;
	struct hl_slots slots;		/* calls that were not bound yet at the last look */
};

static inline bool hl_known_is_loaded(const struct hl_known *entry)
{
	return entry->module.last_generation == 0;
}

/* Where it is in memory, if it is loaded. */
static inline uint64_t hl_known_start(const struct hl_known *entry)
{
	return entry->module.start - entry->distance;
}

static inline uint64_t hl_known_end(const struct hl_known *entry)
{
	return entry->module.end - entry->distance;
}

/** hl_records_open() - in the constructor: nothing is recorded yet */
void hl_records_open(void);

/** hl_records_restart() - write what is loaded into a forked child's new ledger */
void hl_records_restart(void);

/** hl_records_begin() - begin to change them; signals are blocked */
void hl_records_begin(void);

/** hl_records_end() - what was changed holds from now on; returns whether stacks may have other nodes than before */
bool hl_records_end(void);

uint32_t hl_records_nr(void);
struct hl_known *hl_records_at(uint32_t id);

/** hl_records_find_at() - of what is loaded where @ip is; or NULL */
struct hl_known *hl_records_find_at(uint64_t ip);

/**
 * hl_records_find() - of what the loader shows, if it lies where it lay; or NULL
 * @name: empty: it may have any
 */
struct hl_known *hl_records_find(const struct hl_module *shown, const char *name, size_t name_bytes);

/** hl_records_add() - of what has come: the one that it had before, if it had one; NULL: there is no room */
struct hl_known *hl_records_add(const struct hl_module *shown, const char *path, size_t path_bytes);

/** hl_records_close() - of what is loaded and @has_gone(@data, record) */
void hl_records_close(bool (*has_gone)(const void *data, const struct hl_known *entry), const void *data);

/** hl_records_write() - into the ledger, if there was no room before */
void hl_records_write(struct hl_known *entry);

/** hl_records_set_flag() - for good */
void hl_records_set_flag(struct hl_known *entry, enum hl_module_flags flag);

#pragma GCC visibility pop
#endif
