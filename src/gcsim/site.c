/* SPDX-License-Identifier: MIT */
/* Sites: the stacks that memory was asked for at, and what became of it. */
#include "gcsim/account.h"

#include <string.h>

struct string {
	struct hashed hashed;
	char text[];
};

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t length)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t hash_text(const char *text)
{
	return hash_bytes(UINT64_C(0xcbf29ce484222325), text, strlen(text));
}

static struct hashed **table_slot(const struct table *t, uint64_t hash)
{
	return &t->slots[(hash ^ hash >> 32) & (t->nr_slots - 1)];
}

/* Room for one more entry. */
static int table_grow(struct gcs_heap *heap, struct table *t)
{
	struct table bigger = {.nr_slots = t->nr_slots ? 2 * t->nr_slots : 16, .nr = t->nr};
	struct hashed *next;

	if (t->nr < t->nr_slots)
		return 0;
	bigger.slots = memory_take(heap, bigger.nr_slots * sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	memset(bigger.slots, 0, bigger.nr_slots * sizeof(*bigger.slots));
	for (size_t i = 0; i < t->nr_slots; i++) {
		for (struct hashed *h = t->slots[i]; h; h = next) {
			struct hashed **slot = table_slot(&bigger, h->hash);

			next = h->next;
			h->next = *slot;
			*slot = h;
		}
	}
	if (t->slots)
		memory_give(heap, t->slots, t->nr_slots * sizeof(*t->slots));
	*t = bigger;
	return 0;
}

static void table_add(struct table *t, struct hashed *h, uint64_t hash)
{
	struct hashed **slot = table_slot(t, hash);

	h->hash = hash;
	h->next = *slot;
	*slot = h;
	t->nr++;
}

static const char *intern(struct gcs_heap *heap, const char *text)
{
	uint64_t hash = hash_text(text);
	size_t length = strlen(text);
	struct string *s;

	if (heap->strings.nr_slots) {
		for (struct hashed *h = *table_slot(&heap->strings, hash); h; h = h->next) {
			s = (struct string *)h;
			if (h->hash == hash && !strcmp(s->text, text))
				return s->text;
		}
	}
	if (table_grow(heap, &heap->strings))
		return NULL;
	s = memory_take(heap, sizeof(*s) + length + 1);
	if (!s)
		return NULL;
	memcpy(s->text, text, length + 1);
	table_add(&heap->strings, &s->hashed, hash);
	return s->text;
}

static uint64_t hash_frames(const struct gcs_frame *frames, unsigned int nr, unsigned int nr_total)
{
	uint64_t hash = nr_total * UINT64_C(0x9e3779b97f4a7c15);

	for (unsigned int i = 0; i < nr; i++) {
		hash = hash_bytes(hash, frames[i].file, strlen(frames[i].file) + 1);
		hash = hash_bytes(hash, &frames[i].line, sizeof(frames[i].line));
		if (frames[i].function)
			hash = hash_bytes(hash, frames[i].function, strlen(frames[i].function));
	}
	return hash;
}

static bool text_is_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool site_is(const struct gcs_site *site, const struct gcs_frame *frames, unsigned int nr,
		unsigned int nr_total)
{
	if (site->nr_frames != nr || site->nr_total != nr_total)
		return false;
	for (unsigned int i = 0; i < nr; i++) {
		if (site->frames[i].line != frames[i].line ||
				!text_is_equal(site->frames[i].file, frames[i].file) ||
				!text_is_equal(site->frames[i].function, frames[i].function))
			return false;
	}
	return true;
}

static int copy_frames(struct gcs_heap *heap, struct gcs_site *site, const struct gcs_frame *frames)
{
	for (unsigned int i = 0; i < site->nr_frames; i++) {
		struct gcs_frame *f = &site->frames[i];

		f->line = frames[i].line;
		f->file = intern(heap, frames[i].file);
		f->function = frames[i].function ? intern(heap, frames[i].function) : NULL;
		if (!f->file || (frames[i].function && !f->function))
			return -1;
	}
	return 0;
}

static struct gcs_site *site_make(struct gcs_heap *heap, const struct gcs_frame *frames, unsigned int nr,
		unsigned int nr_total, uint64_t hash)
{
	size_t bytes = sizeof(struct gcs_site) + nr * sizeof(struct gcs_frame);
	struct gcs_site *site;

	if (table_grow(heap, &heap->sites))
		return NULL;
	site = memory_take(heap, bytes);
	if (!site)
		return NULL;
	memset(site, 0, bytes);
	site->heap = heap;
	site->nr_frames = nr;
	site->nr_total = nr_total;
	if (copy_frames(heap, site, frames)) {
		memory_give(heap, site, bytes);
		return NULL;
	}
	table_add(&heap->sites, &site->hashed, hash);
	if (heap->newest)
		heap->newest->newer = site;
	heap->newest = site;
	return site;
}

struct gcs_site *gcs_site(struct gcs_heap *heap, const struct gcs_frame *frames, unsigned int nr,
		unsigned int nr_total)
{
	uint64_t hash = hash_frames(frames, nr, nr_total);

	if (heap->sites.nr_slots) {
		for (struct hashed *h = *table_slot(&heap->sites, hash); h; h = h->next) {
			struct gcs_site *site = (struct gcs_site *)h;

			if (h->hash == hash && site_is(site, frames, nr, nr_total))
				return site;
		}
	}
	return site_make(heap, frames, nr, nr_total, hash);
}

struct gcs_site *gcs_site_cached(struct gcs_heap *heap, struct gcs_site_cache *cache, const char *file,
		unsigned int line, const char *function)
{
	struct gcs_frame frame = {file, line, function};
	struct gcs_site *site;

	if (__builtin_expect(cache->heap_id == heap->id, 1))
		return cache->site;
	site = gcs_site(heap, &frame, 1, 1);
	if (site) {
		cache->site = site;
		cache->heap_id = heap->id;
	}
	return site;
}

static uint64_t nr_freed(const struct gcs_counts *counts)
{
	uint64_t n = counts->freed_by_count;

	for (int i = 0; i < GCS_NR_GENERATIONS; i++)
		n += counts->freed_by_gc[i];
	return n;
}

static void site_info(struct gcs_site *site, struct gcs_site_info *info)
{
	site_save_peak(site->heap, site);
	*info = (struct gcs_site_info){
		.frames = site->frames,
		.nr_frames = site->nr_frames,
		.nr_total = site->nr_total,
		.counts = site->counts,
		.asked_bytes = site->counts.made_bytes + site->arrays_made_bytes,
		.traced_blocks = site->traced_blocks,
		.traced_bytes = site->traced_bytes,
	};
	info->counts.live = site->counts.made - nr_freed(&site->counts);
}

bool gcs_block_is_traced(struct gcs_heap *heap, const struct gcs_block *block, struct gcs_site_info *out)
{
	if (!block->site || block->site->heap != heap || !trace_has(heap, block))
		return false;
	if (out)
		site_info(block->site, out);
	return true;
}

int gcs_each_site(struct gcs_heap *heap, int (*fn)(const struct gcs_site_info *site, void *arg), void *arg)
{
	struct gcs_site *newest = heap->newest;
	struct gcs_site_info info;
	int rc = 0;

	for (struct gcs_site *site = heap->unknown; site; site = site->newer) {
		site_info(site, &info);
		if (site != heap->unknown || info.counts.made || info.counts.live_bytes)
			rc = fn(&info, arg);
		/* what fn adds is not for this call */
		if (rc || site == newest)
			break;
	}
	return rc;
}

static void counts_add(struct gcs_counts *to, const struct gcs_counts *from)
{
	to->made += from->made;
	to->made_bytes += from->made_bytes;
	to->freed_by_count += from->freed_by_count;
	to->freed_by_count_bytes += from->freed_by_count_bytes;
	for (int i = 0; i < GCS_NR_GENERATIONS; i++)
		to->freed_by_gc[i] += from->freed_by_gc[i];
	to->freed_by_gc_bytes += from->freed_by_gc_bytes;
	to->survived += from->survived;
	to->finalized += from->finalized;
	to->resurrected += from->resurrected;
	to->weakrefs_cleared += from->weakrefs_cleared;
}

void gcs_heap_counts(const struct gcs_heap *heap, struct gcs_counts *out)
{
	struct gcs_counts sum = {0};

	for (const struct gcs_site *site = heap->unknown; site; site = site->newer)
		counts_add(&sum, &site->counts);
	sum.live = sum.made - nr_freed(&sum);
	sum.live_bytes = heap->live_bytes;
	sum.peak_bytes = heap->peak_bytes;
	sum.bytes_at_peak = heap->peak_bytes;
	*out = sum;
}
