/* SPDX-License-Identifier: MIT */
/* Reading a ledger while it is written: one shard counts allocations, another the frees. */
#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "synthetic.h"

#define BLOCK_BYTES 64
#define SPINS_INSIDE 40
#define SPINS_OUTSIDE 40
#define NR_SHARDS 3u
#define SITE HL_NR_RESERVED_SITES
#define ENTRY(i) (HL_LEDGER_PAGE + offsetof(struct hl_directory, entries) + (i) * 32u)
enum { SHARDS_ENTRY = 5, COUNTERS_ENTRY = 6, FIRST_FREE_ENTRY = 8 };

struct program {
	unsigned char *map;
	size_t length;
	struct hl_shard *shards;
	struct hl_counters *counters[NR_SHARDS];
	atomic_bool is_over;
};

static struct program program;

/* A live ledger with one site and counters of two threads, all zero. */
static void make_live_ledger(void)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_section entry;
	unsigned char *bytes;
	size_t length;
	size_t room = 2 * HL_LEDGER_PAGE;
	uint32_t nr_entries = FIRST_FREE_ENTRY + 2;
	uint16_t kind = HL_LEDGER_LIVE;

	demo_line(s, DEMO_BIAS, 0x10, 0, 0);
	ck_assert_int_eq(hl_snapshot_write(s, "a.hl", 0, NULL), 0);
	hl_snapshot_unref(s);
	bytes = file_bytes("a.hl", &length);
	bytes = realloc(bytes, length + room);
	ck_assert_ptr_nonnull(bytes);
	memset(bytes + length, 0, room);
	entry = (struct hl_section){.type = HL_SECTION_SHARDS, .offset = length,
			.nr_records = NR_SHARDS, .record_bytes = sizeof(struct hl_shard)};
	memcpy(bytes + ENTRY(SHARDS_ENTRY), &entry, sizeof(entry));
	for (uint32_t i = 1; i < NR_SHARDS; i++) {
		entry = (struct hl_section){.type = HL_SECTION_COUNTERS, .instance = i,
				.offset = length + i * 1024, .nr_records = SITE + 1,
				.record_bytes = sizeof(struct hl_counters)};
		memcpy(bytes + ENTRY(FIRST_FREE_ENTRY + i - 1), &entry, sizeof(entry));
	}
	memcpy(bytes + HL_LEDGER_PAGE + offsetof(struct hl_directory, nr_entries), &nr_entries, 4);
	memcpy(bytes + offsetof(struct hl_ledger_header, kind), &kind, sizeof(kind));
	put_bytes("a.hl", bytes, length + room);
	free(bytes);
	program.length = length + room;
}

