/* SPDX-License-Identifier: MIT */
/* Tables to sections, and sections to a file. */
#include "ledgers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIGNMENT 64u
#define MAX_FILE (64u << 20)
#define MAX_SECTION (8u << 20)
/* With its holes: what any file system can do. A section that goes on behind that is a reason to refuse the file. */
#define MAX_LENGTH (UINT64_C(1) << 42)

static void fail(const char *path)
{
	fprintf(stderr, "ledgers: %s: %s\n", path, strerror(errno));
	exit(2);
}

static void add_chunk(struct tables *t, struct hl_section entry, const void *data)
{
	if (t->nr_sections == MAX_SECTIONS)
		return;
	t->sections[t->nr_sections++] = (struct section){
		.entry = entry,
		.data = data,
		.nr_data = entry.nr_records,
		.own_bytes = entry.record_bytes,
	};
}

static void add_table(struct tables *t, unsigned int type, uint32_t instance, const void *data, uint32_t nr,
		uint32_t record_bytes)
{
	uint32_t chunk = t->chunk_records && type != HL_SECTION_GLOBALS ? t->chunk_records : nr;

	for (uint32_t at = 0; at < nr; at += chunk)
		add_chunk(t, (struct hl_section){
			.type = type,
			.instance = instance,
			.first = at,
			.nr_records = nr - at < chunk ? nr - at : chunk,
			.record_bytes = record_bytes,
		}, (const char *)data + (size_t)at * record_bytes);
}

void make_sections(struct tables *t, struct random *r)
{
	/* Few enough for MAX_SECTIONS. */
	if (random_chance(r, 30) && t->nr_nodes < 200 && t->string_bytes < 2000)
		t->chunk_records = 8u << random_below(r, 6);
	t->nr_sections = 0;
	add_table(t, HL_SECTION_GLOBALS, 0, &t->globals, 1, sizeof(t->globals));
	if (t->chunk_records)
		t->chunk_records *= 16;
	add_table(t, HL_SECTION_STRINGS, 0, t->strings, t->string_bytes, 1);
	t->chunk_records /= 16;
	add_table(t, HL_SECTION_MODULES, 0, t->modules, t->nr_modules, sizeof(*t->modules));
	add_table(t, HL_SECTION_NODES, 0, t->nodes, t->nr_nodes, sizeof(*t->nodes));
	add_table(t, HL_SECTION_SITES, 0, t->sites, t->nr_sites, sizeof(*t->sites));
	add_table(t, HL_SECTION_SHARDS, 0, t->shards, t->nr_shards, sizeof(*t->shards));
	for (uint32_t i = 0; i < t->nr_shards; i++)
		add_table(t, HL_SECTION_COUNTERS, i, counters_of(t, i, 0), t->nr_sites, sizeof(*t->counters));
	add_table(t, HL_SECTION_GENERATIONS, 0, t->generations, t->nr_generations, sizeof(*t->generations));
	add_table(t, HL_SECTION_FRAMES, 0, t->frames, t->nr_frames, sizeof(*t->frames));
	add_table(t, HL_SECTION_MARKS, 0, t->marks, t->nr_marks, sizeof(*t->marks));
	add_table(t, HL_SECTION_THREADS, 0, t->threads, t->nr_threads, sizeof(*t->threads));
	for (uint32_t i = 0; t->has_peaks && i < t->nr_shards; i++)
		add_table(t, HL_SECTION_PEAKS, i, t->peaks + (size_t)i * MAX_SITES, t->nr_sites, sizeof(*t->peaks));
}

/* The file in memory: header, blocks of the directory, then the sections one behind the other. */
struct image {
	uint8_t *bytes;
	uint64_t end;
};

static uint64_t bytes_of(const struct section *s)
{
	return (uint64_t)s->entry.nr_records * s->entry.record_bytes;
}

static void put_records(struct image *image, const struct section *s)
{
	uint64_t at = s->entry.offset;
	uint32_t n = s->own_bytes < s->entry.record_bytes ? s->own_bytes : s->entry.record_bytes;

	for (uint32_t i = 0; s->data && i < s->entry.nr_records && i < s->nr_data; i++) {
		memcpy(image->bytes + at, (const uint8_t *)s->data + (size_t)i * s->own_bytes, n);
		at += s->entry.record_bytes;
	}
}

/* Holes lie behind the data. */
static void place(struct tables *t, struct image *image)
{
	for (int holes = 0; holes < 2; holes++) {
		for (size_t i = 0; i < t->nr_sections; i++) {
			struct section *s = &t->sections[i];

			/* What grew out of all proportion is a hole, too: an odd entry. */
			if (bytes_of(s) > MAX_SECTION)
				s->data = NULL;
			if (s->is_forced || (s->data == NULL) != (holes == 1))
				continue;
			s->entry.offset = image->end;
			image->end += bytes_of(s) + (ALIGNMENT - bytes_of(s) % ALIGNMENT) % ALIGNMENT;
			if (!holes)
				put_records(image, s);
		}
		if (!holes)
			t->hole_bytes = image->end;
	}
}

