/* SPDX-License-Identifier: MIT */
/* The formats of `heapledger export`, and what their writers share. */
#include "reports/export.h"

#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"

const struct hl_export_writer *const hl_export_writers[] = {
	&hl_export_pprof,
	&hl_export_folded,
	&hl_export_speedscope,
	&hl_export_massif,
	&hl_export_dhat,
	&hl_export_callgrind,
	&hl_export_heap,
	&hl_export_traces,
	&hl_export_json,
	NULL,
};

int64_t hl_export_value(const struct hl_counts *counts, enum hl_value value)
{
	switch (value) {
	case HL_VALUE_ALLOC_COUNT:
		return (int64_t)counts->alloc_count;
	case HL_VALUE_ALLOC_BYTES:
		return (int64_t)counts->alloc_bytes;
	case HL_VALUE_LIVE_COUNT:
		return (int64_t)(counts->alloc_count - counts->free_count);
	case HL_VALUE_LIVE_BYTES:
		return (int64_t)(counts->alloc_bytes - counts->free_bytes);
	case HL_VALUE_PEAK_COUNT:
		return counts->peak_count;
	case HL_VALUE_PEAK_BYTES:
		return counts->peak_bytes;
	default:
		return (int64_t)counts->temp_count;
	}
}

uint64_t hl_export_natural(const struct hl_counts *counts, enum hl_value value)
{
	int64_t n = hl_export_value(counts, value);

	return n > 0 ? (uint64_t)n : 0;
}

enum hl_value hl_export_metric_value(enum hl_metric metric)
{
	switch (metric) {
	case HL_METRIC_LIVE:
		return HL_VALUE_LIVE_BYTES;
	case HL_METRIC_PEAK:
		return HL_VALUE_PEAK_BYTES;
	case HL_METRIC_ALLOC:
		return HL_VALUE_ALLOC_BYTES;
	case HL_METRIC_COUNT:
		return HL_VALUE_ALLOC_COUNT;
	default:
		return HL_VALUE_TEMP_COUNT;
	}
}

void hl_export_note_negative(const struct hl_export *export, unsigned int values)
{
	size_t nr = hl_stacks_nr_sites(export->stacks);

	for (size_t i = 0; i < nr; i++) {
		const struct hl_counts *c = &hl_stacks_site(export->stacks, i)->counts;
		bool is_negative = false;

		for (int v = 0; v < HL_NR_VALUES; v++)
			is_negative |= (values >> v & 1) && hl_export_value(c, (enum hl_value)v) < 0;
		export->notes->nr_negative += is_negative;
	}
}

uint64_t hl_export_sum(const struct hl_export *export, enum hl_value value)
{
	size_t nr = hl_stacks_nr_sites(export->stacks);
	uint64_t sum = 0;

	for (size_t i = 0; i < nr; i++)
		sum += hl_export_natural(&hl_stacks_site(export->stacks, i)->counts, value);
	return sum;
}

void hl_export_put_command(FILE *file, const struct hl_export *export, const char *from,
		const char *to)
{
	struct hl_info info;
	size_t length;

	hl_snapshot_info(export->snapshot, &info);
	length = info.command.length;
	if (length && !info.command.data[length - 1])
		length--;
	for (size_t at = 0; at < length;) {
		size_t n = strnlen(info.command.data + at, length - at);

		hl_put_replaced(file, info.command.data + at, n, from, to);
		at += n + 1;
		if (at < length)
			fputc(' ', file);
	}
	if (!length)
		fputs("(unknown)", file);
}

char *hl_export_command(const struct hl_export *export)
{
	char *command = NULL;
	size_t length;
	FILE *file = open_memstream(&command, &length);

	if (!file)
		return NULL;
	hl_export_put_command(file, export, "", "");
	if (fclose(file)) {
		free(command);
		return NULL;
	}
	return command;
}

uint64_t hl_export_since_start(const struct hl_export *export, uint64_t ns)
{
	struct hl_info info;

	hl_snapshot_info(export->snapshot, &info);
	return ns > info.start_ns ? ns - info.start_ns : 0;
}

uint64_t hl_export_duration(const struct hl_export *export)
{
	struct hl_info info;
	struct hl_totals totals;

	hl_snapshot_info(export->snapshot, &info);
	hl_snapshot_totals(export->snapshot, -1, &totals);
	if (info.snapshot_ns)
		return hl_export_since_start(export, info.snapshot_ns);
	if (info.end_ns)
		return hl_export_since_start(export, info.end_ns);
	return hl_export_since_start(export, totals.peak_ns);
}
