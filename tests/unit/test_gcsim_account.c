/* SPDX-License-Identifier: MIT */
/* Accounts by site, the trace, free lists, snapshots. */
#include <check.h>
#include <string.h>

#include "gcsim-node.h"
#include "snapshot/heapledger.h"

#define NODE_BYTES ((int)sizeof(struct node) + 16)

static void start(void)
{
	heap_start(NULL);
}

static void start_cpython(void)
{
	heap_start(&(struct gcs_options){.profile = GCS_PROFILE_CPYTHON311});
}

static struct gcs_site *site_at(const char *file, unsigned int line)
{
	struct gcs_frame frame = {file, line, "f"};

	return gcs_site(heap, &frame, 1, 1);
}

static struct node *node_at(const struct gcs_type *type, unsigned int line)
{
	struct node *n = (struct node *)gcs_new(heap, type, site_at("a.c", line), 0);

	n->number = (int)line;
	return n;
}

struct wanted {
	unsigned int line;
	struct gcs_site_info info;
};

static int find(const struct gcs_site_info *site, void *arg)
{
	struct wanted *wanted = arg;

	if (strcmp(site->frames[0].file, "a.c") || site->frames[0].line != wanted->line)
		return 0;
	wanted->info = *site;
	return 1;
}

static struct gcs_site_info info_of(unsigned int line)
{
	struct wanted wanted = {.line = line};

	ck_assert_int_eq(gcs_each_site(heap, find, &wanted), 1);
	return wanted.info;
}

START_TEST(a_site_knows_what_became_of_its_objects)
{
	struct node *a = node_at(&node_type, 1);
	struct node *b = node_at(&node_type, 1);
	struct node *c = node_at(&node_type, 1);
	struct node *d = node_at(&node_type, 2);
	struct gcs_weakref *ref = weak_new(b, -1);
	struct gcs_counts one;

	b->has_finalizer = 1;
	GCS_DECREF(a);
	node_link(b, 0, b);
	GCS_DECREF(b);
	gcs_collect(heap, 0);
	one = info_of(1).counts;
	ck_assert_int_eq(one.made, 3);
	ck_assert_int_eq(one.made_bytes, 3 * NODE_BYTES);
	ck_assert_int_eq(one.freed_by_count, 1);
	ck_assert_int_eq(one.freed_by_count_bytes, NODE_BYTES);
	ck_assert_int_eq(one.freed_by_gc[0], 1);
	ck_assert_int_eq(one.freed_by_gc[1] + one.freed_by_gc[2], 0);
	ck_assert_int_eq(one.freed_by_gc_bytes, NODE_BYTES);
	ck_assert_int_eq(one.survived, 1);
	/* two: of the type's function, which both have */
	ck_assert_int_eq(one.finalized, 2);
	ck_assert_int_eq(one.weakrefs_cleared, 1);
	ck_assert_int_eq(one.live, 1);
	ck_assert_int_eq(one.live_bytes, NODE_BYTES);
	ck_assert_int_eq(one.peak_bytes, 3 * NODE_BYTES);
	ck_assert_int_eq(info_of(2).counts.survived, 1);
	GCS_DECREF(ref);
	GCS_DECREF(c);
	GCS_DECREF(d);
}
END_TEST

START_TEST(bytes_at_the_peak_are_those_of_that_moment)
{
	struct node *a = node_at(&leaf_type, 1);
	struct node *b = node_at(&leaf_type, 2);
	struct node *c;
	int bytes = sizeof(struct node);

	GCS_DECREF(a);
	c = node_at(&leaf_type, 3);
	GCS_DECREF(b);
	GCS_DECREF(c);
	/* the peak is the first moment with two */
	ck_assert_int_eq(info_of(1).counts.bytes_at_peak, bytes);
	ck_assert_int_eq(info_of(2).counts.bytes_at_peak, bytes);
	ck_assert_int_eq(info_of(3).counts.bytes_at_peak, 0);
	a = node_at(&leaf_type, 3);
	b = node_at(&leaf_type, 3);
	c = node_at(&leaf_type, 3);
	GCS_DECREF(a);
	GCS_DECREF(b);
	GCS_DECREF(c);
	ck_assert_int_eq(info_of(1).counts.bytes_at_peak, 0);
	ck_assert_int_eq(info_of(3).counts.bytes_at_peak, 3 * bytes);
}
END_TEST

