/* SPDX-License-Identifier: MIT */
/* A gzip stream into a FILE, the same bytes for the same input: no time and no name in its header. */
#ifndef HL_REPORTS_GZIP_H
#define HL_REPORTS_GZIP_H

#include <stdio.h>

#include <zlib.h>

struct hl_gzip {
	z_stream stream;
	FILE *file;			/* borrowed; its error state tells of failures */
	unsigned char buffer[65536];
};

/* Returns: 0; -ENOMEM. */
int hl_gzip_start(struct hl_gzip *gzip, FILE *file);
void hl_gzip_write(struct hl_gzip *gzip, const void *data, size_t length);
/* Write what is left and release the compressor. */
void hl_gzip_finish(struct hl_gzip *gzip);

#endif
