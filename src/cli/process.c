/* SPDX-License-Identifier: MIT */
/* What /proc shows of a process, and what that says about the preloaded library. */
#include "cli/process.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/target.h"

static int open_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* A file of /proc, ended by NUL; NULL: it cannot be read.  To be freed. */
static char *read_file(pid_t pid, const char *name, size_t *bytes)
{
	size_t room = 4096, used = 0;
	char *text = malloc(room), *grown;
	int fd = open_file(pid, name);
	ssize_t n = -1;

	while (text && fd >= 0 && (n = read(fd, text + used, room - used - 1)) > 0) {
		used += (size_t)n;
		if (used < room - 1)
			continue;
		grown = realloc(text, room *= 2);
		if (!grown)
			break;
		text = grown;
	}
	if (fd >= 0)
		close(fd);
	if (n != 0) {
		free(text);
		return NULL;
	}
	text[used] = '\0';
	*bytes = used;
	return text;
}

/* Numbers of the words behind the name, counted from 1. */
enum {
	STAT_STATE = 1,
	STAT_PPID = 2,
	STAT_THREADS = 18,
	STAT_START = 20,
	STAT_RSS = 22,
	STAT_START_CODE = 24,
	STAT_START_STACK = 26,
	STAT_ENV_END = 49,
};

bool hl_process_read(pid_t pid, struct hl_process *process)
{
	size_t bytes;
	char *text = read_file(pid, "stat", &bytes), *word, *rest = NULL;

	memset(process, 0, sizeof(*process));
	process->pid = pid;
	/* A program's name may have blanks and parentheses in it. */
	word = text ? strrchr(text, ')') : NULL;
	word = word ? strtok_r(word + 1, " \n", &rest) : NULL;
	for (int i = STAT_STATE; word; i++, word = strtok_r(NULL, " \n", &rest)) {
		uint64_t number = strtoull(word, NULL, 10);

		if (i == STAT_STATE)
			process->state = *word;
		else if (i == STAT_PPID)
			process->ppid = (pid_t)number;
		else if (i == STAT_START)
			process->start = number;
		else if (i == STAT_START_CODE || i == STAT_START_STACK)
			process->image = process->image * 31 + number;
		else if (i == STAT_THREADS)
			process->nr_threads = (uint32_t)number;
		else if (i == STAT_RSS)
			process->resident_bytes = number * (uint64_t)sysconf(_SC_PAGESIZE);
		else if (i == STAT_ENV_END)
			process->has_environment = number != 0;
	}
	free(text);
	return process->start != 0;
}

bool hl_process_is_thread(pid_t pid)
{
	size_t bytes;
	char *text = read_file(pid, "status", &bytes), *line = text ? strstr(text, "\nTgid:") : NULL;
	bool thread = line && strtol(line + 6, NULL, 10) != pid;

	free(text);
	return thread;
}

/* The same process, in the same program. */
static bool is_unchanged(const struct hl_process *process)
{
	struct hl_process now;

	return hl_process_read(process->pid, &now) && now.start == process->start &&
		now.image == process->image && now.state != 'Z' && now.state != 'X';
}

/* 1: it is there; 0: it is not; -1: nobody can tell. */
static int find_variable(pid_t pid, const char *name, const char *part)
{
	size_t bytes, length = strlen(name);
	char *text = read_file(pid, "environ", &bytes);
	int found = 0;

	if (!text)
		return -1;
	for (char *entry = text; entry < text + bytes && !found; entry += strlen(entry) + 1)
		found = strncmp(entry, name, length) == 0 && strstr(entry + length, part);
	free(text);
	return found;
}

bool hl_process_has_variable(pid_t pid, const char *text)
{
	return find_variable(pid, text, "") == 1;
}

/* 1, 0 or -1, as above: does the kernel say that it raised its rights? */
static int is_secure(pid_t pid)
{
	size_t bytes;
	char *text = read_file(pid, "auxv", &bytes);
	Elf64_auxv_t entry;
	int secure = -1;

	for (size_t i = 0; text && i + sizeof(entry) <= bytes; i += sizeof(entry)) {
		memcpy(&entry, text + i, sizeof(entry));
		if (entry.a_type == AT_SECURE)
			secure = entry.a_un.a_val != 0;
	}
	free(text);
	return secure;
}

/* ---- What is mapped ---- */

struct mapped {
	bool library;
	bool libc;
	bool old_libc;			/* older than 2.35 */
};

/* Up to glibc 2.33 the file has the version in its name. */
static void look_at_name(struct mapped *mapped, const char *name, const char *library)
{
	size_t length = strlen(library);
	long minor;
	char *end;

	if (strncmp(name, library, length) == 0 && (!name[length] || name[length] == ' '))
		mapped->library = true;
	if (strncmp(name, "libc.so.6", 9) == 0)
		mapped->libc = true;
	if (strncmp(name, "libc-2.", 7) != 0)
		return;
	minor = strtol(name + 7, &end, 10);
	mapped->libc = true;
	mapped->old_libc = minor < 35 && strncmp(end, ".so", 3) == 0;
}

