/* SPDX-License-Identifier: MIT */
/*
 * The symbols of a ledger beside those of the objects on this machine: which are used.
 *
 * Those of the ledger, unless the object with the recorded build-id has better ones (enum hl_embedded_rank): a package
 * with debugging information may have been installed since.  Where the ledger has all that there can be, no object is
 * opened, so that the same ledger gives the same text with and without it.  An address that the ledger does not know is
 * looked up in the object.  Where no build-id was recorded, nobody knows whether the file is the one that ran, and the
 * ledger's symbols stay.
 */
#ifndef HL_SNAPSHOT_EMBED_USE_H
#define HL_SNAPSHOT_EMBED_USE_H

#include "snapshot/resolve.h"

struct hl_embedded_use {
	const struct hl_embedded *table; /* borrowed from the snapshot */
	const struct hl_embedded_module *module; /* NULL: none of the ledger are used */
	uint64_t key;			/* not 0: the file on this machine need not be the one that ran */
	uint64_t recorded_ns;		/* since the epoch; 0: not known */
};

/**
 * hl_embedded_choose() - the symbols of one module of a snapshot
 * @index: the module's number in @s
 * @symbols: @handle of it names the object on this machine, which is opened only to see whether it has more
 */
struct hl_embedded_use hl_embedded_choose(const struct hl_snapshot *s, size_t index, struct hl_symbols *symbols,
		int handle);

/* As hl_embedded_find(); 0 if none of the ledger are used. */
size_t hl_embedded_look_up(const struct hl_embedded_use *use, uint64_t vaddr, struct hl_frame *frames, size_t max);

/* What makes addresses of two snapshots the same: the object, or without a build-id the ledger's own table. */
uint64_t hl_embedded_key(const struct hl_embedded_use *use, int handle);

/* Remember who could vouch for the files of these frames, which @use gave; 0 or -ENOMEM. */
int hl_resolver_note_voucher(struct hl_resolver *r, const struct hl_embedded_use *use, const struct hl_frame *frames,
		size_t nr, const struct hl_symbol_voucher *voucher);

/**
 * hl_resolver_vouch() - let the object of a name that stands in a ledger vouch for its folder
 * @path: of a source
 *
 * The object is asked as if its own debugging information had given the name: it vouches only if its build-id is the
 * recorded one, and only for where it was built itself (named-file.h).
 *
 * Returns: whether anybody was asked.
 */
bool hl_resolver_vouch(const struct hl_resolver *r, const char *path);

/**
 * hl_resolver_is_outdated() - is a source another one than that of the program?
 * @path: of a source
 * @st: what the file system says of it
 *
 * Symbols of a ledger tell lines of sources that may have been edited since, of a program that was built again: what
 * stands in such a line now is not what allocated.  Where the user names sources, none is outdated: they may have been
 * fetched later, to another machine.
 */
struct stat;
bool hl_resolver_is_outdated(const struct hl_resolver *r, const char *path, const struct stat *st);

#endif
