/* SPDX-License-Identifier: MIT */
/* object, None and the other single objects; the methods that stand for the slots of built-in types. */
#include "class.h"

static struct gcs_object *object_class(struct sim *sim, struct gcs_object *self)
{
	return sim_incref(&sim_class_of(sim, self)->head);
}

static struct gcs_object *object_new(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct sim_class *cls = (struct sim_class *)call->args[0];

	(void)self;
	if (!sim_is_class(&cls->head))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "object.__new__(X): X is not a type object (%T)",
				&cls->head);
	if (cls->slots->kind == SIM_INSTANCE)
		return sim_instance_new(sim, cls);
	if (cls->exception) {
		struct gcs_object *args = sim_tuple_new(sim, 0), *exception = sim_exception_new(sim, cls, args);

		gcs_decref(args);
		return exception;
	}
	return cls->slots->construct ? cls->slots->construct(sim, cls, &(struct sim_call){NULL, 0, NULL}) :
		sim_raise_null(sim, SIM_TYPE_ERROR, "cannot create '%s' instances", cls->slots->gc.name);
}

struct gcs_object *sim_object_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	if (call->nr || call->kwnames)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "%s() takes no arguments", cls->slots->gc.name);
	return sim_alloc(sim, &cls->slots->gc, 0, 0);
}

static struct gcs_object *none_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	if (call->nr || call->kwnames)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "%s takes no arguments", cls->slots->gc.name);
	return sim_none(sim);
}

static const struct sim_method object_methods[] = {
	{"__new__", object_new, 1, -1, SIM_METHOD_STATIC | SIM_METHOD_KEYWORDS},
	{0},
};

static const struct sim_getset object_getsets[] = {
	{"__class__", object_class, NULL},
	{0},
};

static struct gcs_object *none_repr(struct sim *sim, struct gcs_object *self)
{
	return sim_str_intern(sim, self == sim->none ? "None" : self == sim->ellipsis ? "Ellipsis" : "NotImplemented",
			self == sim->none ? 4 : self == sim->ellipsis ? 8 : 14);
}

const struct sim_type sim_object_type = {
	.gc = {.name = "object", .size = sizeof(struct gcs_object), .size_of = sim_size_basic},
	.kind = SIM_OBJECT,
	.flags = SIM_TYPE_BASE,
	.basic_size = SIM_OBJECT_HEAD,
	.methods = object_methods,
	.getsets = object_getsets,
	.repr = sim_object_repr,
	.hash = sim_hash_identity,
	.construct = sim_object_construct,
};

#define SINGLE_TYPE(id, text, number, maker)                                                                      \
	const struct sim_type sim_##id##_type = {                                                                 \
		.gc = {.name = text, .size = sizeof(struct gcs_object), .size_of = sim_size_basic},               \
		.kind = number,                                                                                   \
		.basic_size = SIM_OBJECT_HEAD,                                                                    \
		.repr = none_repr,                                                                                \
		.hash = sim_hash_identity,                                                                        \
		.construct = maker,                                                                               \
	};

SINGLE_TYPE(none, "NoneType", SIM_NONE, none_construct)
SINGLE_TYPE(not_implemented, "NotImplementedType", SIM_NOTIMPLEMENTED, NULL)
SINGLE_TYPE(ellipsis, "ellipsis", SIM_ELLIPSIS, NULL)

/* --- x.__len__ and its like -------------------------------------------------------------------------- */

#define SLOT_FN(name, expression)                                                                                      \
	static struct gcs_object *slot_##name(struct sim *sim, struct gcs_object *self, const struct sim_call *call)   \
	{                                                                                                              \
		(void)sim;                                                                                             \
		(void)call;                                                                                            \
		return expression;                                                                                     \
	}

/* The built-in class whose type has the slots. */
static struct sim_class *owner_of(struct sim *sim, const struct sim_type *type)
{
	if (type->flags & SIM_TYPE_HEAP)
		return sim->classes[type->kind == SIM_INSTANCE ? SIM_OBJECT : type->kind];
	if (type->kind != SIM_EXTENSION)
		return sim->classes[type->kind];
	for (struct sim_class *cls = sim->extensions; cls; cls = cls->next_extension)
		if (cls->slots == type)
			return cls;
	return sim->classes[SIM_OBJECT];
}

/* What the slots of a built-in class do, also with an instance whose own class has other methods. */
static const struct sim_type *builtin_type(struct sim *sim, const struct gcs_object *self)
{
	return owner_of(sim, sim_type(self))->slots;
}

