/* SPDX-License-Identifier: MIT */
/*
 * A ledger file as validated tables of raw records: header, directory and sections, but not yet
 * what the records mean.  Every number of the file is read once and checked on the copy, because
 * the file may change at any moment.
 */
#ifndef HL_SNAPSHOT_LEDGER_IMAGE_H
#define HL_SNAPSHOT_LEDGER_IMAGE_H

#include <stdbool.h>

#include "common/ledger.h"
#include "snapshot/heapledger.h"

#define HL_NR_SECTION_TYPES 17u

/* One chunk of a table; the bytes are inside the file. */
struct hl_chunk {
	uint64_t first;
	uint64_t offset;
	uint32_t nr_records;
	uint32_t record_bytes;		/* at least the size that this version knows */
	uint32_t instance;
};

/* Chunks sorted by (instance, first), without overlap inside an instance. */
struct hl_table {
	struct hl_chunk *chunks;
	size_t nr_chunks;
	size_t room;
};

/* A piece of the file that has a meaning: nothing else may have one there. */
struct hl_piece {
	uint64_t offset;
	uint64_t length;
};

struct hl_image {
	int fd;				/* borrowed */
	uint64_t size;
	uint64_t allocated_bytes;	/* what the file takes on the disk, without its holes; at most, not exactly */
	uint64_t charged_bytes;		/* see hl_image_charge() */
	bool is_measured;		/* holes were looked for, one by one */
	struct hl_piece *pieces;	/* header, blocks of the directory, known sections; while these are read */
	size_t nr_pieces;
	size_t piece_room;
	uint64_t site_base;		/* what was taken off the numbers of the file's sites */
	uint64_t last_block;		/* of the directory: where, and ... */
	uint32_t last_entries;		/* ... how many sections it had */
	const uint8_t *map;		/* the whole file, MAP_SHARED; NULL: hl_image_map() was not called */
	struct hl_ledger_header header;
	struct hl_table tables[HL_NR_SECTION_TYPES];
};

/**
 * hl_image_open() - read and check header and directory
 * @image: filled on success; hl_image_release() frees
 * @fd: borrowed, must stay open as long as @image
 */
int hl_image_open(struct hl_image *image, int fd, struct hl_error *err);
void hl_image_release(struct hl_image *image);

/* Map the file as long as the image is there; 0 or the error of mmap(). */
int hl_image_map(struct hl_image *image, struct hl_error *err);

/* Whether sections came in since the directory was read; @image is mapped. */
bool hl_image_has_grown(const struct hl_image *image);

/**
 * hl_image_read() - copy bytes of the file
 *
 * Returns: 0; -ENODATA: the file ends before; errors of pread().
 */
int hl_image_read(const struct hl_image *image, uint64_t offset, void *buf, size_t length,
		struct hl_error *err);

/**
 * hl_image_records() - copy records 0 .. @nr - 1 of a table with one instance
 * @out: room for @nr records of @record_bytes, the size that this version knows; what lies before the
 *       first chunk is left as it is
 * @nr: at most hl_image_room()
 */
int hl_image_records(const struct hl_image *image, unsigned int type, void *out, uint64_t nr,
		size_t record_bytes, struct hl_error *err);

/**
 * hl_image_charge() - count what is going to be read, in bytes of the file
 *
 * A file may say that it has any number of records in its holes.  A copy that was made with holes where there were
 * zeros (cp --sparse, tar -S) has fewer blocks than records, but not many: shared counters that no thread used.  So
 * twice what the file has, and HL_IMAGE_FREE_BYTES, may be read of it.
 *
 * Returns: 0; -EBADMSG: that is more than the file has.
 */
#define HL_IMAGE_FREE_BYTES (UINT64_C(16) << 20)
int hl_image_charge(struct hl_image *image, uint64_t nr, size_t record_bytes, struct hl_error *err);

/* Whether a regular file that is to be read as a whole is mostly a hole. */
struct stat;
bool hl_is_sparse(int fd, const struct stat *st);

/* The chunk of a table with a record; NULL: there is none.  O(log of its chunks). */
const struct hl_chunk *hl_image_chunk(const struct hl_image *image, unsigned int type, uint32_t instance,
		uint64_t record);

/* Where a record of a chunk lies in the mapped file. */
static inline const void *hl_image_record(const struct hl_image *image, const struct hl_chunk *chunk, uint64_t record)
{
	return image->map + chunk->offset + (record - chunk->first) * chunk->record_bytes;
}

/* The number of records from 0 on that the table has room for without a gap. */
uint64_t hl_image_room(const struct hl_image *image, unsigned int type);

#endif
