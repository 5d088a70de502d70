/* SPDX-License-Identifier: MIT */
/* Expressions: names, literals, displays, comprehensions, arguments and parameters. */
#include "scenario/syntax/parser.h"

#include "scenario/compile/constant.h"

static struct expr *new_constant(struct parser *p, const struct constant *constant)
{
	struct expr *e = parser_new_expr(p, EXPR_CONSTANT, p->token.line);

	e->constant = constant;
	parser_advance(p);
	return parser_finish(p, e);
}

static struct expr *parse_name(struct parser *p)
{
	struct expr *e = parser_new_expr(p, EXPR_NAME, p->token.line);

	e->name = p->token.name;
	parser_advance(p);
	return parser_finish(p, e);
}

static struct for_clause parse_clause(struct parser *p)
{
	struct for_clause clause = {0};

	if (parser_is(p, TOKEN_ASYNC))
		fail_unsupported(p->c, p->token.line, "asynchronous comprehension");
	parser_expect(p, TOKEN_FOR);
	clause.target = parse_target_list(p);
	parser_set_target(p, clause.target, TARGET_FOR, false);
	parser_expect(p, TOKEN_IN);
	/* Neither the iterable nor a condition is a conditional expression: "if" ends them. */
	parser_enter(p);
	clause.iter = parser_is(p, TOKEN_LAMBDA) ? parse_expr(p) : parse_disjunction(p);
	while (parser_accept(p, TOKEN_IF))
		PUSH(p->c, clause.ifs.data, clause.ifs.nr, parse_disjunction(p));
	parser_leave(p);
	return clause;
}

struct expr *parse_clauses(struct parser *p, struct expr *e, enum expr_kind kind)
{
	e->kind = kind;
	while (parser_is(p, TOKEN_FOR) || parser_is(p, TOKEN_ASYNC))
		PUSH(p->c, e->comprehension.clauses, e->comprehension.nr_clauses, parse_clause(p));
	return e;
}

static bool is_clause(const struct parser *p)
{
	return parser_is(p, TOKEN_FOR) || parser_is(p, TOKEN_ASYNC);
}

/* A list or set display after its bracket, or a comprehension. */
static struct expr *parse_display(struct parser *p, struct expr *e, struct expr *first,
		enum token_kind end, enum expr_kind comprehension)
{
	if (is_clause(p)) {
		e->comprehension.element = first;
		parse_clauses(p, e, comprehension);
	} else {
		PUSH(p->c, e->items.data, e->items.nr, first);
		while (parser_accept(p, TOKEN_COMMA) && !parser_is(p, end)) {
			if (parser_is(p, TOKEN_STAR))
				fail_unsupported(p->c, p->token.line, "starred expression");
			PUSH(p->c, e->items.data, e->items.nr, parse_expr(p));
		}
		if (is_clause(p))
			parser_say(p, e->line,
					"did you forget parentheses around the comprehension target?");
	}
	parser_expect(p, end);
	return parser_finish(p, e);
}

static struct expr *parse_list_display(struct parser *p)
{
	struct expr *e = parser_new_expr(p, EXPR_LIST, p->token.line);

	parser_advance(p);
	if (parser_accept(p, TOKEN_RIGHT_BRACKET))
		return parser_finish(p, e);
	if (parser_is(p, TOKEN_STAR))
		fail_unsupported(p->c, p->token.line, "starred expression");
	return parse_display(p, e, parse_expr(p), TOKEN_RIGHT_BRACKET, EXPR_LIST_COMP);
}

static void parse_dict_item(struct parser *p, struct expr *e)
{
	struct expr *key;

	if (parser_is(p, TOKEN_POWER))
		fail_unsupported(p->c, p->token.line, "dict unpacking");
	key = parse_expr(p);
	if (!parser_is(p, TOKEN_COLON) && !parser_is(p, TOKEN_RIGHT_BRACE) &&
			!parser_is(p, TOKEN_COMMA))
		parser_fail(p);
	if (!parser_accept(p, TOKEN_COLON))
		parser_say(p, p->token.line, "':' expected after dictionary key");
	if (parser_is(p, TOKEN_RIGHT_BRACE) || parser_is(p, TOKEN_COMMA))
		parser_say(p, p->token.line, "expression expected after dictionary key and ':'");
	PUSH(p->c, e->dict.keys.data, e->dict.keys.nr, key);
	PUSH(p->c, e->dict.values.data, e->dict.values.nr, parse_expr(p));
}

static struct expr *parse_dict(struct parser *p, struct expr *e, struct expr *key)
{
	struct expr *value = parse_expr(p);

	e->kind = EXPR_DICT;
	if (is_clause(p)) {
		e->comprehension.element = key;
		e->comprehension.value = value;
		parse_clauses(p, e, EXPR_DICT_COMP);
	} else {
		PUSH(p->c, e->dict.keys.data, e->dict.keys.nr, key);
		PUSH(p->c, e->dict.values.data, e->dict.values.nr, value);
		while (parser_accept(p, TOKEN_COMMA) && !parser_is(p, TOKEN_RIGHT_BRACE))
			parse_dict_item(p, e);
	}
	parser_expect(p, TOKEN_RIGHT_BRACE);
	return parser_finish(p, e);
}

