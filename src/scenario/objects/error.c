/* SPDX-License-Identifier: MIT */
/* The pending exception, and the limits that end a scenario. */
#include "internal.h"

static void set_pending(struct sim *sim, struct gcs_object *exception)
{
	struct gcs_object *old = sim->pending;

	sim->pending = exception;
	gcs_set_pending(sim->heap, exception != NULL);
	gcs_xdecref(old);
}

/* The exception that is being handled becomes the context of a new one; a chain that comes back to the new one is cut
 * there, as CPython does, so that no loop is made. */
static void set_context(struct sim *sim, struct sim_exception *exception)
{
	struct gcs_object *handled = sim->handled;
	struct sim_exception *link = (struct sim_exception *)handled;

	if (!handled || handled == &exception->head || exception->context)
		return;
	while (link->context) {
		if (link->context == &exception->head) {
			GCS_CLEAR(&link->context);
			break;
		}
		link = (struct sim_exception *)link->context;
	}
	exception->context = sim_incref(handled);
}

int sim_raise_object(struct sim *sim, struct gcs_object *exception)
{
	if (sim->stop && sim->pending) {
		gcs_decref(exception);
		return -1;
	}
	set_context(sim, (struct sim_exception *)exception);
	set_pending(sim, exception);
	return -1;
}

int sim_raise_value(struct sim *sim, enum sim_kind kind, struct gcs_object *value)
{
	struct gcs_object *args = sim->empty_tuple, *exception;

	sim_clear_pending(sim);
	if (value) {
		args = sim_tuple_pack(sim, 1, sim_incref(value));
		if (!args)
			return -1;
	} else {
		gcs_incref(args);
	}
	exception = sim_exception_new(sim, sim->classes[kind], args);
	gcs_decref(args);
	return exception ? sim_raise_object(sim, exception) : -1;
}

int sim_raise_v(struct sim *sim, enum sim_kind kind, const char *format, va_list list)
{
	struct gcs_object *text;

	sim_clear_pending(sim);
	text = sim_str_format_v(sim, format, list);
	if (!text)
		return -1;
	sim_raise_value(sim, kind, text);
	gcs_decref(text);
	return -1;
}

int sim_raise(struct sim *sim, enum sim_kind kind, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	sim_raise_v(sim, kind, format, list);
	va_end(list);
	return -1;
}

void *sim_raise_null(struct sim *sim, enum sim_kind kind, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	sim_raise_v(sim, kind, format, list);
	va_end(list);
	return NULL;
}

/* Nothing may be allocated here: the exception was made at the start. */
int sim_no_memory(struct sim *sim)
{
	if (gcs_heap_error(sim->heap, NULL) == GCS_ERR_LIMIT)
		sim->stop = SIM_STOP_BYTES;
	if (sim->memory_error && sim->pending != sim->memory_error)
		set_pending(sim, sim_incref(sim->memory_error));
	return -1;
}

void *sim_no_memory_null(struct sim *sim)
{
	sim_no_memory(sim);
	return NULL;
}

struct gcs_object *sim_take_pending(struct sim *sim)
{
	struct gcs_object *exception = sim->pending;

	sim->pending = NULL;
	gcs_set_pending(sim->heap, false);
	return exception;
}

/* After a limit was reached the exception stays: nothing may catch it. */
void sim_clear_pending(struct sim *sim)
{
	if (sim->pending && !sim->stop)
		set_pending(sim, NULL);
}

bool sim_pending_is(struct sim *sim, enum sim_kind kind)
{
	if (!sim->pending || sim->stop)
		return false;
	return sim_class_is_subclass(sim_class_of(sim, sim->pending), sim->classes[kind]);
}

void sim_unraisable(struct sim *sim, struct gcs_object *where)
{
	if (!sim->pending || sim->stop)
		return;
	if (sim->vm && sim->vm->unraisable)
		sim->vm->unraisable(sim, where);
	sim_clear_pending(sim);
}

int sim_enter(struct sim *sim, const char *where)
{
	if (sim->depth < sim->recursion_limit) {
		sim->depth++;
		return 0;
	}
	/* Making the exception takes a few levels itself: its text, its class. */
	return sim_raise(sim, SIM_RECURSION_ERROR, "maximum recursion depth exceeded%s", where);
}

int sim_charge(struct sim *sim, uint64_t steps)
{
	sim->steps += steps;
	if (!sim->max_steps || sim->steps <= sim->max_steps)
		return 0;
	sim->stop = SIM_STOP_STEPS;
	return sim_no_memory(sim);
}

/* Without a limit a scenario may still not ask for more than the machine could ever address. */
#define LARGEST_ARRAY ((uint64_t)1 << 40)

int sim_check_bytes(struct sim *sim, uint64_t bytes)
{
	if (bytes > LARGEST_ARRAY)
		return sim_no_memory(sim);
	if (sim->max_bytes && bytes > sim->max_bytes) {
		sim->stop = SIM_STOP_BYTES;
		return sim_no_memory(sim);
	}
	return 0;
}

int sim_write(struct sim *sim, const char *text, size_t length)
{
	return sim->out(text, length, sim->write_arg);
}

int sim_write_error(struct sim *sim, const char *text, size_t length)
{
	return sim->err(text, length, sim->write_arg);
}
