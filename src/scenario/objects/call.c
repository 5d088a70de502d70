/* SPDX-License-Identifier: MIT */
/* Calls, and the checks of arguments with CPython's words. */
#include "internal.h"

static size_t nr_keywords(const struct sim_call *call)
{
	return call->kwnames ? sim_tuple_size(call->kwnames) : 0;
}

int sim_method_check(struct sim *sim, const struct sim_method *method, const char *type, const struct sim_call *call)
{
	const char *dot = type ? "." : "";
	size_t min = method->min, max = method->max;

	type = type ? type : "";
	if (nr_keywords(call) && !(method->flags & SIM_METHOD_KEYWORDS))
		return sim_raise(sim, SIM_TYPE_ERROR, "%s%s%s() takes no keyword arguments", type, dot, method->name);
	if (call->nr >= min && (method->max < 0 || call->nr <= max))
		return 0;
	if (max == 0)
		return sim_raise(sim, SIM_TYPE_ERROR, "%s%s%s() takes no arguments (%zu given)", type, dot,
				method->name,
				call->nr);
	if (min == 1 && max == 1)
		return sim_raise(sim, SIM_TYPE_ERROR, "%s%s%s() takes exactly one argument (%zu given)", type, dot,
				method->name, call->nr);
	if (min == max)
		return sim_raise(sim, SIM_TYPE_ERROR, "%s expected %zu argument%s, got %zu", method->name, min,
				min == 1 ? "" : "s", call->nr);
	if (call->nr < min)
		return sim_raise(sim, SIM_TYPE_ERROR, "%s expected at least %zu argument%s, got %zu", method->name, min,
				min == 1 ? "" : "s", call->nr);
	return sim_raise(sim, SIM_TYPE_ERROR, "%s expected at most %zu argument%s, got %zu", method->name, max,
			max == 1 ? "" : "s", call->nr);
}

int sim_no_keywords(struct sim *sim, const char *function, const struct sim_call *call)
{
	if (!nr_keywords(call))
		return 0;
	return sim_raise(sim, SIM_TYPE_ERROR, "%s() takes no keyword arguments", function);
}

struct gcs_object *sim_call_keyword(const struct sim_call *call, const char *name)
{
	for (size_t i = 0; i < nr_keywords(call); i++)
		if (sim_str_is(sim_tuple_item(call->kwnames, i), name))
			return call->args[call->nr + i];
	return NULL;
}

#define MAX_PARAMETERS 8

/* The parameters of a function, from the text that sim_call_parse() gets. */
struct parameters {
	struct {
		const char *name;
		int length;
	} list[MAX_PARAMETERS];
	size_t nr, required, positional, positional_only;
};

static void read_parameters(const char *text, struct parameters *out)
{
	bool optional = false, keyword_only = false;

	memset(out, 0, sizeof(*out));
	for (size_t length; *text; text += length + strspn(text + length, " ")) {
		length = strcspn(text, " ");
		if (*text == '|') {
			optional = true;
		} else if (*text == '$') {
			keyword_only = true;
		} else if (*text == '/') {
			out->positional_only = out->nr;
		} else if (out->nr < MAX_PARAMETERS) {
			out->list[out->nr].name = text;
			out->list[out->nr++].length = length;
			out->required += !optional;
			out->positional += !keyword_only;
		}
	}
}

static int take_keyword(struct sim *sim, const char *function, const struct parameters *parameters,
		struct gcs_object *name, struct gcs_object *value, struct gcs_object **out)
{
	const struct sim_str *text = sim_as_str(name);

	for (size_t i = parameters->positional_only; i < parameters->nr; i++) {
		if (text->length != (size_t)parameters->list[i].length ||
				memcmp(text->data, parameters->list[i].name, text->length))
			continue;
		if (out[i])
			return sim_raise(sim, SIM_TYPE_ERROR,
					"argument for %s() given by name ('%U') and position (%zu)",
					function, name, i + 1);
		out[i] = value;
		return 0;
	}
	return sim_raise(sim, SIM_TYPE_ERROR, "'%U' is an invalid keyword argument for %s()", name, function);
}

int sim_call_parse(struct sim *sim, const char *function, const struct sim_call *call, const char *names,
		struct gcs_object **out)
{
	size_t total = call->nr + nr_keywords(call);
	struct parameters parameters;
	char name[64];

	read_parameters(names, &parameters);
	if (total > parameters.nr)
		return sim_raise(sim, SIM_TYPE_ERROR, "%s() takes %s %zu %sargument%s (%zu given)", function,
				parameters.required < parameters.nr ? "at most" : "exactly", parameters.nr,
				nr_keywords(call) && !call->nr ? "keyword " : "", parameters.nr == 1 ? "" : "s", total);
	if (call->nr > parameters.positional)
		return sim_raise(sim, SIM_TYPE_ERROR, parameters.positional ?
				"%s() takes at most %zu positional argument%s (%zu given)" :
				"%s() takes no positional arguments", function, parameters.positional,
				parameters.positional == 1 ? "" : "s", call->nr);
	for (size_t i = 0; i < parameters.nr; i++)
		out[i] = i < call->nr ? call->args[i] : NULL;
	for (size_t i = 0; i < nr_keywords(call); i++)
		if (take_keyword(sim, function, &parameters, sim_tuple_item(call->kwnames, i), call->args[call->nr + i],
				out))
			return -1;
	for (size_t i = 0; i < parameters.required; i++) {
		if (out[i])
			continue;
		snprintf(name, sizeof(name), "%.*s", parameters.list[i].length, parameters.list[i].name);
		return sim_raise(sim, SIM_TYPE_ERROR, "%s() missing required argument '%s' (pos %zu)", function, name,
				i + 1);
	}
	return 0;
}

/* --- calls ------------------------------------------------------------------------------------------- */

struct gcs_object *sim_call(struct sim *sim, struct gcs_object *callable, const struct sim_call *call)
{
	const struct sim_type *type = sim_type(callable);

	if (!type->call)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "'%T' object is not callable", callable);
	return type->call(sim, callable, call);
}

struct gcs_object *sim_call_args(struct sim *sim, struct gcs_object *callable, size_t nr,
		struct gcs_object *const *args)
{
	struct sim_call call = {args, nr, NULL};

	return sim_call(sim, callable, &call);
}

struct gcs_object *sim_call_method(struct sim *sim, struct gcs_object *object, struct gcs_object *name, size_t nr,
		struct gcs_object *const *args)
{
	struct sim_call call = {args, nr, NULL};
	struct gcs_object *method, *result;
	int unbound = sim_load_method(sim, object, name, &method);

	if (unbound < 0)
		return NULL;
	result = unbound ? sim_call_prepended(sim, method, object, &call) : sim_call(sim, method, &call);
	gcs_decref(method);
	return result;
}

bool sim_is_callable(struct sim *sim, struct gcs_object *object)
{
	(void)sim;
	return sim_type(object)->call != NULL;
}
