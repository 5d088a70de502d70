/* SPDX-License-Identifier: MIT */
/*
 * Where a frame comes from: the user's own program, a library that is passed over when a stack's line is looked for,
 * an allocator, or what only begins a thread.  Described in heapledger-origins(5); src/snapshot/origins.conf has the
 * presets.
 */
#ifndef HL_SNAPSHOT_ORIGINS_H
#define HL_SNAPSHOT_ORIGINS_H

#include <stdbool.h>

#include "snapshot/heapledger.h"

struct hl_origins;

/* What of a frame is looked at; each has patterns of its own. */
enum hl_origin_part {
	HL_ORIGIN_FUNCTION,
	HL_ORIGIN_NAMESPACE,		/* a function whose source file is not known */
	HL_ORIGIN_FILE,
	HL_ORIGIN_OBJECT,
	HL_NR_ORIGIN_PARTS
};

/**
 * hl_origins_new() - the patterns that the options ask for
 * @options: origins, origins_text, pass, own and wrappers are read and not kept
 * @out: receives the patterns; hl_origins_free()
 * @problem: receives, of -EINVAL, what is wrong, as one line; the caller frees it
 *
 * Cost:    O(patterns).
 * Returns: 0; -EINVAL; -ENOMEM.
 */
int hl_origins_new(const struct hl_resolve_options *options, struct hl_origins **out, char **problem);
void hl_origins_free(struct hl_origins *origins);

/* Whether frames of one's own come before those of others: a stack has to be looked at as a whole then. */
bool hl_origins_has_own(const struct hl_origins *origins);

/**
 * hl_origins_role() - what the patterns say of one part of a frame
 * @text: demangled function without parameters, source file or path of an object
 *
 * Of a function the compilers' suffixes (.isra.0, .constprop.1, .part.0, .cold) are no part.
 * Cost:    the patterns that may begin as @text does, times its length at worst.
 */
enum hl_role hl_origins_role(const struct hl_origins *origins, enum hl_origin_part part, const char *text);

#endif
