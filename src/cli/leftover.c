/* SPDX-License-Identifier: MIT */
/* Processes of a recording that outlive it, in /proc. */
#include "cli/leftover.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/find-ledger.h"
#include "common/ledger.h"
#include "reports/escape.h"

#define MAX_LISTED 20
/* Of the words behind the name in /proc/PID/stat. */
#define START_TIME 20

/* When a process began, in clock ticks since the system was started; 0: it is gone. */
static unsigned long long start_of(pid_t pid)
{
	char path[64], text[4096], *word;
	unsigned long long ticks = 0;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	/* a program's name may have blanks and parentheses in it */
	word = strrchr(text, ')');
	for (int i = 0; word && i < START_TIME; i++)
		word = strchr(word + 1, ' ');
	if (word)
		ticks = strtoull(word, NULL, 10);
	return ticks;
}

static bool has_ledger(const struct hl_run *run, pid_t pid)
{
	for (size_t i = 0; i < run->nr_ledgers; i++)
		if (run->ledgers[i].pid == (uint32_t)pid)
			return true;
	return false;
}

/* Whether the ledger that a process has mapped is of this recording. */
static bool is_ours(const struct hl_run *run, pid_t pid)
{
	struct hl_ledger_header header;

	return cli_find_ledger_header(pid, &header) && header.session == run->session &&
		!(header.flags & HL_FLAG_SANITIZER);
}

static void print_process(pid_t pid)
{
	char path[64], exe[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)pid);
	n = readlink(path, exe, sizeof(exe));
	fputs("heapledger: still running: ", stderr);
	hl_put_text(stderr, n > 0 ? exe : "?", n > 0 ? (size_t)n : 1);
	fprintf(stderr, " (pid %ld); its ledger begins with its next allocation\n", (long)pid);
}

void hl_leftover_list(const struct hl_run *run)
{
	DIR *dir = opendir("/proc");
	unsigned long long start = start_of(getpid());
	struct dirent *entry;
	int nr = 0;

	while (dir && nr < MAX_LISTED && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid == getpid() || start_of(pid) < start ||
				has_ledger(run, pid) || !is_ours(run, pid))
			continue;
		print_process(pid);
		nr++;
	}
	if (dir)
		closedir(dir);
}
