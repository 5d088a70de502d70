/* SPDX-License-Identifier: MIT */
/* Numbers and strings of the lexer. */
#include "scenario/syntax/lex-literal.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/compile/constant.h"

static bool is_digit(char ch, unsigned int base)
{
	if (base == 16 && ((ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F')))
		return true;
	return ch >= '0' && ch < '0' + (base < 10 ? (int)base : 10);
}

static const char *base_word(unsigned int base)
{
	return base == 2 ? "binary" : base == 8 ? "octal" : base == 16 ? "hexadecimal" : "decimal";
}

/* Digits with single underscores between them. */
static void skip_digits(struct lexer *l, unsigned int base)
{
	for (;;) {
		while (is_digit(*l->at, base))
			l->at++;
		if (*l->at != '_')
			return;
		l->at++;
		if (!is_digit(*l->at, base))
			fail_syntax(l->c, l->line, "invalid %s literal", base_word(base));
	}
}

static bool is_letter(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
}

/* Python still takes "1if x else y", but no other letters after a number. */
static void check_number_end(struct lexer *l, unsigned int base)
{
	static const char *const words[] = {"and", "else", "for", "if", "in", "is", "not", "or"};
	const char *at = l->at;

	if (!is_letter(*at) && (unsigned char)*at < 0x80)
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!strncmp(at, words[i], strlen(words[i])))
			return;
	}
	fail_syntax(l->c, l->line, "invalid %s literal", base_word(base));
}

static void set_int(struct lexer *l, struct token *t, const char *digits, unsigned int base)
{
	t->number = constant_parse_int(l->c, digits, (size_t)(l->at - digits), base);
	if (!t->number)
		fail_unsupported(l->c, l->line, "an integer of more than 4300 digits");
}

static void read_based(struct lexer *l, struct token *t, unsigned int base)
{
	const char *digits = l->at += 2;

	if (*l->at == '_')
		l->at++;
	if (!is_digit(*l->at, base)) {
		if (*l->at >= '0' && *l->at <= '9')
			fail_syntax(l->c, l->line, "invalid digit '%c' in %s literal", *l->at,
					base_word(base));
		fail_syntax(l->c, l->line, "invalid %s literal", base_word(base));
	}
	skip_digits(l, base);
	if (*l->at >= '0' && *l->at <= '9')
		fail_syntax(l->c, l->line, "invalid digit '%c' in %s literal", *l->at, base_word(base));
	check_number_end(l, base);
	set_int(l, t, digits, base);
}

static double parse_real(const char *digits)
{
	locale_t made = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	double value;

	value = made ? strtod_l(digits, NULL, made) : strtod(digits, NULL);
	if (made)
		freelocale(made);
	return value;
}

static void set_float(struct lexer *l, struct token *t)
{
	char *digits = compilation_alloc(l->c, (size_t)(l->at - t->start) + 1);
	char *out = digits;

	for (const char *at = t->start; at < l->at; at++) {
		if (*at != '_')
			*out++ = *at;
	}
	t->number = constant_float(l->c, parse_real(digits));
}

/* The parts after a number's integer digits; false: there is none. */
static bool read_fraction(struct lexer *l)
{
	const char *start = l->at;

	if (*l->at == '.') {
		l->at++;
		if (is_digit(*l->at, 10))
			skip_digits(l, 10);
	}
	if (*l->at == 'e' || *l->at == 'E') {
		const char *exponent = l->at + 1;

		exponent += *exponent == '+' || *exponent == '-';
		if (is_digit(*exponent, 10)) {
			l->at = exponent;
			skip_digits(l, 10);
		} else if (exponent > l->at + 1) {
			fail_syntax(l->c, l->line, "invalid decimal literal");
		}
	}
	return l->at > start;
}

static void read_decimal(struct lexer *l, struct token *t)
{
	bool is_real;

	if (is_digit(*l->at, 10))
		skip_digits(l, 10);
	t->length = (size_t)(l->at - t->start);
	is_real = read_fraction(l);
	if (*l->at == 'j' || *l->at == 'J')
		fail_unsupported(l->c, l->line, "a complex number");
	check_number_end(l, 10);
	if (is_real) {
		set_float(l, t);
		return;
	}
	if (*t->start == '0' && strspn(t->start, "0_") < t->length)
		fail_syntax(l->c, l->line, "leading zeros in decimal integer literals are not "
				"permitted; use an 0o prefix for octal integers");
	set_int(l, t, t->start, 10);
}

void lex_number(struct lexer *l, struct token *t)
{
	char letter = l->at[0] == '0' ? (char)(l->at[1] | 0x20) : 0;

	t->kind = TOKEN_NUMBER;
	if (letter == 'x')
		read_based(l, t, 16);
	else if (letter == 'o')
		read_based(l, t, 8);
	else if (letter == 'b')
		read_based(l, t, 2);
	else
		read_decimal(l, t);
	t->length = (size_t)(l->at - t->start);
}

/* The length of a prefix as in rb"", or -1: what stands here is no string. */
static int read_prefix(const char *at, uint8_t *flags)
{
	int length = 0;

	*flags = 0;
	for (; at[length] != '"' && at[length] != '\''; length++) {
		char ch = (char)(at[length] | 0x20);
		uint8_t flag = ch == 'r' ? STRING_RAW : ch == 'b' ? STRING_BYTES :
			ch == 'f' ? STRING_FORMAT : 0;

		if (length == 2 || (ch == 'u' && (at[1] != '"' && at[1] != '\'')) || (!flag && ch != 'u') ||
				(length && ch == 'u') || (*flags & flag))
			return -1;
		*flags |= flag;
	}
	return (*flags & STRING_BYTES) && (*flags & STRING_FORMAT) ? -1 : length;
}

_Noreturn static void fail_unterminated(struct lexer *l, const struct token *t)
{
	if (t->string_flags & STRING_TRIPLE)
		fail_syntax(l->c, t->line, "unterminated triple-quoted string literal (detected at "
				"line %u)", l->line);
	fail_syntax(l->c, t->line, "unterminated string literal (detected at line %u)", l->line);
}

/* Reads to the closing quotes. */
static void read_body(struct lexer *l, struct token *t, char quote)
{
	bool triple = t->string_flags & STRING_TRIPLE;

	for (;; l->at++) {
		if (l->at >= l->end) {
			/* A newline at the end of the text begins no line. */
			if (triple && l->at[-1] == '\n')
				l->line--;
			fail_unterminated(l, t);
		}
		if (*l->at == quote && (!triple || (l->at[1] == quote && l->at[2] == quote)))
			break;
		if (*l->at == '\n' && !triple)
			fail_unterminated(l, t);
		if (*l->at == '\\' && l->at + 1 < l->end)
			l->at++;
		if (*l->at == '\n')
			l->line++;
	}
}

bool lex_string(struct lexer *l, struct token *t)
{
	int prefix = read_prefix(l->at, &t->string_flags);
	char quote;

	if (prefix < 0)
		return false;
	l->at += prefix;
	quote = *l->at++;
	if (l->at[0] == quote && l->at[1] == quote) {
		t->string_flags |= STRING_TRIPLE;
		l->at += 2;
	}
	t->kind = TOKEN_STRING;
	t->body = l->at;
	read_body(l, t, quote);
	t->body_length = (size_t)(l->at - t->body);
	l->at += t->string_flags & STRING_TRIPLE ? 3 : 1;
	t->length = (size_t)(l->at - t->start);
	return true;
}
