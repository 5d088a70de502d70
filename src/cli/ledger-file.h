/* SPDX-License-Identifier: MIT */
/*
 * Ledgers by the names that a recording gave them, in folders where others may rename and replace what is there.
 */
#ifndef HL_CLI_LEDGER_FILE_H
#define HL_CLI_LEDGER_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct hl_ledger_header;

/* Which file it was; all zero: none yet. */
struct hl_ledger_file {
	dev_t dev;
	ino_t ino;
	uid_t owner;
};

/**
 * hl_ledger_file_open() - open a regular file, whatever else may bear its name by now
 * @flags: O_RDONLY or O_RDWR
 * @file: if it names one, only that is opened; else it receives which one was
 *
 * It is looked at before it is opened, so that nothing happens to a device or a FIFO; a link is not followed.
 * Returns: the descriptor, closed on exec; -EINVAL: no regular file; -ESTALE: another one; or -errno.
 */
int hl_ledger_file_open(const char *path, int flags, struct hl_ledger_file *file);

/** hl_ledger_file_reopen() - the file of @fd, opened once more with other @flags; or -errno */
int hl_ledger_file_reopen(int fd, int flags);

/* Whether it is a ledger that a process of the session writes or wrote, and no copy; @header receives its header. */
bool hl_ledger_file_is_of(int fd, uint64_t session, struct hl_ledger_header *header);

#endif
