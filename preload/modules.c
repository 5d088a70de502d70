/* SPDX-License-Identifier: MIT */
/*
 * Which ELF objects were loaded where.  May call: dl_iterate_phdr(), store.c, stacks.c,
 * rules.c, os.c.
 *
 * The callback runs under the loader's lock and takes the store's for a moment; nothing takes them
 * the other way round.
 */
#include "modules.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "common/ledger.h"
#include "program.h"
#include "rules.h"
#include "stacks.h"
#include "store.h"

uint64_t hl_loader_start;
uint64_t hl_loader_bytes;
uint32_t hl_modules_hints;
uint32_t hl_modules_nr_tagged;
uint32_t hl_modules_generation;

static struct hl_table modules = { HL_SECTION_MODULES, 0, sizeof(struct hl_module), 5, { 0 } };
static struct hl_table generations = { HL_SECTION_GENERATIONS, 0, sizeof(struct hl_generation), 8,
	{ 0 } };

/*
 * Objects that are loaded where another one was before.  Their addresses carry the record's tag in
 * nodes, so that a node is never taken for that of another object, and is found again when its own
 * object comes back.
 */
struct tagged {
	uint64_t start;
	uint64_t end;			/* 0: free */
	uint64_t tag;			/* in its place */
};
#define MAX_TAGGED 256u
static struct tagged tagged[MAX_TAGGED];
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
	uint64_t seen;			/* number of the last look that saw it */
	uint64_t added;			/* number of the look that saw it first */
};
#define MAX_KNOWN 8192u
static struct known known[MAX_KNOWN];
static uint64_t nr_known;

static unsigned long long last_adds, last_subs;

/* One look at the loader's list. */
struct look {
	uint64_t number;
	uint32_t index;			/* objects so far; the first is the program itself */
	bool subs_changed;
};
static uint64_t looks;

/*
 * Forked from several threads.  The lock that dl_iterate_phdr() takes is not among those that fork()
 * renews, so this child may ask only when it has changed the list itself: then it was free.
 */
static bool lock_in_doubt;

void hl_modules_count_hint(void)
{
	/* The loader allocates for thread-local variables, too, but not in the middle of a change. */
	if (hl_unlikely(lock_in_doubt) && _r_debug.r_state == RT_CONSISTENT)
		return;
	__atomic_fetch_add(&hl_modules_hints, 1, __ATOMIC_RELAXED);
}

uint64_t hl_modules_find_tag(uint64_t ip)
{
	uint32_t n = __atomic_load_n(&hl_modules_nr_tagged, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n; i++)
		if (ip >= tagged[i].start && ip < __atomic_load_n(&tagged[i].end, __ATOMIC_ACQUIRE))
			return tagged[i].tag;
	return 0;
}

static bool use_tag(const struct hl_module *module)
{
	uint32_t i = 0;

	while (i < hl_modules_nr_tagged && tagged[i].end != 0)
		i++;
	if (i == MAX_TAGGED)
		return false;
	tagged[i].start = module->start;
	tagged[i].tag = (uint64_t)module->tag << HL_IP_TAG_SHIFT;
	/* Readers see the end last: until then the entry holds no address. */
	__atomic_store_n(&tagged[i].end, module->end, __ATOMIC_RELEASE);
	if (i == hl_modules_nr_tagged)
		__atomic_store_n(&hl_modules_nr_tagged, i + 1, __ATOMIC_RELEASE);
	return true;
}

static void drop_tag(const struct hl_module *module)
{
	for (uint32_t i = 0; i < hl_modules_nr_tagged; i++)
		if (tagged[i].tag == (uint64_t)module->tag << HL_IP_TAG_SHIFT)
			__atomic_store_n(&tagged[i].end, 0, __ATOMIC_RELEASE);
}

static uint32_t generation(void)
{
	return (uint32_t)hl_globals->nr_generations;
}

static void find_build_id(const struct dl_phdr_info *info, const ElfW(Phdr) *segment,
	struct hl_module *module)
{
	const char *note = (const char *)(info->dlpi_addr + segment->p_vaddr);
	const char *end = note + segment->p_memsz;

