/* SPDX-License-Identifier: MIT */
/* Cells of a notebook's text. */
#include "scenario/syntax/cells.h"

#include <string.h>

#include "scenario/syntax/parse.h"

/* The text, a line at a time. */
struct reader {
	struct compilation *c;
	const char *at;			/* the next line */
	const char *end;
	uint32_t line;			/* its number */
	struct cell_list cells;
};

static const char *line_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline ? newline : end;
}

static void skip_line(struct reader *r)
{
	const char *end = line_end(r->at, r->end);

	r->at = end < r->end ? end + 1 : end;
	r->line++;
}

/* Behind "In [7]:", or NULL: no such heading; @word is "In" or "Out". */
static const char *heading_end(const char *at, const char *end, const char *word)
{
	size_t length = strlen(word);

	end = line_end(at, end);
	if ((size_t)(end - at) < length || memcmp(at, word, length))
		return NULL;
	at += length;
	while (at < end && *at == ' ')
		at++;
	if (at == end || *at++ != '[')
		return NULL;
	while (at < end && (strchr(" *None", *at) || (*at >= '0' && *at <= '9')))
		at++;
	return end - at >= 2 && at[0] == ']' && at[1] == ':' ? at + 2 : NULL;
}

static bool is_fence(const char *at, const char *end)
{
	while (at < end && *at == ' ')
		at++;
	return end - at >= 3 && (!memcmp(at, "```", 3) || !memcmp(at, "~~~", 3));
}

/* "---", "***", "===" */
static bool is_rule(const char *at, const char *end)
{
	const char *start = at;

	end = line_end(at, end);
	while (end > at && end[-1] == ' ')
		end--;
	while (at < end && *at == *start && strchr("-*_=", *at))
		at++;
	return at == end && at - start >= 3;
}

static bool is_blank(const char *at, const char *end)
{
	end = line_end(at, end);
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\f'))
		at++;
	return at == end;
}

static void add_cell(struct reader *r, const char *text, size_t length, uint32_t line)
{
	struct cell cell = {compilation_text(r->c, text, length), length, line};

	PUSH(r->c, r->cells.data, r->cells.nr, cell);
}

static bool is_python_fence(const char *at, const char *end)
{
	static const char *const words[] = {"", "python", "py", "python3", "ipython", "ipython3"};
	size_t length;

	end = line_end(at, end);
	while (at < end && strchr(" `~", *at))
		at++;
	for (length = 0; at + length < end && !strchr(" {,", at[length]); length++)
		;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strlen(words[i]) == length && !memcmp(words[i], at, length))
			return true;
	}
	return false;
}

static void read_fence(struct reader *r)
{
	bool is_python = is_python_fence(r->at, r->end);
	const char *start;
	uint32_t line;

	skip_line(r);
	start = r->at;
	line = r->line;
	while (r->at < r->end && !is_fence(r->at, r->end))
		skip_line(r);
	if (is_python)
		add_cell(r, start, (size_t)(r->at - start), line);
	skip_line(r);
}

/* Where a line ends within a string or parentheses, the next one belongs to it. */
struct nesting {
	char quote;			/* of a triple-quoted string */
	uint32_t depth;
};

static const char *skip_string(struct nesting *n, const char *at, const char *end)
{
	char quote = *at;

	if (end - at >= 3 && at[1] == quote && at[2] == quote) {
		n->quote = quote;
		return at + 3;
	}
	for (at++; at < end && *at != quote; at++)
		at += *at == '\\' && at + 1 < end;
	return at < end ? at + 1 : end;
}

static void follow_line(struct nesting *n, const char *at, const char *end)
{
	while (at < end) {
		if (n->quote) {
			if (*at == '\\')
				at++;
			else if (*at == n->quote && end - at >= 3 && at[1] == *at && at[2] == *at)
				at += 2, n->quote = 0;
			at++;
		} else if (*at == '#') {
			return;
		} else if (*at == '\'' || *at == '"') {
			at = skip_string(n, at, end);
		} else {
			if (strchr("([{", *at))
				n->depth++;
			else if (strchr(")]}", *at) && n->depth)
				n->depth--;
			at++;
		}
	}
}

static bool continues_statement(const char *at, const char *end)
{
	static const char *const words[] = {"else", "elif", "except", "finally"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t length = strlen(words[i]);

		if ((size_t)(end - at) > length && !memcmp(at, words[i], length) &&
				strchr(" :(\t", at[length]))
			return true;
	}
	return false;
}

/* Whether a cell under a heading cannot go on with this line. */
static bool is_border(const char *at, const char *end)
{
	return is_fence(at, end) || heading_end(at, end, "In") || heading_end(at, end, "Out") ||
		is_rule(at, end);
}

/*
 * Reads a chunk: lines up to the next one at the left margin behind a blank one, unless that one
 * continues a statement. @first_line_end receives where its first statement's line ends.
 */
