/* SPDX-License-Identifier: MIT */
/*
 * The code in the text of a notebook, as it is copied from a page or written in Markdown:
 *   In [7]:            a heading, at the beginning of a line; the code follows
 *   ```python          a fence, with or without the word, up to the next fence
 *
 * Under a heading the code goes on over blank lines, and ends before
 *   - the next heading, "Out[7]:", a fence, or a line such as "---";
 *   - what is an output: after a blank line, literals only ("2", "[]");
 *   - what is prose: after a blank line, a first line that Python cannot read.
 * In a fence everything is code. Without headings and fences the whole text is one cell.
 */
#ifndef HL_SCENARIO_CELLS_H
#define HL_SCENARIO_CELLS_H

#include "scenario/compile/compilation.h"

struct cell {
	const char *text;	/* NUL at text[length] */
	size_t length;
	uint32_t line;		/* of its first line in the whole text */
};

struct cell_list {
	struct cell *data;
	uint32_t nr;
};

/* @text: UTF-8 with '\n' as line ends. */
struct cell_list cells_find(struct compilation *c, const char *text, size_t length);

#endif
