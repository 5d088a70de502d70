/* SPDX-License-Identifier: MIT */
/*
 * What kind of program is to be recorded: ELF headers and symbols, through libelf.
 */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MAX_SCRIPTS 4			/* as the kernel: interpreters that are scripts themselves */

static int try_path(const char *path, struct hl_target *target)
{
	struct stat st;

	if (strlen(path) >= sizeof(target->path))
		return -ENAMETOOLONG;
	if (stat(path, &st) != 0)
		return -ENOENT;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
		return -EACCES;
	strcpy(target->path, path);
	return 0;
}

int hl_target_find(const char *name, struct hl_target *target)
{
	const char *dirs = getenv("PATH");
	char path[PATH_MAX];
	int result = -ENOENT;

	memset(target, 0, sizeof(*target));
	if (strchr(name, '/'))
		return try_path(name, target);
	for (const char *dir = dirs ? dirs : "/bin:/usr/bin"; dir;) {
		const char *end = strchrnul(dir, ':');
		int n = (int)(end - dir), r;

		r = snprintf(path, sizeof(path), "%.*s%s%s", n, dir, n ? "/" : "", name);
		if (r > 0 && (size_t)r < sizeof(path)) {
			r = try_path(path, target);
			if (r == 0)
				return 0;
			if (r == -EACCES)
				result = r; /* a later one may do; folders do not count */
		}
		dir = *end ? end + 1 : NULL;
	}
	return result;
}

/* The interpreter of a script; false when the file is no script. */
static bool script_interpreter(const char *path, char interpreter[PATH_MAX])
{
	char line[PATH_MAX];
	FILE *file = fopen(path, "re");
	size_t n = file ? fread(line, 1, sizeof(line) - 1, file) : 0;
	char *start, *end;

	if (file)
		fclose(file);
	line[n] = '\0';
	if (strncmp(line, "#!", 2) != 0)
		return false;
	start = line + 2 + strspn(line + 2, " \t");
	end = start + strcspn(start, " \t\r\n");
	*end = '\0';
	strcpy(interpreter, start);
	return *interpreter != '\0';
}

static bool is_dynamic(Elf *elf, char interpreter[PATH_MAX], int fd)
{
	size_t nr = 0;

	interpreter[0] = '\0';
	if (elf_getphdrnum(elf, &nr) != 0)
		return true;
	for (size_t i = 0; i < nr; i++) {
		GElf_Phdr phdr;

		if (!gelf_getphdr(elf, (int)i, &phdr) || phdr.p_type != PT_INTERP)
			continue;
		if (phdr.p_filesz < PATH_MAX &&
			pread(fd, interpreter, phdr.p_filesz, (off_t)phdr.p_offset) > 0)
			interpreter[phdr.p_filesz] = '\0';
		return true;
	}
	return false;
}

/*
 * Symbols by which an allocator inside the program is known.  Those of a sanitizer count when they
 * are only asked for, too: its library replaces malloc.
 */
static const struct {
	const char *symbol;
	const char *allocator;
} allocator_symbols[] = {
	{"je_malloc", "jemalloc"},
	{"_rjem_malloc", "jemalloc"},
	{"malloc_stats_print", "jemalloc"},
	{"je_malloc_stats_print", "jemalloc"},
	{"_rjem_je_malloc_default", "jemalloc"},
	{"mi_malloc", "mimalloc"},
	{"_mi_malloc_generic", "mimalloc"},
	{"tc_malloc", "tcmalloc"},
	{"__asan_init", "AddressSanitizer"},
	{"__hwasan_init", "HWAddressSanitizer"},
	{"__lsan_init", "LeakSanitizer"},
	{"__tsan_init", "ThreadSanitizer"},
	{"__msan_init", "MemorySanitizer"},
};

/* The program need not ask for any symbol of these by itself. */
static const struct {
	const char *library;		/* beginning of its name */
	const char *allocator;
} allocator_libraries[] = {
	{"libasan.so", "AddressSanitizer"},
	{"libclang_rt.asan", "AddressSanitizer"},
	{"libhwasan.so", "HWAddressSanitizer"},
	{"liblsan.so", "LeakSanitizer"},
	{"libtsan.so", "ThreadSanitizer"},
};
#define NR(array) (sizeof(array) / sizeof((array)[0]))

static void name_allocator(struct hl_allocator *allocator, const char *name)
{
	snprintf(allocator->name, sizeof(allocator->name), "%s", name);
}

