/* SPDX-License-Identifier: MIT */
/* staticmethod, classmethod, property, super. */
#include "internal.h"

struct wrapper {
	struct gcs_object head;
	struct gcs_object *get, *set, *del, *doc;	/* the function of staticmethod and classmethod is get */
};

struct super {
	struct gcs_object head;
	struct gcs_object *cls, *object, *object_class;	/* class before those to look in; may be NULL: object,
			its class */
};

static struct wrapper *as_wrapper(struct gcs_object *object)
{
	return (struct wrapper *)object;
}

static int wrapper_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(as_wrapper(self)->get);
	GCS_VISIT(as_wrapper(self)->set);
	GCS_VISIT(as_wrapper(self)->del);
	GCS_VISIT(as_wrapper(self)->doc);
	return 0;
}

static void wrapper_clear(struct gcs_object *self)
{
	GCS_CLEAR(&as_wrapper(self)->get);
	GCS_CLEAR(&as_wrapper(self)->set);
	GCS_CLEAR(&as_wrapper(self)->del);
	GCS_CLEAR(&as_wrapper(self)->doc);
}

static void wrapper_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	wrapper_clear(self);
	gcs_object_free(self);
}

static struct gcs_object *wrapper_new(struct sim *sim, const struct sim_type *type, struct gcs_object *function)
{
	struct gcs_object *self = sim_alloc(sim, &type->gc, 0, 0);

	if (!self)
		return NULL;
	as_wrapper(self)->get = function ? sim_incref(function) : NULL;
	gcs_track(self);
	return self;
}

static struct gcs_object *wrapper_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	if (sim_no_keywords(sim, cls->slots->gc.name, call))
		return NULL;
	if (call->nr != 1)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "%s expected 1 argument, got %zu", cls->slots->gc.name,
				call->nr);
	return wrapper_new(sim, cls->slots, call->args[0]);
}

static struct gcs_object *static_get(struct sim *sim, struct gcs_object *descr, struct gcs_object *self,
		struct sim_class *cls)
{
	(void)sim;
	(void)self;
	(void)cls;
	return sim_incref(as_wrapper(descr)->get);
}

static struct gcs_object *static_call(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return sim_call(sim, as_wrapper(self)->get, call);
}

static struct gcs_object *class_get(struct sim *sim, struct gcs_object *descr, struct gcs_object *self,
		struct sim_class *cls)
{
	(void)self;
	return sim_method_new(sim, as_wrapper(descr)->get, &cls->head);
}

#define WRAPPER_GC(text)                                                                                              \
	{.name = text, .size = sizeof(struct wrapper), .flags = GCS_TYPE_GC, .traverse = wrapper_traverse,            \
		.clear = wrapper_clear, .dealloc = wrapper_dealloc, .size_of = sim_size_basic}

const struct sim_type sim_staticmethod_type = {
	.gc = WRAPPER_GC("staticmethod"),
	.kind = SIM_STATICMETHOD,
	.flags = SIM_TYPE_DESCRIPTOR,
	.basic_size = 32,
	.hash = sim_hash_identity,
	.call = static_call,
	.descr_get = static_get,
	.construct = wrapper_construct,
};

const struct sim_type sim_classmethod_type = {
	.gc = WRAPPER_GC("classmethod"),
	.kind = SIM_CLASSMETHOD,
	.flags = SIM_TYPE_DESCRIPTOR,
	.basic_size = 32,
	.hash = sim_hash_identity,
	.descr_get = class_get,
	.construct = wrapper_construct,
};

/* --- property ---------------------------------------------------------------------------------------- */

static struct gcs_object *property_get(struct sim *sim, struct gcs_object *descr, struct gcs_object *self,
		struct sim_class *cls)
{
	if (!self)
		return sim_incref(descr);
	if (!as_wrapper(descr)->get)
		return sim_raise_null(sim, SIM_ATTRIBUTE_ERROR, "property of '%s' object has no getter",
				cls->slots->gc.name);
	return sim_call_args(sim, as_wrapper(descr)->get, 1, &self);
}

