/* SPDX-License-Identifier: MIT */
/* Small steps of the dispatch loop. */
#ifndef HL_SCENARIO_VM_INLINE_H
#define HL_SCENARIO_VM_INLINE_H

#include "scenario/objects/dict.h"
#include "scenario/machine/attributes.h"

/* gcc would join the jumps at the ends of the instructions, which are predicted one by one. */
#if defined(__GNUC__) && !defined(__clang__)
#define SEPARATE_JUMPS __attribute__((optimize("no-gcse", "no-crossjumping")))
#else
#define SEPARATE_JUMPS
#endif

/* A global that is where the instruction found it the last time: borrowed; NULL: it has to be looked up. */
static inline struct gcs_object *known_global(struct vm_frame *frame, const struct vm_instr *instr,
		struct gcs_object *name)
{
	struct gcs_object **place = instr->aux == PLACE_FIRST ?
			sim_dict_place(frame->globals, name, instr->cache.position) : NULL;

	return place ? *place : NULL;
}

/* A name that is where the instruction stored it the last time gets @value; false: it has to be looked up. */
static inline bool store_known(struct gcs_object *namespace, const struct vm_instr *instr, struct gcs_object *name,
		struct gcs_object *value)
{
	struct gcs_object **place = sim_dict_place(namespace, name, instr->cache.position);

	if (!place || !gcs_is_tracked(namespace))
		return false;
	GCS_SET(place, value);
	return true;
}

/* sim_truth() of the three that matter. */
static inline int truth(struct sim *sim, struct gcs_object *value)
{
	if (value == sim->true_)
		return 1;
	if (value == sim->false_ || value == sim->none)
		return 0;
	return sim_truth(sim, value);
}

static inline int is_false(struct sim *sim, struct gcs_object *value)
{
	int rc = truth(sim, value);

	return rc < 0 ? rc : !rc;
}

/* The object of a truth, or of its contrary; NULL if that could not be found out. */
static inline struct gcs_object *bool_of(struct sim *sim, int value, bool negate)
{
	return value < 0 ? NULL : sim_bool(sim, (value > 0) != negate);
}

static inline void set_slot(struct gcs_object **slot, struct gcs_object *value)
{
	struct gcs_object *old = *slot;

	*slot = value;
	gcs_xdecref(old);
}

/* Nothing runs when one of its references goes. */
static inline bool is_shared(const struct gcs_object *object)
{
	return !object || object->refs > 1;
}

static inline void load_method(struct gcs_object **sp, int unbound, struct gcs_object *method)
{
	struct gcs_object *object = sp[-1];

	sp[-1] = unbound ? method : NULL;
	sp[0] = unbound ? object : method;
	if (!unbound)
		gcs_decref(object);
}

#endif
