/* SPDX-License-Identifier: MIT */
/* Places of frames in JSON. */
#include "reports/json-place.h"

static void put_name(struct hl_json *j, const char *key, const char *name)
{
	hl_json_key(j, key);
	if (*name)
		hl_json_string(j, name);
	else
		hl_json_null(j);
}

void hl_json_put_location(struct hl_json *j, const struct hl_location *location)
{
	put_name(j, "filename", location->filename);
	hl_json_key(j, "lineno");
	hl_json_unsigned(j, location->lineno);
	put_name(j, "function", location->function);
	put_name(j, "name", location->name);
	put_name(j, "module", location->module);
}

void hl_json_put_via(struct hl_json *j, const struct hl_resolver *resolver, uint32_t via, uint32_t nr_vias)
{
	const struct hl_location *location = hl_traceback_frame(resolver, via, 0);

	if (!location)
		return;
	hl_json_key(j, "via");
	hl_json_begin_object(j);
	hl_json_put_location(j, location);
	hl_json_end_object(j);
	hl_json_key(j, "nr_vias");
	hl_json_unsigned(j, nr_vias);
}

void hl_json_put_stack(struct hl_json *j, const struct hl_resolver *resolver, uint32_t traceback)
{
	size_t nr = hl_traceback_length(resolver, traceback);

	hl_json_key(j, "traceback");
	hl_json_begin_array(j);
	for (size_t i = 0; i < nr; i++) {
		hl_json_begin_object(j);
		hl_json_put_location(j, hl_traceback_frame(resolver, traceback, i));
		hl_json_end_object(j);
	}
	hl_json_end_array(j);
}
