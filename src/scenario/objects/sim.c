/* SPDX-License-Identifier: MIT */
/* The state of a scenario: made, filled with the constants and built-in classes, and ended. */
#include "sim.h"

#include <errno.h>
#include <stddef.h>

#include "int.h"

/* kind, type, the kind that the class derives from */
struct builtin_class {
	enum sim_kind kind;
	const struct sim_type *type;
	enum sim_kind base;
};

static const struct builtin_class builtin_classes[] = {
	{SIM_OBJECT, &sim_object_type, SIM_OBJECT},
	{SIM_TYPE, &sim_type_type, SIM_OBJECT},
	{SIM_NONE, &sim_none_type, SIM_OBJECT},
	{SIM_NOTIMPLEMENTED, &sim_not_implemented_type, SIM_OBJECT},
	{SIM_ELLIPSIS, &sim_ellipsis_type, SIM_OBJECT},
	{SIM_INT, &sim_int_type, SIM_OBJECT},
	{SIM_BOOL, &sim_bool_type, SIM_INT},
	{SIM_FLOAT, &sim_float_type, SIM_OBJECT},
	{SIM_STR, &sim_str_type, SIM_OBJECT},
	{SIM_BYTES, &sim_bytes_type, SIM_OBJECT},
	{SIM_LIST, &sim_list_type, SIM_OBJECT},
	{SIM_TUPLE, &sim_tuple_type, SIM_OBJECT},
	{SIM_DICT, &sim_dict_type, SIM_OBJECT},
	{SIM_SET, &sim_set_type, SIM_OBJECT},
	{SIM_FROZENSET, &sim_frozenset_type, SIM_OBJECT},
	{SIM_RANGE, &sim_range_type, SIM_OBJECT},
	{SIM_SLICE, &sim_slice_type, SIM_OBJECT},
	{SIM_LIST_ITER, &sim_list_iter_type, SIM_OBJECT},
	{SIM_LIST_REVERSE_ITER, &sim_list_reverse_iter_type, SIM_OBJECT},
	{SIM_TUPLE_ITER, &sim_tuple_iter_type, SIM_OBJECT},
	{SIM_STR_ITER, &sim_str_iter_type, SIM_OBJECT},
	{SIM_BYTES_ITER, &sim_bytes_iter_type, SIM_OBJECT},
	{SIM_SET_ITER, &sim_set_iter_type, SIM_OBJECT},
	{SIM_RANGE_ITER, &sim_range_iter_type, SIM_OBJECT},
	{SIM_DICT_KEY_ITER, &sim_dict_key_iter_type, SIM_OBJECT},
	{SIM_DICT_VALUE_ITER, &sim_dict_value_iter_type, SIM_OBJECT},
	{SIM_DICT_ITEM_ITER, &sim_dict_item_iter_type, SIM_OBJECT},
	{SIM_SEQUENCE_ITER, &sim_sequence_iter_type, SIM_OBJECT},
	{SIM_DICT_KEYS, &sim_dict_keys_type, SIM_OBJECT},
	{SIM_DICT_VALUES, &sim_dict_values_type, SIM_OBJECT},
	{SIM_DICT_ITEMS, &sim_dict_items_type, SIM_OBJECT},
	{SIM_REVERSED, &sim_reversed_type, SIM_OBJECT},
	{SIM_ENUMERATE, &sim_enumerate_type, SIM_OBJECT},
	{SIM_ZIP, &sim_zip_type, SIM_OBJECT},
	{SIM_MAP, &sim_map_type, SIM_OBJECT},
	{SIM_FILTER, &sim_filter_type, SIM_OBJECT},
	{SIM_CALLABLE_ITER, &sim_callable_iter_type, SIM_OBJECT},
	{SIM_CODE, &sim_code_type, SIM_OBJECT},
	{SIM_FUNCTION, &sim_function_type, SIM_OBJECT},
	{SIM_CELL, &sim_cell_type, SIM_OBJECT},
	{SIM_METHOD, &sim_method_type, SIM_OBJECT},
	{SIM_BUILTIN, &sim_builtin_type, SIM_OBJECT},
	{SIM_METHOD_DESCRIPTOR, &sim_method_descriptor_type, SIM_OBJECT},
	{SIM_SLOT_WRAPPER, &sim_slot_wrapper_type, SIM_OBJECT},
	{SIM_METHOD_WRAPPER, &sim_method_wrapper_type, SIM_OBJECT},
	{SIM_MEMBER_DESCRIPTOR, &sim_member_descriptor_type, SIM_OBJECT},
	{SIM_GETSET_DESCRIPTOR, &sim_getset_descriptor_type, SIM_OBJECT},
	{SIM_STATICMETHOD, &sim_staticmethod_type, SIM_OBJECT},
	{SIM_CLASSMETHOD, &sim_classmethod_type, SIM_OBJECT},
	{SIM_PROPERTY, &sim_property_type, SIM_OBJECT},
	{SIM_SUPER, &sim_super_type, SIM_OBJECT},
	{SIM_GENERATOR, &sim_generator_type, SIM_OBJECT},
	{SIM_TRACEBACK, &sim_traceback_type, SIM_OBJECT},
	{SIM_MODULE, &sim_module_type, SIM_OBJECT},
	{SIM_WEAKREF, &sim_weakref_type, SIM_OBJECT},
	{SIM_KEYED_WEAKREF, &sim_keyed_weakref_type, SIM_WEAKREF},
	{SIM_BASE_EXCEPTION, NULL, SIM_OBJECT},
	{SIM_EXCEPTION, NULL, SIM_BASE_EXCEPTION},
	{SIM_GENERATOR_EXIT, NULL, SIM_BASE_EXCEPTION},
	{SIM_SYSTEM_EXIT, NULL, SIM_BASE_EXCEPTION},
	{SIM_KEYBOARD_INTERRUPT, NULL, SIM_BASE_EXCEPTION},
	{SIM_ARITHMETIC_ERROR, NULL, SIM_EXCEPTION},
	{SIM_OVERFLOW_ERROR, NULL, SIM_ARITHMETIC_ERROR},
	{SIM_ZERO_DIVISION_ERROR, NULL, SIM_ARITHMETIC_ERROR},
	{SIM_FLOATING_POINT_ERROR, NULL, SIM_ARITHMETIC_ERROR},
	{SIM_ASSERTION_ERROR, NULL, SIM_EXCEPTION},
	{SIM_ATTRIBUTE_ERROR, NULL, SIM_EXCEPTION},
	{SIM_BUFFER_ERROR, NULL, SIM_EXCEPTION},
	{SIM_EOF_ERROR, NULL, SIM_EXCEPTION},
	{SIM_IMPORT_ERROR, NULL, SIM_EXCEPTION},
	{SIM_MODULE_NOT_FOUND_ERROR, NULL, SIM_IMPORT_ERROR},
	{SIM_LOOKUP_ERROR, NULL, SIM_EXCEPTION},
	{SIM_INDEX_ERROR, NULL, SIM_LOOKUP_ERROR},
	{SIM_KEY_ERROR, NULL, SIM_LOOKUP_ERROR},
	{SIM_MEMORY_ERROR, NULL, SIM_EXCEPTION},
	{SIM_NAME_ERROR, NULL, SIM_EXCEPTION},
	{SIM_UNBOUND_LOCAL_ERROR, NULL, SIM_NAME_ERROR},
	{SIM_OS_ERROR, NULL, SIM_EXCEPTION},
	{SIM_REFERENCE_ERROR, NULL, SIM_EXCEPTION},
	{SIM_RUNTIME_ERROR, NULL, SIM_EXCEPTION},
	{SIM_RECURSION_ERROR, NULL, SIM_RUNTIME_ERROR},
	{SIM_NOT_IMPLEMENTED_ERROR, NULL, SIM_RUNTIME_ERROR},
	{SIM_STOP_ITERATION, NULL, SIM_EXCEPTION},
	{SIM_SYNTAX_ERROR, NULL, SIM_EXCEPTION},
	{SIM_SYSTEM_ERROR, NULL, SIM_EXCEPTION},
	{SIM_TYPE_ERROR, NULL, SIM_EXCEPTION},
	{SIM_VALUE_ERROR, NULL, SIM_EXCEPTION},
	{SIM_UNICODE_ERROR, NULL, SIM_VALUE_ERROR},
	{SIM_WARNING, NULL, SIM_EXCEPTION},
	{SIM_RESOURCE_WARNING, NULL, SIM_WARNING},
};

