/* SPDX-License-Identifier: MIT */
/*
 * Writing a snapshot as a compact ledger of kind HL_LEDGER_SNAPSHOT.
 *
 * Layout: header page, one directory block, then one section for each table, in the order of their
 * types, each aligned to a cache line.  The same snapshot gives the same bytes.
 */
#include "snapshot/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/output.h"

#define ALIGNMENT 64u
/* Any number but 0, and the same in the domains and in the counters: "saved at this peak". */
#define PEAK_EPOCH 1u

struct writing {
	const struct hl_snapshot *s;
	FILE *file;
	struct hl_ledger_header header;
	struct hl_globals globals;
	struct hl_directory directory;
	uint64_t end;
};

static void add_section(struct writing *w, uint32_t type, uint64_t nr, uint32_t record_bytes)
{
	if (!nr)
		return;
	w->directory.entries[w->directory.nr_entries++] = (struct hl_section){
		.type = type,
		.offset = w->end,
		.nr_records = (uint32_t)nr,
		.record_bytes = record_bytes,
	};
	w->end += nr * record_bytes;
	w->end += (ALIGNMENT - w->end % ALIGNMENT) % ALIGNMENT;
}

static int plan(struct writing *w)
{
	const struct hl_snapshot *s = w->s;
	const struct hl_globals *g = &s->globals;

	if (g->nr_nodes > UINT32_MAX || g->nr_sites > UINT32_MAX || g->string_bytes > UINT32_MAX ||
			g->nr_modules > UINT32_MAX || g->nr_generations > UINT32_MAX ||
			s->nr_frames > UINT32_MAX || s->nr_marks > UINT32_MAX ||
			(s->embedded && s->embedded->section_bytes > UINT32_MAX))
		return -EFBIG;
	w->header = s->header;
	w->header.header_bytes = HL_LEDGER_PAGE;
	w->header.version = HL_LEDGER_VERSION;
	w->header.kind = HL_LEDGER_SNAPSHOT;
	w->header.directory_offset = HL_LEDGER_PAGE;
	w->header.state = 1;
	if (!w->header.snapshot_monotonic_ns)
		w->header.snapshot_monotonic_ns = s->read_ns;
	w->globals = *g;
	w->globals.nr_shards = 1;
	for (int d = 0; d < HL_NR_DOMAINS; d++) {
		w->globals.domains[d].peak_epoch = w->globals.domains[d].epoch = PEAK_EPOCH;
		w->globals.sum_epochs[d] = hl_snapshot_has_sum(s) ? PEAK_EPOCH : 0;
	}
	w->end = 2 * HL_LEDGER_PAGE;
	add_section(w, HL_SECTION_GLOBALS, 1, sizeof(struct hl_globals));
	add_section(w, HL_SECTION_STRINGS, g->string_bytes, 1);
	add_section(w, HL_SECTION_MODULES, g->nr_modules, sizeof(struct hl_module));
	add_section(w, HL_SECTION_NODES, g->nr_nodes, sizeof(struct hl_node));
	add_section(w, HL_SECTION_SITES, g->nr_sites, sizeof(struct hl_site));
	add_section(w, HL_SECTION_SHARDS, 1, sizeof(struct hl_sized_shard));
	add_section(w, HL_SECTION_COUNTERS, g->nr_sites, sizeof(struct hl_counters));
	add_section(w, HL_SECTION_GENERATIONS, g->nr_generations, sizeof(struct hl_generation));
	add_section(w, HL_SECTION_FRAMES, s->nr_frames, sizeof(struct hl_source_frame));
	add_section(w, HL_SECTION_MARKS, s->nr_marks, sizeof(struct hl_ledger_mark));
	add_section(w, HL_SECTION_THREADS, s->nr_threads, sizeof(struct hl_ledger_thread));
	add_section(w, HL_SECTION_PEAKS, hl_snapshot_has_sum(s) ? g->nr_sites : 0, sizeof(struct hl_peak));
	add_section(w, HL_SECTION_TIMES, s->times.nr ? HL_LEDGER_PAGE + s->times.nr * sizeof(*s->times.points) : 0, 1);
	add_section(w, HL_SECTION_MOMENTS, s->moments.length ? HL_LEDGER_PAGE + s->moments.length : 0, 1);
	add_section(w, HL_SECTION_SYMBOLS, s->embedded ? s->embedded->section_bytes : 0, 1);
	return 0;
}

static int put(struct writing *w, const void *data, size_t length)
{
	if (length && fwrite(data, length, 1, w->file) != 1)
		return errno ? -errno : -EIO;
	return 0;
}

static int pad_to(struct writing *w, uint64_t offset)
{
	static const char zeros[HL_LEDGER_PAGE];
	int rc = 0;

	for (uint64_t at = (uint64_t)ftello(w->file); !rc && at < offset;) {
		size_t n = offset - at < sizeof(zeros) ? offset - at : sizeof(zeros);

		rc = put(w, zeros, n);
		at += n;
	}
	return rc;
}

static int put_sites(struct writing *w)
{
	int rc = 0;

	for (uint64_t i = 0; !rc && i < w->globals.nr_sites; i++)
		rc = put(w, &w->s->sites[i].site, sizeof(struct hl_site));
	return rc;
}

static int32_t saturated(int64_t count)
{
	if (count > INT32_MAX)
		return INT32_MAX;
	return count < INT32_MIN ? INT32_MIN : (int32_t)count;
}

