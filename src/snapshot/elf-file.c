/* SPDX-License-Identifier: MIT */
/* One open ELF file: opening it in its place, and its build-id. */
#include "elf-file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <gelf.h>

bool hl_build_id_equal(const struct hl_build_id *a, const struct hl_build_id *b)
{
	return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

void hl_elf_file_release(struct hl_elf_file *file)
{
	hl_elf_inflated_release(&file->inflated);
	if (file->elf)
		elf_end(file->elf);
	free(file->path);
	free(file->folder);
	memset(file, 0, sizeof(*file));
}

static void read_build_id(struct hl_elf_file *file)
{
	const void *id = NULL;
	ssize_t length = dwelf_elf_gnu_build_id(file->elf, &id);

	if (length <= 0 || (size_t)length > sizeof(file->build_id.bytes))
		return;
	memcpy(file->build_id.bytes, id, (size_t)length);
	file->build_id.length = (size_t)length;
}

/* The folder that libdw takes for the file's, by the same means; NULL: not known. */
static char *folder_of(int fd)
{
	char link[32], where[PATH_MAX];
	char *slash;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, where, sizeof(where) - 1);
	if (n <= 0)
		return NULL;
	where[n] = '\0';
	slash = strrchr(where, '/');
	return slash ? strndup(where, (size_t)(slash - where)) : NULL;
}

static bool name_file(struct hl_elf_file *file, const struct hl_elf_place *place, const char *path)
{
	const char *name = place && path[0] == '/' ? place->name : "";

	if (asprintf(&file->path, "%s%s", name, path) < 0)
		file->path = NULL;
	file->place = place;
	file->inside = file->path ? file->path + strlen(name) : NULL;
	return file->path != NULL;
}

int hl_elf_file_take(struct hl_elf_file *file, int fd, const struct stat *st, const struct hl_elf_place *place,
	const char *path)
{
	GElf_Ehdr header;

	file->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	file->folder = folder_of(fd);
	file->owner = st->st_uid;
	if (!name_file(file, place, path) || !file->elf || elf_kind(file->elf) != ELF_K_ELF ||
		!gelf_getehdr(file->elf, &header)) {
		hl_elf_file_release(file);
		close(fd);
		return -ENOEXEC;
	}
	read_build_id(file);
	return fd;
}

int hl_elf_file_open(struct hl_elf_file *file, const struct hl_elf_place *place, const char *path)
{
	struct stat st;
	int fd = hl_elf_place_open(place, path, &st);

	memset(file, 0, sizeof(*file));
	if (fd < 0)
		return fd == -EINVAL ? -ENOEXEC : fd;
	return hl_elf_file_take(file, fd, &st, place, path);
}

void hl_elf_file_done(struct hl_elf_file *file, int fd)
{
	elf_cntl(file->elf, ELF_C_FDDONE);
	close(fd);
}
