/* SPDX-License-Identifier: MIT */
/* Opening what a file names, without effects, and the rules of where sources may lie. */
#include "named-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "open-inside.h"

#define MAX_SOURCE_BYTES ((off_t)64 << 20)
/* A browser's debugging information has 5 GB. */
#define MAX_OBJECT_BYTES ((off_t)32 << 30)
/* A program of many libraries has some hundreds; a hostile one has one for each unit. */
#define MAX_FOLDERS 1024

struct hl_named_folder {
	char *name;			/* as somebody named it, normalised */
	char *real;			/* without links */
	enum hl_voucher voucher;
	uid_t owner;			/* of what vouches */
};

/* --- paths ----------------------------------------------------------------------------------- */

/* Removes the last part of out[0..length), if it is one that ".." can take back. */
static bool drop_part(const char *path, size_t *length)
{
	size_t n = *length;

	while (n > 0 && path[n - 1] != '/')
		n--;
	if (n == *length || strncmp(path + n, "..", *length - n) == 0)
		return false;
	*length = n > 1 ? n - 1 : n;
	return true;
}

void hl_path_normalise(char *path)
{
	bool is_absolute = path[0] == '/';
	size_t n = is_absolute;
	const char *in = path;

	while (*(in += strspn(in, "/"))) {
		size_t length = strcspn(in, "/");
		bool is_up = length == 2 && memcmp(in, "..", 2) == 0;

		if ((length == 1 && *in == '.') || (is_up && drop_part(path, &n)) ||
			(is_up && is_absolute && n == 1)) {
			in += length;
			continue;
		}
		if (n > is_absolute)
			path[n++] = '/';
		memmove(path + n, in, length);
		n += length;
		in += length;
	}
	path[n] = '\0';
}

/* @path from @here on, in one spelling; NULL: none, or no memory. */
static char *absolute(const char *here, const char *path)
{
	char *whole;

	if (path[0] != '/' && !here)
		return NULL;
	if (asprintf(&whole, "%s/%s", path[0] == '/' ? "" : here, path) < 0)
		return NULL;
	hl_path_normalise(whole);
	return whole;
}

/* What of @path is below @folder, without a slash before it; NULL: it does not lie there. */
static const char *part_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	while (length && folder[length - 1] == '/')
		length--;
	if (strncmp(path, folder, length) != 0 || path[length] != '/')
		return NULL;
	return path[length + 1] ? path + length + 1 : NULL;
}

static bool is_or_below(const char *path, const char *folder)
{
	return strcmp(path, folder) == 0 || part_below(path, folder);
}

static bool is_in(const char *text, size_t length, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == length && memcmp(*list, text, length) == 0)
			return true;
	return false;
}

/*
 * Shared memory is the one place below /dev where programs have objects, and nobody has sources.  The
 * name of a mapping is one in /proc, and the file may lie anywhere.
 */
static bool is_never_opened(const char *path, enum hl_named_use use)
{
	static const char *const folders[] = { "/proc", "/sys", "/dev", "/etc", "/boot", "/run", NULL };
	size_t nr = use == HL_NAMED_SOURCE ? 6 : 4;

	if (use == HL_NAMED_MAPPED || (use == HL_NAMED_OBJECT && part_below(path, "/dev/shm")))
		return false;
	for (size_t i = 0; i < nr; i++)
		if (is_or_below(path, folders[i]))
			return true;
	return false;
}

/* Whether a part of @path is a hidden folder's or file's name, but for those that tools keep. */
static bool has_hidden_part(const char *path, const char *const *kept)
{
	for (const char *part = path; *part; part += strspn(part, "/")) {
		size_t length = strcspn(part, "/");

		if (part[0] == '.' && !is_in(part, length, kept))
			return true;
		part += length;
	}
	return false;
}

static size_t nr_parts(const char *path)
{
	size_t nr = 0;

	for (; *path; path += strcspn(path, "/")) {
		path += strspn(path, "/");
		nr += *path != '\0';
	}
	return nr;
}

bool hl_named_folder_is_plausible(const char *path)
{
	static const char *const system[] = { "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64",
		"libx32", "media", "mnt", "nix", "opt", "proc", "root", "run", "sbin", "snap", "srv",
		"sys", "tmp", "usr", "var", NULL };
	static const char *const kept[] = { ".cache", ".cargo", ".conan2", ".rustup", NULL };
	const char *home = getenv("HOME");
	size_t nr = nr_parts(path);

	if (nr == 0 || (nr == 1 && is_in(path + 1, strlen(path + 1), system)))
		return false;
	if (nr == 2 && (part_below(path, "/home") || part_below(path, "/var")))
		return false;
	if (home && home[0] == '/' && is_or_below(home, path))
		return false;
	return !is_never_opened(path, HL_NAMED_SOURCE) && !has_hidden_part(path, kept);
}

