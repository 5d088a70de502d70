/* SPDX-License-Identifier: MIT */
/*
 * The ledger file of this process: creation, growth by extents, chunks, strings.
 */
#include "base/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/lock.h"
#include "base/options.h"

#define EXTENT_MIN (64u << 10)
/* What an event may have to wait for: a millisecond. */
#define EXTENT_MAX (1u << 20)
/*
 * The file is mapped in regions, sparse at first, and blocks are given to a region extent by extent
 * through the mapping: so no descriptor stays open that the program could see, close or run out of.
 * Regions double.
 *
 * Nor is a name needed for the next region: by then it may be out of reach (another user or root, no
 * descriptor left, a limit).  A mapping of the file leads to the next one as far as the file goes, so it is
 * made much longer than what is used while it is open: a hole, which takes no blocks.
 */
#define REGION_MIN (4u << 20)
#define REGION_MAX (256u << 20)
#define AHEAD_MIN (64u << 20)
#define AHEAD_TIMES 4u
#define MAX_REGIONS 4096u
#define RETRY_NS 1000000000u

struct hl_ledger_header *hl_header;
struct hl_globals *hl_globals;

struct region {
	char *base;
	uint64_t offset;
	uint64_t bytes;
};

static struct {
	struct hl_lock lock;
	int fd;				/* open only while the file is made longer; a forked child closes it */
	bool no_populate;		/* kernel before 5.14: a region is one extent, from fallocate */
	uint64_t dev;
	uint64_t ino;
	uint64_t max_bytes;
	uint64_t file_end;		/* the size that we gave the file */
	uint64_t used;			/* next free byte in the file */
	uint64_t ready;			/* end of the blocks of the last region */
	uint64_t gap_offset;		/* where no block of ours is: see hl_store_reserve() */
	uint64_t gap_end;
	uint64_t refused_ns;		/* when growth was refused last */
	uint32_t nr_regions;
	struct region regions[MAX_REGIONS];
	struct hl_directory *directory;
	char *strings;			/* current chunk */
	uint32_t strings_left;
	char path[4096];
} store = { .lock = { .rank = HL_RANK_STORE }, .fd = -1 };

/* Opens the ledger again, if that is what bears its name, and it is not open. */
static int reopen(void)
{
	int fd;

	if (store.fd >= 0)
		return 0;
	fd = hl_os_open(store.path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd >= 0 && !hl_os_fd_is(fd, store.dev, store.ino)) {
		hl_os_close(fd);
		fd = -ESTALE;
	}
	if (fd < 0)
		return fd;
	store.fd = fd;
	return 0;
}

static void close_file(void)
{
	if (hl_os_fd_is(store.fd, store.dev, store.ino))
		hl_os_close(store.fd);
	store.fd = -1;
}

/* --max-size bounds the file, --max-memory the file and all that the shim has mapped for itself. */
static int afford(uint64_t file_bytes)
{
	if (file_bytes > store.max_bytes)
		return -E2BIG;
	return hl_options.max_memory == 0 || file_bytes + hl_os_mapped_bytes() <= hl_options.max_memory ? 0 : -ENOMEM;
}

/* How much the file grows at once; -errno: it may not. */
static int64_t extent_size(uint64_t file_bytes)
{
	uint64_t bytes = file_bytes / 4 & ~(uint64_t)(EXTENT_MIN - 1);
	int r;

	if (bytes < EXTENT_MIN)
		bytes = EXTENT_MIN;
	if (bytes > EXTENT_MAX)
		bytes = EXTENT_MAX;
	if (afford(file_bytes + bytes) < 0)
		bytes = EXTENT_MIN;
	r = afford(file_bytes + bytes);
	return r < 0 ? r : (int64_t)bytes;
}

/* How long the file may become, or is already. */
static uint64_t size_limit(void)
{
	uint64_t limit = hl_os_file_limit();

	if (limit > store.max_bytes)
		limit = store.max_bytes;
	limit &= ~(uint64_t)(EXTENT_MIN - 1);
	return limit > store.file_end ? limit : store.file_end;
}

