/* SPDX-License-Identifier: MIT */
/*
 * Saved vector registers come back: all of SSE, and of AVX and AVX-512 where the processor and the kernel have them.
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

#define NR_REGISTERS 16
#define WIDTH 64

#define EACH(instruction, register, from)                                                                              \
	__asm__ volatile(instruction(register##0, 0x000) instruction(register##1, 0x040)                               \
		instruction(register##2, 0x080) instruction(register##3, 0x0c0) instruction(register##4, 0x100)        \
		instruction(register##5, 0x140) instruction(register##6, 0x180) instruction(register##7, 0x1c0)        \
		instruction(register##8, 0x200) instruction(register##9, 0x240) instruction(register##10, 0x280)       \
		instruction(register##11, 0x2c0) instruction(register##12, 0x300) instruction(register##13, 0x340)     \
		instruction(register##14, 0x380) instruction(register##15, 0x3c0) : : "r"(from) : "memory")
#define TEXT(x) #x
#define LOAD_SSE(r, at) "movups " TEXT(at) "(%0), %%" TEXT(r) "\n\t"
#define STORE_SSE(r, at) "movups %%" TEXT(r) ", " TEXT(at) "(%0)\n\t"
#define LOAD_AVX(r, at) "vmovups " TEXT(at) "(%0), %%" TEXT(r) "\n\t"
#define STORE_AVX(r, at) "vmovups %%" TEXT(r) ", " TEXT(at) "(%0)\n\t"

typedef unsigned char registers[NR_REGISTERS][WIDTH];

static void fill(registers of, unsigned int seed)
{
	for (unsigned int i = 0; i < NR_REGISTERS; i++)
		for (unsigned int k = 0; k < WIDTH; k++)
			of[i][k] = (unsigned char)(seed + i * 17 + k * 3);
}

static void check_width(const registers of, unsigned int seed, size_t width)
{
	static registers wanted;

	fill(wanted, seed);
	for (unsigned int i = 0; i < NR_REGISTERS; i++)
		ck_assert_msg(memcmp(of[i], wanted[i], width) == 0, "register %u of %zu bytes", i, width);
}

static registers before, other, after;
static void *area;

static void prepare(void)
{
	size_t bytes = (hl_vectors_bytes() + HL_VECTORS_ALIGN - 1) / HL_VECTORS_ALIGN * HL_VECTORS_ALIGN;

	ck_assert_uint_ge(bytes, 512);
	ck_assert_uint_eq(hl_vectors_bytes(), hl_vectors_bytes());
	area = aligned_alloc(HL_VECTORS_ALIGN, bytes);
	ck_assert_ptr_nonnull(area);
	memset(area, 0xff, bytes);
	fill(before, 1);
	fill(other, 99);
	memset(after, 0, sizeof(after));
}

START_TEST(sse_registers_come_back)
{
	prepare();
	EACH(LOAD_SSE, xmm, before);
	hl_vectors_save(area);
	EACH(LOAD_SSE, xmm, other);
	hl_vectors_restore(area);
	EACH(STORE_SSE, xmm, after);
	check_width((const unsigned char(*)[WIDTH])after, 1, 16);
	free(area);
}
END_TEST

START_TEST(avx_registers_come_back)
{
	if (!__builtin_cpu_supports("avx"))
		return;
	prepare();
	EACH(LOAD_AVX, ymm, before);
	hl_vectors_save(area);
	EACH(LOAD_AVX, ymm, other);
	hl_vectors_restore(area);
	EACH(STORE_AVX, ymm, after);
	check_width((const unsigned char(*)[WIDTH])after, 1, 32);
	free(area);
}
END_TEST

START_TEST(avx512_registers_come_back)
{
	if (!__builtin_cpu_supports("avx512f"))
		return;
	prepare();
	EACH(LOAD_AVX, zmm, before);
	hl_vectors_save(area);
	EACH(LOAD_AVX, zmm, other);
	hl_vectors_restore(area);
	EACH(STORE_AVX, zmm, after);
	check_width((const unsigned char(*)[WIDTH])after, 1, 64);
	free(area);
}
END_TEST

/* What it stores is what there is: without the restoring, the test would not pass. */
START_TEST(saving_changes_nothing)
{
	prepare();
	EACH(LOAD_SSE, xmm, before);
	hl_vectors_save(area);
	EACH(STORE_SSE, xmm, after);
	check_width((const unsigned char(*)[WIDTH])after, 1, 16);
	free(area);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("vectors");
	TCase *core = tcase_create("core");

	tcase_add_test(core, sse_registers_come_back);
	tcase_add_test(core, avx_registers_come_back);
	tcase_add_test(core, avx512_registers_come_back);
	tcase_add_test(core, saving_changes_nothing);
	suite_add_tcase(suite, core);
	return suite;
}
