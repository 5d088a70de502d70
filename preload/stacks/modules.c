/* SPDX-License-Identifier: MIT */
/* Which ELF objects were loaded where. */
#include "stacks/modules.h"

#include <errno.h>
#include <link.h>
#include <string.h>

#include "base/exe.h"
#include "base/private.h"
#include "base/program.h"
#include "stacks/interpose.h"
#include "stacks/object.h"
#include "stacks/records.h"

uint64_t hl_loader_start;
uint64_t hl_loader_bytes;
uint32_t hl_modules_generation;

static unsigned long long last_adds, last_subs;

/* One look at the loader's list. */
struct look {
	uint64_t number;
	uint32_t index;			/* objects so far; the first is the program itself */
	bool subs_changed;
	bool found_all;			/* of what is loaded, where it was */
};
static uint64_t looks;

#define NR_NOTED 64u

void hl_modules_note_no_info(uintptr_t ip)
{
	static uintptr_t noted[NR_NOTED];
	uintptr_t *place = &noted[ip / 4 % NR_NOTED];
	struct hl_known *entry;

	/* The loader's first lines have none, and call the constructors: nothing is missing there. */
	if (__atomic_load_n(place, __ATOMIC_RELAXED) == ip || ip - hl_loader_start < hl_loader_bytes)
		return;
	__atomic_store_n(place, ip, __ATOMIC_RELAXED);
	entry = hl_records_find_at(ip);
	if (entry)
		hl_records_set_flag(entry, HL_MODULE_NO_UNWIND);
}

#define MAX_NAME 4096u

/* What the loader calls an object: empty for the program itself. */
static const char *name_of(const struct dl_phdr_info *info, size_t *bytes)
{
	const char *name = info->dlpi_name ? info->dlpi_name : "";

	*bytes = strnlen(name, MAX_NAME);
	return name;
}

/* The program's own name, too. */
static const char *path_of(const struct look *look, const struct dl_phdr_info *info, size_t *bytes)
{
	const char *path = name_of(info, bytes);

	return *bytes != 0 || look->index != 0 ? path : hl_exe_path(bytes);
}

/* What the loader shows of one object, to be found where it was. */
static int find_old(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct look *look = data;
	struct hl_module shown;
	struct hl_known *entry;
	const char *name;
	size_t name_bytes;

	(void)bytes;
	hl_object_describe(info, &shown);
	if (shown.start >= shown.end)
		return 0;
	name = name_of(info, &name_bytes);
	entry = hl_records_find(&shown, name, name_bytes);
	if (!entry) {
		look->found_all = false;
		return 0;
	}
	entry->seen = look->number;
	if (!entry->written)
		hl_records_write(entry);
	if (entry->slots.any && hl_interpose_look_again(shown.start, shown.end, &entry->slots))
		hl_records_set_flag(entry, HL_MODULE_BYPASS);
	return 0;
}

/* What was there at the start has found the program's malloc, by the order of its list. */
static void look_at_calls(const struct look *look, const struct dl_phdr_info *info, struct hl_known *entry)
{
	if (look->number != 1 && hl_interpose_look(info, &entry->slots))
		hl_records_set_flag(entry, HL_MODULE_BYPASS);
}

/* Once more, for those that were not there. */
static int add_new(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct look *look = data;
	struct hl_module shown;
	struct hl_known *entry = NULL;
	size_t path_bytes;
	const char *path = name_of(info, &path_bytes);

	(void)bytes;
	hl_object_describe(info, &shown);
	if (shown.start < shown.end && !hl_records_find(&shown, path, path_bytes)) {
		path = path_of(look, info, &path_bytes);
		entry = hl_records_add(&shown, path, path_bytes);
	}
	if (entry) {
		entry->seen = look->number;
		look_at_calls(look, info, entry);
	}
	look->index++;
	return 0;
}

/* The loader did not show it any more. */
static bool was_not_seen(const void *look, const struct hl_known *entry)
{
	return entry->seen != ((const struct look *)look)->number;
}

