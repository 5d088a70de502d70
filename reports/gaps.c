/* SPDX-License-Identifier: MIT */
/* What is not in an account, and why. */
#include "reports/gaps.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/ledger.h"
#include "reports/escape.h"

/* More would hide the other notes; `info` marks all of them in its list. */
#define MAX_NAMES 4

static bool is_named_before(const struct hl_snapshot *snapshot, size_t index, uint32_t flag)
{
	struct hl_module_info m, earlier;

	hl_snapshot_module(snapshot, index, &m);
	for (size_t i = 0; i < index; i++) {
		hl_snapshot_module(snapshot, i, &earlier);
		if (earlier.flags & flag && earlier.path.length == m.path.length &&
				!memcmp(earlier.path.data, m.path.data, m.path.length))
			return true;
	}
	return false;
}

static bool has_flagged(const struct hl_snapshot *snapshot, uint32_t flag)
{
	for (size_t i = 0; i < hl_snapshot_nr_modules(snapshot); i++) {
		struct hl_module_info m;

		hl_snapshot_module(snapshot, i, &m);
		if (m.flags & flag && m.path.length)
			return true;
	}
	return false;
}

/* "a.so, b.so": the objects with a flag, each path once; how many there are. */
static size_t put_modules(FILE *file, const struct hl_snapshot *snapshot, uint32_t flag)
{
	size_t nr = 0;

	for (size_t i = 0; i < hl_snapshot_nr_modules(snapshot); i++) {
		struct hl_module_info m;

		hl_snapshot_module(snapshot, i, &m);
		if (!(m.flags & flag) || !m.path.length || is_named_before(snapshot, i, flag))
			continue;
		if (nr++ >= MAX_NAMES)
			continue;
		fputs(nr > 1 ? ", " : "", file);
		hl_put_text(file, m.path.data, m.path.length);
	}
	if (nr > MAX_NAMES)
		fprintf(file, " and %zu more", nr - MAX_NAMES);
	return nr;
}

/* No stack ended there: frame pointers led on, which skips frames that have none. */
static int put_bare(FILE *file, const struct hl_snapshot *snapshot, const char *prefix)
{
	if (!has_flagged(snapshot, HL_MODULE_NO_UNWIND))
		return 0;
	fprintf(file, "%sframes may be missing: no unwind information in ", prefix);
	put_modules(file, snapshot, HL_MODULE_NO_UNWIND);
	fputs("; build it with -fasynchronous-unwind-tables\n", file);
	return 1;
}

static int put_no_info(FILE *file, const struct hl_snapshot *snapshot, const char *prefix, uint64_t n)
{
	if (!n)
		return put_bare(file, snapshot, prefix);
	fprintf(file, "%s%" PRIu64 " of these: no unwind information in ", prefix, n);
	if (!put_modules(file, snapshot, HL_MODULE_NO_UNWIND))
		fputs("an object", file);
	fputs("; build it with -fasynchronous-unwind-tables\n", file);
	return 1;
}

static int put_cause(FILE *file, const char *prefix, uint64_t n, const char *text)
{
	if (n)
		fprintf(file, "%s%" PRIu64 " of these: %s\n", prefix, n, text);
	return n != 0;
}

int hl_write_partial_causes(FILE *file, const struct hl_snapshot *snapshot, const char *prefix)
{
	struct hl_completeness c;
	int nr;

	hl_snapshot_completeness(snapshot, &c);
	nr = put_no_info(file, snapshot, prefix, c.partial_no_info);
	nr += put_cause(file, prefix, c.partial_code, "code that was made at run time; let it keep frame pointers");
	nr += put_cause(file, prefix, c.partial_unwinder, "no libunwind that could be asked; install libunwind8");
	nr += put_cause(file, prefix, c.partial_budget, "no room on a small stack; give the thread a larger one");
	return nr;
}

int hl_write_bypasses(FILE *file, const struct hl_snapshot *snapshot, const char *prefix)
{
	if (!has_flagged(snapshot, HL_MODULE_BYPASS))
		return 0;
	fprintf(file, "%smalloc and free are not recorded in ", prefix);
	put_modules(file, snapshot, HL_MODULE_BYPASS);
	fputs(": what it makes is not here, and what it frees may look as if it was not\n", file);
	return 1;
}

static const char *remedy(int32_t error)
{
	switch (error) {
	case EACCES:
	case EPERM:
	case EROFS:
	case ENOENT:
		return "record with -o into a folder in which the child may make files";
	case ENOSPC:
	case EDQUOT:
		return "make room on the disk of the ledger";
	case EMFILE:
	case ENFILE:
		return "raise the limit of open files (ulimit -n)";
	case EFBIG:
		return "raise the limit of a file's size (ulimit -f)";
	case ENOMEM:
		return "raise the limit of memory (ulimit -v)";
	default:
		return NULL;
	}
}

int hl_write_lost_children(FILE *file, const struct hl_snapshot *snapshot, const char *prefix)
{
	struct hl_completeness c;
	const char *reason;

	hl_snapshot_completeness(snapshot, &c);
	if (!c.lost_children)
		return 0;
	fprintf(file, "%s%" PRIu64 " forked %s not recorded: no ledger could be made", prefix, c.lost_children,
			c.lost_children == 1 ? "child was" : "children were");
	if (c.lost_child_pid)
		fprintf(file, c.lost_children == 1 ? " (process %" PRIu32 ")" : " (the latest: process %" PRIu32 ")",
				c.lost_child_pid);
	reason = strerrordesc_np(c.lost_child_error);
	if (c.lost_child_error && reason)
		fprintf(file, ": %s", reason);
	else if (c.lost_child_error)
		fprintf(file, ": error %" PRId32, c.lost_child_error);
	if (remedy(c.lost_child_error))
		fprintf(file, "; %s", remedy(c.lost_child_error));
	fputc('\n', file);
	return 1;
}