static bool is_sanitizer(const struct hl_allocator *allocator)
{
	return strstr(allocator->name, "Sanitizer") != NULL;
}

static void look_at_symbol(struct hl_allocator *allocator, const char *name, const GElf_Sym *symbol)
{
	bool sanitizer = strncmp(name, "__", 2) == 0;

	if (symbol->st_shndx == SHN_UNDEF && !sanitizer)
		return;
	if (strcmp(name, "malloc") == 0 && GELF_ST_TYPE(symbol->st_info) == STT_FUNC)
		allocator->own_malloc = true;
	for (size_t i = 0; i < NR(allocator_symbols); i++)
		if (strcmp(name, allocator_symbols[i].symbol) == 0)
			name_allocator(allocator, allocator_symbols[i].allocator);
}

static void look_at_library(struct hl_allocator *allocator, const char *name)
{
	for (size_t i = 0; i < NR(allocator_libraries); i++)
		if (strncmp(name, allocator_libraries[i].library,
			strlen(allocator_libraries[i].library)) == 0)
			name_allocator(allocator, allocator_libraries[i].allocator);
}

static void look_at_entry(struct hl_allocator *allocator, Elf *elf, Elf_Data *data, int i,
	const GElf_Shdr *header)
{
	const char *name = NULL;
	GElf_Sym symbol;
	GElf_Dyn entry;

	if (header->sh_type == SHT_DYNAMIC) {
		if (gelf_getdyn(data, i, &entry) && entry.d_tag == DT_NEEDED)
			name = elf_strptr(elf, header->sh_link, entry.d_un.d_val);
		if (name)
			look_at_library(allocator, name);
		return;
	}
	if (gelf_getsym(data, i, &symbol))
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
	if (name)
		look_at_symbol(allocator, name, &symbol);
}

static void look_for_allocator(struct hl_allocator *allocator, Elf *elf)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) ||
			(header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM &&
				header.sh_type != SHT_DYNAMIC) ||
			header.sh_entsize == 0 || !(data = elf_getdata(section, NULL)))
			continue;
		for (size_t i = 0; i < data->d_size / header.sh_entsize; i++)
			look_at_entry(allocator, elf, data, (int)i, &header);
	}
}

/* Opens an ELF file for reading; NULL: it cannot be read or is none. */
static Elf *open_elf(const char *path, int *fd)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return NULL;
	elf = elf_begin(*fd, ELF_C_READ_MMAP, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		return elf;
	elf_end(elf);
	close(*fd);
	return NULL;
}

void hl_target_allocator(const char *path, struct hl_allocator *allocator)
{
	int fd;
	Elf *elf = open_elf(path, &fd);

	memset(allocator, 0, sizeof(*allocator));
	if (!elf)
		return;
	look_for_allocator(allocator, elf);
	elf_end(elf);
	close(fd);
}

/* The dynamic loader ignores LD_PRELOAD for a program that raises its rights. */
static bool raises_rights(const char *path)
{
	struct statvfs mount;
	struct stat st;
	char caps[64];

	/* A mount or a parent (a container) may have taken the meaning from those bits. */
	if (stat(path, &st) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
		(statvfs(path, &mount) == 0 && mount.f_flag & ST_NOSUID))
		return false;
	return (st.st_mode & S_ISUID && st.st_uid != geteuid()) ||
		((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
			st.st_gid != getegid()) ||
		(geteuid() != 0 && getxattr(path, "security.capability", caps, sizeof(caps)) > 0);
}


static Elf_Data *find_section(Elf *elf, uint32_t type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, header) && header->sh_type == type && header->sh_entsize != 0)
			return elf_getdata(section, NULL);
	return NULL;
}

/* The name that a library has for others; NULL: none. */
static const char *library_name(Elf *elf)
{
	GElf_Shdr header;
	GElf_Dyn entry;
	Elf_Data *data = find_section(elf, SHT_DYNAMIC, &header);

	for (size_t i = 0; data && i < data->d_size / header.sh_entsize; i++)
		if (gelf_getdyn(data, (int)i, &entry) && entry.d_tag == DT_SONAME)
			return elf_strptr(elf, header.sh_link, entry.d_un.d_val);
	return NULL;
}

/* Does it start programs for others? */
static bool is_c_library(Elf *elf)
{
	GElf_Shdr header;
	GElf_Sym symbol;
	Elf_Data *data = find_section(elf, SHT_DYNSYM, &header);
	const char *name;

	for (size_t i = 0; data && i < data->d_size / header.sh_entsize; i++) {
		if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(elf, header.sh_link, symbol.st_name);
		if (name && strcmp(name, "__libc_start_main") == 0)
			return true;
	}
	return false;
}

