/* SPDX-License-Identifier: MIT */
/* Compiled in several ways, the seeds of fuzz_symbols. */
#include <stdlib.h>

static inline __attribute__((always_inline)) void *inlined(size_t bytes)
{
	return malloc(bytes);
}

__attribute__((noinline)) void *outer(size_t bytes)
{
	return inlined(bytes + 1);
}
