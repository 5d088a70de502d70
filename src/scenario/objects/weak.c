/* SPDX-License-Identifier: MIT */
/* weakref.ref and KeyedRef, and the module's functions. */
#include "weak.h"

/* The callback gets the reference; what it raises can be told to nobody. */
static void call_back(struct gcs_weakref *ref, struct gcs_object *closure)
{
	struct gcs_object *self = &ref->head, *result;
	struct sim *sim = sim_of(self);
	struct sim_error kept = sim_fetch_pending(sim);

	result = sim_call_args(sim, closure, 1, &self);
	gcs_xdecref(result);
	if (!result)
		sim_unraisable(sim, closure);
	sim_restore_pending(sim, kept);
}

struct gcs_object *sim_weakref_make(struct sim *sim, const struct sim_type *type, struct gcs_object *referent,
		struct gcs_object *callback, struct gcs_object *key)
{
	struct gcs_object *self;
	bool builtin_class = sim_is_class(referent) && !(((struct sim_class *)referent)->slots->flags & SIM_TYPE_HEAP);

	if (!(referent->type->flags & GCS_TYPE_WEAKREFS) && !builtin_class)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "cannot create weak reference to '%T' object", referent);
	self = gcs_weakref_new(sim->heap, &type->gc, sim->site, referent, callback ? call_back : NULL, callback);
	if (!self)
		return sim_no_memory_null(sim);
	if (callback || type != &sim_weakref_type || gcs_refcount(self) == 1)
		sim_as_weakref(self)->hash = -1;
	if (key && !sim_as_weakref(self)->key)
		sim_as_weakref(self)->key = sim_incref(key);
	return self;
}

struct gcs_object *sim_weakref_new(struct sim *sim, struct gcs_object *referent, struct gcs_object *callback)
{
	return sim_weakref_make(sim, &sim_weakref_type, referent, callback == sim->none ? NULL : callback, NULL);
}

struct gcs_object *sim_weakref_get(struct sim *sim, struct gcs_object *ref)
{
	struct gcs_object *referent = gcs_weakref_get((struct gcs_weakref *)ref);

	return referent ? referent : sim_none(sim);
}

static int keyed_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(sim_as_weakref(self)->key);
	return gcs_weakref_traverse(self, visit, arg);
}

static void keyed_clear(struct gcs_object *self)
{
	GCS_CLEAR(&sim_as_weakref(self)->key);
	gcs_weakref_clear(self);
}

/* The library's function frees the object: what this type adds goes first. */
static void keyed_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	GCS_CLEAR(&sim_as_weakref(self)->key);
	gcs_weakref_dealloc(self);
}

static struct gcs_object *ref_repr(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *referent = gcs_weakref_get((struct gcs_weakref *)self), *name, *result;
	unsigned long long at = (uintptr_t)self;

	if (!referent)
		return sim_str_format(sim, "<weakref at 0x%llx; dead>", at);
	name = sim_find_attribute(sim, referent, sim->names.d_name);
	if (name && sim_is_str(name))
		result = sim_str_format(sim, "<weakref at 0x%llx; to '%T' at 0x%llx (%U)>", at, referent,
				(unsigned long long)(uintptr_t)referent, name);
	else
		result = sim->pending ? NULL : sim_str_format(sim, "<weakref at 0x%llx; to '%T' at 0x%llx>", at,
				referent,
				(unsigned long long)(uintptr_t)referent);
	gcs_xdecref(name);
	gcs_decref(referent);
	return result;
}

static int64_t ref_hash(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *referent;

	if (sim_as_weakref(self)->hash != -1)
		return sim_as_weakref(self)->hash;
	referent = gcs_weakref_get((struct gcs_weakref *)self);
	if (!referent)
		return sim_raise(sim, SIM_TYPE_ERROR, "weak object has gone away");
	sim_as_weakref(self)->hash = sim_hash(sim, referent);
	gcs_decref(referent);
	return sim_as_weakref(self)->hash;
}

static struct gcs_object *ref_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	struct gcs_object *x, *y, *result;

	if ((op != SIM_EQ && op != SIM_NE) || (sim_kind(b) != SIM_WEAKREF && sim_kind(b) != SIM_KEYED_WEAKREF))
		return sim_not_implemented(sim);
	x = gcs_weakref_get((struct gcs_weakref *)a);
	y = gcs_weakref_get((struct gcs_weakref *)b);
	result = x && y ? sim_compare(sim, x, y, op) : sim_bool(sim, (a == b) == (op == SIM_EQ));
	gcs_xdecref(x);
	gcs_xdecref(y);
	return result;
}

