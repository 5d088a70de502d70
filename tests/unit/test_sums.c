/* SPDX-License-Identifier: MIT */
/* Ledgers whose numbers cannot be added up. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "snapshot/heapledger-build.h"
#include "synthetic.h"

#define ENTRY(i) (HL_LEDGER_PAGE + offsetof(struct hl_directory, entries) + (i) * 32u)
#define NR_ENTRIES (HL_LEDGER_PAGE + offsetof(struct hl_directory, nr_entries))
/* The order of the sections that hl_snapshot_write() gives. */
enum { GLOBALS, STRINGS, MODULES, NODES, SITES, SHARDS, COUNTERS, GENERATIONS, FIRST_FREE };
#define HALF ((uint64_t)1 << 62)

static unsigned char *bytes;
static size_t length;

/* Two sites with one block of 10 bytes each. */
static void enter(void)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);

	fixture_enter();
	demo_line(s, DEMO_BIAS, 0x10, 1, 10);
	demo_line(s, DEMO_BIAS, 0x20, 1, 10);
	ck_assert_int_eq(hl_snapshot_write(s, "a.hl", 0, NULL), 0);
	hl_snapshot_unref(s);
	bytes = file_bytes("a.hl", &length);
}

static void leave(void)
{
	free(bytes);
	fixture_leave();
}

static struct hl_section entry(unsigned int i)
{
	struct hl_section s;

	memcpy(&s, bytes + ENTRY(i), sizeof(s));
	return s;
}

static void add_entry(unsigned int i, struct hl_section s)
{
	uint32_t nr = i + 1;

	memcpy(bytes + ENTRY(i), &s, sizeof(s));
	memcpy(bytes + NR_ENTRIES, &nr, sizeof(nr));
}

static struct hl_counters *counters(unsigned int site)
{
	return (struct hl_counters *)(void *)(bytes + entry(COUNTERS).offset) + HL_NR_RESERVED_SITES + site;
}

static struct hl_globals *globals(void)
{
	return (struct hl_globals *)(void *)(bytes + entry(GLOBALS).offset);
}

static struct hl_ledger_header *header(void)
{
	return (struct hl_ledger_header *)(void *)bytes;
}

static void must_refuse_file(const char *path, int code, const char *msg)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};

	ck_assert_int_eq(hl_snapshot_load(path, &s, &err), -code);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(err.code, code);
	ck_assert_msg(strstr(err.msg, msg) != NULL, "\"%s\" does not say \"%s\"", err.msg, msg);
	ck_assert_uint_ne(err.offset, HL_NO_OFFSET);
}

static void must_refuse(int code, const char *msg)
{
	put_bytes("b.hl", bytes, length);
	must_refuse_file("b.hl", code, msg);
}

static struct hl_totals must_load(void)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};
	struct hl_totals t;

	put_bytes("b.hl", bytes, length);
	ck_assert_msg(!hl_snapshot_load("b.hl", &s, &err), "%s", err.msg);
	hl_snapshot_totals(s, -1, &t);
	hl_snapshot_unref(s);
	return t;
}

START_TEST(sums_over_sites_beyond_63_bits_are_refused)
{
	counters(0)->alloc_bytes = counters(1)->alloc_bytes = HALF;
	must_refuse(ERANGE, "63 bits");
	counters(1)->alloc_bytes = HALF - 1;
	counters(0)->peak_bytes = counters(1)->peak_bytes = 0;
	ck_assert_int_eq(must_load().live_bytes, INT64_MAX);
	counters(0)->alloc_count = UINT64_MAX;
	must_refuse(ERANGE, "63 bits");
	counters(0)->alloc_count = 1;
	counters(0)->peak_bytes = counters(1)->peak_bytes = (int64_t)HALF;
	must_refuse(ERANGE, "63 bits");
}
END_TEST

START_TEST(two_numbers_of_2_to_63_are_not_nothing)
{
	counters(0)->alloc_bytes = counters(1)->alloc_bytes = (uint64_t)1 << 63;
	counters(0)->peak_bytes = counters(1)->peak_bytes = 0;
	must_refuse(ERANGE, "63 bits");
}
END_TEST

