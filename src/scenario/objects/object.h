/* SPDX-License-Identifier: MIT */
/*
 * The objects of scenarios but the containers (containers.h): types, atoms, functions, classes, instances,
 * exceptions, modules.  What can be done with any object is in operate.h.  Ownership: see sim.h.
 */
#ifndef HL_SCENARIO_OBJECT_H
#define HL_SCENARIO_OBJECT_H

#include <stdio.h>

#include "sim.h"

/* --- types ------------------------------------------------------------------------------------------- */

enum sim_compare { SIM_LT, SIM_LE, SIM_EQ, SIM_NE, SIM_GT, SIM_GE };

enum sim_binary {
	SIM_ADD, SIM_SUB, SIM_MUL, SIM_TRUE_DIVIDE, SIM_FLOOR_DIVIDE, SIM_MOD, SIM_POW,
	SIM_AND, SIM_OR, SIM_XOR, SIM_LSHIFT, SIM_RSHIFT, SIM_MATMUL, SIM_NR_BINARY
};

enum sim_unary { SIM_NEGATIVE, SIM_POSITIVE, SIM_INVERT, SIM_ABS };

enum sim_type_flags {
	SIM_TYPE_HEAP = 1 << 0,		/* the class was made by the scenario: gcs_type is sim_class->type */
	SIM_TYPE_BASE = 1 << 1,		/* may be inherited from */
	SIM_TYPE_DICT = 1 << 2,		/* instances have attributes of their own */
	SIM_TYPE_DESCRIPTOR = 1 << 3,	/* __get__: functions, members, ... */
	SIM_TYPE_DATA_DESCRIPTOR = 1 << 4,	/* and __set__ */
	SIM_TYPE_NO_NEW = 1 << 5,	/* cannot be called: "cannot create 'x' instances" */
};

/* A row of a type's methods.  @self is what the method is bound to (the class for a class method).
 * The number of arguments is checked before the call, with CPython's messages:
 * min 0, max 0: "X.f() takes no arguments (1 given)"; 1, 1: "X.f() takes exactly one argument (2 given)"; others:
 * "f expected 2 arguments, got 1", "f expected at most 1 argument, got 2"; keywords are refused unless the flag
 * SIM_METHOD_KEYWORDS is there. */
typedef struct gcs_object *(*sim_method_fn)(struct sim *sim, struct gcs_object *self, const struct sim_call *call);

enum sim_method_flags {
	SIM_METHOD_KEYWORDS = 1 << 0,	/* the function looks at call->kwnames itself */
	SIM_METHOD_CLASS = 1 << 1,	/* class method */
	SIM_METHOD_STATIC = 1 << 2,
};

struct sim_method {
	const char *name;		/* NULL: end of the table */
	sim_method_fn fn;
	int min, max;			/* positional arguments; max -1: any number */
	unsigned int flags;
};

/* An attribute that is computed: x.name.  set NULL: read-only ("attribute 'x' of 'y' objects is not writable");
 * @value NULL: delete. */
struct sim_getset {
	const char *name;
	struct gcs_object *(*get)(struct sim *sim, struct gcs_object *self);
	int (*set)(struct sim *sim, struct gcs_object *self, struct gcs_object *value);
};

/*
 * A type: the library's part, then what operate.h calls.  NULL: the type cannot do this.  The types of
 * classes of the scenario have functions here that look for __repr__ and so on in the class.
 */
struct sim_type {
	struct gcs_type gc;		/* gc.name is the type's name in messages */
	enum sim_kind kind;
	unsigned int flags;		/* enum sim_type_flags */
	uint32_t basic_size;		/* CPython's tp_basicsize: __basicsize__, sizes of derived classes */
	const struct sim_method *methods;
	const struct sim_getset *getsets;

