/* SPDX-License-Identifier: MIT */
/* Built-in functions and methods, and the descriptors of built-in classes. */
#include "internal.h"

struct descriptor {
	struct gcs_object head;
	const struct sim_class *cls;		/* borrowed; of getset and member descriptors owned: */
	struct gcs_object *owner;
	const struct sim_method *method;	/* method descriptor, slot wrapper */
	const struct sim_getset *getset;
	struct gcs_object *name;		/* member: str */
	size_t index;				/* member: its slot */
};

static struct sim_builtin *as_builtin(struct gcs_object *object)
{
	return (struct sim_builtin *)object;
}

static struct descriptor *as_descriptor(struct gcs_object *object)
{
	return (struct descriptor *)object;
}

/* --- built-in functions and methods ------------------------------------------------------------------ */

static struct gcs_object *make_builtin(struct sim *sim, const struct sim_type *type, const struct sim_method *method,
		struct gcs_object *self, struct gcs_object *module)
{
	struct sim_builtin *builtin = (struct sim_builtin *)sim_alloc(sim, &type->gc, 0, 0);

	if (!builtin)
		return NULL;
	builtin->method = method;
	builtin->self = self ? sim_incref(self) : NULL;
	builtin->module = module ? sim_incref(module) : NULL;
	gcs_track(&builtin->head);
	return &builtin->head;
}

struct gcs_object *sim_builtin_new(struct sim *sim, const struct sim_method *method, struct gcs_object *self,
		struct gcs_object *module)
{
	return make_builtin(sim, &sim_builtin_type, method, self, module);
}

static int builtin_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(as_builtin(self)->self);
	GCS_VISIT(as_builtin(self)->module);
	return 0;
}

static void builtin_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	if (self->type->flags & GCS_TYPE_WEAKREFS)
		gcs_dealloc_weakrefs(self);
	gcs_xdecref(as_builtin(self)->self);
	gcs_xdecref(as_builtin(self)->module);
	gcs_object_free(self);
}

static bool is_function(struct gcs_object *self)
{
	return !as_builtin(self)->self || sim_kind(as_builtin(self)->self) == SIM_MODULE;
}

static struct gcs_object *builtin_repr(struct sim *sim, struct gcs_object *self)
{
	struct sim_builtin *builtin = as_builtin(self);

	if (is_function(self))
		return sim_str_format(sim, "<built-in function %s>", builtin->method->name);
	return sim_str_format(sim, "<built-in method %s of %T object at 0x%llx>", builtin->method->name, builtin->self,
			(unsigned long long)(uintptr_t)builtin->self);
}

static struct gcs_object *builtin_call(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct sim_builtin *builtin = as_builtin(self);
	struct gcs_object *owner = builtin->self, *result;
	const char *type = NULL;

	if (owner && sim_is_class(owner))
		type = ((struct sim_class *)owner)->slots->gc.name;
	else if (owner && !is_function(self))
		type = sim_type_name(owner);
	else if (builtin->module && sim_as_str(builtin->module)->ascii && !sim_str_is(builtin->module, "builtins"))
		type = sim_as_str(builtin->module)->data;
	if (sim_method_check(sim, builtin->method, type, call))
		return NULL;
	if (sim_enter(sim, " while calling a Python object"))
		return NULL;
	result = builtin->method->fn(sim, owner, call);
	sim_leave(sim);
	return result;
}

static struct gcs_object *builtin_name(struct sim *sim, struct gcs_object *self)
{
	return sim_str_from(sim, as_builtin(self)->method->name);
}

static struct gcs_object *builtin_qualname(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *owner = as_builtin(self)->self;

	if (is_function(self))
		return builtin_name(sim, self);
	return sim_str_format(sim, "%s.%s", sim_is_class(owner) ? ((struct sim_class *)owner)->slots->gc.name :
			sim_type_name(owner), as_builtin(self)->method->name);
}

static struct gcs_object *builtin_self(struct sim *sim, struct gcs_object *self)
{
	return sim_incref(as_builtin(self)->self ? as_builtin(self)->self : sim->none);
}

static struct gcs_object *builtin_module(struct sim *sim, struct gcs_object *self)
{
	return sim_incref(as_builtin(self)->module ? as_builtin(self)->module : sim->none);
}

static struct gcs_object *builtin_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b,
		enum sim_compare op)
{
	bool equal;

	if (sim_kind(b) != SIM_BUILTIN || (op != SIM_EQ && op != SIM_NE))
		return sim_not_implemented(sim);
	equal = as_builtin(a)->self == as_builtin(b)->self && as_builtin(a)->method->fn == as_builtin(b)->method->fn;
	return sim_bool(sim, equal == (op == SIM_EQ));
}