static struct gcs_object *from_hash(struct sim *sim, int64_t hash)
{
	return hash == -1 ? NULL : sim_int_new(sim, hash);
}

static struct gcs_object *from_length(struct sim *sim, int64_t length)
{
	return length < 0 ? NULL : sim_int_new(sim, length);
}

static struct gcs_object *from_truth(struct sim *sim, int truth)
{
	return truth < 0 ? NULL : sim_bool(sim, truth);
}

static struct gcs_object *from_status(struct sim *sim, int status)
{
	return status ? NULL : sim_none(sim);
}

static struct gcs_object *compare_slot(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	const struct sim_type *type = builtin_type(sim, a);

	if (type->compare)
		return type->compare(sim, a, b, op);
	if (op == SIM_EQ && a == b)
		return sim_bool(sim, true);
	return sim_not_implemented(sim);
}

static struct gcs_object *binary_slot(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	return sim_type(a)->binary ? sim_type(a)->binary(sim, a, b, op) : sim_type(b)->binary(sim, a, b, op);
}

static struct gcs_object *next_slot(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *item = sim_next(sim, self);

	if (!item && !sim->pending)
		sim_raise_value(sim, SIM_STOP_ITERATION, NULL);
	return item;
}

static struct gcs_object *repr_slot(struct sim *sim, struct gcs_object *self)
{
	const struct sim_type *type = builtin_type(sim, self);

	return type->repr ? type->repr(sim, self) : sim_object_repr(sim, self);
}

static struct gcs_object *str_slot(struct sim *sim, struct gcs_object *self)
{
	const struct sim_type *type = builtin_type(sim, self);

	if (sim_is_str(self))
		return sim_incref(self);
	return type->str ? type->str(sim, self) : sim_repr(sim, self);
}

/* object.__format__: the text, of whatever class, without a specification. */
static struct gcs_object *format_slot(struct sim *sim, struct gcs_object *self, struct gcs_object *spec)
{
	if (!(sim_type(self)->flags & SIM_TYPE_HEAP) || !sim_is_str(spec))
		return sim_format(sim, self, spec);
	if (sim_as_str(spec)->length)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "unsupported format string passed to %T.__format__", self);
	return sim_str_of(sim, self);
}

/* Without what lies before the object: the collector's links, and the pointer to an instance's dict. */
static int64_t sizeof_slot(struct sim *sim, struct gcs_object *self)
{
	size_t size = self->type->size_of ? self->type->size_of(self) : self->type->size;

	return (int64_t)(size - sim_dict_head(sim, self));
}

static int64_t hash_slot(struct sim *sim, struct gcs_object *self)
{
	return sim_type(self)->flags & SIM_TYPE_HEAP ? sim_hash_identity(sim, self) : sim_hash(sim, self);
}

SLOT_FN(repr, repr_slot(sim, self))
SLOT_FN(str, str_slot(sim, self))
SLOT_FN(hash, from_hash(sim, hash_slot(sim, self)))
SLOT_FN(len, from_length(sim, sim_length(sim, self)))
SLOT_FN(bool, from_truth(sim, sim_truth(sim, self)))
SLOT_FN(iter, sim_iter(sim, self))
SLOT_FN(next, next_slot(sim, self))
SLOT_FN(getitem, sim_get_item(sim, self, call->args[0]))
SLOT_FN(setitem, from_status(sim, sim_set_item(sim, self, call->args[0], call->args[1])))
SLOT_FN(delitem, from_status(sim, sim_del_item(sim, self, call->args[0])))
SLOT_FN(contains, from_truth(sim, sim_contains(sim, self, call->args[0])))
SLOT_FN(call, sim_call(sim, self, call))
SLOT_FN(eq, compare_slot(sim, self, call->args[0], SIM_EQ))
SLOT_FN(ne, compare_slot(sim, self, call->args[0], SIM_NE))
SLOT_FN(lt, compare_slot(sim, self, call->args[0], SIM_LT))
SLOT_FN(le, compare_slot(sim, self, call->args[0], SIM_LE))
SLOT_FN(gt, compare_slot(sim, self, call->args[0], SIM_GT))
SLOT_FN(ge, compare_slot(sim, self, call->args[0], SIM_GE))
SLOT_FN(add, binary_slot(sim, self, call->args[0], SIM_ADD))
SLOT_FN(radd, binary_slot(sim, call->args[0], self, SIM_ADD))
SLOT_FN(sub, binary_slot(sim, self, call->args[0], SIM_SUB))
SLOT_FN(mul, binary_slot(sim, self, call->args[0], SIM_MUL))
SLOT_FN(mod, binary_slot(sim, self, call->args[0], SIM_MOD))
SLOT_FN(getattribute, sim_generic_get(sim, self, call->args[0]))
SLOT_FN(setattr, from_status(sim, sim_generic_set(sim, self, call->args[0], call->args[1])))
SLOT_FN(delattr, from_status(sim, sim_generic_set(sim, self, call->args[0], NULL)))
SLOT_FN(sizeof, from_length(sim, sizeof_slot(sim, self)))
SLOT_FN(format, format_slot(sim, self, call->args[0]))

