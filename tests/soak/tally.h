/* SPDX-License-Identifier: MIT */
/* What the soaked program counts about itself. */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>
#include <stdint.h>

struct tally {
	uint64_t blocks, bytes, freed, freed_bytes;
};

static inline void made(struct tally *t, size_t bytes)
{
	t->blocks++;
	t->bytes += bytes;
}

static inline void gone(struct tally *t, size_t bytes)
{
	t->freed++;
	t->freed_bytes += bytes;
}
#endif
