/* SPDX-License-Identifier: MIT */
/* The parser's tokens, its errors, and what may be assigned to. */
#include "scenario/syntax/parser.h"

#include <stdarg.h>
#include <string.h>

void parser_advance(struct parser *p)
{
	p->last = p->token.kind;
	p->last_name = p->token.name;
	p->last_line = p->token.end_line;
	if (p->has_next)
		p->token = p->next;
	else
		lex_next(&p->lexer, &p->token);
	p->has_next = false;
}

const struct token *parser_peek(struct parser *p)
{
	if (!p->has_next)
		lex_next(&p->lexer, &p->next);
	p->has_next = true;
	return &p->next;
}

bool parser_accept(struct parser *p, enum token_kind kind)
{
	if (p->token.kind != kind)
		return false;
	parser_advance(p);
	return true;
}

void parser_expect(struct parser *p, enum token_kind kind)
{
	if (!parser_accept(p, kind))
		parser_fail(p);
}

const char *parser_expect_name(struct parser *p)
{
	parser_expect(p, TOKEN_NAME);
	return p->last_name;
}

void parser_enter(struct parser *p)
{
	if (++p->depth > PARSER_MAX_DEPTH)
		fail_unsupported(p->c, p->token.line, "nesting this deep");
}

void parser_leave(struct parser *p)
{
	p->depth--;
}

bool parser_can_begin_expr(const struct token *token)
{
	switch (token->kind) {
	case TOKEN_NAME: case TOKEN_NUMBER: case TOKEN_STRING: case TOKEN_NONE: case TOKEN_TRUE:
	case TOKEN_FALSE: case TOKEN_ELLIPSIS: case TOKEN_LEFT_PAREN: case TOKEN_LEFT_BRACKET:
	case TOKEN_LEFT_BRACE: case TOKEN_PLUS: case TOKEN_MINUS: case TOKEN_TILDE: case TOKEN_NOT:
	case TOKEN_LAMBDA: case TOKEN_AWAIT:
		return true;
	default:
		return false;
	}
}

static bool ends_expr(enum token_kind kind)
{
	switch (kind) {
	case TOKEN_NAME: case TOKEN_NUMBER: case TOKEN_STRING: case TOKEN_NONE: case TOKEN_TRUE:
	case TOKEN_FALSE: case TOKEN_ELLIPSIS: case TOKEN_RIGHT_PAREN: case TOKEN_RIGHT_BRACKET:
	case TOKEN_RIGHT_BRACE:
		return true;
	default:
		return false;
	}
}

static bool is_legacy_name(const char *name)
{
	return name && (!strcmp(name, "print") || !strcmp(name, "exec"));
}

/* Two expressions side by side. */
static const char *explain_neighbours(const struct parser *p)
{
	const struct token *t = &p->token;

	if (!ends_expr(p->last) || t->kind == TOKEN_PLUS || t->kind == TOKEN_MINUS ||
			!parser_can_begin_expr(t))
		return NULL;
	if (p->last == TOKEN_NAME && is_legacy_name(p->last_name))
		return NULL;
	if (p->last == TOKEN_NAME && t->kind == TOKEN_STRING)
		return NULL;
	return t->level || p->outer ? "invalid syntax. Perhaps you forgot a comma?" : NULL;
}

static const char *explain(const struct parser *p)
{
	const char *said = explain_neighbours(p);

	if (said)
		return said;
	if (p->token.kind == TOKEN_INDENT)
		return "unexpected indent";
	if (p->token.kind == TOKEN_EQUAL && p->last == TOKEN_NAME)
		return "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
	if (p->last == TOKEN_NAME && is_legacy_name(p->last_name) && parser_can_begin_expr(&p->token))
		return p->last_name[0] == 'p' ?
			"Missing parentheses in call to 'print'. Did you mean print(...)?" :
			"Missing parentheses in call to 'exec'. Did you mean exec(...)?";
	return "invalid syntax";
}

/*
 * Python reads the rest of the text before it reports an error: one of the lexer comes first, and so
 * does a parenthesis that was opened in an earlier line, or just before the end, and never closed.
 */
static void check_rest(struct parser *p, uint32_t line)
{
	struct token token = p->has_next ? p->next : p->token;
	struct lexer *l = &p->lexer;
	uint32_t nr_tokens = 0, nr;

	if (p->outer) {
		check_rest(p->outer, line);
		return;
	}
	p->c->format_depth = 0;
	l->may_stay_open = true;
	for (; token.kind != TOKEN_END; nr_tokens++)
		lex_next(l, &token);
	nr = l->nr_parens;
	if (nr && (l->paren_lines[nr - 1] < line || nr_tokens < 3))
		fail_syntax(p->c, l->paren_lines[nr - 1], "'%c' was never closed", l->parens[nr - 1]);
}

