/* SPDX-License-Identifier: MIT */
/* Reading ledgers, whole and damaged. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "synthetic.h"

#define SECTION(i) (HL_LEDGER_PAGE + offsetof(struct hl_directory, entries) + (i) * 32u)
/* The order of the sections that hl_snapshot_write() gives. */
enum { GLOBALS, STRINGS, MODULES, NODES, SITES, SHARDS, COUNTERS, GENERATIONS, MARKS, THREADS };

static unsigned char *bytes;
static size_t length;

static void make_ledger(void)
{
	const uint64_t stack[] = {0x10, 0x20, 0x30};
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_error err;

	demo_site(s, DEMO_BIAS, stack, 3, 3, 300);
	demo_line(s, DEMO_BIAS, 0x40, 1, 50);
	for (uint64_t i = 1; i <= 2; i++)
		ck_assert_int_eq(hl_snapshot_add_mark(s, &(struct hl_ledger_mark){.monotonic_ns = i,
			.current_bytes = {(int64_t)i * 10}, .peak_bytes = {100, 0, 0, 7}},
			(struct hl_text){"mark", 4}), 0);
	ck_assert_int_eq(hl_snapshot_add_thread(s, &(struct hl_ledger_thread){.start_ns = 1},
		(struct hl_text){"worker", 6}), 0);
	s->sites[HL_NR_RESERVED_SITES].site.thread = 1;
	ck_assert_int_eq(hl_snapshot_add_string(s, "prog\0arg", 9, &s->header.command), 0);
	s->header.pid = 77;
	s->globals.domains[0].peak_bytes = 350;
	ck_assert_int_eq(hl_snapshot_write(s, "a.hl", HL_WRITE_FORCE, &err), 0);
	hl_snapshot_unref(s);
}

static void enter(void)
{
	fixture_enter();
	make_ledger();
	bytes = file_bytes("a.hl", &length);
}

static void leave(void)
{
	free(bytes);
	fixture_leave();
}

static struct hl_section section(unsigned int i)
{
	struct hl_section s;

	memcpy(&s, bytes + SECTION(i), sizeof(s));
	return s;
}

static void set_section(unsigned int i, struct hl_section s)
{
	memcpy(bytes + SECTION(i), &s, sizeof(s));
}

static void set32(size_t offset, uint32_t value)
{
	memcpy(bytes + offset, &value, sizeof(value));
}

static void set64(size_t offset, uint64_t value)
{
	memcpy(bytes + offset, &value, sizeof(value));
}

/* Load what bytes[] has become. */
static int load(struct hl_snapshot **s, struct hl_error *err)
{
	put_bytes("b.hl", bytes, length);
	return hl_snapshot_load("b.hl", s, err);
}

static void must_refuse(int code, const char *msg)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};

	ck_assert_int_eq(load(&s, &err), -code);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(err.code, code);
	ck_assert_ptr_nonnull(err.msg);
	ck_assert_msg(strstr(err.msg, msg) != NULL, "\"%s\" does not say \"%s\"", err.msg, msg);
}

static struct hl_snapshot *must_load(void)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};
	int rc = load(&s, &err);

	ck_assert_msg(rc == 0, "%s", err.msg ? err.msg : "?");
	return s;
}

