/* SPDX-License-Identifier: MIT */
/*
 * What the files of the virtual machine share; vm.h is for everybody else.
 *
 * Invariants:
 *  - vm->frame is the innermost call that runs; frames are linked through back.
 *  - A frame's stack pointer is NULL while the dispatch loop runs it (the loop has it in a register),
 *    and right while it is suspended or waits for a call that the same loop runs.
 *  - Frames are no objects. One becomes known to a frame object only when a traceback names it, and moves into
 *    it if that outlives the call.
 */
#ifndef HL_SCENARIO_MACHINE_H
#define HL_SCENARIO_MACHINE_H

#include "scenario/objects/operate.h"
#include "scenario/machine/vm.h"

struct vm_code;

/* What an instruction found out the last time, to be confirmed before it is used. */
struct vm_cache {
	uint64_t position;		/* of an entry in a dict, of an attribute in a layout */
	const struct sim_class *cls;	/* borrowed, only compared */
	uint32_t version;		/* of the class; 0: nothing is known */
	uint32_t nr;			/* names in its layout; the way of a call: construct.c */
	struct gcs_object *method;	/* borrowed from the class as long as its version is the same */
	const struct sim_type *type;	/* a built-in type that has the method: these never change */
};

/* What aux says about the position of a global name: in which dict it counts. */
enum { PLACE_UNKNOWN, PLACE_FIRST, PLACE_BUILTINS };

struct vm_instr {
	uint16_t op;
	uint16_t aux;
	uint32_t arg;
	struct gcs_site *site;
	struct vm_cache cache;
};

/* A code made ready: code->machine. */
struct vm_code {
	const struct code *code;
	struct vm_instr *instrs;
	struct gcs_object *const *constants;	/* items of the code object's tuple */
	struct gcs_object **names;		/* interned: they live as long as the sim */
	struct gcs_object *object;		/* the code object; borrowed from the table of constants */
	struct vm_code *next;			/* all of a machine */
};

enum frame_owner { FRAME_ON_STACK, FRAME_IN_GENERATOR, FRAME_IN_OBJECT };

struct vm_frame {
	struct vm_frame *back;
	struct vm_code *code;
	const struct vm_instr *at;		/* the instruction that runs */
	struct gcs_object **sp;			/* first free entry of the stack; NULL while the loop runs it */
	struct gcs_object *function;		/* owned */
	struct gcs_object *globals, *builtins;	/* borrowed from the function */
	struct gcs_object *locals;		/* owned: namespace of a module or class body, else NULL */
	struct gcs_object *object;		/* owned: the frame object, NULL until one was asked for */
	struct gcs_object *generator;		/* borrowed: whose frame it is, or NULL */
	struct gcs_object *made, *arguments;	/* of __init__: instance and tuple of the call, see construct.c */
	uint8_t owner;				/* enum frame_owner */
	bool entry;				/* the loop returns to C when it ends */
	struct gcs_object *slots[];		/* locals, cells, free ones; then the stack */
};

/* Where the exception being handled is kept: one for the main stack, one for each generator that runs. */
struct vm_handled {
	struct gcs_object **value;
	struct vm_handled *previous;
};

struct frame_chunk;
struct site_tree;

struct vm {
	struct sim *sim;
	struct vm_frame *frame;
	const void *const *dispatch;		/* labels of the loop; see vm_set_dispatch() */

	struct frame_chunk *chunk;		/* the newest one */
	char *frames_next, *frames_end;		/* the free part of it */

	struct vm_handled *handled, main_handled;
	struct gcs_object *main_exception;	/* what main_handled points to */
	struct gcs_object *last_exception, *last_traceback;	/* sys.last_value and so on, until the shutdown */

	const struct program *program;
	struct gcs_object **constants;		/* by id, owned while the program runs */
	struct vm_code *codes;

	vm_import_fn import;
	void *import_arg;
	struct gcs_object *build_class;		/* the built-in function */
	unsigned int site_frames;
	struct site_tree *sites;
	bool finalizing;
};

