/* SPDX-License-Identifier: MIT */
/* What the files of the object layer share and nobody else needs. */
#ifndef HL_SCENARIO_INTERNAL_H
#define HL_SCENARIO_INTERNAL_H

#include <stdlib.h>
#include <string.h>

#include "operate.h"

/* Bytes that CPython puts before a GC object, and before an instance with attributes. */
#define SIM_GC_HEAD 16
#define SIM_DICT_HEAD 16
#define SIM_OBJECT_HEAD 16

#define SIM_STATIC_TYPES(X)                                                                                     \
	X(object) X(type) X(none) X(not_implemented) X(ellipsis) X(int) X(bool) X(float) X(str) X(bytes) X(list) \
	X(tuple) X(dict) X(set) X(frozenset) X(range) X(slice) X(list_iter) X(list_reverse_iter) X(tuple_iter)  \
	X(str_iter) X(bytes_iter) X(set_iter) X(range_iter) X(dict_key_iter) X(dict_value_iter)                 \
	X(dict_item_iter) X(sequence_iter) X(dict_keys) X(dict_values) X(dict_items) X(reversed) X(enumerate)   \
	X(zip) X(map) X(filter) X(callable_iter) X(code) X(function) X(cell) X(method) X(builtin)               \
	X(method_descriptor) X(slot_wrapper) X(method_wrapper) X(member_descriptor) X(getset_descriptor)        \
	X(staticmethod) X(classmethod) X(property) X(super) X(generator) X(traceback) X(module) X(weakref)      \
	X(keyed_weakref)
#define SIM_DECLARE_TYPE(name) extern const struct sim_type sim_##name##_type;
SIM_STATIC_TYPES(SIM_DECLARE_TYPE)
#undef SIM_DECLARE_TYPE
extern const struct sim_type *const sim_exception_types[SIM_NR_KINDS];	/* by kind; NULL for other kinds */

/* gcs_new_untracked() with MemoryError.  @bytes: the block as CPython would ask for it, links included; 0: the type's
 * basic size and the links. */
struct gcs_object *sim_alloc(struct sim *sim, const struct gcs_type *type, size_t extra, uint64_t bytes);

/* size_of of types of one size: basic_size. */
size_t sim_size_basic(const struct gcs_object *self);

/* Arrays: as realloc(); NULL with MemoryError.  The account is the caller's: gcs_block_set(). */
void *sim_resize(struct sim *sim, void *memory, size_t old_bytes, size_t new_bytes);

/* Text being built, in UTF-8. */
struct sim_text {
	struct sim *sim;
	char *data;
	size_t nr, room;
	bool failed;		/* an exception is pending */
};

void sim_text_init(struct sim_text *text, struct sim *sim);
void sim_text_release(struct sim_text *text);
void sim_text_add(struct sim_text *text, const char *utf8, size_t length);
void sim_text_put(struct sim_text *text, const char *utf8);
void sim_text_point(struct sim_text *text, uint32_t point);
void sim_text_object(struct sim_text *text, const struct gcs_object *str);
void sim_text_repr(struct sim_text *text, struct gcs_object *object);	/* repr(object) */
void sim_text_format(struct sim_text *text, const char *format, va_list list);
struct gcs_object *sim_text_finish(struct sim_text *text);		/* releases */
void sim_text_fill(struct sim_text *text, uint32_t point, int64_t nr);	/* @nr times; below 1: nothing */

/* --- str --------------------------------------------------------------------------------------------- */

/* A str of @length points, each of @kind bytes, whose data the caller fills at once; @ascii as it will be. */
struct gcs_object *sim_str_alloc(struct sim *sim, size_t length, int kind, bool ascii);
int64_t sim_str_hash(const struct gcs_object *str);
int sim_str_order(const struct gcs_object *a, const struct gcs_object *b);
bool sim_point_is_printable(uint32_t point);
extern const struct sim_method sim_str_methods[];

static inline const struct sim_str *sim_as_str(const struct gcs_object *object)
{
	return (const struct sim_str *)object;
}

static inline uint32_t sim_str_at(const struct sim_str *str, size_t index)
{
	if (str->kind == 1)
		return (unsigned char)str->data[index];
	return str->kind == 2 ? ((const uint16_t *)str->data)[index] : ((const uint32_t *)str->data)[index];
}

/* --- hashes, sequences ------------------------------------------------------------------------------- */

int64_t sim_hash_bytes(const void *data, size_t length);
int64_t sim_hash_pointer(const void *pointer);
int64_t sim_hash_double(const struct gcs_object *self, double value);
int64_t sim_hash_identity(struct sim *sim, struct gcs_object *self);
int64_t sim_int_hash(struct sim *sim, struct gcs_object *self);

/* Index of a sequence from an object: negative ones count from the end; IndexError with @what ("list index"). */
int sim_sequence_index(struct sim *sim, struct gcs_object *key, size_t length, const char *what, size_t *index);
/* Comparison of two arrays of objects, as lists and tuples do it. */
struct gcs_object *sim_compare_items(struct sim *sim, const struct gcs_object *a, const struct gcs_object *b,
		enum sim_compare op);
