/* SPDX-License-Identifier: MIT */
/*
 * The layout of a ledger file (heapledger-format(5) is the same text for users).
 *
 * A ledger is written in place by the preloaded shim through MAP_SHARED mappings, so every byte
 * below may be read while it changes.  This header is shared by the shim and by the readers: plain
 * data only, no function here may allocate or print.
 *
 * Everything is little endian, naturally aligned, and zero means "not there (yet)".
 */
#ifndef HL_COMMON_LEDGER_H
#define HL_COMMON_LEDGER_H

#include <assert.h>
#include <stdint.h>

#define HL_LEDGER_MAGIC "\211HLedger"	/* 8 bytes; the first is not ASCII, so no text file matches */
#define HL_LEDGER_VERSION 1u
#define HL_LEDGER_ENDIAN 0x01020304u
#define HL_LEDGER_PAGE 4096u

/* What wrote the file. */
enum hl_ledger_kind {
	HL_LEDGER_LIVE = 1,		/* the shim, in place; may still be growing */
	HL_LEDGER_SNAPSHOT = 2,		/* an immutable copy: one shard, counters already summed */
};

/* How the account ended.  NONE: still running, or nobody was left to say (SIGKILL, _exit, exec). */
enum hl_end_reason {
	HL_END_NONE = 0,
	HL_END_EXIT = 1,		/* exit() or return from main: the shim's own destructor */
	HL_END_QUICK_EXIT = 2,		/* quick_exit() */
	HL_END_STATUS = 3,		/* `heapledger record` saw the process exit; end_status: exit status */
	HL_END_SIGNAL = 4,		/* `heapledger record` saw it killed; end_status: signal number */
	HL_END_EXEC = 5,		/* the process went on as another program, with a ledger of its own */
};

/* Which domain a block belongs to: tracemalloc's domain number. */
enum hl_domain {
	HL_DOMAIN_MALLOC = 0,
	HL_DOMAIN_MMAP = 1,
	HL_NR_DOMAINS = 4,		/* 2 and 3: for hl_track() and the simulator */
};

/* Which call made a block. */
enum hl_kind {
	HL_KIND_NONE = 0,
	HL_KIND_MALLOC = 1,
	HL_KIND_CALLOC = 2,
	HL_KIND_REALLOC = 3,		/* realloc and reallocarray, also realloc(NULL, n) */
	HL_KIND_ALIGNED = 4,		/* posix_memalign, aligned_alloc, memalign, valloc, pvalloc */
	HL_KIND_MMAP = 5,
	HL_KIND_TRACKED = 6,		/* told by the program itself, domains 2 and 3 */
	HL_NR_KINDS
};

enum hl_unwind_mode {
	HL_UNWIND_AUTO = 0,		/* learned rules, libunwind for the rest */
	HL_UNWIND_CFI = 1,		/* libunwind for every stack */
	HL_UNWIND_FP = 2,		/* frame pointers only */
};

enum hl_ledger_flags {
	HL_FLAG_MMAP = 1u << 0,		/* anonymous mappings were recorded as domain 1 */
	HL_FLAG_FORKED = 1u << 1,	/* starts in a forked child: blocks of the parent are not in it */
	HL_FLAG_UNDERLYING = 1u << 2,	/* the program's malloc is not glibc's (see hl_ledger_header.allocator) */
	HL_FLAG_OWN_MALLOC = 1u << 3,	/* a malloc of the program's own comes before the shim's */
	HL_FLAG_OWN_NEW = 1u << 4,	/* the operator new of that allocator is in use, which calls no malloc */
	HL_FLAG_NAMESPACES = 1u << 5,	/* there are objects in other namespaces of the loader; set when seen */
	HL_FLAG_SANITIZER = 1u << 6,	/* nothing recorded: a sanitizer wants the allocator for itself */
};

/* Bytes in the STRINGS sections; offset is relative to the start of all strings (see hl_section). */
struct hl_string {
	uint32_t offset;
	uint32_t length;		/* without a terminator */
};

/*
 * Page 0.  Written before `state` becomes non-zero (store-release), except for the fields after
 * `state`, which the end of the process or `heapledger record` fills in.
 */
