/* SPDX-License-Identifier: MIT */
/*
 * pprof: a gzipped message of profile.proto (https://github.com/google/pprof), symbolised.
 *
 * The four sample types of heap profiles come first and in the usual order, ours behind them.  The
 * fields are written in the order in which they are made; readers take any.  The tables of strings
 * and functions grow while locations are written, so they come last.
 */
#include "reports/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/ledger.h"
#include "reports/gzip.h"
#include "reports/names.h"
#include "reports/protobuf.h"

/* Field numbers. */
enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING_TABLE = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
	VALUE_TYPE_TYPE = 1,
	VALUE_TYPE_UNIT = 2,
	SAMPLE_LOCATION_ID = 1,
	SAMPLE_VALUE = 2,
	SAMPLE_LABEL = 3,
	LABEL_KEY = 1,
	LABEL_STR = 2,
	LABEL_NUM = 3,
	LABEL_NUM_UNIT = 4,
	MAPPING_ID = 1,
	MAPPING_START = 2,
	MAPPING_LIMIT = 3,
	MAPPING_OFFSET = 4,
	MAPPING_FILENAME = 5,
	MAPPING_BUILD_ID = 6,
	MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_FILENAMES = 8,
	MAPPING_HAS_LINE_NUMBERS = 9,
	MAPPING_HAS_INLINE_FRAMES = 10,
	LOCATION_ID = 1,
	LOCATION_MAPPING_ID = 2,
	LOCATION_ADDRESS = 3,
	LOCATION_LINE = 4,
	LINE_FUNCTION_ID = 1,
	LINE_LINE = 2,
	FUNCTION_ID = 1,
	FUNCTION_NAME = 2,
	FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILENAME = 4,
};

static const struct {
	enum hl_value value;
	const char *type;
	const char *unit;
} sample_types[] = {
	{HL_VALUE_ALLOC_COUNT, "alloc_objects", "count"},
	{HL_VALUE_ALLOC_BYTES, "alloc_space", "bytes"},
	{HL_VALUE_LIVE_COUNT, "inuse_objects", "count"},
	{HL_VALUE_LIVE_BYTES, "inuse_space", "bytes"},
	{HL_VALUE_PEAK_COUNT, "peak_objects", "count"},
	{HL_VALUE_PEAK_BYTES, "peak_space", "bytes"},
	{HL_VALUE_TEMP_COUNT, "temp_objects", "count"},
};

#define NR_SAMPLE_TYPES (sizeof(sample_types) / sizeof(*sample_types))

struct pprof {
	const struct hl_export *export;
	struct hl_gzip gzip;
	struct hl_names names;		/* the string table */
	struct hl_map functions;	/* (name, system name; file) -> id - 1 */
	uint32_t nr_functions;
	uint32_t *mapping_of;		/* by module: id, 0: none */
	struct hl_protobuf function_table;
	struct hl_protobuf whole;	/* the field that is written next */
	struct hl_protobuf part;
	struct hl_protobuf inner;
	uint64_t *ids;			/* of a sample's locations */
	size_t id_room;
	bool is_short;
};

/* A string's number; 0, the empty one, when out of memory. */
static uint64_t string_id(struct pprof *p, const char *text)
{
	uint32_t id = hl_names_id_of_constant(&p->names, text);

	p->is_short |= id == HL_NO_NAME;
	return id == HL_NO_NAME ? 0 : id;
}

/* The same for text that is not NUL-terminated or does not stay. */
static uint64_t text_id(struct pprof *p, const char *text, size_t length)
{
	char *copy = strndup(text, length);
	uint32_t id = copy ? hl_names_id(&p->names, copy) : HL_NO_NAME;

	free(copy);
	p->is_short |= id == HL_NO_NAME;
	return id == HL_NO_NAME ? 0 : id;
}

static void flush(struct pprof *p)
{
	p->is_short |= p->whole.is_short;
	hl_gzip_write(&p->gzip, p->whole.data, p->whole.length);
	hl_protobuf_reset(&p->whole);
}

/* Write p->part as a field of the profile, and empty it. */
static void flush_part(struct pprof *p, unsigned int field)
{
	hl_protobuf_put_message(&p->whole, field, &p->part);
	hl_protobuf_reset(&p->part);
	flush(p);
}

static void put_value_type(struct pprof *p, unsigned int field, const char *type, const char *unit)
{
	hl_protobuf_put_number(&p->part, VALUE_TYPE_TYPE, string_id(p, type));
	hl_protobuf_put_number(&p->part, VALUE_TYPE_UNIT, string_id(p, unit));
	flush_part(p, field);
}