/* How names of sources end, those that generators copy into line tables too. */
static bool ends_as_source(const char *path)
{
	static const char *const ends[] = { "c", "cc", "cp", "cpp", "cxx", "c++", "C", "CPP", "h", "hh", "hp",
		"hpp", "hxx", "h++", "H", "HPP", "inc", "inl", "ipp", "tcc", "tpp", "txx", "def", "i", "ii",
		"ixx", "cppm", "m", "mm", "M", "s", "S", "sx", "asm", "nasm", "y", "yy", "ypp", "l", "ll", "lpp",
		"re", "rl", "gperf", "rs", "go", "d", "di", "zig", "nim", "odin", "v", "cr", "hs", "ml", "mli",
		"vala", "swift", "jl", "cu", "cuh", "cl", "hip", "f", "for", "ftn", "f77", "f90", "f95", "f03",
		"f08", "F", "FOR", "F90", "F95", "F03", "F08", "ada", "adb", "ads", "pas", "pp", "p", "mod",
		"cob", "cbl", "lua", "py", "pyx", "pxd", "pxi", NULL };
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash ? slash : path, '.');

	return dot && is_in(dot + 1, strlen(dot + 1), ends);
}

/* --- opening --------------------------------------------------------------------------------- */

/* A file of the kernel's own making may act when it is read, wherever it is mounted. */
static bool is_made_up(int fd)
{
	static const unsigned long kinds[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
		SECURITYFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC, BPF_FS_MAGIC,
		EFIVARFS_MAGIC, PSTOREFS_MAGIC, SELINUX_MAGIC, SMACK_MAGIC, BINFMTFS_MAGIC, NSFS_MAGIC };
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if ((unsigned long)fs.f_type == kinds[i])
			return true;
	return false;
}

static int check_kind(int fd, enum hl_named_use use, const struct stat *st)
{
	off_t max = use == HL_NAMED_SOURCE ? MAX_SOURCE_BYTES : MAX_OBJECT_BYTES;

	if (!S_ISREG(st->st_mode) || st->st_size <= 0)
		return -EINVAL;
	if (st->st_size > max && use != HL_NAMED_MAPPED)
		return -EFBIG;
	return is_made_up(fd) ? -EPERM : 0;
}

/* Where a descriptor leads, without links; false: nobody knows. */
static bool place_of(int fd, char link[32], char where[PATH_MAX])
{
	ssize_t n;

	snprintf(link, 32, "/proc/self/fd/%d", fd);
	n = readlink(link, where, PATH_MAX - 1);
	if (n >= 0)
		where[n] = '\0';
	return n >= 0;
}

/*
 * Where the file lies that was met, whatever links there are now.  Without /proc nothing is known;
 * then what realpath() said of a source has to do.
 */
static int check_place(int met, enum hl_named_use use, const char *expected)
{
	char link[32], where[PATH_MAX];

	if (use == HL_NAMED_MAPPED || !place_of(met, link, where))
		return 0;
	if (is_never_opened(where, use) || (expected && strcmp(where, expected) != 0))
		return -EPERM;
	return 0;
}

/* Opens the very file that @met is, by its name only where there is no /proc; @path NULL: not even then. */
static int open_again(int met_fd, const char *path, const struct stat *met)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	char link[32];
	struct stat st;
	int fd;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", met_fd);
	fd = open(link, flags);
	if (fd >= 0 || errno != ENOENT || !path)
		return fd < 0 ? -errno : fd;
	fd = open(path, flags);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && st.st_dev == met->st_dev && st.st_ino == met->st_ino)
		return fd;
	close(fd);
	return -EPERM;
}

/* @expected: the name that the file must have, without links; NULL: any. */
static int open_met(const char *path, enum hl_named_use use, const char *expected, struct stat *st)
{
	int met = open(path, O_PATH | O_CLOEXEC | (expected ? O_NOFOLLOW : 0));
	int rc;

	if (met < 0)
		return -errno;
	rc = fstat(met, st) < 0 ? -errno : check_kind(met, use, st);
	if (!rc)
		rc = check_place(met, use, expected);
	if (!rc)
		rc = open_again(met, path, st);
	close(met);
	return rc;
}

/* What lies in /etc of the folder is as little an object as what lies in ours. */
static int check_inside(int met, int root)
{
	char link[32], where[PATH_MAX], top[PATH_MAX];
	const char *inside;

	if (!place_of(met, link, where) || !place_of(root, link, top))
		return 0;
	inside = part_below(where, top);
	return is_never_opened(where, HL_NAMED_OBJECT) ||
		(inside && is_never_opened(inside - 1, HL_NAMED_OBJECT)) ? -EPERM : 0;
}

