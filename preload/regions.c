/* SPDX-License-Identifier: MIT */
/*
 * Anonymous mappings: a sorted array of pieces.  Mappings are few and rare beside mallocs, so a lock
 * and a memmove are good enough.
 *
 * Nothing is booked with the lock held: booking may grow tables and asks the loader.
 */
#include "regions.h"

#include <string.h>

#include "account/account.h"
#include "base/lock.h"
#include "base/os.h"
#include "common/ledger.h"

struct piece {
	uintptr_t start;
	uintptr_t end;
	uint64_t block;			/* pieces of one mapping have the same number */
	uint32_t site;
	bool split;			/* there may be other pieces of the block */
};

static struct hl_lock lock = { .rank = HL_RANK_REGIONS };
static struct piece *pieces;
static size_t nr_pieces, room;
static uint64_t nr_blocks;

static bool make_room(void)
{
	size_t more = room ? 2 * room : 512;
	struct piece *grown;

	if (nr_pieces < room)
		return true;
	grown = hl_os_map(more * sizeof(*grown));
	if (!grown)
		return false;
	if (pieces) {
		memcpy(grown, pieces, nr_pieces * sizeof(*grown));
		hl_os_unmap(pieces, room * sizeof(*pieces));
	}
	pieces = grown;
	room = more;
	return true;
}

/* Index of the first piece that ends after @address. */
static size_t first_after(uintptr_t address)
{
	size_t low = 0, high = nr_pieces;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pieces[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool insert(size_t at, const struct piece *piece)
{
	if (!make_room())
		return false;
	memmove(pieces + at + 1, pieces + at, (nr_pieces - at) * sizeof(*pieces));
	pieces[at] = *piece;
	nr_pieces++;
	return true;
}

/* What one cut took away. */
struct cut {
	uint32_t site;
	size_t bytes;
	uint64_t blocks;
};

static bool has_other_piece(const struct piece *piece)
{
	for (size_t i = 0; piece->split && i < nr_pieces; i++)
		if (&pieces[i] != piece && pieces[i].block == piece->block)
			return true;
	return false;
}

/*
 * Cuts the first piece of a block up to @newest that overlaps [start, end); returns false when none
 * does.  A hole in the middle needs a new piece; without memory for it the upper part is given up.
 */
static bool cut_one(uintptr_t start, uintptr_t end, uint64_t newest, struct cut *cut)
{
	size_t at = first_after(start);
	struct piece *piece, upper;
	uintptr_t from, to;

	while (at < nr_pieces && pieces[at].block > newest)
		at++;
	piece = &pieces[at];
	if (at == nr_pieces || piece->start >= end)
		return false;
	from = piece->start > start ? piece->start : start;
	to = piece->end < end ? piece->end : end;
	cut->site = piece->site;
	cut->blocks = 0;
	if (from > piece->start && to < piece->end) {
		piece->split = true;
		upper = *piece;
		upper.start = to;
		piece->end = from;
		if (!insert(at + 1, &upper))
			to = upper.end;
	} else if (from > piece->start) {
		piece->end = from;
	} else if (to < piece->end) {
		piece->start = to;
	} else {
		cut->blocks = has_other_piece(piece) ? 0 : 1;
		memmove(piece, piece + 1, (nr_pieces - at - 1) * sizeof(*piece));
		nr_pieces--;
	}
	cut->bytes = to - from;
	return true;
}

void hl_regions_remove(const void *start, size_t bytes, uint64_t newest)
{
	uintptr_t from = (uintptr_t)start, to = from + ((bytes + 4095) & ~(size_t)4095);
	struct cut cut;
	uint64_t saved;
	bool any = true;

	while (any) {
		hl_lock_take(&lock, &saved);
		any = cut_one(from, to, newest, &cut);
		hl_lock_drop(&lock, &saved);
		if (any)
			hl_book_other_gone(cut.site, cut.bytes, cut.blocks, HL_DOMAIN_MMAP);
	}
}

void hl_regions_add(const void *start, size_t bytes, const struct hl_caller *caller)
{
	struct piece piece = { .start = (uintptr_t)start };
	uint64_t saved;
	bool added;

	bytes = (bytes + 4095) & ~(size_t)4095;
	piece.end = piece.start + bytes;
	hl_regions_remove(start, bytes, UINT64_MAX);
	piece.site = hl_book_other(bytes, HL_KIND_MMAP, HL_DOMAIN_MMAP, caller);
	if (piece.site == HL_SITE_NONE)
		return;
	hl_lock_take(&lock, &saved);
	piece.block = ++nr_blocks;
	added = insert(first_after(piece.start), &piece);
	hl_lock_drop(&lock, &saved);
	if (!added)
		hl_book_other_gone(piece.site, bytes, 1, HL_DOMAIN_MMAP);
}

bool hl_regions_has(const void *start, uint64_t *newest)
{
	uintptr_t address = (uintptr_t)start;
	uint64_t saved;
	size_t at;
	bool has;

	hl_lock_take(&lock, &saved);
	at = first_after(address);
	has = at < nr_pieces && pieces[at].start <= address;
	*newest = nr_blocks;
	hl_lock_drop(&lock, &saved);
	return has;
}

void hl_regions_abandon(void)
{
	hl_lock_reset(&lock);
	nr_pieces = 0;
}
