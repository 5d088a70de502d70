/* SPDX-License-Identifier: MIT */
/* Escaping for text and CSV. */
#include "reports/escape.h"

#include <inttypes.h>
#include <string.h>

#include "snapshot/utf8.h"

/* How a text is written: all zero is in the middle of a line, and nothing replaced. */
struct form {
	const char *from, *to;		/* bytes to replace, and by what; NULL: none */
	uint32_t doubled;		/* a character that is written twice: the quote of CSV */
	bool may_begin_line;		/* nothing but blanks need stand before it */
};

static uint32_t replaced(const struct form *form, uint32_t code)
{
	const char *found = form->from && code && code < 0x80 ? strchr(form->from, (int)code) : NULL;

	return found ? (unsigned char)form->to[found - form->from] : code;
}

/* The first character as it will be written, and its length; a byte that is not UTF-8 has a code that nothing has. */
static size_t look(const struct form *form, const char *text, size_t length, uint32_t *code)
{
	size_t n = length ? hl_utf8_decode(text, length, code) : 0;

	if (n)
		*code = replaced(form, *code);
	else
		*code = UINT32_MAX;
	return n ? n : 1;
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
		fprintf(file, code < 0x10000 ? "\\u%04" PRIx32 : "\\U%08" PRIx32, code);
}

/* --- commands to who reads our output -------------------------------------------------------------------- */

/*
 * CI systems take lines of any program for commands to themselves. "::error::" at the beginning of a line, blanks
 * aside, and "##[error]", "##vso[...]" and "##teamcity[...]" anywhere. One sign that is escaped takes their meaning.
 */
#define LONGEST_WORD 16

static bool is_blank(uint32_t code)
{
	return code == ' ' || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x202f ||
		code == 0x205f || code == 0x3000;
}

/* What follows the second '#': letters and a bracket. */
static bool is_word_of_command(const struct form *form, const char *text, size_t length)
{
	uint32_t code = 0;

	for (size_t at = 0, nr = 0; at < length && nr <= LONGEST_WORD; nr++) {
		at += look(form, text + at, length - at, &code);
		if (code == '[')
			return true;
		if ((code | 0x20) < 'a' || (code | 0x20) > 'z')
			return false;
	}
	return false;
}

/* Where the colon is that would make the text a command: the one after blanks, before another one or at the end, as
 * what is written next may be one.  SIZE_MAX: there is none. */
static size_t find_leading_colon(const struct form *form, const char *text, size_t length)
{
	uint32_t code = ' ';
	size_t at = 0, n = 0;

	while (at < length && is_blank(code)) {
		at += n;
		n = look(form, text + at, length - at, &code);
	}
	if (at >= length || code != ':')
		return SIZE_MAX;
	look(form, text + at + n, length - at - n, &code);
	return at + n == length || code == ':' ? at : SIZE_MAX;
}

/* --- the one way ------------------------------------------------------------------------------------------ */

static void put(FILE *file, const char *text, size_t length, const struct form *form)
{
	size_t colon = form->may_begin_line ? find_leading_colon(form, text, length) : SIZE_MAX;
	uint32_t before = 0;
	uint32_t code;

	for (size_t at = 0, n; at < length; at += n, before = code) {
		n = look(form, text + at, length - at, &code);
		if (code == UINT32_MAX)
			put_escape(file, (unsigned char)text[at]);
		else if (hl_utf8_is_harmful(code) || at == colon || (code == '#' && before == '#' &&
				is_word_of_command(form, text + at + n, length - at - n)))
			put_escape(file, code);
		else if (n == 1)
			fputc((int)code, file);
		else
			fwrite(text + at, 1, n, file);
		if (form->doubled && code == form->doubled)
			fputc((int)code, file);
	}
}

void hl_put_text(FILE *file, const char *text, size_t length)
{
	put(file, text, length, &(struct form){.may_begin_line = true});
}

void hl_put_name(FILE *file, const char *name)
{
	hl_put_text(file, name, strlen(name));
}

void hl_put_inner(FILE *file, const char *text, size_t length)
{
	put(file, text, length, &(struct form){.may_begin_line = false});
}

void hl_put_replaced(FILE *file, const char *text, size_t length, const char *from, const char *to)
{
	put(file, text, length, &(struct form){.from = from, .to = to, .may_begin_line = true});
}

/* --- CSV -------------------------------------------------------------------------------------------------- */

/* What a spreadsheet computes, blanks before it aside: also the wide forms of the signs. */
static bool is_formula(const char *text, size_t length)
{
	const struct form plain = {0};
	uint32_t code = ' ';

	for (size_t at = 0; at < length && is_blank(code);)
		at += look(&plain, text + at, length - at, &code);
	return code == '=' || code == '+' || code == '-' || code == '@' || code == '\t' || code == '\r' ||
		code == 0xff1d || code == 0xff0b || code == 0xff0d || code == 0xff20;
}

void hl_put_csv(FILE *file, const char *text, size_t length)
{
	bool has_formula = is_formula(text, length);
	bool is_quoted = has_formula;

	/* The semicolon separates fields where the comma is the decimal point. */
	for (size_t i = 0; i < length; i++)
		is_quoted |= text[i] == ',' || text[i] == '"' || text[i] == ' ' || text[i] == ';';
	if (is_quoted)
		fputc('"', file);
	if (has_formula)
		fputc('\'', file);
	put(file, text, length, &(struct form){.doubled = '"', .may_begin_line = true});
	if (is_quoted)
		fputc('"', file);
}
