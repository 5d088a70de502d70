/* SPDX-License-Identifier: MIT */
/*
 * Names for addresses, and small numbers for names: the inside of struct hl_resolver.
 *
 * Three interned levels, each a dense array:
 *   frame      one function at one line (several for an address with inlined calls)
 *   location   what a group shows of a frame: (file, line), (file, function) ...; equal ones are
 *              one number, whatever address, module load or snapshot they came from
 *   traceback  a node of the tree of locations, most recent frame at the leaf; 0 is the root
 */
#ifndef HL_SNAPSHOT_RESOLVE_H
#define HL_SNAPSHOT_RESOLVE_H

#include "snapshot/heapledger.h"
#include "snapshot/map.h"
#include "snapshot/named-file.h"
#include "snapshot/origins.h"
#include "snapshot/snapshot.h"

/* Strings are numbers in struct hl_resolver.strings. */
struct hl_resolved_frame {
	uint32_t file;			/* or "module+0xoffset" */
	uint32_t function;
	uint32_t module;
	uint32_t lineno;
	uint32_t linkage;		/* the linker's name of the function */
	uint32_t function_line;		/* where the function begins; 0: not known */
	uint32_t apart;			/* not 0: equal places of other frames are others */
	uint64_t function_start;	/* ELF address; 0: not known */
	uint64_t vaddr;			/* of the frame */
	enum hl_role role;
};

/* The frames of an address: nr of them from first on, innermost first. */
struct hl_resolved_address {
	uint32_t first;
	uint32_t nr;
};

struct hl_named_location {
	struct hl_location public;
	uint32_t file;			/* string */
	enum hl_role role;
};

struct hl_trace_node {
	uint32_t parent;		/* the caller */
	uint32_t location;
};

/* The one traceback without frames, and what hl_map gives for no entry. */
#define HL_TRACE_ROOT 0u
#define HL_NONE UINT32_MAX

/* What a resolver made of the nodes of a snapshot; kept there, for the next question. */
struct hl_resolution {
	unsigned int nr_refs;
	struct hl_resolver *resolver;	/* a reference */
	uint64_t nr_nodes;
	bool only_lines;		/* frames beyond the lines have HL_NONE */
	uint32_t *addresses;		/* by node: index into resolver->addresses */
	uint32_t *lines;		/* by node: the frame that is the line of its stack, or HL_NONE */
};

struct hl_interned_string;
struct hl_symbols;

/* Where an object may know the source of a name that a ledger has: a look at it vouches for its folder. */
struct hl_symbol_voucher {
	int handle;			/* of the symboliser */
	uint64_t vaddr;
	uint64_t recorded_ns;		/* when the program ran last, since the epoch; 0: not known */
};

/* The frames of a traceback, most recent first. */
struct hl_unrolled {
	uint32_t traceback;
	uint32_t *frames;
	size_t nr;
	size_t room;
};

/*
 * What names and frames take is bounded by the files that they come from: a ledger's node has 16 bytes, and one with
 * an address of its own takes 700 here.  A ledger of a program has many nodes for each address.
 */
#define HL_NAME_BYTES 150u		/* beside the name itself */
#define HL_ADDRESS_BYTES 500u
#define HL_FREE_BYTES (UINT64_C(32) << 20)

struct hl_resolver {
	unsigned int nr_refs;
	uint64_t charged_bytes;		/* by addresses, and names that files have or that are made of them */
	uint64_t allowed_bytes;		/* 4 times the files so far, and HL_FREE_BYTES for each */
	struct hl_map sources;		/* the files: source_id -> 0 */
	bool no_skip;
	bool by_function;
	bool has_own_sources;		/* the user says where sources are */
	void (*progress)(void *arg, uint64_t done, uint64_t total); /* NULL: nobody wants to know */
	void *progress_arg;
	struct hl_unrolled *unrolled;	/* for who asks for one frame after another; of a resolver that is const, too */
	char *directory;		/* NULL: none */
	struct hl_origins *origins;
	struct hl_named_folders folders; /* where sources may lie */
	struct hl_symbols *symbols;
	struct hl_interned_string *strings_by_text;
	const char **strings;
	uint8_t (*roles)[HL_NR_ORIGIN_PARTS]; /* by string: 0 not asked yet, else 1 + role */
	uint32_t *short_names;		/* by string: its short form, HL_NONE: not asked yet */
	struct hl_resolved_frame *frames;
	struct hl_resolved_address *addresses;
	struct hl_named_location *locations;
	struct hl_trace_node *traces;
	struct hl_symbol_problem *problems;
	int *modules;			/* handles of the symboliser that were used */
	struct hl_map voucher_map;	/* file of the ledger's own symbols -> vouchers */
	struct hl_symbol_voucher *vouchers;
	size_t nr_vouchers, voucher_room;
	struct hl_map moved_map;	/* (file, line) of a newer build -> moved */
	struct hl_location *moved;	/* where it was in the older one */
	size_t nr_moved, moved_room;
	struct hl_map source_map;	/* (file, function; line) -> addresses, of source frames */
	struct hl_map address_map;	/* (module handle, ELF address) -> addresses */
	struct hl_map location_map;	/* (file, function; line, module) -> locations */
	struct hl_map trace_map;	/* (parent, location) -> traces */
	size_t nr_strings, string_room, role_room, short_room;
	size_t nr_frames, frame_room;
	size_t nr_addresses, address_room;
	size_t nr_locations, location_room;
	size_t nr_traces, trace_room;
	size_t nr_problems, problem_room;
	size_t nr_modules, module_room;
};

