/* SPDX-License-Identifier: MIT */
/* Frames as valgrind's tools write them: "0x4011D6: parse (parser.c:812)". */
#ifndef HL_REPORTS_FRAME_TEXT_H
#define HL_REPORTS_FRAME_TEXT_H

#include "reports/export.h"

/* @from, @to: see hl_put_replaced(). */
void hl_put_frame(FILE *file, const struct hl_stack_frame *frame, const char *from,
		const char *to);

#endif
