/* SPDX-License-Identifier: MIT */
/* Symbols of a ledger: reading what a file has, without trusting it, and looking addresses up. */
#include "snapshot/embedded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "common/ledger.h"
#include "snapshot/varint.h"

/* Of a string that is interned, beside its bytes; see HL_NAME_BYTES. */
#define STRING_COST (150u + sizeof(char *))
/* What HL_ADDRESS_BYTES has room for; a frame of a longer chain costs what a resolver keeps of it. */
#define CHEAP_FRAMES 6u
#define FRAME_COST 72u

struct reader {
	struct hl_embedded *e;
	struct hl_varints in;
	uint64_t cost_bytes;
	uint64_t allowed_bytes;
	uint64_t nr_ledger_modules;
	uint64_t nr_chains;		/* room in e->chains */
	const char *msg;
};

static int damaged(struct reader *r, const char *msg)
{
	r->msg = msg;
	return -EBADMSG;
}

/* Before anything of it is allocated. */
static int charge(struct reader *r, uint64_t nr, uint64_t bytes)
{
	uint64_t sum;

	if (__builtin_mul_overflow(nr, bytes, &sum) || __builtin_add_overflow(r->cost_bytes, sum, &r->cost_bytes) ||
		r->cost_bytes > r->allowed_bytes)
		return damaged(r, "more symbols than a section of this size may hold");
	return 0;
}

/* A table of @nr records that take at least @min bytes each in what is left to read. */
static int new_table(struct reader *r, uint64_t nr, size_t min, size_t record_bytes, uint64_t cost, void *out)
{
	void *table;
	int rc;

	if (nr > hl_varints_left(&r->in) / min || nr > UINT32_MAX)
		return damaged(r, "symbols: a table is longer than the section");
	rc = charge(r, nr, cost);
	if (rc < 0)
		return rc;
	table = calloc(nr + 1, record_bytes);
	if (!table)
		return -ENOMEM;
	memcpy(out, &table, sizeof(table));
	return 0;
}

/* A number below @end. */
static uint32_t get_index(struct reader *r, uint64_t end)
{
	uint64_t n = hl_varint_get(&r->in);

	if (n >= end)
		r->in.is_bad = true;
	return n < end ? (uint32_t)n : 0;
}

static uint32_t get32(struct reader *r)
{
	return get_index(r, (uint64_t)UINT32_MAX + 1);
}

/* After a table: what was wrong in it shows once, and 0 was taken for it so far. */
static int end_table(struct reader *r)
{
	return r->in.is_bad ? damaged(r, "symbols: a number is out of its range") : 0;
}

static int read_strings(struct reader *r)
{
	struct hl_embedded *e = r->e;
	uint64_t nr = hl_varint_get(&r->in);
	uint64_t bytes = hl_varint_get(&r->in);
	const char *at = (const char *)r->in.at;
	const char *end;
	int rc;

	if (r->in.is_bad || bytes > hl_varints_left(&r->in) || nr > bytes)
		return damaged(r, "symbols: the strings go on behind the section");
	rc = charge(r, bytes, 1);
	if (rc == 0)
		rc = new_table(r, nr, 1, sizeof(*e->strings), STRING_COST, &e->strings);
	if (rc < 0)
		return rc;
	for (end = at + bytes; e->nr_strings < nr; e->nr_strings++) {
		const char *stop = memchr(at, '\0', (size_t)(end - at));

		if (!stop)
			return damaged(r, "symbols: a string has no end");
		e->strings[e->nr_strings] = at;
		at = stop + 1;
	}
	if (at != end || !nr || *e->strings[0])
		return damaged(r, "symbols: not as many strings as are said");
	r->in.at += bytes;
	return 0;
}

static int read_functions(struct reader *r)
{
	struct hl_embedded *e = r->e;
	uint64_t nr = hl_varint_get(&r->in);
	int rc = new_table(r, nr, 4, sizeof(*e->functions), sizeof(*e->functions), &e->functions);

	if (rc < 0)
		return rc;
	for (e->nr_functions = nr, nr = 0; nr < e->nr_functions; nr++)
		e->functions[nr] = (struct hl_embedded_function){
			.name = get_index(r, e->nr_strings),
			.linkage = get_index(r, e->nr_strings),
			.line = get32(r),
			.start = hl_varint_get(&r->in),
		};
	return end_table(r);
}

