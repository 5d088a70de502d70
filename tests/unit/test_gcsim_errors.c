/* SPDX-License-Identifier: MIT */
/* Wrong use of libgcsim: each gives its error, is ignored, and leaves the heap whole. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "gcsim-node.h"

static void start(void)
{
	heap_start(NULL);
}

static void start_debug(void)
{
	heap_start(&(struct gcs_options){.debug = true});
}

static int nr_errors(void)
{
	int n = 0;

	for (int i = 0; i < 16; i++)
		n += errors[i];
	return n;
}

/* The only error so far; forgotten. */
static void expect(enum gcs_error error)
{
	uint64_t nr;

	ck_assert_msg(errors[error] == 1, "no %s", gcs_error_text(error));
	ck_assert_int_eq(nr_errors(), 1);
	ck_assert_int_eq(gcs_heap_error(heap, &nr), error);
	ck_assert_int_gt(nr, 0);
	memset(errors, 0, sizeof(errors));
}

START_TEST(every_error_has_a_text)
{
	for (int i = 0; i <= GCS_ERR_FOREIGN; i++)
		ck_assert_int_gt(strlen(gcs_error_text((enum gcs_error)i)), 5);
	ck_assert_str_eq(gcs_error_text((enum gcs_error)99), "unknown error");
}
END_TEST

START_TEST(options_are_checked)
{
	struct gcs_allocator none = {NULL, NULL, NULL};
	struct gcs_options bad[] = {{.trashcan_limit = -1}, {.profile = (enum gcs_profile)7}, {.allocator = &none}};

	for (int i = 0; i < 3; i++) {
		errno = 0;
		ck_assert_ptr_null(gcs_heap_new(&bad[i]));
		ck_assert_int_eq(errno, EINVAL);
	}
}
END_TEST

static int64_t refs_in_finalizer;

static void drop_too_much(struct node *self)
{
	refs_in_finalizer = gcs_refcount(&self->head);
}

static void own_dealloc(struct gcs_object *self)
{
	/* a reference to a dying object, and back */
	gcs_incref(self);
	gcs_decref(self);
	gcs_dealloc_default(self);
}

START_TEST(references_of_a_dying_object_are_refused)
{
	static struct gcs_type type;
	struct node *n;

	type = leaf_type;
	type.dealloc = own_dealloc;
	n = node_new(heap, &type, 1);
	n->on_finalize = drop_too_much;
	GCS_DECREF(n);
	ck_assert_int_eq(refs_in_finalizer, 1);
	ck_assert_int_eq(errors[GCS_ERR_DEAD], 1);
	ck_assert_int_eq(errors[GCS_ERR_UNDERFLOW], 1);
	ck_assert_int_eq(live(), 0);
	/* the next one is as good as new */
	GCS_DECREF(node_new(heap, &leaf_type, 2));
	ck_assert_str_eq(log_text, "del 1\ndel 2\n");
}
END_TEST

START_TEST(use_after_free_is_seen_in_the_debug_mode)
{
	struct node *n = node_new(heap, &node_type, 1);
	struct gcs_object *o = &n->head;
	struct gcs_objects list;

	GCS_DECREF(n);
	gcs_incref(o);
	expect(GCS_ERR_DEAD);
	gcs_decref(o);
	expect(GCS_ERR_DEAD);
	gcs_track(o);
	expect(GCS_ERR_DEAD);
	gcs_object_free(o);
	expect(GCS_ERR_DEAD);
	gcs_dealloc_default(o);
	expect(GCS_ERR_DEAD);
	ck_assert_int_eq(gcs_get_referrers(heap, &o, 1, &list), -1);
	expect(GCS_ERR_DEAD);
	ck_assert_int_eq(gcs_get_referents(heap, &o, 1, &list), -1);
	expect(GCS_ERR_DEAD);
	ck_assert_ptr_null(gcs_weakref_new(heap, &gcs_weakref_type, NULL, o, NULL, NULL));
	expect(GCS_ERR_DEAD);
	ck_assert_int_eq(gcs_refcount(o), 0);
	ck_assert(!gcs_is_tracked(o));
}
END_TEST

