/* SPDX-License-Identifier: MIT */
/* Places of frames as JSON, for all reports that have them. */
#ifndef HL_REPORTS_JSON_PLACE_H
#define HL_REPORTS_JSON_PLACE_H

#include "reports/json.h"
#include "snapshot/heapledger.h"

/* filename, lineno, function and module into the open object; null: not known. */
void hl_json_put_location(struct hl_json *json, const struct hl_location *location);

/* "via": what the line called, as such an object, if that is no allocator; nothing for 0.  And "nr_vias". */
void hl_json_put_via(struct hl_json *json, const struct hl_resolver *resolver, uint32_t via, uint32_t nr_vias);

/* "traceback": an array of such objects, most recent frame first. */
void hl_json_put_stack(struct hl_json *json, const struct hl_resolver *resolver, uint32_t traceback);

#endif
