/* SPDX-License-Identifier: MIT */
/*
 * list, tuple, dict and set: layout, growth and order as CPython 3.11's.  Ownership: see sim.h.
 *
 * Invariants: the arrays belong to the container; list->items[0..nr) and tuple->items are not NULL once the object can
 * be seen by the scenario; a dict's entries are in the order of insertion, those with value NULL are deleted; no
 * function of the scenario (__eq__, __hash__, __del__) runs while a container is half changed.
 */
#ifndef HL_SCENARIO_CONTAINERS_H
#define HL_SCENARIO_CONTAINERS_H

#include "object.h"

/* --- list -------------------------------------------------------------------------------------------- */

struct sim_list {
	struct gcs_object head;
	struct gcs_object **items;
	size_t nr, allocated;
	struct gcs_block block;		/* the array */
	bool has_been_full;		/* the array shrank to nothing: CPython keeps one of no bytes then */
};

/* @nr items that the caller sets before anything else happens (NULL until then); exactly so many are allocated. */
struct gcs_object *sim_list_new(struct sim *sim, size_t nr);
/* BUILD_LIST: steals the @nr references. */
struct gcs_object *sim_list_from(struct sim *sim, struct gcs_object *const *items, size_t nr);
/* list(iterable) */
struct gcs_object *sim_list_from_iterable(struct sim *sim, struct gcs_object *iterable);
int sim_list_append(struct sim *sim, struct gcs_object *list, struct gcs_object *item);
int sim_list_append_steal(struct sim *sim, struct gcs_object *list, struct gcs_object *item);
int sim_list_insert(struct sim *sim, struct gcs_object *list, int64_t index, struct gcs_object *item);
/* extend(): also what a literal of three or more constants does to an empty list with a constant tuple. */
int sim_list_extend(struct sim *sim, struct gcs_object *list, struct gcs_object *iterable);
int sim_list_sort(struct sim *sim, struct gcs_object *list, struct gcs_object *key, bool reverse);
int sim_list_reverse(struct sim *sim, struct gcs_object *list);
int sim_list_clear(struct sim *sim, struct gcs_object *list);

static inline size_t sim_list_size(const struct gcs_object *list)
{
	return ((const struct sim_list *)list)->nr;
}

/* Borrowed; no check of the index. */
static inline struct gcs_object *sim_list_item(const struct gcs_object *list, size_t index)
{
	return ((const struct sim_list *)list)->items[index];
}

/* --- tuple ------------------------------------------------------------------------------------------- */

struct sim_tuple {
	struct gcs_object head;
	size_t nr;
	struct gcs_object *items[];
};

/* Not tracked until sim_tuple_finish(); length 0 gives the shared empty one. */
struct gcs_object *sim_tuple_new(struct sim *sim, size_t nr);
void sim_tuple_finish(struct gcs_object *tuple);		/* tracks it; items are set */
/* BUILD_TUPLE: steals the @nr references. */
struct gcs_object *sim_tuple_from(struct sim *sim, struct gcs_object *const *items, size_t nr);
/* Steals; sim_tuple_pack(sim, 2, a, b); a NULL among them: all are released, NULL (exception is pending already). */
struct gcs_object *sim_tuple_pack(struct sim *sim, size_t nr, ...);
struct gcs_object *sim_tuple_from_iterable(struct sim *sim, struct gcs_object *iterable);

static inline size_t sim_tuple_size(const struct gcs_object *tuple)
{
	return ((const struct sim_tuple *)tuple)->nr;
}

static inline struct gcs_object *sim_tuple_item(const struct gcs_object *tuple, size_t index)
{
	return ((const struct sim_tuple *)tuple)->items[index];
}

/* --- dict -------------------------------------------------------------------------------------------- */

struct sim_dict_keys;			/* dict.c */

struct sim_dict {
	struct gcs_object head;
	size_t used;
	struct sim_dict_keys *keys;	/* NULL: the shared empty table of no bytes,
			or the attributes of an instance: */
	struct sim_shared_keys *shared;	/* the layout of its class; both or none of these two */
	struct sim_values *values;
	struct gcs_block block;		/* of the keys or values */
};

