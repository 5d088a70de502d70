/* SPDX-License-Identifier: MIT */
/*
 * What the files of the module tracemalloc share.  A snapshot is libheapledger's, and so are grouping, order,
 * comparison, filters and text; here are only the objects that hand them to a scenario.
 */
#ifndef HL_SCENARIO_TRACEMALLOC_H
#define HL_SCENARIO_TRACEMALLOC_H

#include "scenario/objects/internal.h"
#include "scenario/modules/modules.h"
#include "snapshot/heapledger.h"

#define TRACE_DOMAIN 0			/* CPython's domain of memory that is not asked for by name */
#define TRACE_MAX_FRAMES 65535

struct trace_snapshot;

/* One for each sim, made with the module; sim->tracemalloc. */
struct trace_state {
	struct hl_resolver *resolver;	/* one for all groupings, so that any two compare */
	struct trace_snapshot *snapshots;	/* those whose memory is to be freed in the end */
	unsigned int limit;		/* frames of a trace */
	unsigned int frames_before;	/* of sites, when the trace began */
	struct gcs_site *site;		/* of the module's own objects */
	struct sim_class *filter, *domain_filter;
};

/* Of what a snapshot was made. */
struct trace_size {
	uint64_t nr_sites, nr_places;
};

struct trace_snapshot {
	struct gcs_object head;
	struct trace_state *state;
	struct hl_snapshot *snapshot;
	struct trace_snapshot *prev, *next;
	struct trace_size size;
	void *reserved;			/* as much of the heap as the snapshot takes beside it, about */
	unsigned int limit;
};

struct trace_frame {
	struct gcs_object head;
	struct gcs_object *filename;	/* str */
	uint32_t lineno;
};

struct trace_traceback {
	struct gcs_object head;
	struct trace_state *state;
	struct gcs_object *frames;	/* tuple of struct trace_frame, oldest first */
	uint32_t id;			/* for the resolver */
};

/* A Statistic or a StatisticDiff. */
struct trace_statistic {
	struct gcs_object head;
	struct gcs_object *traceback;
	int64_t size, count, size_diff, count_diff;
};

extern const struct sim_type trace_snapshot_type, trace_frame_type, trace_traceback_type, trace_statistic_type,
	trace_diff_type, trace_filter_type, trace_domain_filter_type;

/* Calls a function of the module whose objects are not the program's: snapshots leave them out. */
struct gcs_object *trace_apart(struct sim *sim, struct gcs_object *self, const struct sim_call *call, sim_method_fn fn);

/* The presented form of a group's stack. */
struct gcs_object *trace_traceback_new(struct sim *sim, struct trace_state *state, uint32_t id);
/* <0, 0, >0: as tuples of (filename, lineno), oldest first. */
int trace_traceback_order(const struct gcs_object *a, const struct gcs_object *b);

struct gcs_object *trace_statistic_new(struct sim *sim, struct trace_state *state, const struct hl_statistic *from);
struct gcs_object *trace_diff_new(struct sim *sim, struct trace_state *state, const struct hl_statistic_diff *from);

/* Takes over @snapshot, also when it fails. */
struct gcs_object *trace_snapshot_new(struct sim *sim, struct trace_state *state, struct hl_snapshot *snapshot,
		unsigned int limit, struct trace_size size);
void trace_snapshot_drop(struct trace_snapshot *self);

/* One of the filters of a list, as the library has them; *keep is for sim_scratch_free() after the use of
 * @out.  0 or -1. */
int trace_filter_read(struct sim *sim, struct gcs_object *filter, struct hl_filter *out, char **keep);

/* The arguments of a function that CPython has written in Python; @names without what is before the first argument.
 * @nr_first: the number that its messages add for self. */
int trace_parse(struct sim *sim, const char *function, const struct sim_call *call, const char *const *names,
		size_t nr_required, size_t nr_first, struct gcs_object **out);

#endif
