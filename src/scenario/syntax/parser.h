/* SPDX-License-Identifier: MIT */
/* What the files of the parser share. Recursive descent with two tokens in view. */
#ifndef HL_SCENARIO_PARSER_H
#define HL_SCENARIO_PARSER_H

#include "scenario/syntax/ast.h"
#include "scenario/compile/compilation.h"
#include "scenario/syntax/lex.h"

/* How deep the parser may call itself; a pair of parentheses takes three. */
#define PARSER_MAX_DEPTH 700

struct parser {
	struct compilation *c;
	struct lexer lexer;
	struct token token;		/* the current one */
	struct token next;		/* the one after it, if has_next */
	bool has_next;
	enum token_kind last;		/* kind of the token before the current one */
	const char *last_name;		/* if it was a name */
	uint32_t last_line;		/* where it ended */
	uint32_t depth;
	bool is_plain;			/* errors here are no more than "invalid syntax" */
	struct parser *outer;		/* the text is an expression of an f-string in that one's */
};

/* Tokens */
void parser_advance(struct parser *p);
const struct token *parser_peek(struct parser *p);

static inline bool parser_is(const struct parser *p, enum token_kind kind)
{
	return p->token.kind == kind;
}

bool parser_accept(struct parser *p, enum token_kind kind);
void parser_expect(struct parser *p, enum token_kind kind);
const char *parser_expect_name(struct parser *p);

/* Guards recursion: parser_enter() before, parser_leave() after. */
void parser_enter(struct parser *p);
void parser_leave(struct parser *p);

/* Errors */
_Noreturn void parser_fail(struct parser *p);	/* "invalid syntax", or what Python says instead */
/* "SyntaxError: " and the message, unless the rest of the text has something worse. */
_Noreturn __attribute__((format(printf, 3, 4))) void parser_say(struct parser *p, uint32_t line,
		const char *format, ...);
const char *parser_expr_name(const struct expr *e);

/* Expressions */
struct expr *parser_new_expr(struct parser *p, enum expr_kind kind, uint32_t line);
struct expr *parser_finish(struct parser *p, struct expr *e);	/* sets end_line and depth */
struct expr *parse_expr(struct parser *p);
struct expr *parse_expr_list(struct parser *p);			/* a tuple, if there is a comma */
struct expr *parse_target_list(struct parser *p);		/* of "for": ends before "in" */
struct expr *parse_disjunction(struct parser *p);		/* without "a if b else c", lambda */
struct expr *parse_operand(struct parser *p);			/* without comparison, not, and, or */
/* ": type" of a parameter or "-> type"; the current token is the sign before it. */
void parse_annotation(struct parser *p, struct parameters *parameters, const char *name);
void parse_parameters(struct parser *p, struct parameters *parameters, enum token_kind end);
struct expr *parse_atom(struct parser *p);
struct expr *parse_yield(struct parser *p);
void parse_arguments(struct parser *p, struct expr *call);
struct expr *parse_strings(struct parser *p);
bool parser_can_begin_expr(const struct token *token);

/* A comprehension's "for" clauses; @e has its element. The current token is "for". */
struct expr *parse_clauses(struct parser *p, struct expr *e, enum expr_kind kind);

/* Makes an expression a target; fails with CPython's words for the place: "assign to", "delete". */
enum target_use {
	TARGET_ASSIGN,
	TARGET_FOR,
	TARGET_DELETE,
};
void parser_set_target(struct parser *p, struct expr *e, enum target_use use, bool is_nested);

/* Statements: those of one line, into a list; and any. */
void parse_simple_line(struct parser *p, struct stmt_list *list);
void parse_statement(struct parser *p, struct stmt_list *list);
struct stmt *parser_new_stmt(struct parser *p, enum stmt_kind kind);
void parse_import(struct parser *p, struct stmt *s);
void parse_import_from(struct parser *p, struct stmt *s);
/* The managers of a with statement, up to its ":"; the current token is "with". */
void parse_with_items(struct parser *p, struct stmt *s);

#endif
