/* SPDX-License-Identifier: MIT */
/* The user's own origins, see heapledger-origins(5). */
#ifndef HL_CLI_ORIGINS_FILE_H
#define HL_CLI_ORIGINS_FILE_H

/* A text, and the path that it comes from; both NULL: there is none. */
struct cli_origins_file {
	char *path;
	char *text;
};

/**
 * cli_origins_file_read() - read $XDG_CONFIG_HOME/heapledger/origins or ~/.config/heapledger/origins
 * @word: the command, for complaints
 * @file: receives the text; cli_origins_file_release() it
 *
 * Returns: 0, also if there is no such file; -1 after a complaint.
 */
int cli_origins_file_read(const char *word, struct cli_origins_file *file);
void cli_origins_file_release(struct cli_origins_file *file);

#endif
