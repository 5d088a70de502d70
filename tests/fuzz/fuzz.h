/* SPDX-License-Identifier: MIT */
/* What each fuzzer has for memory.c: one run of what it tests. */
#ifndef HL_TESTS_FUZZ_H
#define HL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int fuzz_one(const uint8_t *data, size_t size);

#endif
