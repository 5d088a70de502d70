/* SPDX-License-Identifier: MIT */
#include "gcsim-node.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char log_text[8192];

void log_clear(void)
{
	log_text[0] = '\0';
}

void log_add(const char *format, ...)
{
	size_t used = strlen(log_text);
	va_list args;

	va_start(args, format);
	vsnprintf(log_text + used, sizeof(log_text) - used, format, args);
	va_end(args);
}

struct gcs_heap *heap;
int errors[16];

static void on_error(struct gcs_heap *of, enum gcs_error error, struct gcs_object *about, const char *message,
		void *arg)
{
	(void)of;
	(void)about;
	(void)arg;
	ck_assert_ptr_nonnull(message);
	errors[error]++;
}

void heap_start(const struct gcs_options *options)
{
	struct gcs_options all = options ? *options : (struct gcs_options){0};

	all.on_error = on_error;
	memset(errors, 0, sizeof(errors));
	log_clear();
	heap = gcs_heap_new(&all);
	ck_assert_ptr_nonnull(heap);
	gcs_disable(heap);
}

void heap_end(void)
{
	uint64_t left = live();

	gcs_heap_destroy(heap);
	ck_assert_msg(!left, "%lu objects are left", (unsigned long)left);
}

uint64_t live(void)
{
	struct gcs_counts counts;

	gcs_heap_counts(heap, &counts);
	return counts.live;
}

static int node_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct node *node = (struct node *)self;

	for (int i = 0; i < NODE_EDGES; i++)
		GCS_VISIT(node->edges[i]);
	return 0;
}

static void node_clear(struct gcs_object *self)
{
	struct node *node = (struct node *)self;

	for (int i = 0; i < NODE_EDGES; i++)
		GCS_CLEAR(&node->edges[i]);
}

static void node_finalize(struct gcs_object *self)
{
	struct node *node = (struct node *)self;

	if (!node->has_finalizer)
		return;
	log_add("del %d\n", node->number);
	if (node->on_finalize)
		node->on_finalize(node);
}

static void node_legacy(struct gcs_object *self)
{
	log_add("legacy %d\n", ((struct node *)self)->number);
}

#define NODE_FLAGS (GCS_TYPE_GC | GCS_TYPE_WEAKREFS)

const struct gcs_type node_type = {
	.name = "node",
	.size = sizeof(struct node),
	.flags = NODE_FLAGS | GCS_TYPE_TRASHCAN,
	.traverse = node_traverse,
	.clear = node_clear,
	.finalize = node_finalize,
};

const struct gcs_type deep_type = {
	.name = "deep",
	.size = sizeof(struct node),
	.flags = NODE_FLAGS,
	.traverse = node_traverse,
	.clear = node_clear,
	.finalize = node_finalize,
};

const struct gcs_type leaf_type = {
	.name = "leaf",
	.size = sizeof(struct node),
	.clear = node_clear,
	.finalize = node_finalize,
};

const struct gcs_type legacy_type = {
	.name = "legacy",
	.size = sizeof(struct node),
	.flags = NODE_FLAGS,
	.traverse = node_traverse,
	.clear = node_clear,
	.legacy_del = node_legacy,
};

struct node *node_new(struct gcs_heap *heap, const struct gcs_type *type, int number)
{
	struct node *node = (struct node *)GCS_NEW(heap, type);

	if (!node)
		return NULL;
	node->number = number;
	node->has_finalizer = 1;
	return node;
}

void node_link(struct node *from, int edge, struct node *to)
{
	if (to)
		GCS_INCREF(to);
	GCS_SET(&from->edges[edge], to);
}

static void weak_callback(struct gcs_weakref *ref, struct gcs_object *closure)
{
	struct gcs_object *referent = gcs_weakref_get(ref);

	log_add("cb %d%s\n", ((struct node *)closure)->number, referent ? " alive" : "");
	gcs_xdecref(referent);
}

struct gcs_weakref *weak_new(struct node *referent, int number)
{
	struct gcs_heap *heap = gcs_object_heap(&referent->head);
	struct node *closure = NULL;
	struct gcs_object *ref;

	if (number < 0)
		return (struct gcs_weakref *)gcs_weakref_new(heap, &gcs_weakref_type, GCS_HERE(heap),
				&referent->head, NULL, NULL);
	closure = node_new(heap, &leaf_type, number);
	if (!closure)
		return NULL;
	closure->has_finalizer = 0;
	ref = gcs_weakref_new(heap, &gcs_weakref_type, GCS_HERE(heap), &referent->head, weak_callback,
			&closure->head);
	GCS_DECREF(closure);
	return (struct gcs_weakref *)ref;
}

static void *failing_allocate(size_t bytes, void *arg)
{
	struct failing *f = arg;
	void *memory;

	f->nr_requests++;
	if (f->failing_at && --f->failing_at == 0) {
		f->has_failed = true;
		return NULL;
	}
	memory = malloc(bytes);
	if (!memory)
		return NULL;
	/* "memory of any content" */
	memset(memory, 0xa5, bytes);
	f->nr_live++;
	f->bytes_live += bytes;
	return memory;
}

static void failing_release(void *memory, size_t bytes, void *arg)
{
	struct failing *f = arg;

	f->nr_live--;
	f->bytes_live -= bytes;
	free(memory);
}

struct gcs_allocator failing_allocator(struct failing *state)
{
	return (struct gcs_allocator){failing_allocate, failing_release, state};
}
