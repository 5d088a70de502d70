/* SPDX-License-Identifier: MIT */
/* Modules, generators (the object; the virtual machine runs them). */
#include "internal.h"

static struct sim_module *as_module(struct gcs_object *object)
{
	return (struct sim_module *)object;
}

static int module_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(as_module(self)->dict);
	return 0;
}

static void module_clear(struct gcs_object *self)
{
	GCS_CLEAR(&as_module(self)->dict);
}

static void module_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	gcs_dealloc_weakrefs(self);
	module_clear(self);
	gcs_object_free(self);
}

struct gcs_object *sim_module_new(struct sim *sim, const char *name)
{
	struct gcs_object *self = sim_alloc(sim, &sim_module_type.gc, 0, 0), *text;
	struct gcs_object *const none_names[] = {sim->names.d_doc, sim->names.d_package, sim->names.d_loader,
		sim->names.d_spec};
	int result;

	if (!self)
		return NULL;
	as_module(self)->dict = sim_dict_new(sim);
	text = sim_str_intern(sim, name, strlen(name));
	result = as_module(self)->dict && text ? sim_dict_set(sim, as_module(self)->dict, sim->names.d_name, text) : -1;
	for (size_t i = 0; !result && i < 4; i++)
		result = sim_dict_set(sim, as_module(self)->dict, none_names[i], sim->none);
	gcs_xdecref(text);
	if (!result) {
		gcs_track(self);
		return self;
	}
	gcs_decref(self);
	return NULL;
}

int sim_module_add(struct sim *sim, struct gcs_object *module, const char *name, struct gcs_object *value)
{
	int result = value ? sim_dict_set_text(sim, as_module(module)->dict, name, value) : -1;

	gcs_xdecref(value);
	return result;
}

int sim_module_add_methods(struct sim *sim, struct gcs_object *module, const struct sim_method *methods)
{
	struct gcs_object *name = sim_dict_get_str(sim, as_module(module)->dict, sim->names.d_name);

	for (; methods->name; methods++)
		if (sim_module_add(sim, module, methods->name, sim_builtin_new(sim, methods, module, name)))
			return -1;
	return 0;
}

static struct gcs_object *module_repr(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *name = as_module(self)->dict ?
		sim_dict_get_str(sim, as_module(self)->dict, sim->names.d_name) : NULL;

	return sim_str_format(sim, "<module %R (built-in)>", name ? name : sim->none);
}

static struct gcs_object *module_get_attribute(struct sim *sim, struct gcs_object *self, struct gcs_object *name)
{
	struct gcs_object *value = sim_generic_find(sim, self, name), *mine;

	if (value || sim->pending)
		return value;
	mine = as_module(self)->dict ? sim_dict_get_str(sim, as_module(self)->dict, sim->names.d_name) : NULL;
	if (!mine || !sim_is_str(mine))
		return sim_raise_null(sim, SIM_ATTRIBUTE_ERROR, "module has no attribute '%U'", name);
	return sim_raise_null(sim, SIM_ATTRIBUTE_ERROR, "module '%U' has no attribute '%U'", mine, name);
}

static const struct sim_getset module_getsets[] = {
	{"__dict__", sim_object_dict, NULL},
	{0},
};

const struct sim_type sim_module_type = {
	.gc = {.name = "module", .size = sizeof(struct sim_module), .flags = GCS_TYPE_GC | GCS_TYPE_WEAKREFS,
		.traverse = module_traverse, .clear = module_clear, .dealloc = module_dealloc, .size_of =
				sim_size_basic},
	.kind = SIM_MODULE,
	.flags = SIM_TYPE_NO_NEW | SIM_TYPE_DICT,
	.basic_size = 56,
	.getsets = module_getsets,
	.repr = module_repr,
	.hash = sim_hash_identity,
	.get_attribute = module_get_attribute,
};

/* --- generators -------------------------------------------------------------------------------------- */

#define GENERATOR_BYTES 152

static struct sim_generator *as_generator(struct gcs_object *object)
{
	return (struct sim_generator *)object;
}

struct gcs_object *sim_generator_new(struct sim *sim, struct gcs_object *code, struct gcs_object *name,
		struct gcs_object *qualname, void *frame, size_t nr_slots)
{
	struct sim_generator *gen = (struct sim_generator *)sim_alloc(sim, &sim_generator_type.gc, 0,
			GENERATOR_BYTES + SIM_GC_HEAD + 8 * nr_slots);

	if (!gen) {
		sim->vm->frame_release(sim, frame);
		return NULL;
	}
	gen->frame = frame;
	gen->code = code ? sim_incref(code) : NULL;
	gen->name = name ? sim_incref(name) : NULL;
	gen->qualname = qualname ? sim_incref(qualname) : NULL;
	gen->nr_slots = nr_slots;
	gen->state = SIM_GENERATOR_NEW;
	gcs_track(&gen->head);
	return &gen->head;
}

void sim_generator_end(struct sim *sim, struct gcs_object *self)
{
	void *frame = as_generator(self)->frame;

	as_generator(self)->state = SIM_GENERATOR_DONE;
	as_generator(self)->frame = NULL;
	if (frame)
		sim->vm->frame_release(sim, frame);
	GCS_CLEAR(&as_generator(self)->exception);
}