static struct expr *parse_braces(struct parser *p)
{
	struct expr *e = parser_new_expr(p, EXPR_SET, p->token.line);
	struct expr *first;

	parser_advance(p);
	if (parser_accept(p, TOKEN_RIGHT_BRACE)) {
		e->kind = EXPR_DICT;
		return parser_finish(p, e);
	}
	if (parser_is(p, TOKEN_POWER))
		fail_unsupported(p->c, p->token.line, "dict unpacking");
	if (parser_is(p, TOKEN_STAR))
		fail_unsupported(p->c, p->token.line, "starred expression");
	first = parse_expr(p);
	if (parser_accept(p, TOKEN_COLON)) {
		if (parser_is(p, TOKEN_RIGHT_BRACE) || parser_is(p, TOKEN_COMMA))
			parser_say(p, p->token.line,
					"expression expected after dictionary key and ':'");
		return parse_dict(p, e, first);
	}
	return parse_display(p, e, first, TOKEN_RIGHT_BRACE, EXPR_SET_COMP);
}

struct expr *parse_yield(struct parser *p)
{
	struct expr *e = parser_new_expr(p, EXPR_YIELD, p->token.line);

	parser_advance(p);
	if (parser_is(p, TOKEN_FROM))
		fail_unsupported(p->c, e->line, "yield from");
	if (parser_can_begin_expr(&p->token) || parser_is(p, TOKEN_STAR))
		e->value = parse_expr_list(p);
	return parser_finish(p, e);
}

/* What is in parentheses: an expression, a tuple, a generator expression, or yield. */
static struct expr *parse_parens(struct parser *p)
{
	struct expr *e = parser_new_expr(p, EXPR_TUPLE, p->token.line);
	struct expr *inner;

	parser_advance(p);
	e->parenthesised = true;
	if (parser_accept(p, TOKEN_RIGHT_PAREN))
		return parser_finish(p, e);
	inner = parser_is(p, TOKEN_YIELD) ? parse_yield(p) : parse_expr_list(p);
	if (is_clause(p) && inner->kind != EXPR_YIELD) {
		if (inner->kind == EXPR_TUPLE && !inner->parenthesised)
			parser_fail(p);
		e->comprehension.element = inner;
		parse_clauses(p, e, EXPR_GENERATOR);
		parser_expect(p, TOKEN_RIGHT_PAREN);
		return parser_finish(p, e);
	}
	parser_expect(p, TOKEN_RIGHT_PAREN);
	if (inner->kind == EXPR_TUPLE && !inner->parenthesised) {
		inner->line = e->line;	/* a tuple begins at its parenthesis */
		inner->end_line = p->last_line;
	}
	inner->parenthesised = true;
	return inner;
}

struct expr *parse_atom(struct parser *p)
{
	switch (p->token.kind) {
	case TOKEN_NAME:
		return parse_name(p);
	case TOKEN_NUMBER:
		return new_constant(p, p->token.number);
	case TOKEN_STRING:
		return parse_strings(p);
	case TOKEN_NONE:
		return new_constant(p, constant_simple(p->c, CONSTANT_NONE));
	case TOKEN_TRUE:
		return new_constant(p, constant_simple(p->c, CONSTANT_TRUE));
	case TOKEN_FALSE:
		return new_constant(p, constant_simple(p->c, CONSTANT_FALSE));
	case TOKEN_ELLIPSIS:
		return new_constant(p, constant_simple(p->c, CONSTANT_ELLIPSIS));
	case TOKEN_LEFT_PAREN:
		return parse_parens(p);
	case TOKEN_LEFT_BRACKET:
		return parse_list_display(p);
	case TOKEN_LEFT_BRACE:
		return parse_braces(p);
	default:
		parser_fail(p);
	}
}

static void parse_keyword(struct parser *p, struct expr *call)
{
	struct keyword keyword = {.name = p->token.name, .line = p->token.line};

	for (uint32_t i = 0; i < call->call.nr_keywords; i++) {
		if (call->call.keywords[i].name == keyword.name)
			parser_say(p, keyword.line, "keyword argument repeated: %s", keyword.name);
	}
	if (call->call.nr_keywords >= 255)	/* the search above is quadratic */
		fail_unsupported(p->c, keyword.line, "a call with more than 255 keyword arguments");
	parser_advance(p);
	parser_advance(p);
	if (parser_is(p, TOKEN_COMMA) || parser_is(p, TOKEN_RIGHT_PAREN))
		parser_say(p, keyword.line, "expected argument value expression");
	keyword.value = parse_expr(p);
	PUSH(p->c, call->call.keywords, call->call.nr_keywords, keyword);
}

