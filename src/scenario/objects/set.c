/* SPDX-License-Identifier: MIT */
/* set and frozenset: the table, in whose order they are visited. */
#include "set.h"

#define SET_BYTES (200 + SIM_GC_HEAD)
#define LINEAR_PROBES 9
#define PERTURB_SHIFT 5
#define DUMMY_HASH (-1)		/* of an entry that was deleted: no key has it */

static struct sim_set *as_set(struct gcs_object *object)
{
	return (struct sim_set *)object;
}

static int set_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct sim_set *set = as_set(self);

	for (size_t i = 0; set->table && i <= set->mask; i++)
		GCS_VISIT(set->table[i].key);
	return 0;
}

static void free_table(struct sim *sim, struct sim_set_entry *table, size_t mask, struct gcs_block *block)
{
	gcs_block_set(sim->heap, block, sim->site, 0);
	gcs_mem_free(sim->heap, table, (mask + 1) * sizeof(*table));
}

/* But for where pop() goes on, which stays. */
static void make_empty(struct sim_set *set)
{
	memset(set->small, 0, sizeof(set->small));
	set->table = set->small;
	set->mask = SIM_SET_SMALL - 1;
	set->fill = set->used = 0;
	set->hash = -1;
}

/* Empty before the first reference goes. */
void sim_set_clear(struct gcs_object *self)
{
	struct sim_set *set = as_set(self), old = *set;
	struct sim *sim = sim_of(self);
	struct sim_set_entry *table;

	if (!set->table || set->fill == 0)
		return;
	table = old.table == set->small ? old.small : old.table;
	make_empty(set);
	memset(&set->block, 0, sizeof(set->block));
	for (size_t i = 0; i <= old.mask; i++)
		gcs_xdecref(table[i].key);
	if (table != old.small)
		free_table(sim, table, old.mask, &old.block);
}

static void set_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	gcs_dealloc_weakrefs(self);
	sim_set_clear(self);
	gcs_object_free(self);
}

static size_t set_size(const struct gcs_object *self)
{
	const struct sim_set *set = (const struct sim_set *)self;

	return 200 + (set->table == set->small ? 0 : (set->mask + 1) * sizeof(struct sim_set_entry));
}

/* --- the table --------------------------------------------------------------------------------------- */

/* Only for tables without deleted entries, and keys that are not in them. */
static void insert_clean(struct sim_set_entry *table, size_t mask, struct gcs_object *key, int64_t hash)
{
	size_t perturb = hash, at = perturb & mask;

	for (;;) {
		size_t probes = at + LINEAR_PROBES <= mask ? LINEAR_PROBES : 0;

		for (size_t i = 0; i <= probes; i++) {
			if (!table[at + i].key) {
				table[at + i].key = key;
				table[at + i].hash = hash;
				return;
			}
		}
		perturb >>= PERTURB_SHIFT;
		at = (at * 5 + 1 + perturb) & mask;
	}
}

int sim_set_resize(struct sim *sim, struct gcs_object *self, size_t wanted)
{
	struct sim_set *set = as_set(self);
	struct sim_set_entry *old = set->table, *table, kept[SIM_SET_SMALL];
	struct gcs_block block = set->block, new_block = {0};
	size_t size = SIM_SET_SMALL, old_mask = set->mask;

	while (size <= wanted)
		size <<= 1;
	if (old == set->small) {
		memcpy(kept, old, sizeof(kept));
		old = kept;
	}
	if (size == SIM_SET_SMALL) {
		table = set->small;
	} else {
		if (sim_check_array(sim, size, sizeof(*table)))
			return -1;
		table = sim_resize(sim, NULL, 0, size * sizeof(*table));
		if (!table)
			return -1;
		gcs_block_set(sim->heap, &new_block, sim->site, size * sizeof(*table));
	}
	memset(table, 0, size * sizeof(*table));
	for (size_t i = 0; i <= old_mask; i++)
		if (old[i].key)
			insert_clean(table, size - 1, old[i].key, old[i].hash);
	set->table = table;
	set->mask = size - 1;
	set->fill = set->used;
	set->block = new_block;
	if (old != kept)
		free_table(sim, old, old_mask, &block);
	return 0;
}

/* 1: the same, 0: not, -1: exception, 2: the table changed meanwhile. */
static int same_key(struct sim *sim, struct sim_set *set, struct sim_set_entry *entry, struct gcs_object *key)
{
	struct gcs_object *mine = entry->key;
	struct sim_set_entry *table = set->table;
	int equal;

	if (mine == key)
		return 1;
	if (sim_is_str(mine) && sim_is_str(key))
		return sim_str_equal(mine, key);
	gcs_incref(mine);
	equal = sim_compare_bool(sim, mine, key, SIM_EQ);
	gcs_decref(mine);
	if (equal < 0)
		return -1;
	return set->table == table && entry->key == mine ? equal : 2;
}