START_TEST(a_site_is_its_frames)
{
	struct gcs_frame frames[2] = {{"a.c", 1, "f"}, {"a.c", 2, NULL}};
	char name[] = "a.c";
	struct gcs_frame copy[2] = {{name, 1, "f"}, {name, 2, NULL}};
	struct gcs_site *site = gcs_site(heap, frames, 2, 2);

	ck_assert_ptr_eq(gcs_site(heap, copy, 2, 2), site);
	ck_assert_ptr_ne(gcs_site(heap, copy, 2, 9), site);
	ck_assert_ptr_ne(gcs_site(heap, copy, 1, 1), site);
	copy[1].function = "g";
	ck_assert_ptr_ne(gcs_site(heap, copy, 2, 2), site);
	for (unsigned int i = 0; i < 3000; i++)
		ck_assert_ptr_eq(site_at("b.c", i % 1000), site_at("b.c", i % 1000));
}
END_TEST

START_TEST(an_array_moves_to_the_line_that_resizes_it)
{
	struct gcs_block block = {0};

	gcs_block_set(heap, &block, site_at("a.c", 1), 100);
	ck_assert_int_eq(info_of(1).counts.live_bytes, 100);
	gcs_block_set(heap, &block, site_at("a.c", 2), 60);
	ck_assert_int_eq(info_of(1).counts.live_bytes, 0);
	ck_assert_int_eq(info_of(2).counts.live_bytes, 60);
	gcs_block_set(heap, &block, NULL, 0);
	ck_assert_int_eq(info_of(2).counts.live_bytes, 0);
	ck_assert_int_eq(info_of(1).counts.peak_bytes, 100);
	ck_assert_ptr_null(block.site);
}
END_TEST

static uint64_t traced(void)
{
	uint64_t current, peak;

	gcs_trace_memory(heap, &current, &peak);
	ck_assert_uint_le(current, peak);
	return current;
}

START_TEST(the_trace_knows_what_was_made_since_it_began)
{
	struct node *before = node_at(&leaf_type, 1);
	struct gcs_block block = {0};
	struct node *after;
	uint64_t current, peak;

	gcs_block_set(heap, &block, site_at("a.c", 1), 10);
	ck_assert(!gcs_is_tracing(heap));
	gcs_trace_start(heap);
	gcs_trace_start(heap);
	ck_assert(gcs_is_tracing(heap));
	ck_assert_int_eq(traced(), 0);
	after = node_at(&leaf_type, 2);
	ck_assert_int_eq(traced(), sizeof(struct node));
	/* a resize makes an older array a traced one */
	gcs_block_set(heap, &block, site_at("a.c", 1), 40);
	ck_assert_int_eq(traced(), sizeof(struct node) + 40);
	GCS_DECREF(before);
	GCS_DECREF(after);
	ck_assert_int_eq(traced(), 40);
	ck_assert_int_eq(info_of(1).traced_blocks, 1);
	ck_assert_int_eq(info_of(1).traced_bytes, 40);
	gcs_trace_memory(heap, &current, &peak);
	ck_assert_int_eq(peak, sizeof(struct node) + 40);
	gcs_trace_reset_peak(heap);
	gcs_trace_memory(heap, &current, &peak);
	ck_assert_int_eq(peak, 40);
	gcs_trace_clear(heap);
	ck_assert_int_eq(traced(), 0);
	gcs_block_set(heap, &block, NULL, 0);
	ck_assert_int_eq(traced(), 0);
	after = node_at(&leaf_type, 2);
	gcs_trace_stop(heap);
	ck_assert_int_eq(traced(), 0);
	gcs_trace_start(heap);
	GCS_DECREF(after);
	ck_assert_int_eq(traced(), 0);
}
END_TEST

/* --- free lists ------------------------------------------------------------------------------------------- */

static int count0(void)
{
	int counts[GCS_NR_GENERATIONS];

	gcs_get_count(heap, counts);
	return counts[0];
}

static struct node *kept_at(struct gcs_freelist *list, unsigned int line)
{
	struct gcs_object *o = gcs_freelist_new(list, heap, &deep_type, site_at("a.c", line), 0, 100);

	gcs_track(o);
	return (struct node *)o;
}

