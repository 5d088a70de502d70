/* SPDX-License-Identifier: MIT */
/*
 * The order of locks: a thread takes one only if its rank is above the ranks of all that it holds.
 *
 * README.md has the pairs that there are, and why.  In the test build (HL_VERIFY_LOCKS, in
 * libheapledger_verify.so) each taking is checked; in the shim nothing is left of this but the numbers.
 */
#ifndef HL_PRELOAD_RANKS_H
#define HL_PRELOAD_RANKS_H

#pragma GCC visibility push(hidden)

enum hl_rank {
	/* Not ours: while it is had, or a function of ours is called by dl_iterate_phdr(). */
	HL_RANK_LOADER,
	HL_RANK_LIBUNWIND,		/* not ours: between hl_gate_enter() and hl_gate_leave() */
	HL_RANK_ORDERS,
	HL_RANK_PAUSE,
	HL_RANK_LANES,
	HL_RANK_RECORDS,
	HL_RANK_RULES,
	HL_RANK_NODES,
	HL_RANK_CODE,
	HL_RANK_REGIONS,
	HL_RANK_TRACKED,
	HL_RANK_STORE,
	HL_NR_RANKS
};

#ifdef HL_VERIFY_LOCKS
/* Against the order: it is said on descriptor 2, and the process ends by abort(). */
void hl_ranks_take(enum hl_rank rank);
void hl_ranks_drop(enum hl_rank rank);

/** hl_ranks_check_none() - @what takes locks that are not ours, and none of ours may be held */
void hl_ranks_check_none(const char *what);

/** hl_ranks_report() - on descriptor 2: "heapledger: PID: locks held together: OUTER>INNER ..." */
void hl_ranks_report(void);
#else
static inline void hl_ranks_take(enum hl_rank rank)
{
	(void)rank;
}

static inline void hl_ranks_drop(enum hl_rank rank)
{
	(void)rank;
}

static inline void hl_ranks_check_none(const char *what)
{
	(void)what;
}

static inline void hl_ranks_report(void)
{
}
#endif

#pragma GCC visibility pop
#endif
