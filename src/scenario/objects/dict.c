/* SPDX-License-Identifier: MIT */
/* dict: tables, look-up, insertion, deletion. */
#include "dict.h"

#define DICT_BYTES (48 + SIM_GC_HEAD)
#define EMPTY (-1)
#define DELETED (-2)
#define PERTURB_SHIFT 5
#define LARGEST_LOG2 30

/* --- tables ------------------------------------------------------------------------------------------ */

static size_t index_width(int log2)
{
	return log2 < 8 ? 1 : log2 < 16 ? 2 : 4;
}

static size_t real_bytes(int log2)
{
	return sizeof(struct sim_dict_keys) + sim_usable(log2) * sizeof(struct sim_dict_entry) +
		(index_width(log2) << log2);
}

size_t sim_dict_keys_bytes(int log2, bool general)
{
	return 32 + (index_width(log2) << log2) + sim_usable(log2) * (general ? 24 : 16);
}

static void *index_of(const struct sim_dict_keys *keys)
{
	return (char *)keys->entries + sim_usable(keys->log2) * sizeof(struct sim_dict_entry);
}

static int64_t get_index(const struct sim_dict_keys *keys, size_t slot)
{
	if (keys->log2 < 8)
		return ((int8_t *)index_of(keys))[slot];
	return keys->log2 < 16 ? ((int16_t *)index_of(keys))[slot] : ((int32_t *)index_of(keys))[slot];
}

static void set_index(struct sim_dict_keys *keys, size_t slot, int64_t value)
{
	if (keys->log2 < 8)
		((int8_t *)index_of(keys))[slot] = value;
	else if (keys->log2 < 16)
		((int16_t *)index_of(keys))[slot] = value;
	else
		((int32_t *)index_of(keys))[slot] = value;
}

static int bit_length(size_t value)
{
	return value ? 64 - __builtin_clzll(value) : 0;
}

int sim_dict_log2_for(size_t slots)
{
	slots = (slots | 8) - 1;
	return bit_length(slots | 7);
}

int sim_dict_log2_estimate(size_t entries)
{
	return sim_dict_log2_for((entries * 3 + 1) / 2);
}

static struct sim_dict_keys *keys_new(struct sim *sim, int log2, bool general, struct gcs_block *block)
{
	size_t bytes = real_bytes(log2);
	struct sim_dict_keys *keys = NULL;

	if (log2 > LARGEST_LOG2 || (log2 > SIM_DICT_MIN_LOG2 && sim_check_array(sim, bytes, 1)))
		return sim->pending ? NULL : sim_no_memory_null(sim);
	if (log2 == SIM_DICT_MIN_LOG2 && !general)
		keys = gcs_freelist_take_memory(sim->keys_free, block, sim->site);
	if (!keys) {
		keys = sim_resize(sim, NULL, 0, bytes);
		if (!keys)
			return NULL;
		gcs_block_set(sim->heap, block, sim->site, sim_dict_keys_bytes(log2, general));
	}
	keys->log2 = log2;
	keys->general = general;
	keys->usable = sim_usable(log2);
	keys->nr = 0;
	keys->bytes = bytes;
	memset(index_of(keys), 0xff, index_width(log2) << log2);
	return keys;
}

/* The memory only: the entries have gone, or passed to another table. */
static void keys_release(struct sim *sim, struct sim_dict_keys *keys, struct gcs_block *block)
{
	if (keys->log2 == SIM_DICT_MIN_LOG2 && !keys->general &&
			gcs_freelist_keep_memory(sim->keys_free, keys, keys->bytes, block))
		return;
	gcs_block_set(sim->heap, block, sim->site, 0);
	gcs_mem_free(sim->heap, keys, keys->bytes);
}

static void keys_drop(struct sim *sim, struct sim_dict_keys *keys, struct gcs_block *block)
{
	for (size_t i = 0; i < keys->nr; i++) {
		if (!keys->entries[i].value)
			continue;
		gcs_decref(keys->entries[i].key);
		gcs_decref(keys->entries[i].value);
	}
	keys_release(sim, keys, block);
}

/* --- look-up ----------------------------------------------------------------------------------------- */

