/* SPDX-License-Identifier: MIT */
/*
 * Objects whose addresses nodes have otherwise than memory.
 *
 * There are two drawings, one to be read and one to be drawn.  Who reads looks afterwards whether they have
 * changed places meanwhile: then what was read may have been under the pencil, and is read again.
 */
#include "stacks/moved.h"

#include <string.h>

/* From start to the start of the next piece; the last one has no change, nor has what is before the first. */
struct piece {
	uint64_t start;
	uint64_t change;
};

struct drawing {
	uint64_t room;
	uint64_t nr;
	struct piece pieces[];
};
#define FIRST_BYTES 4096u

static struct drawing *drawings[2];
static uint32_t turns;			/* the drawing of this parity is the one to be read */

uint64_t hl_moved_start;
uint64_t hl_moved_bytes;

static struct drawing *to_be_read(uint32_t turn)
{
	return __atomic_load_n(&drawings[turn & 1], __ATOMIC_ACQUIRE);
}

/* What a reader has found holds if nobody has begun to draw where it looked. */
static bool is_still(uint32_t turn)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&turns, __ATOMIC_RELAXED) == turn;
}

/* How many pieces start at or below @address; they may be changing. */
static uint64_t nr_up_to(const struct drawing *d, uint64_t address)
{
	uint64_t low = 0, high = __atomic_load_n(&d->nr, __ATOMIC_RELAXED);

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (__atomic_load_n(&d->pieces[middle].start, __ATOMIC_RELAXED) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t change_at(const struct drawing *d, uint64_t address)
{
	uint64_t n = nr_up_to(d, address);

	return n ? __atomic_load_n(&d->pieces[n - 1].change, __ATOMIC_RELAXED) : 0;
}

uint64_t hl_moved_find_change(uint64_t ip)
{
	uint64_t change;
	uint32_t turn;

	do {
		const struct drawing *d;

		turn = __atomic_load_n(&turns, __ATOMIC_ACQUIRE);
		d = to_be_read(turn);
		change = d ? change_at(d, ip) : 0;
	} while (hl_unlikely(!is_still(turn)));
	return change;
}

static uint64_t find_in_memory(const struct drawing *d, uint64_t recorded)
{
	uint64_t nr = d ? __atomic_load_n(&d->nr, __ATOMIC_RELAXED) : 0;

	for (uint64_t i = 0; i + 1 < nr; i++) {
		uint64_t change = __atomic_load_n(&d->pieces[i].change, __ATOMIC_RELAXED);
		uint64_t ip = recorded - change;

		if (change != 0 && ip >= __atomic_load_n(&d->pieces[i].start, __ATOMIC_RELAXED) &&
			ip < __atomic_load_n(&d->pieces[i + 1].start, __ATOMIC_RELAXED))
			return ip;
	}
	return recorded & ~HL_IP_TAG_MASK;
}

uint64_t hl_moved_in_memory(uint64_t recorded)
{
	uint64_t ip;
	uint32_t turn;

	do {
		turn = __atomic_load_n(&turns, __ATOMIC_ACQUIRE);
		ip = find_in_memory(to_be_read(turn), recorded);
	} while (hl_unlikely(!is_still(turn)));
	return ip;
}

/* The one that is drawn has room for so much, and what was in it. */
static bool make_room(uint64_t room)
{
	struct drawing **place = &drawings[~turns & 1], *old = *place, *d;
	uint64_t bytes = FIRST_BYTES;

	if (old && old->room >= room)
		return true;
	while (bytes < sizeof(*d) + room * sizeof(struct piece))
		bytes *= 2;
	d = hl_os_map(bytes);
	if (!d)
		return false;
	d->room = (bytes - sizeof(*d)) / sizeof(struct piece);
	if (old) {
		d->nr = old->nr;
		memcpy(d->pieces, old->pieces, old->nr * sizeof(*d->pieces));
	}
	__atomic_store_n(place, d, __ATOMIC_RELEASE);
	/* A reader may still be in there: the range stays, not its pages. */
	if (old)
		hl_os_forget(old, sizeof(*old) + old->room * sizeof(struct piece));
	return true;
}

static void begin_with(const struct drawing *now)
{
	struct drawing *d = drawings[~turns & 1];

	/* Who sees what is drawn here sees the turn that has freed this drawing, too. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (d)
		d->nr = 0;
	if (!now || now->nr == 0 || !make_room(now->nr))
		return;
	d = drawings[~turns & 1];
	memcpy(d->pieces, now->pieces, now->nr * sizeof(*now->pieces));
	d->nr = now->nr;
}

void hl_moved_begin(void)
{
	begin_with(drawings[turns & 1]);
}

void hl_moved_begin_empty(void)
{
	begin_with(NULL);
}

bool hl_moved_draw(uint64_t start, uint64_t end, uint64_t change)
{
	struct drawing *d = drawings[~turns & 1];
	uint64_t from, to, before, after, nr = 0;
	struct piece pieces[2];

	if (!make_room((d ? d->nr : 0) + 2))
		return false;
	d = drawings[~turns & 1];
	from = start ? nr_up_to(d, start - 1) : 0;
	to = nr_up_to(d, end);
	before = from ? d->pieces[from - 1].change : 0;
	after = to ? d->pieces[to - 1].change : 0;
	if (change != before)
		pieces[nr++] = (struct piece){ start, change };
	if (after != change)
		pieces[nr++] = (struct piece){ end, after };
	memmove(&d->pieces[from + nr], &d->pieces[to], (d->nr - to) * sizeof(*pieces));
	memcpy(&d->pieces[from], pieces, nr * sizeof(*pieces));
	d->nr += from + nr - to;
	return true;
}

/* Readers look at the start first: whatever they see of the two covers what differed before. */
static void widen(uint64_t start, uint64_t end)
{
	uint64_t first = hl_moved_start, last = first + hl_moved_bytes;

	if (last == first)
		first = last = start;
	first = start < first ? start : first;
	last = end > last ? end : last;
	__atomic_store_n(&hl_moved_bytes, last - first, __ATOMIC_RELEASE);
	__atomic_store_n(&hl_moved_start, first, __ATOMIC_RELEASE);
}

static bool same_drawing(const struct drawing *a, const struct drawing *b)
{
	return a->nr == b->nr && memcmp(a->pieces, b->pieces, a->nr * sizeof(*a->pieces)) == 0;
}

bool hl_moved_end(void)
{
	const struct drawing *d = drawings[~turns & 1], *now = drawings[turns & 1];

	if (!d || (now ? same_drawing(d, now) : d->nr == 0))
		return false;
	if (d->nr != 0)
		widen(d->pieces[0].start, d->pieces[d->nr - 1].start);
	__atomic_store_n(&turns, turns + 1, __ATOMIC_RELEASE);
	return true;
}
