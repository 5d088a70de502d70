/* SPDX-License-Identifier: MIT */
/* What a recording does not show because it is not asked of malloc. */
#include "cli/resident.h"

#include <stdlib.h>
#include <string.h>

#include "common/ledger.h"

/* Code, data and stacks, and the recorder's own file and tables. */
#define USUAL_BYTES (32u << 20)

static const char *reason(const struct hl_snapshot *snapshot)
{
	struct hl_info info;
	struct hl_totals mapped;

	hl_snapshot_info(snapshot, &info);
	hl_snapshot_totals(snapshot, HL_DOMAIN_MMAP, &mapped);
	if (info.flags & HL_FLAG_OWN_MALLOC)
		return "its own malloc is not recorded";
	if (info.flags & HL_FLAG_OWN_NEW)
		return "its own operator new is not recorded";
	if (!mapped.counts.alloc_count)
		return "mappings, stacks and files are not recorded; --mmap records anonymous mappings";
	return "the rest is fragmentation, stacks, files, code and data";
}

void cli_note_resident(FILE *file, const struct hl_snapshot *snapshot, uint64_t max_rss)
{
	char resident[HL_SIZE_TEXT], held[HL_SIZE_TEXT];
	struct hl_completeness c;
	struct hl_totals totals;
	double known;

	hl_snapshot_totals(snapshot, -1, &totals);
	hl_snapshot_completeness(snapshot, &c);
	known = (double)totals.peak_bytes + (double)c.file_bytes + (double)c.private_bytes;
	if ((double)max_rss < 2 * known + USUAL_BYTES)
		return;
	fprintf(file, "  note: %s were resident, and at most %s of them are in this account: %s\n",
			hl_format_size(resident, (double)max_rss, false),
			hl_format_size(held, (double)totals.peak_bytes, false), reason(snapshot));
}

void cli_note_python(FILE *file, const struct hl_snapshot *snapshot)
{
	const char *setting = getenv("PYTHONMALLOC");
	const char *name;
	struct hl_info info;
	size_t length;

	hl_snapshot_info(snapshot, &info);
	if (!info.exe.length)
		return;
	name = memrchr(info.exe.data, '/', info.exe.length);
	name = name ? name + 1 : info.exe.data;
	length = (size_t)(info.exe.data + info.exe.length - name);
	if (length < 7 || memcmp(name, "python3", 7) || (setting && *setting))
		return;
	fputs("  note: Python's small objects are in pools of its own; PYTHONMALLOC=malloc shows each of them\n", file);
}