	struct gcs_object *(*repr)(struct sim *sim, struct gcs_object *self);
	struct gcs_object *(*str)(struct sim *sim, struct gcs_object *self);		/* NULL: repr */
	int64_t (*hash)(struct sim *sim, struct gcs_object *self);	/* never -1; NULL: unhashable */
	/* New reference; sim->not_implemented: ask the other side.  NULL: identity only. */
	struct gcs_object *(*compare)(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op);
	int (*truth)(struct sim *sim, struct gcs_object *self);				/* 0 or 1 */
	int64_t (*length)(struct sim *sim, struct gcs_object *self);
	struct gcs_object *(*get_item)(struct sim *sim, struct gcs_object *self, struct gcs_object *key);
	/* @value NULL: delete. */
	int (*set_item)(struct sim *sim, struct gcs_object *self, struct gcs_object *key, struct gcs_object *value);
	int (*contains)(struct sim *sim, struct gcs_object *self, struct gcs_object *item);
	struct gcs_object *(*iter)(struct sim *sim, struct gcs_object *self);
	/* NULL without a pending exception: the end. */
	struct gcs_object *(*next)(struct sim *sim, struct gcs_object *self);
	struct gcs_object *(*call)(struct sim *sim, struct gcs_object *self, const struct sim_call *call);
	struct gcs_object *(*get_attribute)(struct sim *sim, struct gcs_object *self, struct gcs_object *name);
	int (*set_attribute)(struct sim *sim, struct gcs_object *self, struct gcs_object *name,
			struct gcs_object *value);
	/* Either operand may be the one of this type. */
	struct gcs_object *(*binary)(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op);
	/* x += y where it differs from x = x + y; new reference, NULL: as binary(). */
	struct gcs_object *(*in_place)(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op);
	struct gcs_object *(*unary)(struct sim *sim, struct gcs_object *self, enum sim_unary op);
	struct gcs_object *(*format)(struct sim *sim, struct gcs_object *self, struct gcs_object *spec);
	/* Descriptors: what the attribute is when it is found in the class of @self; NULL: in the class itself. */
	struct gcs_object *(*descr_get)(struct sim *sim, struct gcs_object *descr, struct gcs_object *self,
			struct sim_class *cls);
	int (*descr_set)(struct sim *sim, struct gcs_object *descr, struct gcs_object *self, struct gcs_object *value);
	/* T(...): what calling the class does. */
	struct gcs_object *(*construct)(struct sim *sim, struct sim_class *cls, const struct sim_call *call);
};

static inline const struct sim_type *sim_type(const struct gcs_object *object)
{
	return (const struct sim_type *)object->type;
}

static inline enum sim_kind sim_kind(const struct gcs_object *object)
{
	return sim_type(object)->kind;
}

static inline const char *sim_type_name(const struct gcs_object *object)
{
	return object->type->name;
}

/* Makes an object of a type for others' use (extension types of modules): counted with @bytes in reports (0: the C
 * structure), tracked if the type is a GC type. */
struct gcs_object *sim_new_object(struct sim *sim, const struct sim_type *type, size_t extra, uint64_t bytes);

/* A GC object where CPython makes one that is simulated by nothing else, for the collector to count. */
struct gcs_object *sim_stand_in(struct sim *sim);

/* --- classes ----------------------------------------------------------------------------------------- */

/* The layout that the instances of a class share: names in the order in which they were first given to an
 * instance, and how many more may come (CPython's split keys). */
struct sim_shared_keys {
	struct gcs_object **names;	/* owned, interned str */
	uint8_t nr, usable;
	uint8_t index[64];		/* open addressing over names; 0: empty, else position + 1 */
	struct gcs_block block;
};

