/* SPDX-License-Identifier: MIT */
/* Objects for the tests of libgcsim: a node with some references, and a log of what happened. */
#ifndef GCSIM_NODE_H
#define GCSIM_NODE_H

#include "gcsim/gcsim.h"

#define NODE_EDGES 8

struct node {
	struct gcs_object head;
	int number;
	int has_finalizer;
	struct node *edges[NODE_EDGES];
	void (*on_finalize)(struct node *self);
};

/* Nodes of all kinds have the layout of struct node. */
extern const struct gcs_type node_type;		/* tracked, weak-referenceable, in the trashcan */
extern const struct gcs_type deep_type;		/* the same, but not in the trashcan */
extern const struct gcs_type leaf_type;		/* no links */
extern const struct gcs_type legacy_type;	/* with a legacy finalizer */

/* What finalizers and callbacks append to; emptied by log_clear(). */
extern char log_text[];
void log_clear(void);
void log_add(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct node *node_new(struct gcs_heap *heap, const struct gcs_type *type, int number);
/* Both references stay with the caller. */
void node_link(struct node *from, int edge, struct node *to);
/* A weak reference whose callback logs "cb NUMBER"; number < 0: no callback. */
struct gcs_weakref *weak_new(struct node *referent, int number);

/* The heap of a test, collector off, and how many errors of each kind it reported. */
extern struct gcs_heap *heap;
extern int errors[16];
void heap_start(const struct gcs_options *options);
/* Fails the test if an object is still alive. */
void heap_end(void);
uint64_t live(void);

/* An allocator that fails at the failing_at-th request from now, and knows what it has given. */
struct failing {
	long failing_at;		/* 0: never */
	bool has_failed;
	long nr_live, nr_requests;
	size_t bytes_live;
};
struct gcs_allocator failing_allocator(struct failing *state);

#endif