#define NR_BUILTIN_CLASSES (sizeof(builtin_classes) / sizeof(builtin_classes[0]))

struct sim *sim_of(const struct gcs_object *object)
{
	return gcs_heap_user(gcs_object_heap(object));
}

struct gcs_object *sim_alloc(struct sim *sim, const struct gcs_type *type, size_t extra, uint64_t bytes)
{
	struct gcs_object *object;

	if (!bytes)
		bytes = ((const struct sim_type *)type)->basic_size + (type->flags & GCS_TYPE_GC ? SIM_GC_HEAD : 0);
	if (sim_charge_bytes(sim, extra))
		return NULL;
	object = gcs_new_untracked(sim->heap, type, sim->site, extra, bytes);
	return object ? object : sim_no_memory_null(sim);
}

size_t sim_size_basic(const struct gcs_object *self)
{
	return sim_type(self)->basic_size;
}

void *sim_resize(struct sim *sim, void *memory, size_t old_bytes, size_t new_bytes)
{
	void *result = gcs_mem_resize(sim->heap, memory, old_bytes, new_bytes);

	return result ? result : sim_no_memory_null(sim);
}

/* --- memory for the time of an operation --------------------------------------------------------------- */

struct scratch {
	struct sim *sim;
	size_t bytes;			/* with this head */
	_Alignas(max_align_t) char data[];
};

