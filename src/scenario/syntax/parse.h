/* SPDX-License-Identifier: MIT */
/* From text to the syntax tree. */
#ifndef HL_SCENARIO_PARSE_H
#define HL_SCENARIO_PARSE_H

#include "scenario/syntax/ast.h"
#include "scenario/compile/compilation.h"

/*
 * parse_module() - parses a file or a cell
 * @text: UTF-8 with '\n' as line ends, NUL at text[length]; must live as long as the compilation
 * @line: the number of its first line
 *
 * What Python refuses, and what is outside the subset, fails the compilation.
 */
struct module *parse_module(struct compilation *c, const char *text, size_t length, uint32_t line);

#endif
