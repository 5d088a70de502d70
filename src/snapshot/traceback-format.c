/* SPDX-License-Identifier: MIT */
/* Tracebacks as text. */
#include "snapshot/resolve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "snapshot/source.h"

size_t hl_traceback_slice(size_t nr, int64_t limit, size_t *first)
{
	*first = 0;
	if (limit > 0)
		return (uint64_t)limit < nr ? (size_t)limit : nr;
	if (!limit || (uint64_t)-(limit + 1) + 1 >= nr)
		return 0;
	*first = (size_t)-limit;
	return nr - *first;
}

static void put_frame(FILE *file, struct hl_sources *sources, const struct hl_location *frame)
{
	size_t length = 0;
	const char *line = hl_sources_python_line(sources, frame->filename, frame->lineno, &length);

	fprintf(file, "  File \"%s\", line %" PRIu32 "\n", frame->filename, frame->lineno);
	if (line)
		fprintf(file, "    %.*s\n", (int)length, line);
}

int hl_traceback_format(const struct hl_resolver *resolver, uint32_t traceback, int64_t limit,
		bool most_recent_first, char **out)
{
	struct hl_sources *sources = hl_sources_new(resolver);
	size_t first;
	size_t nr = hl_traceback_slice(hl_traceback_length(resolver, traceback), limit, &first);
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);
	int rc = 0;

	for (size_t i = 0; sources && file && i < nr; i++)
		put_frame(file, sources, hl_traceback_frame(resolver, traceback,
				first + (most_recent_first ? i : nr - 1 - i)));
	if (!sources || !file || ferror(file))
		rc = -ENOMEM;
	if (file && fclose(file))
		rc = -ENOMEM;
	hl_sources_free(sources);
	if (rc) {
		free(text);
		return rc;
	}
	*out = text;
	return 0;
}
