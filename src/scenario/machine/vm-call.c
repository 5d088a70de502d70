/* SPDX-License-Identifier: MIT */
/* Calls of functions that have code: the arguments find their slots, CPython's errors when they do not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/machine/frame-inline.h"

/* A call whose arguments are being put into slots. */
struct binding {
	struct vm *vm;
	struct vm_frame *frame;
	const struct code *code;
	struct gcs_object *defaults;	/* tuple or NULL */
	struct gcs_object **args;	/* owned ones; those that found a slot are NULL */
	size_t nr;			/* positional */
};

static size_t nr_defaults(const struct binding *binding)
{
	return binding->defaults ? sim_tuple_size(binding->defaults) : 0;
}

/* --- errors -------------------------------------------------------------------------------------------- */

static int raise_too_many(struct binding *binding)
{
	const struct code *code = binding->code;
	size_t defaults = nr_defaults(binding);
	char takes[48];

	if (defaults)
		snprintf(takes, sizeof(takes), "from %zu to %u", code->nr_args - defaults, code->nr_args);
	else
		snprintf(takes, sizeof(takes), "%u", code->nr_args);
	return sim_raise(binding->vm->sim, SIM_TYPE_ERROR, "%s() takes %s positional argument%s but %zu %s given",
			code->qualname, takes, defaults || code->nr_args != 1 ? "s" : "", binding->nr,
			binding->nr == 1 ? "was" : "were");
}

/* "'a'", "'a' and 'b'", "'a', 'b', and 'c'"; malloc()ed. */
static char *list_missing(const struct binding *binding, size_t first_default, size_t nr)
{
	char *text = NULL;
	size_t length, seen = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	for (uint32_t i = 0; i < first_default; i++) {
		if (binding->frame->slots[i])
			continue;
		if (seen)
			fputs(nr == 2 ? " and " : seen + 1 == nr ? ", and " : ", ", out);
		fprintf(out, "'%s'", binding->code->slot_names[i]);
		seen++;
	}
	fclose(out);
	return text;
}

static int raise_missing(struct binding *binding, size_t first_default)
{
	struct sim *sim = binding->vm->sim;
	size_t nr = 0;
	char *names;

	for (uint32_t i = 0; i < first_default; i++)
		nr += !binding->frame->slots[i];
	names = list_missing(binding, first_default, nr);
	if (!names)
		return sim_no_memory(sim);
	sim_raise(sim, SIM_TYPE_ERROR, "%s() missing %zu required positional argument%s: %s", binding->code->qualname,
			nr, nr == 1 ? "" : "s", names);
	free(names);
	return -1;
}

/* --- where arguments go ----------------------------------------------------------------------------------- */

static int bind_rest(struct binding *binding)
{
	const struct code *code = binding->code;
	size_t taken = binding->nr < code->nr_args ? binding->nr : code->nr_args;
	struct gcs_object *rest;

	if (!(code->flags & CODE_VARARGS))
		return 0;
	rest = sim_tuple_from(binding->vm->sim, binding->args + taken, binding->nr - taken);
	for (size_t i = taken; i < binding->nr; i++)
		binding->args[i] = NULL;
	if (!rest)
		return -1;
	binding->frame->slots[code->nr_args] = rest;
	return 0;
}

static int find_parameter(const struct code *code, const struct gcs_object *name)
{
	for (uint32_t i = 0; i < code->nr_args; i++) {
		if (sim_str_is(name, code->slot_names[i]))
			return (int)i;
	}
	return -1;
}

static int bind_keywords(struct binding *binding, struct gcs_object *kwnames)
{
	struct sim *sim = binding->vm->sim;

	for (size_t i = 0; i < sim_tuple_size(kwnames); i++) {
		struct gcs_object *name = sim_tuple_item(kwnames, i), **arg = &binding->args[binding->nr + i];
		int slot = find_parameter(binding->code, name);

		if (slot < 0)
			return sim_raise(sim, SIM_TYPE_ERROR, "%s() got an unexpected keyword argument '%S'",
					binding->code->qualname, name);
		if (binding->frame->slots[slot])
			return sim_raise(sim, SIM_TYPE_ERROR, "%s() got multiple values for argument '%S'",
					binding->code->qualname, name);
		binding->frame->slots[slot] = *arg;
		*arg = NULL;
	}
	return 0;
}

static int bind_defaults(struct binding *binding)
{
	size_t nr = nr_defaults(binding), first = binding->code->nr_args - nr;

	for (size_t i = binding->nr; i < first; i++) {
		if (!binding->frame->slots[i])
			return raise_missing(binding, first);
	}
	for (size_t i = 0; i < nr; i++) {
		struct gcs_object **slot = &binding->frame->slots[first + i];

		if (!*slot)
			*slot = sim_incref(sim_tuple_item(binding->defaults, i));
	}
	return 0;
}

