/* SPDX-License-Identifier: MIT */
/* Reading a traces text (heapledger-traces(5)) as a snapshot. */
#ifndef HL_SNAPSHOT_TRACES_READ_H
#define HL_SNAPSHOT_TRACES_READ_H

#include "snapshot/heapledger.h"

/* The first line of a text whose names have escapes. */
#define HL_TRACES_HEADER "#heapledger-traces 1"

/* Whether a file begins as a traces text does: with a comment, a digit or an empty line. */
bool hl_traces_is_text(int fd);

/**
 * hl_traces_load_fd() - read a traces text
 *
 * Returns: 0; -EINVAL: a line of another form; -ERANGE: a number out of range; -EFBIG; -ENOMEM;
 *          errors of reading.  The error's offset is that of the line.
 */
int hl_traces_load_fd(int fd, struct hl_snapshot **out, struct hl_error *err);

#endif
