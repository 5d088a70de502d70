/* SPDX-License-Identifier: MIT */
/* Lengths of time on the command line. */
#ifndef HL_CLI_DURATION_H
#define HL_CLI_DURATION_H

/**
 * cli_parse_duration() - a number and its unit: "250ms", "1.5s" or "1.5", "10m", "2h", "1d"
 *
 * Returns: 0; -EINVAL: neither such a length, nor more than nothing and less than 30 years.
 */
int cli_parse_duration(const char *text, double *seconds);

/* The shortest one between points of a time line. */
#define CLI_MIN_INTERVAL_S 0.001

#endif
