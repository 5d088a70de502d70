/* SPDX-License-Identifier: MIT */
/* Records that are shorter in the file than in memory, in two places at once, or in holes. */
#include <check.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "synthetic.h"

/* The globals come first in what hl_snapshot_write() gives. */
#define GLOBALS (HL_LEDGER_PAGE + offsetof(struct hl_directory, entries))
#define OLD_BYTES offsetof(struct hl_globals, sum)
/* In each byte: a number that can be added up, in every field. */
#define FILLED 0x11

/* A ledger whose globals have @record_bytes; what lies behind them in the file is not theirs. */
static int load(uint32_t record_bytes, struct hl_snapshot **s, struct hl_error *err)
{
	struct hl_snapshot *demo = demo_snapshot(DEMO_BIAS);
	struct hl_section globals;
	unsigned char *bytes;
	size_t length;

	demo_line(demo, DEMO_BIAS, 0x40, 1, 350);
	ck_assert_int_eq(hl_snapshot_write(demo, "a.hl", HL_WRITE_FORCE, err), 0);
	hl_snapshot_unref(demo);
	bytes = file_bytes("a.hl", &length);
	memcpy(&globals, bytes + GLOBALS, sizeof(globals));
	ck_assert_uint_eq(globals.type, HL_SECTION_GLOBALS);
	memset(bytes + globals.offset + OLD_BYTES, FILLED, sizeof(struct hl_globals) - OLD_BYTES);
	globals.record_bytes = record_bytes;
	memcpy(bytes + GLOBALS, &globals, sizeof(globals));
	put_bytes("b.hl", bytes, length);
	free(bytes);
	return hl_snapshot_load("b.hl", s, err);
}

START_TEST(globals_of_older_ledgers_have_zero_for_what_came_later)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};
	struct hl_totals t;

	ck_assert_int_eq(load(OLD_BYTES, &s, &err), 0);
	ck_assert_int_eq(s->globals.sum.peak_bytes, 0);
	ck_assert_uint_eq(s->globals.peak_bound_bytes, 0);
	ck_assert_uint_eq(s->globals.lost_children, 0);
	ck_assert_uint_eq(s->globals.sum_epochs[HL_NR_DOMAINS - 1], 0);
	hl_snapshot_totals(s, 0, &t);
	ck_assert_int_eq(t.live_bytes, 350);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(globals_of_todays_length_are_read_to_their_end)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};

	ck_assert_int_eq(load(sizeof(struct hl_globals), &s, &err), 0);
	ck_assert_uint_eq(s->globals.sum_epochs[HL_NR_DOMAINS - 1], FILLED * 0x01010101u);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(globals_shorter_than_those_of_the_first_version_are_refused)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};

	ck_assert_int_eq(load(OLD_BYTES - 8, &s, &err), -EBADMSG);
	ck_assert_ptr_null(s);
	ck_assert_str_eq(err.msg, "section with too short records");
}
END_TEST

/* ---- What is there twice, or not at all ----------------------------------------------------------------------- */

#define ENTRY(i) (GLOBALS + (i) * 32u)
#define NR_ENTRIES (HL_LEDGER_PAGE + offsetof(struct hl_directory, nr_entries))
enum { STRINGS = 1, MODULES, NODES, SITES, SHARDS, COUNTERS, GENERATIONS, FIRST_FREE };

static unsigned char *bytes;
static size_t length;

/* Two sites with one block of 10 bytes each. */
static void enter(void)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);

	fixture_enter();
	demo_line(s, DEMO_BIAS, 0x10, 1, 10);
	demo_line(s, DEMO_BIAS, 0x20, 1, 10);
	ck_assert_int_eq(hl_snapshot_write(s, "a.hl", 0, NULL), 0);
	hl_snapshot_unref(s);
	bytes = file_bytes("a.hl", &length);
}

static void leave(void)
{
	free(bytes);
	fixture_leave();
}

static struct hl_section entry(unsigned int i)
{
	struct hl_section s;

