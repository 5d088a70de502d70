/* SPDX-License-Identifier: MIT */
/*
 * Everything that a ledger's stacks hold, as JSON (heapledger-export(1) is the schema): modules,
 * places (distinct addresses with their frames), and call sites that name their places.
 *
 * The keys are stable: a new version may add some, and does not change or remove any.  Addresses are
 * strings, because many readers keep numbers in 53 bits.
 */
#include "reports/export.h"

#include <inttypes.h>
#include <string.h>

#include "common/ledger.h"
#include "reports/json.h"

#define FORMAT_VERSION 1

static void put_number(struct hl_json *j, const char *key, uint64_t value)
{
	hl_json_key(j, key);
	hl_json_unsigned(j, value);
}

static void put_signed(struct hl_json *j, const char *key, int64_t value)
{
	hl_json_key(j, key);
	hl_json_signed(j, value);
}

static void put_text(struct hl_json *j, const char *key, struct hl_text text)
{
	hl_json_key(j, key);
	hl_json_bytes(j, text.data, text.length);
}

/* "" is null: not known. */
static void put_name(struct hl_json *j, const char *key, const char *name)
{
	hl_json_key(j, key);
	if (*name)
		hl_json_string(j, name);
	else
		hl_json_null(j);
}

static void put_address(struct hl_json *j, const char *key, uint64_t address)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	hl_json_key(j, key);
	hl_json_string(j, text);
}

/* Where a place is; a frame that is named by its source is nowhere. */
static void put_place_address(struct hl_json *j, uint64_t address)
{
	if (address)
		put_address(j, "address", address);
	else
		put_name(j, "address", "");
}

static void put_command(struct hl_json *j, struct hl_text command)
{
	hl_json_key(j, "command");
	hl_json_begin_array(j);
	for (size_t at = 0; at < command.length;) {
		size_t n = strnlen(command.data + at, command.length - at);

		hl_json_bytes(j, command.data + at, n);
		at += n + 1;
	}
	hl_json_end_array(j);
}

static void put_counts(struct hl_json *j, const struct hl_counts *c)
{
	put_number(j, "alloc_count", c->alloc_count);
	put_number(j, "alloc_bytes", c->alloc_bytes);
	put_number(j, "free_count", c->free_count);
	put_number(j, "free_bytes", c->free_bytes);
	put_signed(j, "live_count", hl_export_value(c, HL_VALUE_LIVE_COUNT));
	put_signed(j, "live_bytes", hl_export_value(c, HL_VALUE_LIVE_BYTES));
	put_signed(j, "peak_count", c->peak_count);
	put_signed(j, "peak_bytes", c->peak_bytes);
	put_number(j, "temp_count", c->temp_count);
	put_number(j, "move_count", c->move_count);
}

static void put_program(struct hl_json *j, const struct hl_export *export)
{
	struct hl_totals totals;
	struct hl_info info;

	hl_snapshot_info(export->snapshot, &info);
	hl_snapshot_totals(export->snapshot, -1, &totals);
	hl_json_key(j, "program");
	hl_json_begin_object(j);
	put_command(j, info.command);
	put_text(j, "exe", info.exe);
	put_text(j, "directory", info.directory);
	put_number(j, "pid", info.pid);
	hl_json_key(j, "complete");
	hl_json_bool(j, info.is_complete);
	put_number(j, "start_realtime_ns", info.start_realtime_ns);
	put_number(j, "duration_ns", hl_export_duration(export));
	put_number(j, "peak_ns", hl_export_since_start(export, totals.peak_ns));
	put_number(j, "peak_bound_bytes", totals.peak_bound_bytes);
	put_number(j, "sample_bytes", info.sample_bytes);
	hl_json_end_object(j);
}

static void put_totals(struct hl_json *j, const struct hl_export *export)
{
	struct hl_totals totals;

	hl_snapshot_totals(export->snapshot, -1, &totals);
	hl_json_key(j, "totals");
	hl_json_begin_object(j);
	totals.counts.peak_bytes = totals.peak_bytes;
	put_counts(j, &totals.counts);
	hl_json_end_object(j);
}

static void put_module(struct hl_json *j, const struct hl_export *export, size_t index)
{
	struct hl_mapping mapping = hl_stacks_mapping(export->stacks, index);
	char build_id[2 * HL_BUILD_ID_BYTES + 1] = "";
	struct hl_module_info m;

	hl_snapshot_module(export->snapshot, index, &m);
	for (size_t i = 0; i < m.build_id_bytes && i < HL_BUILD_ID_BYTES; i++)
		sprintf(build_id + 2 * i, "%02x", m.build_id[i]);
	hl_json_begin_line(j);
	hl_json_begin_object(j);
	put_text(j, "path", m.path);
	put_name(j, "build_id", build_id);
	put_address(j, "bias", m.bias);
	put_address(j, "start", mapping.start);
	put_address(j, "end", mapping.end);
	put_number(j, "offset", mapping.offset);
	hl_json_end_object(j);
	hl_json_end_line(j);
}

