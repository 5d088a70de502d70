/* SPDX-License-Identifier: MIT */
/* The lexer's part for numbers and strings. */
#ifndef HL_SCENARIO_LEX_LITERAL_H
#define HL_SCENARIO_LEX_LITERAL_H

#include "scenario/syntax/lex.h"

/* At a digit, or at a point before one. */
void lex_number(struct lexer *lexer, struct token *token);

/* At a quote, or at a name, which may be the prefix of a string; false: no string, nothing read. */
bool lex_string(struct lexer *lexer, struct token *token);

#endif
