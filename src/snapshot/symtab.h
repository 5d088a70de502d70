/* SPDX-License-Identifier: MIT */
/* The code symbols of a module, sorted: .symtab, .dynsym and mini debuginfo (.gnu_debugdata). */
#ifndef HL_SNAPSHOT_SYMTAB_H
#define HL_SNAPSHOT_SYMTAB_H

#include <stddef.h>
#include <stdint.h>

#include "elf-module.h"
#include "sym-strings.h"

struct hl_symbol {
	uint64_t address;
	uint64_t end;			/* of what the symbol covers, guessed where its size is 0 */
	uint64_t reach;			/* highest end of this and all earlier symbols */
	const char *name;		/* interned, as the linker knows it, without "@VERSION" */
	uint32_t rank;			/* better symbols of one address have a higher one */
};

struct hl_symtab {
	struct hl_symbol *symbols;	/* by address, one for each */
	size_t nr_symbols;
	size_t room;
};

/* Reads what the files of @module offer.  Returns 0; -ENOMEM (with what was read until then). */
int hl_symtab_load(
	struct hl_symtab *table, const struct hl_elf_module *module, struct hl_strings *strings);
void hl_symtab_release(struct hl_symtab *table);

/* The symbol that covers @address; NULL: none. */
const struct hl_symbol *hl_symtab_find(const struct hl_symtab *table, uint64_t address);

#endif
