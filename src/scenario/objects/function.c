/* SPDX-License-Identifier: MIT */
/* Functions, cells, bound methods, built-in functions, code objects. */
#include "internal.h"

/* --- code -------------------------------------------------------------------------------------------- */

struct gcs_object *sim_code_object_new(struct sim *sim, const struct sim_code *code, struct gcs_object *consts,
		struct gcs_object *name, struct gcs_object *qualname, struct gcs_object *filename)
{
	struct sim_code_object *object = (struct sim_code_object *)sim_alloc(sim, &sim_code_type.gc, 0, 0);

	if (!object)
		return NULL;
	object->code = code;
	object->consts = consts ? sim_incref(consts) : NULL;
	object->name = name ? sim_incref(name) : NULL;
	object->qualname = qualname ? sim_incref(qualname) : NULL;
	object->filename = filename ? sim_incref(filename) : NULL;
	return &object->head;
}

static void code_dealloc(struct gcs_object *self)
{
	struct sim_code_object *code = (struct sim_code_object *)self;

	gcs_dealloc_weakrefs(self);
	gcs_xdecref(code->consts);
	gcs_xdecref(code->filename);
	gcs_xdecref(code->name);
	gcs_xdecref(code->qualname);
	gcs_object_free(self);
}

static struct gcs_object *code_name(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *name = ((struct sim_code_object *)self)->name;

	return sim_incref(name ? name : sim->none);
}

static const struct sim_getset code_getsets[] = {
	{"co_name", code_name, NULL},
	{0},
};

const struct sim_type sim_code_type = {
	.gc = {.name = "code", .size = sizeof(struct sim_code_object), .flags = GCS_TYPE_WEAKREFS,
		.dealloc = code_dealloc, .size_of = sim_size_basic},
	.kind = SIM_CODE,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 184,
	.getsets = code_getsets,
	.hash = sim_hash_identity,
};

/* --- function ---------------------------------------------------------------------------------------- */

static struct sim_function *as_function(struct gcs_object *object)
{
	return (struct sim_function *)object;
}

static int function_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct sim_function *f = as_function(self);

	GCS_VISIT(f->code);
	GCS_VISIT(f->globals);
	GCS_VISIT(f->builtins);
	GCS_VISIT(f->module);
	GCS_VISIT(f->defaults);
	GCS_VISIT(f->kwdefaults);
	GCS_VISIT(f->doc);
	GCS_VISIT(f->name);
	GCS_VISIT(f->dict);
	GCS_VISIT(f->closure);
	GCS_VISIT(f->annotations);
	GCS_VISIT(f->qualname);
	return 0;
}

/* Code and names stay: the function can still be called and shown. */
static void function_clear(struct gcs_object *self)
{
	struct sim_function *f = as_function(self);

	GCS_CLEAR(&f->globals);
	GCS_CLEAR(&f->builtins);
	GCS_CLEAR(&f->module);
	GCS_CLEAR(&f->defaults);
	GCS_CLEAR(&f->kwdefaults);
	GCS_CLEAR(&f->doc);
	GCS_CLEAR(&f->dict);
	GCS_CLEAR(&f->closure);
	GCS_CLEAR(&f->annotations);
}

static void function_dealloc(struct gcs_object *self)
{
	struct sim_function *f = as_function(self);

	gcs_untrack(self);
	gcs_dealloc_weakrefs(self);
	function_clear(self);
	gcs_xdecref(f->code);
	gcs_xdecref(f->name);
	gcs_xdecref(f->qualname);
	gcs_object_free(self);
}

struct gcs_object *sim_function_new(struct sim *sim, struct gcs_object *code, struct gcs_object *globals,
		struct gcs_object *qualname, struct gcs_object *defaults, struct gcs_object *kwdefaults,
		struct gcs_object *closure)
{
	struct sim_function *f = (struct sim_function *)sim_alloc(sim, &sim_function_type.gc, 0, 0);
	struct sim_code_object *c = (struct sim_code_object *)code;
	struct gcs_object *module;

