/* SPDX-License-Identifier: MIT */
/* Every writer on hostile names, on values that no program has, and on nothing at all. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "reports/export.h"
#include "synthetic.h"

static struct hl_export_notes notes;
static char *output;
static size_t output_length;

static void enter(void)
{
	notes = (struct hl_export_notes){.spaced_module = -1};
	output = NULL;
}

static void leave(void)
{
	free(output);
}

static void export(struct hl_snapshot *s, const struct hl_export_writer *writer,
		enum hl_metric metric)
{
	struct hl_resolver *resolver;
	struct hl_export e = {.snapshot = s, .metric = metric, .creator = "test", .notes = &notes};
	struct hl_stacks *stacks;
	FILE *file;

	free(output);
	file = open_memstream(&output, &output_length);
	ck_assert_int_eq(hl_resolver_new(NULL, &resolver), 0);
	ck_assert_int_eq(hl_stacks_new(s, resolver, &stacks), 0);
	e.resolver = resolver;
	e.stacks = stacks;
	ck_assert_int_eq(writer->write(file, &e), 0);
	ck_assert_int_eq(fclose(file), 0);
	hl_stacks_unref(stacks);
	hl_resolver_unref(resolver);
}

/* A binary export as the bytes inside its gzip. */
static void unpack(void)
{
	size_t room = 1 << 20;
	char *plain = calloc(1, room);
	z_stream stream = {.next_in = (unsigned char *)output, .avail_in = (unsigned int)output_length};

	ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_out = (unsigned char *)plain;
	stream.avail_out = (unsigned int)room;
	ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
	inflateEnd(&stream);
	free(output);
	output = plain;
	output_length = stream.total_out;
}

#define LONG_NAME 10000
#define HOSTILE "/x</script>operator<<\033[2J\n<b>;#\xff\xc2\x9b\xe2\x80\xa8"

/* One module with a name that is hostile and long, and a command that is hostile too. */
static struct hl_snapshot *hostile_snapshot(void)
{
	struct hl_snapshot *s = hl_snapshot_new();
	char *name = malloc(LONG_NAME + 1);
	struct hl_module_info m = {.bias = DEMO_BIAS, .start = DEMO_BIAS, .end = DEMO_BIAS + 0x1000};
	uint32_t node;
	struct hl_counts counts = {.alloc_count = 2, .alloc_bytes = 64};

	memset(name, 'x', LONG_NAME);
	memcpy(name, HOSTILE, strlen(HOSTILE));
	m.path = (struct hl_text){.data = name, .length = LONG_NAME};
	ck_assert_int_eq(hl_snapshot_add_module(s, &m), 0);
	ck_assert_int_eq(hl_snapshot_add_string(s, name, 100, &s->header.command), 0);
	ck_assert_int_eq(hl_snapshot_add_node(s, HL_NODE_ROOT, DEMO_BIAS + 0x11, &node), 0);
	ck_assert_int_eq(hl_snapshot_add_site(s, node, HL_KIND_MALLOC, HL_DOMAIN_MALLOC, &counts), 0);
	free(name);
	return s;
}

/*
 * @is_text: lines of text, otherwise bytes that may hold strings of other bytes; the fields of a
 * traces text are parted by tabs.
 */
static void must_be_harmless(const char *name, bool is_text)
{
	bool has_tabs = strcmp(name, "traces") == 0;

	for (size_t i = 0; is_text && i < output_length; i++) {
		unsigned char c = (unsigned char)output[i];

		ck_assert_msg(c < 0x7f && (c >= 0x20 || c == '\n' || (has_tabs && c == '\t')),
				"%s: byte %02x at %zu", name, c, i);
	}
	ck_assert_msg(!memmem(output, output_length, "\033[2J", 4), "%s: escape sequence", name);
	ck_assert_msg(!memmem(output, output_length, "J\n<", 3), "%s: newline", name);
	ck_assert_msg(!memmem(output, output_length, "\xff\xc2", 2), "%s: not UTF-8", name);
	ck_assert_msg(memmem(output, output_length, "operator", 8) != NULL, "%s: no name", name);
}

