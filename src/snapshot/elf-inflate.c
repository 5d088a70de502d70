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
#ifdef HAVE_LIBZSTD
#include <zstd.h>
#endif

#include "elf-sections.h"

/* What is read of DWARF here; locations and macros are not. */
static const char *const wanted[] = { ".debug_abbrev", ".debug_addr", ".debug_aranges", ".debug_info",
	".debug_line", ".debug_line_str", ".debug_ranges", ".debug_rnglists", ".debug_str",
	".debug_str_offsets", ".debug_sup", ".debug_types", ".gnu_debugaltlink",
	/* of packages of split units */
	".debug_abbrev.dwo", ".debug_cu_index", ".debug_info.dwo", ".debug_line.dwo", ".debug_rnglists.dwo",
	".debug_str.dwo", ".debug_str_offsets.dwo" };
#define NR_WANTED (sizeof(wanted) / sizeof(wanted[0]))
#define ALIGNMENT 16u
/*
 * Deflate cannot make more than this of a byte: what says so is damaged, or a bomb.  Zstandard can, of zeros;
 * debugging information never comes near.
 */
#define MAX_RATIO 1032u
#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif
/* Pages that will all be written are best had at once, unless that is but claimed. */
#define MAX_POPULATED (256u << 20)

struct plan {
	struct hl_elf_part *parts;
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
static bool read_part(Elf_Scn *section, struct hl_elf_part *part)
{
	GElf_Shdr header;
	GElf_Chdr compression;
	Elf_Data *data = elf_rawdata(section, NULL);

	if (!gelf_getshdr(section, &header) || !data || (!data->d_buf && data->d_size))
		return false;
	part->data = data->d_buf;
	part->data_bytes = part->bytes = data->d_size;
	part->compression = 0;
	if (!(header.sh_flags & SHF_COMPRESSED))
		return true;
	if (!gelf_getchdr(section, &compression) || data->d_size < sizeof(Elf64_Chdr))
		return false;
	part->compression = compression.ch_type;
	if (part->compression != ELFCOMPRESS_ZLIB && part->compression != ELFCOMPRESS_ZSTD)
		return false;
	part->data += sizeof(Elf64_Chdr);
	part->data_bytes -= sizeof(Elf64_Chdr);
	part->bytes = compression.ch_size;
	return part->bytes / MAX_RATIO <= part->data_bytes;
}

/* The sections of @elf that are wanted; false: one cannot be read. */
static bool read_parts(Elf *elf, struct plan *plan)
{
	for (size_t i = 0; i < NR_WANTED; i++) {
		Elf_Scn *section = hl_elf_find_section(elf, wanted[i]);
		struct hl_elf_part *part = &plan->parts[plan->nr_parts];

		if (!section)
			continue;
		part->name = wanted[i];
		part->tail_bytes = 0;
		if (!read_part(section, part))
			return false;
		plan->nr_parts++;
		plan->nr_compressed += part->compression != 0;
	}
	return true;
}

static bool place_parts(struct plan *plan)
{
	size_t at = aligned(sizeof(Elf64_Ehdr));

	for (size_t i = 0; i < plan->nr_parts; i++) {
		struct hl_elf_part *part = &plan->parts[i];

		if (part->bytes > SIZE_MAX / 4 - at)
			return false;
		part->offset = at;
		at = aligned(at + part->bytes + part->tail_bytes);
	}
	plan->names_offset = at;
	/* the empty name, the parts' and that of the names' own section */
	at += 1 + sizeof(".shstrtab");
	for (size_t i = 0; i < plan->nr_parts; i++)
		at += strlen(plan->parts[i].name) + 1;
	plan->headers_offset = aligned(at);
	plan->bytes = plan->headers_offset + (plan->nr_parts + 2) * sizeof(Elf64_Shdr);
	return true;
}

#ifdef HAVE_LIBDEFLATE
static bool inflate_zlib(const struct hl_elf_part *part, unsigned char *to)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	enum libdeflate_result r = LIBDEFLATE_BAD_DATA;

	if (d)
		r = libdeflate_zlib_decompress(d, part->data, part->data_bytes, to, part->bytes, NULL);
	libdeflate_free_decompressor(d);
	return r == LIBDEFLATE_SUCCESS;
}
#else
static bool inflate_zlib(const struct hl_elf_part *part, unsigned char *to)
{
	uLongf bytes = part->bytes;

	return uncompress(to, &bytes, part->data, part->data_bytes) == Z_OK && bytes == part->bytes;
}
#endif

