/* SPDX-License-Identifier: MIT */
/*
 * The reports as JSON.  The keys are stable (heapledger-info(1), heapledger-top(1)): a new version
 * may add some, and does not change or remove any.
 */
#include <inttypes.h>
#include <string.h>

#include "common/ledger.h"
#include "reports/json-place.h"
#include "reports/report.h"

static void put_unsigned(struct hl_json *j, const char *key, uint64_t value)
{
	hl_json_key(j, key);
	hl_json_unsigned(j, value);
}

static void put_signed(struct hl_json *j, const char *key, int64_t value)
{
	hl_json_key(j, key);
	hl_json_signed(j, value);
}

static void put_string(struct hl_json *j, const char *key, const char *value)
{
	hl_json_key(j, key);
	hl_json_string(j, value);
}

static void put_text(struct hl_json *j, const char *key, struct hl_text value)
{
	hl_json_key(j, key);
	hl_json_bytes(j, value.data, value.length);
}

/* A time that may not be known. */
static void put_time(struct hl_json *j, const char *key, uint64_t ns)
{
	hl_json_key(j, key);
	if (ns)
		hl_json_unsigned(j, ns);
	else
		hl_json_null(j);
}

static void put_counts(struct hl_json *j, const struct hl_counts *c)
{
	put_unsigned(j, "alloc_count", c->alloc_count);
	put_unsigned(j, "alloc_bytes", c->alloc_bytes);
	put_unsigned(j, "free_count", c->free_count);
	put_unsigned(j, "free_bytes", c->free_bytes);
	put_signed(j, "live_count", (int64_t)(c->alloc_count - c->free_count));
	put_signed(j, "live_bytes", (int64_t)(c->alloc_bytes - c->free_bytes));
	put_unsigned(j, "temp_count", c->temp_count);
	put_unsigned(j, "move_count", c->move_count);
	put_signed(j, "peak_count", c->peak_count);
}

static void put_totals(struct hl_json *j, const struct hl_snapshot *snapshot, int domain)
{
	struct hl_totals t;

	hl_snapshot_totals(snapshot, domain, &t);
	hl_json_begin_object(j);
	put_counts(j, &t.counts);
	put_signed(j, "peak_bytes", t.peak_bytes);
	put_unsigned(j, "peak_bound_bytes", t.peak_bound_bytes);
	put_time(j, "peak_monotonic_ns", t.peak_ns);
	hl_json_end_object(j);
}

static void put_flag(struct hl_json *j, const char *key, bool set)
{
	hl_json_key(j, key);
	hl_json_bool(j, set);
}

static void put_completeness(struct hl_json *j, const struct hl_snapshot *snapshot)
{
	struct hl_completeness c;
	struct hl_info info;

	hl_snapshot_completeness(snapshot, &c);
	hl_snapshot_info(snapshot, &info);
	hl_json_key(j, "completeness");
	hl_json_begin_object(j);
	put_unsigned(j, "events", c.events);
	put_unsigned(j, "truncated_stacks", c.truncated_events);
	put_unsigned(j, "partial_stacks", c.partial_events);
	put_unsigned(j, "partial_no_info", c.partial_no_info);
	put_unsigned(j, "partial_code", c.partial_code);
	put_unsigned(j, "partial_unwinder", c.partial_unwinder);
	put_unsigned(j, "partial_budget", c.partial_budget);
	put_unsigned(j, "unknown_frees", c.unknown_frees);
	put_unsigned(j, "inherited_frees", c.inherited_frees);
	put_unsigned(j, "missed_frees", c.replaced_blocks);
	put_unsigned(j, "failed_allocs", c.failed_allocs);
	put_unsigned(j, "lost_events", c.early_lost);
	put_unsigned(j, "lost_blocks", c.lost_blocks);
	put_unsigned(j, "refused_bytes", c.refused_bytes);
	put_signed(j, "refused_error", c.refused_error);
	put_unsigned(j, "refused_stacks", c.refused_stacks);
	put_unsigned(j, "unattributed_count", c.unattributed_count);
	put_unsigned(j, "lost_children", c.lost_children);
	put_unsigned(j, "lost_child_pid", c.lost_child_pid);
	put_signed(j, "lost_child_error", c.lost_child_error);
	put_unsigned(j, "nr_stacks", c.nr_stacks);
	put_unsigned(j, "nr_frames", c.nr_frames);
	put_unsigned(j, "file_bytes", c.file_bytes);
	put_unsigned(j, "max_bytes", c.max_bytes);
	put_unsigned(j, "symbols_bytes", c.symbols_bytes);
	put_unsigned(j, "symbols_addresses", c.symbols_addresses);
	put_unsigned(j, "own_bytes", c.private_bytes);
	put_unsigned(j, "own_blocks_bytes", c.own_blocks_bytes);
	put_unsigned(j, "timed_events", c.timed_events);
	put_unsigned(j, "timed_ns", c.timed_ns);
	put_unsigned(j, "grain_bytes", c.grain_bytes);
	put_unsigned(j, "threads", c.threads_seen);
	put_flag(j, "own_malloc", info.flags & HL_FLAG_OWN_MALLOC);
	put_flag(j, "own_operator_new", info.flags & HL_FLAG_OWN_NEW);
	put_flag(j, "other_namespaces", info.flags & HL_FLAG_NAMESPACES);
	hl_json_end_object(j);
}

