/* SPDX-License-Identifier: MIT */
/* weakref.finalize: a registry of what is to be called, which keeps the finalizers alive. */
#include "weak.h"

struct finalize {
	struct gcs_object head;
};

/* What the registry has for a finalizer. */
struct info {
	struct gcs_object head;
	struct gcs_object *ref, *function, *args, *kwargs;	/* kwargs: dict or NULL */
	bool atexit;
	uint64_t index;
};

static const struct sim_type finalize_type, info_type;

static int info_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(((struct info *)self)->args);
	GCS_VISIT(((struct info *)self)->function);
	GCS_VISIT(((struct info *)self)->kwargs);
	GCS_VISIT(((struct info *)self)->ref);
	return 0;
}

static void info_clear(struct gcs_object *self)
{
	GCS_CLEAR(&((struct info *)self)->args);
	GCS_CLEAR(&((struct info *)self)->function);
	GCS_CLEAR(&((struct info *)self)->kwargs);
	GCS_CLEAR(&((struct info *)self)->ref);
}

static void info_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	info_clear(self);
	gcs_object_free(self);
}

static const struct sim_type info_type = {
	.gc = {.name = "_Info", .size = sizeof(struct info), .flags = GCS_TYPE_GC, .traverse = info_traverse,
		.clear = info_clear, .dealloc = info_dealloc, .size_of = sim_size_basic},
	.kind = SIM_EXTENSION,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 64,
};

static struct info *find(struct sim *sim, struct gcs_object *self)
{
	return sim->finalizers ? (struct info *)sim_dict_get(sim, sim->finalizers, self) : NULL;
}

/* Out of the registry: the caller's reference. */
static struct info *take(struct sim *sim, struct gcs_object *self)
{
	return sim->finalizers ? (struct info *)sim_dict_pop(sim, sim->finalizers, self) : NULL;
}

static struct gcs_object *run(struct sim *sim, struct info *info)
{
	size_t nr = sim_tuple_size(info->args), nr_keywords = info->kwargs ? sim_dict_size(info->kwargs) : 0, pos = 0;
	struct gcs_object **args = sim_scratch(sim, NULL, nr + nr_keywords + 1, sizeof(*args)), *names = NULL;
	struct gcs_object *key, *value, *result;

	if (!args)
		return NULL;
	for (size_t i = 0; i < nr; i++)
		args[i] = sim_tuple_item(info->args, i);
	if (nr_keywords && !(names = sim_tuple_new(sim, nr_keywords))) {
		sim_scratch_free(args);
		return NULL;
	}
	for (size_t i = 0; names && sim_dict_next(info->kwargs, &pos, &key, &value); i++) {
		((struct sim_tuple *)names)->items[i] = sim_incref(key);
		args[nr + i] = value;
	}
	result = sim_call(sim, info->function, &(struct sim_call){args, nr, names});
	gcs_xdecref(names);
	sim_scratch_free(args);
	return result;
}

/* By hand, or with the dead reference as the callback of the referent's. */
static struct gcs_object *finalize_call(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct info *info = take(sim, self);
	struct gcs_object *result;

	(void)call;
	if (!info)
		return sim->pending ? NULL : sim_none(sim);
	result = sim->finalizers_over ? sim_none(sim) : run(sim, info);
	gcs_decref(&info->head);
	return result;
}

static struct gcs_object *describe(struct sim *sim, struct info *info, struct gcs_object *referent)
{
	return sim_tuple_pack(sim, 4, sim_incref(referent), sim_incref(info->function), sim_incref(info->args),
			info->kwargs ? sim_incref(info->kwargs) : sim_dict_new(sim));
}

static struct gcs_object *peek_or_detach(struct sim *sim, struct gcs_object *self, bool detach)
{
	struct info *info = find(sim, self);
	struct gcs_object *referent = info ? gcs_weakref_get((struct gcs_weakref *)info->ref) : NULL, *result;

	if (!referent)
		return sim->pending ? NULL : sim_none(sim);
	if (detach)
		info = take(sim, self);
	else
		gcs_incref(&info->head);
	result = info ? describe(sim, info, referent) : NULL;
	gcs_xdecref(info ? &info->head : NULL);
	gcs_decref(referent);
	return result;
}

static struct gcs_object *finalize_detach(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return peek_or_detach(sim, self, true);
}

static struct gcs_object *finalize_peek(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return peek_or_detach(sim, self, false);
}

static struct gcs_object *get_alive(struct sim *sim, struct gcs_object *self)
{
	return sim_bool(sim, find(sim, self) != NULL);
}

static struct gcs_object *get_atexit(struct sim *sim, struct gcs_object *self)
{
	struct info *info = find(sim, self);

	return sim_bool(sim, info && info->atexit);
}

static int set_atexit(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	struct info *info = find(sim, self);
	int truth = value ? sim_truth(sim, value) : 0;

	if (truth >= 0 && info)
		info->atexit = truth;
	return truth < 0 ? -1 : 0;
}

static struct gcs_object *finalize_repr(struct sim *sim, struct gcs_object *self)
{
	struct info *info = find(sim, self);
	struct gcs_object *referent = info ? gcs_weakref_get((struct gcs_weakref *)info->ref) : NULL, *result;
	unsigned long long at = (uintptr_t)self;

