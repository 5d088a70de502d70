/* SPDX-License-Identifier: MIT */
/* Header, directory and sections of a ledger file, checked. */
#include "snapshot/ledger-image.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/snapshot.h"

/*
 * What a record must have; of a longer one as much is read as this version knows.  Globals have grown since the
 * first version, whose end is where the sum begins.
 */
static const uint32_t known_bytes[HL_NR_SECTION_TYPES] = {
	[HL_SECTION_GLOBALS] = offsetof(struct hl_globals, sum),
	[HL_SECTION_STRINGS] = 1,
	[HL_SECTION_MODULES] = sizeof(struct hl_module),
	[HL_SECTION_NODES] = sizeof(struct hl_node),
	[HL_SECTION_SITES] = sizeof(struct hl_site),
	[HL_SECTION_SHARDS] = sizeof(struct hl_shard),
	[HL_SECTION_COUNTERS] = sizeof(struct hl_counters),
	[HL_SECTION_GENERATIONS] = sizeof(struct hl_generation),
	[HL_SECTION_FRAMES] = sizeof(struct hl_source_frame),
	[HL_SECTION_MARKS] = offsetof(struct hl_ledger_mark, first_site),
	[HL_SECTION_THREADS] = sizeof(struct hl_ledger_thread),
	[HL_SECTION_PEAKS] = sizeof(struct hl_peak),
	[HL_SECTION_SYMBOLS] = 1,
	[HL_SECTION_TIMES] = 1,
	[HL_SECTION_MOMENTS] = 1,
	[HL_SECTION_ORDERS] = sizeof(struct hl_orders),
};

static bool is_bytes(uint32_t type)
{
	return type == HL_SECTION_STRINGS || type == HL_SECTION_SYMBOLS || type == HL_SECTION_TIMES ||
		type == HL_SECTION_MOMENTS;
}

int hl_image_read(const struct hl_image *image, uint64_t offset, void *buf, size_t length,
		struct hl_error *err)
{
	uint8_t *to = buf;

