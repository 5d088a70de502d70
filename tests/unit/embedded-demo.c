/* SPDX-License-Identifier: MIT */
/* Symbols of a ledger that no program wrote. */
#include "embedded-demo.h"

#include <check.h>
#include <string.h>

#include "synthetic.h"

static struct hl_frame inner(void)
{
	return (struct hl_frame){.function = "inner", .linkage_name = "_Z5innerv", .file = "/src/a.cc", .line = 12,
		.function_line = 10, .inlined = true};
}

static struct hl_frame outer(void)
{
	return (struct hl_frame){.function = "outer", .linkage_name = "outer", .file = "/src/a.cc", .line = 31,
		.function_line = 30};
}

static struct hl_frame symbol(void)
{
	return (struct hl_frame){.function = "exported", .linkage_name = "exported", .function_start = 0x3f0,
		.source = HL_FRAME_SYMTAB};
}

/* Of address 0x0f, in a call: a chain; 0x3ff: a symbol; 0x500: nothing known. */
struct hl_embedding *demo_embedding(void)
{
	struct hl_embedding *b = hl_embedding_new();
	struct hl_frame chain[] = {inner(), outer()};
	struct hl_frame plain = symbol();
	struct hl_frame nothing = {.function = "libdemo.so+0x500", .source = HL_FRAME_OFFSET};

	ck_assert_ptr_nonnull(b);
	ck_assert_int_eq(hl_embedding_add(b, 0, HL_RANK_WHOLE, 0x3ff, &plain, 1), 0);
	ck_assert_int_eq(hl_embedding_add(b, 0, HL_RANK_WHOLE, 0x0f, chain, 2), 0);
	ck_assert_int_eq(hl_embedding_add(b, 0, HL_RANK_WHOLE, 0x500, &nothing, 1), 0);
	return b;
}

struct hl_embedded *demo_table(void)
{
	struct hl_embedding *b = demo_embedding();
	struct hl_embedded *e = NULL;

	ck_assert_int_eq(hl_embedding_finish(b, 1, &e), 0);
	hl_embedding_free(b);
	ck_assert_ptr_nonnull(e);
	return e;
}

struct hl_snapshot *demo_ledger(void)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);

	demo_line(s, DEMO_BIAS, 0x0f, 1, 100);
	demo_line(s, DEMO_BIAS, 0x3ff, 1, 50);
	return s;
}

void must_write(const struct hl_snapshot *s, const char *path)
{
	struct hl_error err;

	ck_assert_int_eq(hl_snapshot_write(s, path, HL_WRITE_FORCE, &err), 0);
}

struct hl_snapshot *must_load(const char *path)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};
	int rc = hl_snapshot_load(path, &s, &err);

	ck_assert_msg(rc == 0, "%s: %s", path, err.msg ? err.msg : "?");
	return s;
}

void check_demo(const struct hl_embedded *e)
{
	struct hl_frame f[HL_EMBEDDED_MAX_CHAIN];
	const struct hl_embedded_module *m = hl_embedded_module(e, 0);

	ck_assert_ptr_nonnull(m);
	ck_assert_ptr_null(hl_embedded_module(e, 1));
	ck_assert_uint_eq(m->rank, HL_RANK_WHOLE);
	ck_assert_uint_eq(hl_embedded_find(e, m, 0x0e, f, 64), 0);
	ck_assert_uint_eq(hl_embedded_find(e, m, 0x501, f, 64), 0);
	ck_assert_uint_eq(hl_embedded_find(e, m, 0x0f, f, 64), 2);
	ck_assert_str_eq(f[0].function, "inner");
	ck_assert_str_eq(f[0].linkage_name, "_Z5innerv");
	ck_assert_str_eq(f[0].file, "/src/a.cc");
	ck_assert_uint_eq(f[0].line, 12);
	ck_assert_uint_eq(f[0].function_line, 10);
	ck_assert(f[0].inlined && !f[1].inlined);
	ck_assert_uint_eq(f[1].line, 31);
	ck_assert_uint_eq(hl_embedded_find(e, m, 0x0f, f, 1), 1);
	ck_assert_str_eq(f[0].function, "outer");
	ck_assert_uint_eq(hl_embedded_find(e, m, 0x3ff, f, 64), 1);
	ck_assert_uint_eq(f[0].function_start, 0x3f0);
	ck_assert_ptr_null(f[0].file);
	ck_assert_int_eq(f[0].source, HL_FRAME_SYMTAB);
	ck_assert_uint_eq(hl_embedded_find(e, m, 0x500, f, 64), 1);
	ck_assert_int_eq(f[0].source, HL_FRAME_OFFSET);
}