/**
 * hl_resolve_nodes() - the frames of every node of a snapshot
 * @only_lines: only as far outwards as the line of each stack: the names of outer frames, and with
 *              them whole objects with their debugging information, are left alone
 * @out: receives, by node, an index into resolver->addresses, HL_NONE for what was left alone; the
 *       caller frees it
 *
 * Returns: 0; -EFBIG: more different names and addresses than a file of this size may have; -ENOMEM.
 */
int hl_resolve_nodes(struct hl_resolver *resolver, const struct hl_snapshot *snapshot,
		bool only_lines, uint32_t **out);

/**
 * hl_snapshot_resolve() - the same, remembered by the snapshot, with the line of each stack
 *
 * Returns: 0; -EFBIG; -ENOMEM.  @snapshot->resolution is that of @resolver afterwards.
 */
int hl_snapshot_resolve(struct hl_snapshot *snapshot, struct hl_resolver *resolver);
/* For who asks for the lines of stacks only, see hl_resolve_nodes(). */
int hl_snapshot_resolve_lines(struct hl_snapshot *snapshot, struct hl_resolver *resolver);
/* Find the line of each stack again, after addresses were changed; 0 or -ENOMEM. */
int hl_resolution_find_lines(struct hl_resolution *resolution, const struct hl_snapshot *s);
struct hl_resolution *hl_resolution_ref(struct hl_resolution *resolution);
void hl_resolution_unref(struct hl_resolution *resolution);

/**
 * hl_resolution_line() - the frame that is the line of a stack
 * @node: its innermost frame, no reserved node
 *
 * Returns: index into resolver->frames: see enum hl_line_grade.
 */
uint32_t hl_resolution_line(const struct hl_resolution *resolution, uint32_t node);

/**
 * hl_resolution_find() - where in a stack a frame is
 * @node: the innermost frame of the stack; receives the node that the frame is of
 * @frame: index into resolver->frames, of a frame of the stack
 *
 * Returns: the frame that it called, also an index; HL_NONE: @frame is the innermost one.
 */
uint32_t hl_resolution_find(const struct hl_resolution *resolution, const struct hl_snapshot *s, uint32_t *node,
		uint32_t frame);

/*
 * How much a frame is the line of its stack: the best one is.  Of frames that nobody has passed over it is the
 * innermost one, of others the outermost one.
 */
enum hl_line_grade {
	HL_LINE_NONE,			/* no frame yet */
	HL_LINE_START,
	HL_LINE_NAMELESS,		/* passed over, and not even named */
	HL_LINE_PASSED,
	HL_LINE_OTHER,
	HL_LINE_OWN,
};
enum hl_line_grade hl_line_grade(enum hl_role role, bool is_named);
/* Going outwards or inwards with @best so far: is the next frame, of @grade, better? */
bool hl_line_is_further_out(enum hl_line_grade grade, enum hl_line_grade best);
bool hl_line_is_further_in(enum hl_line_grade grade, enum hl_line_grade best);

/* What the origins say of a frame; the frame's own role is not looked at. */
enum hl_role hl_resolver_role(struct hl_resolver *resolver, const struct hl_resolved_frame *frame);

/* Of the frames of an address, [first] the innermost one: what is inlined into the heap is the heap. */
void hl_resolver_close_heap(struct hl_resolver *resolver, size_t first, size_t end);

/* Store a frame with its role; 0 or -ENOMEM. */
int hl_resolver_add_frame(struct hl_resolver *resolver, const struct hl_resolved_frame *frame);

/* Remember what was wrong with an object that is used, see hl_resolver_problem(); 0 or -ENOMEM. */
int hl_resolver_meet_module(struct hl_resolver *resolver, int handle, const char *path);

