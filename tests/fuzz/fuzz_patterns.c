/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of what users write on command lines and into suppression files: filter SPECs and their
 * patterns, LeakSanitizer's patterns.  The input is a pattern, a newline, and the text to match.
 */
#include <stdlib.h>
#include <string.h>

#include "snapshot/glob.h"
#include "snapshot/heapledger-filter.h"
#include "fuzz.h"

int fuzz_one(const uint8_t *data, size_t size)
{
	char *pattern = malloc(size + 1), *text;
	struct hl_filter filter;
	struct hl_glob *glob;

	memcpy(pattern, data, size);
	pattern[size] = '\0';
	text = strchr(pattern, '\n');
	if (text) {
		*text++ = '\0';
		hl_suppression_matches(pattern, text);
		glob = hl_glob_new((struct hl_text){ pattern, strlen(pattern) });
		hl_glob_matches(glob, (struct hl_text){ text, strlen(text) });
		hl_glob_free(glob);
	}
	hl_filter_parse(pattern, true, &filter);
	free(pattern);
	return 0;
}