START_TEST(new_objects_go_past_a_free_list_and_return_to_it)
{
	struct gcs_freelist *list = gcs_freelist_make(heap, 20);
	struct node *kept = kept_at(list, 1), *first, *second;
	struct gcs_object *o;

	GCS_DECREF(kept);
	ck_assert_int_eq(count0(), 1);
	o = gcs_freelist_new_object(list, heap, &deep_type, site_at("a.c", 2), 0, 100);
	ck_assert_ptr_ne(o, kept);
	ck_assert_int_eq(count0(), 2);
	gcs_track(o);
	GCS_DECREF(o);
	ck_assert_int_eq(count0(), 2);
	first = kept_at(list, 3);
	second = kept_at(list, 3);
	ck_assert_ptr_eq(first, o);
	ck_assert_ptr_eq(second, kept);
	ck_assert_int_eq(count0(), 2);
	GCS_DECREF(first);
	GCS_DECREF(second);
}
END_TEST

/* The measure of oracle/gc/57, with a list of 20 and 30 objects. */
START_TEST(free_lists_hide_allocations_from_the_counts)
{
	struct gcs_freelist *list = gcs_freelist_make(heap, 20);
	static const int expected[4] = {30, 20, 30, 20};
	struct node *nodes[30];

	for (int k = 0; k < 4; k += 2) {
		for (int i = 0; i < 30; i++)
			nodes[i] = kept_at(list, 1);
		ck_assert_int_eq(count0(), expected[k]);
		for (int i = 0; i < 30; i++)
			GCS_DECREF(nodes[i]);
		ck_assert_int_eq(count0(), expected[k + 1]);
	}
	gcs_collect(heap, 1);
	for (int i = 0; i < 30; i++)
		nodes[i] = kept_at(list, 1);
	ck_assert_int_eq(count0(), 10);
	for (int i = 0; i < 30; i++)
		GCS_DECREF(nodes[i]);
	gcs_collect(heap, 2);
	nodes[0] = kept_at(list, 1);
	ck_assert_int_eq(count0(), 1);
	GCS_DECREF(nodes[0]);
}
END_TEST

START_TEST(reused_objects_are_clean_and_traced_at_their_new_line)
{
	struct gcs_freelist *list = gcs_freelist_make(heap, 20);
	struct node *first;
	struct node *n = kept_at(list, 1);

	GCS_DECREF(n);
	gcs_trace_start(heap);
	n = kept_at(list, 2);
	/* memory from before the trace stays invisible */
	ck_assert_int_eq(traced(), 0);
	first = kept_at(list, 3);
	ck_assert_int_eq(traced(), 100);
	first->number = 77;
	GCS_DECREF(first);
	ck_assert_int_eq(traced(), 100);
	ck_assert_int_eq(info_of(3).traced_bytes, 100);
	first = kept_at(list, 4);
	ck_assert_int_eq(first->number, 0);
	ck_assert_int_eq(info_of(3).traced_bytes, 0);
	ck_assert_int_eq(info_of(4).traced_bytes, 100);
	GCS_DECREF(first);
	GCS_DECREF(n);
	gcs_collect(heap, 2);
	ck_assert_int_eq(traced(), 0);
}
END_TEST

START_TEST(a_list_that_holds_gives_nothing_out)
{
	struct gcs_freelist *list = gcs_freelist_make(heap, 20);
	struct node *n;

	gcs_freelist_hold(list);
	n = kept_at(list, 1);
	ck_assert_int_eq(count0(), 1);
	GCS_DECREF(n);
	ck_assert_int_eq(count0(), 1);
	n = kept_at(list, 1);
	ck_assert_int_eq(count0(), 2);
	GCS_DECREF(n);
	gcs_collect(heap, 2);
}
END_TEST

START_TEST(kept_arrays_stay_traced_where_they_were_made)
{
	struct gcs_freelist *list = gcs_freelist_make(heap, 1);
	struct gcs_block block = {0};
	void *memory = gcs_mem_resize(heap, NULL, 0, 120);

	ck_assert_ptr_null(gcs_freelist_take_memory(list, &block, site_at("a.c", 1)));
	gcs_trace_start(heap);
	gcs_block_set(heap, &block, site_at("a.c", 1), 120);
	ck_assert(gcs_freelist_keep_memory(list, memory, 120, &block));
	ck_assert_ptr_null(block.site);
	ck_assert_int_eq(traced(), 120);
	ck_assert_int_eq(info_of(1).counts.live_bytes, 0);
	ck_assert_ptr_eq(gcs_freelist_take_memory(list, &block, site_at("a.c", 2)), memory);
	ck_assert_int_eq(block.bytes, 120);
	ck_assert_int_eq(info_of(1).counts.live_bytes, 120);
	ck_assert(gcs_freelist_keep_memory(list, memory, 120, &block));
	gcs_collect(heap, 2);
	ck_assert_int_eq(traced(), 0);
}
END_TEST

