/* SPDX-License-Identifier: MIT */
/*
 * Random programs of objects, references, finalizers and weak references, run by libgcsim.  Prints
 * the same log as tests/gcsim/model.py, which CPython runs, for the same seeds.
 *
 * Usage: model FIRST-SEED NR
 */
#include <stdio.h>
#include <stdlib.h>

#include "gcsim/gcsim.h"

#define NR_ROOTS 8
#define NR_REFS 6
#define NR_SLOTS 3

/* In the order in which CPython visits and clears slots: by name. */
struct node {
	struct gcs_object head;
	struct node *e[NR_SLOTS];
	int num;
	struct gcs_object *w;
};

struct closure {
	struct gcs_object head;
	struct node *node;
	int num;
};

static struct gcs_heap *heap;
static struct node *roots[NR_ROOTS];
static struct gcs_object *refs[NR_REFS];
static uint64_t state;
static uint32_t seed;
static int counter;
static bool is_deep, is_frozen;
static long nr_errors;

static unsigned int rnd(unsigned int n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)((state >> 33) % n);
}

static unsigned int mix(int number, unsigned int salt, unsigned int n)
{
	uint32_t x = (uint32_t)number * 2654435761u + salt * 40503u + seed * 97u;

	x ^= x >> 15;
	x *= 2246822519u;
	x ^= x >> 13;
	return x % n;
}

/* --- types ------------------------------------------------------------------------------------------- */

static int node_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct node *node = (struct node *)self;

	for (int i = 0; i < NR_SLOTS; i++)
		GCS_VISIT(node->e[i]);
	GCS_VISIT(node->w);
	return 0;
}

static void node_clear(struct gcs_object *self)
{
	struct node *node = (struct node *)self;

	for (int i = 0; i < NR_SLOTS; i++)
		GCS_CLEAR(&node->e[i]);
	GCS_CLEAR(&node->w);
}

static void finalizer(struct gcs_object *self);

#define NODE_FLAGS (GCS_TYPE_GC | GCS_TYPE_WEAKREFS | GCS_TYPE_TRASHCAN)

static const struct gcs_type node_type = {
	.name = "Node",
	.size = sizeof(struct node),
	.flags = NODE_FLAGS,
	.traverse = node_traverse,
	.clear = node_clear,
	.finalize = finalizer,
};

static const struct gcs_type plain_type = {
	.name = "Plain",
	.size = sizeof(struct node),
	.flags = NODE_FLAGS,
	.traverse = node_traverse,
	.clear = node_clear,
};

static int closure_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(((struct closure *)self)->node);
	return 0;
}

static void closure_clear(struct gcs_object *self)
{
	GCS_CLEAR(&((struct closure *)self)->node);
}

static const struct gcs_type closure_type = {
	.name = "Callback",
	.size = sizeof(struct closure),
	.flags = GCS_TYPE_GC | GCS_TYPE_TRASHCAN,
	.traverse = closure_traverse,
	.clear = closure_clear,
};

static struct node *new(unsigned int kind)
{
	struct node *node = (struct node *)GCS_NEW(heap, kind ? &node_type : &plain_type);

	node->num = ++counter;
	return node;
}

/* --- what Python's stores do: the new reference first ------------------------------------------------ */

static void *ref_to(void *object)
{
	if (object)
		GCS_INCREF(object);
	return object;
}

/* roots[i] = o, which gives the caller's reference away */
static void set_root(unsigned int i, struct node *o)
{
	GCS_SET(&roots[i], o);
}

/* setattr(o, SLOTS[k], value) holds its arguments until it is over. */
static void set_slot(struct node *o, unsigned int k, struct node *value)
{
	ref_to(o);
	ref_to(value);
	ref_to(value);
	GCS_SET(&o->e[k], value);
	GCS_DECREF(o);
	gcs_xdecref((struct gcs_object *)value);
}

static struct gcs_object *weak(struct node *referent, gcs_weakref_fn callback, struct closure *closure)
{
	return gcs_weakref_new(heap, &gcs_weakref_type, GCS_HERE(heap), &referent->head, callback,
			(struct gcs_object *)closure);
}

static void inner_collect(void)
{
	long n = (long)gcs_collect(heap, 2);

	printf("inner collect %ld\n", n);
}

static void finalizer(struct gcs_object *self)
{
	struct node *o = (struct node *)self;
	unsigned int p = mix(o->num, 2, NR_ROOTS);
	unsigned int k = mix(o->num, 3, 3);

	printf("del %d%s\n", o->num, gcs_is_finalized(self) ? " again" : "");
	switch (mix(o->num, 1, 12)) {
	case 4:
		set_root(p, ref_to(o));
		break;
	case 5:
		set_slot(o, k, NULL);
		break;
	case 6:
		set_root(p, NULL);
		break;
	case 7:
		set_root(p, new(1));
		break;
	case 8:
		inner_collect();
		break;
	case 9:
		set_slot(o, k, roots[p]);
		break;
	case 10:
		if (roots[p])
			set_slot(roots[p], k, o);
		break;
	case 11:
		if (!is_deep)
			GCS_SET(&refs[mix(o->num, 4, NR_REFS)], weak(o, NULL, NULL));
		break;
	}
}

