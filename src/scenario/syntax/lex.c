/* SPDX-License-Identifier: MIT */
/* The lexer: lines, indentation, names and operators. Numbers and strings are in lex-literal.c. */
#include "scenario/syntax/lex.h"

#include <string.h>

#include "scenario/syntax/lex-literal.h"

static const struct {
	enum token_kind kind;
	uint8_t length;
	char text[9];
} operators[] = {
#define OPERATOR_ROW(name, text) {TOKEN_##name, sizeof(text) - 1, text},
	OPERATORS(OPERATOR_ROW)
}, keywords[] = {
	KEYWORDS(OPERATOR_ROW)
#undef OPERATOR_ROW
};

#define NR(array) (sizeof(array) / sizeof(*(array)))

const char *lex_token_text(enum token_kind kind)
{
	for (size_t i = 0; i < NR(operators); i++) {
		if (operators[i].kind == kind)
			return operators[i].text;
	}
	for (size_t i = 0; i < NR(keywords); i++) {
		if (keywords[i].kind == kind)
			return keywords[i].text;
	}
	return "";
}

void lex_init(struct lexer *lexer, struct compilation *c, const char *text, size_t length,
		uint32_t line)
{
	memset(lexer, 0, sizeof(*lexer));
	lexer->c = c;
	lexer->at = text;
	lexer->end = text + length;
	lexer->line = line;
	lexer->is_line_start = true;
}

static void set_indent(struct lexer *l, uint32_t column, uint32_t tab_column)
{
	l->indents[l->nr_indents] = column;
	l->tab_indents[l->nr_indents] = tab_column;
}

_Noreturn static void fail_tabs(struct lexer *l)
{
	compilation_fail(l->c, SCENARIO_SYNTAX, l->line,
			"TabError: inconsistent use of tabs and spaces in indentation");
}

static void dedent_to(struct lexer *l, uint32_t column, uint32_t tab_column)
{
	while (l->nr_indents && column < l->indents[l->nr_indents]) {
		l->nr_indents--;
		l->pending--;
	}
	if (column != l->indents[l->nr_indents])
		compilation_fail(l->c, SCENARIO_SYNTAX, l->line, "IndentationError: unindent does "
				"not match any outer indentation level");
	if (tab_column != l->tab_indents[l->nr_indents])
		fail_tabs(l);
}

static void change_indent(struct lexer *l, uint32_t column, uint32_t tab_column)
{
	uint32_t now = l->indents[l->nr_indents], tab_now = l->tab_indents[l->nr_indents];

	if (column == now) {
		if (tab_column != tab_now)
			fail_tabs(l);
	} else if (column > now) {
		if (tab_column <= tab_now)
			fail_tabs(l);
		if (l->nr_indents + 1 >= LEX_MAX_INDENTS)
			compilation_fail(l->c, SCENARIO_SYNTAX, l->line,
					"IndentationError: too many levels of indentation");
		l->nr_indents++;
		set_indent(l, column, tab_column);
		l->pending++;
	} else {
		dedent_to(l, column, tab_column);
	}
}

static void skip_comment(struct lexer *l)
{
	const char *newline = memchr(l->at, '\n', (size_t)(l->end - l->at));

	l->at = newline ? newline : l->end;
}

/* At a line's start: measures it, unless it is blank. */
static void read_indent(struct lexer *l)
{
	uint32_t column = 0, tab_column = 0;

	for (;; l->at++) {
		if (*l->at == ' ') {
			column++;
			tab_column++;
		} else if (*l->at == '\t') {
			column = (column / 8 + 1) * 8;
			tab_column++;
		} else if (*l->at == '\f') {
			column = tab_column = 0;
		} else {
			break;
		}
	}
	if (*l->at == '#')
		skip_comment(l);
	if (*l->at == '\n' || l->at == l->end)
		return;
	l->is_line_start = false;
	if (!l->nr_parens)
		change_indent(l, column, tab_column);
}

static void join_line(struct lexer *l)
{
	l->at++;
	if (l->at == l->end)
		fail_syntax(l->c, l->line, "unexpected EOF while parsing");
	if (*l->at != '\n')
		fail_syntax(l->c, l->line, "unexpected character after line continuation character");
	l->at++;
	l->line++;
	if (l->at == l->end)
		fail_syntax(l->c, l->line, "unexpected EOF while parsing");
}

/* Skips to the next token; true: a line that had tokens ended here. */
static bool skip_blanks(struct lexer *l)
{
	for (;;) {
		if (l->is_line_start && !l->is_expression)
			read_indent(l);
		while (*l->at == ' ' || *l->at == '\t' || *l->at == '\f')
			l->at++;
		if (*l->at == '#')
			skip_comment(l);
		if (*l->at == '\\') {
			join_line(l);
		} else if (*l->at == '\n') {
			if (l->has_token && !l->nr_parens && !l->is_expression)
				return true;
			l->at++;
			l->line++;
			l->is_line_start = !l->nr_parens && !l->is_expression;
		} else {
			return false;
		}
	}
}

static bool is_name_start(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
}

static bool is_name_sign(char ch)
{
	return is_name_start(ch) || (ch >= '0' && ch <= '9');
}

static uint32_t decode(const char *at, unsigned int *length)
{
	const unsigned char *u = (const unsigned char *)at;

	*length = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (*length == 2)
		return (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu);
	if (*length == 3)
		return (u[0] & 0x0fu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);
	return (u[0] & 0x07u) << 18 | (u[1] & 0x3fu) << 12 | (u[2] & 0x3fu) << 6 | (u[3] & 0x3fu);
}

