/* SPDX-License-Identifier: MIT */
/*
 * A small route planner on libgcsim, with a leak: each journey that is forgotten still holds its
 * stops, and each stop its journey.  Counting references never frees them.  The program finds the
 * line itself, and writes two snapshots for heapledger.
 *
 * Usage: graph BEFORE.hl AFTER.hl
 */
#include <stdio.h>
#include <string.h>

#include <gcsim.h>
#include <heapledger.h>

#define NR_STOPS 3

struct city {
	struct gcs_object head;
	const char *name;
};

struct stop {
	struct gcs_object head;
	struct journey *journey;
	struct city *city;
};

struct journey {
	struct gcs_object head;
	struct stop *stops[NR_STOPS];
};

static int stop_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct stop *stop = (struct stop *)self;

	GCS_VISIT(stop->journey);
	GCS_VISIT(stop->city);
	return 0;
}

static void stop_clear(struct gcs_object *self)
{
	struct stop *stop = (struct stop *)self;

	GCS_CLEAR(&stop->journey);
	GCS_CLEAR(&stop->city);
}

static int journey_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	for (int i = 0; i < NR_STOPS; i++)
		GCS_VISIT(((struct journey *)self)->stops[i]);
	return 0;
}

static void journey_clear(struct gcs_object *self)
{
	for (int i = 0; i < NR_STOPS; i++)
		GCS_CLEAR(&((struct journey *)self)->stops[i]);
}

static const struct gcs_type city_type = {.name = "city", .size = sizeof(struct city)};
static const struct gcs_type stop_type = {
	.name = "stop",
	.size = sizeof(struct stop),
	.flags = GCS_TYPE_GC,
	.traverse = stop_traverse,
	.clear = stop_clear,
};
static const struct gcs_type journey_type = {
	.name = "journey",
	.size = sizeof(struct journey),
	.flags = GCS_TYPE_GC,
	.traverse = journey_traverse,
	.clear = journey_clear,
};

static struct journey *plan(struct gcs_heap *heap, struct city *city)
{
	struct journey *journey = (struct journey *)GCS_NEW(heap, &journey_type);	/* leaks: journey */

	for (int i = 0; i < NR_STOPS; i++) {
		struct stop *stop = (struct stop *)GCS_NEW(heap, &stop_type);	/* leaks: stop */

		GCS_INCREF(city);
		stop->city = city;
		GCS_INCREF(journey);
		stop->journey = journey;	/* the cycle; a weak reference would do */
		journey->stops[i] = stop;
	}
	return journey;
}

static int print_leak(const struct gcs_site_info *site, void *arg)
{
	const struct gcs_counts *c = &site->counts;
	uint64_t found = c->freed_by_gc[0] + c->freed_by_gc[1] + c->freed_by_gc[2];
	const char *name = strrchr(site->frames[0].file, '/');

	(void)arg;
	if (found)
		printf("%s:%u: %lu of %lu objects had to be collected\n",
				name ? name + 1 : site->frames[0].file, site->frames[0].line,
				(unsigned long)found, (unsigned long)c->made);
	return 0;
}

static int save(struct gcs_heap *heap, const char *path)
{
	struct hl_snapshot *snapshot;
	struct hl_error err;
	int rc = gcs_snapshot(heap, GCS_SNAPSHOT_ALL, &snapshot);

	if (rc)
		return rc;
	rc = hl_snapshot_write(snapshot, path, HL_WRITE_FORCE, &err);
	if (rc)
		fprintf(stderr, "%s: %s\n", path, err.msg);
	hl_snapshot_unref(snapshot);
	return rc;
}

int main(int argc, char **argv)
{
	struct gcs_heap *heap = gcs_heap_new(NULL);
	struct city *city;

	if (argc < 3 || !heap)
		return 2;
	gcs_disable(heap);
	city = (struct city *)GCS_NEW(heap, &city_type);
	city->name = "Rome";
	if (save(heap, argv[1]))
		return 2;
	for (int i = 0; i < 10; i++)
		GCS_DECREF(plan(heap, city));
	if (save(heap, argv[2]))
		return 2;
	printf("references to the city: %ld\n", (long)gcs_refcount(&city->head));
	printf("unreachable: %ld\n", (long)gcs_collect(heap, 2));
	gcs_each_site(heap, print_leak, NULL);
	printf("references to the city: %ld\n", (long)gcs_refcount(&city->head));
	GCS_DECREF(city);
	printf("left: %lu\n", (unsigned long)gcs_heap_destroy(heap));
	return 0;
}
