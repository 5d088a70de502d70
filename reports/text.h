/* SPDX-License-Identifier: MIT */
/* Rows of the text format that other texts (the summary of `record`) use too. */
#ifndef HL_REPORTS_TEXT_H
#define HL_REPORTS_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "reports/report.h"

/* The groups of a report, at most nr_rows, each with its source line or stack. */
void hl_text_put_rows(FILE *file, const struct hl_top_report *report);

/* `heapledger info`: its own file, reports/text-info.c. */
void hl_text_write_info(FILE *file, const struct hl_info_report *report);

/* "2026-11-21 02:30:21 UTC"; @buf of at least HL_TIME_TEXT bytes. */
#define HL_TIME_TEXT 40
char *hl_text_time(char *buf, uint64_t realtime_ns);

#endif
