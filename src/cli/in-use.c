/* SPDX-License-Identifier: MIT */
/* Mapped files, in /proc and by leases. */
#include "cli/in-use.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void add(struct hl_in_use *in_use, ino_t inode)
{
	if (in_use->nr && in_use->inodes[in_use->nr - 1] == inode)
		return;
	if (in_use->nr == in_use->room) {
		size_t room = in_use->room ? 2 * in_use->room : 64;
		ino_t *bigger = reallocarray(in_use->inodes, room, sizeof(*bigger));

		if (!bigger)
			return;
		in_use->inodes = bigger;
		in_use->room = room;
	}
	in_use->inodes[in_use->nr++] = inode;
}

static void read_maps(struct hl_in_use *in_use, const char *pid)
{
	char path[64], flags[5], *line = NULL;
	unsigned long inode;
	size_t room = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%.20s/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return;
	while (getline(&line, &room, maps) > 0)
		if (sscanf(line, "%*s %4s %*s %*s %lu", flags, &inode) == 2 && flags[3] == 's' && inode)
			add(in_use, (ino_t)inode);
	free(line);
	fclose(maps);
}

static void look_around(struct hl_in_use *in_use)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			read_maps(in_use, entry->d_name);
	if (dir)
		closedir(dir);
	in_use->is_known = true;
}

/* Others who open the file during a lease are announced by a signal, which would end us. */
static bool is_leased_out(int fd)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
	bool is_refused;

	sigaction(SIGIO, &ignore, &old);
	is_refused = fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
	if (!is_refused)
		fcntl(fd, F_SETLEASE, F_UNLCK);
	sigaction(SIGIO, &old, NULL);
	return is_refused;
}

bool hl_in_use_has(struct hl_in_use *in_use, int fd)
{
	struct stat st;

	if (is_leased_out(fd))
		return true;
	if (!in_use->is_known)
		look_around(in_use);
	if (fstat(fd, &st) != 0)
		return true;
	for (size_t i = 0; i < in_use->nr; i++)
		if (in_use->inodes[i] == st.st_ino)
			return true;
	return false;
}

void hl_in_use_release(struct hl_in_use *in_use)
{
	free(in_use->inodes);
	*in_use = (struct hl_in_use){0};
}
