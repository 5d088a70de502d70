/* SPDX-License-Identifier: MIT */
/*
 * Example: a test of a library that must not keep memory.  Without a recording it has nothing to
 * say and is skipped; under `heapledger record` it fails when something grew.
 */
#include <heapledger-control.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *kept;

static void operation(int leaks)
{
	char *text = strdup("some text");

	if (leaks)
		kept = text;
	else
		free(text);
}

int main(int argc, char **argv)
{
	uint64_t before, after, peak;

	(void)argv;
	operation(0);		/* what is made once, is made now */
	if (hl_get_traced_memory(0, &before, &peak))
		return 77;
	operation(argc > 1);
	hl_get_traced_memory(0, &after, &peak);
	printf("grew by %lld bytes\n", (long long)(after - before));
	return after > before;
}
