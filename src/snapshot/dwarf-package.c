/* SPDX-License-Identifier: MIT */
/* A .dwp file: its index, and the parts of one unit put together as a .dwo file. */
#include "dwarf-package.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf-inflate.h"
#include "elf-sections.h"

/* Columns of the index are known by numbers of sections; those of DWARF 5 are others above 4. */
struct kind {
	const char *name;
	uint32_t gnu;
	uint32_t dwarf5;
};
static const struct kind kinds[] = {
	{ ".debug_info.dwo", 1, 1 },
	{ ".debug_abbrev.dwo", 3, 3 },
	{ ".debug_line.dwo", 4, 4 },
	{ ".debug_str_offsets.dwo", 6, 6 },
	{ ".debug_rnglists.dwo", 0, 8 },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))
enum { INFO = 0, STR_OFFSETS = 3, STR = NR_KINDS, NR_PARTS };

struct bytes {
	const unsigned char *data;
	size_t length;
};

struct cu_index {
	struct bytes all;
	uint32_t version;
	uint32_t nr_columns;
	uint32_t nr_units;
	uint32_t nr_slots;
	size_t rows;			/* offsets in all */
	size_t columns;
	size_t offsets;
	size_t sizes;
};

/* Numbers are little endian, as the machine is; whoever calls knows that they are there. */
static uint32_t get32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t get64(const unsigned char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static struct bytes section(Elf *elf, const char *name)
{
	Elf_Scn *scn = hl_elf_find_section(elf, name);
	Elf_Data *data = scn ? elf_rawdata(scn, NULL) : NULL;

	return data && data->d_buf ? (struct bytes){ data->d_buf, data->d_size } : (struct bytes){ NULL, 0 };
}

static bool read_index(Elf *elf, struct cu_index *index)
{
	struct bytes all = section(elf, ".debug_cu_index");
	uint64_t end;

	if (all.length < 16)
		return false;
	index->all = all;
	/* DWARF 5 has two bytes of it and two of padding */
	index->version = get32(all.data) & 0xffff;
	index->nr_columns = get32(all.data + 4);
	index->nr_units = get32(all.data + 8);
	index->nr_slots = get32(all.data + 12);
	if ((index->version != 2 && index->version != 5) || index->nr_columns > 64)
		return false;
	index->rows = 16 + (size_t)index->nr_slots * 8;
	index->columns = index->rows + (size_t)index->nr_slots * 4;
	index->offsets = index->columns + index->nr_columns * 4;
	index->sizes = index->offsets + (size_t)index->nr_units * index->nr_columns * 4;
	end = index->sizes + (uint64_t)index->nr_units * index->nr_columns * 4;
	return end <= all.length;
}

/* The row of a unit, from 1; 0: none.  The table is small beside the units, and its order need not be right. */
static uint32_t find_row(const struct cu_index *index, uint64_t id)
{
	uint32_t mask = index->nr_slots - 1, step, slot;

	if (!index->nr_slots || (index->nr_slots & mask))
		return 0;
	slot = (uint32_t)id & mask;
	step = ((uint32_t)(id >> 32) & mask) | 1;
	for (uint32_t i = 0; i < index->nr_slots; i++, slot = (slot + step) & mask) {
		uint32_t row = get32(index->all.data + index->rows + slot * 4ull);

		if (!row || row > index->nr_units)
			return 0;
		if (get64(index->all.data + 16 + slot * 8ull) == id)
			return row;
	}
	return 0;
}

/* The part of a section that belongs to a row; empty: none; false: not inside of the section. */
static bool find_part(const struct cu_index *index, uint32_t row, const struct kind *kind, struct bytes whole,
	struct bytes *part)
{
	uint32_t wanted = index->version == 5 ? kind->dwarf5 : kind->gnu;
	const unsigned char *all = index->all.data;

	*part = (struct bytes){ NULL, 0 };
	for (uint32_t i = 0; wanted && i < index->nr_columns; i++) {
		size_t at = ((size_t)(row - 1) * index->nr_columns + i) * 4;
		uint32_t offset, size;

		if (get32(all + index->columns + i * 4ull) != wanted)
			continue;
		offset = get32(all + index->offsets + at);
		size = get32(all + index->sizes + at);
		if (offset > whole.length || size > whole.length - offset)
			return false;
		*part = (struct bytes){ whole.data + offset, size };
	}
	return true;
}

/* Offsets of strings in a unit: behind a header in DWARF 5. */
struct offsets {
	unsigned char *data;
	size_t nr;
	unsigned int width;		/* 4 or 8 bytes */
};

static uint64_t offset_at(const struct offsets *o, size_t i)
{
	return o->width == 8 ? get64(o->data + 8 * i) : get32(o->data + 4 * i);
}

static bool offsets_of(const struct cu_index *index, struct bytes info, unsigned char *copy, size_t length,
	struct offsets *o)
{
	bool is_64 = info.length >= 4 && get32(info.data) == UINT32_MAX;
	size_t header = index->version == 5 ? (is_64 ? 16 : 8) : 0;

	if (length < header)
		return false;
	o->width = is_64 ? 8 : 4;
	o->data = copy + header;
	o->nr = (length - header) / o->width;
	return true;
}

/* Copies the strings that are named, and lets the offsets name the copies; NULL: damaged, or no memory. */
static unsigned char *take_strings(struct offsets *o, struct bytes all, size_t *length)
{
	unsigned char *out;
	size_t used = 0;

	for (size_t i = 0; i < o->nr; i++) {
		uint64_t at = offset_at(o, i);
		size_t n = at < all.length ? strnlen((const char *)all.data + at, all.length - at) : 0;

		/* each string is there once: together they are no more than the section */
		if (at >= all.length || at + n >= all.length || (used += n + 1) > all.length)
			return NULL;
	}
	out = malloc(used + 1);
	if (!out)
		return NULL;
	used = 0;
	for (size_t i = 0; i < o->nr; i++) {
		const char *text = (const char *)all.data + offset_at(o, i);
		uint64_t to = used;

		strcpy((char *)out + used, text);
		memcpy(o->data + i * o->width, &to, o->width);
		used += strlen(text) + 1;
	}
	*length = used;
	return out;
}

static int write_image(const struct hl_elf_inflated *made)
{
	int fd = memfd_create("dwo", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < made->bytes) {
		ssize_t n = write(fd, (const char *)made->image + done, made->bytes - done);

		if (n <= 0) {
			close(fd);
			return -ENOMEM;
		}
		done += (size_t)n;
	}
	return fd < 0 ? -errno : fd;
}

static int assemble(Elf *elf, struct hl_elf_part *parts)
{
	struct hl_elf_inflated made;
	size_t nr = 0;
	int fd;

	for (size_t i = 0; i < NR_PARTS; i++)
		if (parts[i].data_bytes)
			parts[nr++] = parts[i];
	if (!hl_elf_assemble(elf, parts, nr, &made))
		return -ENOMEM;
	fd = write_image(&made);
	hl_elf_inflated_release(&made);
	return fd;
}

int hl_dwarf_package_unit(Elf *elf, uint64_t id)
{
	struct hl_elf_part parts[NR_PARTS] = { { .name = NULL } };
	struct bytes part[NR_KINDS];
	unsigned char *copy = NULL, *strings = NULL;
	struct cu_index index;
	struct offsets offsets;
	size_t length = 0;
	uint32_t row;
	int fd = -EINVAL;

	if (!read_index(elf, &index))
		return -EINVAL;
	row = find_row(&index, id);
	if (!row)
		return -ENOENT;
	for (size_t i = 0; i < NR_KINDS; i++) {
		if (!find_part(&index, row, &kinds[i], section(elf, kinds[i].name), &part[i]))
			return -EINVAL;
		parts[i] = (struct hl_elf_part){ .name = kinds[i].name, .data = part[i].data,
			.data_bytes = part[i].length, .bytes = part[i].length };
	}
	if (part[STR_OFFSETS].length) {
		copy = malloc(part[STR_OFFSETS].length);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, part[STR_OFFSETS].data, part[STR_OFFSETS].length);
		if (offsets_of(&index, part[INFO], copy, part[STR_OFFSETS].length, &offsets))
			strings = take_strings(&offsets, section(elf, ".debug_str.dwo"), &length);
		parts[STR_OFFSETS].data = copy;
		parts[STR] = (struct hl_elf_part){ .name = ".debug_str.dwo", .data = strings, .data_bytes = length,
			.bytes = length };
	}
	if (part[INFO].length && (strings || !copy))
		fd = assemble(elf, parts);
	free(strings);
	free(copy);
	return fd;
}
