/* SPDX-License-Identifier: MIT */
/* Time lines, moments of call sites, and orders, as they can be and as they cannot. */
#include <stddef.h>
#include <string.h>

#include "ledgers.h"
#include "snapshot/varint.h"

#define MAX_POINTS 20
#define MAX_RECORDS 70
#define MAX_CHANGES 8

static unsigned char times[HL_TIMES_BYTES];
static unsigned char moments[HL_MOMENTS_BYTES];
static struct hl_orders orders;

static void make_times(struct tables *t, struct random *r, bool is_wrong)
{
	struct hl_times_header h = {
		.state = random_below(r, MAX_POINTS),
		.interval_ns = 1 + random_below(r, 1000000),
	};
	size_t at = HL_LEDGER_PAGE;
	uint64_t clock = t->header.start_monotonic_ns & INT64_MAX >> 1;

	memset(times, 0, sizeof(times));
	if (random_chance(r, 50)) {
		h.state |= HL_TIMES_SECOND;
		at += HL_MAX_TIMES * sizeof(struct hl_time_point);
	}
	for (uint32_t i = 0; i < (uint32_t)h.state; i++) {
		struct hl_time_point p = {
			.monotonic_ns = clock += 1 + random_below(r, 1000),
			.live_bytes = {(int64_t)random_below(r, INT64_MAX), 1},
			.live_count = {(int64_t)random_below(r, 1000000)},
			.alloc_count = random_below(r, INT64_MAX),
		};

		if (is_wrong && random_chance(r, 20))
			memset((unsigned char *)&p + 8 * random_below(r, sizeof(p) / 8),
				128 + (int)random_below(r, 128), 8);
		memcpy(times + at + i * sizeof(p), &p, sizeof(p));
	}
	if (is_wrong && random_chance(r, 20))
		h.state = random_extreme(r);
	memcpy(times, &h, sizeof(h));
}

static uint64_t number(struct random *r, bool is_wrong)
{
	return is_wrong && random_chance(r, 10) ? random_extreme(r) : random_below(r, 100);
}

/* What is gone must have been there: with even zigzag numbers everything only grows. */
static size_t put_record(unsigned char *to, struct random *r, bool is_wrong)
{
	unsigned char changes[64 * MAX_CHANGES];
	uint64_t nr = random_below(r, MAX_CHANGES);
	size_t length = hl_varint_put(changes, is_wrong && random_chance(r, 5) ? random_extreme(r) : nr);
	size_t n;

	for (uint64_t i = 0; i < nr; i++) {
		length += hl_varint_put(changes + length, number(r, is_wrong));
		length += hl_varint_put(changes + length, is_wrong ? number(r, true) : 2 * number(r, false));
		length += hl_varint_put(changes + length, is_wrong ? number(r, true) : 2 * number(r, false));
	}
	n = hl_varint_put(to, 1 + number(r, is_wrong));
	n += hl_varint_put(to + n, is_wrong && random_chance(r, 5) ? random_extreme(r) : length);
	memcpy(to + n, changes, length);
	return n + length;
}

static void make_moments(struct random *r, bool is_wrong)
{
	struct hl_moments_header h = {.interval_ns = 1 + random_below(r, 1000000)};
	uint64_t nr = random_below(r, is_wrong ? MAX_RECORDS : HL_MAX_MOMENTS);
	bool is_second = random_chance(r, 50);
	unsigned char *area = moments + HL_LEDGER_PAGE + (is_second ? HL_MOMENTS_AREA : 0);

	memset(moments, 0, sizeof(moments));
	for (uint64_t i = 0; i < nr; i++)
		h.state += put_record(area + h.state, r, is_wrong);
	h.state |= is_second ? HL_TIMES_SECOND : 0;
	if (is_wrong && random_chance(r, 10))
		h.state = random_extreme(r);
	memcpy(moments, &h, sizeof(h));
}

static void add(struct tables *t, struct random *r, uint32_t type, const unsigned char *bytes, uint32_t length,
		bool is_wrong)
{
	if (is_wrong && random_chance(r, 10))
		length = (uint32_t)random_below(r, length);
	if (!length || t->nr_sections == MAX_SECTIONS)
		return;
	t->sections[t->nr_sections++] = (struct section){
		.entry = {.type = type, .nr_records = length, .record_bytes = 1},
		.data = bytes,
		.nr_data = length,
		.own_bytes = 1,
	};
}

/* Orders that wait, marks among them; what is wrong has any numbers. */
static void make_orders(struct random *r, bool is_wrong)
{
	orders = (struct hl_orders){.done = random_below(r, 1000), .is_stopped = random_chance(r, 30)};
	orders.asked = orders.done + random_below(r, HL_MAX_ORDERS + 1);
	for (unsigned int i = 0; i < HL_MAX_ORDERS; i++) {
		orders.ring[i] = (struct hl_order){
			.monotonic_ns = random_below(r, 1u << 30),
			.what = (uint32_t)random_below(r, 6),
			.length = (uint32_t)random_below(r, HL_ORDER_BYTES + 1),
		};
		memset(orders.ring[i].text, 'a' + (int)i, sizeof(orders.ring[i].text));
	}
	if (!is_wrong)
		return;
	orders.asked = random_extreme(r);
	orders.ring[random_below(r, HL_MAX_ORDERS)].length = (uint32_t)random_extreme(r);
}

static void add_orders(struct tables *t, struct random *r, bool is_wrong)
{
	make_orders(r, is_wrong);
	if (t->nr_sections == MAX_SECTIONS)
		return;
	t->sections[t->nr_sections++] = (struct section){
		.entry = {.type = HL_SECTION_ORDERS, .nr_records = 1, .record_bytes = sizeof(orders)},
		.data = &orders,
		.nr_data = 1,
		.own_bytes = sizeof(orders),
	};
}

void add_course(struct tables *t, struct random *r)
{
	bool is_wrong = random_chance(r, 50);

	make_times(t, r, is_wrong);
	add(t, r, HL_SECTION_TIMES, times, sizeof(times), is_wrong);
	make_moments(r, is_wrong);
	add(t, r, HL_SECTION_MOMENTS, moments, sizeof(moments), is_wrong);
	add_orders(t, r, is_wrong);
	note(t, is_wrong ? "a course that cannot be" : "a course");
	t->is_unknown |= is_wrong;
}
