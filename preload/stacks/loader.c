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
#include <sys/auxv.h>

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
	struct search search = { .loader = getauxval(AT_BASE) };

	dl_iterate_phdr(search_loader, &search);
	/* It is the one that was ours in there and is nobody's now. */
	if (search.nr_found == 1 && search.found->__data.__lock == 0 && search.found->__data.__owner == 0)
		lock = search.found;
}

bool hl_loader_is_known(void)
{
	return lock != NULL;
}

#define SPINS 200u
#define SLEEP_NS 20000u
#define GIVE_UP_NS 1000000u
/* A look of ours has signals blocked and waits for nobody: on a busy machine it only needs its turn. */
#define GIVE_UP_OURS_NS 200000000u

static uint32_t ours;		/* a look of ours has the lock */

static bool is_got(void)
{
	if (pthread_mutex_trylock(lock) != 0)
		return false;
	hl_ranks_take(HL_RANK_LOADER);
	__atomic_store_n(&ours, 1, __ATOMIC_RELAXED);
	return true;
}

static bool may_wait(uint64_t start_ns)
{
	uint64_t waited_ns = hl_os_monotonic_ns() - start_ns;

	return waited_ns < GIVE_UP_NS || (waited_ns < GIVE_UP_OURS_NS && __atomic_load_n(&ours, __ATOMIC_RELAXED));
}

bool hl_loader_try(void)
{
	static uint32_t in_vain;	/* somebody has waited for the present owner already */
	uint64_t start_ns;

	if (!lock)
		return true;
	for (uint32_t i = 0; i < SPINS; i++) {
		if (is_got()) {
			__atomic_store_n(&in_vain, 0, __ATOMIC_RELAXED);
			return true;
		}
		if (__atomic_load_n(&in_vain, __ATOMIC_RELAXED))
			return false;
		hl_cpu_relax();
	}
	for (start_ns = hl_os_monotonic_ns(); may_wait(start_ns);) {
		hl_os_sleep(SLEEP_NS);
		if (is_got())
			return true;
	}
	__atomic_store_n(&in_vain, 1, __ATOMIC_RELAXED);
	return false;
}

void hl_loader_release(void)
{
	if (!lock)
		return;
	__atomic_store_n(&ours, 0, __ATOMIC_RELAXED);
	hl_ranks_drop(HL_RANK_LOADER);
	pthread_mutex_unlock(lock);
}

void hl_loader_restart(void)
{
	ours = 0;
}
