/* SPDX-License-Identifier: MIT */
/* Numbers with units of time. */
#include "cli/duration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SECONDS 1e9

int cli_parse_duration(const char *text, double *seconds)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"", 1}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	char *end;
	double number = strtod(text, &end);

	if (end == text || !(number > 0) || number > MAX_SECONDS)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].name) == 0) {
			*seconds = number * units[i].seconds;
			return *seconds <= MAX_SECONDS ? 0 : -EINVAL;
		}
	return -EINVAL;
}
