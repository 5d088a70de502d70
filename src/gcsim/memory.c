/* SPDX-License-Identifier: MIT */
/*
 * The memory of a heap.  Small blocks come from pools, one for each 16 bytes of size, that are cut
 * from chunks and reused; the others, and the chunks, are asked of the allocator and kept in a ring,
 * so that ending a heap releases everything, whatever its objects look like.
 *
 * With an allocator of the user's own there are no pools: it sees every block.
 */
#include "gcsim/heap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_MIN ((size_t)16 << 10)
/* Of a heap that is large: the collector walks through all of it, and half of its time would be
 * misses of the address cache. */
#define CHUNK_HUGE ((size_t)2 << 20)
#define HUGE_FROM ((size_t)8 << 20)
#define CACHE_LINE 64u

/* A sanitizer sees a late use only of memory that went back to malloc(). */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_POOLS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_POOLS false
#endif
#endif
#ifndef HAS_POOLS
#define HAS_POOLS true
#endif

static void *default_allocate(size_t bytes, void *arg)
{
	void *memory;

	(void)arg;
	if (bytes != CHUNK_HUGE)
		return malloc(bytes);
	memory = aligned_alloc(CHUNK_HUGE, CHUNK_HUGE);
	/* what the kernel makes of it is its affair */
	if (memory)
		madvise(memory, CHUNK_HUGE, MADV_HUGEPAGE);
	return memory;
}

static void default_release(void *memory, size_t bytes, void *arg)
{
	(void)bytes;
	(void)arg;
	free(memory);
}

void memory_init(struct gcs_heap *heap, const struct gcs_allocator *allocator, uint64_t max_bytes)
{
	struct memory *m = &heap->memory;

	m->larges.next = m->larges.prev = &m->larges;
	m->max_bytes = max_bytes;
	if (allocator) {
		m->allocator = *allocator;
		return;
	}
	m->allocator = (struct gcs_allocator){default_allocate, default_release, NULL};
	m->is_pooled = HAS_POOLS;
}

void memory_release_all(struct memory *m)
{
	struct large *next;

	for (struct large *l = m->larges.next; l != &m->larges; l = next) {
		next = l->next;
		m->allocator.release(l, l->bytes, m->allocator.arg);
	}
}

static void large_link(struct memory *m, struct large *l, size_t bytes)
{
	l->bytes = bytes;
	l->next = m->larges.next;
	l->prev = &m->larges;
	l->next->prev = l;
	m->larges.next = l;
	m->bytes += bytes;
}

static void large_unlink(struct memory *m, struct large *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	m->bytes -= l->bytes;
}

static bool is_over_limit(const struct memory *m, size_t bytes)
{
	return m->max_bytes && (bytes > m->max_bytes || m->bytes > m->max_bytes - bytes);
}

/* @bytes: with the header.  NULL after a report.  Hints go before anything is refused. */
static struct large *large_take(struct gcs_heap *heap, size_t bytes)
{
	struct memory *m = &heap->memory;
	struct large *l;

	if (is_over_limit(m, bytes))
		order_release(heap);
	if (is_over_limit(m, bytes)) {
		heap_report(heap, GCS_ERR_LIMIT, NULL, "the heap's byte limit is reached");
		return NULL;
	}
	l = m->allocator.allocate(bytes, m->allocator.arg);
	if (!l) {
		heap_report(heap, GCS_ERR_NOMEM, NULL, "out of memory");
		return NULL;
	}
	large_link(m, l, bytes);
	return l;
}

/* Chunks grow with the heap; near the limit they are what is left of it. */
static size_t chunk_bytes(const struct memory *m)
{
	size_t bytes = m->bytes / 4;

	if (m->bytes >= HUGE_FROM)
		bytes = CHUNK_HUGE;
	else if (bytes < CHUNK_MIN)
		bytes = CHUNK_MIN;
	if (m->max_bytes && m->bytes < m->max_bytes && bytes > m->max_bytes - m->bytes)
		bytes = m->max_bytes - m->bytes;
	return bytes & ~(size_t)(POOL_GRAIN - 1);
}

/* A block of the common sizes shall not lie in one cache line more than it must. */
static char *first_of(struct large *chunk)
{
	uintptr_t first = (uintptr_t)(chunk + 1);

	return (char *)((first + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1));
}

static void *pool_refill(struct gcs_heap *heap, size_t bytes)
{
	struct memory *m = &heap->memory;
	void *data;

	if ((size_t)(m->fresh_end - m->fresh) < bytes) {
		size_t chunk = chunk_bytes(m);
		size_t needed = bytes + sizeof(struct large) + CACHE_LINE;
		struct large *l = large_take(heap, chunk < needed ? needed : chunk);

		if (!l)
			return NULL;
		m->fresh = first_of(l);
		m->fresh_end = (char *)l + l->bytes;
	}
	data = m->fresh;
	m->fresh += bytes;
	return data;
}