/* 1: *entry has the key; 0: *entry is the place for it, in *deleted the last deleted one on the way (or NULL); -1. */
static int find(struct sim *sim, struct sim_set *set, struct gcs_object *key, int64_t hash,
		struct sim_set_entry **entry, struct sim_set_entry **deleted)
{
	size_t perturb, at, mask;
	int same;

again:
	mask = set->mask;
	perturb = hash;
	*deleted = NULL;
	for (at = perturb & mask;; at = (at * 5 + 1 + perturb) & mask) {
		size_t probes = at + LINEAR_PROBES <= mask ? LINEAR_PROBES : 0;

		for (size_t i = 0; i <= probes; i++) {
			*entry = &set->table[at + i];
			if (!(*entry)->key && (*entry)->hash != DUMMY_HASH)
				return 0;
			if (!(*entry)->key)
				*deleted = *entry;
			if (!(*entry)->key || (*entry)->hash != hash)
				continue;
			same = same_key(sim, set, *entry, key);
			if (same == 2)
				goto again;
			if (same)
				return same;
		}
		perturb >>= PERTURB_SHIFT;
	}
}

int sim_set_add_hash(struct sim *sim, struct gcs_object *self, struct gcs_object *key, int64_t hash)
{
	struct sim_set *set = as_set(self);
	struct sim_set_entry *entry, *deleted;
	int found = find(sim, set, key, hash, &entry, &deleted);

	if (found)
		return found < 0 ? -1 : 0;
	if (deleted)
		entry = deleted;
	entry->key = sim_incref(key);
	entry->hash = hash;
	set->used++;
	if (deleted)
		return 0;
	set->fill++;
	if (set->fill * 5 < set->mask * 3)
		return 0;
	return sim_set_resize(sim, self, set->used > 50000 ? set->used * 2 : set->used * 4);
}

int sim_set_add(struct sim *sim, struct gcs_object *set, struct gcs_object *key)
{
	int64_t hash = sim_hash(sim, key);

	return hash == -1 ? -1 : sim_set_add_hash(sim, set, key, hash);
}

int sim_set_contains_hash(struct sim *sim, struct gcs_object *set, struct gcs_object *key, int64_t hash)
{
	struct sim_set_entry *entry, *deleted;

	return find(sim, as_set(set), key, hash, &entry, &deleted);
}

int sim_set_contains(struct sim *sim, struct gcs_object *set, struct gcs_object *key)
{
	int64_t hash = sim_hash(sim, key);

	return hash == -1 ? -1 : sim_set_contains_hash(sim, set, key, hash);
}

int sim_set_discard_hash(struct sim *sim, struct gcs_object *self, struct gcs_object *key, int64_t hash)
{
	struct sim_set *set = as_set(self);
	struct sim_set_entry *entry, *deleted;
	struct gcs_object *mine;
	int found = find(sim, set, key, hash, &entry, &deleted);

	if (found <= 0)
		return found;
	mine = entry->key;
	entry->key = NULL;
	entry->hash = DUMMY_HASH;
	set->used--;
	gcs_decref(mine);
	return 1;
}

int sim_set_discard(struct sim *sim, struct gcs_object *set, struct gcs_object *key)
{
	int64_t hash = sim_hash(sim, key);

	return hash == -1 ? -1 : sim_set_discard_hash(sim, set, key, hash);
}

bool sim_set_next(const struct gcs_object *self, size_t *pos, struct gcs_object **key)
{
	const struct sim_set *set = (const struct sim_set *)self;
	size_t from = *pos;

	while (*pos <= set->mask && !set->table[*pos].key)
		++*pos;
	sim_charge(sim_of(self), 1 + (*pos - from) / SIM_PLACES_PER_STEP);
	if (*pos > set->mask)
		return false;
	*key = set->table[(*pos)++].key;
	return true;
}

/* Any element: the first after where the last pop() found one. */
struct gcs_object *sim_set_pop(struct sim *sim, struct gcs_object *self)
{
	struct sim_set *set = as_set(self);
	size_t at = set->finger & set->mask, nr;
	struct gcs_object *key;

	if (!set->used)
		return sim_raise_null(sim, SIM_KEY_ERROR, "pop from an empty set");
	for (nr = 0; !set->table[at].key; nr++)
		at = at == set->mask ? 0 : at + 1;
	if (sim_charge_places(sim, nr))
		return NULL;
	key = set->table[at].key;
	set->table[at].key = NULL;
	set->table[at].hash = DUMMY_HASH;
	set->used--;
	set->finger = at + 1;
	return key;
}

/* --- making ------------------------------------------------------------------------------------------ */

static struct gcs_object *make(struct sim *sim, const struct sim_type *type, struct gcs_object *iterable)
{
	struct gcs_object *set = sim_alloc(sim, &type->gc, 0, SET_BYTES);

	if (!set)
		return NULL;
	make_empty(as_set(set));
	as_set(set)->finger = 0;
	gcs_track(set);
	if (iterable && sim_set_update(sim, set, iterable))
		GCS_CLEAR(&set);
	return set;
}

struct gcs_object *sim_set_new(struct sim *sim, struct gcs_object *iterable)
{
	return make(sim, &sim_set_type, iterable);
}

struct gcs_object *sim_frozenset_new(struct sim *sim, struct gcs_object *iterable)
{
	return make(sim, &sim_frozenset_type, iterable);
}