START_TEST(more_freed_than_allocated_is_refused)
{
	counters(0)->free_bytes = 11;
	counters(1)->alloc_bytes = 1000;
	must_refuse(ERANGE, "more was freed than allocated");
	counters(0)->free_bytes = 10;
	counters(0)->free_count = 2;
	must_refuse(ERANGE, "more was freed than allocated");
	counters(0)->free_count = 1;
	ck_assert_int_eq(must_load().live_bytes, 1000);
}
END_TEST

/* No event came in between: there is no excuse for it, as there is while a program runs. */
START_TEST(a_program_at_rest_has_not_freed_more_than_allocated)
{
	header()->kind = HL_LEDGER_LIVE;
	counters(0)->free_bytes = 11;
	must_refuse(ERANGE, "more was freed than allocated");
	header()->end_monotonic_ns = 5;
	header()->end_reason = HL_END_EXIT;
	must_refuse(ERANGE, "more was freed than allocated");
}
END_TEST

START_TEST(peaks_below_nothing_and_beyond_63_bits_are_refused)
{
	globals()->domains[2].peak_bytes = -1;
	must_refuse(ERANGE, "below nothing");
	globals()->domains[2].peak_bytes = (int64_t)HALF;
	must_load();
	globals()->domains[3].peak_bytes = (int64_t)HALF;
	must_refuse(ERANGE, "63 bits");
	globals()->domains[3].peak_bytes = 0;
	globals()->peak_bound_bytes = UINT64_MAX;
	must_refuse(ERANGE, "63 bits");
}
END_TEST

START_TEST(a_peak_of_the_sum_is_looked_at_where_there_is_one)
{
	struct hl_snapshot *s = NULL;

	ck_assert_int_eq(hl_snapshot_load("a.hl", &s, NULL), 0);
	s->globals.sum.peak_bytes = 20;
	ck_assert_int_eq(hl_snapshot_write(s, "a.hl", HL_WRITE_FORCE, NULL), 0);
	hl_snapshot_unref(s);
	free(bytes);
	bytes = file_bytes("a.hl", &length);
	must_load();
	globals()->sum.peak_bytes = INT64_MIN;
	must_refuse(ERANGE, "below nothing");
	globals()->sum.peak_bytes = INT64_MAX;
	must_load();
	globals()->domains[3].peak_bytes = 1;
	must_refuse(ERANGE, "63 bits");
}
END_TEST

/* What lives raises a peak: the sum of the domains' peaks is looked at behind that. */
START_TEST(peaks_are_looked_at_when_they_are_settled)
{
	globals()->domains[1].peak_bytes = (int64_t)HALF;
	counters(0)->alloc_bytes = HALF;
	must_refuse(ERANGE, "63 bits");
}
END_TEST

/* What nobody counts is nothing afterwards: else a copy, whose peaks were settled, could be beyond. */
START_TEST(peaks_of_what_is_no_line_do_not_stay)
{
	struct hl_snapshot *s = NULL;

	globals()->domains[0].peak_bytes = 20;
	counters(0)->alloc_bytes = HALF;
	counters(0)->peak_bytes = counters(1)->peak_bytes = 0;
	(counters(0) - HL_NR_RESERVED_SITES)->peak_bytes = -(int64_t)HALF - 1000;
	put_bytes("b.hl", bytes, length);
	ck_assert_int_eq(hl_snapshot_load("b.hl", &s, NULL), 0);
	ck_assert_int_eq(hl_snapshot_write(s, "c.hl", 0, NULL), 0);
	hl_snapshot_unref(s);
	ck_assert_int_eq(hl_snapshot_load("c.hl", &s, NULL), 0);
	hl_snapshot_unref(s);
}
END_TEST

/* Counters of a further shard, at the end of the file. */
static void add_shard(uint64_t alloc_bytes)
{
	struct hl_section s = entry(COUNTERS);
	size_t size = (size_t)s.nr_records * sizeof(struct hl_counters);

	bytes = realloc(bytes, length + size);
	ck_assert_ptr_nonnull(bytes);
	memset(bytes + length, 0, size);
	s.offset = length;
	s.instance = 1;
	add_entry(FIRST_FREE, s);
	((struct hl_counters *)(void *)(bytes + length))[HL_NR_RESERVED_SITES].alloc_bytes = alloc_bytes;
	length += size;
}

START_TEST(sums_over_shards_beyond_63_bits_are_refused)
{
	add_shard((uint64_t)0 - 10);
	must_refuse(ERANGE, "63 bits");
}
END_TEST