struct sim_class {
	struct gcs_object head;
	struct sim_type type;		/* of its instances, if it is the scenario's own */
	const struct sim_type *slots;	/* &type, or the static table of a built-in type */
	struct gcs_object *name, *qualname;	/* str */
	struct sim_class *base;		/* owned; NULL for object */
	struct gcs_object *bases, *mro;	/* tuples */
	struct gcs_object *dict;	/* sim_dict; read through sim_class_lookup() */
	struct gcs_object *subclasses;	/* dict of weak references, NULL until there is one */
	uint32_t version;		/* 0: lookups are not cached; changes with the attributes */
	uint16_t nr_slots;		/* own __slots__, without __dict__ and __weakref__ */
	uint16_t first_slot;		/* slots of the bases come before */
	struct gcs_object *slot_tuple;	/* their names, sorted; NULL: no __slots__; not visited, as in CPython */
	bool has_dict, has_weakref, has_init, has_getattr, has_setattr;
	struct sim_shared_keys *keys;	/* NULL: instances have no shared layout */
	struct gcs_block slot_block;
	enum sim_kind exception;	/* the kind of exception that it derives from, or SIM_OBJECT */
	struct sim_class *next_extension;	/* see sim->extensions */
};

/* type(x): borrowed. */
struct sim_class *sim_class_of(struct sim *sim, const struct gcs_object *object);

static inline bool sim_is_class(const struct gcs_object *object)
{
	return sim_kind(object) == SIM_TYPE;
}

/**
 * sim_class_new() - what the class statement does with its name, bases and namespace
 * @bases: tuple of classes; empty: object
 * @namespace: dict of the body after it ran, copied as CPython does; __slots__, __qualname__ and __module__ are in it
 *
 * Makes the objects that CPython makes, in its order: class, dict, bases, mro, getset descriptors of __dict__ and
 * __weakref__, member descriptors of slots.
 */
struct gcs_object *sim_class_new(struct sim *sim, struct gcs_object *name, struct gcs_object *bases,
		struct gcs_object *namespace);

/* A class for a static type of a module; @base NULL: object.  Untracked, as static types are. */
struct sim_class *sim_class_builtin(struct sim *sim, const struct sim_type *type, struct sim_class *base,
		const char *module);

/* The attribute of the first class of the mro that has it: borrowed, NULL without an exception if there is none.  Its
 * owner must not be changed while the result is used without a reference. */
struct gcs_object *sim_class_lookup(struct sim *sim, struct sim_class *cls, struct gcs_object *name);
bool sim_class_is_subclass(const struct sim_class *cls, const struct sim_class *of);
/* isinstance/issubclass with a class or a (nested) tuple of classes: 1, 0, -1 with CPython's TypeError. */
int sim_is_instance(struct sim *sim, struct gcs_object *object, struct gcs_object *classes);
int sim_is_subclass(struct sim *sim, struct gcs_object *cls, struct gcs_object *classes);

/* --- instances of the scenario's classes ------------------------------------------------------------- */

struct sim_instance {
	struct gcs_object head;
	struct sim_values *values;	/* laid out by the class's shared keys; NULL once there is a dict */
	struct gcs_object *dict;	/* made when __dict__ is asked for, or the layout does not fit */
	struct gcs_block values_block;
	struct gcs_object *slots[];	/* of all bases, then of the class */
};

/* object.__new__(cls): no __init__ is called. */
struct gcs_object *sim_instance_new(struct sim *sim, struct sim_class *cls);

/* The instance's own attribute (not the class's): new reference, NULL without an exception if there is none. */
struct gcs_object *sim_instance_get(struct sim *sim, struct gcs_object *self, struct gcs_object *name);
/* @value NULL: delete; 1 if there was none (no exception is raised). */
int sim_instance_set(struct sim *sim, struct gcs_object *self, struct gcs_object *name, struct gcs_object *value);
/* __dict__ of an instance, exception, function, module or class: materialises it.  New reference. */
struct gcs_object *sim_object_dict(struct sim *sim, struct gcs_object *self);

/* --- numbers ----------------------------------------------------------------------------------------- */

struct gcs_object *sim_int_new(struct sim *sim, int64_t value);		/* shared if small */
struct gcs_object *sim_int_new_u(struct sim *sim, uint64_t value);
/* Digits in a base of 2 to 36, without prefix or underscores, a sign before them; ValueError if they are not. */
struct gcs_object *sim_int_parse(struct sim *sim, const char *digits, size_t length, int base);
struct gcs_object *sim_int_from_double(struct sim *sim, double value);	/* truncates; OverflowError, ValueError */
bool sim_is_int(const struct gcs_object *object);			/* int or bool */
/* True: the int (or bool) fits. */
bool sim_int_fits(const struct gcs_object *object, int64_t *value);
/* An int or what has __index__; -1 and TypeError "'x' object cannot be interpreted as an integer"; with @clip what is
 * too big becomes INT64_MAX or INT64_MIN, without it OverflowError "Python int too large to convert to C ssize_t". */
