/* SPDX-License-Identifier: MIT */
/*
 * Symbols: from an address in an ELF object to functions and source lines, inlined calls included.
 *
 * The caller names modules as they were recorded (path and build-id) and asks for ELF virtual
 * addresses.  Nothing is opened before the first question about a module, and of a module only the
 * compilation units that are asked for are indexed.  A file that is not the recorded one is never
 * used.  Where files are looked for is in elf-places.h.  No network access happens unless
 * options.debuginfod asks for it.
 */
#ifndef HL_SNAPSHOT_SYMBOLS_H
#define HL_SNAPSHOT_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hl_named_folders;
struct hl_symbols;

/* Where a frame's names come from. */
enum hl_frame_source {
	HL_FRAME_DWARF,			/* function from debugging information */
	HL_FRAME_SYMTAB,		/* function from a symbol table; a line, if any, from DWARF */
	HL_FRAME_OFFSET,		/* nothing known: function is "module+0xoffset" */
};

/*
 * One frame.  All strings belong to the struct hl_symbols and live as long as it does; equal
 * strings are one pointer, so frames can be grouped by comparing pointers.
 */
struct hl_frame {
	const char *function;		/* demangled; never NULL */
	const char *linkage_name;	/* as the linker knows it (C: the plain name); NULL: not known */
	const char *file;		/* absolute where the compiler tells its directory; NULL: not known */
	uint32_t line;			/* 0: not known */
	uint32_t function_line;		/* where the function begins; 0: not known */
	uint64_t function_start;	/* HL_FRAME_SYMTAB: address of its symbol; else 0 */
	bool inlined;			/* inlined into the next frame of the chain */
	enum hl_frame_source source;
};

struct hl_symbols_options {
	const char *const *debug_dirs;	/* searched before /usr/lib/debug; NULL: none */
	size_t nr_debug_dirs;
	const char *sysroot;		/* a folder that stands for the root, looked at first; NULL: none */
	bool debuginfod;		/* what is nowhere else, the servers of DEBUGINFOD_URLS are asked for */
	struct hl_named_folders *folders; /* borrowed: is told where verified programs were built; NULL */
	bool keep_parameters;		/* function = "f(int)"; by default "f", as reports need it */
};

/* What can be said about addresses of a module; ordered from best to worst. */
enum hl_symbols_status {
	HL_SYMBOLS_DWARF,		/* functions, inlined functions and lines */
	HL_SYMBOLS_SYMTAB,		/* function names of a symbol table */
	HL_SYMBOLS_STRIPPED,		/* the file holds neither */
	HL_SYMBOLS_CHANGED,		/* the file on disk is not the recorded one: not used */
	HL_SYMBOLS_MISSING,		/* no such file, or no permission to read it */
	HL_SYMBOLS_UNREADABLE,		/* not an ELF file, or a damaged one */
	HL_SYMBOLS_VIRTUAL,		/* never was a file: "[vdso]", "" */
};

struct hl_symbols_info {
	enum hl_symbols_status status;
	bool verified;			/* the build-id was recorded and is that of the files used */
	bool dwarf_unreadable;		/* DWARF is there, but damaged or compressed in an unknown way */
	bool alt_missing;		/* the file shared between debug files (dwz) was not found */
	bool split_missing;		/* a .dwo file of a unit that was asked for was not found */
	const char *file;		/* ELF file in use; NULL: none */
	const char *debug_file;		/* file that the DWARF comes from, may be @file; NULL: none */
	const char *text;		/* one line for the user; NULL: nothing is wrong or restricted */
};

/**
 * hl_symbols_new() - make an empty symboliser
 * @options: copied; NULL for the defaults
 *
 * Returns: the object (hl_symbols_free()); NULL + errno ENOMEM, or that of opening the sysroot.
 * Safety:  MT-Safe | AS-Unsafe heap
 */
struct hl_symbols *hl_symbols_new(const struct hl_symbols_options *options);

/**
 * hl_symbols_free() - release a symboliser and every string it returned
 * @symbols: may be NULL
 */
void hl_symbols_free(struct hl_symbols *symbols);

/**
 * hl_symbols_add_process() - look in the root of a process that lives, too, and at what it has mapped
 * @process: descriptor of /proc/PID, borrowed; it is that of the recorded process
 *
 * For modules that were not opened yet; nothing is used that has not the recorded build-id.
 *
 * Returns: 0; -EACCES, -ESRCH and other errors of openat(); -ENOMEM.
 */
