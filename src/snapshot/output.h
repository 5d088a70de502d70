/* SPDX-License-Identifier: MIT */
/*
 * Files that we write: the one way in which a ledger, a copy of one or an export gets its name.
 *
 * The folder may be one that others can write to, and what lies there under the name may be theirs.
 * A file is written under a name that nobody can guess, is of mode 0600 whatever the umask says, as it
 * holds a program's paths and command line, and gets its name when it is whole.
 */
#ifndef HL_SNAPSHOT_OUTPUT_H
#define HL_SNAPSHOT_OUTPUT_H

#include <stdio.h>

enum hl_output_flag {
	HL_OUTPUT_REPLACE = 1 << 0,	/* what has the name is replaced: a file, or a link itself */
	/*
	 * What a link of the user or of root at the end of the path leads to is replaced instead; a pipe or a
	 * device, of theirs too, is written as it is.
	 */
	HL_OUTPUT_FOLLOW = 1 << 1,
};

/* All zero: none. */
struct hl_output {
	FILE *file;
	int folder;			/* that the name is in; -1: written as it is */
	char *name;
	char *temporary;
	unsigned int flags;
};

/**
 * hl_output_open() - begin to write a file
 * @flags: of enum hl_output_flag
 * @out: receives the stream; hl_output_close() it
 *
 * Returns: 0; -EEXIST: without HL_OUTPUT_REPLACE; -ELOOP: with HL_OUTPUT_FOLLOW, the path ends in
 *          a link, a pipe or a device of somebody else; -ENOMEM; or -errno.
 */
int hl_output_open(struct hl_output *out, const char *path, unsigned int flags);

/**
 * hl_output_close() - give the file its name
 * @rc: not 0: it is not whole; it is removed and @rc is returned
 *
 * Returns: 0; -EEXIST: the name was taken meanwhile; or -errno of writing or renaming.
 */
int hl_output_close(struct hl_output *out, int rc);

#endif