static void put_command(struct hl_json *j, struct hl_text command)
{
	const char *end = command.data + command.length;

	hl_json_key(j, "command");
	hl_json_begin_array(j);
	for (const char *arg = command.data; arg < end;) {
		const char *stop = memchr(arg, '\0', (size_t)(end - arg));
		size_t length = (size_t)((stop ? stop : end) - arg);

		hl_json_bytes(j, arg, length);
		arg += length + 1;
	}
	hl_json_end_array(j);
}

static const char *end_word(uint32_t reason)
{
	static const char *const words[] = {
		[HL_END_NONE] = "none",
		[HL_END_EXIT] = "exit",
		[HL_END_QUICK_EXIT] = "quick_exit",
		[HL_END_STATUS] = "status",
		[HL_END_SIGNAL] = "signal",
		[HL_END_EXEC] = "exec",
	};

	return reason < sizeof(words) / sizeof(*words) ? words[reason] : "unknown";
}

static void put_identity(struct hl_json *j, const struct hl_info *info)
{
	char session[17];

	put_string(j, "kind", info->kind == HL_LEDGER_SNAPSHOT ? "snapshot" : "live");
	put_command(j, info->command);
	put_text(j, "exe", info->exe);
	put_text(j, "directory", info->directory);
	put_text(j, "allocator", info->allocator);
	put_text(j, "shim_version", info->shim_version);
	put_unsigned(j, "pid", info->pid);
	put_unsigned(j, "ppid", info->ppid);
	/* In hexadecimal: many readers of JSON keep 53 bits of a number. */
	snprintf(session, sizeof(session), "%016" PRIx64, info->session);
	put_string(j, "session", session);
	put_flag(j, "forked", info->flags & HL_FLAG_FORKED);
	put_unsigned(j, "depth_limit", info->depth_limit);
	put_unsigned(j, "sample_bytes", info->sample_bytes);
	put_time(j, "start_realtime_ns", info->start_realtime_ns);
	put_time(j, "start_monotonic_ns", info->start_ns);
	put_time(j, "end_monotonic_ns", info->end_ns);
	put_time(j, "snapshot_monotonic_ns", info->snapshot_ns);
	hl_json_key(j, "is_stopped");
	hl_json_bool(j, info->is_stopped);
	put_string(j, "end_reason", end_word(info->end_reason));
	put_signed(j, "end_status", info->end_status);
}

static void put_modules(struct hl_json *j, const struct hl_snapshot *snapshot)
{
	size_t nr = hl_snapshot_nr_modules(snapshot);

	hl_json_key(j, "modules");
	hl_json_begin_array(j);
	for (size_t i = 0; i < nr; i++) {
		struct hl_module_info m;
		char id[2 * HL_BUILD_ID_BYTES + 1] = "";

		hl_snapshot_module(snapshot, i, &m);
		for (size_t k = 0; k < m.build_id_bytes; k++)
			sprintf(id + 2 * k, "%02x", m.build_id[k]);
		hl_json_begin_object(j);
		put_text(j, "path", m.path);
		put_string(j, "build_id", id);
		put_unsigned(j, "start", m.start);
		put_unsigned(j, "end", m.end);
		put_unsigned(j, "bias", m.bias);
		put_unsigned(j, "first_generation", m.first_generation);
		put_unsigned(j, "last_generation", m.last_generation);
		put_flag(j, "no_unwind", m.flags & HL_MODULE_NO_UNWIND);
		put_flag(j, "bypass", m.flags & HL_MODULE_BYPASS);
		hl_json_end_object(j);
	}
	hl_json_end_array(j);
}

static const char *const domain_names[HL_NR_DOMAINS] = {"malloc", "mmap", "domain2", "domain3"};

/* A number for each domain. */
static void put_domains(struct hl_json *j, const char *key, const int64_t *bytes)
{
	hl_json_key(j, key);
	hl_json_begin_object(j);
	for (int d = 0; d < HL_NR_DOMAINS; d++)
		put_signed(j, domain_names[d], bytes[d]);
	hl_json_end_object(j);
}

