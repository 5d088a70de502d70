/* SPDX-License-Identifier: MIT */
/* Properties of characters, for str's methods. */
#ifndef HL_SCENARIO_CHARS_H
#define HL_SCENARIO_CHARS_H

#include "internal.h"

enum sim_point_class {
	SIM_POINT_ALPHA, SIM_POINT_DIGIT, SIM_POINT_SPACE, SIM_POINT_UPPER, SIM_POINT_LOWER, SIM_POINT_PRINT
};

bool sim_point_is(uint32_t point, enum sim_point_class what);
uint32_t sim_point_upper(uint32_t point);
uint32_t sim_point_lower(uint32_t point);

/* First occurrence within [from, to), last with _rfind_; -1: none. */
int64_t sim_str_rfind(struct sim *sim, const struct gcs_object *str, const struct gcs_object *part, size_t from,
		size_t to);

struct gcs_object *sim_str_split(struct sim *sim, struct gcs_object *self, const struct sim_call *call);
struct gcs_object *sim_str_rsplit(struct sim *sim, struct gcs_object *self, const struct sim_call *call);
struct gcs_object *sim_str_splitlines(struct sim *sim, struct gcs_object *self, const struct sim_call *call);
struct gcs_object *sim_str_partition(struct sim *sim, struct gcs_object *self, const struct sim_call *call);
struct gcs_object *sim_str_rpartition(struct sim *sim, struct gcs_object *self, const struct sim_call *call);
struct gcs_object *sim_str_replace(struct sim *sim, struct gcs_object *self, const struct sim_call *call);

#endif
