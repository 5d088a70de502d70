/* SPDX-License-Identifier: MIT */
/*
 * Finding the files of a module, in the places and the order of elf-places.h.  Every file must prove that
 * it belongs to the recorded build: by its build-id, or, for a .gnu_debuglink without one, by the checksum.
 */
#include "elf-module.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <zlib.h>

#include "debuginfod.h"
#include "elf-sections.h"

/* Read as a whole in about a second. */
#define MAX_CHECKED_BYTES ((off_t)1 << 30)

bool hl_path_is_virtual(const char *path)
{
	return path[0] == '\0' || path[0] == '[' || strncmp(path, "anon_inode:", 11) == 0 ||
	       strncmp(path, "//anon", 6) == 0 || strncmp(path, "linux-vdso", 10) == 0 ||
	       strncmp(path, "linux-gate", 10) == 0;
}

/*
 * What a skeleton names as its other part is changed later on, in a copy.  Without one, for want of memory, lines
 * and functions of the symbol table are left.
 */
static void copy_skeletons(struct hl_elf_module *module, struct hl_elf_file *file)
{
	struct hl_elf_inflated copy;

	if (!hl_dwarf_has_skeletons(module->dwarf) || !hl_elf_copy_skeletons(file->elf, &copy))
		return;
	dwarf_end(module->dwarf);
	hl_elf_inflated_release(&file->inflated);
	file->inflated = copy;
	module->dwarf = dwarf_begin_elf(copy.elf, DWARF_C_READ, NULL);
}

/* Takes the DWARF of an open file into the module, if there is any. */
static bool take_dwarf(struct hl_elf_module *module, struct hl_elf_file *file)
{
	Elf *elf = file->elf;

	if (hl_elf_has_section(elf, ".debug_info") && hl_elf_inflate(elf, &file->inflated))
		elf = file->inflated.elf;
	switch (hl_elf_debug_info(elf)) {
	case HL_DEBUG_INFO_NONE:
		return false;
	case HL_DEBUG_INFO_UNREADABLE:
		module->dwarf_unreadable = true;
		return false;
	case HL_DEBUG_INFO_READABLE:
		break;
	}
	module->dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	if (module->dwarf && hl_elf_has_section(elf, ".debug_addr"))
		copy_skeletons(module, file);
	if (!module->dwarf)
		module->dwarf_unreadable = true;
	return module->dwarf != NULL;
}

/* Opens @path as the module's debug file if it has something to offer; takes ownership of nothing. */
static bool try_debug_file(struct hl_elf_module *module, const struct hl_elf_place *place, const char *path,
	const struct hl_build_id *id)
{
	struct hl_elf_file file;
	int fd = hl_elf_file_open(&file, place, path);
	bool taken;

	if (fd < 0)
		return false;
	if (id->length && !hl_build_id_equal(id, &file.build_id)) {
		module->debuglink_mismatch = true;
		hl_elf_file_release(&file);
		close(fd);
		return false;
	}
	taken = take_dwarf(module, &file) || hl_elf_has_section(file.elf, ".symtab");
	hl_elf_file_done(&file, fd);
	if (taken)
		module->debug = file;
	else
		hl_elf_file_release(&file);
	return taken;
}

/* What debuginfod's client has fetched once, for us or for others. */
static bool find_cached(struct hl_elf_module *module, const struct hl_build_id *id, const struct hl_elf_places *places)
{
	char hex[HL_BUILD_ID_TEXT], path[PATH_MAX];

	hl_build_id_format(id, false, hex);
	for (size_t i = 0; i < places->nr_caches; i++) {
		int n = snprintf(path, sizeof(path), "%s/%s/debuginfo", places->caches[i], hex);

		if (n < (int)sizeof(path) && try_debug_file(module, NULL, path, id))
			return true;
	}
	return false;
}

