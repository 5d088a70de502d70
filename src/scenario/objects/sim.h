/* SPDX-License-Identifier: MIT */
/*
 * The state of one running scenario: the heap, the constants of the language, the pending exception.
 *
 * Values are `struct gcs_object *`.  Rules for all functions with the prefix sim_, where their own
 * comment says nothing else:
 *  - arguments are borrowed: the function takes references of its own where it keeps one;
 *  - a returned object is a new reference of the caller's; NULL means that an exception is pending;
 *  - a returned int is 0 (or an answer >= 0); -1 means that an exception is pending;
 *  - "steals" means that the reference passes to the function, also when it fails;
 *  - a function may run finalizers and callbacks, hence any code of the scenario, whenever it makes
 *    a GC object or drops a reference; a borrowed pointer out of a container must be increfed first.
 */
#ifndef HL_SCENARIO_SIM_H
#define HL_SCENARIO_SIM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gcsim/gcsim.h"

struct sim;
struct sim_class;
struct sim_code;		/* code.h: what the compiler makes */
struct sim_method_cache;

#define SIM_SMALL_INT_MIN (-5)
#define SIM_SMALL_INT_MAX 256
#define SIM_NR_SMALL_INTS (SIM_SMALL_INT_MAX - SIM_SMALL_INT_MIN + 1)
#define SIM_RECURSION_LIMIT 1000
#define SIM_TUPLE_LISTS 21	/* free lists of tuples by length, as CPython's */

/* The built-in types: which struct an object is, and the index of its class in sim->classes. */
enum sim_kind {
	SIM_OBJECT, SIM_TYPE, SIM_NONE, SIM_NOTIMPLEMENTED, SIM_ELLIPSIS, SIM_INT, SIM_BOOL, SIM_FLOAT, SIM_STR,
	SIM_BYTES, SIM_LIST, SIM_TUPLE, SIM_DICT, SIM_SET, SIM_FROZENSET, SIM_RANGE, SIM_SLICE,
	SIM_LIST_ITER, SIM_LIST_REVERSE_ITER, SIM_TUPLE_ITER, SIM_STR_ITER, SIM_BYTES_ITER, SIM_SET_ITER,
	SIM_RANGE_ITER, SIM_DICT_KEY_ITER, SIM_DICT_VALUE_ITER, SIM_DICT_ITEM_ITER, SIM_SEQUENCE_ITER,
	SIM_DICT_KEYS, SIM_DICT_VALUES, SIM_DICT_ITEMS, SIM_REVERSED, SIM_ENUMERATE, SIM_ZIP, SIM_MAP, SIM_FILTER,
	SIM_CALLABLE_ITER,
	SIM_CODE, SIM_FUNCTION, SIM_CELL, SIM_METHOD, SIM_BUILTIN, SIM_METHOD_DESCRIPTOR, SIM_SLOT_WRAPPER,
	SIM_METHOD_WRAPPER, SIM_MEMBER_DESCRIPTOR, SIM_GETSET_DESCRIPTOR, SIM_STATICMETHOD, SIM_CLASSMETHOD,
	SIM_PROPERTY, SIM_SUPER,
	SIM_GENERATOR, SIM_FRAME, SIM_TRACEBACK, SIM_MODULE, SIM_WEAKREF, SIM_KEYED_WEAKREF,
	SIM_INSTANCE,			/* of a class of the scenario's; has no class in sim->classes */
	SIM_EXTENSION,			/* types of modules (a snapshot, a statistic...): sim_class_builtin() */

	SIM_BASE_EXCEPTION,		/* all exceptions have one struct; keep them last and together */
	SIM_EXCEPTION, SIM_GENERATOR_EXIT, SIM_SYSTEM_EXIT, SIM_KEYBOARD_INTERRUPT, SIM_ARITHMETIC_ERROR,
	SIM_OVERFLOW_ERROR, SIM_ZERO_DIVISION_ERROR, SIM_FLOATING_POINT_ERROR, SIM_ASSERTION_ERROR,
	SIM_ATTRIBUTE_ERROR, SIM_BUFFER_ERROR, SIM_EOF_ERROR, SIM_IMPORT_ERROR, SIM_MODULE_NOT_FOUND_ERROR,
	SIM_LOOKUP_ERROR, SIM_INDEX_ERROR, SIM_KEY_ERROR, SIM_MEMORY_ERROR, SIM_NAME_ERROR,
	SIM_UNBOUND_LOCAL_ERROR, SIM_OS_ERROR, SIM_REFERENCE_ERROR, SIM_RUNTIME_ERROR, SIM_RECURSION_ERROR,
	SIM_NOT_IMPLEMENTED_ERROR, SIM_STOP_ITERATION, SIM_SYNTAX_ERROR, SIM_SYSTEM_ERROR, SIM_TYPE_ERROR,
	SIM_VALUE_ERROR, SIM_UNICODE_ERROR, SIM_WARNING, SIM_RESOURCE_WARNING,
	SIM_NR_KINDS
};

