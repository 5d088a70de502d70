/* SPDX-License-Identifier: MIT */
/*
 * Suppressions that a program brings along for LeakSanitizer: a function __lsan_default_suppressions() that returns
 * them as a text.  It is read in the program's file, never run.
 */
#ifndef HL_SNAPSHOT_CARRIED_H
#define HL_SNAPSHOT_CARRIED_H

#include "snapshot/heapledger.h"

struct hl_carried {
	char *object;			/* the first that has the function */
	const char *text;		/* owned by the resolver; NULL: it does more than return a text */
};

/**
 * hl_snapshot_carried() - the suppressions of the recorded program
 * @out: receives them; the caller frees out->object
 *
 * Cost:    opens the objects of the recording, as far as they are those that were recorded.
 * Returns: 0; -ENOENT: no object has any; -ENOMEM.
 */
int hl_snapshot_carried(const struct hl_snapshot *snapshot, struct hl_resolver *resolver, struct hl_carried *out);

#endif
