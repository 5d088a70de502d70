/* SPDX-License-Identifier: MIT */
/* Weak references: sharing, order, callbacks, the end of either side. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "gcsim-node.h"

static void start(void)
{
	heap_start(NULL);
}

static bool is_dead(struct gcs_weakref *ref)
{
	struct gcs_object *o = gcs_weakref_get(ref);

	gcs_xdecref(o);
	return !o;
}

START_TEST(a_weak_reference_does_not_keep_alive)
{
	struct node *n = node_new(heap, &node_type, 1);
	struct gcs_weakref *ref = weak_new(n, -1);
	struct gcs_object *o = gcs_weakref_get(ref);

	ck_assert_ptr_eq(o, n);
	ck_assert_int_eq(gcs_refcount(o), 2);
	ck_assert(gcs_is_tracked(&ref->head));
	gcs_decref(o);
	GCS_DECREF(n);
	ck_assert(is_dead(ref));
	GCS_DECREF(ref);
}
END_TEST

START_TEST(references_without_callback_are_shared_by_type)
{
	static struct gcs_type other;
	struct node *n = node_new(heap, &node_type, 1);
	struct gcs_weakref *a = weak_new(n, -1);
	struct gcs_weakref *b = weak_new(n, -1);
	struct gcs_object *c;

	other = gcs_weakref_type;
	c = gcs_weakref_new(heap, &other, GCS_HERE(heap), &n->head, NULL, NULL);
	ck_assert_ptr_eq(a, b);
	ck_assert_int_eq(gcs_refcount(&a->head), 2);
	ck_assert_ptr_ne(c, a);
	ck_assert_int_eq(gcs_weakref_count(&n->head), 2);
	GCS_DECREF(a);
	GCS_DECREF(b);
	ck_assert_int_eq(gcs_weakref_count(&n->head), 1);
	GCS_DECREF(c);
	GCS_DECREF(n);
}
END_TEST

START_TEST(the_list_begins_with_the_shared_one_then_newest_first)
{
	struct node *n = node_new(heap, &node_type, 1);
	struct gcs_weakref *old = weak_new(n, 10);
	struct gcs_weakref *shared = weak_new(n, -1);
	struct gcs_weakref *new = weak_new(n, 11);
	struct gcs_objects list;

	ck_assert_int_eq(gcs_weakref_list(&n->head, &list), 0);
	ck_assert_int_eq(list.nr, 3);
	ck_assert_ptr_eq(list.object[0], shared);
	ck_assert_ptr_eq(list.object[1], new);
	ck_assert_ptr_eq(list.object[2], old);
	gcs_objects_release(&list);
	/* a reference that nobody wants any more is not called */
	GCS_DECREF(new);
	GCS_DECREF(n);
	ck_assert_str_eq(log_text, "del 1\ncb 10\n");
	GCS_DECREF(old);
	GCS_DECREF(shared);
}
END_TEST

static struct gcs_weakref *all[3];

static void check_all_dead(struct gcs_weakref *ref, struct gcs_object *closure)
{
	(void)closure;
	for (int i = 0; i < 3; i++)
		ck_assert(is_dead(all[i]));
	ck_assert_ptr_ne(ref, all[2]);
	log_add("%d", ref == all[0] ? 0 : 1);
}

START_TEST(all_are_dead_before_the_first_call)
{
	struct node *n = node_new(heap, &node_type, 1);

	n->has_finalizer = 0;
	all[0] = (struct gcs_weakref *)gcs_weakref_new(heap, &gcs_weakref_type, NULL, &n->head,
			check_all_dead, NULL);
	all[1] = (struct gcs_weakref *)gcs_weakref_new(heap, &gcs_weakref_type, NULL, &n->head,
			check_all_dead, NULL);
	all[2] = weak_new(n, -1);
	GCS_DECREF(n);
	ck_assert_str_eq(log_text, "10");
	for (int i = 0; i < 3; i++)
		GCS_DECREF(all[i]);
}
END_TEST

static struct node *again;

static void come_back(struct node *self)
{
	GCS_INCREF(self);
	again = self;
}

START_TEST(they_outlive_a_resurrection_by_count)
{
	struct node *n = node_new(heap, &node_type, 1);
	struct gcs_weakref *ref = weak_new(n, 10);

	n->on_finalize = come_back;
	GCS_DECREF(n);
	ck_assert_str_eq(log_text, "del 1\n");
	ck_assert(!is_dead(ref));
	GCS_DECREF(again);
	ck_assert_str_eq(log_text, "del 1\ncb 10\n");
	GCS_DECREF(ref);
}
END_TEST

static void make_weak(struct node *self)
{
	all[0] = weak_new(self, 12);
}

START_TEST(one_made_by_the_finalizer_is_called_too)
{
	struct node *n = node_new(heap, &node_type, 1);

	n->on_finalize = make_weak;
	GCS_DECREF(n);
	ck_assert_str_eq(log_text, "del 1\ncb 12\n");
	ck_assert(is_dead(all[0]));
	GCS_DECREF(all[0]);
}
END_TEST

static void die_in_callback(struct gcs_weakref *ref, struct gcs_object *closure)
{
	struct gcs_objects list;

	(void)closure;
	/* both ends and a collection, in the middle of the teardown */
	GCS_DECREF(all[0]);
	GCS_DECREF(all[1]);
	gcs_collect(heap, 2);
	if (!gcs_get_objects(heap, GCS_ALL_GENERATIONS, &list))
		gcs_objects_release(&list);
	log_add("%d", ref == all[1]);
}

