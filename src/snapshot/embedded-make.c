/* SPDX-License-Identifier: MIT */
/*
 * Symbols of a ledger: putting a table together, and packing it.
 *
 * What is made is read back by hl_embedded_read(), as everybody will: no table leaves here that a reader refuses.
 */
#include "snapshot/embedded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "common/ledger.h"
#include "snapshot/map.h"
#include "snapshot/snapshot.h"
#include "snapshot/sym-strings.h"
#include "snapshot/varint.h"

#define NONE UINT32_MAX
/* The most that zlib's interface and a section's nr_records take. */
#define MAX_BYTES INT32_MAX

struct entry {
	uint64_t vaddr;
	uint32_t module;
	uint32_t rank;
	uint32_t first;			/* of chains */
	uint32_t nr;
};

struct hl_embedding {
	struct hl_strings texts;	/* one copy of each name ... */
	struct hl_map strings;		/* ... its address -> its number */
	struct hl_map names;		/* (name, linkage) -> any number, the same for the same */
	struct hl_map functions;	/* (that and line; start) -> functions */
	struct hl_map frames;		/* (function, file; line, is_inlined) -> frames */
	const char **string_list;
	struct hl_embedded_function *function_list;
	struct hl_embedded_frame *frame_list;
	struct entry *entries;
	uint32_t *chains;
	size_t nr_strings, string_room;
	size_t nr_names;
	size_t nr_functions, function_room;
	size_t nr_frames, frame_room;
	size_t nr_entries, entry_room;
	size_t nr_chains, chain_room;
};

/* ---- What is added ---- */

static uint32_t add_string(struct hl_embedding *b, const char *text)
{
	const char *copy = hl_strings_add(&b->texts, text ? text : "", text ? strlen(text) : 0);
	struct hl_map_entry *entry = copy ? hl_map_at(&b->strings, (uintptr_t)copy, 0) : NULL;

	if (!entry || entry->value != NONE)
		return entry ? entry->value : NONE;
	if (b->nr_strings >= NONE || hl_array_grow((void **)&b->string_list, &b->string_room, b->nr_strings,
			sizeof(*b->string_list)))
		return NONE;
	b->string_list[b->nr_strings] = copy;
	entry->value = (uint32_t)b->nr_strings++;
	return entry->value;
}

static uint32_t add_function(struct hl_embedding *b, const struct hl_frame *frame)
{
	bool is_known = frame->source != HL_FRAME_OFFSET;
	struct hl_embedded_function f = {
		.name = add_string(b, is_known ? frame->function : NULL),
		.linkage = add_string(b, is_known ? frame->linkage_name : NULL),
		.line = frame->function_line,
		.start = frame->function_start,
	};
	struct hl_map_entry *entry;

	if (f.name == NONE || f.linkage == NONE)
		return NONE;
	entry = hl_map_at(&b->names, f.name, f.linkage);
	if (entry && entry->value == NONE)
		entry->value = (uint32_t)b->nr_names++;
	if (entry)
		entry = hl_map_at(&b->functions, (uint64_t)entry->value << 32 | f.line, f.start);
	if (!entry || entry->value != NONE)
		return entry ? entry->value : NONE;
	if (b->nr_functions >= NONE / 2 || hl_array_grow((void **)&b->function_list, &b->function_room,
			b->nr_functions, sizeof(f)))
		return NONE;
	b->function_list[b->nr_functions] = f;
	entry->value = (uint32_t)b->nr_functions++;
	return entry->value;
}

static uint32_t add_frame(struct hl_embedding *b, const struct hl_frame *frame)
{
	struct hl_embedded_frame f = {
		.function = add_function(b, frame),
		.file = add_string(b, frame->file),
		.line = frame->file ? frame->line : 0,
		.is_inlined = frame->inlined,
	};
	struct hl_map_entry *entry;

	if (f.function == NONE || f.file == NONE)
		return NONE;
	entry = hl_map_at(&b->frames, (uint64_t)f.function << 32 | f.file, (uint64_t)f.line << 1 | f.is_inlined);
	if (!entry || entry->value != NONE)
		return entry ? entry->value : NONE;
	if (b->nr_frames >= NONE ||
			hl_array_grow((void **)&b->frame_list, &b->frame_room, b->nr_frames, sizeof(f)))
		return NONE;
	b->frame_list[b->nr_frames] = f;
	entry->value = (uint32_t)b->nr_frames++;
	return entry->value;
}

