/* SPDX-License-Identifier: MIT */
/* A strict UTF-8 decoder. */
#include "snapshot/utf8.h"

size_t hl_utf8_decode(const char *text, size_t length, uint32_t *code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t value = bytes[0];
	size_t n;

	if (value < 0x80) {
		*code = value;
		return 1;
	}
	n = value >= 0xf0 ? 4 : value >= 0xe0 ? 3 : 2;
	if (value < 0xc2 || value > 0xf4 || n > length)
		return 0;
	value &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < smallest[n] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	*code = value;
	return n;
}

/* Unicode's control characters, separators of lines, and all that has the property Default_Ignorable_Code_Point, those
 * without a meaning so far included; a blank of Braille; in order. */
static const struct {
	uint32_t first, last;
} harmful[] = {
	{0x00, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c}, {0x115f, 0x1160}, {0x17b4, 0x17b5},
	{0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x2800, 0x2800}, {0x3164, 0x3164},
	{0xfdd0, 0xfdef}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

bool hl_utf8_is_harmful(uint32_t code)
{
	/* The last two of each plane are no characters. */
	if ((code & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]) && code >= harmful[i].first; i++) {
		if (code <= harmful[i].last)
			return true;
	}
	return false;
}