struct hl_ledger_header {
	char magic[8];
	uint32_t version;
	uint32_t endian;
	uint32_t header_bytes;		/* HL_LEDGER_PAGE */
	uint16_t machine;		/* ELF e_machine of the program */
	uint16_t kind;			/* enum hl_ledger_kind */
	uint64_t directory_offset;	/* first struct hl_directory */
	uint64_t session;		/* shared by all ledgers of one `heapledger record`; else 0 */
	uint32_t pid;
	uint32_t ppid;
	uint32_t flags;			/* enum hl_ledger_flags */
	uint32_t depth_limit;		/* frames kept per stack */
	uint32_t unwind_mode;		/* enum hl_unwind_mode */
	uint32_t pad0;
	uint64_t sample_bytes;		/* mean bytes between samples; 0: every block is recorded */
	uint64_t max_bytes;		/* bound of the file */
	uint64_t start_realtime_ns;	/* CLOCK_REALTIME */
	uint64_t start_monotonic_ns;	/* CLOCK_MONOTONIC, the base of all other times */
	struct hl_string exe;
	struct hl_string command;	/* argv, each argument ended by NUL */
	struct hl_string directory;	/* working directory at the start */
	struct hl_string allocator;	/* path of the object whose malloc is underneath */
	struct hl_string shim_version;

	uint32_t state;			/* 0: being made, 1: valid */
	uint32_t end_reason;		/* enum hl_end_reason */
	int32_t end_status;
	uint32_t pad1;
	uint64_t end_monotonic_ns;	/* 0: not ended */
	uint64_t snapshot_monotonic_ns;	/* HL_LEDGER_SNAPSHOT: when the copy was taken */
	uint64_t map_address;		/* of the root of address-map.h, in the program; 0: nobody may read it */
};

/* Section types.  A reader ignores a type that it does not know. */
enum hl_section_type {
	HL_SECTION_NONE = 0,
	HL_SECTION_GLOBALS = 1,		/* one struct hl_globals */
	HL_SECTION_STRINGS = 2,		/* bytes; first = offset of the chunk in the string space */
	HL_SECTION_MODULES = 3,		/* struct hl_module */
	HL_SECTION_NODES = 4,		/* struct hl_node */
	HL_SECTION_SITES = 5,		/* struct hl_site */
	HL_SECTION_SHARDS = 6,		/* struct hl_shard */
	HL_SECTION_COUNTERS = 7,	/* struct hl_counters of shard `instance` for sites first... */
	HL_SECTION_GENERATIONS = 8,	/* struct hl_generation */
	HL_SECTION_FRAMES = 9,		/* struct hl_source_frame; those in use are all the room there is */
	HL_SECTION_MARKS = 10,		/* struct hl_ledger_mark; in use: those with a time */
	HL_SECTION_THREADS = 11,	/* struct hl_ledger_thread; in use: those with a time */
	HL_SECTION_PEAKS = 12,		/* --mmap: struct hl_peak of shard `instance` for sites first... */
	HL_SECTION_SYMBOLS = 13,	/* bytes: struct hl_symbols_header, and what it tells of */
	HL_SECTION_TIMES = 14,		/* bytes: struct hl_times_header, and two arrays of struct hl_time_point */
	HL_SECTION_MOMENTS = 15,	/* bytes: struct hl_moments_header, and two areas of packed moments */
	HL_SECTION_ORDERS = 16,		/* one struct hl_orders */
};

/*
 * One chunk of a table: records first .. first + nr_records - 1 of the table (type, instance) lie
 * at offset.  nr_records is room; which records are in use, struct hl_globals tells.
 */
struct hl_section {
	uint32_t type;
	uint32_t instance;
	uint64_t first;
	uint64_t offset;
	uint32_t nr_records;
	uint32_t record_bytes;
};

/* A block of the directory; blocks are chained.  nr_entries is published with store-release. */
#define HL_DIRECTORY_ENTRIES 127u
struct hl_directory {
	uint64_t next;			/* file offset of the next block, 0: last */
	uint32_t nr_entries;
	uint32_t pad[5];
	struct hl_section entries[HL_DIRECTORY_ENTRIES];
};

