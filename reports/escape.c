/* SPDX-License-Identifier: MIT */
/* Escaping for text and CSV. */
#include "reports/escape.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "snapshot/utf8.h"

/* Marks that change the direction of what follows, and separators of lines. */
static bool is_deceiving(uint32_t code)
{
	return (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
		(code >= 0x2066 && code <= 0x2069) || code == 0x061c || code == 0xfeff;
}

static void put_escape(FILE *file, uint32_t code)
{
	if (code == '\n')
		fputs("\\n", file);
	else if (code == '\t')
		fputs("\\t", file);
	else if (code < 0x100)
		fprintf(file, "\\x%02" PRIx32, code);
	else
		fprintf(file, "\\u%04" PRIx32, code);
}

/* One character; @doubled is written twice (the quote of CSV), 0: none. */
static size_t put_one(FILE *file, const char *text, size_t length, uint32_t doubled)
{
	uint32_t code = 0;
	size_t n = hl_utf8_decode(text, length, &code);

	if (!n) {
		put_escape(file, (unsigned char)*text);
		return 1;
	}
	if (code < 0x20 || (code >= 0x7f && code < 0xa0) || is_deceiving(code)) {
		put_escape(file, code);
		return n;
	}
	if (code == doubled)
		fputc((int)code, file);
	fwrite(text, 1, n, file);
	return n;
}

void hl_put_text(FILE *file, const char *text, size_t length)
{
	while (length) {
		size_t n = put_one(file, text, length, 0);

		text += n;
		length -= n;
	}
}

void hl_put_name(FILE *file, const char *name)
{
	hl_put_text(file, name, strlen(name));
}

void hl_put_csv(FILE *file, const char *text, size_t length)
{
	bool is_formula = length && strchr("=+-@\t\r", *text) && *text;
	bool is_quoted = is_formula;

	for (size_t i = 0; i < length; i++)
		is_quoted |= text[i] == ',' || text[i] == '"' || text[i] == ' ';
	if (is_quoted)
		fputc('"', file);
	if (is_formula)
		fputc('\'', file);
	while (length) {
		size_t n = put_one(file, text, length, '"');

		text += n;
		length -= n;
	}
	if (is_quoted)
		fputc('"', file);
}
