/* SPDX-License-Identifier: MIT */
/* The collector: what it finds, in which order, and what it says about it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "gcsim-node.h"

static void start(void)
{
	heap_start(NULL);
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

/* In CPython: a cycle of three with callbacks outside, one whose reference is trash too. */
START_TEST(callbacks_of_trash_references_are_not_called)
{
	struct node *a = node_new(heap, &node_type, 1);
	struct gcs_weakref *inside = weak_new(a, 10);
	struct gcs_weakref *outside = weak_new(a, 11);

	a->edges[0] = a;
	a->edges[1] = (struct node *)inside;
	ck_assert_int_eq(gcs_collect(heap, 2), 2);
	ck_assert_str_eq(log_text, "cb 11\ndel 1\n");
	GCS_DECREF(outside);
}
END_TEST

static struct gcs_weakref *dropped;

static void drop_reference(struct gcs_weakref *ref, struct gcs_object *closure)
{
	(void)closure;
	ck_assert_ptr_eq(ref, dropped);
	log_add("called\n");
	GCS_DECREF(ref);
}

START_TEST(reference_that_dies_when_it_is_called_counts_as_collected)
{
	struct node *a = node_new(heap, &node_type, 1);

	dropped = (struct gcs_weakref *)gcs_weakref_new(heap, &gcs_weakref_type, GCS_HERE(heap), &a->head,
			drop_reference, NULL);
	a->edges[0] = a;
	ck_assert_int_eq(gcs_collect(heap, 2), 2);
	ck_assert_str_eq(log_text, "called\ndel 1\n");
}
END_TEST

static struct node *saved;

static void save(struct node *self)
{
	GCS_INCREF(self);
	saved = self;
}

START_TEST(what_a_finalizer_saves_survives_with_all_that_it_reaches)
{
	struct node *a = node_new(heap, &node_type, 1);
	struct node *b = node_new(heap, &node_type, 2);
	struct node *c = node_new(heap, &node_type, 3);
	struct gcs_generation_stats stats[GCS_NR_GENERATIONS];

	a->edges[0] = b;
	b->edges[0] = a;
	node_link(c, 0, c);
	c->edges[1] = a;
	GCS_INCREF(a);
	GCS_DECREF(c);
	b->on_finalize = save;
	ck_assert_int_eq(gcs_collect(heap, 0), 1);
	ck_assert_str_eq(log_text, "del 1\ndel 2\ndel 3\n");
	ck_assert_int_eq(live(), 2);
	ck_assert(gcs_is_finalized(&a->head));
	GCS_DECREF(saved);
	log_clear();
	ck_assert_int_eq(gcs_collect(heap, 0), 0);
	ck_assert_int_eq(gcs_collect(heap, 1), 2);
	ck_assert_str_eq(log_text, "");
	gcs_get_stats(heap, stats);
	ck_assert_int_eq(stats[0].collected, 1);
	ck_assert_int_eq(stats[1].collected, 2);
	ck_assert_int_eq(stats[0].collections, 2);
	ck_assert_int_eq(stats[2].collections, 0);
}
END_TEST

/* Recorded from CPython 3.11 with _testcapi.with_tp_del. */
START_TEST(legacy_finalizers_make_garbage_of_what_they_reach)
{
	struct node *l = node_new(heap, &legacy_type, 1);
	struct node *n = node_new(heap, &node_type, 2);
	struct node *m = node_new(heap, &node_type, 3);
	struct gcs_weakref *to_n = weak_new(n, 12);
	struct gcs_weakref *to_m = weak_new(m, 13);
	struct gcs_generation_stats stats[GCS_NR_GENERATIONS];
	struct gcs_objects garbage;

	node_link(l, 0, l);
	node_link(l, 1, n);
	node_link(n, 0, n);
	node_link(m, 0, l);
	node_link(m, 1, m);
	GCS_DECREF(l);
	GCS_DECREF(n);
	GCS_DECREF(m);
	ck_assert_int_eq(gcs_collect(heap, 2), 3);
	ck_assert_str_eq(log_text, "cb 13\ndel 3\n");
	gcs_get_stats(heap, stats);
	ck_assert_int_eq(stats[2].collected, 1);
	ck_assert_int_eq(stats[2].uncollectable, 2);
	ck_assert_int_eq(gcs_get_garbage(heap, &garbage), 0);
	ck_assert_int_eq(garbage.nr, 1);
	ck_assert_ptr_eq(garbage.object[0], l);
	gcs_objects_release(&garbage);
	log_clear();
	node_link(l, 0, NULL);
	gcs_clear_garbage(heap);
	ck_assert_str_eq(log_text, "legacy 1\n");
	ck_assert_int_eq(gcs_collect(heap, 2), 1);
	ck_assert_str_eq(log_text, "legacy 1\ncb 12\ndel 2\n");
	GCS_DECREF(to_n);
	GCS_DECREF(to_m);
}
END_TEST