int hl_named_open_in(int root, const char *path, struct stat *st)
{
	struct stat found;
	int met, fd;

	if (is_never_opened(path, HL_NAMED_OBJECT))
		return -EPERM;
	met = hl_open_inside(root, path);
	if (met < 0)
		return met;
	fd = fstat(met, &found) < 0 ? -errno : check_kind(met, HL_NAMED_OBJECT, &found);
	if (!fd)
		fd = check_inside(met, root);
	if (!fd)
		fd = open_again(met, NULL, &found);
	close(met);
	if (fd >= 0 && st)
		*st = found;
	return fd;
}

/* Whether a voucher speaks for a file; @owner is the file's. */
static bool speaks_for(const struct hl_named_folder *folder, uid_t owner)
{
	switch (folder->voucher) {
	case HL_VOUCHER_USER:
		return true;
	case HL_VOUCHER_PLACE:
		return owner == folder->owner || owner == geteuid() || owner == 0;
	case HL_VOUCHER_PROGRAM:
		return owner == folder->owner || folder->owner == 0;
	}
	return false;
}

static bool is_named_below(const struct hl_named_folders *folders, const char *path)
{
	for (size_t i = 0; i < folders->nr; i++)
		if (part_below(path, folders->items[i].name) || part_below(path, folders->items[i].real))
			return true;
	return false;
}

/* @real: without links. */
static bool is_allowed(const struct hl_named_folders *folders, const char *real, uid_t owner)
{
	static const char *const none[] = { NULL };

	for (size_t i = 0; i < folders->nr; i++) {
		const char *part = part_below(real, folders->items[i].real);

		if (part && !has_hidden_part(part, none) && speaks_for(&folders->items[i], owner))
			return true;
	}
	return false;
}

static bool is_users_file(const struct hl_named_folders *folders, const char *path)
{
	return folders->file && (strcmp(path, folders->file) == 0 || strcmp(path, folders->real_file) == 0);
}

/*
 * Nothing is asked of the file system about a path that is not even named as a source of ours.  Whom
 * the file belongs to is looked at before it is opened, and of what was opened once more.
 */
static int open_source(const char *path, const struct hl_named_folders *folders, struct stat *st)
{
	bool is_users = is_users_file(folders, path);
	char *real;
	int fd = -EPERM;

	if (!is_users && !is_named_below(folders, path))
		return -EPERM;
	real = realpath(path, NULL);
	if (!real || stat(real, st) < 0) {
		fd = -errno;
		free(real);
		return fd;
	}
	if (is_users ? is_users_file(folders, real) : ends_as_source(real) && is_allowed(folders, real, st->st_uid))
		fd = is_never_opened(real, HL_NAMED_SOURCE) ? -EPERM :
			open_met(real, HL_NAMED_SOURCE, real, st);
	if (fd >= 0 && !is_users && !is_allowed(folders, real, st->st_uid)) {
		close(fd);
		fd = -EPERM;
	}
	free(real);
	return fd;
}

static int open_named_source(const char *path, const struct hl_named_folders *folders, struct stat *st)
{
	char *whole = absolute(folders->here, path);
	int fd = whole ? open_source(whole, folders, st) : -ENOENT;

	free(whole);
	return fd;
}

int hl_named_open(const char *path, enum hl_named_use use, const struct hl_named_folders *folders,
	struct stat *st)
{
	struct stat found;
	int fd;

	if (use == HL_NAMED_SOURCE)
		fd = folders ? open_named_source(path, folders, &found) : -EPERM;
	else if (is_never_opened(path, use))
		fd = -EPERM;
	else
		fd = open_met(path, use, NULL, &found);
	if (fd >= 0 && st)
		*st = found;
	return fd;
}

/* --- folders --------------------------------------------------------------------------------- */

static bool is_vouched(const char *real, enum hl_voucher voucher)
{
	if (is_never_opened(real, HL_NAMED_SOURCE))
		return false;
	switch (voucher) {
	case HL_VOUCHER_USER:
		return true;
	case HL_VOUCHER_PLACE:
		return strcmp(real, "/") != 0 && strcmp(real, "/home") != 0;
	case HL_VOUCHER_PROGRAM:
		return hl_named_folder_is_plausible(real);
	}
	return false;
}

static bool has_folder(const struct hl_named_folders *folders, const char *name, enum hl_voucher voucher,
	uid_t owner)
{
	for (size_t i = 0; i < folders->nr; i++) {
		const struct hl_named_folder *f = &folders->items[i];

		if (f->voucher == voucher && strcmp(f->name, name) == 0 &&
			(voucher != HL_VOUCHER_PROGRAM || f->owner == owner))
			return true;
	}
	return false;
}