/* Take p->inner into p->part. */
static void put_inner(struct pprof *p, unsigned int field)
{
	hl_protobuf_put_message(&p->part, field, &p->inner);
	hl_protobuf_reset(&p->inner);
}

static void put_label(struct pprof *p, const char *key, const char *value)
{
	hl_protobuf_put_number(&p->inner, LABEL_KEY, string_id(p, key));
	hl_protobuf_put_number(&p->inner, LABEL_STR, string_id(p, value));
	put_inner(p, SAMPLE_LABEL);
}

/* The mean size, as the readers of older heap profiles make it up. */
static void put_labels(struct pprof *p, const struct hl_stack_site *site)
{
	static const char *const domains[HL_NR_DOMAINS] = {NULL, "mmap", "domain2", "domain3"};
	const struct hl_counts *c = &site->counts;
	uint64_t mean = c->alloc_count ? c->alloc_bytes / c->alloc_count : 0;

	put_label(p, "kind", hl_kind_name(site->kind));
	if (site->domain < HL_NR_DOMAINS && domains[site->domain])
		put_label(p, "domain", domains[site->domain]);
	if (!mean)
		return;
	hl_protobuf_put_number(&p->inner, LABEL_KEY, string_id(p, "bytes"));
	hl_protobuf_put_number(&p->inner, LABEL_NUM, mean);
	hl_protobuf_put_number(&p->inner, LABEL_NUM_UNIT, string_id(p, "bytes"));
	put_inner(p, SAMPLE_LABEL);
}

static size_t locations_of(struct pprof *p, const struct hl_stack_site *site)
{
	size_t nr = 0;

	for (uint32_t call = site->call; call;) {
		const struct hl_stack_call *c = hl_stacks_call(p->export->stacks, call);

		if (nr == p->id_room) {
			size_t room = p->id_room ? p->id_room * 2 : 256;
			uint64_t *bigger = reallocarray(p->ids, room, sizeof(*bigger));

			if (!bigger) {
				p->is_short = true;
				return nr;
			}
			p->ids = bigger;
			p->id_room = room;
		}
		p->ids[nr++] = (uint64_t)c->place + 1;
		call = c->caller;
	}
	return nr;
}

static void put_sample(struct pprof *p, const struct hl_stack_site *site)
{
	size_t nr = locations_of(p, site);
	uint64_t values[NR_SAMPLE_TYPES];

	hl_protobuf_put_packed(&p->part, SAMPLE_LOCATION_ID, p->ids, nr);
	for (size_t i = 0; i < NR_SAMPLE_TYPES; i++)
		values[i] = (uint64_t)hl_export_value(&site->counts, sample_types[i].value);
	hl_protobuf_put_packed(&p->part, SAMPLE_VALUE, values, NR_SAMPLE_TYPES);
	put_labels(p, site);
	flush_part(p, PROFILE_SAMPLE);
}

static void put_mapping(struct pprof *p, size_t index, uint32_t id, bool is_named)
{
	struct hl_mapping mapping = hl_stacks_mapping(p->export->stacks, index);
	struct hl_module_info m;
	char build_id[2 * HL_BUILD_ID_BYTES + 1] = "";

	hl_snapshot_module(p->export->snapshot, index, &m);
	for (size_t i = 0; i < m.build_id_bytes && i < HL_BUILD_ID_BYTES; i++)
		sprintf(build_id + 2 * i, "%02x", m.build_id[i]);
	hl_protobuf_put_number(&p->part, MAPPING_ID, id);
	hl_protobuf_put_number(&p->part, MAPPING_START, mapping.start);
	hl_protobuf_put_number(&p->part, MAPPING_LIMIT, mapping.end);
	hl_protobuf_put_number(&p->part, MAPPING_OFFSET, mapping.offset);
	hl_protobuf_put_number(&p->part, MAPPING_FILENAME, text_id(p, m.path.data, m.path.length));
	hl_protobuf_put_number(&p->part, MAPPING_BUILD_ID,
			text_id(p, build_id, strlen(build_id)));
	/* Otherwise pprof asks its own tools, which know less: it would replace our names. */
	for (unsigned int f = MAPPING_HAS_FUNCTIONS; f <= MAPPING_HAS_INLINE_FRAMES; f++)
		hl_protobuf_put_number(&p->part, f, is_named);
	flush_part(p, PROFILE_MAPPING);
}

