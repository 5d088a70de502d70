/* SPDX-License-Identifier: MIT */
/* Which ledgers are still written by a process. */
#ifndef HL_CLI_IN_USE_H
#define HL_CLI_IN_USE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Files that processes have mapped shared, by inode.  All zero: nobody has looked yet. */
struct hl_in_use {
	ino_t *inodes;
	size_t nr;
	size_t room;
	bool is_known;
};

/**
 * hl_in_use_has() - may a process still write this file?
 * @fd: opened for reading only
 *
 * The kernel answers who asks for a lease; where a file system forgets mappings in its answer (overlayfs), or gives no
 * leases, /proc/PID/maps tells, of the processes whose mappings may be read.  These are looked through once: who did
 * not have a ledger mapped then comes to it no more.  A child that was forked and has allocated nothing since has its
 * parent's.
 *
 * Cost:    the first call reads all of /proc.
 */
bool hl_in_use_has(struct hl_in_use *in_use, int fd);
void hl_in_use_release(struct hl_in_use *in_use);

#endif
