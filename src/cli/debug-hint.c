/* SPDX-License-Identifier: MIT */
/* Which package has the debug symbols of an object that has none. */
#include "cli/debug-hint.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define LISTS "/var/lib/dpkg/info/*.list"
#define NAME_BYTES 256
#define MAX_HINTS 3
/* Of a report's groups those are looked at that it shows if nobody says how many. */
#define HINTED_ROWS 10

struct hints {
	const char *objects[MAX_HINTS];	/* owned by the resolver */
	size_t nr;
};

static void note(struct hints *hints, const struct hl_resolver *resolver, uint32_t traceback)
{
	const struct hl_location *line = hl_traceback_line(resolver, traceback);

	/* What is no file has no symbols to install: the vdso, code that was made at run time. */
	if (!line || line->lineno || *line->module != '/' || strncmp(line->filename, "<", 1) == 0)
		return;
	for (size_t i = 0; i < hints->nr; i++)
		if (strcmp(hints->objects[i], line->module) == 0)
			return;
	if (hints->nr < MAX_HINTS)
		hints->objects[hints->nr++] = line->module;
}

static bool has_line(FILE *file, const char *path, const char *alias, char **line, size_t *room)
{
	ssize_t length;

	while ((length = getline(line, room, file)) > 0) {
		if ((*line)[length - 1] == '\n')
			(*line)[length - 1] = '\0';
		if (strcmp(*line, path) == 0 || strcmp(*line, alias) == 0)
			return true;
	}
	return false;
}

/* NAME:amd64.list or NAME.list; false: too long for a package's. */
static bool take_name(char name[NAME_BYTES], const char *list)
{
	const char *base = strrchr(list, '/') + 1;
	size_t length = strcspn(base, ":");

	if (!base[length])
		length -= strlen(".list");
	if (length >= NAME_BYTES)
		return false;
	memcpy(name, base, length);
	name[length] = '\0';
	return true;
}

/* The package with that file, which may be listed without the /usr in front of a folder that was merged, or with. */
static bool find_package(const char *path, char name[NAME_BYTES])
{
	const char *bare = strncmp(path, "/usr/", 5) == 0 ? path + 4 : path;
	char *merged = NULL;
	char *line = NULL;
	size_t room = 0;
	bool is_found = false;
	glob_t lists;

	if (asprintf(&merged, "/usr%s", bare) < 0 || glob(LISTS, GLOB_NOSORT, NULL, &lists)) {
		free(merged);
		return false;
	}
	for (size_t i = 0; i < lists.gl_pathc && !is_found; i++) {
		FILE *file = fopen(lists.gl_pathv[i], "re");

		is_found = file && has_line(file, bare, merged, &line, &room) && take_name(name, lists.gl_pathv[i]);
		if (file)
			fclose(file);
	}
	globfree(&lists);
	free(merged);
	free(line);
	return is_found;
}

static bool has_warning(const struct hl_resolver *resolver, const char *object)
{
	const struct hl_symbol_problem *p;

	for (size_t i = 0; (p = hl_resolver_problem(resolver, i)); i++)
		if (strcmp(p->module, object) == 0)
			return true;
	return false;
}

static void show(const struct hints *hints, const char *word, const struct hl_resolver *resolver)
{
	for (size_t i = 0; i < hints->nr; i++) {
		char name[NAME_BYTES];

		if (has_warning(resolver, hints->objects[i]))
			continue;
		if (find_package(hints->objects[i], name))
			cli_complain(word, "hint: %s has no debug symbols: they are in the package %s%s",
				hints->objects[i], name, strcmp(name, "libc6") ? "-dbgsym" : "-dbg");
		else
			cli_complain(word, "hint: %s has no debug symbols: compile with -g, or name the folder of its "
				"debug files with --debug-dir", hints->objects[i]);
	}
}

/* Only these groups have a line. */
static bool has_lines(enum hl_key key)
{
	return key == HL_KEY_LINENO || key == HL_KEY_TRACEBACK;
}

void cli_hint_statistics(const char *word, const struct hl_statistics *s)
{
	struct hints hints = {0};

	for (size_t i = 0; has_lines(s->key) && i < s->nr_items && i < HINTED_ROWS; i++)
		note(&hints, s->resolver, s->items[i].traceback);
	show(&hints, word, s->resolver);
}

void cli_hint_diffs(const char *word, const struct hl_diffs *d, const struct hl_resolver *resolver)
{
	struct hints hints = {0};

	for (size_t i = 0; has_lines(d->key) && i < d->nr_items && i < HINTED_ROWS; i++)
		if (d->items[i].change != HL_CHANGE_SAME)
			note(&hints, resolver, d->items[i].traceback);
	show(&hints, word, resolver);
}
