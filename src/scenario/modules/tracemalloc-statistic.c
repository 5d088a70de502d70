/* SPDX-License-Identifier: MIT */
/* tracemalloc.Statistic and tracemalloc.StatisticDiff. */
#include "scenario/modules/tracemalloc.h"

#include <inttypes.h>

static struct trace_statistic *as_statistic(const struct gcs_object *object)
{
	return (struct trace_statistic *)object;
}

static bool is_diff(const struct gcs_object *object)
{
	return sim_type(object) == &trace_diff_type;
}

static int statistic_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(as_statistic(self)->traceback);
	return 0;
}

static void statistic_clear(struct gcs_object *self)
{
	GCS_CLEAR(&as_statistic(self)->traceback);
}

static struct gcs_object *get_traceback(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_incref(as_statistic(self)->traceback);
}

#define NUMBER(name)                                                                                            \
	static struct gcs_object *get_##name(struct sim *sim, struct gcs_object *self)                          \
	{                                                                                                       \
		return sim_int_new(sim, as_statistic(self)->name);                                              \
	}
NUMBER(size)
NUMBER(count)
NUMBER(size_diff)
NUMBER(count_diff)

static struct gcs_object *statistic_str(struct sim *sim, struct gcs_object *self)
{
	const struct trace_statistic *s = as_statistic(self);
	const struct hl_statistic_diff diff = {
		.size = s->size,
		.size_diff = s->size_diff,
		.count = s->count,
		.count_diff = s->count_diff,
	};
	char text[HL_STATISTIC_TEXT];

	if (is_diff(self))
		hl_format_diff(text, &diff, false);
	else
		hl_format_statistic(text, s->size, s->count, false);
	return sim_str_format(sim, "%S: %s", s->traceback, text);
}

static struct gcs_object *statistic_repr(struct sim *sim, struct gcs_object *self)
{
	const struct trace_statistic *s = as_statistic(self);
	char text[160];

	if (is_diff(self)) {
		snprintf(text, sizeof(text), "size=%" PRId64 " (%+" PRId64 ") count=%" PRId64 " (%+" PRId64 ")",
				s->size, s->size_diff, s->count, s->count_diff);
		return sim_str_format(sim, "<StatisticDiff traceback=%R %s>", s->traceback, text);
	}
	snprintf(text, sizeof(text), "size=%" PRId64 " count=%" PRId64, s->size, s->count);
	return sim_str_format(sim, "<Statistic traceback=%R %s>", s->traceback, text);
}

static struct gcs_object *statistic_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b,
		enum sim_compare op)
{
	const struct trace_statistic *x = as_statistic(a);
	const struct trace_statistic *y = as_statistic(b);
	bool equal;

	if (a->type != b->type || (op != SIM_EQ && op != SIM_NE))
		return sim_not_implemented(sim);
	equal = x->size == y->size && x->count == y->count && x->size_diff == y->size_diff &&
		x->count_diff == y->count_diff && !trace_traceback_order(x->traceback, y->traceback);
	return sim_bool(sim, equal == (op == SIM_EQ));
}

static int64_t statistic_hash(struct sim *sim, struct gcs_object *self)
{
	const struct trace_statistic *s = as_statistic(self);
	int64_t hash = sim_hash(sim, s->traceback);

	hash = (int64_t)((uint64_t)hash * 1000003 ^ (uint64_t)s->size ^ (uint64_t)s->count << 32);
	return hash == -1 ? -2 : hash;
}

static const struct sim_getset statistic_getsets[] = {
	{"count", get_count, NULL},
	{"size", get_size, NULL},
	{"traceback", get_traceback, NULL},
	{NULL, NULL, NULL},
};

static const struct sim_getset diff_getsets[] = {
	{"count", get_count, NULL},
	{"count_diff", get_count_diff, NULL},
	{"size", get_size, NULL},
	{"size_diff", get_size_diff, NULL},
	{"traceback", get_traceback, NULL},
	{NULL, NULL, NULL},
};

#define STATISTIC_TYPE(type_name, bytes, table)                                                                 \
	{                                                                                                       \
		.gc = {                                                                                         \
			.name = type_name,                                                                      \
			.size = sizeof(struct trace_statistic),                                                 \
			.flags = GCS_TYPE_GC,                                                                   \
			.traverse = statistic_traverse,                                                         \
			.clear = statistic_clear,                                                               \
		},                                                                                              \
		.kind = SIM_EXTENSION, .flags = SIM_TYPE_NO_NEW, .basic_size = bytes, .getsets = table,         \
		.repr = statistic_repr, .str = statistic_str, .hash = statistic_hash,                           \
		.compare = statistic_compare, .get_attribute = sim_generic_get,                                 \
		.set_attribute = sim_generic_set,                                                               \
	}

const struct sim_type trace_statistic_type = STATISTIC_TYPE("Statistic", 40, statistic_getsets);
const struct sim_type trace_diff_type = STATISTIC_TYPE("StatisticDiff", 56, diff_getsets);

static struct gcs_object *make(struct sim *sim, const struct sim_type *type, struct gcs_object *traceback)
{
	struct gcs_object *self = traceback ? sim_new_object(sim, type, 0, 16 + type->basic_size) : NULL;

	if (!self) {
		gcs_xdecref(traceback);
		return NULL;
	}
	as_statistic(self)->traceback = traceback;
	return self;
}

struct gcs_object *trace_statistic_new(struct sim *sim, struct trace_state *state, const struct hl_statistic *from)
{
	struct gcs_object *self = make(sim, &trace_statistic_type, trace_traceback_new(sim, state, from->traceback));

	if (self) {
		as_statistic(self)->size = from->size;
		as_statistic(self)->count = from->count;
	}
	return self;
}

struct gcs_object *trace_diff_new(struct sim *sim, struct trace_state *state, const struct hl_statistic_diff *from)
{
	struct gcs_object *self = make(sim, &trace_diff_type, trace_traceback_new(sim, state, from->traceback));

	if (self) {
		as_statistic(self)->size = from->size;
		as_statistic(self)->count = from->count;
		as_statistic(self)->size_diff = from->size_diff;
		as_statistic(self)->count_diff = from->count_diff;
	}
	return self;
}