/*
 * The account of a whole domain, or of the sum of domains.  A domain's epoch grows by one with every new peak of
 * its own and, with --mmap, of the sum; peak_epoch is what it was at the domain's latest peak.
 */
struct hl_domain_totals {
	int64_t current_bytes;		/* what threads have told: one alone does at each peak, others by grains */
	int64_t peak_bytes;		/* highest value of current_bytes */
	uint64_t peak_monotonic_ns;
	uint32_t peak_epoch;
	uint32_t epoch;			/* 0 in ledgers of before, which have peak_epoch alone */
};

struct hl_globals {
	struct hl_domain_totals domains[HL_NR_DOMAINS];
	uint64_t nr_nodes;		/* ids given out; a record that is still all zero is unused */
	uint64_t nr_sites;
	uint64_t nr_modules;
	uint64_t nr_shards;
	uint64_t nr_generations;
	uint64_t string_bytes;
	uint64_t file_bytes;		/* allocated so far */
	uint64_t private_bytes;		/* the shim's own anonymous memory */
	uint64_t refused_bytes;		/* growth refused, see refused_error */
	uint64_t refused_stacks;	/* stacks kept under a shorter one for lack of room */
	uint64_t early_lost;		/* events before the start that did not fit the early log */
	uint64_t threads_seen;
	uint64_t grain_bytes;		/* a thread's share of current_bytes may lag by so much */
	uint64_t first_site;		/* sites below do not count: a parent's, or cleared; 0: all do */
	uint64_t lost_blocks;		/* allocations not booked: no memory for the address map */
	/* All below is 0 in ledgers that were written before it was there; their globals are shorter. */
	struct hl_domain_totals sum;	/* --mmap: of domains 0 and 1 together */
	uint64_t peak_bound_bytes;	/* a peak may be off by so much: kept back by threads */
	uint64_t lost_children;		/* forked children that could make no ledger of their own */
	uint32_t lost_child_pid;	/* the latest of them ... */
	int32_t lost_child_error;	/* ... and why: errno */
	uint32_t sum_epochs[HL_NR_DOMAINS];	/* --mmap: each domain's epoch at the latest peak of the sum */
	int32_t refused_error;		/* why growth was refused last: errno; E2BIG: --max-size */
	uint32_t pad;
};

/*
 * A frame of a call stack in the tree of all stacks.  parent is the caller's node; a stack is named
 * by the node of its innermost frame.  ip is the return address as it stood on the stack (symbolise
 * ip - 1), except for the nodes below.
 */
struct hl_node {
	uint64_t ip;
	uint32_t parent;
	uint32_t first_site;		/* head of the chain of sites with this node */
};
/*
 * An ip with this in its upper 16 bits, which no x86-64 address has, is no address: the rest is the
 * number of a source frame.  For stacks that were never machine code: a simulator's, an
 * interpreter's, or those of a traces text.
 */
#define HL_IP_FRAME_TAG 0x8000000000000000u
#define HL_IP_TAG_MASK 0xffff000000000000u
/*
 * Another tag there is that of the module in which the address lies: of those that were loaded at one
 * place one after another, all but the first have one.
 */
#define HL_IP_TAG_SHIFT 48
#define HL_MAX_IP_TAG 0x7fffu
/* No module has this tag: there was one at the address, but something else then (code made at run time). */
#define HL_IP_TAG_STRAY HL_MAX_IP_TAG
/* No stack has more frames, whatever depth_limit says. */
#define HL_MAX_FRAMES 4096u
enum hl_reserved_node {
	HL_NODE_ROOT = 0,		/* parent of the outermost frame of a complete stack */
	HL_NODE_TRUNCATED = 1,		/* its parent where the depth limit cut the stack */
	HL_NODE_PARTIAL = 2,		/* its parent where the unwinder could not go on */
	HL_NODE_UNATTRIBUTED = 3,	/* blocks whose stack found no room at all */
	HL_NR_RESERVED_NODES = 4
};

