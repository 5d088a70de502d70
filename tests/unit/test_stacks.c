/* SPDX-License-Identifier: MIT */
/* Whole stacks: order of frames, places that are shared, stacks that are not whole, damaged trees. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/stacks.h"
#include "synthetic.h"

static struct hl_resolver *resolver;
static struct hl_snapshot *snapshot;
static struct hl_stacks *stacks;

static void enter(void)
{
	ck_assert_int_eq(hl_resolver_new(NULL, &resolver), 0);
	snapshot = demo_snapshot(DEMO_BIAS);
	stacks = NULL;
}

static void leave(void)
{
	hl_stacks_unref(stacks);
	hl_snapshot_unref(snapshot);
	hl_resolver_unref(resolver);
}

static void make(void)
{
	ck_assert_int_eq(hl_stacks_new(snapshot, resolver, &stacks), 0);
}

/* The frames of a site as "name name ..."; innermost first. */
static const char *text_of(size_t site)
{
	static char text[1000];
	struct hl_stack_cursor cursor = hl_stack_start(hl_stacks_site(stacks, site));
	const struct hl_stack_frame *frame;

	*text = '\0';
	while (!hl_stacks_next_frame(stacks, &cursor, &frame)) {
		if (strlen(text) + strlen(frame->location.filename) + 2 > sizeof(text))
			return "too long";
		strcat(text, frame->location.filename);
		strcat(text, " ");
	}
	ck_assert_int_eq(hl_stacks_next_frame(stacks, &cursor, &frame), 1);
	return text;
}

START_TEST(frames_come_innermost_first_with_address_and_module)
{
	const uint64_t offsets[] = {0x30, 0x20, 0x10};
	struct hl_stack_cursor cursor;
	const struct hl_stack_frame *frame;

	demo_site(snapshot, DEMO_BIAS, offsets, 3, 2, 64);
	make();
	ck_assert_uint_eq(hl_stacks_nr_sites(stacks), 1);
	ck_assert_str_eq(text_of(0), "libdemo.so+0x10 libdemo.so+0x20 libdemo.so+0x30 ");
	cursor = hl_stack_start(hl_stacks_site(stacks, 0));
	ck_assert_int_eq(hl_stacks_next_frame(stacks, &cursor, &frame), 0);
	ck_assert_uint_eq(frame->address, DEMO_BIAS + 0x10);
	ck_assert_int_eq(frame->module, 0);
	ck_assert(!frame->is_inlined);
	ck_assert_str_eq(frame->linkage_name, "");
	ck_assert_uint_eq(hl_stacks_site(stacks, 0)->counts.alloc_bytes, 64);
}
END_TEST

START_TEST(equal_addresses_are_one_place)
{
	const uint64_t a[] = {0x30, 0x10};
	const uint64_t b[] = {0x20, 0x10};
	size_t nr;

	demo_site(snapshot, DEMO_BIAS, a, 2, 1, 1);
	demo_site(snapshot, DEMO_BIAS, b, 2, 1, 1);
	make();
	ck_assert_uint_eq(hl_stacks_nr_places(stacks), 3);
	for (uint32_t i = 0; i < 3; i++) {
		const struct hl_stack_frame *frames = hl_stacks_place(stacks, i, &nr);

		ck_assert_uint_eq(nr, 1);
		ck_assert_uint_eq(frames->place, i);
	}
	/* each caller has a smaller number */
	for (uint32_t i = 1; i < hl_stacks_nr_calls(stacks); i++)
		ck_assert_uint_lt(hl_stacks_call(stacks, i)->caller, i);
}
END_TEST

START_TEST(one_library_at_two_addresses_has_two_places)
{
	struct hl_module_info m = {
		.path = {.data = "/nowhere/libdemo.so", .length = strlen("/nowhere/libdemo.so")},
		.bias = 0x50000,
		.start = 0x50000,
		.end = 0x60000,
	};

	ck_assert_int_eq(hl_snapshot_add_module(snapshot, &m), 0);
	demo_line(snapshot, DEMO_BIAS, 0x10, 1, 1);
	demo_line(snapshot, 0x50000, 0x10, 1, 1);
	make();
	ck_assert_uint_eq(hl_stacks_nr_places(stacks), 2);
	ck_assert_str_eq(text_of(0), text_of(1));
	ck_assert_uint_eq(hl_stacks_mapping(stacks, 1).start, 0x50000);
	ck_assert_uint_eq(hl_stacks_mapping(stacks, 1).end, 0x60000);
	ck_assert_uint_eq(hl_stacks_mapping(stacks, 1).offset, 0);
}
END_TEST