static int generator_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct sim_generator *gen = as_generator(self);

	GCS_VISIT(gen->code);
	GCS_VISIT(gen->name);
	GCS_VISIT(gen->qualname);
	if (gen->frame) {
		int result = sim_of(self)->vm->frame_traverse(gen->frame, visit, arg);

		if (result)
			return result;
	}
	GCS_VISIT(gen->exception);
	return 0;
}

/* close(): the finally clauses run; what they raise can be told to nobody. */
static void generator_finalize(struct gcs_object *self)
{
	struct sim *sim = sim_of(self);
	struct sim_error kept;

	if (as_generator(self)->state == SIM_GENERATOR_DONE || as_generator(self)->state == SIM_GENERATOR_RUNNING)
		return;
	kept = sim_fetch_pending(sim);
	if (sim->vm->generator_close(sim, self))
		sim_unraisable(sim, self);
	sim_restore_pending(sim, kept);
}

static void generator_dealloc(struct gcs_object *self)
{
	struct sim_generator *gen = as_generator(self);

	gcs_untrack(self);
	gcs_dealloc_weakrefs(self);
	if (gcs_dealloc_finalize(self))
		return;
	sim_generator_end(sim_of(self), self);
	GCS_CLEAR(&gen->code);
	GCS_CLEAR(&gen->name);
	GCS_CLEAR(&gen->qualname);
	gcs_object_free(self);
}

static size_t generator_size(const struct gcs_object *self)
{
	return GENERATOR_BYTES + 8 * ((const struct sim_generator *)self)->nr_slots;
}

static struct gcs_object *generator_repr(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *name = as_generator(self)->qualname;

	return sim_str_format(sim, "<generator object %S at 0x%llx>", name ? name : sim->none,
			(unsigned long long)(uintptr_t)self);
}

static struct gcs_object *generator_next(struct sim *sim, struct gcs_object *self)
{
	return sim->vm->generator_send(sim, self, NULL);
}

/* What a method gives: the end is an exception here. */
static struct gcs_object *finish(struct sim *sim, struct gcs_object *result)
{
	if (!result && !sim->pending)
		sim_raise_value(sim, SIM_STOP_ITERATION, NULL);
	return result;
}

static struct gcs_object *generator_send(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return finish(sim, sim->vm->generator_send(sim, self, call->args[0]));
}

static struct gcs_object *generator_close(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim->vm->generator_close(sim, self) ? NULL : sim_none(sim);
}

static struct gcs_object *generator_throw(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *exception = call->args[0], *made;
	bool has_value = call->nr > 1 && call->args[1] != sim->none;

	if (sim_is_exception_class(exception)) {
		made = has_value && sim_is_exception(call->args[1]) ? sim_incref(call->args[1]) :
			sim_call_args(sim, exception, has_value, call->args + 1);
	} else if (sim_is_exception(exception)) {
		if (has_value)
			return sim_raise_null(sim, SIM_TYPE_ERROR, "instance exception may not have a separate value");
		made = sim_incref(exception);
	} else {
		return sim_raise_null(sim, SIM_TYPE_ERROR, "exceptions must be classes or instances deriving from "
				"BaseException, not %T", exception);
	}
	return made ? finish(sim, sim->vm->generator_throw(sim, self, made)) : NULL;
}

#define GENERATOR_PART(id, part)                                                           \
	static struct gcs_object *get_##id(struct sim *sim, struct gcs_object *self)       \
	{                                                                                  \
		struct gcs_object *it = as_generator(self)->part;                          \
		return sim_incref(it ? it : sim->none);                                    \
	}
GENERATOR_PART(code, code)
GENERATOR_PART(name, name)
GENERATOR_PART(qualname, qualname)

static struct gcs_object *get_running(struct sim *sim, struct gcs_object *self)
{
	return sim_bool(sim, as_generator(self)->state == SIM_GENERATOR_RUNNING);
}

static struct gcs_object *get_suspended(struct sim *sim, struct gcs_object *self)
{
	return sim_bool(sim, as_generator(self)->state == SIM_GENERATOR_SUSPENDED);
}

static const struct sim_method generator_methods[] = {
	{"close", generator_close, 0, 0, 0},
	{"send", generator_send, 1, 1, 0},
	{"throw", generator_throw, 1, 3, 0},
	{0},
};

static const struct sim_getset generator_getsets[] = {
	{"__name__", get_name, NULL},
	{"__qualname__", get_qualname, NULL},
	{"gi_code", get_code, NULL},
	{"gi_running", get_running, NULL},
	{"gi_suspended", get_suspended, NULL},
	{0},
};

const struct sim_type sim_generator_type = {
	.gc = {.name = "generator", .size = sizeof(struct sim_generator), .flags = GCS_TYPE_GC | GCS_TYPE_WEAKREFS,
		.traverse = generator_traverse, .finalize = generator_finalize, .dealloc = generator_dealloc,
		.size_of = generator_size},
	.kind = SIM_GENERATOR,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = GENERATOR_BYTES,
	.methods = generator_methods,
	.getsets = generator_getsets,
	.repr = generator_repr,
	.hash = sim_hash_identity,
	.iter = sim_self,
	.next = generator_next,
};
