/* SPDX-License-Identifier: MIT */
/*
 * libunwind's remote interface, and nothing else of it.
 *
 * Its local address space is never used: that one locks a cache of its own and then asks the loader for its list
 * of objects, with the loader's lock, while another thread that has the loader's lock (in a callback of
 * dl_iterate_phdr(), in a constructor) may want the cache.  In a remote address space we say where unwind
 * information lies, by _dl_find_object(), which takes no lock.
 */
#ifndef HL_PRELOAD_LIBUNWIND_H
#define HL_PRELOAD_LIBUNWIND_H

#include <libunwind-x86_64.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/os.h"

#pragma GCC visibility push(hidden)

struct hl_libunwind {
	unw_addr_space_t (*create_addr_space)(unw_accessors_t *, int);
	int (*init_remote)(unw_cursor_t *, unw_addr_space_t, void *);
	int (*step)(unw_cursor_t *);
	int (*get_reg)(unw_cursor_t *, unw_regnum_t, unw_word_t *);
	int (*set_caching_policy)(unw_addr_space_t, unw_caching_policy_t);
	int (*set_cache_size)(unw_addr_space_t, size_t, int);
	void (*flush_cache)(unw_addr_space_t, unw_word_t, unw_word_t);
	int (*search_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *, unw_proc_info_t *, int, void *);
};
extern struct hl_libunwind hl_libunwind;

/**
 * hl_libunwind_open() - take the functions from the library
 * @library: handle of dlopen(); calls dlsym()
 * Returns: 0; -ENOSYS when one is missing.
 */
int hl_libunwind_open(void *library);

/* Where the unwind information of an address is.  Each argument of an address space begins with it. */
struct hl_unwind_info {
	uintptr_t start;		/* the object that has the address; its segment, if it has holes */
	uintptr_t end;
	uintptr_t info_start;		/* where .eh_frame is */
	uintptr_t info_words;		/* so many addresses from there on a word can be read at */
	uintptr_t page_start;		/* the page that the kernel was last asked for; end 0: none */
	uintptr_t page_end;
	const unsigned char *eh_frame_hdr;	/* NULL: the object has none */
	bool in_object;			/* false: no object has the address */
	bool has_none;			/* there is no information for the address */
};

/** hl_libunwind_find_info() - false: no object has @ip; takes no lock */
bool hl_libunwind_find_info(uintptr_t ip, struct hl_unwind_info *info);

/** hl_libunwind_read_near() - a word of what .eh_frame is in: nearly all of what libunwind reads */
static inline bool hl_libunwind_read_near(const struct hl_unwind_info *info, uintptr_t address, unw_word_t *value)
{
	if (address - info->info_start >= info->info_words)
		return false;
	__builtin_memcpy(value, (const void *)address, sizeof(*value));
	return true;
}

/**
 * hl_libunwind_read_info() - a word of an object; false: it cannot be read
 * The kernel is asked, once for a page, for what is in another segment than address and .eh_frame (personality
 * routines are), and for what libunwind remembers of an address without asking where its information is.
 */
bool hl_libunwind_read_other(struct hl_unwind_info *info, uintptr_t address, unw_word_t *value);
static inline bool hl_libunwind_read_info(struct hl_unwind_info *info, uintptr_t address, unw_word_t *value)
{
	if (hl_likely(hl_libunwind_read_near(info, address, value)))
		return true;
	return hl_libunwind_read_other(info, address, value);
}

/** hl_libunwind_new_space() - an address space whose argument begins with a struct hl_unwind_info; or NULL */
unw_addr_space_t hl_libunwind_new_space(
	int (*access_memory)(unw_addr_space_t, unw_word_t, unw_word_t *, int, void *),
	int (*access_register)(unw_addr_space_t, unw_regnum_t, unw_word_t *, int, void *));

#pragma GCC visibility pop
#endif
