/* SPDX-License-Identifier: MIT */
/* The streaming JSON writer: two blanks of indentation per level. */
#include "reports/json.h"

#include <inttypes.h>
#include <string.h>

#include "snapshot/utf8.h"

void hl_json_init(struct hl_json *json, FILE *file)
{
	*json = (struct hl_json){.file = file};
}

void hl_json_finish(struct hl_json *json)
{
	fputc('\n', json->file);
}

static void new_line(struct hl_json *json)
{
	static const char blanks[] = "\n                                ";
	size_t n = 1 + 2 * (size_t)json->depth;

	fwrite_unlocked(blanks, 1, n < sizeof(blanks) - 1 ? n : sizeof(blanks) - 1, json->file);
	for (size_t i = sizeof(blanks) - 1; i < n; i++)
		putc_unlocked(' ', json->file);
}

/* What has to stand before a value. */
static void before_value(struct hl_json *json)
{
	bool had_items;

	if (json->is_after_key) {
		json->is_after_key = false;
		return;
	}
	if (!json->depth)
		return;
	had_items = json->has_items[json->depth - 1];
	if (had_items)
		putc_unlocked(',', json->file);
	json->has_items[json->depth - 1] = true;
	if (!json->is_on_line || json->is_line_start)
		new_line(json);
	else if (had_items)
		putc_unlocked(' ', json->file);
	json->is_line_start = false;
}

static void begin(struct hl_json *json, char bracket)
{
	before_value(json);
	putc_unlocked(bracket, json->file);
	if (json->depth < HL_JSON_MAX_DEPTH)
		json->has_items[json->depth] = false;
	json->depth++;
}

static void end(struct hl_json *json, char bracket)
{
	bool had_items = json->has_items[json->depth - 1];

	json->depth--;
	if (had_items && !json->is_on_line)
		new_line(json);
	putc_unlocked(bracket, json->file);
}

void hl_json_begin_line(struct hl_json *json)
{
	json->is_on_line = true;
	json->is_line_start = true;
}

void hl_json_end_line(struct hl_json *json)
{
	json->is_on_line = false;
}

void hl_json_begin_object(struct hl_json *json)
{
	begin(json, '{');
}

void hl_json_end_object(struct hl_json *json)
{
	end(json, '}');
}

void hl_json_begin_array(struct hl_json *json)
{
	begin(json, '[');
}

void hl_json_end_array(struct hl_json *json)
{
	end(json, ']');
}

/* As JSON has it: two of 16 bits for what has more. */
static void put_escape(FILE *file, uint32_t code)
{
	if (code < 0x10000)
		fprintf(file, "\\u%04" PRIx32, code);
	else
		fprintf(file, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
}

/* @before: the character before it; the second '#' of two could begin a command to a CI system. */
static void put_code_point(FILE *file, uint32_t code, uint32_t before, const char *bytes, size_t length)
{
	switch (code) {
	case '"':
		fputs("\\\"", file);
		return;
	case '\\':
		fputs("\\\\", file);
		return;
	case '\n':
		fputs("\\n", file);
		return;
	case '\t':
		fputs("\\t", file);
		return;
	}
	if (hl_utf8_is_harmful(code) || code == '<' || code == '>' || code == '&' || (code == '#' && before == '#'))
		put_escape(file, code);
	else
		fwrite(bytes, 1, length, file);
}

/* How many bytes stand for themselves: nearly all, and stacks have a thousand million of them. */
static size_t plain_length(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && text[n] >= ' ' && text[n] < 0x7f && text[n] != '"' && text[n] != '\\' && text[n] != '<' &&
			text[n] != '>' && text[n] != '&' && text[n] != '#')
		n++;
	return n;
}

static void put_string(FILE *file, const char *text, size_t length)
{
	uint32_t before = 0;

	putc_unlocked('"', file);
	while (length) {
		uint32_t code = 0;
		size_t n = plain_length(text, length);

		fwrite_unlocked(text, 1, n, file);
		if (n)
			before = (unsigned char)text[n - 1];
		text += n;
		length -= n;
		if (!length)
			break;
		n = hl_utf8_decode(text, length, &code);
		if (n)
			put_code_point(file, code, before, text, n);
		else
			fputs("\\ufffd", file);
		n = n ? n : 1;
		before = code;
		text += n;
		length -= n;
	}
	putc_unlocked('"', file);
}

void hl_json_key(struct hl_json *json, const char *key)
{
	before_value(json);
	put_string(json->file, key, strlen(key));
	fwrite_unlocked(": ", 1, 2, json->file);
	json->is_after_key = true;
}

void hl_json_string(struct hl_json *json, const char *text)
{
	hl_json_bytes(json, text, strlen(text));
}

void hl_json_bytes(struct hl_json *json, const char *text, size_t length)
{
	before_value(json);
	put_string(json->file, text, length);
}

void hl_json_signed(struct hl_json *json, int64_t value)
{
	before_value(json);
	fprintf(json->file, "%" PRId64, value);
}

void hl_json_unsigned(struct hl_json *json, uint64_t value)
{
	char digits[20];
	size_t n = sizeof(digits);

	/* Exports have a hundred million of these: no format string, no lock. */
	before_value(json);
	do
		digits[--n] = (char)('0' + value % 10);
	while (value /= 10);
	fwrite_unlocked(digits + n, 1, sizeof(digits) - n, json->file);
}

void hl_json_bool(struct hl_json *json, bool value)
{
	before_value(json);
	fputs(value ? "true" : "false", json->file);
}

void hl_json_null(struct hl_json *json)
{
	before_value(json);
	fwrite_unlocked("null", 1, 4, json->file);
}

void hl_json_double(struct hl_json *json, double value)
{
	char text[40];
	char *comma;

	before_value(json);
	snprintf(text, sizeof(text), "%.17g", value);
	/* the locale's decimal point, whatever byte it is */
	comma = strpbrk(text, ",");
	if (comma)
		*comma = '.';
	fputs(text, json->file);
}