	if (!f) {
		gcs_xdecref(defaults);
		gcs_xdecref(kwdefaults);
		gcs_xdecref(closure);
		return NULL;
	}
	f->code = code ? sim_incref(code) : NULL;
	f->globals = globals ? sim_incref(globals) : NULL;
	f->builtins = sim->builtins ? sim_incref(sim->builtins) : NULL;
	f->name = sim_incref(c && c->name ? c->name : qualname);
	f->qualname = sim_incref(qualname ? qualname : f->name);
	f->defaults = defaults;
	f->kwdefaults = kwdefaults;
	f->closure = closure;
	f->doc = sim_none(sim);
	if (c && c->consts && sim_tuple_size(c->consts) && sim_is_str(sim_tuple_item(c->consts, 0))) {
		gcs_decref(f->doc);
		f->doc = sim_incref(sim_tuple_item(c->consts, 0));
	}
	module = globals ? sim_dict_get_str(sim, globals, sim->names.d_name) : NULL;
	f->module = module ? sim_incref(module) : NULL;
	gcs_track(&f->head);
	return &f->head;
}

const struct sim_code *sim_function_code(const struct gcs_object *function)
{
	const struct sim_function *f = (const struct sim_function *)function;

	return f->code ? ((const struct sim_code_object *)f->code)->code : NULL;
}

static struct gcs_object *function_repr(struct sim *sim, struct gcs_object *self)
{
	return sim_str_format(sim, "<function %U at 0x%llx>", as_function(self)->qualname,
			(unsigned long long)(uintptr_t)self);
}

static struct gcs_object *function_call(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	if (as_function(self)->native)
		return as_function(self)->native(sim, self, call);
	return sim->vm->call_function(sim, self, call);
}

static struct gcs_object *function_bind(struct sim *sim, struct gcs_object *descr, struct gcs_object *self,
		struct sim_class *cls)
{
	(void)cls;
	return self ? sim_method_new(sim, descr, self) : sim_incref(descr);
}

#define FUNCTION_PART(part)                                                                \
	static struct gcs_object *function_##part(struct sim *sim, struct gcs_object *self) \
	{                                                                                  \
		struct gcs_object *it = as_function(self)->part;                           \
		return sim_incref(it ? it : sim->none);                                    \
	}
FUNCTION_PART(name)
FUNCTION_PART(qualname)
FUNCTION_PART(doc)
FUNCTION_PART(module)
FUNCTION_PART(defaults)
FUNCTION_PART(kwdefaults)
FUNCTION_PART(closure)
FUNCTION_PART(code)
FUNCTION_PART(globals)

#define FUNCTION_SET(part, check, words)                                                                       \
	static int set_##part(struct sim *sim, struct gcs_object *self, struct gcs_object *value)              \
	{                                                                                                      \
		if (value && !(check))                                                                         \
			return sim_raise(sim, SIM_TYPE_ERROR, words);                                          \
		GCS_SET(&as_function(self)->part, value ? sim_incref(value) : NULL);                           \
		return 0;                                                                                      \
	}
FUNCTION_SET(doc, true, "")
FUNCTION_SET(module, true, "")

static int set_defaults(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	if (value == sim->none)
		value = NULL;
	if (value && sim_kind(value) != SIM_TUPLE)
		return sim_raise(sim, SIM_TYPE_ERROR, "__defaults__ must be set to a tuple object");
	GCS_SET(&as_function(self)->defaults, value ? sim_incref(value) : NULL);
	return 0;
}

static int set_name(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	if (!value || !sim_is_str(value))
		return sim_raise(sim, SIM_TYPE_ERROR, "__name__ must be set to a string object");
	GCS_SET(&as_function(self)->name, sim_incref(value));
	return 0;
}

static int set_qualname(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	if (!value || !sim_is_str(value))
		return sim_raise(sim, SIM_TYPE_ERROR, "__qualname__ must be set to a string object");
	GCS_SET(&as_function(self)->qualname, sim_incref(value));
	return 0;
}