START_TEST(parts_of_a_teardown_are_not_for_living_objects)
{
	struct node *n = node_new(heap, &node_type, 1);
	struct gcs_weakref *ref = weak_new(n, 10);

	gcs_object_free(&n->head);
	expect(GCS_ERR_DEAD);
	gcs_dealloc_default(&n->head);
	expect(GCS_ERR_DEAD);
	gcs_dealloc_weakrefs(&n->head);
	expect(GCS_ERR_DEAD);
	ck_assert(!gcs_dealloc_finalize(&n->head));
	expect(GCS_ERR_DEAD);
	ck_assert_str_eq(log_text, "");
	GCS_DECREF(ref);
	GCS_DECREF(n);
}
END_TEST

START_TEST(unknown_generations_are_refused)
{
	struct gcs_objects list;

	ck_assert_int_eq(gcs_collect(heap, 3), -1);
	expect(GCS_ERR_GENERATION);
	ck_assert_int_eq(gcs_collect(heap, -1), -1);
	expect(GCS_ERR_GENERATION);
	ck_assert_int_eq(gcs_get_objects(heap, 4, &list), -1);
	expect(GCS_ERR_GENERATION);
	ck_assert_int_eq(gcs_get_objects(heap, -2, &list), -1);
	expect(GCS_ERR_GENERATION);
}
END_TEST

START_TEST(types_that_cannot_are_refused)
{
	static const struct gcs_type small = {.name = "small", .size = 8};
	struct node *leaf = node_new(heap, &leaf_type, 1);
	struct node *node = node_new(heap, &node_type, 2);

	gcs_track(&leaf->head);
	expect(GCS_ERR_TYPE);
	ck_assert_ptr_null(weak_new(leaf, -1));
	expect(GCS_ERR_TYPE);
	ck_assert_ptr_null(gcs_weakref_new(heap, &small, NULL, &node->head, NULL, NULL));
	expect(GCS_ERR_TYPE);
	ck_assert_ptr_null(GCS_NEW(heap, &small));
	expect(GCS_ERR_TYPE);
	GCS_DECREF(leaf);
	GCS_DECREF(node);
}
END_TEST

START_TEST(two_heaps_do_not_mix)
{
	struct gcs_heap *other = gcs_heap_new(NULL);
	struct node *theirs = node_new(other, &node_type, 1);
	struct node *ours = node_new(heap, &node_type, 2);
	struct gcs_object *o = &theirs->head;
	struct gcs_objects list;
	struct gcs_block block = {0};

	ck_assert_ptr_null(gcs_new(heap, &node_type, theirs->head.block.site, 0));
	expect(GCS_ERR_FOREIGN);
	ck_assert_ptr_null(gcs_weakref_new(heap, &gcs_weakref_type, NULL, o, NULL, NULL));
	expect(GCS_ERR_FOREIGN);
	ck_assert_ptr_null(gcs_weakref_new(heap, &gcs_weakref_type, NULL, &ours->head, NULL, o));
	expect(GCS_ERR_FOREIGN);
	ck_assert_int_eq(gcs_get_referrers(heap, &o, 1, &list), -1);
	expect(GCS_ERR_FOREIGN);
	gcs_block_set(heap, &block, theirs->head.block.site, 10);
	expect(GCS_ERR_FOREIGN);
	/* A reference to an object of another heap is a reference from outside to that heap. */
	node_link(ours, 0, theirs);
	GCS_DECREF(theirs);
	ck_assert_int_eq(gcs_collect(heap, 2), 0);
	ck_assert_int_eq(gcs_collect(other, 2), 0);
	GCS_DECREF(ours);
	ck_assert_int_eq(gcs_heap_destroy(other), 0);
}
END_TEST

/* --- functions of types that do what they must not ------------------------------------------------------ */

struct rude {
	struct gcs_object head;
	struct gcs_object *held;
};

static int rude_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct rude *rude = (struct rude *)self;
	struct gcs_objects list;
	struct gcs_object *o = rude->held;

	if (!o)
		return 0;
	gcs_decref(o);
	ck_assert_ptr_null(GCS_NEW(heap, &node_type));
	gcs_untrack(o);
	ck_assert_int_eq(gcs_collect(heap, 0), -1);
	gcs_freeze(heap);
	gcs_unfreeze(heap);
	ck_assert_int_eq(gcs_get_objects(heap, 0, &list), -1);
	ck_assert_int_eq(gcs_get_referents(heap, &o, 1, &list), -1);
	ck_assert_ptr_null(gcs_mem_resize(heap, NULL, 0, 10));
	return visit(o, arg);
}