static void map_ledger(void)
{
	int fd = open("a.hl", O_RDWR);
	size_t shards = program.length - 2 * HL_LEDGER_PAGE;

	ck_assert_int_ge(fd, 0);
	program.map = mmap(NULL, program.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(program.map, MAP_FAILED);
	close(fd);
	program.shards = (void *)(program.map + shards);
	for (uint32_t i = 1; i < NR_SHARDS; i++)
		program.counters[i] = (struct hl_counters *)(program.map + shards + i * 1024) + SITE;
}

/* As the shim does: odd while the two fields do not fit together. */
static void write_event(unsigned int shard, uint64_t *count, uint64_t *bytes)
{
	uint64_t *seq = &program.shards[shard].seq;

	__atomic_store_n(seq, *seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(count, *count + 1, __ATOMIC_RELAXED);
	for (int i = 0; i < SPINS_INSIDE; i++)
		__builtin_ia32_pause();
	__atomic_store_n(bytes, *bytes + BLOCK_BYTES, __ATOMIC_RELAXED);
	__atomic_store_n(seq, *seq + 1, __ATOMIC_RELEASE);
	/* A thread is outside for most of the time: who always loses its processor inside is never seen at rest. */
	for (int i = 0; i < SPINS_OUTSIDE; i++)
		__builtin_ia32_pause();
}

/* One thread that writes both shards: on two processors it and the reader run at once. */
static void *run_program(void *unused)
{
	while (!program.is_over) {
		write_event(1, &program.counters[1]->alloc_count, &program.counters[1]->alloc_bytes);
		write_event(2, &program.counters[2]->free_count, &program.counters[2]->free_bytes);
	}
	return unused;
}

START_TEST(a_running_program_is_never_seen_torn_or_below_zero)
{
	pthread_t thread;
	uint64_t last = 0;
	int nr_moved = 0;

	make_live_ledger();
	map_ledger();
	ck_assert_int_eq(pthread_create(&thread, NULL, run_program, NULL), 0);
	for (int i = 0; i < 2000; i++) {
		struct hl_snapshot *s = NULL;
		struct hl_totals t;

		ck_assert_int_eq(hl_snapshot_load("a.hl", &s, NULL), 0);
		hl_snapshot_totals(s, 0, &t);
		ck_assert_uint_eq(t.counts.alloc_bytes, BLOCK_BYTES * t.counts.alloc_count);
		ck_assert_uint_eq(t.counts.free_bytes, BLOCK_BYTES * t.counts.free_count);
		ck_assert_int_ge(t.live_count, 0);
		nr_moved += t.counts.alloc_count > last;
		last = t.counts.alloc_count;
		hl_snapshot_unref(s);
	}
	program.is_over = true;
	pthread_join(thread, NULL);
	ck_assert_int_gt(nr_moved, 10);
}
END_TEST

START_TEST(a_program_at_rest_is_seen_exactly)
{
	struct hl_snapshot *s = NULL;
	struct hl_totals t;

	make_live_ledger();
	map_ledger();
	for (int i = 0; i < 7; i++)
		write_event(1, &program.counters[1]->alloc_count, &program.counters[1]->alloc_bytes);
	for (int i = 0; i < 3; i++)
		write_event(2, &program.counters[2]->free_count, &program.counters[2]->free_bytes);
	ck_assert_int_eq(hl_snapshot_load("a.hl", &s, NULL), 0);
	hl_snapshot_totals(s, 0, &t);
	ck_assert_int_eq(t.live_count, 4);
	ck_assert_int_eq(t.live_bytes, 4 * BLOCK_BYTES);
	ck_assert_uint_eq(t.counts.alloc_count, 7);
	hl_snapshot_unref(s);
}
END_TEST

/* As after SIGKILL or SIGSTOP: its count is written, its bytes are not. */
START_TEST(a_program_that_stopped_inside_an_event_is_read_as_it_is)
{
	struct hl_snapshot *s = NULL;
	struct hl_totals t;

	make_live_ledger();
	map_ledger();
	write_event(1, &program.counters[1]->alloc_count, &program.counters[1]->alloc_bytes);
	for (uint32_t i = 1; i < NR_SHARDS; i++)
		program.shards[i].seq++;
	program.counters[1]->alloc_count++;
	ck_assert_int_eq(hl_snapshot_load("a.hl", &s, NULL), 0);
	hl_snapshot_totals(s, 0, &t);
	ck_assert_uint_eq(t.counts.alloc_count, 2);
	ck_assert_uint_eq(t.counts.alloc_bytes, BLOCK_BYTES);
	ck_assert_int_eq(t.live_count, 2);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(causes_of_partial_stacks_are_added_up_over_the_shards)
{
	struct hl_snapshot *s = NULL;
	struct hl_completeness c;

	make_live_ledger();
	map_ledger();
	for (uint32_t i = 1; i < NR_SHARDS; i++) {
		program.shards[i].partial_no_info = 1 * i;
		program.shards[i].partial_code = 10 * i;
		program.shards[i].partial_unwinder = 100 * i;
		program.shards[i].partial_budget = 1000 * i;
	}
	ck_assert_int_eq(hl_snapshot_load("a.hl", &s, NULL), 0);
	hl_snapshot_completeness(s, &c);
	ck_assert_uint_eq(c.partial_no_info, 3);
	ck_assert_uint_eq(c.partial_code, 30);
	ck_assert_uint_eq(c.partial_unwinder, 300);
	ck_assert_uint_eq(c.partial_budget, 3000);
	hl_snapshot_unref(s);
}
END_TEST

/* A program that wants it so: each of its shards is in another event whenever it is looked at, and in none ever. */
static void *never_rest(void *unused)
{
	while (!program.is_over)
		for (uint32_t i = 1; i < NR_SHARDS; i++)
			__atomic_fetch_add(&program.shards[i].seq, 2, __ATOMIC_RELAXED);
	return unused;
}

START_TEST(a_program_that_is_never_at_rest_is_read_nevertheless)
{
	struct hl_snapshot *s = NULL;
	struct hl_totals t;
	pthread_t thread;

	make_live_ledger();
	map_ledger();
	for (uint32_t i = 1; i < NR_SHARDS; i++)
		program.shards[i].seq = 1;
	program.counters[1]->alloc_count = 1;
	program.counters[1]->alloc_bytes = BLOCK_BYTES;
	ck_assert_int_eq(pthread_create(&thread, NULL, never_rest, NULL), 0);
	ck_assert_int_eq(hl_snapshot_load("a.hl", &s, NULL), 0);
	program.is_over = true;
	pthread_join(thread, NULL);
	hl_snapshot_totals(s, 0, &t);
	ck_assert_int_eq(t.live_bytes, BLOCK_BYTES);
	hl_snapshot_unref(s);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("ledger_count");
	TCase *core = tcase_create("core");

	tcase_add_checked_fixture(core, fixture_enter, fixture_leave);
	tcase_set_timeout(core, 60);
	tcase_add_test(core, a_program_at_rest_is_seen_exactly);
	tcase_add_test(core, a_program_that_stopped_inside_an_event_is_read_as_it_is);
	tcase_add_test(core, a_program_that_is_never_at_rest_is_read_nevertheless);
	tcase_add_test(core, causes_of_partial_stacks_are_added_up_over_the_shards);
	tcase_add_test(core, a_running_program_is_never_seen_torn_or_below_zero);
	suite_add_tcase(suite, core);
	return suite;
}
