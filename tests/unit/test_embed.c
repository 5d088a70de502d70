/* SPDX-License-Identifier: MIT */
/* Putting symbols into ledgers: no moment of writing spoils one, sums have those of all, what is known stays. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "embedded-demo.h"
#include "fixture.h"
#include "snapshot/embed.h"
#include "synthetic.h"

#define ENTRIES (HL_LEDGER_PAGE + offsetof(struct hl_directory, entries))
#define NR_ENTRIES (HL_LEDGER_PAGE + offsetof(struct hl_directory, nr_entries))

/* ---- Several ledgers ---- */

START_TEST(a_sum_has_the_symbols_of_all)
{
	struct hl_snapshot *s[2] = {demo_snapshot(DEMO_BIAS), demo_ledger()};
	struct hl_embedding *b = hl_embedding_new();
	struct hl_frame other = {.function = "other"};
	struct hl_frame f[4];
	struct hl_snapshot *sum;

	demo_line(s[0], DEMO_BIAS, 0x800, 1, 10);
	ck_assert_int_eq(hl_embedding_add(b, 0, HL_RANK_WHOLE, 0x800, &other, 1), 0);
	ck_assert_int_eq(hl_embedding_finish(b, 1, &s[0]->embedded), 0);
	s[1]->embedded = demo_table();
	ck_assert_int_eq(hl_snapshot_merge(s, 2, &sum), 0);
	must_write(sum, "sum.hl");
	hl_snapshot_unref(sum);
	sum = must_load("sum.hl");
	check_demo(sum->embedded);
	ck_assert_uint_eq(hl_embedded_find(sum->embedded, hl_embedded_module(sum->embedded, 0), 0x800, f, 4), 1);
	ck_assert_str_eq(f[0].function, "other");
	hl_snapshot_unref(sum);
	/* another build of the same path keeps its own */
	s[0]->modules[0].build_id[0] ^= 1;
	s[0]->modules[0].build_id_bytes = 20;
	ck_assert_int_eq(hl_snapshot_merge(s, 2, &sum), 0);
	ck_assert_uint_eq(sum->globals.nr_modules, 2);
	ck_assert_ptr_null(hl_embedded_module(sum->embedded, 2));
	ck_assert_uint_eq(hl_embedded_find(sum->embedded, hl_embedded_module(sum->embedded, 1), 0x0f, f, 4), 2);
	ck_assert_uint_eq(hl_embedded_find(sum->embedded, hl_embedded_module(sum->embedded, 0), 0x0f, f, 4), 0);
	hl_snapshot_unref(sum);
	hl_embedding_free(b);
	for (int i = 0; i < 2; i++)
		hl_snapshot_unref(s[i]);
}
END_TEST

/* ---- In place ---- */

static int append(const char *path, const struct hl_embedded *e, uint64_t max_bytes, struct hl_error *err)
{
	int fd = open(path, O_RDWR);
	int rc;

	ck_assert_int_ge(fd, 0);
	rc = hl_ledger_append_symbols(fd, e, max_bytes, err);
	close(fd);
	return rc;
}

/*
 * After each step of @e's way into the file, and after half of the long ones: it reads, with all or with nothing of @e.
 * What makes them known is one write inside a page, which nobody sees half of.
 */
static void append_in_steps(const struct hl_embedded *e, bool has_former)
{
	struct hl_append plan;
	struct hl_error err;
	int fd = open("a.hl", O_RDWR);

	ck_assert_int_eq(hl_append_plan(fd, e, UINT64_MAX, &plan, &err), 0);
	ck_assert_uint_ge(plan.nr_steps, 2);
	for (size_t i = 0; i < plan.nr_steps; i++) {
		const struct hl_append_step *step = &plan.steps[i];

		for (int half = i ? 1 : 0; half < 2; half++) {
			size_t n = half ? step->length : step->length / 2;
			struct hl_snapshot *s;

			ck_assert_int_eq(pwrite(fd, step->data, n, (off_t)step->offset), (ssize_t)n);
			s = must_load("a.hl");
			if (half && i + 1 == plan.nr_steps)
				check_demo(s->embedded);
			else
				ck_assert_int_eq(s->embedded != NULL, has_former);
			hl_snapshot_unref(s);
		}
	}
	close(fd);
}

