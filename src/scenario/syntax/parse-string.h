/* SPDX-License-Identifier: MIT */
/* The parser's part for string literals. */
#ifndef HL_SCENARIO_PARSE_STRING_H
#define HL_SCENARIO_PARSE_STRING_H

#include "scenario/syntax/parser.h"

/* Bytes that grow. */
struct string_buffer {
	char *data;
	size_t length;
	size_t size;
};

void buffer_add(struct compilation *c, struct string_buffer *b, const char *data, size_t length);

/*
 * string_decode() - adds the value of a literal's text to a buffer
 * @flags: of the token
 * @line: for errors
 */
void string_decode(struct parser *p, struct string_buffer *b, const char *data, size_t length,
		uint8_t flags, uint32_t line);

/* The pieces of an f-string while it is read. */
struct format_builder {
	struct expr *joined;		/* EXPR_JOINED, items so far */
	struct string_buffer literal;	/* text since the last of them */
};

/* An f-string token, and the line of the place up to which its newlines have been counted. */
struct format_text {
	const struct token *token;
	const char *counted;
	uint32_t line;
};

/*
 * format_parse() - adds the text of an f-string token
 * @at: the text; is moved behind what was read, which ends before "}" in a format specification
 * @level: 0, or how many specifications are around it
 */
void format_parse(struct parser *p, struct format_builder *f, const char **at, const char *end,
		struct format_text *text, unsigned int level);

/* Turns the literal text since the last piece into one. */
void format_flush(struct parser *p, struct format_builder *f);

#endif