int sim_index(struct sim *sim, struct gcs_object *object, bool clip, int64_t *value);
int sim_int_to_double(struct sim *sim, const struct gcs_object *object, double *value);
int sim_int_sign(const struct gcs_object *object);
char *sim_int_text(struct sim *sim, const struct gcs_object *object, int base);	/* scratch; NULL: exception */

struct sim_float {
	struct gcs_object head;
	double value;
};

struct gcs_object *sim_float_new(struct sim *sim, double value);
/* repr: the shortest text that reads back the same. */
#define SIM_FLOAT_TEXT 32
size_t sim_float_text(double value, char out[SIM_FLOAT_TEXT]);

/* --- str and bytes ----------------------------------------------------------------------------------- */

struct sim_str {
	struct gcs_object head;
	size_t length;			/* code points */
	int64_t hash;			/* -1: not computed */
	uint8_t kind;			/* bytes of each: 1, 2, 4 */
	bool ascii, interned;
	_Alignas(uint32_t) char data[];	/* kind 1 is Latin-1; a zero follows */
};

/* From UTF-8 (invalid bytes become U+FFFD); from code points; interned from UTF-8 (the same object each time). */
struct gcs_object *sim_str_new(struct sim *sim, const char *utf8, size_t length);
struct gcs_object *sim_str_from(struct sim *sim, const char *utf8);		/* terminated */
struct gcs_object *sim_str_from_points(struct sim *sim, const uint32_t *points, size_t nr);
struct gcs_object *sim_str_format(struct sim *sim, const char *format, ...);	/* as sim_raise() */
struct gcs_object *sim_str_format_v(struct sim *sim, const char *format, va_list list);
struct gcs_object *sim_str_intern(struct sim *sim, const char *utf8, size_t length);
/* Steals; gives the interned one of this content. */
struct gcs_object *sim_str_intern_object(struct sim *sim, struct gcs_object *str);

static inline bool sim_is_str(const struct gcs_object *object)
{
	return sim_kind(object) == SIM_STR;
}

/* UTF-8 text, terminated: ASCII strings as they are, others in *keep, for sim_scratch_free() (NULL if not
 * needed).  NULL: exception. */
const char *sim_str_utf8(struct sim *sim, const struct gcs_object *str, size_t *length, char **keep);
uint32_t sim_str_point(const struct gcs_object *str, size_t index);
bool sim_str_equal(const struct gcs_object *a, const struct gcs_object *b);
bool sim_str_is(const struct gcs_object *str, const char *ascii);
struct gcs_object *sim_str_concat(struct sim *sim, struct gcs_object *a, struct gcs_object *b);
struct gcs_object *sim_str_slice(struct sim *sim, struct gcs_object *str, size_t from, size_t nr);
/* separator.join(items): @items any iterable. */
struct gcs_object *sim_str_join(struct sim *sim, struct gcs_object *separator, struct gcs_object *items);
/* The parts of an f-string in one string; all are str. */
struct gcs_object *sim_str_build(struct sim *sim, struct gcs_object *const *parts, size_t nr);
int sim_write_str(struct sim *sim, const struct gcs_object *str);		/* as UTF-8 to sim->out */

struct gcs_object *sim_bytes_new(struct sim *sim, const char *data, size_t length);
const char *sim_bytes_data(const struct gcs_object *bytes, size_t *length);

/* --- functions --------------------------------------------------------------------------------------- */

/* A code object: wraps what the compiler made; not a GC object. */
struct sim_code_object {
	struct gcs_object head;
	const struct sim_code *code;	/* borrowed: lives as long as the program */
	struct gcs_object *consts;	/* tuple, owned: what it refers to */
	struct gcs_object *name, *qualname, *filename;	/* str, owned; may be NULL */
};

