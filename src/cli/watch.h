/* SPDX-License-Identifier: MIT */
/*
 * Which processes of a recording are not recorded, and why: found by looking at /proc from outside
 * while the program runs.
 *
 * What lives for less than the distance of two looks is missed.  What is named is certain: a process
 * is judged by what it was started with (its file, its environment), never by what it has not done yet.
 */
#ifndef HL_CLI_WATCH_H
#define HL_CLI_WATCH_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct hl_run;
struct hl_watch;

/**
 * hl_watch_new() - get ready to watch, before the program is started: whoever is there now is none of it
 * @session: of the recording, by which orphans are known whose parents nobody has seen
 * @library: path of the preloaded library, which stays the caller's and has to stay
 *
 * Returns: NULL when there is no memory or no /proc: then nothing is watched.
 */
struct hl_watch *hl_watch_new(uint64_t session, const char *library);

/** hl_watch_begin() - @program is the first process; its descendants are looked for */
void hl_watch_begin(struct hl_watch *watch, pid_t program);

/**
 * hl_watch_look() - look at the processes once
 * Returns: nanoseconds until the next look: less while programs are started, and so many that looking
 * takes a small part of one processor.
 */
int64_t hl_watch_look(struct hl_watch *watch);

/**
 * hl_watch_print() - a line for each program that was not recorded, also of those whose ledgers say so
 * @watch: may be NULL
 */
void hl_watch_print(const struct hl_watch *watch, const struct hl_run *run, FILE *file);

void hl_watch_free(struct hl_watch *watch);

#endif
