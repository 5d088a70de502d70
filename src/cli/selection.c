/* SPDX-License-Identifier: MIT */
/* What is wrong with the options that choose blocks, before any work is done. */
#include "cli/selection.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "snapshot/named-file.h"

/* What the library would do with it, in silence. */
static int try_source_dir(const char *folder)
{
	struct hl_named_folders folders = {0};
	int rc = hl_named_folders_add_here(&folders);

	if (!rc)
		rc = hl_named_folders_add(&folders, folder, HL_VOUCHER_USER, 0);
	hl_named_folders_release(&folders);
	return rc;
}

bool cli_has_sources(const char *folder)
{
	return try_source_dir(folder) == 0;
}

static int check_source_dirs(const char *word, const struct cli_list *dirs)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < dirs->nr; i++) {
		rc = try_source_dir(dirs->items[i]);
		if (rc)
			cli_complain(word, "--source-dir: %s: %s", dirs->items[i], rc == -EPERM ?
					"a folder of the system: no sources are shown from there" : strerror(-rc));
	}
	return rc ? -1 : 0;
}

/* A folder that is not there holds nothing, and a report without lines does not say why. */
static int check_debug_dirs(const char *word, const struct cli_list *dirs)
{
	struct stat status;

	for (size_t i = 0; i < dirs->nr; i++) {
		int error = stat(dirs->items[i], &status) ? errno : S_ISDIR(status.st_mode) ? 0 : ENOTDIR;

		if (!error)
			continue;
		cli_complain(word, "--debug-dir: %s: %s", dirs->items[i], strerror(error));
		return -1;
	}
	return 0;
}

static int check_regexes(const char *word, const char *option, const struct cli_list *list)
{
	for (size_t i = 0; i < list->nr; i++) {
		regex_t compiled;
		char reason[160];
		int rc = regcomp(&compiled, list->items[i], REG_EXTENDED | REG_NOSUB);

		if (rc) {
			regerror(rc, NULL, reason, sizeof(reason));
			cli_complain(word, "--%s: '%s' is not a regular expression: %s", option, list->items[i],
					reason);
			return -1;
		}
		regfree(&compiled);
	}
	return 0;
}

int cli_selection_check(const char *word, const struct cli_selection *selection)
{
	if (check_source_dirs(word, &selection->source_dirs) || check_debug_dirs(word, &selection->debug_dirs) ||
			check_regexes(word, "focus", &selection->focus))
		return -1;
	return check_regexes(word, "ignore", &selection->ignore);
}