/* 1: the same; 0: not; -1: exception; 2: the table changed while __eq__ ran, start again. */
static int same_key(struct sim *sim, struct sim_dict *dict, struct sim_dict_keys *keys, struct sim_dict_entry *entry,
		struct gcs_object *key, int64_t hash)
{
	struct gcs_object *mine = entry->key;
	int equal;

	if (mine == key)
		return 1;
	if (entry->hash != hash)
		return 0;
	if (sim_is_str(mine) && sim_is_str(key))
		return sim_str_equal(mine, key);
	gcs_incref(mine);
	equal = sim_compare_bool(sim, mine, key, SIM_EQ);
	gcs_decref(mine);
	if (equal < 0)
		return -1;
	return dict->keys == keys && entry->key == mine ? equal : 2;
}

/* The entry's number; EMPTY; -3 and an exception.  *slot: where the index has it. */
static int64_t find(struct sim *sim, struct sim_dict *dict, struct gcs_object *key, int64_t hash, size_t *slot)
{
	struct sim_dict_keys *keys;
	size_t perturb, at, mask;
	int64_t number;
	int same;

again:
	keys = dict->keys;
	if (!keys)
		return EMPTY;
	mask = ((size_t)1 << keys->log2) - 1;
	perturb = hash;
	for (at = perturb & mask; (number = get_index(keys, at)) != EMPTY; at = (at * 5 + perturb + 1) & mask) {
		perturb >>= PERTURB_SHIFT;
		if (number == DELETED)
			continue;
		same = same_key(sim, dict, keys, &keys->entries[number], key, hash);
		if (same == 2)
			goto again;
		if (same) {
			*slot = at;
			return same < 0 ? -3 : number;
		}
	}
	return EMPTY;
}

static void index_insert(struct sim_dict_keys *keys, int64_t hash, size_t number)
{
	size_t mask = ((size_t)1 << keys->log2) - 1, perturb = hash, at = perturb & mask;

	while (get_index(keys, at) >= 0) {
		perturb >>= PERTURB_SHIFT;
		at = (at * 5 + perturb + 1) & mask;
	}
	set_index(keys, at, number);
}

static struct gcs_object **find_shared(struct sim_dict *dict, struct gcs_object *key)
{
	int position = sim_is_str(key) ? sim_layout_find(dict->shared, key) : -1;

	return position >= 0 && position < dict->values->room && dict->values->value[position] ?
		&dict->values->value[position] : NULL;
}

struct gcs_object *sim_dict_get_hash(struct sim *sim, struct gcs_object *self, struct gcs_object *key, int64_t hash)
{
	struct sim_dict *dict = sim_as_dict(self);
	struct gcs_object **value;
	int64_t number;
	size_t slot;

	if (dict->values) {
		value = find_shared(dict, key);
		return value ? *value : NULL;
	}
	number = find(sim, dict, key, hash, &slot);
	return number < 0 ? NULL : dict->keys->entries[number].value;
}

int64_t sim_dict_position(struct sim *sim, struct gcs_object *self, struct gcs_object *name)
{
	struct sim_dict *dict = sim_as_dict(self);
	size_t slot;

	return dict->keys ? find(sim, dict, name, sim_str_hash(name), &slot) : EMPTY;
}

struct gcs_object *sim_dict_get(struct sim *sim, struct gcs_object *dict, struct gcs_object *key)
{
	int64_t hash = sim_is_str(key) ? sim_str_hash(key) : sim_hash(sim, key);

	return hash == -1 ? NULL : sim_dict_get_hash(sim, dict, key, hash);
}

struct gcs_object *sim_dict_get_str(struct sim *sim, struct gcs_object *dict, struct gcs_object *key)
{
	return sim_dict_get_hash(sim, dict, key, sim_str_hash(key));
}

struct gcs_object *sim_dict_get_text(struct sim *sim, struct gcs_object *dict, const char *key)
{
	struct gcs_object *name = sim_str_from(sim, key), *value;

	if (!name)
		return NULL;
	value = sim_dict_get_str(sim, dict, name);
	gcs_decref(name);
	return value;
}

/* --- growth ------------------------------------------------------------------------------------------ */