static bool find_by_build_id(struct hl_elf_module *module, const struct hl_build_id *id,
	const struct hl_elf_places *places)
{
	static const char *const suffixes[] = { ".debug", "" };
	char hex[HL_BUILD_ID_TEXT], path[PATH_MAX];
	struct hl_debug_dir dir;

	if (id->length < 2)
		return false;
	hl_build_id_format(id, true, hex);
	for (size_t i = 0; hl_elf_places_dir(places, i, &dir); i++) {
		for (size_t k = 0; k < 2; k++) {
			int n = snprintf(path, sizeof(path), "%s/.build-id/%s%s", dir.path, hex, suffixes[k]);

			if (n < (int)sizeof(path) && try_debug_file(module, dir.place, path, id))
				return true;
		}
	}
	return find_cached(module, id, places);
}

/* Asks the servers, which may take its time; the build-id is checked as that of any file. */
static bool find_by_servers(struct hl_elf_module *module, const struct hl_build_id *id,
	const struct hl_elf_places *places)
{
	char *path;
	bool found;

	if (id->length < 2 || hl_debuginfod_fetch(places->servers, HL_FETCH_DEBUGINFO, id, &path) < 0)
		return false;
	found = try_debug_file(module, NULL, path, id);
	free(path);
	return found;
}

static bool file_crc_is(const struct hl_elf_place *place, const char *path, uint32_t wanted)
{
	struct stat st;
	int fd = hl_elf_place_open(place, path, &st);
	unsigned char buffer[64 * 1024];
	uLong crc = crc32(0, NULL, 0);
	ssize_t n;

	if (fd < 0)
		return false;
	/* a hole of terabytes costs nobody anything but who reads it */
	if (st.st_size > MAX_CHECKED_BYTES) {
		close(fd);
		return false;
	}
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		crc = crc32(crc, buffer, (uInt)n);
	close(fd);
	return n == 0 && crc == wanted;
}

/* A file without build-id proves itself by checksum: reading all of it is the price. */
static bool try_debuglink(struct hl_elf_module *module, const struct hl_elf_place *place, const char *path,
	uint32_t crc)
{
	const struct hl_build_id *id = &module->main.build_id;

	if (!place && access(path, R_OK) < 0)
		return false;
	if (!id->length && !file_crc_is(place, path, crc)) {
		module->debuglink_mismatch = !place;
		return false;
	}
	return try_debug_file(module, place, path, id);
}

/* The directory of a file with links resolved, as gdb does it; in a place as it is.  False if it does not fit. */
static bool directory_of(const struct hl_elf_file *file, char dir[PATH_MAX])
{
	char *slash;

	if (file->place ? snprintf(dir, PATH_MAX, "%s", file->inside) >= PATH_MAX : !realpath(file->path, dir))
		return false;
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	return slash != NULL;
}

static bool find_by_debuglink(struct hl_elf_module *module, const struct hl_elf_places *places)
{
	GElf_Word crc = 0;
	const struct hl_elf_place *place = module->main.place;
	const char *name = dwelf_elf_gnu_debuglink(module->main.elf, &crc);
	char dir[PATH_MAX], path[3 * PATH_MAX];
	struct hl_debug_dir debug;

	if (!name || !*name || strchr(name, '/') || !directory_of(&module->main, dir))
		return false;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (try_debuglink(module, place, path, crc))
		return true;
	snprintf(path, sizeof(path), "%s/.debug/%s", dir, name);
	if (try_debuglink(module, place, path, crc))
		return true;
	for (size_t i = 0; hl_elf_places_dir(places, i, &debug); i++) {
		snprintf(path, sizeof(path), "%s%s/%s", debug.path, dir, name);
		if (try_debuglink(module, debug.place, path, crc))
			return true;
	}
	return false;
}