static int property_set(struct sim *sim, struct gcs_object *descr, struct gcs_object *self, struct gcs_object *value)
{
	struct gcs_object *function = value ? as_wrapper(descr)->set : as_wrapper(descr)->del, *result;
	struct gcs_object *args[] = {self, value};

	if (!function)
		return sim_raise(sim, SIM_ATTRIBUTE_ERROR, "property of '%T' object has no %s", self,
				value ? "setter" : "deleter");
	result = sim_call_args(sim, function, value ? 2 : 1, args);
	gcs_xdecref(result);
	return result ? 0 : -1;
}

static struct gcs_object *property_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	struct gcs_object *given[4], *self;

	if (sim_call_parse(sim, "property", call, "| fget fset fdel doc", given))
		return NULL;
	for (int i = 0; i < 4; i++)
		if (given[i] == sim->none)
			given[i] = NULL;
	self = wrapper_new(sim, cls->slots, given[0]);
	if (!self)
		return NULL;
	as_wrapper(self)->set = given[1] ? sim_incref(given[1]) : NULL;
	as_wrapper(self)->del = given[2] ? sim_incref(given[2]) : NULL;
	as_wrapper(self)->doc = given[3] ? sim_incref(given[3]) : NULL;
	return self;
}

/* @x.setter: a copy with one function more. */
static struct gcs_object *copy_with(struct sim *sim, struct gcs_object *self, int part, struct gcs_object *function)
{
	struct gcs_object *copy = wrapper_new(sim, &sim_property_type, as_wrapper(self)->get);

	if (!copy)
		return NULL;
	as_wrapper(copy)->set = as_wrapper(self)->set ? sim_incref(as_wrapper(self)->set) : NULL;
	as_wrapper(copy)->del = as_wrapper(self)->del ? sim_incref(as_wrapper(self)->del) : NULL;
	gcs_incref(function);
	if (part == 0)
		GCS_SET(&as_wrapper(copy)->get, function);
	else if (part == 1)
		GCS_SET(&as_wrapper(copy)->set, function);
	else
		GCS_SET(&as_wrapper(copy)->del, function);
	return copy;
}

static struct gcs_object *property_getter(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return copy_with(sim, self, 0, call->args[0]);
}

static struct gcs_object *property_setter(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return copy_with(sim, self, 1, call->args[0]);
}

static struct gcs_object *property_deleter(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return copy_with(sim, self, 2, call->args[0]);
}

static const struct sim_method property_methods[] = {
	{"deleter", property_deleter, 1, 1, 0},
	{"getter", property_getter, 1, 1, 0},
	{"setter", property_setter, 1, 1, 0},
	{0},
};

const struct sim_type sim_property_type = {
	.gc = WRAPPER_GC("property"),
	.kind = SIM_PROPERTY,
	.flags = SIM_TYPE_DESCRIPTOR | SIM_TYPE_DATA_DESCRIPTOR,
	.basic_size = 64,
	.methods = property_methods,
	.hash = sim_hash_identity,
	.descr_get = property_get,
	.descr_set = property_set,
	.construct = property_construct,
};

/* --- super ------------------------------------------------------------------------------------------- */

static struct super *as_super(struct gcs_object *object)
{
	return (struct super *)object;
}

static int super_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(as_super(self)->object);
	GCS_VISIT(as_super(self)->cls);
	GCS_VISIT(as_super(self)->object_class);
	return 0;
}

static void super_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	gcs_xdecref(as_super(self)->object);
	gcs_xdecref(as_super(self)->cls);
	gcs_xdecref(as_super(self)->object_class);
	gcs_object_free(self);
}

/* The class in whose order of bases @object is looked up: its own, or itself. */
static struct sim_class *super_start(struct sim *sim, struct gcs_object *cls, struct gcs_object *object)
{
	struct sim_class *start = sim_class_of(sim, object);