int hl_symbols_add_process(struct hl_symbols *symbols, int process, int pid);

/* Be told how far a file of debuginfod's servers has come; see hl_debuginfod_progress. */
void hl_symbols_set_fetch_progress(struct hl_symbols *symbols,
	void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg);

/* Why debuginfod's servers could not be asked, see hl_debuginfod_error(); 0: nothing was wrong. */
int hl_symbols_fetch_error(const struct hl_symbols *symbols);

/**
 * hl_symbols_module() - name a module
 * @symbols: borrowed, not NULL
 * @path: as recorded, not NULL; "(deleted)" at its end, "[vdso]" and "" are understood
 * @build_id: recorded build-id, copied; NULL if @length is 0
 * @length: bytes of @build_id, 0: none was recorded, and the file at @path is used unverified
 *
 * The same path and build-id give the same handle.  No file is touched.
 *
 * Cost:    O(1).
 * Returns: handle >= 0; -EINVAL: a build-id longer than HL_SYMBOLS_BUILD_ID_MAX; -ENOMEM.
 * Safety:  MT-Unsafe race:symbols | AS-Unsafe heap
 */
int hl_symbols_module(
	struct hl_symbols *symbols, const char *path, const uint8_t *build_id, size_t length);
#define HL_SYMBOLS_BUILD_ID_MAX 64u

/**
 * hl_symbols_lookup() - the frames of one address
 * @symbols: borrowed, not NULL
 * @module: handle of hl_symbols_module(); one that is none gives one HL_FRAME_OFFSET frame
 * @vaddr: ELF virtual address: return address - 1 - load bias
 * @frames: receives the chain, innermost (inlined) function first; the last one is the function
 *          that has the machine code, the only one with inlined == false
 * @max: room in @frames, at least 1
 *
 * A chain longer than @max loses its outermost inlined frames; the last frame is always there.
 * An inlining frame's line is that of the call which was inlined into it.
 *
 * Cost:    the first address of a compilation unit indexes the unit (about 10 ms per MB of its
 *          code), the first of a module opens it; then O(log n).
 * Returns: number of frames, >= 1.  Out of memory shows as frames with less in them.
 * Safety:  MT-Unsafe race:symbols | AS-Unsafe heap
 */
size_t hl_symbols_lookup(struct hl_symbols *symbols, int module, uint64_t vaddr,
	struct hl_frame *frames, size_t max);

/**
 * hl_symbols_module_info() - what is known of a module, for the user
 * @symbols: borrowed, not NULL
 * @module: handle of hl_symbols_module()
 * @info: receives the answer; its strings belong to @symbols
 *
 * Opens the module if no lookup has done so yet.  Whether .dwo files are missing is known of what was looked up.
 *
 * Returns: 0; -EINVAL: no such handle.
 * Safety:  MT-Unsafe race:symbols | AS-Unsafe heap
 */
int hl_symbols_module_info(
	struct hl_symbols *symbols, int module, struct hl_symbols_info *info);

/**
 * hl_symbols_returned_text() - what a function returns that does nothing but return a text (elf-returned.h)
 * @function: as the linker knows it
 * @text: receives the text, which lives as long as @symbols
 *
 * Opens the module if no lookup has done so yet.
 *
 * Returns: 0; -ENOENT: not the recorded file, or no such function in it; -ENOTSUP: the function does more.
 * Safety:  MT-Unsafe race:symbols | AS-Unsafe heap
 */
int hl_symbols_returned_text(
	struct hl_symbols *symbols, int module, const char *function, const char **text);

struct hl_elf_segment;

/**
 * hl_symbols_segment() - where the machine code of a module is in its file
 * @symbols: borrowed, not NULL
 * @module: handle of hl_symbols_module()
 * @out: receives the executable segment, in whole pages
 *
 * Opens the module if no lookup has done so yet.
 *
 * Returns: 0; -ENOENT: not the recorded file, or it has none or several such segments.
 * Safety:  MT-Unsafe race:symbols | AS-Unsafe heap
 */
int hl_symbols_segment(struct hl_symbols *symbols, int module, struct hl_elf_segment *out);

#endif
