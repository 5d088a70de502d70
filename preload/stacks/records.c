/* SPDX-License-Identifier: MIT */
/*
 * The records of ELF objects.
 */
#include "stacks/records.h"

#include <string.h>

#include "base/lock.h"
#include "base/os.h"
#include "base/store.h"
#include "stacks/moved.h"
#include "stacks/nodes.h"
#include "stacks/rules.h"

static struct hl_table modules = { HL_SECTION_MODULES, 0, sizeof(struct hl_module), 5, { 0 } };
static struct hl_table generations = { HL_SECTION_GENERATIONS, 0, sizeof(struct hl_generation), 8,
	{ 0 } };

static uint32_t last_tag;

#define BLOCK_OF_KNOWN 256u
#define MAX_KNOWN (256u * BLOCK_OF_KNOWN)
#define NR_BUCKETS 1024u
static struct hl_known *known[MAX_KNOWN / BLOCK_OF_KNOWN];
static uint32_t nr_known;
static uint32_t buckets[NR_BUCKETS];	/* the newest record's id + 1 */

/*
 * Too many objects to tell all of them apart by addresses and tags: from now on generations alone do.
 * Then records stay closed, and every unloading begins new nodes.
 */
static bool exhausted;

/* Looks follow one another by the loader's lock; who looks without that has only this. */
static struct hl_lock lock = { .rank = HL_RANK_RECORDS };
static bool was_exhausted;	/* when it was taken */
static bool closed_any;		/* since */

uint32_t hl_records_nr(void)
{
	return (uint32_t)__atomic_load_n(&hl_globals->nr_modules, __ATOMIC_ACQUIRE);
}

struct hl_known *hl_records_at(uint32_t id)
{
	return &known[id / BLOCK_OF_KNOWN][id % BLOCK_OF_KNOWN];
}

struct hl_known *hl_records_find_at(uint64_t ip)
{
	/* The newest first: others may have been at this address. */
	for (uint32_t id = hl_records_nr(); id-- > 0;) {
		struct hl_known *entry = hl_records_at(id);

		if (hl_known_is_loaded(entry) && ip >= hl_known_start(entry) && ip < hl_known_end(entry))
			return entry;
	}
	return NULL;
}

static uint32_t generation(void)
{
	return (uint32_t)hl_globals->nr_generations;
}

static uint32_t *bucket_of(const struct hl_module *module)
{
	uint64_t word;

	memcpy(&word, module->build_id, sizeof(word));
	return &buckets[((word ^ (module->end - module->start)) * 0x9e3779b97f4a7c15u >> 32) % NR_BUCKETS];
}

static void add_to_bucket(struct hl_known *entry)
{
	uint32_t *bucket = bucket_of(&entry->module);

	entry->next = *bucket;
	*bucket = entry->id + 1;
}

/* But for where it lies. */
static bool same_object(const struct hl_module *a, const struct hl_module *b)
{
	return a->end - a->start == b->end - b->start && a->start - a->bias == b->start - b->bias &&
		a->build_id_bytes == b->build_id_bytes &&
		memcmp(a->build_id, b->build_id, a->build_id_bytes) == 0;
}

static bool overlap(const struct hl_module *a, const struct hl_module *b)
{
	return a->start < b->end && b->start < a->end;
}

/* The program has no name in the loader's list; and what could not be kept is no difference. */
static bool has_name(const struct hl_known *entry, const char *name, size_t name_bytes)
{
	return name_bytes == 0 || !entry->path ||
		(entry->path_bytes == name_bytes && memcmp(entry->path, name, name_bytes) == 0);
}

struct hl_known *hl_records_find(const struct hl_module *shown, const char *name, size_t name_bytes)
{
	for (uint32_t id = *bucket_of(shown); id != 0; id = hl_records_at(id - 1)->next) {
		struct hl_known *entry = hl_records_at(id - 1);

		if (hl_known_is_loaded(entry) && hl_known_start(entry) == shown->start &&
			same_object(&entry->module, shown) && has_name(entry, name, name_bytes))
			return entry;
	}
	return NULL;
}