/* The arguments of a call: positional ones, then the values of the keywords; all borrowed. */
struct sim_call {
	struct gcs_object *const *args;
	size_t nr;			/* positional */
	struct gcs_object *kwnames;	/* tuple of str, or NULL; its values are args[nr...] */
};

/*
 * What the virtual machine does for the objects.  Set in sim->vm before the first function is called.
 * @call_function: runs a SIM_FUNCTION that has code; makes a SIM_GENERATOR if it is a generator function
 * @generator_send: @value NULL as next(); NULL without an exception: it ended with None; an end with
 *                  another value is a pending StopIteration that holds it
 * @generator_close: close(): throws GeneratorExit into it if it is suspended; 0 or -1
 * @frame_traverse: visits what a generator's frame holds, as CPython's _PyFrame_Traverse
 * @frame_release: drops what it holds (locals in slot order, then the stack) and frees it
 * @unraisable: the pending exception cannot be delivered (a finalizer, a callback): reports it on
 *              sim->err and clears it; @where: the function that raised, may be NULL
 * @super_arguments: what super() takes from the running function: its class (the cell __class__) and
 *              its first argument, borrowed; 0, or -1 with CPython's RuntimeError
 */
struct sim_vm {
	struct gcs_object *(*call_function)(struct sim *sim, struct gcs_object *function, const struct sim_call *call);
	struct gcs_object *(*generator_send)(struct sim *sim, struct gcs_object *generator, struct gcs_object *value);
	struct gcs_object *(*generator_throw)(struct sim *sim, struct gcs_object *generator,
			struct gcs_object *exception);
	int (*generator_close)(struct sim *sim, struct gcs_object *generator);
	int (*frame_traverse)(void *frame, gcs_visit_fn visit, void *arg);
	void (*frame_release)(struct sim *sim, void *frame);
	void (*unraisable)(struct sim *sim, struct gcs_object *where);
	int (*super_arguments)(struct sim *sim, struct gcs_object **cls, struct gcs_object **self);
};

/* Why the scenario must end although no exception of its own says so: no except clause sees these. */
enum sim_stop { SIM_RUNNING, SIM_STOP_STEPS, SIM_STOP_BYTES };

/* Names that the run time itself looks up; interned, alive as long as the sim.  D(init) is sim->names.d_init, the
 * string "__init__"; N(args) is sim->names.n_args, "args". */
#define SIM_NAMES(D, N)                                                                                         \
	D(init) D(del) D(new) D(repr) D(str) D(len) D(bool) D(iter) D(next) D(getitem) D(setitem)               \
	D(delitem) D(contains) D(call) D(eq) D(ne) D(lt) D(le) D(gt) D(ge) D(hash) D(enter) D(exit) D(dict)     \
	D(class) D(slots) D(name) D(qualname) D(module) D(doc) D(weakref) D(bases) D(base) D(mro)               \
	D(getattr) D(setattr) D(delattr) D(getattribute) D(format) D(add) D(radd) D(sub) D(rsub) D(mul)         \
	D(rmul) D(truediv) D(rtruediv) D(floordiv) D(rfloordiv) D(mod) D(rmod) D(pow) D(rpow) D(and)            \
	D(rand) D(or) D(ror) D(xor) D(rxor) D(lshift) D(rlshift) D(rshift) D(rrshift) D(iadd) D(neg) D(pos)     \
	D(invert) D(abs) D(int) D(float) D(index) D(missing) D(sizeof) D(defaults) D(kwdefaults) D(closure)     \
	D(code) D(globals) D(self) D(func) D(annotations) D(builtins) D(wrapped) D(main) D(file) D(args)        \
	D(context) D(cause) D(traceback) D(notes) D(suppress_context) D(subclasses) D(reversed) D(callback)     \
	D(set) D(get) D(delete) D(loader) D(spec) D(package) D(classcell) D(reduce) D(basicsize)                \
	D(length_hint) D(set_name) D(init_subclass)                                                             \
	N(args) N(value) N(name) N(obj) N(data) N(key) N(alive) N(atexit) N(Py_Repr)

struct sim_names {
#define SIM_NAME_D(name) struct gcs_object *d_##name;
#define SIM_NAME_N(name) struct gcs_object *n_##name;
	SIM_NAMES(SIM_NAME_D, SIM_NAME_N)
#undef SIM_NAME_D
#undef SIM_NAME_N
};

/* Text for the scenario's stdout or stderr; not terminated.  0; -1: the scenario ends with exit 1; 1: who keeps it has
 * reached the limit of bytes. */