/* What the definition gave was a tuple: a dict is made when it is asked for. */
static struct gcs_object *function_annotations(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *old = as_function(self)->annotations, *dict;

	if (old && sim_kind(old) != SIM_TUPLE)
		return sim_incref(old);
	dict = sim_dict_new(sim);
	for (size_t i = 0; dict && old && i < sim_tuple_size(old); i += 2) {
		if (sim_dict_set(sim, dict, sim_tuple_item(old, i), sim_tuple_item(old, i + 1)) < 0)
			GCS_CLEAR(&dict);
	}
	if (!dict)
		return NULL;
	GCS_SET(&as_function(self)->annotations, sim_incref(dict));
	return dict;
}

static int set_annotations(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	if (value == sim->none)
		value = NULL;
	if (value && sim_kind(value) != SIM_DICT)
		return sim_raise(sim, SIM_TYPE_ERROR, "__annotations__ must be set to a dict object");
	GCS_SET(&as_function(self)->annotations, value ? sim_incref(value) : NULL);
	return 0;
}

static const struct sim_getset function_getsets[] = {
	{"__annotations__", function_annotations, set_annotations},
	{"__closure__", function_closure, NULL},
	{"__code__", function_code, NULL},
	{"__defaults__", function_defaults, set_defaults},
	{"__dict__", sim_object_dict, NULL},
	{"__doc__", function_doc, set_doc},
	{"__globals__", function_globals, NULL},
	{"__kwdefaults__", function_kwdefaults, NULL},
	{"__module__", function_module, set_module},
	{"__name__", function_name, set_name},
	{"__qualname__", function_qualname, set_qualname},
	{0},
};

const struct sim_type sim_function_type = {
	.gc = {.name = "function", .size = sizeof(struct sim_function), .flags = GCS_TYPE_GC | GCS_TYPE_WEAKREFS,
		.traverse = function_traverse, .clear = function_clear, .dealloc = function_dealloc,
		.size_of = sim_size_basic},
	.kind = SIM_FUNCTION,
	.flags = SIM_TYPE_NO_NEW | SIM_TYPE_DICT | SIM_TYPE_DESCRIPTOR,
	.basic_size = 136,
	.getsets = function_getsets,
	.repr = function_repr,
	.hash = sim_hash_identity,
	.call = function_call,
	.descr_get = function_bind,
};

/* --- cell -------------------------------------------------------------------------------------------- */

struct gcs_object *sim_cell_new(struct sim *sim, struct gcs_object *value)
{
	struct gcs_object *cell = sim_alloc(sim, &sim_cell_type.gc, 0, 0);

	if (!cell)
		return NULL;
	((struct sim_cell *)cell)->value = value ? sim_incref(value) : NULL;
	gcs_track(cell);
	return cell;
}

void sim_cell_set(struct gcs_object *cell, struct gcs_object *value)
{
	GCS_SET(&((struct sim_cell *)cell)->value, value);
}

static int cell_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(((struct sim_cell *)self)->value);
	return 0;
}

static void cell_clear(struct gcs_object *self)
{
	GCS_CLEAR(&((struct sim_cell *)self)->value);
}

static void cell_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	gcs_xdecref(((struct sim_cell *)self)->value);
	gcs_object_free(self);
}

static struct gcs_object *cell_repr(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *value = ((struct sim_cell *)self)->value;
	unsigned long long at = (uintptr_t)self;

	if (!value)
		return sim_str_format(sim, "<cell at 0x%llx: empty>", at);
	return sim_str_format(sim, "<cell at 0x%llx: %T object at 0x%llx>", at, value,
			(unsigned long long)(uintptr_t)value);
}

static struct gcs_object *cell_contents(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *value = ((struct sim_cell *)self)->value;

	return value ? sim_incref(value) : sim_raise_null(sim, SIM_VALUE_ERROR, "Cell is empty");
}

static int set_cell_contents(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	(void)sim;
	sim_cell_set(self, value ? sim_incref(value) : NULL);
	return 0;
}

static const struct sim_getset cell_getsets[] = {
	{"cell_contents", cell_contents, set_cell_contents},
	{0},
};

const struct sim_type sim_cell_type = {
	.gc = {.name = "cell", .size = sizeof(struct sim_cell), .flags = GCS_TYPE_GC, .traverse = cell_traverse,
		.clear = cell_clear, .dealloc = cell_dealloc, .size_of = sim_size_basic},
	.kind = SIM_CELL,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 24,
	.getsets = cell_getsets,
	.repr = cell_repr,
};

