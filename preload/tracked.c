/* SPDX-License-Identifier: MIT */
/*
 * Blocks of the program's own allocators.
 *
 * Open addressing with linear probing; a removal moves later entries of the run up, so that there are
 * no graves.  Nothing is booked with the lock held: booking may grow tables and asks the loader.
 */
#include "tracked.h"

#include <errno.h>

#include "account/account.h"
#include "base/lock.h"
#include "base/options.h"
#include "base/store.h"

#define FIRST_SLOTS 1024u
/* 24 bytes each: at most 384 MiB, for 12 million blocks. */
#define MAX_SLOTS (1u << 24)

struct entry {
	uintptr_t address;
	size_t size;
	uint32_t site;			/* HL_SITE_NONE: empty */
	uint32_t domain;
};

static struct hl_lock lock = { .rank = HL_RANK_TRACKED };
static struct entry *entries;
static uint32_t nr_slots, nr_used;

static uint32_t home(enum hl_domain domain, uintptr_t address)
{
	uint64_t h = (address + domain) * 0x9e3779b97f4a7c15ull;

	return (uint32_t)(h >> 32) & (nr_slots - 1);
}

/* The slot of a block, or the empty one where it would be. */
static struct entry *find(enum hl_domain domain, uintptr_t address)
{
	for (uint32_t i = home(domain, address);; i = (i + 1) & (nr_slots - 1)) {
		struct entry *entry = &entries[i];

		if (entry->site == HL_SITE_NONE ||
			(entry->address == address && entry->domain == domain))
			return entry;
	}
}

/* Doubles the table; false: the bound, or no memory. */
static bool grow(void)
{
	uint32_t old_slots = nr_slots, more = nr_slots ? 2 * nr_slots : FIRST_SLOTS;
	struct entry *old = entries, *grown;

	if (more > MAX_SLOTS)
		return false;
	if (hl_options.max_memory && hl_globals->file_bytes + hl_os_mapped_bytes() +
			more * sizeof(*grown) > hl_options.max_memory)
		return false;
	grown = hl_os_map(more * sizeof(*grown));
	if (!grown)
		return false;
	entries = grown;
	nr_slots = more;
	for (uint32_t i = 0; i < old_slots; i++)
		if (old[i].site != HL_SITE_NONE)
			*find(old[i].domain, old[i].address) = old[i];
	if (old)
		hl_os_unmap(old, old_slots * sizeof(*old));
	return true;
}

/* Closes the gap of a slot: an entry moves up unless its home lies behind the gap. */
static void close_gap(uint32_t gap)
{
	uint32_t mask = nr_slots - 1;

	for (uint32_t i = (gap + 1) & mask; entries[i].site != HL_SITE_NONE; i = (i + 1) & mask) {
		uint32_t from = home(entries[i].domain, entries[i].address);

		if (((i - from) & mask) < ((i - gap) & mask))
			continue;
		entries[gap] = entries[i];
		gap = i;
	}
	entries[gap].site = HL_SITE_NONE;
}

/* @replaced: what another thread has tracked under the same address since hl_tracked_remove() */
static bool insert(const struct entry *wanted, struct entry *replaced)
{
	struct entry *entry;
	uint64_t saved;
	bool has_room;

	hl_lock_take(&lock, &saved);
	has_room = nr_used < nr_slots / 4 * 3 || grow();
	if (has_room) {
		entry = find(wanted->domain, wanted->address);
		*replaced = *entry;
		nr_used += entry->site == HL_SITE_NONE;
		*entry = *wanted;
	}
	hl_lock_drop(&lock, &saved);
	return has_room;
}

/* Takes a block out; false: it is not known. */
static bool take(enum hl_domain domain, uintptr_t address, struct entry *taken)
{
	struct entry *entry;
	uint64_t saved;
	bool found = false;

	hl_lock_take(&lock, &saved);
	if (nr_used > 0) {
		entry = find(domain, address);
		found = entry->site != HL_SITE_NONE;
		*taken = *entry;
		if (found) {
			close_gap((uint32_t)(entry - entries));
			nr_used--;
		}
	}
	hl_lock_drop(&lock, &saved);
	return found;
}

void hl_tracked_remove(enum hl_domain domain, uintptr_t address)
{
	struct entry entry;

	if (take(domain, address, &entry))
		hl_book_other_gone(entry.site, entry.size, 1, domain);
}

int hl_tracked_add(enum hl_domain domain, uintptr_t address, size_t size,
	const struct hl_caller *caller)
{
	struct entry entry = { .address = address, .size = size, .domain = domain };
	struct entry replaced = { .site = HL_SITE_NONE };

	hl_tracked_remove(domain, address);
	entry.site = hl_book_other(size, HL_KIND_TRACKED, domain, caller);
	if (entry.site == HL_SITE_NONE)
		return 0;
	if (!insert(&entry, &replaced)) {
		hl_book_other_gone(entry.site, size, 1, domain);
		return -ENOMEM;
	}
	if (replaced.site != HL_SITE_NONE)
		hl_book_other_gone(replaced.site, replaced.size, 1, domain);
	return 0;
}

void hl_tracked_clear(void)
{
	uint64_t saved;

	hl_lock_take(&lock, &saved);
	if (nr_used > 0)
		hl_os_forget(entries, nr_slots * sizeof(*entries));
	nr_used = 0;
	hl_lock_drop(&lock, &saved);
}

void hl_tracked_abandon(void)
{
	/* Another thread of the parent may have been growing it: only the range is sure. */
	if (entries)
		hl_os_forget(entries, nr_slots * sizeof(*entries));
	hl_lock_reset(&lock);
	entries = NULL;
	nr_slots = nr_used = 0;
}
