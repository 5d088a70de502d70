/* SPDX-License-Identifier: MIT */
/*
 * f-strings. Python 3.11 reads them as strings first and looks for the expressions afterwards, hence
 * its limits: no backslash, no '#' and no quote of the string's own kind within braces.
 */
#include "scenario/syntax/parse-string.h"

#include <string.h>

#include "scenario/compile/constant.h"

#define MAX_LEVEL 2

/* An expression in braces while its end is looked for. */
struct field {
	struct parser *p;
	const char *start;
	const char *at;
	const char *end;
	uint32_t line;
	char quote;			/* of a string within it, or 0 */
	bool is_triple;
	uint32_t nr_parens;
	char parens[LEX_MAX_PARENS];
};

void format_flush(struct parser *p, struct format_builder *f)
{
	struct expr *e;

	if (!f->literal.length)
		return;
	e = parser_new_expr(p, EXPR_CONSTANT, f->joined->line);
	e->constant = constant_text(p->c, CONSTANT_STR, f->literal.data, f->literal.length);
	PUSH(p->c, f->joined->items.data, f->joined->items.nr, parser_finish(p, e));
	f->literal = (struct string_buffer){0};
}

static bool is_tripled(const struct field *d)
{
	return d->end - d->at >= 3 && d->at[1] == *d->at && d->at[2] == *d->at;
}

/* Inside a string: looks for its end. */
static void scan_string(struct field *d)
{
	if (*d->at != d->quote)
		return;
	if (d->is_triple && !is_tripled(d))
		return;
	d->at += d->is_triple ? 2 : 0;
	d->quote = 0;
}

static void scan_closing(struct field *d)
{
	char open, ch = *d->at;

	if (!d->nr_parens)
		parser_say(d->p, d->line, "f-string: unmatched '%c'", ch);
	open = d->parens[--d->nr_parens];
	if ((ch == ')') != (open == '(') || (ch == ']') != (open == '['))
		parser_say(d->p, d->line, "f-string: closing parenthesis '%c' does not match "
				"opening parenthesis '%c'", ch, open);
}

/* Whether the expression ends at this sign. */
static bool is_field_end(struct field *d)
{
	char ch = *d->at;

	if (d->nr_parens || !strchr("!:}=<>", ch))
		return false;
	if (strchr("!=<>", ch) && d->at + 1 < d->end && d->at[1] == '=') {
		d->at++;	/* a comparison */
		return false;
	}
	return ch != '<' && ch != '>';
}

static bool scan_sign(struct field *d)
{
	char ch = *d->at;

	if (ch == '\\')
		parser_say(d->p, d->line, "f-string expression part cannot include a backslash");
	if (d->quote) {
		scan_string(d);
	} else if (ch == '\'' || ch == '"') {
		d->quote = ch;
		d->is_triple = is_tripled(d);
		d->at += d->is_triple ? 2 : 0;
	} else if (ch == '(' || ch == '[' || ch == '{') {
		if (d->nr_parens == LEX_MAX_PARENS)
			parser_say(d->p, d->line, "f-string: too many nested parenthesis");
		d->parens[d->nr_parens++] = ch;
	} else if (ch == '#') {
		parser_say(d->p, d->line, "f-string expression part cannot include '#'");
	} else if (is_field_end(d)) {
		return false;
	} else if (ch == ')' || ch == ']' || ch == '}') {
		scan_closing(d);
	}
	return true;
}

static void find_field_end(struct field *d)
{
	while (d->at < d->end && scan_sign(d))
		d->at++;
	if (d->quote)
		parser_say(d->p, d->line, "f-string: unterminated string");
	if (d->nr_parens)
		parser_say(d->p, d->line, "f-string: unmatched '%c'", d->parens[d->nr_parens - 1]);
	if (d->at >= d->end)
		parser_say(d->p, d->line, "f-string: expecting '}'");
}

static bool is_blank(const char *at, const char *end)
{
	while (at < end && strchr(" \t\n\f\r", *at))
		at++;
	return at == end;
}

/* Parses the expression in parentheses, so that it may be a tuple or go over lines. */
static struct expr *parse_field_expr(struct parser *outer, const char *start, const char *end,
		uint32_t line)
{
	struct compilation *c = outer->c;
	size_t length = (size_t)(end - start) + 2;
	char *text = compilation_alloc(c, length + 1);
	struct parser p = {.c = c, .depth = outer->depth, .outer = outer};
	struct expr *e;

	if (is_blank(start, end))
		parser_say(outer, line, "f-string: empty expression not allowed");
	text[0] = '(';
	memcpy(text + 1, start, length - 2);
	text[length - 1] = ')';
	lex_init(&p.lexer, c, text, length, line);
	p.lexer.is_expression = true;
	c->format_depth++;
	parser_enter(&p);
	parser_advance(&p);
	e = parse_expr_list(&p);
	if (!parser_is(&p, TOKEN_END))
		parser_fail(&p);
	c->format_depth--;
	return e;
}

