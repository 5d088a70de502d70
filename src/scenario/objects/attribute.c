/* SPDX-License-Identifier: MIT */
/* Attributes: the rules of object.__getattribute__ and __setattr__, and those of classes. */
#include "internal.h"

struct gcs_object **sim_dict_slot(struct gcs_object *object)
{
	if (sim_kind(object) == SIM_FUNCTION)
		return &((struct sim_function *)object)->dict;
	if (sim_kind(object) == SIM_MODULE)
		return &((struct sim_module *)object)->dict;
	return sim_is_exception(object) ? &((struct sim_exception *)object)->dict : NULL;
}

/* The object's own attribute: new reference, or NULL, perhaps with an exception. */
static struct gcs_object *own_attribute(struct sim *sim, struct gcs_object *self, struct gcs_object *name)
{
	struct gcs_object **slot, *value;

	if (sim_kind(self) == SIM_INSTANCE)
		return sim_instance_get(sim, self, name);
	slot = sim_dict_slot(self);
	value = slot && *slot ? sim_dict_get_str(sim, *slot, name) : NULL;
	return value ? sim_incref(value) : NULL;
}

struct gcs_object *sim_generic_find(struct sim *sim, struct gcs_object *self, struct gcs_object *name)
{
	struct sim_class *cls = sim_class_of(sim, self);
	struct gcs_object *descr = sim_class_lookup(sim, cls, name), *value;
	const struct sim_type *type = descr ? sim_type(descr) : NULL;

	if (descr)
		gcs_incref(descr);
	if (descr && type->descr_set) {
		value = type->descr_get(sim, descr, self, cls);
		gcs_decref(descr);
		return value;
	}
	value = own_attribute(sim, self, name);
	if (value || !descr || sim->pending) {
		gcs_xdecref(descr);
		return value;
	}
	if (!type->descr_get)
		return descr;
	value = type->descr_get(sim, descr, self, cls);
	gcs_decref(descr);
	return value;
}

struct gcs_object *sim_generic_get(struct sim *sim, struct gcs_object *self, struct gcs_object *name)
{
	struct gcs_object *value = sim_generic_find(sim, self, name);

	if (value || sim->pending)
		return value;
	value = sim_slot_method(sim, sim_type(self), name);
	if (value) {
		struct gcs_object *bound = sim_bind_builtin(sim, value, self);

		gcs_decref(value);
		return bound;
	}
	if (sim->pending)
		return NULL;
	return sim_raise_null(sim, SIM_ATTRIBUTE_ERROR, "'%T' object has no attribute '%U'", self, name);
}

static int set_own(struct sim *sim, struct gcs_object *self, struct gcs_object *name, struct gcs_object *value)
{
	struct gcs_object **slot;

	if (sim_kind(self) == SIM_INSTANCE && sim_class_of(sim, self)->has_dict)
		return sim_instance_set(sim, self, name, value);
	slot = sim_dict_slot(self);
	if (!slot)
		return -2;
	if (!*slot && !value)
		return 1;
	if (!*slot && !(*slot = sim_dict_new(sim)))
		return -1;
	if (value)
		return sim_dict_set(sim, *slot, name, value);
	return sim_dict_delete(sim, *slot, name) > 0 ? 0 : 1;
}

int sim_generic_set(struct sim *sim, struct gcs_object *self, struct gcs_object *name, struct gcs_object *value)
{
	struct gcs_object *descr = sim_class_lookup(sim, sim_class_of(sim, self), name), *slot = NULL;
	int result;

	if (descr && sim_type(descr)->descr_set) {
		gcs_incref(descr);
		result = sim_type(descr)->descr_set(sim, descr, self, value);
		gcs_decref(descr);
		return result;
	}
	result = set_own(sim, self, name, value);
	if (result == 0 || result == -1)
		return result;
	if (result == -2 && !descr)
		slot = sim_slot_method(sim, sim_type(self), name);
	if (result == -2 && (descr || slot)) {
		gcs_xdecref(slot);
		return sim_raise(sim, SIM_ATTRIBUTE_ERROR, "'%T' object attribute '%U' is read-only", self, name);
	}
	/* A plain delete of what is not there names only the attribute. */
	if (result == 1 && sim_kind(self) == SIM_FUNCTION)
		return sim_raise(sim, SIM_ATTRIBUTE_ERROR, "'function' object has no attribute '%U'", name);
	return sim_raise(sim, SIM_ATTRIBUTE_ERROR, "'%T' object has no attribute '%U'", self, name);
}

/* --- classes ----------------------------------------------------------------------------------------- */

struct gcs_object *sim_type_find_attribute(struct sim *sim, struct gcs_object *self, struct gcs_object *name)
{
	struct sim_class *cls = (struct sim_class *)self;
	struct gcs_object *meta = sim_class_lookup(sim, sim->classes[SIM_TYPE], name), *value;

	if (meta && sim_type(meta)->descr_set)
		return sim_type(meta)->descr_get(sim, meta, self, sim->classes[SIM_TYPE]);
	value = sim_class_lookup(sim, cls, name);
	if (value) {
		if (!sim_type(value)->descr_get)
			return sim_incref(value);
		gcs_incref(value);
		meta = sim_type(value)->descr_get(sim, value, NULL, cls);
		gcs_decref(value);
		return meta;
	}
	if (meta)
		return sim_type(meta)->descr_get ? sim_type(meta)->descr_get(sim, meta, self, sim->classes[SIM_TYPE]) :
			sim_incref(meta);
	return sim_slot_method(sim, cls->slots, name);
}

struct gcs_object *sim_type_get_attribute(struct sim *sim, struct gcs_object *self, struct gcs_object *name)
{
	struct gcs_object *value = sim_type_find_attribute(sim, self, name);