static struct gcs_object *ref_call(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	if (call->nr || call->kwnames)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "weakref expected 0 arguments, got %zu", call->nr);
	return sim_weakref_get(sim, self);
}

static struct gcs_object *ref_callback(struct sim *sim, struct gcs_object *self)
{
	struct gcs_weakref *ref = (struct gcs_weakref *)self;

	return sim_incref(ref->referent && ref->closure ? ref->closure : sim->none);
}

static const struct sim_getset ref_getsets[] = {
	{"__callback__", ref_callback, NULL},
	{0},
};

static struct gcs_object *ref_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	if (sim_no_keywords(sim, "ref", call))
		return NULL;
	if (call->nr < 1 || call->nr > 2)
		return sim_raise_null(sim, SIM_TYPE_ERROR, call->nr ? "__new__ expected at most 2 arguments, got %zu" :
				"__new__ expected at least 1 argument, got %zu", call->nr);
	(void)cls;
	return sim_weakref_new(sim, call->args[0], call->nr > 1 ? call->args[1] : NULL);
}

const struct sim_type sim_weakref_type = {
	.gc = {.name = "weakref.ReferenceType", .size = sizeof(struct sim_weakref),
		.flags = GCS_TYPE_GC | GCS_TYPE_WEAKREFS, .traverse = gcs_weakref_traverse, .clear = gcs_weakref_clear,
		.dealloc = gcs_weakref_dealloc, .size_of = sim_size_basic},
	.kind = SIM_WEAKREF,
	.basic_size = 64,
	.getsets = ref_getsets,
	.repr = ref_repr,
	.hash = ref_hash,
	.compare = ref_compare,
	.call = ref_call,
	.construct = ref_construct,
};

const struct sim_type sim_keyed_weakref_type = {
	.gc = {.name = "KeyedRef", .size = sizeof(struct sim_weakref), .flags = GCS_TYPE_GC,
		.traverse = keyed_traverse, .clear = keyed_clear, .dealloc = keyed_dealloc, .size_of = sim_size_basic},
	.kind = SIM_KEYED_WEAKREF,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 72,
	.getsets = ref_getsets,
	.repr = ref_repr,
	.hash = ref_hash,
	.compare = ref_compare,
	.call = ref_call,
};

/* --- the module -------------------------------------------------------------------------------------- */

static struct gcs_object *get_count(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	uint64_t nr = gcs_weakref_count(call->args[0]);

	(void)self;
	return sim_charge_places(sim, nr) ? NULL : sim_int_new(sim, (int64_t)nr);
}

static struct gcs_object *get_refs(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *list = sim_list_new(sim, 0);
	struct gcs_objects refs;

	(void)self;
	if (!list || !(call->args[0]->type->flags & GCS_TYPE_WEAKREFS))
		return list;
	if (gcs_weakref_list(call->args[0], &refs)) {
		gcs_decref(list);
		return sim_no_memory_null(sim);
	}
	for (size_t i = 0; list && i < refs.nr; i++)
		if (sim_list_append(sim, list, refs.object[i]))
			GCS_CLEAR(&list);
	gcs_objects_release(&refs);
	return list;
}

static const struct sim_method module_methods[] = {
	{"getweakrefcount", get_count, 1, 1, 0},
	{"getweakrefs", get_refs, 1, 1, 0},
	{0},
};

int sim_weakref_module_fill(struct sim *sim, struct gcs_object *module)
{
	if (sim_module_add_methods(sim, module, module_methods) ||
			sim_module_add(sim, module, "ref", sim_incref(&sim->classes[SIM_WEAKREF]->head)) ||
			sim_module_add(sim, module, "ReferenceType", sim_incref(&sim->classes[SIM_WEAKREF]->head)) ||
			sim_module_add(sim, module, "KeyedRef", sim_incref(&sim->classes[SIM_KEYED_WEAKREF]->head)))
		return -1;
	return sim_weak_add_finalize(sim, module) || sim_weak_add_maps(sim, module) ? -1 : 0;
}
