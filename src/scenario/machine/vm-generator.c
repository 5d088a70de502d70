/* SPDX-License-Identifier: MIT */
/*
 * Generators: frames that are resumed; the objects themselves are the object layer's. Who resumes one holds a
 * reference to it, and nothing here adds another: sys.getrefcount() would show it.
 */
#include "scenario/machine/machine.h"

struct gcs_object *generator_make(struct vm *vm, struct vm_frame *frame)
{
	struct sim *sim = vm->sim;
	const struct sim_function *function = (const struct sim_function *)frame->function;
	const struct code *code = frame->code->code;
	struct vm_frame *copy = frame_detach(vm, frame);
	struct gcs_object *generator;

	if (!copy)
		return NULL;
	generator = sim_generator_new(sim, function->code, function->name, function->qualname, copy,
			code->nr_slots + code->stack_size);
	if (generator)
		copy->generator = generator;
	return generator;
}

/* A generator may not let StopIteration out: its caller would take it for the end. */
static void replace_stop_iteration(struct vm *vm)
{
	struct sim *sim = vm->sim;
	struct gcs_object *cause = sim_take_pending(sim);
	struct sim_exception *exception;

	sim_raise(sim, SIM_RUNTIME_ERROR, "generator raised StopIteration");
	if (!sim_pending_is(sim, SIM_RUNTIME_ERROR)) {
		gcs_decref(cause);
		return;
	}
	exception = (struct sim_exception *)sim_pending_instance(sim);
	GCS_SET(&exception->context, sim_incref(cause));
	GCS_SET(&exception->cause, cause);
	exception->suppress_context = true;
}

static void link_handled(struct vm *vm, struct vm_handled *place, struct sim_generator *generator)
{
	place->value = &generator->exception;
	place->previous = vm->handled;
	vm->handled = place;
	unwind_update_handled(vm);
}

static void unlink_handled(struct vm *vm, struct vm_handled *place)
{
	vm->handled = place->previous;
	unwind_update_handled(vm);
}

/* The generator has returned or raised: nothing of it stays but the object. */
static struct gcs_object *finish(struct vm *vm, struct sim_generator *generator, struct gcs_object *result)
{
	if (!result && sim_pending_is(vm->sim, SIM_STOP_ITERATION))
		replace_stop_iteration(vm);
	GCS_CLEAR(&generator->exception);
	sim_generator_end(vm->sim, &generator->head);
	if (!result)
		return NULL;
	if (result != vm->sim->none)
		sim_raise_value(vm->sim, SIM_STOP_ITERATION, result);
	gcs_decref(result);
	return NULL;
}

/* Runs it from where it stands. @value: what is sent, borrowed; NULL: the pending exception is thrown in. */
static struct gcs_object *resume(struct vm *vm, struct sim_generator *generator, struct gcs_object *value)
{
	struct sim *sim = vm->sim;
	struct vm_frame *frame = generator->frame;
	struct gcs_site *site = sim->site;
	struct vm_handled place;
	struct gcs_object *result;

	if (sim->depth >= sim->recursion_limit) {
		sim_enter(sim, "");
		return NULL;
	}
	sim->depth++;
	if (value)
		*frame->sp++ = sim_incref(value);
	frame->back = vm->frame;
	frame->entry = true;
	vm->frame = frame;
	link_handled(vm, &place, generator);
	/* Its context is what the generator handles. */
	if (!value && generator->exception)
		sim_raise_object(sim, sim_take_pending(sim));
	generator->state = SIM_GENERATOR_RUNNING;
	result = vm_eval(vm, frame, !value);
	unlink_handled(vm, &place);
	sim->site = site;
	frame->back = NULL;
	return generator->state == SIM_GENERATOR_RUNNING ? finish(vm, generator, result) : result;
}

/* 1: it can be resumed; 0: it has ended; -1: it is running. */
static int check(struct sim *sim, const struct sim_generator *generator)
{
	if (generator->state == SIM_GENERATOR_RUNNING)
		return sim_raise(sim, SIM_VALUE_ERROR, "generator already executing");
	return generator->state != SIM_GENERATOR_DONE && generator->frame;
}

struct gcs_object *generator_send(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	struct sim_generator *generator = (struct sim_generator *)self;

	if (sim->stop) {
		sim_no_memory(sim);
		return NULL;
	}
	if (check(sim, generator) <= 0)
		return NULL;
	if (!value)
		value = sim->none;
	if (generator->state == SIM_GENERATOR_NEW && value != sim->none)
		return sim_raise_null(sim, SIM_TYPE_ERROR,
				"can't send non-None value to a just-started generator");
	return resume(vm_of(sim), generator, value);
}

struct gcs_object *generator_throw(struct sim *sim, struct gcs_object *self, struct gcs_object *exception)
{
	struct sim_generator *generator = (struct sim_generator *)self;
	int rc = check(sim, generator);

	if (rc < 0) {
		gcs_decref(exception);
		return NULL;
	}
	unwind_restore(vm_of(sim), exception);
	return rc == 0 ? NULL : resume(vm_of(sim), generator, NULL);
}

int generator_close(struct sim *sim, struct gcs_object *self)
{
	struct sim_generator *generator = (struct sim_generator *)self;
	struct gcs_object *result;
	int rc = check(sim, generator);

	if (rc <= 0 || sim->stop)
		return rc < 0 ? -1 : 0;
	sim_raise_value(sim, SIM_GENERATOR_EXIT, NULL);
	result = resume(vm_of(sim), generator, NULL);
	if (result) {
		gcs_decref(result);
		return sim_raise(sim, SIM_RUNTIME_ERROR, "generator ignored GeneratorExit");
	}
	if (sim->pending && !sim_pending_is(sim, SIM_GENERATOR_EXIT) && !sim_pending_is(sim, SIM_STOP_ITERATION))
		return -1;
	sim_clear_pending(sim);
	return 0;
}