static void put_modules(struct hl_json *j, const struct hl_export *export)
{
	size_t nr = hl_snapshot_nr_modules(export->snapshot);

	hl_json_key(j, "modules");
	hl_json_begin_array(j);
	for (size_t i = 0; i < nr; i++)
		put_module(j, export, i);
	hl_json_end_array(j);
}

static void put_frame(struct hl_json *j, const struct hl_stack_frame *frame)
{
	hl_json_begin_object(j);
	put_name(j, "function", frame->location.function);
	put_name(j, "name", frame->location.name);
	put_name(j, "linkage_name", frame->linkage_name);
	put_name(j, "filename", frame->location.filename);
	put_number(j, "lineno", frame->location.lineno);
	hl_json_key(j, "inlined");
	hl_json_bool(j, frame->is_inlined);
	hl_json_key(j, "wrapper");
	hl_json_bool(j, frame->role != HL_ROLE_OTHER && frame->role != HL_ROLE_OWN);
	put_name(j, "origin", hl_role_names[frame->role]);
	hl_json_end_object(j);
}

static void put_place(struct hl_json *j, const struct hl_export *export, uint32_t place)
{
	size_t nr;
	const struct hl_stack_frame *frames = hl_stacks_place(export->stacks, place, &nr);
	struct hl_module_info m;

	hl_json_begin_line(j);
	hl_json_begin_object(j);
	if (frames->module >= 0) {
		hl_snapshot_module(export->snapshot, (size_t)frames->module, &m);
		put_place_address(j, frames->address);
		put_number(j, "module", (uint64_t)frames->module);
		put_address(j, "vaddr", frames->address - m.bias);
	} else {
		put_place_address(j, frames->address);
		put_name(j, "module", "");
		put_name(j, "vaddr", "");
	}
	hl_json_key(j, "frames");
	hl_json_begin_array(j);
	for (size_t i = 0; i < nr; i++)
		put_frame(j, &frames[i]);
	hl_json_end_array(j);
	hl_json_end_object(j);
	hl_json_end_line(j);
}

static void put_places(struct hl_json *j, const struct hl_export *export)
{
	size_t nr = hl_stacks_nr_places(export->stacks);

	hl_json_key(j, "places");
	hl_json_begin_array(j);
	for (size_t i = 0; i < nr; i++)
		put_place(j, export, (uint32_t)i);
	hl_json_end_array(j);
}

static void put_site(struct hl_json *j, const struct hl_export *export, size_t index)
{
	const struct hl_stack_site *site = hl_stacks_site(export->stacks, index);

	hl_json_begin_line(j);
	hl_json_begin_object(j);
	hl_json_key(j, "kind");
	hl_json_string(j, hl_kind_name(site->kind));
	put_number(j, "domain", site->domain);
	put_counts(j, &site->counts);
	hl_json_key(j, "stack");
	hl_json_begin_array(j);
	for (uint32_t call = site->call; call;) {
		const struct hl_stack_call *c = hl_stacks_call(export->stacks, call);

		hl_json_unsigned(j, c->place);
		call = c->caller;
	}
	hl_json_end_array(j);
	hl_json_end_object(j);
	hl_json_end_line(j);
}

static int write_json(FILE *file, const struct hl_export *export)
{
	size_t nr = hl_stacks_nr_sites(export->stacks);
	struct hl_json j;

	hl_json_init(&j, file);
	hl_json_begin_object(&j);
	hl_json_key(&j, "format");
	hl_json_string(&j, "heapledger-stacks");
	put_number(&j, "version", FORMAT_VERSION);
	hl_json_key(&j, "creator");
	hl_json_string(&j, export->creator);
	put_program(&j, export);
	put_totals(&j, export);
	put_modules(&j, export);
	put_places(&j, export);
	hl_json_key(&j, "sites");
	hl_json_begin_array(&j);
	for (size_t i = 0; i < nr; i++)
		put_site(&j, export, i);
	hl_json_end_array(&j);
	hl_json_end_object(&j);
	hl_json_finish(&j);
	return 0;
}

const struct hl_export_writer hl_export_json = {
	.name = "json",
	.write = write_json,
};