/* --- bound method ------------------------------------------------------------------------------------ */

static struct sim_method_object *as_method(struct gcs_object *object)
{
	return (struct sim_method_object *)object;
}

struct gcs_object *sim_method_new(struct sim *sim, struct gcs_object *function, struct gcs_object *self)
{
	struct sim_method_object *method = (struct sim_method_object *)sim_alloc(sim, &sim_method_type.gc, 0, 0);

	if (!method)
		return NULL;
	method->function = sim_incref(function);
	method->self = sim_incref(self);
	gcs_track(&method->head);
	return &method->head;
}

static int method_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(as_method(self)->function);
	GCS_VISIT(as_method(self)->self);
	return 0;
}

static void method_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	gcs_dealloc_weakrefs(self);
	gcs_xdecref(as_method(self)->function);
	gcs_xdecref(as_method(self)->self);
	gcs_object_free(self);
}

/* Calls a callable with one argument put before the others. */
struct gcs_object *sim_call_prepended(struct sim *sim, struct gcs_object *callable, struct gcs_object *first,
		const struct sim_call *call)
{
	size_t nr = call->nr + (call->kwnames ? sim_tuple_size(call->kwnames) : 0);
	struct gcs_object *few[8], **args = nr < 8 ? few : sim_scratch(sim, NULL, nr + 1, sizeof(*args)), *result;
	struct sim_call with = {args, call->nr + 1, call->kwnames};

	if (!args)
		return NULL;
	args[0] = first;
	if (nr)
		memcpy(args + 1, call->args, nr * sizeof(*args));
	result = sim_call(sim, callable, &with);
	if (args != few)
		sim_scratch_free(args);
	return result;
}

static struct gcs_object *method_call(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return sim_call_prepended(sim, as_method(self)->function, as_method(self)->self, call);
}

static struct gcs_object *method_repr(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *f = as_method(self)->function;

	if (sim_kind(f) == SIM_FUNCTION)
		return sim_str_format(sim, "<bound method %U of %R>", as_function(f)->qualname, as_method(self)->self);
	return sim_str_format(sim, "<bound method ? of %R>", as_method(self)->self);
}

static struct gcs_object *method_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b,
		enum sim_compare op)
{
	bool equal;

	if (sim_kind(b) != SIM_METHOD || (op != SIM_EQ && op != SIM_NE))
		return sim_not_implemented(sim);
	equal = as_method(a)->self == as_method(b)->self && as_method(a)->function == as_method(b)->function;
	return sim_bool(sim, equal == (op == SIM_EQ));
}

static int64_t method_hash(struct sim *sim, struct gcs_object *self)
{
	int64_t hash = sim_hash_pointer(as_method(self)->self) ^ sim_hash_pointer(as_method(self)->function);

	(void)sim;
	return hash == -1 ? -2 : hash;
}

static struct gcs_object *method_self(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_incref(as_method(self)->self);
}

static struct gcs_object *method_function(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_incref(as_method(self)->function);
}

/* Other attributes are those of the function. */
static struct gcs_object *method_get_attribute(struct sim *sim, struct gcs_object *self, struct gcs_object *name)
{
	struct gcs_object *value = sim_generic_find(sim, self, name);

	if (value || sim->pending)
		return value;
	value = sim_find_attribute(sim, as_method(self)->function, name);
	if (value || sim->pending)
		return value;
	return sim_raise_null(sim, SIM_ATTRIBUTE_ERROR, "'method' object has no attribute '%U'", name);
}

static const struct sim_getset method_getsets[] = {
	{"__func__", method_function, NULL},
	{"__self__", method_self, NULL},
	{0},
};

const struct sim_type sim_method_type = {
	.gc = {.name = "method", .size = sizeof(struct sim_method_object), .flags = GCS_TYPE_GC | GCS_TYPE_WEAKREFS,
		.traverse = method_traverse, .dealloc = method_dealloc, .size_of = sim_size_basic},
	.kind = SIM_METHOD,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 48,
	.getsets = method_getsets,
	.repr = method_repr,
	.hash = method_hash,
	.compare = method_compare,
	.call = method_call,
	.get_attribute = method_get_attribute,
};