static bool has_changed(const struct dl_phdr_info *info, struct look *look)
{
	if (info->dlpi_adds == last_adds && info->dlpi_subs == last_subs)
		return false;
	look->number = ++looks;
	look->subs_changed = info->dlpi_subs != last_subs;
	last_adds = info->dlpi_adds;
	last_subs = info->dlpi_subs;
	return true;
}

/* Returns whether stacks may have other nodes than before. */
static bool end_changes(void)
{
	bool differ = hl_records_end();

	if (differ)
		__atomic_fetch_add(&hl_modules_generation, 1, __ATOMIC_RELEASE);
	return differ;
}

/*
 * Called once, under the loader's lock, which is recursive: all of a look happens in here, so looks
 * of several threads follow one another, and each finds what came before it.
 */
static int under_lock(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct look *look = data;

	if (bytes < offsetof(struct dl_phdr_info, dlpi_tls_modid) || !has_changed(info, look))
		return 1;
	look->found_all = true;
	hl_records_begin();
	dl_iterate_phdr(find_old, look);
	if (look->subs_changed)
		hl_records_close(was_not_seen, look);
	if (!look->found_all)
		dl_iterate_phdr(add_new, look);
	end_changes();
	hl_program_note_namespaces();
	return 1;
}

void hl_modules_look(void)
{
	struct look look = { 0 };

	dl_iterate_phdr(under_lock, &look);
}

/* ---- Without the loader's lock: what is on a stack is loaded, and stays so meanwhile ---- */

/* Of a stack. */
struct sight {
	const uintptr_t *ips;
	size_t nr_ips;
	uint64_t start;			/* what was looked at last */
	uint64_t end;
	bool differs;
};

static bool lies_in(const void *sight, const struct hl_known *entry)
{
	return hl_known_start(entry) < ((const struct sight *)sight)->end &&
		((const struct sight *)sight)->start < hl_known_end(entry);
}

static void see_object(struct sight *sight, const struct dl_phdr_info *info)
{
	const struct look look = { .number = looks };
	struct hl_module shown;
	struct hl_known *entry;
	size_t name_bytes;
	const char *name = name_of(info, &name_bytes);

	hl_object_describe(info, &shown);
	if (shown.start >= shown.end || hl_records_find(&shown, name, name_bytes))
		return;
	sight->start = shown.start;
	sight->end = shown.end;
	hl_records_close(lies_in, sight);
	entry = hl_records_add(&shown, name, name_bytes);
	if (!entry)
		return;
	entry->seen = look.number;
	look_at_calls(&look, info, entry);
}

/* No object is there: code that was made at run time. */
static void see_none(struct sight *sight, uint64_t ip)
{
	sight->start = ip;
	sight->end = ip + 1;
	hl_records_close(lies_in, sight);
}

static void see_in_private(void *data)
{
	struct sight *sight = data;
	struct dl_phdr_info info;

	hl_records_begin();
	for (size_t i = 0; i < sight->nr_ips; i++) {
		uintptr_t ip = sight->ips[i];

		if (ip - sight->start < sight->end - sight->start)
			continue;
		if (hl_object_find(ip - 1, &info, &sight->start, &sight->end))
			see_object(sight, &info);
		else if (sight->end == 0)
			see_none(sight, ip - 1);
	}
	sight->differs = end_changes();
}

bool hl_modules_see(const uintptr_t *ips, size_t nr_ips)
{
	struct sight sight = { .ips = ips, .nr_ips = nr_ips };

	hl_private_run(see_in_private, &sight);
	return sight.differs;
}

void hl_modules_note_calls(void)
{
	uint32_t nr = hl_records_nr();

	for (uint32_t id = 0; id < nr; id++) {
		struct hl_known *entry = hl_records_at(id);

		if (hl_known_is_loaded(entry) && entry->slots.any &&
			hl_interpose_look_last(hl_known_start(entry), &entry->slots))
			hl_records_set_flag(entry, HL_MODULE_BYPASS);
	}
}

void hl_modules_open(void)
{
	hl_object_range(hl_exe_loader(), &hl_loader_start, &hl_loader_bytes);
	hl_records_open();
}
