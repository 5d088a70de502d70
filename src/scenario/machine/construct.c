/* SPDX-License-Identifier: MIT */
/*
 * Calls of classes with an __init__ of their own, run by the dispatch loop without recursion in C. References and
 * depth are those of CPython's way through type.__call__: the arguments are on the caller's stack, in a tuple and in
 * the slots of __init__.
 */
#include "scenario/machine/frame-inline.h"

#include "scenario/objects/class.h"

/* What a call of a class comes to: vm_cache.nr of the instruction. */
enum construct_way {
	CONSTRUCT_SLOWLY,
	CONSTRUCT_ALONE,	/* an instance, and nothing that would run */
	CONSTRUCT_INIT,		/* an instance, and vm_cache.method, a function that takes exactly these arguments */
};

static bool takes(const struct gcs_object *init, size_t nr)
{
	const struct code *code = has_code(init) ? vm_code_of(init)->code : NULL;

	return code && code->nr_args == nr && !(code->flags & (CODE_VARARGS | CODE_GENERATOR));
}

static enum construct_way find_way(struct sim *sim, struct sim_class *cls, size_t nr, struct gcs_object **out)
{
	struct gcs_object *init;

	if (cls->slots->construct != sim_instance_construct || sim_class_user_lookup(sim, cls, sim->names.d_new))
		return CONSTRUCT_SLOWLY;
	init = sim_class_lookup(sim, cls, sim->names.d_init);
	if (!init || sim_kind(init) == SIM_SLOT_WRAPPER)
		return nr == 0 ? CONSTRUCT_ALONE : CONSTRUCT_SLOWLY;
	*out = init;
	return takes(init, nr + 1) ? CONSTRUCT_INIT : CONSTRUCT_SLOWLY;
}

static inline enum construct_way remembered_way(struct sim *sim, struct vm_instr *instr, struct sim_class *cls)
{
	struct vm_cache *cache = &instr->cache;

	if (cache->cls == cls && cache->version == cls->version && cache->version)
		return cache->nr;
	cache->nr = find_way(sim, cls, instr->arg, &cache->method);
	cache->cls = cls;
	cache->version = cls->version;
	return cache->nr;
}

/* The instance takes the place of the call. */
static int make_alone(struct sim *sim, struct sim_class *cls, struct gcs_object **base)
{
	struct gcs_object *self;

	if (sim->depth >= sim->recursion_limit)
		return 0;
	sim->depth++;
	self = sim_instance_new(sim, cls);
	sim->depth--;
	if (!self) {
		sim_clear_pending(sim);
		return 0;
	}
	gcs_decref(&cls->head);
	*base = self;
	return 2;
}

static struct gcs_object *tuple_of(struct sim *sim, struct gcs_object **args, size_t nr)
{
	struct gcs_object *tuple;

	if (nr == 0)
		return sim_incref(sim->empty_tuple);
	tuple = sim_tuple_new(sim, nr);
	if (!tuple)
		return NULL;
	for (size_t i = 0; i < nr; i++)
		((struct sim_tuple *)tuple)->items[i] = sim_incref(args[i]);
	sim_tuple_finish(tuple);
	return tuple;
}

/* Steals @init, which the making of the instance could have released. */
static int enter_init(struct vm *vm, struct gcs_object *init, struct gcs_object *self, struct gcs_object *arguments,
		size_t nr)
{
	struct vm_frame *frame = frame_push(vm, init);

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
	enum construct_way way = remembered_way(sim, instr, cls);
	struct gcs_object *init, *arguments, *self;

	if (way == CONSTRUCT_ALONE)
		return make_alone(sim, cls, base);
	/* Two levels: the call of the class and that of __init__. */
	if (way == CONSTRUCT_SLOWLY || sim->depth + 2 > sim->recursion_limit)
		return 0;
	init = sim_incref(instr->cache.method);
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
