/* SPDX-License-Identifier: MIT */
/* Functions that return a constant text. */
#include "elf-returned.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <gelf.h>

/* The longest of the forms: endbr64, push, mov, lea, pop, ret. */
#define CODE_BYTES 24u

/* A part of the file that is mapped and cannot be written; what is there of it from @address on. */
static const unsigned char *constant_at(Elf *elf, uint64_t address, size_t *left)
{
	size_t nr, size;
	const char *file = elf_rawfile(elf, &size);

	if (!file || elf_getphdrnum(elf, &nr))
		return NULL;
	for (size_t i = 0; i < nr; i++) {
		GElf_Phdr h;
		uint64_t within;

		if (!gelf_getphdr(elf, (int)i, &h) || h.p_type != PT_LOAD || h.p_flags & PF_W)
			continue;
		within = address - h.p_vaddr;
		if (address < h.p_vaddr || within >= h.p_filesz || h.p_offset > size || within >= size - h.p_offset)
			continue;
		*left = h.p_filesz - within;
		if (*left > size - h.p_offset - within)
			*left = size - h.p_offset - within;
		return (const unsigned char *)file + h.p_offset + within;
	}
	return NULL;
}

static bool skip(const unsigned char **code, const char *bytes, size_t length)
{
	if (memcmp(*code, bytes, length))
		return false;
	*code += length;
	return true;
}

/* lea rax, [rip + n]; mov eax, n: what is in rax then. */
static bool decode_load(const unsigned char **code, uint64_t base, const unsigned char *start, uint64_t *value)
{
	int32_t number;
	bool is_relative = skip(code, "\x48\x8d\x05", 3);

	if (!is_relative && !skip(code, "\xb8", 1))
		return false;
	memcpy(&number, *code, sizeof(number));
	*code += sizeof(number);
	*value = is_relative ? base + (uint64_t)(*code - start) + (uint64_t)(int64_t)number : (uint32_t)number;
	return true;
}

static bool decode(const unsigned char *start, uint64_t base, uint64_t *value)
{
	const unsigned char *code = start;
	bool has_frame;

	skip(&code, "\xf3\x0f\x1e\xfa", 4);
	has_frame = skip(&code, "\x55\x48\x89\xe5", 4);
	if (!decode_load(&code, base, start, value))
		return false;
	if (has_frame && !skip(&code, "\x5d", 1))
		return false;
	return *code == 0xc3;
}

int hl_elf_returned_text(Elf *elf, uint64_t function, const char **text)
{
	unsigned char code[CODE_BYTES] = {0};
	const unsigned char *found;
	GElf_Ehdr header;
	uint64_t address;
	size_t left;

	if (!gelf_getehdr(elf, &header) || header.e_machine != EM_X86_64)
		return -ENOTSUP;
	found = constant_at(elf, function, &left);
	if (!found)
		return -ENOTSUP;
	memcpy(code, found, left < sizeof(code) ? left : sizeof(code));
	if (!decode(code, function, &address))
		return -ENOTSUP;
	found = constant_at(elf, address, &left);
	if (!found || strnlen((const char *)found, left) >= (left < HL_RETURNED_TEXT_MAX ? left : HL_RETURNED_TEXT_MAX))
		return -ENOTSUP;
	*text = (const char *)found;
	return 0;
}