static inline struct vm *vm_of(struct sim *sim)
{
	return sim->vm_state;
}

static inline struct vm_code *vm_code_of(const struct gcs_object *function)
{
	const struct sim_code_object *object =
			(const struct sim_code_object *)((const struct sim_function *)function)->code;

	return ((const struct code *)object->code)->machine;
}

static inline struct gcs_object **frame_stack(struct vm_frame *frame)
{
	return frame->slots + frame->code->code->nr_slots;
}

static inline unsigned int frame_line(const struct vm_frame *frame)
{
	return frame->code->code->lines[frame->at - frame->code->instrs];
}

/* --- load.c: a program's constants, names and code objects -------------------------------------------- */

int vm_load(struct vm *vm, const struct program *program);
/* The code object of a code whose constants have been made; new reference. */
struct gcs_object *vm_load_code(struct vm *vm, struct code *code);
/* The program has run: what it alone kept alive goes. */
void vm_release_constants(struct vm *vm);
void vm_unload(struct vm *vm);

/* --- frame.c ------------------------------------------------------------------------------------------- */

int frame_init(struct vm *vm);
void frame_release_chunks(struct vm *vm);
/*
 * A frame for a call of @function, which it steals (also when it fails); the slots are empty. It becomes vm->frame
 * by frame_enter().
 */
struct vm_frame *frame_new(struct vm *vm, struct gcs_object *function);
/* The end of the running frame: it is unlinked, then all that it holds is released. */
void frame_leave(struct vm *vm, struct vm_frame *frame);
/* Releases what a frame holds and its memory. */
void frame_drop(struct vm *vm, struct vm_frame *frame);
/* RETURN_GENERATOR: moves the running frame off the stack; it is unlinked. NULL: exception. */
struct vm_frame *frame_detach(struct vm *vm, struct vm_frame *frame);
/* The frame object: borrowed from the frame; NULL: exception. */
struct gcs_object *frame_object(struct vm *vm, struct vm_frame *frame);
/* What frame objects show: code and line of the call, borrowed; false: it was released. */
bool frame_object_position(const struct gcs_object *object, struct vm_position *out);
struct vm_frame *frame_of_object(const struct gcs_object *object);
int frame_traverse(void *frame, gcs_visit_fn visit, void *arg);
void frame_release(struct sim *sim, void *frame);

/* --- vm.c ---------------------------------------------------------------------------------------------- */

/*
 * Runs a frame that was entered until it returns or suspends. @throwing: the pending exception is raised where it
 * stands. Afterwards the frame is gone, but that of a generator is only unlinked.
 */
struct gcs_object *vm_eval(struct vm *vm, struct vm_frame *frame, bool throwing);
/* After a change of what instructions have to do besides their work. */
void vm_set_dispatch(struct vm *vm);

/* --- site.c -------------------------------------------------------------------------------------------- */

/*
 * What is done before an instruction when not all are fast: it is counted, its site found with its callers. -1: the
 * limit of steps.
 */
int vm_before_instruction(struct vm *vm, struct vm_frame *frame, struct vm_instr *instr);
void vm_release_sites(struct vm *vm);
int vm_fill_sites(struct vm *vm, struct vm_code *code);	/* the sites of the lines alone */

/* --- vm-call.c -------------------------------------------------------------------------------------------- */

/*
 * The frame of a call with the arguments in its slots; not entered. Steals @function and the @nr + kwnames
 * references of @args, also when it fails.
 */
struct vm_frame *call_frame(struct vm *vm, struct gcs_object *function, struct gcs_object **args, size_t nr,
		struct gcs_object *kwnames);
/* sim->vm->call_function */
struct gcs_object *call_function(struct sim *sim, struct gcs_object *function, const struct sim_call *call);
/* Runs a code without arguments with @locals as its namespace. */
struct gcs_object *call_in_namespace(struct vm *vm, struct gcs_object *function, struct gcs_object *locals);
/* f(*iterable, **dict); releases all three, dict may be NULL. */
struct gcs_object *call_with_tuple(struct vm *vm, struct gcs_object *callable, struct gcs_object *iterable,
		struct gcs_object *dict);
