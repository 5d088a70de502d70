/* SPDX-License-Identifier: MIT */
/* The word that was meant by one that does not exist. */
#ifndef HL_CLI_SUGGEST_H
#define HL_CLI_SUGGEST_H

#include <stddef.h>

/**
 * cli_nearest() - the word that comes nearest to what was typed
 * @typed: any text
 * @words: @nr of them; NULLs are passed over
 *
 * A step is a letter more, less or another, or two neighbours in the other order.  A third of the typed letters may
 * be wrong, at least one and never all of them; of equally near words the first one is taken.
 *
 * Cost:    O(nr * length of @typed * length of a word); words and texts of more than 63 letters are nobody's.
 * Returns: one of @words; NULL: none is near.
 */
const char *cli_nearest(const char *typed, const char *const *words, size_t nr);

#endif