static void print(const char *text, void *arg)
{
	const char *pointer = strstr(text, "0x");

	(void)arg;
	if (pointer)
		log_add("%.*s0x..>\n", (int)(pointer - text), text);
	else if (strstr(text, "elapsed"))
		log_add("%.*s, ..\n", (int)(strrchr(text, ',') - text), text);
	else
		log_add("%s", text);
}

START_TEST(debug_lines_are_worded_as_by_cpython)
{
	struct node *l = node_new(heap, &legacy_type, 1);
	struct node *n = node_new(heap, &node_type, 2);

	n->has_finalizer = 0;
	node_link(l, 0, l);
	node_link(n, 0, n);
	GCS_DECREF(l);
	GCS_DECREF(n);
	gcs_set_debug(heap, GCS_DEBUG_STATS | GCS_DEBUG_COLLECTABLE | GCS_DEBUG_UNCOLLECTABLE, print, NULL);
	gcs_collect(heap, 2);
	ck_assert_str_eq(log_text, "gc: collecting generation 2...\n"
			"gc: objects in each generation: 2 0 0\n"
			"gc: objects in permanent generation: 0\n"
			"gc: collectable <node 0x..>\n"
			"gc: uncollectable <legacy 0x..>\n"
			"gc: done, 2 unreachable, 1 uncollectable, ..\n");
	gcs_set_debug(heap, 0, NULL, NULL);
	node_link(l, 0, NULL);
	gcs_clear_garbage(heap);
}
END_TEST

static int keep(struct gcs_object *object, void *arg)
{
	gcs_incref(object);
	*(struct gcs_object **)arg = object;
	return 0;
}

START_TEST(garbage_can_be_kept_by_the_embedder)
{
	struct node *n = node_new(heap, &node_type, 1);
	struct gcs_object *kept = NULL;
	struct gcs_objects list;

	n->edges[0] = n;
	gcs_set_garbage_fn(heap, keep, &kept);
	gcs_set_debug(heap, GCS_DEBUG_SAVEALL, NULL, NULL);
	ck_assert_int_eq(gcs_get_debug(heap), GCS_DEBUG_SAVEALL);
	ck_assert_int_eq(gcs_collect(heap, 2), 1);
	ck_assert_ptr_eq(kept, n);
	ck_assert_int_eq(gcs_get_garbage(heap, &list), 0);
	ck_assert_int_eq(list.nr, 0);
	gcs_objects_release(&list);
	node_link(n, 0, NULL);
	gcs_decref(kept);
}
END_TEST

/* --- when ------------------------------------------------------------------------------------------------ */

static struct node *hold[4000];

static void hold_next(int *n)
{
	hold[*n] = node_new(heap, &node_type, *n);
	++*n;
}

START_TEST(collection_comes_before_the_new_object_is_linked)
{
	static const int thresholds[GCS_NR_GENERATIONS] = {3, 10, 10};
	int counts[GCS_NR_GENERATIONS];
	struct gcs_objects list;

	gcs_set_threshold(heap, thresholds);
	gcs_enable(heap);
	ck_assert(gcs_is_enabled(heap));
	for (int i = 0; i < 4; i++)
		hold[i] = node_new(heap, &node_type, i);
	gcs_get_count(heap, counts);
	ck_assert_int_eq(counts[0], 0);
	ck_assert_int_eq(counts[1], 1);
	gcs_get_objects(heap, 0, &list);
	ck_assert_int_eq(list.nr, 1);
	ck_assert_ptr_eq(list.object[0], hold[3]);
	gcs_objects_release(&list);
	GCS_DECREF(hold[3]);
	GCS_DECREF(hold[2]);
	gcs_get_count(heap, counts);
	ck_assert_int_eq(counts[0], 0);
	GCS_DECREF(hold[1]);
	GCS_DECREF(hold[0]);
}
END_TEST

START_TEST(nothing_automatic_while_disabled_pending_or_without_threshold)
{
	static const int none[GCS_NR_GENERATIONS] = {0, 1, 1};
	static const int one[GCS_NR_GENERATIONS] = {1, 1, 1};
	struct gcs_generation_stats stats[GCS_NR_GENERATIONS];
	int read[GCS_NR_GENERATIONS];
	int n = 0;

	gcs_set_threshold(heap, one);
	while (n < 10)
		hold_next(&n);
	gcs_enable(heap);
	gcs_set_pending(heap, true);
	while (n < 20)
		hold_next(&n);
	gcs_set_pending(heap, false);
	gcs_set_threshold(heap, none);
	gcs_get_threshold(heap, read);
	ck_assert_mem_eq(read, none, sizeof(read));
	while (n < 30)
		hold_next(&n);
	gcs_get_stats(heap, stats);
	ck_assert_int_eq(stats[0].collections + stats[1].collections + stats[2].collections, 0);
	while (n--)
		GCS_DECREF(hold[n]);
}
END_TEST

