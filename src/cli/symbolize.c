/* SPDX-License-Identifier: MIT */
/* Symbols into ledgers in place. */
#include "cli/symbolize.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "common/ledger.h"
#include "snapshot/embed.h"
#include "snapshot/ledger-record.h"

uint64_t cli_symbols_deadline(void)
{
	return hl_monotonic_ns() + CLI_SYMBOLS_SECONDS * UINT64_C(1000000000);
}

static int append(const struct cli_symbolizing *how, int fd, const struct hl_snapshot *snapshot, struct hl_error *err)
{
	const struct hl_embedded *symbols = hl_snapshot_symbols(snapshot);
	struct hl_completeness c;
	int writer;
	int rc;

	if (!symbols)
		return 0;
	hl_snapshot_completeness(snapshot, &c);
	writer = hl_ledger_file_reopen(fd, O_RDWR);
	if (writer < 0) {
		*err = (struct hl_error){.code = -writer, .offset = HL_NO_OFFSET, .msg = "cannot be opened to write"};
		return writer;
	}
	rc = hl_ledger_append_symbols(writer, symbols, how->is_bounded && c.max_bytes ? c.max_bytes : UINT64_MAX, err);
	close(writer);
	return rc;
}

int cli_symbolize(const struct cli_symbolizing *how, int fd, struct hl_snapshot **out, struct hl_error *err)
{
	struct hl_snapshot *snapshot;
	bool is_whole;
	int rc;

	*err = (struct hl_error){.code = EBUSY, .offset = HL_NO_OFFSET,
		.msg = "a process has it mapped and may still write it; symbolize a copy that `snapshot` makes"};
	if (!how->is_ended && hl_in_use_has(how->in_use, fd))
		return -EBUSY;
	rc = hl_snapshot_load_fd(fd, &snapshot, err);
	if (rc < 0)
		return rc;
	rc = hl_snapshot_embed(snapshot, how->resolver, how->until_ns, &is_whole);
	if (rc < 0)
		*err = (struct hl_error){.code = -rc, .offset = HL_NO_OFFSET, .msg = cli_reason(rc)};
	else
		rc = append(how, fd, snapshot, err);
	if (rc < 0) {
		hl_snapshot_unref(snapshot);
		return rc;
	}
	*out = snapshot;
	return is_whole ? rc : -ETIME;
}

/* Of the program that was started, and of one that went on as another, nobody writes any more. */
static bool is_ended(const struct hl_run *run, size_t index)
{
	if (run->ledgers[index].pid == (uint32_t)run->pid)
		return true;
	for (size_t i = index + 1; i < run->nr_ledgers; i++)
		if (run->ledgers[i].pid == run->ledgers[index].pid)
			return true;
	return false;
}

/* What of a ledger of the run went wrong; -EBUSY is none: it still runs, which others say. */
static int symbolize_ledger(struct hl_run *run, size_t index, struct cli_symbolizing *how, struct hl_error *err)
{
	struct hl_run_ledger *ledger = &run->ledgers[index];
	struct hl_snapshot *snapshot = NULL;
	int fd, rc;

	if (ledger->flags & HL_FLAG_SANITIZER)
		return 0;
	fd = hl_ledger_file_open(ledger->path, O_RDONLY, &ledger->file);
	if (fd < 0)
		return 0;
	how->is_ended = is_ended(run, index);
	rc = cli_symbolize(how, fd, &snapshot, err);
	close(fd);
	hl_snapshot_unref(snapshot);
	return rc;
}

void hl_run_symbolize(struct hl_run *run, bool is_quiet)
{
	struct hl_in_use in_use = {0};
	struct cli_symbolizing how = {.in_use = &in_use, .until_ns = cli_symbols_deadline(), .is_bounded = true};
	size_t nr_late = 0;
	bool is_said = is_quiet;

	if (hl_resolver_new(NULL, &how.resolver))
		return;
	for (size_t i = 0; i < run->nr_ledgers; i++) {
		struct hl_error err;
		int rc;

		if (hl_monotonic_ns() >= how.until_ns) {
			nr_late += run->nr_ledgers - i;
			break;
		}
		rc = symbolize_ledger(run, i, &how, &err);
		nr_late += rc == -ETIME;
		/* An unreadable ledger is named by the summary. */
		if (!is_said && (rc == -ENOSPC || rc == -EDQUOT || rc == -EFBIG || rc == -EIO)) {
			cli_complain("record", "%s: symbols: %s; it is whole without them", run->ledgers[i].path,
				err.msg);
			is_said = true;
		}
	}
	if (nr_late && !is_quiet)
		cli_complain("record", "after %u s the symbols of %zu ledger%s were not all looked up; `heapledger "
			"symbolize` does the rest", CLI_SYMBOLS_SECONDS, nr_late, nr_late == 1 ? "" : "s");
	hl_resolver_unref(how.resolver);
	hl_in_use_release(&in_use);
}
