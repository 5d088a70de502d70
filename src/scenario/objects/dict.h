/* SPDX-License-Identifier: MIT */
/* Inside of dict: tables, and the layouts that the instances of a class share. */
#ifndef HL_SCENARIO_DICT_H
#define HL_SCENARIO_DICT_H

#include "internal.h"

#define SIM_SHARED_MAX 30	/* attributes in a shared layout */
#define SIM_DICT_MIN_LOG2 3

struct sim_dict_entry {
	struct gcs_object *key;
	struct gcs_object *value;	/* NULL: deleted */
	int64_t hash;
};

/* Entries in the order of insertion, and behind them an index by hash: -1 empty, -2 deleted. */
struct sim_dict_keys {
	uint8_t log2;			/* of the slots of the index */
	bool general;			/* there may be keys that are not str */
	size_t usable;			/* entries that may still be added */
	size_t nr;			/* entries, deleted ones included */
	size_t bytes;			/* of this memory */
	struct sim_dict_entry entries[];
};

/* Names and order of the attributes of a class's instances.  Counted references: a dict may outlive the class. */
struct sim_shared_layout {
	int refs;
	struct sim_shared_keys keys;
};

/* The values of one instance: by the position of the name in the layout. */
struct sim_values {
	uint8_t room;			/* values */
	uint8_t nr;			/* attributes that are set */
	uint8_t order[SIM_SHARED_MAX];	/* their positions, first set first */
	struct gcs_object *value[];
};

static inline struct sim_dict *sim_as_dict(struct gcs_object *object)
{
	return (struct sim_dict *)object;
}

static inline size_t sim_usable(int log2)
{
	return ((size_t)2 << log2) / 3;
}

/* Which entry has a str as its key; below 0: none, or the dict has a layout. */
int64_t sim_dict_position(struct sim *sim, struct gcs_object *dict, struct gcs_object *name);

/* The value under an interned name that was entry number @position once: NULL if it is not any more. */
static inline struct gcs_object **sim_dict_place(struct gcs_object *dict, struct gcs_object *name, uint64_t position)
{
	struct sim_dict_keys *keys = sim_as_dict(dict)->keys;

	return keys && position < keys->nr && keys->entries[position].key == name ?
		&keys->entries[position].value : NULL;
}

/* CPython's choice of a size for at least so many slots, and for so many entries; its formula rounds small numbers up
 * more than it needs to, which sys.getsizeof() shows. */
int sim_dict_log2_for(size_t slots);
int sim_dict_log2_estimate(size_t entries);
int sim_dict_resize(struct sim *sim, struct gcs_object *dict, int log2, bool unicode);
size_t sim_dict_keys_bytes(int log2, bool general);
/* The entries of another dict into an empty one, with a table of the same form; false: not possible. */
int sim_dict_clone(struct sim *sim, struct sim_dict *dict, struct sim_dict *from);

/* --- shared layouts (layout.c) ----------------------------------------------------------------------- */

struct sim_shared_keys *sim_layout_new(struct sim *sim);
struct sim_shared_keys *sim_layout_ref(struct sim_shared_keys *keys);
void sim_layout_unref(struct sim *sim, struct sim_shared_keys *keys);
int sim_layout_find(const struct sim_shared_keys *keys, struct gcs_object *name);	/* -1: no such name */
/* -1: there is no room, or no memory; no exception. */
int sim_layout_add(struct sim_shared_keys *keys, struct gcs_object *name);

static inline size_t sim_layout_size(const struct sim_shared_keys *keys)
{
	return keys->nr + keys->usable;
}

/* A new instance's values; each one shrinks the layout by one as long as it can. */
struct sim_values *sim_values_new(struct sim *sim, struct sim_shared_keys *keys, struct gcs_block *block);
struct sim_values *sim_values_copy(struct sim *sim, const struct sim_values *values, struct gcs_block *block);
void sim_values_free(struct sim *sim, struct sim_values *values, struct gcs_block *block);
/* Steals @value and gives the old one (NULL: there was none); with @value NULL the attribute goes. */
struct gcs_object *sim_values_set(struct sim_values *values, int position, struct gcs_object *value);

#endif
