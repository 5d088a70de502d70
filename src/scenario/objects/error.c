/* SPDX-License-Identifier: MIT */
/* The pending exception, and the limits that end a scenario. */
#include "internal.h"

struct sim_error sim_fetch_pending(struct sim *sim)
{
	struct sim_error error = {sim->pending, sim->pending_value, sim->pending_traceback};

	sim->pending = sim->pending_value = sim->pending_traceback = NULL;
	gcs_set_pending(sim->heap, false);
	return error;
}

void sim_restore_pending(struct sim *sim, struct sim_error error)
{
	struct sim_error old = {sim->pending, sim->pending_value, sim->pending_traceback};

	sim->pending = error.cls;
	sim->pending_value = error.value;
	sim->pending_traceback = error.traceback;
	gcs_set_pending(sim->heap, error.cls != NULL);
	gcs_xdecref(old.cls);
	gcs_xdecref(old.value);
	gcs_xdecref(old.traceback);
}

/* The exception that is being handled becomes the context of a new one; a chain that comes back to the new one is cut
 * there, as CPython does, so that no loop is made. */
static void set_context(struct sim *sim, struct sim_exception *exception)
{
	struct gcs_object *handled = sim->handled;
	struct sim_exception *link = (struct sim_exception *)handled;

	if (handled == &exception->head)
		return;
	while (link->context) {
		if (link->context == &exception->head) {
			GCS_CLEAR(&link->context);
			break;
		}
		link = (struct sim_exception *)link->context;
	}
	GCS_SET(&exception->context, sim_incref(handled));
}

/* With a traceback that goes on where the instance's ends. Steals. */
static void set_instance(struct sim *sim, struct gcs_object *exception)
{
	struct gcs_object *traceback = ((struct sim_exception *)exception)->traceback;
	struct sim_error error = {&sim_class_of(sim, exception)->head, exception, traceback};

	gcs_incref(error.cls);
	if (traceback)
		gcs_incref(traceback);
	sim_restore_pending(sim, error);
}

int sim_raise_object(struct sim *sim, struct gcs_object *exception)
{
	if (sim->stop && sim->pending) {
		gcs_decref(exception);
		return -1;
	}
	if (sim->handled)
		set_context(sim, (struct sim_exception *)exception);
	set_instance(sim, exception);
	return -1;
}

/* Steals the value; NULL: another exception is pending. */
static struct gcs_object *make_instance(struct sim *sim, struct gcs_object *cls, struct gcs_object *value)
{
	struct gcs_object *args = value, *exception;

	if (!value || value == sim->none) {
		args = sim_incref(sim->empty_tuple);
		gcs_xdecref(value);
	} else if (sim_kind(value) != SIM_TUPLE) {
		args = sim_tuple_pack(sim, 1, value);
	}
	exception = args ? sim_exception_new(sim, (struct sim_class *)cls, args) : NULL;
	gcs_xdecref(args);
	return exception;
}

/* What is being handled needs an instance at once, to be its context. Steals the value. */
static int raise_class(struct sim *sim, enum sim_kind kind, struct gcs_object *value)
{
	struct sim_error error = {&sim->classes[kind]->head, value, NULL};

	if (sim->handled) {
		error.value = make_instance(sim, error.cls, value);
		return error.value ? sim_raise_object(sim, error.value) : -1;
	}
	gcs_incref(error.cls);
	sim_restore_pending(sim, error);
	return -1;
}

int sim_raise_value(struct sim *sim, enum sim_kind kind, struct gcs_object *value)
{
	bool is_one = value && (kind == SIM_KEY_ERROR || sim_is_exception(value) ||
			(kind == SIM_STOP_ITERATION && sim_kind(value) == SIM_TUPLE));

	sim_clear_pending(sim);
	if (sim->stop)
		return -1;
	if (value)
		gcs_incref(value);
	if (is_one) {
		value = sim_tuple_pack(sim, 1, value);
		if (!value)
			return -1;
	}
	/* CPython as well delays only the others. */
	if (is_one && kind == SIM_STOP_ITERATION) {
		value = make_instance(sim, &sim->classes[kind]->head, value);
		return value ? sim_raise_object(sim, value) : -1;
	}
	return raise_class(sim, kind, value);
}

int sim_raise_v(struct sim *sim, enum sim_kind kind, const char *format, va_list list)
{
	struct gcs_object *text;

	sim_clear_pending(sim);
	text = sim_str_format_v(sim, format, list);
	if (!text)
		return -1;
	return raise_class(sim, kind, text);
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
	if (sim->memory_error && sim->pending_value != sim->memory_error)
		set_instance(sim, sim_incref(sim->memory_error));
	return -1;
}

void *sim_no_memory_null(struct sim *sim)
{
	sim_no_memory(sim);
	return NULL;
}

struct gcs_object *sim_pending_instance(struct sim *sim)
{
	struct sim_error error;
	struct gcs_object *exception;

	if (!sim->pending || (sim->pending_value && sim_is_exception(sim->pending_value)))
		return sim->pending_value;
	error = sim_fetch_pending(sim);
	exception = make_instance(sim, error.cls, error.value);
	if (!exception) {
		gcs_decref(error.cls);
		gcs_xdecref(error.traceback);
		return sim->pending_value;
	}
	error.value = exception;
	sim_restore_pending(sim, error);
	return exception;
}

struct gcs_object *sim_take_pending(struct sim *sim)
{
	struct gcs_object *exception = sim_pending_instance(sim);
	struct sim_error error;

	if (!exception)
		return NULL;
	error = sim_fetch_pending(sim);
	GCS_SET(&((struct sim_exception *)exception)->traceback, error.traceback);
	gcs_decref(error.cls);
	return exception;
}

/* After a limit was reached the exception stays: nothing may catch it. */
void sim_clear_pending(struct sim *sim)
{
	if (sim->pending && !sim->stop)
		sim_restore_pending(sim, (struct sim_error){NULL, NULL, NULL});
}

bool sim_pending_is(struct sim *sim, enum sim_kind kind)
{
	if (!sim->pending || sim->stop)
		return false;
	return sim_class_is_subclass((const struct sim_class *)sim->pending, sim->classes[kind]);
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

int sim_out_of_steps(struct sim *sim)
{
	sim->steps = sim->max_steps;
	sim->stop = SIM_STOP_STEPS;
	return sim_no_memory(sim);
}

/* Without a limit a scenario may still not ask for more than the machine could ever address. */
#define LARGEST_ARRAY ((uint64_t)1 << 40)

int sim_check_array(struct sim *sim, uint64_t nr, size_t item_size)
{
	uint64_t limit = sim->max_bytes ? sim->max_bytes : LARGEST_ARRAY;

	if (nr <= limit / item_size)
		return sim_charge_bytes(sim, nr * item_size);
	if (sim->max_bytes)
		sim->stop = SIM_STOP_BYTES;
	return sim_no_memory(sim);
}

static int write_text(struct sim *sim, sim_write_fn write, const char *text, size_t length)
{
	int rc = sim_charge(sim, 1 + length / SIM_BYTES_PER_STEP) ? -1 : write(text, length, sim->write_arg);

	if (rc <= 0)
		return rc;
	sim->stop = SIM_STOP_BYTES;
	return sim_no_memory(sim);
}

int sim_write(struct sim *sim, const char *text, size_t length)
{
	return write_text(sim, sim->out, text, length);
}

int sim_write_error(struct sim *sim, const char *text, size_t length)
{
	return write_text(sim, sim->err, text, length);
}