typedef int (*sim_write_fn)(const char *text, size_t length, void *arg);

struct sim_options {
	enum gcs_profile profile;
	uint64_t max_steps;		/* 0: no limit */
	uint64_t max_bytes;		/* real bytes; 0: no limit */
	sim_write_fn out, err;		/* not NULL */
	void *write_arg;
	const struct sim_vm *vm;	/* borrowed, must outlive the sim; NULL: set sim->vm later */
};

struct sim {
	struct gcs_heap *heap;
	enum gcs_profile profile;

	/* Where the running instruction stands: the virtual machine sets it before each instruction that
	   may allocate.  Never NULL. */
	struct gcs_site *site;
	struct gcs_site *start_site;	/* of what sim_new() makes */

	/* Constants: each keeps a reference of the sim's own; use sim_incref() before giving one away. */
	struct gcs_object *none, *true_, *false_, *not_implemented, *ellipsis;
	struct gcs_object *empty_tuple, *empty_str, *empty_bytes;
	struct gcs_object *small_ints[SIM_NR_SMALL_INTS];
	struct gcs_object *latin1[256];	/* one-character strings */
	struct sim_names names;
	struct gcs_object *interned;	/* dict str -> str; the strings in it stay until the sim ends */
	struct sim_class *classes[SIM_NR_KINDS];

	/* Owned by the sim, filled by those who start the program; may be NULL until then. */
	struct gcs_object *modules;	/* sys.modules: dict name -> module */
	struct gcs_object *builtins;	/* dict of the builtins module */
	struct gcs_object *main_globals;	/* dict of __main__ */
	struct gcs_object *finalizers;	/* dict of live weakref.finalize objects, see weak.h */
	uint64_t finalize_index;
	bool finalizers_over;		/* the shutdown has run them: no other one runs */

	/* The class of the pending exception (owned), or NULL when there is none, and what belongs to it.  Change
	   them through sim_raise() and its kin, which tell the collector. */
	struct gcs_object *pending;
	struct gcs_object *pending_value, *pending_traceback;	/* see struct sim_error */
	/* The exception being handled (sys.exc_info), owned by the virtual machine's frames, borrowed here:
	   sim_raise_object() makes it the __context__ of a new one. */
	struct gcs_object *handled;
	struct gcs_object *memory_error;	/* made in advance */

	enum sim_stop stop;
	uint64_t steps, max_steps, max_bytes;
	int depth;			/* nested calls, reprs, comparisons: sim_enter() */
	int recursion_limit;
	int lazy_depth;			/* of enumerate, map, zip ... that ask each other for an item */
	struct gcs_object *repr_stack;	/* list: containers whose repr is running; borrowed from thread_dict */
	struct gcs_object *thread_dict;	/* owned; NULL before the first of them */

	const struct sim_vm *vm;
	void *vm_state;			/* the virtual machine's own */
	void *tracemalloc;		/* the module's own: see sim_modules_end() */
	struct gcs_object *ready_modules;	/* dict: made, but not imported yet */
	struct gcs_object *sys_dict;	/* of the module sys, owned: print() finds its stream there to the end */
	sim_write_fn out, err;
	void *write_arg;

	struct gcs_freelist *list_free, *dict_free, *keys_free, *float_free, *slice_free, *tuple_free[SIM_TUPLE_LISTS];
	struct sim_method_cache *method_cache;
	uint32_t next_class_version;
	struct sim_class *extensions;	/* classes of SIM_EXTENSION types */
};

/**
 * sim_new() - a heap with the constants and the built-in classes
 * @options: copied, but for what it points to
 *
 * Everything made here is untracked: the collector of a new sim sees no object.  There is no module
 * and no global name yet.
 *
 * Returns: the sim, for sim_free(); NULL and errno ENOMEM.
 */
struct sim *sim_new(const struct sim_options *options);

/* Ends the heap without running finalizers: the scenario's shutdown has happened before. */
void sim_free(struct sim *sim);

/* The sim of an object: for type functions, which get nothing else. */
struct sim *sim_of(const struct gcs_object *object);

static inline struct gcs_object *sim_incref(struct gcs_object *object)
{
	gcs_incref(object);
	return object;
}

static inline struct gcs_object *sim_bool(struct sim *sim, bool value)
{
	return sim_incref(value ? sim->true_ : sim->false_);
}

static inline struct gcs_object *sim_none(struct sim *sim)
{
	return sim_incref(sim->none);
}

/* --- errors ------------------------------------------------------------------------------------------ */

/* Makes an exception of the kind with the text as its only argument and makes it the pending one; a
 * pending one is replaced, and lost.  -1 and NULL, always: `return sim_raise(...)`.
 * Formats: those of printf, and %R: the repr of an object, %S: its str, %U: a str object, %T: the name of the type
 * of an object (all `struct gcs_object *`, borrowed). */
