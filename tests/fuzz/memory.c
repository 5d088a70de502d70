/* SPDX-License-Identifier: MIT */
/*
 * What every fuzzer is linked with: a reader may take four times the size of its input and 64 MiB, and
 * not more at any moment.  What goes beyond is a crash of the fuzzer, like every other fault.
 */
#include <sanitizer/allocator_interface.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Fuzzers have one thread. */
static uint64_t live_bytes, limit_bytes = UINT64_MAX;

static void on_malloc(const volatile void *block, size_t bytes)
{
	(void)block;
	live_bytes += bytes;
	if (live_bytes > limit_bytes) {
		limit_bytes = UINT64_MAX;
		fprintf(stderr, "fuzz: more memory than four times the input and 64 MiB\n");
		abort();
	}
}

static void on_free(const volatile void *block)
{
	if (block)
		live_bytes -= __sanitizer_get_allocated_size(block);
}

__attribute__((constructor)) static void install(void)
{
	if (!__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int r;

	limit_bytes = live_bytes + 4 * (uint64_t)size + (64u << 20);
	r = fuzz_one(data, size);
	limit_bytes = UINT64_MAX;
	return r;
}
