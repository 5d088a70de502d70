/* SPDX-License-Identifier: MIT */
/* Memory of a heap: the allocator that fails at every single request, limits, arrays. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "gcsim-node.h"

static void start(void)
{
	heap_start(NULL);
}

/* --- a program that uses everything, and takes every refusal ---------------------------------------------- */

static void on_collection(struct gcs_heap *of, bool start_, const struct gcs_collection *what, void *arg)
{
	(void)of;
	(void)start_;
	(void)what;
	++*(int *)arg;
}

static struct node *cycle(const struct gcs_type *type, int number)
{
	struct node *a = node_new(heap, type, number);
	struct node *b = a ? node_new(heap, type, number + 1) : NULL;

	if (b) {
		node_link(a, 0, b);
		node_link(b, 0, a);
		GCS_DECREF(b);
	}
	return a;
}

static void drop(void *object)
{
	gcs_xdecref(object);
}

static void use_arrays(void)
{
	struct gcs_block block = {0};
	size_t bytes = 40;
	char *memory = gcs_mem_resize(heap, NULL, 0, bytes);

	if (!memory)
		return;
	memset(memory, 'x', bytes);
	gcs_block_set(heap, &block, GCS_HERE(heap), bytes);
	for (int i = 0; i < 6; i++) {
		char *bigger = gcs_mem_resize(heap, memory, bytes, 4 * bytes);

		if (!bigger)
			break;
		memory = bigger;
		bytes *= 4;
		gcs_block_set(heap, &block, GCS_HERE(heap), bytes);
	}
	ck_assert_int_eq(memory[39], 'x');
	gcs_block_set(heap, &block, NULL, 0);
	gcs_mem_free(heap, memory, bytes);
}

static void use_queries(struct node *a)
{
	struct gcs_object *o = &a->head;
	struct gcs_objects list;

	if (!gcs_get_objects(heap, GCS_ALL_GENERATIONS, &list))
		gcs_objects_release(&list);
	if (!gcs_get_referrers(heap, &o, 1, &list))
		gcs_objects_release(&list);
	if (!gcs_get_referents(heap, &o, 1, &list))
		gcs_objects_release(&list);
	if (!gcs_weakref_list(o, &list))
		gcs_objects_release(&list);
}

static void use_garbage(void)
{
	struct gcs_objects list;

	drop(cycle(&legacy_type, 20));
	drop(cycle(&node_type, 30));
	gcs_set_debug(heap, GCS_DEBUG_SAVEALL, NULL, NULL);
	gcs_collect(heap, 2);
	gcs_set_debug(heap, 0, NULL, NULL);
	if (!gcs_get_garbage(heap, &list)) {
		/* break what has a legacy finalizer */
		for (size_t i = 0; i < list.nr; i++)
			node_link((struct node *)list.object[i], 0, NULL);
		gcs_objects_release(&list);
	}
	gcs_clear_garbage(heap);
}

static void use_freelist(void)
{
	struct gcs_freelist *list = gcs_freelist_make(heap, 3);
	struct gcs_object *kept[5];

	if (!list)
		return;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5; i++)
			kept[i] = gcs_freelist_new(list, heap, &leaf_type, GCS_HERE(heap), 0, 0);
		for (int i = 0; i < 5; i++)
			drop(kept[i]);
	}
}

static void use_all(void)
{
	static const int thresholds[GCS_NR_GENERATIONS] = {2, 1, 1};
	int nr_calls = 0;
	struct node *a;

	gcs_set_threshold(heap, thresholds);
	gcs_enable(heap);
	gcs_trace_start(heap);
	if (!gcs_add_callback(heap, on_collection, &nr_calls))
		gcs_collect(heap, 1);
	a = cycle(&node_type, 1);
	if (a) {
		struct gcs_weakref *refs[3] = {weak_new(a, -1), weak_new(a, 50), weak_new(a, 51)};

		use_queries(a);
		drop(a);
		gcs_collect(heap, 2);
		for (int i = 0; i < 3; i++)
			drop(refs[i]);
	}
	for (int i = 0; i < 10; i++)
		drop(cycle(&deep_type, 60));
	use_arrays();
	use_garbage();
	use_freelist();
	gcs_remove_callback(heap, on_collection, &nr_calls);
	gcs_trace_stop(heap);
	gcs_disable(heap);
}

/* Legacy cycles that no garbage list could take are all that may be left. */
static void end_all(void)
{
	struct gcs_objects list;

	gcs_collect(heap, 2);
	gcs_clear_garbage(heap);
	if (!gcs_get_objects(heap, GCS_ALL_GENERATIONS, &list)) {
		for (size_t i = 0; i < list.nr; i++) {
			if (list.object[i]->type == &legacy_type)
				node_link((struct node *)list.object[i], 0, NULL);
		}
		gcs_objects_release(&list);
	}
	gcs_collect(heap, 2);
}

