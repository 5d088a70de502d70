/* SPDX-License-Identifier: MIT */
/* Writing files by a name in a folder that others may write to. */
#include "snapshot/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MAX_LINKS 40
#define MAX_TRIES 16

/* The folder of @path from the folder @from on, and what of @path is the name in it. */
static int enter_folder(struct hl_output *out, int from, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash + 1 - path)) : strdup(".");
	char *name = strdup(slash ? slash + 1 : path);
	int fd = -1;
	int rc = folder && name ? 0 : -ENOMEM;

	if (!rc) {
		fd = openat(from, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
		rc = fd < 0 ? -errno : 0;
	}
	if (!rc && !*name)
		rc = *path ? -EISDIR : -ENOENT;
	free(folder);
	if (rc) {
		free(name);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	free(out->name);
	if (out->folder >= 0)
		close(out->folder);
	out->name = name;
	out->folder = fd;
	return 0;
}

static bool is_trusted(uid_t owner)
{
	return owner == geteuid() || owner == 0;
}

static int take_stream(struct hl_output *out, int fd)
{
	int rc;

	out->file = fdopen(fd, "w");
	if (out->file)
		return 0;
	rc = -errno;
	close(fd);
	return rc;
}

/* A descriptor of our own by its name in /proc, such as /dev/stdout: no path leads to a pipe. */
static bool is_descriptor(const struct hl_output *out)
{
	struct statfs fs;

	return fstatfs(out->folder, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* A pipe or a device is written as it is; opened through what was looked at. */
static int open_direct(struct hl_output *out)
{
	struct stat st;
	char link[32];
	int met = openat(out->folder, out->name, O_PATH | O_CLOEXEC | (is_descriptor(out) ? 0 : O_NOFOLLOW));
	int fd = -1;
	int rc = met < 0 || fstat(met, &st) < 0 ? -errno : 0;

	if (!rc && !is_trusted(st.st_uid) && !is_descriptor(out))
		rc = -ELOOP;
	if (!rc) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", met);
		fd = open(link, O_WRONLY | O_CLOEXEC | O_NOCTTY | (S_ISREG(st.st_mode) ? O_TRUNC : 0));
		rc = fd < 0 ? -errno : take_stream(out, fd);
	}
	if (met >= 0)
		close(met);
	close(out->folder);
	out->folder = -1;
	return rc;
}

static int follow_link(struct hl_output *out, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n;

	if (!is_trusted(st->st_uid))
		return -ELOOP;
	n = readlinkat(out->folder, out->name, target, sizeof(target));
	if (n < 0 || n >= (ssize_t)sizeof(target))
		return n < 0 ? -errno : -ENAMETOOLONG;
	target[n] = '\0';
	return enter_folder(out, out->folder, target);
}

/* Goes to where the file shall be; 1: it is written as it is. */
static int find_place(struct hl_output *out)
{
	struct stat st;

	for (int i = 0; i < MAX_LINKS; i++) {
		int rc;

		if (fstatat(out->folder, out->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return errno == ENOENT ? 0 : -errno;
		if (!(out->flags & HL_OUTPUT_REPLACE))
			return -EEXIST;
		if (!(out->flags & HL_OUTPUT_FOLLOW) || S_ISREG(st.st_mode))
			return 0;
		if (!S_ISLNK(st.st_mode) || is_descriptor(out))
			return S_ISDIR(st.st_mode) ? -EISDIR : 1;
		rc = follow_link(out, &st);
		if (rc < 0)
			return rc;
	}
	return -ELOOP;
}

/* Nobody can have taken the name before, who cannot guess it. */
static int open_temporary(struct hl_output *out)
{
	int fd = -1;

	for (int i = 0; fd < 0 && i < MAX_TRIES; i++) {
		uint64_t number;

		if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
			return -EIO;
		free(out->temporary);
		if (asprintf(&out->temporary, "%.200s.%016" PRIx64 ".tmp", out->name, number) < 0) {
			out->temporary = NULL;
			return -ENOMEM;
		}
		fd = openat(out->folder, out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0) {
		int rc = -errno;

		free(out->temporary);
		out->temporary = NULL;
		return rc;
	}
	/* a default list of access rights of the folder may have allowed more */
	if (fchmod(fd, 0600) < 0 && errno != EPERM && errno != ENOTSUP && errno != ENOSYS) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return take_stream(out, fd);
}

static void release(struct hl_output *out)
{
	if (out->temporary)
		unlinkat(out->folder, out->temporary, 0);
	if (out->folder >= 0)
		close(out->folder);
	free(out->temporary);
	free(out->name);
	*out = (struct hl_output){.folder = -1};
}

int hl_output_open(struct hl_output *out, const char *path, unsigned int flags)
{
	int rc;

	*out = (struct hl_output){.folder = -1, .flags = flags};
	rc = enter_folder(out, AT_FDCWD, path);
	if (!rc)
		rc = find_place(out);
	if (rc >= 0)
		rc = rc ? open_direct(out) : open_temporary(out);
	if (rc < 0)
		release(out);
	return rc;
}

/* link() is what fails when there is such a file, where the file system knows no RENAME_NOREPLACE. */
static int publish(struct hl_output *out)
{
	unsigned int flags = out->flags & HL_OUTPUT_REPLACE ? 0 : RENAME_NOREPLACE;

	if (renameat2(out->folder, out->temporary, out->folder, out->name, flags) < 0) {
		if (!flags || (errno != EINVAL && errno != ENOSYS) ||
				linkat(out->folder, out->temporary, out->folder, out->name, 0) < 0)
			return -errno;
		unlinkat(out->folder, out->temporary, 0);
	}
	free(out->temporary);
	out->temporary = NULL;
	return 0;
}

int hl_output_close(struct hl_output *out, int rc)
{
	if (out->file) {
		errno = 0;
		if ((fflush(out->file) || ferror(out->file)) && !rc)
			rc = errno ? -errno : -EIO;
		if (fclose(out->file) && !rc)
			rc = -errno;
		out->file = NULL;
	}
	if (!rc && out->temporary)
		rc = publish(out);
	release(out);
	return rc;
}
