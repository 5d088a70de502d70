/* SPDX-License-Identifier: MIT */
/* Nested, touching and overlapping ranges against a slow search that is obviously right. */
#include <stdlib.h>

#include <check.h>

#include "snapshot/dwarf-segments.h"

static uint32_t scope_at(const struct hl_segment *segments, size_t n, uint64_t address)
{
	uint32_t scope = HL_NO_SCOPE;

	for (size_t i = 0; i < n && segments[i].address <= address; i++)
		scope = segments[i].scope;
	return scope;
}

/* The deepest span that covers @address; of equally deep ones the shortest, then the first. */
static uint32_t slow_scope_at(const struct hl_spans *spans, uint64_t address)
{
	const struct hl_span *best = NULL;

	for (size_t i = 0; i < spans->nr_spans; i++) {
		const struct hl_span *s = &spans->spans[i];

		if (address < s->low || address >= s->high)
			continue;
		if (!best || s->depth > best->depth ||
			(s->depth == best->depth && (s->high - s->low < best->high - best->low ||
				(s->high - s->low == best->high - best->low &&
					s->scope < best->scope))))
			best = s;
	}
	return best ? best->scope : HL_NO_SCOPE;
}

START_TEST(inner_span_interrupts_the_outer_one)
{
	struct hl_spans spans = { 0 };
	struct hl_segment *segments;
	size_t n;

	hl_spans_add(&spans, 100, 200, 0, 0);
	hl_spans_add(&spans, 120, 140, 1, 1);
	hl_spans_add(&spans, 200, 210, 2, 0);
	ck_assert_int_eq(hl_spans_flatten(&spans, &segments, &n), 0);
	ck_assert_uint_eq(n, 5);
	ck_assert_uint_eq(scope_at(segments, n, 99), HL_NO_SCOPE);
	ck_assert_uint_eq(scope_at(segments, n, 119), 0);
	ck_assert_uint_eq(scope_at(segments, n, 139), 1);
	ck_assert_uint_eq(scope_at(segments, n, 140), 0);
	ck_assert_uint_eq(scope_at(segments, n, 200), 2);
	ck_assert_uint_eq(scope_at(segments, n, 210), HL_NO_SCOPE);
	free(segments);
	hl_spans_release(&spans);
}
END_TEST

START_TEST(any_overlap_equals_the_slow_search)
{
	struct hl_spans spans = { 0 };
	struct hl_segment *segments;
	unsigned int seed = (unsigned int)_i;
	size_t n;

	for (uint32_t i = 0; i < 60; i++) {
		uint64_t low = 10 + (uint64_t)rand_r(&seed) % 300;

		hl_spans_add(&spans, low, low + 1 + (uint64_t)rand_r(&seed) % 80, i,
			(uint32_t)rand_r(&seed) % 5);
	}
	ck_assert_int_eq(hl_spans_flatten(&spans, &segments, &n), 0);
	for (uint64_t address = 0; address < 420; address++)
		ck_assert_uint_eq(
			scope_at(segments, n, address), slow_scope_at(&spans, address));
	free(segments);
	hl_spans_release(&spans);
}
END_TEST

START_TEST(no_spans_give_no_segments)
{
	struct hl_spans spans = { 0 };
	struct hl_segment *segments;
	size_t n;

	ck_assert_int_eq(hl_spans_flatten(&spans, &segments, &n), 0);
	ck_assert_uint_eq(n, 0);
	free(segments);
}
END_TEST

Suite *make_suite(void)
{
	Suite *suite = suite_create("dwarf-segments");
	TCase *core = tcase_create("core"), *limits = tcase_create("limits");

	tcase_add_test(core, inner_span_interrupts_the_outer_one);
	tcase_add_loop_test(core, any_overlap_equals_the_slow_search, 0, 50);
	suite_add_tcase(suite, core);
	tcase_add_test(limits, no_spans_give_no_segments);
	suite_add_tcase(suite, limits);
	return suite;
}