struct gcs_object *sim_code_object_new(struct sim *sim, const struct sim_code *code, struct gcs_object *consts,
		struct gcs_object *name, struct gcs_object *qualname, struct gcs_object *filename);

struct sim_function {
	struct gcs_object head;
	struct gcs_object *globals, *builtins, *name, *qualname, *code;	/* code: struct sim_code_object */
	struct gcs_object *defaults, *kwdefaults, *doc, *dict, *closure, *module;	/* may be NULL */
	struct gcs_object *annotations;	/* dict, or a tuple of names and values in turns, or NULL */
	sim_method_fn native;		/* functions of modules that are written in C here: called with self NULL */
};

/* MAKE_FUNCTION: steals @defaults (tuple), @kwdefaults (dict), @closure (tuple of cells); each may be NULL. */
struct gcs_object *sim_function_new(struct sim *sim, struct gcs_object *code, struct gcs_object *globals,
		struct gcs_object *qualname, struct gcs_object *defaults, struct gcs_object *kwdefaults,
		struct gcs_object *closure);
const struct sim_code *sim_function_code(const struct gcs_object *function);

struct sim_cell {
	struct gcs_object head;
	struct gcs_object *value;	/* NULL: empty */
};

struct gcs_object *sim_cell_new(struct sim *sim, struct gcs_object *value);	/* @value may be NULL */
void sim_cell_set(struct gcs_object *cell, struct gcs_object *value);		/* steals; NULL empties */

struct sim_method_object {		/* bound method */
	struct gcs_object head;
	struct gcs_object *function, *self;
};

struct gcs_object *sim_method_new(struct sim *sim, struct gcs_object *function, struct gcs_object *self);

struct sim_builtin {			/* built-in function, or built-in method bound to self */
	struct gcs_object head;
	const struct sim_method *method;	/* borrowed, lives as long as the sim */
	struct gcs_object *self, *module;	/* may be NULL */
};

/* print, len, gc.collect: @self is the module object (given to the function as self), @module its name (str). */
struct gcs_object *sim_builtin_new(struct sim *sim, const struct sim_method *method, struct gcs_object *self,
		struct gcs_object *module);

/* The check of a call against method->min and max.  0, or -1 and TypeError.  @type: "list" for methods, or NULL. */
int sim_method_check(struct sim *sim, const struct sim_method *method, const char *type, const struct sim_call *call);

/* The value of a keyword argument: borrowed, or NULL. */
struct gcs_object *sim_call_keyword(const struct sim_call *call, const char *name);

/**
 * sim_call_parse() - the arguments of a function with positional and keyword parameters
 * @names: the parameters, separated by blanks; "|" before the first optional one, "$" before keyword-only ones,
 *         "/" after those that are positional only: "obj / | default"
 * @out: one borrowed pointer per parameter, NULL where none was given
 *
 * Errors as CPython's: "f() missing required argument 'x' (pos 1)", "'y' is an invalid keyword argument for f()",
 * "f() takes at most 2 arguments (3 given)"...
 */
int sim_call_parse(struct sim *sim, const char *function, const struct sim_call *call, const char *names,
		struct gcs_object **out);

/* --- generators -------------------------------------------------------------------------------------- */

enum sim_generator_state { SIM_GENERATOR_NEW, SIM_GENERATOR_SUSPENDED, SIM_GENERATOR_RUNNING, SIM_GENERATOR_DONE };

struct sim_generator {
	struct gcs_object head;
	void *frame;			/* the virtual machine's; NULL once it is done: see struct sim_vm */
	struct gcs_object *code;	/* struct sim_code_object, owned */
	struct gcs_object *name, *qualname;
	struct gcs_object *exception;	/* being handled in it while it is suspended; owned, may be NULL */
	enum sim_generator_state state;
	size_t nr_slots;		/* locals, cells and stack of its frame: what getsizeof counts */
};