/*
 * The closed record of an object that is back under its name, which readers go by: at its old place if it lies
 * there again, at another only with a build-id, which says that the contents are the same.
 */
static struct hl_known *find_closed(const struct hl_module *shown, const char *path, size_t path_bytes)
{
	struct hl_known *elsewhere = NULL;

	for (uint32_t id = *bucket_of(shown); id != 0; id = hl_records_at(id - 1)->next) {
		struct hl_known *entry = hl_records_at(id - 1);

		if (hl_known_is_loaded(entry) || !same_object(&entry->module, shown) ||
			!has_name(entry, path, path_bytes))
			continue;
		if (entry->module.start == shown->start)
			return entry;
		if (shown->build_id_bytes != 0 && path_bytes != 0 && entry->path)
			elsewhere = entry;
	}
	return elsewhere;
}

static uint64_t change_of(const struct hl_known *entry)
{
	return entry->distance + ((uint64_t)entry->module.tag << HL_IP_TAG_SHIFT);
}

/* What is loaded has these addresses in memory now. */
static bool draw(const struct hl_known *entry)
{
	return hl_moved_draw(hl_known_start(entry), hl_known_end(entry), change_of(entry));
}

static struct hl_known *reopen(const struct hl_module *shown, const char *path, size_t path_bytes)
{
	struct hl_known *entry = exhausted ? NULL : find_closed(shown, path, path_bytes);

	if (!entry)
		return NULL;
	entry->distance = entry->module.start - shown->start;
	if (!draw(entry)) {
		entry->distance = 0;
		exhausted = true;
		return NULL;
	}
	entry->module.last_generation = 0;
	return entry;
}

/* An object where the record of another one is gets a tag. */
static void choose_tag(struct hl_known *added)
{
	uint32_t id = 0;

	while (id < nr_known && !overlap(&hl_records_at(id)->module, &added->module))
		id++;
	if (id == nr_known)
		return;
	added->module.tag = last_tag + 1;
	if (!exhausted && added->module.tag < HL_IP_TAG_STRAY && draw(added)) {
		last_tag++;
		return;
	}
	added->module.tag = 0;
	exhausted = true;
	draw(added);
}

void hl_records_write(struct hl_known *entry)
{
	struct hl_module *record = hl_table_make(&modules, entry->id);

	entry->written = record != NULL;
	if (record)
		*record = entry->module;
}

/* Events of other threads may set another one meanwhile. */
void hl_records_set_flag(struct hl_known *entry, enum hl_module_flags flag)
{
	struct hl_module *record;

	__atomic_fetch_or(&entry->module.flags, flag, __ATOMIC_RELAXED);
	record = hl_table_find(&modules, entry->id);
	if (record)
		__atomic_fetch_or(&record->flags, flag, __ATOMIC_RELAXED);
}

static struct hl_known *add_known(const struct hl_module *shown, const char *path, size_t path_bytes)
{
	uint32_t id = nr_known;
	struct hl_known *entry;

	if (id < MAX_KNOWN && !known[id / BLOCK_OF_KNOWN])
		known[id / BLOCK_OF_KNOWN] = hl_os_map(BLOCK_OF_KNOWN * sizeof(**known));
	if (id == MAX_KNOWN || !known[id / BLOCK_OF_KNOWN]) {
		exhausted = true;
		return NULL;
	}
	entry = hl_records_at(id);
	*entry = (struct hl_known){ .module = *shown, .id = id };
	choose_tag(entry);
	entry->module.first_generation = generation();
	entry->path = hl_os_keep(path, path_bytes);
	entry->path_bytes = entry->path ? path_bytes : 0;
	entry->module.path = hl_store_string(entry->path, entry->path_bytes);
	hl_records_write(entry);
	add_to_bucket(entry);
	nr_known++;
	__atomic_store_n(&hl_globals->nr_modules, nr_known, __ATOMIC_RELEASE);
	return entry;
}

struct hl_known *hl_records_add(const struct hl_module *shown, const char *path, size_t path_bytes)
{
	struct hl_known *entry = reopen(shown, path, path_bytes);

