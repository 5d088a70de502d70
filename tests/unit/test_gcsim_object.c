/* SPDX-License-Identifier: MIT */
/* Objects and their counts: making, destroying, tracking, deep teardown, misuse. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "gcsim-node.h"

static struct gcs_heap *heap;
static int errors[16];

static void on_error(struct gcs_heap *of, enum gcs_error error, struct gcs_object *about, const char *message,
		void *arg)
{
	(void)of;
	(void)about;
	(void)arg;
	ck_assert_ptr_nonnull(message);
	errors[error]++;
}

static void start(void)
{
	struct gcs_options options = {.on_error = on_error};

	memset(errors, 0, sizeof(errors));
	log_clear();
	heap = gcs_heap_new(&options);
	ck_assert_ptr_nonnull(heap);
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

START_TEST(decref_of_nothing_is_reported)
{
	struct node *n = node_new(heap, &node_type, 1);

	gcs_untrack(&n->head);
	n->head.refs = 0;
	GCS_DECREF(n);
	ck_assert_int_eq(errors[GCS_ERR_UNDERFLOW], 1);
	GCS_INCREF(n);
	ck_assert_int_eq(errors[GCS_ERR_DEAD], 1);
	ck_assert_int_eq(gcs_refcount(&n->head), 0);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("gcsim object");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");
	TCase *misuse = tcase_create("errors");

	tcase_add_checked_fixture(core, start, end);
	tcase_add_test(core, new_object_is_zero_tracked_and_has_one_reference);
	tcase_add_test(core, last_reference_destroys_at_once_finalizer_first);
	tcase_add_test(core, finalizer_runs_once_although_the_object_comes_back);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(limits, start, end);
	tcase_add_test(limits, deep_chains_end_within_the_stack);
	suite_add_tcase(suite, limits);
	tcase_add_checked_fixture(misuse, start, end);
	tcase_add_test(misuse, decref_of_nothing_is_reported);
	suite_add_tcase(suite, misuse);
	return suite;
}