static int64_t builtin_hash(struct sim *sim, struct gcs_object *self)
{
	int64_t hash = sim_hash_pointer(as_builtin(self)->self) ^ sim_hash_pointer(as_builtin(self)->method);

	(void)sim;
	return hash == -1 ? -2 : hash;
}

static const struct sim_getset builtin_getsets[] = {
	{"__module__", builtin_module, NULL},
	{"__name__", builtin_name, NULL},
	{"__qualname__", builtin_qualname, NULL},
	{"__self__", builtin_self, NULL},
	{0},
};

const struct sim_type sim_builtin_type = {
	.gc = {.name = "builtin_function_or_method", .size = sizeof(struct sim_builtin),
		.flags = GCS_TYPE_GC | GCS_TYPE_TRASHCAN | GCS_TYPE_WEAKREFS, .traverse = builtin_traverse,
		.dealloc = builtin_dealloc, .size_of = sim_size_basic},
	.kind = SIM_BUILTIN,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 56,
	.getsets = builtin_getsets,
	.repr = builtin_repr,
	.hash = builtin_hash,
	.compare = builtin_compare,
	.call = builtin_call,
};

/* x.__len__: a slot wrapper that is bound. */
static struct gcs_object *wrapper_repr(struct sim *sim, struct gcs_object *self)
{
	return sim_str_format(sim, "<method-wrapper '%s' of %T object at 0x%llx>", as_builtin(self)->method->name,
			as_builtin(self)->self, (unsigned long long)(uintptr_t)as_builtin(self)->self);
}

static struct gcs_object *wrapper_call(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	const struct sim_method *method = as_builtin(self)->method;

	if (call->kwnames && !(method->flags & SIM_METHOD_KEYWORDS))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "wrapper %s() takes no keyword arguments", method->name);
	if (method->max >= 0 && (call->nr < (size_t)method->min || call->nr > (size_t)method->max))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "expected %d argument%s, got %zu", method->min,
				method->min == 1 ? "" : "s", call->nr);
	return method->fn(sim, as_builtin(self)->self, call);
}

const struct sim_type sim_method_wrapper_type = {
	.gc = {.name = "method-wrapper", .size = sizeof(struct sim_builtin), .flags = GCS_TYPE_GC | GCS_TYPE_TRASHCAN,
		.traverse = builtin_traverse, .dealloc = builtin_dealloc, .size_of = sim_size_basic},
	.kind = SIM_METHOD_WRAPPER,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 32,
	.getsets = builtin_getsets,
	.repr = wrapper_repr,
	.hash = builtin_hash,
	.call = wrapper_call,
};

/* --- descriptors ------------------------------------------------------------------------------------- */

static int descriptor_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(as_descriptor(self)->owner);
	return 0;
}

static void descriptor_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	gcs_xdecref(as_descriptor(self)->owner);
	gcs_xdecref(as_descriptor(self)->name);
	gcs_object_free(self);
}

static struct descriptor *make_descriptor(struct sim *sim, const struct sim_type *type, const struct sim_class *cls)
{
	struct descriptor *descriptor = (struct descriptor *)sim_alloc(sim, &type->gc, 0, 0);

	if (!descriptor)
		return NULL;
	descriptor->cls = cls;
	/* Built-in classes live as long as the sim: no reference, and nothing to track. */
	if (cls->slots->flags & SIM_TYPE_HEAP) {
		descriptor->owner = sim_incref((struct gcs_object *)&cls->head);
		gcs_track(&descriptor->head);
	}
	return descriptor;
}

struct gcs_object *sim_method_descriptor_new(struct sim *sim, const struct sim_class *cls,
		const struct sim_method *method)
{
	struct descriptor *descriptor = make_descriptor(sim, &sim_method_descriptor_type, cls);

	if (descriptor)
		descriptor->method = method;
	return descriptor ? &descriptor->head : NULL;
}

struct gcs_object *sim_slot_wrapper_new(struct sim *sim, struct sim_class *cls, const struct sim_method *method)
{
	struct descriptor *descriptor = make_descriptor(sim, &sim_slot_wrapper_type, cls);

	if (descriptor)
		descriptor->method = method;
	return descriptor ? &descriptor->head : NULL;
}

struct gcs_object *sim_getset_descriptor_new(struct sim *sim, struct sim_class *cls, const struct sim_getset *getset)
{
	struct descriptor *descriptor = make_descriptor(sim, &sim_getset_descriptor_type, cls);

	if (descriptor)
		descriptor->getset = getset;
	return descriptor ? &descriptor->head : NULL;
}

struct gcs_object *sim_member_descriptor_new(struct sim *sim, struct sim_class *cls, struct gcs_object *name,
		size_t index)
{
	struct descriptor *descriptor = make_descriptor(sim, &sim_member_descriptor_type, cls);

	if (!descriptor)
		return NULL;
	descriptor->name = sim_incref(name);
	descriptor->index = index;
	return &descriptor->head;
}

