/* SPDX-License-Identifier: MIT */
/* Classes: look-up of attributes, the type `type`, built-in classes. */
#include "class.h"

#define CACHE_SLOTS 4096

struct sim_method_cache {
	struct {
		uint32_t version;
		struct gcs_object *name, *value;
	} slot[CACHE_SLOTS];
};

static struct sim_class *as_class(struct gcs_object *object)
{
	return (struct sim_class *)object;
}

struct sim_class *sim_class_of(struct sim *sim, const struct gcs_object *object)
{
	const struct sim_type *type = sim_type(object);

	if (type->flags & SIM_TYPE_HEAP)
		return (struct sim_class *)((char *)(uintptr_t)type - offsetof(struct sim_class, type));
	if (type->kind != SIM_EXTENSION)
		return sim->classes[type->kind];
	for (struct sim_class *cls = sim->extensions; cls; cls = cls->next_extension)
		if (cls->slots == type)
			return cls;
	return sim->classes[SIM_OBJECT];
}

bool sim_class_is_subclass(const struct sim_class *cls, const struct sim_class *of)
{
	size_t nr = cls->mro ? sim_tuple_size(cls->mro) : 0, i = 0;

	if (cls == of)
		return true;
	while (i < nr && sim_tuple_item(cls->mro, i) != &of->head)
		i++;
	sim_charge_places(sim_of(&cls->head), i);
	return i < nr;
}

static struct gcs_object *look_up(struct sim *sim, struct sim_class *cls, struct gcs_object *name)
{
	size_t nr = cls->mro ? sim_tuple_size(cls->mro) : 0;
	struct gcs_object *value = NULL;

	for (size_t i = 0; i < nr && !value; i++) {
		struct sim_class *base = as_class(sim_tuple_item(cls->mro, i));

		sim_charge(sim, 1);
		value = base->dict ? sim_dict_get_str(sim, base->dict, name) : NULL;
	}
	return value;
}

/* A class without a version (never changed since its attributes were looked up) gets a new one, so that what the cache
 * knows of the time before is out of date. */
struct gcs_object *sim_class_lookup(struct sim *sim, struct sim_class *cls, struct gcs_object *name)
{
	struct gcs_object *value;
	size_t at;

	if (!sim_as_str(name)->interned || !sim->method_cache)
		return look_up(sim, cls, name);
	if (!cls->version)
		cls->version = ++sim->next_class_version;
	at = (cls->version * 31 ^ (uintptr_t)name >> 4) % CACHE_SLOTS;
	if (sim->method_cache->slot[at].version == cls->version && sim->method_cache->slot[at].name == name)
		return sim->method_cache->slot[at].value;
	value = look_up(sim, cls, name);
	sim->method_cache->slot[at].version = cls->version;
	sim->method_cache->slot[at].name = name;
	sim->method_cache->slot[at].value = value;
	return value;
}

/* Calls fn for the class and all that are derived from it. */
static void each_derived(struct sim *sim, struct sim_class *cls, void (*fn)(struct sim *sim, struct sim_class *cls))
{
	struct gcs_object *key, *ref, *derived;
	size_t pos = 0;

	sim_charge(sim, 1);
	fn(sim, cls);
	while (cls->subclasses && sim_dict_next(cls->subclasses, &pos, &key, &ref)) {
		derived = gcs_weakref_get((struct gcs_weakref *)ref);
		if (!derived)
			continue;
		each_derived(sim, as_class(derived), fn);
		gcs_decref(derived);
	}
}

static void forget(struct sim *sim, struct sim_class *cls)
{
	(void)sim;
	cls->version = 0;
}

void sim_class_changed(struct sim *sim, struct sim_class *cls, struct gcs_object *name)
{
	each_derived(sim, cls, forget);
	if (sim_as_str(name)->length > 4 && sim_str_at(sim_as_str(name), 0) == '_')
		each_derived(sim, cls, sim_class_set_slots);
}

/* --- built-in classes -------------------------------------------------------------------------------- */

struct sim_class *sim_class_alloc(struct sim *sim)
{
	return (struct sim_class *)sim_alloc(sim, &sim_type_type.gc, 0, 904 + 16);
}

int sim_class_set_item(struct sim *sim, struct sim_class *cls, struct gcs_object *name, struct gcs_object *value)
{
	int result = name && value ? sim_dict_set(sim, cls->dict, name, value) : -1;

	gcs_xdecref(name);
	gcs_xdecref(value);
	return result;
}

