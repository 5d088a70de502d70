/* SPDX-License-Identifier: MIT */
/* Questions about the sections and segments of an open ELF file. */
#ifndef HL_SNAPSHOT_ELF_SECTIONS_H
#define HL_SNAPSHOT_ELF_SECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <libelf.h>

enum hl_debug_info {
	HL_DEBUG_INFO_NONE,
	HL_DEBUG_INFO_READABLE,
	HL_DEBUG_INFO_UNREADABLE,	/* compressed in a way that libelf does not know (zstd) */
};

enum hl_debug_info hl_elf_debug_info(Elf *elf);

/* The section with contents (not SHT_NOBITS) of that name; NULL: none. */
Elf_Scn *hl_elf_find_section(Elf *elf, const char *name);
bool hl_elf_has_section(Elf *elf, const char *name);

/* Lowest and one past the highest address of executable segments; false: there are none. */
bool hl_elf_text_range(Elf *elf, uint64_t *low, uint64_t *high);

/* A part of an ELF file as it is mapped; whole pages. */
struct hl_elf_segment {
	uint64_t low;			/* ELF virtual addresses */
	uint64_t high;
	uint64_t offset;		/* in the file, of low */
};

/* The executable segment; false: there is none, or more than one. */
bool hl_elf_text_segment(Elf *elf, struct hl_elf_segment *out);

#endif
