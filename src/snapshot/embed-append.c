/* SPDX-License-Identifier: MIT */
/*
 * Symbols into a ledger file in place, so that whoever is killed meanwhile leaves a ledger.
 *
 * First the bytes behind all that is used, then the entry of the directory, then the number of entries, which makes it
 * one.  If the last block of the directory is full, a new one with the entry comes before the pointer to it.  An entry
 * that is there already is replaced by one write inside a page.
 */
#include "snapshot/embed.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/file-write.h"
#include "snapshot/ledger-image.h"
#include "snapshot/snapshot.h"

#define ALIGNMENT 64u

static uint64_t aligned(uint64_t offset)
{
	return (offset + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

/* The last block of the directory, the entry of symbols if there is one, and how far the file is used. */
struct survey {
	struct hl_directory block;
	uint64_t block_offset;
	uint64_t entry_offset;		/* of the symbols; 0: none */
	struct hl_section entry;
	uint64_t used_bytes;
};

static void note_end(struct survey *v, uint64_t end)
{
	if (end > v->used_bytes)
		v->used_bytes = end;
}

static void note_entries(struct survey *v)
{
	for (uint32_t i = 0; i < v->block.nr_entries && i < HL_DIRECTORY_ENTRIES; i++) {
		const struct hl_section *s = &v->block.entries[i];

		note_end(v, s->offset + (uint64_t)s->nr_records * s->record_bytes);
		if (s->type != HL_SECTION_SYMBOLS || !s->nr_records)
			continue;
		v->entry = *s;
		v->entry_offset = v->block_offset + offsetof(struct hl_directory, entries) + i * sizeof(*s);
	}
}

/* The image was checked: its chain has an end, and its sections lie in the file. */
static int survey(const struct hl_image *image, struct survey *v, struct hl_error *err)
{
	uint64_t nr_blocks = image->size / HL_LEDGER_PAGE;
	uint64_t next = image->header.directory_offset;
	int rc = 0;

	for (note_end(v, HL_LEDGER_PAGE); !rc && next; next = v->block.next) {
		/* somebody changes it at this moment */
		if (!nr_blocks--)
			return hl_fail(err, EBADMSG, next, "the directory's chain is a loop");
		v->block_offset = next;
		rc = hl_image_read(image, next, &v->block, sizeof(v->block), err);
		note_end(v, next + sizeof(v->block));
		if (!rc)
			note_entries(v);
	}
	if (!rc && v->block.nr_entries > HL_DIRECTORY_ENTRIES)
		rc = hl_fail(err, EBADMSG, v->block_offset, "directory block with too many entries");
	return rc;
}

/* What the process said that it uses, should that be more than its sections. */
static void note_globals(const struct hl_image *image, struct survey *v)
{
	struct hl_globals globals;

	if (hl_image_room(image, HL_SECTION_GLOBALS) &&
			!hl_image_records(image, HL_SECTION_GLOBALS, &globals, 1, sizeof(globals), NULL) &&
			globals.file_bytes <= image->size)
		note_end(v, globals.file_bytes);
}

static void add_step(struct hl_append *append, uint64_t offset, const void *data, size_t length)
{
	append->steps[append->nr_steps++] = (struct hl_append_step){.offset = offset, .data = data, .length = length};
}

static void plan_entry(struct hl_append *append, const struct survey *v, uint64_t end)
{
	const struct hl_section *entry = &append->entry;

	if (v->entry_offset) {
		append->former = v->entry;
		add_step(append, v->entry_offset, entry, sizeof(*entry));
	} else if (v->block.nr_entries < HL_DIRECTORY_ENTRIES) {
		append->nr_entries = v->block.nr_entries + 1;
		add_step(append, v->block_offset + offsetof(struct hl_directory, entries) +
				v->block.nr_entries * sizeof(*entry), entry, sizeof(*entry));
		add_step(append, v->block_offset + offsetof(struct hl_directory, nr_entries), &append->nr_entries,
				sizeof(append->nr_entries));
	} else {
		append->next = aligned(end);
		append->block = (struct hl_directory){.nr_entries = 1, .entries = {*entry}};
		add_step(append, append->next, &append->block, sizeof(append->block));
		add_step(append, v->block_offset + offsetof(struct hl_directory, next), &append->next,
				sizeof(append->next));
	}
}

/* Whether the section that is there has these bytes. */
static bool is_there(const struct hl_image *image, const struct survey *v, const struct hl_embedded *embedded)
{
	unsigned char bytes[4096];
	size_t at = 0;

	if (!v->entry_offset || v->entry.nr_records != embedded->section_bytes)
		return false;
	while (at < embedded->section_bytes) {
		size_t n = embedded->section_bytes - at < sizeof(bytes) ? embedded->section_bytes - at : sizeof(bytes);

		if (hl_image_read(image, v->entry.offset + at, bytes, n, NULL) ||
				memcmp(bytes, embedded->section + at, n))
			return false;
		at += n;
	}
	return true;
}

int hl_append_plan(int fd, const struct hl_embedded *embedded, uint64_t max_bytes, struct hl_append *append,
		struct hl_error *err)
{
	struct hl_image image;
	struct survey v = {0};
	uint64_t start;
	uint64_t end;
	int rc = hl_image_open(&image, fd, err);

	*append = (struct hl_append){.nr_steps = 0};
	if (rc)
		return rc;
	rc = survey(&image, &v, err);
	note_globals(&image, &v);
	start = aligned(v.used_bytes);
	end = start + embedded->section_bytes;
	if (!rc && !is_there(&image, &v, embedded)) {
		if (end + HL_LEDGER_PAGE > max_bytes)
			rc = hl_fail(err, ENOSPC, HL_NO_OFFSET, "cannot be written: --max-size leaves no room for it");
		append->entry = (struct hl_section){
			.type = HL_SECTION_SYMBOLS,
			.offset = start,
			.nr_records = (uint32_t)embedded->section_bytes,
			.record_bytes = 1,
		};
		add_step(append, start, embedded->section, embedded->section_bytes);
		plan_entry(append, &v, end);
	}
	hl_image_release(&image);
	return rc;
}

static int write_step(int fd, const struct hl_append_step *step, struct hl_error *err)
{
	int rc = hl_write_at(fd, step->data, step->length, step->offset);

	return rc ? hl_fail(err, -rc, HL_NO_OFFSET, "cannot be written") : 0;
}

/* Half a section that nobody knows of would only take room. */
static void take_back(int fd, const struct hl_append *append, off_t size)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_size > size && append->steps[0].offset >= (uint64_t)size)
		(void)!ftruncate(fd, size);
}

static int write_all(int fd, const struct hl_append *append, struct hl_error *err)
{
	struct stat st;
	int rc = fstat(fd, &st) ? hl_fail(err, errno, HL_NO_OFFSET, "cannot be examined") : 0;

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < append->nr_steps; i++) {
		rc = write_step(fd, &append->steps[i], err);
		if (rc && i == 0)
			take_back(fd, append, st.st_size);
	}
	if (!rc && append->former.nr_records)
		(void)!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)append->former.offset,
				append->former.nr_records);
	return rc;
}

int hl_ledger_append_symbols(int fd, const struct hl_embedded *embedded, uint64_t max_bytes, struct hl_error *err)
{
	struct hl_append append;
	int rc;

	if (flock(fd, LOCK_EX | LOCK_NB))
		return hl_fail(err, errno == EWOULDBLOCK ? EAGAIN : errno, HL_NO_OFFSET,
				"cannot be written: somebody else is at it");
	rc = hl_append_plan(fd, embedded, max_bytes, &append, err);
	if (!rc && append.nr_steps)
		rc = write_all(fd, &append, err);
	flock(fd, LOCK_UN);
	return rc < 0 ? rc : append.nr_steps != 0;
}
