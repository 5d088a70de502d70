/* SPDX-License-Identifier: MIT */
/*
 * A streaming JSON writer.
 *
 * Our own, because the output wants streaming (a report may have a million rows) and escaping that
 * is safe inside HTML too; the libraries of Debian 12 build a tree first.
 *
 * Strings come out as valid UTF-8 whatever they held: bytes that are none become U+FFFD, control
 * characters and < > & U+2028 U+2029 become \u escapes.
 */
#ifndef HL_REPORTS_JSON_H
#define HL_REPORTS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HL_JSON_MAX_DEPTH 32

struct hl_json {
	FILE *file;			/* borrowed; its error state tells of failures */
	unsigned int depth;
	bool has_items[HL_JSON_MAX_DEPTH];
	bool is_after_key;
	bool is_on_line;		/* between begin_line and end_line ... */
	bool is_line_start;		/* ... and before the value */
};

void hl_json_init(struct hl_json *json, FILE *file);
/* End the document with a newline; every begin must have had its end. */
void hl_json_finish(struct hl_json *json);

void hl_json_begin_object(struct hl_json *json);
void hl_json_end_object(struct hl_json *json);
void hl_json_begin_array(struct hl_json *json);
void hl_json_end_array(struct hl_json *json);

/*
 * The next value, which is an element of an array, goes onto one line: for tables with a million
 * rows.  Lines do not nest.
 */
void hl_json_begin_line(struct hl_json *json);
void hl_json_end_line(struct hl_json *json);

/* A value, or the name of the next one. */
void hl_json_key(struct hl_json *json, const char *key);
void hl_json_string(struct hl_json *json, const char *text);
void hl_json_bytes(struct hl_json *json, const char *text, size_t length);
void hl_json_signed(struct hl_json *json, int64_t value);
void hl_json_unsigned(struct hl_json *json, uint64_t value);
void hl_json_bool(struct hl_json *json, bool value);
void hl_json_null(struct hl_json *json);
/* Finite; written with enough digits to be read back, independent of the locale. */
void hl_json_double(struct hl_json *json, double value);

#endif
