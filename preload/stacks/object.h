/* SPDX-License-Identifier: MIT */
/* What an ELF object says of itself in memory. */
#ifndef HL_PRELOAD_OBJECT_H
#define HL_PRELOAD_OBJECT_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/ledger.h"

#pragma GCC visibility push(hidden)

/** hl_object_describe() - addresses and build-id of what the loader shows; the rest of @module is zero */
void hl_object_describe(const struct dl_phdr_info *info, struct hl_module *module);

/**
 * hl_object_find() - as the loader would show it, the object that holds the address @inside, without the loader's lock
 * It must be loaded and stay so meanwhile, as what is on the caller's stack does.
 * @start, @end: receive where the loader says that it lies; both 0: no object is there
 * Returns: false: there is none, or its program headers are not in its first page
 */
bool hl_object_find(uint64_t inside, struct dl_phdr_info *info, uint64_t *start, uint64_t *end);

/**
 * hl_object_range() - where the object lies that holds the address @inside; 0 bytes: none does
 * Waits for the loader's lock (dl_iterate_phdr): for the constructor.
 */
void hl_object_range(uint64_t inside, uint64_t *start, uint64_t *bytes);

/* What the dynamic section leads to, each part inside a readable segment of the object; NULL and 0: none. */
struct hl_dynamic {
	const struct dl_phdr_info *info;
	const ElfW(Sym) *symbols;
	uint64_t nr_symbols;		/* as many as there is room for */
	const char *strings;
	uint64_t string_bytes;		/* the last one is NUL */
	const uint32_t *hash;		/* DT_GNU_HASH */
	uint64_t hash_words;
	const ElfW(Rela) *calls;	/* DT_JMPREL */
	uint64_t nr_calls;
	const ElfW(Rela) *data;		/* DT_RELA, without those that have no symbol */
	uint64_t nr_data;
};

/** hl_object_read_dynamic() - false: it has no symbols, or they are nowhere to be read */
bool hl_object_read_dynamic(const struct dl_phdr_info *info, struct hl_dynamic *dynamic);

/** hl_object_name_of() - of symbol number @index; "" if it has none */
const char *hl_object_name_of(const struct hl_dynamic *dynamic, uint64_t index);

/**
 * hl_object_function() - the number of a function that the object defines
 * @after: the result of the call before, for a function of that name in another version; 0 at first
 * Returns 0 if there is none.
 */
uint64_t hl_object_function(const struct hl_dynamic *dynamic, const char *name, uint64_t after);

#pragma GCC visibility pop
#endif
