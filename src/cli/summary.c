/* SPDX-License-Identifier: MIT */
/* The summary of a run. */
#include "cli/summary.h"

#include <errno.h>
#include <inttypes.h>

#include "cli/cli.h"
#include "common/ledger.h"
#include "reports/text.h"

static void put_blocks(FILE *file, const char *label, int64_t count, int64_t bytes)
{
	char text[HL_SIZE_TEXT];

	fprintf(file, "  %-11s %s in %" PRId64 " block%s", label,
			hl_format_size(text, (double)bytes, false), count, count == 1 ? "" : "s");
}

static void put_totals(FILE *file, const struct hl_snapshot *snapshot)
{
	char end[HL_END_TEXT];
	struct hl_info info;
	struct hl_totals t;

	hl_snapshot_info(snapshot, &info);
	hl_snapshot_totals(snapshot, -1, &t);
	put_blocks(file, "allocated", (int64_t)t.counts.alloc_count, (int64_t)t.counts.alloc_bytes);
	fprintf(file, ", %" PRIu64 " temporary\n", t.counts.temp_count);
	put_blocks(file, "freed", (int64_t)t.counts.free_count, (int64_t)t.counts.free_bytes);
	fputc('\n', file);
	put_blocks(file, "still live", t.live_count, t.live_bytes);
	fputc('\n', file);
	put_blocks(file, "peak", t.counts.peak_count, t.peak_bytes);
	if (t.peak_ns > info.start_ns)
		fprintf(file, ", after %.3f s", (double)(t.peak_ns - info.start_ns) / 1e9);
	hl_write_peak_bound(file, &t, false);
	fputc('\n', file);
	if (info.end_reason == HL_END_SIGNAL)
		fprintf(file, "  %s\n", hl_describe_end(&info, end));
	hl_write_warnings(file, snapshot, "  note: ");
}

int hl_print_summary(FILE *file, struct hl_snapshot *snapshot, int nr_lines)
{
	struct hl_statistics *statistics;
	const struct cli_selection selection = {.quiet = true};
	struct hl_resolver *resolver;
	struct hl_top_report report = {.snapshot = snapshot, .nr_rows = (size_t)nr_lines};
	int rc;

	put_totals(file, snapshot);
	resolver = cli_resolver("record", &selection);
	if (!resolver)
		return -ENOMEM;
	rc = hl_snapshot_statistics(snapshot, resolver, HL_KEY_LINENO, HL_METRIC_PEAK, &statistics);
	hl_resolver_unref(resolver);
	if (rc)
		return rc;
	report.statistics = statistics;
	if (statistics->nr_items)
		fprintf(file, "Top %s at the peak:\n", hl_key_plural(HL_KEY_LINENO));
	hl_text_put_rows(file, &report);
	hl_statistics_unref(statistics);
	return 0;
}