static const char *descriptor_text(struct descriptor *descriptor)
{
	if (descriptor->method)
		return descriptor->method->name;
	return descriptor->getset ? descriptor->getset->name : sim_as_str(descriptor->name)->data;
}

/* Whether the object is of the class that the descriptor belongs to. */
static int check_self(struct sim *sim, struct descriptor *descriptor, struct gcs_object *self)
{
	if (sim_class_is_subclass(sim_class_of(sim, self), descriptor->cls))
		return 0;
	return sim_raise(sim, SIM_TYPE_ERROR, "descriptor '%s' for '%s' objects doesn't apply to a '%T' object",
			descriptor_text(descriptor), descriptor->cls->slots->gc.name, self);
}

struct gcs_object *sim_bind_builtin(struct sim *sim, struct gcs_object *object, struct gcs_object *self)
{
	struct descriptor *descriptor = as_descriptor(object);

	if (sim_kind(object) == SIM_SLOT_WRAPPER)
		return make_builtin(sim, &sim_method_wrapper_type, descriptor->method, self, NULL);
	return sim_builtin_new(sim, descriptor->method, self, NULL);
}

static struct gcs_object *method_descr_get(struct sim *sim, struct gcs_object *object, struct gcs_object *self,
		struct sim_class *cls)
{
	struct descriptor *descriptor = as_descriptor(object);

	if (descriptor->method->flags & SIM_METHOD_STATIC)
		return sim_builtin_new(sim, descriptor->method, NULL, NULL);
	if (descriptor->method->flags & SIM_METHOD_CLASS)
		return sim_builtin_new(sim, descriptor->method, cls ? &cls->head : NULL, NULL);
	if (!self)
		return sim_incref(object);
	return check_self(sim, descriptor, self) ? NULL : sim_bind_builtin(sim, object, self);
}

/* list.append(l, x): the first argument is the object. */
static struct gcs_object *method_descr_call(struct sim *sim, struct gcs_object *object, const struct sim_call *call)
{
	struct descriptor *descriptor = as_descriptor(object);
	struct sim_call rest = {call->args + 1, call->nr - 1, call->kwnames};
	struct gcs_object *result;
	bool wrapper = sim_kind(object) == SIM_SLOT_WRAPPER;

	if (!call->nr && wrapper)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "descriptor '%s' of '%s' object needs an argument",
				descriptor->method->name, descriptor->cls->slots->gc.name);
	if (!call->nr)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "unbound method %s.%s() needs an argument",
				descriptor->cls->slots->gc.name, descriptor->method->name);
	if (check_self(sim, descriptor, call->args[0]))
		return NULL;
	if (!wrapper && sim_method_check(sim, descriptor->method, descriptor->cls->slots->gc.name, &rest))
		return NULL;
	if (wrapper && descriptor->method->max >= 0 && (rest.nr < (size_t)descriptor->method->min ||
			rest.nr > (size_t)descriptor->method->max))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "expected %d argument%s, got %zu", descriptor->method->min,
				descriptor->method->min == 1 ? "" : "s", rest.nr);
	if (sim_enter(sim, " while calling a Python object"))
		return NULL;
	result = descriptor->method->fn(sim, call->args[0], &rest);
	sim_leave(sim);
	return result;
}

struct gcs_object *sim_call_method_descriptor(struct sim *sim, struct gcs_object *object, const struct sim_call *call)
{
	struct descriptor *descriptor = as_descriptor(object);
	const struct sim_method *method = descriptor->method;
	struct sim_call rest = {call->args + 1, call->nr - 1, NULL};
	struct gcs_object *result;

	if (call->kwnames || !call->nr || sim_type(call->args[0]) != descriptor->cls->slots ||
			rest.nr < (size_t)method->min || rest.nr > (size_t)method->max ||
			sim->depth >= sim->recursion_limit)
		return method_descr_call(sim, object, call);
	sim->depth++;
	result = method->fn(sim, call->args[0], &rest);
	sim->depth--;
	return result;
}

static struct gcs_object *descriptor_repr(struct sim *sim, struct gcs_object *self)
{
	struct descriptor *descriptor = as_descriptor(self);
	const char *what = sim_kind(self) == SIM_METHOD_DESCRIPTOR ? "method" : sim_kind(self) == SIM_SLOT_WRAPPER ?
		"slot wrapper" : sim_kind(self) == SIM_MEMBER_DESCRIPTOR ? "member" : "attribute";

	return sim_str_format(sim, "<%s '%s' of '%s' objects>", what, descriptor_text(descriptor),
			descriptor->cls->slots->gc.name);
}

