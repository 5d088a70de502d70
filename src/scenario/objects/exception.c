/* SPDX-License-Identifier: MIT */
/* Exceptions and tracebacks. */
#include "class.h"

static struct sim_exception *as_exception(struct gcs_object *object)
{
	return (struct sim_exception *)object;
}

bool sim_is_exception(const struct gcs_object *object)
{
	return sim_kind(object) >= SIM_BASE_EXCEPTION;
}

bool sim_is_exception_class(const struct gcs_object *object)
{
	return sim_is_class(object) && ((const struct sim_class *)object)->exception != SIM_OBJECT;
}

static bool is_heap(const struct gcs_object *self)
{
	return sim_type(self)->flags & SIM_TYPE_HEAP;
}

static struct sim_class *heap_class(const struct gcs_object *self)
{
	return (struct sim_class *)((char *)(uintptr_t)self->type - offsetof(struct sim_class, type));
}

static int exception_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct sim_exception *e = as_exception(self);

	GCS_VISIT(is_heap(self) ? &heap_class(self)->head : NULL);
	for (int i = 0; i < 3; i++)
		GCS_VISIT(e->extra[i]);
	GCS_VISIT(e->dict);
	GCS_VISIT(e->args);
	GCS_VISIT(e->notes);
	GCS_VISIT(e->traceback);
	GCS_VISIT(e->cause);
	GCS_VISIT(e->context);
	return 0;
}

static void exception_clear(struct gcs_object *self)
{
	struct sim_exception *e = as_exception(self);

	for (int i = 0; i < 3; i++)
		GCS_CLEAR(&e->extra[i]);
	GCS_CLEAR(&e->dict);
	GCS_CLEAR(&e->args);
	GCS_CLEAR(&e->notes);
	GCS_CLEAR(&e->traceback);
	GCS_CLEAR(&e->cause);
	GCS_CLEAR(&e->context);
}

static void exception_dealloc(struct gcs_object *self)
{
	struct sim_class *cls = is_heap(self) ? heap_class(self) : NULL;

	gcs_untrack(self);
	if (self->type->finalize && gcs_dealloc_finalize(self))
		return;
	if (self->type->flags & GCS_TYPE_WEAKREFS)
		gcs_dealloc_weakrefs(self);
	exception_clear(self);
	gcs_object_free(self);
	if (cls)
		gcs_decref(&cls->head);
}

/* What the kinds keep of their arguments for their own attributes. */
static void keep_extra(struct sim *sim, struct sim_exception *e)
{
	enum sim_kind kind = sim_kind(&e->head);
	size_t nr = sim_tuple_size(e->args);

	if (kind == SIM_STOP_ITERATION || kind == SIM_SYSTEM_EXIT)
		e->extra[0] = sim_incref(nr == 1 || (nr && kind == SIM_STOP_ITERATION) ? sim_tuple_item(e->args, 0) :
				nr ? e->args : sim->none);
	if ((kind == SIM_IMPORT_ERROR || kind == SIM_MODULE_NOT_FOUND_ERROR) && nr == 1)
		e->extra[0] = sim_incref(sim_tuple_item(e->args, 0));
}

struct gcs_object *sim_exception_new(struct sim *sim, struct sim_class *cls, struct gcs_object *args)
{
	struct gcs_object *self = sim_alloc(sim, &cls->slots->gc, 0, 0);

	if (!self)
		return NULL;
	if (is_heap(self))
		gcs_incref(&cls->head);
	as_exception(self)->args = sim_incref(args);
	keep_extra(sim, as_exception(self));
	gcs_track(self);
	return self;
}

/* NameError(..., name=...), AttributeError(..., name=, obj=), ImportError(..., name=, path=). */
static int take_keywords(struct sim *sim, struct sim_class *cls, struct gcs_object *self, const struct sim_call *call)
{
	enum sim_kind kind = sim_kind(self);
	bool named = kind == SIM_NAME_ERROR || kind == SIM_UNBOUND_LOCAL_ERROR || kind == SIM_ATTRIBUTE_ERROR ||
		kind == SIM_IMPORT_ERROR || kind == SIM_MODULE_NOT_FOUND_ERROR;
	struct gcs_object *name = sim_call_keyword(call, "name"), *obj = sim_call_keyword(call, "obj");

	if (!call->kwnames || !sim_tuple_size(call->kwnames))
		return 0;
	if (!named)
		return sim_raise(sim, SIM_TYPE_ERROR, "%s() takes no keyword arguments", cls->slots->gc.name);
	if (name)
		GCS_SET(&as_exception(self)->extra[kind != SIM_NAME_ERROR && kind != SIM_UNBOUND_LOCAL_ERROR],
				sim_incref(name));
	if (obj && kind == SIM_ATTRIBUTE_ERROR)
		GCS_SET(&as_exception(self)->extra[0], sim_incref(obj));
	return 0;
}