/* At least one extent; less than usual before a bound of the file's size, the process's included. */
static uint64_t region_size(uint64_t offset, uint64_t extent)
{
	uint64_t bytes = REGION_MIN, limit = size_limit(), own = offset - (store.gap_end - store.gap_offset);

	/* What others write is beside it: the first region has room for that, too. */
	if (offset == 0)
		bytes += HL_TIMES_BYTES + HL_MOMENTS_BYTES;
	else if (bytes < own)
		bytes = own;
	if (bytes > REGION_MAX)
		bytes = REGION_MAX;
	if (offset + bytes > limit)
		bytes = offset < limit ? limit - offset : 0;
	return bytes < extent ? extent : bytes;
}

/* How long the file should be when its mappings end at @end. */
static uint64_t ahead_size(uint64_t end)
{
	uint64_t bytes = end * AHEAD_TIMES, limit = size_limit();

	if (bytes < AHEAD_MIN)
		bytes = AHEAD_MIN;
	return bytes < limit ? bytes : limit;
}

static int set_size(uint64_t bytes)
{
	int r = bytes > store.file_end && bytes > hl_os_file_limit() ? -EFBIG : hl_os_file_resize(store.fd, bytes);

	if (r == 0)
		store.file_end = bytes;
	return r;
}

/* Makes the file as long as @end, and longer where that costs no blocks. */
static int lengthen(uint64_t end)
{
	int64_t size;
	int r = reopen();

	if (r < 0)
		return r;
	/* Somebody may have appended to the file. */
	size = hl_os_file_size(store.fd);
	if (size < 0 || (uint64_t)size != store.file_end)
		r = size < 0 ? (int)size : set_size(store.file_end);
	if (r == 0 && end > store.file_end)
		r = set_size(end);
	/* Some file systems know no holes. */
	if (r == 0 && ahead_size(end) > store.file_end && hl_os_file_has_holes(store.fd))
		set_size(ahead_size(end));
	return r;
}

/* Maps a region by the descriptor if there is one, and else from the end of the last one. */
static int map_once(struct region *next)
{
	const struct region *last = next - 1;

	return store.fd >= 0 ? hl_os_map_file(store.fd, next->offset, next->bytes, &next->base) :
		hl_os_map_behind(last->base + last->bytes, next->bytes, &next->base);
}

static int map_region(struct region *next, uint64_t extent)
{
	int r = map_once(next);

	/* A kernel that does not know how, or a filter that forbids it. */
	if (r < 0 && r != -ENOMEM && store.fd < 0 && reopen() == 0)
		r = map_once(next);
	/* RLIMIT_AS, or RLIMIT_MEMLOCK after mlockall(), may have room for less. */
	while ((r == -ENOMEM || r == -EAGAIN) && next->bytes > extent) {
		next->bytes = next->bytes / 2 & ~(uint64_t)(EXTENT_MIN - 1);
		if (next->bytes < extent)
			next->bytes = extent;
		r = map_once(next);
	}
	return r;
}

static void enter_region(const struct region *next, uint64_t extent)
{
	store.used = next->offset;
	store.ready = next->offset + extent;
	store.nr_regions++;
}

/* A region as long as the file goes, with blocks for its first extent. */
static int add_sparse(struct region *next, uint64_t extent)
{
	int r = 0;

	next->bytes = region_size(next->offset, extent);
	if (ahead_size(next->offset + next->bytes) > store.file_end || next->offset + next->bytes > store.file_end)
		r = lengthen(next->offset + next->bytes);
	/* Where it cannot be made longer, what it has is used up first. */
	if (next->offset + extent > store.file_end)
		return r;
	if (next->bytes > store.file_end - next->offset)
		next->bytes = store.file_end - next->offset;
	r = map_region(next, extent);
	if (r < 0)
		return r;
	r = hl_os_populate(next->base, extent);
	if (r < 0) {
		hl_os_unmap_file(next->base, next->bytes);
		store.no_populate = r == -EINVAL;
		return r;
	}
	enter_region(next, extent);
	return 0;
}

/* Blocks that come by the descriptor: the region is what has them. */
static int add_reserved(struct region *next, uint64_t extent)
{
	int r = reopen();

	/* What was made longer for nothing, or appended by somebody. */
	if (r == 0 && hl_os_file_size(store.fd) > (int64_t)next->offset)
		r = hl_os_file_resize(store.fd, next->offset);
	if (r == 0)
		r = hl_os_reserve_file(store.fd, next->offset, extent);
	if (r < 0)
		return r;
	next->bytes = extent;
	store.file_end = next->offset + extent;
	r = map_region(next, extent);
	if (r == 0)
		enter_region(next, extent);
	return r;
}