/*
 * A loader can be the command itself: it needs no other, and preloads into the program that it is given.
 * Its file may be called as one likes (ld-2.31.so), but it is a library; a static program is not.  That of
 * musl has no name, and is the C library itself.
 */
static enum hl_linkage linkage_without_loader(Elf *elf)
{
	const char *name = library_name(elf);

	if (name)
		return strncmp(name, "ld-linux-x86-64.so", 18) == 0 ? HL_LINKAGE_GLIBC : HL_LINKAGE_OTHER_LIBC;
	return is_c_library(elf) ? HL_LINKAGE_OTHER_LIBC : HL_LINKAGE_STATIC;
}

static enum hl_linkage linkage_of(Elf *elf, int fd, char interpreter[PATH_MAX])
{
	GElf_Ehdr header;

	if (!gelf_getehdr(elf, &header))
		return HL_LINKAGE_UNKNOWN;
	if (header.e_machine != EM_X86_64 || gelf_getclass(elf) != ELFCLASS64)
		return HL_LINKAGE_OTHER_MACHINE;
	if (!is_dynamic(elf, interpreter, fd))
		return linkage_without_loader(elf);
	if (interpreter[0] && !strstr(interpreter, "ld-linux-x86-64"))
		return HL_LINKAGE_OTHER_LIBC;
	return HL_LINKAGE_GLIBC;
}

enum hl_linkage hl_target_linkage(const char *path)
{
	enum hl_linkage linkage;
	char interpreter[PATH_MAX];
	int fd;
	Elf *elf = open_elf(path, &fd);

	if (!elf)
		return HL_LINKAGE_UNKNOWN;
	linkage = linkage_of(elf, fd, interpreter);
	elf_end(elf);
	close(fd);
	return linkage;
}

static int check_linkage(const char *path, Elf *elf, int fd, char *reason, size_t bytes)
{
	char interpreter[PATH_MAX];

	switch (linkage_of(elf, fd, interpreter)) {
	case HL_LINKAGE_OTHER_MACHINE:
		snprintf(reason, bytes, "%s is not a 64-bit x86-64 program, the preloaded library is; "
			"record it with a heapledger built for that machine", path);
		return -ENOTSUP;
	case HL_LINKAGE_STATIC:
		snprintf(reason, bytes, "%s is statically linked: nothing can be preloaded into it; "
			"link it dynamically (without -static) to record it", path);
		return -ENOTSUP;
	case HL_LINKAGE_OTHER_LIBC:
		snprintf(reason, bytes, "%s is not linked with glibc (its loader is %s); "
			"heapledger works with glibc programs only: build it on a system with glibc "
			"to record it", path, *interpreter ? interpreter : path);
		return -ENOTSUP;
	default:
		return 0;
	}
}

static int check_elf(const char *path, Elf *elf, int fd, char *reason, size_t bytes)
{
	struct hl_allocator allocator = {0};

	if (check_linkage(path, elf, fd, reason, bytes) < 0)
		return -ENOTSUP;
	if (raises_rights(path)) {
		snprintf(reason, bytes, "%s is set-user-ID, set-group-ID or has file capabilities: "
			"the loader ignores preloaded libraries; run a copy without them, "
			"or as the user it belongs to", path);
		return -ENOTSUP;
	}
	look_for_allocator(&allocator, elf);
	if (is_sanitizer(&allocator)) {
		snprintf(reason, bytes, "%s is built with %s, which replaces malloc and must be loaded "
			"first; build it without -fsanitize to record it", path, allocator.name);
		return -ENOTSUP;
	}
	return 0;
}

int hl_target_check(struct hl_target *target, char *reason, size_t reason_bytes)
{
	char next[PATH_MAX];
	int fd, r;
	Elf *elf;

	strcpy(target->exe, target->path);
	for (int i = 0; i < MAX_SCRIPTS && script_interpreter(target->exe, next); i++)
		strcpy(target->exe, next);
	elf = open_elf(target->exe, &fd);
	if (!elf)
		return 0;
	r = check_elf(target->exe, elf, fd, reason, reason_bytes);
	elf_end(elf);
	close(fd);
	if (r == 0 && realpath(target->exe, next))
		strcpy(target->exe, next);
	return r;
}
