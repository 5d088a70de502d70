/* SPDX-License-Identifier: MIT */
/* The layouts of instances: names shared by a class, values of one instance. */
#include "dict.h"

#define CAPACITY 42		/* what CPython's table of 64 slots could hold */
#define INDEX_SLOTS 64

static struct sim_shared_layout *layout_of(struct sim_shared_keys *keys)
{
	return (struct sim_shared_layout *)((char *)keys - offsetof(struct sim_shared_layout, keys));
}

struct sim_shared_keys *sim_layout_new(struct sim *sim)
{
	struct sim_shared_layout *layout = sim_resize(sim, NULL, 0, sizeof(*layout));

	if (!layout)
		return NULL;
	memset(layout, 0, sizeof(*layout));
	layout->refs = 1;
	layout->keys.usable = SIM_SHARED_MAX;
	layout->keys.names = sim_resize(sim, NULL, 0, SIM_SHARED_MAX * sizeof(*layout->keys.names));
	if (!layout->keys.names) {
		gcs_mem_free(sim->heap, layout, sizeof(*layout));
		return NULL;
	}
	gcs_block_set(sim->heap, &layout->keys.block, sim->site, 32 + INDEX_SLOTS + CAPACITY * 16);
	return &layout->keys;
}

struct sim_shared_keys *sim_layout_ref(struct sim_shared_keys *keys)
{
	layout_of(keys)->refs++;
	return keys;
}

void sim_layout_unref(struct sim *sim, struct sim_shared_keys *keys)
{
	struct sim_shared_layout *layout = layout_of(keys);

	if (--layout->refs)
		return;
	for (int i = 0; i < keys->nr; i++)
		gcs_decref(keys->names[i]);
	gcs_block_set(sim->heap, &keys->block, sim->site, 0);
	gcs_mem_free(sim->heap, keys->names, SIM_SHARED_MAX * sizeof(*keys->names));
	gcs_mem_free(sim->heap, layout, sizeof(*layout));
}

/* Names are interned nearly always: the pointer decides, and only if it does not, the text. */
int sim_layout_find(const struct sim_shared_keys *keys, struct gcs_object *name)
{
	size_t slot = sim_str_hash(name) & (INDEX_SLOTS - 1);

	for (; keys->index[slot]; slot = (slot + 1) & (INDEX_SLOTS - 1)) {
		struct gcs_object *mine = keys->names[keys->index[slot] - 1];

		if (mine == name || (!sim_as_str(name)->interned && sim_str_equal(mine, name)))
			return keys->index[slot] - 1;
	}
	return -1;
}

int sim_layout_add(struct sim_shared_keys *keys, struct gcs_object *name)
{
	size_t slot = sim_str_hash(name) & (INDEX_SLOTS - 1);

	if (!keys->usable)
		return -1;
	while (keys->index[slot])
		slot = (slot + 1) & (INDEX_SLOTS - 1);
	keys->names[keys->nr] = sim_incref(name);
	keys->index[slot] = ++keys->nr;
	keys->usable--;
	return keys->nr - 1;
}

static size_t values_bytes(const struct sim_values *values)
{
	return sizeof(*values) + values->room * sizeof(values->value[0]);
}

/* CPython keeps the order in bytes before the values, one per value and two more, in whole words. */
static uint64_t block_bytes(size_t room)
{
	return ((room + 2 + 7) & ~(size_t)7) + room * 8;
}

struct sim_values *sim_values_new(struct sim *sim, struct sim_shared_keys *keys, struct gcs_block *block)
{
	struct sim_values *values;
	size_t room;

	if (keys->usable > 1)
		keys->usable--;
	room = sim_layout_size(keys);
	values = gcs_mem_resize(sim->heap, NULL, 0, sizeof(*values) + room * sizeof(values->value[0]));
	if (!values)
		return sim_no_memory_null(sim);
	values->room = room;
	values->nr = 0;
	memset(values->value, 0, room * sizeof(values->value[0]));
	gcs_block_set(sim->heap, block, sim->site, block_bytes(room));
	return values;
}

struct sim_values *sim_values_copy(struct sim *sim, const struct sim_values *values, struct gcs_block *block)
{
	struct sim_values *copy = sim_resize(sim, NULL, 0, values_bytes(values));

	if (!copy)
		return NULL;
	memcpy(copy, values, values_bytes(values));
	for (int i = 0; i < copy->nr; i++)
		gcs_incref(copy->value[copy->order[i]]);
	gcs_block_set(sim->heap, block, sim->site, block_bytes(values->room));
	return copy;
}

void sim_values_free(struct sim *sim, struct sim_values *values, struct gcs_block *block)
{
	gcs_block_set(sim->heap, block, sim->site, 0);
	gcs_mem_free(sim->heap, values, values_bytes(values));
}

struct gcs_object *sim_values_set(struct sim_values *values, int position, struct gcs_object *value)
{
	struct gcs_object *old = values->value[position];
	int at = 0;

	values->value[position] = value;
	if (value && !old)
		values->order[values->nr++] = position;
	if (value || !old)
		return old;
	while (values->order[at] != position)
		at++;
	if (at < --values->nr)
		memmove(values->order + at, values->order + at + 1, values->nr - at);
	return old;
}
