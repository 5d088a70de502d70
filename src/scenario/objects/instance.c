/* SPDX-License-Identifier: MIT */
/* Instances of the scenario's classes: attributes, birth and death. */
#include "class.h"

static struct sim_instance *as_instance(struct gcs_object *object)
{
	return (struct sim_instance *)object;
}

/* Instances are the only objects whose type is a member of their class. */
static struct sim_class *class_of(const struct gcs_object *self)
{
	return (struct sim_class *)((char *)(uintptr_t)self->type - offsetof(struct sim_class, type));
}

/* --- the collector's view ---------------------------------------------------------------------------- */

/* Its own, or those of its bases, which come before them. */
static inline bool has_slots(const struct sim_class *cls)
{
	return cls->first_slot + cls->nr_slots > 0;
}

/* How many of the values may be set; it can change when references are dropped. */
static inline int nr_values(const struct sim_class *cls, const struct sim_values *values)
{
	return cls->keys->nr < values->room ? cls->keys->nr : values->room;
}

/* Calls fn for the slots of the class and of its bases, the most derived first. */
#define EACH_SLOT(self, cls, slot)                                                                              \
	for (struct sim_class *at_ = has_slots(cls) ? (cls) : NULL; at_ && at_->slots->flags & SIM_TYPE_HEAP;   \
			at_ = at_->base)                                                                        \
		for (struct gcs_object **slot = as_instance(self)->slots + at_->first_slot;                     \
				slot < as_instance(self)->slots + at_->first_slot + at_->nr_slots; slot++)

int sim_instance_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct sim_instance *instance = as_instance(self);
	struct sim_class *cls = class_of(self);

	EACH_SLOT(self, cls, slot)
		GCS_VISIT(*slot);
	if (instance->values)
		for (int i = 0, nr = nr_values(cls, instance->values); i < nr; i++)
			GCS_VISIT(instance->values->value[i]);
	GCS_VISIT(instance->dict);
	GCS_VISIT(&cls->head);
	return 0;
}

void sim_instance_clear(struct gcs_object *self)
{
	struct sim_instance *instance = as_instance(self);
	struct sim_class *cls = class_of(self);

	EACH_SLOT(self, cls, slot)
		GCS_CLEAR(slot);
	if (instance->values) {
		struct sim_values *values = instance->values;

		for (int i = 0; i < nr_values(cls, values) && instance->values == values; i++)
			gcs_xdecref(sim_values_set(values, i, NULL));
	}
	GCS_CLEAR(&instance->dict);
}

static void drop_values(struct sim *sim, struct sim_instance *instance, struct sim_class *cls)
{
	struct sim_values *values = instance->values;

	instance->values = NULL;
	for (int i = 0; values->nr && i < nr_values(cls, values); i++)
		gcs_xdecref(values->value[i]);
	sim_values_free(sim, values, &instance->values_block);
}

/* The class goes last: its type is the instance's. */
void sim_instance_dealloc(struct gcs_object *self)
{
	struct sim_instance *instance = as_instance(self);
	struct sim_class *cls = class_of(self);

	gcs_untrack(self);
	if (self->type->finalize && gcs_dealloc_finalize(self))
		return;
	if (self->type->flags & GCS_TYPE_WEAKREFS)
		gcs_dealloc_weakrefs(self);
	EACH_SLOT(self, cls, slot)
		GCS_CLEAR(slot);
	if (instance->values)
		drop_values(sim_of(self), instance, cls);
	GCS_CLEAR(&instance->dict);
	gcs_object_free(self);
	gcs_decref(&cls->head);
}

/* __del__: an exception that is on its way waits meanwhile. */
void sim_instance_finalize(struct gcs_object *self)
{
	struct sim *sim = sim_of(self);
	struct sim_error kept = sim_fetch_pending(sim);
	struct gcs_object *result;
	struct gcs_site *site = sim->site;

	result = sim_call_special(sim, self, sim->names.d_del, 0, NULL);
	gcs_xdecref(result);
	if (sim->pending)
		sim_unraisable(sim, sim_class_lookup(sim, class_of(self), sim->names.d_del));
	sim->site = site;
	sim_restore_pending(sim, kept);
}

size_t sim_dict_head(struct sim *sim, const struct gcs_object *object)
{
	return sim_kind(object) == SIM_INSTANCE && sim_class_of(sim, object)->has_dict ? SIM_DICT_HEAD : 0;
}

size_t sim_instance_size(const struct gcs_object *self)
{
	const struct sim_class *cls = class_of(self);

	return cls->type.basic_size + (cls->has_dict ? SIM_DICT_HEAD : 0);
}

/* --- birth ------------------------------------------------------------------------------------------- */

struct gcs_object *sim_instance_new(struct sim *sim, struct sim_class *cls)
{
	struct gcs_object *self;
	struct sim_instance *instance;
	uint64_t bytes = cls->type.basic_size + (cls->has_dict ? SIM_DICT_HEAD : 0) +
		(cls->type.gc.flags & GCS_TYPE_GC ? SIM_GC_HEAD : 0);