static struct gcs_object *arguments(struct sim *sim, const struct sim_call *call)
{
	struct gcs_object *args = sim_tuple_new(sim, call->nr);

	for (size_t i = 0; args && i < call->nr; i++)
		((struct sim_tuple *)args)->items[i] = sim_incref(call->args[i]);
	if (args)
		sim_tuple_finish(args);
	return args;
}

struct gcs_object *sim_exception_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	struct gcs_object *args = arguments(sim, call), *self, *init, *result;

	if (!args)
		return NULL;
	self = sim_exception_new(sim, cls, args);
	gcs_decref(args);
	if (!self)
		return NULL;
	init = sim_class_user_lookup(sim, cls, sim->names.d_init);
	if (!init) {
		if (take_keywords(sim, cls, self, call))
			GCS_CLEAR(&self);
		return self;
	}
	gcs_incref(init);
	result = sim_call_prepended(sim, init, self, call);
	gcs_decref(init);
	if (result && result != sim->none)
		sim_raise(sim, SIM_TYPE_ERROR, "__init__() should return None, not '%T'", result);
	if (result != sim->none)
		GCS_CLEAR(&self);
	gcs_xdecref(result);
	return self;
}

/* --- text -------------------------------------------------------------------------------------------- */

static struct gcs_object *exception_str(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *args = as_exception(self)->args;
	size_t nr = args ? sim_tuple_size(args) : 0;

	if (!nr)
		return sim_incref(sim->empty_str);
	if (nr > 1)
		return sim_str_of(sim, args);
	/* A missing key may be any object: its repr tells '' from nothing. */
	if (sim_class_is_subclass(sim_class_of(sim, self), sim->classes[SIM_KEY_ERROR]))
		return sim_repr(sim, sim_tuple_item(args, 0));
	return sim_str_of(sim, sim_tuple_item(args, 0));
}

static struct gcs_object *exception_repr(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *args = as_exception(self)->args, *name = sim_class_of(sim, self)->name;

	if (args && sim_tuple_size(args) == 1)
		return sim_str_format(sim, "%U(%R)", name, sim_tuple_item(args, 0));
	return sim_str_format(sim, "%U%R", name, args ? args : sim->empty_tuple);
}

struct gcs_object *sim_exception_line(struct sim *sim, struct gcs_object *self)
{
	struct sim_class *cls = sim_class_of(sim, self);
	struct gcs_object *module = cls->dict ? sim_dict_get_str(sim, cls->dict, sim->names.d_module) : NULL, *text,
			*line;
	bool plain = !module || !sim_is_str(module) || sim_str_is(module, "builtins") || sim_str_is(module, "__main__");

	text = sim_str_of(sim, self);
	if (!text) {
		sim_clear_pending(sim);
		text = sim_str_from(sim, "<exception str() failed>");
	}
	if (!text)
		return NULL;
	if (!sim_as_str(text)->length)
		line = plain ? sim_incref(cls->qualname) : sim_str_format(sim, "%U.%U", module, cls->qualname);
	else
		line = plain ? sim_str_format(sim, "%U: %U", cls->qualname, text) :
			sim_str_format(sim, "%U.%U: %U", module, cls->qualname, text);
	gcs_decref(text);
	return line;
}

/* --- attributes -------------------------------------------------------------------------------------- */

#define EXCEPTION_PART(id, part)                                                           \
	static struct gcs_object *get_##id(struct sim *sim, struct gcs_object *self)       \
	{                                                                                  \
		struct gcs_object *it = as_exception(self)->part;                          \
		return sim_incref(it ? it : sim->none);                                    \
	}
EXCEPTION_PART(args, args)
EXCEPTION_PART(traceback, traceback)
EXCEPTION_PART(context, context)
EXCEPTION_PART(cause, cause)
EXCEPTION_PART(first, extra[0])
EXCEPTION_PART(second, extra[1])

static int set_args(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	struct gcs_object *args = value ? sim_tuple_from_iterable(sim, value) : NULL;

	if (!value)
		return sim_raise(sim, SIM_TYPE_ERROR, "args may not be deleted");
	if (!args)
		return -1;
	GCS_SET(&as_exception(self)->args, args);
	return 0;
}

