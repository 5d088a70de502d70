/* SPDX-License-Identifier: MIT */
/* The process of a ledger, while it lives: it is known by the ledger that it has mapped. */
#include "cli/live.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/find-ledger.h"

static bool is_its_ledger(pid_t pid, const struct hl_info *info)
{
	struct hl_ledger_header h;

	return cli_find_ledger_header(pid, &h) && h.pid == info->pid && h.session == info->session &&
		h.start_realtime_ns == info->start_realtime_ns && h.start_monotonic_ns == info->start_ns;
}

/*
 * The folder is open before the process is looked at: once it has ended nothing can be opened there, whoever gets
 * its number.
 */
static bool use(struct hl_resolver *resolver, const struct hl_info *info, pid_t pid)
{
	char path[32];
	bool used = false;
	int process;

	snprintf(path, sizeof(path), "/proc/%ld", (long)pid);
	process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return false;
	if (is_its_ledger(pid, info))
		used = hl_resolver_add_process(resolver, process, (int)pid) == 0;
	close(process);
	return used;
}

/* Whether a process calls itself by that number, and we by another. */
static bool calls_itself(const char *process, uint32_t pid)
{
	char path[300], line[256];
	const char *last = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/status", process);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "NSpid:", 6) != 0)
			continue;
		last = strrchr(line, '\t');
		break;
	}
	if (file)
		fclose(file);
	return last && strchr(line, '\t') != last && strtoul(last, NULL, 10) == pid;
}

static void search(struct hl_resolver *resolver, const struct hl_info *info)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && calls_itself(entry->d_name, info->pid) &&
			use(resolver, info, (pid_t)atol(entry->d_name)))
			break;
	if (dir)
		closedir(dir);
}

void cli_use_process(struct hl_resolver *resolver, const struct hl_snapshot *snapshot)
{
	struct hl_info info;

	hl_snapshot_info(snapshot, &info);
	if (info.end_reason != HL_END_NONE || info.pid == 0 || info.pid > INT32_MAX || !info.start_ns)
		return;
	if (!use(resolver, &info, (pid_t)info.pid))
		search(resolver, &info);
}
