/* SPDX-License-Identifier: MIT */
/* Context managers: with statements call their __enter__ and __exit__. */
#include "scenario/machine/machine.h"

static struct gcs_object *find_method(struct sim *sim, struct gcs_object *manager, struct gcs_object *name,
		const char *more)
{
	struct gcs_object *method = sim_find_special(sim, manager, name);

	if (!method && !sim->pending)
		sim_raise(sim, SIM_TYPE_ERROR, "'%T' object does not support the context manager protocol%s", manager,
				more);
	return method;
}

struct gcs_object *with_enter(struct vm *vm, struct gcs_object **sp)
{
	struct sim *sim = vm->sim;
	struct gcs_object *manager = sp[-1], *enter, *exit, *result;

	enter = find_method(sim, manager, sim->names.d_enter, "");
	if (!enter)
		return NULL;
	exit = find_method(sim, manager, sim->names.d_exit, " (missed __exit__ method)");
	if (!exit) {
		gcs_decref(enter);
		return NULL;
	}
	sp[-1] = exit;
	gcs_decref(manager);
	result = sim_call_args(sim, enter, 0, NULL);
	gcs_decref(enter);
	return result;
}

struct gcs_object *with_exit(struct vm *vm, struct gcs_object **sp)
{
	struct sim *sim = vm->sim;
	struct gcs_object *exception = sp[-1], *traceback = ((struct sim_exception *)exception)->traceback;
	struct gcs_object *const args[] = {&sim_class_of(sim, exception)->head, exception,
		traceback ? traceback : sim->none};

	return sim_call_args(sim, sp[-4], 3, args);
}
