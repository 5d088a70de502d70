/* SPDX-License-Identifier: MIT */
/*
 * The two words before every object that the collector knows, and lists of them.
 *
 * An object outside every list has next == NULL.  In a list, next and prev are pointers, and the low
 * bits of prev say what a running collection thinks of the object:
 *   LINK_IDLE      it is not part of the collection, or was found reachable
 *   LINK_COUNTING  prev is no pointer but its working count: references from outside what is known
 *   LINK_TRASH     it is in the list of the unreachable
 * While a list is being counted only its next pointers and the tail (prev of its head) hold.
 */
#ifndef GCSIM_LINKS_H
#define GCSIM_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct links {
	struct links *next;
	uintptr_t prev;
};

#define LINK_IDLE ((uintptr_t)0)
#define LINK_COUNTING ((uintptr_t)1)
#define LINK_TRASH ((uintptr_t)2)
#define LINK_MASK ((uintptr_t)3)
#define LINK_ONE ((uintptr_t)4)	/* one reference in a working count */

static inline void list_init(struct links *list)
{
	list->next = list;
	list->prev = (uintptr_t)list;
}

static inline bool list_is_empty(const struct links *list)
{
	return list->next == list;
}

static inline struct links *link_prev(const struct links *l)
{
	return (struct links *)(l->prev & ~LINK_MASK);
}

static inline void link_set_prev(struct links *l, const struct links *prev)
{
	l->prev = (uintptr_t)prev | (l->prev & LINK_MASK);
}

/* @state: LINK_IDLE or LINK_TRASH */
static inline void list_append(struct links *list, struct links *l, uintptr_t state)
{
	struct links *last = link_prev(list);

	last->next = l;
	l->prev = (uintptr_t)last | state;
	l->next = list;
	list->prev = (uintptr_t)l;
}

static inline void list_remove(struct links *l)
{
	struct links *prev = link_prev(l);

	prev->next = l->next;
	link_set_prev(l->next, prev);
	l->next = NULL;
	l->prev = LINK_IDLE;
}

/* Keeps the state of the moved one. */
static inline void list_move(struct links *list, struct links *l)
{
	uintptr_t state = l->prev & LINK_MASK;

	list_remove(l);
	list_append(list, l, state);
}

/* All of @from, in its order, to the tail of @to. */
static inline void list_merge(struct links *to, struct links *from)
{
	struct links *last = link_prev(to);

	if (list_is_empty(from))
		return;
	last->next = from->next;
	link_set_prev(from->next, last);
	link_prev(from)->next = to;
	to->prev = from->prev;
	list_init(from);
}

static inline size_t list_length(const struct links *list)
{
	size_t n = 0;

	for (const struct links *l = list->next; l != list; l = l->next)
		n++;
	return n;
}

#endif
