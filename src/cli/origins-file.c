/* SPDX-License-Identifier: MIT */
/* Reading the user's origins. */
#include "cli/origins-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

#define MAX_BYTES (1u << 20)

/* NULL: there is no place for it, or no memory. */
static char *path_of(void)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	char *path;
	int n;

	if (config && *config == '/')
		n = asprintf(&path, "%s/heapledger/origins", config);
	else if (home && *home == '/')
		n = asprintf(&path, "%s/.config/heapledger/origins", home);
	else
		return NULL;
	return n < 0 ? NULL : path;
}

/* 0; -errno. */
static int read_all(int fd, char **out)
{
	struct stat st;
	size_t length = 0;
	char *text;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	text = malloc(MAX_BYTES + 1);
	if (!text)
		return -ENOMEM;
	while ((n = read(fd, text + length, MAX_BYTES - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	if (n < 0 || length == MAX_BYTES || strlen(text) != length) {
		int rc = n < 0 ? -errno : length == MAX_BYTES ? -EFBIG : -EINVAL;

		free(text);
		return rc;
	}
	*out = text;
	return 0;
}

int cli_origins_file_read(const char *word, struct cli_origins_file *file)
{
	char *path = path_of();
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
	int rc = 0;

	*file = (struct cli_origins_file){0};
	if (fd >= 0) {
		rc = read_all(fd, &file->text);
		close(fd);
	} else if (path && errno != ENOENT && errno != ENOTDIR) {
		rc = -errno;
	}
	if (rc)
		cli_complain(word, "%s: %s", path, rc == -EINVAL ? "not a text file" : strerror(-rc));
	if (!file->text) {
		free(path);
		return rc ? -1 : 0;
	}
	file->path = path;
	return 0;
}

void cli_origins_file_release(struct cli_origins_file *file)
{
	free(file->path);
	free(file->text);
}