int sim_class_fill_builtin(struct sim *sim, struct sim_class *cls)
{
	for (const struct sim_method *m = cls->slots->methods; m && m->name; m++)
		if (sim_class_set_item(sim, cls, sim_str_intern(sim, m->name, strlen(m->name)),
				sim_method_descriptor_new(sim, cls, m)))
			return -1;
	for (const struct sim_getset *g = cls->slots->getsets; g && g->name; g++)
		if (sim_class_set_item(sim, cls, sim_str_intern(sim, g->name, strlen(g->name)),
				sim_getset_descriptor_new(sim, cls, g)))
			return -1;
	return 0;
}

static struct gcs_object *mro_of_builtin(struct sim *sim, struct sim_class *cls)
{
	struct gcs_object *items[8];
	size_t nr = 0;

	for (struct sim_class *at = cls; at && nr < 8; at = at->base)
		items[nr++] = sim_incref(&at->head);
	return sim_tuple_from(sim, items, nr);
}

struct sim_class *sim_class_builtin(struct sim *sim, const struct sim_type *type, struct sim_class *base,
		const char *module)
{
	struct sim_class *cls = sim_class_alloc(sim);

	if (!cls)
		return NULL;
	if (!base && type->kind != SIM_OBJECT)
		base = sim->classes[SIM_OBJECT];
	if (!sim->method_cache)
		sim->method_cache = calloc(1, sizeof(*sim->method_cache));
	cls->slots = type;
	cls->base = base ? (struct sim_class *)sim_incref(&base->head) : NULL;
	cls->exception = type->kind >= SIM_BASE_EXCEPTION && type->kind < SIM_NR_KINDS ? type->kind : SIM_OBJECT;
	cls->has_dict = type->flags & SIM_TYPE_DICT;
	cls->has_weakref = type->gc.flags & GCS_TYPE_WEAKREFS;
	cls->name = sim_str_intern(sim, type->gc.name, strlen(type->gc.name));
	cls->qualname = cls->name ? sim_incref(cls->name) : NULL;
	cls->dict = sim_dict_new(sim);
	cls->bases = base ? sim_tuple_pack(sim, 1, sim_incref(&base->head)) : sim_tuple_new(sim, 0);
	cls->mro = mro_of_builtin(sim, cls);
	if (!cls->name || !cls->dict || !cls->bases || !cls->mro || sim_class_fill_builtin(sim, cls) ||
			sim_class_set_item(sim, cls, sim_incref(sim->names.d_module), sim_str_from(sim, module)))
		return NULL;
	/* Static types are no part of the collector's world. */
	gcs_untrack(cls->dict);
	gcs_untrack(cls->bases);
	gcs_untrack(cls->mro);
	if (type->kind == SIM_EXTENSION) {
		cls->next_extension = sim->extensions;
		sim->extensions = cls;
	}
	return cls;
}

/* --- the type of classes ----------------------------------------------------------------------------- */

static int class_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct sim_class *cls = as_class(self);

	if (!(cls->slots->flags & SIM_TYPE_HEAP))
		return 0;
	GCS_VISIT(cls->dict);
	GCS_VISIT(cls->mro);
	GCS_VISIT(cls->bases);
	GCS_VISIT(cls->base ? &cls->base->head : NULL);
	return 0;
}

static void class_clear(struct gcs_object *self)
{
	struct sim_class *cls = as_class(self);
	struct gcs_object *dict = cls->dict;

	cls->version = 0;
	if (dict) {
		gcs_incref(dict);
		sim_dict_drop(dict);
		gcs_decref(dict);
	}
	GCS_CLEAR(&cls->mro);
}

/* The base's table of derived classes knows this one by its address. */
static void leave_bases(struct sim *sim, struct sim_class *cls)
{
	for (size_t i = 0; cls->bases && i < sim_tuple_size(cls->bases); i++) {
		struct sim_class *base = as_class(sim_tuple_item(cls->bases, i));
		struct gcs_object *key = base->subclasses ? sim_int_new(sim, (intptr_t)cls) : NULL;
		struct sim_error kept;

		if (!key)
			continue;
		kept = sim_fetch_pending(sim);
		sim_dict_delete(sim, base->subclasses, key);
		gcs_decref(key);
		sim_restore_pending(sim, kept);
	}
}

