/* SPDX-License-Identifier: MIT */
/* The text of `heapledger info`. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "common/ledger.h"
#include "reports/escape.h"
#include "reports/text.h"

struct info_output {
	FILE *file;
	bool exact;
	bool has_spark;
};

static void put_label(const struct info_output *out, const char *label)
{
	fprintf(out->file, "%-13s ", label);
}

static void put_text_row(const struct info_output *out, const char *label, struct hl_text text)
{
	if (!text.length)
		return;
	put_label(out, label);
	hl_put_text(out->file, text.data, text.length);
	fputc('\n', out->file);
}

static void begin_blocks(const struct info_output *out, const char *label, int64_t count, int64_t bytes)
{
	char text[HL_SIZE_TEXT];

	put_label(out, label);
	if (out->exact)
		fprintf(out->file, "%" PRId64 " bytes in %" PRId64 " blocks", bytes, count);
	else
		fprintf(out->file, "%s in %" PRId64 " blocks",
				hl_format_size(text, (double)bytes, false), count);
}

static void put_blocks(const struct info_output *out, const char *label, int64_t count, int64_t bytes)
{
	begin_blocks(out, label, count, bytes);
	fputc('\n', out->file);
}

/* Arguments as a shell would need them, roughly: one with a blank or nothing in quotes. */
static void put_command(const struct info_output *out, struct hl_text command)
{
	const char *end = command.data + command.length;

	if (!command.length)
		return;
	put_label(out, "Command:");
	for (const char *arg = command.data; arg < end;) {
		const char *stop = memchr(arg, '\0', (size_t)(end - arg));
		size_t length = (size_t)((stop ? stop : end) - arg);
		bool is_quoted = !length || memchr(arg, ' ', length);

		fputs(arg == command.data ? "" : " ", out->file);
		fputs(is_quoted ? "'" : "", out->file);
		hl_put_text(out->file, arg, length);
		fputs(is_quoted ? "'" : "", out->file);
		arg += length + 1;
	}
	fputc('\n', out->file);
}

char *hl_text_time(char *buf, uint64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(buf, HL_TIME_TEXT, "%Y-%m-%d %H:%M:%S UTC", &tm))
		strcpy(buf, "?");
	return buf;
}

static double seconds_between(uint64_t start_ns, uint64_t end_ns)
{
	return end_ns > start_ns ? (double)(end_ns - start_ns) / 1e9 : 0;
}

static void put_times(const struct info_output *out, const struct hl_info *info)
{
	char text[HL_TIME_TEXT + 64];

	put_label(out, "Started:");
	fprintf(out->file, "%s\n", hl_text_time(text, info->start_realtime_ns));
	put_label(out, "Ended:");
	fputs(hl_describe_end(info, text), out->file);
	if (info->end_ns)
		fprintf(out->file, ", after %.3f s", seconds_between(info->start_ns, info->end_ns));
	fputc('\n', out->file);
	if (info->snapshot_ns) {
		put_label(out, "Snapshot:");
		fprintf(out->file, "after %.3f s\n", seconds_between(info->start_ns, info->snapshot_ns));
	}
}

static void put_peak(const struct info_output *out, const struct hl_info *info, const struct hl_totals *t)
{
	begin_blocks(out, "Peak:", t->counts.peak_count, t->peak_bytes);
	hl_write_peak_bound(out->file, t, out->exact);
	fputc('\n', out->file);
	if (t->peak_ns) {
		put_label(out, "");
		fprintf(out->file, "after %.3f s\n", seconds_between(info->start_ns, t->peak_ns));
	}
}

static void put_totals(const struct info_output *out, const struct hl_info *info,
		const struct hl_totals *t)
{
	put_blocks(out, "Allocated:", (int64_t)t->counts.alloc_count, (int64_t)t->counts.alloc_bytes);
	put_blocks(out, "Freed:", (int64_t)t->counts.free_count, (int64_t)t->counts.free_bytes);
	put_blocks(out, "Live:", t->live_count, t->live_bytes);
	put_peak(out, info, t);
	put_label(out, "Temporary:");
	fprintf(out->file, "%" PRIu64 " blocks\n", t->counts.temp_count);
	put_label(out, "Moved:");
	fprintf(out->file, "%" PRIu64 " blocks by realloc\n", t->counts.move_count);
}

