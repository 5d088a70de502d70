/* SPDX-License-Identifier: MIT */
/* Expressions: operators and their precedence. */
#include "scenario/syntax/parser.h"

struct expr *parser_new_expr(struct parser *p, enum expr_kind kind, uint32_t line)
{
	struct expr *e = NEW(p->c, struct expr);

	e->kind = kind;
	e->line = line;
	return e;
}

static void add_depth(uint16_t *depth, const struct expr *child)
{
	if (child && child->depth >= *depth)
		*depth = (uint16_t)(child->depth + 1);
}

static void add_list_depth(uint16_t *depth, const struct expr_list *list)
{
	for (uint32_t i = 0; i < list->nr; i++)
		add_depth(depth, list->data[i]);
}

static void add_call_depth(uint16_t *depth, const struct expr *e)
{
	add_depth(depth, e->call.function);
	add_list_depth(depth, &e->call.arguments);
	for (uint32_t i = 0; i < e->call.nr_keywords; i++)
		add_depth(depth, e->call.keywords[i].value);
}

static void add_comprehension_depth(uint16_t *depth, const struct expr *e)
{
	add_depth(depth, e->comprehension.element);
	add_depth(depth, e->comprehension.value);
	for (uint32_t i = 0; i < e->comprehension.nr_clauses; i++) {
		add_depth(depth, e->comprehension.clauses[i].target);
		add_depth(depth, e->comprehension.clauses[i].iter);
		add_list_depth(depth, &e->comprehension.clauses[i].ifs);
	}
}

static uint16_t depth_of(const struct expr *e)
{
	uint16_t d = 1;

	switch (e->kind) {
	case EXPR_CONSTANT: case EXPR_NAME:
		break;
	case EXPR_ATTRIBUTE:
		add_depth(&d, e->attribute.value);
		break;
	case EXPR_SUBSCRIPT:
		add_depth(&d, e->subscript.value);
		add_depth(&d, e->subscript.index);
		break;
	case EXPR_SLICE:
		add_depth(&d, e->slice.lower);
		add_depth(&d, e->slice.upper);
		add_depth(&d, e->slice.step);
		break;
	case EXPR_UNARY:
		add_depth(&d, e->unary.operand);
		break;
	case EXPR_BINARY:
		add_depth(&d, e->binary.left);
		add_depth(&d, e->binary.right);
		break;
	case EXPR_BOOL:
		add_list_depth(&d, &e->boolean.values);
		break;
	case EXPR_COMPARE:
		add_depth(&d, e->compare.left);
		add_list_depth(&d, &e->compare.comparators);
		break;
	case EXPR_CONDITIONAL:
		add_depth(&d, e->conditional.test);
		add_depth(&d, e->conditional.body);
		add_depth(&d, e->conditional.orelse);
		break;
	case EXPR_LAMBDA:
		add_list_depth(&d, &e->lambda.parameters.defaults);
		add_depth(&d, e->lambda.body);
		break;
	case EXPR_CALL:
		add_call_depth(&d, e);
		break;
	case EXPR_TUPLE: case EXPR_LIST: case EXPR_SET: case EXPR_JOINED:
		add_list_depth(&d, &e->items);
		break;
	case EXPR_DICT:
		add_list_depth(&d, &e->dict.keys);
		add_list_depth(&d, &e->dict.values);
		break;
	case EXPR_LIST_COMP: case EXPR_SET_COMP: case EXPR_DICT_COMP: case EXPR_GENERATOR:
		add_comprehension_depth(&d, e);
		break;
	case EXPR_STARRED: case EXPR_YIELD:
		add_depth(&d, e->value);
		break;
	case EXPR_FORMATTED:
		add_depth(&d, e->formatted.value);
		add_depth(&d, e->formatted.spec);
		break;
	}
	return d;
}

struct expr *parser_finish(struct parser *p, struct expr *e)
{
	e->end_line = p->last_line;
	e->depth = depth_of(e);
	if (e->depth > AST_MAX_DEPTH)
		fail_unsupported(p->c, e->line, "an expression nested this deep");
	return e;
}