/* sim_compare() of numbers: the object of a difference below, equal to or above 0. */
struct gcs_object *sim_compare_result(struct sim *sim, int order, enum sim_compare op);
/* "[", the items' reprs, "]"; @nr is asked again for each item. */
struct gcs_object *sim_repr_items(struct sim *sim, struct gcs_object *self, const char *open, const char *close,
		bool tuple);
struct gcs_object *sim_not_implemented(struct sim *sim);

/* --- numbers ----------------------------------------------------------------------------------------- */

struct gcs_object *sim_int_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op);
/* Counts the steps to look at a number once: those beyond a word. */
int sim_int_charge(struct sim *sim, const struct gcs_object *number);
int sim_int_order(const struct gcs_object *a, const struct gcs_object *b);
/* Compares an int with a finite double. */
int sim_int_order_double(const struct gcs_object *a, double b);
struct gcs_object *sim_int_true_divide(struct sim *sim, struct gcs_object *a, struct gcs_object *b);
size_t sim_int_digits(const struct gcs_object *object);		/* of 30 bits */
double sim_float_value(const struct gcs_object *object);
bool sim_is_float(const struct gcs_object *object);
struct gcs_object *sim_int_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call);
struct gcs_object *sim_float_from_text(struct sim *sim, struct gcs_object *str);
struct gcs_object *sim_float_pow(struct sim *sim, double a, double b);

/* --- format specifications --------------------------------------------------------------------------- */

struct gcs_object *sim_format_int(struct sim *sim, struct gcs_object *self, struct gcs_object *spec);
struct gcs_object *sim_format_float(struct sim *sim, struct gcs_object *self, struct gcs_object *spec);
struct gcs_object *sim_format_str(struct sim *sim, struct gcs_object *self, struct gcs_object *spec);
/* 'text' % arguments */
struct gcs_object *sim_str_percent(struct sim *sim, struct gcs_object *format, struct gcs_object *arguments);
/* 'text'.format(...) */
struct gcs_object *sim_str_method_format(struct sim *sim, struct gcs_object *self, const struct sim_call *call);

/* --- classes, attributes ----------------------------------------------------------------------------- */

struct sim_class *sim_class_alloc(struct sim *sim);
int sim_class_fill_builtin(struct sim *sim, struct sim_class *cls);	/* methods and getsets into its dict */
/* The slots of a class of the scenario's: functions that call __repr__ and so on. */
void sim_class_set_slots(struct sim *sim, struct sim_class *cls);
void sim_class_changed(struct sim *sim, struct sim_class *cls, struct gcs_object *name);
int sim_class_set_item(struct sim *sim, struct sim_class *cls, struct gcs_object *name, struct gcs_object *value);
struct gcs_object *sim_class_dict_get(struct sim_class *cls, struct gcs_object *name);
int sim_instance_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg);
void sim_instance_clear(struct gcs_object *self);
void sim_instance_dealloc(struct gcs_object *self);
void sim_instance_finalize(struct gcs_object *self);
size_t sim_instance_size(const struct gcs_object *self);
struct gcs_object *sim_instance_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call);
/* attribute.c: the rules of object.__getattribute__ and __setattr__; _find_: NULL without an exception. */
struct gcs_object *sim_generic_find(struct sim *sim, struct gcs_object *self, struct gcs_object *name);
struct gcs_object *sim_generic_get(struct sim *sim, struct gcs_object *self, struct gcs_object *name);
int sim_generic_set(struct sim *sim, struct gcs_object *self, struct gcs_object *name, struct gcs_object *value);
struct gcs_object *sim_type_get_attribute(struct sim *sim, struct gcs_object *self, struct gcs_object *name);
struct gcs_object *sim_type_find_attribute(struct sim *sim, struct gcs_object *self, struct gcs_object *name);
int sim_type_set_attribute(struct sim *sim, struct gcs_object *self, struct gcs_object *name,
		struct gcs_object *value);
/* The dict slot of objects that have one (function, exception, module): its address, or NULL. */
struct gcs_object **sim_dict_slot(struct gcs_object *object);
/* obj.__repr__ and so on of built-in types: a method wrapper over the type's slot; NULL without an exception. */
struct gcs_object *sim_slot_method(struct sim *sim, const struct sim_type *type, struct gcs_object *name);

struct gcs_object *sim_object_repr(struct sim *sim, struct gcs_object *self);
struct gcs_object *sim_object_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call);
struct gcs_object *sim_exception_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call);
struct gcs_object *sim_self(struct sim *sim, struct gcs_object *self);	/* iter() of iterators */
int sim_no_keywords(struct sim *sim, const char *function, const struct sim_call *call);

/* Descriptors, made when a class is filled. */
struct gcs_object *sim_method_descriptor_new(struct sim *sim, const struct sim_class *cls,
		const struct sim_method *method);
