/* SPDX-License-Identifier: MIT */
/* The moments of one ledger as a series. */
#include "cli/growth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/moments.h"

int growth_make_moment(struct growth_series *s, size_t i)
{
	struct hl_error err;

	if (!hl_snapshot_at(s->whole, i, &s->snapshots[i], &err))
		return 0;
	cli_complain_file("growth", s->files[i], &err);
	return -1;
}

static int name_all(struct growth_series *s, const uint64_t *times, size_t nr, const char *file)
{
	struct hl_info info;

	hl_snapshot_info(s->whole, &info);
	s->files = calloc(nr + 1, sizeof(char *));
	s->owns_files = true;
	if (!s->files || growth_series_init(s, nr))
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++, s->nr++) {
		s->times[i] = (double)times[i] / 1e9;
		if (asprintf(&s->files[i], "%s after %.3f s", file, (double)(times[i] - info.start_ns) / 1e9) < 0) {
			s->files[i] = NULL;
			return -ENOMEM;
		}
	}
	return 0;
}

/* Of after the end: who cleans up has nothing left then, and nothing would have grown. */
static bool is_behind_end(const struct hl_snapshot *snapshot, uint64_t time)
{
	struct hl_info info;

	hl_snapshot_info(snapshot, &info);
	return info.end_ns && time >= info.end_ns;
}

int growth_load_moments(struct growth_series *s, const char *file)
{
	uint64_t times[HL_MOMENTS_MAX];
	size_t nr;

	s->whole = cli_load("growth", file);
	if (!s->whole || cli_list_moments("growth", file, s->whole, times, &nr))
		return -1;
	if (nr > 2 && is_behind_end(s->whole, times[nr - 1]))
		nr--;
	if (!name_all(s, times, nr, file))
		return 0;
	cli_complain("growth", "out of memory");
	return -1;
}
