/* SPDX-License-Identifier: MIT */
/*
 * Running a program under the shim, and finding the ledgers that it leaves.
 */
#ifndef HL_CLI_RUN_H
#define HL_CLI_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/ledger-file.h"
#include "cli/ledger-name.h"

struct hl_timeline;
struct hl_watch;

struct hl_run_options {
	const char *out;		/* name pattern of the ledger */
	bool force;			/* replace an existing file */
	bool mmap;
	bool threads;
	bool paused;
	bool no_deepbind;
	const char *depth;		/* texts of numbers, already checked; NULL: the shim's default */
	const char *max_bytes;
	const char *max_memory;
	const char *sample_bytes;
	const char *follow;
	const char *unwind;
	bool watch;			/* for programs that are not recorded: hl_run.watch */
	uint64_t interval_ns;		/* between points of the time line at first; 0: there is none */
	uint64_t copy_every_ns;		/* between copies of ledgers; 0: there are none */
};

/* A ledger of the session. */
struct hl_run_ledger {
	char *path;
	uint32_t pid;
	uint64_t start_ns;		/* CLOCK_MONOTONIC */
	uint32_t flags;			/* enum hl_ledger_flags */
	struct hl_ledger_file file;
};

struct hl_run {
	pid_t pid;
	int status;			/* as waitpid() gives it */
	uint64_t session;
	char pattern[HL_NAME_BYTES];	/* absolute */
	struct hl_run_ledger *ledgers;	/* by start time */
	size_t nr_ledgers;
	struct hl_watch *watch;		/* or NULL */
	struct hl_timeline *timeline;	/* or NULL */
};

/**
 * hl_run_find_shim() - path of the preloaded library
 * HEAPLEDGER_PRELOAD, the build tree of this executable, the installation.
 * Returns: 0; -ENOENT; -EINVAL: its path holds a blank or a colon, which LD_PRELOAD cannot.
 */
int hl_run_find_shim(char *path, size_t bytes);

/**
 * hl_run_prepare() - settle the name of the ledger
 * @exe: the program that will run, for %e
 *
 * With force an existing file is removed.
 * Returns: 0; -EEXIST: the file is there and @options do not say force; -ENOTSUP: it is no file,
 * but a device, a pipe or a socket; -EINVAL: a % that stands for nothing; other -errno, also of a
 * folder that is not there or takes no files.
 */
int hl_run_prepare(struct hl_run *run, const struct hl_run_options *options, const char *exe);

/**
 * hl_run_program() - run @path with @argv under @shim and wait for its end
 *
 * @shim: as hl_run_find_shim() gives it; where there are libraries for other machines beside it, all
 * are named to the loader ($LIB), so that each takes its own
 *
 * What the terminal sends reaches the program without us; what is sent to us is passed on.  A
 * script without #! is given to the shell.
 * Returns: 0: it ran, run->status is set; -errno of fork() or execv().
 */
int hl_run_program(struct hl_run *run, const struct hl_run_options *options, const char *shim,
	const char *path, char *const argv[]);

/**
 * hl_run_collect() - find the session's ledgers, complete and trim them
 * Returns: 0, also when there is none; -ENOMEM.
 */
int hl_run_collect(struct hl_run *run);
void hl_run_release(struct hl_run *run);

#endif
