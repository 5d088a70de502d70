/* SPDX-License-Identifier: MIT */
/* Traces texts: what is read, what is refused and where, and what is written. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "snapshot/snapshot.h"

#define HEADER "#heapledger-traces 1\n"

static int load(const char *text, struct hl_snapshot **out, struct hl_error *err)
{
	int fd = memfd_create("traces", MFD_CLOEXEC);
	int rc;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	rc = hl_snapshot_load_fd(fd, out, err);
	close(fd);
	return rc;
}

static struct hl_snapshot *must_load(const char *text)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};

	ck_assert_msg(!load(text, &s, &err), "%s", err.msg);
	return s;
}

/* The text that a text becomes when it is read and written. */
static char *written(struct hl_snapshot *s)
{
	struct hl_resolver *r;
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	ck_assert_int_eq(hl_resolver_new(NULL, &r), 0);
	ck_assert_int_eq(hl_snapshot_write_traces(s, r, f), 0);
	fclose(f);
	hl_resolver_unref(r);
	return text;
}

START_TEST(equal_stacks_are_one_site)
{
	struct hl_snapshot *s = must_load("0\t8\t2\ta.c:1;b.c:2\n0\t16\t2\ta.c:1;b.c:2\t3\r\n"
			"\n# no block\n0\t1\t7\ta.c:1;b.c:2\n1\t1\t2\ta.c:1;b.c:2");
	struct hl_totals t;

	ck_assert_uint_eq(s->globals.nr_sites - HL_NR_RESERVED_SITES, 3);
	/* the cut stack has another outermost parent, and so other nodes */
	ck_assert_uint_eq(s->globals.nr_nodes - HL_NR_RESERVED_NODES, 4);
	hl_snapshot_totals(s, 0, &t);
	ck_assert_int_eq(t.live_count, 5);
	ck_assert_int_eq(t.live_bytes, 57);
	ck_assert_int_eq(t.peak_bytes, 57);
	ck_assert_uint_eq(hl_snapshot_stack_depth(s, &s->sites[2].site), 2);
	ck_assert_uint_eq(hl_snapshot_stack_depth(s, &s->sites[3].site), 7);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_text_is_written_as_it_was_read)
{
	static const char text[] = HEADER "#limit\t9\n#command\tprog\\x00a\\x0ab\\x00\n"
		"#in\ta\\x3b\\\\b.c:1\toperator<<\n#in\tb.c:2\tmain\n"
		"0\t8\t2\ta\\x3b\\\\b.c:1;b.c:2\t2\n"
		"#in\tb.c:2\tother\n2\t0\t300\tb.c:2;\\xff:0\n";
	struct hl_snapshot *s = must_load(text);
	char *again = written(s);

	ck_assert_str_eq(again, text);
	free(again);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_remainder_keeps_the_sum)
{
	struct hl_counts counts = {.alloc_count = 5, .alloc_bytes = 300, .free_count = 2,
		.free_bytes = 50};
	struct hl_snapshot *s = hl_snapshot_new();
	struct hl_text a = {"a.c", 3};
	struct hl_text none = {"", 0};
	uint32_t node;
	uint64_t ip;
	char *text;

	ck_assert_int_eq(hl_snapshot_add_frame(s, a, none, 3, &ip), 0);
	ck_assert_int_eq(hl_snapshot_add_node(s, HL_NODE_TRUNCATED, ip, &node), 0);
	ck_assert_int_eq(hl_snapshot_add_site(s, node, HL_KIND_TRACKED, 3, &counts), 0);
	text = written(s);
	ck_assert_str_eq(text, HEADER "#limit\t0\n3\t84\t2\ta.c:3\n3\t83\t2\ta.c:3\t2\n");
	free(text);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(source_frames_survive_a_ledger)
{
	static const char path[] = "/tmp/heapledger-test-frames.hl";
	struct hl_snapshot *s = must_load(HEADER "#in\ta.c:1\tf\n0\t8\t2\ta.c:1;b.c:2\t2\n");
	struct hl_snapshot *copy = NULL;
	char *before = written(s);
	char *after;

	ck_assert_int_eq(hl_snapshot_write(s, path, HL_WRITE_FORCE, NULL), 0);
	ck_assert_int_eq(hl_snapshot_load(path, &copy, NULL), 0);
	unlink(path);
	after = written(copy);
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	hl_snapshot_unref(copy);
	hl_snapshot_unref(s);
}
END_TEST

static const struct {
	const char *text;
	int code;
	uint64_t offset;
} bad[] = {
	{"0\t8\t1\n", EINVAL, 0},
	{"0\t8\t1\ta.c:1\t1\t1\n", EINVAL, 0},
	{"0\t8\t1\ta.c\n", EINVAL, 0},
	{"0\t8\t1\t\n", EINVAL, 0},
	{"0\t8\t1\ta.c:1;\n", EINVAL, 0},
	{"0\t8\t1\ta.c:-1\n", EINVAL, 0},
	{"0\t8\t1\ta.c:4294967296\n", ERANGE, 0},
	{"#\n0\t-8\t1\ta.c:1\n", EINVAL, 2},
	{"#\n0\t8x\t1\ta.c:1\n", EINVAL, 2},
	{"#\n0\t\t1\ta.c:1\n", EINVAL, 2},
	{"\n4\t8\t1\ta.c:1\n", ERANGE, 1},
	{"0\t9223372036854775808\t1\ta.c:1\n", ERANGE, 0},
	{"0\t18446744073709551616\t1\ta.c:1\n", ERANGE, 0},
	{"0\t4294967296\t1\ta.c:1\t4294967296\n", ERANGE, 0},
	{"0\t9223372036854775807\t1\ta.c:1\n0\t1\t1\ta.c:1\n", ERANGE, 30},
	{"0\t8\t4294967296\ta.c:1\n", ERANGE, 0},
	{HEADER "#in\ta.c:1\n", EINVAL, 21},
	{HEADER "#limit\tmany\n", EINVAL, 21},
};

START_TEST(damage_is_told_with_its_line)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};

	ck_assert_int_eq(load(bad[_i].text, &s, &err), -bad[_i].code);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(err.code, bad[_i].code);
	ck_assert_uint_eq(err.offset, bad[_i].offset);
}
END_TEST

/* Whatever follows a magic number or a digit, it is read or refused. */
START_TEST(noise_is_read_or_refused)
{
	static const char bytes[] = "0123456789\t\t\t\n;:#\\x\xff";
	char text[400];
	unsigned int seed = (unsigned int)_i;

	for (int round = 0; round < 300; round++) {
		struct hl_snapshot *s = NULL;
		size_t n = (size_t)(rand_r(&seed) % (int)sizeof(text));

		for (size_t i = 0; i < n; i++)
			text[i] = bytes[(size_t)rand_r(&seed) % (sizeof(bytes) - 1)];
		text[n ? n - 1 : 0] = '\0';
		if (!load(text, &s, NULL))
			free(written(s));
		hl_snapshot_unref(s);
	}
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("traces");
	TCase *core = tcase_create("core");
	TCase *errors = tcase_create("errors");

	tcase_add_test(core, equal_stacks_are_one_site);
	tcase_add_test(core, a_text_is_written_as_it_was_read);
	tcase_add_test(core, a_remainder_keeps_the_sum);
	tcase_add_test(core, source_frames_survive_a_ledger);
	suite_add_tcase(suite, core);
	tcase_add_loop_test(errors, damage_is_told_with_its_line, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_loop_test(errors, noise_is_read_or_refused, 0, 5);
	suite_add_tcase(suite, errors);
	return suite;
}
