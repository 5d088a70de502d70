/* SPDX-License-Identifier: MIT */
/*
 * The ledger file of this process: creation, growth by extents, chunks, strings.
 * May call: os.c.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "options.h"

#define EXTENT_MIN (64u << 10)
#define EXTENT_MAX (8u << 20)
#define MAX_EXTENTS 4096u
#define RETRY_NS 1000000000u

struct hl_ledger_header *hl_header;
struct hl_globals *hl_globals;

struct extent {
	char *base;
	uint64_t offset;
	uint64_t bytes;
};

static struct {
	struct hl_lock lock;
	int fd;
	uint64_t dev;
	uint64_t ino;
	uint64_t max_bytes;
	uint64_t used;			/* next free byte in the file */
	uint64_t refused_ns;		/* when growth was refused last */
	uint32_t nr_extents;
	struct extent extents[MAX_EXTENTS];
	struct hl_directory *directory;
	char *strings;			/* current chunk */
	uint32_t strings_left;
	char path[4096];
} store = { .fd = -1 };

/* The descriptor, if it still is the ledger: the program may have closed and reused its number. */
static int ledger_fd(void)
{
	if (hl_os_fd_is(store.fd, store.dev, store.ino))
		return store.fd;
	store.fd = hl_os_open(store.path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	if (store.fd >= 0 && !hl_os_fd_is(store.fd, store.dev, store.ino)) {
		hl_os_close(store.fd);
		store.fd = -1;
	}
	if (store.fd >= 0)
		store.fd = hl_os_raise_fd(store.fd);
	return store.fd;
}

static uint64_t extent_size(uint64_t file_bytes)
{
	uint64_t bytes = file_bytes / 4 & ~(uint64_t)(EXTENT_MIN - 1);

	if (bytes < EXTENT_MIN)
		bytes = EXTENT_MIN;
	return bytes > EXTENT_MAX ? EXTENT_MAX : bytes;
}

/* --max-size bounds the file, --max-memory the file and all that the shim has mapped for itself. */
static bool is_affordable(uint64_t file_bytes)
{
	return file_bytes <= store.max_bytes && (hl_options.max_memory == 0 ||
		file_bytes + hl_os_mapped_bytes() <= hl_options.max_memory);
}

static int add_extent(void)
{
	struct extent *last = store.nr_extents ? &store.extents[store.nr_extents - 1] : NULL;
	uint64_t offset = last ? last->offset + last->bytes : 0;
	uint64_t bytes = extent_size(offset);
	struct extent *next = &store.extents[store.nr_extents];
	int fd, r;

	if (!is_affordable(offset + bytes))
		bytes = EXTENT_MIN;
	if (store.nr_extents == MAX_EXTENTS || !is_affordable(offset + bytes))
		return -EFBIG;
	fd = ledger_fd();
	if (fd < 0)
		return -EBADF;
	r = hl_os_reserve_file(fd, offset, bytes);
	if (r < 0)
		return r;
	next->base = hl_os_map_file(fd, offset, bytes);
	if (!next->base)
		return -ENOMEM;
	next->offset = offset;
	next->bytes = bytes;
	store.used = offset;
	store.nr_extents++;
	if (hl_globals)
		hl_globals->file_bytes = offset + bytes;
	return 0;
}

bool hl_store_is_full(void)
{
	uint64_t refused_ns = __atomic_load_n(&store.refused_ns, __ATOMIC_RELAXED);

	return hl_unlikely(refused_ns != 0) && hl_os_coarse_ns() - refused_ns < RETRY_NS;
}

/*
 * Room for one chunk, page aligned, within one extent.  After a refusal the disk is not asked again
 * for a second: a full disk must not slow the program down.
 */
static char *take(uint32_t bytes, uint64_t *offset)
{
	struct extent *last = &store.extents[store.nr_extents - 1];
	char *chunk;

	if (store.nr_extents == 0)
		return NULL;
	bytes = (bytes + HL_LEDGER_PAGE - 1) & ~(HL_LEDGER_PAGE - 1);
	if (store.used + bytes > last->offset + last->bytes) {
		if (hl_store_is_full())
			return NULL;
		if (add_extent() < 0) {
			store.refused_ns = hl_os_coarse_ns();
			if (hl_globals)
				hl_globals->refused_bytes += bytes;
			return NULL;
		}
		store.refused_ns = 0;
		last++;
	}
	chunk = last->base + (store.used - last->offset);
	*offset = store.used;
	store.used += bytes;
	return chunk;
}

static struct hl_directory *directory_with_room(void)
{
	struct hl_directory *next;
	uint64_t offset;

	if (store.directory->nr_entries < HL_DIRECTORY_ENTRIES)
		return store.directory;
	next = (struct hl_directory *)take(sizeof(*next), &offset);
	if (!next)
		return NULL;
	__atomic_store_n(&store.directory->next, offset, __ATOMIC_RELEASE);
	store.directory = next;
	return next;
}

/* Takes a chunk and enters it into the directory; store.lock is held. */
static char *take_section(const struct hl_section *wanted)
{
	struct hl_directory *directory;
	struct hl_section *entry;
	uint64_t offset;
	char *chunk;

	/* Stacks come to an end before sites: what is folded must find a place to be counted. */
	if (wanted->type == HL_SECTION_NODES && !is_affordable(store.used + store.used / 16))
		return NULL;
	directory = directory_with_room();
	if (!directory)
		return NULL;
	chunk = take(wanted->nr_records * wanted->record_bytes, &offset);
	if (!chunk)
		return NULL;
	entry = &directory->entries[directory->nr_entries];
	*entry = *wanted;
	entry->offset = offset;
	/* A reader must never see the count before the entry. */
	__atomic_store_n(&directory->nr_entries, directory->nr_entries + 1, __ATOMIC_RELEASE);
	return chunk;
}

int hl_store_open(const char *path, uint64_t max_bytes)
{
	static const struct hl_section totals = { .type = HL_SECTION_GLOBALS,
		.nr_records = 1, .record_bytes = sizeof(struct hl_globals) };
	size_t length = strlen(path);
	uint64_t offset;
	int r;

	if (length >= sizeof(store.path))
		return -ENAMETOOLONG;
	memcpy(store.path, path, length + 1);
	store.max_bytes = max_bytes;
	store.fd = hl_os_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store.fd < 0)
		return store.fd;
	store.fd = hl_os_raise_fd(store.fd);
	r = hl_os_identify(store.fd, &store.dev, &store.ino);
	if (r == 0)
		r = add_extent();
	if (r < 0) {
		hl_os_close(store.fd);
		hl_os_unlink(path);
		store.fd = -1;
		return r;
	}
	hl_header = (struct hl_ledger_header *)take(HL_LEDGER_PAGE, &offset);
	store.directory = (struct hl_directory *)take(HL_LEDGER_PAGE, &offset);
	hl_header->directory_offset = offset;
	hl_globals = (struct hl_globals *)take_section(&totals);
	hl_globals->file_bytes = store.extents[0].bytes;
	return 0;
}