	if (!referent)
		return sim_str_format(sim, "<finalize object at 0x%llx; dead>", at);
	result = sim_str_format(sim, "<finalize object at 0x%llx; for '%T' at 0x%llx>", at, referent,
			(unsigned long long)(uintptr_t)referent);
	gcs_decref(referent);
	return result;
}

/* The arguments after the object and the function. */
static int keep_arguments(struct sim *sim, struct info *info, const struct sim_call *call)
{
	size_t nr_keywords = call->kwnames ? sim_tuple_size(call->kwnames) : 0;

	info->function = sim_incref(call->args[1]);
	info->args = sim_tuple_new(sim, call->nr - 2);
	for (size_t i = 2; info->args && i < call->nr; i++)
		((struct sim_tuple *)info->args)->items[i - 2] = sim_incref(call->args[i]);
	if (!info->args)
		return -1;
	sim_tuple_finish(info->args);
	info->kwargs = nr_keywords ? sim_dict_new(sim) : NULL;
	for (size_t i = 0; i < nr_keywords; i++)
		if (!info->kwargs || sim_dict_set(sim, info->kwargs, sim_tuple_item(call->kwnames, i),
				call->args[call->nr + i]))
			return -1;
	return 0;
}

static struct gcs_object *finalize_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	struct gcs_object *self;
	struct info *info;

	(void)cls;
	if (call->nr < 2)
		return sim_raise_null(sim, SIM_TYPE_ERROR, call->nr ?
				"finalize.__init__() missing 1 required positional argument: 'func'" :
				"finalize.__init__() missing 2 required positional arguments: 'obj' and 'func'");
	if (!sim->finalizers && !(sim->finalizers = sim_dict_new(sim)))
		return NULL;
	self = sim_alloc(sim, &finalize_type.gc, 0, 0);
	info = self ? (struct info *)sim_alloc(sim, &info_type.gc, 0, 0) : NULL;
	if (!info) {
		gcs_xdecref(self);
		return NULL;
	}
	gcs_track(self);
	gcs_track(&info->head);
	info->atexit = true;
	info->index = sim->finalize_index++;
	info->ref = sim_weakref_new(sim, call->args[0], self);
	if (!info->ref || keep_arguments(sim, info, call) || sim_dict_set(sim, sim->finalizers, self, &info->head))
		GCS_CLEAR(&self);
	gcs_decref(&info->head);
	return self;
}

static const struct sim_method finalize_methods[] = {
	{"detach", finalize_detach, 0, 0, 0},
	{"peek", finalize_peek, 0, 0, 0},
	{0},
};

static const struct sim_getset finalize_getsets[] = {
	{"alive", get_alive, NULL},
	{"atexit", get_atexit, set_atexit},
	{0},
};

/* It refers to nothing, but is an instance of a class to CPython, and the collector knows those. */
static void finalize_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	gcs_object_free(self);
}

static const struct sim_type finalize_type = {
	.gc = {.name = "finalize", .size = sizeof(struct finalize), .flags = GCS_TYPE_GC,
		.dealloc = finalize_dealloc, .size_of = sim_size_basic},
	.kind = SIM_EXTENSION,
	.basic_size = SIM_OBJECT_HEAD,
	.methods = finalize_methods,
	.getsets = finalize_getsets,
	.repr = finalize_repr,
	.hash = sim_hash_identity,
	.call = finalize_call,
	.construct = finalize_construct,
};

int sim_weak_add_finalize(struct sim *sim, struct gcs_object *module)
{
	struct sim_class *cls = sim_class_builtin(sim, &finalize_type, NULL, "weakref");

	if (!cls || !sim_class_builtin(sim, &info_type, NULL, "weakref"))
		return -1;
	return sim_module_add(sim, module, "finalize", sim_incref(&cls->head));
}

/* The youngest that wants to run at exit; new reference. */
static struct gcs_object *youngest(struct sim *sim)
{
	struct gcs_object *key, *value, *best = NULL;
	uint64_t index = 0;
	size_t pos = 0;

	while (sim_dict_next(sim->finalizers, &pos, &key, &value)) {
		struct info *info = (struct info *)value;

		if (info->atexit && (!best || info->index >= index)) {
			best = key;
			index = info->index;
		}
	}
	return best ? sim_incref(best) : NULL;
}

void sim_weakref_run_finalizers(struct sim *sim)
{
	bool disabled = sim->finalizers && sim_dict_size(sim->finalizers) && gcs_is_enabled(sim->heap);
	struct gcs_object *self, *result;

	/* as CPython: no collection in between */
	if (disabled)
		gcs_disable(sim->heap);
	while (sim->finalizers && !sim->stop && (self = youngest(sim))) {
		result = finalize_call(sim, self, NULL);
		gcs_xdecref(result);
		if (!result)
			sim_unraisable(sim, self);
		gcs_decref(self);
	}
	if (disabled)
		gcs_enable(sim->heap);
	sim->finalizers_over = sim->finalizers != NULL;
}
