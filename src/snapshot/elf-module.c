/* SPDX-License-Identifier: MIT */
/*
 * Finding the files of a module: the recorded path, then debug files by build-id, then by
 * .gnu_debuglink.  Every file must prove that it belongs to the recorded build: by its build-id,
 * or, for a .gnu_debuglink without one, by the checksum.
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

#include "elf-sections.h"
#include "named-file.h"

/* Read as a whole in about a second. */
#define MAX_CHECKED_BYTES ((off_t)1 << 30)

bool hl_path_is_virtual(const char *path)
{
	return path[0] == '\0' || path[0] == '[' || strncmp(path, "anon_inode:", 11) == 0 ||
	       strncmp(path, "//anon", 6) == 0 || strncmp(path, "linux-vdso", 10) == 0 ||
	       strncmp(path, "linux-gate", 10) == 0;
}

static bool id_equal(const struct hl_build_id *a, const struct hl_build_id *b)
{
	return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static void file_release(struct hl_elf_file *file)
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

/*
 * Returns 0; -errno of open(); -ENOEXEC: not an ELF file.  The descriptor is closed at once: libelf
 * has the whole file mapped, and a program with a thousand modules would need too many.
 */
static int file_open(struct hl_elf_file *file, const char *path)
{
	struct stat st;
	int fd = hl_named_open(path, HL_NAMED_OBJECT, NULL, &st);
	GElf_Ehdr header;

	memset(file, 0, sizeof(*file));
	if (fd < 0)
		return fd == -EINVAL ? -ENOEXEC : fd;
	file->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	file->path = strdup(path);
	file->folder = folder_of(fd);
	file->owner = st.st_uid;
	if (!file->elf || !file->path || elf_kind(file->elf) != ELF_K_ELF ||
		!gelf_getehdr(file->elf, &header)) {
		file_release(file);
		close(fd);
		return -ENOEXEC;
	}
	read_build_id(file);
	/* libdw asks for the file's directory (.dwo files) when it starts: fd must be open then */
	return fd;
}

static void file_close_fd(struct hl_elf_file *file, int fd)
{
	elf_cntl(file->elf, ELF_C_FDDONE);
	close(fd);
}

/* "xx/yyyy" of a build-id, as the directories below .build-id are named. */
static void format_id(const struct hl_build_id *id, char text[2 * 64 + 2])
{
	char *p = text;

	for (size_t i = 0; i < id->length; i++) {
		p += sprintf(p, "%02x", id->bytes[i]);
		if (i == 0)
			*p++ = '/';
	}
	*p = '\0';
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
	if (!module->dwarf)
		module->dwarf_unreadable = true;
	return module->dwarf != NULL;
}

/* Opens @path as the module's debug file if it has something to offer; takes ownership of nothing. */
static bool try_debug_file(struct hl_elf_module *module, const char *path,
	const struct hl_build_id *id)
{
	struct hl_elf_file file;
	int fd = file_open(&file, path);
	bool taken;

	if (fd < 0)
		return false;
	if (id->length && !id_equal(id, &file.build_id)) {
		module->debuglink_mismatch = true;
		file_release(&file);
		close(fd);
		return false;
	}
	taken = take_dwarf(module, &file) || hl_elf_has_section(file.elf, ".symtab");
	file_close_fd(&file, fd);
	if (taken)
		module->debug = file;
	else
		file_release(&file);
	return taken;
}

static bool find_by_build_id(struct hl_elf_module *module, const struct hl_build_id *id,
	const struct hl_debug_dirs *dirs)
{
	static const char *const suffixes[] = { ".debug", "" };
	char hex[2 * 64 + 2], path[PATH_MAX];

	if (id->length < 2)
		return false;
	format_id(id, hex);
	for (size_t i = 0; i < dirs->nr; i++) {
		for (size_t k = 0; k < 2; k++) {
			int n = snprintf(path, sizeof(path), "%s/.build-id/%s%s", dirs->dirs[i], hex,
				suffixes[k]);

			if (n < (int)sizeof(path) && try_debug_file(module, path, id))
				return true;
		}
	}
	return false;
}

static bool file_crc_is(const char *path, uint32_t wanted)
{
	struct stat st;
	int fd = hl_named_open(path, HL_NAMED_OBJECT, NULL, &st);
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
static bool try_debuglink(struct hl_elf_module *module, const char *path, uint32_t crc)
{
	const struct hl_build_id *id = &module->main.build_id;

	if (access(path, R_OK) < 0)
		return false;
	if (!id->length && !file_crc_is(path, crc)) {
		module->debuglink_mismatch = true;
		return false;
	}
	return try_debug_file(module, path, id);
}

/* The directory of @path with links resolved, as gdb does it; false if it does not fit. */
static bool real_directory(const char *path, char dir[PATH_MAX])
{
	char *slash;

	if (!realpath(path, dir))
		return false;
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	return slash != NULL;
}

static bool find_by_debuglink(struct hl_elf_module *module, const struct hl_debug_dirs *dirs)
{
	GElf_Word crc = 0;
	const char *name = dwelf_elf_gnu_debuglink(module->main.elf, &crc);
	char dir[PATH_MAX], path[3 * PATH_MAX];

	if (!name || !*name || strchr(name, '/') || !real_directory(module->main.path, dir))
		return false;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (try_debuglink(module, path, crc))
		return true;
	snprintf(path, sizeof(path), "%s/.debug/%s", dir, name);
	if (try_debuglink(module, path, crc))
		return true;
	for (size_t i = 0; i < dirs->nr; i++) {
		snprintf(path, sizeof(path), "%s%s/%s", dirs->dirs[i], dir, name);
		if (try_debuglink(module, path, crc))
			return true;
	}
	return false;
}

static bool try_alt(struct hl_elf_module *module, const char *path, const struct hl_build_id *id)
{
	int fd = file_open(&module->alt, path);

	if (fd < 0)
		return false;
	if (id_equal(id, &module->alt.build_id))
		module->alt_dwarf = dwarf_begin_elf(hl_elf_inflate(module->alt.elf, &module->alt.inflated) ?
			module->alt.inflated.elf : module->alt.elf, DWARF_C_READ, NULL);
	file_close_fd(&module->alt, fd);
	if (!module->alt_dwarf) {
		file_release(&module->alt);
		return false;
	}
	dwarf_setalt(module->dwarf, module->alt_dwarf);
	return true;
}

static bool find_alt_by_build_id(struct hl_elf_module *module, const struct hl_build_id *id,
	const struct hl_debug_dirs *dirs)
{
	char hex[2 * 64 + 2], path[PATH_MAX];

	format_id(id, hex);
	for (size_t i = 0; i < dirs->nr; i++) {
		int n = snprintf(path, sizeof(path), "%s/.build-id/%s.debug", dirs->dirs[i], hex);

		if (n < (int)sizeof(path) && try_alt(module, path, id))
			return true;
	}
	return false;
}

/* @name as Debian writes it ("/usr/lib/debug/.dwz/...") is looked for below every directory. */
static bool find_alt_by_name(struct hl_elf_module *module, const char *name,
	const struct hl_build_id *id, const struct hl_debug_dirs *dirs)
{
	const struct hl_elf_file *from = hl_elf_module_dwarf_file(module);
	size_t prefix = strlen(HL_DEFAULT_DEBUG_DIR);
	const char *slash = strrchr(from->path, '/');
	char path[2 * PATH_MAX];

	if (name[0] != '/') {
		snprintf(path, sizeof(path), "%.*s%s",
			slash ? (int)(slash + 1 - from->path) : 0, from->path, name);
		return try_alt(module, path, id);
	}
	if (strncmp(name, HL_DEFAULT_DEBUG_DIR "/", prefix + 1) == 0) {
		for (size_t i = 0; i < dirs->nr; i++) {
			snprintf(path, sizeof(path), "%s%s", dirs->dirs[i], name + prefix);
			if (try_alt(module, path, id))
				return true;
		}
	}
	return try_alt(module, name, id);
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
	file_release(&module->alt);
	dwarf_end(module->dwarf);
	module->dwarf = NULL;
}

static void find_alt(struct hl_elf_module *module, const struct hl_debug_dirs *dirs)
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
		if (find_alt_by_build_id(module, &id, dirs) || find_alt_by_name(module, name, &id, dirs))
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

/* Opens the file at the recorded path; on HL_ELF_FOUND the descriptor is left in @fd. */
static enum hl_elf_state open_main(struct hl_elf_module *module, const char *path,
	const struct hl_build_id *id, int *fd)
{
	static const char deleted[] = " (deleted)";
	size_t length = strlen(path), tail = sizeof(deleted) - 1;
	bool is_deleted = length > tail && strcmp(path + length - tail, deleted) == 0;
	char *name = strndup(path, is_deleted ? length - tail : length);

	*fd = name ? file_open(&module->main, name) : -ENOMEM;
	free(name);
	if (*fd == -ENOEXEC)
		return HL_ELF_UNREADABLE;
	if (*fd < 0) {
		module->open_error = -*fd;
		return HL_ELF_MISSING;
	}
	/* what is now at the path of a deleted file is another file, unless its build-id agrees */
	if (id->length ? id_equal(id, &module->main.build_id) : !is_deleted)
		return HL_ELF_FOUND;
	module->disk_id = module->main.build_id;
	file_release(&module->main);
	close(*fd);
	return HL_ELF_CHANGED;
}

void hl_elf_module_open(struct hl_elf_module *module, const char *path,
	const struct hl_build_id *id, const struct hl_debug_dirs *dirs)
{
	const struct hl_build_id *wanted = id;
	bool found = false;
	int fd = -1;

	memset(module, 0, sizeof(*module));
	module->state = HL_ELF_VIRTUAL;
	if (hl_path_is_virtual(path))
		return;
	elf_version(EV_CURRENT);
	module->state = open_main(module, path, id, &fd);
	if (module->state == HL_ELF_FOUND) {
		wanted = &module->main.build_id;
		found = take_dwarf(module, &module->main);
		file_close_fd(&module->main, fd);
	}
	if (!found)
		found = find_by_build_id(module, wanted, dirs);
	if (!found && module->main.elf)
		find_by_debuglink(module, dirs);
	if (module->dwarf)
		find_alt(module, dirs);
}

void hl_elf_module_release(struct hl_elf_module *module)
{
	if (module->dwarf)
		dwarf_end(module->dwarf);
	if (module->alt_dwarf)
		dwarf_end(module->alt_dwarf);
	file_release(&module->main);
	file_release(&module->debug);
	file_release(&module->alt);
	memset(module, 0, sizeof(*module));
}
