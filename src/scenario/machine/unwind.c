/* SPDX-License-Identifier: MIT */
/* Exceptions on their way: raise, tracebacks, handlers, what is being handled, what cannot be delivered. */
#include <stdlib.h>

#include "scenario/machine/machine.h"

void unwind_update_handled(struct vm *vm)
{
	struct vm_handled *place = vm->handled;

	while (place && !*place->value)
		place = place->previous;
	vm->sim->handled = place ? *place->value : NULL;
}

void unwind_restore(struct vm *vm, struct gcs_object *exception)
{
	struct sim_error error = {.value = exception};

	error.traceback = ((struct sim_exception *)exception)->traceback;
	if (error.traceback)
		gcs_incref(error.traceback);
	error.cls = sim_incref(&sim_class_of(vm->sim, exception)->head);
	sim_restore_pending(vm->sim, error);
}

static void error_release(struct sim_error *error)
{
	gcs_xdecref(error->cls);
	gcs_xdecref(error->value);
	gcs_xdecref(error->traceback);
}

void unwind_add_traceback(struct vm *vm, struct vm_frame *frame)
{
	struct sim *sim = vm->sim;
	struct gcs_object *object;
	struct sim_error error;

	if (sim->stop || !sim->pending)
		return;
	/* CPython puts the exception aside while it makes these two, so a collection may run here. */
	error = sim_fetch_pending(sim);
	object = frame_object(vm, frame);
	if (object)
		error.traceback = sim_traceback_new(sim, error.traceback, object, (int)frame_line(frame));
	if (sim->stop)
		error_release(&error);
	else
		sim_restore_pending(sim, error);
}

static void release_down_to(struct gcs_object ***sp, struct gcs_object **bottom)
{
	while (*sp > bottom) {
		struct gcs_object *value = *--*sp;

		gcs_xdecref(value);
	}
}

const struct vm_instr *unwind_to_handler(struct vm *vm, struct vm_frame *frame, struct gcs_object ***sp)
{
	const struct vm_code *code = frame->code;
	const struct handler *handler = code_find_handler(code->code, (uint32_t)(frame->at - code->instrs));

	if (!handler || vm->sim->stop) {
		release_down_to(sp, frame_stack(frame));
		return NULL;
	}
	release_down_to(sp, frame_stack(frame) + handler->depth);
	if (handler->lasti)
		*(*sp)++ = sim_none(vm->sim);
	*(*sp)++ = sim_take_pending(vm->sim);
	return code->instrs + handler->target;
}

/* --- raise --------------------------------------------------------------------------------------------- */

static bool raise_again(struct vm *vm)
{
	struct sim *sim = vm->sim;

	if (!sim->handled) {
		sim_raise(sim, SIM_RUNTIME_ERROR, "No active exception to reraise");
		return false;
	}
	unwind_restore(vm, sim_incref(sim->handled));
	return true;
}

/* An instance of what is raised: a class is called. Steals; NULL: another exception is pending. */
static struct gcs_object *instance_of(struct sim *sim, struct gcs_object *exception, const char *what)
{
	struct gcs_object *instance;

	if (sim_is_exception(exception))
		return exception;
	if (!sim_is_exception_class(exception)) {
		gcs_decref(exception);
		return sim_raise_null(sim, SIM_TYPE_ERROR, "%s", what);
	}
	instance = sim_call_args(sim, exception, 0, NULL);
	if (instance && !sim_is_exception(instance)) {
		sim_raise(sim, SIM_TYPE_ERROR,
				"calling %R should have returned an instance of BaseException, not %R",
				exception, (struct gcs_object *)sim_class_of(sim, instance));
		GCS_CLEAR(&instance);
	}
	gcs_decref(exception);
	return instance;
}

static int set_cause(struct sim *sim, struct sim_exception *exception, struct gcs_object *cause)
{
	if (cause == sim->none) {
		gcs_decref(cause);
		cause = NULL;
	} else {
		cause = instance_of(sim, cause, "exception causes must derive from BaseException");
		if (!cause)
			return -1;
	}
	exception->suppress_context = true;
	GCS_SET(&exception->cause, cause);
	return 0;
}

