/* SPDX-License-Identifier: MIT */
/*
 * What a program brings along that keeps events from the shim.
 */
#include "base/program.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <stdbool.h>

#include "base/os.h"
#include "base/real.h"
#include "base/store.h"
#include "common/ledger.h"

/* operator new(size_t), as whoever comes first in the program's scope has it; a failing dlsym() would allocate. */
extern void *_Znwm(size_t bytes) __attribute__((weak));

static uint32_t flags;

/* Where the object begins that has a function; NULL: nobody has, or it is a program's stand-in for another's. */
static const void *owner(const void *function)
{
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;

	if (!function || !dladdr1(function, &info, (void **)&symbol, RTLD_DL_SYMENT) ||
		(symbol && symbol->st_shndx == SHN_UNDEF))
		return NULL;
	return info.dli_fbase;
}

void hl_program_look(void)
{
	const void *mine = owner((const void *)hl_program_look), *first = owner(dlsym(RTLD_DEFAULT, "malloc"));
	const void *below = owner((const void *)hl_real.malloc), *operators = owner((const void *)_Znwm);

	if (first && first != mine)
		flags |= HL_FLAG_OWN_MALLOC;
	if (hl_real.foreign && operators && operators == below)
		flags |= HL_FLAG_OWN_NEW;
}

/* glibc 2.35 links the namespaces' records, and says so by the version; there is one until another is made. */
static bool has_namespaces(void)
{
	const struct r_debug_extended *first;

	/* The compiler sees an object without that link. */
	__asm__("" : "=r"(first) : "0"(&_r_debug));
	return first->base.r_version > 1 && first->r_next;
}

uint32_t hl_program_flags(void)
{
	return flags | (has_namespaces() ? HL_FLAG_NAMESPACES : 0);
}

void hl_program_note_namespaces(void)
{
	if (hl_unlikely(has_namespaces()))
		__atomic_fetch_or(&hl_header->flags, HL_FLAG_NAMESPACES, __ATOMIC_RELAXED);
}
