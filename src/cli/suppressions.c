/* SPDX-License-Identifier: MIT */
/* The reader of suppressions. */
#include "cli/suppressions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_line(struct suppressions *s, char *line)
{
	void *bigger;

	line += strspn(line, " \t");
	line[strcspn(line, "\r")] = '\0';
	if (!*line || *line == '#')
		return 0;
	if (strncmp(line, "leak:", 5))
		return -EINVAL;
	if (s->nr == SUPPRESSIONS_MAX)
		return -E2BIG;
	bigger = reallocarray(s->items, s->nr + 1, sizeof(*s->items));
	s->items = bigger ? bigger : s->items;
	line = bigger ? strdup(line + 5) : NULL;
	if (!line)
		return -ENOMEM;
	s->items[s->nr++] = (struct hl_suppressed){.pattern = line};
	return 0;
}

/* 1: a line without its end; 0: there is none. */
static int read_line(FILE *file, char text[SUPPRESSIONS_LINE_MAX])
{
	size_t length = 0;
	int c;

	while ((c = getc_unlocked(file)) != EOF && c != '\n') {
		if (c == '\0')
			return -EINVAL;
		if (length == SUPPRESSIONS_LINE_MAX - 1)
			return -E2BIG;
		text[length++] = (char)c;
	}
	text[length] = '\0';
	if (ferror(file))
		return -EIO;
	return c == '\n' || length > 0;
}

int suppressions_read(struct suppressions *s, FILE *file, size_t *line)
{
	char *text = malloc(SUPPRESSIONS_LINE_MAX);
	int rc = text ? 1 : -ENOMEM;

	*line = 0;
	while (rc > 0) {
		rc = read_line(file, text);
		*line += rc != 0;
		if (rc > 0)
			rc = add_line(s, text) ?: 1;
	}
	free(text);
	return rc;
}

void suppressions_release(struct suppressions *s)
{
	for (size_t i = 0; i < s->nr; i++)
		free((char *)s->items[i].pattern);
	free(s->items);
	*s = (struct suppressions){0};
}
