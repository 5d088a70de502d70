/* SPDX-License-Identifier: MIT */
/* String literals: escapes, and adjacent literals joined. */
#include "scenario/syntax/parse-string.h"

#include <string.h>

#include "scenario/compile/constant.h"

void buffer_add(struct compilation *c, struct string_buffer *b, const char *data, size_t length)
{
	if (b->length + length > b->size) {
		size_t size = b->size ? 2 * b->size : 32;
		char *grown;

		while (size < b->length + length)
			size *= 2;
		grown = compilation_alloc(c, size);
		if (b->length)
			memcpy(grown, b->data, b->length);
		b->data = grown;
		b->size = size;
	}
	if (length)
		memcpy(b->data + b->length, data, length);
	b->length += length;
}

static void add_code_point(struct compilation *c, struct string_buffer *b, uint32_t code)
{
	char out[4];

	if (code < 0x80) {
		out[0] = (char)code;
		buffer_add(c, b, out, 1);
	} else if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		buffer_add(c, b, out, 2);
	} else if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		buffer_add(c, b, out, 3);
	} else {
		out[0] = (char)(0xf0 | code >> 18);
		out[1] = (char)(0x80 | (code >> 12 & 0x3f));
		out[2] = (char)(0x80 | (code >> 6 & 0x3f));
		out[3] = (char)(0x80 | (code & 0x3f));
		buffer_add(c, b, out, 4);
	}
}

/* A string while its escapes are read. */
struct decoder {
	struct parser *p;
	struct string_buffer *out;
	const char *start;
	const char *at;			/* behind a backslash */
	const char *end;
	bool is_bytes;
	uint32_t line;
};

static int hex_digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

_Noreturn static void fail_escape(struct decoder *d, char letter, unsigned int digits)
{
	size_t at = (size_t)(d->at - 2 - d->start), last = at + 1;

	if (d->is_bytes)
		parser_say(d->p, d->line, "(value error) invalid \\x escape at position %zu", at);
	for (unsigned int i = 0; i < digits && d->at + i < d->end && hex_digit(d->at[i]) >= 0; i++)
		last++;
	parser_say(d->p, d->line, "(unicode error) 'unicodeescape' codec can't decode bytes in "
			"position %zu-%zu: truncated \\%s escape", at, last,
			letter == 'x' ? "xXX" : letter == 'u' ? "uXXXX" : "UXXXXXXXX");
}

static void decode_hex(struct decoder *d, char letter)
{
	unsigned int digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
	uint32_t code = 0;
	char byte;

	for (unsigned int i = 0; i < digits; i++) {
		if (d->at + i >= d->end || hex_digit(d->at[i]) < 0)
			fail_escape(d, letter, digits);
		code = code << 4 | (uint32_t)hex_digit(d->at[i]);
	}
	if (code > 0x10ffff)
		parser_say(d->p, d->line, "(unicode error) 'unicodeescape' codec can't decode bytes "
				"in position %zu-%zu: illegal Unicode character",
				(size_t)(d->at - 2 - d->start), (size_t)(d->at + 7 - d->start));
	d->at += digits;
	byte = (char)code;
	if (d->is_bytes)
		buffer_add(d->p->c, d->out, &byte, 1);
	else
		add_code_point(d->p->c, d->out, code);
}

static void decode_octal(struct decoder *d, char first)
{
	uint32_t code = (uint32_t)(first - '0');
	char byte;

	for (int i = 0; i < 2 && d->at < d->end && *d->at >= '0' && *d->at <= '7'; i++)
		code = code << 3 | (uint32_t)(*d->at++ - '0');
	byte = (char)code;
	if (d->is_bytes)
		buffer_add(d->p->c, d->out, &byte, 1);
	else
		add_code_point(d->p->c, d->out, code);
}

static void decode_escape(struct decoder *d)
{
	static const char letters[] = "\\'\"abfnrtv", values[] = "\\'\"\a\b\f\n\r\t\v";
	char ch = *d->at++;
	const char *simple = ch ? strchr(letters, ch) : NULL;

	if (ch == '\n')
		return;
	if (simple)
		buffer_add(d->p->c, d->out, &values[simple - letters], 1);
	else if (ch >= '0' && ch <= '7')
		decode_octal(d, ch);
	else if (ch == 'x' || (!d->is_bytes && (ch == 'u' || ch == 'U')))
		decode_hex(d, ch);
	else if (ch == 'N' && !d->is_bytes)
		fail_unsupported(d->p->c, d->line, "the escape \\N");
	else	/* no escape: the backslash stays */
		buffer_add(d->p->c, d->out, d->at - 2, 2);
}

void string_decode(struct parser *p, struct string_buffer *b, const char *data, size_t length,
		uint8_t flags, uint32_t line)
{
	struct decoder d = {p, b, data, data, data + length, flags & STRING_BYTES, line};
	const char *backslash;

	for (size_t i = 0; d.is_bytes && i < length; i++) {
		if ((unsigned char)data[i] >= 0x80)
			parser_say(p, line, "bytes can only contain ASCII literal characters");
	}
	while (d.at < d.end) {
		backslash = flags & STRING_RAW ? NULL : memchr(d.at, '\\', (size_t)(d.end - d.at));
		if (!backslash || backslash + 1 == d.end)
			backslash = d.end;
		buffer_add(p->c, b, d.at, (size_t)(backslash - d.at));
		d.at = backslash;
		if (d.at < d.end) {
			d.at++;
			decode_escape(&d);
		}
	}
}

static void add_token(struct parser *p, struct format_builder *f, const struct token *token)
{
	struct format_text text = {token, token->body, token->line};
	const char *at = token->body;

	if (token->string_flags & STRING_FORMAT)
		format_parse(p, f, &at, token->body + token->body_length, &text, 0);
	else
		string_decode(p, &f->literal, token->body, token->body_length, token->string_flags,
				token->line);
}

struct expr *parse_strings(struct parser *p)
{
	struct format_builder f = {.joined = parser_new_expr(p, EXPR_JOINED, p->token.line)};
	struct expr *e = f.joined;
	bool is_bytes = p->token.string_flags & STRING_BYTES;
	bool is_format = false;

	while (parser_is(p, TOKEN_STRING)) {
		if (is_bytes != !!(p->token.string_flags & STRING_BYTES))
			parser_say(p, e->line, "cannot mix bytes and nonbytes literals");
		is_format = is_format || (p->token.string_flags & STRING_FORMAT);
		add_token(p, &f, &p->token);
		parser_advance(p);
	}
	if (is_format) {
		format_flush(p, &f);
	} else {
		e->kind = EXPR_CONSTANT;
		e->constant = constant_text(p->c, is_bytes ? CONSTANT_BYTES : CONSTANT_STR,
				f.literal.data, f.literal.length);
	}
	return parser_finish(p, e);
}
