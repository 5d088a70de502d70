/* SPDX-License-Identifier: MIT */
/* Objects and their counts: making, destroying, tracking, deep teardown, misuse. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "gcsim-node.h"

static void start(void)
{
	heap_start(NULL);
}

START_TEST(new_object_is_zero_tracked_and_has_one_reference)
{
	struct node *n = (struct node *)GCS_NEW(heap, &node_type);

	ck_assert_int_eq(gcs_refcount(&n->head), 1);
	ck_assert(gcs_is_tracked(&n->head));
	ck_assert(!gcs_is_finalized(&n->head));
	ck_assert_ptr_eq(gcs_object_heap(&n->head), heap);
	for (int i = 0; i < NODE_EDGES; i++)
		ck_assert_ptr_null(n->edges[i]);
	ck_assert_int_eq(gcs_sizeof(&n->head), sizeof(*n) + 16);
	GCS_DECREF(n);
	ck_assert_int_eq(live(), 0);
}
END_TEST

START_TEST(last_reference_destroys_at_once_finalizer_first)
{
	struct node *a = node_new(heap, &node_type, 1);
	struct node *b = node_new(heap, &node_type, 2);

	node_link(a, 0, b);
	GCS_DECREF(b);
	ck_assert_int_eq(gcs_refcount(&b->head), 1);
	GCS_DECREF(a);
	ck_assert_str_eq(log_text, "del 1\ndel 2\n");
	ck_assert_int_eq(live(), 0);
}
END_TEST

static struct node *saved;

static void save(struct node *self)
{
	GCS_INCREF(self);
	saved = self;
}

START_TEST(finalizer_runs_once_although_the_object_comes_back)
{
	struct node *a = node_new(heap, &node_type, 1);

	a->on_finalize = save;
	GCS_DECREF(a);
	ck_assert_ptr_eq(saved, a);
	ck_assert(gcs_is_tracked(&a->head));
	ck_assert(gcs_is_finalized(&a->head));
	ck_assert_int_eq(live(), 1);
	GCS_DECREF(saved);
	ck_assert_str_eq(log_text, "del 1\n");
	ck_assert_int_eq(live(), 0);
}
END_TEST

static void make_chain(const struct gcs_type *type, int length, bool has_finalizers)
{
	struct node *n = NULL;

	for (int i = length; i > 0; i--) {
		struct node *first = node_new(heap, type, i);

		first->has_finalizer = has_finalizers;
		first->edges[0] = n;
		n = first;
	}
	GCS_DECREF(n);
}

START_TEST(deep_chains_end_within_the_stack)
{
	gcs_disable(heap);
	make_chain(&node_type, 100000, false);
	ck_assert_int_eq(live(), 0);
	make_chain(&deep_type, 100000, false);
	ck_assert_int_eq(live(), 0);
	make_chain(&leaf_type, 100000, false);
	ck_assert_int_eq(live(), 0);
}
END_TEST

/* Far more than 50 levels: who is destroyed when, with the finalizers of CPython's oracle. */
START_TEST(deep_chain_is_finalized_in_the_order_of_the_trashcan)
{
	char expected[2048] = "";

	for (int i = 1; i <= 120; i++)
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), "del %d\n", i);
	make_chain(&node_type, 120, true);
	ck_assert_str_eq(log_text, expected);
}
END_TEST

/* A list of two at each level: the second is destroyed before the chain goes on beyond level 50. */
static void make_ladder(const struct gcs_type *type, int length)
{
	struct node *n = NULL;

	for (int i = length; i > 0; i--) {
		struct node *first = node_new(heap, type, i);

		first->edges[0] = n;
		first->edges[1] = node_new(heap, type, 1000 + i);
		n = first;
	}
	GCS_DECREF(n);
}

START_TEST(trashcan_lets_the_outer_levels_end_first)
{
	make_ladder(&node_type, 52);
	/* 1 to 50 nest; 51 waits, as do 1050 and what else comes at depth 50 */
	ck_assert_ptr_nonnull(strstr(log_text, "del 50\ndel 1049\ndel 1048\n"));
	ck_assert_ptr_nonnull(strstr(log_text, "del 1001\ndel 1050\ndel 51\ndel 52\ndel 1052\ndel 1051\n"));
}
END_TEST

START_TEST(without_trashcan_teardown_is_depth_first)
{
	make_ladder(&deep_type, 60);
	ck_assert_ptr_nonnull(strstr(log_text, "del 60\ndel 1060\ndel 1059\n"));
}
END_TEST

START_TEST(trashcan_limit_is_an_option)
{
	heap_end();
	heap_start(&(struct gcs_options){.trashcan_limit = 2});
	make_ladder(&node_type, 3);
	ck_assert_str_eq(log_text, "del 1\ndel 2\ndel 1001\ndel 1002\ndel 3\ndel 1003\n");
}
END_TEST

