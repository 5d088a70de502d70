/* SPDX-License-Identifier: MIT */
/* What an instruction remembers of attributes, confirmed and used: the common case of attributes.c. */
#ifndef HL_SCENARIO_ATTRIBUTES_H
#define HL_SCENARIO_ATTRIBUTES_H

#include "scenario/machine/machine.h"
#include "scenario/objects/class.h"

/* The class of an instance whose attributes lie in the layout of its class, else NULL. */
static inline struct sim_class *shared_class(const struct gcs_object *object)
{
	const struct sim_type *type = sim_type(object);

	if (type->kind != SIM_INSTANCE || !((const struct sim_instance *)object)->values)
		return NULL;
	return (struct sim_class *)((char *)(uintptr_t)type - offsetof(struct sim_class, type));
}

static inline bool is_remembered(const struct vm_cache *cache, const struct sim_class *cls)
{
	return cls && cls == cache->cls && cls->version == cache->version && cache->version;
}

static inline struct sim_values *values_of(struct gcs_object *object)
{
	return ((struct sim_instance *)object)->values;
}

/* Where the attribute is, if this is the class that had it there: NULL if not, or not any more. */
static inline struct gcs_object **attribute_place(struct gcs_object *object, const struct vm_instr *instr)
{
	if (!is_remembered(&instr->cache, shared_class(object)) || instr->cache.position >= values_of(object)->room)
		return NULL;
	return &values_of(object)->value[instr->cache.position];
}

/* The value is the machine's to release after the store; false: attributes_store() has to do it. */
static inline bool attribute_store_known(struct gcs_object *object, const struct vm_instr *instr,
		struct gcs_object *value)
{
	struct gcs_object **place = attribute_place(object, instr), *old;

	if (!place)
		return false;
	old = *place;
	gcs_incref(value);
	*place = value;
	if (old)
		gcs_decref(old);
	else
		values_of(object)->order[values_of(object)->nr++] = (uint8_t)instr->cache.position;
	return true;
}

#endif
