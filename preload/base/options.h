/* SPDX-License-Identifier: MIT */
/*
 * What the shim was told: the HEAPLEDGER_* variables, read once from the constructor's envp.
 */
#ifndef HL_PRELOAD_OPTIONS_H
#define HL_PRELOAD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

#define HL_PATH_BYTES 4096u
#define HL_DEPTH_MAX 4096u		/* HL_MAX_FRAMES of the ledger: readers refuse more */

struct hl_options {
	char out[HL_PATH_BYTES];	/* HEAPLEDGER_OUT: name pattern */
	uint32_t depth;			/* HEAPLEDGER_DEPTH: frames kept per stack */
	uint64_t max_bytes;		/* HEAPLEDGER_MAX_SIZE: bound of the ledger */
	uint64_t max_memory;		/* HEAPLEDGER_MAX_MEMORY: of all tables, file and own; 0: none */
	uint64_t sample_bytes;		/* HEAPLEDGER_SAMPLE: mean distance of samples; 0: everything */
	uint64_t session;		/* HEAPLEDGER_SESSION, hexadecimal */
	uint32_t first_pid;		/* HEAPLEDGER_FIRST: whose ledger gets exactly the name of OUT */
	uint32_t unwind;		/* HEAPLEDGER_UNWIND: auto, cfi or fp (enum hl_unwind_mode) */
	bool mmap;			/* HEAPLEDGER_MMAP */
	bool threads;			/* HEAPLEDGER_THREADS: a site for each thread */
	bool paused;			/* HEAPLEDGER_PAUSED: nothing is recorded until somebody says so */
	bool follow_fork;		/* HEAPLEDGER_FOLLOW: all, fork, exec or no */
	bool follow_exec;
	bool deepbind;			/* HEAPLEDGER_DEEPBIND: not "no" */
	bool log;			/* HEAPLEDGER_LOG */
};
extern struct hl_options hl_options;

/** hl_options_read() - fill hl_options; with follow_exec off, takes the shim out of @envp */
void hl_options_read(char **envp);

/** hl_options_withhold() - take all that the shim is told out of @envp, from this program and those that it starts */
void hl_options_withhold(char **envp);

/**
 * hl_options_path() - the absolute path of this process's ledger
 * @attempt: 0 for the first name, then 1, 2, ... while the name is taken
 * Returns: 0; -EEXIST: no further name is tried; -ENAMETOOLONG; -ENOENT: the folder is not known.
 */
int hl_options_path(uint32_t attempt, bool forked, char out[HL_PATH_BYTES]);

/** hl_options_advice() - ": ..." on what to do about an error (-errno) of making the ledger, or "" */
const char *hl_options_advice(int error);

/** hl_log() - "heapledger: PID: WHATWHICH: errno NUMBER" on stderr, if HEAPLEDGER_LOG is set */
void hl_log(const char *what, const char *which, int error);

#pragma GCC visibility pop
#endif