	if (sim_is_class(object) && sim_class_is_subclass((struct sim_class *)object, (struct sim_class *)cls))
		start = (struct sim_class *)object;
	if (sim_class_is_subclass(start, (struct sim_class *)cls))
		return start;
	sim_raise(sim, SIM_TYPE_ERROR, "super(type, obj): obj must be an instance or subtype of type");
	return NULL;
}

static struct gcs_object *super_construct(struct sim *sim, struct sim_class *type, const struct sim_call *call)
{
	struct gcs_object *cls = NULL, *object = NULL;
	struct sim_class *start;
	struct super *self;

	(void)type;
	if (sim_no_keywords(sim, "super", call))
		return NULL;
	if (call->nr == 0 && sim->vm->super_arguments(sim, &cls, &object) < 0)
		return NULL;
	if (call->nr != 0) {
		if (!sim_is_class(call->args[0]))
			return sim_raise_null(sim, SIM_TYPE_ERROR, "super() argument 1 must be a type, not %T",
					call->args[0]);
		if (call->nr != 2)
			return sim_raise_null(sim, SIM_TYPE_ERROR,
					"super() takes an object as its second argument here");
		cls = call->args[0];
		object = call->args[1];
	}
	start = super_start(sim, cls, object);
	if (!start)
		return NULL;
	self = (struct super *)sim_alloc(sim, &sim_super_type.gc, 0, 0);
	if (!self)
		return NULL;
	self->cls = sim_incref(cls);
	self->object = sim_incref(object);
	self->object_class = sim_incref(&start->head);
	gcs_track(&self->head);
	return &self->head;
}

/* The first class after cls in the order of the object's class that has the name. */
static struct gcs_object *look_after(struct sim *sim, struct super *self, struct gcs_object *name,
		struct sim_class **owner)
{
	struct gcs_object *mro = ((struct sim_class *)self->object_class)->mro;
	size_t i = 0;

	while (i < sim_tuple_size(mro) && sim_tuple_item(mro, i) != self->cls)
		i++;
	for (i++; i < sim_tuple_size(mro); i++) {
		struct sim_class *base = (struct sim_class *)sim_tuple_item(mro, i);
		struct gcs_object *value = sim_dict_get_str(sim, base->dict, name);

		*owner = base;
		if (value)
			return sim_incref(value);
		if (!(base->slots->flags & SIM_TYPE_HEAP) && (value = sim_slot_method(sim, base->slots, name)))
			return value;
	}
	return NULL;
}

static struct gcs_object *super_get_attribute(struct sim *sim, struct gcs_object *object, struct gcs_object *name)
{
	struct super *self = as_super(object);
	struct sim_class *owner = NULL;
	struct gcs_object *value = sim_str_is(name, "__class__") ? NULL : look_after(sim, self, name, &owner), *bound;

	if (!value)
		return sim->pending ? NULL : sim_generic_get(sim, object, name);
	if (sim_kind(value) == SIM_SLOT_WRAPPER && self->object != self->object_class) {
		bound = sim_bind_builtin(sim, value, self->object);
		gcs_decref(value);
		return bound;
	}
	if (!sim_type(value)->descr_get)
		return value;
	bound = sim_type(value)->descr_get(sim, value, self->object == self->object_class ? NULL : self->object,
			(struct sim_class *)self->object_class);
	gcs_decref(value);
	return bound;
}

const struct sim_type sim_super_type = {
	.gc = {.name = "super", .size = sizeof(struct super), .flags = GCS_TYPE_GC, .traverse = super_traverse,
		.dealloc = super_dealloc, .size_of = sim_size_basic},
	.kind = SIM_SUPER,
	.basic_size = 40,
	.hash = sim_hash_identity,
	.get_attribute = super_get_attribute,
	.construct = super_construct,
};
