/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of the symboliser: whatever bytes a traced program's file has, each address gets at least one
 * frame with a name.  What libelf and libdw do with them is part of it.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "snapshot/symbols.h"
#include "fuzz.h"

static char path[] = "/tmp/fuzz_symbols.XXXXXX";

static void remove_file(void)
{
	unlink(path);
}

static void write_file(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0) {
		fd = mkstemp(path);
		assert(fd >= 0);
		atexit(remove_file);
	}
	if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
}

static size_t look_up(struct hl_symbols *symbols, int module, uint64_t address)
{
	struct hl_frame frames[16];
	size_t n = hl_symbols_lookup(symbols, module, address, frames, 16), length = 0;

	assert(n >= 1 && n <= 16);
	for (size_t i = 0; i < n; i++) {
		assert(frames[i].function && frames[i].inlined == (i + 1 < n));
		length += strlen(frames[i].function) + (frames[i].file ? strlen(frames[i].file) : 0);
	}
	return length;
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct hl_symbols *symbols = hl_symbols_new(NULL);
	struct hl_symbols_info info;
	int module;

	assert(symbols);
	write_file(data, size);
	module = hl_symbols_module(symbols, path, NULL, 0);
	for (uint64_t address = 0; address < 0x6000; address += 0x1f)
		look_up(symbols, module, address);
	look_up(symbols, module, UINT64_MAX);
	assert(hl_symbols_module_info(symbols, module, &info) == 0);
	hl_symbols_free(symbols);
	return 0;
}
