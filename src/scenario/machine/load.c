/* SPDX-License-Identifier: MIT */
/* A program made ready to run: an object for each constant, interned names, instructions with their sites. */
#include <stdlib.h>
#include <string.h>

#include "scenario/machine/machine.h"

/* --- codes --------------------------------------------------------------------------------------------- */

static int fill_names(struct vm *vm, struct vm_code *out)
{
	for (uint32_t i = 0; i < out->code->nr_names; i++) {
		const char *name = out->code->names[i];
		struct gcs_object *str = sim_str_intern(vm->sim, name, strlen(name));

		if (!str)
			return -1;
		out->names[i] = str;
		/* The table of interned names keeps it. */
		gcs_decref(str);
	}
	return 0;
}

static struct vm_code *new_code(struct vm *vm, struct code *code)
{
	struct vm_code *out = sim_scratch_zeroed(vm->sim, 1, sizeof(*out));

	if (!out)
		return NULL;
	out->code = code;
	out->next = vm->codes;
	vm->codes = out;
	out->instrs = sim_scratch_zeroed(vm->sim, code->nr_instrs + (uint64_t)1, sizeof(*out->instrs));
	if (out->instrs)
		out->names = sim_scratch_zeroed(vm->sim, code->nr_names + (uint64_t)1, sizeof(*out->names));
	if (!out->names)
		return NULL;
	for (uint32_t i = 0; i < code->nr_instrs; i++) {
		out->instrs[i].op = code->instrs[i].op;
		out->instrs[i].arg = code->instrs[i].arg;
	}
	if (fill_names(vm, out) < 0 || vm_fill_sites(vm, out) < 0)
		return NULL;
	code->machine = out;
	return out;
}

/* co_consts: what the code object refers to. */
static struct gcs_object *constants_tuple(struct vm *vm, const struct code *code)
{
	struct gcs_object *tuple = sim_tuple_new(vm->sim, code->nr_constants);

	for (uint32_t i = 0; tuple && i < code->nr_constants; i++)
		((struct sim_tuple *)tuple)->items[i] = sim_incref(vm->constants[code->constants[i]->id]);
	return tuple;
}

struct gcs_object *vm_load_code(struct vm *vm, struct code *code)
{
	struct sim *sim = vm->sim;
	struct vm_code *out = new_code(vm, code);
	struct gcs_object *tuple = out ? constants_tuple(vm, code) : NULL;
	struct gcs_object *name, *qualname, *filename, *object = NULL;

	if (!tuple)
		return NULL;
	name = sim_str_intern(sim, code->name, strlen(code->name));
	qualname = sim_str_intern(sim, code->qualname, strlen(code->qualname));
	filename = sim_str_intern(sim, code->filename, strlen(code->filename));
	if (name && qualname && filename)
		object = sim_code_object_new(sim, (const struct sim_code *)code, tuple, name, qualname, filename);
	gcs_xdecref(filename);
	gcs_xdecref(qualname);
	gcs_xdecref(name);
	gcs_decref(tuple);
	out->constants = ((struct sim_tuple *)tuple)->items;
	out->object = object;
	return object;
}

/* --- constants ----------------------------------------------------------------------------------------- */

static struct gcs_object *tuple_of(struct vm *vm, const struct constant *constant)
{
	struct gcs_object *tuple = sim_tuple_new(vm->sim, constant->items.nr);

	if (!tuple || constant->items.nr == 0)
		return tuple;
	for (uint32_t i = 0; i < constant->items.nr; i++)
		((struct sim_tuple *)tuple)->items[i] = sim_incref(vm->constants[constant->items.data[i]->id]);
	sim_tuple_finish(tuple);
	return tuple;
}

static struct gcs_object *frozenset_of(struct vm *vm, const struct constant *constant)
{
	struct gcs_object *items = tuple_of(vm, constant), *set;

	if (!items)
		return NULL;
	set = sim_frozenset_new(vm->sim, items);
	gcs_decref(items);
	return set;
}

static struct gcs_object *str_of(struct sim *sim, const struct constant *constant)
{
	if (constant->is_name)
		return sim_str_intern(sim, constant->text.data, constant->text.length);
	return sim_str_new(sim, constant->text.data, constant->text.length);
}

static struct gcs_object *make_constant(struct vm *vm, const struct constant *constant)
{
	struct sim *sim = vm->sim;

	switch (constant->kind) {
	case CONSTANT_NONE:
		return sim_none(sim);
	case CONSTANT_FALSE:
		return sim_bool(sim, false);
	case CONSTANT_TRUE:
		return sim_bool(sim, true);
	case CONSTANT_ELLIPSIS:
		return sim_incref(sim->ellipsis);
	case CONSTANT_INT:
		return sim_int_new(sim, constant->integer);
	case CONSTANT_BIG_INT:
		return sim_int_parse(sim, constant->text.data, constant->text.length, 10);
	case CONSTANT_FLOAT:
		return sim_float_new(sim, constant->real);
	case CONSTANT_STR:
		return str_of(sim, constant);
	case CONSTANT_BYTES:
		return sim_bytes_new(sim, constant->text.data, constant->text.length);
	case CONSTANT_TUPLE:
		return tuple_of(vm, constant);
	case CONSTANT_FROZENSET:
		return frozenset_of(vm, constant);
	case CONSTANT_CODE:
		return vm_load_code(vm, constant->code);
	}
	return sim_raise_null(sim, SIM_SYSTEM_ERROR, "unknown kind of constant");
}

int vm_load(struct vm *vm, const struct program *program)
{
	struct sim *sim = vm->sim;
	struct gcs_site *site = sim->site;
	int rc = 0;

	vm->program = program;
	vm->constants = sim_scratch_zeroed(sim, program->nr_constants + (uint64_t)1, sizeof(*vm->constants));
	if (!vm->constants)
		return -1;
	sim->site = sim->start_site;
	for (uint32_t i = 0; rc == 0 && i < program->nr_constants; i++) {
		vm->constants[i] = make_constant(vm, program->constants[i]);
		if (!vm->constants[i])
			rc = -1;
	}
	sim->site = site;
	return rc;
}

void vm_release_constants(struct vm *vm)
{
	struct gcs_object **constants = vm->constants;

	vm->constants = NULL;
	for (uint32_t i = 0; constants && i < vm->program->nr_constants; i++)
		gcs_xdecref(constants[i]);
	sim_scratch_free(constants);
}

void vm_unload(struct vm *vm)
{
	while (vm->codes) {
		struct vm_code *code = vm->codes;

		vm->codes = code->next;
		((struct code *)code->code)->machine = NULL;
		sim_scratch_free(code->names);
		sim_scratch_free(code->instrs);
		sim_scratch_free(code);
	}
}