/* A region behind the last one.  The file may be open afterwards. */
static int add_region(uint64_t extent)
{
	struct region *next = &store.regions[store.nr_regions];
	int r = -EINVAL;

	if (store.nr_regions == MAX_REGIONS)
		return -ENOMEM;
	next->offset = store.nr_regions ? next[-1].offset + next[-1].bytes : 0;
	if (!store.no_populate)
		r = add_sparse(next, extent);
	if (store.no_populate)
		r = add_reserved(next, extent);
	return r;
}

/* Blocks for one extent more, in the last region or in a new one. */
static int grow(void)
{
	struct region *last = &store.regions[store.nr_regions - 1];
	uint64_t left = last->offset + last->bytes - store.ready;
	int64_t extent = extent_size(store.ready);
	int r;

	if (extent < 0)
		return (int)extent;
	if (left > 0) {
		if ((uint64_t)extent > left)
			extent = (int64_t)left;
		r = hl_os_populate(last->base + (store.ready - last->offset), (size_t)extent);
		if (r == 0)
			store.ready += (uint64_t)extent;
	} else {
		r = add_region((uint64_t)extent);
		close_file();
	}
	if (r == 0 && hl_globals)
		hl_globals->file_bytes = store.ready;
	return r;
}

bool hl_store_is_full(void)
{
	uint64_t refused_ns = __atomic_load_n(&store.refused_ns, __ATOMIC_RELAXED);

	return hl_unlikely(refused_ns != 0) && hl_os_coarse_ns() - refused_ns < RETRY_NS;
}

/* Growth was refused; the globals are there but at the very start. */
static void refuse(uint32_t bytes, int error)
{
	if (!hl_globals)
		return;
	hl_globals->refused_bytes += bytes;
	/* A page that gets no block says no more than that. */
	hl_globals->refused_error = error == -EFAULT ? ENOSPC : -error;
}

/*
 * Room for one chunk, page aligned, within one region.  After a refusal the disk is not asked again
 * for a second: a full disk must not slow the program down.
 */
static char *take(uint32_t bytes, uint64_t *offset)
{
	struct region *last;
	char *chunk;
	int r;

	if (store.nr_regions == 0)
		return NULL;
	bytes = (bytes + HL_LEDGER_PAGE - 1) & ~(HL_LEDGER_PAGE - 1);
	if (store.used < store.gap_end && store.used + bytes > store.gap_offset)
		store.used = store.gap_end;
	while (store.used + bytes > store.ready) {
		if (hl_store_is_full())
			return NULL;
		r = grow();
		if (r < 0) {
			store.refused_ns = hl_os_coarse_ns();
			refuse(bytes, r);
			return NULL;
		}
		store.refused_ns = 0;
	}
	last = &store.regions[store.nr_regions - 1];
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
	if (wanted->type == HL_SECTION_NODES) {
		int r = afford(store.used + store.used / 16);

		if (r < 0) {
			refuse(0, r);
			return NULL;
		}
	}
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
	int64_t extent;
	int r;

	if (length >= sizeof(store.path))
		return -ENAMETOOLONG;
	memcpy(store.path, path, length + 1);
	store.max_bytes = max_bytes;
	store.fd = hl_os_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store.fd < 0)
		return store.fd == -EEXIST && hl_os_is_special(path) ? -ENOTSUP : store.fd;
	extent = extent_size(0);
	r = extent < 0 ? (int)extent : hl_os_identify(store.fd, &store.dev, &store.ino);
	if (r == 0)
		r = add_region((uint64_t)extent);
	hl_os_close(store.fd);
	store.fd = -1;
	if (r < 0) {
		hl_os_unlink(path);
		return r;
	}
	hl_header = (struct hl_ledger_header *)take(HL_LEDGER_PAGE, &offset);
	store.directory = (struct hl_directory *)take(HL_LEDGER_PAGE, &offset);
	hl_header->directory_offset = offset;
	hl_globals = (struct hl_globals *)take_section(&totals);
	hl_globals->file_bytes = store.ready;
	return 0;
}

#define GAP_SHARE 64u	/* beside a ledger that may not become larger than that it would be in the way */