static void callback(struct gcs_weakref *ref, struct gcs_object *closure)
{
	struct closure *c = (struct closure *)closure;
	unsigned int p = mix(c->num, 6, NR_ROOTS);
	struct gcs_object *referent = gcs_weakref_get(ref);

	printf("cb %d%s\n", c->num, referent ? " alive" : " dead");
	gcs_xdecref(referent);
	switch (mix(c->num, 5, 8)) {
	case 3:
		set_root(p, ref_to(c->node));
		break;
	case 4:
		set_root(p, NULL);
		break;
	case 5:
		set_root(p, new(1));
		break;
	case 6:
		inner_collect();
		break;
	case 7:
		GCS_CLEAR(&refs[mix(c->num, 7, NR_REFS)]);
		break;
	}
}

static struct gcs_object *make_ref(unsigned int j, int m)
{
	struct gcs_object *ref;
	struct closure *c;

	if (m < 0)
		return weak(roots[j], NULL, NULL);
	c = (struct closure *)GCS_NEW(heap, &closure_type);
	c->num = ++counter;
	c->node = ref_to(roots[m]);
	ref = weak(roots[j], callback, c);
	GCS_DECREF(c);
	return ref;
}

static struct node *link_two(struct node *o, struct node *a, struct node *b)
{
	o->e[0] = a;
	o->e[1] = b;
	return o;
}

static void chain(unsigned int i, unsigned int length, unsigned int kinds)
{
	is_deep = true;
	for (unsigned int n = 0; n < length; n++) {
		struct node *o = new(n % 7 == 3 ? kinds : kinds ? 1 : n % 2);
		struct node *a = ref_to(roots[i]);
		struct node *b = n % 7 == 3 ? new(1) : NULL;

		set_root(i, link_two(o, a, b));
	}
}

/* --- questions ------------------------------------------------------------------------------------------ */

static void print_numbers(struct gcs_objects *list)
{
	for (size_t i = 0; i < list->nr; i++) {
		const struct gcs_type *type = list->object[i]->type;

		if (type == &node_type || type == &plain_type)
			printf(" %d", ((struct node *)list->object[i])->num);
	}
	printf("\n");
	gcs_objects_release(list);
}

static void op_ask(unsigned int op)
{
	unsigned int i = rnd(NR_ROOTS);
	unsigned int g = rnd(3);
	struct gcs_object *root = (struct gcs_object *)roots[i];
	struct gcs_objects list;
	struct gcs_object *o;

	if (op == 0) {
		printf("objects %u", g);
		gcs_get_objects(heap, (int)g, &list);
		print_numbers(&list);
	} else if (op == 1 && root) {
		printf("referrers");
		gcs_get_referrers(heap, &root, 1, &list);
		print_numbers(&list);
	} else if (op == 2 && root) {
		printf("referents");
		gcs_get_referents(heap, &root, 1, &list);
		print_numbers(&list);
	} else if (op == 3 && root) {
		printf("weakrefs %zu finalized %d refs %ld\n", gcs_weakref_count(root),
				gcs_is_finalized(root), (long)gcs_refcount(root));
	} else if (op == 4) {
		struct gcs_weakref *ref = (struct gcs_weakref *)refs[i % NR_REFS];

		o = ref ? gcs_weakref_get(ref) : NULL;
		if (o)
			printf("ref %d\n", ((struct node *)o)->num);
		else
			printf("ref None\n");
		gcs_xdecref(o);
	}
}

/* --- the program ------------------------------------------------------------------------------------------ */

static void op_graph(unsigned int op)
{
	unsigned int i = rnd(NR_ROOTS);
	unsigned int j = rnd(NR_ROOTS);
	unsigned int k = rnd(3);

	if (op < 5)
		set_root(i, new(rnd(3)));
	else if (op < 9 && roots[i])
		set_slot(roots[i], k, roots[j]);
	else if (op == 9 && roots[i])
		set_slot(roots[i], k, NULL);
	else if (op > 9)
		set_root(i, NULL);
}

static void op_weak(unsigned int op)
{
	unsigned int k = rnd(NR_REFS);
	unsigned int j = rnd(NR_ROOTS);
	int m = (int)rnd(NR_ROOTS + 3) - 3;
	unsigned int i = rnd(NR_ROOTS);
	struct node *o;

	if (!roots[j])
		return;
	if (op) {
		GCS_SET(&refs[k], make_ref(j, m));
	} else if (roots[i]) {
		struct gcs_object *ref;

		o = ref_to(roots[i]);
		ref = make_ref(j, m);
		ref_to(ref);
		GCS_SET(&o->w, ref);
		GCS_DECREF(o);
		GCS_DECREF(ref);
	}
}

