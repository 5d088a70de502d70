/* SPDX-License-Identifier: MIT */
/* Moments of a recorded program. */
#include "cli/moments.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/duration.h"

#define NS_PER_S 1e9

static uint64_t start_of(const struct hl_snapshot *snapshot)
{
	struct hl_info info;

	hl_snapshot_info(snapshot, &info);
	return info.start_ns;
}

static int list(const char *word, const char *file, const struct hl_snapshot *snapshot,
		uint64_t times[HL_MOMENTS_MAX], size_t *nr)
{
	struct hl_error err;

	if (hl_snapshot_moments(snapshot, times, nr, &err)) {
		cli_complain_file(word, file, &err);
		return -1;
	}
	if (*nr)
		return 0;
	cli_complain(word, "%s: what its lines held in the course of time is not in it; `heapledger record` and "
		"`watch` write that while the program runs", file);
	return -1;
}

int cli_list_moments(const char *word, const char *file, const struct hl_snapshot *snapshot,
		uint64_t times[HL_MOMENTS_MAX], size_t *nr)
{
	if (list(word, file, snapshot, times, nr))
		return -1;
	if (*nr > 1)
		return 0;
	cli_complain(word, "%s: of one moment only is known what its lines held", file);
	return -1;
}

int cli_take_moment(const char *word, const char *file, const char *option, const char *text, int *metric,
		struct hl_snapshot **snapshot, char title[CLI_MOMENT_TEXT])
{
	uint64_t times[HL_MOMENTS_MAX];
	uint64_t start_ns = start_of(*snapshot);
	struct hl_snapshot *then;
	struct hl_error err;
	size_t nr;
	size_t index = 0;
	double seconds;

	if (cli_parse_duration(text, &seconds)) {
		cli_complain(word, "%s=%s: a time since the start, like 250ms, 12.5s or 2m", option, text);
		return -1;
	}
	if (*metric >= 0 && *metric != HL_METRIC_LIVE) {
		cli_complain(word, "%s goes with -s live only: of a moment nothing else is known", option);
		return -1;
	}
	if (list(word, file, *snapshot, times, &nr))
		return -1;
	if ((double)(times[0] - start_ns) > seconds * NS_PER_S) {
		cli_complain(word, "%s: the first moment is after %.3f s", file,
			(double)(times[0] - start_ns) / NS_PER_S);
		return -1;
	}
	while (index + 1 < nr && (double)(times[index + 1] - start_ns) <= seconds * NS_PER_S)
		index++;
	if (hl_snapshot_at(*snapshot, index, &then, &err)) {
		cli_complain_file(word, file, &err);
		return -1;
	}
	hl_snapshot_unref(*snapshot);
	*snapshot = then;
	*metric = HL_METRIC_LIVE;
	snprintf(title, CLI_MOMENT_TEXT, " after %.3f s", (double)(times[index] - start_ns) / NS_PER_S);
	return 0;
}
