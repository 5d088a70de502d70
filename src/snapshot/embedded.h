/* SPDX-License-Identifier: MIT */
/*
 * Symbols that stand in the ledger itself: what the addresses of its nodes are called, so that it reads the same where
 * the program is not, or is another build by now.
 *
 * They are keyed by (module of the ledger, ELF virtual address).  A module's symbols were read for the build-id that is
 * recorded of it, and for no other.  Such a table does not change once it is made: copies of a snapshot share it.
 *
 * A file may say anything.  So each number is checked before it is used, and all that names and frames of the table can
 * take, here and interned in a resolver, is bounded when it is read: HL_EMBEDDED_FREE_BYTES, and 8 times what it takes
 * in the file.  The names are data of the file: they are shown, and vouch for no folder (named-file.h).
 */
#ifndef HL_SNAPSHOT_EMBEDDED_H
#define HL_SNAPSHOT_EMBEDDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/symbols.h"

/* How much was known when the symbols of a module were read; less is better. */
enum hl_embedded_rank {
	HL_RANK_WHOLE,			/* functions, inlined calls and lines */
	HL_RANK_PARTIAL,		/* DWARF of which a file is missing (dwz), or that cannot be read */
	HL_RANK_SYMTAB,			/* functions of a symbol table */
	HL_RANK_STRIPPED,		/* the object has no names */
	HL_RANK_UNKNOWN,		/* the object was not there: none of an embedded module */
};

#define HL_EMBEDDED_FREE_BYTES (UINT64_C(16) << 20)
/* Longer chains lose their outermost inlined frames when they are read. */
#define HL_EMBEDDED_MAX_CHAIN 64u

/* Names are numbers of strings; 0 is the empty one: not known. */
struct hl_embedded_function {
	uint32_t name;
	uint32_t linkage;
	uint32_t line;			/* where it begins */
	uint64_t start;			/* ELF address of its symbol; 0: not from a symbol table */
};

struct hl_embedded_frame {
	uint32_t function;
	uint32_t file;
	uint32_t line;
	bool is_inlined;
};

struct hl_embedded_address {
	uint64_t vaddr;
	uint32_t first;			/* of chains */
	uint32_t nr;			/* 1 .. HL_EMBEDDED_MAX_CHAIN */
};

struct hl_embedded_module {
	uint32_t module;		/* its number in the ledger */
	enum hl_embedded_rank rank;
	uint32_t first;			/* of addresses, which are in order */
	uint32_t nr;
};

struct hl_embedded {
	unsigned int nr_refs;
	uint64_t id;			/* another one for each table */
	unsigned char *section;		/* as it stands in a file */
	size_t section_bytes;
	char *plain;			/* the contents unpacked, where the strings are */
	size_t plain_bytes;
	const char **strings;
	struct hl_embedded_function *functions;
	struct hl_embedded_frame *frames;
	struct hl_embedded_module *modules;	/* by number */
	struct hl_embedded_address *addresses;
	uint32_t *chains;		/* frames, innermost first */
	size_t nr_strings, nr_functions, nr_frames, nr_modules, nr_addresses, nr_chains;
};

/**
 * hl_embedded_read() - a table from the bytes of a SYMBOLS section
 * @section: taken over on success: free() must be able to release it
 * @nr_modules: how many the ledger has
 * @msg: receives the reason of -EBADMSG, a constant string
 *
 * Cost:    O(bytes unpacked).
 * Returns: 0; -EBADMSG: damaged, or more than a section of this size may hold; -ENOMEM.
 */
int hl_embedded_read(unsigned char *section, size_t section_bytes, uint64_t nr_modules, struct hl_embedded **out,
	const char **msg);

/* Owner counting; unref(NULL) does nothing. */
struct hl_embedded *hl_embedded_ref(struct hl_embedded *embedded);
void hl_embedded_unref(struct hl_embedded *embedded);

/* What is there of a module; NULL: nothing, also of no table. */
const struct hl_embedded_module *hl_embedded_module(const struct hl_embedded *embedded, uint64_t module);

/**
 * hl_embedded_find() - the frames of an address, as hl_symbols_lookup() gives them
 * @frames: receives at most @max, at least 1; the strings belong to @embedded
 *
 * Cost:    O(log addresses).
 * Returns: how many; 0: the address is not in the table.
 */
size_t hl_embedded_find(const struct hl_embedded *embedded, const struct hl_embedded_module *module, uint64_t vaddr,
	struct hl_frame *frames, size_t max);

/* What is known of a module on this machine; of one without a file HL_RANK_UNKNOWN. */
enum hl_embedded_rank hl_embedded_rank_of(const struct hl_symbols_info *info);

/* ---- Making a table ---- */

struct hl_embedding;

/* NULL: out of memory. */
struct hl_embedding *hl_embedding_new(void);
void hl_embedding_free(struct hl_embedding *embedding);

/**
 * hl_embedding_add() - the frames of one address
 * @module: its number in the ledger
 * @rank: of the module where the frames come from; the table has the worst one of all its addresses
 * @frames: @nr of them, 1 .. HL_EMBEDDED_MAX_CHAIN; copied
 *
 * If an address comes several times, the frames of the best rank stay; of equal ones the first.
 * Returns: 0; -ENOMEM; -EFBIG: too many names.
 */
int hl_embedding_add(struct hl_embedding *embedding, uint32_t module, enum hl_embedded_rank rank, uint64_t vaddr,
	const struct hl_frame *frames, size_t nr);

/**
 * hl_embedding_finish() - pack what was added
 * @nr_modules: how many the ledger has
 * @out: receives the table; NULL if nothing was added
 *
 * The same addresses with the same frames, added in the same order, give the same bytes.
 * Returns: 0; -ENOMEM; -EFBIG: more than a section holds.
 */
int hl_embedding_finish(struct hl_embedding *embedding, uint64_t nr_modules, struct hl_embedded **out);

#endif
