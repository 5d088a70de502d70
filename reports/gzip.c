/* SPDX-License-Identifier: MIT */
/* gzip by zlib. */
#include "reports/gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

/* zlib's largest window, and 16: with the header of gzip. */
#define GZIP_WINDOW (15 + 16)
#define MEMORY_LEVEL 8

int hl_gzip_start(struct hl_gzip *gzip, FILE *file)
{
	memset(&gzip->stream, 0, sizeof(gzip->stream));
	gzip->file = file;
	if (deflateInit2(&gzip->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
			MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	return 0;
}

static void run(struct hl_gzip *gzip, int flush)
{
	do {
		gzip->stream.next_out = gzip->buffer;
		gzip->stream.avail_out = sizeof(gzip->buffer);
		deflate(&gzip->stream, flush);
		fwrite(gzip->buffer, 1, sizeof(gzip->buffer) - gzip->stream.avail_out, gzip->file);
	} while (!gzip->stream.avail_out);
}

void hl_gzip_write(struct hl_gzip *gzip, const void *data, size_t length)
{
	const unsigned char *next = data;

	while (length) {
		unsigned int n = length < UINT_MAX ? (unsigned int)length : UINT_MAX;

		/* zlib's interface has no const; it does not write there. */
		gzip->stream.next_in = (unsigned char *)(uintptr_t)next;
		gzip->stream.avail_in = n;
		run(gzip, Z_NO_FLUSH);
		next += n;
		length -= n;
	}
}

void hl_gzip_finish(struct hl_gzip *gzip)
{
	gzip->stream.next_in = NULL;
	gzip->stream.avail_in = 0;
	run(gzip, Z_FINISH);
	deflateEnd(&gzip->stream);
}