START_TEST(addresses_outside_all_modules_have_none)
{
	demo_line(snapshot, 0x900000, 0x10, 1, 1);
	make();
	ck_assert_str_eq(text_of(0), "<unknown> ");
	ck_assert_int_eq(hl_stacks_place(stacks, 0, &(size_t){0})->module, -1);
}
END_TEST

static void add_under(uint32_t parent)
{
	struct hl_counts counts = {.alloc_count = 1, .alloc_bytes = 8};
	uint32_t node = parent;

	if (parent != HL_NODE_UNATTRIBUTED && parent != HL_NODE_ROOT)
		ck_assert_int_eq(hl_snapshot_add_node(snapshot, parent, DEMO_BIAS + 0x11, &node), 0);
	ck_assert_int_eq(hl_snapshot_add_site(snapshot, node, HL_KIND_MALLOC, HL_DOMAIN_MALLOC,
			&counts), 0);
}

START_TEST(stacks_that_are_not_whole_say_so)
{
	add_under(HL_NODE_TRUNCATED);
	add_under(HL_NODE_PARTIAL);
	add_under(HL_NODE_UNATTRIBUTED);
	add_under(HL_NODE_ROOT);
	make();
	ck_assert_str_eq(text_of(0), "libdemo.so+0x10 <truncated> ");
	ck_assert_str_eq(text_of(1), "libdemo.so+0x10 <partial> ");
	ck_assert_str_eq(text_of(2), "<unattributed> ");
	ck_assert_str_eq(text_of(3), "<unknown> ");
}
END_TEST

START_TEST(sites_that_never_counted_are_left_out)
{
	demo_line(snapshot, DEMO_BIAS, 0x10, 0, 0);
	demo_line(snapshot, DEMO_BIAS, 0x20, 1, 1);
	make();
	ck_assert_uint_eq(hl_stacks_nr_sites(stacks), 1);
	ck_assert_uint_eq(hl_stacks_nr_places(stacks), 1);
	ck_assert_str_eq(text_of(0), "libdemo.so+0x20 ");
}
END_TEST

START_TEST(an_empty_snapshot_has_no_stacks)
{
	make();
	ck_assert_uint_eq(hl_stacks_nr_sites(stacks), 0);
	ck_assert_uint_eq(hl_stacks_nr_places(stacks), 0);
}
END_TEST

START_TEST(endless_chains_are_cut)
{
	struct hl_counts counts = {.alloc_count = 1};
	struct hl_stack_cursor cursor;
	const struct hl_stack_frame *frame;
	const struct hl_stack_frame *last = NULL;
	uint32_t node = HL_NODE_ROOT;
	size_t nr = 0;

	for (int i = 0; i < 100000; i++)
		ck_assert_int_eq(hl_snapshot_add_node(snapshot, node, DEMO_BIAS + 0x11, &node), 0);
	ck_assert_int_eq(hl_snapshot_add_site(snapshot, node, HL_KIND_MALLOC, HL_DOMAIN_MALLOC,
			&counts), 0);
	make();
	cursor = hl_stack_start(hl_stacks_site(stacks, 0));
	for (; !hl_stacks_next_frame(stacks, &cursor, &frame); nr++)
		last = frame;
	ck_assert_uint_gt(nr, 1);
	ck_assert_uint_le(nr, 4098);
	ck_assert_str_eq(last->location.filename, "<truncated>");
}
END_TEST

START_TEST(stacks_keep_their_snapshot_and_resolver)
{
	demo_line(snapshot, DEMO_BIAS, 0x20, 1, 1);
	make();
	hl_snapshot_unref(snapshot);
	hl_resolver_unref(resolver);
	ck_assert_str_eq(text_of(0), "libdemo.so+0x20 ");
	hl_stacks_unref(stacks);
	enter();
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("stacks");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");

	tcase_add_checked_fixture(core, enter, leave);
	tcase_add_test(core, frames_come_innermost_first_with_address_and_module);
	tcase_add_test(core, equal_addresses_are_one_place);
	tcase_add_test(core, one_library_at_two_addresses_has_two_places);
	tcase_add_test(core, addresses_outside_all_modules_have_none);
	tcase_add_test(core, stacks_that_are_not_whole_say_so);
	tcase_add_test(core, stacks_keep_their_snapshot_and_resolver);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(limits, enter, leave);
	tcase_add_test(limits, sites_that_never_counted_are_left_out);
	tcase_add_test(limits, an_empty_snapshot_has_no_stacks);
	tcase_add_test(limits, endless_chains_are_cut);
	suite_add_tcase(suite, limits);
	return suite;
}