	while (length) {
		ssize_t n = pread(image->fd, to, length, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hl_fail(err, errno, offset, "cannot be read");
		if (n == 0)
			return hl_fail(err, ENODATA, offset, "truncated: the file ends here");
		to += n;
		offset += (uint64_t)n;
		length -= (size_t)n;
	}
	return 0;
}

static int stat_size(struct hl_image *image, struct hl_error *err)
{
	struct stat st;

	if (fstat(image->fd, &st))
		return hl_fail(err, errno, HL_NO_OFFSET, "cannot be examined");
	if (!S_ISREG(st.st_mode))
		return hl_fail(err, EINVAL, HL_NO_OFFSET, "not a regular file");
	image->size = (uint64_t)st.st_size;
	image->allocated_bytes = (uint64_t)st.st_blocks * 512;
	return 0;
}

/*
 * What lies between the holes.  Where the number of blocks tells nothing (a file system that compresses, or one that
 * says 0), this does: without holes all of the file is data.
 */
static uint64_t data_bytes(int fd)
{
	off_t place = lseek(fd, 0, SEEK_CUR);
	uint64_t sum = 0;
	off_t end = 0;

	for (;;) {
		off_t start = lseek(fd, end, SEEK_DATA);

		if (start < 0)
			break;
		end = lseek(fd, start, SEEK_HOLE);
		if (end <= start)
			break;
		sum += (uint64_t)(end - start);
	}
	/* It is the caller's descriptor. */
	lseek(fd, place, SEEK_SET);
	return sum;
}

bool hl_is_sparse(int fd, const struct stat *st)
{
	uint64_t size = (uint64_t)st->st_size;

	if (size <= HL_IMAGE_FREE_BYTES || (uint64_t)st->st_blocks >= size / 2 / 512)
		return false;
	return data_bytes(fd) < size / 2;
}

static bool is_affordable(const struct hl_image *image)
{
	return image->allocated_bytes > UINT64_MAX / 4 ||
		image->charged_bytes <= 2 * image->allocated_bytes + HL_IMAGE_FREE_BYTES;
}

int hl_image_charge(struct hl_image *image, uint64_t nr, size_t record_bytes, struct hl_error *err)
{
	uint64_t bytes;

	if (__builtin_mul_overflow(nr, record_bytes, &bytes) ||
			__builtin_add_overflow(image->charged_bytes, bytes, &image->charged_bytes))
		image->charged_bytes = UINT64_MAX;
	if (!is_affordable(image) && !image->is_measured) {
		uint64_t data = data_bytes(image->fd);

		image->is_measured = true;
		if (data > image->allocated_bytes)
			image->allocated_bytes = data;
	}
	if (!is_affordable(image))
		return hl_fail(err, EBADMSG, image->header.directory_offset,
				"a sparse file: more records than it has data");
	return 0;
}

/* A file of the shim between its making and its header. */
static bool is_blank(const struct hl_ledger_header *header)
{
	static const struct hl_ledger_header blank;

	return memcmp(header, &blank, sizeof(blank)) == 0;
}

static int not_started(struct hl_error *err)
{
	return hl_fail(err, EAGAIN, offsetof(struct hl_ledger_header, state),
			"not started yet, or its program ended while starting");
}

static int read_header(struct hl_image *image, struct hl_error *err)
{
	struct hl_ledger_header *h = &image->header;
	int rc;

	if (!image->size)
		return hl_fail(err, EAGAIN, 0, "empty: not started yet, or its program ended while starting");
	rc = hl_image_read(image, 0, h,
			image->size < sizeof(*h) ? image->size : sizeof(*h), err);
	if (rc)
		return rc;
	if (image->size >= HL_LEDGER_PAGE && is_blank(h))
		return not_started(err);
	if (image->size < sizeof(h->magic) || memcmp(h->magic, HL_LEDGER_MAGIC, sizeof(h->magic)))
		return hl_fail(err, EINVAL, 0, "not a heapledger file");
	if (image->size < HL_LEDGER_PAGE)
		return hl_fail(err, ENODATA, image->size, "truncated: the header is not whole");
	if (h->endian != HL_LEDGER_ENDIAN)
		return hl_fail(err, EINVAL, offsetof(struct hl_ledger_header, endian),
				"written with another byte order");
	if (h->version != HL_LEDGER_VERSION)
		return hl_fail(err, EINVAL, offsetof(struct hl_ledger_header, version),
				"a format version that this program does not know");
	if (h->header_bytes < sizeof(*h))
		return hl_fail(err, EBADMSG, offsetof(struct hl_ledger_header, header_bytes),
				"header too short");
	if (__atomic_load_n(&h->state, __ATOMIC_RELAXED) == 0)
		return not_started(err);
	if (h->kind != HL_LEDGER_LIVE && h->kind != HL_LEDGER_SNAPSHOT)
		return hl_fail(err, EBADMSG, offsetof(struct hl_ledger_header, kind),
				"unknown kind of ledger");
	return 0;
}

static int add_piece(struct hl_image *image, uint64_t offset, uint64_t length, struct hl_error *err)
{
	if (hl_array_grow((void **)&image->pieces, &image->piece_room, image->nr_pieces, sizeof(*image->pieces)))
		return hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
	image->pieces[image->nr_pieces++] = (struct hl_piece){.offset = offset, .length = length};
	return 0;
}

static int compare_pieces(const void *a, const void *b)
{
	const struct hl_piece *x = a;
	const struct hl_piece *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->length < y->length ? -1 : x->length > y->length;
}

/* Bytes that are two records at once would be counted twice. */
static int check_pieces(struct hl_image *image, struct hl_error *err)
{
	struct hl_piece *p = image->pieces;

	qsort(p, image->nr_pieces, sizeof(*p), compare_pieces);
	for (size_t i = 1; i < image->nr_pieces; i++)
		if (p[i].offset - p[i - 1].offset < p[i - 1].length)
			return hl_fail(err, EBADMSG, p[i].offset, "sections overlap");
	return 0;
}

/* Whether the section lies in the file, which may have grown since its size was taken. */
static int check_extent(struct hl_image *image, const struct hl_section *s, struct hl_error *err)
{
	uint64_t bytes = (uint64_t)s->nr_records * s->record_bytes;
	int rc;

	if (s->offset > image->size || bytes > image->size - s->offset) {
		rc = stat_size(image, err);
		if (rc)
			return rc;
	}
	if (s->offset > image->size || bytes > image->size - s->offset)
		return hl_fail(err, ENODATA, image->size,
				"truncated: a section goes on behind the end of the file");
	return add_piece(image, s->offset, bytes, err);
}

static int add_section(struct hl_image *image, const struct hl_section *s, uint64_t at,
		struct hl_error *err)
{
	struct hl_table *table;
	int rc;

