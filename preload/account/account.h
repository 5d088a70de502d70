/* SPDX-License-Identifier: MIT */
/*
 * The booking of events: what hooks.c calls around the real functions.
 *
 * Order, kept by the hooks: a free is booked before the real free, an allocation after the real
 * allocation, a realloc as the one before and the other after.  Nothing here changes errno.
 */
#ifndef HL_PRELOAD_ACCOUNT_H
#define HL_PRELOAD_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

#include "common/ledger.h"
#include "stacks/unwind.h"

#pragma GCC visibility push(hidden)

/** hl_book_alloc() - @block of @size requested bytes was made by the caller of the hook at @frame */
void hl_book_alloc(const void *block, size_t size, enum hl_kind kind,
	const struct hl_hook_frame *frame);

/** hl_book_early() - as hl_book_alloc(), of a block that was made before the account began */
void hl_book_early(const void *block, size_t size, enum hl_kind kind,
	const struct hl_caller *caller);

/** hl_book_passed() - a block was made and freed before the account began */
void hl_book_passed(size_t size, enum hl_kind kind, const struct hl_caller *caller);

/** hl_book_failure() - an allocation returned NULL or an error */
void hl_book_failure(void);

/** hl_book_free() - @block is about to be freed */
void hl_book_free(const void *block, const struct hl_hook_frame *frame);

/* What a realloc takes out of the account before the call, to be settled after it. */
struct hl_removed {
	const void *block;
	uint32_t site;			/* HL_SITE_NONE: the block was not known */
	uint64_t size;
};

/** hl_book_realloc_begin() - take @block out before the real realloc */
void hl_book_realloc_begin(const void *block, struct hl_removed *removed, const struct hl_hook_frame *frame);

/** hl_book_realloc_failed() - put it back: nothing has changed */
void hl_book_realloc_failed(const struct hl_removed *removed);

/** hl_book_realloc_end() - it became @now (NULL: it was freed) of @size bytes, by the caller of the hook at @frame */
void hl_book_realloc_end(const void *now, size_t size, struct hl_removed *removed, const struct hl_hook_frame *frame);

/*
 * Blocks without a pointer of malloc's: mappings (regions.c) and those of the program's own
 * allocators (tracked.c).  Returns the site, for the free; HL_SITE_NONE: not booked.
 */
uint32_t hl_book_other(size_t size, enum hl_kind kind, enum hl_domain domain,
	const struct hl_caller *caller);
void hl_book_other_gone(uint32_t site, size_t size, uint64_t nr_blocks, enum hl_domain domain);

#pragma GCC visibility pop
#endif