#ifdef HAVE_LIBZSTD
static bool inflate_zstd(const struct hl_elf_part *part, unsigned char *to)
{
	return ZSTD_decompress(to, part->bytes, part->data, part->data_bytes) == part->bytes;
}
#else
static bool inflate_zstd(const struct hl_elf_part *part, unsigned char *to)
{
	(void)part;
	(void)to;
	return false;
}
#endif

static bool inflate_part(const struct hl_elf_part *part, unsigned char *to)
{
	if (part->compression == ELFCOMPRESS_ZSTD)
		return inflate_zstd(part, to);
	return inflate_zlib(part, to);
}

static bool fill(const struct plan *plan, unsigned char *image)
{
	Elf64_Ehdr *file = (Elf64_Ehdr *)image;
	Elf64_Shdr *headers = (Elf64_Shdr *)(image + plan->headers_offset);
	char *names = (char *)image + plan->names_offset;
	size_t name = 1;

	for (size_t i = 0; i < plan->nr_parts; i++) {
		const struct hl_elf_part *part = &plan->parts[i];

		if (!part->compression)
			memcpy(image + part->offset, part->data, part->bytes);
		else if (!inflate_part(part, image + part->offset))
			return false;
		headers[i + 1] = (Elf64_Shdr){ .sh_name = (Elf64_Word)name, .sh_type = SHT_PROGBITS,
			.sh_offset = part->offset, .sh_size = part->bytes + part->tail_bytes, .sh_addralign = 1 };
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

static bool make(const Elf64_Ehdr *header, struct plan *plan, struct hl_elf_inflated *out)
{
	struct hl_elf_inflated made = { .elf = NULL };

	if (!place_parts(plan))
		return false;
	made.bytes = plan->bytes;
	made.image = mmap(NULL, made.bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			(made.bytes <= MAX_POPULATED ? MAP_POPULATE : 0), -1, 0);
	if (made.image == MAP_FAILED)
		return false;
	memcpy(made.image, header, sizeof(*header));
	made.elf = fill(plan, made.image) ? elf_memory(made.image, made.bytes) : NULL;
	if (made.elf)
		*out = made;
	else
		munmap(made.image, made.bytes);
	return made.elf != NULL;
}

/* The header of a file that can be put together here; NULL: it cannot. */
static const Elf64_Ehdr *header_of(Elf *elf)
{
	const Elf64_Ehdr *header = elf64_getehdr(elf);

	return header && header->e_ident[EI_DATA] == ELFDATA2LSB && BYTE_ORDER == LITTLE_ENDIAN ? header : NULL;
}

bool hl_elf_inflate(Elf *elf, struct hl_elf_inflated *out)
{
	struct hl_elf_part parts[NR_WANTED];
	struct plan plan = { .parts = parts };
	const Elf64_Ehdr *header = header_of(elf);

	return header && header->e_type != ET_REL && read_parts(elf, &plan) && plan.nr_compressed &&
		make(header, &plan, out);
}

bool hl_elf_copy_skeletons(Elf *elf, struct hl_elf_inflated *out)
{
	struct hl_elf_part parts[NR_WANTED];
	struct plan plan = { .parts = parts };
	const Elf64_Ehdr *header = header_of(elf);
	struct hl_elf_part *strings = NULL, *offsets = NULL;

	if (!header || header->e_type == ET_REL || !read_parts(elf, &plan))
		return false;
	for (size_t i = 0; i < plan.nr_parts; i++) {
		if (strcmp(parts[i].name, ".debug_str") == 0)
			strings = &parts[i];
		if (strcmp(parts[i].name, ".debug_str_offsets") == 0)
			offsets = &parts[i];
	}
	if (!strings)
		return false;
	/* one byte more ends a last string that has no end */
	strings->tail_bytes = 1 + HL_INFLATED_TAIL;
	if (!make(header, &plan, out))
		return false;
	out->tail_offset = strings->bytes + 1;
	out->tail = (char *)out->image + strings->offset + out->tail_offset;
	out->str_offsets = offsets ? offsets->offset : 0;
	return true;
}

bool hl_elf_assemble(Elf *elf, struct hl_elf_part *parts, size_t nr, struct hl_elf_inflated *out)
{
	struct plan plan = { .parts = parts, .nr_parts = nr };
	const Elf64_Ehdr *header = header_of(elf);

	return header && make(header, &plan, out);
}

void hl_elf_inflated_release(struct hl_elf_inflated *inflated)
{
	if (!inflated->elf)
		return;
	elf_end(inflated->elf);
	munmap(inflated->image, inflated->bytes);
	*inflated = (struct hl_elf_inflated){ .elf = NULL };
}