struct gcs_object *sim_dict_new(struct sim *sim);
/* As dict() makes it, past the free list. */
struct gcs_object *sim_dict_new_object(struct sim *sim);
/* BUILD_MAP, BUILD_CONST_KEY_MAP: room for all at once; keys at @keys[0], @keys[@step]..., values likewise;
 * borrowed. */
struct gcs_object *sim_dict_from_items(struct sim *sim, struct gcs_object *const *keys,
		struct gcs_object *const *values,
		size_t nr, size_t step);
/* Borrowed; NULL without an exception: no such key; NULL with one: unhashable, or __eq__ raised. */
struct gcs_object *sim_dict_get(struct sim *sim, struct gcs_object *dict, struct gcs_object *key);
/* The same for a str key: never raises. */
struct gcs_object *sim_dict_get_str(struct sim *sim, struct gcs_object *dict, struct gcs_object *key);
/* @key ASCII. */
struct gcs_object *sim_dict_get_text(struct sim *sim, struct gcs_object *dict, const char *key);
int sim_dict_set(struct sim *sim, struct gcs_object *dict, struct gcs_object *key, struct gcs_object *value);
int sim_dict_set_text(struct sim *sim, struct gcs_object *dict, const char *key, struct gcs_object *value);
/* 1: it was there; 0: no such key, no exception. */
int sim_dict_delete(struct sim *sim, struct gcs_object *dict, struct gcs_object *key);
/* Takes the entry out: new reference; NULL without an exception: no such key. */
struct gcs_object *sim_dict_pop(struct sim *sim, struct gcs_object *dict, struct gcs_object *key);
void sim_dict_clear(struct sim *sim, struct gcs_object *dict);
struct gcs_object *sim_dict_copy(struct sim *sim, struct gcs_object *dict);
/* update(): a dict, or an iterable of pairs. */
int sim_dict_update(struct sim *sim, struct gcs_object *dict, struct gcs_object *other);
/* The next entry from *pos (0 at first) in order of insertion: borrowed pointers; false at the end.  Values may be
 * replaced meanwhile, keys not. */
bool sim_dict_next(const struct gcs_object *dict, size_t *pos, struct gcs_object **key, struct gcs_object **value);
struct gcs_object *sim_dict_keys_list(struct sim *sim, struct gcs_object *dict);

static inline size_t sim_dict_size(const struct gcs_object *dict)
{
	return ((const struct sim_dict *)dict)->used;
}

/* --- set, frozenset ---------------------------------------------------------------------------------- */

struct sim_set_entry {
	struct gcs_object *key;
	int64_t hash;
};

#define SIM_SET_SMALL 8

struct sim_set {
	struct gcs_object head;
	size_t fill, used, mask;
	struct sim_set_entry *table;	/* small, or an array of its own */
	int64_t hash;			/* frozenset; -1: not computed */
	size_t finger;			/* where pop() goes on */
	struct gcs_block block;
	struct sim_set_entry small[SIM_SET_SMALL];
};

struct gcs_object *sim_set_new(struct sim *sim, struct gcs_object *iterable);		/* NULL: empty */
struct gcs_object *sim_frozenset_new(struct sim *sim, struct gcs_object *iterable);
int sim_set_add(struct sim *sim, struct gcs_object *set, struct gcs_object *key);
int sim_set_contains(struct sim *sim, struct gcs_object *set, struct gcs_object *key);
int sim_set_discard(struct sim *sim, struct gcs_object *set, struct gcs_object *key);	/* 1: it was there */
/* The next key from *pos (0 at first), in table order: borrowed; false at the end. */
bool sim_set_next(const struct gcs_object *set, size_t *pos, struct gcs_object **key);

static inline size_t sim_set_size(const struct gcs_object *set)
{
	return ((const struct sim_set *)set)->used;
}

#endif