	self = gcs_new_untracked(sim->heap, &cls->type.gc, sim->site, 0, bytes);
	if (!self)
		return sim_no_memory_null(sim);
	instance = as_instance(self);
	gcs_incref(&cls->head);
	if (cls->has_dict) {
		instance->values = sim_values_new(sim, cls->keys, &instance->values_block);
		if (!instance->values) {
			gcs_object_free(self);
			gcs_decref(&cls->head);
			return NULL;
		}
	}
	if (cls->type.gc.flags & GCS_TYPE_GC)
		gcs_track(self);
	return self;
}

static size_t nr_arguments(const struct sim_call *call)
{
	return call->nr + (call->kwnames ? sim_tuple_size(call->kwnames) : 0);
}

/* Runs __init__, whose result must be None. */
static int run_init(struct sim *sim, struct gcs_object *self, struct gcs_object *init, const struct sim_call *call)
{
	struct gcs_object *result;

	gcs_incref(init);
	result = sim_call_prepended(sim, init, self, call);
	gcs_decref(init);
	if (!result)
		return -1;
	if (result != sim->none)
		sim_raise(sim, SIM_TYPE_ERROR, "__init__() should return None, not '%T'", result);
	gcs_decref(result);
	return result == sim->none ? 0 : -1;
}

/* __new__ of the scenario's own makes the object; __init__ runs if it is of the class. */
static struct gcs_object *construct_by_new(struct sim *sim, struct sim_class *cls, struct gcs_object *new,
		const struct sim_call *call)
{
	struct gcs_object *callable = sim_kind(new) == SIM_STATICMETHOD ?
		sim_type(new)->descr_get(sim, new, NULL, cls) : sim_incref(new);
	struct gcs_object *self = callable ? sim_call_prepended(sim, callable, &cls->head, call) : NULL, *init;

	gcs_xdecref(callable);
	if (!self || !sim_class_is_subclass(sim_class_of(sim, self), cls))
		return self;
	init = sim_class_user_lookup(sim, sim_class_of(sim, self), sim->names.d_init);
	if (init && run_init(sim, self, init, call))
		GCS_CLEAR(&self);
	return self;
}

struct gcs_object *sim_instance_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	struct gcs_object *init = sim_class_lookup(sim, cls, sim->names.d_init), *self, *new;

	new = sim_class_user_lookup(sim, cls, sim->names.d_new);
	if (new)
		return construct_by_new(sim, cls, new, call);
	if (init && sim_kind(init) == SIM_SLOT_WRAPPER)
		init = NULL;
	if (!init && nr_arguments(call))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "%s() takes no arguments", cls->type.gc.name);
	self = sim_instance_new(sim, cls);
	if (self && init && run_init(sim, self, init, call))
		GCS_CLEAR(&self);
	return self;
}

/* --- attributes -------------------------------------------------------------------------------------- */

struct gcs_object *sim_instance_get(struct sim *sim, struct gcs_object *self, struct gcs_object *name)
{
	struct sim_instance *instance = as_instance(self);
	struct gcs_object *value = NULL;
	int position;

	if (instance->values) {
		position = sim_layout_find(class_of(self)->keys, name);
		value = position >= 0 && position < instance->values->room ? instance->values->value[position] : NULL;
	} else if (instance->dict) {
		value = sim_dict_get_str(sim, instance->dict, name);
	}
	return value ? sim_incref(value) : NULL;
}

struct gcs_object *sim_instance_dict(struct sim *sim, struct gcs_object *self)
{
	struct sim_instance *instance = as_instance(self);
	struct gcs_object *dict;

	if (instance->dict)
		return sim_incref(instance->dict);
	if (!class_of(self)->has_dict)
		return sim_raise_null(sim, SIM_ATTRIBUTE_ERROR, "'%T' object has no attribute '__dict__'", self);
	dict = instance->values ? sim_dict_from_values(sim, class_of(self)->keys, instance->values,
			&instance->values_block) : sim_dict_new(sim);
	if (!dict)
		return NULL;
	instance->values = NULL;
	memset(&instance->values_block, 0, sizeof(instance->values_block));
	instance->dict = dict;
	return sim_incref(dict);
}

/* The layout has no room for the name: the attributes move to a dict. */
static int set_in_dict(struct sim *sim, struct gcs_object *self, struct gcs_object *name, struct gcs_object *value)
{
	struct gcs_object *dict = sim_instance_dict(sim, self);
	int result;

	if (!dict)
		return -1;
	result = sim_dict_set(sim, dict, name, value);
	gcs_decref(dict);
	return result;
}

int sim_instance_set(struct sim *sim, struct gcs_object *self, struct gcs_object *name, struct gcs_object *value)
{
	struct sim_instance *instance = as_instance(self);
	struct sim_class *cls = class_of(self);
	struct gcs_object *old;
	int position;

	if (!instance->values) {
		if (value)
			return set_in_dict(sim, self, name, value);
		return instance->dict ? (sim_dict_delete(sim, instance->dict, name) > 0 ? 0 : sim->pending ? -1 :
				1) : 1;
	}
	position = sim_layout_find(cls->keys, name);
	if (!value) {
		if (position < 0 || position >= instance->values->room || !instance->values->value[position])
			return 1;
		gcs_decref(sim_values_set(instance->values, position, NULL));
		return 0;
	}
	if (position < 0)
		position = sim_layout_add(cls->keys, name);
	if (position < 0 || position >= instance->values->room)
		return set_in_dict(sim, self, name, value);
	old = sim_values_set(instance->values, position, sim_incref(value));
	gcs_xdecref(old);
	return 0;
}
