/* SPDX-License-Identifier: MIT */
#include "synthetic.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hl_snapshot *demo_snapshot(uint64_t bias)
{
	struct hl_snapshot *s = hl_snapshot_new();
	struct hl_module_info m = {
		.path = {.data = "/nowhere/libdemo.so", .length = strlen("/nowhere/libdemo.so")},
		.bias = bias,
		.start = bias,
		.end = bias + 0x10000,
	};

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(hl_snapshot_add_module(s, &m), 0);
	return s;
}

void demo_site(struct hl_snapshot *s, uint64_t bias, const uint64_t *offsets, size_t nr,
		uint64_t count, uint64_t bytes)
{
	struct hl_counts counts = {
		.alloc_count = count,
		.alloc_bytes = bytes,
		.peak_count = (int64_t)count,
		.peak_bytes = (int64_t)bytes,
	};
	uint32_t node = HL_NODE_ROOT;

	/* + 1: the address behind the call */
	for (size_t i = 0; i < nr; i++)
		ck_assert_int_eq(hl_snapshot_add_node(s, node, bias + offsets[i] + 1, &node), 0);
	ck_assert_int_eq(hl_snapshot_add_site(s, node, HL_KIND_MALLOC, HL_DOMAIN_MALLOC, &counts), 0);
}

void demo_line(struct hl_snapshot *s, uint64_t bias, uint64_t offset, uint64_t count, uint64_t bytes)
{
	demo_site(s, bias, &offset, 1, count, bytes);
}

unsigned char *file_bytes(const char *path, size_t *length)
{
	FILE *f = fopen(path, "rb");
	unsigned char *bytes;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
	*length = (size_t)ftell(f);
	rewind(f);
	bytes = malloc(*length + 1);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_eq(fread(bytes, 1, *length, f), *length);
	fclose(f);
	return bytes;
}

void put_bytes(const char *path, const void *bytes, size_t length)
{
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, length, f), length);
	ck_assert_int_eq(fclose(f), 0);
}
