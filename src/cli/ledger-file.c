/* SPDX-License-Identifier: MIT */
/* Opening a ledger by what it is rather than by what it is called. */
#include "cli/ledger-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/ledger.h"

int hl_ledger_file_reopen(int fd, int flags)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return again < 0 ? -errno : again;
}

static int check(int fd, struct hl_ledger_file *file)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (file->ino != 0 && (file->dev != st.st_dev || file->ino != st.st_ino || file->owner != st.st_uid))
		return -ESTALE;
	*file = (struct hl_ledger_file){ st.st_dev, st.st_ino, st.st_uid };
	return 0;
}

int hl_ledger_file_open(const char *path, int flags, struct hl_ledger_file *file)
{
	int place = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int fd;

	if (place < 0)
		return -errno;
	fd = check(place, file);
	if (fd == 0)
		fd = hl_ledger_file_reopen(place, flags);
	close(place);
	return fd;
}

bool hl_ledger_file_is_of(int fd, uint64_t session, struct hl_ledger_header *header)
{
	return pread(fd, header, sizeof(*header), 0) == sizeof(*header) &&
		memcmp(header->magic, HL_LEDGER_MAGIC, sizeof(header->magic)) == 0 &&
		header->kind == HL_LEDGER_LIVE && header->session == session;
}