	memcpy(&s, bytes + ENTRY(i), sizeof(s));
	return s;
}

static void add_entry(unsigned int i, struct hl_section s)
{
	uint32_t nr = i + 1;

	memcpy(bytes + ENTRY(i), &s, sizeof(s));
	memcpy(bytes + NR_ENTRIES, &nr, sizeof(nr));
}

static struct hl_globals *globals(void)
{
	return (struct hl_globals *)(void *)(bytes + entry(0).offset);
}

static void must_refuse_file(const char *path, int code, const char *msg)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};

	ck_assert_int_eq(hl_snapshot_load(path, &s, &err), -code);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(err.code, code);
	ck_assert_msg(strstr(err.msg, msg) != NULL, "\"%s\" does not say \"%s\"", err.msg, msg);
	ck_assert_uint_ne(err.offset, HL_NO_OFFSET);
}

static void must_refuse(int code, const char *msg)
{
	put_bytes("b.hl", bytes, length);
	must_refuse_file("b.hl", code, msg);
}

START_TEST(bytes_that_are_two_records_at_once_are_refused)
{
	struct hl_section s = entry(COUNTERS);

	s.instance = 1;
	add_entry(FIRST_FREE, s);
	must_refuse(EBADMSG, "overlap");
	s.offset += 8;
	s.nr_records = 1;
	add_entry(FIRST_FREE, s);
	must_refuse(EBADMSG, "overlap");
	s.offset = HL_LEDGER_PAGE + 64;
	add_entry(FIRST_FREE, s);
	must_refuse(EBADMSG, "overlap");
}
END_TEST

/* A block of the directory that is followed by itself, in a file as long as one likes. */
START_TEST(a_loop_of_blocks_in_a_sparse_file_is_refused_at_once)
{
	uint64_t next = HL_LEDGER_PAGE;

	memcpy(bytes + HL_LEDGER_PAGE, &next, sizeof(next));
	memset(bytes + NR_ENTRIES, 0, 4);
	put_bytes("b.hl", bytes, length);
	ck_assert_int_eq(truncate("b.hl", (off_t)1 << 42), 0);
	must_refuse_file("b.hl", EBADMSG, "loop");
}
END_TEST

/* A table of @nr records in a hole behind everything else, and @said of them in use. */
static void put_hole(unsigned int i, uint32_t nr, size_t said)
{
	struct hl_section s = entry(i);
	uint64_t in_use = (uint64_t)s.nr_records + nr;

	s.first = s.nr_records;
	s.nr_records = nr;
	s.offset = (length + 4095) & ~(uint64_t)4095;
	add_entry(FIRST_FREE, s);
	if (said)
		memcpy(bytes + entry(0).offset + said, &in_use, sizeof(in_use));
	put_bytes("b.hl", bytes, length);
	ck_assert_int_eq(truncate("b.hl", (off_t)(s.offset + (uint64_t)nr * s.record_bytes)), 0);
}

START_TEST(records_in_holes_are_refused)
{
	const uint32_t many = 1000000000;
	struct hl_snapshot *s = NULL;

	put_hole(NODES, many, offsetof(struct hl_globals, nr_nodes));
	must_refuse_file("b.hl", EBADMSG, "sparse");
	put_hole(SITES, many, offsetof(struct hl_globals, nr_sites));
	must_refuse_file("b.hl", EBADMSG, "sparse");
	globals()->nr_nodes = HL_NR_RESERVED_NODES + 2;
	globals()->nr_sites = HL_NR_RESERVED_SITES + 2;
	put_hole(MODULES, many, offsetof(struct hl_globals, nr_modules));
	must_refuse_file("b.hl", EBADMSG, "sparse");
	globals()->nr_modules = 1;
	put_hole(STRINGS, many, offsetof(struct hl_globals, string_bytes));
	must_refuse_file("b.hl", EBADMSG, "sparse");
	put_hole(SHARDS, many, 0);
	must_refuse_file("b.hl", EBADMSG, "sparse");
	/* Room that is not in use is no harm. */
	free(bytes);
	bytes = file_bytes("a.hl", &length);
	put_hole(NODES, many, 0);
	ck_assert_int_eq(hl_snapshot_load("b.hl", &s, NULL), 0);
	hl_snapshot_unref(s);
}
END_TEST

