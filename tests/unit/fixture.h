/* SPDX-License-Identifier: MIT */
/*
 * Small programs that tests compile for themselves.  Everything happens in a directory of the test's
 * own, which is removed again.
 */
#ifndef HL_TESTS_FIXTURE_H
#define HL_TESTS_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/symbols.h"

/* As setup and teardown of a TCase: makes the directory and works in it; removes it. */
void fixture_enter(void);
void fixture_leave(void);

/* Runs a shell command, with @format's result as the command line; true if it exits with 0. */
__attribute__((format(printf, 1, 2))) bool run(const char *format, ...);

/* Like run(), but a failure fails the test. */
#define must_run(...) ck_assert_msg(run(__VA_ARGS__), "command failed, see above")

/* Is the tool there?  If not, says on stderr that a test was skipped. */
bool have_tool(const char *name);

void write_file(const char *path, const char *text);

/* Absolute path of a file of the fixture's directory; valid until the next call. */
const char *in_fixture(const char *name);

/* What a compiled fixture printed: the addresses that it was called from, as ELF addresses - 1. */
size_t run_fixture(const char *program, uint64_t *addresses, size_t max);

/* The build-id of a file, by readelf; its length. */
size_t build_id_of(const char *path, uint8_t id[64]);

/* A new symboliser, with one extra directory of debug files or NULL. */
struct hl_symbols *symbols_with(const char *debug_dir);

#endif
