/* SPDX-License-Identifier: MIT */
/* Statements with blocks, and whole modules. */
#include "scenario/syntax/parse.h"
#include "scenario/syntax/parser.h"

/* @what: "'if' statement", "function definition"; @line: where it began. */
static struct stmt_list parse_block(struct parser *p, const char *what, uint32_t line)
{
	struct stmt_list body = {0};

	if (!parser_accept(p, TOKEN_COLON)) {
		if (parser_is(p, TOKEN_NEWLINE))
			parser_say(p, p->token.line, "expected ':'");
		parser_fail(p);
	}
	if (!parser_accept(p, TOKEN_NEWLINE)) {
		parse_simple_line(p, &body);
		return body;
	}
	if (!parser_accept(p, TOKEN_INDENT))
		compilation_fail(p->c, SCENARIO_SYNTAX, p->token.line,
				"IndentationError: expected an indented block after %s on line %u", what, line);
	parser_enter(p);
	while (!parser_accept(p, TOKEN_DEDENT))
		parse_statement(p, &body);
	parser_leave(p);
	return body;
}

/* The word itself has to be followed by ":", whatever stands there. */
static struct stmt_list parse_word_block(struct parser *p, const char *what)
{
	uint32_t line = p->token.line;

	parser_advance(p);
	if (!parser_is(p, TOKEN_COLON))
		parser_say(p, p->token.line, "expected ':'");
	return parse_block(p, what, line);
}

static void parse_if(struct parser *p, struct stmt *s)
{
	bool is_elif = parser_is(p, TOKEN_ELIF);
	struct stmt *inner;

	s->kind = STMT_IF;
	parser_advance(p);
	s->branch.test = parse_expr(p);
	s->branch.body = parse_block(p, is_elif ? "'elif' statement" : "'if' statement", s->line);
	if (parser_is(p, TOKEN_ELIF)) {
		inner = parser_new_stmt(p, STMT_IF);
		parser_enter(p);
		parse_if(p, inner);
		parser_leave(p);
		inner->end_line = p->last_line;
		PUSH(p->c, s->branch.orelse.data, s->branch.orelse.nr, inner);
	} else if (parser_is(p, TOKEN_ELSE)) {
		s->branch.orelse = parse_word_block(p, "'else' statement");
	}
}

static void parse_while(struct parser *p, struct stmt *s)
{
	s->kind = STMT_WHILE;
	parser_advance(p);
	s->branch.test = parse_expr(p);
	s->branch.body = parse_block(p, "'while' statement", s->line);
	if (parser_is(p, TOKEN_ELSE))
		s->branch.orelse = parse_word_block(p, "'else' statement");
}

static void parse_for(struct parser *p, struct stmt *s)
{
	s->kind = STMT_FOR;
	parser_advance(p);
	s->loop.target = parse_target_list(p);
	parser_set_target(p, s->loop.target, TARGET_FOR, false);
	parser_expect(p, TOKEN_IN);
	s->loop.iter = parse_expr_list(p);
	s->loop.body = parse_block(p, "'for' statement", s->line);
	if (parser_is(p, TOKEN_ELSE))
		s->loop.orelse = parse_word_block(p, "'else' statement");
}

static struct except_clause parse_except(struct parser *p)
{
	struct except_clause clause = {.line = p->token.line};

	parser_advance(p);
	if (parser_is(p, TOKEN_STAR))
		fail_unsupported(p->c, clause.line, "except*");
	if (!parser_is(p, TOKEN_COLON) && !parser_is(p, TOKEN_NEWLINE)) {
		clause.type = parse_expr(p);
		if (parser_is(p, TOKEN_COMMA))
			parser_say(p, clause.line, "multiple exception types must be parenthesized");
		if (parser_accept(p, TOKEN_AS))
			clause.name = parser_expect_name(p);
	}
	clause.body = parse_block(p, "'except' statement", clause.line);
	return clause;
}

static void parse_try(struct parser *p, struct stmt *s)
{
	s->kind = STMT_TRY;
	s->try.body = parse_word_block(p, "'try' statement");
	while (parser_is(p, TOKEN_EXCEPT)) {
		if (s->try.nr_clauses && !s->try.clauses[s->try.nr_clauses - 1].type)
			parser_say(p, s->try.clauses[s->try.nr_clauses - 1].line,
					"default 'except:' must be last");
		PUSH(p->c, s->try.clauses, s->try.nr_clauses, parse_except(p));
	}
	if (s->try.nr_clauses && parser_is(p, TOKEN_ELSE))
		s->try.orelse = parse_word_block(p, "'else' statement");
	if (parser_is(p, TOKEN_FINALLY))
		s->try.finally = parse_word_block(p, "'finally' statement");
	else if (!s->try.nr_clauses)
		parser_say(p, s->line, "expected 'except' or 'finally' block");
}