static int bind(struct binding *binding, struct gcs_object *kwnames)
{
	const struct code *code = binding->code;
	size_t nr = binding->nr < code->nr_args ? binding->nr : code->nr_args;

	for (size_t i = 0; i < nr; i++) {
		binding->frame->slots[i] = binding->args[i];
		binding->args[i] = NULL;
	}
	if (bind_rest(binding) < 0 || (kwnames && bind_keywords(binding, kwnames) < 0))
		return -1;
	if (binding->nr > code->nr_args && !(code->flags & CODE_VARARGS))
		return raise_too_many(binding);
	return binding->nr < code->nr_args ? bind_defaults(binding) : 0;
}

static void release_args(struct gcs_object **args, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		gcs_xdecref(args[i]);
}

static struct vm_frame *bind_slowly(struct vm *vm, struct vm_frame *frame, struct gcs_object **args, size_t nr,
		struct gcs_object *kwnames)
{
	const struct sim_function *function = (const struct sim_function *)frame->function;
	struct binding binding = {vm, frame, frame->code->code, function->defaults, args, nr};
	size_t nr_all = nr + (kwnames ? sim_tuple_size(kwnames) : 0);
	int rc = bind(&binding, kwnames);

	release_args(args, nr_all);
	if (rc == 0)
		return frame;
	frame_drop(vm, frame);
	return NULL;
}

static inline struct vm_frame *make_frame(struct vm *vm, struct gcs_object *function, struct gcs_object **args,
		size_t nr, struct gcs_object *kwnames)
{
	struct vm_frame *frame = frame_push(vm, function);

	if (!frame) {
		release_args(args, nr + (kwnames ? sim_tuple_size(kwnames) : 0));
		return NULL;
	}
	if (kwnames || nr != frame->code->code->nr_args || frame->code->code->flags & CODE_VARARGS)
		return bind_slowly(vm, frame, args, nr, kwnames);
	for (size_t i = 0; i < nr; i++)
		frame->slots[i] = args[i];
	return frame;
}

struct vm_frame *call_frame(struct vm *vm, struct gcs_object *function, struct gcs_object **args, size_t nr,
		struct gcs_object *kwnames)
{
	return make_frame(vm, function, args, nr, kwnames);
}

/* --- calls from C ------------------------------------------------------------------------------------------- */

/* Runs a frame whose arguments are bound; the site of the caller is the running one again afterwards. */
static struct gcs_object *run(struct vm *vm, struct vm_frame *frame)
{
	struct gcs_site *site = vm->sim->site;
	struct gcs_object *result;

	frame->entry = true;
	if (frame_enter(vm, frame) < 0)
		return NULL;
	result = vm_eval(vm, frame, false);
	vm->sim->site = site;
	return result;
}

#define FEW_ARGS 8

struct gcs_object *call_function(struct sim *sim, struct gcs_object *function, const struct sim_call *call)
{
	size_t nr = call->nr + (call->kwnames ? sim_tuple_size(call->kwnames) : 0);
	struct gcs_object *few[FEW_ARGS], **args = few;
	struct vm_frame *frame;

	if (sim->stop) {
		sim_no_memory(sim);
		return NULL;
	}
	if (nr > FEW_ARGS) {
		args = sim_scratch(sim, NULL, nr, sizeof(*args));
		if (!args)
			return NULL;
	}
	for (size_t i = 0; i < nr; i++)
		args[i] = sim_incref(call->args[i]);
	frame = call_frame(vm_of(sim), sim_incref(function), args, call->nr, call->kwnames);
	if (args != few)
		sim_scratch_free(args);
	return frame ? run(vm_of(sim), frame) : NULL;
}

struct gcs_object *call_in_namespace(struct vm *vm, struct gcs_object *function, struct gcs_object *locals)
{
	struct vm_frame *frame = frame_new(vm, sim_incref(function));

	if (!frame)
		return NULL;
	frame->locals = sim_incref(locals);
	return run(vm, frame);
}

/* --- calls by the dispatch loop ------------------------------------------------------------------------------ */

int call_make_cell(struct vm *vm, struct gcs_object **slot)
{
	struct gcs_object *old = *slot, *cell = sim_cell_new(vm->sim, *slot);

	if (!cell)
		return -1;
	*slot = cell;
	gcs_xdecref(old);
	return 0;
}

void call_copy_free(struct vm_frame *frame, uint32_t nr)
{
	const struct gcs_object *closure = ((const struct sim_function *)frame->function)->closure;
	struct gcs_object **slot = frame_stack(frame) - nr;

	for (uint32_t i = 0; i < nr; i++)
		slot[i] = sim_incref(sim_tuple_item(closure, i));
}

