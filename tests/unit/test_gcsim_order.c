/* SPDX-License-Identifier: MIT */
/* Collections of large heaps: hints of what to prefetch change neither results nor orders nor accounts. */
#include <check.h>
#include <stdlib.h>

#include "gcsim-node.h"

#define NR 60000

#define LARGE ((size_t)64 << 10)

struct limited {
	bool refuses;		/* all that is large while a collection runs */
	long nr_refused;
	size_t bytes, bytes_most;
};

static void *limited_allocate(size_t bytes, void *arg)
{
	struct limited *limited = arg;

	if (limited->refuses && bytes > LARGE && gcs_is_collecting(heap)) {
		limited->nr_refused++;
		return NULL;
	}
	limited->bytes += bytes;
	if (limited->bytes > limited->bytes_most)
		limited->bytes_most = limited->bytes;
	return malloc(bytes);
}

static void limited_release(void *memory, size_t bytes, void *arg)
{
	((struct limited *)arg)->bytes -= bytes;
	free(memory);
}

/* What a heap shows after each of some collections. */
struct seen {
	int *numbers;
	size_t nr, room;
	struct gcs_work work;
	struct gcs_counts counts;
};

static void look(struct seen *seen)
{
	struct gcs_objects all;

	ck_assert_int_eq(gcs_get_objects(heap, 2, &all), 0);
	seen->numbers = realloc(seen->numbers, (seen->nr + all.nr + 1) * sizeof(int));
	ck_assert_ptr_nonnull(seen->numbers);
	for (size_t i = 0; i < all.nr; i++)
		seen->numbers[seen->nr++] = ((struct node *)all.object[i])->number;
	seen->numbers[seen->nr++] = -1;
	gcs_objects_release(&all);
}

static unsigned int next_random(unsigned int *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Nodes that point to any others; only the first is held. */
static struct node *graph(int first, int nr, unsigned int *state)
{
	struct node **all = calloc((size_t)nr, sizeof(*all)), *held;

	ck_assert_ptr_nonnull(all);
	for (int i = 0; i < nr; i++) {
		all[i] = node_new(heap, &node_type, first + i);
		all[i]->has_finalizer = 0;
	}
	for (int i = 0; i < nr; i++) {
		node_link(all[i], 0, all[next_random(state) % (unsigned int)nr]);
		node_link(all[i], 1, all[next_random(state) % (unsigned int)nr]);
	}
	held = all[0];
	for (int i = 1; i < nr; i++)
		GCS_DECREF(all[i]);
	free(all);
	return held;
}

/* All @nr that can be reached lose an edge now and then: some die at once, some in the next collection. */
static void prune(unsigned int *state)
{
	struct gcs_objects all;

	ck_assert_int_eq(gcs_get_objects(heap, 2, &all), 0);
	for (size_t i = 0; i < all.nr; i++) {
		if (next_random(state) % 8 == 0)
			node_link((struct node *)all.object[i], (int)(next_random(state) % 2), NULL);
	}
	gcs_objects_release(&all);
}

static void run(struct seen *seen)
{
	unsigned int state = 1;
	struct node *old = graph(0, NR, &state), *young;

	for (int i = 0; i < 3; i++) {
		gcs_collect(heap, 2);
		look(seen);
	}
	prune(&state);
	young = graph(NR, NR / 2, &state);
	for (int i = 0; i < 2; i++) {
		gcs_collect(heap, 2);
		look(seen);
	}
	GCS_DECREF(old);
	gcs_collect(heap, 2);
	look(seen);
	GCS_DECREF(young);
	gcs_collect(heap, 2);
	look(seen);
	gcs_get_work(heap, &seen->work);
	gcs_heap_counts(heap, &seen->counts);
}

static void run_with(const struct gcs_options *options, struct seen *seen)
{
	heap_start(options);
	run(seen);
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(errors[i], 0);
	heap_end();
}

static void compare(struct seen *a, struct seen *b)
{
	ck_assert_uint_gt(a->nr, 3 * NR / 2);
	ck_assert_uint_eq(a->nr, b->nr);
	ck_assert_mem_eq(a->numbers, b->numbers, a->nr * sizeof(int));
	ck_assert_mem_eq(&a->work, &b->work, sizeof(a->work));
	ck_assert_mem_eq(&a->counts, &b->counts, sizeof(a->counts));
	free(a->numbers);
	free(b->numbers);
}

START_TEST(orders_and_accounts_are_the_same_without_memory_for_hints)
{
	struct limited plenty = {0}, little = {.refuses = true};
	struct gcs_allocator with = {limited_allocate, limited_release, &plenty};
	struct gcs_allocator without = {limited_allocate, limited_release, &little};
	struct seen a = {0}, b = {0};

	run_with(&(struct gcs_options){.allocator = &with}, &a);
	run_with(&(struct gcs_options){.allocator = &without}, &b);
	ck_assert_int_gt(little.nr_refused, 0);
	ck_assert_uint_eq(plenty.bytes, 0);
	ck_assert_uint_eq(little.bytes, 0);
	compare(&a, &b);
}
END_TEST

START_TEST(the_default_allocator_gives_the_same_orders)
{
	struct limited little = {.refuses = true};
	struct gcs_allocator without = {limited_allocate, limited_release, &little};
	struct seen a = {0}, b = {0};

	run_with(NULL, &a);
	run_with(&(struct gcs_options){.allocator = &without}, &b);
	compare(&a, &b);
}
END_TEST

/* The most bytes that a graph takes, those of what others refer to in it, and what the hints take. */
static void measure(struct limited *asked, size_t *full, size_t *living, size_t *hints)
{
	struct gcs_allocator allocator = {limited_allocate, limited_release, asked};
	unsigned int state = 1;
	struct node *first;

	asked->refuses = true;
	heap_start(&(struct gcs_options){.allocator = &allocator});
	first = graph(0, NR, &state);
	*full = asked->bytes_most;
	gcs_collect(heap, 2);
	*living = asked->bytes;
	asked->refuses = false;
	gcs_collect(heap, 2);
	*hints = asked->bytes - *living;
	GCS_DECREF(first);
	gcs_collect(heap, 2);
	heap_end();
}

START_TEST(hints_give_way_to_objects)
{
	struct limited asked = {0};
	struct gcs_allocator allocator = {limited_allocate, limited_release, &asked};
	struct gcs_options options = {.allocator = &allocator};
	size_t full, living, hints;
	unsigned int state = 1;
	struct node *first, *second;

	measure(&asked, &full, &living, &hints);
	ck_assert_uint_gt(hints, NR / 2);
	options.max_bytes = full;
	heap_start(&options);
	first = graph(0, NR, &state);
	gcs_collect(heap, 2);
	ck_assert_uint_ge(asked.bytes, living + hints);
	second = graph(NR, (int)((full - living - hints / 2) / (full / NR)), &state);
	ck_assert_int_eq(errors[GCS_ERR_LIMIT], 0);
	GCS_DECREF(first);
	GCS_DECREF(second);
	gcs_collect(heap, 2);
	ck_assert_int_eq(errors[GCS_ERR_LIMIT], 0);
	heap_end();
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("gcsim order");
	TCase *core = tcase_create("core");

	tcase_set_timeout(core, 60);
	tcase_add_test(core, orders_and_accounts_are_the_same_without_memory_for_hints);
	tcase_add_test(core, the_default_allocator_gives_the_same_orders);
	tcase_add_test(core, hints_give_way_to_objects);
	suite_add_tcase(suite, core);
	return suite;
}