START_TEST(each_moment_of_appending_leaves_a_ledger)
{
	struct hl_snapshot *s = demo_ledger();
	struct hl_embedded *e = demo_table();

	must_write(s, "a.hl");
	append_in_steps(e, false);
	hl_embedded_unref(e);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_full_directory_gets_another_block)
{
	struct hl_snapshot *s = demo_ledger();
	struct hl_embedded *e = demo_table();
	const struct hl_section unknown = {.type = 99, .record_bytes = 8};
	const uint32_t nr = HL_DIRECTORY_ENTRIES;
	unsigned char *bytes;
	uint32_t used;
	size_t length;

	must_write(s, "a.hl");
	bytes = file_bytes("a.hl", &length);
	memcpy(&used, bytes + NR_ENTRIES, sizeof(used));
	for (; used < nr; used++)
		memcpy(bytes + ENTRIES + used * sizeof(unknown), &unknown, sizeof(unknown));
	memcpy(bytes + NR_ENTRIES, &nr, sizeof(nr));
	put_bytes("a.hl", bytes, length);
	free(bytes);
	append_in_steps(e, false);
	ck_assert_int_eq(append("a.hl", e, UINT64_MAX, NULL), 0);
	hl_embedded_unref(e);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(later_symbols_take_the_place_of_former_ones)
{
	struct hl_snapshot *s = demo_ledger();
	struct hl_embedded *e = demo_table();
	struct hl_frame other = {.function = "other"};
	struct hl_embedding *b = hl_embedding_new();
	struct hl_embedded *former;
	struct hl_error err;

	ck_assert_int_eq(hl_embedding_add(b, 0, HL_RANK_SYMTAB, 1, &other, 1), 0);
	ck_assert_int_eq(hl_embedding_finish(b, 1, &former), 0);
	must_write(s, "a.hl");
	ck_assert_int_eq(append("a.hl", former, UINT64_MAX, &err), 1);
	ck_assert_int_eq(append("a.hl", former, UINT64_MAX, &err), 0);
	hl_snapshot_unref(s);
	s = must_load("a.hl");
	ck_assert_uint_eq(s->embedded->nr_addresses, 1);
	append_in_steps(e, true);
	ck_assert_int_eq(append("a.hl", e, UINT64_MAX, &err), 0);
	ck_assert_int_eq(append("a.hl", former, UINT64_MAX, &err), 1);
	hl_embedded_unref(former);
	hl_embedded_unref(e);
	hl_embedding_free(b);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_bound_of_the_file_is_kept)
{
	struct hl_snapshot *s = demo_ledger();
	struct hl_embedded *e = demo_table();
	unsigned char *before, *after;
	size_t length, after_length;
	struct hl_error err = {0};

	must_write(s, "a.hl");
	before = file_bytes("a.hl", &length);
	ck_assert_int_eq(append("a.hl", e, length + 10, &err), -ENOSPC);
	after = file_bytes("a.hl", &after_length);
	ck_assert_uint_eq(after_length, length);
	ck_assert_mem_eq(after, before, length);
	free(before);
	free(after);
	hl_embedded_unref(e);
	hl_snapshot_unref(s);
}
END_TEST

/* ---- From an object ---- */

START_TEST(a_snapshot_keeps_what_an_object_said_that_is_gone)
{
	struct hl_snapshot *s = demo_ledger();
	struct hl_resolver *r;
	bool is_whole = false;

	s->embedded = demo_table();
	ck_assert_int_eq(hl_resolver_new(NULL, &r), 0);
	/* /nowhere/libdemo.so is not there: what stands in the ledger stays, of the addresses that it has */
	ck_assert_int_eq(hl_snapshot_embed(s, r, HL_EMBED_FOREVER, &is_whole), 0);
	ck_assert(is_whole);
	ck_assert_uint_eq(s->embedded->nr_addresses, 2);
	/* no time at all: the same */
	ck_assert_int_eq(hl_snapshot_embed(s, r, 0, &is_whole), 0);
	ck_assert(!is_whole);
	ck_assert_uint_eq(s->embedded->nr_addresses, 2);
	hl_snapshot_forget_symbols(s);
	ck_assert_int_eq(hl_snapshot_embed(s, r, HL_EMBED_FOREVER, NULL), 0);
	ck_assert_ptr_null(hl_snapshot_symbols(s));
	hl_resolver_unref(r);
	hl_snapshot_unref(s);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *s = suite_create("embed");
	TCase *core = tcase_create("core");
	TCase *place = tcase_create("in place");

	tcase_add_checked_fixture(core, fixture_enter, fixture_leave);
	tcase_add_test(core, a_sum_has_the_symbols_of_all);
	tcase_add_test(core, a_snapshot_keeps_what_an_object_said_that_is_gone);
	suite_add_tcase(s, core);
	tcase_add_checked_fixture(place, fixture_enter, fixture_leave);
	tcase_add_test(place, each_moment_of_appending_leaves_a_ledger);
	tcase_add_test(place, a_full_directory_gets_another_block);
	tcase_add_test(place, later_symbols_take_the_place_of_former_ones);
	tcase_add_test(place, a_bound_of_the_file_is_kept);
	suite_add_tcase(s, place);
	return s;
}