/* "=" after the expression: its text is shown, and its repr unless something else is said. */
static bool read_equals(struct field *d, struct format_builder *f)
{
	if (*d->at != '=')
		return false;
	d->at++;
	while (d->at < d->end && strchr(" \t\n\f\r", *d->at))
		d->at++;
	buffer_add(d->p->c, &f->literal, d->start, (size_t)(d->at - d->start));
	return true;
}

static uint8_t read_conversion(struct field *d)
{
	const char *letter;

	if (d->at >= d->end || *d->at != '!')
		return 0;
	d->at++;
	letter = d->at < d->end && *d->at ? strchr("sra", *d->at) : NULL;
	if (d->at >= d->end)
		parser_say(d->p, d->line, "f-string: expecting '}'");
	if (!letter)
		parser_say(d->p, d->line, "f-string: invalid conversion character: expected 's', "
				"'r', or 'a'");
	d->at++;
	return *letter == 's' ? 1 : *letter == 'r' ? 2 : 3;
}

static struct expr *read_spec(struct field *d, const struct format_builder *f,
		struct format_text *text, unsigned int level)
{
	struct format_builder spec = {0};

	if (d->at >= d->end || *d->at != ':')
		return NULL;
	d->at++;
	spec.joined = parser_new_expr(d->p, EXPR_JOINED, f->joined->line);
	format_parse(d->p, &spec, &d->at, d->end, text, level + 1);
	format_flush(d->p, &spec);
	return parser_finish(d->p, spec.joined);
}

/* A field, from behind its "{" to behind its "}". */
static void parse_field(struct parser *p, struct format_builder *f, const char **at,
		const char *end, struct format_text *text, unsigned int level)
{
	struct field d = {.p = p, .start = *at, .at = *at, .end = end, .line = text->token->line};
	struct expr *e = parser_new_expr(p, EXPR_FORMATTED, f->joined->line);
	bool is_shown;

	if (level >= MAX_LEVEL)
		parser_say(p, d.line, "f-string: expressions nested too deeply");
	find_field_end(&d);
	for (; text->counted < d.start; text->counted++)
		text->line += *text->counted == '\n';
	e->formatted.value = parse_field_expr(p, d.start, d.at, text->line);
	is_shown = read_equals(&d, f);
	e->formatted.conversion = read_conversion(&d);
	e->formatted.spec = read_spec(&d, f, text, level);
	if (is_shown && !e->formatted.conversion && !e->formatted.spec)
		e->formatted.conversion = 2;
	if (d.at >= end || *d.at != '}')
		parser_say(p, d.line, "f-string: expecting '}'");
	*at = d.at + 1;
	format_flush(p, f);
	PUSH(p->c, f->joined->items.data, f->joined->items.nr, parser_finish(p, e));
}

/* Reads literal text up to a brace; true: at a field. */
static bool parse_literal(struct parser *p, struct format_builder *f, const char **at,
		const char *end, struct format_text *text, unsigned int level)
{
	const char *start = *at, *s = start;
	const struct token *token = text->token;
	bool is_raw = token->string_flags & STRING_RAW;
	bool is_doubled = false;

	while (s < end && *s != '{' && *s != '}')
		s += !is_raw && *s == '\\' && s + 1 < end && s[1] != '{' && s[1] != '}' ? 2 : 1;
	if (s < end && level == 0) {
		is_doubled = s + 1 < end && s[1] == *s;
		if (!is_doubled && *s == '}')
			parser_say(p, token->line, "f-string: single '}' is not allowed");
	}
	string_decode(p, &f->literal, start, (size_t)(s - start) + is_doubled, token->string_flags,
			token->line);
	*at = s + (is_doubled ? 2 : 0);
	return s < end && !is_doubled && *s == '{';
}

void format_parse(struct parser *p, struct format_builder *f, const char **at, const char *end,
		struct format_text *text, unsigned int level)
{
	while (*at < end) {
		if (parse_literal(p, f, at, end, text, level)) {
			(*at)++;
			parse_field(p, f, at, end, text, level);
		} else if (level && *at < end) {
			return;	/* the "}" after a specification */
		}
	}
}
