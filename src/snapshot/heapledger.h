/* SPDX-License-Identifier: MIT */
/*
 * libheapledger: load ledgers, group their blocks by line, function or stack, and compare them.
 *
 * The object model is tracemalloc's: a snapshot holds what was allocated where, statistics() groups
 * it by a key, compare() subtracts one grouping from another.  The order of the results and their
 * text are CPython 3.11's.  No function here prints, exits or changes the locale; all return 0 or
 * -errno unless said otherwise, and write their outputs only on success.
 */
#ifndef HEAPLEDGER_H
#define HEAPLEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hl_snapshot;
struct hl_resolver;
struct hl_statistics;
struct hl_diffs;

#define HL_NO_OFFSET UINT64_MAX

/* Why reading or writing failed.  msg is a constant string; offset is a position in the file. */
struct hl_error {
	int code;			/* errno value, positive */
	uint64_t offset;		/* HL_NO_OFFSET: not about one place in the file */
	const char *msg;
};

/* Bytes inside an object; not NUL-terminated, not always UTF-8.  Valid as long as the object. */
struct hl_text {
	const char *data;
	size_t length;
};

/* What a set of call sites did.  live = allocated - freed. */
struct hl_counts {
	uint64_t alloc_count;
	uint64_t alloc_bytes;
	uint64_t free_count;
	uint64_t free_bytes;
	uint64_t temp_count;		/* freed as the allocating thread's very next event */
	uint64_t move_count;		/* reallocs that moved a block here */
	int64_t peak_bytes;		/* live at the moment of the peak; see hl_snapshot_totals() */
	int64_t peak_count;
	double variance;		/* of a group's size, if the ledger is a sample; else 0 */
};

/* The sum over all sites of one or all domains, and their peak; see hl_snapshot_totals(). */
struct hl_totals {
	struct hl_counts counts;
	int64_t live_bytes;
	int64_t live_count;
	int64_t peak_bytes;		/* the highest live_bytes ever; never below live_bytes */
	uint64_t peak_ns;		/* CLOCK_MONOTONIC; see hl_info.start_ns */
	uint64_t peak_bound_bytes;	/* the true peak may be higher by at most so much; 0: it is exact */
};

/* What the account may have missed.  All zero but for the sizes: nothing. */
struct hl_completeness {
	uint64_t events;
	uint64_t truncated_events;	/* allocations whose stack was cut at the depth limit */
	uint64_t partial_events;	/* allocations whose stack could not be walked to its end; of these ... */
	uint64_t partial_no_info;	/* ... in an object without unwind information */
	uint64_t partial_code;		/* ... in code that was made at run time */
	uint64_t partial_unwinder;	/* ... for lack of a libunwind that works */
	uint64_t partial_budget;	/* ... for lack of room on a small stack; the rest: nothing of these */
	uint64_t unknown_frees;		/* blocks that nobody saw being made */
	uint64_t inherited_frees;	/* blocks made before the fork */
	uint64_t replaced_blocks;	/* a free was missed: the address came back from malloc */
	uint64_t failed_allocs;		/* the allocator said no */
	uint64_t early_lost;		/* events before the start that found no room */
	uint64_t lost_blocks;		/* allocations not counted for lack of memory */
	uint64_t refused_bytes;		/* growth refused, see refused_error */
	uint64_t refused_stacks;	/* stacks folded into a shorter one for lack of room */
	uint64_t unattributed_count;	/* allocations without any stack */
	uint64_t file_bytes;
	uint64_t max_bytes;		/* bound of the file; 0: none */
	uint64_t private_bytes;		/* the shim's own memory beside the file */
	uint64_t own_blocks_bytes;	/* blocks made for the shim itself, not counted above */
	uint64_t timed_events;		/* events whose own cost was measured ... */
	uint64_t timed_ns;		/* ... and what they took together */
	uint64_t grain_bytes;		/* a thread's share of the current bytes may lag by so much */
	bool has_peak_bound;		/* hl_totals.peak_bound_bytes is known; else it is grain_bytes by thread */
	uint64_t threads_seen;
	uint64_t nr_stacks;		/* distinct call sites */
	uint64_t nr_frames;		/* nodes in the tree of stacks */
	int refused_error;		/* why room was refused last: errno; E2BIG: max_bytes; 0: not known */
	uint64_t lost_children;		/* forked children that could make no ledger of their own ... */
	uint32_t lost_child_pid;	/* ... the latest of them ... */
	int32_t lost_child_error;	/* ... and why: errno */
	uint64_t symbols_bytes;		/* of the file: what addresses are called; 0: not in it ... */
	uint64_t symbols_addresses;	/* ... and how many it tells of */
};