static void put_other_domains(const struct info_output *out, const struct hl_info *info,
		const struct hl_snapshot *snapshot)
{
	static const char *const titles[HL_NR_DOMAINS] = {
		[HL_DOMAIN_MMAP] = "Anonymous mappings",
		[2] = "Domain 2",
		[3] = "Domain 3",
	};
	struct hl_totals t;
	int nr = 0;

	for (int d = 1; d < HL_NR_DOMAINS; d++) {
		hl_snapshot_totals(snapshot, d, &t);
		if (!t.counts.alloc_count)
			continue;
		fprintf(out->file, "\n%s\n", titles[d]);
		put_totals(out, info, &t);
		nr++;
	}
	if (!nr)
		return;
	/* Not the sum of the peaks above, which need not have been at one moment. */
	hl_snapshot_totals(snapshot, -1, &t);
	fputs("\nTogether\n", out->file);
	put_blocks(out, "Live:", t.live_count, t.live_bytes);
	put_peak(out, info, &t);
}

static void put_size_row(const struct info_output *out, const char *label, uint64_t bytes)
{
	char text[HL_SIZE_TEXT];

	put_label(out, label);
	if (out->exact)
		fprintf(out->file, "%" PRIu64 " bytes\n", bytes);
	else
		fprintf(out->file, "%s\n", hl_format_size(text, (double)bytes, false));
}

/* Whether the ledger can be read without its program. */
static void put_symbols(const struct info_output *out, const struct hl_completeness *c)
{
	char text[HL_SIZE_TEXT];

	put_label(out, "Symbols:");
	if (!c->symbols_bytes)
		fputs("none in the file\n", out->file);
	else if (out->exact)
		fprintf(out->file, "of %" PRIu64 " address%s in %" PRIu64 " bytes\n", c->symbols_addresses,
				c->symbols_addresses == 1 ? "" : "es", c->symbols_bytes);
	else
		fprintf(out->file, "of %" PRIu64 " address%s in %s\n", c->symbols_addresses,
				c->symbols_addresses == 1 ? "" : "es",
				hl_format_size(text, (double)c->symbols_bytes, false));
}

static void put_completeness(const struct info_output *out, const struct hl_info *info,
		const struct hl_snapshot *snapshot)
{
	struct hl_completeness c;

	hl_snapshot_completeness(snapshot, &c);
	fprintf(out->file, "\nAccount\n");
	put_label(out, "Stacks:");
	fprintf(out->file, "%" PRIu64 " of %" PRIu64 " frames, at most %" PRIu32 " deep\n",
			c.nr_stacks, c.nr_frames, info->depth_limit);
	put_label(out, "Events:");
	fprintf(out->file, "%" PRIu64 " in %" PRIu64 " thread%s\n", c.events, c.threads_seen,
			c.threads_seen == 1 ? "" : "s");
	put_size_row(out, "File:", c.file_bytes);
	if (hl_snapshot_nr_modules(snapshot))
		put_symbols(out, &c);
	if (c.max_bytes)
		put_size_row(out, "Limit:", c.max_bytes);
	put_size_row(out, "Own memory:", c.private_bytes);
	if (c.timed_events) {
		put_label(out, "Own time:");
		fprintf(out->file, "about %.3f s (%.0f ns for each event)\n",
				(double)c.timed_ns / (double)c.timed_events * (double)c.events / 1e9,
				(double)c.timed_ns / (double)c.timed_events);
	}
	if (info->end_reason == HL_END_NONE && !info->snapshot_ns)
		fputs("note: nobody saw the program end; what it does after this moment is not here\n",
			out->file);
	if (c.grain_bytes && c.threads_seen > 1 && !c.has_peak_bound)
		fprintf(out->file, "note: with threads the peak may look lower by up to %" PRIu64
			" bytes for each\n", c.grain_bytes);
	hl_write_warnings(out->file, snapshot, "note: ");
}

