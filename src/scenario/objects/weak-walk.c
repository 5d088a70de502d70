/* SPDX-License-Identifier: MIT */
/* Iteration over weak dictionaries and sets. */
#include "weak.h"

/* Over a copy of the references, so that entries may die meanwhile; it keeps no referent alive. */
struct walker {
	struct gcs_object head;
	struct gcs_object *keys, *values;	/* lists of what the data holds; values may be NULL */
	size_t at;
	enum sim_walk what;
};

static int walker_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(((struct walker *)self)->keys);
	GCS_VISIT(((struct walker *)self)->values);
	return 0;
}

static void walker_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	gcs_xdecref(((struct walker *)self)->keys);
	gcs_xdecref(((struct walker *)self)->values);
	gcs_object_free(self);
}

/* The object behind a reference; other objects stand for themselves.  NULL: dead. */
static struct gcs_object *strong(struct gcs_object *object)
{
	if (sim_kind(object) == SIM_WEAKREF || sim_kind(object) == SIM_KEYED_WEAKREF)
		return gcs_weakref_get((struct gcs_weakref *)object);
	return sim_incref(object);
}

static struct gcs_object *walker_next(struct sim *sim, struct gcs_object *self)
{
	struct walker *walker = (struct walker *)self;

	while (walker->at < sim_list_size(walker->keys)) {
		size_t at = walker->at++;
		struct gcs_object *key = strong(sim_list_item(walker->keys, at));
		struct gcs_object *value = walker->values ? strong(sim_list_item(walker->values, at)) : sim_none(sim);

		if (key && value && walker->what == SIM_WALK_ITEMS)
			return sim_tuple_pack(sim, 2, key, value);
		if (key && value) {
			gcs_decref(walker->what == SIM_WALK_KEYS ? value : key);
			return walker->what == SIM_WALK_KEYS ? key : value;
		}
		gcs_xdecref(key);
		gcs_xdecref(value);
	}
	return NULL;
}

const struct sim_type sim_weak_walker_type = {
	.gc = {.name = "generator", .size = sizeof(struct walker), .flags = GCS_TYPE_GC, .traverse = walker_traverse,
		.dealloc = walker_dealloc, .size_of = sim_size_basic},
	.kind = SIM_EXTENSION,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 200,
	.iter = sim_self,
	.next = walker_next,
};

struct gcs_object *sim_weak_walk(struct sim *sim, struct gcs_object *self, enum sim_walk what)
{
	struct gcs_object *data = sim_get_attribute_text(sim, self, "data"), *key, *value;
	struct walker *walker = data ? (struct walker *)sim_alloc(sim, &sim_weak_walker_type.gc, 0, 0) : NULL;
	bool is_dict = data && sim_kind(data) == SIM_DICT, good = walker != NULL;
	size_t pos = 0;

	if (walker) {
		walker->what = what;
		walker->keys = sim_list_new(sim, 0);
		walker->values = is_dict ? sim_list_new(sim, 0) : NULL;
		good = walker->keys && (!is_dict || walker->values);
	}
	while (good && (is_dict ? sim_dict_next(data, &pos, &key, &value) : sim_set_next(data, &pos, &key)))
		good = !sim_list_append(sim, walker->keys, key) &&
			(!is_dict || !sim_list_append(sim, walker->values, value));
	gcs_xdecref(data);
	if (walker && good)
		gcs_track(&walker->head);
	if (walker && !good)
		gcs_decref(&walker->head);
	return good ? &walker->head : NULL;
}
