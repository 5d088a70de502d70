/* SPDX-License-Identifier: MIT */
/*
 * Where the files of modules are looked for, in this order.  A place is a folder that stands for the root
 * of the file system: the one that the user named, or that of a recorded process which still lives.
 *
 *   the object	in the user's root; at its path; in the roots of processes, and what they map; among what
 *		debuginfod's client has fetched
 *   its debug	by build-id: debug folders of the user's root, those that the user named, /usr/lib/debug,
 *   file	those of processes' roots, what debuginfod's client has fetched; by .gnu_debuglink beside the
 *		object and in those folders; last, if the user asks for it, debuginfod's servers
 */
#ifndef HL_SNAPSHOT_ELF_PLACES_H
#define HL_SNAPSHOT_ELF_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define HL_DEFAULT_DEBUG_DIR "/usr/lib/debug"

struct hl_build_id {
	uint8_t bytes[64];
	size_t length;			/* 0: none */
};

struct hl_elf_place {
	int root;			/* descriptor of the folder */
	int process;			/* that of /proc/PID; -1: none */
	char *name;			/* what paths in it begin with, for the user: "/srv/image", "/proc/42/root" */
};

struct hl_debuginfod;

struct hl_elf_places {
	struct hl_elf_place *sysroot;	/* NULL: none */
	struct hl_elf_place **processes;
	size_t nr_processes;
	char **dirs;			/* of debug files, in the file system; the default one is the last */
	size_t nr_dirs;
	char **caches;			/* of debuginfod's client */
	size_t nr_caches;
	struct hl_debuginfod *servers;	/* NULL: they are not asked */
};

/* A folder of debug files. */
struct hl_debug_dir {
	const struct hl_elf_place *place;	/* NULL: in the file system */
	const char *path;
};

/**
 * hl_elf_places_add_dirs() - the folders of debug files: @dirs and the default one, and debuginfod's caches
 *
 * Returns: 0; -ENOMEM.
 */
int hl_elf_places_add_dirs(struct hl_elf_places *places, const char *const *dirs, size_t nr);

/* The user's root.  0; -ENOTDIR and other errors of open(); -ENOMEM. */
int hl_elf_places_set_sysroot(struct hl_elf_places *places, const char *path);

/**
 * hl_elf_places_add_process() - look in the root of a process, too, and at what it maps
 * @process: descriptor of /proc/PID, which is duplicated
 * @pid: for names
 *
 * Returns: 0; -EACCES, -ESRCH and other errors of openat(); -ENOMEM.
 */
int hl_elf_places_add_process(struct hl_elf_places *places, int process, int pid);
void hl_elf_places_release(struct hl_elf_places *places);

/* The folder of debug files with index @i, in the order of search; false: there is no such. */
bool hl_elf_places_dir(const struct hl_elf_places *places, size_t i, struct hl_debug_dir *out);

/**
 * hl_elf_place_open() - open an object in a place
 * @place: NULL: the file system
 *
 * Returns: as hl_named_open().
 */
int hl_elf_place_open(const struct hl_elf_place *place, const char *path, struct stat *st);

/**
 * hl_elf_place_open_mapped() - open what a process executes or has mapped, deleted or replaced as it may be
 * @place: of a process
 * @path: as recorded; the first of its mappings is meant
 * @which: 0: its program, whatever its name; 1: its mapping at @path
 * @name: receives how the file is called in /proc
 *
 * The file is only right if its build-id is.
 *
 * Returns: a descriptor, owned by the caller; -ENOENT and other errors of open().
 */
int hl_elf_place_open_mapped(const struct hl_elf_place *place, const char *path, int which, char name[128],
	struct stat *st);

/* A build-id in hexadecimal digits; with a slash behind the first byte, as below .build-id. */
#define HL_BUILD_ID_TEXT (2 * 64 + 2)
void hl_build_id_format(const struct hl_build_id *id, bool with_slash, char text[HL_BUILD_ID_TEXT]);

#endif