static int set_link(struct sim *sim, struct gcs_object **slot, struct gcs_object *value, const char *what,
		bool traceback)
{
	if (!value)
		return sim_raise(sim, SIM_TYPE_ERROR, "%s may not be deleted", what);
	if (value == sim->none)
		value = NULL;
	if (value && traceback && sim_kind(value) != SIM_TRACEBACK)
		return sim_raise(sim, SIM_TYPE_ERROR, "__traceback__ must be a traceback or None");
	if (value && !traceback && !sim_is_exception(value))
		return sim_raise(sim, SIM_TYPE_ERROR, "exception %s must be None or derive from BaseException",
				what + 2);
	GCS_SET(slot, value ? sim_incref(value) : NULL);
	return 0;
}

static int set_traceback(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	return set_link(sim, &as_exception(self)->traceback, value, "__traceback__", true);
}

static int set_context(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	return set_link(sim, &as_exception(self)->context, value, "__context__", false);
}

static int set_cause(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	as_exception(self)->suppress_context = true;
	return set_link(sim, &as_exception(self)->cause, value, "__cause__", false);
}

static struct gcs_object *get_suppress(struct sim *sim, struct gcs_object *self)
{
	return sim_bool(sim, as_exception(self)->suppress_context);
}

static int set_suppress(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	int truth = value ? sim_truth(sim, value) : 0;

	if (truth >= 0)
		as_exception(self)->suppress_context = truth;
	return truth < 0 ? -1 : 0;
}

static struct gcs_object *get_notes(struct sim *sim, struct gcs_object *self)
{
	if (as_exception(self)->notes)
		return sim_incref(as_exception(self)->notes);
	return sim_raise_null(sim, SIM_ATTRIBUTE_ERROR, "'%T' object has no attribute '__notes__'", self);
}

static struct gcs_object *with_traceback(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return set_traceback(sim, self, call->args[0]) ? NULL : sim_incref(self);
}

static struct gcs_object *add_note(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct sim_exception *e = as_exception(self);

	if (!sim_is_str(call->args[0]))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "note must be a str, not '%T'", call->args[0]);
	if (!e->notes && !(e->notes = sim_list_new(sim, 0)))
		return NULL;
	return sim_list_append(sim, e->notes, call->args[0]) ? NULL : sim_none(sim);
}

static const struct sim_method exception_methods[] = {
	{"add_note", add_note, 1, 1, 0},
	{"with_traceback", with_traceback, 1, 1, 0},
	{0},
};

static const struct sim_getset exception_getsets[] = {
	{"__cause__", get_cause, set_cause},
	{"__context__", get_context, set_context},
	{"__dict__", sim_object_dict, NULL},
	{"__notes__", get_notes, NULL},
	{"__suppress_context__", get_suppress, set_suppress},
	{"__traceback__", get_traceback, set_traceback},
	{"args", get_args, set_args},
	{0},
};

static const struct sim_getset value_getsets[] = {{"value", get_first, NULL}, {0}};
static const struct sim_getset code_getsets[] = {{"code", get_first, NULL}, {0}};
static const struct sim_getset name_getsets[] = {{"name", get_first, NULL}, {0}};
static const struct sim_getset attribute_getsets[] = {{"name", get_second, NULL}, {"obj", get_first, NULL}, {0}};
static const struct sim_getset import_getsets[] = {{"msg", get_first, NULL}, {"name", get_second, NULL}, {0}};

/* --- the types --------------------------------------------------------------------------------------- */

#define EXCEPTION_TYPE(text, number, bytes, method_table, getset_table)                                              \
	[number] = &(const struct sim_type){                                                                         \
		.gc = {.name = text, .size = sizeof(struct sim_exception), .flags = GCS_TYPE_GC | GCS_TYPE_TRASHCAN, \
			.traverse = exception_traverse, .clear = exception_clear, .dealloc = exception_dealloc,      \
			.size_of = sim_size_basic},                                                                  \
		.kind = number,                                                                                      \
		.flags = SIM_TYPE_BASE | SIM_TYPE_DICT,                                                              \
		.basic_size = bytes,                                                                                 \
		.methods = method_table,                                                                             \
		.getsets = getset_table,                                                                             \
		.repr = exception_repr,                                                                              \
		.str = exception_str,                                                                                \
		.hash = sim_hash_identity,                                                                           \
		.construct = sim_exception_construct,                                                                \
	}
#define PLAIN(text, number) EXCEPTION_TYPE(text, number, 72, NULL, NULL)