void hl_store_abandon(void)
{
	if (hl_os_fd_is(store.fd, store.dev, store.ino))
		hl_os_close(store.fd);
	for (uint32_t i = 0; i < store.nr_extents; i++)
		hl_os_map_over(store.extents[i].base, store.extents[i].bytes);
	/* Another thread of the parent may have held the lock when it forked. */
	store.lock.word = 0;
	store.fd = -1;
	store.nr_extents = 0;
	store.refused_ns = 0;
	store.strings_left = 0;
	/*
	 * hl_header and hl_globals stay, in private memory now: a signal handler may have forked in the
	 * middle of an event, which goes on in the child, with or without a ledger.
	 */
}

#define STRING_CHUNK 8192u

struct hl_string hl_store_string(const char *s, size_t length)
{
	struct hl_section wanted = { .type = HL_SECTION_STRINGS, .record_bytes = 1 };
	struct hl_string string = { 0, 0 };
	sigset_t saved;

	hl_lock_take(&store.lock, &saved);
	if (store.strings_left < length) {
		/* A string never spans chunks: what is left of the old one is given up. */
		wanted.first = hl_globals->string_bytes + store.strings_left;
		wanted.nr_records = length > STRING_CHUNK ? (length + 4095) & ~4095ul : STRING_CHUNK;
		store.strings = take_section(&wanted);
		store.strings_left = store.strings ? wanted.nr_records : 0;
		if (store.strings)
			hl_globals->string_bytes = wanted.first;
	}
	if (store.strings && store.strings_left >= length) {
		memcpy(store.strings, s, length);
		string.offset = (uint32_t)hl_globals->string_bytes;
		string.length = (uint32_t)length;
		store.strings += length;
		store.strings_left -= length;
		hl_globals->string_bytes += length;
	}
	hl_lock_drop(&store.lock, &saved);
	return string;
}

static char *make_chunk(struct hl_table *table, uint64_t chunk)
{
	struct hl_section wanted = { .type = table->type, .instance = table->instance,
		.first = chunk << table->shift, .nr_records = 1u << table->shift,
		.record_bytes = table->record_bytes };
	char ***slot = &table->blocks[chunk / HL_TABLE_BLOCK];
	char **block = *slot, *records;

	if (!block) {
		block = hl_os_map(HL_TABLE_BLOCK * sizeof(char *));
		if (!block)
			return NULL;
		__atomic_store_n(slot, block, __ATOMIC_RELEASE);
	}
	records = block[chunk % HL_TABLE_BLOCK];
	if (!records) {
		records = take_section(&wanted);
		__atomic_store_n(&block[chunk % HL_TABLE_BLOCK], records, __ATOMIC_RELEASE);
	}
	return records;
}

void *hl_table_make(struct hl_table *table, uint64_t index)
{
	uint64_t chunk = index >> table->shift;
	void *record = hl_table_find(table, index);
	sigset_t saved;

	if (record || chunk >= (uint64_t)HL_TABLE_ROOTS * HL_TABLE_BLOCK)
		return record;
	hl_lock_take(&store.lock, &saved);
	make_chunk(table, chunk);
	hl_lock_drop(&store.lock, &saved);
	return hl_table_find(table, index);
}

void hl_table_reset(struct hl_table *table)
{
	for (uint32_t i = 0; i < HL_TABLE_ROOTS; i++)
		if (table->blocks[i])
			memset(table->blocks[i], 0, HL_TABLE_BLOCK * sizeof(char *));
}