static bool read_maps(pid_t pid, const char *library, struct mapped *mapped)
{
	size_t bytes;
	char *text = read_file(pid, "maps", &bytes), *rest = NULL;

	memset(mapped, 0, sizeof(*mapped));
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		const char *slash = strrchr(line, '/');

		if (slash)
			look_at_name(mapped, slash + 1, library);
	}
	free(text);
	return text && bytes > 0;
}

/* ---- The program ---- */

static void put_short_name(pid_t pid, char exe[PATH_MAX])
{
	size_t bytes;
	char *text = read_file(pid, "comm", &bytes);

	snprintf(exe, PATH_MAX, "[%.*s]", text ? (int)strcspn(text, "\n") : 1, text ? text : "?");
	free(text);
}

/* By its status: the folder in /proc becomes root's when a process hides itself. */
static bool is_anothers(pid_t pid)
{
	unsigned long real, effective = geteuid();
	size_t bytes;
	char *text = read_file(pid, "status", &bytes), *line = text ? strstr(text, "\nUid:") : NULL;

	if (line && sscanf(line, "\nUid: %lu %lu", &real, &effective) != 2)
		effective = geteuid();
	free(text);
	return effective != geteuid();
}

/*
 * A program of another user, of whom we see nothing: rights were raised on the way there.  One that
 * is ours but hides itself says nothing.
 */
static enum hl_verdict judge_hidden(const struct hl_process *process, char exe[PATH_MAX])
{
	if (geteuid() == 0 || !is_anothers(process->pid) || process->state == 'Z')
		return HL_VERDICT_NONE;
	put_short_name(process->pid, exe);
	return HL_VERDICT_RIGHTS;
}

/*
 * The loader maps preloaded libraries before those that the program needs: with libc there and ours
 * not, it was not found.  Asked twice, as the list may change while it is read.
 */
static enum hl_verdict judge_loaded(const struct hl_process *process, const char *library)
{
	struct mapped mapped;

	for (int i = 0; i < 2; i++)
		if (!read_maps(process->pid, library, &mapped) || mapped.library || !mapped.libc)
			return HL_VERDICT_NONE;
	return HL_VERDICT_ABSENT;
}

static enum hl_verdict judge_environment(const struct hl_process *process, const char *library)
{
	int secure = is_secure(process->pid), there;

	if (!process->has_environment)
		return HL_VERDICT_NONE;
	if (secure == 1)
		return HL_VERDICT_RIGHTS;
	there = find_variable(process->pid, "LD_PRELOAD=", library);
	if (there == 0)
		return HL_VERDICT_CLEARED;
	return there == 1 ? judge_loaded(process, library) : HL_VERDICT_NONE;
}

static enum hl_verdict judge_program(const struct hl_process *process, const char *library, enum hl_linkage linkage)
{
	switch (linkage) {
	case HL_LINKAGE_UNKNOWN:
		return HL_VERDICT_NONE;
	case HL_LINKAGE_OTHER_MACHINE:
		return HL_VERDICT_OTHER_MACHINE;
	case HL_LINKAGE_STATIC:
		return HL_VERDICT_STATIC;
	case HL_LINKAGE_OTHER_LIBC:
		return HL_VERDICT_OTHER_LIBC;
	default:
		return judge_environment(process, library);
	}
}

enum hl_verdict hl_process_judge(const struct hl_process *process, const char *library, char exe[PATH_MAX])
{
	enum hl_verdict verdict;
	enum hl_linkage linkage;
	struct mapped mapped;
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)process->pid);
	n = readlink(path, exe, PATH_MAX - 1);
	if (n < 0)
		return errno == EACCES ? judge_hidden(process, exe) : HL_VERDICT_NONE;
	exe[n] = '\0';
	if (!read_maps(process->pid, library, &mapped))
		return HL_VERDICT_NONE;
	linkage = hl_target_linkage(path);
	/* The loader of another machine maps a library of our name, too: an empty one. */
	if (mapped.library && linkage != HL_LINKAGE_OTHER_MACHINE)
		verdict = mapped.old_libc ? HL_VERDICT_OLD_LIBC : mapped.libc ? HL_VERDICT_RECORDED : HL_VERDICT_NONE;
	else
		verdict = judge_program(process, library, linkage);
	/* What was read must be of one program: it may have been replaced meanwhile. */
	return verdict != HL_VERDICT_NONE && is_unchanged(process) ? verdict : HL_VERDICT_NONE;
}