static bool try_alt(struct hl_elf_module *module, const struct hl_elf_place *place, const char *path,
	const struct hl_build_id *id)
{
	int fd = hl_elf_file_open(&module->alt, place, path);

	if (fd < 0)
		return false;
	if (hl_build_id_equal(id, &module->alt.build_id))
		module->alt_dwarf = dwarf_begin_elf(hl_elf_inflate(module->alt.elf, &module->alt.inflated) ?
			module->alt.inflated.elf : module->alt.elf, DWARF_C_READ, NULL);
	hl_elf_file_done(&module->alt, fd);
	if (!module->alt_dwarf) {
		hl_elf_file_release(&module->alt);
		return false;
	}
	dwarf_setalt(module->dwarf, module->alt_dwarf);
	return true;
}

static bool find_alt_by_build_id(struct hl_elf_module *module, const struct hl_build_id *id,
	const struct hl_elf_places *places)
{
	char hex[HL_BUILD_ID_TEXT], path[PATH_MAX];
	struct hl_debug_dir dir;

	hl_build_id_format(id, true, hex);
	for (size_t i = 0; hl_elf_places_dir(places, i, &dir); i++) {
		int n = snprintf(path, sizeof(path), "%s/.build-id/%s.debug", dir.path, hex);

		if (n < (int)sizeof(path) && try_alt(module, dir.place, path, id))
			return true;
	}
	return false;
}

/* @name as Debian writes it ("/usr/lib/debug/.dwz/...") is looked for below every directory. */
static bool find_alt_by_name(struct hl_elf_module *module, const char *name,
	const struct hl_build_id *id, const struct hl_elf_places *places)
{
	const struct hl_elf_file *from = hl_elf_module_dwarf_file(module);
	size_t prefix = strlen(HL_DEFAULT_DEBUG_DIR);
	const char *slash = strrchr(from->inside, '/');
	char path[2 * PATH_MAX];
	struct hl_debug_dir dir;

	if (name[0] != '/') {
		snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash + 1 - from->inside) : 0, from->inside, name);
		return try_alt(module, from->place, path, id);
	}
	if (strncmp(name, HL_DEFAULT_DEBUG_DIR "/", prefix + 1) == 0) {
		for (size_t i = 0; hl_elf_places_dir(places, i, &dir); i++) {
			snprintf(path, sizeof(path), "%s%s", dir.path, name + prefix);
			if (try_alt(module, dir.place, path, id))
				return true;
		}
	}
	return try_alt(module, from->place, name, id);
}

/* An ELF file with debugging information that says nothing. */
static struct {
	Elf64_Ehdr file;
	Elf64_Shdr sections[3];
	char names[32];
	char lines[8];
} empty = {
	.file = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shoff = offsetof(typeof(empty), sections),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 3,
		.e_shstrndx = 1,
	},
	.sections = {
		[1] = {.sh_name = 1, .sh_type = SHT_STRTAB, .sh_addralign = 1,
			.sh_offset = offsetof(typeof(empty), names), .sh_size = sizeof(empty.names)},
		[2] = {.sh_name = 11, .sh_type = SHT_PROGBITS, .sh_addralign = 1,
			.sh_offset = offsetof(typeof(empty), lines), .sh_size = sizeof(empty.lines)},
	},
	.names = "\0.shstrtab\0.debug_line",
};

/*
 * Without the right file the names in it are lost, not the lines.  libdw would look for one by
 * itself the first time that a name leads there: it would open whatever the link names, a FIFO too,
 * and take it unchecked.  It does not look where it has one, and one without anything in it is that.
 */
static void take_empty_alt(struct hl_elf_module *module)
{
	module->alt_missing = true;
	module->alt.elf = elf_memory((char *)&empty, sizeof(empty));
	module->alt_dwarf = module->alt.elf ? dwarf_begin_elf(module->alt.elf, DWARF_C_READ, NULL) : NULL;
	if (module->alt_dwarf) {
		dwarf_setalt(module->dwarf, module->alt_dwarf);
		return;
	}
	hl_elf_file_release(&module->alt);
	dwarf_end(module->dwarf);
	module->dwarf = NULL;
}