struct hl_info {
	uint16_t kind;			/* enum hl_ledger_kind: 1 written in place, 2 snapshot */
	uint16_t machine;		/* ELF e_machine */
	uint32_t format_version;
	uint32_t flags;			/* enum hl_ledger_flags */
	uint32_t pid;
	uint32_t ppid;
	uint32_t depth_limit;
	uint32_t unwind_mode;		/* enum hl_unwind_mode */
	uint32_t end_reason;		/* enum hl_end_reason */
	int32_t end_status;
	bool is_complete;		/* the program ended by itself: nothing after this is missing */
	bool is_stopped;		/* nothing was being recorded then: hl_stop(), or it was not started yet */
	uint64_t session;
	uint64_t sample_bytes;
	uint64_t start_realtime_ns;	/* since the epoch */
	uint64_t start_ns;		/* CLOCK_MONOTONIC, as the following */
	uint64_t end_ns;		/* 0: not ended, or nobody saw it */
	uint64_t snapshot_ns;		/* 0: not a snapshot */
	struct hl_text exe;
	struct hl_text command;		/* arguments, each ended by NUL */
	struct hl_text directory;
	struct hl_text allocator;
	struct hl_text shim_version;
};

/* A moment that the program marked, and the size and peak of each domain then. */
struct hl_mark_info {
	struct hl_text text;
	uint64_t monotonic_ns;		/* see hl_info.start_ns */
	int64_t current_bytes[4];	/* 0 malloc, 1 anonymous mappings, 2 and 3 of hl_track() */
	int64_t peak_bytes[4];
	bool begins_generation;		/* what was made after it is told apart: see hl_snapshot_since() */
};

struct hl_module_info {
	struct hl_text path;
	const uint8_t *build_id;
	size_t build_id_bytes;		/* 0: none */
	uint64_t bias;			/* load address - ELF virtual address */
	uint64_t start;
	uint64_t end;
	uint32_t first_generation;
	uint32_t last_generation;	/* 0: still loaded */
	uint32_t flags;			/* enum hl_module_flags */
};

/**
 * hl_snapshot_load() - read a ledger file, or a traces text (heapledger-traces(5))
 * @path: the file, borrowed, not NULL
 * @out: receives the snapshot; the caller owns it (hl_snapshot_unref())
 * @err: receives the reason of a failure; may be NULL
 *
 * Reads a finished ledger, one whose program was killed, and one that is being written: the counts
 * of a call site are nearly those of one instant, and no site has more freed than allocated.
 * No number in the file is trusted.  A file shorter than its sections say is refused, one whose sums go beyond
 * 63 bits or that has freed more than allocated, and one with stacks of more than 4096 frames.
 *
 * Cost:    O(what the file takes on the disk); memory at most about six times that, and 16 MiB and 8 times what
 *          symbols take in it.
 * Returns: 0; -ENOENT, -EACCES ... from open(); -EINVAL: not a ledger, or one of another format
 *          version; -ERANGE: what cannot be added up, or a number of a traces text; -EBADMSG: damaged;
 *          -ENODATA: truncated; -EAGAIN: not valid yet; -ENOMEM.
 * Safety:  MT-Safe | AS-Unsafe heap.  The file is mapped while it is read: should somebody else
 *          cut it at this moment, SIGBUS is raised.
 */
