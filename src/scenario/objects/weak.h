/* SPDX-License-Identifier: MIT */
/* Inside of the weakref module. */
#ifndef HL_SCENARIO_WEAK_H
#define HL_SCENARIO_WEAK_H

#include "internal.h"

struct sim_weakref {
	struct gcs_weakref ref;
	int64_t hash;			/* -1: not computed */
	struct gcs_object *key;		/* of KeyedRef */
};

static inline struct sim_weakref *sim_as_weakref(struct gcs_object *object)
{
	return (struct sim_weakref *)object;
}

/* A reference of a type; @callback is called with it; NULL: none. */
struct gcs_object *sim_weakref_make(struct sim *sim, const struct sim_type *type, struct gcs_object *referent,
		struct gcs_object *callback, struct gcs_object *key);

/* weak-finalize.c, weak-maps.c: fill the module. */
int sim_weak_add_finalize(struct sim *sim, struct gcs_object *module);
int sim_weak_add_maps(struct sim *sim, struct gcs_object *module);

/* weak-walk.c: an iterator over the living keys, values or pairs of a map. */
enum sim_walk { SIM_WALK_KEYS, SIM_WALK_VALUES, SIM_WALK_ITEMS };
extern const struct sim_type sim_weak_walker_type;
struct gcs_object *sim_weak_walk(struct sim *sim, struct gcs_object *self, enum sim_walk what);

#endif
