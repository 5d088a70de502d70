/* SPDX-License-Identifier: MIT */
/* Putting symbols into ledgers: of files that the user names, and of those that a recording left. */
#ifndef HL_CLI_SYMBOLIZE_H
#define HL_CLI_SYMBOLIZE_H

#include "cli/in-use.h"
#include "cli/run.h"
#include "snapshot/heapledger.h"

/* How long a command looks symbols up that were not asked for by themselves. */
#define CLI_SYMBOLS_SECONDS 30u

/* Until when, CLOCK_MONOTONIC in ns. */
uint64_t cli_symbols_deadline(void);

/**
 * cli_symbolize() - put symbols into one ledger in place
 * @fd: opened for reading only
 * @until_ns: see hl_snapshot_embed()
 * @is_ended: its process is known to have ended; else that is looked up in @in_use
 * @is_bounded: the file becomes no longer than its recording was allowed to
 * @out: receives the snapshot with its symbols; the caller owns it
 * @err: receives the reason of a failure
 *
 * Returns: 1: written; 0: nothing new; -EBUSY: a process writes it; -ETIME: written, but not whole; or -errno.
 */
struct cli_symbolizing {
	struct hl_resolver *resolver;
	struct hl_in_use *in_use;
	uint64_t until_ns;
	bool is_ended;
	bool is_bounded;
};
int cli_symbolize(const struct cli_symbolizing *how, int fd, struct hl_snapshot **out, struct hl_error *err);

/**
 * hl_run_symbolize() - the same for all ledgers of a run whose processes have ended
 * @run: after hl_run_collect()
 * @is_quiet: say nothing of ledgers without symbols
 */
void hl_run_symbolize(struct hl_run *run, bool is_quiet);

#endif