/* What is always there, and of the other domains those that the program has used by then. */
static void put_mark_bytes(const struct info_output *out, const struct hl_mark_info *m)
{
	char current[HL_SIZE_TEXT], peak[HL_SIZE_TEXT];

	for (int d = 0; d < HL_NR_DOMAINS; d++) {
		if (d > 0 && !m->peak_bytes[d])
			continue;
		if (d > 0)
			fprintf(out->file, "; domain %d: ", d);
		if (out->exact)
			fprintf(out->file, "%" PRId64 " bytes (peak %" PRId64 ")", m->current_bytes[d],
					m->peak_bytes[d]);
		else
			fprintf(out->file, "%s (peak %s)",
					hl_format_size(current, (double)m->current_bytes[d], false),
					hl_format_size(peak, (double)m->peak_bytes[d], false));
	}
}

static void put_marks(const struct info_output *out, const struct hl_info *info,
		const struct hl_snapshot *snapshot)
{
	size_t nr = hl_snapshot_nr_marks(snapshot);

	if (nr)
		fputs("\nMarks\n", out->file);
	for (size_t i = 0; i < nr; i++) {
		struct hl_mark_info m;

		hl_snapshot_mark(snapshot, i, &m);
		fprintf(out->file, "after %.3f s: ", seconds_between(info->start_ns, m.monotonic_ns));
		put_mark_bytes(out, &m);
		fputs("  ", out->file);
		hl_put_text(out->file, m.text.data, m.text.length);
		fputc('\n', out->file);
	}
}

#define SPARK_COLUMNS 60u

static int64_t live_of(const struct hl_snapshot *snapshot, size_t index)
{
	struct hl_time_info t;
	int64_t sum = 0;

	hl_snapshot_time(snapshot, index, &t);
	for (int d = 0; d < HL_NR_DOMAINS; d++)
		sum += t.live_bytes[d];
	return sum;
}

/* The largest of the points of a column: what lasted for less than a column shall be seen. */
static int64_t column_of(const struct hl_snapshot *snapshot, size_t nr, size_t columns, size_t column)
{
	size_t end = (column + 1) * nr / columns;
	int64_t largest = 0;

	for (size_t i = column * nr / columns; i < end; i++)
		if (live_of(snapshot, i) > largest)
			largest = live_of(snapshot, i);
	return largest;
}

/* Points are nearly as far apart as their numbers are. */
static void put_spark(FILE *file, const struct hl_snapshot *snapshot, size_t nr, int64_t high)
{
	static const char *const bars[] = {"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587",
		"\u2588"};
	size_t columns = nr < SPARK_COLUMNS ? nr : SPARK_COLUMNS;

	for (size_t i = 0; i < columns; i++) {
		double share = high ? (double)column_of(snapshot, nr, columns, i) / (double)high : 0;

		fputs(bars[(size_t)(share * 7.99)], file);
	}
}

#define SIZE_BAR "########################################"

/* "16 to 31 bytes": of classes of one size the size alone. */
static void put_size_class(FILE *file, unsigned int class)
{
	uint64_t from = class ? UINT64_C(1) << (class - 1) : 0;
	uint64_t to = class ? from * 2 - 1 : 0;
	char text[64];

	if (from == to)
		snprintf(text, sizeof(text), "%" PRIu64, from);
	else
		snprintf(text, sizeof(text), "%" PRIu64 " to %" PRIu64, from, to);
	fprintf(file, "%24s", text);
}

/* From the smallest that there is to the largest. */
static void put_sizes(const struct info_output *out, const struct hl_snapshot *snapshot)
{
	uint64_t counts[HL_SIZE_CLASSES], most = 0, sum = 0;
	unsigned int first = HL_SIZE_CLASSES, last = 0;

	fputs("\nSizes of allocations, in bytes\n", out->file);
	if (!hl_snapshot_sizes(snapshot, counts)) {
		fputs("not in this ledger\n", out->file);
		return;
	}
	for (unsigned int i = 0; i < HL_SIZE_CLASSES; i++) {
		if (!counts[i])
			continue;
		first = first < i ? first : i;
		last = i;
		most = most > counts[i] ? most : counts[i];
		sum += counts[i];
	}
	for (unsigned int i = first; i <= last; i++) {
		put_size_class(out->file, i);
		fprintf(out->file, "  %12" PRIu64 "  %5.1f %%  %.*s\n", counts[i],
			100.0 * (double)counts[i] / (double)sum,
			(int)((sizeof(SIZE_BAR) - 1) * (double)counts[i] / (double)most + 0.5), SIZE_BAR);
	}
}

