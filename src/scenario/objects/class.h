/* SPDX-License-Identifier: MIT */
/* Inside of classes. */
#ifndef HL_SCENARIO_CLASS_H
#define HL_SCENARIO_CLASS_H

#include "dict.h"

/* Gives back what sim_class_new() allocated for cls->type. */
void sim_class_release_type(struct sim *sim, struct sim_class *cls);

/* The first class in the mro that has the name in its own dict is one of the scenario's: its value (borrowed); NULL if
 * only built-in classes, or none, have it. */
struct gcs_object *sim_class_user_lookup(struct sim *sim, struct sim_class *cls, struct gcs_object *name);

/* Calls type(self).name(self, args...); NULL without an exception: there is no such method. */
struct gcs_object *sim_call_special(struct sim *sim, struct gcs_object *self, struct gcs_object *name, size_t nr,
		struct gcs_object *const *args);

/* The slots of the first built-in class that the class derives from. */
static inline const struct sim_type *sim_type_base_slots(const struct sim_class *cls)
{
	while (cls->base && cls->slots->flags & SIM_TYPE_HEAP)
		cls = cls->base;
	return cls->slots;
}

struct gcs_object *sim_user_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op);

/* class-hooks.c: before the class is complete, and after. */
int sim_class_wrap_init_subclass(struct sim *sim, struct sim_class *cls);
int sim_class_call_hooks(struct sim *sim, struct sim_class *cls);

#endif