static struct gcs_object *slot_init(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	if (sim_is_exception(self)) {
		struct gcs_object *args = sim_tuple_new(sim, call->nr);

		for (size_t i = 0; args && i < call->nr; i++)
			((struct sim_tuple *)args)->items[i] = sim_incref(call->args[i]);
		if (!args)
			return NULL;
		sim_tuple_finish(args);
		GCS_SET(&((struct sim_exception *)self)->args, args);
		return sim_none(sim);
	}
	if (sim_kind(self) == SIM_INSTANCE && (call->nr || call->kwnames))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "%T.__init__() takes exactly one argument (the instance to "
				"initialize)", self);
	return sim_none(sim);
}

#define ALWAYS SIZE_MAX
#define SLOT_ROW(name, nr, member) {{"__" #name "__", slot_##name, nr, nr, 0}, offsetof(struct sim_type, member)}

static const struct {
	struct sim_method method;
	size_t slot;			/* the function that the type must have */
} slot_methods[] = {
	{{"__init__", slot_init, 0, -1, SIM_METHOD_KEYWORDS}, ALWAYS},
	{{"__repr__", slot_repr, 0, 0, 0}, ALWAYS},
	{{"__str__", slot_str, 0, 0, 0}, ALWAYS},
	{{"__hash__", slot_hash, 0, 0, 0}, ALWAYS},
	{{"__eq__", slot_eq, 1, 1, 0}, ALWAYS},
	{{"__ne__", slot_ne, 1, 1, 0}, ALWAYS},
	{{"__lt__", slot_lt, 1, 1, 0}, ALWAYS},
	{{"__le__", slot_le, 1, 1, 0}, ALWAYS},
	{{"__gt__", slot_gt, 1, 1, 0}, ALWAYS},
	{{"__ge__", slot_ge, 1, 1, 0}, ALWAYS},
	{{"__getattribute__", slot_getattribute, 1, 1, 0}, ALWAYS},
	{{"__setattr__", slot_setattr, 2, 2, 0}, ALWAYS},
	{{"__delattr__", slot_delattr, 1, 1, 0}, ALWAYS},
	{{"__sizeof__", slot_sizeof, 0, 0, 0}, ALWAYS},
	{{"__format__", slot_format, 1, 1, 0}, ALWAYS},
	SLOT_ROW(len, 0, length),
	SLOT_ROW(bool, 0, truth),
	SLOT_ROW(iter, 0, iter),
	SLOT_ROW(next, 0, next),
	SLOT_ROW(getitem, 1, get_item),
	SLOT_ROW(setitem, 2, set_item),
	SLOT_ROW(delitem, 1, set_item),
	SLOT_ROW(contains, 1, contains),
	{{"__call__", slot_call, 0, -1, SIM_METHOD_KEYWORDS}, offsetof(struct sim_type, call)},
	SLOT_ROW(add, 1, binary),
	SLOT_ROW(radd, 1, binary),
	SLOT_ROW(sub, 1, binary),
	SLOT_ROW(mul, 1, binary),
	SLOT_ROW(mod, 1, binary),
};

struct gcs_object *sim_slot_method(struct sim *sim, const struct sim_type *type, struct gcs_object *name)
{
	for (size_t i = 0; i < sizeof(slot_methods) / sizeof(slot_methods[0]); i++) {
		size_t slot = slot_methods[i].slot;

		if (!sim_str_is(name, slot_methods[i].method.name))
			continue;
		if (slot != ALWAYS && !*(void *const *)((const char *)type + slot))
			return NULL;
		return sim_slot_wrapper_new(sim, owner_of(sim, type), &slot_methods[i].method);
	}
	return NULL;
}
