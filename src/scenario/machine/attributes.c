/* SPDX-License-Identifier: MIT */
/*
 * Attributes of instances, remembered by the instruction that asks for them: the class in the state that its
 * version names, and the position in the layout that its instances share. Everything else is the object layer's.
 */
#include "scenario/machine/attributes.h"

/* The object's class has no say in the attribute, and the layout has it: where it is gets remembered. */
static void remember_position(struct sim *sim, struct gcs_object *object, struct vm_instr *instr,
		struct gcs_object *name)
{
	struct sim_class *cls = shared_class(object);
	struct gcs_object *descr;
	int position;

	instr->cache.version = 0;
	if (!cls || cls->has_getattr || cls->has_setattr)
		return;
	descr = sim_class_lookup(sim, cls, name);
	position = sim_layout_find(cls->keys, name);
	if (position < 0 || (descr && sim_type(descr)->descr_set))
		return;
	instr->cache.cls = cls;
	instr->cache.version = cls->version;
	instr->cache.position = position;
}

struct gcs_object *attributes_load(struct vm *vm, struct gcs_object *object, struct vm_instr *instr,
		struct gcs_object *name)
{
	struct gcs_object *value = sim_get_attribute(vm->sim, object, name);

	if (value)
		remember_position(vm->sim, object, instr, name);
	return value;
}

int attributes_store(struct vm *vm, struct gcs_object *object, struct vm_instr *instr, struct gcs_object *name,
		struct gcs_object *value)
{
	int rc = sim_set_attribute(vm->sim, object, name, value);

	if (rc == 0)
		remember_position(vm->sim, object, instr, name);
	return rc;
}

/* A function of the class that no attribute of an instance hides, as long as the layout does not grow. */
static void remember_method(struct sim *sim, struct gcs_object *object, struct vm_instr *instr, struct gcs_object *name,
		struct gcs_object *method)
{
	struct sim_class *cls = shared_class(object);

	instr->cache.version = 0;
	instr->cache.type = NULL;
	if (!cls || cls->has_getattr || sim_class_lookup(sim, cls, name) != method ||
			sim_layout_find(cls->keys, name) >= 0)
		return;
	instr->cache.cls = cls;
	instr->cache.version = cls->version;
	instr->cache.nr = cls->keys->nr;
	instr->cache.method = method;
}

/* The same of a built-in type whose objects have no attributes of their own. */
static void remember_builtin_method(struct gcs_object *object, struct vm_instr *instr, struct gcs_object *method)
{
	const struct sim_type *type = sim_type(object);

	if (type->flags & (SIM_TYPE_HEAP | SIM_TYPE_DICT) || type->get_attribute || sim_dict_slot(object))
		return;
	instr->cache.type = type;
	instr->cache.method = method;
	instr->cache.version = 0;
}

int attributes_load_method(struct vm *vm, struct gcs_object *object, struct vm_instr *instr, struct gcs_object *name,
		struct gcs_object **out)
{
	const struct sim_class *cls;
	int rc;

	if (sim_type(object) == instr->cache.type) {
		*out = sim_incref(instr->cache.method);
		return 1;
	}
	cls = shared_class(object);
	if (is_remembered(&instr->cache, cls) && cls->keys->nr == instr->cache.nr) {
		*out = sim_incref(instr->cache.method);
		return 1;
	}
	rc = sim_load_method(vm->sim, object, name, out);
	if (rc == 1) {
		remember_method(vm->sim, object, instr, name, *out);
		remember_builtin_method(object, instr, *out);
	}
	return rc;
}
