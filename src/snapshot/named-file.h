/* SPDX-License-Identifier: MIT */
/*
 * Files that a file names: the one way in which a path out of a ledger, a traces text, debugging
 * information or a mapping of another process is opened.
 *
 * Whoever wrote such a path may want two things of the reader: an effect (a FIFO whose writer goes
 * on, a device, a log of the kernel that is emptied by reading, a file without end) or a disclosure
 * (a line of /etc/shadow in a report that is attached to a bug).  Hence:
 *
 *   every file	is first met by O_PATH, which has no effect, and opened only if it is a regular file of
 *		a real file system, not empty and not larger than its use allows; and it does not lie in
 *		/proc, /sys, /dev or /etc, wherever links lead.
 *   a source	is opened only below a folder that somebody vouches for, both as it is named and after
 *		all links are resolved; not below a hidden folder in there, and only if its name ends as
 *		names of sources do.  Nothing is asked of the file system about any other path.
 *
 * For a folder vouches
 *   the user	by naming it (--source-dir), or by naming the very file;
 *   the place	where the command runs, unless that is / or /home: files of the user, of root, and of
 *		the folder's owner;
 *   a program	whose build-id was recorded and is that of the file on disk: its compilation directory
 *		(see hl_named_folder_is_plausible()), and the top of the source tree around it that also
 *		holds the unit's source.  Only files of the program's owner, unless that is root.
 */
#ifndef HL_SNAPSHOT_NAMED_FILE_H
#define HL_SNAPSHOT_NAMED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

enum hl_named_use {
	HL_NAMED_OBJECT,		/* an ELF file; links are followed */
	HL_NAMED_SOURCE,		/* text whose lines are shown */
	HL_NAMED_MAPPED,		/* what a process maps, by a name in /proc of our own making */
};

enum hl_voucher {
	HL_VOUCHER_USER,
	HL_VOUCHER_PLACE,
	HL_VOUCHER_PROGRAM,
};

struct hl_named_folder;

/* Where sources may lie.  All zero: nowhere. */
struct hl_named_folders {
	struct hl_named_folder *items;
	size_t nr;
	char *here;			/* what relative names start from; NULL: they name nothing */
	char *file;			/* the file that the user named; NULL: none */
	char *real_file;		/* the same without links */
};

/**
 * hl_named_open() - open a file that a file names
 * @path: as it stands there
 * @use: what for
 * @folders: HL_NAMED_SOURCE: where sources may lie; else NULL
 * @st: receives what fstat() says of the file
 *
 * The descriptor can be read, and is closed on exec.
 *
 * Returns: the descriptor, owned by the caller; -EPERM: the rules above do not allow this path;
 *          -EINVAL: not a regular file, or an empty one; -EFBIG; or -errno of openat().
 * Safety:  MT-Safe if no other thread changes @folders | AS-Unsafe heap
 */
int hl_named_open(const char *path, enum hl_named_use use, const struct hl_named_folders *folders,
	struct stat *st);

/**
 * hl_named_open_in() - open an object that a file names, in a folder that stands for the root
 * @root: descriptor of the folder: the user named it, or it is the root of the recorded process
 * @path: as it stands there
 * @st: receives what fstat() says of the file
 *
 * As hl_named_open() with HL_NAMED_OBJECT; links do not lead out of the folder, and nothing in its
 * /proc, /sys, /dev and /etc is opened either.
 *
 * Returns: the descriptor, owned by the caller; errors as there.
 * Safety:  MT-Safe | AS-Safe
 */
int hl_named_open_in(int root, const char *path, struct stat *st);

/**
 * hl_named_folders_add() - allow sources below a folder
 * @owner: HL_VOUCHER_PROGRAM: whom the program belongs to; else not used
 *
 * Returns: 0, also if it was there already; -EPERM: it is none that this voucher can vouch for;
 *          -ENOSPC: there are too many; -ENOMEM; or -errno of realpath() and stat().
 */
int hl_named_folders_add(struct hl_named_folders *folders, const char *path,
	enum hl_voucher voucher, uid_t owner);

/**
 * hl_named_folders_add_unit() - allow the sources of a compilation unit
 * @directory: its compilation directory
 * @source: full name of its source; NULL: not known
 * @owner: whom the program belongs to
 */
void hl_named_folders_add_unit(struct hl_named_folders *folders, const char *directory,
	const char *source, uid_t owner);

/* The working directory: relative names start there, and sources may lie below.  0 or -ENOMEM. */
int hl_named_folders_add_here(struct hl_named_folders *folders);

/* A file that the user named, wherever it is; one at most.  0 or -errno of realpath(). */
int hl_named_folders_add_file(struct hl_named_folders *folders, const char *path);

void hl_named_folders_release(struct hl_named_folders *folders);

/**
 * hl_named_folder_is_plausible() - whether a program can have been built there
 * @path: absolute, without links
 *
 * Any program can claim any compilation directory.  It is none if it is / or a folder of the
 * system below it (/usr, /home, /tmp, ...), one right below /home or /var, the user's home
 * folder or one around it, /boot, /run or what hl_named_open() never opens, or below a hidden
 * folder other than .cache, .cargo, .conan2 and .rustup, where tools keep sources.
 */
bool hl_named_folder_is_plausible(const char *path);

/* Brings @path into one spelling, in place: without "//", "./" and "x/../". */
void hl_path_normalise(char *path);

#endif