/*
 * A call that the loop does not run itself: @base are the callable, perhaps its self, and the arguments up to @sp, all
 * released.
 */
struct gcs_object *call_object(struct vm *vm, struct gcs_object **base, struct gcs_object **sp,
		struct gcs_object *kwnames);
/* The same for a function with code: its frame is entered; -1: exception. */
int call_enter(struct vm *vm, struct gcs_object **base, struct gcs_object **sp, struct gcs_object *kwnames);
/* The two places below the arguments, NULL and a bound method, become its function and its object. */
void call_unbind(struct gcs_object **base);
int call_make_cell(struct vm *vm, struct gcs_object **slot);
void call_copy_free(struct vm_frame *frame, uint32_t nr);

static inline bool has_code(const struct gcs_object *callable)
{
	return sim_kind(callable) == SIM_FUNCTION && !((const struct sim_function *)callable)->native;
}

/* --- construct.c: calls of classes whose __init__ the loop runs itself ------------------------------------------ */

/*
 * A call of a class: @base are NULL, the class and the arguments, which stay on the stack. 1: the frame of __init__ is
 * entered; 2: there is none, the instance is in *base and the rest has gone; 0: this is not such a class, or there is
 * no memory: the call has to be made in the ordinary way.
 */
int construct_enter(struct vm *vm, struct vm_instr *instr, struct gcs_object **base, struct gcs_object **sp);
/*
 * __init__ has ended with @result, NULL for an exception: releases the call's @nr arguments below @sp, the class and
 * @arguments. Returns the new top of the stack, which holds the instance, not pushed yet, or NULL with an exception.
 */
struct gcs_object **construct_leave(struct vm *vm, struct gcs_object **sp, uint32_t nr, struct gcs_object *made,
		struct gcs_object *arguments, struct gcs_object *result);

/* --- vm-generator.c ----------------------------------------------------------------------------------------- */

/* RETURN_GENERATOR: the generator of the running frame, which has left the stack. */
struct gcs_object *generator_make(struct vm *vm, struct vm_frame *frame);
struct gcs_object *generator_send(struct sim *sim, struct gcs_object *generator, struct gcs_object *value);
/* Steals @exception, so that what catches it finds no reference of the caller. */
struct gcs_object *generator_throw(struct sim *sim, struct gcs_object *generator, struct gcs_object *exception);
int generator_close(struct sim *sim, struct gcs_object *generator);

/* --- unwind.c -------------------------------------------------------------------------------------------- */

/* The pending exception passes through the frame: an entry of its traceback. */
void unwind_add_traceback(struct vm *vm, struct vm_frame *frame);
/*
 * Releases the stack down to the handler of the running instruction, pushes what it expects and returns where it
 * goes on; NULL: no handler, the stack is empty.
 */
const struct vm_instr *unwind_to_handler(struct vm *vm, struct vm_frame *frame, struct gcs_object ***sp);
/* Makes an instance pending as it is: no context is set. Steals it. */
void unwind_restore(struct vm *vm, struct gcs_object *exception);
/* sim->handled is what the innermost place says that is not empty. */
void unwind_update_handled(struct vm *vm);
/* RAISE_VARARGS; steals, may be NULL. True: raised again as it is, no entry for this frame. */
bool unwind_raise(struct vm *vm, struct gcs_object *exception, struct gcs_object *cause);
/* PUSH_EXC_INFO, POP_EXCEPT */
void unwind_push_handled(struct vm *vm, struct gcs_object ***sp);
void unwind_pop_handled(struct vm *vm, struct gcs_object *old);
/* CHECK_EXC_MATCH: 0, 1, -1. */
int unwind_matches(struct vm *vm, struct gcs_object *exception, struct gcs_object *type);
void unwind_unraisable(struct sim *sim, struct gcs_object *where);

/* --- with.c: @sp is behind the operands, which stay where they are ------------------------------------------ */

