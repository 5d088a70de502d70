/* SPDX-License-Identifier: MIT */
/* Questions about the graph: which objects there are, who refers to whom. */
#include "gcsim/heap.h"

/* A list in the making. */
struct query {
	struct gcs_heap *heap;
	struct vector found;
	struct gcs_object *const *of;
	size_t nr;
	bool is_match;
};

static int add(struct query *q, struct gcs_object *o)
{
	if (vector_grow(q->heap, &q->found, sizeof(o)))
		return -1;
	/* one that waits for its end can have no new reference */
	if (o->refs <= 0)
		return 0;
	o->refs++;
	((struct gcs_object **)q->found.data)[q->found.nr++] = o;
	return 0;
}

static void to_objects(struct query *q, struct gcs_objects *out)
{
	*out = (struct gcs_objects){q->found.data, q->found.nr, q->found.room, q->heap};
}

static int finish(struct query *q, int rc, struct gcs_objects *out)
{
	struct gcs_objects list;

	to_objects(q, &list);
	if (rc)
		gcs_objects_release(&list);
	else
		*out = list;
	return rc ? -1 : 0;
}

void gcs_objects_release(struct gcs_objects *objects)
{
	for (size_t i = 0; i < objects->nr; i++)
		gcs_decref(objects->object[i]);
	if (objects->object)
		gcs_mem_free(objects->heap, objects->object, objects->room * sizeof(*objects->object));
	*objects = (struct gcs_objects){.heap = objects->heap};
}

static int add_list(struct query *q, const struct links *list)
{
	int rc = 0;

	for (const struct links *l = list->next; !rc && l != list; l = l->next)
		rc = add(q, object_of(l));
	return rc;
}

int gcs_get_objects(struct gcs_heap *heap, int generation, struct gcs_objects *out)
{
	struct query q = {.heap = heap};
	int first = generation == GCS_ALL_GENERATIONS ? 0 : generation;
	int last = generation == GCS_ALL_GENERATIONS ? GCS_NR_GENERATIONS - 1 : generation;
	int rc = 0;

	if (first < 0 || last > GCS_PERMANENT) {
		heap_report(heap, GCS_ERR_GENERATION, NULL, "no such generation to list");
		return -1;
	}
	if (!heap_may_change(heap, NULL, "question asked inside a traverse function"))
		return -1;
	for (int i = first; !rc && i <= last; i++)
		rc = add_list(&q, &heap->generations[i].list);
	return finish(&q, rc, out);
}

static bool are_ours(struct gcs_heap *heap, struct gcs_object *const *of, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		enum gcs_error error = heap_of(of[i]) != heap ? GCS_ERR_FOREIGN :
			of[i]->block.flags & OBJECT_FREED ? GCS_ERR_DEAD : 0;

		if (!error)
			continue;
		heap_report(heap, error, of[i], "question about an object that this heap does not have");
		return false;
	}
	return heap_may_change(heap, NULL, "question asked inside a traverse function");
}

static int traverse(struct gcs_heap *heap, struct gcs_object *o, gcs_visit_fn visit, void *arg)
{
	int rc;

	if (!o->type->traverse)
		return 0;
	heap->is_busy = true;
	rc = o->type->traverse(o, visit, arg);
	heap->is_busy = false;
	return rc;
}

static int visit_match(struct gcs_object *o, void *arg)
{
	struct query *q = arg;

	for (size_t i = 0; i < q->nr; i++) {
		if (q->of[i] == o) {
			q->is_match = true;
			return 1;
		}
	}
	return 0;
}

static int add_referrers(struct query *q, const struct links *list)
{
	int rc = 0;

	for (const struct links *l = list->next; !rc && l != list; l = l->next) {
		q->is_match = false;
		traverse(q->heap, object_of(l), visit_match, q);
		if (q->is_match)
			rc = add(q, object_of(l));
	}
	return rc;
}

int gcs_get_referrers(struct gcs_heap *heap, struct gcs_object *const *of, size_t nr, struct gcs_objects *out)
{
	struct query q = {.heap = heap, .of = of, .nr = nr};
	int rc = 0;

	if (!are_ours(heap, of, nr))
		return -1;
	for (int i = 0; !rc && i < GCS_NR_GENERATIONS; i++)
		rc = add_referrers(&q, &heap->generations[i].list);
	return finish(&q, rc, out);
}

static int visit_referent(struct gcs_object *o, void *arg)
{
	struct query *q = arg;
	bool was_busy = q->heap->is_busy;
	int rc;

	if (!o)
		return 0;
	/* the library's own memory, not the type's function's */
	q->heap->is_busy = false;
	rc = add(q, o);
	q->heap->is_busy = was_busy;
	return rc;
}

int gcs_get_referents(struct gcs_heap *heap, struct gcs_object *const *of, size_t nr, struct gcs_objects *out)
{
	struct query q = {.heap = heap};
	int rc = 0;

	if (!are_ours(heap, of, nr))
		return -1;
	for (size_t i = 0; !rc && i < nr; i++)
		rc = traverse(heap, of[i], visit_referent, &q);
	return finish(&q, rc, out);
}