/* Signs that editors and notebooks put where a program has ASCII; not all that Python refuses. */
static bool is_symbol(uint32_t code)
{
	return (code >= 0xa0 && code < 0xc0 && code != 0xaa && code != 0xb5 && code != 0xb7 &&
			code != 0xba) || code == 0xd7 || code == 0xf7 ||
		(code >= 0x2010 && code < 0x203f) || (code >= 0x20a0 && code < 0x20d0) ||
		(code >= 0x2190 && code < 0x2c00) || (code >= 0x3000 && code < 0x3005) ||
		(code >= 0xff01 && code < 0xff10) || code >= 0x1f000;
}

static bool is_invisible(uint32_t code)
{
	return (code >= 0x80 && code <= 0xa0) || code == 0xad || (code >= 0x2000 && code < 0x2010) ||
		(code >= 0x2028 && code < 0x2030) || code == 0x205f || code == 0x2060 ||
		code == 0x3000 || code == 0xfeff;
}

_Noreturn static void fail_character(struct lexer *l)
{
	unsigned int length = 1;
	uint32_t code = (unsigned char)*l->at;

	if (code >= 0x80)
		code = decode(l->at, &length);
	if (code < 0x80 || is_invisible(code))
		fail_syntax(l->c, l->line, "invalid non-printable character U+%04X", code);
	if (is_symbol(code))
		fail_syntax(l->c, l->line, "invalid character '%.*s' (U+%04X)", (int)length, l->at, code);
	fail_unsupported(l->c, l->line, "a name with non-ASCII letters");
}

static void read_name(struct lexer *l, struct token *t)
{
	while (is_name_sign(*l->at))
		l->at++;
	if ((unsigned char)*l->at >= 0x80)
		fail_character(l);
	t->length = (size_t)(l->at - t->start);
	for (size_t i = 0; i < NR(keywords); i++) {
		if (keywords[i].length == t->length && !memcmp(keywords[i].text, t->start, t->length)) {
			t->kind = keywords[i].kind;
			return;
		}
	}
	t->kind = TOKEN_NAME;
	t->name = compilation_name(l->c, t->start, t->length);
}

static void open_paren(struct lexer *l, char paren)
{
	if (l->nr_parens == LEX_MAX_PARENS)
		fail_syntax(l->c, l->line, "too many nested parentheses");
	l->parens[l->nr_parens] = paren;
	l->paren_lines[l->nr_parens++] = l->line;
}

static void close_paren(struct lexer *l, char paren)
{
	char open;

	if (!l->nr_parens)
		fail_syntax(l->c, l->line, "unmatched '%c'", paren);
	open = l->parens[l->nr_parens - 1];
	if ((paren == ')') != (open == '(') || (paren == ']') != (open == '[')) {
		uint32_t line = l->paren_lines[l->nr_parens - 1];

		if (line != l->line)
			fail_syntax(l->c, l->line, "closing parenthesis '%c' does not match opening "
					"parenthesis '%c' on line %u", paren, open, line);
		fail_syntax(l->c, l->line, "closing parenthesis '%c' does not match opening "
				"parenthesis '%c'", paren, open);
	}
	l->nr_parens--;
}

static void read_operator(struct lexer *l, struct token *t)
{
	char ch = *l->at;

	if (ch == '(' || ch == '[' || ch == '{')
		open_paren(l, ch);
	else if (ch == ')' || ch == ']' || ch == '}')
		close_paren(l, ch);
	for (size_t i = 0; i < NR(operators); i++) {
		if (!strncmp(l->at, operators[i].text, operators[i].length)) {
			t->kind = operators[i].kind;
			t->length = operators[i].length;
			l->at += t->length;
			return;
		}
	}
	if (ch < ' ' || ch > '~')
		fail_character(l);
	t->kind = TOKEN_BAD;
	t->length = 1;
	l->at++;
}

static void read_token(struct lexer *l, struct token *t)
{
	char ch = *l->at;

	l->has_token = true;
	if (is_name_start(ch)) {
		if (!lex_string(l, t))
			read_name(l, t);
	} else if ((ch >= '0' && ch <= '9') || (ch == '.' && l->at[1] >= '0' && l->at[1] <= '9')) {
		lex_number(l, t);
	} else if (!lex_string(l, t)) {
		read_operator(l, t);
	}
}

/* At the end of the text: the last line ends even without '\n', and the blocks do. */
static void read_end(struct lexer *l, struct token *t)
{
	if (l->has_token && !l->is_expression) {
		if (l->nr_parens && !l->may_stay_open)
			fail_syntax(l->c, l->paren_lines[l->nr_parens - 1], "'%c' was never closed",
					l->parens[l->nr_parens - 1]);
		l->has_token = false;
		t->kind = TOKEN_NEWLINE;
		return;
	}
	l->pending -= (int32_t)l->nr_indents;
	l->nr_indents = 0;
	t->kind = TOKEN_END;
	if (l->pending < 0) {
		l->pending++;
		t->kind = TOKEN_DEDENT;
	}
}

void lex_next(struct lexer *l, struct token *t)
{
	bool line_ended = !l->pending && skip_blanks(l);

	*t = (struct token){.line = l->line, .end_line = l->line, .start = l->at,
		.level = l->nr_parens};
	if (l->pending) {
		t->kind = l->pending > 0 ? TOKEN_INDENT : TOKEN_DEDENT;
		l->pending += l->pending > 0 ? -1 : 1;
	} else if (line_ended) {
		t->kind = TOKEN_NEWLINE;
		l->has_token = false;
		l->is_line_start = true;
		l->at++;
		l->line++;
	} else if (l->at >= l->end) {
		read_end(l, t);
	} else {
		read_token(l, t);
		t->end_line = l->line;
	}
}