/* Takes ownership of nothing. */
static int append(struct hl_named_folders *folders, const struct hl_named_folder *folder)
{
	struct hl_named_folder *items;

	if (folders->nr >= MAX_FOLDERS)
		return -ENOSPC;
	items = reallocarray(folders->items, folders->nr + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	folders->items = items;
	items[folders->nr++] = *folder;
	return 0;
}

static int add_named(struct hl_named_folders *folders, char *name, enum hl_voucher voucher, uid_t owner)
{
	struct hl_named_folder folder = { .name = name, .voucher = voucher, .owner = owner };
	struct stat st;
	int rc;

	/* a program's claim is looked at before the file system is asked about it */
	if (voucher == HL_VOUCHER_PROGRAM && !hl_named_folder_is_plausible(name))
		return -EPERM;
	folder.real = realpath(name, NULL);
	if (!folder.real)
		return -errno;
	if (stat(folder.real, &st) < 0)
		rc = -errno;
	else if (!S_ISDIR(st.st_mode))
		rc = -ENOTDIR;
	else
		rc = is_vouched(folder.real, voucher) ? 0 : -EPERM;
	if (!rc && voucher == HL_VOUCHER_PLACE)
		folder.owner = st.st_uid;
	if (!rc)
		rc = append(folders, &folder);
	if (rc)
		free(folder.real);
	return rc;
}

int hl_named_folders_add(struct hl_named_folders *folders, const char *path, enum hl_voucher voucher,
	uid_t owner)
{
	char *name = absolute(voucher == HL_VOUCHER_PROGRAM ? NULL : folders->here, path);
	int rc;

	if (!name)
		return -ENOENT;
	if (has_folder(folders, name, voucher, owner)) {
		free(name);
		return 0;
	}
	rc = add_named(folders, name, voucher, owner);
	if (rc)
		free(name);
	return rc;
}

/* Whether a tree of sources begins in @folder. */
static bool is_top_of_tree(const char *folder)
{
	static const char *const marks[] = { ".git", ".hg", ".svn", "CMakeLists.txt", "meson.build", "configure",
		"configure.ac", "Makefile", "Makefile.am", "GNUmakefile", "Cargo.toml", "go.mod", "WORKSPACE",
		"MODULE.bazel", "BUILD.gn", "SConstruct" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		int n = snprintf(path, sizeof(path), "%s/%s", folder, marks[i]);

		if (n < (int)sizeof(path) && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
}

/*
 * Most programs are built in a folder of their own beside their sources: /home/u/prog/build beside
 * /home/u/prog/src.  So the first folder around both is allowed too, if it is the top of a tree.
 */
void hl_named_folders_add_unit(struct hl_named_folders *folders, const char *directory,
	const char *source, uid_t owner)
{
	char *top = absolute(NULL, directory);
	char *slash;

	if (!top || hl_named_folders_add(folders, top, HL_VOUCHER_PROGRAM, owner) < 0 || !source ||
		part_below(source, top)) {
		free(top);
		return;
	}
	while ((slash = strrchr(top, '/')) && slash != top) {
		*slash = '\0';
		if (!hl_named_folder_is_plausible(top))
			break;
		if (!part_below(source, top) || !is_top_of_tree(top))
			continue;
		hl_named_folders_add(folders, top, HL_VOUCHER_PROGRAM, owner);
		break;
	}
	free(top);
}

int hl_named_folders_add_here(struct hl_named_folders *folders)
{
	int rc;

	if (folders->here)
		return 0;
	folders->here = getcwd(NULL, 0);
	if (!folders->here)
		return errno == ENOMEM ? -ENOMEM : 0;
	rc = hl_named_folders_add(folders, folders->here, HL_VOUCHER_PLACE, 0);
	return rc == -ENOMEM ? rc : 0;
}

int hl_named_folders_add_file(struct hl_named_folders *folders, const char *path)
{
	char *name = absolute(folders->here, path);
	char *real = name ? realpath(name, NULL) : NULL;

	if (!real) {
		free(name);
		return name ? -errno : -ENOENT;
	}
	free(folders->file);
	free(folders->real_file);
	folders->file = name;
	folders->real_file = real;
	return 0;
}

void hl_named_folders_release(struct hl_named_folders *folders)
{
	for (size_t i = 0; i < folders->nr; i++) {
		free(folders->items[i].name);
		free(folders->items[i].real);
	}
	free(folders->items);
	free(folders->here);
	free(folders->file);
	free(folders->real_file);
	memset(folders, 0, sizeof(*folders));
}