/* Counters of a million shards for the same sites: 32 bytes of the directory for each 64 MiB of holes. */
START_TEST(counters_of_many_shards_in_holes_are_refused)
{
	struct hl_section s = entry(COUNTERS);
	struct hl_section sites = entry(SITES);
	uint64_t at = (length + 4095) & ~(uint64_t)4095;

	sites.first = sites.nr_records;
	sites.nr_records = 100000;
	sites.offset = at;
	add_entry(FIRST_FREE, sites);
	globals()->nr_sites += sites.nr_records;
	at += (uint64_t)sites.nr_records * sites.record_bytes;
	s.nr_records = 100000;
	for (uint32_t i = 1; i < 100; i++) {
		s.instance = i;
		s.offset = at;
		add_entry(FIRST_FREE + i, s);
		at += (uint64_t)s.nr_records * s.record_bytes;
	}
	put_bytes("b.hl", bytes, length);
	ck_assert_int_eq(truncate("b.hl", (off_t)at), 0);
	must_refuse_file("b.hl", EBADMSG, "sparse");
}
END_TEST

/* The writer makes no such ledger: nodes that nobody calls, and then each is called by the one before it. */
static void write_chain(uint32_t nr)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_node *nodes;
	uint32_t node;

	for (uint32_t i = 0; i < nr; i++)
		ck_assert_int_eq(hl_snapshot_add_node(s, HL_NODE_ROOT, DEMO_BIAS + 0x10, &node), 0);
	ck_assert_int_eq(hl_snapshot_write(s, "chain.hl", HL_WRITE_FORCE, NULL), 0);
	hl_snapshot_unref(s);
	free(bytes);
	bytes = file_bytes("chain.hl", &length);
	nodes = (struct hl_node *)(void *)(bytes + entry(NODES).offset);
	for (uint32_t i = 1; i < nr; i++)
		nodes[HL_NR_RESERVED_NODES + i].parent = HL_NR_RESERVED_NODES + i - 1;
	put_bytes("chain.hl", bytes, length);
}

START_TEST(deeper_stacks_than_the_shim_writes_are_refused)
{
	struct hl_snapshot *s = NULL;

	write_chain(HL_MAX_FRAMES);
	ck_assert_int_eq(hl_snapshot_load("chain.hl", &s, NULL), 0);
	hl_snapshot_unref(s);
	write_chain(HL_MAX_FRAMES + 1);
	must_refuse_file("chain.hl", EBADMSG, "more than 4096 frames");
	/* the numbers of the depths must not go round */
	write_chain(70000);
	must_refuse_file("chain.hl", EBADMSG, "more than 4096 frames");
}
END_TEST

static int load_and_resolve(const char *path)
{
	struct hl_statistics *stats = NULL;
	struct hl_resolver *resolver = NULL;
	struct hl_snapshot *s = NULL;
	int rc;

	ck_assert_int_eq(hl_resolver_new(NULL, &resolver), 0);
	rc = hl_snapshot_load(path, &s, NULL);
	if (!rc)
		rc = hl_snapshot_statistics(s, resolver, HL_KEY_TRACEBACK, HL_METRIC_ALLOC, &stats);
	hl_statistics_unref(stats);
	hl_snapshot_unref(s);
	hl_resolver_unref(resolver);
	return rc;
}