void hl_store_reserve(const struct hl_section *wanted)
{
	uint64_t bytes = ((uint64_t)wanted->nr_records * wanted->record_bytes + HL_LEDGER_PAGE - 1) &
		~(uint64_t)(HL_LEDGER_PAGE - 1), saved;
	struct hl_directory *directory;

	hl_lock_take(&store.lock, &saved);
	directory = directory_with_room();
	/* It is the start: there is one region. */
	if (directory && !store.no_populate && store.regions[0].bytes - store.ready >= bytes &&
		afford(store.ready + bytes * GAP_SHARE) == 0) {
		directory->entries[directory->nr_entries] = *wanted;
		directory->entries[directory->nr_entries].offset = store.ready;
		store.gap_offset = store.gap_end ? store.gap_offset : store.ready;
		store.gap_end = store.ready += bytes;
		hl_globals->file_bytes = store.ready;
		__atomic_store_n(&directory->nr_entries, directory->nr_entries + 1, __ATOMIC_RELEASE);
	}
	hl_lock_drop(&store.lock, &saved);
}

void hl_store_trim(void)
{
	struct region *last;
	uint64_t saved;

	hl_lock_take(&store.lock, &saved);
	last = store.nr_regions ? &store.regions[store.nr_regions - 1] : NULL;
	if (last && store.ready < store.file_end && reopen() == 0) {
		/* What comes later begins a new region, and never touches what is cut off here. */
		if (set_size(store.ready) == 0)
			last->bytes = store.ready - last->offset;
		close_file();
	}
	hl_lock_drop(&store.lock, &saved);
}

void hl_store_abandon(void)
{
	close_file();
	for (uint32_t i = 0; i < store.nr_regions; i++)
		hl_os_map_over(store.regions[i].base, store.regions[i].bytes);
	/* Another thread of the parent may have held the lock when it forked. */
	hl_lock_reset(&store.lock);
	store.nr_regions = 0;
	store.file_end = 0;
	store.used = 0;
	store.ready = 0;
	store.gap_offset = 0;
	store.gap_end = 0;
	store.refused_ns = 0;
	store.strings_left = 0;
	/*
	 * hl_header and hl_globals stay, in private memory now: a signal handler may have forked in the
	 * middle of an event, which goes on in the child, with or without a ledger.
	 */
}

const char *hl_store_path(void)
{
	return store.path;
}

/* All of ours before the end of what is used has blocks: reading it is no risk. */
static int copy_range(int fd, uint64_t from, uint64_t to)
{
	int r = hl_os_reserve_file(fd, from, to - from);

	for (uint32_t i = 0; r == 0 && i < store.nr_regions; i++) {
		const struct region *region = &store.regions[i];
		uint64_t start = from > region->offset ? from : region->offset;
		uint64_t end = region->offset + region->bytes < to ? region->offset + region->bytes : to;

		if (start < end)
			r = hl_os_write_whole(fd, region->base + (start - region->offset), end - start, start);
	}
	return r;
}

int hl_store_copy(int fd, uint64_t now_ns)
{
	uint16_t kind = HL_LEDGER_SNAPSHOT;
	uint64_t used;
	uint64_t saved;
	int r;

	hl_lock_take(&store.lock, &saved);
	used = store.used;
	hl_lock_drop(&store.lock, &saved);
	/* What others write is a hole in the copy, whose place is known. */
	r = hl_os_file_resize(fd, used > store.gap_end ? used : store.gap_end);
	if (r == 0)
		r = copy_range(fd, 0, store.gap_end && store.gap_offset < used ? store.gap_offset : used);
	if (r == 0 && store.gap_end && used > store.gap_end)
		r = copy_range(fd, store.gap_end, used);
	if (r == 0)
		r = hl_os_write_whole(fd, (const char *)&kind, sizeof(kind),
			offsetof(struct hl_ledger_header, kind));
	if (r == 0)
		r = hl_os_write_whole(fd, (const char *)&now_ns, sizeof(now_ns),
			offsetof(struct hl_ledger_header, snapshot_monotonic_ns));
	return r;
}

#define STRING_CHUNK 8192u

struct hl_string hl_store_string(const char *s, size_t length)
{
	struct hl_section wanted = { .type = HL_SECTION_STRINGS, .record_bytes = 1 };
	struct hl_string string = { 0, 0 };
	uint64_t saved;

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
	uint64_t saved;

	if (record || chunk >= (uint64_t)HL_TABLE_ROOTS * HL_TABLE_BLOCK)
		return record;
	hl_lock_take(&store.lock, &saved);
	make_chunk(table, chunk);
	hl_lock_drop(&store.lock, &saved);
	return hl_table_find(table, index);
}
