/* SPDX-License-Identifier: MIT */
/*
 * What kind of program is to be recorded, and why it may not be possible.
 */
#ifndef HL_CLI_TARGET_H
#define HL_CLI_TARGET_H

#include <stdbool.h>
#include <stddef.h>

struct hl_target {
	char path[4096];		/* what will be executed */
	char exe[4096];			/* the program itself: of a script its interpreter */
};

/* Which allocator a program has inside. */
struct hl_allocator {
	bool own_malloc;		/* it defines malloc itself: only part of it may be seen */
	char name[64];			/* known by its symbols or libraries: "jemalloc"; or "" */
};

/**
 * hl_target_find() - look a program up as execvp() does
 * Returns: 0; -ENOENT: not found; -EACCES: found, but not executable; -EISDIR: a path to a folder;
 * -ENAMETOOLONG.
 */
int hl_target_find(const char *name, struct hl_target *target);

/**
 * hl_target_check() - can the shim be preloaded into it?
 * @reason: receives a text for the user, why not and what to do instead
 *
 * Follows #! to the interpreter and fills target->exe.  Reads the ELF headers; whatever it cannot
 * read it lets pass, the kernel will say.
 * Returns: 0; -ENOTSUP with @reason filled.
 */
int hl_target_check(struct hl_target *target, char *reason, size_t reason_bytes);

/* How a program is linked; of ld.so itself, as that of what it loads. */
enum hl_linkage {
	HL_LINKAGE_UNKNOWN = 0,		/* no ELF file, or it cannot be read */
	HL_LINKAGE_GLIBC,
	HL_LINKAGE_STATIC,
	HL_LINKAGE_OTHER_LIBC,
	HL_LINKAGE_OTHER_MACHINE,
};

/** hl_target_linkage() - how the program in @path is linked */
enum hl_linkage hl_target_linkage(const char *path);

/**
 * hl_target_allocator() - look for an allocator inside a program
 * @path: an ELF file; nothing is found in others
 */
void hl_target_allocator(const char *path, struct hl_allocator *allocator);

#endif
