/* SPDX-License-Identifier: MIT */
/*
 * Debug files from debuginfod's servers, when the user asks for them.  libdebuginfod, which brings a whole
 * HTTP client along, is loaded by the first question and not before: without one nothing of it is there.
 */
#ifndef HL_SNAPSHOT_DEBUGINFOD_H
#define HL_SNAPSHOT_DEBUGINFOD_H

#include <stdint.h>

struct hl_build_id;
struct hl_debuginfod;

enum hl_debuginfod_kind {
	HL_FETCH_DEBUGINFO,
	HL_FETCH_EXECUTABLE,
};

/* How far a file has come, in bytes, total 0: not known; behind the last one both are 0. */
typedef void hl_debuginfod_progress(void *arg, uint64_t done, uint64_t total);

/* Asks nobody yet.  NULL: out of memory. */
struct hl_debuginfod *hl_debuginfod_new(void);
void hl_debuginfod_free(struct hl_debuginfod *d);
void hl_debuginfod_set_progress(struct hl_debuginfod *d, hl_debuginfod_progress *progress, void *arg);

/**
 * hl_debuginfod_fetch() - have a file in the client's cache
 * @id: its build-id
 * @path: receives the file's name there; to be freed
 *
 * The servers are those of DEBUGINFOD_URLS.  One that sends nothing for 10 seconds is given up, and after
 * that, or after 5 minutes in all, nobody is asked again.
 *
 * Returns: 0; -ENOENT: no server has it; -EHOSTUNREACH: there are no servers, or none that answers;
 *          -ENOPKG: built or installed without libdebuginfod; -ENOMEM.
 */
int hl_debuginfod_fetch(struct hl_debuginfod *d, enum hl_debuginfod_kind kind, const struct hl_build_id *id,
	char **path);

/* Why files could not be fetched, as above but for -ENOENT; 0: nothing was wrong so far. */
int hl_debuginfod_error(const struct hl_debuginfod *d);

#endif