void *sim_scratch(struct sim *sim, void *memory, uint64_t nr, size_t item_size)
{
	struct scratch *old = memory ? (struct scratch *)((char *)memory - sizeof(*old)) : NULL, *new;

	if (sim_check_array(sim, nr, item_size))
		return NULL;
	new = sim_resize(sim, old, old ? old->bytes : 0, sizeof(*new) + nr * item_size);
	if (!new)
		return NULL;
	new->sim = sim;
	new->bytes = sizeof(*new) + nr * item_size;
	return new->data;
}

void *sim_scratch_zeroed(struct sim *sim, uint64_t nr, size_t item_size)
{
	void *memory = sim_scratch(sim, NULL, nr, item_size);

	return memory ? memset(memory, 0, nr * item_size) : NULL;
}

char *sim_scratch_text(struct sim *sim, const char *text, size_t length)
{
	char *copy = sim_scratch(sim, NULL, length + 1, 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

void sim_scratch_free(void *memory)
{
	struct scratch *scratch = memory ? (struct scratch *)((char *)memory - sizeof(*scratch)) : NULL;

	if (scratch)
		gcs_mem_free(scratch->sim->heap, scratch, scratch->bytes);
}

struct gcs_object *sim_new_object(struct sim *sim, const struct sim_type *type, size_t extra, uint64_t bytes)
{
	struct gcs_object *object = sim_alloc(sim, &type->gc, extra, bytes);

	if (object && type->gc.flags & GCS_TYPE_GC)
		gcs_track(object);
	return object;
}

static const struct sim_type stand_in_type = {
	.gc = {.name = "object", .size = sizeof(struct gcs_object), .flags = GCS_TYPE_GC},
	.kind = SIM_EXTENSION,
	.flags = SIM_TYPE_NO_NEW,
};

struct gcs_object *sim_stand_in(struct sim *sim)
{
	return sim_new_object(sim, &stand_in_type, 0, 0);
}

static int make_freelists(struct sim *sim)
{
	sim->list_free = gcs_freelist_make(sim->heap, 80);
	sim->dict_free = gcs_freelist_make(sim->heap, 80);
	sim->keys_free = gcs_freelist_make(sim->heap, 80);
	sim->float_free = gcs_freelist_make(sim->heap, 100);
	sim->slice_free = gcs_freelist_make(sim->heap, 1);
	if (!sim->list_free || !sim->dict_free || !sim->keys_free || !sim->float_free || !sim->slice_free)
		return -1;
	gcs_freelist_stay(sim->slice_free);
	for (int i = 1; i < SIM_TUPLE_LISTS; i++) {
		sim->tuple_free[i] = gcs_freelist_make(sim->heap, 2000);
		if (!sim->tuple_free[i])
			return -1;
	}
	/* CPython keeps tuples of 20 and never uses them again. */
	gcs_freelist_hold(sim->tuple_free[SIM_TUPLE_LISTS - 1]);
	return 0;
}

/* The start has used slices, and left one behind. */
static int leave_slice(struct sim *sim)
{
	struct gcs_object *slice = sim_slice_new(sim, NULL, NULL, NULL);

	gcs_xdecref(slice);
	return slice ? 0 : -1;
}

static int make_constants(struct sim *sim)
{
	sim->none = sim_alloc(sim, &sim_none_type.gc, 0, 0);
	sim->not_implemented = sim_alloc(sim, &sim_not_implemented_type.gc, 0, 0);
	sim->ellipsis = sim_alloc(sim, &sim_ellipsis_type.gc, 0, 0);
	if (!sim->none || !sim->not_implemented || !sim->ellipsis)
		return -1;
	sim->interned = sim_dict_new(sim);
	sim->empty_str = sim_str_alloc(sim, 0, 1, true);
	sim->empty_tuple = sim_tuple_new(sim, 0);
	sim->empty_bytes = sim_bytes_new(sim, "", 0);
	if (!sim->interned || !sim->empty_str || !sim->empty_tuple || !sim->empty_bytes)
		return -1;
	for (int i = 0; i < SIM_NR_SMALL_INTS; i++) {
		sim->small_ints[i] = sim_int_new(sim, SIM_SMALL_INT_MIN + i);
		if (!sim->small_ints[i])
			return -1;
	}
	for (int i = 0; i < 256; i++) {
		uint32_t point = i;

		sim->latin1[i] = sim_str_from_points(sim, &point, 1);
		if (!sim->latin1[i])
			return -1;
	}
	return 0;
}

static int make_names(struct sim *sim)
{
	bool failed = false;

#define INTERN(field, text) failed |= !(sim->names.field = sim_str_intern(sim, text, strlen(text)));
#define SIM_NAME_D(name) INTERN(d_##name, "__" #name "__")
#define SIM_NAME_N(name) INTERN(n_##name, #name)
	SIM_NAMES(SIM_NAME_D, SIM_NAME_N)
#undef SIM_NAME_D
#undef SIM_NAME_N
#undef INTERN
	return failed ? -1 : 0;
}

static int make_classes(struct sim *sim)
{
	for (size_t i = 0; i < NR_BUILTIN_CLASSES; i++) {
		const struct builtin_class *row = &builtin_classes[i];
		const struct sim_type *type = row->type ? row->type : sim_exception_types[row->kind];

		sim->classes[row->kind] = sim_class_builtin(sim, type,
				row->kind == SIM_OBJECT ? NULL : sim->classes[row->base], "builtins");
		if (!sim->classes[row->kind])
			return -1;
	}
	return 0;
}

/* bool is no more than two objects; they need the class of int to exist only when they are used. */
static int make_bools(struct sim *sim)
{
	sim->false_ = sim_bool_make(sim, false);
	sim->true_ = sim_bool_make(sim, true);
	return sim->false_ && sim->true_ ? 0 : -1;
}

static int make_memory_error(struct sim *sim)
{
	sim->memory_error = sim_exception_new(sim, sim->classes[SIM_MEMORY_ERROR], sim->empty_tuple);
	if (!sim->memory_error)
		return -1;
	gcs_untrack(sim->memory_error);
	gcs_untrack(sim->interned);
	return 0;
}

static int start(struct sim *sim)
{
	static const struct gcs_frame frame = {"<start>", 0, NULL};

	sim->start_site = sim->site = gcs_site(sim->heap, &frame, 1, 1);
	gcs_disable(sim->heap);
	if (!sim->site || make_freelists(sim) || make_constants(sim) || leave_slice(sim) || make_bools(sim) ||
			make_names(sim) || make_classes(sim) || make_memory_error(sim))
		return -1;
	/* A new interpreter's collector is on, and its counters are the program's business. */
	gcs_preset(sim->heap, (const struct gcs_generation_stats[GCS_NR_GENERATIONS]){0},
			(const int[GCS_NR_GENERATIONS]){0});
	gcs_enable(sim->heap);
	return 0;
}

/* What the start of Debian 12's python3 leaves in the oldest generation; a program in which the exact number matters is
 * not the same under two of them. */
#define START_OBJECTS 4800

struct sim *sim_new(const struct sim_options *options)
{
	struct gcs_options heap_options = {
		.profile = options->profile,
		.max_bytes = options->max_bytes,
		.nr_outside = options->profile == GCS_PROFILE_CPYTHON311 ? START_OBJECTS : 0,
	};
	struct sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		return NULL;
	sim->heap = gcs_heap_new(&heap_options);
	if (!sim->heap) {
		free(sim);
		return NULL;
	}
	gcs_heap_set_user(sim->heap, sim);
	sim->profile = options->profile;
	sim->max_bytes = options->max_bytes;
	sim->out = options->out;
	sim->err = options->err;
	sim->write_arg = options->write_arg;
	sim->vm = options->vm;
	sim->recursion_limit = SIM_RECURSION_LIMIT;
	sim_int_memory_start();
	if (start(sim) == 0) {
		/* What is made at the start is not the scenario's. */
		sim->max_steps = options->max_steps;
		return sim;
	}
	sim_free(sim);
	errno = ENOMEM;
	return NULL;
}

void sim_free(struct sim *sim)
{
	if (!sim)
		return;
	gcs_heap_destroy(sim->heap);
	free(sim->method_cache);
	free(sim);
}
