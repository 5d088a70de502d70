/* SPDX-License-Identifier: MIT */
/*
 * The exact account of what the stressed program holds, kept by the program itself: each call of the
 * allocator goes through here, in the program as in its plugins.
 *
 * With `locked` one lock goes around each call and its bookkeeping, and the peak is exact.  Without it the
 * threads meet inside the shim, and the peak is known within bounds: `live` changes after an allocation and
 * before a free, `most` before an allocation and after a free.
 */
#ifndef TRACKER_H
#define TRACKER_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct tracker {
	int locked;
	uint64_t made, made_bytes, freed, freed_bytes;
	int64_t live, live_peak;
	int64_t most, most_peak;
};
extern struct tracker tracker;

/**
 * tracker_begin() - before a call of the allocator
 * @add: bytes that may be held from now on
 * @gone: bytes of the block that goes, 0: none
 *
 * A handler that comes in the middle of a call of its own thread takes no lock; so tracker_begin() and
 * tracker_end() nest.
 */
void tracker_begin(size_t add, size_t gone);

/**
 * tracker_end() - after a call of the allocator
 * @made: bytes of the block that came
 * @sub: bytes that are surely gone now
 * @nr_made: 1 or 0 blocks came
 * @nr_freed: 1 or 0 blocks went
 */
void tracker_end(size_t made, size_t sub, int nr_made, int nr_freed);

/* Static, not in the program: the plugins' calls are to be the plugins'. */
static inline void *track_malloc(size_t bytes)
{
	void *block;

	tracker_begin(bytes, 0);
	block = malloc(bytes);
	tracker_end(bytes, 0, 1, 0);
	return block;
}

static inline void *track_calloc(size_t bytes)
{
	void *block;

	tracker_begin(bytes, 0);
	block = calloc(1, bytes);
	tracker_end(bytes, 0, 1, 0);
	return block;
}

static inline void *track_aligned(size_t align, size_t bytes)
{
	void *block;

	tracker_begin(bytes, 0);
	if (posix_memalign(&block, align, bytes) != 0)
		block = NULL;
	tracker_end(bytes, 0, 1, 0);
	return block;
}

static inline void *track_realloc(void *block, size_t old, size_t bytes)
{
	tracker_begin(bytes > old ? bytes - old : 0, old);
	block = realloc(block, bytes);
	tracker_end(bytes, old > bytes ? old - bytes : 0, 1, 1);
	return block;
}

static inline void track_free(void *block, size_t bytes)
{
	tracker_begin(0, bytes);
	free(block);
	tracker_end(0, bytes, 0, 1);
}
#endif