const struct sim_type *const sim_exception_types[SIM_NR_KINDS] = {
	EXCEPTION_TYPE("BaseException", SIM_BASE_EXCEPTION, 72, exception_methods, exception_getsets),
	PLAIN("Exception", SIM_EXCEPTION),
	PLAIN("GeneratorExit", SIM_GENERATOR_EXIT),
	EXCEPTION_TYPE("SystemExit", SIM_SYSTEM_EXIT, 80, NULL, code_getsets),
	PLAIN("KeyboardInterrupt", SIM_KEYBOARD_INTERRUPT),
	PLAIN("ArithmeticError", SIM_ARITHMETIC_ERROR),
	PLAIN("OverflowError", SIM_OVERFLOW_ERROR),
	PLAIN("ZeroDivisionError", SIM_ZERO_DIVISION_ERROR),
	PLAIN("FloatingPointError", SIM_FLOATING_POINT_ERROR),
	PLAIN("AssertionError", SIM_ASSERTION_ERROR),
	EXCEPTION_TYPE("AttributeError", SIM_ATTRIBUTE_ERROR, 88, NULL, attribute_getsets),
	PLAIN("BufferError", SIM_BUFFER_ERROR),
	PLAIN("EOFError", SIM_EOF_ERROR),
	EXCEPTION_TYPE("ImportError", SIM_IMPORT_ERROR, 96, NULL, import_getsets),
	EXCEPTION_TYPE("ModuleNotFoundError", SIM_MODULE_NOT_FOUND_ERROR, 96, NULL, NULL),
	PLAIN("LookupError", SIM_LOOKUP_ERROR),
	PLAIN("IndexError", SIM_INDEX_ERROR),
	PLAIN("KeyError", SIM_KEY_ERROR),
	PLAIN("MemoryError", SIM_MEMORY_ERROR),
	EXCEPTION_TYPE("NameError", SIM_NAME_ERROR, 80, NULL, name_getsets),
	EXCEPTION_TYPE("UnboundLocalError", SIM_UNBOUND_LOCAL_ERROR, 80, NULL, NULL),
	EXCEPTION_TYPE("OSError", SIM_OS_ERROR, 112, NULL, NULL),
	PLAIN("ReferenceError", SIM_REFERENCE_ERROR),
	PLAIN("RuntimeError", SIM_RUNTIME_ERROR),
	PLAIN("RecursionError", SIM_RECURSION_ERROR),
	PLAIN("NotImplementedError", SIM_NOT_IMPLEMENTED_ERROR),
	EXCEPTION_TYPE("StopIteration", SIM_STOP_ITERATION, 80, NULL, value_getsets),
	EXCEPTION_TYPE("SyntaxError", SIM_SYNTAX_ERROR, 136, NULL, NULL),
	PLAIN("SystemError", SIM_SYSTEM_ERROR),
	PLAIN("TypeError", SIM_TYPE_ERROR),
	PLAIN("ValueError", SIM_VALUE_ERROR),
	PLAIN("UnicodeError", SIM_UNICODE_ERROR),
	PLAIN("Warning", SIM_WARNING),
	PLAIN("ResourceWarning", SIM_RESOURCE_WARNING),
};

/* --- tracebacks -------------------------------------------------------------------------------------- */

static int traceback_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(((struct sim_traceback *)self)->next);
	GCS_VISIT(((struct sim_traceback *)self)->frame);
	return 0;
}

static void traceback_clear(struct gcs_object *self)
{
	GCS_CLEAR(&((struct sim_traceback *)self)->next);
	GCS_CLEAR(&((struct sim_traceback *)self)->frame);
}

static void traceback_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	traceback_clear(self);
	gcs_object_free(self);
}

struct gcs_object *sim_traceback_new(struct sim *sim, struct gcs_object *next, struct gcs_object *frame, int line)
{
	struct sim_traceback *entry = (struct sim_traceback *)sim_alloc(sim, &sim_traceback_type.gc, 0, 0);

	if (!entry) {
		gcs_xdecref(next);
		return NULL;
	}
	entry->frame = sim_incref(frame);
	entry->line = line;
	entry->next = next;
	gcs_track(&entry->head);
	return &entry->head;
}

static struct gcs_object *traceback_line(struct sim *sim, struct gcs_object *self)
{
	return sim_int_new(sim, ((struct sim_traceback *)self)->line);
}

static struct gcs_object *traceback_next(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *next = ((struct sim_traceback *)self)->next;

	return sim_incref(next ? next : sim->none);
}

static const struct sim_getset traceback_getsets[] = {
	{"tb_lineno", traceback_line, NULL},
	{"tb_next", traceback_next, NULL},
	{0},
};

const struct sim_type sim_traceback_type = {
	.gc = {.name = "traceback", .size = sizeof(struct sim_traceback), .flags = GCS_TYPE_GC | GCS_TYPE_TRASHCAN,
		.traverse = traceback_traverse, .clear = traceback_clear, .dealloc = traceback_dealloc,
		.size_of = sim_size_basic},
	.kind = SIM_TRACEBACK,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 40,
	.getsets = traceback_getsets,
	.hash = sim_hash_identity,
};