static void op_saved(unsigned int g)
{
	struct gcs_objects list;

	gcs_set_debug(heap, GCS_DEBUG_SAVEALL, NULL, NULL);
	printf("saved %ld\n", (long)gcs_collect(heap, (int)g));
	printf("garbage");
	gcs_get_garbage(heap, &list);
	print_numbers(&list);
	gcs_set_debug(heap, 0, NULL, NULL);
	gcs_clear_garbage(heap);
}

static long finish(void);

static void op_burst(unsigned int g, unsigned int length)
{
	int thresholds[GCS_NR_GENERATIONS] = {3 + (int)g, 2, 2};
	int counts[GCS_NR_GENERATIONS];

	is_deep = true;
	for (int n = 0; n < 40; n++)
		finish();
	gcs_set_threshold(heap, thresholds);
	gcs_collect(heap, 2);
	gcs_enable(heap);
	chain(g, length, 0);
	for (unsigned int n = 0; n < length; n++)
		op_graph(rnd(11));
	gcs_disable(heap);
	gcs_get_count(heap, counts);
	printf("burst %d count %d\n", counter, counts[0]);
}

static void op_collect(unsigned int op)
{
	unsigned int g = rnd(3);
	unsigned int length = rnd(220);

	if (op < 4) {
		printf("collect %u %ld\n", g, (long)gcs_collect(heap, (int)g));
	} else if (op < 5) {
		op_saved(g);
	} else if (op < 6) {
		is_frozen = true;
		gcs_freeze(heap);
		set_root(g, NULL);
		printf("frozen %ld\n", (long)gcs_collect(heap, 2));
	} else if (op < 7) {
		chain(g, length, 1);
		if (length % 2)
			set_root(g, NULL);
	} else {
		op_burst(g, length);
	}
}

static void step(void)
{
	unsigned int kind = rnd(20);

	if (kind < 11)
		op_graph(rnd(11));
	else if (kind < 14)
		op_weak(rnd(3));
	else if (kind < 17)
		op_ask(rnd(5));
	else if (kind < 19)
		op_collect(rnd(4));
	else
		op_collect(4 + rnd(4));
}

static long finish(void)
{
	for (unsigned int i = 0; i < NR_ROOTS; i++)
		set_root(i, NULL);
	for (int i = 0; i < NR_REFS; i++)
		GCS_CLEAR(&refs[i]);
	return (long)gcs_collect(heap, 2);
}

static void print_stats(void)
{
	struct gcs_generation_stats stats[GCS_NR_GENERATIONS];

	gcs_get_stats(heap, stats);
	printf("stats");
	for (int i = 0; i < GCS_NR_GENERATIONS; i++)
		printf(" %lu %lu %lu", (unsigned long)stats[i].collections, (unsigned long)stats[i].collected,
				(unsigned long)stats[i].uncollectable);
	printf("\n");
}

static void on_error(struct gcs_heap *of, enum gcs_error error, struct gcs_object *about, const char *message,
		void *arg)
{
	(void)of;
	(void)about;
	(void)arg;
	nr_errors++;
	fprintf(stderr, "%s: %s\n", gcs_error_text(error), message);
}

static uint64_t live(void)
{
	struct gcs_counts counts;

	gcs_heap_counts(heap, &counts);
	return counts.live;
}

static int run(uint32_t number)
{
	struct gcs_options options = {.on_error = on_error};
	unsigned int steps;
	uint64_t left;

	heap = gcs_heap_new(&options);
	gcs_disable(heap);
	state = seed = number;
	counter = 0;
	is_frozen = false;
	is_deep = false;
	for (unsigned int i = 0; i < NR_ROOTS; i++)
		roots[i] = NULL;
	for (int i = 0; i < NR_REFS; i++)
		refs[i] = NULL;
	printf("program %u\n", number);
	for (steps = 10 + rnd(60); steps; steps--)
		step();
	for (; steps < 40; steps++) {
		long n = finish();

		if (n)
			printf("end %ld\n", n);
	}
	print_stats();
	left = is_frozen ? 0 : live();
	gcs_heap_destroy(heap);
	if (left)
		fprintf(stderr, "program %u: %lu objects are left\n", number, (unsigned long)left);
	return left || nr_errors;
}

int main(int argc, char **argv)
{
	uint32_t first = argc > 1 ? (uint32_t)atol(argv[1]) : 1;
	uint32_t nr = argc > 2 ? (uint32_t)atol(argv[2]) : 1000;
	int status = 0;

	for (uint32_t i = first; i < first + nr; i++)
		status |= run(i);
	return status;
}
