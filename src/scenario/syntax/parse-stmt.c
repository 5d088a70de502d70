/* SPDX-License-Identifier: MIT */
/* Statements of one line. */
#include "scenario/syntax/parser.h"

#include <string.h>

struct stmt *parser_new_stmt(struct parser *p, enum stmt_kind kind)
{
	struct stmt *s = NEW(p->c, struct stmt);

	s->kind = kind;
	s->line = p->token.line;
	return s;
}

static struct expr *parse_value(struct parser *p)
{
	return parser_is(p, TOKEN_YIELD) ? parse_yield(p) : parse_expr_list(p);
}

static bool read_augmented(struct parser *p, enum binary_op *op)
{
	static const struct {
		enum token_kind kind;
		enum binary_op op;
	} rows[] = {
		{TOKEN_PLUS_EQUAL, BINARY_ADD}, {TOKEN_MINUS_EQUAL, BINARY_SUBTRACT},
		{TOKEN_STAR_EQUAL, BINARY_MULTIPLY}, {TOKEN_SLASH_EQUAL, BINARY_TRUE_DIVIDE},
		{TOKEN_DOUBLE_SLASH_EQUAL, BINARY_FLOOR_DIVIDE},
		{TOKEN_PERCENT_EQUAL, BINARY_REMAINDER}, {TOKEN_AND_EQUAL, BINARY_AND},
		{TOKEN_OR_EQUAL, BINARY_OR}, {TOKEN_XOR_EQUAL, BINARY_XOR},
		{TOKEN_LSHIFT_EQUAL, BINARY_LSHIFT}, {TOKEN_RSHIFT_EQUAL, BINARY_RSHIFT},
		{TOKEN_POWER_EQUAL, BINARY_POWER},
	};

	if (parser_is(p, TOKEN_AT_EQUAL))
		fail_unsupported(p->c, p->token.line, "matrix product");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		*op = rows[i].op;
		if (parser_accept(p, rows[i].kind))
			return true;
	}
	return false;
}

static void parse_augmented(struct parser *p, struct stmt *s, struct expr *target,
		enum binary_op op)
{
	if (target->kind != EXPR_NAME && target->kind != EXPR_ATTRIBUTE &&
			target->kind != EXPR_SUBSCRIPT)
		parser_say(p, s->line, "'%s' is an illegal expression for augmented assignment",
				parser_expr_name(target));
	parser_set_target(p, target, TARGET_ASSIGN, false);
	s->kind = STMT_AUG_ASSIGN;
	s->aug_assign.op = op;
	s->aug_assign.target = target;
	s->aug_assign.value = parse_value(p);
}

static void parse_assignment(struct parser *p, struct stmt *s, struct expr *target)
{
	struct expr *value = target;

	s->kind = STMT_ASSIGN;
	s->assign.targets = (struct expr_list){0};
	while (parser_accept(p, TOKEN_EQUAL)) {
		parser_set_target(p, value, TARGET_ASSIGN, false);
		PUSH(p->c, s->assign.targets.data, s->assign.targets.nr, value);
		value = parse_value(p);
	}
	s->assign.value = value;
}

static void check_annotated(struct parser *p, const struct expr *target)
{
	switch (target->kind) {
	case EXPR_NAME: case EXPR_ATTRIBUTE: case EXPR_SUBSCRIPT:
		break;
	case EXPR_TUPLE: case EXPR_LIST:
		parser_say(p, target->line, "only single target (not %s) can be annotated", parser_expr_name(target));
	default:
		parser_say(p, target->line, "illegal target for annotation");
	}
}

/* target: type [= value] */
static void parse_annotated(struct parser *p, struct stmt *s, struct expr *target)
{
	parser_advance(p);
	s->kind = STMT_ANN_ASSIGN;
	s->ann_assign.annotation = parse_expr(p);
	check_annotated(p, target);
	parser_set_target(p, target, TARGET_ASSIGN, false);
	s->ann_assign.target = target;
	s->ann_assign.is_simple = target->kind == EXPR_NAME && !target->parenthesised;
	s->ann_assign.value = parser_accept(p, TOKEN_EQUAL) ? parse_value(p) : NULL;
	p->is_plain = parser_is(p, TOKEN_EQUAL);
	if (p->is_plain)
		parser_fail(p);
}

static void parse_expr_stmt(struct parser *p, struct stmt *s)
{
	bool is_match = parser_is(p, TOKEN_NAME) && !strcmp(p->token.name, "match");
	enum binary_op op;
	struct expr *e;

	if (is_match && parser_can_begin_expr(parser_peek(p)) && p->next.kind != TOKEN_LEFT_PAREN &&
			p->next.kind != TOKEN_LEFT_BRACKET && p->next.kind != TOKEN_MINUS &&
			p->next.kind != TOKEN_PLUS && p->next.kind != TOKEN_NOT)
		fail_unsupported(p->c, s->line, "match statement");
	e = parse_value(p);
	if (parser_is(p, TOKEN_COLON)) {
		if (is_match)
			fail_unsupported(p->c, s->line, "match statement");
		parse_annotated(p, s, e);
		return;
	}
	s->value = e;
	if (parser_is(p, TOKEN_EQUAL))
		parse_assignment(p, s, e);
	else if (read_augmented(p, &op))
		parse_augmented(p, s, e, op);
}

