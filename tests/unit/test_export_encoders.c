/* SPDX-License-Identifier: MIT */
/* What exports are built from: protocol buffers, gzip, tables of names, the tree of stacks. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "reports/gzip.h"
#include "reports/names.h"
#include "reports/protobuf.h"
#include "reports/stack-tree.h"
#include "synthetic.h"

static struct hl_protobuf pb;

static void enter_pb(void)
{
	memset(&pb, 0, sizeof(pb));
}

static void leave_pb(void)
{
	ck_assert(!pb.is_short);
	hl_protobuf_release(&pb);
}

static void must_be(const char *bytes, size_t length)
{
	ck_assert_uint_eq(pb.length, length);
	ck_assert_mem_eq(pb.data, bytes, length);
	hl_protobuf_reset(&pb);
}

START_TEST(numbers_are_varints_with_their_field)
{
	hl_protobuf_put_number(&pb, 1, 1);
	must_be("\x08\x01", 2);
	hl_protobuf_put_number(&pb, 1, 150);
	must_be("\x08\x96\x01", 3);
	hl_protobuf_put_number(&pb, 16, 127);
	must_be("\x80\x01\x7f", 3);
	hl_protobuf_put_number(&pb, 2, UINT64_MAX);
	must_be("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
	hl_protobuf_put_signed(&pb, 2, -1);
	must_be("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
	hl_protobuf_put_signed(&pb, 2, INT64_MIN);
	must_be("\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11);
}
END_TEST

START_TEST(zero_is_left_out_but_not_in_packed_fields)
{
	const uint64_t values[] = {0, 300, 1};

	hl_protobuf_put_number(&pb, 1, 0);
	ck_assert_uint_eq(pb.length, 0);
	hl_protobuf_put_packed(&pb, 2, values, 0);
	ck_assert_uint_eq(pb.length, 0);
	hl_protobuf_put_packed(&pb, 2, values, 3);
	must_be("\x12\x04\x00\xac\x02\x01", 6);
}
END_TEST

START_TEST(bytes_and_messages_have_their_length)
{
	struct hl_protobuf inner = {0};

	hl_protobuf_put_bytes(&pb, 6, "", 0);
	must_be("\x32\x00", 2);
	hl_protobuf_put_bytes(&pb, 6, "ab", 2);
	must_be("\x32\x02""ab", 4);
	hl_protobuf_put_number(&inner, 1, 5);
	hl_protobuf_put_message(&pb, 3, &inner);
	must_be("\x1a\x02\x08\x05", 4);
	hl_protobuf_release(&inner);
}
END_TEST

/* What gzip made of @data, at most 1 MB; the length. */
static size_t compress_bytes(const void *data, size_t length, char **out)
{
	size_t n;
	FILE *file = open_memstream(out, &n);
	static struct hl_gzip gzip;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(hl_gzip_start(&gzip, file), 0);
	hl_gzip_write(&gzip, data, length / 2);
	hl_gzip_write(&gzip, (const char *)data + length / 2, length - length / 2);
	hl_gzip_finish(&gzip);
	ck_assert_int_eq(fclose(file), 0);
	return n;
}

START_TEST(gzip_is_read_back_and_has_no_time)
{
	static unsigned char data[1000000];
	static unsigned char back[1000001];
	z_stream stream = {0};
	uint32_t x = 1;
	char *packed;
	size_t n;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)((x = x * 1103515245 + 12345) >> 24);
	n = compress_bytes(data, sizeof(data), &packed);
	/* magic, deflate, no flags: no name; then four bytes of time */
	ck_assert_mem_eq(packed, "\x1f\x8b\x08\0\0\0\0\0", 8);
	ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_in = (unsigned char *)packed;
	stream.avail_in = (unsigned int)n;
	stream.next_out = back;
	stream.avail_out = sizeof(back);
	ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
	ck_assert_uint_eq(stream.total_out, sizeof(data));
	ck_assert_mem_eq(back, data, sizeof(data));
	inflateEnd(&stream);
	free(packed);
}
END_TEST

START_TEST(names_are_escaped_and_one_number_each)
{
	struct hl_names names = {.from = ";#", .to = ":$"};
	const char *constant = "a;b#c\033\xff";
	uint32_t id = hl_names_id_of_constant(&names, constant);

	ck_assert_uint_eq(id, 0);
	ck_assert_str_eq(names.texts[0], "a:b$c\\x1b\\xff");
	ck_assert_uint_eq(hl_names_id_of_constant(&names, constant), 0);
	ck_assert_uint_eq(hl_names_id(&names, "a:b$c\\x1b\\xff"), 0);
	ck_assert_uint_eq(hl_names_id(&names, ""), 1);
	ck_assert_uint_eq(hl_names_id(&names, "A"), 2);
	ck_assert_uint_eq(names.nr, 3);
	hl_names_release(&names);
}
END_TEST