/* Binary operators: the higher, the tighter. */
static int binary_level(enum token_kind kind, enum binary_op *op)
{
	static const struct {
		enum token_kind kind;
		enum binary_op op;
		int level;
	} rows[] = {
		{TOKEN_PIPE, BINARY_OR, 1}, {TOKEN_CARET, BINARY_XOR, 2},
		{TOKEN_AMPERSAND, BINARY_AND, 3}, {TOKEN_LSHIFT, BINARY_LSHIFT, 4},
		{TOKEN_RSHIFT, BINARY_RSHIFT, 4}, {TOKEN_PLUS, BINARY_ADD, 5},
		{TOKEN_MINUS, BINARY_SUBTRACT, 5}, {TOKEN_STAR, BINARY_MULTIPLY, 6},
		{TOKEN_SLASH, BINARY_TRUE_DIVIDE, 6}, {TOKEN_DOUBLE_SLASH, BINARY_FLOOR_DIVIDE, 6},
		{TOKEN_PERCENT, BINARY_REMAINDER, 6},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].kind == kind) {
			*op = rows[i].op;
			return rows[i].level;
		}
	}
	return 0;
}

/* @line: where the left operand begins, with the parentheses around it. */
static struct expr *new_binary(struct parser *p, uint32_t line, struct expr *left,
		enum binary_op op, struct expr *right)
{
	struct expr *e = parser_new_expr(p, EXPR_BINARY, line);

	e->binary.op = op;
	e->binary.left = left;
	e->binary.right = right;
	return parser_finish(p, e);
}

static void parse_call_or_index(struct parser *p, struct expr **e, uint32_t line);

/* An atom with its ".name", "[index]" and "(arguments)". */
static struct expr *parse_primary(struct parser *p)
{
	uint32_t line = p->token.line;
	struct expr *e, *outer;

	if (parser_is(p, TOKEN_AWAIT))
		fail_unsupported(p->c, p->token.line, "await expression");
	e = parse_atom(p);
	for (;;) {
		if (parser_accept(p, TOKEN_DOT)) {
			outer = parser_new_expr(p, EXPR_ATTRIBUTE, line);
			outer->attribute.value = e;
			outer->attribute.name = parser_expect_name(p);
			e = parser_finish(p, outer);
		} else if (parser_is(p, TOKEN_LEFT_PAREN) || parser_is(p, TOKEN_LEFT_BRACKET)) {
			parse_call_or_index(p, &e, line);
		} else {
			return e;
		}
	}
}

static struct expr *parse_slice_part(struct parser *p)
{
	return parser_is(p, TOKEN_COLON) || parser_is(p, TOKEN_COMMA) ||
		parser_is(p, TOKEN_RIGHT_BRACKET) ? NULL : parse_expr(p);
}

static struct expr *parse_slice(struct parser *p)
{
	uint32_t line = p->token.line;
	struct expr *lower, *e;

	if (parser_is(p, TOKEN_STAR))
		fail_unsupported(p->c, line, "starred expression");
	if (parser_is(p, TOKEN_COMMA))
		parser_fail(p);
	lower = parse_slice_part(p);
	if (!parser_accept(p, TOKEN_COLON)) {
		if (!lower)
			parser_fail(p);
		return lower;
	}
	e = parser_new_expr(p, EXPR_SLICE, line);
	e->slice.lower = lower;
	e->slice.upper = parse_slice_part(p);
	if (parser_accept(p, TOKEN_COLON))
		e->slice.step = parse_slice_part(p);
	return parser_finish(p, e);
}

static struct expr *parse_index(struct parser *p)
{
	uint32_t line = p->token.line;
	struct expr *first = parse_slice(p);
	struct expr *e;

	if (!parser_is(p, TOKEN_COMMA))
		return first;
	e = parser_new_expr(p, EXPR_TUPLE, line);
	PUSH(p->c, e->items.data, e->items.nr, first);
	while (parser_accept(p, TOKEN_COMMA)) {
		if (parser_is(p, TOKEN_RIGHT_BRACKET))
			break;
		PUSH(p->c, e->items.data, e->items.nr, parse_slice(p));
	}
	return parser_finish(p, e);
}

