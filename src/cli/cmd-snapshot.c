/* SPDX-License-Identifier: MIT */
/* heapledger snapshot: an immutable copy of a ledger, of a running program too. */
#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/find-ledger.h"
#include "reports/escape.h"

#define MAX_NUMBERED 100000

static bool is_pid(const char *text)
{
	size_t length = strlen(text);

	return length && length < 10 && strspn(text, "0123456789") == length;
}

/*
 * A forked child has its parent's ledger mapped until it allocates itself.  In a namespace of its own
 * a process knows itself by another number, which is the last one of NSpid.
 */
static void warn_of_parent(const char *text, const struct hl_snapshot *snapshot)
{
	unsigned long own = strtoul(text, NULL, 10);
	struct hl_info info;
	char line[256];
	FILE *file;

	snprintf(line, sizeof(line), "/proc/%s/status", text);
	file = fopen(line, "re");
	while (file && fgets(line, sizeof(line), file))
		for (char *word = strncmp(line, "NSpid:", 6) ? NULL : strchr(line, '\t'); word;
				word = strchr(word + 1, '\t'))
			own = strtoul(word, NULL, 10);
	if (file)
		fclose(file);
	hl_snapshot_info(snapshot, &info);
	if (info.pid != own)
		cli_complain("snapshot", "process %s has allocated nothing since it was forked: this is "
			"the ledger of process %u", text, info.pid);
}

/* A process has its ledger's name from wherever it likes: the copy is called by its number. */
static struct hl_snapshot *load_process(const char *text, char *stem)
{
	char name[PATH_MAX];
	struct hl_snapshot *snapshot = NULL;
	struct hl_error err;
	const char *reason;
	int fd = cli_find_ledger((pid_t)atol(text), name, &reason);

	if (fd < 0) {
		cli_complain("snapshot", "process %s: %s", text, reason);
		return NULL;
	}
	if (hl_snapshot_load_fd(fd, &snapshot, &err)) {
		cli_complain_file("snapshot", name, &err);
		snapshot = NULL;
	}
	close(fd);
	if (snapshot)
		warn_of_parent(text, snapshot);
	snprintf(stem, PATH_MAX, "heapledger.%.20s", text);
	return snapshot;
}

/* "dir/a.hl" as "a": the copy goes into the current directory. */
static void make_stem(const char *name, char *stem)
{
	const char *slash = strrchr(name, '/');
	size_t length;

	snprintf(stem, PATH_MAX, "%.4000s", slash ? slash + 1 : name);
	length = strlen(stem);
	if (length > 3 && !strcmp(stem + length - 3, ".hl"))
		stem[length - 3] = '\0';
}

/* A file of this name is meant before a process of this number. */
static struct hl_snapshot *load(const char *operand, char *stem)
{
	if (is_pid(operand) && access(operand, F_OK))
		return load_process(operand, stem);
	make_stem(operand, stem);
	return cli_load("snapshot", operand);
}

/* The first free of a.1.hl, a.2.hl ...: whoever takes snapshots in a loop gets them in order. */
static int write_numbered(const struct hl_snapshot *snapshot, const char *stem, char *out,
		struct hl_error *err)
{
	int rc = -EEXIST;

	for (int i = 1; rc == -EEXIST && i < MAX_NUMBERED; i++) {
		snprintf(out, PATH_MAX, "%.4000s.%d.hl", stem, i);
		rc = hl_snapshot_write(snapshot, out, 0, err);
	}
	return rc;
}

static int copy(const char *operand, const char *output, bool force)
{
	char stem[PATH_MAX];
	char numbered[PATH_MAX];
	struct hl_error err;
	struct hl_snapshot *snapshot = load(operand, stem);
	int rc;

	if (!snapshot)
		return CLI_FAILED;
	if (output) {
		rc = hl_snapshot_write(snapshot, output, force ? HL_WRITE_FORCE : 0, &err);
	} else {
		rc = write_numbered(snapshot, stem, numbered, &err);
		output = numbered;
	}
	hl_snapshot_unref(snapshot);
	if (rc) {
		cli_complain_file("snapshot", output, &err);
		return CLI_FAILED;
	}
	hl_put_name(stdout, output);
	putchar('\n');
	return CLI_DONE;
}

int cmd_snapshot(int argc, char **argv)
{
	const char *output = NULL;
	bool force = false;
	const struct cli_option options[] = {
		{'o', "output", "FILE", CLI_STRING, &output, "write to FILE (NAME.1.hl, NAME.2.hl ...)",
			NULL},
		{'f', "force", NULL, CLI_FLAG, &force, "replace an existing FILE", NULL},
		{0},
	};
	const struct cli_usage usage = {
		.word = "snapshot",
		.operands = "PID|FILE",
		.summary = "Copy the ledger of a running program, without stopping it.",
		.options = options,
		.min_operands = 1,
		.max_operands = 1,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	return status >= 0 ? status : copy(argv[first], output, force);
}