static void class_dealloc(struct gcs_object *self)
{
	struct sim_class *cls = as_class(self);
	struct sim *sim = sim_of(self);

	gcs_untrack(self);
	leave_bases(sim, cls);
	gcs_dealloc_weakrefs(self);
	gcs_xdecref(cls->base ? &cls->base->head : NULL);
	GCS_CLEAR(&cls->dict);
	GCS_CLEAR(&cls->bases);
	GCS_CLEAR(&cls->mro);
	GCS_CLEAR(&cls->subclasses);
	GCS_CLEAR(&cls->qualname);
	GCS_CLEAR(&cls->slot_tuple);
	if (cls->keys)
		sim_layout_unref(sim, cls->keys);
	sim_class_release_type(sim, cls);
	GCS_CLEAR(&cls->name);
	gcs_object_free(self);
}

/* A class of the scenario's: its own structure, its slots, the keys of its instances. */
static size_t class_size(const struct gcs_object *self)
{
	const struct sim_class *cls = (const struct sim_class *)self;

	if (!(cls->slots->flags & SIM_TYPE_HEAP))
		return 408 - SIM_GC_HEAD;
	return 904 + (cls->keys ? 32 + 64 + 42 * 16 : 0);
}

static struct gcs_object *class_repr(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *module = sim_dict_get_str(sim, as_class(self)->dict, sim->names.d_module);

	if (!module || !sim_is_str(module) || sim_str_is(module, "builtins"))
		return sim_str_format(sim, "<class '%U'>", as_class(self)->qualname);
	return sim_str_format(sim, "<class '%U.%U'>", module, as_class(self)->qualname);
}

/*
 * CPython hands the arguments of most classes on in a tuple, which sys.getrefcount() and the collector
 * see, but not those of the built-in ones with a faster way; an exception keeps the tuple as its args,
 * and makes it itself.
 */
static bool takes_tuple(const struct sim_class *cls, const struct sim_call *call)
{
	if (call->nr == 0)
		return false;
	if (cls->slots->flags & SIM_TYPE_HEAP)
		return !cls->exception;
	switch (cls->slots->kind) {
	case SIM_INT:
	case SIM_STR:
	case SIM_BYTES:
	case SIM_ZIP:
	case SIM_SLICE:
	case SIM_WEAKREF:
	case SIM_STATICMETHOD:
	case SIM_CLASSMETHOD:
	case SIM_PROPERTY:
	case SIM_SUPER:
		return true;
	default:
		return false;
	}
}

static struct gcs_object *arguments_tuple(struct sim *sim, const struct sim_call *call)
{
	struct gcs_object *tuple = sim_tuple_new(sim, call->nr);

	if (!tuple)
		return NULL;
	for (size_t i = 0; i < call->nr; i++)
		((struct sim_tuple *)tuple)->items[i] = sim_incref(call->args[i]);
	sim_tuple_finish(tuple);
	return tuple;
}

static struct gcs_object *class_call(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct sim_class *cls = as_class(self);
	struct gcs_object *result, *tuple = NULL;

	if (!cls->slots->construct)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "cannot create '%s' instances", cls->slots->gc.name);
	if (sim_enter(sim, " while calling a Python object"))
		return NULL;
	if (takes_tuple(cls, call)) {
		tuple = arguments_tuple(sim, call);
		if (!tuple) {
			sim_leave(sim);
			return NULL;
		}
	}
	result = cls->slots->construct(sim, cls, call);
	gcs_xdecref(tuple);
	sim_leave(sim);
	return result;
}

/* type(x), type(name, bases, dict) */
static struct gcs_object *type_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	(void)cls;
	if (sim_no_keywords(sim, "type", call))
		return NULL;
	if (call->nr == 1)
		return sim_incref(&sim_class_of(sim, call->args[0])->head);
	if (call->nr != 3)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "type() takes 1 or 3 arguments");
	if (!sim_is_str(call->args[0]) || sim_kind(call->args[1]) != SIM_TUPLE || sim_kind(call->args[2]) != SIM_DICT)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "type.__new__() argument must be str, tuple, dict");
	return sim_class_new(sim, call->args[0], call->args[1], call->args[2]);
}

static struct gcs_object *class_name(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_incref(as_class(self)->name);
}

static struct gcs_object *class_qualname(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_incref(as_class(self)->qualname);
}

static struct gcs_object *class_bases(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_incref(as_class(self)->bases);
}

static struct gcs_object *class_base(struct sim *sim, struct gcs_object *self)
{
	return sim_incref(as_class(self)->base ? &as_class(self)->base->head : sim->none);
}

