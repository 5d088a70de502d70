/* SPDX-License-Identifier: MIT */
/* A library that the soaked program loads, uses and unloads; compiled several times with other frames. */
#include <stdlib.h>

#include "tally.h"

void plugin_work(struct tally *t);

static void *ask(struct tally *t, size_t bytes)
{
	volatile char frame[FRAME];

	frame[0] = (char)bytes;
	made(t, bytes);
	return frame[0] ? malloc(bytes) : calloc(1, bytes);
}

void plugin_work(struct tally *t)
{
	void *block[20];

	for (size_t i = 0; i < 20; i++)
		block[i] = ask(t, 10 + i);
	for (size_t i = 0; i < 20; i++) {
		gone(t, 10 + i);
		free(block[i]);
	}
}
