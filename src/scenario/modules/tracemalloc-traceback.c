/* SPDX-License-Identifier: MIT */
/* tracemalloc.Frame and tracemalloc.Traceback. */
#include "scenario/modules/tracemalloc.h"

#include <stdlib.h>

/* --- Frame ------------------------------------------------------------------------------------------- */

static const struct trace_frame *as_frame(const struct gcs_object *object)
{
	return (const struct trace_frame *)object;
}

static bool is_frame(const struct gcs_object *object)
{
	return sim_type(object) == &trace_frame_type;
}

static int frame_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(as_frame(self)->filename);
	return 0;
}

static void frame_clear(struct gcs_object *self)
{
	GCS_CLEAR(&((struct trace_frame *)self)->filename);
}

static struct gcs_object *frame_filename(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_incref(as_frame(self)->filename);
}

static struct gcs_object *frame_lineno(struct sim *sim, struct gcs_object *self)
{
	return sim_int_new(sim, as_frame(self)->lineno);
}

static struct gcs_object *frame_repr(struct sim *sim, struct gcs_object *self)
{
	return sim_str_format(sim, "<Frame filename=%R lineno=%u>", as_frame(self)->filename, as_frame(self)->lineno);
}

static struct gcs_object *frame_str(struct sim *sim, struct gcs_object *self)
{
	return sim_str_format(sim, "%U:%u", as_frame(self)->filename, as_frame(self)->lineno);
}

static int frame_order(const struct gcs_object *a, const struct gcs_object *b)
{
	int order = sim_str_order(as_frame(a)->filename, as_frame(b)->filename);

	if (order)
		return order;
	return (as_frame(a)->lineno > as_frame(b)->lineno) - (as_frame(a)->lineno < as_frame(b)->lineno);
}

static struct gcs_object *frame_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b,
		enum sim_compare op)
{
	if (!is_frame(a) || !is_frame(b))
		return sim_not_implemented(sim);
	return sim_compare_result(sim, frame_order(a, b), op);
}

static int64_t frame_hash(struct sim *sim, struct gcs_object *self)
{
	uint64_t name = (uint64_t)sim_hash(sim, as_frame(self)->filename);
	int64_t hash = (int64_t)(name * 1000003 ^ as_frame(self)->lineno);

	return hash == -1 ? -2 : hash;
}

static const struct sim_getset frame_getsets[] = {
	{"filename", frame_filename, NULL},
	{"lineno", frame_lineno, NULL},
	{NULL, NULL, NULL},
};

const struct sim_type trace_frame_type = {
	.gc = {
		.name = "Frame",
		.size = sizeof(struct trace_frame),
		.flags = GCS_TYPE_GC,
		.traverse = frame_traverse,
		.clear = frame_clear,
	},
	.kind = SIM_EXTENSION,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 24,
	.getsets = frame_getsets,
	.repr = frame_repr,
	.str = frame_str,
	.hash = frame_hash,
	.compare = frame_compare,
	.get_attribute = sim_generic_get,
	.set_attribute = sim_generic_set,
};

static struct gcs_object *frame_new(struct sim *sim, const struct hl_location *location)
{
	struct gcs_object *self = sim_new_object(sim, &trace_frame_type, 0, 40);

	if (!self)
		return NULL;
	((struct trace_frame *)self)->lineno = location->lineno;
	((struct trace_frame *)self)->filename = sim_str_from(sim, location->filename);
	if (as_frame(self)->filename)
		return self;
	gcs_decref(self);
	return NULL;
}

/* --- Traceback --------------------------------------------------------------------------------------- */

static struct gcs_object *frames_of(const struct gcs_object *self)
{
	return ((const struct trace_traceback *)self)->frames;
}

static bool is_traceback(const struct gcs_object *object)
{
	return sim_type(object) == &trace_traceback_type;
}

static int traceback_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(frames_of(self));
	return 0;
}

static void traceback_clear(struct gcs_object *self)
{
	GCS_CLEAR(&((struct trace_traceback *)self)->frames);
}

/* Of a group CPython does not know it either. */
static struct gcs_object *traceback_total(struct sim *sim, struct gcs_object *self)
{
	(void)self;
	return sim_none(sim);
}

static struct gcs_object *traceback_repr(struct sim *sim, struct gcs_object *self)
{
	return sim_str_format(sim, "<Traceback %R>", frames_of(self));
}

static struct gcs_object *traceback_str(struct sim *sim, struct gcs_object *self)
{
	return frame_str(sim, sim_tuple_item(frames_of(self), 0));
}