/* A call site: one stack and one kind of call.  Counters are kept per site. */
struct hl_site {
	uint32_t node;
	uint8_t kind;			/* enum hl_kind */
	uint8_t domain;			/* enum hl_domain */
	uint16_t thread;		/* --threads: record number in THREADS + 1; 0: not known */
	uint32_t next;			/* next site with the same node, 0: last */
	uint32_t total_frames;		/* depth of the stack before it was cut; 0: as many as it has */
};
enum hl_reserved_site {
	HL_SITE_NONE = 0,
	HL_SITE_OWN = 1,		/* blocks made for the shim itself (dlopen of libunwind); not counted */
	HL_NR_RESERVED_SITES = 2
};

/*
 * The account of one site in one shard.  All fields only grow, so live = alloc - free; a block may
 * be freed in another shard than its own, so only the sum over shards is meaningful.
 *
 * peak_*: live bytes and blocks of this record at its domain's peak, if peak_epoch (the domain's epoch when
 * the record changed last) is the domain's peak_epoch or later; otherwise the record has not changed since the
 * peak and its live values are what it held.
 */
struct hl_counters {
	uint64_t alloc_count;
	uint64_t alloc_bytes;
	uint64_t free_count;
	uint64_t free_bytes;
	uint64_t temp_count;		/* freed as the allocating thread's very next event */
	uint64_t move_count;		/* reallocs that moved a block to this site */
	int64_t peak_bytes;
	int32_t peak_count;		/* saturates */
	uint32_t peak_epoch;
};

/*
 * With --mmap, beside the counters of a site: what it held at the peak of the sum of all domains, if the
 * counters' peak_epoch is the domain's sum_epochs[] or later; otherwise the live values are.
 */
struct hl_peak {
	int64_t bytes;
	int32_t count;			/* saturates */
	uint32_t epoch;			/* of the domain, when it was written in shard 0: the shim's own affair */
};

/*
 * A shard belongs to one thread at a time, which alone writes its counters; seq is odd while it
 * does; it grows by two with each event.  Shard 0 is shared by whoever has none: its fields change by
 * atomic addition, seq stays 0 and events counts.
 */
struct hl_shard {
	uint64_t seq;
	uint32_t tid;			/* 0: free */
	uint32_t pad;
	uint64_t events;		/* of shard 0; of the others: seq / 2 */
	uint64_t truncated_events;	/* allocations whose stack was cut at the depth limit */
	uint64_t partial_events;	/* allocations whose stack could not be walked to its end */
	uint64_t unknown_frees;		/* blocks that the shim did not see being made */
	uint64_t inherited_frees;	/* blocks made before the fork */
	uint64_t replaced_blocks;	/* a live block's address came back from malloc: a free was missed */
	uint64_t failed_allocs;		/* the allocator returned NULL or an error */
	uint64_t timed_events;		/* events whose own cost was measured (1 of HL_TIMED_EVERY) ... */
	uint64_t timed_ns;		/* ... and what they took together, modulo 2^64: noise can make it negative */
	/* Of the partial events, why; the rest: the stack's words or rules led nowhere. */
	uint64_t partial_no_info;	/* an object without unwind information, and no frame pointer to go by */
	uint64_t partial_code;		/* code that is in no object: made at run time */
	uint64_t partial_unwinder;	/* libunwind was not there, or could not be asked */
	uint64_t partial_budget;	/* no room for a slow step on a small stack */
	uint64_t special_at;		/* seq of the next event that looks around; 0, by who gives orders */
};
#define HL_TIMED_EVERY 1024u

/*
 * How many blocks malloc was asked for, by size: class 0 of no bytes, and class n of 2^(n - 1) to 2^n - 1.  They stand
 * behind each shard, in ledgers whose shards have so many bytes.
 */
#define HL_NR_SIZE_CLASSES 64u
struct hl_sized_shard {
	struct hl_shard shard;
	uint64_t sizes[HL_NR_SIZE_CLASSES];
};

static inline unsigned int hl_size_class(uint64_t size)
{
	/* No size has its highest bit set. */
	return 63u ^ (unsigned int)__builtin_clzll(size << 1 | 1);
}

