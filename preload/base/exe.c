/* SPDX-License-Identifier: MIT */
/*
 * The program's file and its loader.
 *
 * Source: proc(5) on map_files, elf(5), glibc's manual on running the loader as a program.
 */
#include "base/exe.h"

#include <link.h>
#include <sys/auxv.h>

#include "base/os.h"

static char path[HL_EXE_BYTES];
static size_t path_bytes;

uintptr_t hl_exe_loader(void)
{
	uintptr_t base = getauxval(AT_BASE);

	return base ? base : _r_debug.r_ldbase;
}

/* What is mapped where the program's headers are: they lie in the first segment, behind nothing else. */
static bool find_segment(uintptr_t *start, uintptr_t *end)
{
	const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	uintptr_t inside = 0;

	for (unsigned long i = 0; headers && i < getauxval(AT_PHNUM); i++) {
		const ElfW(Phdr) *h = &headers[i];

		if (h->p_type == PT_PHDR)
			inside = h->p_vaddr;
		if (h->p_type != PT_LOAD || !inside || inside - h->p_vaddr >= h->p_filesz)
			continue;
		*start = ((uintptr_t)headers - (inside - h->p_vaddr)) & ~(HL_PAGE - 1);
		*end = ((uintptr_t)headers - inside + h->p_vaddr + h->p_filesz + HL_PAGE - 1) & ~(HL_PAGE - 1);
		return true;
	}
	return false;
}

static char *put_hex(char *to, uintptr_t number)
{
	int shift = 60;

	while (shift && !(number >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*to++ = "0123456789abcdef"[number >> shift & 15];
	return to;
}

/* Any process may read the names of its own. */
static ssize_t read_mapped(void)
{
	char link[64] = "/proc/self/map_files/";
	char *to = link + sizeof("/proc/self/map_files/") - 1;
	uintptr_t start, end;

	if (!find_segment(&start, &end))
		return -1;
	to = put_hex(to, start);
	*to++ = '-';
	put_hex(to, end);
	return hl_os_readlink(link, path, sizeof(path) - 1);
}

void hl_exe_find(void)
{
	ssize_t n = getauxval(AT_BASE) ? -1 : read_mapped();

	if (n <= 0)
		n = hl_os_readlink("/proc/self/exe", path, sizeof(path) - 1);
	path_bytes = n > 0 ? (size_t)n : 0;
	path[path_bytes] = '\0';
}

const char *hl_exe_path(size_t *bytes)
{
	*bytes = path_bytes;
	return path;
}
