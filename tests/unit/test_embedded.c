/* SPDX-License-Identifier: MIT */
/* Symbols in ledgers: what was put in comes out, and nothing in a file is trusted. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "embedded-demo.h"
#include "fixture.h"
#include "snapshot/resolve.h"
#include "snapshot/varint.h"
#include "synthetic.h"

/* ---- Round trips ---- */

START_TEST(what_is_put_in_comes_out_of_the_file)
{
	struct hl_snapshot *s = demo_ledger();
	struct hl_snapshot *copy;

	s->embedded = demo_table();
	check_demo(s->embedded);
	must_write(s, "a.hl");
	hl_snapshot_unref(s);
	s = must_load("a.hl");
	check_demo(s->embedded);
	copy = hl_snapshot_new_like(s);
	hl_snapshot_unref(s);
	check_demo(copy->embedded);
	hl_snapshot_unref(copy);
}
END_TEST

START_TEST(lines_need_no_object)
{
	const struct hl_statistic *top;
	struct hl_snapshot *s = demo_ledger();
	struct hl_statistics *st;
	struct hl_resolver *r;
	struct hl_location at;

	s->embedded = demo_table();
	ck_assert_int_eq(hl_resolver_new(NULL, &r), 0);
	ck_assert_int_eq(hl_snapshot_statistics(s, r, HL_KEY_LINENO, HL_METRIC_LIVE, &st), 0);
	ck_assert_uint_eq(st->nr_items, 2);
	top = &st->items[0];
	at = *hl_traceback_frame(r, top->traceback, 0);
	ck_assert_str_eq(at.filename, "/src/a.cc");
	ck_assert_str_eq(at.function, "inner");
	ck_assert_uint_eq(at.lineno, 12);
	at = *hl_traceback_frame(r, st->items[1].traceback, 0);
	ck_assert_str_eq(at.filename, "libdemo.so+0x3ff");
	ck_assert_str_eq(at.function, "exported");
	/* who has all there is to know asks for no object, and has nothing to complain of */
	ck_assert_ptr_null(hl_resolver_problem(r, 0));
	hl_statistics_unref(st);
	hl_resolver_unref(r);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(the_same_additions_give_the_same_bytes)
{
	struct hl_embedded *a = demo_table();
	struct hl_embedded *b = demo_table();

	ck_assert_uint_eq(a->section_bytes, b->section_bytes);
	ck_assert_mem_eq(a->section, b->section, a->section_bytes);
	ck_assert_uint_ne(a->id, b->id);
	hl_embedded_unref(a);
	hl_embedded_unref(b);
}
END_TEST

START_TEST(of_nothing_there_is_no_table)
{
	struct hl_embedding *b = hl_embedding_new();
	struct hl_embedded *e = (struct hl_embedded *)b;

	ck_assert_int_eq(hl_embedding_finish(b, 1, &e), 0);
	ck_assert_ptr_null(e);
	hl_embedding_free(b);
}
END_TEST

START_TEST(the_best_of_several_stays_and_the_worst_is_the_rank)
{
	struct hl_embedding *b = demo_embedding();
	struct hl_frame other = {.function = "other"};
	const struct hl_embedded_module *m;
	struct hl_frame f[4];
	struct hl_embedded *e;

	ck_assert_int_eq(hl_embedding_add(b, 0, HL_RANK_SYMTAB, 0x0f, &other, 1), 0);
	ck_assert_int_eq(hl_embedding_add(b, 0, HL_RANK_SYMTAB, 0x10, &other, 1), 0);
	ck_assert_int_eq(hl_embedding_add(b, 0, HL_RANK_WHOLE, 0x10, &other, 1), 0);
	ck_assert_int_eq(hl_embedding_add(b, 2, HL_RANK_SYMTAB, 0x20, &other, 1), 0);
	ck_assert_int_eq(hl_embedding_finish(b, 3, &e), 0);
	check_demo(e);
	m = hl_embedded_module(e, 2);
	ck_assert_uint_eq(m->rank, HL_RANK_SYMTAB);
	ck_assert_uint_eq(hl_embedded_find(e, m, 0x20, f, 4), 1);
	hl_embedded_unref(e);
	hl_embedding_free(b);
}
END_TEST

/* ---- Damaged and hostile bytes ---- */

/* Every name and frame of a table, for a sanitizer to see; how many there are. */
static size_t read_all(const struct hl_embedded *e)
{
	struct hl_frame f[HL_EMBEDDED_MAX_CHAIN];
	size_t sum = 0;

	for (size_t i = 0; i < e->nr_modules; i++)
		for (uint32_t k = 0; k < e->modules[i].nr; k++) {
			size_t nr = hl_embedded_find(e, &e->modules[i], e->addresses[e->modules[i].first + k].vaddr, f,
					HL_EMBEDDED_MAX_CHAIN);

			ck_assert_uint_ge(nr, 1);
			for (size_t n = 0; n < nr; n++)
				sum += strlen(f[n].function) + (f[n].file ? strlen(f[n].file) : 0) +
					(f[n].linkage_name ? strlen(f[n].linkage_name) : 0) + 1;
		}
	return sum;
}

static unsigned char *section_of(const void *plain, size_t length, uint64_t said, size_t *bytes)
{
	struct hl_symbols_header h = {.crc = (uint32_t)crc32_z(0, plain, length), .packed_bytes = length,
		.plain_bytes = said};
	unsigned char *section = malloc(sizeof(h) + length);

	memcpy(section, &h, sizeof(h));
	memcpy(section + sizeof(h), plain, length);
	*bytes = sizeof(h) + length;
	return section;
}

/* What a reader makes of @plain; NULL: it is refused. */
static struct hl_embedded *read_plain(const void *plain, size_t length)
{
	struct hl_embedded *e = NULL;
	const char *msg = NULL;
	size_t bytes;
	unsigned char *section = section_of(plain, length, length, &bytes);
	int rc = hl_embedded_read(section, bytes, 1, &e, &msg);

	if (rc < 0) {
		ck_assert_int_eq(rc, -EBADMSG);
		ck_assert_ptr_nonnull(msg);
		ck_assert_ptr_null(e);
		free(section);
	}
	return e;
}

START_TEST(each_damaged_byte_of_the_file_is_an_error_or_harmless)
{
	struct hl_snapshot *s = demo_ledger();
	unsigned char *bytes;
	size_t length;
	size_t start;

	s->embedded = demo_table();
	must_write(s, "a.hl");
	bytes = file_bytes("a.hl", &length);
	for (start = length; memcmp(bytes + start - s->embedded->section_bytes, s->embedded->section,
			s->embedded->section_bytes); start--)
		ck_assert_uint_gt(start, s->embedded->section_bytes);
	start -= s->embedded->section_bytes;
	for (size_t i = start; i < start + s->embedded->section_bytes; i++) {
		for (int bit = 0; bit < 8; bit++) {
			struct hl_snapshot *read = NULL;
			struct hl_error err = {0};

			bytes[i] ^= (unsigned char)(1 << bit);
			put_bytes("b.hl", bytes, length);
			bytes[i] ^= (unsigned char)(1 << bit);
			if (hl_snapshot_load("b.hl", &read, &err)) {
				ck_assert_int_eq(err.code, EBADMSG);
				ck_assert_uint_eq(err.offset, start);
			} else {
				check_demo(read->embedded);
			}
			hl_snapshot_unref(read);
		}
	}
	free(bytes);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(no_byte_of_the_contents_leads_outside)
{
	struct hl_embedded *e = demo_table();
	unsigned char *plain = malloc(e->plain_bytes);
	size_t nr_accepted = 0;

	memcpy(plain, e->plain, e->plain_bytes);
	for (size_t i = 0; i < e->plain_bytes; i++) {
		unsigned char was = plain[i];

		for (unsigned int value = 0; value < 256; value++) {
			struct hl_embedded *read;

			plain[i] = (unsigned char)value;
			read = read_plain(plain, e->plain_bytes);
			if (read)
				nr_accepted += read_all(read) > 0;
			hl_embedded_unref(read);
		}
		plain[i] = was;
	}
	ck_assert_uint_gt(nr_accepted, 0);
	for (size_t length = 0; length < e->plain_bytes; length++)
		ck_assert_ptr_null(read_plain(plain, length));
	free(plain);
	hl_embedded_unref(e);
}
END_TEST

/* By hand, as heapledger-format(5) says. */
START_TEST(what_the_page_says_is_read)
{
	static const unsigned char plain[] = {
		3, 7, 0, 'f', 0, 'a', '.', 'c', 0,
		1, 1, 0, 5, 0,
		2, 1, 2, 3, 0, 2, 9,
		1, 2, 3,
		0, 0, 2, 16, 2, 0, 1, 4, 1, 1,
	};
	struct hl_embedded *e = read_plain(plain, sizeof(plain));
	struct hl_frame f[4];

	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(hl_embedded_find(e, hl_embedded_module(e, 0), 16, f, 4), 2);
	ck_assert_str_eq(f[0].function, "f");
	ck_assert_str_eq(f[0].file, "a.c");
	ck_assert_uint_eq(f[0].line, 3);
	ck_assert_uint_eq(f[0].function_line, 5);
	ck_assert(f[0].inlined);
	ck_assert_uint_eq(f[1].line, 9);
	ck_assert_uint_eq(hl_embedded_find(e, hl_embedded_module(e, 0), 20, f, 4), 1);
	ck_assert_uint_eq(f[0].line, 9);
	hl_embedded_unref(e);
}
END_TEST

START_TEST(a_table_claims_no_more_than_the_file_can_have)
{
	unsigned char plain[64];
	unsigned char *section;
	size_t bytes, length = 0;
	struct hl_embedded *e = NULL;
	const char *msg = NULL;

	/* one string, the empty one, and 2^40 functions */
	length += hl_varint_put(plain + length, 1);
	length += hl_varint_put(plain + length, 1);
	plain[length++] = '\0';
	length += hl_varint_put(plain + length, UINT64_C(1) << 40);
	ck_assert_ptr_null(read_plain(plain, sizeof(plain)));
	/* what unpacks to far more than it takes */
	section = section_of(plain, sizeof(plain), UINT64_C(1) << 40, &bytes);
	ck_assert_int_eq(hl_embedded_read(section, bytes, 1, &e, &msg), -EBADMSG);
	ck_assert_str_eq(msg, "more symbols than a section of this size may hold");
	free(section);
}
END_TEST

START_TEST(a_bomb_is_refused_before_it_is_unpacked)
{
	size_t length = 64u << 20;
	unsigned char *zeros = calloc(length, 1);
	uLongf packed = compressBound(length);
	struct hl_symbols_header h = {.packing = HL_SYMBOLS_ZLIB, .plain_bytes = length};
	unsigned char *section = malloc(sizeof(h) + packed);
	struct hl_embedded *e = NULL;
	const char *msg = NULL;

	ck_assert_int_eq(compress2(section + sizeof(h), &packed, zeros, length, 9), Z_OK);
	h.packed_bytes = packed;
	memcpy(section, &h, sizeof(h));
	ck_assert_int_eq(hl_embedded_read(section, sizeof(h) + packed, 1, &e, &msg), -EBADMSG);
	ck_assert_str_eq(msg, "more symbols than a section of this size may hold");
	free(section);
	free(zeros);
}
END_TEST

/* Names that pack to next to nothing would look like a bomb: they are stored as they are. */
START_TEST(what_is_written_is_believed)
{
	struct hl_embedding *b = hl_embedding_new();
	struct hl_embedded *e = NULL;
	char *name = malloc(2048);

	memset(name, 'x', 2047);
	name[2047] = '\0';
	for (unsigned int i = 0; i < 20000; i++) {
		struct hl_frame f = {.function = name, .line = 1};

		name[0] = (char)('a' + i % 26);
		name[1] = (char)('a' + i / 26 % 26);
		name[2] = (char)('a' + i / 676 % 26);
		name[3] = (char)('a' + i / 17576);
		ck_assert_int_eq(hl_embedding_add(b, 0, HL_RANK_WHOLE, i, &f, 1), 0);
	}
	ck_assert_int_eq(hl_embedding_finish(b, 1, &e), 0);
	ck_assert_uint_eq(e->nr_addresses, 20000);
	ck_assert_uint_gt(e->section_bytes, 20000 * 2048);
	hl_embedded_unref(e);
	hl_embedding_free(b);
	free(name);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *s = suite_create("embedded");
	TCase *core = tcase_create("core");
	TCase *errors = tcase_create("errors");

	tcase_add_checked_fixture(core, fixture_enter, fixture_leave);
	tcase_add_test(core, what_is_put_in_comes_out_of_the_file);
	tcase_add_test(core, lines_need_no_object);
	tcase_add_test(core, the_same_additions_give_the_same_bytes);
	tcase_add_test(core, of_nothing_there_is_no_table);
	tcase_add_test(core, the_best_of_several_stays_and_the_worst_is_the_rank);
	suite_add_tcase(s, core);
	tcase_add_checked_fixture(errors, fixture_enter, fixture_leave);
	tcase_set_timeout(errors, 60);
	tcase_add_test(errors, each_damaged_byte_of_the_file_is_an_error_or_harmless);
	tcase_add_test(errors, no_byte_of_the_contents_leads_outside);
	tcase_add_test(errors, what_the_page_says_is_read);
	tcase_add_test(errors, a_table_claims_no_more_than_the_file_can_have);
	tcase_add_test(errors, a_bomb_is_refused_before_it_is_unpacked);
	tcase_add_test(errors, what_is_written_is_believed);
	suite_add_tcase(s, errors);
	return s;
}
