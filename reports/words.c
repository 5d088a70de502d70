/* SPDX-License-Identifier: MIT */
/* Phrases that several formats share. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/ledger.h"
#include "reports/gaps.h"
#include "reports/report.h"

const char *hl_key_plural(enum hl_key key)
{
	static const char *const plurals[HL_NR_KEYS] = {
		[HL_KEY_LINENO] = "lines",
		[HL_KEY_FILENAME] = "files",
		[HL_KEY_FUNCTION] = "functions",
		[HL_KEY_MODULE] = "modules",
		[HL_KEY_TRACEBACK] = "call stacks",
		[HL_KEY_KIND] = "kinds of call",
		[HL_KEY_THREAD] = "threads",
	};

	return plurals[key];
}

const char *hl_metric_title(const struct hl_snapshot *snapshot, enum hl_metric metric)
{
	struct hl_info info;

	hl_snapshot_info(snapshot, &info);
	switch (metric) {
	case HL_METRIC_LIVE:
		return info.end_ns || info.end_reason ? "live bytes at the end" : "live bytes";
	case HL_METRIC_PEAK:
		return "live bytes at the peak";
	case HL_METRIC_ALLOC:
		return "bytes allocated in all";
	case HL_METRIC_COUNT:
		return "number of allocations";
	default:
		return "number of temporary blocks";
	}
}

const char *hl_describe_end(const struct hl_info *info, char *buf)
{
	switch (info->end_reason) {
	case HL_END_EXIT:
		return "by exit";
	case HL_END_QUICK_EXIT:
		return "by quick_exit";
	case HL_END_STATUS:
		snprintf(buf, HL_END_TEXT, "with exit status %" PRId32, info->end_status);
		return buf;
	case HL_END_SIGNAL:
		snprintf(buf, HL_END_TEXT, "killed by signal %" PRId32 " (SIG%s)", info->end_status,
				sigabbrev_np(info->end_status) ? sigabbrev_np(info->end_status) : "?");
		return buf;
	case HL_END_EXEC:
		return "by exec of another program";
	default:
		return info->snapshot_ns ? "not at the time of the snapshot" :
			"not seen: it still runs, was killed, or left by _exit";
	}
}

static void put_bytes(FILE *file, uint64_t bytes, bool exact)
{
	char text[HL_SIZE_TEXT];

	if (exact)
		fprintf(file, "%" PRIu64 " bytes", bytes);
	else
		fputs(hl_format_size(text, (double)bytes, false), file);
}

void hl_write_peak_bound(FILE *file, const struct hl_totals *totals, bool exact)
{
	if (!totals->peak_bound_bytes)
		return;
	fputs(" (may be up to ", file);
	if (totals->peak_bytes > 0)
		fprintf(file, "%.1f %% = ", 100.0 * (double)totals->peak_bound_bytes / (double)totals->peak_bytes);
	put_bytes(file, totals->peak_bound_bytes, exact);
	fputs(" higher)", file);
}

/* One warning; n == 0 says nothing. */
static int warn(FILE *file, const char *prefix, uint64_t n, const char *text)
{
	if (!n)
		return 0;
	fprintf(file, "%s%" PRIu64 " %s\n", prefix, n, text);
	return 1;
}

/* Why the ledger did not get more room. */
static const char *refusal(int error)
{
	switch (error) {
	case 0:
		return "full disk or --max-size";
	case E2BIG:
		return "--max-size";
	case ENOMEM:
		return "--max-memory, or no room for mappings: ulimit -v";
	case EFBIG:
		return "limit of file sizes: ulimit -f";
	case ENOSPC:
	case EDQUOT:
		return "full disk or quota";
	case EMFILE:
	case ENFILE:
		return "no descriptor left to open it again: ulimit -n";
	case EACCES:
	case EPERM:
		return "the process gave up the right to open it again";
	case ENOENT:
	case ENOTDIR:
	case ESTALE:
		return "its name led to it no more: moved, removed, or another root";
	default:
		return strerror(error);
	}
}