	while ((size_t)(end - note) >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *header = (const void *)note;
		size_t name = (header->n_namesz + 3u) & ~3u, desc = (header->n_descsz + 3u) & ~3u;

		note += sizeof(*header);
		if ((size_t)(end - note) < name + desc)
			return;
		if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 &&
			memcmp(note, "GNU", 4) == 0 && header->n_descsz <= HL_BUILD_ID_BYTES) {
			memcpy(module->build_id, note + name, header->n_descsz);
			module->build_id_bytes = header->n_descsz;
			return;
		}
		note += name + desc;
	}
}

/* Addresses and build-id of what the loader shows. */
static void describe(const struct dl_phdr_info *info, struct hl_module *module)
{
	memset(module, 0, sizeof(*module));
	module->bias = info->dlpi_addr;
	module->start = UINT64_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uint64_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_NOTE && module->build_id_bytes == 0)
			find_build_id(info, segment, module);
		if (segment->p_type != PT_LOAD)
			continue;
		if (start < module->start)
			module->start = start;
		if (start + segment->p_memsz > module->end)
			module->end = start + segment->p_memsz;
	}
}

static bool same_object(const struct hl_module *a, const struct hl_module *b)
{
	return a->bias == b->bias && a->start == b->start && a->end == b->end &&
		a->build_id_bytes == b->build_id_bytes &&
		memcmp(a->build_id, b->build_id, a->build_id_bytes) == 0;
}

static bool overlap(const struct hl_module *a, const struct hl_module *b)
{
	return a->start < b->end && b->start < a->end;
}

/* The record of an object that is loaded, opened again if it was closed; or NULL. */
static struct known *find_known(const struct hl_module *wanted)
{
	for (uint64_t id = nr_known; id-- > 0;) {
		struct hl_module *module = &known[id].module;

		if (!same_object(module, wanted))
			continue;
		if (module->last_generation != 0 && module->tag != 0 && !use_tag(module))
			return NULL;
		module->last_generation = 0;
		return &known[id];
	}
	return NULL;
}

/* An object where another one is known to have been gets a tag; without a tag, all nodes are new. */
static void choose_tag(struct hl_module *module)
{
	uint64_t id = 0;

	while (id < nr_known && !overlap(&known[id].module, module))
		id++;
	if (id == nr_known)
		return;
	if (last_tag < HL_MAX_IP_TAG) {
		module->tag = last_tag + 1;
		if (use_tag(module)) {
			last_tag++;
			return;
		}
		module->tag = 0;
	}
	hl_stacks_forget();
}

/* Path names outlive the objects: a bump arena that only grows. */
static const char *keep_path(const char *path, size_t length)
{
	static char *arena;
	static size_t left;
	char *kept;

	if (left < length) {
		left = length > 65536 ? length : 65536;
		arena = hl_os_map(left);
		if (!arena)
			left = 0;
	}
	if (left < length)
		return NULL;
	kept = memcpy(arena, path, length);
	arena += length;
	left -= length;
	return kept;
}

/* Copies what is known into the ledger's table. */
static void write_record(const struct known *entry)
{
	struct hl_module *record = hl_table_make(&modules, (uint64_t)(entry - known));

	if (record)
		*record = entry->module;
}

static struct known *add_known(const struct look *look, const struct dl_phdr_info *info,
	const struct hl_module *described)
{
	struct known *entry = &known[nr_known];
	const char *path = info->dlpi_name ? info->dlpi_name : "";
	static char exe[4096];		/* too large for small stacks; only the refresher is here */
	ssize_t length = (ssize_t)strnlen(path, sizeof(exe));

	if (nr_known == MAX_KNOWN)
		return NULL;
	if (length == 0 && look->index == 0) {
		length = hl_os_readlink("/proc/self/exe", exe, sizeof(exe));
		path = exe;
		length = length < 0 ? 0 : length;
	}
	entry->module = *described;
	entry->added = look->number;
	choose_tag(&entry->module);
	entry->module.first_generation = generation();
	entry->path = keep_path(path, (size_t)length);
	entry->path_bytes = entry->path ? (size_t)length : 0;
	entry->module.path = hl_store_string(entry->path, entry->path_bytes);
	write_record(entry);
	nr_known++;
	__atomic_store_n(&hl_globals->nr_modules, nr_known, __ATOMIC_RELEASE);
	return entry;
}

