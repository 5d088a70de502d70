/* SPDX-License-Identifier: MIT */
/* A frame on one line. */
#include "reports/frame-text.h"

#include <inttypes.h>
#include <string.h>

#include "reports/escape.h"

static void put(FILE *file, const char *text, const char *from, const char *to)
{
	hl_put_replaced(file, text, strlen(text), from, to);
}

void hl_put_frame(FILE *file, const struct hl_stack_frame *frame, const char *from,
		const char *to)
{
	const struct hl_location *l = &frame->location;
	const char *slash = strrchr(l->filename, '/');

	fprintf(file, "0x%" PRIX64 ": ", frame->address);
	put(file, frame->name, from, to);
	fputs(" (", file);
	if (l->lineno) {
		put(file, slash && slash[1] ? slash + 1 : l->filename, from, to);
		fprintf(file, ":%" PRIu32, l->lineno);
	} else {
		fputs("in ", file);
		put(file, *l->module ? l->module : "???", from, to);
	}
	fputc(')', file);
}