void *memory_take(struct gcs_heap *heap, size_t bytes)
{
	struct memory *m = &heap->memory;
	struct large *l;

	if (is_pooled(m, bytes)) {
		void *block = pool_pop(m, bytes);
		size_t grains = (bytes + POOL_GRAIN - 1) / POOL_GRAIN;

		return block ? block : pool_refill(heap, grains ? grains * POOL_GRAIN : POOL_GRAIN);
	}
	if (bytes > SIZE_MAX / 2 - sizeof(*l)) {
		heap_report(heap, GCS_ERR_NOMEM, NULL, "more bytes than there are addresses");
		return NULL;
	}
	l = large_take(heap, bytes + sizeof(*l));
	return l ? l + 1 : NULL;
}

void memory_give(struct gcs_heap *heap, void *data, size_t bytes)
{
	struct memory *m = &heap->memory;
	struct large *l;

	if (is_pooled(m, bytes)) {
		pool_push(m, data, bytes);
		return;
	}
	l = (struct large *)data - 1;
	large_unlink(m, l);
	m->allocator.release(l, l->bytes, m->allocator.arg);
}

/* Large arrays of the default allocator need not be copied to grow. */
static bool may_realloc(const struct memory *m, size_t old_bytes, size_t new_bytes)
{
	bool is_large = !m->is_pooled || (old_bytes > POOL_MAX && new_bytes > POOL_MAX);

	return m->allocator.allocate == default_allocate && is_large;
}

static void *large_resize(struct gcs_heap *heap, void *data, size_t old_bytes, size_t new_bytes)
{
	struct memory *m = &heap->memory;
	struct large *l = (struct large *)data - 1;
	struct large *grown;

	if (new_bytes > old_bytes && is_over_limit(m, new_bytes - old_bytes))
		order_release(heap);
	if (new_bytes > old_bytes && is_over_limit(m, new_bytes - old_bytes)) {
		heap_report(heap, GCS_ERR_LIMIT, NULL, "the heap's byte limit is reached");
		return NULL;
	}
	large_unlink(m, l);
	grown = realloc(l, new_bytes + sizeof(*l));
	if (!grown) {
		large_link(m, l, old_bytes + sizeof(*l));
		heap_report(heap, GCS_ERR_NOMEM, NULL, "out of memory");
		return NULL;
	}
	large_link(m, grown, new_bytes + sizeof(*l));
	return grown + 1;
}

void *gcs_mem_resize(struct gcs_heap *heap, void *memory, size_t old_bytes, size_t new_bytes)
{
	void *data;

	if (!heap_may_change(heap, NULL, "memory asked for inside a traverse function"))
		return NULL;
	if (!memory && (data = pool_pop(&heap->memory, new_bytes)))
		return data;
	if (memory && new_bytes <= SIZE_MAX / 2 - sizeof(struct large) &&
			may_realloc(&heap->memory, old_bytes, new_bytes))
		return large_resize(heap, memory, old_bytes, new_bytes);
	data = memory_take(heap, new_bytes);
	if (!data || !memory)
		return data;
	memcpy(data, memory, old_bytes < new_bytes ? old_bytes : new_bytes);
	memory_give(heap, memory, old_bytes);
	return data;
}

/* Those huge pages that lie within. */
static void ask_for_huge(struct large *l, size_t bytes)
{
	uintptr_t from = ((uintptr_t)l + CHUNK_HUGE - 1) & ~(CHUNK_HUGE - 1);
	uintptr_t to = ((uintptr_t)l + bytes) & ~(CHUNK_HUGE - 1);

	if (from < to)
		madvise((void *)from, to - from, MADV_HUGEPAGE);
}

void *memory_try_resize(struct gcs_heap *heap, void *memory, size_t old_bytes, size_t new_bytes)
{
	struct memory *m = &heap->memory;
	size_t bytes = new_bytes + sizeof(struct large);
	struct large *l = is_over_limit(m, bytes) ? NULL : m->allocator.allocate(bytes, m->allocator.arg);

	if (!l)
		return NULL;
	if (m->allocator.allocate == default_allocate)
		ask_for_huge(l, bytes);
	large_link(m, l, bytes);
	if (memory) {
		memcpy(l + 1, memory, old_bytes < new_bytes ? old_bytes : new_bytes);
		memory_give(heap, memory, old_bytes);
	}
	return l + 1;
}

void gcs_mem_free(struct gcs_heap *heap, void *memory, size_t bytes)
{
	if (memory)
		memory_give(heap, memory, bytes);
}

int vector_grow(struct gcs_heap *heap, struct vector *v, size_t record_bytes)
{
	size_t room = v->room ? 2 * v->room : 8;
	void *data;

	if (v->nr < v->room)
		return 0;
	data = gcs_mem_resize(heap, v->data, v->room * record_bytes, room * record_bytes);
	if (!data)
		return -1;
	v->data = data;
	v->room = room;
	return 0;
}

void vector_release(struct gcs_heap *heap, struct vector *v, size_t record_bytes)
{
	gcs_mem_free(heap, v->data, v->room * record_bytes);
	*v = (struct vector){NULL, 0, 0};
}