static int read_frames(struct reader *r)
{
	struct hl_embedded *e = r->e;
	uint64_t nr = hl_varint_get(&r->in);
	int rc = new_table(r, nr, 3, sizeof(*e->frames), sizeof(*e->frames), &e->frames);

	if (rc < 0)
		return rc;
	for (e->nr_frames = nr, nr = 0; nr < e->nr_frames; nr++) {
		uint32_t function = get_index(r, 2 * (uint64_t)e->nr_functions);

		e->frames[nr] = (struct hl_embedded_frame){
			.function = function / 2,
			.is_inlined = function % 2,
			.file = get_index(r, e->nr_strings),
			.line = get32(r),
		};
	}
	return end_table(r);
}

/* The last frame of a chain has the machine code, and no other has. */
static int read_chain(struct reader *r, struct hl_embedded_address *address)
{
	struct hl_embedded *e = r->e;
	uint32_t nr = get_index(r, HL_EMBEDDED_MAX_CHAIN + 1);

	if (!nr || nr > r->nr_chains - e->nr_chains)
		return damaged(r, "symbols: an address without frames");
	address->first = (uint32_t)e->nr_chains;
	address->nr = nr;
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t frame = get_index(r, e->nr_frames);

		if (r->in.is_bad || e->frames[frame].is_inlined != (i + 1 < nr))
			return damaged(r, "symbols: frames that do not make a chain");
		e->chains[e->nr_chains++] = frame;
	}
	return nr > CHEAP_FRAMES ? charge(r, nr - CHEAP_FRAMES, FRAME_COST) : 0;
}

static int read_addresses(struct reader *r, struct hl_embedded_module *module)
{
	struct hl_embedded *e = r->e;
	uint64_t vaddr = 0;
	int rc = 0;

	module->first = (uint32_t)e->nr_addresses;
	for (uint32_t i = 0; rc == 0 && i < module->nr; i++) {
		uint64_t step = hl_varint_get(&r->in);

		if (r->in.is_bad || (i && !step) || __builtin_add_overflow(vaddr, step, &vaddr))
			return damaged(r, "symbols: addresses that are not in order");
		e->addresses[e->nr_addresses].vaddr = vaddr;
		rc = read_chain(r, &e->addresses[e->nr_addresses++]);
	}
	return rc;
}

static int read_module(struct reader *r, struct hl_embedded_module *module, uint64_t nr_left)
{
	const struct hl_embedded *e = r->e;

	module->module = get_index(r, r->nr_ledger_modules);
	module->rank = (enum hl_embedded_rank)get_index(r, HL_RANK_UNKNOWN);
	module->nr = get_index(r, nr_left + 1);
	if (r->in.is_bad || (module > e->modules && module->module <= module[-1].module))
		return damaged(r, "symbols of a module that is not there, or comes twice");
	return read_addresses(r, module);
}

static int read_modules(struct reader *r)
{
	struct hl_embedded *e = r->e;
	uint64_t nr = hl_varint_get(&r->in);
	uint64_t nr_addresses = hl_varint_get(&r->in);
	uint64_t nr_chains = r->nr_chains = hl_varint_get(&r->in);
	int rc = new_table(r, nr, 3, sizeof(*e->modules), sizeof(*e->modules), &e->modules);

	if (rc == 0)
		rc = new_table(r, nr_addresses, 3, sizeof(*e->addresses), sizeof(*e->addresses), &e->addresses);
	if (rc == 0)
		rc = new_table(r, nr_chains, 1, sizeof(*e->chains), sizeof(*e->chains), &e->chains);
	for (; rc == 0 && e->nr_modules < nr; e->nr_modules++)
		rc = read_module(r, &e->modules[e->nr_modules], nr_addresses - e->nr_addresses);
	if (rc == 0 && (r->in.is_bad || hl_varints_left(&r->in) || e->nr_addresses != nr_addresses ||
			e->nr_chains != nr_chains))
		rc = damaged(r, "symbols: not as many addresses as are said");
	return rc;
}

static int unpack(struct reader *r)
{
	struct hl_embedded *e = r->e;
	struct hl_symbols_header h;
	const unsigned char *packed = e->section + sizeof(h);
	uLongf length;

	if (e->section_bytes < sizeof(h))
		return damaged(r, "symbols: the section is shorter than its header");
	memcpy(&h, e->section, sizeof(h));
	if (h.packed_bytes != e->section_bytes - sizeof(h) || h.packing > HL_SYMBOLS_ZLIB)
		return damaged(r, "symbols: the header does not fit the section");
	r->allowed_bytes = HL_EMBEDDED_FREE_BYTES + 8 * (uint64_t)e->section_bytes;
	if (charge(r, h.plain_bytes, 1) < 0)
		return -EBADMSG;
	length = e->plain_bytes = h.plain_bytes;
	e->plain = malloc(length + 1);
	if (!e->plain)
		return -ENOMEM;
	if (h.packing == HL_SYMBOLS_PLAIN && h.packed_bytes == h.plain_bytes)
		memcpy(e->plain, packed, length);
	else if (h.packing == HL_SYMBOLS_PLAIN ||
		uncompress((unsigned char *)e->plain, &length, packed, h.packed_bytes) != Z_OK ||
		length != e->plain_bytes)
		return damaged(r, "symbols: damaged, they do not unpack");
	if (crc32_z(0, (const unsigned char *)e->plain, length) != h.crc)
		return damaged(r, "symbols: damaged, the checksum differs");
	r->in = (struct hl_varints){.at = (unsigned char *)e->plain, .end = (unsigned char *)e->plain + length};
	return 0;
}

