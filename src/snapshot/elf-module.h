/* SPDX-License-Identifier: MIT */
/* One recorded module on disk: its ELF file, checked by build-id, and where its debugging data is. */
#ifndef HL_SNAPSHOT_ELF_MODULE_H
#define HL_SNAPSHOT_ELF_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>

#include "dwarf-split.h"
#include "elf-file.h"

enum hl_elf_state {
	HL_ELF_FOUND,
	HL_ELF_CHANGED,
	HL_ELF_MISSING,
	HL_ELF_UNREADABLE,
	HL_ELF_VIRTUAL,
};

struct hl_elf_module {
	enum hl_elf_state state;	/* of the file at the recorded path */
	int open_error;			/* errno, when HL_ELF_MISSING */
	struct hl_build_id disk_id;	/* of the file at the path, when HL_ELF_CHANGED */
	struct hl_elf_file main;	/* open only when HL_ELF_FOUND */
	struct hl_elf_file debug;	/* separate file with DWARF or symbols; may be open without main */
	struct hl_elf_file alt;		/* the file that dwz made for several debug files */
	Dwarf *dwarf;			/* of main or debug; NULL: none */
	Dwarf *alt_dwarf;
	struct hl_dwarf_split split;	/* of the skeletons of dwarf */
	bool dwarf_unreadable;
	bool alt_missing;
	bool debuglink_mismatch;	/* a debug file was there, but is another build's */
};

/**
 * hl_elf_module_open() - find the files of a module
 * @module: receives what was found; hl_elf_module_release() it
 * @path: as recorded
 * @id: as recorded; length 0 if none
 * @places: where to look; must stay
 *
 * A debug file with the recorded build-id is used even when the ELF file itself is gone.
 */
void hl_elf_module_open(struct hl_elf_module *module, const char *path,
	const struct hl_build_id *id, const struct hl_elf_places *places);
void hl_elf_module_release(struct hl_elf_module *module);

/* Was @path ever a file ("[vdso]", "", "anon_inode:..." were not)? */
bool hl_path_is_virtual(const char *path);

/* The ELF file that DWARF was found in; NULL: none. */
const struct hl_elf_file *hl_elf_module_dwarf_file(const struct hl_elf_module *module);

#endif