	if (value || sim->pending)
		return value;
	return sim_raise_null(sim, SIM_ATTRIBUTE_ERROR, "type object '%s' has no attribute '%U'",
			((struct sim_class *)self)->slots->gc.name, name);
}

int sim_type_set_attribute(struct sim *sim, struct gcs_object *self, struct gcs_object *name,
		struct gcs_object *value)
{
	struct sim_class *cls = (struct sim_class *)self;
	struct gcs_object *meta = sim_class_lookup(sim, sim->classes[SIM_TYPE], name);
	int result;

	if (!(cls->slots->flags & SIM_TYPE_HEAP))
		return sim_raise(sim, SIM_TYPE_ERROR, "cannot set '%U' attribute of immutable type '%s'", name,
				cls->slots->gc.name);
	if (meta && sim_type(meta)->descr_set)
		return sim_type(meta)->descr_set(sim, meta, self, value);
	if (value)
		result = sim_dict_set(sim, cls->dict, name, value);
	else
		result = sim_dict_delete(sim, cls->dict, name);
	if (result < 0)
		return -1;
	if (!value && result == 0)
		return sim_raise(sim, SIM_ATTRIBUTE_ERROR, "type object '%s' has no attribute '%U'",
				cls->slots->gc.name,
				name);
	sim_class_changed(sim, cls, name);
	return 0;
}

/* --- for everybody ----------------------------------------------------------------------------------- */

/* The exception of a failed look-up knows the object and the name. */
static void set_context(struct sim *sim, struct gcs_object *object, struct gcs_object *name)
{
	struct sim_exception *exception;

	if (!sim_pending_is(sim, SIM_ATTRIBUTE_ERROR))
		return;
	exception = (struct sim_exception *)sim_pending_instance(sim);
	if (!sim_pending_is(sim, SIM_ATTRIBUTE_ERROR) || exception->extra[0] || exception->extra[1])
		return;
	exception->extra[0] = sim_incref(object);
	exception->extra[1] = sim_incref(name);
}

struct gcs_object *sim_get_attribute(struct sim *sim, struct gcs_object *object, struct gcs_object *name)
{
	const struct sim_type *type = sim_type(object);
	struct gcs_object *value;

	value = type->get_attribute ? type->get_attribute(sim, object, name) : sim_generic_get(sim, object, name);
	if (!value)
		set_context(sim, object, name);
	return value;
}

struct gcs_object *sim_find_attribute(struct sim *sim, struct gcs_object *object, struct gcs_object *name)
{
	struct gcs_object *value;

	if (!sim_type(object)->get_attribute) {
		value = sim_generic_find(sim, object, name);
		if (value || sim->pending)
			goto out;
	}
	if (sim_is_class(object)) {
		value = sim_type_find_attribute(sim, object, name);
		goto out;
	}
	value = sim_get_attribute(sim, object, name);
out:
	if (!value && sim_pending_is(sim, SIM_ATTRIBUTE_ERROR))
		sim_clear_pending(sim);
	return value;
}

struct gcs_object *sim_get_attribute_text(struct sim *sim, struct gcs_object *object, const char *name)
{
	struct gcs_object *str = sim_str_intern(sim, name, strlen(name)), *value;

	if (!str)
		return NULL;
	value = sim_get_attribute(sim, object, str);
	gcs_decref(str);
	return value;
}

int sim_set_attribute(struct sim *sim, struct gcs_object *object, struct gcs_object *name, struct gcs_object *value)
{
	const struct sim_type *type = sim_type(object);

	return type->set_attribute ? type->set_attribute(sim, object, name, value) :
		sim_generic_set(sim, object, name, value);
}

/* Functions and methods of built-in classes need not be bound to be called. */
static bool is_method(const struct gcs_object *descr)
{
	if (sim_kind(descr) == SIM_FUNCTION || sim_kind(descr) == SIM_SLOT_WRAPPER)
		return true;
	return sim_kind(descr) == SIM_METHOD_DESCRIPTOR;
}

int sim_load_method(struct sim *sim, struct gcs_object *object, struct gcs_object *name, struct gcs_object **out)
{
	struct gcs_object *descr, *own;

	if (!sim_type(object)->get_attribute) {
		descr = sim_class_lookup(sim, sim_class_of(sim, object), name);
		if (descr && is_method(descr) && sim_method_is_plain(descr)) {
			gcs_incref(descr);
			own = own_attribute(sim, object, name);
			*out = own ? own : descr;
			if (own)
				gcs_decref(descr);
			return own ? 0 : 1;
		}
	}
	*out = sim_get_attribute(sim, object, name);
	return *out ? 0 : -1;
}

struct gcs_object *sim_find_special(struct sim *sim, struct gcs_object *object, struct gcs_object *name)
{
	struct sim_class *cls = sim_class_of(sim, object);
	struct gcs_object *descr = sim_class_lookup(sim, cls, name), *value;

	if (!descr)
		return NULL;
	if (!sim_type(descr)->descr_get)
		return sim_incref(descr);
	gcs_incref(descr);
	value = sim_type(descr)->descr_get(sim, descr, object, cls);
	gcs_decref(descr);
	return value;
}

struct gcs_object *sim_object_dict(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object **slot = sim_dict_slot(self);

	if (sim_is_class(self))
		return sim_incref(((struct sim_class *)self)->dict);
	if (sim_kind(self) == SIM_INSTANCE) {
		return sim_instance_dict(sim, self);
	}
	if (!slot)
		return sim_raise_null(sim, SIM_ATTRIBUTE_ERROR, "'%T' object has no attribute '__dict__'", self);
	if (!*slot && !(*slot = sim_dict_new(sim)))
		return NULL;
	return sim_incref(*slot);
}