static void find_alt(struct hl_elf_module *module, const struct hl_elf_places *places)
{
	struct hl_build_id id;
	const char *name = NULL;
	const void *bytes = NULL;
	ssize_t length = dwelf_dwarf_gnu_debugaltlink(module->dwarf, &name, &bytes);

	if (length <= 0) {
		/* DWARF 5's own form of the link, which libdw does not follow */
		module->alt_missing =
			hl_elf_has_section(dwarf_getelf(module->dwarf), ".debug_sup");
		return;
	}
	if ((size_t)length <= sizeof(id.bytes)) {
		id.length = (size_t)length;
		memcpy(id.bytes, bytes, id.length);
		if (find_alt_by_build_id(module, &id, places) ||
			find_alt_by_name(module, name, &id, places))
			return;
	}
	take_empty_alt(module);
}

const struct hl_elf_file *hl_elf_module_dwarf_file(const struct hl_elf_module *module)
{
	const struct hl_elf_file *main = &module->main;
	const Elf *elf = module->dwarf ? dwarf_getelf(module->dwarf) : NULL;

	if (!elf)
		return NULL;
	return elf == main->elf || elf == main->inflated.elf ? main : &module->debug;
}

/* The recorded path, without what the kernel says of a file that is gone. */
struct recorded {
	char *path;
	bool is_deleted;
	const struct hl_build_id *id;
};

/*
 * Whether a file is the recorded one.  What is now at the path of a deleted file is another file, unless its
 * build-id agrees.
 */
static bool is_recorded(const struct recorded *r, const struct hl_elf_file *file)
{
	return r->id->length ? hl_build_id_equal(r->id, &file->build_id) : !r->is_deleted;
}

/* Opens the file at the recorded path; on HL_ELF_FOUND the descriptor is left in @fd. */
static enum hl_elf_state try_main(struct hl_elf_module *module, const struct hl_elf_place *place,
	const struct recorded *r, int *fd)
{
	*fd = r->path ? hl_elf_file_open(&module->main, place, r->path) : -ENOMEM;
	if (*fd == -ENOEXEC)
		return HL_ELF_UNREADABLE;
	if (*fd < 0) {
		module->open_error = -*fd;
		return HL_ELF_MISSING;
	}
	if (is_recorded(r, &module->main))
		return HL_ELF_FOUND;
	module->disk_id = module->main.build_id;
	hl_elf_file_release(&module->main);
	close(*fd);
	return HL_ELF_CHANGED;
}

/* A file that proves itself by its build-id, or is not taken. */
static bool take_proven(struct hl_elf_module *module, const struct recorded *r, int *fd)
{
	if (*fd >= 0 && hl_build_id_equal(r->id, &module->main.build_id))
		return true;
	if (*fd >= 0) {
		close(*fd);
		hl_elf_file_release(&module->main);
	}
	return false;
}

/* In the root of a process; then what it executes or maps, if that was replaced or deleted. */
static bool find_in_process(struct hl_elf_module *module, const struct hl_elf_place *place, const struct recorded *r,
	int *fd)
{
	char name[128];
	struct stat st;

	*fd = hl_elf_file_open(&module->main, place, r->path);
	if (take_proven(module, r, fd))
		return true;
	for (int which = 0; which < 2; which++) {
		*fd = hl_elf_place_open_mapped(place, r->path, which, name, &st);
		if (*fd < 0)
			continue;
		*fd = hl_elf_file_take(&module->main, *fd, &st, NULL, name);
		if (take_proven(module, r, fd)) {
			module->main.place = place;
			return true;
		}
	}
	return false;
}

