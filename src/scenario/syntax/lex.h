/* SPDX-License-Identifier: MIT */
/* Tokens of Python, with the lines' indentation as tokens. */
#ifndef HL_SCENARIO_LEX_H
#define HL_SCENARIO_LEX_H

#include "scenario/compile/compilation.h"

#define LEX_MAX_PARENS 200
#define LEX_MAX_INDENTS 100

/* The operators, longest first among those with one beginning. */
#define OPERATORS(T) \
	T(POWER_EQUAL, "**=") T(DOUBLE_SLASH_EQUAL, "//=") T(RSHIFT_EQUAL, ">>=") \
	T(LSHIFT_EQUAL, "<<=") T(ELLIPSIS, "...") T(POWER, "**") T(DOUBLE_SLASH, "//") \
	T(RSHIFT, ">>") T(LSHIFT, "<<") T(LESS_EQUAL, "<=") T(GREATER_EQUAL, ">=") \
	T(EQUAL_EQUAL, "==") T(NOT_EQUAL, "!=") T(ARROW, "->") T(WALRUS, ":=") \
	T(PLUS_EQUAL, "+=") T(MINUS_EQUAL, "-=") T(STAR_EQUAL, "*=") T(SLASH_EQUAL, "/=") \
	T(PERCENT_EQUAL, "%=") T(AND_EQUAL, "&=") T(OR_EQUAL, "|=") T(XOR_EQUAL, "^=") \
	T(AT_EQUAL, "@=") T(PLUS, "+") T(MINUS, "-") T(STAR, "*") T(SLASH, "/") T(PERCENT, "%") \
	T(AMPERSAND, "&") T(PIPE, "|") T(CARET, "^") T(TILDE, "~") T(AT, "@") T(LESS, "<") \
	T(GREATER, ">") T(LEFT_PAREN, "(") T(RIGHT_PAREN, ")") T(LEFT_BRACKET, "[") \
	T(RIGHT_BRACKET, "]") T(LEFT_BRACE, "{") T(RIGHT_BRACE, "}") T(COMMA, ",") T(COLON, ":") \
	T(DOT, ".") T(SEMICOLON, ";") T(EQUAL, "=")

#define KEYWORDS(T) \
	T(FALSE, "False") T(NONE, "None") T(TRUE, "True") T(AND, "and") T(AS, "as") \
	T(ASSERT, "assert") T(ASYNC, "async") T(AWAIT, "await") T(BREAK, "break") \
	T(CLASS, "class") T(CONTINUE, "continue") T(DEF, "def") T(DEL, "del") T(ELIF, "elif") \
	T(ELSE, "else") T(EXCEPT, "except") T(FINALLY, "finally") T(FOR, "for") T(FROM, "from") \
	T(GLOBAL, "global") T(IF, "if") T(IMPORT, "import") T(IN, "in") T(IS, "is") \
	T(LAMBDA, "lambda") T(NONLOCAL, "nonlocal") T(NOT, "not") T(OR, "or") T(PASS, "pass") \
	T(RAISE, "raise") T(RETURN, "return") T(TRY, "try") T(WHILE, "while") T(WITH, "with") \
	T(YIELD, "yield")

enum token_kind {
	TOKEN_END,
	TOKEN_NEWLINE,
	TOKEN_INDENT,
	TOKEN_DEDENT,
	TOKEN_NAME,
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_BAD,	/* a sign that Python does not use: "$" */
#define TOKEN_ENUM(name, text) TOKEN_##name,
	OPERATORS(TOKEN_ENUM)
	TOKEN_LAST_OPERATOR,
	KEYWORDS(TOKEN_ENUM)
#undef TOKEN_ENUM
};

enum string_flag {
	STRING_RAW = 1 << 0,
	STRING_BYTES = 1 << 1,
	STRING_FORMAT = 1 << 2,
	STRING_TRIPLE = 1 << 3,
};

struct token {
	enum token_kind kind;
	uint32_t line;
	uint32_t end_line;
	uint32_t level;			/* of parentheses around it */
	uint8_t string_flags;
	const char *start;		/* in the lexer's text */
	size_t length;
	const char *body;		/* of a string: between the quotes */
	size_t body_length;
	const char *name;		/* of a name: interned */
	const struct constant *number;
};

struct lexer {
	struct compilation *c;
	const char *at;
	const char *end;		/* *end is NUL */
	uint32_t line;
	bool is_line_start;
	bool is_expression;		/* the text is one expression: no lines, no indentation */
	bool has_token;			/* in the current line */
	bool may_stay_open;		/* a parenthesis at the end: no error */
	int32_t pending;		/* indents (> 0) or dedents (< 0) to hand out */
	uint32_t nr_indents;
	uint32_t indents[LEX_MAX_INDENTS + 1];
	uint32_t tab_indents[LEX_MAX_INDENTS + 1];	/* with tabs of 1: they must agree */
	uint32_t nr_parens;
	char parens[LEX_MAX_PARENS];
	uint32_t paren_lines[LEX_MAX_PARENS];
};

/*
 * lex_init() - begins to read a text
 * @text: UTF-8 with '\n' as line ends, NUL at text[length]; borrowed
 * @line: the number of its first line
 */
void lex_init(struct lexer *lexer, struct compilation *c, const char *text, size_t length,
		uint32_t line);

/* The next token; TOKEN_END again and again at the end. What is no token fails the compilation. */
void lex_next(struct lexer *lexer, struct token *token);

/* The text of an operator or keyword, for messages. */
const char *lex_token_text(enum token_kind kind);

#endif