struct hl_embedding *hl_embedding_new(void)
{
	struct hl_embedding *b = calloc(1, sizeof(*b));

	if (b && add_string(b, NULL) != 0) {
		hl_embedding_free(b);
		return NULL;
	}
	return b;
}

void hl_embedding_free(struct hl_embedding *b)
{
	if (!b)
		return;
	hl_strings_release(&b->texts);
	hl_map_release(&b->strings);
	hl_map_release(&b->names);
	hl_map_release(&b->functions);
	hl_map_release(&b->frames);
	free(b->string_list);
	free(b->function_list);
	free(b->frame_list);
	free(b->entries);
	free(b->chains);
	free(b);
}

int hl_embedding_add(struct hl_embedding *b, uint32_t module, enum hl_embedded_rank rank, uint64_t vaddr,
	const struct hl_frame *frames, size_t nr)
{
	size_t first = b->nr_chains;

	if (b->nr_chains + nr > NONE || b->nr_entries >= NONE)
		return -EFBIG;
	for (size_t i = 0; i < nr; i++) {
		uint32_t frame = add_frame(b, &frames[i]);

		if (frame == NONE || hl_array_grow((void **)&b->chains, &b->chain_room, b->nr_chains,
				sizeof(*b->chains)))
			return -ENOMEM;
		b->chains[b->nr_chains++] = frame;
	}
	if (hl_array_grow((void **)&b->entries, &b->entry_room, b->nr_entries, sizeof(*b->entries)))
		return -ENOMEM;
	b->entries[b->nr_entries++] = (struct entry){
		.vaddr = vaddr,
		.module = module,
		.rank = rank,
		.first = (uint32_t)first,
		.nr = (uint32_t)nr,
	};
	return 0;
}

/* ---- How it is packed ---- */

struct writer {
	unsigned char *bytes;
	size_t nr;
	size_t room;
	int error;
};

static void put_bytes(struct writer *w, const void *data, size_t length)
{
	if (w->nr + length > w->room) {
		size_t room = 2 * (w->nr + length) + 4096;
		unsigned char *bigger = w->error ? NULL : realloc(w->bytes, room);

		if (!bigger) {
			w->error = -ENOMEM;
			return;
		}
		w->bytes = bigger;
		w->room = room;
	}
	memcpy(w->bytes + w->nr, data, length);
	w->nr += length;
}

static void put(struct writer *w, uint64_t n)
{
	unsigned char bytes[HL_VARINT_BYTES];

	put_bytes(w, bytes, hl_varint_put(bytes, n));
}

static void put_strings(struct writer *w, const struct hl_embedding *b)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < b->nr_strings; i++)
		bytes += strlen(b->string_list[i]) + 1;
	put(w, b->nr_strings);
	put(w, bytes);
	for (size_t i = 0; i < b->nr_strings; i++)
		put_bytes(w, b->string_list[i], strlen(b->string_list[i]) + 1);
}

static void put_frames(struct writer *w, const struct hl_embedding *b)
{
	put(w, b->nr_functions);
	for (size_t i = 0; i < b->nr_functions; i++) {
		put(w, b->function_list[i].name);
		put(w, b->function_list[i].linkage);
		put(w, b->function_list[i].line);
		put(w, b->function_list[i].start);
	}
	put(w, b->nr_frames);
	for (size_t i = 0; i < b->nr_frames; i++) {
		put(w, 2 * (uint64_t)b->frame_list[i].function + b->frame_list[i].is_inlined);
		put(w, b->frame_list[i].file);
		put(w, b->frame_list[i].line);
	}
}

