/* SPDX-License-Identifier: MIT */
/* Questions about the sections and segments of an open ELF file. */
#include "elf-sections.h"

#include <string.h>

#include <gelf.h>

Elf_Scn *hl_elf_find_section(Elf *elf, const char *name)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *s;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		s = elf_strptr(elf, names, header.sh_name);
		if (s && strcmp(s, name) == 0)
			return section;
	}
	return NULL;
}

bool hl_elf_has_section(Elf *elf, const char *name)
{
	return hl_elf_find_section(elf, name) != NULL;
}

/*
 * libdw leaves a section out that it cannot decompress, which would look like a program without
 * lines or without names: ask for each that matters.
 */
static bool is_readable(Elf *elf, const char *name)
{
	Elf_Scn *section = hl_elf_find_section(elf, name);
	GElf_Shdr header;
	GElf_Chdr compression;

	if (!section || !gelf_getshdr(section, &header) || !(header.sh_flags & SHF_COMPRESSED))
		return true;
	if (!gelf_getchdr(section, &compression))
		return false;
	return elf_compress(section, 0, 0) >= 0;
}

enum hl_debug_info hl_elf_debug_info(Elf *elf)
{
	static const char *const needed[] = { ".debug_info", ".debug_abbrev", ".debug_line",
		".debug_str", ".debug_line_str", ".debug_ranges", ".debug_rnglists", ".debug_addr" };

	if (!hl_elf_has_section(elf, ".debug_info") && !hl_elf_has_section(elf, ".zdebug_info"))
		return HL_DEBUG_INFO_NONE;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (!is_readable(elf, needed[i]))
			return HL_DEBUG_INFO_UNREADABLE;
	}
	return HL_DEBUG_INFO_READABLE;
}

bool hl_elf_text_range(Elf *elf, uint64_t *low, uint64_t *high)
{
	uint64_t lowest = UINT64_MAX, highest = 0;
	size_t count;

	if (elf_getphdrnum(elf, &count) < 0)
		return false;
	for (size_t i = 0; i < count && i < 65536; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(elf, (int)i, &segment))
			break;
		if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X))
			continue;
		if (segment.p_vaddr < lowest)
			lowest = segment.p_vaddr;
		if (segment.p_memsz <= UINT64_MAX - segment.p_vaddr &&
			segment.p_vaddr + segment.p_memsz > highest)
			highest = segment.p_vaddr + segment.p_memsz;
	}
	if (lowest >= highest)
		return false;
	*low = lowest;
	*high = highest;
	return true;
}

#define PAGE_MASK 4095u

bool hl_elf_text_segment(Elf *elf, struct hl_elf_segment *out)
{
	struct hl_elf_segment found = {0};
	unsigned int nr = 0;
	size_t count;

	if (elf_getphdrnum(elf, &count) < 0)
		return false;
	for (size_t i = 0; i < count && i < 65536; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(elf, (int)i, &segment))
			break;
		if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X))
			continue;
		if (segment.p_memsz > UINT64_MAX - PAGE_MASK - segment.p_vaddr)
			return false;
		found.low = segment.p_vaddr & ~(uint64_t)PAGE_MASK;
		found.high = (segment.p_vaddr + segment.p_memsz + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
		found.offset = segment.p_offset & ~(uint64_t)PAGE_MASK;
		nr++;
	}
	if (nr != 1 || found.low >= found.high)
		return false;
	*out = found;
	return true;
}