static struct expr *parse_starred(struct parser *p)
{
	struct expr *e = parser_new_expr(p, EXPR_STARRED, p->token.line);

	parser_advance(p);
	e->value = parse_expr(p);
	return parser_finish(p, e);
}

static void parse_positional(struct parser *p, struct expr *call)
{
	bool is_starred = parser_is(p, TOKEN_STAR);
	struct expr *e;

	if (parser_is(p, TOKEN_POWER))
		fail_unsupported(p->c, p->token.line, "** argument");
	e = is_starred ? parse_starred(p) : parse_expr(p);
	if (is_clause(p) && !is_starred) {
		struct expr *generator = parser_new_expr(p, EXPR_GENERATOR, e->line);

		generator->comprehension.element = e;
		e = parser_finish(p, parse_clauses(p, generator, EXPR_GENERATOR));
		if (call->call.arguments.nr || call->call.nr_keywords || (parser_is(p, TOKEN_COMMA) &&
					parser_peek(p)->kind != TOKEN_RIGHT_PAREN))
			parser_say(p, e->line, "Generator expression must be parenthesized");
	}
	if (parser_is(p, TOKEN_EQUAL) && e->kind == EXPR_CONSTANT &&
			(e->constant->kind == CONSTANT_NONE || e->constant->kind == CONSTANT_TRUE ||
			 e->constant->kind == CONSTANT_FALSE))
		parser_say(p, e->line, "cannot assign to %s", parser_expr_name(e));
	if (parser_is(p, TOKEN_EQUAL))
		parser_say(p, e->line, "expression cannot contain assignment, "
				"perhaps you meant \"==\"?");
	if (call->call.nr_keywords && !is_starred)
		parser_say(p, e->line, "positional argument follows keyword argument");
	PUSH(p->c, call->call.arguments.data, call->call.arguments.nr, e);
}

/* From "(" to ")". A bare generator expression is the size of its parentheses. */
void parse_arguments(struct parser *p, struct expr *call)
{
	uint32_t line = p->token.line;
	struct expr *first;

	parser_advance(p);
	while (!parser_is(p, TOKEN_RIGHT_PAREN)) {
		if (parser_is(p, TOKEN_NAME) && parser_peek(p)->kind == TOKEN_EQUAL)
			parse_keyword(p, call);
		else
			parse_positional(p, call);
		if (!parser_accept(p, TOKEN_COMMA))
			break;
	}
	parser_expect(p, TOKEN_RIGHT_PAREN);
	if (call->call.arguments.nr != 1)
		return;
	first = call->call.arguments.data[0];
	if (first->kind == EXPR_GENERATOR && !first->parenthesised && !call->call.nr_keywords) {
		first->line = line;
		first->end_line = p->last_line;
	}
}

void parse_annotation(struct parser *p, struct parameters *parameters, const char *name)
{
	struct annotation annotation = {.name = name};

	parser_advance(p);
	if (parser_is(p, TOKEN_STAR))
		fail_unsupported(p->c, p->token.line, "starred expression");
	annotation.value = parse_expr(p);
	PUSH(p->c, parameters->annotations, parameters->nr_annotations, annotation);
}

static void parse_parameter(struct parser *p, struct parameters *parameters, bool is_lambda)
{
	const char *name;

	if (parser_is(p, TOKEN_POWER))
		fail_unsupported(p->c, p->token.line, "** parameter");
	if (parser_is(p, TOKEN_SLASH))
		fail_unsupported(p->c, p->token.line, "positional-only parameter");
	if (parameters->varargs)
		fail_unsupported(p->c, p->token.line, "keyword-only parameter");
	if (parser_accept(p, TOKEN_STAR)) {
		if (parser_is(p, TOKEN_COMMA) && parser_peek(p)->kind == TOKEN_NAME)
			fail_unsupported(p->c, p->token.line, "keyword-only parameter");
		if (!parser_is(p, TOKEN_NAME))
			parser_say(p, p->token.line, "named arguments must follow bare *");
		parameters->varargs = name = parser_expect_name(p);
	} else {
		name = parser_expect_name(p);
		PUSH(p->c, parameters->names, parameters->nr, name);
	}
	if (parser_is(p, TOKEN_COLON) && !is_lambda)
		parse_annotation(p, parameters, name);
	if (parser_is(p, TOKEN_EQUAL) && parameters->varargs)
		parser_say(p, p->token.line, "var-positional argument cannot have default value");
	if (parser_accept(p, TOKEN_EQUAL))
		PUSH(p->c, parameters->defaults.data, parameters->defaults.nr, parse_expr(p));
	else if (parameters->defaults.nr && !parameters->varargs)
		parser_say(p, p->last_line, "non-default argument follows default argument");
}

void parse_parameters(struct parser *p, struct parameters *parameters, enum token_kind end)
{
	while (!parser_is(p, end)) {
		parse_parameter(p, parameters, end == TOKEN_COLON);
		if (!parser_accept(p, TOKEN_COMMA))
			return;
	}
}