static bool is_of_two(struct gcs_object *self)
{
	return ((struct node *)self)->number == 2;
}

START_TEST(what_cannot_be_in_a_cycle_is_untracked)
{
	static struct gcs_type always, full;
	struct node *a, *b, *c;

	always = full = node_type;
	always.untrack = full.untrack = is_of_two;
	always.flags |= GCS_TYPE_UNTRACK;
	full.flags |= GCS_TYPE_UNTRACK_FULL;
	a = node_at(&always, 1);
	b = node_at(&always, 2);
	c = node_at(&full, 2);
	gcs_collect(heap, 1);
	ck_assert(gcs_is_tracked(&a->head));
	ck_assert(!gcs_is_tracked(&b->head));
	ck_assert(gcs_is_tracked(&c->head));
	gcs_collect(heap, 2);
	ck_assert(gcs_is_tracked(&a->head));
	ck_assert(!gcs_is_tracked(&c->head));
	GCS_DECREF(a);
	GCS_DECREF(b);
	GCS_DECREF(c);
}
END_TEST

/* --- snapshots ---------------------------------------------------------------------------------------------- */

static struct hl_totals totals_of(enum gcs_snapshot_what what)
{
	struct hl_snapshot *snapshot;
	struct hl_totals totals;

	ck_assert_int_eq(gcs_snapshot(heap, what, &snapshot), 0);
	hl_snapshot_totals(snapshot, 0, &totals);
	hl_snapshot_unref(snapshot);
	return totals;
}

START_TEST(a_snapshot_has_the_same_numbers)
{
	struct node *a = node_at(&leaf_type, 1);
	struct node *b = node_at(&leaf_type, 2);
	struct gcs_block block = {0};
	struct hl_totals totals;
	int bytes = sizeof(struct node);

	gcs_block_set(heap, &block, site_at("a.c", 3), 1000);
	GCS_DECREF(a);
	gcs_trace_start(heap);
	gcs_block_set(heap, &block, site_at("a.c", 4), 500);
	totals = totals_of(GCS_SNAPSHOT_ALL);
	ck_assert_int_eq(totals.live_bytes, bytes + 500);
	ck_assert_int_eq(totals.live_count, 2);
	ck_assert_int_eq(totals.peak_bytes, 2 * bytes + 1000);
	ck_assert_int_eq(totals.counts.peak_bytes, 2 * bytes + 1000);
	ck_assert_int_eq(totals.counts.peak_count, 3);
	ck_assert_int_eq(totals.counts.alloc_count, 4);
	ck_assert_int_eq(totals.counts.alloc_bytes, 2 * bytes + 1500);
	ck_assert_int_eq(totals.counts.move_count, 1);
	totals = totals_of(GCS_SNAPSHOT_TRACED);
	ck_assert_int_eq(totals.live_bytes, 500);
	ck_assert_int_eq(totals.live_count, 1);
	gcs_block_set(heap, &block, NULL, 0);
	GCS_DECREF(b);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("gcsim account");
	TCase *core = tcase_create("core");
	TCase *cpython = tcase_create("cpython311");

	tcase_add_checked_fixture(core, start, heap_end);
	tcase_add_test(core, a_site_knows_what_became_of_its_objects);
	tcase_add_test(core, bytes_at_the_peak_are_those_of_that_moment);
	tcase_add_test(core, a_site_is_its_frames);
	tcase_add_test(core, an_array_moves_to_the_line_that_resizes_it);
	tcase_add_test(core, the_trace_knows_what_was_made_since_it_began);
	tcase_add_test(core, a_snapshot_has_the_same_numbers);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(cpython, start_cpython, heap_end);
	tcase_add_test(cpython, free_lists_hide_allocations_from_the_counts);
	tcase_add_test(cpython, new_objects_go_past_a_free_list_and_return_to_it);
	tcase_add_test(cpython, reused_objects_are_clean_and_traced_at_their_new_line);
	tcase_add_test(cpython, a_list_that_holds_gives_nothing_out);
	tcase_add_test(cpython, kept_arrays_stay_traced_where_they_were_made);
	tcase_add_test(cpython, what_cannot_be_in_a_cycle_is_untracked);
	suite_add_tcase(suite, cpython);
	return suite;
}
