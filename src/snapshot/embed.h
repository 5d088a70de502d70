/* SPDX-License-Identifier: MIT */
/* Putting symbols into a snapshot, from the objects on this machine, and into a ledger file. */
#ifndef HL_SNAPSHOT_EMBED_H
#define HL_SNAPSHOT_EMBED_H

#include "common/ledger.h"
#include "snapshot/embedded.h"
#include "snapshot/heapledger.h"

/* No limit of time. */
#define HL_EMBED_FOREVER UINT64_MAX

/**
 * hl_snapshot_embed() - look up what the addresses of all nodes are called
 * @resolver: knows where objects are; what it has opened stays open for the next snapshot
 * @until_ns: CLOCK_MONOTONIC: what was not looked up by then is left out; HL_EMBED_FOREVER
 * @is_whole: receives whether nothing was left out for lack of time; may be NULL
 *
 * Of each object the better symbols are taken, those on this machine or those that the snapshot has; of equally good
 * ones those on this machine.  An object without a file of the recorded build-id keeps what it has, or gets nothing.
 *
 * Cost:    O(nodes), and a lookup for each address.
 * Returns: 0; -EFBIG: more than a ledger holds; -ENOMEM.  On error the snapshot is as before.
 */
int hl_snapshot_embed(struct hl_snapshot *snapshot, struct hl_resolver *resolver, uint64_t until_ns, bool *is_whole);

/* What it has, borrowed; NULL: nothing. */
const struct hl_embedded *hl_snapshot_symbols(const struct hl_snapshot *snapshot);
void hl_snapshot_forget_symbols(struct hl_snapshot *snapshot);

/**
 * hl_embedding_add_moved() - the symbols of another snapshot
 * @modules: by module of @embedded's ledger: the number in the new one; UINT32_MAX: left out
 *
 * Returns: 0; -EFBIG; -ENOMEM.
 */
int hl_embedding_add_moved(struct hl_embedding *embedding, const struct hl_embedded *embedded,
		const uint32_t *modules);

/**
 * hl_ledger_append_symbols() - put symbols into a ledger file in place
 * @fd: open for reading and writing; nobody but readers has the file
 * @embedded: made of a snapshot of this file
 * @max_bytes: how long the file may become; UINT64_MAX
 * @err: receives the reason of a failure; may be NULL
 *
 * The bytes come first and what tells of them last: at any moment the file is a ledger, without them or with them.
 * Former symbols become a hole.  A file that has the same ones already is left as it is.
 *
 * Returns: 1: written; 0: they were there; -ENOSPC, also of @max_bytes; -EAGAIN: somebody else does the same;
 *          -EBADMSG and others of hl_snapshot_load(); -errno of writing.
 */
int hl_ledger_append_symbols(int fd, const struct hl_embedded *embedded, uint64_t max_bytes, struct hl_error *err);

/* The same in steps, so that each moment can be looked at: what is written where, in this order. */
struct hl_append_step {
	uint64_t offset;
	const void *data;
	size_t length;
};
struct hl_append {
	struct hl_append_step steps[4];
	size_t nr_steps;
	struct hl_section entry;	/* what the steps point to */
	struct hl_directory block;
	uint64_t next;
	uint32_t nr_entries;
	struct hl_section former;	/* nr_records 0: there were none */
};
int hl_append_plan(int fd, const struct hl_embedded *embedded, uint64_t max_bytes, struct hl_append *append,
		struct hl_error *err);

#endif
