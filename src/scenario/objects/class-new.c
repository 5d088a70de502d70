/* SPDX-License-Identifier: MIT */
/* The class statement: order of bases, __slots__, layout of the instances. */
#include "class.h"

#define INSTANCE_HEAD 16	/* CPython's object without attributes */

static struct sim_class *as_class(struct gcs_object *object)
{
	return (struct sim_class *)object;
}

/* --- the method resolution order (C3) ---------------------------------------------------------------- */

/* Lists that are merged: each is a tuple, of which the first @at classes are used up. */
struct merged {
	struct gcs_object *list;
	size_t at;
};

static bool in_tail(struct sim *sim, const struct merged *merged, struct gcs_object *cls)
{
	size_t i = merged->at + 1;

	while (i < sim_tuple_size(merged->list) && sim_tuple_item(merged->list, i) != cls)
		i++;
	sim_charge_places(sim, i - merged->at);
	return i < sim_tuple_size(merged->list);
}

/* The first head that is in no list's tail; NULL: there is none. */
static struct gcs_object *next_class(struct sim *sim, struct merged *lists, size_t nr)
{
	sim_charge_places(sim, nr);
	for (size_t i = 0; i < nr && !sim->stop; i++) {
		struct gcs_object *head;
		bool good = true;

		if (lists[i].at >= sim_tuple_size(lists[i].list))
			continue;
		head = sim_tuple_item(lists[i].list, lists[i].at);
		for (size_t j = 0; good && j < nr; j++)
			good = !in_tail(sim, &lists[j], head);
		if (good)
			return head;
	}
	return NULL;
}

static struct gcs_object *mro_conflict(struct sim *sim, struct gcs_object *bases)
{
	struct sim_text text;

	sim_text_init(&text, sim);
	for (size_t i = 0; i < sim_tuple_size(bases); i++) {
		sim_text_put(&text, i ? ", " : "");
		sim_text_object(&text, as_class(sim_tuple_item(bases, i))->name);
	}
	bases = sim_text_finish(&text);
	if (bases)
		sim_raise(sim, SIM_TYPE_ERROR, "Cannot create a consistent method resolution\norder (MRO) for bases %U",
				bases);
	gcs_xdecref(bases);
	return NULL;
}

static struct gcs_object *merge(struct sim *sim, struct sim_class *cls, struct merged *lists, size_t nr, size_t room)
{
	struct gcs_object **out = sim_scratch(sim, NULL, room, sizeof(*out)), *head, *mro;
	size_t used = 0, left = 0;

	if (!out)
		return NULL;
	out[used++] = &cls->head;
	while (used < room && (head = next_class(sim, lists, nr))) {
		out[used++] = head;
		for (size_t i = 0; i < nr; i++)
			if (lists[i].at < sim_tuple_size(lists[i].list) &&
					sim_tuple_item(lists[i].list, lists[i].at) == head)
				lists[i].at++;
	}
	for (size_t i = 0; i < nr; i++)
		left += sim_tuple_size(lists[i].list) - lists[i].at;
	for (size_t i = 0; !left && i < used; i++)
		gcs_incref(out[i]);
	mro = left ? mro_conflict(sim, cls->bases) : sim_tuple_from(sim, out, used);
	sim_scratch_free(out);
	return mro;
}

static struct gcs_object *make_mro(struct sim *sim, struct sim_class *cls)
{
	size_t nr = sim_tuple_size(cls->bases), room = 1;
	struct merged *lists = sim_scratch(sim, NULL, nr + 1, sizeof(*lists));
	struct gcs_object *mro;

	if (!lists)
		return NULL;
	for (size_t i = 0; i < nr; i++) {
		lists[i] = (struct merged){as_class(sim_tuple_item(cls->bases, i))->mro, 0};
		room += sim_tuple_size(lists[i].list);
	}
	lists[nr] = (struct merged){cls->bases, 0};
	mro = merge(sim, cls, lists, nr + 1, room);
	sim_scratch_free(lists);
	return mro;
}

/* --- bases ------------------------------------------------------------------------------------------- */

/* The base whose layout the instances extend: the one with an exception's structure, or with the most slots. */
static struct sim_class *best_base(struct sim *sim, struct gcs_object *bases)
{
	struct sim_class *best = NULL;

