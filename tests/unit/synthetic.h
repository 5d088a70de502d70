/* SPDX-License-Identifier: MIT */
/* Ledgers that no program wrote: for tests of what reads them. */
#ifndef HL_TESTS_SYNTHETIC_H
#define HL_TESTS_SYNTHETIC_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot/snapshot.h"

/* A snapshot with one module, /nowhere/libdemo.so, at 0x10000 .. 0x20000 with that bias. */
#define DEMO_BIAS 0x10000u
struct hl_snapshot *demo_snapshot(uint64_t bias);

/* Add a site: @nr offsets into the module, outermost first; nothing freed, all live at the peak. */
void demo_site(struct hl_snapshot *s, uint64_t bias, const uint64_t *offsets, size_t nr,
		uint64_t count, uint64_t bytes);

/* The same with one frame. */
void demo_line(struct hl_snapshot *s, uint64_t bias, uint64_t offset, uint64_t count, uint64_t bytes);

/* Write, and read back as bytes; the caller frees. */
unsigned char *file_bytes(const char *path, size_t *length);
void put_bytes(const char *path, const void *bytes, size_t length);

#endif
