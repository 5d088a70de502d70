/* SPDX-License-Identifier: MIT */
/*
 * The built-in functions and the modules that a scenario can import.
 *
 * What a module of CPython 3.11 has and ours has not is listed here too: a program that names such a thing
 * plainly (gc.x after import gc, a built-in function) is refused before it runs.  A name that CPython does not
 * have either is an AttributeError or NameError at run time, as there.
 */
#ifndef HL_SCENARIO_MODULES_H
#define HL_SCENARIO_MODULES_H

#include "scenario/compile/code.h"
#include "scenario/objects/object.h"

struct sim_module_table {
	const char *name;
	const struct sim_method *methods;
	int (*fill)(struct sim *sim, struct gcs_object *module);	/* what is no function; 0 or -1 */
	const char *const *missing;	/* names of CPython's module that this one lacks; NULL-ended */
};

extern const struct sim_module_table sim_module_gc, sim_module_sys, sim_module_weakref, sim_module_tracemalloc;
extern const struct sim_method sim_builtin_methods[], sim_number_methods[], sim_iterate_methods[];
extern const char *const sim_builtins_missing[];

/* The module's table, or NULL. */
const struct sim_module_table *sim_module_find(const char *name);

/**
 * sim_modules_start() - makes the built-in functions, and lets the machine import the modules
 * @sim: after vm_attach()
 * @script: sys.argv[0]
 *
 * What is made here is in the oldest generation, as after a full collection; the collector's counters stay.
 *
 * Returns: 0; -1 with a pending exception.
 */
int sim_modules_start(struct sim *sim, const char *script);

/* Releases what modules hold beside the heap: after run_shutdown(), before sim_free(). */
void sim_modules_end(struct sim *sim);

/**
 * sim_modules_check() - whether the program names something that the modules lack
 * @err: receives the first such place; may be NULL
 *
 * Returns: 0; -EINVAL with err->kind SCENARIO_UNSUPPORTED; -ENOMEM.
 */
int sim_modules_check(const struct program *program, struct scenario_error *err);

/* --- for the files of modules ------------------------------------------------------------------------ */

/* The arguments as the tuple that CPython makes for functions of the older calling convention: a GC object while the
 * function runs. */
struct gcs_object *sim_arguments_tuple(struct sim *sim, const struct sim_call *call);

/* An interned str. */
struct gcs_object *sim_name(struct sim *sim, const char *text);

/* Truth of an argument that may be missing (NULL: @fallback); -1: exception. */
int sim_argument_truth(struct sim *sim, struct gcs_object *argument, bool fallback);

/* An int argument that must fit the C type int: OverflowError, TypeError.  CPython has two wordings. */
int sim_argument_int(struct sim *sim, struct gcs_object *argument, int *value);
int sim_argument_c_int(struct sim *sim, struct gcs_object *argument, int *value);

/* --- streams ----------------------------------------------------------------------------------------- */

struct gcs_object *sim_print(struct sim *sim, struct gcs_object *self, const struct sim_call *call);

/* What an interpreter does with sys.stdout when the program has ended, before its shutdown. */
void sim_stream_flush(struct sim *sim);

/* sys.stdout, sys.stderr; kept by the caller. */
struct gcs_object *sim_stream_new(struct sim *sim, bool is_error);

#endif
