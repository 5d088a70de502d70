/* SPDX-License-Identifier: MIT */
/* A strict UTF-8 decoder. */
#include "snapshot/utf8.h"

#include <stdbool.h>

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
