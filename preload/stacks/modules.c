/* SPDX-License-Identifier: MIT */
/*
 * Which ELF objects were loaded where.
 *
 * The callback runs under the loader's lock and takes the store's for a moment; nothing takes them
 * the other way round.
 */
#include "stacks/modules.h"

#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/program.h"
#include "base/store.h"
#include "common/ledger.h"
#include "stacks/interpose.h"
#include "stacks/moved.h"
#include "stacks/nodes.h"
#include "stacks/object.h"
#include "stacks/rules.h"

uint64_t hl_loader_start;
uint64_t hl_loader_bytes;
uint32_t hl_modules_generation;

static struct hl_table modules = { HL_SECTION_MODULES, 0, sizeof(struct hl_module), 5, { 0 } };
static struct hl_table generations = { HL_SECTION_GENERATIONS, 0, sizeof(struct hl_generation), 8,
	{ 0 } };

static uint32_t last_tag;

/*
 * What is in the ledger, once more in private memory: a forked child writes it anew without asking
 * the loader, whose lock some thread of the parent may have held.  It changes under the
 * loader's lock only.
 */
struct known {
	struct hl_module module;
	const char *path;
	size_t path_bytes;
	uint64_t distance;		/* of the record's addresses from those in memory, while it is loaded */
	uint64_t seen;			/* number of the last look that saw it */
	uint32_t id;
	uint32_t next;			/* of the same bucket: its id + 1 */
	bool written;
	struct hl_slots slots;		/* calls that were not bound yet at the last look */
};
#define BLOCK_OF_KNOWN 256u
#define MAX_KNOWN (256u * BLOCK_OF_KNOWN)
#define NR_BUCKETS 1024u
static struct known *known[MAX_KNOWN / BLOCK_OF_KNOWN];
static uint32_t nr_known;
static uint32_t buckets[NR_BUCKETS];	/* the newest record's id + 1 */

/*
 * Too many objects to tell all of them apart by addresses and tags: from now on generations alone do.
 * Then records stay closed, and every unloading begins new nodes.
 */
static bool exhausted;

static unsigned long long last_adds, last_subs;

/* One look at the loader's list. */
struct look {
	uint64_t number;
	uint32_t index;			/* objects so far; the first is the program itself */
	bool subs_changed;
	bool found_all;			/* of what is loaded, where it was */
};
static uint64_t looks;

static struct known *known_of(uint32_t id)
{
	return &known[id / BLOCK_OF_KNOWN][id % BLOCK_OF_KNOWN];
}

static bool is_loaded(const struct known *entry)
{
	return entry->module.last_generation == 0;
}