int hl_snapshot_load(const char *path, struct hl_snapshot **out, struct hl_error *err);

/**
 * hl_snapshot_load_fd() - the same from an open descriptor
 * @fd: open for reading, a regular file; borrowed, its position is not used
 */
int hl_snapshot_load_fd(int fd, struct hl_snapshot **out, struct hl_error *err);

enum hl_write_flags {
	HL_WRITE_FORCE = 1,		/* replace an existing file */
};

/**
 * hl_snapshot_write() - write an immutable ledger
 * @snapshot: borrowed, not NULL
 * @path: the new file; made with mode 0600, never through a symbolic link
 * @flags: enum hl_write_flags
 * @err: receives the reason of a failure; may be NULL
 *
 * The file appears under its name only when it is whole.
 *
 * Returns: 0; -EEXIST: there is such a file, and no HL_WRITE_FORCE; -EFBIG: more than 2^32 - 1
 *          nodes or sites, or a stack of more than 4096 frames; errors of open(), write() and rename(); -ENOMEM.
 * Safety:  MT-Safe if no other thread changes @snapshot | AS-Unsafe heap
 */
int hl_snapshot_write(const struct hl_snapshot *snapshot, const char *path, unsigned int flags,
		struct hl_error *err);

/**
 * hl_snapshot_write_traces() - write the live blocks as a traces text (heapledger-traces(5))
 * @resolver: names the frames; a reference is taken
 * @file: borrowed; its error state tells of failures to write
 *
 * The same snapshot gives the same bytes.  Loading the text gives the same groups of live blocks,
 * by line, file, function and stack; what was freed, objects and addresses are not in it.
 *
 * Returns: 0; -ENOMEM.
 */
int hl_snapshot_write_traces(struct hl_snapshot *snapshot, struct hl_resolver *resolver, FILE *file);

/* Owner counting; not atomic.  unref(NULL) does nothing. */
struct hl_snapshot *hl_snapshot_ref(struct hl_snapshot *snapshot);
void hl_snapshot_unref(struct hl_snapshot *snapshot);

/**
 * hl_snapshot_info() - who was recorded, and how it ended
 * @out: filled; the texts inside belong to @snapshot
 */
void hl_snapshot_info(const struct hl_snapshot *snapshot, struct hl_info *out);
void hl_snapshot_completeness(const struct hl_snapshot *snapshot, struct hl_completeness *out);

/**
 * hl_snapshot_totals() - sum over all call sites of a domain
 * @domain: 0 malloc, 1 anonymous mappings, 2 and 3 free for programs; -1: all together
 * @out: filled
 *
 * The peak is the highest live sum, at one moment, of the domains that are asked for, and counts.peak_bytes and
 * peak_count are what the call sites held at that moment.  For -1 it is that of domains 0 and 1 together, which a
 * recording with --mmap keeps beside their own; where it is not known, and for domains 2 and 3, own peaks are added:
 * an upper bound.  Of a snapshot that hl_snapshot_filter() made of some domains, -1 means these.  With threads the
 * program learns the peak from portions of a thread's bytes: peak_bound_bytes is what they may hide.
 *
 * Cost:    O(sites).
 */
void hl_snapshot_totals(const struct hl_snapshot *snapshot, int domain, struct hl_totals *out);

size_t hl_snapshot_nr_marks(const struct hl_snapshot *snapshot);

/**
 * hl_snapshot_mark() - what the program said with hl_mark(), or was told by `heapledger ctl`, in the order of time
 * @index: below hl_snapshot_nr_marks()
 */
void hl_snapshot_mark(const struct hl_snapshot *snapshot, size_t index, struct hl_mark_info *out);

/* How many threads are told apart; 0: it was recorded without `heapledger record --threads`. */
size_t hl_snapshot_nr_threads(const struct hl_snapshot *snapshot);

size_t hl_snapshot_nr_modules(const struct hl_snapshot *snapshot);