	if (!entry)
		return add_known(shown, path, path_bytes);
	hl_records_write(entry);
	return entry;
}

static void begin_generation(void)
{
	uint64_t n = hl_globals->nr_generations;
	struct hl_generation *record = hl_table_make(&generations, n);

	if (!record)
		return;
	record->first_node = n == 0 ? 0 : hl_nodes_nr();
	record->monotonic_ns = hl_os_monotonic_ns();
	__atomic_store_n(&hl_globals->nr_generations, n + 1, __ATOMIC_RELEASE);
}

/* No node since the last generation began: a further one would say nothing. */
static bool generation_is_empty(void)
{
	const struct hl_generation *record = hl_table_find(&generations, generation() - 1);

	return generation() > 1 && record && record->first_node == hl_nodes_nr();
}

/*
 * Something else may come to the addresses of records, code that is made at run time or a library of another
 * namespace: it must not be taken for what has gone from [@start, @end), and may be back elsewhere.
 */
static void draw_nothing(uint64_t start, uint64_t end)
{
	hl_moved_draw(start, end, 0);
	for (uint32_t id = 0; id < nr_known; id++) {
		const struct hl_module *record = &hl_records_at(id)->module;
		uint64_t first = record->start > start ? record->start : start;
		uint64_t last = record->end < end ? record->end : end;

		if (first < last)
			hl_moved_draw(first, last, (uint64_t)HL_IP_TAG_STRAY << HL_IP_TAG_SHIFT);
	}
}

void hl_records_close(bool (*has_gone)(const void *data, const struct hl_known *entry), const void *data)
{
	bool empty = generation_is_empty(), any = false;
	uint32_t last = generation() - empty;

	for (uint32_t id = 0; id < nr_known; id++) {
		struct hl_known *entry = hl_records_at(id);
		uint64_t start = hl_known_start(entry), end = hl_known_end(entry);

		if (!hl_known_is_loaded(entry) || !has_gone(data, entry))
			continue;
		entry->module.last_generation = last;
		hl_records_write(entry);
		draw_nothing(start, end);
		hl_rules_forget(start, end);
		entry->distance = 0;
		any = true;
	}
	if (any && !empty)
		begin_generation();
	if (any && exhausted)
		hl_nodes_forget();
	closed_any = closed_any || any;
}

void hl_records_begin(void)
{
	hl_lock_close(&lock);
	was_exhausted = exhausted;
	closed_any = false;
	hl_moved_begin();
}

bool hl_records_end(void)
{
	bool moved = hl_moved_end(), differ = closed_any || moved;

	if (exhausted && !was_exhausted)
		hl_nodes_forget();
	hl_lock_open(&lock);
	return differ;
}

void hl_records_open(void)
{
	begin_generation();
}

/* Anew: another thread of the parent may have been in the middle of a look. */
static void draw_all(void)
{
	hl_moved_begin_empty();
	for (uint32_t id = 0; id < nr_known; id++)
		if (hl_records_at(id)->distance != 0)
			draw_nothing(hl_records_at(id)->module.start, hl_records_at(id)->module.end);
	for (uint32_t id = 0; id < nr_known; id++)
		draw(hl_records_at(id));
	hl_moved_end();
}

void hl_records_restart(void)
{
	uint32_t kept = 0;

	hl_lock_reset(&lock);
	hl_table_reset(&modules);
	hl_table_reset(&generations);
	memset(buckets, 0, sizeof(buckets));
	begin_generation();
	for (uint32_t id = 0; id < nr_known; id++) {
		struct hl_known *entry = hl_records_at(kept);

		if (!hl_known_is_loaded(hl_records_at(id)))
			continue;
		*entry = *hl_records_at(id);
		entry->id = kept++;
		entry->module.first_generation = generation();
		entry->module.path = hl_store_string(entry->path, entry->path_bytes);
		hl_records_write(entry);
		add_to_bucket(entry);
	}
	nr_known = kept;
	exhausted = false;
	draw_all();
	hl_globals->nr_modules = kept;
}
