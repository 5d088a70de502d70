/* SPDX-License-Identifier: MIT */
/* Folders in which others may put, and find, files. */
#include "cli/shared-folder.h"

#include <sys/stat.h>

#include "cli/cli.h"

bool cli_refuse_shared(const char *word)
{
	struct stat here;

	if (stat(".", &here) || !(here.st_mode & S_IWOTH))
		return false;
	cli_complain(word, "every user may write to the working folder; to have the ledger here, name it with -o");
	return true;
}
