/* SPDX-License-Identifier: MIT */
/* import weakref: what weak.c has. */
#include "scenario/modules/modules.h"

static const struct sim_method no_methods[] = {{NULL, NULL, 0, 0, 0}};

static const char *const missing[] = {
	"CallableProxyType", "KeyedRef", "ProxyType", "ProxyTypes", "WeakMethod", "proxy", NULL,
};

const struct sim_module_table sim_module_weakref = {
	.name = "weakref",
	.methods = no_methods,
	.fill = sim_weakref_module_fill,
	.missing = missing,
};
