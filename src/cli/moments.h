/* SPDX-License-Identifier: MIT */
/* Moments of a recorded program, as the commands ask for them. */
#ifndef HL_CLI_MOMENTS_H
#define HL_CLI_MOMENTS_H

#include "cli/cli.h"

#define CLI_MOMENT_TEXT 32

/**
 * cli_take_moment() - replace a snapshot by that of a moment
 * @option: "--at" or so, with its value @text: a time since the start; the latest moment until then is taken
 * @metric: as asked for by the user, or -1: then it is what lives
 * @title: receives " after 12.483 s"
 *
 * Returns: 0; -1 after a complaint.
 */
int cli_take_moment(const char *word, const char *file, const char *option, const char *text, int *metric,
		struct hl_snapshot **snapshot, char title[CLI_MOMENT_TEXT]);

/* The times of all moments of a snapshot; 0, or -1 after a complaint, also that there are fewer than two. */
int cli_list_moments(const char *word, const char *file, const struct hl_snapshot *snapshot,
		uint64_t times[HL_MOMENTS_MAX], size_t *nr);

#endif