/* The two places below the arguments, when the callable is a bound method: its function and its object. */
void call_unbind(struct gcs_object **base)
{
	struct gcs_object *bound = base[1];
	const struct sim_method_object *method = (const struct sim_method_object *)bound;

	base[0] = sim_incref(method->function);
	base[1] = sim_incref(method->self);
	gcs_decref(bound);
}

/* A call that the loop does not run itself: @base are the callable, perhaps its self, and the arguments up to @sp. */
struct gcs_object *call_object(struct vm *vm, struct gcs_object **base, struct gcs_object **sp,
		struct gcs_object *kwnames)
{
	struct gcs_object **args = base[0] ? base + 1 : base + 2, *callable = args[-1], *result;
	struct sim_call call = {args, (size_t)(sp - args) - (kwnames ? sim_tuple_size(kwnames) : 0), kwnames};

	if (sim_kind(callable) == SIM_METHOD_DESCRIPTOR)
		result = sim_call_method_descriptor(vm->sim, callable, &call);
	else
		result = sim_call(vm->sim, callable, &call);
	gcs_decref(callable);
	for (; args < sp; args++)
		gcs_decref(*args);
	return result;
}

int call_enter(struct vm *vm, struct gcs_object **base, struct gcs_object **sp, struct gcs_object *kwnames)
{
	struct gcs_object **args = base[0] ? base + 1 : base + 2;
	size_t nr = (size_t)(sp - args) - (kwnames ? sim_tuple_size(kwnames) : 0);
	struct vm_frame *frame = make_frame(vm, args[-1], args, nr, kwnames);

	return frame ? frame_enter(vm, frame) : -1;
}

/* The arguments of f(*args, **kwargs) as one array, the keywords' names as a tuple. */
static struct gcs_object *call_with_dict(struct vm *vm, struct gcs_object *callable, struct gcs_object *tuple,
		struct gcs_object *dict)
{
	struct sim *sim = vm->sim;
	size_t nr = sim_tuple_size(tuple), pos = 0, i = 0;
	struct gcs_object *names = sim_tuple_new(sim, sim_dict_size(dict)), *result, *name, *value;
	struct gcs_object **args = names ? sim_scratch(sim, NULL, nr + sim_dict_size(dict), sizeof(*args)) :
			NULL;

	if (!args) {
		gcs_xdecref(names);
		return NULL;
	}
	memcpy(args, ((const struct sim_tuple *)tuple)->items, nr * sizeof(*args));
	for (; sim_dict_next(dict, &pos, &name, &value); i++) {
		((struct sim_tuple *)names)->items[i] = sim_incref(name);
		args[nr + i] = sim_incref(value);
	}
	sim_tuple_finish(names);
	result = sim_call(sim, callable, &(struct sim_call){args, nr, names});
	release_args(args + nr, i);
	gcs_decref(names);
	sim_scratch_free(args);
	return result;
}

/* The tuple of f(*iterable). Steals; NULL: TypeError that names the function. */
static struct gcs_object *argument_tuple(struct sim *sim, struct gcs_object *callable, struct gcs_object *iterable)
{
	struct gcs_object *tuple;

	if (sim_kind(iterable) == SIM_TUPLE)
		return iterable;
	tuple = sim_tuple_from_iterable(sim, iterable);
	if (!tuple && sim_pending_is(sim, SIM_TYPE_ERROR) && !sim_type(iterable)->iter &&
			!sim_type(iterable)->get_item) {
		if (has_code(callable))
			sim_raise(sim, SIM_TYPE_ERROR, "%S.%S() argument after * must be an iterable, not %T",
					((struct sim_function *)callable)->module,
					((struct sim_function *)callable)->qualname, iterable);
		else
			sim_raise(sim, SIM_TYPE_ERROR, "Value after * must be an iterable, not %T", iterable);
	}
	gcs_decref(iterable);
	return tuple;
}

struct gcs_object *call_with_tuple(struct vm *vm, struct gcs_object *callable, struct gcs_object *iterable,
		struct gcs_object *dict)
{
	struct gcs_object *tuple = argument_tuple(vm->sim, callable, iterable), *result = NULL;

	if (tuple && dict && sim_dict_size(dict))
		result = call_with_dict(vm, callable, tuple, dict);
	else if (tuple)
		result = sim_call(vm->sim, callable, &(struct sim_call){
				((const struct sim_tuple *)tuple)->items, sim_tuple_size(tuple), NULL});
	gcs_decref(callable);
	gcs_xdecref(tuple);
	gcs_xdecref(dict);
	return result;
}
