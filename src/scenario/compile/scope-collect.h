/* SPDX-License-Identifier: MIT */
/* The first pass of scope.c. */
#ifndef HL_SCENARIO_SCOPE_COLLECT_H
#define HL_SCENARIO_SCOPE_COLLECT_H

#include "scenario/compile/scope.h"

/* Makes the scopes of a module and the symbols in them, with flags, not yet with places. */
void scope_collect(struct scope_table *table, struct module *module);

/* The symbol of a name in a scope, made if there is none. */
struct symbol *scope_add(struct scope_table *table, struct scope *scope, const char *name);

#endif