/* [[0, n], [1, n], [2, n], [4, n], ...]: the smallest size of a class, and how many; what is nothing is left out. */
static void put_sizes(struct hl_json *j, const struct hl_snapshot *snapshot)
{
	uint64_t counts[HL_SIZE_CLASSES];

	hl_json_key(j, "sizes");
	if (!hl_snapshot_sizes(snapshot, counts)) {
		hl_json_null(j);
		return;
	}
	hl_json_begin_array(j);
	for (unsigned int i = 0; i < HL_SIZE_CLASSES; i++) {
		if (!counts[i])
			continue;
		hl_json_begin_array(j);
		hl_json_unsigned(j, i ? UINT64_C(1) << (i - 1) : 0);
		hl_json_unsigned(j, counts[i]);
		hl_json_end_array(j);
	}
	hl_json_end_array(j);
}

static void put_marks(struct hl_json *j, const struct hl_snapshot *snapshot)
{
	size_t nr = hl_snapshot_nr_marks(snapshot);

	hl_json_key(j, "marks");
	hl_json_begin_array(j);
	for (size_t i = 0; i < nr; i++) {
		struct hl_mark_info m;

		hl_snapshot_mark(snapshot, i, &m);
		hl_json_begin_line(j);
		hl_json_begin_object(j);
		put_text(j, "text", m.text);
		put_unsigned(j, "monotonic_ns", m.monotonic_ns);
		put_domains(j, "current_bytes", m.current_bytes);
		put_domains(j, "peak_bytes", m.peak_bytes);
		hl_json_end_object(j);
		hl_json_end_line(j);
	}
	hl_json_end_array(j);
}

/* 0: nobody knows. */
static void put_known(struct hl_json *j, const char *key, uint64_t value)
{
	hl_json_key(j, key);
	if (value)
		hl_json_unsigned(j, value);
	else
		hl_json_null(j);
}

static void put_time_line(struct hl_json *j, const struct hl_snapshot *snapshot)
{
	uint64_t interval_ns;
	size_t nr = hl_snapshot_nr_times(snapshot, &interval_ns);

	hl_json_key(j, "time_line");
	hl_json_begin_object(j);
	put_unsigned(j, "interval_ns", interval_ns);
	hl_json_key(j, "points");
	hl_json_begin_array(j);
	for (size_t i = 0; i < nr; i++) {
		struct hl_time_info t;

		hl_snapshot_time(snapshot, i, &t);
		hl_json_begin_line(j);
		hl_json_begin_object(j);
		put_unsigned(j, "monotonic_ns", t.monotonic_ns);
		put_domains(j, "live_bytes", t.live_bytes);
		put_domains(j, "live_count", t.live_count);
		put_unsigned(j, "alloc_count", t.alloc_count);
		put_unsigned(j, "temp_count", t.temp_count);
		put_known(j, "resident_bytes", t.resident_bytes);
		put_known(j, "proportional_bytes", t.proportional_bytes);
		put_known(j, "nr_threads", t.nr_threads);
		put_unsigned(j, "nr_marks", t.nr_marks);
		hl_json_end_object(j);
		hl_json_end_line(j);
	}
	hl_json_end_array(j);
	hl_json_end_object(j);
}

static void write_info(FILE *file, const struct hl_info_report *report)
{
	struct hl_json j;
	struct hl_info info;

	hl_snapshot_info(report->snapshot, &info);
	hl_json_init(&j, file);
	hl_json_begin_object(&j);
	put_string(&j, "file", report->file);
	hl_json_key(&j, "complete");
	hl_json_bool(&j, info.is_complete);
	put_identity(&j, &info);
	hl_json_key(&j, "totals");
	put_totals(&j, report->snapshot, HL_DOMAIN_MALLOC);
	hl_json_key(&j, "domains");
	hl_json_begin_object(&j);
	for (int d = 0; d < HL_NR_DOMAINS; d++) {
		hl_json_key(&j, domain_names[d]);
		put_totals(&j, report->snapshot, d);
	}
	hl_json_end_object(&j);
	hl_json_key(&j, "together");
	put_totals(&j, report->snapshot, -1);
	put_completeness(&j, report->snapshot);
	put_sizes(&j, report->snapshot);
	put_marks(&j, report->snapshot);
	put_time_line(&j, report->snapshot);
	put_modules(&j, report->snapshot);
	hl_json_end_object(&j);
	hl_json_finish(&j);
}

static void put_average(struct hl_json *j, int64_t size, int64_t count)
{
	hl_json_key(j, "average");
	if (count)
		hl_json_double(j, (double)size / (double)count);
	else
		hl_json_null(j);
}