/* Another set at once: the table is made large enough for both before. */
static int merge(struct sim *sim, struct gcs_object *self, struct gcs_object *other)
{
	struct sim_set *set = as_set(self), *from = as_set(other);
	int result = 0;

	if (from == set || !from->used)
		return 0;
	if (sim_charge_places(sim, from->mask))
		return -1;
	if ((set->fill + from->used) * 5 >= set->mask * 3 && sim_set_resize(sim, self, (set->used + from->used) * 2))
		return -1;
	/* An empty table as large as the other takes the keys in their places. */
	if (set->fill == 0 && set->mask == from->mask && from->fill == from->used) {
		for (size_t i = 0; i <= from->mask; i++) {
			set->table[i] = from->table[i];
			if (set->table[i].key)
				gcs_incref(set->table[i].key);
		}
		set->fill = set->used = from->used;
		return 0;
	}
	if (set->fill == 0) {
		for (size_t i = 0; i <= from->mask; i++)
			if (from->table[i].key)
				insert_clean(set->table, set->mask, sim_incref(from->table[i].key),
						from->table[i].hash);
		set->fill = set->used = from->used;
		return 0;
	}
	for (size_t i = 0; !result && i <= from->mask; i++) {
		struct gcs_object *key = from->table[i].key;

		if (!key)
			continue;
		gcs_incref(key);
		result = sim_set_add_hash(sim, self, key, from->table[i].hash);
		gcs_decref(key);
	}
	return result;
}

/* The keys of a dict have their hashes; the table grows once, by a rule of its own. */
static int merge_dict(struct sim *sim, struct gcs_object *self, struct gcs_object *dict)
{
	struct sim_set *set = as_set(self);
	struct gcs_object *key, *value;
	size_t pos = 0, nr = sim_dict_size(dict);
	int result = 0;

	if ((set->fill + nr) * 5 >= set->mask * 3 && sim_set_resize(sim, self, (set->used + nr) * 2))
		return -1;
	while (!result && sim_dict_next(dict, &pos, &key, &value)) {
		gcs_incref(key);
		result = sim_set_add(sim, self, key);
		gcs_decref(key);
	}
	return result;
}

int sim_set_update(struct sim *sim, struct gcs_object *self, struct gcs_object *other)
{
	struct gcs_object *iterator, *key;
	int result = 0;

	if (sim_kind(other) == SIM_SET || sim_kind(other) == SIM_FROZENSET)
		return merge(sim, self, other);
	if (sim_kind(other) == SIM_DICT)
		return merge_dict(sim, self, other);
	iterator = sim_iter(sim, other);
	if (!iterator)
		return -1;
	while (!result && (key = sim_next(sim, iterator))) {
		result = sim_set_add(sim, self, key);
		gcs_decref(key);
	}
	gcs_decref(iterator);
	return result || sim->pending ? -1 : 0;
}

static int64_t set_length(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return as_set(self)->used;
}

static struct gcs_object *set_repr(struct sim *sim, struct gcs_object *self)
{
	int running = sim_repr_enter(sim, self);
	bool plain = sim_kind(self) == SIM_SET;
	struct gcs_object *list, *inner, *result = NULL;

	if (running)
		return running < 0 ? NULL : sim_str_format(sim, "%T(...)", self);
	list = as_set(self)->used ? sim_list_from_iterable(sim, self) : NULL;
	if (!as_set(self)->used)
		result = sim_str_format(sim, "%T()", self);
	else if (list && (inner = sim_repr(sim, list))) {
		struct gcs_object *items = sim_str_slice(sim, inner, 1, sim_as_str(inner)->length - 2);

		result = items ? sim_str_format(sim, plain ? "{%U}" : "frozenset({%U})", items) : NULL;
		gcs_xdecref(items);
		gcs_decref(inner);
	}
	gcs_xdecref(list);
	sim_repr_leave(sim, self);
	return result;
}

#define SET_GC(text)                                                                                               \
	{.name = text, .size = sizeof(struct sim_set), .flags = GCS_TYPE_GC | GCS_TYPE_TRASHCAN | GCS_TYPE_WEAKREFS, \
		.traverse = set_traverse, .clear = sim_set_clear, .dealloc = set_dealloc, .size_of = set_size}

const struct sim_type sim_set_type = {
	.gc = SET_GC("set"),
	.kind = SIM_SET,
	.basic_size = 200,
	.methods = sim_set_methods,
	.repr = set_repr,
	.compare = sim_set_compare,
	.length = set_length,
	.contains = sim_set_contains,
	.iter = sim_set_iter,
	.binary = sim_set_binary,
	.in_place = sim_set_in_place,
	.construct = sim_set_construct,
};

const struct sim_type sim_frozenset_type = {
	.gc = SET_GC("frozenset"),
	.kind = SIM_FROZENSET,
	.basic_size = 200,
	.methods = sim_frozenset_methods,
	.repr = set_repr,
	.hash = sim_frozenset_hash,
	.compare = sim_set_compare,
	.length = set_length,
	.contains = sim_set_contains,
	.iter = sim_set_iter,
	.binary = sim_set_binary,
	.construct = sim_set_construct,
};
