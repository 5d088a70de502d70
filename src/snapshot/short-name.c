/* SPDX-License-Identifier: MIT */
/*
 * One pass over the tokens writes the short form behind itself; when a bracket closes, what was written since it opened
 * is looked at again: arguments that are the default are cut off, a type that has a name of its own is replaced.  So
 * inner types are short before outer ones are compared with them, and nothing is allocated but the result.
 */
#include "short-name.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "name-defaults.h"
#include "name-lexer.h"

enum {
	MAX_NAME = 16 * 1024,
	/* written before the longer source is gone: 2 bytes for each 'lambda' whose parameters are open */
	SPARE = 2 * HL_NAME_DEPTH + 64,
};

/* An open bracket. */
struct level {
	size_t inside;			/* behind the bracket */
	size_t name;			/* where the name began that it follows, or the bracket itself */
	size_t arguments[HL_NAME_ARGUMENTS];
	size_t nr_arguments;		/* also of more than there is room for */
	bool follows_name;		/* without a blank between */
	bool is_dropped;		/* with all that is in it */
	bool has_as;			/* Rust's <A as B> */
};

struct shortening {
	struct hl_name_lexer lexer;
	char *out;
	size_t length;
	size_t name;			/* where the current qualified name began ... */
	size_t word;			/* ... and its last component */
	bool in_name;			/* the next word belongs to it */
	bool is_scoped;			/* the last token was "::" */
	size_t lambda_end;		/* behind a lambda, if the last token ended one; else 0 */
	bool drops_next;		/* the bracket that comes next: parameters of 'lambda' */
	struct level levels[HL_NAME_DEPTH];
};

static void put(struct shortening *s, const char *text, size_t length)
{
	memcpy(s->out + s->length, text, length);
	s->length += length;
}

static void put_string(struct shortening *s, const char *text)
{
	put(s, text, strlen(text));
}

static struct hl_name_part written(const struct shortening *s, size_t start, size_t end)
{
	return (struct hl_name_part){s->out + start, end - start};
}

static void begin_name(struct shortening *s)
{
	if (!s->in_name)
		s->name = s->length;
	s->in_name = true;
	s->word = s->length;
}

static bool is_hex(const char *text, size_t length)
{
	return strspn(text, "0123456789abcdef") >= length;
}

/* "::h0123456789abcdef" at the end of a name of Rust's older mangling. */
static bool is_hash(const struct shortening *s)
{
	const struct hl_name_lexer *l = &s->lexer;

	return s->is_scoped && !*l->next && l->length == 17 && *l->text == 'h' && is_hex(l->text + 1, 16);
}

static bool is_inline(const struct shortening *s)
{
	const struct hl_name_lexer *l = &s->lexer;

	return s->is_scoped && s->length >= s->word + 2 && !strncmp(l->next, "::", 2) &&
	       hl_name_is_inline(written(s, s->word, s->length - 2), (struct hl_name_part){l->text, l->length});
}

/* 3ul as 3 */
static size_t number_length(const char *text, size_t length)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits < length && strspn(text + digits, "ul") >= length - digits ? digits : length;
}

/* clang's lambdas: a class of this name that is called. */
static bool is_called_unnamed(const struct hl_name_lexer *l)
{
	static const char call[] = "::operator()";

	return l->length >= 3 && l->text[0] == '$' && l->text[1] == '_' && !strncmp(l->next, call, sizeof(call) - 1);
}

static void cut_rust(struct shortening *s)
{
	size_t cut = hl_name_rust_cut(written(s, s->name, s->length));

	if (!cut)
		return;
	memmove(s->out + s->name, s->out + s->name + cut, s->length - s->name - cut);
	s->length -= cut;
	s->word -= cut;
}