/**
 * hl_snapshot_module() - describe a loaded object
 * @index: below hl_snapshot_nr_modules()
 */
void hl_snapshot_module(const struct hl_snapshot *snapshot, size_t index, struct hl_module_info *out);

/* How blocks are grouped. */
enum hl_key {
	HL_KEY_LINENO,
	HL_KEY_FILENAME,
	HL_KEY_FUNCTION,
	HL_KEY_MODULE,
	HL_KEY_TRACEBACK,
	HL_KEY_KIND,
	HL_KEY_THREAD,			/* where recorded; needs `heapledger record --threads` */
	HL_NR_KEYS
};

/* What is shown as size and count of a group, and what orders the groups. */
enum hl_metric {
	HL_METRIC_LIVE,			/* bytes not freed */
	HL_METRIC_PEAK,			/* bytes live at the peak */
	HL_METRIC_ALLOC,		/* bytes ever allocated */
	HL_METRIC_COUNT,		/* allocations ever made: as ALLOC, ordered by count */
	HL_METRIC_TEMP,			/* as ALLOC, ordered by temp_count; groups without are left out */
	HL_NR_METRICS
};

/* The words of the command line ("lineno", "live"); the enum value of a word, or -EINVAL. */
extern const char *const hl_key_names[HL_NR_KEYS + 1];
extern const char *const hl_metric_names[HL_NR_METRICS + 1];
int hl_key_from_name(const char *name);
int hl_metric_from_name(const char *name);
/* "malloc", "calloc" ... for enum hl_kind; "?" for what this version does not know. */
const char *hl_kind_name(unsigned int kind);

/*
 * Where a frame comes from, as presets and patterns say (heapledger-origins(5)); of several the last one here.
 *
 * The line of a stack is the innermost frame of one's own, or else the innermost one that nobody has passed over.  In
 * a stack in which all are, it is the outermost one with a name, which is not that of a beginning if there is another.
 */
enum hl_role {
	HL_ROLE_OTHER,			/* nothing is said of it */
	HL_ROLE_LIBRARY,		/* passed over */
	HL_ROLE_START,			/* passed over: what a program, a thread or an initialiser begins with */
	HL_ROLE_OWN,			/* one's own */
	HL_ROLE_ALLOCATOR,		/* passed over, and not worth to be named */
	HL_ROLE_HEAP,			/* the same, with all that is inlined into it */
	HL_NR_ROLES
};
extern const char *const hl_role_names[HL_NR_ROLES + 1]; /* "other", "library" ... */

struct hl_resolve_options {
	bool no_skip;			/* the line is the innermost frame, even in an allocator */
	const char *origins;		/* presets: "std,qt" are these, "+qt" and "-std" change the default; "none" */
	const char *origins_text;	/* more presets, in the form of heapledger-origins(5); NULL: none */
	const char *origins_name;	/* what origins_text is called in complaints; NULL: "origins" */
	const char *const *pass;	/* "file:PATTERN", "object:..", "function:.." to pass over; NULL-ended */
	const char *const *own;		/* folders, sources and objects of one's own; NULL-ended */
	const char *const *wrappers;	/* functions to pass over as allocators: globs, NULL-ended */
	const char *directory;		/* files below it have a second name for filters; NULL: none */
	const char *const *debug_dirs;	/* where to look for debug files, NULL-ended; NULL: default */
	const char *sysroot;		/* a folder that stands for the root: the paths of modules are looked
					 * for in it first; NULL: none */
	bool debuginfod;		/* what is nowhere else, the servers of DEBUGINFOD_URLS are asked for */
	bool by_function;		/* a line of several functions (of a template) is a group for each */
	const char *const *source_dirs;	/* where sources may lie besides below the working directory and
					 * where programs were built, NULL-ended; NULL: nowhere */
	const char *source_file;	/* a source that may be shown wherever it lies; NULL: none */
};