static void put_time_line(const struct info_output *out, const struct hl_info *info,
		const struct hl_snapshot *snapshot)
{
	char smallest[HL_SIZE_TEXT], largest[HL_SIZE_TEXT];
	size_t nr = hl_snapshot_nr_times(snapshot, NULL);
	struct hl_time_info first, last;
	int64_t high = 0, low = INT64_MAX;

	if (nr < 2)
		return;
	hl_snapshot_time(snapshot, 0, &first);
	hl_snapshot_time(snapshot, nr - 1, &last);
	for (size_t i = 0; i < nr; i++) {
		int64_t live = live_of(snapshot, i);

		low = live < low ? live : low;
		high = live > high ? live : high;
	}
	fputs("\nTime line\n", out->file);
	if (out->has_spark) {
		put_spark(out->file, snapshot, nr, high);
		fputc('\n', out->file);
	}
	fprintf(out->file, "%zu points, each %.3g s, from %.3f s to %.3f s: live between %s and %s\n", nr,
			seconds_between(first.monotonic_ns, last.monotonic_ns) / (double)(nr - 1),
			seconds_between(info->start_ns, first.monotonic_ns),
			seconds_between(info->start_ns, last.monotonic_ns),
			hl_format_size(smallest, (double)low, false), hl_format_size(largest, (double)high, false));
}

static void put_build_id(FILE *file, const struct hl_module_info *m)
{
	for (size_t i = 0; i < m->build_id_bytes; i++)
		fprintf(file, "%02x", m->build_id[i]);
	fputs(m->build_id_bytes ? "  " : "(no build-id)  ", file);
}

static void put_modules(FILE *file, const struct hl_snapshot *snapshot)
{
	size_t nr = hl_snapshot_nr_modules(snapshot);

	if (nr)
		fputs("\nModules\n", file);
	for (size_t i = 0; i < nr; i++) {
		struct hl_module_info m;

		hl_snapshot_module(snapshot, i, &m);
		fprintf(file, "%016" PRIx64 "-%016" PRIx64 "  ", m.start, m.end);
		put_build_id(file, &m);
		hl_put_text(file, m.path.data, m.path.length);
		fputs(m.flags & HL_MODULE_BYPASS ? "  (malloc not recorded)" : "", file);
		fputs(m.flags & HL_MODULE_NO_UNWIND ? "  (no unwind information)" : "", file);
		fputs(m.last_generation ? "  (unloaded)\n" : "\n", file);
	}
}

void hl_text_write_info(FILE *file, const struct hl_info_report *report)
{
	struct info_output out = {.file = file, .exact = report->exact, .has_spark = report->has_spark};
	struct hl_info info;
	struct hl_totals totals;

	hl_snapshot_info(report->snapshot, &info);
	hl_snapshot_totals(report->snapshot, HL_DOMAIN_MALLOC, &totals);
	put_command(&out, info.command);
	put_text_row(&out, "Program:", info.exe);
	put_text_row(&out, "Directory:", info.directory);
	put_text_row(&out, "Allocator:", info.allocator);
	put_label(&out, "Process:");
	fprintf(file, "%" PRIu32 " (parent %" PRIu32 ")%s\n", info.pid, info.ppid,
			info.flags & HL_FLAG_FORKED ? ", forked: without its parent's blocks" : "");
	put_times(&out, &info);
	fputs("\nHeap\n", file);
	put_totals(&out, &info, &totals);
	put_other_domains(&out, &info, report->snapshot);
	put_completeness(&out, &info, report->snapshot);
	put_marks(&out, &info, report->snapshot);
	if (report->has_sizes)
		put_sizes(&out, report->snapshot);
	put_time_line(&out, &info, report->snapshot);
	put_modules(file, report->snapshot);
}
