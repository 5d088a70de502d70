/* SPDX-License-Identifier: MIT */
/* The ledger of a running process, read once. */
#include "cli/load-process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/find-ledger.h"

bool cli_is_process(const char *operand)
{
	size_t length = strlen(operand);

	return length && length < 10 && strspn(operand, "0123456789") == length && access(operand, F_OK);
}

unsigned long cli_own_number(const char *pid)
{
	unsigned long own = strtoul(pid, NULL, 10);
	char line[256];
	FILE *file;

	snprintf(line, sizeof(line), "/proc/%s/status", pid);
	file = fopen(line, "re");
	while (file && fgets(line, sizeof(line), file))
		for (char *number = strncmp(line, "NSpid:", 6) ? NULL : strchr(line, '\t'); number;
				number = strchr(number + 1, '\t'))
			own = strtoul(number, NULL, 10);
	if (file)
		fclose(file);
	return own;
}

/* A forked child has its parent's ledger mapped until it allocates itself. */
static void warn_of_parent(const char *word, const char *text, const struct hl_snapshot *snapshot)
{
	struct hl_info info;

	hl_snapshot_info(snapshot, &info);
	if (info.pid != cli_own_number(text))
		cli_complain(word, "process %s has allocated nothing since it was forked: this is "
			"the ledger of process %u", text, info.pid);
}

struct hl_snapshot *cli_load_process(const char *word, const char *pid, bool is_again)
{
	char name[PATH_MAX];
	struct hl_snapshot *snapshot = NULL;
	struct hl_error err;
	const char *reason;
	int fd = cli_find_ledger((pid_t)atol(pid), name, &reason);

	if (fd < 0) {
		cli_complain(word, "process %s: %s", pid, reason);
		return NULL;
	}
	if (hl_snapshot_load_fd(fd, &snapshot, &err)) {
		cli_complain_file(word, name, &err);
		snapshot = NULL;
	}
	close(fd);
	if (snapshot && !is_again)
		warn_of_parent(word, pid, snapshot);
	return snapshot;
}