static void read_chunk(struct reader *r, uint32_t *first_line_end)
{
	struct nesting n = {0};
	bool after_blank = false, has_begun = false;
	uint32_t first = 0;

	while (r->at < r->end) {
		bool is_open = n.quote || n.depth;

		if (!is_open && is_blank(r->at, r->end)) {
			after_blank = true;
			skip_line(r);
			continue;
		}
		if (!is_open && is_border(r->at, r->end))
			break;
		if (!is_open && has_begun && after_blank && *r->at != ' ' && *r->at != '\t' &&
				!continues_statement(r->at, r->end))
			break;
		after_blank = false;
		follow_line(&n, r->at, line_end(r->at, r->end));
		if (!first && !n.quote && !n.depth && (is_open || *r->at != '#'))
			first = r->line;
		has_begun = true;
		skip_line(r);
	}
	*first_line_end = first ? first : r->line;
}

static bool is_literal(const struct expr *e);

static bool are_literals(const struct expr_list *list)
{
	for (uint32_t i = 0; i < list->nr; i++) {
		if (!is_literal(list->data[i]))
			return false;
	}
	return true;
}

static bool is_literal(const struct expr *e)
{
	switch (e->kind) {
	case EXPR_CONSTANT:
		return true;
	case EXPR_UNARY:
		return is_literal(e->unary.operand);
	case EXPR_TUPLE: case EXPR_LIST: case EXPR_SET:
		return are_literals(&e->items);
	case EXPR_DICT:
		return are_literals(&e->dict.keys) && are_literals(&e->dict.values);
	default:
		return false;
	}
}

static bool is_output(const struct module *module)
{
	for (uint32_t i = 0; i < module->body.nr; i++) {
		const struct stmt *s = module->body.data[i];

		if (s->kind != STMT_EXPR || !is_literal(s->value))
			return false;
	}
	return module->body.nr > 0;
}

/* The chunk's tree, or NULL with the reason in c->err. */
static struct module *try_parse(struct compilation *c, const char *text, size_t length, uint32_t line)
{
	const char *copy = compilation_text(c, text, length);
	struct module *volatile module = NULL;
	jmp_buf outer;

	memcpy(&outer, &c->on_error, sizeof(outer));
	if (!setjmp(c->on_error))
		module = parse_module(c, copy, length, line);
	memcpy(&c->on_error, &outer, sizeof(outer));
	c->format_depth = 0;
	if (!module && c->err.kind == SCENARIO_NO_MEMORY)
		longjmp(c->on_error, 1);
	return module;
}

enum chunk_kind {
	CHUNK_CODE,
	CHUNK_LAST,		/* is in the cell, but what follows is not */
	CHUNK_OUTSIDE,		/* is not in the cell, which ends before it */
};

/* @has_code: the cell has statements before it. */
static enum chunk_kind judge(struct compilation *c, const char *text, size_t length, uint32_t line,
		uint32_t first_line_end, bool *has_code)
{
	struct module *module;

	if (*text == '%' || *text == '!')
		fail_unsupported(c, line, "a notebook's magic command");
	module = try_parse(c, text, length, line);
	if (module) {
		if (*has_code && is_output(module))
			return CHUNK_OUTSIDE;
		*has_code = *has_code || module->body.nr;
		return CHUNK_CODE;
	}
	if (c->err.kind == SCENARIO_UNSUPPORTED || !*has_code)
		return CHUNK_LAST;	/* compiling the cell will say what is wrong */
	return c->err.line <= first_line_end ? CHUNK_OUTSIDE : CHUNK_LAST;
}

static void read_heading_cell(struct reader *r, const char *start)
{
	uint32_t line = r->line, chunk_line, first_line_end;
	enum chunk_kind kind = CHUNK_CODE;
	const char *end = start, *chunk = start;
	bool has_code = false;

	if (is_blank(start, r->end)) {
		skip_line(r);
		start = end = r->at;
		line = r->line;
	} else {
		r->at = start + strspn(start, " ");
		start = end = r->at;
	}
	while (kind == CHUNK_CODE && r->at < r->end && !is_border(r->at, r->end)) {
		chunk = r->at;
		chunk_line = r->line;
		read_chunk(r, &first_line_end);
		kind = judge(r->c, chunk, (size_t)(r->at - chunk), chunk_line, first_line_end,
				&has_code);
		if (kind != CHUNK_OUTSIDE)
			end = r->at;
	}
	if (has_code || kind == CHUNK_LAST)
		add_cell(r, start, (size_t)(end - start), line);
}

struct cell_list cells_find(struct compilation *c, const char *text, size_t length)
{
	struct reader r = {.c = c, .at = text, .end = text + length, .line = 1};
	bool has_marks = false;

	while (r.at < r.end) {
		const char *code = heading_end(r.at, r.end, "In");

		if (code)
			read_heading_cell(&r, code);
		else if (is_fence(r.at, r.end))
			read_fence(&r);
		else
			skip_line(&r);
		has_marks = has_marks || code || r.cells.nr;
	}
	if (!has_marks)
		add_cell(&r, text, length, 1);
	c->err = (struct scenario_error){0};
	return r.cells;
}
