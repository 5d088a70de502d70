/* SPDX-License-Identifier: MIT */
/* What was made after a mark. */
#include "cli/since.h"

#include <stdio.h>
#include <string.h>

#include "reports/escape.h"

#define MAX_LISTED 8

static bool is_called(const struct hl_mark_info *mark, const char *text)
{
	return mark->text.length == strlen(text) && !memcmp(mark->text.data, text, mark->text.length);
}

/* The last ones: marks with a text are often numbered. */
static void list_marks(const struct hl_snapshot *snapshot)
{
	size_t nr = hl_snapshot_nr_marks(snapshot), left = MAX_LISTED;
	struct hl_mark_info mark;

	fputs("heapledger: marks of `heapledger ctl`, the last ones first:", stderr);
	for (size_t i = nr; i > 0 && left > 0; i--) {
		hl_snapshot_mark(snapshot, i - 1, &mark);
		if (!mark.begins_generation)
			continue;
		fputs(left-- == MAX_LISTED ? " " : ", ", stderr);
		hl_put_text(stderr, mark.text.data, mark.text.length);
	}
	fputs(left == MAX_LISTED ? " none\n" : "\n", stderr);
}

static int complain(const char *word, const char *file, const char *text, const struct hl_snapshot *snapshot,
		bool is_there)
{
	if (is_there)
		cli_complain(word, "--since=%s: %s: the program made that mark itself, with hl_mark(): what was made "
			"before and after it is not told apart", text, file);
	else
		cli_complain(word, "--since=%s: %s has no such mark", text, file);
	list_marks(snapshot);
	return -1;
}

int cli_take_since(const char *word, const char *file, const char *text, struct hl_snapshot **snapshot, char *title)
{
	struct hl_snapshot *since;
	struct hl_mark_info mark;
	struct hl_error err;
	bool is_there = false;

	for (size_t i = hl_snapshot_nr_marks(*snapshot); i > 0; i--) {
		hl_snapshot_mark(*snapshot, i - 1, &mark);
		if (!is_called(&mark, text))
			continue;
		is_there = true;
		if (!mark.begins_generation)
			continue;
		if (hl_snapshot_since(*snapshot, i - 1, &since, &err)) {
			cli_complain_file(word, file, &err);
			return -1;
		}
		hl_snapshot_unref(*snapshot);
		*snapshot = since;
		snprintf(title, CLI_SINCE_TITLE, " since %s", text);
		return 0;
	}
	return complain(word, file, text, *snapshot, is_there);
}
