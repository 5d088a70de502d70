/* SPDX-License-Identifier: MIT */
/* Inside of set and frozenset. */
#ifndef HL_SCENARIO_SET_H
#define HL_SCENARIO_SET_H

#include "internal.h"

static inline bool sim_is_set(const struct gcs_object *object)
{
	return sim_kind(object) == SIM_SET || sim_kind(object) == SIM_FROZENSET;
}

int sim_set_add_hash(struct sim *sim, struct gcs_object *set, struct gcs_object *key, int64_t hash);
int sim_set_contains_hash(struct sim *sim, struct gcs_object *set, struct gcs_object *key, int64_t hash);
int sim_set_discard_hash(struct sim *sim, struct gcs_object *set, struct gcs_object *key, int64_t hash);
int sim_set_resize(struct sim *sim, struct gcs_object *set, size_t wanted);
void sim_set_clear(struct gcs_object *set);
struct gcs_object *sim_set_pop(struct sim *sim, struct gcs_object *set);

/* set-operate.c */
int64_t sim_frozenset_hash(struct sim *sim, struct gcs_object *self);
struct gcs_object *sim_set_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op);
struct gcs_object *sim_set_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op);
struct gcs_object *sim_set_in_place(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op);
struct gcs_object *sim_set_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call);

#endif
