/* SPDX-License-Identifier: MIT */
/* The ledger of a running program, to be written into. */
#include "cli/open-running.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/find-ledger.h"
#include "cli/ledger-file.h"
#include "cli/load-process.h"

/* The ledger of a process, or a file. */
static int open_ledger(const char *word, const char *operand, char name[PATH_MAX])
{
	struct hl_ledger_file file = {0};
	const char *reason;
	int found, fd;

	snprintf(name, PATH_MAX, "%s", operand);
	if (cli_is_process(operand)) {
		found = cli_find_ledger((pid_t)atol(operand), name, &reason);
		fd = found < 0 ? found : hl_ledger_file_reopen(found, O_RDWR);
		if (found >= 0)
			close(found);
		if (fd < 0)
			cli_complain(word, "process %s: %s", operand, found < 0 ? reason : strerror(-fd));
		return fd;
	}
	fd = hl_ledger_file_open(operand, O_RDWR, &file);
	if (fd < 0)
		cli_complain(word, "%s: cannot be opened for writing: %s", operand,
			fd == -EINVAL ? "not a regular file" : strerror(-fd));
	return fd;
}

static bool has_ended(const char *word, const char *name, int fd)
{
	struct hl_ledger_header h;

	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) || (!h.end_monotonic_ns && h.kind == HL_LEDGER_LIVE))
		return false;
	cli_complain(word, "%s: its program has ended", name);
	return true;
}

/* A forked child has its parent's mapped until its first event. */
static bool is_anothers(const char *word, const char *operand, int fd)
{
	struct hl_ledger_header h;

	if (!cli_is_process(operand) || pread(fd, &h, sizeof(h), 0) != sizeof(h) || h.pid == cli_own_number(operand))
		return false;
	cli_complain(word, "process %s: has no ledger of its own (yet): it was forked by a program that is recorded, "
		"and gets one when it allocates or frees something", operand);
	return true;
}

int cli_open_running(const char *word, const char *operand, char name[PATH_MAX])
{
	int fd = open_ledger(word, operand, name);

	if (fd < 0)
		return -1;
	if (!has_ended(word, name, fd) && !is_anothers(word, operand, fd))
		return fd;
	close(fd);
	return -1;
}
