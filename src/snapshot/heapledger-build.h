/* SPDX-License-Identifier: MIT */
/*
 * Making a snapshot in memory, for programs whose stacks were never machine code: simulators,
 * interpreters, importers.  What comes out is a snapshot like any other: group it, compare it,
 * write it with hl_snapshot_write().
 */
#ifndef HEAPLEDGER_BUILD_H
#define HEAPLEDGER_BUILD_H

#include "heapledger.h"

#ifdef __cplusplus
extern "C" {
#endif

struct hl_builder;

/* A frame that is named by its source. */
struct hl_place {
	struct hl_text file;
	struct hl_text function;	/* empty: not known */
	uint32_t lineno;		/* 0: not known */
};

/**
 * hl_builder_new() - begin a snapshot
 *
 * Returns: to be given to hl_builder_finish() or hl_builder_free(); NULL: out of memory.
 */
struct hl_builder *hl_builder_new(void);

/**
 * hl_builder_add() - add what a stack did
 * @places: most recent first, copied
 * @nr: places that are given; 0: no stack is known
 * @nr_total: frames of the whole stack; at most @nr: it is whole
 * @domain: 0 to 3
 * @counts: copied; those of an equal stack are added up
 *
 * Of a stack of more than 4096 frames the most recent ones are kept.
 *
 * Returns: 0; -EINVAL: no such domain; -ERANGE: sums beyond 63 bits; -EFBIG: more than the format can hold; -ENOMEM.
 */
int hl_builder_add(struct hl_builder *builder, const struct hl_place *places, size_t nr, size_t nr_total,
		int domain, const struct hl_counts *counts);

/* The domain's highest live bytes ever; without this call the sum of peak_bytes of what was added. */
int hl_builder_set_peak(struct hl_builder *builder, int domain, uint64_t bytes);

/**
 * hl_builder_finish() - end a snapshot, and the builder
 * @program: its name in reports, copied; NULL: none
 * @out: the caller's (hl_snapshot_unref())
 *
 * Returns: 0; -ERANGE: sums beyond 63 bits, or more freed than allocated; -ENOMEM.  The builder is still there then.
 */
int hl_builder_finish(struct hl_builder *builder, const char *program, struct hl_snapshot **out);

/* Without a result.  NULL does nothing. */
void hl_builder_free(struct hl_builder *builder);

#ifdef __cplusplus
}
#endif
#endif