/*
 * CPython tells the same to a function in gc.callbacks: 1274, 1614, 2053 and 2591, one less for each
 * dictionary that it makes for the function after a full collection.
 */
START_TEST(full_collections_wait_for_a_quarter)
{
	static const int thresholds[GCS_NR_GENERATIONS] = {10, 1, 1};
	struct gcs_generation_stats stats[GCS_NR_GENERATIONS];
	uint64_t last = 1;
	int n = 0;

	while (n < 1000)
		hold_next(&n);
	gcs_set_threshold(heap, thresholds);
	gcs_collect(heap, 2);
	gcs_enable(heap);
	for (; n < 3000; n++) {
		hold[n] = node_new(heap, &node_type, n);
		gcs_get_stats(heap, stats);
		if (stats[2].collections != last) {
			last = stats[2].collections;
			log_add("%d ", n);
		}
	}
	ck_assert_str_eq(log_text, "1274 1615 2055 2594 ");
	gcs_disable(heap);
	while (n--) {
		hold[n]->has_finalizer = 0;
		GCS_DECREF(hold[n]);
	}
}
END_TEST

/* How many of 100 objects are made before the next full collection; they are gone afterwards. */
static int made_until_full(void)
{
	struct gcs_generation_stats stats[GCS_NR_GENERATIONS];
	uint64_t before;
	int n = 0;

	gcs_collect(heap, 2);
	gcs_get_stats(heap, stats);
	before = stats[2].collections;
	gcs_enable(heap);
	while (n < 100 && stats[2].collections == before) {
		hold_next(&n);
		gcs_get_stats(heap, stats);
	}
	gcs_disable(heap);
	for (int i = 0; i < n; i++) {
		hold[i]->has_finalizer = 0;
		GCS_DECREF(hold[i]);
	}
	return n;
}

START_TEST(objects_outside_of_the_heap_delay_full_collections_until_frozen)
{
	static const int thresholds[GCS_NR_GENERATIONS] = {1, 0, 0};

	heap_end();
	heap_start(&(struct gcs_options){.nr_outside = 100});
	gcs_set_threshold(heap, thresholds);
	ck_assert_int_eq(made_until_full(), 30);
	gcs_freeze(heap);
	ck_assert_int_lt(made_until_full(), 10);
	gcs_unfreeze(heap);
	ck_assert_int_eq(made_until_full(), 30);
}
END_TEST

static void on_collection(struct gcs_heap *of, bool is_start, const struct gcs_collection *what, void *arg)
{
	ck_assert_ptr_eq(of, heap);
	ck_assert(gcs_is_collecting(heap));
	ck_assert_int_eq(gcs_collect(heap, 2), 0);
	log_add("%s %s %d %d %d\n", (const char *)arg, is_start ? "start" : "stop", what->generation,
			(int)what->collected, (int)what->uncollectable);
}

START_TEST(callbacks_are_called_at_start_and_stop)
{
	struct node *n = node_new(heap, &node_type, 1);

	n->edges[0] = n;
	n->has_finalizer = 0;
	ck_assert_int_eq(gcs_add_callback(heap, on_collection, "a"), 0);
	ck_assert_int_eq(gcs_add_callback(heap, on_collection, "b"), 0);
	gcs_collect(heap, 1);
	gcs_remove_callback(heap, on_collection, "a");
	gcs_remove_callback(heap, on_collection, "c");
	gcs_collect(heap, 0);
	ck_assert_str_eq(log_text, "a start 1 0 0\nb start 1 0 0\na stop 1 1 0\nb stop 1 1 0\n"
			"b start 0 0 0\nb stop 0 0 0\n");
	ck_assert(!gcs_is_collecting(heap));
}
END_TEST

START_TEST(frozen_objects_are_not_found_but_hold_others)
{
	struct node *trash = node_new(heap, &node_type, 1);
	struct node *held = node_new(heap, &node_type, 2);
	int counts[GCS_NR_GENERATIONS];
	struct gcs_objects list;

	node_link(trash, 0, trash);
	GCS_DECREF(trash);
	gcs_freeze(heap);
	node_link(held, 0, held);
	GCS_DECREF(held);
	gcs_get_count(heap, counts);
	ck_assert_int_eq(counts[0], 0);
	ck_assert_int_eq(gcs_get_freeze_count(heap), 2);
	ck_assert_int_eq(gcs_collect(heap, 2), 0);
	gcs_get_objects(heap, GCS_ALL_GENERATIONS, &list);
	ck_assert_int_eq(list.nr, 0);
	gcs_objects_release(&list);
	gcs_get_objects(heap, GCS_PERMANENT, &list);
	ck_assert_int_eq(list.nr, 2);
	gcs_objects_release(&list);
	gcs_unfreeze(heap);
	ck_assert_int_eq(gcs_get_freeze_count(heap), 0);
	ck_assert_int_eq(gcs_collect(heap, 1), 0);
	ck_assert_int_eq(gcs_collect(heap, 2), 2);
	ck_assert_str_eq(log_text, "del 1\ndel 2\n");
}
END_TEST