START_TEST(events_beyond_63_bits_are_refused)
{
	struct hl_shard *shard = (void *)(bytes + entry(SHARDS).offset);

	shard->unknown_frees = (uint64_t)1 << 63;
	must_refuse(ERANGE, "63 bits");
	shard->unknown_frees = 1;
	must_load();
}
END_TEST

START_TEST(ledgers_that_do_not_add_up_are_not_merged)
{
	struct hl_snapshot *s[2] = {NULL, NULL};
	struct hl_snapshot *sum = NULL;

	counters(0)->alloc_bytes = HALF;
	put_bytes("b.hl", bytes, length);
	ck_assert_int_eq(hl_snapshot_load("b.hl", &s[0], NULL), 0);
	ck_assert_int_eq(hl_snapshot_load("a.hl", &s[1], NULL), 0);
	ck_assert_int_eq(hl_snapshot_merge(s, 2, &sum), 0);
	hl_snapshot_unref(sum);
	sum = NULL;
	hl_snapshot_unref(s[1]);
	ck_assert_int_eq(hl_snapshot_load("b.hl", &s[1], NULL), 0);
	ck_assert_int_eq(hl_snapshot_merge(s, 2, &sum), -ERANGE);
	ck_assert_ptr_null(sum);
	hl_snapshot_unref(s[0]);
	hl_snapshot_unref(s[1]);
}
END_TEST

static int build(uint64_t alloc_bytes, uint64_t free_bytes, size_t nr_frames, struct hl_snapshot **out)
{
	struct hl_place *places = calloc(nr_frames, sizeof(*places));
	struct hl_counts counts = {.alloc_count = 2, .alloc_bytes = alloc_bytes, .free_bytes = free_bytes};
	struct hl_builder *b = hl_builder_new();
	int rc;

	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_nonnull(places);
	for (size_t i = 0; i < nr_frames; i++)
		places[i] = (struct hl_place){.file = {"a.c", 3}, .function = {"f", 1}, .lineno = 1};
	rc = hl_builder_add(b, places, nr_frames, nr_frames, 0, &counts);
	if (!rc)
		rc = hl_builder_add(b, places, nr_frames, nr_frames, 0, &counts);
	if (!rc)
		rc = hl_builder_finish(b, NULL, out);
	if (rc)
		hl_builder_free(b);
	free(places);
	return rc;
}

START_TEST(builders_make_nothing_that_is_refused_later)
{
	struct hl_snapshot *s = NULL;

	ck_assert_int_eq(build(HALF, 0, 1, &s), -ERANGE);
	ck_assert_int_eq(build(5, 6, 1, &s), -ERANGE);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(build(5, 5, HL_MAX_FRAMES + 10, &s), 0);
	ck_assert_uint_eq(s->sites[HL_NR_RESERVED_SITES].site.total_frames, HL_MAX_FRAMES + 10);
	ck_assert_int_eq(hl_snapshot_write(s, "c.hl", 0, NULL), 0);
	hl_snapshot_unref(s);
	ck_assert_int_eq(hl_snapshot_load("c.hl", &s, NULL), 0);
	hl_snapshot_unref(s);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("sums");
	TCase *limits = tcase_create("limits");

	tcase_add_checked_fixture(limits, enter, leave);
	/* for one that hangs */
	tcase_set_timeout(limits, 120);
	tcase_add_test(limits, sums_over_sites_beyond_63_bits_are_refused);
	tcase_add_test(limits, two_numbers_of_2_to_63_are_not_nothing);
	tcase_add_test(limits, more_freed_than_allocated_is_refused);
	tcase_add_test(limits, a_program_at_rest_has_not_freed_more_than_allocated);
	tcase_add_test(limits, peaks_below_nothing_and_beyond_63_bits_are_refused);
	tcase_add_test(limits, a_peak_of_the_sum_is_looked_at_where_there_is_one);
	tcase_add_test(limits, peaks_are_looked_at_when_they_are_settled);
	tcase_add_test(limits, peaks_of_what_is_no_line_do_not_stay);
	tcase_add_test(limits, sums_over_shards_beyond_63_bits_are_refused);
	tcase_add_test(limits, events_beyond_63_bits_are_refused);
	tcase_add_test(limits, ledgers_that_do_not_add_up_are_not_merged);
	tcase_add_test(limits, builders_make_nothing_that_is_refused_later);
	suite_add_tcase(suite, limits);
	return suite;
}