struct gcs_object *sim_getset_descriptor_new(struct sim *sim, struct sim_class *cls, const struct sim_getset *getset);
struct gcs_object *sim_member_descriptor_new(struct sim *sim, struct sim_class *cls, struct gcs_object *name,
		size_t index);
struct gcs_object *sim_slot_wrapper_new(struct sim *sim, struct sim_class *cls, const struct sim_method *method);
struct gcs_object *sim_bind_builtin(struct sim *sim, struct gcs_object *descriptor, struct gcs_object *self);

/* Whether the object can be part of a cycle: a GC object that is no untracked tuple and no built-in class. */
bool sim_may_be_tracked(const struct gcs_object *object);

/* --- dict -------------------------------------------------------------------------------------------- */

/* For weak containers and layouts: the value under a key whose hash is known; borrowed. */
struct gcs_object *sim_dict_get_hash(struct sim *sim, struct gcs_object *dict, struct gcs_object *key, int64_t hash);
int sim_dict_set_hash(struct sim *sim, struct gcs_object *dict, struct gcs_object *key, int64_t hash,
		struct gcs_object *value);
struct gcs_object *sim_dict_pop_last(struct sim *sim, struct gcs_object *dict, struct gcs_object **key);
extern const struct sim_method sim_dict_methods[];
struct gcs_object *sim_dict_iter_new(struct sim *sim, struct gcs_object *dict, enum sim_kind kind);
struct gcs_object *sim_dict_view_new(struct sim *sim, struct gcs_object *dict, enum sim_kind kind);
struct gcs_object *sim_dict_iter(struct sim *sim, struct gcs_object *dict);
/* An instance's attributes become a dict: takes over the values with their block, and a reference to the layout. */
struct gcs_object *sim_dict_from_values(struct sim *sim, struct sim_shared_keys *keys, struct sim_values *values,
		const struct gcs_block *block);
/* Drops what the dict holds, in CPython's order. */
void sim_dict_drop(struct gcs_object *dict);

extern const struct sim_method sim_list_methods[], sim_set_methods[], sim_frozenset_methods[];
struct gcs_object *sim_list_iter(struct sim *sim, struct gcs_object *list);
struct gcs_object *sim_tuple_iter(struct sim *sim, struct gcs_object *tuple);
struct gcs_object *sim_str_iter(struct sim *sim, struct gcs_object *str);
struct gcs_object *sim_bytes_iter(struct sim *sim, struct gcs_object *bytes);
struct gcs_object *sim_range_iter(struct sim *sim, struct gcs_object *range);
struct gcs_object *sim_range_reversed(struct sim *sim, struct gcs_object *range);
struct gcs_object *sim_sequence_iter(struct sim *sim, struct gcs_object *sequence);
struct gcs_object *sim_set_iter(struct sim *sim, struct gcs_object *set);
struct gcs_object *sim_list_reverse_iter(struct sim *sim, struct gcs_object *list);
int sim_set_update(struct sim *sim, struct gcs_object *set, struct gcs_object *other);
int64_t sim_iterator_hint(struct gcs_object *iterator);		/* -1: unknown */
struct gcs_object *sim_callable_iter_new(struct sim *sim, struct gcs_object *callable, struct gcs_object *sentinel);
int sim_list_assign_slice(struct sim *sim, struct gcs_object *list, struct gcs_object *slice,
		struct gcs_object *value);
int sim_list_set_range(struct sim *sim, struct gcs_object *list, size_t from, size_t to,
		struct gcs_object *const *items, size_t nr);
int sim_list_resize(struct sim *sim, struct gcs_object *list, size_t nr);

/* Calls a callable with one argument put before the others. */
struct gcs_object *sim_call_prepended(struct sim *sim, struct gcs_object *callable, struct gcs_object *first,
		const struct sim_call *call);
/* Whether a method of a class can be called with the object as first argument, without being bound. */
bool sim_method_is_plain(const struct gcs_object *descr);
struct gcs_object *sim_instance_dict(struct sim *sim, struct gcs_object *self);
int64_t sim_dict_iterator_left(struct gcs_object *iterator);
struct gcs_object *sim_bool_make(struct sim *sim, bool value);
struct gcs_object *sim_str_repr(struct sim *sim, struct gcs_object *self);
struct gcs_object *sim_str_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call);
int64_t sim_str_find(struct sim *sim, const struct gcs_object *str, const struct gcs_object *part, size_t from,
		size_t to);
struct gcs_object *sim_int_unary(struct sim *sim, struct gcs_object *self, enum sim_unary op);
struct gcs_object *sim_bool_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op);
struct gcs_object *sim_bool_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call);
extern const struct sim_method sim_int_methods[];
extern const struct sim_getset sim_int_getsets[];
/* The text of a format() with its fields replaced; @fields: struct fields of str-format.c. */
struct gcs_object *sim_format_fields(struct sim *sim, struct gcs_object *self, void *fields);

#endif