	if (s->type == HL_SECTION_NONE || s->type >= HL_NR_SECTION_TYPES || !s->nr_records)
		return 0;
	if (s->record_bytes < known_bytes[s->type])
		return hl_fail(err, EBADMSG, at, "section with too short records");
	if (!is_bytes(s->type) && (s->offset % 8 || s->record_bytes % 8))
		return hl_fail(err, EBADMSG, at, "section is not aligned");
	if (is_bytes(s->type) && s->record_bytes != 1)
		return hl_fail(err, EBADMSG, at, "strings are not bytes");
	if (s->first > UINT64_MAX - s->nr_records)
		return hl_fail(err, EBADMSG, at, "section numbers overflow");
	rc = check_extent(image, s, err);
	if (rc)
		return rc;
	table = &image->tables[s->type];
	if (hl_array_grow((void **)&table->chunks, &table->room, table->nr_chunks,
			sizeof(*table->chunks)))
		return hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
	table->chunks[table->nr_chunks++] = (struct hl_chunk){
		.first = s->first,
		.offset = s->offset,
		.nr_records = s->nr_records,
		.record_bytes = s->record_bytes,
		.instance = s->instance,
	};
	return 0;
}

static int read_block(struct hl_image *image, uint64_t offset, uint64_t *next, struct hl_error *err)
{
	struct hl_directory block;
	int rc;

	if (offset % 8 || offset < image->header.header_bytes || offset > INT64_MAX)
		return hl_fail(err, EBADMSG, offset, "directory block at an impossible place");
	rc = hl_image_read(image, offset, &block, sizeof(block), err);
	if (!rc)
		rc = add_piece(image, offset, sizeof(block), err);
	if (rc)
		return rc;
	if (block.nr_entries > HL_DIRECTORY_ENTRIES)
		return hl_fail(err, EBADMSG, offset + offsetof(struct hl_directory, nr_entries),
				"directory block with too many entries");
	for (uint32_t i = 0; !rc && i < block.nr_entries; i++)
		rc = add_section(image, &block.entries[i],
				offset + offsetof(struct hl_directory, entries) +
				i * sizeof(struct hl_section), err);
	*next = block.next;
	image->last_block = offset;
	image->last_entries = block.nr_entries;
	return rc;
}

static int read_directory(struct hl_image *image, struct hl_error *err)
{
	uint64_t offset = image->header.directory_offset;
	uint64_t seen = 0;
	uint64_t nr_until = 1;
	uint64_t nr = 0;
	int rc = 0;

	if (!offset)
		return hl_fail(err, EBADMSG, offsetof(struct hl_ledger_header, directory_offset),
				"no directory");
	while (!rc && offset) {
		/* In a loop a block comes again before there were twice as many: Brent's algorithm. */
		if (offset == seen)
			return hl_fail(err, EBADMSG, offset, "the directory's chain is a loop");
		if (++nr == nr_until) {
			seen = offset;
			nr_until *= 2;
		}
		rc = hl_image_charge(image, 1, sizeof(struct hl_directory), err);
		if (!rc)
			rc = read_block(image, offset, &offset, err);
	}
	return rc;
}

static int compare_chunks(const void *a, const void *b)
{
	const struct hl_chunk *x = a;
	const struct hl_chunk *y = b;

	if (x->instance != y->instance)
		return x->instance < y->instance ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int sort_table(struct hl_table *table, struct hl_error *err)
{
	if (!table->nr_chunks)
		return 0;
	qsort(table->chunks, table->nr_chunks, sizeof(*table->chunks), compare_chunks);
	for (size_t i = 1; i < table->nr_chunks; i++) {
		const struct hl_chunk *last = &table->chunks[i - 1];

		if (last->instance == table->chunks[i].instance &&
				last->first + last->nr_records > table->chunks[i].first)
			return hl_fail(err, EBADMSG, table->chunks[i].offset,
					"two sections hold the same records");
	}
	return 0;
}

static void rebase_table(struct hl_table *table, uint64_t base)
{
	size_t nr = 0;

	for (size_t i = 0; i < table->nr_chunks; i++) {
		/* Below are the parent's: a handler that forked in the middle of an event. */
		if (table->chunks[i].first < base)
			continue;
		table->chunks[nr] = table->chunks[i];
		table->chunks[nr++].first -= base;
	}
	table->nr_chunks = nr;
}

/*
 * A forked child numbers its sites above those of its parent, millions perhaps.  Here they follow
 * the reserved ones.
 */
static void rebase_sites(struct hl_image *image)
{
	struct hl_table *sites = &image->tables[HL_SECTION_SITES];

	if (!sites->nr_chunks || sites->chunks[0].first <= HL_NR_RESERVED_SITES)
		return;
	image->site_base = sites->chunks[0].first - HL_NR_RESERVED_SITES;
	rebase_table(sites, image->site_base);
	rebase_table(&image->tables[HL_SECTION_COUNTERS], image->site_base);
	rebase_table(&image->tables[HL_SECTION_PEAKS], image->site_base);
}

int hl_image_open(struct hl_image *image, int fd, struct hl_error *err)
{
	int rc;

	*image = (struct hl_image){.fd = fd};
	rc = stat_size(image, err);
	if (!rc)
		rc = read_header(image, err);
	if (!rc)
		rc = add_piece(image, 0, HL_LEDGER_PAGE, err);
	if (!rc)
		rc = read_directory(image, err);
	if (!rc)
		rc = check_pieces(image, err);
	free(image->pieces);
	image->pieces = NULL;
	for (unsigned int type = 0; !rc && type < HL_NR_SECTION_TYPES; type++)
		rc = sort_table(&image->tables[type], err);
	if (rc)
		hl_image_release(image);
	else
		rebase_sites(image);
	return rc;
}

void hl_image_release(struct hl_image *image)
{
	for (unsigned int type = 0; type < HL_NR_SECTION_TYPES; type++)
		free(image->tables[type].chunks);
	if (image->map)
		munmap((void *)image->map, image->size);
	*image = (struct hl_image){.fd = -1};
}

int hl_image_map(struct hl_image *image, struct hl_error *err)
{
	void *map = mmap(NULL, image->size, PROT_READ, MAP_SHARED, image->fd, 0);

	if (map == MAP_FAILED)
		return hl_fail(err, errno, HL_NO_OFFSET, "cannot be mapped");
	image->map = map;
	return 0;
}

const struct hl_chunk *hl_image_chunk(const struct hl_image *image, unsigned int type, uint32_t instance,
		uint64_t record)
{
	const struct hl_table *table = &image->tables[type];
	size_t low = 0;
	size_t high = table->nr_chunks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct hl_chunk *chunk = &table->chunks[middle];

		if (chunk->instance == instance && record >= chunk->first && record - chunk->first < chunk->nr_records)
			return chunk;
		if (chunk->instance < instance || (chunk->instance == instance && chunk->first < record))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool hl_image_has_grown(const struct hl_image *image)
{
	const struct hl_directory *block = (const void *)(image->map + image->last_block);

	/* What was read before the file was cut is not in the mapping. */
	if (image->last_block + sizeof(*block) > image->size)
		return true;
	return __atomic_load_n(&block->nr_entries, __ATOMIC_RELAXED) != image->last_entries ||
		__atomic_load_n(&block->next, __ATOMIC_RELAXED) != 0;
}

uint64_t hl_image_room(const struct hl_image *image, unsigned int type)
{
	const struct hl_table *table = &image->tables[type];
	uint64_t room = type == HL_SECTION_SITES && image->site_base ? HL_NR_RESERVED_SITES : 0;

	for (size_t i = 0; i < table->nr_chunks; i++) {
		if (table->chunks[i].instance || table->chunks[i].first != room)
			break;
		room += table->chunks[i].nr_records;
	}
	return room;
}

/* Records of one chunk that are longer or shorter in the file than in memory; what is not there is zero. */
static int read_strided(const struct hl_image *image, const struct hl_chunk *chunk, uint8_t *out,
		uint64_t nr, size_t record_bytes, struct hl_error *err)
{
	size_t known = chunk->record_bytes < record_bytes ? chunk->record_bytes : record_bytes;
	uint64_t at = chunk->offset;
	int rc = 0;

	for (uint64_t i = 0; !rc && i < nr; i++) {
		memset(out + i * record_bytes + known, 0, record_bytes - known);
		rc = hl_image_read(image, at, out + i * record_bytes, known, err);
		at += chunk->record_bytes;
	}
	return rc;
}

int hl_image_records(const struct hl_image *image, unsigned int type, void *out, uint64_t nr,
		size_t record_bytes, struct hl_error *err)
{
	const struct hl_table *table = &image->tables[type];
	uint64_t gap = table->nr_chunks ? table->chunks[0].first : 0;
	uint8_t *to = (uint8_t *)out + (gap < nr ? gap : nr) * record_bytes;
	int rc = 0;

	nr -= gap < nr ? gap : nr;

	for (size_t i = 0; !rc && nr && i < table->nr_chunks; i++) {
		const struct hl_chunk *chunk = &table->chunks[i];
		uint64_t n = nr < chunk->nr_records ? nr : chunk->nr_records;

		if (chunk->record_bytes == record_bytes)
			rc = hl_image_read(image, chunk->offset, to, n * record_bytes, err);
		else
			rc = read_strided(image, chunk, to, n, record_bytes, err);
		to += n * record_bytes;
		nr -= n;
	}
	return rc;
}
