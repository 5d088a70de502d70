/* SPDX-License-Identifier: MIT */
/*
 * The check of the test build that locks are taken in their order.  Never part of the shim that is installed.
 *
 * The linker leads dl_iterate_phdr() and dlopen() here (--wrap), so that the loader's lock has a rank, too.
 */
#include "base/ranks.h"

#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const names[HL_NR_RANKS] = {
	[HL_RANK_LOADER] = "loader", [HL_RANK_LIBUNWIND] = "libunwind", [HL_RANK_ORDERS] = "orders",
	[HL_RANK_PAUSE] = "pause",
	[HL_RANK_LANES] = "lanes", [HL_RANK_RECORDS] = "records", [HL_RANK_RULES] = "rules", [HL_RANK_NODES] = "nodes",
	[HL_RANK_CODE] = "code", [HL_RANK_REGIONS] = "regions", [HL_RANK_TRACKED] = "tracked",
	[HL_RANK_STORE] = "store",
};

static __thread uint32_t held __attribute__((tls_model("initial-exec")));
static uint32_t held_before[HL_NR_RANKS];	/* what was held, ever, when one was taken */

int __real_dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data);
int __wrap_dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data);
void *__real_dlopen(const char *name, int flags);
void *__wrap_dlopen(const char *name, int flags);

/* The names of a set of ranks behind what is in @line already. */
static int put_names(char *line, int at, int room, uint32_t ranks, const char *suffix)
{
	for (int i = 0; i < HL_NR_RANKS; i++)
		if (ranks >> i & 1)
			at += snprintf(line + at, (size_t)(room - at), " %s%s", names[i], suffix);
	return at;
}

static void say(const char *line, int length)
{
	syscall(SYS_write, 2, line, length);
}

static void complain(const char *what)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "heapledger: %d: against the order of locks: %s, while it holds",
		(int)getpid(), what);

	n = put_names(line, n, sizeof(line) - 1, held, "");
	line[n++] = '\n';
	say(line, n);
	abort();
}

void hl_ranks_take(enum hl_rank rank)
{
	if (held >> rank)
		complain(names[rank]);
	__atomic_fetch_or(&held_before[rank], held, __ATOMIC_RELAXED);
	held |= 1u << rank;
}

void hl_ranks_drop(enum hl_rank rank)
{
	held &= ~(1u << rank);
}

void hl_ranks_check_none(const char *what)
{
	if (held)
		complain(what);
}

void hl_ranks_report(void)
{
	char line[1024], suffix[16];
	int n = snprintf(line, sizeof(line), "heapledger: %d: locks held together:", (int)getpid());

	for (int i = 0; i < HL_NR_RANKS; i++) {
		snprintf(suffix, sizeof(suffix), ">%s", names[i]);
		n = put_names(line, n, sizeof(line) - 1, held_before[i], suffix);
	}
	line[n++] = '\n';
	say(line, n);
}

/* It is recursive: a look asks again for the details (stacks/modules.c). */
int __wrap_dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
	uint32_t outer = held & 1u << HL_RANK_LOADER;
	int r;

	if (!outer)
		hl_ranks_take(HL_RANK_LOADER);
	r = __real_dl_iterate_phdr(callback, data);
	if (!outer)
		hl_ranks_drop(HL_RANK_LOADER);
	return r;
}

void *__wrap_dlopen(const char *name, int flags)
{
	hl_ranks_check_none("dlopen");
	return __real_dlopen(name, flags);
}