START_TEST(names_of_any_length_are_kept)
{
	struct hl_names names = {0};
	char *text = malloc(10001);

	memset(text, 'x', 10000);
	text[10000] = '\0';
	ck_assert_uint_eq(hl_names_id(&names, text), 0);
	text[9999] = 'y';
	ck_assert_uint_eq(hl_names_id(&names, text), 1);
	ck_assert_uint_eq(strlen(names.texts[1]), 10000);
	free(text);
	hl_names_release(&names);
}
END_TEST

START_TEST(names_are_ranked_by_bytes)
{
	struct hl_names names = {0};
	uint32_t *rank;

	hl_names_id(&names, "b");
	hl_names_id(&names, "\xc3\xa9");
	hl_names_id(&names, "a");
	rank = hl_names_rank(&names);
	ck_assert_uint_eq(rank[0], 1);
	ck_assert_uint_eq(rank[1], 2);
	ck_assert_uint_eq(rank[2], 0);
	free(rank);
	hl_names_release(&names);
}
END_TEST

/* Frames that differ in the low digit only look the same. */
static uint32_t coarse(void *arg, const struct hl_stack_frame *frame)
{
	(void)arg;
	return (uint32_t)(frame->address - DEMO_BIAS) >> 4;
}

START_TEST(stacks_that_look_the_same_are_summed_in_the_order_of_a_walk)
{
	static const uint64_t offsets[][3] = {
		{0x30, 0x50}, {0x30, 0x20}, {0x38, 0x51}, {0x30, 0x20, 0x90}, {0x10, 0x90},
	};
	static const size_t lengths[] = {2, 2, 2, 3, 2};
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_resolver *resolver;
	struct hl_stacks *stacks;
	struct hl_stack_tree tree = {0};
	uint32_t path[3];

	for (size_t i = 0; i < 5; i++)
		demo_site(s, DEMO_BIAS, offsets[i], lengths[i], 1, 10 << i);
	ck_assert_int_eq(hl_resolver_new(NULL, &resolver), 0);
	ck_assert_int_eq(hl_stacks_new(s, resolver, &stacks), 0);
	ck_assert_int_eq(hl_stack_tree_build(&tree, stacks, coarse, NULL), 0);
	ck_assert_int_eq(hl_stack_tree_sort(&tree, NULL), 0);
	ck_assert_uint_eq(tree.nr_sums, 4);
	ck_assert_uint_eq(tree.max_depth, 3);
	/* 1;9  3;2  3;2;9  3;5 */
	ck_assert_uint_eq(tree.sums[0].counts.alloc_bytes, 160);
	ck_assert_uint_eq(tree.sums[1].counts.alloc_bytes, 20);
	ck_assert_uint_eq(tree.sums[2].counts.alloc_bytes, 80);
	ck_assert_uint_eq(tree.sums[3].counts.alloc_bytes, 10 + 40);
	ck_assert_uint_eq(hl_stack_tree_path(&tree, tree.sums[2].node, path), 3);
	ck_assert_uint_eq(path[0], 9);
	ck_assert_uint_eq(path[1], 2);
	ck_assert_uint_eq(path[2], 3);
	hl_stack_tree_release(&tree);
	hl_stacks_unref(stacks);
	hl_resolver_unref(resolver);
	hl_snapshot_unref(s);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("export encoders");
	TCase *protobuf = tcase_create("protobuf");
	TCase *core = tcase_create("core");

	tcase_add_checked_fixture(protobuf, enter_pb, leave_pb);
	tcase_add_test(protobuf, numbers_are_varints_with_their_field);
	tcase_add_test(protobuf, zero_is_left_out_but_not_in_packed_fields);
	tcase_add_test(protobuf, bytes_and_messages_have_their_length);
	suite_add_tcase(suite, protobuf);
	tcase_add_test(core, gzip_is_read_back_and_has_no_time);
	tcase_add_test(core, names_are_escaped_and_one_number_each);
	tcase_add_test(core, names_of_any_length_are_kept);
	tcase_add_test(core, names_are_ranked_by_bytes);
	tcase_add_test(core, stacks_that_look_the_same_are_summed_in_the_order_of_a_walk);
	suite_add_tcase(suite, core);
	return suite;
}
