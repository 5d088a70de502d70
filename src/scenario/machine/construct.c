/* SPDX-License-Identifier: MIT */
/*
 * Calls of classes with an __init__ of their own, run by the dispatch loop without recursion in C. References and
 * depth are those of CPython's way through type.__call__: the arguments are on the caller's stack, in a tuple and in
 * the slots of __init__.
 */
#include "scenario/machine/machine.h"

#include "scenario/objects/class.h"

/* The __init__ that takes exactly these arguments and nothing else has a say: borrowed; NULL: another way. */
static struct gcs_object *plain_init(struct sim *sim, struct sim_class *cls, size_t nr)
{
	struct gcs_object *init;
	const struct code *code;

	if (cls->slots->construct != sim_instance_construct || sim_class_user_lookup(sim, cls, sim->names.d_new))
		return NULL;
	init = sim_class_user_lookup(sim, cls, sim->names.d_init);
	if (!init || !has_code(init))
		return NULL;
	code = vm_code_of(init)->code;
	return code->nr_args == nr + 1 && !(code->flags & (CODE_VARARGS | CODE_GENERATOR)) ? init : NULL;
}

static struct gcs_object *remembered_init(struct sim *sim, struct vm_instr *instr, struct sim_class *cls)
{
	struct vm_cache *cache = &instr->cache;

	if (cache->cls == cls && cache->version == cls->version && cache->version)
		return cache->method;
	cache->method = plain_init(sim, cls, instr->arg);
	cache->cls = cls;
	cache->version = cls->version;
	return cache->method;
}

static struct gcs_object *tuple_of(struct sim *sim, struct gcs_object **args, size_t nr)
{
	struct gcs_object *tuple = sim_tuple_new(sim, nr);

	if (!tuple || nr == 0)
		return tuple;
	for (size_t i = 0; i < nr; i++)
		((struct sim_tuple *)tuple)->items[i] = sim_incref(args[i]);
	sim_tuple_finish(tuple);
	return tuple;
}

/* Steals @init, which the making of the instance could have released. */
static int enter_init(struct vm *vm, struct gcs_object *init, struct gcs_object *self, struct gcs_object *arguments,
		size_t nr)
{
	struct vm_frame *frame = frame_new(vm, init);

	if (!frame)
		return -1;
	frame->slots[0] = sim_incref(self);
	for (size_t i = 0; i < nr; i++)
		frame->slots[1 + i] = sim_incref(sim_tuple_item(arguments, i));
	frame->made = self;
	frame->arguments = arguments;
	return frame_enter(vm, frame);
}

int construct_enter(struct vm *vm, struct vm_instr *instr, struct gcs_object **base, struct gcs_object **sp)
{
	struct sim *sim = vm->sim;
	struct sim_class *cls = (struct sim_class *)base[1];
	struct gcs_object *init = remembered_init(sim, instr, cls), *arguments, *self;

	/* Two levels: the call of the class and that of __init__. */
	if (!init || sim->depth + 2 > sim->recursion_limit)
		return 0;
	gcs_incref(init);
	arguments = tuple_of(sim, base + 2, (size_t)(sp - base) - 2);
	self = arguments ? sim_instance_new(sim, cls) : NULL;
	if (self) {
		sim->depth++;
		if (enter_init(vm, init, self, arguments, (size_t)(sp - base) - 2) == 0)
			return 1;
		sim->depth--;
		gcs_decref(self);
	} else {
		gcs_decref(init);
	}
	gcs_xdecref(arguments);
	sim_clear_pending(sim);
	return 0;
}

struct gcs_object **construct_leave(struct vm *vm, struct gcs_object **sp, uint32_t nr, struct gcs_object *made,
		struct gcs_object *arguments, struct gcs_object *result)
{
	struct gcs_object **base = sp - nr - 2, *cls = base[1];

	if (result && result != vm->sim->none) {
		sim_raise(vm->sim, SIM_TYPE_ERROR, "__init__() should return None, not '%T'", result);
		gcs_decref(made);
		made = NULL;
	} else if (!result) {
		gcs_decref(made);
		made = NULL;
	}
	gcs_xdecref(result);
	gcs_decref(arguments);
	sim_leave(vm->sim);
	gcs_decref(cls);
	for (struct gcs_object **arg = base + 2; arg < sp; arg++)
		gcs_decref(*arg);
	*base = made;
	return base;
}