/* BEFORE_WITH: the manager becomes its __exit__; the result of __enter__, NULL: exception. */
struct gcs_object *with_enter(struct vm *vm, struct gcs_object **sp);
/* WITH_EXCEPT_START: the result of __exit__. */
struct gcs_object *with_exit(struct vm *vm, struct gcs_object **sp);

/* --- names.c: variables that are looked up by name --------------------------------------------------------- */

struct gcs_object *names_load(struct vm *vm, struct vm_frame *frame, struct vm_instr *instr);
struct gcs_object *names_load_global(struct vm *vm, struct vm_frame *frame, struct vm_instr *instr,
		struct gcs_object *name);
/* Steals @value. */
int names_store(struct vm *vm, struct gcs_object *namespace, struct vm_instr *instr, struct gcs_object *name,
		struct gcs_object *value);
int names_delete(struct vm *vm, struct gcs_object *namespace, struct gcs_object *name);
struct gcs_object *names_load_class_cell(struct vm *vm, struct vm_frame *frame, uint32_t slot);
/* The errors of empty variables: NameError or UnboundLocalError, by the slot's kind. */
void names_raise_unbound(struct vm *vm, struct vm_frame *frame, uint32_t slot);
int names_setup_annotations(struct vm *vm, struct gcs_object *namespace);
struct gcs_object *names_import(struct vm *vm, struct gcs_object *name);
struct gcs_object *names_import_from(struct vm *vm, struct gcs_object *module, struct gcs_object *name);

/* --- attributes.c: LOAD_ATTR, STORE_ATTR, LOAD_METHOD -------------------------------------------------------- */

struct gcs_object *attributes_load(struct vm *vm, struct gcs_object *object, struct vm_instr *instr,
		struct gcs_object *name);
int attributes_store(struct vm *vm, struct gcs_object *object, struct vm_instr *instr, struct gcs_object *name,
		struct gcs_object *value);
int attributes_load_method(struct vm *vm, struct gcs_object *object, struct vm_instr *instr, struct gcs_object *name,
		struct gcs_object **out);	/* as sim_load_method() */

/*
 * --- build.c: displays, strings, unpacking; @sp points behind the operands, which are released by the caller
 * only where it is said ---------------------------------------------------------------------------------------
 */

struct gcs_object *build_set(struct vm *vm, struct gcs_object **items, uint32_t nr);	/* steals */
struct gcs_object *build_map(struct vm *vm, struct gcs_object **items, uint32_t nr);	/* steals */
struct gcs_object *build_const_key_map(struct vm *vm, struct gcs_object **items, uint32_t nr);	/* steals */
struct gcs_object *build_string(struct vm *vm, struct gcs_object **items, uint32_t nr);	/* steals */
struct gcs_object *build_slice(struct vm *vm, struct gcs_object **items, uint32_t nr);	/* steals */
struct gcs_object *build_function(struct vm *vm, struct vm_frame *frame, struct gcs_object ***sp, uint32_t flags);
struct gcs_object *build_binary(struct vm *vm, struct gcs_object *a, struct gcs_object *b, uint32_t op);
int build_unpack(struct vm *vm, struct gcs_object *sequence, struct gcs_object **sp, uint32_t nr);
int build_list_extend(struct vm *vm, struct gcs_object *list, struct gcs_object *iterable);
int build_print(struct vm *vm, struct gcs_object *value);

/* --- report-cost.c ----------------------------------------------------------------------------------------- */

void report_cost_of_text(struct sim *sim);
void report_cost_of_source_line(struct sim *sim);

/* --- report.c, suggest.c --------------------------------------------------------------------------------- */

/* Traceback and last line on sim->err, without causes and contexts. */
void report_exception(struct vm *vm, struct gcs_object *exception, bool with_suggestion);
/* ". Did you mean: 'x'?" for a NameError or AttributeError: new str, or NULL without an exception. */
struct gcs_object *suggest_name(struct vm *vm, struct gcs_object *exception);

#endif
