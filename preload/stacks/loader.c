/* SPDX-License-Identifier: MIT */
/*
 * The loader's lock.
 *
 * Source: pthread_mutex_t is part of glibc's binary interface (bits/struct_mutex.h); that dl_iterate_phdr() holds a
 * recursive mutex around its callbacks is what makes it find itself there.
 */
#include "stacks/loader.h"

#include <link.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "base/exe.h"
#include "base/os.h"
#include "base/ranks.h"
#include "cpu.h"

static pthread_mutex_t *lock;

/* A recursive mutex that this thread has locked once. */
static bool is_mine(const pthread_mutex_t *mutex, uint32_t self)
{
	return mutex->__data.__lock != 0 && (uint32_t)mutex->__data.__owner == self &&
		mutex->__data.__kind == PTHREAD_MUTEX_RECURSIVE_NP && mutex->__data.__count == 1;
}

struct search {
	uint64_t loader;
	uint32_t nr_found;
	pthread_mutex_t *found;
};

static void search_segment(struct search *search, uintptr_t start, uintptr_t end)
{
	uint32_t self = hl_os_tid();

	for (uintptr_t at = (start + 7) & ~(uintptr_t)7; at + sizeof(pthread_mutex_t) <= end; at += 8) {
		if (!is_mine((const pthread_mutex_t *)at, self))
			continue;
		search->found = (pthread_mutex_t *)at;
		search->nr_found++;
	}
}

static int search_loader(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct search *search = data;

	(void)bytes;
	if (info->dlpi_addr != search->loader)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD && segment->p_flags & PF_W)
			search_segment(search, info->dlpi_addr + segment->p_vaddr,
				info->dlpi_addr + segment->p_vaddr + segment->p_memsz);
	}
	return 1;
}

void hl_loader_open(void)
{
	struct search search = { .loader = hl_exe_loader() };

	dl_iterate_phdr(search_loader, &search);
	/* It is the one that was ours in there and is nobody's now. */
	if (search.nr_found == 1 && search.found->__data.__lock == 0 && search.found->__data.__owner == 0)
		lock = search.found;
}

bool hl_loader_is_known(void)
{
	return lock != NULL;
}

/* What the loader itself does with it takes less; a callback takes as long as the program likes. */
#define SPINS 20u

bool hl_loader_try(void)
{
	for (uint32_t i = 0; lock && pthread_mutex_trylock(lock) != 0; i++) {
		if (i == SPINS)
			return false;
		hl_cpu_relax();
	}
	if (lock)
		hl_ranks_take(HL_RANK_LOADER);
	return true;
}

void hl_loader_release(void)
{
	if (!lock)
		return;
	hl_ranks_drop(HL_RANK_LOADER);
	pthread_mutex_unlock(lock);
}