/* A generation starts when a module was unloaded; nodes from first_node on belong to it. */
struct hl_generation {
	uint64_t first_node;
	uint64_t monotonic_ns;
};

/* A frame that is named by its source, not by an address. */
struct hl_source_frame {
	struct hl_string file;
	struct hl_string function;	/* empty: not known */
	uint32_t lineno;		/* 0: not known */
	uint32_t pad;
};

/* A thread that recorded, with --threads; what it was called last, as far as anybody looked. */
struct hl_ledger_thread {
	uint64_t start_ns;		/* its first event; 0: not there (yet) */
	uint64_t end_ns;		/* 0: it has not ended, or not by itself */
	struct hl_string name;
	uint32_t tid;
	uint32_t pad;
};
#define HL_MAX_THREADS 65535u		/* later ones are not told apart */

/* What the program had to say (hl_mark()), and the bytes of each domain then. */
struct hl_ledger_mark {
	uint64_t monotonic_ns;		/* 0: not there (yet) */
	struct hl_string text;
	int64_t current_bytes[HL_NR_DOMAINS];
	int64_t peak_bytes[HL_NR_DOMAINS];
	/* Sites from here on were made after it; 0: nobody can tell.  Not there in ledgers that were written before. */
	uint32_t first_site;
	uint32_t pad;
};

/*
 * What the program is told from outside (`heapledger ctl`).  Who gives an order has a lock on the section's bytes
 * (F_OFD_SETLKW), writes the order into ring[asked % HL_MAX_ORDERS], then asked, and then 0 into special_at of each
 * shard.  The program carries it out before its next event, and counts it in done.
 */
#define HL_MAX_ORDERS 15u
#define HL_ORDER_BYTES 240u
enum hl_order_what {
	HL_ORDER_MARK = 1,		/* a mark, and a new generation of sites */
	HL_ORDER_START = 2,		/* record (again) */
	HL_ORDER_STOP = 3,		/* forget all blocks, and record nothing */
	HL_ORDER_CLEAR = 4,		/* forget all blocks */
};

struct hl_order {
	uint64_t monotonic_ns;		/* when it was given */
	uint32_t what;			/* enum hl_order_what; others are not carried out */
	uint32_t length;		/* of a mark's text, at most HL_ORDER_BYTES */
	char text[HL_ORDER_BYTES];
};

struct hl_orders {
	uint64_t asked;			/* orders given; never more than HL_MAX_ORDERS above done */
	uint64_t done;			/* by the program alone: orders carried out, or not understood */
	uint32_t is_stopped;		/* by the program alone: nothing is recorded now */
	uint32_t pad[59];
	struct hl_order ring[HL_MAX_ORDERS];
};

#define HL_BUILD_ID_BYTES 32u
/*
 * An ELF object that was loaded from first_generation to last_generation (0: still loaded).  The addresses,
 * here and in nodes, are those where it lay first; later it may have come back to other ones.
 */
struct hl_module {
	uint64_t bias;			/* load address - ELF virtual address */
	uint64_t start;			/* lowest and one past the highest mapped address */
	uint64_t end;
	struct hl_string path;
	uint32_t first_generation;	/* generations count from 1 */
	uint32_t last_generation;
	uint32_t build_id_bytes;	/* 0: none */
	uint32_t tag;			/* of addresses in nodes: see HL_IP_TAG_SHIFT; 0: none */
	uint8_t build_id[HL_BUILD_ID_BYTES];
	uint32_t flags;			/* enum hl_module_flags */
	uint32_t pad0;
	uint64_t pad1;
};

enum hl_module_flags {
	HL_MODULE_BYPASS = 1u << 0,	/* its calls of malloc go past the shim, and could not be led here */
	HL_MODULE_NO_UNWIND = 1u << 1,	/* stacks went through code of it without unwind information */
};

/*
 * What the addresses of nodes are called, put in when the recording has ended.  It stands at the begin of the SYMBOLS
 * section; what follows is packed, and heapledger-format(5) says what is in it.
 */
struct hl_symbols_header {
	uint32_t crc;			/* CRC-32 (that of zlib) of the contents, unpacked */
	uint32_t packing;		/* enum hl_symbols_packing */
	uint64_t packed_bytes;		/* what follows the header */
	uint64_t plain_bytes;		/* what it unpacks to */
};

