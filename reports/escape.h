/* SPDX-License-Identifier: MIT */
/*
 * Names on their way to a terminal, a log or a spreadsheet.
 *
 * File names, functions and arguments come from the observed program and may hold anything: escape
 * sequences that rewrite the screen, newlines that fake rows, formulas.
 */
#ifndef HL_REPORTS_ESCAPE_H
#define HL_REPORTS_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/**
 * hl_put_text() - write a name on one line
 *
 * Printable UTF-8 as it is; control characters, what nobody sees or is no character, and bytes that are not UTF-8 as
 * \n, \t, \xNN, \u202e or \U000e0041.  So is the sign that would make a line a command to a CI system: the first colon
 * of a "::" at the beginning, the second one of "##[".  A backslash stays one: the text is for reading.
 */
void hl_put_text(FILE *file, const char *text, size_t length);

/* The same behind something of ours on the line: "::" is harmless there, and common in C++. */
void hl_put_inner(FILE *file, const char *text, size_t length);

/* As hl_put_text(), and each byte that is in @from as the one at the same place of @to; NULL: none. */
void hl_put_replaced(FILE *file, const char *text, size_t length, const char *from, const char *to);

/* The same for a string. */
void hl_put_name(FILE *file, const char *name);

/**
 * hl_put_csv() - write one field of a CSV row (RFC 4180)
 *
 * Escaped as above, quoted where needed, and with an apostrophe in front of what a spreadsheet
 * would take for a formula: the first sign that is no blank is one of = + - @, narrow or wide.
 */
void hl_put_csv(FILE *file, const char *text, size_t length);

#endif
