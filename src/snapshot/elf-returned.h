/* SPDX-License-Identifier: MIT */
/*
 * What a function returns that does nothing but return a text of its own file: read, not run.
 *
 * Source: the x86-64 instructions are those of the processor's manual; that compilers make these of
 * `const char *f(void) { return "..."; }` was seen with gcc 12 and clang 14, at -O0 to -O3, with and without PIC.
 */
#ifndef HL_SNAPSHOT_ELF_RETURNED_H
#define HL_SNAPSHOT_ELF_RETURNED_H

#include <stdint.h>

#include <libelf.h>

/* No text is longer. */
#define HL_RETURNED_TEXT_MAX 1048576u

/**
 * hl_elf_returned_text() - the text that a function returns
 * @elf: an executable or shared library
 * @function: its ELF virtual address
 * @text: receives the text, in @elf's memory
 *
 * Returns: 0; -ENOTSUP: it does more than that, the text can be changed, is longer, or the machine is another one.
 */
int hl_elf_returned_text(Elf *elf, uint64_t function, const char **text);

#endif
