/* SPDX-License-Identifier: MIT */
/*
 * libunwind's remote interface.
 *
 * Sources: libunwind(3), unw_create_addr_space(3); .eh_frame_hdr: Linux Standard Base 5.0, 10.6.2;
 * finding its table for dwarf_search_unwind_table() is done as in Linux perf.
 */
#include "stacks/libunwind.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/aside.h"
#include "base/os.h"
#include "rule.h"

struct hl_libunwind hl_libunwind;

int hl_libunwind_open(void *library)
{
	static const struct {
		void *function;
		const char *name;
	} wanted[] = {
		{ &hl_libunwind.create_addr_space, HL_UNW("create_addr_space") },
		{ &hl_libunwind.init_remote, HL_UNW("init_remote") },
		{ &hl_libunwind.step, HL_UNW("step") },
		{ &hl_libunwind.get_reg, HL_UNW("get_reg") },
		{ &hl_libunwind.set_caching_policy, HL_UNW("set_caching_policy") },
		{ &hl_libunwind.set_cache_size, HL_UNW("set_cache_size") },
		{ &hl_libunwind.flush_cache, HL_UNW("flush_cache") },
		{ &hl_libunwind.search_table, HL_UNW("dwarf_search_unwind_table") },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		void *address = dlsym(library, wanted[i].name);

		if (!address)
			return -ENOSYS;
		memcpy(wanted[i].function, &address, sizeof(address));
	}
	return 0;
}

bool hl_libunwind_find_info(uintptr_t ip, struct hl_unwind_info *info)
{
	struct dl_find_object object;

	*info = (struct hl_unwind_info){ .in_object = hl_libc.find_object((void *)ip, &object) == 0,
		.page_start = info->page_start, .page_end = info->page_end };
	if (!info->in_object)
		return false;
	info->start = (uintptr_t)object.dlfo_map_start;
	info->end = (uintptr_t)object.dlfo_map_end;
	info->eh_frame_hdr = object.dlfo_eh_frame;
	/* Of an object with a hole between two segments glibc shows one segment. */
	if (info->eh_frame_hdr && hl_libc.find_object((void *)info->eh_frame_hdr, &object) == 0) {
		info->info_start = (uintptr_t)object.dlfo_map_start;
		info->info_words = (uintptr_t)object.dlfo_map_end - info->info_start - (sizeof(unw_word_t) - 1);
	}
	return true;
}

static bool has_word(uintptr_t start, uintptr_t end, uintptr_t address)
{
	return address >= start && end - start >= sizeof(unw_word_t) && address <= end - sizeof(unw_word_t);
}

static bool is_readable(struct hl_unwind_info *info, uintptr_t address)
{
	if (has_word(info->start, info->end, address) || has_word(info->page_start, info->page_end, address))
		return true;
	if (!hl_os_is_readable(address))
		return false;
	info->page_start = address & ~(HL_PAGE - 1);
	info->page_end = info->page_start + HL_PAGE;
	return true;
}

bool hl_libunwind_read_other(struct hl_unwind_info *info, uintptr_t address, unw_word_t *value)
{
	if (!is_readable(info, address))
		return false;
	__builtin_memcpy(value, (const void *)address, sizeof(*value));
	return true;
}

/*
 * Describes the sorted table of .eh_frame_hdr.  Only the form that linkers write: version 1, a
 * count of 4 bytes, entries relative to the header.
 */
static int describe_table(const struct hl_unwind_info *info, unw_dyn_info_t *table)
{
	const unsigned char *header = info->eh_frame_hdr;
	uint32_t nr_entries;

	if (header[0] != 1 || header[1] != 0x1b || header[2] != 0x03 || header[3] != 0x3b)
		return -UNW_ENOINFO;
	memcpy(&nr_entries, header + 8, sizeof(nr_entries));
	memset(table, 0, sizeof(*table));
	table->format = UNW_INFO_FORMAT_REMOTE_TABLE;
	table->start_ip = info->start;
	table->end_ip = info->end;
	table->u.rti.segbase = (unw_word_t)header;
	table->u.rti.table_data = (unw_word_t)header + 12;
	table->u.rti.table_len = nr_entries * 8ul / sizeof(unw_word_t);
	return 0;
}

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *proc, int need, void *arg)
{
	struct hl_unwind_info *info = arg;
	unw_dyn_info_t table;
	int r = -UNW_ENOINFO;

	if (hl_libunwind_find_info(ip, info) && info->eh_frame_hdr)
		r = describe_table(info, &table);
	if (r == 0)
		r = hl_libunwind.search_table(as, ip, &table, proc, need, arg);
	info->has_none = r < 0;
	return r;
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *proc, void *arg)
{
	(void)as;
	(void)proc;
	(void)arg;
}

static int no_dynamic_info(unw_addr_space_t as, unw_word_t *address, void *arg)
{
	(void)as;
	(void)address;
	(void)arg;
	return -UNW_ENOINFO;
}

static int no_fpreg(unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write, void *arg)
{
	(void)as;
	(void)reg;
	(void)value;
	(void)write;
	(void)arg;
	return -UNW_EINVAL;
}

static int no_resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
	(void)as;
	(void)cursor;
	(void)arg;
	return -UNW_EINVAL;
}

unw_addr_space_t hl_libunwind_new_space(
	int (*access_memory)(unw_addr_space_t, unw_word_t, unw_word_t *, int, void *),
	int (*access_register)(unw_addr_space_t, unw_regnum_t, unw_word_t *, int, void *))
{
	unw_accessors_t accessors = {
		.find_proc_info = find_proc_info,
		.put_unwind_info = put_unwind_info,
		.get_dyn_info_list_addr = no_dynamic_info,
		.access_mem = access_memory,
		.access_reg = access_register,
		.access_fpreg = no_fpreg,
		.resume = no_resume,
	};

	return hl_libunwind.create_addr_space(&accessors, 0);
}