START_TEST(what_was_written_is_read)
{
	struct hl_snapshot *s = must_load();
	struct hl_module_info m;
	struct hl_totals t;
	struct hl_info info;

	hl_snapshot_info(s, &info);
	ck_assert_uint_eq(info.pid, 77);
	ck_assert_uint_eq(info.kind, HL_LEDGER_SNAPSHOT);
	ck_assert_mem_eq(info.command.data, "prog\0arg", 9);
	hl_snapshot_totals(s, 0, &t);
	ck_assert_int_eq(t.live_bytes, 350);
	ck_assert_int_eq(t.live_count, 4);
	ck_assert_int_eq(t.peak_bytes, 350);
	ck_assert_int_eq(t.counts.peak_count, 4);
	ck_assert_uint_eq(hl_snapshot_nr_modules(s), 1);
	hl_snapshot_module(s, 0, &m);
	ck_assert_uint_eq(m.path.length, strlen("/nowhere/libdemo.so"));
	hl_snapshot_totals(s, HL_DOMAIN_MMAP, &t);
	ck_assert_uint_eq(t.counts.alloc_count, 0);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(writing_twice_gives_the_same_bytes)
{
	struct hl_snapshot *s = must_load();
	size_t again_length;
	unsigned char *again;
	struct hl_error err;

	ck_assert_int_eq(hl_snapshot_write(s, "c.hl", 0, &err), 0);
	again = file_bytes("c.hl", &again_length);
	ck_assert_uint_eq(again_length, length);
	ck_assert_mem_eq(again, bytes, length);
	free(again);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_file_is_private_and_never_overwritten_unasked)
{
	struct hl_snapshot *s = must_load();
	struct hl_error err;
	struct stat st;

	umask(0);
	ck_assert_int_eq(hl_snapshot_write(s, "c.hl", 0, &err), 0);
	ck_assert_int_eq(stat("c.hl", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(hl_snapshot_write(s, "c.hl", 0, &err), -EEXIST);
	ck_assert_int_eq(hl_snapshot_write(s, "c.hl", HL_WRITE_FORCE, &err), 0);
	ck_assert_int_eq(symlink("nowhere", "link.hl"), 0);
	ck_assert_int_eq(hl_snapshot_write(s, "link.hl", 0, &err), -EEXIST);
	ck_assert_int_ne(access("nowhere", F_OK), 0);
	ck_assert_int_eq(hl_snapshot_write(s, "no-such-folder/c.hl", 0, &err), -ENOENT);
	hl_snapshot_unref(s);
}
END_TEST

/* Two shards of a live ledger in one file: what the shim writes. */
static void make_live(uint64_t seq)
{
	struct hl_section counters = section(COUNTERS);
	struct hl_section shards = section(SHARDS);
	size_t counter_bytes = (size_t)counters.nr_records * sizeof(struct hl_counters);
	size_t shard_bytes = 2 * (size_t)shards.record_bytes;
	size_t old = length;

	bytes = realloc(bytes, length + shard_bytes + counter_bytes);
	ck_assert_ptr_nonnull(bytes);
	memset(bytes + old, 0, shard_bytes);
	memcpy(bytes + old + shard_bytes, bytes + counters.offset, counter_bytes);
	length = old + shard_bytes + counter_bytes;
	set64(old + shards.record_bytes, seq);
	set64(old + sizeof(struct hl_shard) + 5 * sizeof(uint64_t), 11);
	set64(old + shards.record_bytes + sizeof(struct hl_shard) + 5 * sizeof(uint64_t), 100);
	shards.offset = old;
	shards.nr_records = 2;
	set_section(SHARDS, shards);
	counters.instance = 1;
	counters.offset = old + shard_bytes;
	set_section(GENERATIONS + 1, counters);
	set32(HL_LEDGER_PAGE + offsetof(struct hl_directory, nr_entries), GENERATIONS + 2);
	set64(section(GLOBALS).offset + offsetof(struct hl_globals, nr_shards), 2);
	bytes[offsetof(struct hl_ledger_header, kind)] = HL_LEDGER_LIVE;
}

START_TEST(shards_are_summed)
{
	struct hl_snapshot *s;
	uint64_t sizes[HL_SIZE_CLASSES];
	struct hl_totals t;

	make_live(4);
	s = must_load();
	hl_snapshot_totals(s, 0, &t);
	ck_assert_int_eq(t.live_bytes, 700);
	ck_assert_int_eq(t.live_count, 8);
	ck_assert_int_eq(t.counts.peak_bytes, 700);
	ck_assert(hl_snapshot_sizes(s, sizes));
	ck_assert_uint_eq(sizes[5], 111);
	ck_assert_uint_eq(sizes[4], 0);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_thread_killed_inside_an_event_does_not_stop_the_reader)
{
	struct hl_snapshot *s;
	struct hl_totals t;

	make_live(5);
	s = must_load();
	hl_snapshot_totals(s, 0, &t);
	ck_assert_int_eq(t.live_bytes, 700);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_record_unchanged_since_the_peak_was_live_at_it)
{
	struct hl_section counters = section(COUNTERS);
	struct hl_snapshot *s;
	struct hl_totals t;
	size_t record = counters.offset + 3 * sizeof(struct hl_counters);

	/* The site with 50 bytes: saved at an older peak as 7. */
	set64(record + offsetof(struct hl_counters, peak_bytes), 7);
	set32(record + offsetof(struct hl_counters, peak_epoch), 0);
	s = must_load();
	hl_snapshot_totals(s, 0, &t);
	ck_assert_int_eq(t.counts.peak_bytes, 350);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(longer_records_of_a_later_version_are_read)
{
	struct hl_section nodes = section(NODES);
	size_t old = length;
	struct hl_snapshot *s;

	bytes = realloc(bytes, length + nodes.nr_records * 24u);
	ck_assert_ptr_nonnull(bytes);
	memset(bytes + old, 0xee, nodes.nr_records * 24u);
	for (uint32_t i = 0; i < nodes.nr_records; i++)
		memcpy(bytes + old + i * 24u, bytes + nodes.offset + i * 16u, 16);
	length = old + nodes.nr_records * 24u;
	nodes.offset = old;
	nodes.record_bytes = 24;
	set_section(NODES, nodes);
	s = must_load();
	ck_assert_uint_eq(s->globals.nr_nodes, HL_NR_RESERVED_NODES + 4);
	ck_assert_uint_eq(s->nodes[HL_NR_RESERVED_NODES].ip, DEMO_BIAS + 0x11);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(unknown_sections_are_passed_over)
{
	set_section(GENERATIONS + 1, (struct hl_section){.type = 4711, .offset = UINT64_MAX,
			.nr_records = 9, .record_bytes = 9});
	set32(HL_LEDGER_PAGE + offsetof(struct hl_directory, nr_entries), GENERATIONS + 2);
	hl_snapshot_unref(must_load());
}
END_TEST

START_TEST(an_address_belongs_to_the_module_of_its_time)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_module_info m = {.path = {.data = "/b", .length = 2}, .bias = DEMO_BIAS,
			.start = DEMO_BIAS, .end = DEMO_BIAS + 0x10000};
	struct hl_finder *finder;
	uint32_t early;
	uint32_t late;
	uint32_t outside;

	ck_assert_int_eq(hl_snapshot_add_node(s, 0, DEMO_BIAS + 1, &early), 0);
	s->modules[0].last_generation = 1;
	ck_assert_int_eq(hl_snapshot_add_generation(s, 0), 0);
	ck_assert_int_eq(hl_snapshot_add_module(s, &m), 0);
	ck_assert_int_eq(hl_snapshot_add_node(s, 0, DEMO_BIAS + 1, &late), 0);
	ck_assert_int_eq(hl_snapshot_add_node(s, 0, DEMO_BIAS + 0x10001, &outside), 0);
	finder = hl_finder_new(s);
	ck_assert_int_eq(hl_snapshot_module_of(finder, early), 0);
	ck_assert_int_eq(hl_snapshot_module_of(finder, late), 1);
	ck_assert_int_eq(hl_snapshot_module_of(finder, outside), -1);
	hl_finder_free(finder);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(marks_are_read_and_half_made_ones_left_out)
{
	struct hl_snapshot *s = must_load();
	struct hl_mark_info m;

	ck_assert_uint_eq(hl_snapshot_nr_marks(s), 2);
	hl_snapshot_mark(s, 1, &m);
	ck_assert_uint_eq(m.monotonic_ns, 2);
	ck_assert_uint_eq(m.text.length, 4);
	ck_assert_mem_eq(m.text.data, "mark", 4);
	ck_assert_int_eq(m.current_bytes[0], 20);
	ck_assert_int_eq(m.peak_bytes[0], 100);
	ck_assert_int_eq(m.peak_bytes[3], 7);
	hl_snapshot_unref(s);
	set64(section(MARKS).offset, 0);
	s = must_load();
	ck_assert_uint_eq(hl_snapshot_nr_marks(s), 1);
	hl_snapshot_mark(s, 0, &m);
	ck_assert_uint_eq(m.monotonic_ns, 2);
	hl_snapshot_unref(s);
}
END_TEST

static void expect_group(const struct hl_statistics *stats, size_t i, const char *name, int64_t size)
{
	ck_assert_uint_lt(i, stats->nr_items);
	ck_assert_str_eq(hl_traceback_line(stats->resolver, stats->items[i].traceback)->filename, name);
	ck_assert_int_eq(stats->items[i].size, size);
}

START_TEST(sites_belong_to_threads_that_are_there)
{
	size_t thread = section(SITES).offset + (HL_NR_RESERVED_SITES + 1) * sizeof(struct hl_site) +
		offsetof(struct hl_site, thread);
	struct hl_resolver *r;
	struct hl_statistics *stats;
	struct hl_snapshot *s;

	/* The second site is of a thread that nobody knows. */
	bytes[thread] = 2;
	s = must_load();
	ck_assert_int_eq(hl_resolver_new(NULL, &r), 0);
	ck_assert_int_eq(hl_snapshot_statistics(s, r, HL_KEY_THREAD, HL_METRIC_LIVE, &stats), 0);
	ck_assert_uint_eq(stats->nr_items, 2);
	expect_group(stats, 0, "worker #1", 300);
	expect_group(stats, 1, "<unknown>", 50);
	hl_statistics_unref(stats);
	hl_resolver_unref(r);
	hl_snapshot_unref(s);
	set32(section(THREADS).offset + offsetof(struct hl_ledger_thread, name), UINT32_MAX);
	must_refuse(EBADMSG, "a thread's name lies outside the strings");
}
END_TEST

START_TEST(cleared_sites_do_not_count)
{
	size_t first_site = section(GLOBALS).offset + offsetof(struct hl_globals, first_site);
	struct hl_snapshot *s;
	struct hl_totals t;

	set64(first_site, HL_NR_RESERVED_SITES + 1);
	s = must_load();
	hl_snapshot_totals(s, 0, &t);
	ck_assert_int_eq(t.live_bytes, 50);
	ck_assert_int_eq(t.live_count, 1);
	/* A copy of it has all sites that count, and says so. */
	ck_assert_int_eq(hl_snapshot_write(s, "c.hl", HL_WRITE_FORCE, NULL), 0);
	hl_snapshot_unref(s);
	ck_assert_int_eq(hl_snapshot_load("c.hl", &s, NULL), 0);
	hl_snapshot_totals(s, 0, &t);
	ck_assert_int_eq(t.live_bytes, 50);
	hl_snapshot_unref(s);
	/* A number that makes no sense is none. */
	set64(first_site, UINT64_MAX);
	s = must_load();
	hl_snapshot_totals(s, 0, &t);
	ck_assert_int_eq(t.live_bytes, 350);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
	size_t whole = length;
	struct hl_section last = section(GENERATIONS);
	size_t needed = last.offset + (size_t)last.nr_records * last.record_bytes;

	for (length = 0; length < needed; length += length < 64 ? 1 : 61) {
		struct hl_snapshot *s = NULL;
		struct hl_error err = {0};
		int rc = load(&s, &err);

		ck_assert_msg(rc == -ENODATA || rc == -EINVAL || (rc == -EAGAIN && !length),
				"%zu of %zu bytes: %d", length, whole, rc);
		ck_assert_msg(err.offset <= length, "offset behind the end");
	}
}
END_TEST

START_TEST(files_that_are_no_ledgers_are_told_apart)
{
	length = 0;
	must_refuse(EAGAIN, "empty");
	length = 5;
	must_refuse(EINVAL, "not a heapledger file");
	length = HL_LEDGER_PAGE;
	bytes[0] ^= 1;
	must_refuse(EINVAL, "not a heapledger file");
	bytes[0] ^= 1;
	set32(offsetof(struct hl_ledger_header, version), 2);
	must_refuse(EINVAL, "version");
	set32(offsetof(struct hl_ledger_header, version), 1);
	set32(offsetof(struct hl_ledger_header, endian), 0x04030201);
	must_refuse(EINVAL, "byte order");
	set32(offsetof(struct hl_ledger_header, endian), HL_LEDGER_ENDIAN);
	set32(offsetof(struct hl_ledger_header, state), 0);
	must_refuse(EAGAIN, "not started");
	memset(bytes, 0, sizeof(struct hl_ledger_header));
	must_refuse(EAGAIN, "not started");
}
END_TEST

START_TEST(folders_fifos_and_missing_files_are_refused)
{
	struct hl_snapshot *s;
	struct hl_error err;

	ck_assert_int_eq(hl_snapshot_load(".", &s, &err), -EINVAL);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(hl_snapshot_load("fifo", &s, &err), -EINVAL);
	ck_assert_int_eq(hl_snapshot_load("missing", &s, &err), -ENOENT);
	ck_assert_uint_eq(err.offset, HL_NO_OFFSET);
}
END_TEST

START_TEST(a_looping_directory_is_refused)
{
	set64(HL_LEDGER_PAGE, HL_LEDGER_PAGE);
	set32(HL_LEDGER_PAGE + offsetof(struct hl_directory, nr_entries), 0);
	must_refuse(EBADMSG, "loop");
}
END_TEST

START_TEST(overlapping_sections_are_refused)
{
	struct hl_section nodes = section(NODES);

	nodes.first = nodes.nr_records;
	nodes.nr_records = (uint32_t)(length / nodes.record_bytes);
	nodes.offset = 0;
	set_section(GENERATIONS + 1, nodes);
	set32(HL_LEDGER_PAGE + offsetof(struct hl_directory, nr_entries), GENERATIONS + 2);
	must_refuse(EBADMSG, "overlap");
}
END_TEST

START_TEST(impossible_tables_are_refused)
{
	struct hl_section nodes = section(NODES);
	struct hl_section bad = nodes;
	struct hl_section sites = section(SITES);

	bad.record_bytes = 8;
	set_section(NODES, bad);
	must_refuse(EBADMSG, "too short records");
	bad = nodes;
	bad.offset += 4;
	set_section(NODES, bad);
	must_refuse(EBADMSG, "aligned");
	bad = nodes;
	bad.nr_records = UINT32_MAX;
	set_section(NODES, bad);
	must_refuse(ENODATA, "truncated");
	bad = nodes;
	bad.first = 1;
	set_section(NODES, bad);
	must_refuse(EBADMSG, "less room");
	set_section(NODES, nodes);
	set32(sites.offset + 2 * sizeof(struct hl_site), 1000);
	must_refuse(EBADMSG, "node that is not there");
}
END_TEST

START_TEST(a_frame_that_calls_itself_is_refused)
{
	struct hl_section nodes = section(NODES);

	set32(nodes.offset + 5 * sizeof(struct hl_node) + offsetof(struct hl_node, parent), 5);
	must_refuse(EBADMSG, "called by a later one");
}
END_TEST

START_TEST(strings_outside_the_file_are_refused)
{
	struct hl_section modules = section(MODULES);

	set32(modules.offset + offsetof(struct hl_module, path), UINT32_MAX);
	must_refuse(EBADMSG, "outside the strings");
	make_ledger();
	free(bytes);
	bytes = file_bytes("a.hl", &length);
	set32(section(MARKS).offset + offsetof(struct hl_ledger_mark, text), UINT32_MAX);
	must_refuse(EBADMSG, "a mark's text lies outside the strings");
}
END_TEST

/* Whatever a flipped bit makes of the file: refused or read, and everything in it can be shown. */
static void use(struct hl_snapshot *s)
{
	struct hl_completeness c;
	struct hl_totals t;
	struct hl_info info;

	hl_snapshot_info(s, &info);
	hl_snapshot_completeness(s, &c);
	hl_snapshot_totals(s, -1, &t);
	for (int key = 0; key < HL_NR_KEYS; key++) {
		struct hl_resolver *r;
		struct hl_statistics *stats;

		ck_assert_int_eq(hl_resolver_new(NULL, &r), 0);
		ck_assert_int_eq(hl_snapshot_statistics(s, r, key, HL_METRIC_LIVE, &stats), 0);
		hl_statistics_unref(stats);
		hl_resolver_unref(r);
	}
}

START_TEST(flipped_bits_never_crash)
{
	unsigned int seed = 1;
	int nr_read = 0;

	for (int i = 0; i < 3000; i++) {
		size_t at = (size_t)rand_r(&seed) % (i % 2 ? HL_LEDGER_PAGE + 400 : length);
		unsigned char flip = (unsigned char)(1 << rand_r(&seed) % 8);
		struct hl_snapshot *s = NULL;
		struct hl_error err = {0};

		bytes[at] ^= flip;
		if (load(&s, &err) == 0) {
			use(s);
			hl_snapshot_unref(s);
			nr_read++;
		} else {
			ck_assert_ptr_nonnull(err.msg);
		}
		bytes[at] ^= flip;
	}
	ck_assert_int_gt(nr_read, 0);
	ck_assert_int_lt(nr_read, 3000);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("ledger_read");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");
	TCase *errors = tcase_create("errors");

	tcase_add_checked_fixture(core, enter, leave);
	tcase_add_test(core, what_was_written_is_read);
	tcase_add_test(core, writing_twice_gives_the_same_bytes);
	tcase_add_test(core, shards_are_summed);
	tcase_add_test(core, a_record_unchanged_since_the_peak_was_live_at_it);
	tcase_add_test(core, longer_records_of_a_later_version_are_read);
	tcase_add_test(core, unknown_sections_are_passed_over);
	tcase_add_test(core, marks_are_read_and_half_made_ones_left_out);
	tcase_add_test(core, cleared_sites_do_not_count);
	tcase_add_test(core, sites_belong_to_threads_that_are_there);
	tcase_add_test(core, an_address_belongs_to_the_module_of_its_time);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(limits, enter, leave);
	tcase_add_test(limits, a_thread_killed_inside_an_event_does_not_stop_the_reader);
	suite_add_tcase(suite, limits);
	tcase_add_checked_fixture(errors, enter, leave);
	tcase_set_timeout(errors, 120);
	tcase_add_test(errors, a_file_is_private_and_never_overwritten_unasked);
	tcase_add_test(errors, every_truncation_is_refused);
	tcase_add_test(errors, files_that_are_no_ledgers_are_told_apart);
	tcase_add_test(errors, folders_fifos_and_missing_files_are_refused);
	tcase_add_test(errors, a_looping_directory_is_refused);
	tcase_add_test(errors, overlapping_sections_are_refused);
	tcase_add_test(errors, impossible_tables_are_refused);
	tcase_add_test(errors, a_frame_that_calls_itself_is_refused);
	tcase_add_test(errors, strings_outside_the_file_are_refused);
	tcase_add_test(errors, flipped_bits_never_crash);
	suite_add_tcase(suite, errors);
	return suite;
}
