/* SPDX-License-Identifier: MIT */
/*
 * A program that gives up what it needs to open its ledger again, as daemons do after their start, and then
 * calls malloc from many places.
 *
 * Usage: victim-rights MODE BITS [FOLDER]
 *
 * Then 2^BITS call stacks make 64 bytes each, all kept.  Nothing else allocates.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static void left(int depth, unsigned int path);
static void right(int depth, unsigned int path);

/* Each bit of @path chooses a call. */
static void deeper(int depth, unsigned int path)
{
	if (depth == 0) {
		if (!malloc(64))
			_exit(90);
	} else if (path & 1) {
		left(depth - 1, path >> 1);
	} else {
		right(depth - 1, path >> 1);
	}
}

static void left(int depth, unsigned int path)
{
	deeper(depth, path);
}

static void right(int depth, unsigned int path)
{
	deeper(depth, path);
}

static void make_stacks(int bits)
{
	for (unsigned int path = 0; path < 1u << bits; path++)
		deeper(bits, path);
}

static int nothing(const char *folder)
{
	(void)folder;
	return 0;
}

static int drop_user(const char *folder)
{
	(void)folder;
	return setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY);
}

static int change_root(const char *folder)
{
	return chroot(folder) || chdir("/");
}

static int lower(int resource)
{
	struct rlimit none = { 0, 0 };

	return setrlimit(resource, &none);
}

static int forbid_writing(const char *folder)
{
	(void)folder;
	return lower(RLIMIT_FSIZE);
}

static int forbid_opening(const char *folder)
{
	(void)folder;
	return lower(RLIMIT_NOFILE);
}

static int close_folder(const char *folder)
{
	return chmod(folder, 0);
}

static int move_folder(const char *folder)
{
	char moved[4096];

	snprintf(moved, sizeof(moved), "%s.moved", folder);
	return rename(folder, moved);
}

/* The only file in it, which keeps a name beside it; and the folder. */
static int remove_folder(const char *folder)
{
	char ledger[4096], kept[4096];

	snprintf(ledger, sizeof(ledger), "%s/a%d.hl", folder, (int)getpid());
	snprintf(kept, sizeof(kept), "%s.hl", folder);
	return link(ledger, kept) || unlink(ledger) || rmdir(folder);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 99;
	return status != 0;
}

/* A child without blocks, one with blocks, and a child of that one with blocks: two can be missed. */
static int fork_workers(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (wait_for(pid) != 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		make_stacks(5);
		pid = fork();
		if (pid == 0) {
			make_stacks(6);
			_exit(0);
		}
		_exit(wait_for(pid));
	}
	return wait_for(pid);
}

/* A child with blocks, and while it is there the shell command in ASK, with its number in CHILD. */
static int ask_about_worker(void)
{
	char number[16], byte;
	int ready[2], status;
	pid_t pid;

	if (pipe(ready) != 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		make_stacks(5);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	if (read(ready[0], &byte, 1) != 1)
		return 1;
	snprintf(number, sizeof(number), "%d", (int)pid);
	setenv("CHILD", number, 1);
	status = system(getenv("ASK"));
	kill(pid, SIGKILL);
	wait_for(pid);
	return status != 0;
}

static const struct {
	const char *name;
	int (*give_up)(const char *folder);
	int (*then)(void);
} modes[] = {
	{ "nothing", nothing, NULL },
	{ "user", drop_user, NULL },
	{ "root", change_root, NULL },
	{ "writing", forbid_writing, NULL },
	{ "opening", forbid_opening, NULL },
	{ "closed", close_folder, NULL },
	{ "moved", move_folder, NULL },
	{ "removed", remove_folder, NULL },
	{ "nothing-workers", nothing, fork_workers },
	{ "user-workers", drop_user, fork_workers },
	{ "root-workers", change_root, fork_workers },
	{ "opening-workers", forbid_opening, fork_workers },
	{ "removed-workers", remove_folder, fork_workers },
	{ "removed-asked", remove_folder, ask_about_worker },
};

int main(int argc, char **argv)
{
	size_t i = 0;

	if (argc < 3)
		return 2;
	while (i < sizeof(modes) / sizeof(modes[0]) && strcmp(argv[1], modes[i].name) != 0)
		i++;
	if (i == sizeof(modes) / sizeof(modes[0]))
		return 2;
	/* The ledger begins before. */
	free(malloc(1));
	if (modes[i].give_up(argv[3]) != 0)
		return 77;
	make_stacks(atoi(argv[2]));
	return modes[i].then ? modes[i].then() : 0;
}
