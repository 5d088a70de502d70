/* SPDX-License-Identifier: MIT */
/* Which symbols are used, those of the ledger or those of an object; and sources of names in ledgers. */
#include "snapshot/embed-use.h"

#include <errno.h>
#include <sys/stat.h>

/* Numbers of tables and modules in a key, which no handle looks like. */
#define KEY_TAG (UINT64_C(1) << 63)
#define KEY_MODULE_BITS 32

/* Does the object on this machine know more?  It is opened for this unless there is no more to know. */
static bool is_better_here(struct hl_symbols *symbols, int handle, enum hl_embedded_rank rank)
{
	struct hl_symbols_info info;

	if (rank == HL_RANK_WHOLE || hl_symbols_module_info(symbols, handle, &info))
		return false;
	return hl_embedded_rank_of(&info) < rank;
}

struct hl_embedded_use hl_embedded_choose(const struct hl_snapshot *s, size_t index, struct hl_symbols *symbols,
		int handle)
{
	struct hl_embedded_use use = {
		.table = s->embedded,
		.module = hl_embedded_module(s->embedded, index),
		.recorded_ns = s->header.start_realtime_ns,
	};
	bool is_verified = s->modules[index].build_id_bytes;

	if (use.module && is_verified && is_better_here(symbols, handle, use.module->rank))
		use.module = NULL;
	if (use.module && !is_verified)
		use.key = KEY_TAG | s->embedded->id << KEY_MODULE_BITS | index;
	return use;
}

size_t hl_embedded_look_up(const struct hl_embedded_use *use, uint64_t vaddr, struct hl_frame *frames, size_t max)
{
	return use->module ? hl_embedded_find(use->table, use->module, vaddr, frames, max) : 0;
}

uint64_t hl_embedded_key(const struct hl_embedded_use *use, int handle)
{
	return use->key ? use->key : (uint64_t)handle;
}

/* Of a file in several recordings the latest one counts. */
static int note_file(struct hl_resolver *r, const char *path, const struct hl_symbol_voucher *voucher)
{
	uint64_t charged = r->charged_bytes;
	uint32_t file = hl_resolver_string(r, path);
	struct hl_map_entry *entry = file == HL_NONE ? NULL : hl_map_at(&r->voucher_map, file, 0);

	/* symbols of ledgers were paid for when they were read */
	r->charged_bytes = charged;
	if (entry && entry->value != HL_NONE) {
		struct hl_symbol_voucher *known = &r->vouchers[entry->value];

		if (known->recorded_ns < voucher->recorded_ns)
			known->recorded_ns = voucher->recorded_ns;
		return 0;
	}
	if (!entry || hl_array_grow((void **)&r->vouchers, &r->voucher_room, r->nr_vouchers, sizeof(*voucher)))
		return -ENOMEM;
	r->vouchers[r->nr_vouchers] = *voucher;
	entry->value = (uint32_t)r->nr_vouchers++;
	return 0;
}

int hl_resolver_note_voucher(struct hl_resolver *r, const struct hl_embedded_use *use, const struct hl_frame *frames,
		size_t nr, const struct hl_symbol_voucher *voucher)
{
	struct hl_symbol_voucher v = *voucher;
	int rc = 0;

	v.recorded_ns = use->recorded_ns;
	for (size_t i = 0; !rc && i < nr; i++)
		if (frames[i].file)
			rc = note_file(r, frames[i].file, &v);
	return rc;
}

static const struct hl_symbol_voucher *voucher_of(const struct hl_resolver *r, const char *path)
{
	uint32_t file = hl_resolver_find_string(r, path);
	uint32_t number = file == HL_NONE ? HL_NONE : hl_map_get(&r->voucher_map, file, 0);

	return number == HL_NONE ? NULL : &r->vouchers[number];
}

bool hl_resolver_vouch(const struct hl_resolver *r, const char *path)
{
	const struct hl_symbol_voucher *voucher = voucher_of(r, path);
	struct hl_frame frames[HL_EMBEDDED_MAX_CHAIN];

	if (voucher)
		hl_symbols_lookup(r->symbols, voucher->handle, voucher->vaddr, frames, HL_EMBEDDED_MAX_CHAIN);
	return voucher;
}

bool hl_resolver_is_outdated(const struct hl_resolver *r, const char *path, const struct stat *st)
{
	const struct hl_symbol_voucher *voucher = voucher_of(r, path);

	/* in seconds: file systems round the time of a file to what they can keep */
	return voucher && voucher->recorded_ns && !r->has_own_sources &&
		(uint64_t)st->st_mtim.tv_sec > voucher->recorded_ns / 1000000000 && st->st_mtim.tv_sec > 0;
}