START_TEST(hostile_names_are_harmless)
{
	struct hl_snapshot *s = hostile_snapshot();

	for (int i = 0; hl_export_writers[i]; i++) {
		const struct hl_export_writer *w = hl_export_writers[i];

		export(s, w, HL_METRIC_LIVE);
		if (w->is_binary)
			unpack();
		/* DHAT's unit of time is the one character that is not ASCII */
		must_be_harmless(w->name, !w->is_binary && w != &hl_export_dhat);
	}
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(html_in_json_is_escaped)
{
	static const struct hl_export_writer *const writers[] = {&hl_export_json,
		&hl_export_speedscope, &hl_export_dhat};
	struct hl_snapshot *s = hostile_snapshot();

	for (int i = 0; i < 3; i++) {
		export(s, writers[i], HL_METRIC_LIVE);
		ck_assert_ptr_null(strpbrk(output, "<>"));
	}
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(marks_of_a_format_do_not_appear_in_names)
{
	struct hl_snapshot *s = hostile_snapshot();

	export(s, &hl_export_folded, HL_METRIC_LIVE);
	ck_assert_ptr_null(strchr(output, ';'));
	ck_assert_ptr_nonnull(strstr(output, "<b>:#"));
	export(s, &hl_export_massif, HL_METRIC_LIVE);
	ck_assert_ptr_nonnull(strstr(output, "<b>;$"));
	for (char *mark = strchr(output, '#'); mark; mark = strchr(mark + 1, '#'))
		ck_assert_int_eq(strncmp(mark, "#-----------\n", 13), 0);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(values_below_zero_are_told_and_not_written)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_counts counts = {.alloc_count = 1, .alloc_bytes = 5, .free_count = 4,
		.free_bytes = 77, .peak_bytes = -9, .peak_count = -1};
	uint32_t node;

	ck_assert_int_eq(hl_snapshot_add_node(s, HL_NODE_ROOT, DEMO_BIAS + 0x11, &node), 0);
	ck_assert_int_eq(hl_snapshot_add_site(s, node, HL_KIND_MALLOC, HL_DOMAIN_MALLOC, &counts), 0);
	demo_line(s, DEMO_BIAS, 0x20, 1, 40);
	for (int i = 0; hl_export_writers[i]; i++) {
		const struct hl_export_writer *w = hl_export_writers[i];

		notes.nr_negative = 0;
		export(s, w, HL_METRIC_LIVE);
		if (w == &hl_export_pprof || w == &hl_export_json) {
			ck_assert_uint_eq(notes.nr_negative, 0);
			continue;
		}
		ck_assert_msg(notes.nr_negative == 1, "%s: %d", w->name, (int)notes.nr_negative);
		for (char *c = strpbrk(output, "0123456789"); c; c = strpbrk(c + 1, "0123456789"))
			ck_assert_msg(c == output || c[-1] != '-' || strchr("0123456789", c[-2]) ||
					strchr("abcdef", c[-2]), "%s: %.20s", w->name, c - 1);
	}
	export(s, &hl_export_json, HL_METRIC_LIVE);
	ck_assert_ptr_nonnull(strstr(output, "\"live_bytes\": -72, \"peak_count\": -1, "
			"\"peak_bytes\": -9"));
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(an_empty_ledger_gives_a_whole_file)
{
	struct hl_snapshot *s = hl_snapshot_new();

	for (int i = 0; hl_export_writers[i]; i++) {
		export(s, hl_export_writers[i], HL_METRIC_LIVE);
		ck_assert(output_length > 20 || hl_export_writers[i] == &hl_export_folded);
	}
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(heap_has_the_leaf_inside_its_call_and_callers_behind)
{
	const uint64_t offsets[] = {0x300, 0x200, 0x100};
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);

	demo_site(s, DEMO_BIAS, offsets, 3, 2, 64);
	export(s, &hl_export_heap, HL_METRIC_LIVE);
	ck_assert_str_eq(output, "heap profile:      2:       64 [     2:       64] @ heapprofile\n"
			"     2:       64 [     2:       64] @ 0x0000000000010100 0x0000000000010201"
			" 0x0000000000010301\n\nMAPPED_LIBRARIES:\n"
			"00010000-00020000 r-xp 00000000 00:00 0          /nowhere/libdemo.so\n");
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(massif_sums_up_what_is_below_its_threshold)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);

	demo_line(s, DEMO_BIAS, 0x10, 1, 9900);
	demo_line(s, DEMO_BIAS, 0x20, 1, 60);
	demo_line(s, DEMO_BIAS, 0x30, 1, 40);
	export(s, &hl_export_massif, HL_METRIC_LIVE);
	ck_assert_ptr_nonnull(strstr(output, "heap_tree=peak\nn2: 10000 (heap allocation functions)"
			" malloc/new/new[], --alloc-fns, etc.\n n0: 9900 0x10010: libdemo.so+0x10"
			" (in /nowhere/libdemo.so)\n n0: 100 in 2 places, all below massif's threshold"
			" (1.00%)\n"));
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(dhat_has_no_location_twice)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	const char *first;

	/* two sites with equal stacks, as of malloc and calloc on one line */
	demo_line(s, DEMO_BIAS, 0x10, 1, 30);
	demo_line(s, DEMO_BIAS, 0x10, 2, 40);
	export(s, &hl_export_dhat, HL_METRIC_LIVE);
	first = strstr(output, "\"fs\": ");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "\"fs\": "));
	ck_assert_ptr_nonnull(strstr(output, "\"tb\": 70, \"tbk\": 3"));
	/* no lifetimes are claimed */
	ck_assert_ptr_null(strstr(output, "\"tl\""));
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(callgrind_counts_a_recursive_stack_once)
{
	const uint64_t offsets[] = {0x300, 0x200, 0x200, 0x200, 0x100};
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);

	demo_site(s, DEMO_BIAS, offsets, 5, 2, 64);
	export(s, &hl_export_callgrind, HL_METRIC_ALLOC);
	ck_assert_ptr_nonnull(strstr(output, "\ntotals: 64 2 64 2 64 2 0\n"));
	ck_assert_ptr_null(strstr(output, " 128 "));
	ck_assert_ptr_null(strstr(output, "\n0 192 "));
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(folded_shows_the_chosen_metric)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);

	demo_line(s, DEMO_BIAS, 0x10, 3, 30);
	demo_line(s, DEMO_BIAS, 0x20, 0, 0);
	export(s, &hl_export_folded, HL_METRIC_COUNT);
	ck_assert_str_eq(output, "libdemo.so+0x10 3\n");
	export(s, &hl_export_folded, HL_METRIC_PEAK);
	ck_assert_str_eq(output, "libdemo.so+0x10 30\n");
	export(s, &hl_export_folded, HL_METRIC_TEMP);
	ck_assert_str_eq(output, "");
	hl_snapshot_unref(s);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("export writers");
	TCase *core = tcase_create("core");
	TCase *errors = tcase_create("errors");

	tcase_add_checked_fixture(core, enter, leave);
	tcase_add_test(core, heap_has_the_leaf_inside_its_call_and_callers_behind);
	tcase_add_test(core, massif_sums_up_what_is_below_its_threshold);
	tcase_add_test(core, dhat_has_no_location_twice);
	tcase_add_test(core, callgrind_counts_a_recursive_stack_once);
	tcase_add_test(core, folded_shows_the_chosen_metric);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(errors, enter, leave);
	tcase_add_test(errors, hostile_names_are_harmless);
	tcase_add_test(errors, html_in_json_is_escaped);
	tcase_add_test(errors, marks_of_a_format_do_not_appear_in_names);
	tcase_add_test(errors, values_below_zero_are_told_and_not_written);
	tcase_add_test(errors, an_empty_ledger_gives_a_whole_file);
	suite_add_tcase(suite, errors);
	return suite;
}
