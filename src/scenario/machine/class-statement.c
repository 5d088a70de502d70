/* SPDX-License-Identifier: MIT */
/* The class statement, and what built-in functions ask about the running call. */
#include <string.h>

#include "scenario/machine/machine.h"

/* type.__prepare__: CPython makes and drops a bound built-in for each class statement, which the collector counts. */
static struct gcs_object *prepare(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return sim_dict_new(sim);
}

static const struct sim_method prepare_method = {"__prepare__", prepare, 0, -1, SIM_METHOD_KEYWORDS};

static struct gcs_object *new_namespace(struct sim *sim)
{
	struct gcs_object *bound = sim_builtin_new(sim, &prepare_method, (struct gcs_object *)sim->classes[SIM_TYPE],
			NULL), *namespace;

	if (!bound)
		return NULL;
	namespace = sim_dict_new(sim);
	gcs_decref(bound);
	return namespace;
}

/* type(name, bases, namespace), with the tuple of its arguments. */
static struct gcs_object *call_type(struct sim *sim, struct gcs_object *name, struct gcs_object *bases,
		struct gcs_object *namespace)
{
	struct gcs_object *args = sim_tuple_pack(sim, 3, sim_incref(name), sim_incref(bases), sim_incref(namespace));
	struct gcs_object *cls;

	if (!args)
		return NULL;
	cls = sim_class_new(sim, name, bases, namespace);
	gcs_decref(args);
	return cls;
}

static struct gcs_object *make_class(struct vm *vm, struct gcs_object *body, struct gcs_object *name,
		struct gcs_object *bases)
{
	struct gcs_object *namespace = new_namespace(vm->sim), *cell, *cls = NULL;

	if (!namespace)
		return NULL;
	cell = call_in_namespace(vm, body, namespace);
	if (cell)
		cls = call_type(vm->sim, name, bases, namespace);
	gcs_xdecref(cell);
	gcs_decref(namespace);
	return cls;
}

struct gcs_object *vm_build_class(struct sim *sim, const struct sim_call *call)
{
	struct gcs_object *bases, *cls;

	if (call->nr < 2)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "__build_class__: not enough arguments");
	if (!has_code(call->args[0]))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "__build_class__: func must be a function");
	if (!sim_is_str(call->args[1]))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "__build_class__: name is not a string");
	for (size_t i = 2; i < call->nr; i++)
		gcs_incref(call->args[i]);
	bases = sim_tuple_from(sim, call->args + 2, call->nr - 2);
	if (!bases)
		return NULL;
	cls = make_class(vm_of(sim), call->args[0], call->args[1], bases);
	gcs_decref(bases);
	return cls;
}

/* --- the running call -------------------------------------------------------------------------------------- */

struct gcs_object *vm_globals(struct sim *sim)
{
	struct vm *vm = vm_of(sim);

	return vm->frame ? vm->frame->globals : sim->main_globals;
}

const char *vm_program_file(struct sim *sim)
{
	const struct vm *vm = vm_of(sim);

	return vm && vm->program && vm->program->nr_units ? vm->program->units[0]->filename : NULL;
}

struct gcs_object *vm_locals(struct sim *sim)
{
	struct vm_frame *frame = vm_of(sim)->frame;
	const struct code *code;
	struct gcs_object *dict;

	if (!frame || frame->locals)
		return sim_incref(frame ? frame->locals : sim->main_globals);
	code = frame->code->code;
	dict = sim_dict_new(sim);
	for (uint32_t i = 0; dict && i < code->nr_slots; i++) {
		struct gcs_object *value = frame->slots[i];

		if (value && sim_kind(value) == SIM_CELL && !(code->slot_kinds[i] == SLOT_LOCAL))
			value = ((struct sim_cell *)value)->value;
		if (value && sim_dict_set_text(sim, dict, code->slot_names[i], value) < 0)
			GCS_CLEAR(&dict);
	}
	return dict;
}

/* The first argument, out of its cell if an inner function uses it. */
static struct gcs_object *first_argument(const struct vm_frame *frame)
{
	struct gcs_object *value = frame->slots[0];

	if (value && frame->code->code->slot_kinds[0] & SLOT_CELL && sim_kind(value) == SIM_CELL)
		return ((struct sim_cell *)value)->value;
	return value;
}

static struct gcs_object *class_cell(const struct vm_frame *frame)
{
	const struct code *code = frame->code->code;

	for (uint32_t i = code->nr_slots - code->nr_free; i < code->nr_slots; i++) {
		if (strcmp(code->slot_names[i], "__class__") == 0)
			return frame->slots[i];
	}
	return NULL;
}

int vm_super_arguments(struct sim *sim, struct gcs_object **cls, struct gcs_object **self)
{
	struct vm_frame *frame = vm_of(sim)->frame;
	struct gcs_object *first, *cell;

	if (!frame)
		return sim_raise(sim, SIM_RUNTIME_ERROR, "super(): no current frame");
	if (frame->code->code->nr_args == 0)
		return sim_raise(sim, SIM_RUNTIME_ERROR, "super(): no arguments");
	first = first_argument(frame);
	if (!first)
		return sim_raise(sim, SIM_RUNTIME_ERROR, "super(): arg[0] deleted");
	cell = class_cell(frame);
	if (!cell)
		return sim_raise(sim, SIM_RUNTIME_ERROR, "super(): __class__ cell not found");
	if (!((struct sim_cell *)cell)->value)
		return sim_raise(sim, SIM_RUNTIME_ERROR, "super(): empty __class__ cell");
	*cls = ((struct sim_cell *)cell)->value;
	*self = first;
	return 0;
}

unsigned int vm_stack(struct sim *sim, struct vm_position *out, unsigned int nr)
{
	unsigned int total = 0;

	for (struct vm_frame *frame = vm_of(sim)->frame; frame; frame = frame->back, total++) {
		if (total >= nr)
			continue;
		out[total].code = frame->code->code;
		out[total].line = frame_line(frame);
	}
	return total;
}
