/* SPDX-License-Identifier: MIT */
/*
 * Whether a process has the preloaded library, and why not: what /proc shows of it.
 */
#ifndef HL_CLI_PROCESS_H
#define HL_CLI_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What /proc/PID/stat says; numbers of memory are 0 when they may not be seen. */
struct hl_process {
	pid_t pid;
	pid_t ppid;
	char state;
	uint64_t start;			/* in clock ticks since the system was started */
	uint64_t image;			/* another after each exec, as good as always */
	bool has_environment;		/* exec has come as far as that */
	uint64_t resident_bytes;
	uint32_t nr_threads;
};

enum hl_verdict {
	HL_VERDICT_NONE = 0,		/* nothing can be said, or not yet */
	HL_VERDICT_RECORDED,		/* the library is there */
	HL_VERDICT_STATIC,
	HL_VERDICT_OTHER_LIBC,
	HL_VERDICT_OTHER_MACHINE,
	HL_VERDICT_RIGHTS,		/* set-user-ID and the like */
	HL_VERDICT_CLEARED,		/* started without LD_PRELOAD */
	HL_VERDICT_ABSENT,		/* the loader could not load the library */
	HL_VERDICT_OLD_LIBC,		/* glibc before 2.35: the library is there, and does nothing */
	HL_VERDICT_SANITIZER,		/* said by its ledger */
};

/** hl_process_read() - false: there is no such process (any more) */
bool hl_process_read(pid_t pid, struct hl_process *process);

/** hl_process_is_thread() - is @pid the number of a thread, and not of its process? */
bool hl_process_is_thread(pid_t pid);

/** hl_process_has_variable() - was it started with this in its environment? @text: "NAME=" and more or less */
bool hl_process_has_variable(pid_t pid, const char *text);

/**
 * hl_process_judge() - is it recorded, and why not?
 * @library: the base name of the preloaded library
 * @exe: receives the program's path, or its short name in brackets when that may not be seen
 */
enum hl_verdict hl_process_judge(const struct hl_process *process, const char *library, char exe[PATH_MAX]);

#endif