START_TEST(nothing_can_be_changed_inside_a_traverse_function)
{
	static const struct gcs_type type = {
		.name = "rude", .size = sizeof(struct rude), .flags = GCS_TYPE_GC, .traverse = rude_traverse,
	};
	struct rude *rude = (struct rude *)GCS_NEW(heap, &type);
	struct node *n = node_new(heap, &node_type, 1);

	rude->held = &n->head;
	gcs_collect(heap, 2);
	ck_assert_int_eq(errors[GCS_ERR_BUSY], nr_errors());
	/* eight things, in each of the two looks at it */
	ck_assert_int_eq(errors[GCS_ERR_BUSY], 18);
	ck_assert_int_eq(gcs_refcount(&n->head), 1);
	ck_assert(gcs_is_tracked(&n->head));
	rude->held = NULL;
	GCS_DECREF(rude);
	GCS_DECREF(n);
}
END_TEST

START_TEST(references_that_nobody_counted_are_reported)
{
	struct node *a = node_new(heap, &node_type, 1);
	struct node *b = node_new(heap, &node_type, 2);

	a->edges[0] = b;
	a->edges[1] = b;
	a->edges[2] = b;
	GCS_INCREF(b);
	ck_assert_int_eq(gcs_collect(heap, 2), 0);
	expect(GCS_ERR_UNDERFLOW);
	GCS_INCREF(b);
	GCS_DECREF(a);
}
END_TEST

static int traverse_null(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	(void)self;
	return visit(NULL, arg);
}

START_TEST(traverse_may_show_nothing)
{
	static const struct gcs_type type = {
		.name = "nothing", .size = sizeof(struct gcs_object), .flags = GCS_TYPE_GC,
		.traverse = traverse_null,
	};
	struct gcs_object *o = GCS_NEW(heap, &type);
	struct gcs_objects list;

	ck_assert_int_eq(gcs_collect(heap, 2), 0);
	ck_assert_int_eq(gcs_get_referents(heap, &o, 1, &list), 0);
	ck_assert_int_eq(list.nr, 0);
	gcs_objects_release(&list);
	gcs_decref(o);
	ck_assert_int_eq(nr_errors(), 0);
}
END_TEST

START_TEST(sizes_that_no_memory_has_are_refused)
{
	ck_assert_ptr_null(gcs_new(heap, &leaf_type, NULL, SIZE_MAX - 10));
	expect(GCS_ERR_NOMEM);
	ck_assert_ptr_null(gcs_new(heap, &leaf_type, NULL, (size_t)1 << 41));
	expect(GCS_ERR_NOMEM);
	ck_assert_ptr_null(gcs_mem_resize(heap, NULL, 0, SIZE_MAX - 10));
	expect(GCS_ERR_NOMEM);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("gcsim errors");
	TCase *core = tcase_create("core");
	TCase *debug = tcase_create("debug mode");

	tcase_add_checked_fixture(core, start, heap_end);
	tcase_add_test(core, every_error_has_a_text);
	tcase_add_test(core, options_are_checked);
	tcase_add_test(core, references_of_a_dying_object_are_refused);
	tcase_add_test(core, parts_of_a_teardown_are_not_for_living_objects);
	tcase_add_test(core, unknown_generations_are_refused);
	tcase_add_test(core, types_that_cannot_are_refused);
	tcase_add_test(core, two_heaps_do_not_mix);
	tcase_add_test(core, nothing_can_be_changed_inside_a_traverse_function);
	tcase_add_test(core, references_that_nobody_counted_are_reported);
	tcase_add_test(core, traverse_may_show_nothing);
	tcase_add_test(core, sizes_that_no_memory_has_are_refused);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(debug, start_debug, heap_end);
	tcase_add_test(debug, use_after_free_is_seen_in_the_debug_mode);
	suite_add_tcase(suite, debug);
	return suite;
}