static bool find_elsewhere(struct hl_elf_module *module, const struct recorded *r, const struct hl_elf_places *places,
	int *fd)
{
	char hex[HL_BUILD_ID_TEXT], path[PATH_MAX];

	if (!r->id->length || !r->path)
		return false;
	for (size_t i = 0; i < places->nr_processes; i++)
		if (find_in_process(module, places->processes[i], r, fd))
			return true;
	hl_build_id_format(r->id, false, hex);
	for (size_t i = 0; i < places->nr_caches; i++) {
		if (snprintf(path, sizeof(path), "%s/%s/executable", places->caches[i], hex) >= (int)sizeof(path))
			continue;
		*fd = hl_elf_file_open(&module->main, NULL, path);
		if (take_proven(module, r, fd))
			return true;
	}
	return false;
}

/* As try_main(), in all places; what is wrong with the file at the recorded path is told if none has it. */
static enum hl_elf_state open_main(struct hl_elf_module *module, const char *path,
	const struct hl_build_id *id, const struct hl_elf_places *places, int *fd)
{
	static const char deleted[] = " (deleted)";
	size_t length = strlen(path), tail = sizeof(deleted) - 1;
	struct recorded r = { .id = id };
	enum hl_elf_state state;

	r.is_deleted = length > tail && strcmp(path + length - tail, deleted) == 0;
	r.path = strndup(path, r.is_deleted ? length - tail : length);
	state = places->sysroot ? try_main(module, places->sysroot, &r, fd) : HL_ELF_MISSING;
	if (state != HL_ELF_FOUND)
		state = try_main(module, NULL, &r, fd);
	if (state != HL_ELF_FOUND && find_elsewhere(module, &r, places, fd))
		state = HL_ELF_FOUND;
	free(r.path);
	return state;
}

/* What the servers have is asked for last, and the object itself only where it is gone. */
static bool ask_servers(struct hl_elf_module *module, const struct hl_build_id *id, const struct hl_elf_places *places,
	int *fd)
{
	struct recorded r = { .id = id };
	char *path;

	if (!places->servers)
		return false;
	if (find_by_servers(module, id, places))
		return true;
	if (module->main.elf || module->debug.elf || id->length < 2 ||
		hl_debuginfod_fetch(places->servers, HL_FETCH_EXECUTABLE, id, &path) < 0)
		return false;
	*fd = hl_elf_file_open(&module->main, NULL, path);
	free(path);
	if (!take_proven(module, &r, fd))
		return false;
	module->state = HL_ELF_FOUND;
	take_dwarf(module, &module->main);
	hl_elf_file_done(&module->main, *fd);
	return true;
}

void hl_elf_module_open(struct hl_elf_module *module, const char *path,
	const struct hl_build_id *id, const struct hl_elf_places *places)
{
	const struct hl_build_id *wanted = id;
	bool found = false;
	int fd = -1;

	memset(module, 0, sizeof(*module));
	module->state = HL_ELF_VIRTUAL;
	if (hl_path_is_virtual(path))
		return;
	elf_version(EV_CURRENT);
	module->state = open_main(module, path, id, places, &fd);
	if (module->state == HL_ELF_FOUND) {
		wanted = &module->main.build_id;
		found = take_dwarf(module, &module->main);
		hl_elf_file_done(&module->main, fd);
	}
	if (!found)
		found = find_by_build_id(module, wanted, places);
	if (!found && module->main.elf)
		found = find_by_debuglink(module, places);
	if (!found)
		ask_servers(module, wanted, places, &fd);
	if (module->dwarf)
		find_alt(module, places);
	module->split = (struct hl_dwarf_split){ .file = hl_elf_module_dwarf_file(module),
		.program = module->main.elf ? &module->main : NULL, .places = places };
}

void hl_elf_module_release(struct hl_elf_module *module)
{
	if (module->dwarf)
		dwarf_end(module->dwarf);
	if (module->alt_dwarf)
		dwarf_end(module->alt_dwarf);
	hl_dwarf_split_release(&module->split);
	hl_elf_file_release(&module->main);
	hl_elf_file_release(&module->debug);
	hl_elf_file_release(&module->alt);
	memset(module, 0, sizeof(*module));
}
