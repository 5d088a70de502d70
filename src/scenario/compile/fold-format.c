/* SPDX-License-Identifier: MIT */
/* A string % a tuple display: CPython 3.11 compiles it as an f-string, and makes no tuple. */
#include "scenario/compile/fold.h"

#include <string.h>

#include "scenario/compile/constant.h"

#define MAX_DIGITS 3

/* The format while it is read. */
struct format_reader {
	struct compilation *c;
	const struct expr_list *values;
	uint32_t nr_used;
	const char *at;
	const char *end;
	struct expr_list pieces;
};

static struct expr *new_piece(struct compilation *c, enum expr_kind kind, uint32_t line)
{
	struct expr *e = NEW(c, struct expr);

	e->kind = kind;
	e->line = e->end_line = line;
	e->depth = 1;
	return e;
}

static void add_text(struct format_reader *f, const char *data, size_t length)
{
	struct expr *e;

	if (!length)
		return;
	e = new_piece(f->c, EXPR_CONSTANT, 0);
	e->constant = constant_text(f->c, CONSTANT_STR, data, length);
	PUSH(f->c, f->pieces.data, f->pieces.nr, e);
}

/* Text up to a field; "%%" is one sign in it. */
static void read_text(struct format_reader *f)
{
	char *text = compilation_alloc(f->c, (size_t)(f->end - f->at) + 1), *out = text;

	while (f->at < f->end && (*f->at != '%' || (f->at + 1 < f->end && f->at[1] == '%'))) {
		if (*f->at == '%')
			f->at++;
		*out++ = *f->at++;
	}
	add_text(f, text, (size_t)(out - text));
}

/* Up to three digits; false: more. An empty number is left out. */
static bool copy_digits(struct format_reader *f, char **out)
{
	int nr = 0;

	for (; f->at < f->end && *f->at >= '0' && *f->at <= '9'; f->at++) {
		if (++nr > MAX_DIGITS)
			return false;
		*(*out)++ = *f->at;
	}
	return true;
}

/* "%-5.3s": width and precision as a format specification, ">5.3"; false: not such a field. */
static bool read_field_spec(struct format_reader *f, char *spec)
{
	bool is_left = f->at < f->end && *f->at == '-';
	char *out = spec;

	while (f->at < f->end && *f->at == '-')
		f->at++;
	if (f->at < f->end && strchr("+ #0", *f->at))
		return false;
	if (!is_left && f->at < f->end && *f->at >= '1' && *f->at <= '9')
		*out++ = '>';
	if (!copy_digits(f, &out))
		return false;
	if (f->at < f->end && *f->at == '.') {
		f->at++;
		*out++ = '.';
		if (f->at == f->end || *f->at < '0' || *f->at > '9')
			*out++ = '0';
		if (!copy_digits(f, &out))
			return false;
	}
	*out = '\0';
	return true;
}

static bool read_field(struct format_reader *f)
{
	char spec[2 * MAX_DIGITS + 8];
	struct expr *e, *value;
	const char *letter;

	f->at++;
	if (!read_field_spec(f, spec) || f->at == f->end || f->nr_used == f->values->nr)
		return false;
	letter = *f->at ? strchr("sra", *f->at) : NULL;
	if (!letter)
		return false;
	f->at++;
	value = f->values->data[f->nr_used++];
	e = new_piece(f->c, EXPR_FORMATTED, value->line);
	e->formatted.value = value;
	e->formatted.conversion = *letter == 's' ? 1 : *letter == 'r' ? 2 : 3;
	if (*spec) {
		e->formatted.spec = new_piece(f->c, EXPR_CONSTANT, 0);
		e->formatted.spec->constant = constant_text(f->c, CONSTANT_STR, spec, strlen(spec));
	}
	PUSH(f->c, f->pieces.data, f->pieces.nr, e);
	return true;
}

void fold_format(struct compilation *c, struct expr *e)
{
	const struct constant *format = e->binary.left->constant;
	struct format_reader f = {.c = c, .values = &e->binary.right->items, .at = format->text.data};

	f.end = f.at + format->text.length;
	while (f.at < f.end) {
		read_text(&f);
		if (f.at < f.end && !read_field(&f))
			return;
	}
	if (f.nr_used < f.values->nr)
		return;
	e->kind = EXPR_JOINED;
	e->items = f.pieces;
}