static int warn_of_refusal(FILE *file, const char *prefix, const struct hl_completeness *c)
{
	char text[160];

	snprintf(text, sizeof(text), "bytes of room were refused to the ledger (%s)", refusal(c->refused_error));
	return warn(file, prefix, c->refused_bytes, text);
}

/* What was never seen, whatever the counts say. */
static int warn_of_program(FILE *file, const char *prefix, const struct hl_snapshot *snapshot)
{
	static const struct {
		uint32_t flag;
		const char *text;
	} gaps[] = {
		{HL_FLAG_OWN_MALLOC, "the program has its own malloc, and what it makes with that is not here; "
			"build it with libc's malloc to see it"},
		{HL_FLAG_OWN_NEW, "the allocator has its own operator new, and what C++ makes with that is not "
			"here; record with LD_PRELOAD=libstdc++.so.6 to see it"},
		{HL_FLAG_NAMESPACES, "libraries were loaded into other namespaces (dlmopen, LD_AUDIT), and what "
			"they allocate is not here; load them with dlopen to see it"},
	};
	struct hl_info info;
	int nr = 0;

	hl_snapshot_info(snapshot, &info);
	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		if (!(info.flags & gaps[i].flag))
			continue;
		fprintf(file, "%s%s\n", prefix, gaps[i].text);
		nr++;
	}
	return nr;
}

int hl_write_sample(FILE *file, const struct hl_snapshot *snapshot, const char *prefix, const char *more)
{
	char size[HL_SIZE_TEXT];
	struct hl_info info;

	hl_snapshot_info(snapshot, &info);
	if (!info.sample_bytes)
		return 0;
	fprintf(file, "%s sample, one byte in %s on average; %s\n", prefix,
			hl_format_size(size, (double)info.sample_bytes, false), more);
	return 1;
}

void hl_put_size(FILE *file, double size, bool sign, bool exact)
{
	char text[HL_SIZE_TEXT];

	if (exact)
		fprintf(file, sign ? "%+.0f B" : "%.0f B", size);
	else
		fputs(hl_format_size(text, size, sign), file);
}

static int warn_of_stop(FILE *file, const char *prefix, const struct hl_snapshot *snapshot)
{
	struct hl_info info;

	hl_snapshot_info(snapshot, &info);
	if (!info.is_stopped)
		return 0;
	if (info.end_ns)
		fprintf(file, "%sthe program was not recording when it ended\n", prefix);
	else
		fprintf(file, "%sthe program records nothing now: heapledger ctl %" PRIu32 " start\n", prefix,
				info.pid);
	return 1;
}

int hl_write_warnings(FILE *file, const struct hl_snapshot *snapshot, const char *prefix)
{
	struct hl_completeness c;
	char text[32];
	int nr = warn_of_program(file, prefix, snapshot) + hl_write_bypasses(file, snapshot, prefix) +
		hl_write_lost_children(file, snapshot, prefix) + warn_of_stop(file, prefix, snapshot);

	snprintf(text, sizeof(text), "%sa", prefix);
	nr += hl_write_sample(file, snapshot, text, "sizes and counts are estimates");
	hl_snapshot_completeness(snapshot, &c);
	nr += warn(file, prefix, c.early_lost, "events before the start were lost");
	nr += warn(file, prefix, c.lost_blocks, "allocations were not counted for lack of memory");
	nr += warn(file, prefix, c.unattributed_count,
			"allocations are counted without their stack for lack of room");
	nr += warn(file, prefix, c.refused_stacks,
			"stacks are counted under a shorter one for lack of room");
	nr += warn_of_refusal(file, prefix, &c);
	nr += warn(file, prefix, c.truncated_events, "allocations have a stack cut at the depth limit");
	nr += warn(file, prefix, c.partial_events, "allocations have a stack without its outer end");
	nr += hl_write_partial_causes(file, snapshot, prefix);
	nr += warn(file, prefix, c.unknown_frees, "frees of blocks that were not seen being made");
	nr += warn(file, prefix, c.replaced_blocks, "frees were not seen");
	return nr;
}