static void put_directory(const struct tables *t, struct image *image)
{
	size_t nr_blocks = (t->nr_sections + HL_DIRECTORY_ENTRIES - 1) / HL_DIRECTORY_ENTRIES;

	for (size_t b = 0; b < nr_blocks; b++) {
		struct hl_directory block = {.next = b + 1 < nr_blocks ? (b + 2) * HL_LEDGER_PAGE : t->loop_to};

		for (size_t i = b * HL_DIRECTORY_ENTRIES; i < t->nr_sections &&
				block.nr_entries < HL_DIRECTORY_ENTRIES; i++)
			block.entries[block.nr_entries++] = t->sections[i].entry;
		memcpy(image->bytes + (b + 1) * HL_LEDGER_PAGE, &block, sizeof(block));
	}
}

static void put_file(const struct tables *t, const struct image *image, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint64_t length = image->end > t->cut_bytes ? image->end - t->cut_bytes : 0;
	uint64_t data;
	uint64_t at = 0;

	if (length > MAX_LENGTH)
		length = MAX_LENGTH;
	data = t->hole_bytes < length ? t->hole_bytes : length;
	if (fd < 0)
		fail(path);
	while (at < data) {
		ssize_t n = write(fd, image->bytes + at, data - at);

		if (n <= 0)
			fail(path);
		at += (uint64_t)n;
	}
	if (ftruncate(fd, (off_t)length))
		fail(path);
	close(fd);
}

void write_ledger(const struct tables *tables, struct random *r, const char *path)
{
	static struct tables copy;
	static uint8_t *room;
	struct image image;
	struct tables *t = &copy;
	size_t nr_blocks = (tables->nr_sections + HL_DIRECTORY_ENTRIES - 1) / HL_DIRECTORY_ENTRIES;

	if (!room)
		room = malloc(MAX_FILE);
	if (!room)
		fail(path);
	image = (struct image){.bytes = room, .end = (nr_blocks + 1) * HL_LEDGER_PAGE};
	*t = *tables;
	/* tables are in the struct itself, and sections point into the one that was given */
	if (!t->header.directory_offset)
		t->header.directory_offset = HL_LEDGER_PAGE;
	memset(room, 0, image.end);
	for (size_t i = 0; i < t->nr_sections; i++)
		if (t->sections[i].data && !t->sections[i].is_forced && bytes_of(&t->sections[i]) <= MAX_SECTION)
			image.end += bytes_of(&t->sections[i]) + ALIGNMENT;
	if (image.end > MAX_FILE) {
		fprintf(stderr, "ledgers: a file that is too large\n");
		exit(2);
	}
	memset(room, 0, image.end);
	image.end = (nr_blocks + 1) * HL_LEDGER_PAGE;
	place(t, &image);
	memcpy(room, &t->header, sizeof(t->header));
	put_directory(t, &image);
	for (uint32_t i = 0; i < t->nr_flips; i++)
		room[random_below(r, t->hole_bytes)] ^= (uint8_t)(1u << random_below(r, 8));
	put_file(t, &image, path);
}

/* ---- Texts ---------------------------------------------------------------------------------------------------- */

static void put_line(FILE *file, struct random *r, struct model *model, unsigned int domain, size_t depth)
{
	uint64_t size = random_chance(r, 20) ? random_extreme(r) : random_below(r, 5000);
	uint64_t count = random_chance(r, 20) ? random_extreme(r) : 1 + random_below(r, 20);
	bool has_count = random_chance(r, 50);
	__int128 bytes = (__int128)size * (has_count ? (__int128)count : 1);
	struct sums *const sums[] = {&model->domains[domain], &model->all};

	fprintf(file, "%u\t%llu\t%llu\t", domain, (unsigned long long)size,
			(unsigned long long)(random_chance(r, 10) ? random_extreme(r) >> 33 : depth));
	for (size_t i = 0; i < depth; i++)
		fprintf(file, "%sfile%u.c:%u", i ? ";" : "", (unsigned int)random_below(r, 5),
				(unsigned int)random_below(r, 200));
	if (has_count)
		fprintf(file, "\t%llu", (unsigned long long)count);
	fputc('\n', file);
	/* each factor has a bound of its own */
	model->is_wrong |= size > INT64_MAX || (has_count && count > INT64_MAX) || bytes > INT64_MAX;
	for (int i = 0; i < 2 && !model->is_wrong; i++) {
		sums[i]->alloc_bytes += bytes;
		sums[i]->alloc_count += has_count ? count : 1;
		model->is_wrong |= sums[i]->alloc_bytes > INT64_MAX || sums[i]->alloc_count > INT64_MAX;
	}
	model->events = model->all.alloc_count;
}

void write_traces(struct random *r, const char *path, struct model *model, bool *is_deep)
{
	FILE *file = fopen(path, "we");
	size_t nr = 1 + random_below(r, 60);

	*model = (struct model){0};
	*is_deep = false;
	if (!file)
		fail(path);
	if (random_chance(r, 50))
		fprintf(file, "#heapledger-traces 1\n#limit\t%u\n", (unsigned int)random_below(r, 100));
	for (size_t i = 0; i < nr; i++) {
		size_t depth = 1 + random_below(r, random_chance(r, 3) ? 6000 : 30);

		*is_deep |= depth > HL_MAX_FRAMES;
		put_line(file, r, model, (unsigned int)random_below(r, HL_NR_DOMAINS), depth);
	}
	if (fclose(file))
		fail(path);
}