int hl_embedded_read(unsigned char *section, size_t section_bytes, uint64_t nr_modules, struct hl_embedded **out,
	const char **msg)
{
	static uint64_t last_id;
	struct reader r = {.e = calloc(1, sizeof(*r.e)), .nr_ledger_modules = nr_modules};
	int rc;

	if (!r.e)
		return -ENOMEM;
	r.e->nr_refs = 1;
	/* threads may read ledgers at the same time, and nothing but the number matters */
	r.e->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
	r.e->section = section;
	r.e->section_bytes = section_bytes;
	rc = unpack(&r);
	if (rc == 0)
		rc = read_strings(&r);
	if (rc == 0)
		rc = read_functions(&r);
	if (rc == 0)
		rc = read_frames(&r);
	if (rc == 0)
		rc = read_modules(&r);
	if (rc < 0) {
		*msg = r.msg;
		r.e->section = NULL;
		hl_embedded_unref(r.e);
		return rc;
	}
	*out = r.e;
	return 0;
}

struct hl_embedded *hl_embedded_ref(struct hl_embedded *embedded)
{
	if (embedded)
		embedded->nr_refs++;
	return embedded;
}

void hl_embedded_unref(struct hl_embedded *e)
{
	if (!e || --e->nr_refs)
		return;
	free(e->section);
	free(e->plain);
	free(e->strings);
	free(e->functions);
	free(e->frames);
	free(e->modules);
	free(e->addresses);
	free(e->chains);
	free(e);
}

const struct hl_embedded_module *hl_embedded_module(const struct hl_embedded *embedded, uint64_t module)
{
	size_t low = 0;
	size_t high = embedded ? embedded->nr_modules : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (embedded->modules[middle].module < module)
			low = middle + 1;
		else
			high = middle;
	}
	if (!embedded || low == embedded->nr_modules || embedded->modules[low].module != module)
		return NULL;
	return &embedded->modules[low];
}

/* The names of a frame; what is not known is NULL there, and the empty string here. */
static void fill(const struct hl_embedded *e, const struct hl_embedded_frame *from, struct hl_frame *to)
{
	const struct hl_embedded_function *f = &e->functions[from->function];

	*to = (struct hl_frame){
		.function = e->strings[f->name],
		.linkage_name = f->linkage ? e->strings[f->linkage] : NULL,
		.file = from->file ? e->strings[from->file] : NULL,
		.line = from->line,
		.function_line = f->line,
		.function_start = f->start,
		.inlined = from->is_inlined,
		.source = !f->name ? HL_FRAME_OFFSET : f->start ? HL_FRAME_SYMTAB : HL_FRAME_DWARF,
	};
}

size_t hl_embedded_find(const struct hl_embedded *embedded, const struct hl_embedded_module *module, uint64_t vaddr,
	struct hl_frame *frames, size_t max)
{
	const struct hl_embedded_address *addresses = &embedded->addresses[module->first];
	const struct hl_embedded_address *a;
	size_t low = 0;
	size_t high = module->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addresses[middle].vaddr < vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	a = &addresses[low];
	if (low == module->nr || a->vaddr != vaddr)
		return 0;
	for (uint32_t i = 0; i < a->nr; i++)
		fill(embedded, &embedded->frames[embedded->chains[a->first + i]], &frames[i < max ? i : max - 1]);
	return a->nr < max ? a->nr : max;
}

enum hl_embedded_rank hl_embedded_rank_of(const struct hl_symbols_info *info)
{
	switch (info->status) {
	case HL_SYMBOLS_DWARF:
		return info->alt_missing || info->dwarf_unreadable ? HL_RANK_PARTIAL : HL_RANK_WHOLE;
	case HL_SYMBOLS_SYMTAB:
		return info->dwarf_unreadable ? HL_RANK_PARTIAL : HL_RANK_SYMTAB;
	case HL_SYMBOLS_STRIPPED:
		return HL_RANK_STRIPPED;
	default:
		return HL_RANK_UNKNOWN;
	}
}