static int look_at(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct look *look = data;
	struct hl_module described;
	struct known *entry;

	(void)bytes;
	describe(info, &described);
	if (described.start < described.end) {
		entry = find_known(&described);
		if (entry)
			write_record(entry);
		else
			entry = add_known(look, info, &described);
		if (entry)
			entry->seen = look->number;
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
	record->first_node = n == 0 ? 0 : hl_stacks_nr_nodes();
	record->monotonic_ns = hl_os_monotonic_ns();
	__atomic_store_n(&hl_globals->nr_generations, n + 1, __ATOMIC_RELEASE);
}

/*
 * What one look found gone and what it found new may have the same addresses: the new objects belong
 * to the new generation only.
 */
static void move_added(const struct look *look)
{
	for (struct known *entry = known; entry < known + nr_known; entry++) {
		if (entry->added != look->number)
			continue;
		entry->module.first_generation = generation();
		write_record(entry);
	}
}

/* No node since the last generation began: a further one would say nothing. */
static bool generation_is_empty(void)
{
	const struct hl_generation *record = hl_table_find(&generations, generation() - 1);

	return generation() > 1 && record && record->first_node == hl_stacks_nr_nodes();
}

/* Closes the records of what the loader did not show any more. */
static void close_unseen(const struct look *look)
{
	bool empty = generation_is_empty();
	uint32_t last = generation() - empty;
	bool any = false;

	for (struct known *entry = known; entry < known + nr_known; entry++) {
		if (entry->module.last_generation != 0 || entry->seen == look->number)
			continue;
		entry->module.last_generation = last;
		write_record(entry);
		if (entry->module.tag != 0)
			drop_tag(&entry->module);
		hl_rules_forget(entry->module.start, entry->module.end);
		any = true;
	}
	if (!any)
		return;
	if (!empty)
		begin_generation();
	move_added(look);
	__atomic_fetch_add(&hl_modules_generation, 1, __ATOMIC_RELEASE);
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

	if (bytes < offsetof(struct dl_phdr_info, dlpi_tls_modid) || !has_changed(info, look))
		return 1;
	dl_iterate_phdr(look_at, look);
	hl_program_note_namespaces();
	if (look->subs_changed)
		close_unseen(look);
	return 1;
}

void hl_modules_refresh(void)
{
	int saved_errno = errno;
	struct look look = { 0 };
	sigset_t saved;

	/* A handler that leaves by siglongjmp() would take the loader's lock with it. */
	hl_os_block_signals(&saved);
	dl_iterate_phdr(under_lock, &look);
	hl_os_restore_signals(&saved);
	errno = saved_errno;
}

struct range {
	uint64_t inside;
	uint64_t start;
	uint64_t bytes;
};

static int find_range(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct range *range = data;
	struct hl_module described;

	(void)bytes;
	describe(info, &described);
	if (range->inside - described.start >= described.end - described.start)
		return 0;
	range->start = described.start;
	range->bytes = described.end - described.start;
	return 1;
}

void hl_modules_range(uint64_t inside, uint64_t *start, uint64_t *bytes)
{
	struct range range = { .inside = inside };

	dl_iterate_phdr(find_range, &range);
	*start = range.start;
	*bytes = range.bytes;
}

void hl_modules_open(void)
{
	hl_modules_range(getauxval(AT_BASE), &hl_loader_start, &hl_loader_bytes);
	begin_generation();
	hl_modules_refresh();
}

void hl_modules_restart(bool threads)
{
	uint64_t kept = 0;

	lock_in_doubt = lock_in_doubt || threads;
	/* No thread has followed any hint (thread.c): each looks once, or not before it may. */
	hl_modules_hints = lock_in_doubt ? 0 : 1;
	hl_table_reset(&modules);
	hl_table_reset(&generations);
	begin_generation();
	for (uint64_t id = 0; id < nr_known; id++) {
		if (known[id].module.last_generation != 0)
			continue;
		known[kept] = known[id];
		known[kept].module.first_generation = generation();
		known[kept].module.path = hl_store_string(known[kept].path, known[kept].path_bytes);
		write_record(&known[kept++]);
	}
	nr_known = kept;
	hl_globals->nr_modules = kept;
}
