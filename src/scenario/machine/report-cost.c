/* SPDX-License-Identifier: MIT */
/*
 * What it costs CPython in GC objects to print an exception: its file objects, methods and argument tuples are made,
 * counted by the collector, which may begin at any of them, and gone again. The order was read off CPython 3.11.7 with
 * a debugger.
 */
#include "scenario/machine/machine.h"

#include "scenario/objects/containers.h"

static void release(struct gcs_object *object)
{
	if (object)
		gcs_decref(object);
}

/* A bound method for one call: of the stream, or of a file. */
static void one_method(struct sim *sim)
{
	release(sim_stand_in(sim));
}

void report_cost_of_text(struct sim *sim)
{
	one_method(sim);
}

static struct gcs_object *arguments(struct sim *sim, size_t nr)
{
	struct gcs_object *tuple = sim_tuple_new(sim, nr);

	for (size_t i = 0; tuple && i < nr; i++)
		((struct sim_tuple *)tuple)->items[i] = sim_none(sim);
	if (tuple)
		sim_tuple_finish(tuple);
	return tuple;
}

struct reader {
	struct gcs_object *raw, *name;	/* the file and the dict of its attributes */
	struct gcs_object *buffered, *text, *decoder;
};

static void open_raw(struct sim *sim, struct reader *reader)
{
	struct gcs_object *args = arguments(sim, 4);

	reader->raw = sim_stand_in(sim);
	reader->name = sim_dict_new(sim);
	release(args);
	args = arguments(sim, 2);
	reader->buffered = sim_stand_in(sim);
	release(args);
}

static void open_text(struct sim *sim, struct reader *reader)
{
	struct gcs_object *args = arguments(sim, 2), *inner;

	reader->text = sim_stand_in(sim);
	inner = arguments(sim, 1);
	reader->decoder = sim_stand_in(sim);
	release(inner);
	/* of the decoder of newlines, which is no GC object itself */
	release(arguments(sim, 2));
	one_method(sim);
	release(args);
}

/* A memoryview and what it manages; then the two results of the decoder. */
static void read_chunk(struct sim *sim)
{
	struct gcs_object *manager = sim_stand_in(sim), *view = sim_stand_in(sim);

	release(manager);
	release(view);
	release(arguments(sim, 2));
}

void report_cost_of_source_line(struct sim *sim)
{
	struct reader reader;

	/* the names that the import of io is asked for */
	release(sim_list_new(sim, 0));
	open_raw(sim, &reader);
	one_method(sim);
	open_text(sim, &reader);
	read_chunk(sim);
	release(reader.buffered);
	release(reader.decoder);
	release(reader.name);
	release(reader.raw);
	release(reader.text);
	one_method(sim);
	sim_clear_pending(sim);
}
