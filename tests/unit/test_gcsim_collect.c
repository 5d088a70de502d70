/* SPDX-License-Identifier: MIT */
/* The collector: what it finds, in which order, and what it says about it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "gcsim-node.h"

static struct gcs_heap *heap;

static void start(void)
{
	log_clear();
	heap = gcs_heap_new(NULL);
	ck_assert_ptr_nonnull(heap);
	gcs_disable(heap);
}

static void end(void)
{
	gcs_heap_destroy(heap);
}

static uint64_t live(void)
{
	struct gcs_counts counts;

	gcs_heap_counts(heap, &counts);
	return counts.live;
}

START_TEST(cycle_is_found_and_finalized_in_order)
{
	struct node *a = node_new(heap, &node_type, 1);
	struct node *b = node_new(heap, &node_type, 2);

	node_link(a, 0, b);
	node_link(b, 0, a);
	GCS_DECREF(a);
	GCS_DECREF(b);
	ck_assert_str_eq(log_text, "");
	ck_assert_int_eq(gcs_collect(heap, 2), 2);
	ck_assert_str_eq(log_text, "del 1\ndel 2\n");
	ck_assert_int_eq(live(), 0);
	ck_assert_int_eq(gcs_collect(heap, 2), 0);
}
END_TEST

START_TEST(reachable_objects_move_behind_those_that_reach_them)
{
	struct node *c = node_new(heap, &node_type, 3);
	struct node *b = node_new(heap, &node_type, 2);
	struct node *a = node_new(heap, &node_type, 1);
	struct gcs_objects found;

	node_link(a, 0, b);
	node_link(b, 0, c);
	GCS_DECREF(b);
	GCS_DECREF(c);
	ck_assert_int_eq(gcs_collect(heap, 2), 0);
	ck_assert_int_eq(gcs_get_objects(heap, 2, &found), 0);
	ck_assert_int_eq(found.nr, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(((struct node *)found.object[i])->number, i + 1);
	gcs_objects_release(&found);
	GCS_DECREF(a);
	ck_assert_int_eq(live(), 0);
}
END_TEST

START_TEST(weak_references_die_before_finalizers_in_a_collection)
{
	struct node *a = node_new(heap, &node_type, 1);
	struct gcs_weakref *plain = weak_new(a, -1);
	struct gcs_weakref *first = weak_new(a, 10);
	struct gcs_weakref *second = weak_new(a, 11);

	ck_assert_int_eq(gcs_weakref_count(&a->head), 3);
	node_link(a, 0, a);
	GCS_DECREF(a);
	ck_assert_int_eq(gcs_collect(heap, 2), 1);
	ck_assert_str_eq(log_text, "cb 11\ncb 10\ndel 1\n");
	ck_assert_ptr_null(gcs_weakref_get(plain));
	GCS_DECREF(plain);
	GCS_DECREF(first);
	GCS_DECREF(second);
	ck_assert_int_eq(live(), 0);
}
END_TEST

START_TEST(weak_references_die_after_finalizers_by_count)
{
	struct node *a = node_new(heap, &node_type, 1);
	struct gcs_weakref *first = weak_new(a, 10);
	struct gcs_weakref *second = weak_new(a, 11);

	GCS_DECREF(a);
	ck_assert_str_eq(log_text, "del 1\ncb 11\ncb 10\n");
	GCS_DECREF(first);
	GCS_DECREF(second);
	ck_assert_int_eq(live(), 0);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("gcsim collect");
	TCase *core = tcase_create("core");

	tcase_add_checked_fixture(core, start, end);
	tcase_add_test(core, cycle_is_found_and_finalized_in_order);
	tcase_add_test(core, reachable_objects_move_behind_those_that_reach_them);
	tcase_add_test(core, weak_references_die_before_finalizers_in_a_collection);
	tcase_add_test(core, weak_references_die_after_finalizers_by_count);
	suite_add_tcase(suite, core);
	return suite;
}