static void parse_delete(struct parser *p, struct stmt *s)
{
	struct expr *e;

	do {
		if (s->targets.nr && !parser_can_begin_expr(&p->token))
			break;
		e = parse_operand(p);
		parser_set_target(p, e, TARGET_DELETE, false);
		PUSH(p->c, s->targets.data, s->targets.nr, e);
	} while (parser_accept(p, TOKEN_COMMA));
}

static void parse_raise(struct parser *p, struct stmt *s)
{
	if (!parser_can_begin_expr(&p->token))
		return;
	s->raise.exception = parse_expr(p);
	if (parser_accept(p, TOKEN_FROM))
		s->raise.cause = parse_expr(p);
}

static void parse_assert(struct parser *p, struct stmt *s)
{
	s->assertion.test = parse_expr(p);
	if (parser_accept(p, TOKEN_COMMA))
		s->assertion.message = parse_expr(p);
}

static void parse_names(struct parser *p, struct stmt *s)
{
	do
		PUSH(p->c, s->names.data, s->names.nr, parser_expect_name(p));
	while (parser_accept(p, TOKEN_COMMA));
}

/* The modules that scenarios can import; others are outside the subset. */
static const char *const modules[] = {"gc", "sys", "tracemalloc", "weakref"};

static const char *parse_module_name(struct parser *p)
{
	uint32_t line = p->token.line;
	const char *name;

	if (parser_is(p, TOKEN_DOT) || parser_is(p, TOKEN_ELLIPSIS))
		fail_unsupported(p->c, line, "relative import");
	name = parser_expect_name(p);
	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		if (strcmp(name, modules[i]))
			continue;
		if (parser_is(p, TOKEN_DOT))
			fail_unsupported(p->c, line, "import of a submodule");
		return name;
	}
	compilation_fail(p->c, SCENARIO_UNSUPPORTED, line, "import of the module %.100s is not supported",
			name);
}

static struct import_alias parse_alias(struct parser *p, const char *name)
{
	struct import_alias alias = {.name = name};

	if (parser_accept(p, TOKEN_AS))
		alias.as_name = parser_expect_name(p);
	return alias;
}

void parse_import(struct parser *p, struct stmt *s)
{
	do {
		const char *name = parse_module_name(p);

		PUSH(p->c, s->import.aliases, s->import.nr, parse_alias(p, name));
	} while (parser_accept(p, TOKEN_COMMA));
}

void parse_import_from(struct parser *p, struct stmt *s)
{
	bool is_paren;

	s->import.module = parse_module_name(p);
	parser_expect(p, TOKEN_IMPORT);
	if (parser_is(p, TOKEN_STAR))
		fail_unsupported(p->c, s->line, "import *");
	is_paren = parser_accept(p, TOKEN_LEFT_PAREN);
	do {
		if (is_paren && s->import.nr && parser_is(p, TOKEN_RIGHT_PAREN))
			break;
		if (!is_paren && s->import.nr && parser_is(p, TOKEN_NEWLINE))
			parser_say(p, p->token.line,
					"trailing comma not allowed without surrounding parentheses");
		PUSH(p->c, s->import.aliases, s->import.nr, parse_alias(p, parser_expect_name(p)));
	} while (parser_accept(p, TOKEN_COMMA));
	if (is_paren)
		parser_expect(p, TOKEN_RIGHT_PAREN);
}

static const struct simple_statement {
	enum token_kind word;
	enum stmt_kind kind;
	void (*parse)(struct parser *p, struct stmt *s);
} statements[] = {
	{TOKEN_PASS, STMT_PASS, NULL}, {TOKEN_BREAK, STMT_BREAK, NULL},
	{TOKEN_CONTINUE, STMT_CONTINUE, NULL}, {TOKEN_DEL, STMT_DELETE, parse_delete},
	{TOKEN_RAISE, STMT_RAISE, parse_raise}, {TOKEN_ASSERT, STMT_ASSERT, parse_assert},
	{TOKEN_GLOBAL, STMT_GLOBAL, parse_names}, {TOKEN_NONLOCAL, STMT_NONLOCAL, parse_names},
	{TOKEN_IMPORT, STMT_IMPORT, parse_import}, {TOKEN_FROM, STMT_IMPORT_FROM, parse_import_from},
};

static void parse_return(struct parser *p, struct stmt *s)
{
	s->kind = STMT_RETURN;
	parser_advance(p);
	if (parser_can_begin_expr(&p->token) || parser_is(p, TOKEN_STAR))
		s->value = parse_expr_list(p);
}

static struct stmt *parse_simple(struct parser *p)
{
	struct stmt *s = parser_new_stmt(p, STMT_EXPR);
	const struct simple_statement *row = NULL;

	for (size_t i = 0; i < sizeof(statements) / sizeof(*statements); i++) {
		if (statements[i].word == p->token.kind)
			row = &statements[i];
	}
	if (row) {
		s->kind = row->kind;
		parser_advance(p);
		if (row->parse)
			row->parse(p, s);
	} else if (parser_is(p, TOKEN_RETURN)) {
		parse_return(p, s);
	} else {
		parse_expr_stmt(p, s);
	}
	s->end_line = p->last_line;
	return s;
}

void parse_simple_line(struct parser *p, struct stmt_list *list)
{
	struct stmt *s;

	do {
		s = parse_simple(p);
		PUSH(p->c, list->data, list->nr, s);
		if (!parser_is(p, TOKEN_SEMICOLON))
			break;
		s->silent = true;
		parser_advance(p);
	} while (!parser_is(p, TOKEN_NEWLINE));
	parser_expect(p, TOKEN_NEWLINE);
}
