/* SPDX-License-Identifier: MIT */
/* What an ELF object says of itself in memory. */
#ifndef HL_PRELOAD_OBJECT_H
#define HL_PRELOAD_OBJECT_H

#include <link.h>

#include "common/ledger.h"

#pragma GCC visibility push(hidden)

/** hl_object_describe() - addresses and build-id of what the loader shows; the rest of @module is zero */
void hl_object_describe(const struct dl_phdr_info *info, struct hl_module *module);

#pragma GCC visibility pop
#endif