static bool is_main(const struct pprof *p, size_t index)
{
	struct hl_module_info m;
	struct hl_info info;

	hl_snapshot_info(p->export->snapshot, &info);
	hl_snapshot_module(p->export->snapshot, index, &m);
	return info.exe.length && m.path.length == info.exe.length &&
		!memcmp(m.path.data, info.exe.data, info.exe.length);
}

struct used_module {
	const struct hl_export *export;
	uint32_t index;
	bool is_main;
	bool is_used;
	bool is_named;			/* at least one of its functions is known */
};

/* The program first, as readers expect it; then by address. */
static int compare_modules(const void *a, const void *b)
{
	const struct used_module *x = a;
	const struct used_module *y = b;
	uint64_t start_x = hl_stacks_mapping(x->export->stacks, x->index).start;
	uint64_t start_y = hl_stacks_mapping(y->export->stacks, y->index).start;

	if (x->is_main != y->is_main)
		return x->is_main ? -1 : 1;
	if (start_x != start_y)
		return start_x < start_y ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void find_used(const struct pprof *p, struct used_module *modules, size_t nr)
{
	size_t nr_places = hl_stacks_nr_places(p->export->stacks);
	bool has_main = false;

	for (size_t i = 0; i < nr; i++) {
		modules[i].export = p->export;
		modules[i].index = (uint32_t)i;
		modules[i].is_main = !has_main && is_main(p, i);
		has_main |= modules[i].is_main;
	}
	for (size_t i = 0; i < nr_places; i++) {
		size_t n;
		const struct hl_stack_frame *f = hl_stacks_place(p->export->stacks, (uint32_t)i, &n);

		if (f->module < 0)
			continue;
		modules[f->module].is_used = true;
		modules[f->module].is_named |= *f[n - 1].location.function != '\0';
	}
}

static int put_mappings(struct pprof *p)
{
	size_t nr = hl_snapshot_nr_modules(p->export->snapshot);
	struct used_module *modules = calloc(nr + 1, sizeof(*modules));
	uint32_t id = 0;

	p->mapping_of = calloc(nr + 1, sizeof(*p->mapping_of));
	if (!modules || !p->mapping_of) {
		free(modules);
		return -ENOMEM;
	}
	find_used(p, modules, nr);
	qsort(modules, nr, sizeof(*modules), compare_modules);
	for (size_t i = 0; i < nr; i++) {
		if (!modules[i].is_used && !modules[i].is_main)
			continue;
		p->mapping_of[modules[i].index] = ++id;
		put_mapping(p, modules[i].index, id, modules[i].is_named);
	}
	free(modules);
	return 0;
}

/* The id of a frame's function, which is written when it is new. */
static uint64_t function_id(struct pprof *p, const struct hl_stack_frame *frame)
{
	bool is_short = !p->export->full_names && *frame->location.name;
	uint64_t name = string_id(p, is_short ? frame->location.name : frame->name);
	uint64_t system_name = string_id(p, *frame->linkage_name ? frame->linkage_name : frame->name);
	/* Without a line the "file" is module and offset, and stands as the name already. */
	uint64_t file = frame->location.lineno ? string_id(p, frame->location.filename) : 0;
	struct hl_map_entry *entry = hl_map_at(&p->functions, name << 32 | system_name, file);

	if (!entry) {
		p->is_short = true;
		return 1;
	}
	if (entry->value == UINT32_MAX) {
		entry->value = p->nr_functions++;
		hl_protobuf_put_number(&p->inner, FUNCTION_ID, p->nr_functions);
		hl_protobuf_put_number(&p->inner, FUNCTION_NAME, name);
		hl_protobuf_put_number(&p->inner, FUNCTION_SYSTEM_NAME, system_name);
		hl_protobuf_put_number(&p->inner, FUNCTION_FILENAME, file);
		hl_protobuf_put_message(&p->function_table, PROFILE_FUNCTION, &p->inner);
		hl_protobuf_reset(&p->inner);
	}
	return (uint64_t)entry->value + 1;
}

static void put_location(struct pprof *p, uint32_t place)
{
	size_t nr;
	const struct hl_stack_frame *frames = hl_stacks_place(p->export->stacks, place, &nr);
	struct hl_mapping mapping;

	hl_protobuf_put_number(&p->part, LOCATION_ID, (uint64_t)place + 1);
	if (frames->module >= 0) {
		/* An address outside the mapping that is named would be refused. */
		mapping = hl_stacks_mapping(p->export->stacks, (size_t)frames->module);
		if (frames->address >= mapping.start && frames->address < mapping.end)
			hl_protobuf_put_number(&p->part, LOCATION_MAPPING_ID,
					p->mapping_of[frames->module]);
	}
	hl_protobuf_put_number(&p->part, LOCATION_ADDRESS, frames->address);
	for (size_t i = 0; i < nr; i++) {
		uint64_t function = function_id(p, &frames[i]);

		hl_protobuf_put_number(&p->inner, LINE_FUNCTION_ID, function);
		hl_protobuf_put_number(&p->inner, LINE_LINE, frames[i].location.lineno);
		put_inner(p, LOCATION_LINE);
	}
	flush_part(p, PROFILE_LOCATION);
}

static void put_comment(struct pprof *p, const char *key, const char *value)
{
	char *text = NULL;
	uint64_t id;

	if (asprintf(&text, "%s%s", key, value) < 0) {
		p->is_short = true;
		return;
	}
	id = text_id(p, text, strlen(text));
	free(text);
	hl_protobuf_put_packed(&p->whole, PROFILE_COMMENT, &id, 1);
}

static void put_comments(struct pprof *p)
{
	struct hl_info info;
	char *command = hl_export_command(p->export);
	char pid[16];

	p->is_short |= !command;
	hl_snapshot_info(p->export->snapshot, &info);
	snprintf(pid, sizeof(pid), "%u", info.pid);
	put_comment(p, "", p->export->creator);
	put_comment(p, "command: ", command ? command : "");
	put_comment(p, "pid: ", pid);
	free(command);
	flush(p);
}

static void put_header(struct pprof *p)
{
	struct hl_info info;
	uint64_t id;

	hl_snapshot_info(p->export->snapshot, &info);
	for (size_t i = 0; i < NR_SAMPLE_TYPES; i++)
		put_value_type(p, PROFILE_SAMPLE_TYPE, sample_types[i].type, sample_types[i].unit);
	put_value_type(p, PROFILE_PERIOD_TYPE, "space", "bytes");
	hl_protobuf_put_number(&p->whole, PROFILE_PERIOD, info.sample_bytes ? info.sample_bytes : 1);
	hl_protobuf_put_number(&p->whole, PROFILE_TIME_NANOS, info.start_realtime_ns);
	hl_protobuf_put_number(&p->whole, PROFILE_DURATION_NANOS, hl_export_duration(p->export));
	id = string_id(p, "inuse_space");
	hl_protobuf_put_number(&p->whole, PROFILE_DEFAULT_SAMPLE_TYPE, id);
	put_comments(p);
}

static void put_strings(struct pprof *p)
{
	for (size_t i = 0; i < p->names.nr; i++) {
		hl_protobuf_put_bytes(&p->whole, PROFILE_STRING_TABLE, p->names.texts[i],
				strlen(p->names.texts[i]));
		flush(p);
	}
}

static void put_profile(struct pprof *p)
{
	const struct hl_stacks *stacks = p->export->stacks;
	size_t nr_sites = hl_stacks_nr_sites(stacks);
	size_t nr_places = hl_stacks_nr_places(stacks);

	string_id(p, "");		/* number 0 */
	put_header(p);
	for (size_t i = 0; i < nr_sites; i++)
		put_sample(p, hl_stacks_site(stacks, i));
	if (put_mappings(p)) {
		p->is_short = true;
		return;
	}
	for (size_t i = 0; i < nr_places; i++)
		put_location(p, (uint32_t)i);
	p->is_short |= p->function_table.is_short;
	hl_gzip_write(&p->gzip, p->function_table.data, p->function_table.length);
	put_strings(p);
}

static int write_pprof(FILE *file, const struct hl_export *export)
{
	struct pprof *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return -ENOMEM;
	p->export = export;
	rc = hl_gzip_start(&p->gzip, file);
	if (!rc) {
		put_profile(p);
		hl_gzip_finish(&p->gzip);
		rc = p->is_short ? -ENOMEM : 0;
	}
	hl_names_release(&p->names);
	hl_map_release(&p->functions);
	free(p->mapping_of);
	hl_protobuf_release(&p->function_table);
	hl_protobuf_release(&p->whole);
	hl_protobuf_release(&p->part);
	hl_protobuf_release(&p->inner);
	free(p->ids);
	free(p);
	return rc;
}

const struct hl_export_writer hl_export_pprof = {
	.name = "pprof",
	.is_binary = true,
	.write = write_pprof,
};