enum hl_symbols_packing {
	HL_SYMBOLS_PLAIN = 0,
	HL_SYMBOLS_ZLIB = 1,
};

/*
 * The course of the account, written from outside: by `heapledger record` or `watch`, never by the program, which
 * leaves room for it at its start.  The section is a page with the header, and two arrays of HL_MAX_TIMES points.
 * Points are added to the one that is active; when it is full, every second of them goes into the other one, which is
 * the active one then.  So at any moment the points below nr_times of the active array are whole.
 */
#define HL_MAX_TIMES 1024u
struct hl_time_point {
	uint64_t monotonic_ns;		/* later than the one before */
	int64_t live_bytes[HL_NR_DOMAINS];
	int64_t live_count[HL_NR_DOMAINS];
	uint64_t alloc_count;		/* of all domains, since the start */
	uint64_t temp_count;
	uint64_t resident_bytes;	/* of the process; 0: not known */
	uint64_t proportional_bytes;	/* the same, shared pages divided by their users (PSS); 0: not asked */
	uint32_t nr_threads;		/* 0: not known */
	uint32_t nr_marks;		/* marks made so far */
	uint64_t pad[2];
};

struct hl_times_header {
	uint64_t state;			/* bit 63: the active array; below it: its points */
	uint64_t interval_ns;		/* between points now; 0: nobody has written any */
	uint64_t first_interval_ns;	/* when writing began; the same unless it was doubled */
	uint32_t pid;			/* who writes, or wrote last */
	uint32_t pad;
};
#define HL_TIMES_SECOND (UINT64_C(1) << 63)
#define HL_TIMES_BYTES (HL_LEDGER_PAGE + 2 * HL_MAX_TIMES * sizeof(struct hl_time_point))

/*
 * What each call site held at some moments, written like the points above: a page with the header, and two areas of
 * HL_MOMENTS_AREA bytes, of which one is active.  In it are at most HL_MAX_MOMENTS records, each of numbers of 7 bits
 * a byte (LEB128): the time, less that of the record before; the bytes that follow; how many call sites have changed;
 * of each of these its number less that of the one before and 1, and the differences of its live bytes and of its live
 * blocks, zigzag.
 */
#define HL_MAX_MOMENTS 64u
#define HL_MOMENTS_AREA 260096u
#define HL_MOMENTS_BYTES (HL_LEDGER_PAGE + 2 * HL_MOMENTS_AREA)
struct hl_moments_header {
	uint64_t state;			/* bit 63: the active area; below it: its bytes in use */
	uint64_t interval_ns;		/* between moments now */
};

static_assert(sizeof(struct hl_ledger_header) <= HL_LEDGER_PAGE, "header fits its page");
static_assert(sizeof(struct hl_directory) == HL_LEDGER_PAGE, "directory block is a page");
static_assert(sizeof(struct hl_section) == 32, "section layout");
static_assert(sizeof(struct hl_node) == 16, "node layout");
static_assert(sizeof(struct hl_site) == 16, "site layout");
static_assert(sizeof(struct hl_counters) == 64, "counters fill a cache line");
static_assert(sizeof(struct hl_peak) == 16, "peak layout");
static_assert(sizeof(struct hl_shard) == 128, "shard layout");
static_assert(sizeof(struct hl_sized_shard) == 640, "sizes follow their shard");
static_assert(sizeof(struct hl_module) == 96, "module layout");
static_assert(sizeof(struct hl_source_frame) == 24, "source frame layout");
static_assert(sizeof(struct hl_ledger_mark) == 88, "mark layout");
static_assert(sizeof(struct hl_orders) == HL_LEDGER_PAGE, "orders fill a page");
static_assert(sizeof(struct hl_ledger_thread) == 32, "thread layout");
static_assert(sizeof(struct hl_symbols_header) == 24, "symbols header layout");
static_assert(sizeof(struct hl_time_point) == 128, "time point layout");
static_assert(sizeof(struct hl_times_header) == 32, "times header layout");

#endif
