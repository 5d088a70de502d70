/* SPDX-License-Identifier: MIT */
/* Writing bytes at a place of a file, whole. */
#ifndef HL_SNAPSHOT_FILE_WRITE_H
#define HL_SNAPSHOT_FILE_WRITE_H

#include <stddef.h>
#include <stdint.h>

/* Returns: 0; -errno of pwrite(), by which a part of it may be written; -ENOSPC: it wrote nothing. */
int hl_write_at(int fd, const void *data, size_t length, uint64_t offset);

#endif