static void parse_with(struct parser *p, struct stmt *s)
{
	s->kind = STMT_WITH;
	parse_with_items(p, s);
	s->with.body = parse_block(p, "'with' statement", s->line);
}

static void parse_function(struct parser *p, struct stmt *s)
{
	s->kind = STMT_FUNCTION;
	parser_advance(p);
	s->function.name = parser_expect_name(p);
	if (!parser_is(p, TOKEN_LEFT_PAREN))
		parser_say(p, p->token.line, "expected '('");
	parser_advance(p);
	parse_parameters(p, &s->function.parameters, TOKEN_RIGHT_PAREN);
	p->is_plain = true;
	parser_expect(p, TOKEN_RIGHT_PAREN);
	p->is_plain = false;
	if (parser_is(p, TOKEN_ARROW))
		parse_annotation(p, &s->function.parameters, compilation_name(p->c, "return", 6));
	if (!parser_is(p, TOKEN_COLON))
		parser_say(p, p->token.line, "expected ':'");
	s->function.body = parse_block(p, "function definition", s->line);
}

static void parse_class(struct parser *p, struct stmt *s)
{
	struct expr *call = parser_new_expr(p, EXPR_CALL, p->token.line);

	s->kind = STMT_CLASS;
	parser_advance(p);
	s->class.name = parser_expect_name(p);
	if (parser_is(p, TOKEN_LEFT_PAREN)) {
		parse_arguments(p, call);
		if (call->call.nr_keywords)
			fail_unsupported(p->c, s->line, "keyword in a class statement");
		for (uint32_t i = 0; i < call->call.arguments.nr; i++) {
			if (call->call.arguments.data[i]->kind == EXPR_STARRED)
				fail_unsupported(p->c, s->line, "starred expression");
		}
		s->class.bases = call->call.arguments;
	}
	if (!parser_is(p, TOKEN_COLON) && !parser_is(p, TOKEN_NEWLINE))
		parser_fail(p);
	s->class.body = parse_block(p, "class definition", s->line);
}

static void refuse(struct parser *p)
{
	if (parser_is(p, TOKEN_ASYNC))
		fail_unsupported(p->c, p->token.line, "async");
}

static void (*compound_parser(enum token_kind kind))(struct parser *p, struct stmt *s)
{
	switch (kind) {
	case TOKEN_IF:
		return parse_if;
	case TOKEN_WHILE:
		return parse_while;
	case TOKEN_FOR:
		return parse_for;
	case TOKEN_TRY:
		return parse_try;
	case TOKEN_WITH:
		return parse_with;
	case TOKEN_DEF:
		return parse_function;
	case TOKEN_CLASS:
		return parse_class;
	default:
		return NULL;
	}
}

/* @expression, each on a line of its own. */
static struct expr_list parse_decorators(struct parser *p)
{
	struct expr_list decorators = {0};

	while (parser_accept(p, TOKEN_AT)) {
		PUSH(p->c, decorators.data, decorators.nr, parse_expr(p));
		parser_expect(p, TOKEN_NEWLINE);
	}
	if (decorators.nr && !parser_is(p, TOKEN_DEF) && !parser_is(p, TOKEN_CLASS) && !parser_is(p, TOKEN_ASYNC))
		parser_fail(p);
	return decorators;
}

void parse_statement(struct parser *p, struct stmt_list *list)
{
	struct expr_list decorators = parse_decorators(p);
	void (*parse)(struct parser *p, struct stmt *s) = compound_parser(p->token.kind);
	struct stmt *s;

	refuse(p);
	if (!parse) {
		parse_simple_line(p, list);
		return;
	}
	s = parser_new_stmt(p, STMT_PASS);
	s->decorators = decorators;
	parser_enter(p);
	parse(p, s);
	parser_leave(p);
	s->end_line = p->last_line;
	PUSH(p->c, list->data, list->nr, s);
}

struct module *parse_module(struct compilation *c, const char *text, size_t length, uint32_t line)
{
	struct module *module = NEW(c, struct module);
	struct parser p = {.c = c};

	module->first_line = line;
	lex_init(&p.lexer, c, text, length, line);
	parser_advance(&p);
	while (!parser_is(&p, TOKEN_END)) {
		parse_statement(&p, &module->body);
	}
	return module;
}