START_TEST(numbers_can_be_preset)
{
	static const struct gcs_generation_stats preset[GCS_NR_GENERATIONS] = {{90, 1, 0}, {8, 2, 0}, {2, 3, 1}};
	static const int preset_counts[GCS_NR_GENERATIONS] = {100, 5, 1};
	struct gcs_generation_stats stats[GCS_NR_GENERATIONS];
	int counts[GCS_NR_GENERATIONS];

	gcs_preset(heap, preset, preset_counts);
	gcs_collect(heap, 1);
	gcs_get_stats(heap, stats);
	gcs_get_count(heap, counts);
	ck_assert_int_eq(stats[1].collections, 9);
	ck_assert_int_eq(stats[2].uncollectable, 1);
	ck_assert_int_eq(counts[0], 0);
	ck_assert_int_eq(counts[1], 0);
	ck_assert_int_eq(counts[2], 2);
}
END_TEST

START_TEST(work_is_objects_and_references)
{
	struct node *a = node_new(heap, &node_type, 1);
	struct gcs_work work;

	node_link(a, 0, a);
	node_link(a, 1, a);
	gcs_collect(heap, 2);
	gcs_collect(heap, 2);
	gcs_get_work(heap, &work);
	ck_assert_int_eq(work.collections, 2);
	ck_assert_int_eq(work.objects, 2);
	ck_assert_int_eq(work.references, 4);
	GCS_DECREF(a);
	gcs_collect(heap, 2);
}
END_TEST

/* Two rings of a hundred thousand: no recursion in the collector, nor in what it frees. */
START_TEST(rings_of_many_are_collected)
{
	const struct gcs_type *type = _i ? &deep_type : &node_type;
	struct node *first = node_new(heap, type, 0);
	struct node *last = first;

	first->has_finalizer = 0;
	for (int i = 1; i < 100000; i++) {
		last->edges[0] = node_new(heap, type, i);
		last = last->edges[0];
		last->has_finalizer = 0;
	}
	last->edges[0] = first;
	ck_assert_int_eq(gcs_collect(heap, 2), 100000);
	ck_assert_int_eq(live(), 0);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("gcsim collect");
	TCase *core = tcase_create("core");
	TCase *when = tcase_create("when");
	TCase *limits = tcase_create("limits");

	tcase_add_checked_fixture(core, start, heap_end);
	tcase_add_test(core, cycle_is_found_and_finalized_in_order);
	tcase_add_test(core, reachable_objects_move_behind_those_that_reach_them);
	tcase_add_test(core, weak_references_die_before_finalizers_in_a_collection);
	tcase_add_test(core, weak_references_die_after_finalizers_by_count);
	tcase_add_test(core, callbacks_of_trash_references_are_not_called);
	tcase_add_test(core, reference_that_dies_when_it_is_called_counts_as_collected);
	tcase_add_test(core, what_a_finalizer_saves_survives_with_all_that_it_reaches);
	tcase_add_test(core, legacy_finalizers_make_garbage_of_what_they_reach);
	tcase_add_test(core, debug_lines_are_worded_as_by_cpython);
	tcase_add_test(core, garbage_can_be_kept_by_the_embedder);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(when, start, heap_end);
	tcase_add_test(when, collection_comes_before_the_new_object_is_linked);
	tcase_add_test(when, nothing_automatic_while_disabled_pending_or_without_threshold);
	tcase_add_test(when, full_collections_wait_for_a_quarter);
	tcase_add_test(when, objects_outside_of_the_heap_delay_full_collections_until_frozen);
	tcase_add_test(when, callbacks_are_called_at_start_and_stop);
	tcase_add_test(when, frozen_objects_are_not_found_but_hold_others);
	tcase_add_test(when, numbers_can_be_preset);
	tcase_add_test(when, work_is_objects_and_references);
	suite_add_tcase(suite, when);
	tcase_add_checked_fixture(limits, start, heap_end);
	tcase_add_loop_test(limits, rings_of_many_are_collected, 0, 2);
	suite_add_tcase(suite, limits);
	return suite;
}
