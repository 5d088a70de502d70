/* SPDX-License-Identifier: MIT */
/*
 * Small numbers for names that are safe to write: the tables of strings in exports.
 *
 * A name is escaped once, when it is first met (reports/escape.h).  Different names that look the
 * same after that are one.
 */
#ifndef HL_REPORTS_NAMES_H
#define HL_REPORTS_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot/map.h"

#define HL_NO_NAME UINT32_MAX

struct hl_names {
	const char *from;		/* bytes to replace, and by what; NULL: none */
	const char *to;
	char **texts;			/* escaped; by number, from 0 in the order of arrival */
	size_t nr;
	size_t room;
	struct hl_map by_pointer;
	struct hl_map by_hash;
};

/* All zero but for from and to is an empty table. */
void hl_names_release(struct hl_names *names);

/**
 * hl_names_id() - the number of a name
 * @text: NUL-terminated, not NULL
 *
 * Cost:    O(length); allocates.
 * Returns: number; HL_NO_NAME: out of memory.
 */
uint32_t hl_names_id(struct hl_names *names, const char *text);

/* The same for a string that stays at its address as long as @names: O(1) from the second time. */
uint32_t hl_names_id_of_constant(struct hl_names *names, const char *text);

/**
 * hl_names_rank() - the place of each number in the order of the names' bytes
 *
 * Returns: nr numbers, the caller frees; NULL: out of memory.
 */
uint32_t *hl_names_rank(const struct hl_names *names);

#endif
