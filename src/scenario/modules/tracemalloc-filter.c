/* SPDX-License-Identifier: MIT */
/* tracemalloc.Filter and tracemalloc.DomainFilter. */
#include "scenario/modules/tracemalloc.h"

/* lineno and domain: None, or an int; all of them what the scenario gave, in its own objects. */
struct filter {
	struct gcs_object head;
	struct gcs_object *pattern;	/* NULL: a DomainFilter */
	struct gcs_object *inclusive, *lineno, *all_frames, *domain;
};

static struct filter *as_filter(const struct gcs_object *object)
{
	return (struct filter *)object;
}

static int filter_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(as_filter(self)->pattern);
	GCS_VISIT(as_filter(self)->inclusive);
	GCS_VISIT(as_filter(self)->lineno);
	GCS_VISIT(as_filter(self)->all_frames);
	GCS_VISIT(as_filter(self)->domain);
	return 0;
}

static void filter_clear(struct gcs_object *self)
{
	GCS_CLEAR(&as_filter(self)->pattern);
	GCS_CLEAR(&as_filter(self)->inclusive);
	GCS_CLEAR(&as_filter(self)->lineno);
	GCS_CLEAR(&as_filter(self)->all_frames);
	GCS_CLEAR(&as_filter(self)->domain);
}

#define FIELD(name)                                                                                             \
	static struct gcs_object *get_##name(struct sim *sim, struct gcs_object *self)                          \
	{                                                                                                       \
		(void)sim;                                                                                      \
		return sim_incref(as_filter(self)->name);                                                       \
	}
FIELD(pattern)
FIELD(inclusive)
FIELD(lineno)
FIELD(all_frames)
FIELD(domain)

static const struct sim_getset filter_getsets[] = {
	{"all_frames", get_all_frames, NULL},
	{"domain", get_domain, NULL},
	{"filename_pattern", get_pattern, NULL},
	{"inclusive", get_inclusive, NULL},
	{"lineno", get_lineno, NULL},
	{NULL, NULL, NULL},
};

static const struct sim_getset domain_filter_getsets[] = {
	{"domain", get_domain, NULL},
	{"inclusive", get_inclusive, NULL},
	{NULL, NULL, NULL},
};

/* v: pattern, inclusive, lineno, all_frames, domain; borrowed, NULL: None. */
static struct gcs_object *make(struct sim *sim, const struct sim_type *type, struct gcs_object *const *v)
{
	struct filter *self = (struct filter *)sim_new_object(sim, type, 0, 0);

	if (!self)
		return NULL;
	self->pattern = v[0] ? sim_incref(v[0]) : NULL;
	self->inclusive = sim_incref(v[1]);
	self->lineno = sim_incref(v[2] ? v[2] : sim->none);
	self->all_frames = sim_incref(v[3] ? v[3] : sim->false_);
	self->domain = sim_incref(v[4] ? v[4] : sim->none);
	return &self->head;
}

static struct gcs_object *filter_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	static const char *const names[] = {"inclusive", "filename_pattern", "lineno", "all_frames", "domain", NULL};
	struct gcs_object *v[5];

	(void)cls;
	if (trace_parse(sim, "Filter.__init__", call, names, 2, 1, v))
		return NULL;
	if (!sim_is_str(v[1]))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "expected str, bytes or os.PathLike object, not %T", v[1]);
	return make(sim, &trace_filter_type, (struct gcs_object *[]){v[1], v[0], v[2], v[3], v[4]});
}

static struct gcs_object *domain_filter_construct(struct sim *sim, struct sim_class *cls,
		const struct sim_call *call)
{
	static const char *const names[] = {"inclusive", "domain", NULL};
	struct gcs_object *v[2];

	(void)cls;
	if (trace_parse(sim, "DomainFilter.__init__", call, names, 2, 1, v))
		return NULL;
	return make(sim, &trace_domain_filter_type, (struct gcs_object *[]){NULL, v[0], NULL, NULL, v[1]});
}

#define FILTER_TYPE(type_name, table, function)                                                                 \
	{                                                                                                       \
		.gc = {                                                                                         \
			.name = type_name,                                                                      \
			.size = sizeof(struct filter),                                                          \
			.flags = GCS_TYPE_GC,                                                                   \
			.traverse = filter_traverse,                                                            \
			.clear = filter_clear,                                                                  \
		},                                                                                              \
		.kind = SIM_EXTENSION, .basic_size = 56, .getsets = table, .hash = sim_hash_identity,           \
		.get_attribute = sim_generic_get, .set_attribute = sim_generic_set, .construct = function,      \
	}

const struct sim_type trace_filter_type = FILTER_TYPE("Filter", filter_getsets, filter_construct);
const struct sim_type trace_domain_filter_type =
	FILTER_TYPE("DomainFilter", domain_filter_getsets, domain_filter_construct);

/* None: @has is false.  What fits no line or domain is one that no block has. */
static void read_number(struct sim *sim, struct gcs_object *object, bool *has, uint32_t *out)
{
	int64_t value;

	*has = object != sim->none;
	if (!*has)
		return;
	*out = UINT32_MAX;
	if (sim_is_int(object) && sim_int_fits(object, &value) && value >= 0 && value < UINT32_MAX)
		*out = (uint32_t)value;
}

int trace_filter_read(struct sim *sim, struct gcs_object *filter, struct hl_filter *out, char **keep)
{
	const struct filter *self = as_filter(filter);
	bool is_domain = sim_type(filter) == &trace_domain_filter_type;
	int truth;

	if (!is_domain && sim_type(filter) != &trace_filter_type)
		return sim_raise(sim, SIM_ATTRIBUTE_ERROR, "'%T' object has no attribute 'inclusive'", filter);
	*out = (struct hl_filter){.is_domain_filter = is_domain};
	truth = sim_truth(sim, self->inclusive);
	if (truth < 0)
		return -1;
	out->is_inclusive = truth;
	read_number(sim, self->domain, &out->has_domain, &out->domain);
	if (is_domain) {
		out->has_domain = true;
		return 0;
	}
	read_number(sim, self->lineno, &out->has_lineno, &out->lineno);
	truth = sim_truth(sim, self->all_frames);
	if (truth < 0)
		return -1;
	out->all_frames = truth;
	out->pattern.data = sim_str_utf8(sim, self->pattern, &out->pattern.length, keep);
	return out->pattern.data ? 0 : -1;
}