/* By place; of the same place the best first, and of those the one that was added first. */
static int by_place(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;

	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* One entry for each place. */
static void settle(struct hl_embedding *b)
{
	size_t nr = 0;

	if (b->nr_entries)
		qsort(b->entries, b->nr_entries, sizeof(*b->entries), by_place);
	for (size_t i = 0; i < b->nr_entries; i++) {
		const struct entry *e = &b->entries[i];

		if (nr && b->entries[nr - 1].module == e->module && b->entries[nr - 1].vaddr == e->vaddr)
			continue;
		b->entries[nr++] = *e;
	}
	b->nr_entries = nr;
}

/* Where the next module begins, and the worst rank of what is kept of this one. */
static size_t end_of_module(const struct hl_embedding *b, size_t first, uint32_t *rank)
{
	size_t end = first;

	*rank = HL_RANK_WHOLE;
	for (; end < b->nr_entries && b->entries[end].module == b->entries[first].module; end++)
		if (b->entries[end].rank > *rank)
			*rank = b->entries[end].rank;
	return end;
}

static void put_module(struct writer *w, const struct hl_embedding *b, size_t first, size_t end, uint32_t rank)
{
	uint64_t vaddr = 0;

	put(w, b->entries[first].module);
	put(w, rank);
	put(w, end - first);
	for (size_t i = first; i < end; i++) {
		const struct entry *e = &b->entries[i];

		put(w, e->vaddr - vaddr);
		put(w, e->nr);
		for (uint32_t k = 0; k < e->nr; k++)
			put(w, b->chains[e->first + k]);
		vaddr = e->vaddr;
	}
}

static void put_modules(struct writer *w, const struct hl_embedding *b)
{
	size_t nr_modules = 0;
	size_t nr_chains = 0;
	uint32_t rank;

	for (size_t i = 0; i < b->nr_entries; i = end_of_module(b, i, &rank))
		nr_modules++;
	for (size_t i = 0; i < b->nr_entries; i++)
		nr_chains += b->entries[i].nr;
	put(w, nr_modules);
	put(w, b->nr_entries);
	put(w, nr_chains);
	for (size_t i = 0; i < b->nr_entries;) {
		size_t end = end_of_module(b, i, &rank);

		put_module(w, b, i, end, rank);
		i = end;
	}
}

/* A section of @plain, packed or as it is; NULL: out of memory. */
static unsigned char *pack(const struct writer *plain, enum hl_symbols_packing packing, size_t *section_bytes)
{
	struct hl_symbols_header h = {
		.crc = (uint32_t)crc32_z(0, plain->bytes, plain->nr),
		.packing = packing,
		.plain_bytes = plain->nr,
	};
	uLongf length = packing == HL_SYMBOLS_ZLIB ? compressBound(plain->nr) : plain->nr;
	unsigned char *section = malloc(sizeof(h) + length);

	if (!section)
		return NULL;
	if (packing == HL_SYMBOLS_PLAIN)
		memcpy(section + sizeof(h), plain->bytes, length);
	else if (compress2(section + sizeof(h), &length, plain->bytes, plain->nr, Z_BEST_COMPRESSION) != Z_OK) {
		free(section);
		return NULL;
	}
	h.packed_bytes = length;
	memcpy(section, &h, sizeof(h));
	*section_bytes = sizeof(h) + length;
	return section;
}

/* What shrinks so much that a reader would not believe it is stored as it is. */
static int pack_and_read(const struct writer *plain, uint64_t nr_modules, struct hl_embedded **out)
{
	int rc = -EBADMSG;

	for (int packing = HL_SYMBOLS_ZLIB; rc == -EBADMSG && packing >= HL_SYMBOLS_PLAIN; packing--) {
		size_t bytes = 0;
		const char *msg;
		unsigned char *section = pack(plain, (enum hl_symbols_packing)packing, &bytes);

		rc = section ? hl_embedded_read(section, bytes, nr_modules, out, &msg) : -ENOMEM;
		if (rc < 0)
			free(section);
	}
	return rc == -EBADMSG ? -EFBIG : rc;
}

int hl_embedding_finish(struct hl_embedding *b, uint64_t nr_modules, struct hl_embedded **out)
{
	struct writer w = {0};
	int rc;

	if (!b->nr_entries) {
		*out = NULL;
		return 0;
	}
	settle(b);
	put_strings(&w, b);
	put_frames(&w, b);
	put_modules(&w, b);
	rc = w.error;
	if (rc == 0 && w.nr > MAX_BYTES)
		rc = -EFBIG;
	if (rc == 0)
		rc = pack_and_read(&w, nr_modules, out);
	free(w.bytes);
	return rc;
}