/* A node has 16 bytes in the file; with an address of its own it has a name here, a frame, a place and a traceback. */
START_TEST(more_places_than_a_file_of_its_size_may_have_are_refused)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	uint32_t node;

	s->modules[0].end = DEMO_BIAS + 0x10000000;
	for (uint64_t i = 0; i < 20000; i++)
		ck_assert_int_eq(hl_snapshot_add_node(s, HL_NODE_ROOT, DEMO_BIAS + i, &node), 0);
	ck_assert_int_eq(hl_snapshot_write(s, "few.hl", 0, NULL), 0);
	for (uint64_t i = 20000; i < 300000; i++)
		ck_assert_int_eq(hl_snapshot_add_node(s, HL_NODE_ROOT, DEMO_BIAS + i, &node), 0);
	ck_assert_int_eq(hl_snapshot_write(s, "many.hl", 0, NULL), 0);
	hl_snapshot_unref(s);
	ck_assert_int_eq(load_and_resolve("few.hl"), 0);
	ck_assert_int_eq(load_and_resolve("many.hl"), -EFBIG);
}
END_TEST

/* Each frame is another one. */
static void write_wide_text(unsigned int nr)
{
	FILE *file = fopen("wide.txt", "w");

	ck_assert_ptr_nonnull(file);
	for (unsigned int i = 0; i < nr; i++)
		fprintf(file, "0\t8\t1\ta:%u\n", i);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(more_places_than_a_text_of_its_size_may_have_are_refused)
{
	write_wide_text(20000);
	ck_assert_int_eq(load_and_resolve("wide.txt"), 0);
	write_wide_text(400000);
	ck_assert_int_eq(load_and_resolve("wide.txt"), -EFBIG);
}
END_TEST

static void write_text(size_t nr)
{
	FILE *file = fopen("deep.txt", "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "0\t8\t%zu\ta:1", nr);
	for (size_t i = 1; i < nr; i++)
		fprintf(file, ";a:%zu", i % 7);
	fputc('\n', file);
	ck_assert_int_eq(fclose(file), 0);
}

/* Each frame of each stack is in the text; a ledger of it would be refused later. */
START_TEST(deeper_stacks_of_texts_are_read_but_not_written)
{
	struct hl_snapshot *s = NULL;

	write_text(HL_MAX_FRAMES);
	ck_assert_int_eq(hl_snapshot_load("deep.txt", &s, NULL), 0);
	ck_assert_int_eq(hl_snapshot_write(s, "deep.hl", 0, NULL), 0);
	hl_snapshot_unref(s);
	write_text(70000);
	ck_assert_int_eq(hl_snapshot_load("deep.txt", &s, NULL), 0);
	ck_assert_int_eq(hl_snapshot_write(s, "deeper.hl", 0, NULL), -EFBIG);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(sparse_texts_are_refused)
{
	write_text(1);
	ck_assert_int_eq(truncate("deep.txt", (off_t)1 << 40), 0);
	must_refuse_file("deep.txt", EBADMSG, "sparse");
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("ledger_image");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");

	tcase_add_checked_fixture(core, fixture_enter, fixture_leave);
	tcase_add_test(core, globals_of_older_ledgers_have_zero_for_what_came_later);
	tcase_add_test(core, globals_of_todays_length_are_read_to_their_end);
	tcase_add_test(core, globals_shorter_than_those_of_the_first_version_are_refused);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(limits, enter, leave);
	/* for one that hangs */
	tcase_set_timeout(limits, 120);
	tcase_add_test(limits, bytes_that_are_two_records_at_once_are_refused);
	tcase_add_test(limits, a_loop_of_blocks_in_a_sparse_file_is_refused_at_once);
	tcase_add_test(limits, records_in_holes_are_refused);
	tcase_add_test(limits, counters_of_many_shards_in_holes_are_refused);
	tcase_add_test(limits, deeper_stacks_than_the_shim_writes_are_refused);
	tcase_add_test(limits, deeper_stacks_of_texts_are_read_but_not_written);
	tcase_add_test(limits, more_places_than_a_file_of_its_size_may_have_are_refused);
	tcase_add_test(limits, more_places_than_a_text_of_its_size_may_have_are_refused);
	tcase_add_test(limits, sparse_texts_are_refused);
	suite_add_tcase(suite, limits);
	return suite;
}