static void parse_call_or_index(struct parser *p, struct expr **e, uint32_t line)
{
	struct expr *outer;

	parser_enter(p);
	if (parser_is(p, TOKEN_LEFT_PAREN)) {
		outer = parser_new_expr(p, EXPR_CALL, line);
		outer->call.function = *e;
		parse_arguments(p, outer);
	} else {
		parser_advance(p);
		outer = parser_new_expr(p, EXPR_SUBSCRIPT, line);
		outer->subscript.value = *e;
		outer->subscript.index = parse_index(p);
		parser_expect(p, TOKEN_RIGHT_BRACKET);
	}
	parser_leave(p);
	*e = parser_finish(p, outer);
}

static struct expr *parse_unary(struct parser *p)
{
	uint32_t line = p->token.line;
	enum unary_op op;
	struct expr *e;

	if (parser_is(p, TOKEN_PLUS))
		op = UNARY_OP_POSITIVE;
	else if (parser_is(p, TOKEN_MINUS))
		op = UNARY_OP_NEGATIVE;
	else if (parser_is(p, TOKEN_TILDE))
		op = UNARY_OP_INVERT;
	else
		op = UNARY_OP_NOT;
	if (op == UNARY_OP_NOT) {
		e = parse_primary(p);
		if (!parser_accept(p, TOKEN_POWER))
			return e;
		parser_enter(p);
		e = new_binary(p, line, e, BINARY_POWER, parse_unary(p));
	} else {
		e = parser_new_expr(p, EXPR_UNARY, p->token.line);
		e->unary.op = op;
		parser_enter(p);
		parser_advance(p);
		e->unary.operand = parse_unary(p);
		parser_finish(p, e);
	}
	parser_leave(p);
	return e;
}

static struct expr *parse_binary(struct parser *p, int level)
{
	uint32_t line = p->token.line;
	struct expr *left = parse_unary(p);
	enum binary_op op;
	int here;

	for (;;) {
		if (parser_is(p, TOKEN_AT))
			fail_unsupported(p->c, p->token.line, "matrix product");
		here = binary_level(p->token.kind, &op);
		if (!here || here < level)
			return left;
		parser_advance(p);
		left = new_binary(p, line, left, op, parse_binary(p, here + 1));
	}
}

struct expr *parse_operand(struct parser *p)
{
	return parse_binary(p, 1);
}

/* Reads an operator of comparison; -1: none here. */
static int read_comparison(struct parser *p)
{
	static const struct {
		enum token_kind kind;
		int op;
	} rows[] = {
		{TOKEN_LESS, COMPARE_LT}, {TOKEN_LESS_EQUAL, COMPARE_LE},
		{TOKEN_EQUAL_EQUAL, COMPARE_EQ}, {TOKEN_NOT_EQUAL, COMPARE_NE},
		{TOKEN_GREATER, COMPARE_GT}, {TOKEN_GREATER_EQUAL, COMPARE_GE},
		{TOKEN_IN, COMPARISON_IN}, {TOKEN_IS, COMPARISON_IS},
	};

	if (parser_is(p, TOKEN_NOT) && parser_peek(p)->kind == TOKEN_IN) {
		parser_advance(p);
		parser_advance(p);
		return COMPARISON_NOT_IN;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!parser_accept(p, rows[i].kind))
			continue;
		if (rows[i].kind == TOKEN_IS && parser_accept(p, TOKEN_NOT))
			return COMPARISON_IS_NOT;
		return rows[i].op;
	}
	return -1;
}

static struct expr *parse_comparison(struct parser *p)
{
	uint32_t line = p->token.line;
	struct expr *left = parse_operand(p);
	struct expr *e = NULL;
	uint32_t nr_ops = 0;
	int op;

	while ((op = read_comparison(p)) >= 0) {
		if (!e) {
			e = parser_new_expr(p, EXPR_COMPARE, line);
			e->compare.left = left;
		}
		PUSH(p->c, e->compare.ops, nr_ops, (uint8_t)op);
		PUSH(p->c, e->compare.comparators.data, e->compare.comparators.nr, parse_operand(p));
	}
	return e ? parser_finish(p, e) : left;
}

