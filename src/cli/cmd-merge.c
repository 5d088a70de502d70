/* SPDX-License-Identifier: MIT */
/* heapledger merge: the ledgers of several processes or machines as one. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "reports/escape.h"
#include "snapshot/merge.h"

static int complain(int rc)
{
	cli_complain("merge", "%s", rc == -EINVAL ?
			"the ledgers were sampled differently: their numbers do not add up" :
			rc == -EFBIG ? "too much for one ledger" : cli_reason(rc));
	return CLI_FAILED;
}

static int write_merged(struct hl_merging *merging, const char *output, bool force)
{
	struct hl_snapshot *merged;
	struct hl_error err;
	int rc = hl_merging_finish(merging, &merged);

	if (rc)
		return complain(rc);
	rc = hl_snapshot_write(merged, output, force ? HL_WRITE_FORCE : 0, &err);
	hl_snapshot_unref(merged);
	if (rc) {
		cli_complain_file("merge", output, &err);
		return CLI_FAILED;
	}
	hl_put_name(stdout, output);
	putchar('\n');
	return CLI_DONE;
}

/* The sum in place of one of its parts: added once more, that one would count twice. */
static bool is_input(char **files, size_t nr, const char *output)
{
	struct stat in, out;

	if (stat(output, &out))
		return false;
	for (size_t i = 0; i < nr; i++)
		if (!stat(files[i], &in) && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
			return true;
	return false;
}

/* One ledger after the other, so that only one is in memory beside the sum. */
static int merge_all(struct hl_merging *merging, char **files, size_t nr, const char *output, bool force)
{
	for (size_t i = 0; i < nr; i++) {
		struct hl_snapshot *snapshot = cli_load("merge", files[i]);
		int rc;

		if (!snapshot)
			return CLI_FAILED;
		rc = hl_merging_add(merging, snapshot);
		hl_snapshot_unref(snapshot);
		if (rc)
			return complain(rc);
	}
	return write_merged(merging, output, force);
}

static int run(char **files, size_t nr, const char *output, bool force)
{
	struct hl_merging *merging = hl_merging_new();
	int status = CLI_FAILED;

	if (!output)
		cli_complain("merge", "missing -o FILE; try 'heapledger merge --help'");
	else if (is_input(files, nr, output))
		cli_complain("merge", "-o: %s is one of the ledgers that are added up", output);
	else if (!merging)
		cli_complain("merge", "out of memory");
	else
		status = merge_all(merging, files, nr, output, force);
	hl_merging_free(merging);
	return status;
}

int cmd_merge(int argc, char **argv)
{
	const char *output = NULL;
	bool force = false;
	const struct cli_option options[] = {
		{'o', "output", "FILE", CLI_STRING, &output, "write to FILE", NULL},
		{'f', "force", NULL, CLI_FLAG, &force, "replace an existing FILE", NULL},
		{0},
	};
	const struct cli_usage usage = {
		.word = "merge",
		.operands = "FILE...",
		.summary = "Add up the ledgers of several processes or machines.",
		.options = options,
		.min_operands = 1,
		.max_operands = -1,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	return status >= 0 ? status : run(argv + first, (size_t)(argc - first), output, force);
}