	for (size_t i = 0; i < sim_tuple_size(bases); i++) {
		struct sim_class *base = as_class(sim_tuple_item(bases, i));
		size_t slots;

		if (!sim_is_class(&base->head))
			return sim_raise_null(sim, SIM_TYPE_ERROR, "bases must be types");
		if (!(base->slots->flags & SIM_TYPE_BASE))
			return sim_raise_null(sim, SIM_TYPE_ERROR, "type '%s' is not an acceptable base type",
					base->slots->gc.name);
		slots = base->first_slot + base->nr_slots;
		if (!best) {
			best = base;
			continue;
		}
		if (sim_class_is_subclass(best, base) || (!slots && !base->exception))
			continue;
		if (sim_class_is_subclass(base, best) || (!(best->first_slot + best->nr_slots) && !best->exception)) {
			best = base;
			continue;
		}
		if (base->exception && best->exception && !slots)
			continue;
		return sim_raise_null(sim, SIM_TYPE_ERROR, "multiple bases have instance lay-out conflict");
	}
	return best;
}

static bool any_base(struct gcs_object *bases, size_t offset)
{
	for (size_t i = 0; i < sim_tuple_size(bases); i++)
		if (*((bool *)((char *)sim_tuple_item(bases, i) + offset)))
			return true;
	return false;
}

static int register_in_bases(struct sim *sim, struct sim_class *cls)
{
	for (size_t i = 0; i < sim_tuple_size(cls->bases); i++) {
		struct sim_class *base = as_class(sim_tuple_item(cls->bases, i));
		struct gcs_object *key = sim_int_new(sim, (intptr_t)cls), *ref;
		int result;

		if (!base->subclasses)
			base->subclasses = sim_dict_new(sim);
		ref = key && base->subclasses ? sim_weakref_new(sim, &cls->head, NULL) : NULL;
		result = ref ? sim_dict_set(sim, base->subclasses, key, ref) : -1;
		gcs_xdecref(key);
		gcs_xdecref(ref);
		if (result)
			return -1;
	}
	return 0;
}

/* --- __slots__ --------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return sim_str_order(*(struct gcs_object *const *)a, *(struct gcs_object *const *)b);
}

/* One name: what it asks for.  0, 1: it is a slot, -1. */
static int look_at_slot(struct sim *sim, struct sim_class *cls, struct gcs_object *name)
{
	if (!sim_is_str(name))
		return sim_raise(sim, SIM_TYPE_ERROR, "__slots__ items must be strings, not '%T'", name);
	if (sim_str_is(name, "__dict__")) {
		if (cls->has_dict)
			return sim_raise(sim, SIM_TYPE_ERROR, "__dict__ slot disallowed: we already got one");
		cls->has_dict = true;
		return 0;
	}
	if (sim_str_is(name, "__weakref__")) {
		if (cls->has_weakref)
			return sim_raise(sim, SIM_TYPE_ERROR, "__weakref__ slot disallowed: either we already got one, "
					"or __itemsize__ != 0");
		cls->has_weakref = true;
		return 0;
	}
	if (sim_dict_get_str(sim, cls->dict, name))
		return sim_raise(sim, SIM_VALUE_ERROR, "%R in __slots__ conflicts with class variable", name);
	return 1;
}

/* __private names are mangled in classes: _Class__private. */
static struct gcs_object *mangled(struct sim *sim, struct sim_class *cls, struct gcs_object *name)
{
	const struct sim_str *s = sim_as_str(name);
	size_t skip = 0;

	if (s->length < 3 || sim_str_at(s, 0) != '_' || sim_str_at(s, 1) != '_' ||
			(sim_str_at(s, s->length - 1) == '_' && sim_str_at(s, s->length - 2) == '_'))
		return sim_incref(name);
	while (skip < sim_as_str(cls->name)->length && sim_str_at(sim_as_str(cls->name), skip) == '_')
		skip++;
	if (skip == sim_as_str(cls->name)->length)
		return sim_incref(name);
	{
		struct gcs_object *bare = sim_str_slice(sim, cls->name, skip, sim_as_str(cls->name)->length - skip);
		struct gcs_object *result = bare ? sim_str_format(sim, "_%U%U", bare, name) : NULL;

		gcs_xdecref(bare);
		return sim_str_intern_object(sim, result);
	}
}

/* The names that are slots, as the class keeps them: a new list, sorted. */
static struct gcs_object *own_slots(struct sim *sim, struct sim_class *cls, struct gcs_object *names)
{
	struct gcs_object *kept = sim_list_new(sim, 0);
	int rc = kept ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < sim_tuple_size(names); i++) {
		struct gcs_object *name = sim_tuple_item(names, i);
		int slot = look_at_slot(sim, cls, name);

		rc = slot > 0 ? sim_list_append_steal(sim, kept, mangled(sim, cls, name)) : slot;
	}
	if (rc < 0)
		GCS_CLEAR(&kept);
	else if (sim_list_size(kept))
		qsort(((struct sim_list *)kept)->items, sim_list_size(kept), sizeof(struct gcs_object *),
				compare_names);
	return kept;
}