static struct expr *parse_not(struct parser *p)
{
	struct expr *e;

	if (!parser_is(p, TOKEN_NOT))
		return parse_comparison(p);
	e = parser_new_expr(p, EXPR_UNARY, p->token.line);
	e->unary.op = UNARY_OP_NOT;
	parser_enter(p);
	parser_advance(p);
	e->unary.operand = parse_not(p);
	parser_leave(p);
	return parser_finish(p, e);
}

static struct expr *parse_bool(struct parser *p, bool is_or)
{
	uint32_t line = p->token.line;
	struct expr *first = is_or ? parse_bool(p, false) : parse_not(p);
	enum token_kind word = is_or ? TOKEN_OR : TOKEN_AND;
	struct expr *e;

	if (!parser_is(p, word))
		return first;
	e = parser_new_expr(p, EXPR_BOOL, line);
	e->boolean.is_or = is_or;
	PUSH(p->c, e->boolean.values.data, e->boolean.values.nr, first);
	while (parser_accept(p, word))
		PUSH(p->c, e->boolean.values.data, e->boolean.values.nr,
				is_or ? parse_bool(p, false) : parse_not(p));
	return parser_finish(p, e);
}

struct expr *parse_disjunction(struct parser *p)
{
	return parse_bool(p, true);
}

static struct expr *parse_lambda(struct parser *p)
{
	struct expr *e = parser_new_expr(p, EXPR_LAMBDA, p->token.line);

	parser_advance(p);
	parse_parameters(p, &e->lambda.parameters, TOKEN_COLON);
	parser_expect(p, TOKEN_COLON);
	e->lambda.body = parse_expr(p);
	return parser_finish(p, e);
}

static struct expr *parse_conditional(struct parser *p)
{
	uint32_t line = p->token.line;
	struct expr *body = parse_disjunction(p);
	struct expr *e;

	if (!parser_accept(p, TOKEN_IF))
		return body;
	e = parser_new_expr(p, EXPR_CONDITIONAL, line);
	e->conditional.body = body;
	e->conditional.test = parse_disjunction(p);
	if (!parser_is(p, TOKEN_ELSE) && !parser_is(p, TOKEN_COLON))
		parser_say(p, body->line, "expected 'else' after 'if' expression");
	parser_expect(p, TOKEN_ELSE);
	e->conditional.orelse = parse_expr(p);
	return parser_finish(p, e);
}

struct expr *parse_expr(struct parser *p)
{
	struct expr *e;

	parser_enter(p);
	e = parser_is(p, TOKEN_LAMBDA) ? parse_lambda(p) : parse_conditional(p);
	parser_leave(p);
	if (parser_is(p, TOKEN_WALRUS))
		fail_unsupported(p->c, p->token.line, "assignment expression (walrus)");
	return e;
}

static struct expr *parse_item(struct parser *p, bool is_target)
{
	if (parser_is(p, TOKEN_STAR))
		fail_unsupported(p->c, p->token.line, "starred expression");
	return is_target ? parse_operand(p) : parse_expr(p);
}

static struct expr *parse_list(struct parser *p, bool is_target)
{
	uint32_t line = p->token.line;
	struct expr *first = parse_item(p, is_target);
	struct expr *e;

	if (!parser_is(p, TOKEN_COMMA))
		return first;
	e = parser_new_expr(p, EXPR_TUPLE, line);
	PUSH(p->c, e->items.data, e->items.nr, first);
	while (parser_accept(p, TOKEN_COMMA)) {
		if (!parser_can_begin_expr(&p->token) && !parser_is(p, TOKEN_STAR))
			break;
		PUSH(p->c, e->items.data, e->items.nr, parse_item(p, is_target));
	}
	return parser_finish(p, e);
}

struct expr *parse_expr_list(struct parser *p)
{
	return parse_list(p, false);
}

struct expr *parse_target_list(struct parser *p)
{
	return parse_list(p, true);
}
