/* SPDX-License-Identifier: MIT */
/* Names that fit into a line. */
#include "short-name.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "name-lexer.h"
#include "snapshot/snapshot.h"

#define DOTS "..."
#define NO_GROUP UINT32_MAX

enum {
	MIN_COLUMNS = 8,
	NR_DOTS = sizeof(DOTS) - 1,
	MAX_LEXED = 64 * 1024,		/* beyond it the middle is cut out without looking */
};

/* What stands between two brackets. */
struct group {
	size_t start;
	size_t end;
	size_t columns;			/* of it, as far as it is not elided */
	uint32_t parent;
	uint32_t depth;
	bool is_elided;
};

struct groups {
	struct group *items;
	size_t nr, room;
};

static size_t count_columns(const char *text, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

static int add_group(struct groups *groups, const struct group *group)
{
	if (hl_array_grow((void **)&groups->items, &groups->room, groups->nr, sizeof(*groups->items)))
		return -ENOMEM;
	groups->items[groups->nr++] = *group;
	return 0;
}

static uint32_t outer_group(const uint32_t *open, unsigned int depth)
{
	return depth ? open[depth - 1] : NO_GROUP;
}

/* From now on the group that was innermost is none; Rust's <A as B> gives A away, but not B. */
static void end_group(struct groups *groups, uint32_t *open, unsigned int depth, const char *name, const char *end)
{
	struct group *g;

	if (open[depth - 1] == outer_group(open, depth - 1))
		return;
	g = &groups->items[open[depth - 1]];
	g->end = (size_t)(end - name);
	g->columns = count_columns(name + g->start, g->end - g->start);
	open[depth - 1] = outer_group(open, depth - 1);
}

static bool is_as(const struct hl_name_lexer *lexer, enum hl_name_token token)
{
	return token == HL_NAME_WORD && lexer->length == 2 && lexer->depth && !memcmp(lexer->text - 1, " as ", 4);
}

/* Groups in the order of their beginnings; those of [] and {} are only there to be parents. */
static int find_groups(struct groups *groups, const char *name)
{
	struct hl_name_lexer lexer = {.next = name};
	uint32_t open[HL_NAME_DEPTH];	/* by depth: the group that a bracket began, or the one around */
	enum hl_name_token token;

	while ((token = hl_name_next(&lexer)) != HL_NAME_END) {
		struct group group = {.depth = lexer.depth};

		if (token == HL_NAME_BROKEN) {
			groups->nr = 0;
			return 0;
		}
		if (token == HL_NAME_OPEN) {
			group.start = (size_t)(lexer.next - name);
			group.parent = outer_group(open, lexer.depth - 1);
			open[lexer.depth - 1] = (uint32_t)groups->nr;
			if (add_group(groups, &group))
				return -ENOMEM;
		} else if (token == HL_NAME_CLOSE) {
			end_group(groups, open, lexer.depth + 1, name, lexer.text);
		} else if (is_as(&lexer, token)) {
			end_group(groups, open, lexer.depth, name, lexer.text - 1);
		}
	}
	return 0;
}

static bool may_elide(const struct group *g, const char *name)
{
	return (name[g->start - 1] == '<' || name[g->start - 1] == '(') && g->columns > NR_DOTS &&
	       strncmp(name + g->start, "anonymous", 9) != 0;
}

static int compare_groups(const void *a, const void *b)
{
	const struct group *x = *(const struct group *const *)a;
	const struct group *y = *(const struct group *const *)b;

	if (x->depth != y->depth)
		return x->depth > y->depth ? -1 : 1;
	if (x->columns != y->columns)
		return x->columns > y->columns ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* Elides groups until @have columns are no more than @want; what it came to. */
static size_t elide_groups(struct groups *groups, struct group **order, const char *name, size_t have, size_t want)
{
	for (size_t i = 0; i < groups->nr && have > want; i++) {
		struct group *g = order[i];
		size_t saved;

		if (!may_elide(g, name))
			continue;
		saved = g->columns - NR_DOTS;
		g->is_elided = true;
		g->columns = NR_DOTS;
		have -= saved;
		for (uint32_t p = g->parent; p != NO_GROUP; p = groups->items[p].parent)
			groups->items[p].columns -= saved;
	}
	return have;
}

static void copy_without(char *out, const char *name, const struct groups *groups)
{
	size_t done = 0;
	size_t n = 0;

	for (size_t i = 0; i < groups->nr; i++) {
		const struct group *g = &groups->items[i];

		if (!g->is_elided || g->start < done)
			continue;
		memcpy(out + n, name + done, g->start - done);
		n += g->start - done;
		memcpy(out + n, DOTS, NR_DOTS);
		n += NR_DOTS;
		done = g->end;
	}
	strcpy(out + n, name + done);
}

/* In place: the longest end of @text that begins a component and fits behind "...", or the last component alone. */
static void cut_scopes(char *text, size_t want)
{
	struct hl_name_lexer lexer = {.next = text};
	size_t have = count_columns(text, strlen(text));
	const char *last = text;	/* have: from here on */
	enum hl_name_token token;

	while ((token = hl_name_next(&lexer)) != HL_NAME_END && token != HL_NAME_BROKEN) {
		if (token != HL_NAME_SCOPE || lexer.depth)
			continue;
		have -= count_columns(last, (size_t)(lexer.text - last));
		last = lexer.text;
		if (have + NR_DOTS <= want)
			break;
	}
	if (token == HL_NAME_BROKEN || last == text)
		return;
	if (have + NR_DOTS > want) {
		memmove(text, last + 2, strlen(last) - 1);
		return;
	}
	memmove(text + NR_DOTS, last, strlen(last) + 1);
	memcpy(text, DOTS, NR_DOTS);
}

/* In place: as many characters of both ends as fit. */
static void cut_middle(char *text, size_t want)
{
	size_t length = strlen(text);
	size_t head = (want - NR_DOTS) / 2;
	size_t tail = want - NR_DOTS - head;
	size_t start = 0, end = length;

	for (size_t n = 0; start < length; start++)
		if (((unsigned char)text[start] & 0xc0) != 0x80 && n++ == head)
			break;
	for (size_t n = 0; n < tail && end > start;)
		n += ((unsigned char)text[--end] & 0xc0) != 0x80;
	if (end < start + NR_DOTS)
		return;
	memmove(text + start + NR_DOTS, text + end, length - end + 1);
	memcpy(text + start, DOTS, NR_DOTS);
}

static int elide_inside(struct groups *groups, const char *name, char *text, size_t have, size_t want)
{
	struct group **order = calloc(groups->nr + 1, sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < groups->nr; i++)
		order[i] = &groups->items[i];
	qsort(order, groups->nr, sizeof(*order), compare_groups);
	elide_groups(groups, order, name, have, want);
	copy_without(text, name, groups);
	free(order);
	return 0;
}

int hl_name_elide(const char *name, size_t columns, char **out)
{
	size_t length = strlen(name);
	size_t want = columns < MIN_COLUMNS ? MIN_COLUMNS : columns;
	size_t have = count_columns(name, length);
	struct groups groups = {0};
	char *text;
	int rc = 0;

	*out = NULL;
	if (have <= want)
		return 0;
	text = strdup(name);
	if (!text)
		return -ENOMEM;
	if (length <= MAX_LEXED)
		rc = find_groups(&groups, name);
	if (!rc && groups.nr)
		rc = elide_inside(&groups, name, text, have, want);
	free(groups.items);
	if (rc) {
		free(text);
		return rc;
	}
	if (count_columns(text, strlen(text)) > want && length <= MAX_LEXED)
		cut_scopes(text, want);
	if (count_columns(text, strlen(text)) > want)
		cut_middle(text, want);
	*out = text;
	return 0;
}
