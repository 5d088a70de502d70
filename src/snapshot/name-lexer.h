/* SPDX-License-Identifier: MIT */
/* The tokens of a demangled name of C++, Rust or D, and which of its brackets belong together. */
#ifndef HL_SNAPSHOT_NAME_LEXER_H
#define HL_SNAPSHOT_NAME_LEXER_H

#include <stdbool.h>
#include <stddef.h>

/* Brackets within brackets; compilers and libraries make some 40. */
#define HL_NAME_DEPTH 128u

enum hl_name_token {
	HL_NAME_END,
	HL_NAME_WORD,			/* identifier or number */
	HL_NAME_SCOPE,			/* "::" */
	HL_NAME_OPERATOR,		/* "operator" and its sign: "operator<<", "operator new[]" */
	HL_NAME_LITERAL,		/* 'x', "text", and 'lambda' as LLVM writes it */
	HL_NAME_OPEN,			/* one of < ( [ { */
	HL_NAME_CLOSE,			/* and its partner */
	HL_NAME_SIGN,			/* anything else: "," " " "*" "->" ... */
	HL_NAME_BROKEN,			/* brackets and quotations without an end, too many in each other */
};

/* { .next = text } is before the first token. */
struct hl_name_lexer {
	const char *next;		/* behind the token */
	const char *text;		/* of the token */
	size_t length;
	unsigned int depth;		/* behind the token */
	bool is_behind_paren;		/* where a < compares */
	char open[HL_NAME_DEPTH];	/* the brackets that are open */
};

/**
 * hl_name_next() - the next token
 *
 * A < compares behind a ")" and opens a list everywhere else; a > closes the list in which it stands at once, and
 * compares within other brackets.
 *
 * Cost:    O(length of the token).
 */
enum hl_name_token hl_name_next(struct hl_name_lexer *lexer);

#endif
