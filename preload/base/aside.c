/* SPDX-License-Identifier: MIT */
/*
 * Who wants the allocator for itself, or lacks what we need.
 */
#include "base/aside.h"

#include <gnu/libc-version.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/os.h"

struct hl_libc hl_libc;

/*
 * What each runtime that replaces malloc begins with, whether it is a shared library or inside the
 * program.  The loader has set these before any of our functions can run, so nothing is called to
 * find out: before its own start a runtime's functions are not fit for use.
 */
#define RUNTIME(function) extern void function(void) __attribute__((weak, visibility("default")))
RUNTIME(__asan_init);
RUNTIME(__dfsan_init);
RUNTIME(__hwasan_init);
RUNTIME(__lsan_init);
RUNTIME(__memprof_init);
RUNTIME(__msan_init);
RUNTIME(__nsan_init);
RUNTIME(__tsan_init);

static bool has_sanitizer(void)
{
	return __asan_init || __dfsan_init || __hwasan_init || __lsan_init || __memprof_init ||
		__msan_init || __nsan_init || __tsan_init;
}

#define FIRST_MINOR 35			/* the first to have _dl_find_object() */

/* "2.36" */
static bool has_old_libc(void)
{
	const char *version = gnu_get_libc_version();
	unsigned int minor = 0;

	if (version[0] != '2' || version[1] != '.')
		return false;
	for (version += 2; *version >= '0' && *version <= '9'; version++)
		minor = minor * 10 + (unsigned int)(*version - '0');
	return minor < FIRST_MINOR;
}

enum hl_aside hl_aside(void)
{
	if (hl_unlikely(has_sanitizer()))
		return HL_ASIDE_SANITIZER;
	return hl_unlikely(has_old_libc()) ? HL_ASIDE_OLD_LIBC : HL_ASIDE_NOT;
}

void hl_libc_find(void)
{
	void *function = dlsym(RTLD_DEFAULT, "_dl_find_object");

	memcpy(&hl_libc.find_object, &function, sizeof(function));
	hl_libc.single_threaded = dlsym(RTLD_DEFAULT, "__libc_single_threaded");
}

/*
 * glibc's default for these: the program's own, or an option of the environment, still decides.
 * Without it gcc's runtime ends the program when another library was loaded before it.
 */
__attribute__((visibility("default"), used)) const char *__asan_default_options(void)
{
	return "verify_asan_link_order=0";
}

/* ---- The next function of a name, without dlsym() ---- */

/* What of an object's dynamic section is needed; glibc has made addresses of the offsets, but for some objects. */
struct symbols {
	const ElfW(Sym) *symbols;
	const char *strings;
	const uint32_t *hash;		/* DT_GNU_HASH */
	const uint32_t *old_hash;	/* DT_HASH */
};

static const void *address_of(const struct link_map *object, const ElfW(Dyn) *entry)
{
	uintptr_t address = entry->d_un.d_ptr;

	return (const void *)(address < object->l_addr ? address + object->l_addr : address);
}

static bool read_dynamic(const struct link_map *object, struct symbols *s)
{
	memset(s, 0, sizeof(*s));
	for (const ElfW(Dyn) *entry = object->l_ld; entry && entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_SYMTAB)
			s->symbols = address_of(object, entry);
		else if (entry->d_tag == DT_STRTAB)
			s->strings = address_of(object, entry);
		else if (entry->d_tag == DT_GNU_HASH)
			s->hash = address_of(object, entry);
		else if (entry->d_tag == DT_HASH)
			s->old_hash = address_of(object, entry);
	}
	return s->symbols && s->strings && (s->hash || s->old_hash);
}

static bool is_function(const struct symbols *s, uint32_t index, const char *name)
{
	const ElfW(Sym) *symbol = &s->symbols[index];

	return symbol->st_shndx != SHN_UNDEF && symbol->st_value != 0 &&
		ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && strcmp(s->strings + symbol->st_name, name) == 0;
}

/* The layout: buckets, bloom filter words, ...; a chain's last hash has its lowest bit set. */
static uint32_t find_by_gnu_hash(const struct symbols *s, const char *name)
{
	uint32_t nr_buckets = s->hash[0], first = s->hash[1], hash = 5381, index;
	const uint32_t *buckets = s->hash + 4 + s->hash[2] * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = buckets + nr_buckets - first;

	for (const char *c = name; *c; c++)
		hash = hash * 33 + (unsigned char)*c;
	index = nr_buckets ? buckets[hash % nr_buckets] : 0;
	if (index < first || index == 0)
		return 0;
	for (;; index++) {
		if ((chain[index] | 1) == (hash | 1) && is_function(s, index, name))
			return index;
		if (chain[index] & 1)
			return 0;
	}
}

static uint32_t find_by_hash(const struct symbols *s, const char *name)
{
	for (uint32_t index = 1; index < s->old_hash[1]; index++)
		if (is_function(s, index, name))
			return index;
	return 0;
}

void *hl_next_function(const char *name)
{
	const struct link_map *object = _r_debug.r_map;
	struct symbols s;
	uint32_t index;

	while (object && object->l_ld != _DYNAMIC)
		object = object->l_next;
	while (object && (object = object->l_next)) {
		if (!read_dynamic(object, &s))
			continue;
		index = s.hash ? find_by_gnu_hash(&s, name) : find_by_hash(&s, name);
		if (index != 0)
			return (void *)(object->l_addr + s.symbols[index].st_value);
	}
	return NULL;
}