/* "libz.so.1+0x2f80": where no line is known, and the same in every run; HL_NONE: out of memory. */
uint32_t hl_resolver_offset_string(struct hl_resolver *resolver, const char *path, uint64_t vaddr);

/* A string's number; HL_NONE: out of memory, or more than is allowed. */
uint32_t hl_resolver_string(struct hl_resolver *resolver, const char *text);
/* The same of one that is there; else HL_NONE. */
uint32_t hl_resolver_find_string(const struct hl_resolver *resolver, const char *text);
void hl_resolver_free_strings(struct hl_resolver *resolver);

/**
 * hl_resolver_short_name() - the short form of a function's name (short-name.h), made once
 * @function: a string
 *
 * What it takes is not counted: it is shorter than the name, which is.
 * Returns: owned by @resolver; NULL: out of memory.
 */
const char *hl_resolver_short_name(struct hl_resolver *resolver, uint32_t function);

/* Names of @snapshot are going to be asked for, which may take as much as its file allows; 0 or -ENOMEM. */
int hl_resolver_allow(struct hl_resolver *resolver, const struct hl_snapshot *snapshot);
/* More was asked for than the files allow. */
bool hl_resolver_is_full(const struct hl_resolver *resolver);

/**
 * hl_resolver_location() - the number of a location, made if new
 * @key: the parts that make it: strings or 0 (the empty string), and a line
 * @frame: what is shown of it if it is new
 *
 * Returns: number; HL_NONE: out of memory.
 */
uint32_t hl_resolver_location(struct hl_resolver *resolver, const struct hl_resolved_frame *key,
		const struct hl_resolved_frame *frame);

/* The frame of a traceback that is its line, as a traceback with its callers; the root's is the root. */
uint32_t hl_resolver_trace_line(const struct hl_resolver *resolver, uint32_t traceback);

/* The traceback of @location called from @parent; HL_NONE: out of memory. */
uint32_t hl_resolver_trace(struct hl_resolver *resolver, uint32_t parent, uint32_t location);

/* Add a call site of a snapshot to another that has the same nodes; 0 or -ENOMEM. */
int hl_snapshot_copy_site(struct hl_snapshot *copy, const struct hl_site_counts *site);

/**
 * hl_snapshot_keep() - a snapshot with some of the call sites of another
 * @verdicts: by site; those that are @wanted are kept
 * @domains: bit d: sites of domain d are meant at all
 *
 * Returns: 0; -ENOMEM.
 */
#define HL_ALL_DOMAINS ((1u << HL_NR_DOMAINS) - 1)
int hl_snapshot_keep(const struct hl_snapshot *s, const uint8_t *verdicts, uint8_t wanted, unsigned int domains,
		struct hl_snapshot **out);

/**
 * hl_snapshot_suppress_all() - hl_snapshot_suppress() with many patterns, one after the other
 * @suppressed: by pattern, what none before it had and it has
 *
 * Cost:    O(nodes + names * patterns), of which nearly all is the comparison of two words.
 */
int hl_snapshot_suppress_all(struct hl_snapshot *snapshot, struct hl_resolver *resolver, const char *const *patterns,
		size_t nr, struct hl_counts *suppressed, struct hl_snapshot **out);

/* Order of two locations: by file, line, function. */
int hl_location_compare(const struct hl_location *a, const struct hl_location *b);

/* Order of two tracebacks: tuples of (filename, lineno, function), oldest frame first. */
int hl_traceback_compare(const struct hl_resolver *resolver, uint32_t a, uint32_t b);

/**
 * hl_traceback_ranks() - what hl_traceback_compare() says of all tracebacks, as numbers
 *
 * Cost:    O(n log n) in all tracebacks, however deep.
 * Returns: by traceback, the lesser ones first; the caller frees it; NULL: out of memory.
 */
uint32_t *hl_traceback_ranks(const struct hl_resolver *resolver);

/* How many tracebacks are worth it. */
#define HL_MANY_TRACEBACKS 64u

/* Who sorts by tracebacks: by @ranks, or without them one by one. */
struct hl_trace_order {
	const struct hl_resolver *resolver;
	uint32_t *ranks;		/* NULL: there are few, or all have one frame */
};

/**
 * hl_trace_order_init() - for sorting @nr groups of @key
 *
 * Returns: 0; -ENOMEM.  free(order->ranks) ends it.
 */
int hl_trace_order_init(struct hl_trace_order *order, const struct hl_resolver *resolver, enum hl_key key, size_t nr);
int hl_trace_order_compare(const struct hl_trace_order *order, uint32_t a, uint32_t b);

#endif