void parser_say(struct parser *p, uint32_t line, const char *format, ...)
{
	uint32_t format_depth = p->c->format_depth;
	char message[SCENARIO_MESSAGE_BYTES];
	va_list args;

	check_rest(p, line);
	p->c->format_depth = format_depth;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fail_syntax(p->c, line, "%s", message);
}

void parser_fail(struct parser *p)
{
	const char *said = p->is_plain ? "invalid syntax" : explain(p);

	if (p->token.kind == TOKEN_INDENT)
		compilation_fail(p->c, SCENARIO_SYNTAX, p->token.line, "IndentationError: %s", said);
	parser_say(p, p->token.line, "%s", said);
}

static const char *constant_word(const struct constant *constant)
{
	switch (constant->kind) {
	case CONSTANT_NONE:
		return "None";
	case CONSTANT_TRUE:
		return "True";
	case CONSTANT_FALSE:
		return "False";
	case CONSTANT_ELLIPSIS:
		return "ellipsis";
	default:
		return "literal";
	}
}

const char *parser_expr_name(const struct expr *e)
{
	static const char *const words[] = {
		[EXPR_NAME] = "name", [EXPR_ATTRIBUTE] = "attribute", [EXPR_SUBSCRIPT] = "subscript",
		[EXPR_SLICE] = "slice", [EXPR_UNARY] = "expression", [EXPR_BINARY] = "expression",
		[EXPR_BOOL] = "expression", [EXPR_COMPARE] = "comparison",
		[EXPR_CONDITIONAL] = "conditional expression", [EXPR_LAMBDA] = "lambda",
		[EXPR_CALL] = "function call", [EXPR_STARRED] = "starred", [EXPR_TUPLE] = "tuple",
		[EXPR_LIST] = "list", [EXPR_SET] = "set display", [EXPR_DICT] = "dict literal",
		[EXPR_LIST_COMP] = "list comprehension", [EXPR_SET_COMP] = "set comprehension",
		[EXPR_DICT_COMP] = "dict comprehension", [EXPR_GENERATOR] = "generator expression",
		[EXPR_YIELD] = "yield expression", [EXPR_FORMATTED] = "f-string expression",
		[EXPR_JOINED] = "f-string expression",
	};

	return e->kind == EXPR_CONSTANT ? constant_word(e->constant) : words[e->kind];
}

static bool is_plain_word(const struct expr *e)
{
	return e->kind == EXPR_CONSTANT && (e->constant->kind == CONSTANT_NONE ||
			e->constant->kind == CONSTANT_TRUE || e->constant->kind == CONSTANT_FALSE);
}

/* Not a comparison, condition and so on: what may have been meant as the left side of "==". */
static bool is_operand(const struct expr *e)
{
	switch (e->kind) {
	case EXPR_COMPARE: case EXPR_BOOL: case EXPR_CONDITIONAL: case EXPR_LAMBDA:
	case EXPR_GENERATOR:
		return e->parenthesised && e->kind != EXPR_GENERATOR;
	case EXPR_UNARY:
		return e->unary.op != UNARY_OP_NOT;
	default:
		return true;
	}
}

_Noreturn static void fail_target(struct parser *p, const struct expr *e, enum target_use use,
		bool is_nested)
{
	const char *name = parser_expr_name(e);

	if (use == TARGET_DELETE)
		parser_say(p, e->line, "cannot delete %s", name);
	if (use == TARGET_ASSIGN && e->kind == EXPR_YIELD && !e->parenthesised)
		parser_say(p, e->line, "assignment to yield expression not possible");
	if (use == TARGET_ASSIGN && !is_nested && !is_plain_word(e) && is_operand(e))
		parser_say(p, e->line, "cannot assign to %s here. Maybe you meant '==' instead of "
				"'='?", name);
	parser_say(p, e->line, "cannot assign to %s", name);
}

void parser_set_target(struct parser *p, struct expr *e, enum target_use use, bool is_nested)
{
	switch (e->kind) {
	case EXPR_TUPLE:
	case EXPR_LIST:
		for (uint32_t i = 0; i < e->items.nr; i++)
			parser_set_target(p, e->items.data[i], use, true);
		break;
	case EXPR_NAME:
		if (!strcmp(e->name, "__debug__"))
			parser_say(p, e->line, "cannot %s __debug__",
					use == TARGET_DELETE ? "delete" : "assign to");
		break;
	case EXPR_ATTRIBUTE:
		if (use != TARGET_DELETE && !strcmp(e->attribute.name, "__debug__"))
			parser_say(p, e->line, "cannot assign to __debug__");
		break;
	case EXPR_SUBSCRIPT:
		break;
	default:
		fail_target(p, e, use, is_nested);
	}
	e->context = use == TARGET_DELETE ? CONTEXT_DELETE : CONTEXT_STORE;
}
