/* SPDX-License-Identifier: MIT */
/* What a new class tells about itself: __set_name__ of its attributes, __init_subclass__ of its bases. */
#include "class.h"

/* As CPython, a RuntimeError from what a __set_name__ raised. */
static int set_name_failed(struct sim *sim, struct sim_class *cls, struct gcs_object *name, struct gcs_object *value)
{
	struct gcs_object *cause = sim_take_pending(sim);
	struct sim_exception *error;

	sim_raise(sim, SIM_RUNTIME_ERROR, "Error calling __set_name__ on '%T' instance %R in '%U'", value, name,
			cls->name);
	error = (struct sim_exception *)sim_pending_instance(sim);
	if (!sim_pending_is(sim, SIM_RUNTIME_ERROR) || !cause) {
		gcs_xdecref(cause);
		return -1;
	}
	error->suppress_context = true;
	GCS_SET(&error->context, sim_incref(cause));
	GCS_SET(&error->cause, cause);
	return -1;
}

/* __set_name__ of what is in the class, looked for in a copy of its namespace. */
static int set_names(struct sim *sim, struct sim_class *cls)
{
	struct gcs_object *copy = sim_dict_copy(sim, cls->dict), *key, *value, *result;
	size_t pos = 0;
	int rc = copy ? 0 : -1;

	while (rc == 0 && sim_dict_next(copy, &pos, &key, &value)) {
		struct gcs_object *args[] = {&cls->head, key};

		if (!sim_class_lookup(sim, sim_class_of(sim, value), sim->names.d_set_name))
			continue;
		result = sim_call_special(sim, value, sim->names.d_set_name, 2, args);
		if (!result)
			rc = set_name_failed(sim, cls, key, value);
		gcs_xdecref(result);
	}
	gcs_xdecref(copy);
	return rc;
}

/* __init_subclass__ of the bases, through a super object; that of object does nothing, but is bound and called too. */
static int init_subclass(struct sim *sim, struct sim_class *cls)
{
	struct gcs_object *args[] = {&cls->head, &cls->head}, *super, *method, *result;
	bool has_one = false;

	for (size_t i = 1; i < sim_tuple_size(cls->mro) && !has_one; i++)
		has_one = sim_dict_get_str(sim, ((struct sim_class *)sim_tuple_item(cls->mro, i))->dict,
				sim->names.d_init_subclass);
	super = has_one ? sim_call_args(sim, &sim->classes[SIM_SUPER]->head, 2, args) : sim_stand_in(sim);
	method = !super ? NULL : has_one ? sim_get_attribute(sim, super, sim->names.d_init_subclass) :
		sim_stand_in(sim);
	gcs_xdecref(super);
	result = method && has_one ? sim_call_args(sim, method, 0, NULL) : method ? sim_none(sim) : NULL;
	gcs_xdecref(method);
	gcs_xdecref(result);
	return result ? 0 : -1;
}

/* A function of this name is a class method, whatever the scenario says. */
int sim_class_wrap_init_subclass(struct sim *sim, struct sim_class *cls)
{
	struct gcs_object *own = sim_dict_get_str(sim, cls->dict, sim->names.d_init_subclass), *wrapped;
	int rc;

	if (!own || sim_kind(own) != SIM_FUNCTION)
		return 0;
	wrapped = sim_call_args(sim, &sim->classes[SIM_CLASSMETHOD]->head, 1, &own);
	rc = wrapped ? sim_dict_set(sim, cls->dict, sim->names.d_init_subclass, wrapped) : -1;
	gcs_xdecref(wrapped);
	return rc;
}

int sim_class_call_hooks(struct sim *sim, struct sim_class *cls)
{
	return set_names(sim, cls) || init_subclass(sim, cls) ? -1 : 0;
}
