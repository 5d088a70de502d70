/* SPDX-License-Identifier: MIT */
/*
 * Whole call stacks of a snapshot with names, for exports and the like.
 */
#ifndef HL_SNAPSHOT_STACKS_H
#define HL_SNAPSHOT_STACKS_H

#include "snapshot/heapledger.h"

#ifdef __cplusplus
extern "C" {
#endif

struct hl_stacks;

/*
 * A frame of a call stack.  Frames of equal address are one object in memory, so pointers may be
 * compared; equal strings of one resolver are one pointer too.
 *
 * Where a stack is not whole its outermost frame says so: "<truncated>" (the depth limit),
 * "<partial>" (it could not be walked on) or "<unattributed>" (no room for it) as the filename,
 * without function, address and module.
 */
struct hl_stack_frame {
	struct hl_location location;
	const char *name;		/* the function, "file:line" or "module+0xoffset"; never empty */
	const char *linkage_name;	/* as the linker knows the function; "" where unknown */
	uint64_t address;		/* in the calling instruction (return address - 1); 0: none */
	uint32_t place;			/* number of the address, see hl_stacks_place() */
	int32_t module;			/* for hl_snapshot_module(); -1: none */
	bool is_inlined;		/* into the next frame of the stack */
	uint8_t role;			/* enum hl_role */
};

/* A node of the tree of all stacks: an address that was called from another one. */
struct hl_stack_call {
	uint32_t caller;		/* a smaller number; 0: none, this is the outermost */
	uint32_t place;
};

/* A call site: a stack, the kind of call, and the account. */
struct hl_stack_site {
	uint32_t call;			/* the innermost frame's */
	uint8_t kind;			/* enum hl_kind, see hl_kind_name() */
	uint8_t domain;			/* enum hl_domain */
	uint16_t pad;
	struct hl_counts counts;
};

/* Where a module's code was mapped, as /proc/PID/maps has it. */
struct hl_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset;		/* in the file, of start */
};

/**
 * hl_stacks_new() - the call stacks of a snapshot, with names
 * @snapshot: a reference is taken
 * @resolver: a reference is taken
 * @out: receives the stacks; the caller owns it (hl_stacks_unref())
 *
 * Sites that never allocated or freed are left out.  Stacks deeper than any recorded one lose
 * their outer end.
 *
 * Cost:    O(nodes), and one symbol lookup for each distinct address.
 * Returns: 0; -ENOMEM.
 * Safety:  MT-Safe if no other thread uses @snapshot or @resolver | AS-Unsafe heap
 */
int hl_stacks_new(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		struct hl_stacks **out);
void hl_stacks_unref(struct hl_stacks *stacks);

/* The call sites, in the ledger's order; two may have equal stacks. */
size_t hl_stacks_nr_sites(const struct hl_stacks *stacks);
const struct hl_stack_site *hl_stacks_site(const struct hl_stacks *stacks, size_t index);

/* Where hl_stacks_next_frame() is. */
struct hl_stack_cursor {
	uint32_t call;
	uint32_t inner;			/* frames of the address already given */
};

/* At the innermost frame of a site. */
struct hl_stack_cursor hl_stack_start(const struct hl_stack_site *site);

/**
 * hl_stacks_next_frame() - the next frame of a stack, innermost first
 * @cursor: of hl_stack_start(); moves on
 * @out: receives the frame, valid as long as @stacks
 *
 * A site has at least one frame.
 * Cost:    O(1).
 * Returns: 0: a frame; 1: the end.
 */
int hl_stacks_next_frame(const struct hl_stacks *stacks, struct hl_stack_cursor *cursor,
		const struct hl_stack_frame **out);

/**
 * hl_stacks_line() - the frame that is the line of a site
 * @out: receives the frame
 *
 * Cost:    O(frames).
 * Returns: for going on from there outwards.
 */
struct hl_stack_cursor hl_stacks_line(const struct hl_stacks *stacks, const struct hl_stack_site *site,
		const struct hl_stack_frame **out);

/**
 * hl_stacks_call() - a node of the tree of stacks
 * @call: from 1 to hl_stacks_nr_calls() - 1; 0 is what stands above the outermost frames
 *
 * For work that is done once for each node instead of once for each stack: going upwards through
 * the numbers meets each caller before what it calls.
 * Returns: owned by @stacks; place is UINT32_MAX for a number that no stack uses.
 */
size_t hl_stacks_nr_calls(const struct hl_stacks *stacks);
const struct hl_stack_call *hl_stacks_call(const struct hl_stacks *stacks, uint32_t call);

/**
 * hl_stacks_place() - the frames of an address, innermost first
 * @place: below hl_stacks_nr_places(); each is used by a stack
 * @nr: receives their number, at least 1; all but the last are inlined
 *
 * The frames of all places lie in one array, in the order of the places.
 */
size_t hl_stacks_nr_places(const struct hl_stacks *stacks);
const struct hl_stack_frame *hl_stacks_place(const struct hl_stacks *stacks, uint32_t place,
		size_t *nr);

/**
 * hl_stacks_mapping() - where the code of a module was
 * @module: below hl_snapshot_nr_modules()
 *
 * Its executable segment if the recorded file is still there, otherwise the whole module with
 * offset 0.  For a module without addresses in the stacks always the latter.
 */
struct hl_mapping hl_stacks_mapping(const struct hl_stacks *stacks, size_t module);

#ifdef __cplusplus
}
#endif

#endif