/* One frame.  The strings belong to the resolver; "" where unknown, never NULL. */
struct hl_location {
	const char *filename;		/* source file; without lines "module+0xoffset", or <unknown> */
	const char *function;		/* demangled */
	const char *name;		/* the function as a programmer writes it: "std::string::append" */
	const char *module;		/* path of the object */
	uint32_t lineno;		/* 0: unknown */
	bool is_shared;			/* a line of other functions too: a template's or a macro's */
};

/**
 * hl_resolver_new() - what turns addresses into lines, and names the groups of several snapshots
 * @options: copied; NULL: defaults
 * @out: receives the resolver; the caller owns it (hl_resolver_unref())
 *
 * Groupings that shall be compared must be made with the same resolver: equal lines get equal
 * names there, whatever address they had.
 *
 * Returns: 0; -EINVAL: a preset that there is not, or no pattern, see hl_resolve_options_problem(); -ENOMEM; or -errno
 *          of opening the sysroot.
 * Safety:  a resolver belongs to one thread at a time | AS-Unsafe heap
 */
int hl_resolver_new(const struct hl_resolve_options *options, struct hl_resolver **out);
struct hl_resolver *hl_resolver_ref(struct hl_resolver *resolver);

/**
 * hl_resolve_options_problem() - why hl_resolver_new() does not want options
 *
 * Returns: one line, without a newline, which the caller frees; NULL: nothing is wrong with them, or out of memory.
 */
char *hl_resolve_options_problem(const struct hl_resolve_options *options);
void hl_resolver_unref(struct hl_resolver *resolver);

/**
 * hl_resolver_set_progress() - be told how far symbolising has come
 * @progress: called now and then with @arg, and once with @done == @total; NULL: nobody
 */
void hl_resolver_set_progress(struct hl_resolver *resolver,
		void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg);

/**
 * hl_resolver_add_process() - find modules in a process that still lives
 * @process: descriptor of /proc/PID, borrowed; the caller knows that it is the recorded process's
 * @pid: what its paths are called by
 *
 * Modules that were not asked for yet are looked for in its root, too, and among what it executes and maps, and
 * used if their build-id is the recorded one.
 *
 * Returns: 0; -EACCES, -ESRCH or another -errno; -ENOMEM.
 */
int hl_resolver_add_process(struct hl_resolver *resolver, int process, int pid);

/**
 * hl_resolver_set_fetch_progress() - be told how far a file of debuginfod's servers has come
 * @progress: called some times a second with the bytes so far and in all (0: not known), and with twice 0 at its end
 */
void hl_resolver_set_fetch_progress(struct hl_resolver *resolver,
		void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg);

/**
 * hl_resolver_fetch_error() - why debuginfod's servers could not be asked
 *
 * Returns: 0: nothing was wrong so far; -EHOSTUNREACH: there is none, or none that answers; -ENOPKG: libdebuginfod
 *          is missing; -ENOMEM.
 */
int hl_resolver_fetch_error(const struct hl_resolver *resolver);

/* What was wrong with the symbols of a module. */
struct hl_symbol_problem {
	const char *module;
	const char *msg;
};

/**
 * hl_resolver_problem() - the modules that could not be symbolised as recorded
 * @index: from 0
 *
 * Returns: NULL behind the last one; otherwise owned by @resolver.  Each module comes once.
 */
const struct hl_symbol_problem *hl_resolver_problem(const struct hl_resolver *resolver, size_t index);

/**
 * hl_snapshot_merge() - one snapshot of several processes, also of several machines
 * @snapshots: @nr of them, borrowed; at least 1
 * @out: receives the sum; the caller owns it
 *
 * Objects are one where path and build-id are equal, wherever they were loaded.  Peaks are added:
 * an upper bound, because the processes had theirs at different times.
 *
 * Cost:    O(nodes).
 * Returns: 0; -EINVAL: they were sampled differently; -ERANGE: together more than 63 bits can count; -EFBIG; -ENOMEM.
 */
int hl_snapshot_merge(struct hl_snapshot *const *snapshots, size_t nr, struct hl_snapshot **out);

