/* SPDX-License-Identifier: MIT */
/* What the files of `heapledger sim` share. */
#ifndef HL_CLI_SIM_H
#define HL_CLI_SIM_H

#include "cli/cli.h"
#include "scenario/scenario.h"

/* A stack of this depth is kept for --snapshot: `heapledger tree` shows it. */
#define SIM_SNAPSHOT_FRAMES 32

/* The file of the site of what sim_new() and imports make. */
#define SIM_START_FILE "<start>"

/* Bytes that grow. */
struct sim_buffer {
	char *data;
	size_t nr, room;
};

/* 0 or -ENOMEM. */
int sim_buffer_add(struct sim_buffer *buffer, const char *data, size_t length);
/* Everything that can be read from the descriptor; 0 or -errno; -EFBIG: it is more than @most bytes. */
int sim_buffer_read(struct sim_buffer *buffer, int fd, size_t most);
void sim_buffer_release(struct sim_buffer *buffer);

/* The scenario that the command was given. */
struct sim_file {
	const char *name;		/* as on the command line */
	char *path;			/* absolute, as CPython shows it */
	struct sim_buffer text;
	struct program *program;
};

/* Where the output of a run goes. */
struct sim_output {
	bool is_shown;			/* on stdout and stderr, as it comes */
	bool is_kept;			/* in the buffers */
	uint64_t max_bytes;		/* of each buffer; 0: no limit */
	struct sim_buffer out, err;
};

int sim_write_out(const char *text, size_t length, void *output);
int sim_write_err(const char *text, size_t length, void *output);

/* --- sim-lines.c: --stats ---------------------------------------------------------------------------- */

struct sim_line {
	uint64_t objects, bytes, by_count, by_gc, live;
};

struct sim_lines {
	struct sim_line *lines;		/* [nr], from line 1 at index 1; 0: everything without a line of this file */
	size_t nr;
};

/* The accounts of the lines of @path, which has @nr_lines; 0 or -ENOMEM. */
int sim_lines_collect(struct gcs_heap *heap, const char *path, size_t nr_lines, struct sim_lines *out);
void sim_lines_print(const struct sim_lines *lines, const struct sim_file *file);
size_t sim_count_lines(const struct sim_buffer *text);

/* --- sim-check.c: --check ------------------------------------------------------------------------------ */

/* The command that is Python 3.11, to be used for sim_check(); NULL after a complaint. */
const char *sim_find_python(void);

/**
 * sim_check() - compare a run with CPython's
 * @output: of our run
 * @status: its exit status
 *
 * Returns: CLI_DONE: the same; CLI_FINDING after the first difference was shown; CLI_FAILED after a complaint.
 */
int sim_check(const char *python, const struct sim_file *file, const struct sim_output *output, int status);

/* --- sim-compare.c: --compare -------------------------------------------------------------------------- */

/* Runs the scenario twice and prints both columns; the exit status. */
int sim_compare_policies(const struct sim_file *file, const struct scenario_options *given);

/* "the limit of 1000 steps was reached"; complains.  CLI_FAILED. */
int sim_complain_limit(const struct sim_file *file, const struct scenario_options *options, enum sim_stop stop);

#endif
