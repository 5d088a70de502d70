/* SPDX-License-Identifier: MIT */
/* Variables that are looked up by name, the errors of those that are not there, and import. */
#include "scenario/machine/machine.h"

#include "scenario/objects/dict.h"

/* NameError with its attribute name, which the suggestions are made from. */
static void raise_name_error(struct sim *sim, struct gcs_object *name, const char *format)
{
	sim_raise(sim, SIM_NAME_ERROR, format, name);
	if (sim_pending_is(sim, SIM_NAME_ERROR)) {
		struct sim_exception *exception = (struct sim_exception *)sim_pending_instance(sim);

		if (sim_pending_is(sim, SIM_NAME_ERROR))
			GCS_SET(&exception->extra[0], sim_incref(name));
	}
}

static void *raise_not_defined(struct vm *vm, struct gcs_object *name)
{
	raise_name_error(vm->sim, name, "name '%U' is not defined");
	return NULL;
}

void names_raise_unbound(struct vm *vm, struct vm_frame *frame, uint32_t slot)
{
	const struct code *code = frame->code->code;
	struct gcs_object *name;

	if (!(code->slot_kinds[slot] & SLOT_FREE)) {
		sim_raise(vm->sim, SIM_UNBOUND_LOCAL_ERROR,
				"cannot access local variable '%s' where it is not associated with a value",
				code->slot_names[slot]);
		return;
	}
	name = sim_str_from(vm->sim, code->slot_names[slot]);
	if (!name)
		return;
	raise_name_error(vm->sim, name,
			"cannot access free variable '%U' where it is not associated with a value in enclosing scope");
	gcs_decref(name);
}

/* --- namespaces ------------------------------------------------------------------------------------------ */

static struct gcs_object *load_outer(struct vm *vm, struct vm_frame *frame, struct gcs_object *name)
{
	struct gcs_object *value = sim_dict_get_str(vm->sim, frame->globals, name);

	if (!value)
		value = sim_dict_get_str(vm->sim, frame->builtins, name);
	return value ? sim_incref(value) : raise_not_defined(vm, name);
}

/*
 * The value of a name in @dict if it is where it was the last time; else NULL, and the place is looked up for the next
 * time.
 */
static struct gcs_object *remembered(struct vm *vm, struct gcs_object *dict, struct gcs_object *name,
		struct vm_instr *instr, int which)
{
	struct gcs_object **place = instr->aux == which ? sim_dict_place(dict, name, instr->cache.position) : NULL;
	int64_t position;

	if (place)
		return *place;
	position = sim_dict_position(vm->sim, dict, name);
	if (position < 0)
		return NULL;
	instr->aux = which;
	instr->cache.position = position;
	/* A key that is no interned string has no place that could be remembered. */
	return sim_dict_get_str(vm->sim, dict, name);
}

struct gcs_object *names_load_global(struct vm *vm, struct vm_frame *frame, struct vm_instr *instr,
		struct gcs_object *name)
{
	struct gcs_object *value;

	/* A name that was a built-in can become a global, not unnoticed. */
	if (instr->aux == PLACE_BUILTINS && sim_dict_position(vm->sim, frame->globals, name) < 0)
		value = remembered(vm, frame->builtins, name, instr, PLACE_BUILTINS);
	else
		value = remembered(vm, frame->globals, name, instr, PLACE_FIRST);
	if (!value)
		value = remembered(vm, frame->builtins, name, instr, PLACE_BUILTINS);
	return value ? sim_incref(value) : raise_not_defined(vm, name);
}

struct gcs_object *names_load(struct vm *vm, struct vm_frame *frame, struct vm_instr *instr)
{
	struct gcs_object *name = frame->code->names[instr->arg], *value;

	if (frame->locals == frame->globals)
		return names_load_global(vm, frame, instr, name);
	value = sim_dict_get_str(vm->sim, frame->locals, name);
	return value ? sim_incref(value) : load_outer(vm, frame, name);
}

int names_store(struct vm *vm, struct gcs_object *namespace, struct vm_instr *instr, struct gcs_object *name,
		struct gcs_object *value)
{
	int rc = sim_dict_set(vm->sim, namespace, name, value);

	gcs_decref(value);
	if (rc == 0) {
		int64_t position = sim_dict_position(vm->sim, namespace, name);

		instr->cache.position = position < 0 ? 0 : position;
	}
	return rc;
}

int names_delete(struct vm *vm, struct gcs_object *namespace, struct gcs_object *name)
{
	int rc = sim_dict_delete(vm->sim, namespace, name);

	if (rc == 0)
		raise_not_defined(vm, name);
	return rc == 1 ? 0 : -1;
}

struct gcs_object *names_load_class_cell(struct vm *vm, struct vm_frame *frame, uint32_t slot)
{
	struct sim *sim = vm->sim;
	struct gcs_object *value, *name = sim_str_from(sim, frame->code->code->slot_names[slot]);

	if (!name)
		return NULL;
	value = sim_dict_get_str(sim, frame->locals, name);
	gcs_decref(name);
	if (!value)
		value = ((struct sim_cell *)frame->slots[slot])->value;
	if (value)
		return sim_incref(value);
	names_raise_unbound(vm, frame, slot);
	return NULL;
}

/* --- import -------------------------------------------------------------------------------------------------- */

void vm_set_import(struct sim *sim, vm_import_fn import, void *arg)
{
	vm_of(sim)->import = import;
	vm_of(sim)->import_arg = arg;
}

int names_setup_annotations(struct vm *vm, struct gcs_object *namespace)
{
	struct sim *sim = vm->sim;
	struct gcs_object *annotations;
	int rc;

	if (sim_dict_get_str(sim, namespace, sim->names.d_annotations))
		return 0;
	annotations = sim_dict_new(sim);
	if (!annotations)
		return -1;
	rc = sim_dict_set(sim, namespace, sim->names.d_annotations, annotations);
	gcs_decref(annotations);
	return rc < 0 ? -1 : 0;
}

struct gcs_object *names_import(struct vm *vm, struct gcs_object *name)
{
	struct sim *sim = vm->sim;
	struct gcs_object *module = sim->modules ? sim_dict_get_str(sim, sim->modules, name) : NULL;

	if (module && module != sim->none)
		return sim_incref(module);
	if (vm->import)
		return vm->import(sim, name, vm->import_arg);
	return sim_raise_null(sim, SIM_MODULE_NOT_FOUND_ERROR, "No module named '%U'", name);
}

struct gcs_object *names_import_from(struct vm *vm, struct gcs_object *module, struct gcs_object *name)
{
	struct sim *sim = vm->sim;
	struct gcs_object *value = sim_find_attribute(sim, module, name), *from;

	if (value || sim->pending)
		return value;
	from = sim_find_attribute(sim, module, sim->names.d_name);
	if (!from && sim->pending)
		return NULL;
	sim_raise(sim, SIM_IMPORT_ERROR, "cannot import name '%U' from '%S' (unknown location)", name,
			from ? from : sim->none);
	gcs_xdecref(from);
	return NULL;
}