START_TEST(extra_bytes_are_there_and_are_counted)
{
	static const struct gcs_type type = {.name = "bytes", .size = sizeof(struct gcs_object)};
	struct gcs_object *o = gcs_new(heap, &type, GCS_HERE(heap), 100000);
	const char *bytes = (const char *)(o + 1);
	struct gcs_counts counts;

	for (int i = 0; i < 100000; i++)
		ck_assert_int_eq(bytes[i], 0);
	ck_assert_int_eq(gcs_sizeof(o), sizeof(*o) + 100000);
	gcs_heap_counts(heap, &counts);
	ck_assert_int_eq(counts.live_bytes, sizeof(*o) + 100000);
	gcs_decref(o);
	ck_assert(!gcs_is_tracked((gcs_incref(o = gcs_new(heap, &type, NULL, 0)), o)));
	gcs_decref(o);
	gcs_decref(o);
}
END_TEST

START_TEST(tracking_can_be_changed)
{
	struct node *n = (struct node *)gcs_new_untracked(heap, &node_type, GCS_HERE(heap), 0, 0);

	ck_assert(!gcs_is_tracked(&n->head));
	gcs_track(&n->head);
	gcs_track(&n->head);
	ck_assert(gcs_is_tracked(&n->head));
	gcs_untrack(&n->head);
	gcs_untrack(&n->head);
	ck_assert(!gcs_is_tracked(&n->head));
	node_link(n, 0, n);
	ck_assert_int_eq(gcs_collect(heap, 2), 0);
	node_link(n, 0, NULL);
	GCS_DECREF(n);
}
END_TEST

START_TEST(site_of_an_object_is_its_line)
{
	struct node *a = (struct node *)GCS_NEW(heap, &node_type), *b = (struct node *)GCS_NEW(heap, &node_type);
	struct node *c = node_new(heap, &node_type, 1);
	struct node *d = node_new(heap, &node_type, 2);

	ck_assert_ptr_eq(a->head.block.site, b->head.block.site);
	ck_assert_ptr_eq(c->head.block.site, d->head.block.site);
	ck_assert_ptr_ne(a->head.block.site, c->head.block.site);
	GCS_DECREF(a);
	GCS_DECREF(b);
	GCS_DECREF(c);
	GCS_DECREF(d);
}
END_TEST

START_TEST(several_heaps_live_side_by_side)
{
	struct gcs_heap *first = heap;
	struct node *mine[2];
	struct gcs_heap *heaps[2] = {first, gcs_heap_new(NULL)};

	for (int i = 0; i < 2; i++)
		mine[i] = node_new(heaps[i], &node_type, i);
	ck_assert_ptr_ne(mine[0]->head.block.site, mine[1]->head.block.site);
	for (int i = 0; i < 2; i++) {
		node_link(mine[i], 0, mine[i]);
		GCS_DECREF(mine[i]);
	}
	ck_assert_int_eq(gcs_collect(heaps[1], 2), 1);
	ck_assert_int_eq(gcs_heap_destroy(heaps[1]), 0);
	ck_assert_int_eq(live(), 1);
	ck_assert_int_eq(gcs_collect(heaps[0], 2), 1);
}
END_TEST

START_TEST(ending_a_heap_releases_living_objects)
{
	struct gcs_heap *other = gcs_heap_new(NULL);
	struct node *n = node_new(other, &node_type, 1);

	node_link(n, 0, n);
	node_new(other, &leaf_type, 2);
	gcs_mem_resize(other, NULL, 0, 100000);
	ck_assert_int_eq(gcs_heap_destroy(other), 2);
	ck_assert_int_eq(gcs_heap_destroy(NULL), 0);
	ck_assert_str_eq(log_text, "");
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("gcsim object");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");

	tcase_add_checked_fixture(core, start, heap_end);
	tcase_add_test(core, new_object_is_zero_tracked_and_has_one_reference);
	tcase_add_test(core, last_reference_destroys_at_once_finalizer_first);
	tcase_add_test(core, finalizer_runs_once_although_the_object_comes_back);
	tcase_add_test(core, deep_chain_is_finalized_in_the_order_of_the_trashcan);
	tcase_add_test(core, trashcan_lets_the_outer_levels_end_first);
	tcase_add_test(core, without_trashcan_teardown_is_depth_first);
	tcase_add_test(core, trashcan_limit_is_an_option);
	tcase_add_test(core, extra_bytes_are_there_and_are_counted);
	tcase_add_test(core, tracking_can_be_changed);
	tcase_add_test(core, site_of_an_object_is_its_line);
	tcase_add_test(core, several_heaps_live_side_by_side);
	tcase_add_test(core, ending_a_heap_releases_living_objects);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(limits, start, heap_end);
	tcase_add_test(limits, deep_chains_end_within_the_stack);
	suite_add_tcase(suite, limits);
	return suite;
}