static bool run_failing_at(long n, enum gcs_profile profile)
{
	struct failing state = {.failing_at = n};
	struct gcs_allocator allocator = failing_allocator(&state);
	struct gcs_options options = {.allocator = &allocator, .profile = profile};
	uint64_t nr_errors;

	errno = 0;
	log_clear();
	heap = gcs_heap_new(&options);
	if (!heap) {
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert_int_eq(state.nr_live, 0);
		return state.has_failed;
	}
	gcs_disable(heap);
	use_all();
	ck_assert_int_eq(gcs_heap_error(heap, &nr_errors), state.has_failed ? GCS_ERR_NOMEM : 0);
	ck_assert_int_eq(nr_errors, state.has_failed);
	end_all();
	ck_assert_msg(live() == 0, "failing at %ld: %lu objects are left", n, (unsigned long)live());
	gcs_heap_destroy(heap);
	ck_assert_int_eq(state.nr_live, 0);
	ck_assert_uint_eq(state.bytes_live, 0);
	return state.has_failed;
}

START_TEST(a_refusal_of_any_request_is_an_error_and_no_more)
{
	long n = 1;

	while (run_failing_at(n, _i ? GCS_PROFILE_CPYTHON311 : GCS_PROFILE_PLAIN))
		n++;
	ck_assert_int_gt(n, 60);
}
END_TEST

static int is_unknown(const struct gcs_site_info *site, void *arg)
{
	(void)arg;
	return strcmp(site->frames[0].file, "<unknown>") || site->frames[0].line;
}

START_TEST(no_memory_at_all)
{
	struct gcs_counts counts;
	struct failing state = {.failing_at = 0};
	struct gcs_allocator allocator = failing_allocator(&state);
	struct gcs_options options = {.allocator = &allocator};

	heap = gcs_heap_new(&options);
	state.failing_at = 1;
	ck_assert_ptr_null(gcs_new(heap, &node_type, NULL, 0));
	/* no site could be made: the object is there, at the unknown one */
	state.failing_at = 1;
	ck_assert_ptr_nonnull(GCS_NEW(heap, &node_type));
	gcs_heap_counts(heap, &counts);
	ck_assert_int_eq(counts.made, 1);
	ck_assert_int_eq(gcs_each_site(heap, is_unknown, NULL), 0);
	ck_assert_int_eq(gcs_heap_destroy(heap), 1);
	ck_assert_int_eq(state.nr_live, 0);
}
END_TEST

START_TEST(the_byte_limit_holds)
{
	struct node *first = NULL;
	long n = 0;

	heap_end();
	heap_start(&(struct gcs_options){.max_bytes = 1 << 20});
	for (;;) {
		struct node *node = node_new(heap, &node_type, 1);

		if (!node)
			break;
		node->edges[0] = first;
		node->has_finalizer = 0;
		first = node;
		n++;
	}
	ck_assert_int_eq(errors[GCS_ERR_LIMIT], 1);
	/* as much as the limit holds, but for some chunk's rest */
	ck_assert_int_gt(n * (long)(sizeof(*first) + 32), 800000);
	ck_assert_int_lt(n * (long)(sizeof(*first) + 32), 1 << 20);
	ck_assert_ptr_null(gcs_mem_resize(heap, NULL, 0, 1 << 20));
	ck_assert_int_eq(errors[GCS_ERR_LIMIT], 2);
	/* what was freed can be used again */
	GCS_DECREF(first);
	first = node_new(heap, &node_type, 1);
	ck_assert_ptr_nonnull(first);
	first->has_finalizer = 0;
	GCS_DECREF(first);
}
END_TEST

START_TEST(memory_is_reused)
{
	struct gcs_counts counts;

	for (int i = 0; i < 1000000; i++)
		GCS_DECREF(GCS_NEW(heap, &deep_type));
	gcs_heap_counts(heap, &counts);
	ck_assert_int_eq(counts.made, 1000000);
	ck_assert_int_eq(counts.freed_by_count, 1000000);
	ck_assert_int_eq(counts.peak_bytes, sizeof(struct node) + 16);
}
END_TEST

START_TEST(arrays_move_between_sizes)
{
	static const size_t sizes[] = {1, 16, 17, 500, 512, 513, 100000, 3000000, 600, 400, 2};
	unsigned char *memory = NULL;
	size_t old = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t common = old < sizes[i] ? old : sizes[i];

		memory = gcs_mem_resize(heap, memory, old, sizes[i]);
		ck_assert_ptr_nonnull(memory);
		for (size_t k = 0; k < common; k++)
			ck_assert_int_eq(memory[k], (unsigned char)(k * 7));
		for (size_t k = 0; k < sizes[i]; k++)
			memory[k] = (unsigned char)(k * 7);
		old = sizes[i];
	}
	gcs_mem_free(heap, memory, old);
	gcs_mem_free(heap, NULL, 0);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("gcsim memory");
	TCase *core = tcase_create("core");
	TCase *errors_case = tcase_create("errors");

	tcase_add_checked_fixture(core, start, heap_end);
	tcase_add_test(core, the_byte_limit_holds);
	tcase_add_test(core, memory_is_reused);
	tcase_add_test(core, arrays_move_between_sizes);
	suite_add_tcase(suite, core);
	tcase_add_loop_test(errors_case, a_refusal_of_any_request_is_an_error_and_no_more, 0, 2);
	tcase_add_test(errors_case, no_memory_at_all);
	suite_add_tcase(suite, errors_case);
	return suite;
}