/* A group of blocks. */
struct hl_statistic {
	uint32_t traceback;		/* see hl_traceback_length() */
	uint32_t via;			/* traceback of what its line called, if not an allocator; 0: nothing else */
	uint32_t nr_vias;		/* if its stacks went by several, via is the one with the most bytes */
	uint32_t pad;
	int64_t size;			/* bytes and blocks of the chosen metric */
	int64_t count;
	double error_bytes;		/* standard error of size, if the ledger is a sample; else 0 */
	struct hl_counts counts;
};

struct hl_statistics {
	struct hl_statistic *items;
	size_t nr_items;
	enum hl_key key;
	enum hl_metric metric;
	int64_t total_size;		/* of the blocks, each once; of HL_METRIC_PEAK hl_totals.peak_bytes */
	int64_t total_count;
	double total_error_bytes;	/* standard error of total_size, if the ledger is a sample; else 0 */
	bool is_cumulative;		/* see hl_snapshot_statistics_cumulative() */
	struct hl_counts all;		/* of the blocks, each once, also of groups that are left out */
	struct hl_resolver *resolver;
};

/**
 * hl_snapshot_statistics() - group the blocks
 * @snapshot: borrowed, not NULL
 * @resolver: a reference is taken
 * @key: what makes a group
 * @metric: what is counted
 * @out: receives the groups; the caller owns it (hl_statistics_unref())
 *
 * Shape:   largest first: by (size, count, traceback), for COUNT by (count, size, traceback), for
 *          TEMP by (temp_count, size, count, traceback); tracebacks compare as tuples of (filename,
 *          lineno), oldest frame first, and the greater one comes first.  The order is total.
 *          Groups in which the metric counts nothing are left out.
 * Units:   bytes and blocks.
 * Cost:    O(nodes + groups log groups), and one symbol lookup for each distinct address.
 * Returns: 0; -EINVAL: unknown key or metric; -EFBIG: more different names and addresses than a file of its size may
 *          have, some 48,000 and one for each 175 bytes; -ENOMEM.
 * Safety:  MT-Safe if no other thread uses @snapshot or @resolver | AS-Unsafe heap
 * Source:  tracemalloc.Snapshot.statistics (CPython 3.11)
 */
int hl_snapshot_statistics(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		enum hl_key key, enum hl_metric metric, struct hl_statistics **out);

/**
 * hl_snapshot_statistics_cumulative() - the same, with all frames of each block
 *
 * Every frame of a block's stack, from its line outwards, gets the block, as often as it occurs: of
 * a recursion the sum of the groups exceeds the memory.  total_size and total_count are those of
 * the blocks, each once.
 *
 * Returns: as above; also -EINVAL for HL_KEY_TRACEBACK, which has no such mode, and -ERANGE: a group of a recursion
 *          goes beyond 63 bits.
 */
int hl_snapshot_statistics_cumulative(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		enum hl_key key, enum hl_metric metric, struct hl_statistics **out);
void hl_statistics_unref(struct hl_statistics *statistics);

/* How a group came to its difference. */
enum hl_change {
	HL_CHANGE_SAME,
	HL_CHANGE_GREW,			/* in bytes; of equal bytes in blocks */
	HL_CHANGE_SHRANK,
	HL_CHANGE_NEW,			/* only in the new grouping */
	HL_CHANGE_GONE,			/* only in the old one */
	HL_NR_CHANGES
};
extern const char *const hl_change_names[HL_NR_CHANGES + 1];

/* The difference of a group: new minus old. */
struct hl_statistic_diff {
	uint32_t traceback;
	uint32_t change;		/* enum hl_change */
	int64_t size;			/* in the new snapshot; 0 if gone */
	int64_t size_diff;
	int64_t count;
	int64_t count_diff;
	uint32_t via;			/* see struct hl_statistic; of a group that is gone in the old snapshot */
	uint32_t nr_vias;
};

