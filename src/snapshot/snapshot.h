/* SPDX-License-Identifier: MIT */
/*
 * The inside of struct hl_snapshot, and how to build one in memory: for the reader, for programs
 * that write ledgers of their own, and for tests.
 *
 * The tables are those of common/ledger.h in dense arrays, the counters already summed over the
 * shards.  Invariants: a node's parent is a smaller id; a site's node exists; every struct
 * hl_string lies inside strings.
 */
#ifndef HL_SNAPSHOT_SNAPSHOT_H
#define HL_SNAPSHOT_SNAPSHOT_H

#include "common/ledger.h"
#include "snapshot/embedded.h"
#include "snapshot/heapledger.h"

/* Blocks that lived at some moment. */
struct hl_held {
	int64_t bytes;
	int64_t count;
};

/*
 * A call site with its account.  With globals.sum, counts.peak_* are those at the peak of the sum, and own those at
 * the peak of the site's domain.  Without a sum the domains' peaks are all there is, and own is not used.
 */
struct hl_site_counts {
	struct hl_site site;
	struct hl_counts counts;
	struct hl_held own;
};

/* The time line, see times.h. */
struct hl_times {
	struct hl_time_point *points;
	size_t nr;
	uint64_t interval_ns;		/* between the latest points; 0: there are none */
};

/* What call sites held at some moments, packed, see moments.h. */
struct hl_moments {
	unsigned char *bytes;
	size_t length;
	uint64_t interval_ns;
	uint64_t offset;		/* in the file, for messages */
};

struct hl_snapshot {
	unsigned int nr_refs;
	struct hl_ledger_header header;	/* strings point into ours */
	struct hl_globals globals;	/* the nr_ fields follow the arrays below */
	struct hl_shard shard;		/* sum of all shards */
	uint64_t sizes[HL_NR_SIZE_CLASSES]; /* of all allocations, by hl_size_class() */
	bool is_stopped;		/* the program recorded nothing then: hl_stop(), or it was not started yet */
	uint64_t nr_raised;		/* sites read with more freed than allocated: counted as all free */
	uint64_t source_bytes;		/* what the file has on the disk; 0: it comes from no file */
	uint64_t source_id;		/* the same for all that was made of one file by leaving something out */
	uint64_t site_base;		/* what was taken off the numbers of the file's call sites */
	uint64_t read_ns;		/* when a running program's ledger was read; else 0 */
	char *strings;
	struct hl_module *modules;
	struct hl_generation *generations;
	struct hl_node *nodes;
	struct hl_site_counts *sites;
	struct hl_source_frame *frames;
	size_t nr_frames;
	struct hl_ledger_mark *marks;	/* in the order in which they were made; first_site is an index of sites */
	size_t nr_marks;
	struct hl_ledger_thread *threads; /* thread n of a site is [n - 1] */
	size_t nr_threads;
	struct hl_times times;
	struct hl_moments moments;
	struct hl_embedded *embedded;	/* what its addresses are called, shared with copies; NULL: not in it */
	struct hl_resolution *resolution; /* what a resolver made of the nodes; NULL: not asked yet */
	size_t frame_room;
	size_t mark_room;
	size_t thread_room;
	size_t string_room;		/* allocated records of each */
	size_t module_room;
	size_t generation_room;
	size_t node_room;
	size_t site_room;
};

/**
 * hl_snapshot_new() - an empty snapshot: the reserved nodes and sites, one generation
 *
 * Returns: owned by the caller; NULL with errno ENOMEM.
 */
struct hl_snapshot *hl_snapshot_new(void);

/**
 * hl_snapshot_add_string() - store bytes
 * @out: receives their place in the string space
 *
 * Returns: 0; -EFBIG: more than 4 GiB of strings; -ENOMEM.
 */
int hl_snapshot_add_string(struct hl_snapshot *snapshot, const char *data, size_t length,
		struct hl_string *out);

/**
 * hl_snapshot_add_module() - store an object
 * @module: copied; path is stored too; first_generation 0 means the current one
 *
 * Returns: 0; -EINVAL: a build-id longer than HL_BUILD_ID_BYTES, or start above end; -ENOMEM.
 */
int hl_snapshot_add_module(struct hl_snapshot *snapshot, const struct hl_module_info *module);

/**
 * hl_snapshot_add_generation() - nodes added from now on belong to a new generation of modules
 */
int hl_snapshot_add_generation(struct hl_snapshot *snapshot, uint64_t monotonic_ns);

/**
 * hl_snapshot_add_node() - add a frame to the tree of stacks
 * @parent: the caller's node, or HL_NODE_ROOT, HL_NODE_TRUNCATED, HL_NODE_PARTIAL
 * @ip: return address
 * @out: receives the id
 *
 * Does not look for an equal node.
 * Returns: 0; -EINVAL: no such parent; -EFBIG: all ids used; -ENOMEM.
 */
int hl_snapshot_add_node(struct hl_snapshot *snapshot, uint32_t parent, uint64_t ip, uint32_t *out);

/**
 * hl_snapshot_add_frame() - store a frame that is named by its source
 * @out: receives the ip of nodes with this frame
 *
 * Does not look for an equal frame.
 * Returns: 0; -EFBIG: too many, or too long names; -ENOMEM.
 */
int hl_snapshot_add_frame(struct hl_snapshot *snapshot, struct hl_text file, struct hl_text function,
		uint32_t lineno, uint64_t *out);

/**
 * hl_snapshot_add_mark() - store a mark
 * @mark: copied, but for its text, which is @text
 */
int hl_snapshot_add_mark(struct hl_snapshot *snapshot, const struct hl_ledger_mark *mark,
		struct hl_text text);