/* Takes over @frame (also when it fails); tracked.  @nr_slots: co_nlocalsplus + co_stacksize as in CPython's frame. */
struct gcs_object *sim_generator_new(struct sim *sim, struct gcs_object *code, struct gcs_object *name,
		struct gcs_object *qualname, void *frame, size_t nr_slots);
/* The frame ended: releases it, the state becomes DONE. */
void sim_generator_end(struct sim *sim, struct gcs_object *generator);

/* --- exceptions -------------------------------------------------------------------------------------- */

struct sim_exception {
	struct gcs_object head;
	struct gcs_object *dict;	/* NULL until an attribute is set */
	struct gcs_object *args;	/* tuple */
	struct gcs_object *notes, *traceback, *context, *cause;	/* may be NULL */
	bool suppress_context;
	struct gcs_object *extra[3];	/* StopIteration: value; NameError: name; AttributeError: obj, name;
					   SystemExit: code; ImportError: msg, name, path */
};

struct gcs_object *sim_exception_new(struct sim *sim, struct sim_class *cls, struct gcs_object *args);
bool sim_is_exception(const struct gcs_object *object);		/* instance of BaseException */
bool sim_is_exception_class(const struct gcs_object *object);
/* "NameError: name 'x' is not defined": the last line that CPython prints, without newline.  New str; never raises
 * (an exception in __str__ gives "<exception str() failed>"). */
struct gcs_object *sim_exception_line(struct sim *sim, struct gcs_object *exception);

struct sim_traceback {
	struct gcs_object head;
	struct gcs_object *next, *frame;	/* owned; next may be NULL */
	int line;
};

/* A new outermost entry of a chain, for a frame that an exception passes through. Takes @next over; NULL: MemoryError,
 * and @next is released. */
struct gcs_object *sim_traceback_new(struct sim *sim, struct gcs_object *next, struct gcs_object *frame, int line);

/* --- modules, weak references, odds and ends --------------------------------------------------------- */

struct sim_module {
	struct gcs_object head;
	struct gcs_object *dict;
};

/* With __name__, __doc__, __package__, __loader__, __spec__ in its dict. */
struct gcs_object *sim_module_new(struct sim *sim, const char *name);
/* Adds the functions of a table as built-ins of the module. */
int sim_module_add_methods(struct sim *sim, struct gcs_object *module, const struct sim_method *methods);
/* Steals @value (NULL: -1, the exception is pending already). */
int sim_module_add(struct sim *sim, struct gcs_object *module, const char *name, struct gcs_object *value);

/* weakref.ref(object[, callback]): @callback NULL or None: the shared one. */
struct gcs_object *sim_weakref_new(struct sim *sim, struct gcs_object *referent, struct gcs_object *callback);
struct gcs_object *sim_weakref_get(struct sim *sim, struct gcs_object *ref);	/* referent or None */
/* Adds ref, finalize, WeakValueDictionary, WeakKeyDictionary, WeakSet, getweakrefcount, getweakrefs, ReferenceType. */
int sim_weakref_module_fill(struct sim *sim, struct gcs_object *module);
/* The atexit part of weakref.finalize: runs those alive, last made first. */
void sim_weakref_run_finalizers(struct sim *sim);

struct sim_range {
	struct gcs_object head;
	struct gcs_object *start, *stop, *step, *length;	/* int */
};

struct gcs_object *sim_range_new(struct sim *sim, struct gcs_object *start, struct gcs_object *stop,
		struct gcs_object *step);

struct sim_slice {
	struct gcs_object head;
	struct gcs_object *start, *stop, *step;			/* None where left out */
};

struct gcs_object *sim_slice_new(struct sim *sim, struct gcs_object *start, struct gcs_object *stop,
		struct gcs_object *step);
/* The slice over a sequence of @length: first index, step, number of items.  "slice step cannot be zero"... */
int sim_slice_indices(struct sim *sim, struct gcs_object *slice, int64_t length, int64_t *start, int64_t *step,
		int64_t *nr);

#endif
