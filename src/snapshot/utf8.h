/* SPDX-License-Identifier: MIT */
/* UTF-8, for names that may be anything. */
#ifndef HL_SNAPSHOT_UTF8_H
#define HL_SNAPSHOT_UTF8_H

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

#endif