/* From a layout to a table of its own. */
static int unshare(struct sim *sim, struct sim_dict *dict, struct sim_dict_keys *keys)
{
	struct sim_values *values = dict->values;

	for (int i = 0; i < values->nr; i++) {
		struct gcs_object *name = dict->shared->names[values->order[i]];

		index_insert(keys, sim_str_hash(name), keys->nr);
		keys->entries[keys->nr++] = (struct sim_dict_entry){sim_incref(name), values->value[values->order[i]],
			sim_str_hash(name)};
		keys->usable--;
	}
	sim_values_free(sim, values, &dict->block);
	sim_layout_unref(sim, dict->shared);
	dict->values = NULL;
	dict->shared = NULL;
	return 0;
}

static void move_entries(struct sim_dict_keys *to, const struct sim_dict_keys *from)
{
	for (size_t i = 0; i < from->nr; i++) {
		if (!from->entries[i].value)
			continue;
		index_insert(to, from->entries[i].hash, to->nr);
		to->entries[to->nr++] = from->entries[i];
		to->usable--;
	}
}

int sim_dict_resize(struct sim *sim, struct gcs_object *self, int log2, bool unicode)
{
	struct sim_dict *dict = sim_as_dict(self);
	bool general = !unicode || (dict->keys && dict->keys->general);
	struct gcs_block block = {0};
	struct sim_dict_keys *keys = keys_new(sim, log2, general, &block);

	if (!keys)
		return -1;
	if (dict->values) {
		unshare(sim, dict, keys);
	} else if (dict->keys) {
		move_entries(keys, dict->keys);
		keys_release(sim, dict->keys, &dict->block);
	}
	dict->keys = keys;
	dict->block = block;
	return 0;
}

static int grow(struct sim *sim, struct gcs_object *self, bool unicode)
{
	return sim_dict_resize(sim, self, sim_dict_log2_for(sim_as_dict(self)->used * 3), unicode);
}

/* --- insertion --------------------------------------------------------------------------------------- */

bool sim_may_be_tracked(const struct gcs_object *object)
{
	if (!(object->type->flags & GCS_TYPE_GC))
		return false;
	if (sim_kind(object) == SIM_TUPLE)
		return gcs_is_tracked(object);
	/* Built-in classes are no GC objects in CPython. */
	return sim_kind(object) != SIM_TYPE || ((const struct sim_class *)object)->slots->flags & SIM_TYPE_HEAP;
}

static void maintain_tracking(struct gcs_object *self, struct gcs_object *key, struct gcs_object *value)
{
	if (!gcs_is_tracked(self) && (sim_may_be_tracked(value) || sim_may_be_tracked(key)))
		gcs_track(self);
}

/* 1: done; 0: the dict has a table of its own (now). */
static int set_shared(struct sim *sim, struct gcs_object *self, struct gcs_object *key, struct gcs_object *value)
{
	struct sim_dict *dict = sim_as_dict(self);
	struct gcs_object *old;
	int position;

	if (!sim_is_str(key))
		return grow(sim, self, false);
	position = sim_layout_find(dict->shared, key);
	if (position < 0)
		position = sim_layout_add(dict->shared, key);
	if (position < 0 || position >= dict->values->room)
		return grow(sim, self, true);
	maintain_tracking(self, key, value);
	old = sim_values_set(dict->values, position, sim_incref(value));
	dict->used = dict->values->nr;
	gcs_xdecref(old);
	return 1;
}

static int add_entry(struct sim *sim, struct gcs_object *self, struct gcs_object *key, int64_t hash,
		struct gcs_object *value)
{
	struct sim_dict *dict = sim_as_dict(self);
	struct sim_dict_keys *keys;

	if (!dict->keys->usable && grow(sim, self, sim_is_str(key)))
		return -1;
	keys = dict->keys;
	index_insert(keys, hash, keys->nr);
	keys->entries[keys->nr++] = (struct sim_dict_entry){sim_incref(key), sim_incref(value), hash};
	keys->usable--;
	dict->used++;
	return 0;
}

int sim_dict_set_hash(struct sim *sim, struct gcs_object *self, struct gcs_object *key, int64_t hash,
		struct gcs_object *value)
{
	struct sim_dict *dict = sim_as_dict(self);
	int64_t number;
	size_t slot;

