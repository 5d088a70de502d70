/* SPDX-License-Identifier: MIT */
/* Interned strings: one copy of each, at an address that stays until the end. */
#ifndef HL_SNAPSHOT_SYM_STRINGS_H
#define HL_SNAPSHOT_SYM_STRINGS_H

#include <stddef.h>

struct hl_strings_chunk;

/* All zero is an empty set. */
struct hl_strings {
	const char **slots;		/* open addressing; NULL: free */
	size_t nr_slots;		/* 0 or a power of two */
	size_t nr_strings;
	struct hl_strings_chunk *chunks;
};

void hl_strings_release(struct hl_strings *strings);

/* The one copy of @text (@length bytes, no NUL among them); NULL when out of memory. */
const char *hl_strings_add(struct hl_strings *strings, const char *text, size_t length);

#endif