static int take_slots(struct sim *sim, struct sim_class *cls, struct gcs_object *given)
{
	struct gcs_object *names = sim_is_str(given) ? sim_tuple_pack(sim, 1, sim_incref(given)) :
			sim_tuple_from_iterable(sim, given);
	struct gcs_object *kept = NULL;

	if (names && cls->exception && sim_tuple_size(names))
		sim_raise(sim, SIM_TYPE_ERROR, "__slots__ of exceptions are not supported");
	else if (names)
		kept = own_slots(sim, cls, names);
	gcs_xdecref(names);
	if (!kept)
		return -1;
	cls->slot_tuple = sim_tuple_from_iterable(sim, kept);
	gcs_decref(kept);
	if (!cls->slot_tuple)
		return -1;
	cls->nr_slots = (uint16_t)sim_tuple_size(cls->slot_tuple);
	return 0;
}

static struct gcs_object *slot_name(const struct sim_class *cls, size_t i)
{
	return sim_tuple_item(cls->slot_tuple, i);
}

static int add_members(struct sim *sim, struct sim_class *cls)
{
	for (size_t i = 0; i < cls->nr_slots; i++)
		if (sim_class_set_item(sim, cls, sim_incref(slot_name(cls, i)), sim_member_descriptor_new(sim, cls,
				slot_name(cls, i), cls->first_slot + i)))
			return -1;
	return 0;
}

/* --- layout ------------------------------------------------------------------------------------------ */

static struct gcs_object *get_weakref(struct sim *sim, struct gcs_object *self)
{
	struct gcs_objects refs;
	struct gcs_object *first;

	if (gcs_weakref_list(self, &refs))
		return sim_no_memory_null(sim);
	first = sim_incref(refs.nr ? refs.object[0] : sim->none);
	gcs_objects_release(&refs);
	return first;
}

static const struct sim_getset dict_getset = {"__dict__", sim_object_dict, NULL};
static const struct sim_getset weakref_getset = {"__weakref__", get_weakref, NULL};

static int add_getsets(struct sim *sim, struct sim_class *cls, bool dict, bool weakref)
{
	if (dict && sim_class_set_item(sim, cls, sim_incref(sim->names.d_dict),
			sim_getset_descriptor_new(sim, cls, &dict_getset)))
		return -1;
	if (weakref && sim_class_set_item(sim, cls, sim_incref(sim->names.d_weakref),
			sim_getset_descriptor_new(sim, cls, &weakref_getset)))
		return -1;
	return 0;
}

/* The name in messages: the text of the class's own name, or a copy of it in UTF-8. */
static const char *type_name(struct sim *sim, struct sim_class *cls)
{
	size_t length;
	char *keep, *copy;
	const char *text = sim_str_utf8(sim, cls->name, &length, &keep);

	if (!keep)
		return text;
	copy = sim_resize(sim, NULL, 0, length + 1);
	if (copy)
		memcpy(copy, keep, length + 1);
	sim_scratch_free(keep);
	return copy;
}

/* The type of the instances: what the base has, with the layout of this class. */
static int set_layout(struct sim *sim, struct sim_class *cls)
{
	size_t slots = cls->first_slot + cls->nr_slots;
	const char *name = type_name(sim, cls);

	if (!name)
		return -1;
	cls->type = *cls->base->slots;
	cls->slots = &cls->type;
	cls->type.gc.name = name;
	cls->type.flags |= SIM_TYPE_HEAP | SIM_TYPE_BASE | (cls->has_dict ? SIM_TYPE_DICT : 0);
	cls->type.methods = NULL;
	cls->type.getsets = NULL;
	if (cls->exception) {
		cls->type.basic_size = 80;
		cls->type.gc.flags |= GCS_TYPE_WEAKREFS;
		return 0;
	}
	cls->type.kind = SIM_INSTANCE;
	cls->type.basic_size = INSTANCE_HEAD + 8 * slots + (cls->has_weakref ? 8 : 0);
	cls->type.gc.size = sizeof(struct sim_instance) + slots * sizeof(struct gcs_object *);
	cls->type.gc.flags = (cls->has_weakref ? GCS_TYPE_WEAKREFS : 0) | GCS_TYPE_GC | GCS_TYPE_TRASHCAN;
	cls->type.gc.traverse = sim_instance_traverse;
	cls->type.gc.clear = sim_instance_clear;
	cls->type.gc.dealloc = sim_instance_dealloc;
	cls->type.gc.size_of = sim_instance_size;
	cls->type.construct = sim_instance_construct;
	return 0;
}

