/* SPDX-License-Identifier: MIT */
/* Linkage names to names as the programmer wrote them: C++, Rust (legacy and v0) and D. */
#ifndef HL_SNAPSHOT_DEMANGLE_H
#define HL_SNAPSHOT_DEMANGLE_H

#include <stdbool.h>

/**
 * hl_demangle() - demangle one linkage name
 * @name: not NULL; need not be mangled
 * @parameters: keep the parameter list of a C++ function
 *
 * Suffixes of function clones (".cold", ".part.0", ".constprop.1", ".isra.0", ".lto_priv.0") are
 * dropped, so that the parts of one function have one name.  Rust's hashes are dropped.
 *
 * Returns: malloc'ed text; NULL: @name is not mangled, or memory ran out.
 */
char *hl_demangle(const char *name, bool parameters);

#endif