static void take_word(struct shortening *s)
{
	struct hl_name_lexer *l = &s->lexer;
	struct hl_name_part word = {l->text, l->length};

	if (is_hash(s)) {
		s->length -= 2;
		return;
	}
	if (is_inline(s)) {
		l->next += 2;
		return;
	}
	begin_name(s);
	if (is_called_unnamed(l)) {
		put_string(s, "{lambda");
		put(s, l->text, l->length);
		put_string(s, "}");
		s->lambda_end = s->length;
		s->is_scoped = false;
		return;
	}
	if (l->depth && hl_name_part_is(word, "as"))
		s->levels[l->depth - 1].has_as = true;
	put(s, l->text, number_length(l->text, l->length));
	cut_rust(s);
	s->is_scoped = false;
}

/* What a lambda does is to be called. */
static void take_operator(struct shortening *s)
{
	static const char call[] = "operator()";
	const struct hl_name_lexer *l = &s->lexer;

	if (s->lambda_end && s->lambda_end + 2 == s->length && l->length == sizeof(call) - 1 &&
			!memcmp(l->text, call, l->length)) {
		s->length -= 2;
		s->is_scoped = false;
		return;
	}
	begin_name(s);
	put(s, l->text, l->length);
	s->is_scoped = false;
}

/* LLVM's first lambda is 'lambda'(int), its second 'lambda0'(int); here {lambda#1} and {lambda#2}. */
static void take_literal(struct shortening *s)
{
	static const char lambda[] = "'lambda";
	const struct hl_name_lexer *l = &s->lexer;
	const size_t before = sizeof(lambda) - 1;
	unsigned long number = 1;
	char text[SPARE];

	begin_name(s);
	s->is_scoped = false;
	if (memcmp(l->text, lambda, l->length < before ? l->length : before) || *l->next != '(' || l->length > 16 ||
			strspn(l->text + before, "0123456789") != l->length - before - 1) {
		put(s, l->text, l->length);
		return;
	}
	if (l->length > before + 1)
		number = strtoul(l->text + before, NULL, 10) + 2;
	put(s, text, (size_t)snprintf(text, sizeof(text), "{lambda#%lu}", number));
	s->drops_next = true;
}

static void take_open(struct shortening *s)
{
	const struct hl_name_lexer *l = &s->lexer;
	struct level *level = &s->levels[l->depth - 1];

	memset(level, 0, sizeof(*level));
	level->follows_name = s->in_name && !s->is_scoped && s->length;
	level->is_dropped = s->drops_next;
	s->drops_next = false;
	begin_name(s);
	level->name = s->name;
	put(s, l->text, 1);
	level->inside = s->length;
	level->arguments[0] = s->length;
	level->nr_arguments = 1;
	s->in_name = false;
	s->is_scoped = false;
}

static void take_comma(struct shortening *s)
{
	struct hl_name_lexer *l = &s->lexer;
	struct level *level = &s->levels[l->depth - 1];

	put_string(s, ",");
	if (*l->next == ' ') {
		put_string(s, " ");
		l->next++;
	}
	if (level->nr_arguments < HL_NAME_ARGUMENTS)
		level->arguments[level->nr_arguments] = s->length;
	level->nr_arguments++;
	s->in_name = false;
	s->is_scoped = false;
}

/* Argument @i of a list whose bracket is not closed yet. */
static struct hl_name_part argument(const struct shortening *s, const struct level *level, size_t i)
{
	size_t end = i + 1 < level->nr_arguments ? level->arguments[i + 1] : s->length;

	if (i + 1 < level->nr_arguments) {
		end -= s->out[end - 1] == ' ';
		end--;
	}
	return written(s, level->arguments[i], end);
}

static void cut_defaults(struct shortening *s, const struct level *level)
{
	struct hl_name_part name = written(s, level->name, level->inside - 1);
	struct hl_name_part arguments[HL_NAME_ARGUMENTS];
	size_t needed;

	if (level->nr_arguments > HL_NAME_ARGUMENTS || level->nr_arguments < 2)
		return;
	for (size_t i = 0; i < level->nr_arguments; i++)
		arguments[i] = argument(s, level, i);
	needed = hl_name_nr_needed(name, arguments, level->nr_arguments);
	if (needed < level->nr_arguments)
		s->length = (size_t)(arguments[needed - 1].text - s->out) + arguments[needed - 1].length;
}