/**
 * hl_snapshot_add_thread() - store a thread, whose number is nr_threads afterwards
 * @thread: copied, but for its name, which is @name
 *
 * Returns: 0; -EFBIG: more than HL_MAX_THREADS; -ENOMEM.
 */
int hl_snapshot_add_thread(struct hl_snapshot *snapshot, const struct hl_ledger_thread *thread,
		struct hl_text name);

/* The source frame of a node; NULL: it has an address, or one that is not there. */
const struct hl_source_frame *hl_snapshot_frame_of(const struct hl_snapshot *snapshot,
		uint32_t node);

/**
 * hl_snapshot_new_like() - a copy without call sites, for those that a filter keeps
 *
 * Returns: owned by the caller; NULL: out of memory.
 */
struct hl_snapshot *hl_snapshot_new_like(const struct hl_snapshot *snapshot);

/**
 * hl_snapshot_stack_depth() - frames of a site's stack before any limit cut it
 */
uint32_t hl_snapshot_stack_depth(const struct hl_snapshot *snapshot, const struct hl_site *site);

/**
 * hl_snapshot_check_depth() - whether all stacks are as deep as a ledger may have them
 *
 * Those of a traces text, which spells out each frame of each stack, may be deeper.
 * Returns: 0; -EFBIG: more than HL_MAX_FRAMES; -ENOMEM.
 */
int hl_snapshot_check_depth(const struct hl_snapshot *snapshot);

/**
 * hl_snapshot_add_site() - add a call site with its account
 *
 * Does not look for an equal site.
 * Returns: 0; -EINVAL: no such node, kind or domain; -EFBIG; -ENOMEM.
 */
int hl_snapshot_add_site(struct hl_snapshot *snapshot, uint32_t node, enum hl_kind kind,
		enum hl_domain domain, const struct hl_counts *counts);

/* Whether the peak of the malloc and mmap domains together is known: sum.peak_bytes is not 0. */
bool hl_snapshot_has_sum(const struct hl_snapshot *snapshot);

/**
 * hl_snapshot_settle_peaks() - make the peaks that were read agree with each other and with what lives
 *
 * A peak is the most of: what the program noticed, what the sites held then together, and what lives.  With threads
 * the first may lag by globals.peak_bound_bytes, which becomes less by what a peak is raised.  If most lives now,
 * this is the moment of the peak, and each site's share is what lives of it.
 */
void hl_snapshot_settle_peaks(struct hl_snapshot *snapshot);

/**
 * hl_snapshot_keep_domains() - ask about some of the domains only
 * @mask: bit d: domain d is meant
 *
 * The peak becomes that of these domains: of malloc or mmap alone its own, not its share of the sum's.
 */
void hl_snapshot_keep_domains(struct hl_snapshot *snapshot, unsigned int mask);

/* Some of the sites were left out: the peaks become what the others held at the program's peak. */
void hl_snapshot_sum_peaks(struct hl_snapshot *snapshot);

/* A node's return address, without its module's tag. */
uint64_t hl_snapshot_address_of(const struct hl_snapshot *snapshot, uint32_t node);

/**
 * hl_snapshot_module_of() - the object that a node's address lay in
 *
 * Returns: index of the module; -1: none that was loaded at the time.
 * Cost:    O(log modules) unless many objects overlap; @finder comes from hl_finder_new().
 */
struct hl_finder;
struct hl_finder *hl_finder_new(const struct hl_snapshot *snapshot);
void hl_finder_free(struct hl_finder *finder);
long hl_snapshot_module_of(const struct hl_finder *finder, uint32_t node);

/* The generation of a node, from 1. */
uint32_t hl_snapshot_generation_of(const struct hl_snapshot *snapshot, uint32_t node);

/* Remember that the snapshot was read from a file of so many bytes on the disk. */
void hl_snapshot_note_source(struct hl_snapshot *snapshot, uint64_t bytes);

/* A string of the snapshot. */
struct hl_text hl_snapshot_text(const struct hl_snapshot *snapshot, struct hl_string string);

/* Make room for one record more in an array of @room records; 0 or -ENOMEM. */
int hl_array_grow(void **array, size_t *room, size_t used, size_t record_bytes);

/*
 * Add @from to @to.  Returns: false: a sum goes beyond 63 bits, and is the nearest number that there is.  Sites of one
 * snapshot that was read, each added once, always fit.
 */
bool hl_held_add(struct hl_held *to, struct hl_held from);
bool hl_counts_add(struct hl_counts *to, const struct hl_counts *from);
/* Whether anything happened; a program that was killed in its event may have written bytes without their block. */
bool hl_counts_has_any(const struct hl_counts *counts);
/* The counts of events; who writes a shard, and its seq, is left alone. */
bool hl_shard_add(struct hl_shard *to, const struct hl_shard *from);
bool hl_sizes_add(uint64_t to[HL_NR_SIZE_CLASSES], const uint64_t from[HL_NR_SIZE_CLASSES]);

/**
 * hl_snapshot_check_sites() - whether the sites can be added up
 * @site: receives the one that cannot be, or was one too many
 * @msg: receives the reason
 *
 * Returns: 0: no sum over sites goes beyond 63 bits, and nowhere was more freed than allocated; -ERANGE.
 */
int hl_snapshot_check_sites(const struct hl_snapshot *snapshot, uint64_t *site, const char **msg);

/**
 * hl_snapshot_check_globals() - the same of the program's own totals and peaks
 *
 * To be called before the peaks are settled and again when they are, for that may raise them.
 */
int hl_snapshot_check_globals(const struct hl_snapshot *snapshot, const char **msg);

/* Fill @err (may be NULL) and return -@code. */
int hl_fail(struct hl_error *err, int code, uint64_t offset, const char *msg);

#endif
