/* SPDX-License-Identifier: MIT */
/* Places of frames as text: file and line, function, source line, stack. */
#include "reports/place.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/escape.h"
#include "snapshot/short-name.h"
#include "snapshot/source.h"

/* No line of a report is longer, whatever the length of the names in it. */
#define MAX_NAME_SHOWN 1000u
#define MAX_SOURCE_SHOWN 200u
#define NAME_COLUMNS 120u

void hl_places_init(struct hl_places *out, FILE *file, const struct hl_resolver *resolver, enum hl_key key,
		bool color, struct hl_name_style names)
{
	*out = (struct hl_places){
		.file = file,
		.sources = hl_sources_new(resolver),
		.directory = getcwd(NULL, 0),
		.key = key,
		.color = color,
		.names = names,
	};
}

void hl_places_release(struct hl_places *out)
{
	hl_sources_free(out->sources);
	free(out->directory);
}

typedef void (*put_fn)(FILE *file, const char *text, size_t length);

static void put_limited(FILE *file, const char *text, size_t limit, put_fn put)
{
	size_t length = strlen(text);

	put(file, text, length < limit ? length : limit);
	if (length > limit)
		fputs("...", file);
}

/* Files below the current directory are named from there, as a compiler's messages do. */
const char *hl_places_short(const struct hl_places *out, const char *path)
{
	size_t length = out->directory ? strlen(out->directory) : 0;

	if (length > 1 && !strncmp(path, out->directory, length) && path[length] == '/' &&
			path[length + 1])
		return path + length + 1;
	return path;
}

static void put_function(const struct hl_places *out, const struct hl_location *location, put_fn put)
{
	const char *name = out->names.is_full ? location->function : location->name;
	char *elided = NULL;

	/* out of memory: it is cut instead */
	if (!out->names.is_full)
		hl_name_elide(name, out->names.columns ? out->names.columns : NAME_COLUMNS, &elided);
	put_limited(out->file, elided ? elided : name, MAX_NAME_SHOWN, put);
	free(elided);
}

static void put_plain_place(const struct hl_places *out, const struct hl_location *location)
{
	if (out->key == HL_KEY_FUNCTION && *location->function) {
		put_function(out, location, hl_put_text);
		return;
	}
	put_limited(out->file, hl_places_short(out, location->filename), MAX_NAME_SHOWN, hl_put_text);
	if (location->lineno)
		fprintf(out->file, ":%" PRIu32, location->lineno);
}

void hl_put_place(const struct hl_places *out, const struct hl_location *location)
{
	if (out->color)
		fputs("\033[1m", out->file);
	put_plain_place(out, location);
	if (out->color)
		fputs("\033[0m", out->file);
}

void hl_put_context(const struct hl_places *out, const struct hl_location *location)
{
	if (!*location->function)
		return;
	fputs("  in ", out->file);
	if (out->key == HL_KEY_FUNCTION)
		put_limited(out->file, hl_places_short(out, location->filename), MAX_NAME_SHOWN, hl_put_inner);
	else
		put_function(out, location, hl_put_inner);
	if (location->is_shared && out->key == HL_KEY_LINENO)
		fputs(" and others", out->file);
}

void hl_put_via(const struct hl_places *out, const struct hl_resolver *resolver, uint32_t via, uint32_t nr_vias)
{
	const struct hl_location *location = hl_traceback_frame(resolver, via, 0);
	const char *slash = location ? strrchr(location->module, '/') : NULL;

	if (!location)
		return;
	fputs(", via ", out->file);
	if (*location->function)
		put_function(out, location, hl_put_inner);
	else
		put_limited(out->file, slash ? slash + 1 : location->filename, MAX_NAME_SHOWN, hl_put_inner);
	if (nr_vias > 1)
		fputs(" and others", out->file);
}

void hl_put_source(const struct hl_places *out, const struct hl_location *location)
{
	size_t length = 0;
	const char *line = NULL;

	if (out->sources && location->lineno)
		line = hl_sources_line(out->sources, location->filename, location->lineno, &length);
	if (!line)
		return;
	fputs("    ", out->file);
	hl_put_text(out->file, line, length < MAX_SOURCE_SHOWN ? length : MAX_SOURCE_SHOWN);
	fputs(length > MAX_SOURCE_SHOWN ? "...\n" : "\n", out->file);
}

void hl_put_stack(const struct hl_places *out, const struct hl_resolver *resolver,
		uint32_t traceback)
{
	size_t nr = hl_traceback_length(resolver, traceback);

	for (size_t i = 0; i < nr; i++) {
		const struct hl_location *frame = hl_traceback_frame(resolver, traceback, i);

		fputs("    ", out->file);
		put_plain_place(out, frame);
		hl_put_context(out, frame);
		fputc('\n', out->file);
	}
}
