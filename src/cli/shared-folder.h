/* SPDX-License-Identifier: MIT */
/* Folders in which others may put, and find, files. */
#ifndef HL_CLI_SHARED_FOLDER_H
#define HL_CLI_SHARED_FOLDER_H

#include <stdbool.h>

/**
 * cli_refuse_shared() - whether a file may get a name of our own in the working folder
 *
 * A ledger tells a command line, paths, and what a program holds; in a folder where everybody may write, as /tmp, its
 * name can be foreseen and is seen by all.  There the user has to name it.  Folders of a group are not meant: of many
 * systems each user is a group.
 *
 * Returns: true after a complaint; the caller leaves.
 */
bool cli_refuse_shared(const char *word);

#endif
