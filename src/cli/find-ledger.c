/* SPDX-License-Identifier: MIT */
/* Finding the ledger that a running process writes, in /proc/PID/maps. */
#include "cli/find-ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/ledger.h"
#include "snapshot/named-file.h"

/* One line of /proc/PID/maps that may be a ledger's. */
struct mapping {
	char range[48];			/* "55d0-55d1", the name in map_files */
	unsigned long inode;
	unsigned int major;
	unsigned int minor;
	const char *path;		/* inside the line; with " (deleted)" if so */
};

static bool parse_mapping(char *line, struct mapping *m)
{
	unsigned long offset;
	char flags[5];
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%47s %4s %lx %x:%x %lu %n", m->range, flags, &offset, &m->major, &m->minor,
			&m->inode, &at) < 6 || !at)
		return false;
	m->path = line + at;
	/* A child that could make no ledger has a page of its parent's, not the first, and has none. */
	return flags[3] == 's' && offset == 0 && m->path[0] == '/' && strncmp(m->path, "/dev/", 5);
}

static bool has_magic(int fd, uint32_t *pid)
{
	struct hl_ledger_header h;

	if (pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) ||
			memcmp(h.magic, HL_LEDGER_MAGIC, sizeof(h.magic)))
		return false;
	*pid = h.pid;
	return true;
}

/* @inode 0: whatever is there. */
static int open_mapped(const char *path, unsigned long inode)
{
	struct stat st;
	int fd = hl_named_open(path, HL_NAMED_MAPPED, NULL, &st);

	if (fd < 0 || !inode || st.st_ino == inode)
		return fd;
	close(fd);
	return -ENOENT;
}

static int open_mapping(pid_t pid, const struct mapping *m)
{
	char path[PATH_MAX + 64];
	int fd;

	/* The inode tells whether it is still the same file; some file systems show another there. */
	snprintf(path, sizeof(path), "/proc/%ld/root%s", (long)pid, m->path);
	fd = open_mapped(path, m->inode);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%ld/map_files/%s", (long)pid, m->range);
	return open_mapped(path, 0);
}

struct search {
	pid_t pid;
	char *name;
	int fd;				/* the best so far, or -1 */
	bool is_own;			/* it names the process as its writer */
	int refused;			/* why a mapping with a ledger's name could not be opened */
	unsigned long last_inode;
};

static bool ends_in(const char *path, const char *end)
{
	size_t length = strlen(path);
	size_t tail = strlen(end);

	return length >= tail && !strcmp(path + length - tail, end);
}

static void look_at(struct search *s, const struct mapping *m)
{
	uint32_t pid;
	int fd;

	/* A file's mappings follow each other; once is enough. */
	if (m->inode == s->last_inode || s->is_own)
		return;
	s->last_inode = m->inode;
	fd = open_mapping(s->pid, m);
	if (fd < 0) {
		if (ends_in(m->path, ".hl") || ends_in(m->path, ".hl (deleted)"))
			s->refused = fd;
		return;
	}
	if (!has_magic(fd, &pid) || (s->fd >= 0 && pid != (uint32_t)s->pid)) {
		close(fd);
		return;
	}
	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	s->is_own = pid == (uint32_t)s->pid;
	snprintf(s->name, PATH_MAX, "%.4000s", m->path);
}

int cli_find_ledger(pid_t pid, char *name, const char **reason)
{
	struct search s = {.pid = pid, .name = name, .fd = -1};
	struct mapping m;
	char path[64];
	char *line = NULL;
	size_t room = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%ld/maps", (long)pid);
	maps = fopen(path, "re");
	if (!maps) {
		*reason = errno == ENOENT ? "no such process" : "its mappings cannot be read";
		return -errno;
	}
	errno = 0;
	while (getline(&line, &room, maps) > 0)
		if (parse_mapping(line, &m))
			look_at(&s, &m);
	free(line);
	fclose(maps);
	if (s.fd >= 0)
		return s.fd;
	*reason = s.refused ? "its ledger was deleted or cannot be opened" :
		"not recorded: it has no ledger mapped";
	return s.refused ? s.refused : -ENOENT;
}

bool cli_find_ledger_header(pid_t pid, struct hl_ledger_header *header)
{
	char name[PATH_MAX];
	const char *reason;
	int fd = cli_find_ledger(pid, name, &reason);
	ssize_t n;

	if (fd < 0)
		return false;
	n = pread(fd, header, sizeof(*header), 0);
	close(fd);
	return n == sizeof(*header);
}
