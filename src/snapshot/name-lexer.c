/* SPDX-License-Identifier: MIT */
/*
 * The tokens of a demangled name.  Hand-written: demanglers' output has no grammar of its own, and no
 * library reads it back.
 */
#include "name-lexer.h"

#include <string.h>

enum {
	MAX_CHARACTER = 12,		/* '\u{10ffff}' */
};

/* The longer ones first. */
static const char *const signs[] = {
	"->*", "<=>", "<<=", ">>=", "()", "[]", "->", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "++", "--", "+=",
	"-=", "*=", "/=", "%=", "^=", "&=", "|=", " new[]", " new", " delete[]", " delete", " co_await", "<", ">", "+",
	"-", "*", "/", "%", "^", "&", "|", "~", "!", "=", ",",
};

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
	       c == '.' || c == '~' || (unsigned char)c >= 0x80;
}

static size_t word_length(const char *text)
{
	size_t n = 0;

	while (is_word_byte(text[n]))
		n++;
	return n;
}

/* Of what stands behind "operator"; 0: a type does, or nothing. */
static size_t sign_length(const char *text)
{
	size_t n;

	if (text[0] == '"' && text[1] == '"') {
		n = text[2] == ' ' ? 3 : 2;
		return n + word_length(text + n);
	}
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		n = strlen(signs[i]);
		if (!strncmp(text, signs[i], n) && !(signs[i][0] == ' ' && is_word_byte(text[n])))
			return n;
	}
	return 0;
}

/* From one quotation mark to the next; 0: there is none. */
static size_t quoted_length(const char *text)
{
	size_t n = 1;

	while (text[n] && text[n] != text[0])
		n += text[n] == '\\' && text[n + 1] ? 2 : 1;
	return text[n] ? n + 1 : 0;
}

/* A ' begins a character, a word of LLVM's demangler, or a lifetime of Rust, which is no literal. */
static size_t literal_length(const char *text)
{
	static const char *const words[] = {"'lambda", "'unnamed", "'block-literal"};
	size_t n = 2;

	if (text[0] == '"')
		return quoted_length(text);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncmp(text, words[i], strlen(words[i])))
			return quoted_length(text);
	if (text[1] == '\0' || (text[1] == '\\' && text[2] == '\0'))
		return 0;
	n += text[1] == '\\';
	while (n < MAX_CHARACTER && text[n] && text[n] != '\'' && (text[1] == '\\' || (unsigned char)text[n] >= 0x80))
		n++;
	return text[n] == '\'' ? n + 1 : 0;
}

static enum hl_name_token open_bracket(struct hl_name_lexer *lexer)
{
	if (lexer->depth == HL_NAME_DEPTH)
		return HL_NAME_BROKEN;
	lexer->open[lexer->depth++] = *lexer->text;
	return HL_NAME_OPEN;
}

static enum hl_name_token close_bracket(struct hl_name_lexer *lexer, char partner)
{
	char open = lexer->depth ? lexer->open[lexer->depth - 1] : '\0';

	if (open != partner)
		return partner == '<' && open ? HL_NAME_SIGN : HL_NAME_BROKEN;
	lexer->depth--;
	return HL_NAME_CLOSE;
}

static enum hl_name_token bracket(struct hl_name_lexer *lexer)
{
	switch (*lexer->text) {
	case '<':
		return lexer->is_behind_paren ? HL_NAME_SIGN : open_bracket(lexer);
	case '(':
	case '[':
	case '{':
		return open_bracket(lexer);
	case '>':
		return close_bracket(lexer, '<');
	case ')':
		return close_bracket(lexer, '(');
	case ']':
		return close_bracket(lexer, '[');
	case '}':
		return close_bracket(lexer, '{');
	default:
		return HL_NAME_SIGN;
	}
}

static enum hl_name_token find_token(struct hl_name_lexer *lexer)
{
	const char *text = lexer->text;

	lexer->length = word_length(text);
	if (lexer->length == 8 && !memcmp(text, "operator", 8)) {
		size_t n = sign_length(text + 8);

		lexer->length += n;
		return n ? HL_NAME_OPERATOR : HL_NAME_WORD;
	}
	if (lexer->length)
		return HL_NAME_WORD;
	lexer->length = *text == '\'' || *text == '"' ? literal_length(text) : 0;
	if (lexer->length)
		return HL_NAME_LITERAL;
	if (*text == '"')
		return HL_NAME_BROKEN;
	lexer->length = 2;
	if (text[0] == ':' && text[1] == ':')
		return HL_NAME_SCOPE;
	if (text[0] == '-' && text[1] == '>')
		return HL_NAME_SIGN;
	lexer->length = 1;
	return bracket(lexer);
}

enum hl_name_token hl_name_next(struct hl_name_lexer *lexer)
{
	enum hl_name_token token;

	lexer->text = lexer->next;
	lexer->length = 0;
	if (!*lexer->text)
		return lexer->depth ? HL_NAME_BROKEN : HL_NAME_END;
	token = find_token(lexer);
	if (*lexer->text != ' ')
		lexer->is_behind_paren = token == HL_NAME_CLOSE && *lexer->text == ')';
	lexer->next = lexer->text + lexer->length;
	return token;
}
