/* SPDX-License-Identifier: MIT */
/*
 * The virtual machine: runs the code of a program on the objects of a sim.
 *
 * The life of a run, in the order of the calls:
 *	sim_new()		heap, constants, built-in classes
 *	vm_attach()		the machine; sim->vm is set
 *	(the modules)		fill sim->builtins and sim->modules, vm_set_import()
 *	run_program()		the units, one after the other, in __main__
 *	run_shutdown()		what the interpreter does at its end
 *	vm_detach(), sim_free(), program_free()
 * Calls of objects are sim_call() and its kin of operate.h: they come here through sim->vm.
 * Ownership and errors: the rules of sim.h.
 */
#ifndef HL_SCENARIO_VM_H
#define HL_SCENARIO_VM_H

#include "scenario/compile/code.h"
#include "scenario/objects/object.h"

/**
 * vm_attach() - give a sim its virtual machine
 * @sim: fresh from sim_new()
 *
 * Returns: 0; -1 without memory, nothing has changed then.
 */
int vm_attach(struct sim *sim);

/* Releases the machine and the code objects of its program; frames must not be running.  No-op without one. */
void vm_detach(struct sim *sim);

/* --- what modules need ------------------------------------------------------------------------------- */

/*
 * import NAME: a new reference to the module; NULL and ModuleNotFoundError.  @name: interned str.  The machine asks
 * sim->modules first, and this for what is not in there.
 */
typedef struct gcs_object *(*vm_import_fn)(struct sim *sim, struct gcs_object *name, void *arg);
void vm_set_import(struct sim *sim, vm_import_fn import, void *arg);

/* globals() of the function that runs: borrowed; sim->main_globals when none does. */
struct gcs_object *vm_globals(struct sim *sim);

/* The name of the file that the running program was compiled from; NULL: none runs. */
const char *vm_program_file(struct sim *sim);

/* locals(): new reference; a new dict in a function, the namespace itself in a module or class body. */
struct gcs_object *vm_locals(struct sim *sim);

/*
 * The two arguments that super() takes from the running function: its class (the cell __class__) and its first
 * argument; borrowed.  -1: RuntimeError, with CPython's words.
 */
int vm_super_arguments(struct sim *sim, struct gcs_object **cls, struct gcs_object **self);

/* The class statement's function, for builtins.__build_class__; LOAD_BUILD_CLASS pushes the same. */
struct gcs_object *vm_build_class(struct sim *sim, const struct sim_call *call);

/* One call that is running, for tracebacks of allocations. */
struct vm_position {
	const struct code *code;
	unsigned int line;
};

/* The running calls, most recent first: writes at most @nr of them, returns how many there are. */
unsigned int vm_stack(struct sim *sim, struct vm_position *out, unsigned int nr);

/* From now on sites have up to @nr frames, most recent first (tracemalloc.start(nframe)); 1 at first and at least. */
void vm_set_site_frames(struct sim *sim, unsigned int nr);
unsigned int vm_site_frames(const struct sim *sim);

/* --- running a program --------------------------------------------------------------------------------- */

enum run_status {
	RUN_DONE = 0,		/* the end was reached, or SystemExit said 0 */
	RUN_EXCEPTION = 1,	/* not caught; the traceback is on sim->err */
	RUN_LIMIT = 2,		/* sim->stop says which */
};

/**
 * run_program() - run all units of a program in the namespace of __main__
 * @program: must live until vm_detach(); one program per machine
 *
 * Makes __main__ (sim->main_globals, sim->modules) unless it is there.  An exception that is not caught ends
 * the program: its traceback goes to sim->err, also when units are left.
 *
 * Returns: the exit status: enum run_status, or what SystemExit asked for (0 to 255).
 */
int run_program(struct sim *sim, const struct program *program);

/**
 * run_shutdown() - what the interpreter does at its end
 *
 * weakref.finalize, last made first; a full collection if the collector is enabled; the modules' namespaces are
 * dropped; a collection whether it is enabled or not; the rest of the modules' names (those with one leading underscore
 * first, then the others).  Finalizers and callbacks print as ever.  Nothing runs once a limit was reached.
 */
void run_shutdown(struct sim *sim);

/* Whether run_shutdown() has come to the modules: the collection after that calls no gc.callbacks. */
bool run_is_finalizing(const struct sim *sim);

/*
 * The last lines of an exception as the interpreter prints it, suggestions included, on sim->err: traceback, causes and
 * contexts.  Never raises.
 */
void run_print_exception(struct sim *sim, struct gcs_object *exception);

#endif