static int put_counters(struct writing *w)
{
	bool has_sum = hl_snapshot_has_sum(w->s);
	int rc = 0;

	for (uint64_t i = 0; !rc && i < w->globals.nr_sites; i++) {
		const struct hl_site_counts *site = &w->s->sites[i];
		const struct hl_counts *c = &site->counts;
		struct hl_counters record = {
			.alloc_count = c->alloc_count,
			.alloc_bytes = c->alloc_bytes,
			.free_count = c->free_count,
			.free_bytes = c->free_bytes,
			.temp_count = c->temp_count,
			.move_count = c->move_count,
			.peak_bytes = has_sum ? site->own.bytes : c->peak_bytes,
			.peak_count = saturated(has_sum ? site->own.count : c->peak_count),
			.peak_epoch = PEAK_EPOCH,
		};

		rc = put(w, &record, sizeof(record));
	}
	return rc;
}

static int put_peaks(struct writing *w)
{
	int rc = 0;

	for (uint64_t i = 0; !rc && i < w->globals.nr_sites; i++) {
		const struct hl_counts *c = &w->s->sites[i].counts;
		struct hl_peak record = {.bytes = c->peak_bytes, .count = saturated(c->peak_count)};

		rc = put(w, &record, sizeof(record));
	}
	return rc;
}

static int put_times(struct writing *w, const struct hl_section *section)
{
	const struct hl_times *times = &w->s->times;
	const struct hl_times_header header = {
		.state = times->nr,
		.interval_ns = times->interval_ns,
		.first_interval_ns = times->interval_ns,
	};
	int rc = put(w, &header, sizeof(header));

	if (!rc)
		rc = pad_to(w, section->offset + HL_LEDGER_PAGE);
	return rc ? rc : put(w, times->points, times->nr * sizeof(*times->points));
}

static int put_moments(struct writing *w, const struct hl_section *section)
{
	const struct hl_moments *moments = &w->s->moments;
	const struct hl_moments_header header = {.state = moments->length, .interval_ns = moments->interval_ns};
	int rc = put(w, &header, sizeof(header));

	if (!rc)
		rc = pad_to(w, section->offset + HL_LEDGER_PAGE);
	return rc ? rc : put(w, moments->bytes, moments->length);
}

static int put_shard(struct writing *w)
{
	int rc = put(w, &w->s->shard, sizeof(w->s->shard));

	return rc ? rc : put(w, w->s->sizes, sizeof(w->s->sizes));
}

static int put_section(struct writing *w, const struct hl_section *section)
{
	const struct hl_snapshot *s = w->s;
	size_t bytes = (size_t)section->nr_records * section->record_bytes;

	switch (section->type) {
	case HL_SECTION_GLOBALS:
		return put(w, &w->globals, bytes);
	case HL_SECTION_STRINGS:
		return put(w, s->strings, bytes);
	case HL_SECTION_MODULES:
		return put(w, s->modules, bytes);
	case HL_SECTION_NODES:
		return put(w, s->nodes, bytes);
	case HL_SECTION_SITES:
		return put_sites(w);
	case HL_SECTION_SHARDS:
		return put_shard(w);
	case HL_SECTION_COUNTERS:
		return put_counters(w);
	case HL_SECTION_FRAMES:
		return put(w, s->frames, bytes);
	case HL_SECTION_MARKS:
		return put(w, s->marks, bytes);
	case HL_SECTION_THREADS:
		return put(w, s->threads, bytes);
	case HL_SECTION_PEAKS:
		return put_peaks(w);
	case HL_SECTION_MOMENTS:
		return put_moments(w, section);
	case HL_SECTION_TIMES:
		return put_times(w, section);
	case HL_SECTION_SYMBOLS:
		return put(w, s->embedded->section, bytes);
	default:
		return put(w, s->generations, bytes);
	}
}

static int put_all(struct writing *w)
{
	int rc = put(w, &w->header, sizeof(w->header));

	if (!rc)
		rc = pad_to(w, HL_LEDGER_PAGE);
	if (!rc)
		rc = put(w, &w->directory, sizeof(w->directory));
	for (uint32_t i = 0; !rc && i < w->directory.nr_entries; i++) {
		rc = pad_to(w, w->directory.entries[i].offset);
		if (!rc)
			rc = put_section(w, &w->directory.entries[i]);
	}
	if (!rc)
		rc = pad_to(w, w->end);
	if (!rc && fflush(w->file))
		rc = errno ? -errno : -EIO;
	return rc;
}

static const char *reason(int code)
{
	switch (code) {
	case EEXIST:
		return "exists already";
	case EFBIG:
		return "too large for the format";
	case ENOMEM:
		return "out of memory";
	default:
		return "cannot be written";
	}
}

int hl_snapshot_write(const struct hl_snapshot *snapshot, const char *path, unsigned int flags,
		struct hl_error *err)
{
	struct writing w = {.s = snapshot};
	struct hl_output out;
	int rc = plan(&w);

	if (!rc)
		rc = hl_snapshot_check_depth(snapshot);
	if (!rc)
		rc = hl_output_open(&out, path, flags & HL_WRITE_FORCE ? HL_OUTPUT_REPLACE : 0);
	if (!rc) {
		w.file = out.file;
		rc = hl_output_close(&out, put_all(&w));
	}
	return rc ? hl_fail(err, -rc, HL_NO_OFFSET, reason(-rc)) : 0;
}