/* Of samples only. */
static void put_error(struct hl_json *j, const char *key, double bytes)
{
	if (!(bytes > 0))
		return;
	hl_json_key(j, key);
	hl_json_double(j, bytes);
}

static void put_group(struct hl_json *j, const struct hl_statistics *stats,
		const struct hl_statistic *s)
{
	hl_json_begin_object(j);
	hl_json_put_location(j, hl_traceback_line(stats->resolver, s->traceback));
	hl_json_put_via(j, stats->resolver, s->via, s->nr_vias);
	put_signed(j, "size", s->size);
	put_signed(j, "count", s->count);
	put_average(j, s->size, s->count);
	put_error(j, "error_bytes", s->error_bytes);
	put_counts(j, &s->counts);
	put_signed(j, "peak_bytes", s->counts.peak_bytes);
	if (stats->key == HL_KEY_TRACEBACK)
		hl_json_put_stack(j, stats->resolver, s->traceback);
	hl_json_end_object(j);
}

static void write_top(FILE *file, const struct hl_top_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	struct hl_totals totals;
	struct hl_json j;

	hl_snapshot_totals(report->snapshot, -1, &totals);
	hl_json_init(&j, file);
	hl_json_begin_object(&j);
	put_string(&j, "file", report->file);
	put_string(&j, "group", hl_key_names[stats->key]);
	put_string(&j, "sort", hl_metric_names[stats->metric]);
	hl_json_key(&j, "cumulative");
	hl_json_bool(&j, stats->is_cumulative);
	put_unsigned(&j, "nr_groups", stats->nr_items);
	put_signed(&j, "total_size", stats->total_size);
	put_signed(&j, "total_count", stats->total_count);
	put_unsigned(&j, "total_temp_count", stats->all.temp_count);
	put_error(&j, "total_error_bytes", stats->total_error_bytes);
	put_unsigned(&j, "peak_bound_bytes", totals.peak_bound_bytes);
	hl_json_key(&j, "groups");
	hl_json_begin_array(&j);
	for (size_t i = 0; i < stats->nr_items && i < report->nr_rows; i++)
		put_group(&j, stats, &stats->items[i]);
	hl_json_end_array(&j);
	hl_json_end_object(&j);
	hl_json_finish(&j);
}

/* Where the line was in the older build. */
static void put_moved(struct hl_json *j, const struct hl_location *from)
{
	hl_json_key(j, "moved_from");
	if (!from) {
		hl_json_null(j);
		return;
	}
	hl_json_begin_object(j);
	hl_json_put_location(j, from);
	hl_json_end_object(j);
}

static void put_difference(struct hl_json *j, const struct hl_diffs *diffs,
		const struct hl_statistic_diff *d)
{
	hl_json_begin_object(j);
	hl_json_put_location(j, hl_traceback_line(diffs->resolver, d->traceback));
	hl_json_put_via(j, diffs->resolver, d->via, d->nr_vias);
	put_signed(j, "size", d->size);
	put_signed(j, "size_diff", d->size_diff);
	put_signed(j, "count", d->count);
	put_signed(j, "count_diff", d->count_diff);
	put_string(j, "change", hl_change_names[d->change]);
	put_moved(j, hl_traceback_moved_from(diffs->resolver, d->traceback));
	put_average(j, d->size, d->count);
	if (diffs->key == HL_KEY_TRACEBACK)
		hl_json_put_stack(j, diffs->resolver, d->traceback);
	hl_json_end_object(j);
}

static void write_diff(FILE *file, const struct hl_diff_report *report)
{
	const struct hl_diffs *diffs = report->diffs;
	struct hl_json j;

	hl_json_init(&j, file);
	hl_json_begin_object(&j);
	put_string(&j, "old_file", report->old_file);
	put_string(&j, "new_file", report->new_file);
	put_string(&j, "group", hl_key_names[diffs->key]);
	put_string(&j, "sort", hl_metric_names[diffs->metric]);
	put_unsigned(&j, "nr_groups", diffs->nr_items);
	put_signed(&j, "total_size", diffs->total_size);
	put_signed(&j, "total_size_diff", diffs->total_size_diff);
	put_signed(&j, "total_count", diffs->total_count);
	put_signed(&j, "total_count_diff", diffs->total_count_diff);
	put_error(&j, "total_error_bytes", diffs->total_error_bytes);
	hl_json_key(&j, "groups");
	hl_json_begin_array(&j);
	for (size_t i = 0; i < diffs->nr_items && i < report->nr_rows; i++)
		put_difference(&j, diffs, &diffs->items[i]);
	hl_json_end_array(&j);
	hl_json_end_object(&j);
	hl_json_finish(&j);
}

const struct hl_report_writer hl_json_writer = {
	.name = "json",
	.top = write_top,
	.diff = write_diff,
	.info = write_info,
};