struct hl_diffs {
	struct hl_statistic_diff *items;
	size_t nr_items;
	enum hl_key key;
	enum hl_metric metric;
	int64_t total_size;		/* of the new snapshot */
	int64_t total_size_diff;
	int64_t total_count;
	int64_t total_count_diff;
	double total_error_bytes;	/* of total_size_diff, at most, if one of them is a sample; else 0 */
	struct hl_resolver *resolver;
};

/**
 * hl_snapshot_align() - name the places of an older build as the newer one has them
 * @old: earlier snapshot; its places are named anew from here on, for @resolver
 * @new_: later snapshot
 *
 * To be called before @old is grouped.  Objects with the same build-id (of those without one: the
 * same path) are left alone.  In the others a frame of @old becomes that of the function of the same
 * name in @new_, in the line with the same distance from the function's beginning; where no line is
 * known, at the same distance in bytes.  Of several functions of the name the one in a file of the
 * same path, or else of the same name, is taken.  What has no such function can equal nothing in
 * @new_.
 *
 * Cost:    as hl_snapshot_filter() of both; nothing more when all objects are the same.
 * Returns: 0; -ENOMEM.
 */
int hl_snapshot_align(struct hl_snapshot *old, struct hl_snapshot *new_,
		struct hl_resolver *resolver);

/**
 * hl_traceback_moved_from() - where the line of a group was in the older build
 *
 * Returns: owned by @resolver, valid until its next hl_snapshot_align(); NULL: it did not move.
 */
const struct hl_location *hl_traceback_moved_from(const struct hl_resolver *resolver,
		uint32_t traceback);

/**
 * hl_statistics_compare() - subtract one grouping from another
 * @old: earlier grouping, borrowed, not NULL
 * @new_: later grouping, borrowed, not NULL; same resolver, key and metric
 * @out: receives the differences; the caller owns it (hl_diffs_unref())
 *
 * Shape:   every group of either side, by (|size_diff|, size, |count_diff|, count, traceback),
 *          largest first; the order is total.
 *          The totals are those of the groupings: of cumulative ones, too, each block is in them once.
 * Units:   bytes and blocks, signed 64 bit.
 * Cost:    O(n log n) in groups; allocates.
 * Returns: 0; -EINVAL: the groupings do not belong together; -ENOMEM.
 * Safety:  MT-Safe if no other thread changes @old or @new_ | AS-Unsafe heap
 * Source:  tracemalloc.Snapshot.compare_to (CPython 3.11)
 */
int hl_statistics_compare(const struct hl_statistics *old, const struct hl_statistics *new_,
		struct hl_diffs **out);
void hl_diffs_unref(struct hl_diffs *diffs);

/**
 * hl_traceback_length() - number of frames of a group
 * @traceback: from a statistic of this resolver
 *
 * Of HL_KEY_TRACEBACK call stacks are equal whose frames have equal files, lines and functions.
 * For every other key the traceback is one pseudo frame: (filename, lineno) for
 * LINENO, (filename, 0) for FILENAME, the function with its file for FUNCTION, the module for
 * MODULE, for KIND the kind's name as filename, and for THREAD its name and number ("main #1").
 */
size_t hl_traceback_length(const struct hl_resolver *resolver, uint32_t traceback);

/**
 * hl_traceback_frame() - one frame of a group
 * @index: 0 is the most recent frame
 *
 * Returns: owned by @resolver, valid until its next hl_snapshot_statistics(); NULL if out of range.
 */
const struct hl_location *hl_traceback_frame(const struct hl_resolver *resolver, uint32_t traceback,
		size_t index);

/**
 * hl_traceback_line() - the frame that stands for the group
 *
 * Returns: see enum hl_role.  Owned by @resolver as above.
 */
const struct hl_location *hl_traceback_line(const struct hl_resolver *resolver, uint32_t traceback);

#ifdef __cplusplus
}
#endif

#include "heapledger-filter.h"
#include "heapledger-text.h"
#include "heapledger-times.h"
#include "heapledger-pages.h"
#include "heapledger-tree.h"

#endif
