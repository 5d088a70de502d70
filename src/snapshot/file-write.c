/* SPDX-License-Identifier: MIT */
#include "snapshot/file-write.h"

#include <errno.h>
#include <unistd.h>

int hl_write_at(int fd, const void *data, size_t length, uint64_t offset)
{
	const char *from = data;

	while (length) {
		ssize_t n = pwrite(fd, from, length, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		from += n;
		offset += (uint64_t)n;
		length -= (size_t)n;
	}
	return 0;
}