static struct gcs_object *class_mro(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_incref(as_class(self)->mro);
}

static struct gcs_object *class_module(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *module = sim_dict_get_str(sim, as_class(self)->dict, sim->names.d_module);

	return sim_incref(module ? module : sim->none);
}

static struct gcs_object *class_doc(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *doc = sim_dict_get_str(sim, as_class(self)->dict, sim->names.d_doc);

	return sim_incref(doc ? doc : sim->none);
}

static bool is_heap_type(struct gcs_object *self)
{
	return as_class(self)->slots->flags & SIM_TYPE_HEAP;
}

/* Those of its own body; a class without any gets an empty dict when it is asked. */
static struct gcs_object *class_annotations(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *dict = as_class(self)->dict, *annotations;

	if (!is_heap_type(self))
		return sim_raise_null(sim, SIM_ATTRIBUTE_ERROR, "type object '%s' has no attribute '__annotations__'",
				as_class(self)->slots->gc.name);
	annotations = sim_dict_get_str(sim, dict, sim->names.d_annotations);
	if (annotations)
		return sim_type(annotations)->descr_get ?
			sim_type(annotations)->descr_get(sim, annotations, NULL, as_class(self)) :
			sim_incref(annotations);
	annotations = sim_dict_new(sim);
	if (annotations && sim_dict_set(sim, dict, sim->names.d_annotations, annotations) < 0)
		GCS_CLEAR(&annotations);
	if (annotations)
		sim_class_changed(sim, as_class(self), sim->names.d_annotations);
	return annotations;
}

static int set_class_annotations(struct sim *sim, struct gcs_object *self, struct gcs_object *value)
{
	struct gcs_object *dict = as_class(self)->dict;
	int rc;

	if (value) {
		rc = sim_dict_set(sim, dict, sim->names.d_annotations, value) < 0 ? -1 : 0;
	} else {
		rc = sim_dict_delete(sim, dict, sim->names.d_annotations);
		if (rc == 0)
			return sim_raise(sim, SIM_ATTRIBUTE_ERROR, "__annotations__");
	}
	if (rc >= 0)
		sim_class_changed(sim, as_class(self), sim->names.d_annotations);
	return rc < 0 ? -1 : 0;
}

static struct gcs_object *class_dict(struct sim *sim, struct gcs_object *self)
{
	return sim_object_dict(sim, self);
}

static struct gcs_object *class_basicsize(struct sim *sim, struct gcs_object *self)
{
	return sim_int_new(sim, as_class(self)->slots->basic_size);
}

static struct gcs_object *class_subclasses(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *list = sim_list_new(sim, 0), *key, *ref, *derived;
	size_t pos = 0;

	(void)call;
	while (list && as_class(self)->subclasses && sim_dict_next(as_class(self)->subclasses, &pos, &key, &ref)) {
		derived = gcs_weakref_get((struct gcs_weakref *)ref);
		if (derived && sim_list_append_steal(sim, list, derived))
			GCS_CLEAR(&list);
	}
	return list;
}

static struct gcs_object *class_mro_method(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim_list_from_iterable(sim, as_class(self)->mro);
}

static const struct sim_method class_methods[] = {
	{"__subclasses__", class_subclasses, 0, 0, 0},
	{"mro", class_mro_method, 0, 0, 0},
	{0},
};

static const struct sim_getset class_getsets[] = {
	{"__annotations__", class_annotations, set_class_annotations},
	{"__base__", class_base, NULL},
	{"__bases__", class_bases, NULL},
	{"__basicsize__", class_basicsize, NULL},
	{"__dict__", class_dict, NULL},
	{"__doc__", class_doc, NULL},
	{"__module__", class_module, NULL},
	{"__mro__", class_mro, NULL},
	{"__name__", class_name, NULL},
	{"__qualname__", class_qualname, NULL},
	{0},
};

const struct sim_type sim_type_type = {
	.gc = {.name = "type", .size = sizeof(struct sim_class), .flags = GCS_TYPE_GC | GCS_TYPE_WEAKREFS,
		.traverse = class_traverse, .clear = class_clear, .dealloc = class_dealloc, .size_of = class_size},
	.kind = SIM_TYPE,
	.basic_size = 904,
	.methods = class_methods,
	.getsets = class_getsets,
	.repr = class_repr,
	.hash = sim_hash_identity,
	.call = class_call,
	.get_attribute = sim_type_get_attribute,
	.set_attribute = sim_type_set_attribute,
	.construct = type_construct,
};
