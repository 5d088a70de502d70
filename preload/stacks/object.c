/* SPDX-License-Identifier: MIT */
/*
 * What an ELF object says of itself in memory.  Calls nothing.
 */
#include "stacks/object.h"

#include <elf.h>
#include <string.h>

static void find_build_id(const struct dl_phdr_info *info, const ElfW(Phdr) *segment,
	struct hl_module *module)
{
	const char *note = (const char *)(info->dlpi_addr + segment->p_vaddr);
	const char *end = note + segment->p_memsz;

	while ((size_t)(end - note) >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *header = (const void *)note;
		size_t name = (header->n_namesz + 3u) & ~3u, desc = (header->n_descsz + 3u) & ~3u;

		note += sizeof(*header);
		if ((size_t)(end - note) < name + desc)
			return;
		if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 &&
			memcmp(note, "GNU", 4) == 0 && header->n_descsz <= HL_BUILD_ID_BYTES) {
			memcpy(module->build_id, note + name, header->n_descsz);
			module->build_id_bytes = header->n_descsz;
			return;
		}
		note += name + desc;
	}
}

void hl_object_describe(const struct dl_phdr_info *info, struct hl_module *module)
{
	memset(module, 0, sizeof(*module));
	module->bias = info->dlpi_addr;
	module->start = UINT64_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uint64_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_NOTE && module->build_id_bytes == 0)
			find_build_id(info, segment, module);
		if (segment->p_type != PT_LOAD)
			continue;
		if (start < module->start)
			module->start = start;
		if (start + segment->p_memsz > module->end)
			module->end = start + segment->p_memsz;
	}
}
