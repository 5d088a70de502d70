/* SPDX-License-Identifier: MIT */
/*
 * What an ELF object says of itself in memory.  Calls nothing of the loader, but for hl_object_find() and _range().
 */
#include "stacks/object.h"

#include <dlfcn.h>
#include <elf.h>
#include <string.h>

#include "base/aside.h"
#include "base/os.h"

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

bool hl_object_find(uint64_t inside, struct dl_phdr_info *info, uint64_t *start, uint64_t *end)
{
	struct dl_find_object object;
	const ElfW(Ehdr) *header;

	*start = *end = 0;
	if (hl_libc.find_object((void *)inside, &object) != 0)
		return false;
	header = object.dlfo_map_start;
	*start = (uint64_t)object.dlfo_map_start;
	*end = (uint64_t)object.dlfo_map_end;
	if (!hl_os_is_readable(*start) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
		header->e_phoff + (size_t)header->e_phnum * sizeof(ElfW(Phdr)) > HL_PAGE)
		return false;
	*info = (struct dl_phdr_info){ .dlpi_addr = object.dlfo_link_map->l_addr,
		.dlpi_name = object.dlfo_link_map->l_name, .dlpi_phdr = (const void *)(*start + header->e_phoff),
		.dlpi_phnum = header->e_phnum };
	return true;
}

struct range {
	uint64_t inside;
	uint64_t start;
	uint64_t bytes;
};

static int find_range(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct range *range = data;
	struct hl_module described;

	(void)bytes;
	hl_object_describe(info, &described);
	if (range->inside - described.start >= described.end - described.start)
		return 0;
	range->start = described.start;
	range->bytes = described.end - described.start;
	return 1;
}

void hl_object_range(uint64_t inside, uint64_t *start, uint64_t *bytes)
{
	struct range range = { .inside = inside };

	dl_iterate_phdr(find_range, &range);
	*start = range.start;
	*bytes = range.bytes;
}

/* How many bytes of a readable segment there are from @address on. */
static uint64_t room_at(const struct dl_phdr_info *info, uint64_t address)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uint64_t within = address - info->dlpi_addr - segment->p_vaddr;

		if (segment->p_type == PT_LOAD && segment->p_flags & PF_R && within < segment->p_memsz)
			return segment->p_memsz - within;
	}
	return 0;
}

/* The loader has made addresses of most entries in place, but not where the section is read-only. */
static uint64_t address_in(const struct dl_phdr_info *info, uint64_t value)
{
	return room_at(info, value) != 0 ? value : info->dlpi_addr + value;
}

#define MAX_ENTRIES 256u

static const ElfW(Dyn) *dynamic_of(const struct dl_phdr_info *info, uint64_t *nr)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uint64_t address = info->dlpi_addr + segment->p_vaddr, room;

		if (segment->p_type != PT_DYNAMIC)
			continue;
		room = room_at(info, address);
		room = (room < segment->p_memsz ? room : segment->p_memsz) / sizeof(ElfW(Dyn));
		*nr = room < MAX_ENTRIES ? room : MAX_ENTRIES;
		return room != 0 ? (const void *)address : NULL;
	}
	return NULL;
}

/* A table of @bytes at @value; *@nr: of its records. */
static const void *table(const struct dl_phdr_info *info, uint64_t value, uint64_t bytes, size_t record_bytes,
	uint64_t *nr)
{
	uint64_t address = address_in(info, value), room = value != 0 ? room_at(info, address) : 0;

	*nr = (bytes < room ? bytes : room) / record_bytes;
	return *nr != 0 ? (const void *)address : NULL;
}

bool hl_object_read_dynamic(const struct dl_phdr_info *info, struct hl_dynamic *dynamic)
{
	uint64_t nr = 0, value[DT_NUM] = {0}, hash = 0, relative = 0;
	const ElfW(Dyn) *entry = dynamic_of(info, &nr);

	for (; entry && nr > 0 && entry->d_tag != DT_NULL; entry++, nr--) {
		if (entry->d_tag > 0 && entry->d_tag < DT_NUM)
			value[entry->d_tag] = entry->d_un.d_val;
		else if (entry->d_tag == DT_GNU_HASH)
			hash = entry->d_un.d_val;
		else if (entry->d_tag == DT_RELACOUNT)
			relative = entry->d_un.d_val;
	}
	dynamic->info = info;
	dynamic->symbols = table(info, value[DT_SYMTAB], UINT64_MAX, sizeof(ElfW(Sym)), &dynamic->nr_symbols);
	dynamic->strings = table(info, value[DT_STRTAB], value[DT_STRSZ], 1, &dynamic->string_bytes);
	dynamic->hash = table(info, hash, UINT64_MAX, sizeof(uint32_t), &dynamic->hash_words);
	dynamic->calls = table(info, value[DT_JMPREL], value[DT_PLTRELSZ], sizeof(ElfW(Rela)), &dynamic->nr_calls);
	dynamic->data = table(info, value[DT_RELA], value[DT_RELASZ], sizeof(ElfW(Rela)), &dynamic->nr_data);
	relative = relative < dynamic->nr_data ? relative : dynamic->nr_data;
	dynamic->data += relative;
	dynamic->nr_data -= relative;
	return dynamic->symbols && dynamic->strings && dynamic->strings[dynamic->string_bytes - 1] == '\0';
}

const char *hl_object_name_of(const struct hl_dynamic *dynamic, uint64_t index)
{
	uint32_t at = index < dynamic->nr_symbols ? dynamic->symbols[index].st_name : 0;

	return at < dynamic->string_bytes ? dynamic->strings + at : "";
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

/* The table: buckets, first symbol, words of the filter, shift; the filter; the buckets; a word for each symbol. */
#define HASH_HEADER 4u

uint64_t hl_object_function(const struct hl_dynamic *dynamic, const char *name, uint64_t after)
{
	const uint32_t *words = dynamic->hash;
	uint64_t buckets, chains, first, bucket, at;
	uint32_t hash = hash_of(name);

	if (!words || dynamic->hash_words < HASH_HEADER || words[0] == 0)
		return 0;
	buckets = HASH_HEADER + (uint64_t)words[2] * (sizeof(ElfW(Addr)) / sizeof(*words));
	chains = buckets + words[0];
	first = words[1];
	bucket = buckets + hash % words[0];
	at = bucket < dynamic->hash_words ? words[bucket] : 0;
	for (; at >= first && at != 0 && chains + at - first < dynamic->hash_words; at++) {
		uint32_t word = words[chains + at - first];

		if (at > after && (word | 1) == (hash | 1) && at < dynamic->nr_symbols &&
			ELF64_ST_TYPE(dynamic->symbols[at].st_info) == STT_FUNC &&
			dynamic->symbols[at].st_shndx != SHN_UNDEF &&
			strcmp(hl_object_name_of(dynamic, at), name) == 0)
			return at;
		if (word & 1)
			break;
	}
	return 0;
}