void sim_class_release_type(struct sim *sim, struct sim_class *cls)
{
	char *name = (char *)(uintptr_t)cls->type.gc.name;

	if (cls->slots == &cls->type && name != sim_as_str(cls->name)->data)
		gcs_mem_free(sim->heap, name, strlen(name) + 1);
}

/* Moves a name from the namespace to the class's structure: "__qualname__". */
static struct gcs_object *take_item(struct sim *sim, struct sim_class *cls, struct gcs_object *name)
{
	return sim_dict_pop(sim, cls->dict, name);
}

static int set_default_items(struct sim *sim, struct sim_class *cls)
{
	if (!sim_dict_get_str(sim, cls->dict, sim->names.d_module)) {
		struct gcs_object *module = sim->main_globals ?
			sim_dict_get_str(sim, sim->main_globals, sim->names.d_name) : NULL;

		if (module && sim_dict_set(sim, cls->dict, sim->names.d_module, module))
			return -1;
	}
	if (!sim_dict_get_str(sim, cls->dict, sim->names.d_doc) &&
			sim_dict_set(sim, cls->dict, sim->names.d_doc, sim->none))
		return -1;
	/* __eq__ alone makes the objects unhashable. */
	if (sim_dict_get_str(sim, cls->dict, sim->names.d_eq) && !sim_dict_get_str(sim, cls->dict, sim->names.d_hash))
		return sim_dict_set(sim, cls->dict, sim->names.d_hash, sim->none);
	return 0;
}

/* The cell that super() and __class__ in methods read: the compiler left it in the namespace. */
static void set_class_cell(struct sim *sim, struct sim_class *cls)
{
	struct gcs_object *cell = take_item(sim, cls, sim->names.d_classcell);

	if (cell && sim_kind(cell) == SIM_CELL)
		sim_cell_set(cell, sim_incref(&cls->head));
	gcs_xdecref(cell);
}

/* What needs the class object to be there; it is in no list and known to nobody until it is complete. */
static int fill(struct sim *sim, struct sim_class *cls)
{
	struct gcs_object *slots = sim_dict_get_str(sim, cls->dict, sim->names.d_slots);
	bool had_dict = any_base(cls->bases, offsetof(struct sim_class, has_dict));
	bool had_weakref = any_base(cls->bases, offsetof(struct sim_class, has_weakref));

	cls->exception = cls->base->exception;
	cls->first_slot = cls->base->first_slot + cls->base->nr_slots;
	cls->has_dict = had_dict;
	cls->has_weakref = had_weakref;
	if (slots && take_slots(sim, cls, slots))
		return -1;
	if (!slots)
		cls->has_dict = cls->has_weakref = true;
	if (cls->exception)
		cls->has_dict = cls->has_weakref = true;
	if (set_layout(sim, cls))
		return -1;
	cls->qualname = take_item(sim, cls, sim->names.d_qualname);
	if (!cls->qualname)
		cls->qualname = sim_incref(cls->name);
	set_class_cell(sim, cls);
	if (sim_class_wrap_init_subclass(sim, cls))
		return -1;
	if (cls->has_dict && !cls->exception && !(cls->keys = sim_layout_new(sim)))
		return -1;
	cls->mro = make_mro(sim, cls);
	if (!cls->mro || add_members(sim, cls) || add_getsets(sim, cls, cls->has_dict && !had_dict,
			cls->has_weakref && !had_weakref) || set_default_items(sim, cls))
		return -1;
	sim_class_set_slots(sim, cls);
	return register_in_bases(sim, cls);
}

struct gcs_object *sim_class_new(struct sim *sim, struct gcs_object *name, struct gcs_object *bases,
		struct gcs_object *namespace)
{
	struct sim_class *base, *cls;
	struct gcs_object *dict;

	bases = sim_tuple_size(bases) ? sim_incref(bases) :
		sim_tuple_pack(sim, 1, sim_incref(&sim->classes[SIM_OBJECT]->head));
	base = bases ? best_base(sim, bases) : NULL;
	dict = base ? sim_dict_copy(sim, namespace) : NULL;
	cls = dict ? sim_class_alloc(sim) : NULL;
	if (!cls) {
		gcs_xdecref(bases);
		gcs_xdecref(dict);
		return NULL;
	}
	cls->slots = base->slots;
	cls->name = sim_incref(name);
	cls->base = (struct sim_class *)sim_incref(&base->head);
	cls->bases = bases;
	cls->dict = dict;
	gcs_track(&cls->head);
	if (fill(sim, cls) == 0 && sim_class_call_hooks(sim, cls) == 0)
		return &cls->head;
	gcs_decref(&cls->head);
	return NULL;
}
