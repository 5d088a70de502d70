/* SPDX-License-Identifier: MIT */
/*
 * A ledger file as validated tables of raw records: header, directory and sections, but not yet
 * what the records mean.  Every number of the file is read once and checked on the copy, because
 * the file may change at any moment.
 */
#ifndef HL_SNAPSHOT_LEDGER_IMAGE_H
#define HL_SNAPSHOT_LEDGER_IMAGE_H

#include "common/ledger.h"
#include "snapshot/heapledger.h"

#define HL_NR_SECTION_TYPES 13u

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

struct hl_image {
	int fd;				/* borrowed */
	uint64_t size;
	uint64_t section_bytes;		/* of all known sections together */
	uint64_t site_base;		/* what was taken off the numbers of the file's sites */
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

/* The number of records from 0 on that the table has room for without a gap. */
uint64_t hl_image_room(const struct hl_image *image, unsigned int type);

#endif
