/* SPDX-License-Identifier: MIT */
/* UTF-8, for names that may be anything. */
#ifndef HL_SNAPSHOT_UTF8_H
#define HL_SNAPSHOT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * hl_utf8_decode() - the first character of some bytes
 * @text: at least 1 byte
 * @code: receives the code point
 *
 * Overlong forms, surrogates and what is above U+10FFFF are not UTF-8.
 * Returns: its length, 1 to 4; 0: the first byte begins no character.
 */
size_t hl_utf8_decode(const char *text, size_t length, uint32_t *code);

/**
 * hl_utf8_is_harmful() - must this character of a name not be shown as it is?
 *
 * Control characters, what is no character (U+FFFE: XML forbids it), and what nobody sees: marks that turn text around
 * or join it, fillers, variation selectors, tags. Two names that look alike are alike.
 */
bool hl_utf8_is_harmful(uint32_t code);

#endif
