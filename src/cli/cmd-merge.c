/* SPDX-License-Identifier: MIT */
/* heapledger merge: the ledgers of several processes or machines as one. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/escape.h"

static int write_merged(struct hl_snapshot *const *snapshots, size_t nr, const char *output,
		bool force)
{
	struct hl_snapshot *merged;
	struct hl_error err;
	int rc = hl_snapshot_merge(snapshots, nr, &merged);

	if (rc) {
		cli_complain("merge", "%s", rc == -EINVAL ?
				"the ledgers were sampled differently: their numbers do not add up" :
				rc == -EFBIG ? "too much for one ledger" : cli_reason(rc));
		return CLI_FAILED;
	}
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

static int run(char **files, size_t nr, const char *output, bool force)
{
	struct hl_snapshot **snapshots = calloc(nr, sizeof(*snapshots));
	int status = CLI_FAILED;
	size_t nr_loaded = 0;

	if (!output)
		cli_complain("merge", "missing -o FILE; try 'heapledger merge --help'");
	else if (!snapshots)
		cli_complain("merge", "out of memory");
	else
		while (nr_loaded < nr && (snapshots[nr_loaded] = cli_load("merge", files[nr_loaded])))
			nr_loaded++;
	if (nr_loaded == nr)
		status = write_merged(snapshots, nr, output, force);
	for (size_t i = 0; i < nr_loaded; i++)
		hl_snapshot_unref(snapshots[i]);
	free(snapshots);
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
