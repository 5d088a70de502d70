/* SPDX-License-Identifier: MIT */
/* Fuzzer of files of suppressions: the reader of `heapledger leaks`, and what its patterns match. */
#include <stdlib.h>

#include "cli/suppressions.h"
#include "snapshot/heapledger-filter.h"
#include "fuzz.h"

static const char *const names[] = { "make_node", "lib/a.c", "std::vector<int, std::allocator<int> >::push_back", "" };

int fuzz_one(const uint8_t *data, size_t size)
{
	FILE *file = fmemopen((void *)data, size, "r");
	struct suppressions s = { 0 };
	size_t line;

	if (!file)
		return 0;
	suppressions_read(&s, file, &line);
	for (size_t i = 0; i < s.nr; i++)
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			hl_suppression_matches(s.items[i].pattern, names[j]);
	suppressions_release(&s);
	fclose(file);
	return 0;
}
