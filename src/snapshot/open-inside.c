/* SPDX-License-Identifier: MIT */
/* A folder as the root of the file system: openat2, and the same by hand for kernels before 5.6. */
#include "open-inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_LINKS 40			/* as the kernel */

/* What is left to walk, and how far the walk has come. */
struct walk {
	char left[2 * PATH_MAX];
	char done[PATH_MAX];		/* parts without links, each behind a slash */
	int nr_links;
};

/* Goes to the folder around; that of the root is the root. */
static void go_up(struct walk *walk)
{
	char *slash = strrchr(walk->done, '/');

	if (slash)
		*slash = '\0';
}

/* Puts the contents of a link before what is left. */
static int expand(struct walk *walk, int fd)
{
	char text[PATH_MAX], rest[2 * PATH_MAX];
	ssize_t n = readlinkat(fd, "", text, sizeof(text) - 1);

	if (n <= 0)
		return n < 0 ? -errno : -ENOENT;
	if (++walk->nr_links > MAX_LINKS)
		return -ELOOP;
	text[n] = '\0';
	strcpy(rest, walk->left);
	if (snprintf(walk->left, sizeof(walk->left), "%s/%s", text, rest) >= (int)sizeof(walk->left))
		return -ENAMETOOLONG;
	if (text[0] == '/')
		walk->done[0] = '\0';
	return 0;
}

/* Opens the folders of a path without links, from @root on; -ENOTDIR or -ELOOP: they have changed. */
static int open_plain(int root, const char *path)
{
	int at = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char part[NAME_MAX + 1];

	while (at >= 0 && *(path += strspn(path, "/"))) {
		size_t length = strcspn(path, "/");
		int next;

		if (length > NAME_MAX) {
			close(at);
			return -ENAMETOOLONG;
		}
		memcpy(part, path, length);
		part[length] = '\0';
		path += length;
		next = openat(at, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		close(at);
		at = next;
	}
	return at < 0 ? -errno : at;
}

/* Takes the first part off what is left; false: nothing is left. */
static bool take_part(struct walk *walk, char part[NAME_MAX + 2])
{
	char *start = walk->left + strspn(walk->left, "/");
	size_t length = strcspn(start, "/");

	snprintf(part, NAME_MAX + 2, "%.*s", (int)length, start);
	memmove(walk->left, start + length, strlen(start + length) + 1);
	return length > 0;
}

/* One part further: @fd is replaced by its descriptor, unless it is a link. */
static int step(struct walk *walk, int root, const char *part, int *fd)
{
	size_t length = strlen(walk->done);
	struct stat st;
	int next;

	if (strlen(part) > NAME_MAX || length + strlen(part) + 2 > sizeof(walk->done))
		return -ENAMETOOLONG;
	if (strcmp(part, ".") == 0)
		return 0;
	if (strcmp(part, "..") == 0) {
		go_up(walk);
		next = open_plain(root, walk->done);
	} else {
		next = openat(*fd, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (next >= 0 && fstat(next, &st) == 0 && S_ISLNK(st.st_mode)) {
			int rc = expand(walk, next);

			close(next);
			next = rc < 0 ? rc : open_plain(root, walk->done);
		} else {
			next = next < 0 ? -errno : next;
			sprintf(walk->done + length, "/%s", part);
		}
	}
	if (next < 0)
		return next;
	close(*fd);
	*fd = next;
	return 0;
}

int hl_open_inside_by_parts(int root, const char *path)
{
	struct walk walk = { .nr_links = 0 };
	char part[NAME_MAX + 2];
	int fd, rc = 0;

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(walk.left, path);
	fd = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (!rc && take_part(&walk, part))
		rc = step(&walk, root, part, &fd);
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

int hl_open_inside(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	if (fd >= 0)
		return (int)fd;
	/* EPERM: a filter of system calls; EAGAIN: something was renamed meanwhile */
	if (errno == ENOSYS || errno == EPERM || errno == EAGAIN)
		return hl_open_inside_by_parts(root, path);
	return -errno;
}