int sim_raise(struct sim *sim, enum sim_kind kind, const char *format, ...);
void *sim_raise_null(struct sim *sim, enum sim_kind kind, const char *format, ...);
int sim_raise_v(struct sim *sim, enum sim_kind kind, const char *format, va_list list);

/* Raises @class with @value as its argument: KeyError(key), StopIteration(value).  NULL, None: no argument (but for
 * a KeyError).  -1. */
int sim_raise_value(struct sim *sim, enum sim_kind kind, struct gcs_object *value);

/* Makes an exception object pending; steals it.  -1. */
int sim_raise_object(struct sim *sim, struct gcs_object *exception);

/* The heap has no memory: MemoryError, and sim->stop if the limit of bytes was reached.  -1 and NULL. */
int sim_no_memory(struct sim *sim);
void *sim_no_memory_null(struct sim *sim);

/*
 * An exception that was taken away to be put back. As in CPython it is no object before somebody looks at it: what
 * native code raises and clears again makes none. @value: the instance if there is one; else what it will be made
 * from: NULL, a tuple of arguments, or the only argument. @traceback: a chain or NULL; not the instance's.
 */
struct sim_error {
	struct gcs_object *cls, *value, *traceback;
};

/* Around what must not see the pending exception, as a finalizer. All NULL when there is none. */
struct sim_error sim_fetch_pending(struct sim *sim);
/* Makes it pending again instead of another; steals all. */
void sim_restore_pending(struct sim *sim, struct sim_error error);

/* The instance of the pending exception, which is made now if there is none yet; borrowed. */
struct gcs_object *sim_pending_instance(struct sim *sim);
/* Takes it away, with its traceback: the caller's reference; NULL when nothing is pending. */
struct gcs_object *sim_take_pending(struct sim *sim);
void sim_clear_pending(struct sim *sim);

/* Whether the pending exception is one of the kind (or of a class derived from it).  False when there is none, and
 * always when sim->stop is set. */
bool sim_pending_is(struct sim *sim, enum sim_kind kind);

/* What a finalizer or callback does with a pending exception.  No-op when there is none. */
void sim_unraisable(struct sim *sim, struct gcs_object *where);

/* One level deeper.  @where: "" or " while calling a Python object", " in comparison"...  -1: RecursionError, and no
 * sim_leave() then. */
int sim_enter(struct sim *sim, const char *where);
static inline void sim_leave(struct sim *sim)
{
	sim->depth--;
}

/* The limit of steps is reached: nothing of the scenario runs any more.  -1. */
int sim_out_of_steps(struct sim *sim);

/* Counts work that no instruction counts: a step is about what one instruction takes.  Every loop that the scenario can
 * make long is counted, before it runs or as it goes.  -1: the limit is reached; it stays reached, so that who cannot
 * hand on an error need not: the next one to count ends the scenario. */
static inline int sim_charge(struct sim *sim, uint64_t steps)
{
	if (!sim->max_steps)
		return 0;
	if (steps > sim->max_steps - sim->steps)
		return sim_out_of_steps(sim);
	sim->steps += steps;
	return 0;
}

/* Steps for a look at so many bytes or a copy of them, and for one at each of so many characters or places. */
#define SIM_BYTES_PER_STEP 64
#define SIM_PLACES_PER_STEP 8

static inline int sim_charge_bytes(struct sim *sim, uint64_t bytes)
{
	return sim_charge(sim, bytes / SIM_BYTES_PER_STEP);
}

static inline int sim_charge_places(struct sim *sim, uint64_t nr)
{
	return sim_charge(sim, nr / SIM_PLACES_PER_STEP);
}

/* Whether an array of so many items can be allowed at all, whatever their number; counts the steps to fill it.  -1 and
 * MemoryError if not. */
int sim_check_array(struct sim *sim, uint64_t nr, size_t item_size);

/* Memory for the time of an operation, counted with the heap's.  As realloc(): @memory may be NULL.  NULL and
 * MemoryError; then @memory is as before. */
void *sim_scratch(struct sim *sim, void *memory, uint64_t nr, size_t item_size);
/* The same, zeroed, for a new array. */
void *sim_scratch_zeroed(struct sim *sim, uint64_t nr, size_t item_size);
/* A terminated copy. */
char *sim_scratch_text(struct sim *sim, const char *text, size_t length);
void sim_scratch_free(void *memory);	/* NULL: nothing */

/* Text to the scenario's streams. */
int sim_write(struct sim *sim, const char *text, size_t length);
int sim_write_error(struct sim *sim, const char *text, size_t length);

#endif