START_TEST(references_may_be_dropped_by_a_callback)
{
	struct node *n = node_new(heap, &node_type, 1);

	n->has_finalizer = 0;
	all[0] = weak_new(n, 13);
	all[1] = (struct gcs_weakref *)gcs_weakref_new(heap, &gcs_weakref_type, NULL, &n->head,
			die_in_callback, NULL);
	GCS_DECREF(n);
	/* the queue keeps the other alive until it was called */
	ck_assert_str_eq(log_text, "1cb 13\n");
}
END_TEST

static void drop_self(struct gcs_weakref *ref, struct gcs_object *closure)
{
	(void)closure;
	GCS_DECREF(ref);
}

static void log_live(struct node *self)
{
	(void)self;
	log_add("%d live\n", (int)live());
}

/* A random program told: in CPython a collection in the closure's finalizer can find the reference. */
START_TEST(a_single_reference_dies_before_its_closure)
{
	struct node *n = node_new(heap, &node_type, 1);
	struct node *closure = node_new(heap, &node_type, 2);

	closure->on_finalize = log_live;
	gcs_weakref_new(heap, &gcs_weakref_type, NULL, &n->head, drop_self, &closure->head);
	GCS_DECREF(closure);
	GCS_DECREF(n);
	/* the closure, and its former referent that is being destroyed */
	ck_assert_str_eq(log_text, "del 1\ndel 2\n2 live\n");
}
END_TEST

static void do_nothing(struct gcs_weakref *ref, struct gcs_object *closure)
{
	(void)ref;
	(void)closure;
}

static struct gcs_object *weak_to(struct node *referent, struct node *closure)
{
	return gcs_weakref_new(heap, &gcs_weakref_type, NULL, &referent->head, do_nothing,
			closure ? &closure->head : NULL);
}

/*
 * A closure with a row of nodes, each of which has a second one: how deep the first branch goes before
 * the trashcan stops it tells the level at which the closure died.  CPython 3.11 says 48 and 47.
 */
START_TEST(several_closures_die_one_level_deeper)
{
	struct node *referent = node_new(heap, &node_type, 0);
	struct node *row = NULL;
	struct gcs_object *refs[2];
	char expected[60];

	for (int i = 60; i > 0; i--) {
		struct node *first = node_new(heap, &node_type, i);

		first->edges[0] = row;
		first->edges[1] = node_new(heap, &node_type, 1000 + i);
		row = first;
	}
	refs[0] = weak_to(referent, row);
	refs[1] = _i ? weak_to(referent, NULL) : NULL;
	GCS_DECREF(row);
	GCS_DECREF(referent);
	/* without an object between closure and row it is one more than in CPython's program */
	snprintf(expected, sizeof(expected), "del %d\ndel 1", 49 - _i);
	ck_assert_ptr_nonnull(strstr(log_text, expected));
	ck_assert_ptr_null(strstr(log_text, "del 50\ndel 1"));
	gcs_decref(refs[0]);
	gcs_xdecref(refs[1]);
}
END_TEST

START_TEST(a_closure_can_make_a_cycle_that_is_found)
{
	struct node *n = node_new(heap, &node_type, 1);
	struct gcs_object *ref = gcs_weakref_new(heap, &gcs_weakref_type, NULL, &n->head, NULL, &n->head);
	struct gcs_object *second = gcs_weakref_new(heap, &gcs_weakref_type, NULL, &n->head, NULL, NULL);

	ck_assert_ptr_ne(ref, second);
	n->edges[0] = (struct node *)ref;
	GCS_DECREF(n);
	ck_assert_int_eq(gcs_collect(heap, 2), 2);
	ck_assert_str_eq(log_text, "del 1\n");
	ck_assert(is_dead((struct gcs_weakref *)second));
	gcs_decref(second);
}
END_TEST

static size_t size_of_80(const struct gcs_object *self)
{
	(void)self;
	return 64;
}

START_TEST(a_type_can_say_what_its_references_count)
{
	static struct gcs_type type;
	struct node *n = node_new(heap, &node_type, 1);
	struct gcs_object *ref;

	type = gcs_weakref_type;
	type.size_of = size_of_80;
	ref = gcs_weakref_new(heap, &type, NULL, &n->head, NULL, NULL);
	ck_assert_int_eq(ref->block.bytes, 80);
	ck_assert_int_eq(gcs_sizeof(ref), 80);
	gcs_decref(ref);
	GCS_DECREF(n);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("gcsim weakref");
	TCase *core = tcase_create("core");

	tcase_add_checked_fixture(core, start, heap_end);
	tcase_add_test(core, a_weak_reference_does_not_keep_alive);
	tcase_add_test(core, references_without_callback_are_shared_by_type);
	tcase_add_test(core, the_list_begins_with_the_shared_one_then_newest_first);
	tcase_add_test(core, all_are_dead_before_the_first_call);
	tcase_add_test(core, they_outlive_a_resurrection_by_count);
	tcase_add_test(core, one_made_by_the_finalizer_is_called_too);
	tcase_add_test(core, references_may_be_dropped_by_a_callback);
	tcase_add_test(core, a_single_reference_dies_before_its_closure);
	tcase_add_loop_test(core, several_closures_die_one_level_deeper, 0, 2);
	tcase_add_test(core, a_closure_can_make_a_cycle_that_is_found);
	tcase_add_test(core, a_type_can_say_what_its_references_count);
	suite_add_tcase(suite, core);
	return suite;
}
