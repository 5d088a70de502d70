/* SPDX-License-Identifier: MIT */
/* Python's fnmatch: a pattern becomes a list of tokens, a set a list of ranges. */
#include "snapshot/glob.h"

#include <stdlib.h>

#include "snapshot/utf8.h"

enum token_type {
	TOKEN_CHAR,
	TOKEN_ANY,
	TOKEN_STAR,
	TOKEN_SET,
};

struct range {
	uint32_t low;
	uint32_t high;
};

struct token {
	enum token_type type;
	uint32_t code;
	bool is_negated;
	size_t first_range;
	size_t nr_ranges;
};

struct hl_glob {
	struct token *tokens;
	size_t nr_tokens;
	struct range *ranges;
	size_t nr_ranges;
};

/* The '-' of a range, as against the character; no code point. */
#define RANGE_SIGN UINT32_MAX
/* What stands for a byte that is not UTF-8, as Python's surrogateescape. */
#define ESCAPED_BYTE 0xdc00u

static uint32_t next_code(struct hl_text *text)
{
	uint32_t code;
	size_t n = hl_utf8_decode(text->data, text->length, &code);

	if (!n) {
		code = ESCAPED_BYTE + (unsigned char)*text->data;
		n = 1;
	}
	text->data += n;
	text->length -= n;
	return code;
}

/* A pattern while it is being compiled. */
struct source {
	uint32_t *codes;
	size_t nr;
	uint32_t *flat;			/* the set being read: characters and RANGE_SIGNs */
	size_t nr_flat;
};

/* Where the set that begins behind the '[' ends; nr: it does not. */
static size_t end_of_set(const struct source *p, size_t begin)
{
	size_t end = begin;

	if (end < p->nr && p->codes[end] == '!')
		end++;
	if (end < p->nr && p->codes[end] == ']')
		end++;
	while (end < p->nr && p->codes[end] != ']')
		end++;
	return end;
}

/* The next '-' of a range at or behind @from; @end: none.  One just before the end is a character. */
static size_t next_sign(const struct source *p, size_t from, size_t end)
{
	while (from < end && p->codes[from] != '-')
		from++;
	return from + 1 < end ? from : end;
}

/*
 * Characters and the '-' of ranges.  A '-' is of a range when it has a character before it that
 * ended no other range.  A range that is empty goes, with both its ends.
 */
static void flatten_set(struct source *p, size_t begin, size_t end)
{
	size_t at = begin;
	size_t sign = next_sign(p, begin + (p->codes[begin] == '!' ? 2 : 1), end);

	p->nr_flat = 0;
	while (at < end) {
		if (sign == end || at + 1 != sign) {
			p->flat[p->nr_flat++] = p->codes[at++];
			continue;
		}
		if (p->codes[at] <= p->codes[sign + 1]) {
			p->flat[p->nr_flat++] = p->codes[at];
			p->flat[p->nr_flat++] = RANGE_SIGN;
			/* The end of this range cannot begin another one: it is written here. */
			p->flat[p->nr_flat++] = p->codes[sign + 1];
		}
		at = sign + 2;
		sign = next_sign(p, sign + 3, end);
	}
}

static void add_range(struct hl_glob *g, uint32_t low, uint32_t high)
{
	g->ranges[g->nr_ranges++] = (struct range){.low = low, .high = high};
}

/* What a '!' in front means is asked of what is left after the empty ranges went. */
static void add_set(struct hl_glob *g, const struct source *p)
{
	struct token *t = &g->tokens[g->nr_tokens++];
	size_t i = 0;

	*t = (struct token){.type = TOKEN_SET, .first_range = g->nr_ranges};
	if (p->nr_flat && p->flat[0] == '!') {
		t->is_negated = true;
		i = 1;
	}
	while (i < p->nr_flat) {
		uint32_t low = p->flat[i] == RANGE_SIGN ? '-' : p->flat[i];

		if (p->flat[i] != RANGE_SIGN && i + 2 < p->nr_flat && p->flat[i + 1] == RANGE_SIGN) {
			add_range(g, low, p->flat[i + 2]);
			i += 3;
		} else {
			add_range(g, low, low);
			i++;
		}
	}
	t->nr_ranges = g->nr_ranges - t->first_range;
}

static void compile(struct hl_glob *g, struct source *p)
{
	size_t end;

	for (size_t i = 0; i < p->nr;) {
		uint32_t code = p->codes[i++];
		enum token_type type = code == '*' ? TOKEN_STAR : code == '?' ? TOKEN_ANY : TOKEN_CHAR;

		end = code == '[' ? end_of_set(p, i) : p->nr;
		if (end < p->nr) {
			flatten_set(p, i, end);
			add_set(g, p);
			i = end + 1;
		} else {
			g->tokens[g->nr_tokens++] = (struct token){.type = type, .code = code};
		}
	}
}

struct hl_glob *hl_glob_new(struct hl_text pattern)
{
	size_t room = pattern.length + 1;
	struct hl_glob *g = calloc(1, sizeof(*g));
	struct source p = {
		.codes = calloc(room, sizeof(*p.codes)),
		/* an added RANGE_SIGN stands for a '-' that is not added */
		.flat = calloc(room, sizeof(*p.flat)),
	};

	if (g) {
		g->tokens = calloc(room, sizeof(*g->tokens));
		g->ranges = calloc(room, sizeof(*g->ranges));
	}
	if (!g || !p.codes || !p.flat || !g->tokens || !g->ranges) {
		hl_glob_free(g);
		g = NULL;
	} else {
		while (pattern.length)
			p.codes[p.nr++] = next_code(&pattern);
		compile(g, &p);
	}
	free(p.codes);
	free(p.flat);
	return g;
}

void hl_glob_free(struct hl_glob *glob)
{
	if (!glob)
		return;
	free(glob->tokens);
	free(glob->ranges);
	free(glob);
}

static bool token_matches(const struct hl_glob *g, const struct token *t, uint32_t code)
{
	if (t->type != TOKEN_SET)
		return t->type == TOKEN_ANY || t->code == code;
	for (size_t i = 0; i < t->nr_ranges; i++) {
		const struct range *r = &g->ranges[t->first_range + i];

		if (code >= r->low && code <= r->high)
			return !t->is_negated;
	}
	return t->is_negated;
}

/* Only the last star needs to be tried again: an earlier one cannot help where it did not. */
bool hl_glob_matches(const struct hl_glob *glob, struct hl_text text)
{
	struct hl_text retry = text;
	size_t star = SIZE_MAX;
	size_t i = 0;

	for (;;) {
		struct hl_text before = text;

		if (i < glob->nr_tokens && glob->tokens[i].type == TOKEN_STAR) {
			star = i++;
			retry = text;
			continue;
		}
		if (!text.length && i == glob->nr_tokens)
			return true;
		if (before.length && i < glob->nr_tokens &&
				token_matches(glob, &glob->tokens[i], next_code(&text))) {
			i++;
			continue;
		}
		if (star == SIZE_MAX || !retry.length)
			return false;
		next_code(&retry);
		text = retry;
		i = star + 1;
	}
}