static uint64_t start_in_memory(const struct known *entry)
{
	return entry->module.start - entry->distance;
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

static void add_to_bucket(struct known *entry)
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
static bool has_name(const struct known *entry, const char *name, size_t name_bytes)
{
	return name_bytes == 0 || !entry->path ||
		(entry->path_bytes == name_bytes && memcmp(entry->path, name, name_bytes) == 0);
}

/* The record of what the loader shows, if it lies where it lay; or NULL. */
static struct known *find_loaded(const struct hl_module *shown, const char *name, size_t name_bytes)
{
	for (uint32_t id = *bucket_of(shown); id != 0; id = known_of(id - 1)->next) {
		struct known *entry = known_of(id - 1);

		if (is_loaded(entry) && start_in_memory(entry) == shown->start &&
			same_object(&entry->module, shown) && has_name(entry, name, name_bytes))
			return entry;
	}
	return NULL;
}

/*
 * The closed record of an object that is back under its name, which readers go by: at its old place if it lies
 * there again, at another only with a build-id, which says that the contents are the same.
 */
static struct known *find_closed(const struct hl_module *shown, const char *path, size_t path_bytes)
{
	struct known *elsewhere = NULL;

	for (uint32_t id = *bucket_of(shown); id != 0; id = known_of(id - 1)->next) {
		struct known *entry = known_of(id - 1);

		if (is_loaded(entry) || !same_object(&entry->module, shown) || !has_name(entry, path, path_bytes))
			continue;
		if (entry->module.start == shown->start)
			return entry;
		if (shown->build_id_bytes != 0 && path_bytes != 0 && entry->path)
			elsewhere = entry;
	}
	return elsewhere;
}

static uint64_t change_of(const struct known *entry)
{
	return entry->distance + ((uint64_t)entry->module.tag << HL_IP_TAG_SHIFT);
}

static uint64_t end_in_memory(const struct known *entry)
{
	return entry->module.end - entry->distance;
}

/* What is loaded has these addresses in memory now. */
static bool draw(const struct known *entry)
{
	return hl_moved_draw(start_in_memory(entry), end_in_memory(entry), change_of(entry));
}

static struct known *reopen(const struct hl_module *shown, const char *path, size_t path_bytes)
{
	struct known *entry = exhausted ? NULL : find_closed(shown, path, path_bytes);

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
static void choose_tag(struct known *added)
{
	uint32_t id = 0;

	while (id < nr_known && !overlap(&known_of(id)->module, &added->module))
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

/* Copies what is known into the ledger's table. */
static void write_record(struct known *entry)
{
	struct hl_module *record = hl_table_make(&modules, entry->id);

	entry->written = record != NULL;
	if (record)
		*record = entry->module;
}

/* Events of other threads may set another one meanwhile. */
static void set_flag(struct known *entry, enum hl_module_flags flag)
{
	struct hl_module *record;

	__atomic_fetch_or(&entry->module.flags, flag, __ATOMIC_RELAXED);
	record = hl_table_find(&modules, entry->id);
	if (record)
		__atomic_fetch_or(&record->flags, flag, __ATOMIC_RELAXED);
}

#define NR_NOTED 64u

void hl_modules_note_no_info(uintptr_t ip)
{
	static uintptr_t noted[NR_NOTED];
	uintptr_t *place = &noted[ip / 4 % NR_NOTED];
	uint32_t nr = (uint32_t)__atomic_load_n(&hl_globals->nr_modules, __ATOMIC_ACQUIRE);

	/* The loader's first lines have none, and call the constructors: nothing is missing there. */
	if (__atomic_load_n(place, __ATOMIC_RELAXED) == ip || ip - hl_loader_start < hl_loader_bytes)
		return;
	__atomic_store_n(place, ip, __ATOMIC_RELAXED);
	/* The newest first: others may have been at this address. */
	for (uint32_t id = nr; id-- > 0;) {
		struct known *entry = known_of(id);

		if (is_loaded(entry) && ip >= start_in_memory(entry) && ip < end_in_memory(entry)) {
			set_flag(entry, HL_MODULE_NO_UNWIND);
			return;
		}
	}
}

static struct known *add_known(const struct hl_module *shown, const char *path, size_t path_bytes)
{
	uint32_t id = nr_known;
	struct known *entry;

	if (id < MAX_KNOWN && !known[id / BLOCK_OF_KNOWN])
		known[id / BLOCK_OF_KNOWN] = hl_os_map(BLOCK_OF_KNOWN * sizeof(**known));
	if (id == MAX_KNOWN || !known[id / BLOCK_OF_KNOWN]) {
		exhausted = true;
		return NULL;
	}
	entry = known_of(id);
	*entry = (struct known){ .module = *shown, .id = id };
	choose_tag(entry);
	entry->module.first_generation = generation();
	entry->path = hl_os_keep(path, path_bytes);
	entry->path_bytes = entry->path ? path_bytes : 0;
	entry->module.path = hl_store_string(entry->path, entry->path_bytes);
	write_record(entry);
	add_to_bucket(entry);
	nr_known++;
	__atomic_store_n(&hl_globals->nr_modules, nr_known, __ATOMIC_RELEASE);
	return entry;
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
	static char exe[MAX_NAME];	/* too large for small stacks; only the refresher is here */
	const char *path = name_of(info, bytes);
	ssize_t length;

	if (*bytes != 0 || look->index != 0)
		return path;
	length = hl_os_readlink("/proc/self/exe", exe, sizeof(exe));
	*bytes = length < 0 ? 0 : (size_t)length;
	return exe;
}

/* What the loader shows of one object, to be found where it was. */
static int find_old(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct look *look = data;
	struct hl_module shown;
	struct known *entry;
	const char *name;
	size_t name_bytes;

	(void)bytes;
	hl_object_describe(info, &shown);
	if (shown.start >= shown.end)
		return 0;
	name = name_of(info, &name_bytes);
	entry = find_loaded(&shown, name, name_bytes);
	if (!entry) {
		look->found_all = false;
		return 0;
	}
	entry->seen = look->number;
	if (!entry->written)
		write_record(entry);
	if (entry->slots.any && hl_interpose_look_again(shown.start, shown.end, &entry->slots))
		set_flag(entry, HL_MODULE_BYPASS);
	return 0;
}

/* What was there at the start has found the program's malloc, by the order of its list. */
static void look_at_calls(const struct look *look, const struct dl_phdr_info *info, struct known *entry)
{
	if (look->number != 1 && hl_interpose_look(info, &entry->slots))
		set_flag(entry, HL_MODULE_BYPASS);
}

/* Once more, for those that were not there. */
static int add_new(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct look *look = data;
	struct hl_module shown;
	struct known *entry = NULL;
	size_t path_bytes;
	const char *path = name_of(info, &path_bytes);

	(void)bytes;
	hl_object_describe(info, &shown);
	if (shown.start < shown.end && !find_loaded(&shown, path, path_bytes)) {
		path = path_of(look, info, &path_bytes);
		entry = reopen(&shown, path, path_bytes);
		if (entry)
			write_record(entry);
		else
			entry = add_known(&shown, path, path_bytes);
	}
	if (entry) {
		entry->seen = look->number;
		look_at_calls(look, info, entry);
	}
	look->index++;
	return 0;
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
		const struct hl_module *record = &known_of(id)->module;
		uint64_t first = record->start > start ? record->start : start;
		uint64_t last = record->end < end ? record->end : end;

		if (first < last)
			hl_moved_draw(first, last, (uint64_t)HL_IP_TAG_STRAY << HL_IP_TAG_SHIFT);
	}
}

/* Closes the records of what the loader did not show any more.  Returns whether there was any. */
static bool close_unseen(const struct look *look)
{
	bool empty = generation_is_empty();
	uint32_t last = generation() - empty;
	bool any = false;

	for (uint32_t id = 0; id < nr_known; id++) {
		struct known *entry = known_of(id);
		uint64_t start = start_in_memory(entry), end = end_in_memory(entry);

		if (!is_loaded(entry) || entry->seen == look->number)
			continue;
		entry->module.last_generation = last;
		write_record(entry);
		draw_nothing(start, end);
		hl_rules_forget(start, end);
		entry->distance = 0;
		any = true;
	}
	if (any && !empty)
		begin_generation();
	if (any && exhausted)
		hl_nodes_forget();
	return any;
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

/*
 * Called once, under the loader's lock, which is recursive: all of a look happens in here, so looks
 * of several threads follow one another, and each finds what came before it.
 */
static int under_lock(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct look *look = data;
	bool closed, moved, was_exhausted = exhausted;

	if (bytes < offsetof(struct dl_phdr_info, dlpi_tls_modid) || !has_changed(info, look))
		return 1;
	look->found_all = true;
	hl_moved_begin();
	dl_iterate_phdr(find_old, look);
	closed = look->subs_changed && close_unseen(look);
	if (!look->found_all)
		dl_iterate_phdr(add_new, look);
	moved = hl_moved_end();
	if (exhausted && !was_exhausted)
		hl_nodes_forget();
	if (closed || moved)
		__atomic_fetch_add(&hl_modules_generation, 1, __ATOMIC_RELEASE);
	hl_program_note_namespaces();
	return 1;
}

void hl_modules_look(void)
{
	struct look look = { 0 };

	dl_iterate_phdr(under_lock, &look);
}

void hl_modules_note_calls(void)
{
	uint32_t nr = (uint32_t)__atomic_load_n(&hl_globals->nr_modules, __ATOMIC_ACQUIRE);

	for (uint32_t id = 0; id < nr; id++) {
		struct known *entry = known_of(id);

		if (is_loaded(entry) && entry->slots.any &&
			hl_interpose_look_last(start_in_memory(entry), &entry->slots))
			set_flag(entry, HL_MODULE_BYPASS);
	}
}

void hl_modules_open(void)
{
	hl_object_range(getauxval(AT_BASE), &hl_loader_start, &hl_loader_bytes);
	begin_generation();
}

/* Anew: another thread of the parent may have been in the middle of a look. */
static void draw_all(void)
{
	hl_moved_begin_empty();
	for (uint32_t id = 0; id < nr_known; id++)
		if (known_of(id)->distance != 0)
			draw_nothing(known_of(id)->module.start, known_of(id)->module.end);
	for (uint32_t id = 0; id < nr_known; id++)
		draw(known_of(id));
	hl_moved_end();
}

void hl_modules_restart(void)
{
	uint32_t kept = 0;

	hl_table_reset(&modules);
	hl_table_reset(&generations);
	memset(buckets, 0, sizeof(buckets));
	begin_generation();
	for (uint32_t id = 0; id < nr_known; id++) {
		struct known *entry = known_of(kept);

		if (!is_loaded(known_of(id)))
			continue;
		*entry = *known_of(id);
		entry->id = kept++;
		entry->module.first_generation = generation();
		entry->module.path = hl_store_string(entry->path, entry->path_bytes);
		write_record(entry);
		add_to_bucket(entry);
	}
	nr_known = kept;
	exhausted = false;
	draw_all();
	hl_globals->nr_modules = kept;
}
