/* SPDX-License-Identifier: MIT */
/*
 * Compressed DWARF, decompressed at once: an ELF file is put together in memory, of a header, the
 * sections that are read here, their names and their headers.
 */
#include "elf-inflate.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <gelf.h>

#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#else
#include <zlib.h>
#endif

#include "elf-sections.h"

/* What is read of DWARF here; locations and macros are not. */
static const char *const wanted[] = { ".debug_abbrev", ".debug_aranges", ".debug_info",
	".debug_line", ".debug_line_str", ".debug_ranges", ".debug_rnglists", ".debug_str",
	".debug_str_offsets", ".debug_sup", ".debug_types", ".gnu_debugaltlink" };
#define NR_WANTED (sizeof(wanted) / sizeof(wanted[0]))
#define ALIGNMENT 16u
/* Deflate cannot make more than this of a byte: what says so is damaged, or a bomb. */
#define MAX_RATIO 1032u
/* Pages that will all be written are best had at once, unless that is but claimed. */
#define MAX_POPULATED (256u << 20)

struct part {
	const char *name;
	const unsigned char *data;
	size_t data_bytes;
	size_t bytes;			/* decompressed */
	size_t offset;			/* in the image */
	bool is_compressed;
};

struct plan {
	struct part parts[NR_WANTED];
	size_t nr_parts;
	size_t nr_compressed;
	size_t names_offset;
	size_t headers_offset;
	size_t bytes;
};

static size_t aligned(size_t bytes)
{
	return (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

/* Where the contents are and how much they become; false: in no way that is known here. */
static bool read_part(Elf_Scn *section, struct part *part)
{
	GElf_Shdr header;
	GElf_Chdr compression;
	Elf_Data *data = elf_rawdata(section, NULL);

	if (!gelf_getshdr(section, &header) || !data || (!data->d_buf && data->d_size))
		return false;
	part->data = data->d_buf;
	part->data_bytes = part->bytes = data->d_size;
	part->is_compressed = header.sh_flags & SHF_COMPRESSED;
	if (!part->is_compressed)
		return true;
	if (!gelf_getchdr(section, &compression) || compression.ch_type != ELFCOMPRESS_ZLIB ||
		data->d_size < sizeof(Elf64_Chdr))
		return false;
	part->data += sizeof(Elf64_Chdr);
	part->data_bytes -= sizeof(Elf64_Chdr);
	part->bytes = compression.ch_size;
	return part->bytes / MAX_RATIO <= part->data_bytes;
}

static bool make_plan(Elf *elf, struct plan *plan)
{
	size_t at = aligned(sizeof(Elf64_Ehdr));

	for (size_t i = 0; i < NR_WANTED; i++) {
		Elf_Scn *section = hl_elf_find_section(elf, wanted[i]);
		struct part *part = &plan->parts[plan->nr_parts];

		if (!section)
			continue;
		part->name = wanted[i];
		if (!read_part(section, part) || part->bytes > SIZE_MAX / 4 - at)
			return false;
		part->offset = at;
		at = aligned(at + part->bytes);
		plan->nr_parts++;
		plan->nr_compressed += part->is_compressed;
	}
	plan->names_offset = at;
	/* the empty name, the parts' and that of the names' own section */
	at += 1 + sizeof(".shstrtab");
	for (size_t i = 0; i < plan->nr_parts; i++)
		at += strlen(plan->parts[i].name) + 1;
	plan->headers_offset = aligned(at);
	plan->bytes = plan->headers_offset + (plan->nr_parts + 2) * sizeof(Elf64_Shdr);
	return plan->nr_compressed > 0;
}

#ifdef HAVE_LIBDEFLATE
static bool inflate_part(const struct part *part, unsigned char *to)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	enum libdeflate_result r = LIBDEFLATE_BAD_DATA;

	if (d)
		r = libdeflate_zlib_decompress(d, part->data, part->data_bytes, to, part->bytes, NULL);
	libdeflate_free_decompressor(d);
	return r == LIBDEFLATE_SUCCESS;
}
#else
static bool inflate_part(const struct part *part, unsigned char *to)
{
	uLongf bytes = part->bytes;

	return uncompress(to, &bytes, part->data, part->data_bytes) == Z_OK && bytes == part->bytes;
}
#endif

static bool fill(const struct plan *plan, unsigned char *image)
{
	Elf64_Ehdr *file = (Elf64_Ehdr *)image;
	Elf64_Shdr *headers = (Elf64_Shdr *)(image + plan->headers_offset);
	char *names = (char *)image + plan->names_offset;
	size_t name = 1;

	for (size_t i = 0; i < plan->nr_parts; i++) {
		const struct part *part = &plan->parts[i];

		if (!part->is_compressed)
			memcpy(image + part->offset, part->data, part->bytes);
		else if (!inflate_part(part, image + part->offset))
			return false;
		headers[i + 1] = (Elf64_Shdr){ .sh_name = (Elf64_Word)name, .sh_type = SHT_PROGBITS,
			.sh_offset = part->offset, .sh_size = part->bytes, .sh_addralign = 1 };
		strcpy(names + name, part->name);
		name += strlen(part->name) + 1;
	}
	headers[plan->nr_parts + 1] = (Elf64_Shdr){ .sh_name = (Elf64_Word)name,
		.sh_type = SHT_STRTAB, .sh_offset = plan->names_offset,
		.sh_size = plan->headers_offset - plan->names_offset, .sh_addralign = 1 };
	strcpy(names + name, ".shstrtab");
	file->e_shoff = plan->headers_offset;
	file->e_phoff = 0;
	file->e_phnum = file->e_phentsize = 0;
	file->e_shentsize = sizeof(Elf64_Shdr);
	file->e_shnum = (Elf64_Half)(plan->nr_parts + 2);
	file->e_shstrndx = (Elf64_Half)(plan->nr_parts + 1);
	return true;
}

bool hl_elf_inflate(Elf *elf, struct hl_elf_inflated *out)
{
	struct plan plan = { .nr_parts = 0 };
	const Elf64_Ehdr *header = elf64_getehdr(elf);
	struct hl_elf_inflated made;

	if (!header || header->e_ident[EI_DATA] != ELFDATA2LSB || BYTE_ORDER != LITTLE_ENDIAN ||
		header->e_type == ET_REL)
		return false;
	/* libdw looks for the other parts of a split unit beside the file that it was given */
	if (hl_elf_has_section(elf, ".debug_addr") || !make_plan(elf, &plan))
		return false;
	made.bytes = plan.bytes;
	made.image = mmap(NULL, made.bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			(made.bytes <= MAX_POPULATED ? MAP_POPULATE : 0), -1, 0);
	if (made.image == MAP_FAILED)
		return false;
	memcpy(made.image, header, sizeof(*header));
	made.elf = fill(&plan, made.image) ? elf_memory(made.image, made.bytes) : NULL;
	if (made.elf)
		*out = made;
	else
		munmap(made.image, made.bytes);
	return made.elf != NULL;
}

void hl_elf_inflated_release(struct hl_elf_inflated *inflated)
{
	if (!inflated->elf)
		return;
	elf_end(inflated->elf);
	munmap(inflated->image, inflated->bytes);
	*inflated = (struct hl_elf_inflated){ .elf = NULL };
}
