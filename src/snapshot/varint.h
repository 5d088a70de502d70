/* SPDX-License-Identifier: MIT */
/* Numbers of 1 to 10 bytes: 7 bits in each, the lowest first; the highest bit says that another follows (LEB128). */
#ifndef HL_SNAPSHOT_VARINT_H
#define HL_SNAPSHOT_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where reading has come to. */
struct hl_varints {
	const unsigned char *at;
	const unsigned char *end;
	bool is_bad;			/* a number had no end or more than 64 bits */
};

static inline size_t hl_varints_left(const struct hl_varints *in)
{
	return (size_t)(in->end - in->at);
}

/* The next number; 0 if there is none, which is_bad remembers. */
static inline uint64_t hl_varint_get(struct hl_varints *in)
{
	uint64_t n = 0;

	for (unsigned int shift = 0; shift < 64 && in->at < in->end; shift += 7) {
		uint64_t byte = *in->at++;

		if (shift == 63 && byte > 1)
			break;
		n |= (byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return n;
	}
	in->is_bad = true;
	return 0;
}

#define HL_VARINT_BYTES 10u

/* Writes at most HL_VARINT_BYTES; returns how many. */
static inline size_t hl_varint_put(unsigned char *out, uint64_t n)
{
	size_t length = 0;

	for (; n >= 0x80; n >>= 7)
		out[length++] = (unsigned char)(n | 0x80);
	out[length++] = (unsigned char)n;
	return length;
}

#endif