	if (dict->values) {
		int done = set_shared(sim, self, key, value);

		if (done)
			return done < 0 ? -1 : 0;
	}
	if (!dict->keys && sim_dict_resize(sim, self, SIM_DICT_MIN_LOG2, sim_is_str(key)))
		return -1;
	if (!dict->keys->general && !sim_is_str(key) && grow(sim, self, false))
		return -1;
	number = find(sim, dict, key, hash, &slot);
	if (number == -3)
		return -1;
	maintain_tracking(self, key, value);
	if (number < 0) {
		/* __eq__ may have emptied the dict. */
		if (!dict->keys && sim_dict_resize(sim, self, SIM_DICT_MIN_LOG2, sim_is_str(key)))
			return -1;
		return add_entry(sim, self, key, hash, value);
	}
	gcs_incref(value);
	GCS_SET(&dict->keys->entries[number].value, value);
	return 0;
}

int sim_dict_set(struct sim *sim, struct gcs_object *dict, struct gcs_object *key, struct gcs_object *value)
{
	int64_t hash = sim_is_str(key) ? sim_str_hash(key) : sim_hash(sim, key);

	return hash == -1 ? -1 : sim_dict_set_hash(sim, dict, key, hash, value);
}

int sim_dict_set_text(struct sim *sim, struct gcs_object *dict, const char *key, struct gcs_object *value)
{
	struct gcs_object *name = sim_str_intern(sim, key, strlen(key));
	int result;

	if (!name)
		return -1;
	result = sim_dict_set(sim, dict, name, value);
	gcs_decref(name);
	return result;
}

/* --- deletion ---------------------------------------------------------------------------------------- */

/* The references of entry @number pass to the caller. */
static struct sim_dict_entry take_entry(struct sim_dict *dict, int64_t number, size_t slot)
{
	struct sim_dict_entry *entry = &dict->keys->entries[number], taken = *entry;

	set_index(dict->keys, slot, DELETED);
	entry->key = NULL;
	entry->value = NULL;
	dict->used--;
	return taken;
}

struct gcs_object *sim_dict_pop(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	struct sim_dict *dict = sim_as_dict(self);
	int64_t hash = sim_hash(sim, key), number;
	struct sim_dict_entry taken;
	size_t slot;

	if (hash == -1)
		return NULL;
	if (dict->values) {
		struct gcs_object **value = find_shared(dict, key);

		if (!value)
			return NULL;
		dict->used--;
		return sim_values_set(dict->values, value - dict->values->value, NULL);
	}
	number = find(sim, dict, key, hash, &slot);
	if (number < 0)
		return NULL;
	taken = take_entry(dict, number, slot);
	gcs_decref(taken.key);
	return taken.value;
}

int sim_dict_delete(struct sim *sim, struct gcs_object *dict, struct gcs_object *key)
{
	struct gcs_object *value = sim_dict_pop(sim, dict, key);

	if (!value)
		return sim->pending ? -1 : 0;
	gcs_decref(value);
	return 1;
}

/* popitem(): the last entry; its references are the caller's.  The place is free for a new one. */
struct gcs_object *sim_dict_pop_last(struct sim *sim, struct gcs_object *self, struct gcs_object **key)
{
	struct sim_dict *dict = sim_as_dict(self);
	struct sim_dict_entry taken;
	size_t number, slot, perturb, mask;

	if (dict->values && sim_dict_resize(sim, self, 6, true))
		return NULL;
	if (!dict->used)
		return NULL;
	for (number = dict->keys->nr - 1; !dict->keys->entries[number].value;)
		number--;
	mask = ((size_t)1 << dict->keys->log2) - 1;
	perturb = dict->keys->entries[number].hash;
	for (slot = perturb & mask; get_index(dict->keys, slot) != (int64_t)number;) {
		perturb >>= PERTURB_SHIFT;
		slot = (slot * 5 + perturb + 1) & mask;
	}
	sim_charge_places(sim, dict->keys->nr - number);
	taken = take_entry(dict, number, slot);
	dict->keys->nr = number;
	*key = taken.key;
	return taken.value;
}