/* __normal_iterator<int*, std::vector<int>> is what std::vector<int>::iterator stands for. */
static bool cut_iterator(struct shortening *s, const struct level *level)
{
	struct hl_name_part name = written(s, level->name, level->inside - 1);
	struct hl_name_part pointer, container;
	bool is_const;

	if (!hl_name_part_is(name, "__gnu_cxx::__normal_iterator") || level->nr_arguments != 2)
		return false;
	pointer = argument(s, level, 0);
	container = argument(s, level, 1);
	if (!hl_name_part_starts(container, "std::"))
		return false;
	is_const = pointer.length > 7 && !memcmp(pointer.text + pointer.length - 7, " const*", 7);
	memmove(s->out + level->name, container.text, container.length);
	s->length = level->name + container.length;
	put_string(s, is_const ? "::const_iterator" : "::iterator");
	return true;
}

/* <[u8]>::len keeps its brackets, <alloc::vec::Vec<u8>>::len need not. */
static bool unwrap_self(struct shortening *s, const struct level *level)
{
	struct hl_name_part inside = written(s, level->inside, s->length);

	if (level->name + 1 != level->inside || level->has_as || strncmp(s->lexer.next, "::", 2) || !inside.length ||
			hl_name_part_starts(inside, "dyn ") || hl_name_part_starts(inside, "impl ") ||
			!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", inside.text[0]))
		return false;
	memmove(s->out + level->name, inside.text, inside.length);
	s->length--;
	return true;
}

static void replace(struct shortening *s, size_t start, const char *text)
{
	s->length = start;
	put_string(s, text);
}

static void close_list(struct shortening *s, const struct level *level)
{
	struct hl_name_part alias;

	/* "> >" of older compilers */
	if (s->length > level->inside && !memcmp(s->lexer.text - 2, "> ", 2))
		s->length--;
	/* GCC's debugging information: main()::<lambda(int)> */
	if (hl_name_part_starts(written(s, level->inside, s->length), "lambda(")) {
		replace(s, level->inside - 1, "{lambda}");
		s->lambda_end = s->length;
		return;
	}
	if (unwrap_self(s, level))
		return;
	cut_defaults(s, level);
	if (cut_iterator(s, level))
		return;
	put_string(s, ">");
	if (!hl_name_alias(written(s, level->name, s->length), &alias))
		return;
	s->length = level->name;
	put(s, alias.text, alias.length);
}

/* What may stand between the parameters of a function and what is local to it; its length. */
static size_t qualifiers_length(const char *text)
{
	static const char *const words[] = {" const", " volatile", " &&", " &", "&&", "&", " noexcept", NULL};
	size_t n = 0;

	for (size_t i = 0; words[i]; i++) {
		size_t length = strlen(words[i]);

		if (strncmp(text + n, words[i], length))
			continue;
		n += length;
		if (!strncmp(text + n, "::", 2))
			break;
	}
	return strncmp(text + n, "::", 2) ? 0 : n;
}

static bool is_scope_parameters(const struct shortening *s, const struct level *level)
{
	struct hl_name_part name = written(s, level->name, level->inside - 1);
	const char *next = s->lexer.next;

	return level->follows_name && !hl_name_part_is(name, "decltype") &&
	       (!strncmp(next, "::", 2) || qualifiers_length(next));
}

static void close_parameters(struct shortening *s, const struct level *level)
{
	struct hl_name_part inside = written(s, level->inside, s->length);

	if (level->is_dropped) {
		s->length = level->inside - 1;
		s->lambda_end = s->length;
	} else if (is_scope_parameters(s, level)) {
		s->length = level->inside - 1;
		s->lexer.next += qualifiers_length(s->lexer.next);
	} else if (hl_name_part_is(inside, "anonymous namespace")) {
		replace(s, level->inside, "anonymous)");
	} else {
		put_string(s, ")");
	}
}

static void close_square(struct shortening *s, const struct level *level)
{
	struct hl_name_part inside = written(s, level->inside, s->length);
	bool is_tag = hl_name_part_starts(inside, "abi:");

	/* of a crate; Rust writes 64 bits, usually all of them */
	if (!strncmp(s->lexer.next, "::", 2) && inside.length > 8 && inside.length <= 16)
		is_tag |= is_hex(inside.text, inside.length);
	if (level->follows_name && is_tag)
		s->length = level->inside - 1;
	else
		put_string(s, "]");
}

static void close_curly(struct shortening *s, const struct level *level)
{
	struct hl_name_part inside = written(s, level->inside, s->length);
	const char *number = memrchr(inside.text, '#', inside.length);

	if (hl_name_part_is(inside, "anonymous")) {
		replace(s, level->inside - 1, "(anonymous)");
		return;
	}
	if (number && (hl_name_part_starts(inside, "lambda(") || hl_name_part_starts(inside, "lambda<"))) {
		size_t length = inside.length - (size_t)(number - inside.text);

		s->length = level->inside + strlen("lambda");
		memmove(s->out + s->length, number, length);
		s->length += length;
	}
	put_string(s, "}");
	if (hl_name_part_starts(written(s, level->inside, s->length), "lambda#"))
		s->lambda_end = s->length;
}

static void take_close(struct shortening *s)
{
	const struct level *level = &s->levels[s->lexer.depth];

	switch (*s->lexer.text) {
	case '>':
		close_list(s, level);
		break;
	case ')':
		close_parameters(s, level);
		break;
	case ']':
		close_square(s, level);
		break;
	default:
		close_curly(s, level);
		break;
	}
	s->name = level->name;
	s->word = level->name;
	s->in_name = true;
	s->is_scoped = false;
}

static void take_sign(struct shortening *s)
{
	const struct hl_name_lexer *l = &s->lexer;

	if (*l->text == ',' && l->depth && l->open[l->depth - 1] == '<') {
		take_comma(s);
		return;
	}
	put(s, l->text, l->length);
	s->in_name = false;
	s->is_scoped = false;
}

static void take(struct shortening *s, enum hl_name_token token)
{
	size_t lambda_end = s->lambda_end;

	switch (token) {
	case HL_NAME_WORD:
		take_word(s);
		break;
	case HL_NAME_SCOPE:
		s->in_name |= s->length == 0;
		put_string(s, "::");
		s->is_scoped = true;
		return;
	case HL_NAME_OPERATOR:
		take_operator(s);
		break;
	case HL_NAME_LITERAL:
		take_literal(s);
		break;
	case HL_NAME_OPEN:
		take_open(s);
		break;
	case HL_NAME_CLOSE:
		take_close(s);
		break;
	default:
		take_sign(s);
		break;
	}
	/* only the token behind may still want to know */
	if (s->lambda_end == lambda_end)
		s->lambda_end = 0;
}

static bool shorten(struct shortening *s)
{
	enum hl_name_token token;

	while ((token = hl_name_next(&s->lexer)) != HL_NAME_END) {
		if (token == HL_NAME_BROKEN)
			return false;
		take(s, token);
	}
	s->out[s->length] = '\0';
	return true;
}

int hl_short_name(const char *full, char **out)
{
	size_t length = strnlen(full, MAX_NAME + 1);
	struct shortening *s;
	bool is_shorter;

	*out = NULL;
	/* plain names of C are most */
	if (length > MAX_NAME || !full[strcspn(full, "<:[({$")])
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->out = malloc(length + SPARE);
	if (!s->out) {
		free(s);
		return -ENOMEM;
	}
	s->lexer.next = full;
	is_shorter = shorten(s) && s->length < length && s->length;
	if (is_shorter)
		*out = s->out;
	else
		free(s->out);
	free(s);
	return 0;
}
