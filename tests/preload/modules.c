/* SPDX-License-Identifier: MIT */
/*
 * The module records of a ledger as they are in the file: a line for each, its flags and its path.
 *
 * Usage: modules FILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ledger.h"

static char *file;
static size_t file_bytes;

static void read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t room = 0, n;

	if (!f)
		exit(2);
	do {
		room += 1 << 20;
		file = realloc(file, room);
		n = file ? fread(file + file_bytes, 1, room - file_bytes, f) : 0;
		file_bytes += n;
	} while (n > 0);
	fclose(f);
	if (file_bytes < sizeof(struct hl_ledger_header) || memcmp(file, HL_LEDGER_MAGIC, 8) != 0)
		exit(2);
}

/* Where record @index of a table is; NULL: nowhere. */
static const void *record(enum hl_section_type type, uint64_t index)
{
	uint64_t at = ((struct hl_ledger_header *)file)->directory_offset;

	while (at != 0 && at <= file_bytes - sizeof(struct hl_directory)) {
		const struct hl_directory *directory = (const void *)(file + at);

		for (uint32_t i = 0; i < directory->nr_entries; i++) {
			const struct hl_section *section = &directory->entries[i];

			if (section->type == type && index - section->first < section->nr_records)
				return file + section->offset + (index - section->first) * section->record_bytes;
		}
		at = directory->next;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct hl_globals *globals;

	if (argc != 2)
		return 2;
	read_file(argv[1]);
	globals = record(HL_SECTION_GLOBALS, 0);
	for (uint64_t i = 0; globals && i < globals->nr_modules; i++) {
		const struct hl_module *module = record(HL_SECTION_MODULES, i);
		const char *path = module ? record(HL_SECTION_STRINGS, module->path.offset) : NULL;

		if (path)
			printf("%u %.*s\n", module->flags, (int)module->path.length, path);
	}
	return 0;
}
