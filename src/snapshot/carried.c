/* SPDX-License-Identifier: MIT */
/* The program's own suppressions. */
#include "snapshot/carried.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/resolve.h"
#include "symbols.h"

#define FUNCTION "__lsan_default_suppressions"

static int ask_module(const struct hl_snapshot *s, const struct hl_module *m, struct hl_resolver *resolver,
		struct hl_carried *out)
{
	struct hl_text path = hl_snapshot_text(s, m->path);
	int rc;

	out->object = strndup(path.data, path.length);
	if (!out->object)
		return -ENOMEM;
	rc = hl_symbols_module(resolver->symbols, out->object, m->build_id_bytes ? m->build_id : NULL,
			m->build_id_bytes);
	if (rc >= 0)
		rc = hl_symbols_returned_text(resolver->symbols, rc, FUNCTION, &out->text);
	if (rc == -ENOTSUP)
		return 0;
	if (rc)
		free(out->object);
	return rc;
}

int hl_snapshot_carried(const struct hl_snapshot *snapshot, struct hl_resolver *resolver, struct hl_carried *out)
{
	int rc = -ENOENT;

	*out = (struct hl_carried){0};
	for (size_t i = 0; rc == -ENOENT && i < snapshot->globals.nr_modules; i++)
		rc = ask_module(snapshot, &snapshot->modules[i], resolver, out);
	if (rc)
		*out = (struct hl_carried){0};
	return rc;
}
