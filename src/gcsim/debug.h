/* SPDX-License-Identifier: MIT */
/* What a collection says under GCS_DEBUG_*, and the objects that it cannot or must not free. */
#ifndef GCSIM_DEBUG_H
#define GCSIM_DEBUG_H

#include "gcsim/heap.h"

/* Returns the time of the start; 0: nobody asked. */
uint64_t debug_begin(struct gcs_heap *heap, int generation);
void debug_end(struct gcs_heap *heap, uint64_t started, const struct gcs_collection *result);
void debug_print_object(struct gcs_heap *heap, const char *what, const struct gcs_object *o);
void garbage_append(struct gcs_heap *heap, struct gcs_object *o);

#endif
