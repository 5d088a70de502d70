/* SPDX-License-Identifier: MIT */
/*
 * What can be done with any object: the operators, attributes, calls, iteration, text.  Errors are CPython 3.11's,
 * with its words.  Ownership: see sim.h.
 */
#ifndef HL_SCENARIO_OPERATE_H
#define HL_SCENARIO_OPERATE_H

#include "containers.h"

/* --- text -------------------------------------------------------------------------------------------- */

struct gcs_object *sim_repr(struct sim *sim, struct gcs_object *object);
struct gcs_object *sim_str_of(struct sim *sim, struct gcs_object *object);	/* str(object) */
struct gcs_object *sim_ascii(struct sim *sim, struct gcs_object *object);
/* format(object, spec); @spec NULL: empty. */
struct gcs_object *sim_format(struct sim *sim, struct gcs_object *object, struct gcs_object *spec);
/* FORMAT_VALUE: @conversion 0, 's', 'r', 'a'. */
struct gcs_object *sim_format_value(struct sim *sim, struct gcs_object *object, int conversion,
		struct gcs_object *spec);

/* For repr functions of containers: 1: its repr is running already, write "..."; 0: sim_repr_leave() later. */
int sim_repr_enter(struct sim *sim, struct gcs_object *object);
void sim_repr_leave(struct sim *sim, struct gcs_object *object);

/* --- comparison, truth, hash ------------------------------------------------------------------------- */

struct gcs_object *sim_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op);
/* The same as 0, 1, -1.  EQ and NE of one and the same object do not ask it. */
int sim_compare_bool(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op);
int sim_truth(struct sim *sim, struct gcs_object *object);
int64_t sim_hash(struct sim *sim, struct gcs_object *object);		/* -1: exception */

/* --- numbers ----------------------------------------------------------------------------------------- */

struct gcs_object *sim_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op);
struct gcs_object *sim_in_place(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op);
struct gcs_object *sim_unary(struct sim *sim, struct gcs_object *object, enum sim_unary op);

/* --- containers -------------------------------------------------------------------------------------- */

int64_t sim_length(struct sim *sim, struct gcs_object *object);
struct gcs_object *sim_get_item(struct sim *sim, struct gcs_object *object, struct gcs_object *key);
int sim_set_item(struct sim *sim, struct gcs_object *object, struct gcs_object *key, struct gcs_object *value);
int sim_del_item(struct sim *sim, struct gcs_object *object, struct gcs_object *key);
int sim_contains(struct sim *sim, struct gcs_object *container, struct gcs_object *item);
struct gcs_object *sim_iter(struct sim *sim, struct gcs_object *object);
/* NULL without a pending exception: the end (a StopIteration of __next__ or of a generator is cleared). */
struct gcs_object *sim_next(struct sim *sim, struct gcs_object *iterator);
/* UNPACK_SEQUENCE into @out (new references, all or none); @star: index of the starred target, or -1. */
int sim_unpack(struct sim *sim, struct gcs_object *iterable, size_t nr, int star, struct gcs_object **out);
/* A good guess of the number of items that an iteration will give, as __length_hint__; @fallback if unknown. */
int64_t sim_length_hint(struct sim *sim, struct gcs_object *object, int64_t fallback);

/* --- attributes -------------------------------------------------------------------------------------- */

struct gcs_object *sim_get_attribute(struct sim *sim, struct gcs_object *object, struct gcs_object *name);
/* NULL without an exception when there is no such attribute. */
struct gcs_object *sim_find_attribute(struct sim *sim, struct gcs_object *object, struct gcs_object *name);
struct gcs_object *sim_get_attribute_text(struct sim *sim, struct gcs_object *object, const char *name);
/* @value NULL: delete. */
int sim_set_attribute(struct sim *sim, struct gcs_object *object, struct gcs_object *name, struct gcs_object *value);
/**
 * sim_load_method() - LOAD_METHOD: an attribute that is about to be called
 * @self: 1 returned: to be given as the first argument; borrowed, it is @object
 * @out: new reference
 *
 * Returns: 1: an unbound function, call it with @object first, no bound method was made; 0: call it as it is; -1.
 */
int sim_load_method(struct sim *sim, struct gcs_object *object, struct gcs_object *name, struct gcs_object **out);
/* type(object).name for special methods (__enter__...), bound or NULL without an exception. */
struct gcs_object *sim_find_special(struct sim *sim, struct gcs_object *object, struct gcs_object *name);

/* --- calls ------------------------------------------------------------------------------------------- */

struct gcs_object *sim_call(struct sim *sim, struct gcs_object *callable, const struct sim_call *call);
struct gcs_object *sim_call_args(struct sim *sim, struct gcs_object *callable, size_t nr,
		struct gcs_object *const *args);
/* The same of a SIM_METHOD_DESCRIPTOR: the first argument is the object. */
struct gcs_object *sim_call_method_descriptor(struct sim *sim, struct gcs_object *callable,
		const struct sim_call *call);
/* object.name(...) with the arguments after @nr; borrowed. */
struct gcs_object *sim_call_method(struct sim *sim, struct gcs_object *object, struct gcs_object *name, size_t nr,
		struct gcs_object *const *args);
bool sim_is_callable(struct sim *sim, struct gcs_object *object);

/* --- dir, getsizeof ---------------------------------------------------------------------------------- */

size_t sim_getsizeof(struct sim *sim, struct gcs_object *object);
/* The bytes before an instance with a dict that sys.getsizeof() counts and __sizeof__() does not. */
size_t sim_dict_head(struct sim *sim, const struct gcs_object *object);

/* Called by enumerate, zip, map, filter, reversed, sorted of the built-in functions. */
struct gcs_object *sim_enumerate_new(struct sim *sim, struct gcs_object *iterable, struct gcs_object *start);
struct gcs_object *sim_zip_new(struct sim *sim, struct gcs_object *const *iterables, size_t nr);
struct gcs_object *sim_map_new(struct sim *sim, struct gcs_object *function, struct gcs_object *const *iterables,
		size_t nr);
struct gcs_object *sim_filter_new(struct sim *sim, struct gcs_object *function, struct gcs_object *iterable);
struct gcs_object *sim_reversed_new(struct sim *sim, struct gcs_object *sequence);

#endif
