/* SPDX-License-Identifier: MIT */
/* From the bytes of a file to a program. */
#include "scenario/compile/code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/syntax/cells.h"
#include "scenario/compile/compile.h"
#include "scenario/compile/constant.h"
#include "scenario/compile/fold.h"
#include "scenario/syntax/parse.h"

/* What a source may grow to, in instructions and symbols: see struct compilation. */
#define BUDGET_BASE 50000
#define BUDGET_PER_BYTE 20

/* The number of bytes of the UTF-8 character here; 0: it is none. */
static size_t utf8_length(const unsigned char *at, const unsigned char *end)
{
	size_t length = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 :
		*at < 0xf5 ? 4 : 0;

	if (!length || (size_t)(end - at) < length)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] >= 0xa0) ||
			(*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] >= 0x90))
		return 0;
	return length;
}

static void check_text(struct compilation *c, const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + length;
	uint32_t line = 1;
	size_t n;

	for (; at < end; at += n) {
		n = utf8_length(at, end);
		if (!n)
			fail_syntax(c, line, "Non-UTF-8 code starting with '\\x%02x' in file %.80s on line "
					"%u, but no encoding declared; see https://peps.python.org/pep-0263/ for "
					"details", *at, c->filename, line);
		if (!*at)
			fail_syntax(c, line, "source code cannot contain null bytes");
		line += *at == '\n';
	}
}

/* A copy with '\n' as the only line end, and without a byte order mark. */
static char *normalise(struct compilation *c, const char *text, size_t length, size_t *new_length)
{
	char *copy = compilation_alloc(c, length + 1), *out = copy;
	const char *end = text + length;

	if (length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	for (; text < end; text++) {
		if (*text == '\r') {
			*out++ = '\n';
			text += text + 1 < end && text[1] == '\n';
		} else {
			*out++ = *text;
		}
	}
	*new_length = (size_t)(out - copy);
	return copy;
}

static void compile_cell(struct compilation *c, struct program *program, const struct cell *cell,
		bool echoes)
{
	struct module *module = parse_module(c, cell->text, cell->length, cell->line);
	struct scope_table scopes;
	struct scope *scope;

	if (echoes && !module->body.nr)
		return;
	fold_module(c, module);
	scope = scope_analyse(&scopes, c, module);
	PUSH(c, program->units, program->nr_units, compile_module(c, &scopes, scope, module, echoes));
}

static struct program *compile(struct compilation *c, const char *text, size_t length,
		const char *filename, unsigned int flags)
{
	struct program *program = NEW(c, struct program);
	struct cell whole = {.line = 1}, *cells = &whole;
	uint32_t nr = 1;

	c->filename = compilation_text(c, filename, strlen(filename));
	check_text(c, text, length);
	whole.text = normalise(c, text, length, &whole.length);
	if (flags & PROGRAM_CELLS) {
		struct cell_list list = cells_find(c, whole.text, whole.length);

		cells = list.data;
		nr = list.nr;
	}
	for (uint32_t i = 0; i < nr; i++)
		compile_cell(c, program, &cells[i], flags & PROGRAM_CELLS);
	constant_number_all(c, program);
	program->memory = c;
	program->memory_bytes = c->bytes;
	return program;
}

static int code_of(enum scenario_error_kind kind)
{
	return kind == SCENARIO_NO_MEMORY ? -ENOMEM : kind == SCENARIO_LIMIT ? -E2BIG : -EINVAL;
}

int program_compile_within(const char *text, size_t length, const char *filename, unsigned int flags,
		uint64_t max_bytes, struct program **out, struct scenario_error *err)
{
	struct compilation *c = calloc(1, sizeof(*c));
	enum scenario_error_kind kind = SCENARIO_NO_MEMORY;

	if (c && length < UINT32_MAX / 4) {
		c->max_bytes = max_bytes;
		c->budget = BUDGET_BASE + BUDGET_PER_BYTE * (uint64_t)length;
		if (!setjmp(c->on_error)) {
			*out = compile(c, text, length, filename, flags);
			return 0;
		}
		kind = c->err.kind;
	}
	if (err) {
		*err = (struct scenario_error){.kind = kind, .message = "out of memory"};
		if (c && c->err.kind)
			*err = c->err;
	}
	compilation_free(c);
	return code_of(kind);
}

void program_free(struct program *program)
{
	if (program)
		compilation_free(program->memory);
}