static struct gcs_object *descriptor_name(struct sim *sim, struct gcs_object *self)
{
	return sim_str_from(sim, descriptor_text(as_descriptor(self)));
}

static const struct sim_getset descriptor_getsets[] = {
	{"__name__", descriptor_name, NULL},
	{0},
};

static struct gcs_object *getset_get(struct sim *sim, struct gcs_object *object, struct gcs_object *self,
		struct sim_class *cls)
{
	(void)cls;
	if (!self)
		return sim_incref(object);
	if (check_self(sim, as_descriptor(object), self))
		return NULL;
	return as_descriptor(object)->getset->get(sim, self);
}

static int getset_set(struct sim *sim, struct gcs_object *object, struct gcs_object *self, struct gcs_object *value)
{
	struct descriptor *descriptor = as_descriptor(object);

	if (check_self(sim, descriptor, self))
		return -1;
	if (!descriptor->getset->set)
		return sim_raise(sim, SIM_ATTRIBUTE_ERROR, "attribute '%s' of '%s' objects is not writable",
				descriptor->getset->name, descriptor->cls->slots->gc.name);
	return descriptor->getset->set(sim, self, value);
}

static struct gcs_object *member_get(struct sim *sim, struct gcs_object *object, struct gcs_object *self,
		struct sim_class *cls)
{
	struct descriptor *descriptor = as_descriptor(object);
	struct gcs_object *value;

	(void)cls;
	if (!self)
		return sim_incref(object);
	if (check_self(sim, descriptor, self))
		return NULL;
	value = ((struct sim_instance *)self)->slots[descriptor->index];
	if (value)
		return sim_incref(value);
	return sim_raise_null(sim, SIM_ATTRIBUTE_ERROR, "'%T' object has no attribute '%U'", self, descriptor->name);
}

static int member_set(struct sim *sim, struct gcs_object *object, struct gcs_object *self, struct gcs_object *value)
{
	struct descriptor *descriptor = as_descriptor(object);
	struct gcs_object **slot;

	if (check_self(sim, descriptor, self))
		return -1;
	slot = &((struct sim_instance *)self)->slots[descriptor->index];
	/* CPython says no more than the name here. */
	if (!value && !*slot)
		return sim_raise(sim, SIM_ATTRIBUTE_ERROR, "%U", descriptor->name);
	GCS_SET(slot, value ? sim_incref(value) : NULL);
	return 0;
}

#define DESCRIPTOR_GC(text)                                                                                  \
	{.name = text, .size = sizeof(struct descriptor), .flags = GCS_TYPE_GC, .traverse = descriptor_traverse, \
		.dealloc = descriptor_dealloc, .size_of = sim_size_basic}

#define METHOD_TYPE(id, text, number)                                        \
	const struct sim_type sim_##id##_type = {                            \
		.gc = DESCRIPTOR_GC(text),                                   \
		.kind = number,                                              \
		.flags = SIM_TYPE_NO_NEW | SIM_TYPE_DESCRIPTOR,              \
		.basic_size = 56,                                            \
		.getsets = descriptor_getsets,                               \
		.repr = descriptor_repr,                                     \
		.hash = sim_hash_identity,                                   \
		.call = method_descr_call,                                   \
		.descr_get = method_descr_get,                               \
	};

METHOD_TYPE(method_descriptor, "method_descriptor", SIM_METHOD_DESCRIPTOR)
METHOD_TYPE(slot_wrapper, "wrapper_descriptor", SIM_SLOT_WRAPPER)

#define DATA_TYPE(id, text, number, getter, setter)                          \
	const struct sim_type sim_##id##_type = {                            \
		.gc = DESCRIPTOR_GC(text),                                   \
		.kind = number,                                              \
		.flags = SIM_TYPE_NO_NEW | SIM_TYPE_DESCRIPTOR | SIM_TYPE_DATA_DESCRIPTOR, \
		.basic_size = 48,                                            \
		.getsets = descriptor_getsets,                               \
		.repr = descriptor_repr,                                     \
		.hash = sim_hash_identity,                                   \
		.descr_get = getter,                                         \
		.descr_set = setter,                                         \
	};

DATA_TYPE(getset_descriptor, "getset_descriptor", SIM_GETSET_DESCRIPTOR, getset_get, getset_set)
DATA_TYPE(member_descriptor, "member_descriptor", SIM_MEMBER_DESCRIPTOR, member_get, member_set)

/* Whether what the descriptor gives for an object is the method bound to that object. */
bool sim_method_is_plain(const struct gcs_object *descr)
{
	if (sim_kind(descr) != SIM_METHOD_DESCRIPTOR)
		return true;
	return !(((const struct descriptor *)descr)->method->flags & (SIM_METHOD_STATIC | SIM_METHOD_CLASS));
}
