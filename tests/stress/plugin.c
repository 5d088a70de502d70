/* SPDX-License-Identifier: MIT */
/* A library that the stressed program loads and unloads; compiled several times with other frames. */
#include "tracker.h"

void plugin_work(unsigned int n);

static void *made_at_start;

static void *ask(size_t bytes)
{
	volatile char frame[FRAME];

	frame[0] = (char)bytes;
	return frame[0] ? track_malloc(bytes) : track_calloc(bytes);
}

__attribute__((constructor)) static void begin(void)
{
	made_at_start = ask(FRAME + 1);
}

__attribute__((destructor)) static void end(void)
{
	track_free(ask(9), 9);
	track_free(made_at_start, FRAME + 1);
}

void plugin_work(unsigned int n)
{
	void *block[8];

	for (size_t i = 0; i < 8; i++)
		block[i] = ask(n % 100 + i);
	for (size_t i = 0; i < 8; i++)
		track_free(block[i], n % 100 + i);
}