int trace_traceback_order(const struct gcs_object *a, const struct gcs_object *b)
{
	size_t nr_a = sim_tuple_size(frames_of(a));
	size_t nr_b = sim_tuple_size(frames_of(b));

	for (size_t i = 0; i < nr_a && i < nr_b; i++) {
		int order = frame_order(sim_tuple_item(frames_of(a), i), sim_tuple_item(frames_of(b), i));

		if (order)
			return order;
	}
	return (nr_a > nr_b) - (nr_a < nr_b);
}

static struct gcs_object *traceback_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b,
		enum sim_compare op)
{
	if (!is_traceback(a) || !is_traceback(b))
		return sim_not_implemented(sim);
	return sim_compare_result(sim, trace_traceback_order(a, b), op);
}

static int64_t traceback_hash(struct sim *sim, struct gcs_object *self)
{
	return sim_hash(sim, frames_of(self));
}

static int64_t traceback_length(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return (int64_t)sim_tuple_size(frames_of(self));
}

static struct gcs_object *traceback_get_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	return sim_get_item(sim, frames_of(self), key);
}

static int traceback_contains(struct sim *sim, struct gcs_object *self, struct gcs_object *item)
{
	return sim_contains(sim, frames_of(self), item);
}

static struct gcs_object *traceback_iter(struct sim *sim, struct gcs_object *self)
{
	return sim_iter(sim, frames_of(self));
}

/* The lines of a text as a list of str. */
static struct gcs_object *list_of_lines(struct sim *sim, const char *text)
{
	struct gcs_object *list = sim_list_new(sim, 0);

	while (list && *text) {
		size_t length = strcspn(text, "\n");
		struct gcs_object *line = sim_str_new(sim, text, length);

		if (!line || sim_list_append_steal(sim, list, line))
			GCS_CLEAR(&list);
		text += length + (text[length] == '\n');
	}
	return list;
}

static struct gcs_object *traceback_format(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	static const char *const names[] = {"limit", "most_recent_first", NULL};
	struct trace_traceback *traceback = (struct trace_traceback *)self;
	struct gcs_object *list;
	struct gcs_object *v[2];
	int64_t limit = HL_ALL_FRAMES;
	char *text;
	int first;

	if (trace_parse(sim, "Traceback.format", call, names, 0, 1, v))
		return NULL;
	if (v[0] && v[0] != sim->none && sim_index(sim, v[0], true, &limit))
		return NULL;
	first = sim_argument_truth(sim, v[1], false);
	if (first < 0)
		return NULL;
	if (hl_traceback_format(traceback->state->resolver, traceback->id, limit, first, &text))
		return sim_no_memory_null(sim);
	list = list_of_lines(sim, text);
	free(text);
	return list;
}

static const struct sim_getset traceback_getsets[] = {
	{"total_nframe", traceback_total, NULL},
	{NULL, NULL, NULL},
};

static const struct sim_method traceback_methods[] = {
	{"format", traceback_format, 0, -1, SIM_METHOD_KEYWORDS},
	{NULL, NULL, 0, 0, 0},
};

const struct sim_type trace_traceback_type = {
	.gc = {
		.name = "Traceback",
		.size = sizeof(struct trace_traceback),
		.flags = GCS_TYPE_GC,
		.traverse = traceback_traverse,
		.clear = traceback_clear,
	},
	.kind = SIM_EXTENSION,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 32,
	.methods = traceback_methods,
	.getsets = traceback_getsets,
	.repr = traceback_repr,
	.str = traceback_str,
	.hash = traceback_hash,
	.compare = traceback_compare,
	.length = traceback_length,
	.get_item = traceback_get_item,
	.contains = traceback_contains,
	.iter = traceback_iter,
	.get_attribute = sim_generic_get,
	.set_attribute = sim_generic_set,
};

static struct gcs_object *make_frames(struct sim *sim, const struct hl_resolver *resolver, uint32_t id)
{
	size_t nr = hl_traceback_length(resolver, id);
	struct gcs_object *frames = sim_tuple_new(sim, nr);

	for (size_t i = 0; frames && i < nr; i++) {
		struct gcs_object *frame = frame_new(sim, hl_traceback_frame(resolver, id, nr - 1 - i));

		if (!frame) {
			GCS_CLEAR(&frames);
			break;
		}
		((struct sim_tuple *)frames)->items[i] = frame;
	}
	if (frames)
		sim_tuple_finish(frames);
	return frames;
}

struct gcs_object *trace_traceback_new(struct sim *sim, struct trace_state *state, uint32_t id)
{
	struct gcs_object *frames = make_frames(sim, state->resolver, id);
	struct trace_traceback *self;

	self = frames ? (struct trace_traceback *)sim_new_object(sim, &trace_traceback_type, 0, 48) : NULL;
	if (!self) {
		gcs_xdecref(frames);
		return NULL;
	}
	self->frames = frames;
	self->state = state;
	self->id = id;
	return &self->head;
}