bool unwind_raise(struct vm *vm, struct gcs_object *exception, struct gcs_object *cause)
{
	struct sim *sim = vm->sim;

	if (!exception)
		return raise_again(vm);
	exception = instance_of(sim, exception, "exceptions must derive from BaseException");
	if (!exception) {
		gcs_xdecref(cause);
		return false;
	}
	if (cause && set_cause(sim, (struct sim_exception *)exception, cause) < 0) {
		gcs_decref(exception);
		return false;
	}
	sim_raise_object(sim, exception);
	return false;
}

/* --- except ---------------------------------------------------------------------------------------------- */

static bool may_be_caught(const struct gcs_object *type)
{
	if (sim_kind(type) != SIM_TUPLE)
		return sim_is_exception_class(type);
	for (size_t i = 0; i < sim_tuple_size(type); i++) {
		if (!sim_is_exception_class(sim_tuple_item(type, i)))
			return false;
	}
	return true;
}

static bool matches(const struct sim_class *cls, const struct gcs_object *type)
{
	if (sim_kind(type) != SIM_TUPLE)
		return sim_class_is_subclass(cls, (const struct sim_class *)type);
	for (size_t i = 0; i < sim_tuple_size(type); i++) {
		if (sim_class_is_subclass(cls, (const struct sim_class *)sim_tuple_item(type, i)))
			return true;
	}
	return false;
}

int unwind_matches(struct vm *vm, struct gcs_object *exception, struct gcs_object *type)
{
	if (!may_be_caught(type))
		return sim_raise(vm->sim, SIM_TYPE_ERROR,
				"catching classes that do not inherit from BaseException is not allowed");
	return matches(sim_class_of(vm->sim, exception), type);
}

/* --- what is being handled -------------------------------------------------------------------------------- */

/* The place of what is handled now: e below stays on the stack, the one before goes below it. */
void unwind_push_handled(struct vm *vm, struct gcs_object ***sp)
{
	struct gcs_object *exception = (*sp)[-1], *old = *vm->handled->value;

	(*sp)[-1] = old ? old : sim_none(vm->sim);
	*(*sp)++ = exception;
	*vm->handled->value = sim_incref(exception);
	unwind_update_handled(vm);
}

void unwind_pop_handled(struct vm *vm, struct gcs_object *old)
{
	struct gcs_object *handled = *vm->handled->value;

	if (old == vm->sim->none) {
		gcs_decref(old);
		old = NULL;
	}
	*vm->handled->value = old;
	unwind_update_handled(vm);
	gcs_xdecref(handled);
}

/* --- finalizers, callbacks --------------------------------------------------------------------------------- */

/* An exception that passed no frame names the place where it would have been delivered, as CPython does. */
static void add_missing_traceback(struct vm *vm)
{
	if (!vm->sim->pending_traceback && vm->frame)
		unwind_add_traceback(vm, vm->frame);
}

static void write_where(struct sim *sim, struct gcs_object *where)
{
	struct gcs_object *text = sim_str_format(sim, "Exception ignored in: %R\n", where);
	const char *utf8;
	char *keep = NULL;
	size_t length;

	if (text) {
		utf8 = sim_str_utf8(sim, text, &length, &keep);
		if (utf8)
			sim_write_error(sim, utf8, length);
		sim_scratch_free(keep);
		gcs_decref(text);
	}
	sim_clear_pending(sim);
}

void unwind_unraisable(struct sim *sim, struct gcs_object *where)
{
	struct gcs_object *exception, *hook_arguments;

	add_missing_traceback(vm_of(sim));
	exception = sim_take_pending(sim);
	if (!exception)
		return;
	hook_arguments = sim_stand_in(sim);
	report_cost_of_text(sim);
	if (where)
		write_where(sim, where);
	report_exception(vm_of(sim), exception, false);
	if (hook_arguments)
		gcs_decref(hook_arguments);
	gcs_decref(exception);
}
