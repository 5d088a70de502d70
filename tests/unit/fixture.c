/* SPDX-License-Identifier: MIT */
/* Small programs that tests compile for themselves. */
#include "fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

static char directory[64];

void fixture_enter(void)
{
	strcpy(directory, "/tmp/heapledger-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

void fixture_leave(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	run("rm -rf '%s'", directory);
}

bool run(const char *format, ...)
{
	va_list args;
	char *command;
	int n, status;

	va_start(args, format);
	n = vasprintf(&command, format, args);
	va_end(args);
	ck_assert_int_ge(n, 0);
	status = system(command);
	if (status)
		fprintf(stderr, "exit status %d: %s\n", status, command);
	free(command);
	return status == 0;
}

bool have_tool(const char *name)
{
	char command[256];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
	if (system(command) == 0)
		return true;
	fprintf(stderr, "SKIPPED: %s is not installed\n", name);
	return false;
}

void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

const char *in_fixture(const char *name)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

size_t run_fixture(const char *program, uint64_t *addresses, size_t max)
{
	unsigned long long value;
	char command[256];
	size_t n = 0;
	FILE *f;

	snprintf(command, sizeof(command), "./%s", program);
	f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	while (n < max && fscanf(f, "%llx", &value) == 1)
		addresses[n++] = value;
	ck_assert_int_eq(pclose(f), 0);
	return n;
}

size_t build_id_of(const char *path, uint8_t id[64])
{
	char command[512];
	unsigned int byte;
	size_t n = 0;
	FILE *f;

	snprintf(command, sizeof(command), "readelf -n '%s' | sed -n 's/.*Build ID: //p'", path);
	f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	while (n < 64 && fscanf(f, "%2x", &byte) == 1)
		id[n++] = (uint8_t)byte;
	pclose(f);
	return n;
}

struct hl_symbols *symbols_with(const char *debug_dir)
{
	struct hl_symbols_options options = { .debug_dirs = &debug_dir, .nr_debug_dirs = 1 };
	struct hl_symbols *symbols = hl_symbols_new(debug_dir ? &options : NULL);

	ck_assert_ptr_nonnull(symbols);
	return symbols;
}