/* --- the object -------------------------------------------------------------------------------------- */

/* What an object holds beside itself, and what is dropped first when it dies. */
static void drop(struct sim *sim, struct sim_dict *dict)
{
	struct sim_dict_keys *keys = dict->keys;
	struct sim_values *values = dict->values;
	struct sim_shared_keys *shared = dict->shared;
	struct gcs_block block = dict->block;

	dict->keys = NULL;
	dict->values = NULL;
	dict->shared = NULL;
	dict->used = 0;
	memset(&dict->block, 0, sizeof(dict->block));
	if (keys)
		keys_drop(sim, keys, &block);
	if (!values)
		return;
	for (int i = 0; i < shared->nr && i < values->room; i++)
		gcs_xdecref(values->value[i]);
	sim_values_free(sim, values, &block);
	sim_layout_unref(sim, shared);
}

void sim_dict_drop(struct gcs_object *self)
{
	drop(sim_of(self), sim_as_dict(self));
}

void sim_dict_clear(struct sim *sim, struct gcs_object *self)
{
	drop(sim, sim_as_dict(self));
}

struct gcs_object *sim_dict_new(struct sim *sim)
{
	/* Not tracked: a dict of atoms cannot be in a cycle. */
	struct gcs_object *dict = gcs_freelist_new(sim->dict_free, sim->heap, &sim_dict_type.gc, sim->site, 0,
			DICT_BYTES);

	return dict ? dict : sim_no_memory_null(sim);
}

struct gcs_object *sim_dict_new_object(struct sim *sim)
{
	struct gcs_object *dict = gcs_freelist_new_object(sim->dict_free, sim->heap, &sim_dict_type.gc, sim->site, 0,
			DICT_BYTES);

	return dict ? dict : sim_no_memory_null(sim);
}

struct gcs_object *sim_dict_from_values(struct sim *sim, struct sim_shared_keys *keys, struct sim_values *values,
		const struct gcs_block *block)
{
	struct gcs_object *self = sim_dict_new(sim);
	struct sim_dict *dict = sim_as_dict(self);

	if (!self)
		return NULL;
	dict->shared = sim_layout_ref(keys);
	dict->values = values;
	dict->block = *block;
	dict->used = values->nr;
	for (int i = 0; i < values->nr; i++)
		if (sim_may_be_tracked(values->value[values->order[i]]))
			gcs_track(self);
	return self;
}

int sim_dict_clone(struct sim *sim, struct sim_dict *dict, struct sim_dict *from)
{
	const struct sim_dict_keys *old = from->keys;
	struct gcs_block block = {0};
	struct sim_dict_keys *keys = keys_new(sim, old->log2, old->general, &block);

	if (!keys)
		return -1;
	memcpy(keys, old, old->bytes);
	for (size_t i = 0; i < keys->nr; i++) {
		if (!keys->entries[i].value)
			continue;
		gcs_incref(keys->entries[i].key);
		gcs_incref(keys->entries[i].value);
	}
	if (dict->keys)
		keys_release(sim, dict->keys, &dict->block);
	dict->keys = keys;
	dict->block = block;
	dict->used = from->used;
	if (gcs_is_tracked(&from->head))
		gcs_track(&dict->head);
	return 0;
}

bool sim_dict_next(const struct gcs_object *self, size_t *pos, struct gcs_object **key, struct gcs_object **value)
{
	const struct sim_dict *dict = (const struct sim_dict *)self;
	size_t from;

	if (dict->values) {
		int position;

		if (*pos >= dict->values->nr)
			return false;
		position = dict->values->order[(*pos)++];
		*key = dict->shared->names[position];
		*value = dict->values->value[position];
		return true;
	}
	from = *pos;
	while (dict->keys && *pos < dict->keys->nr && !dict->keys->entries[*pos].value)
		++*pos;
	sim_charge(sim_of(self), 1 + (*pos - from) / SIM_PLACES_PER_STEP);
	if (!dict->keys || *pos >= dict->keys->nr)
		return false;
	*key = dict->keys->entries[*pos].key;
	*value = dict->keys->entries[(*pos)++].value;
	return true;
}
