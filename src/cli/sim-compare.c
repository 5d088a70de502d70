/* SPDX-License-Identifier: MIT */
/* heapledger sim --compare: one scenario under CPython's policy and under another. */
#include "cli/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct measured {
	struct scenario_result result;
	struct sim_output output;
	struct gcs_counts counts;
	struct gcs_work work;
	struct gcs_generation_stats stats[GCS_NR_GENERATIONS];
	int thresholds[GCS_NR_GENERATIONS];	/* as the run began */
	bool gc_off;
	enum gcs_profile profile;
};

static int measure(struct gcs_heap *heap, void *arg)
{
	struct measured *m = arg;

	gcs_heap_counts(heap, &m->counts);
	gcs_get_work(heap, &m->work);
	gcs_get_stats(heap, m->stats);
	return 0;
}

/* The default thresholds are the library's to know. */
static int default_thresholds(int out[GCS_NR_GENERATIONS])
{
	struct gcs_heap *heap = gcs_heap_new(NULL);

	if (!heap)
		return -ENOMEM;
	gcs_get_threshold(heap, out);
	gcs_heap_destroy(heap);
	return 0;
}

static int run(const struct sim_file *file, const struct scenario_options *policy, struct measured *m)
{
	struct scenario_options o = *policy;
	int rc = default_thresholds(m->thresholds);

	m->output.is_kept = true;
	m->output.max_bytes = o.max_bytes;
	o.out = sim_write_out;
	o.err = sim_write_err;
	o.write_arg = &m->output;
	o.ended = measure;
	o.ended_arg = m;
	if (o.has_thresholds)
		memcpy(m->thresholds, o.thresholds, sizeof(m->thresholds));
	m->gc_off = o.gc_off;
	m->profile = o.profile;
	if (!rc)
		rc = scenario_run(file->program, &o, &m->result);
	if (rc)
		cli_complain("sim", "%s: %s", file->name, strerror(-rc));
	else if (m->result.stop)
		return sim_complain_limit(file, policy, m->result.stop);
	return rc ? CLI_FAILED : -1;
}

static void row(const char *name, uint64_t a, uint64_t b)
{
	printf("%-28s%16" PRIu64 "%16" PRIu64 "\n", name, a, b);
}

static void row_text(const char *name, const char *a, const char *b)
{
	printf("%-28s%16s%16s\n", name, a, b);
}

static const char *thresholds_text(char *buf, size_t size, const int thresholds[GCS_NR_GENERATIONS])
{
	snprintf(buf, size, "%d,%d,%d", thresholds[0], thresholds[1], thresholds[2]);
	return buf;
}

static void print_policies(const struct measured m[2])
{
	static const char *const profiles[] = {"plain", "cpython311"};
	char a[64];
	char b[64];

	row_text("", "default", "given");
	row_text("profile", profiles[m[0].profile], profiles[m[1].profile]);
	row_text("collector", m[0].gc_off ? "off" : "on", m[1].gc_off ? "off" : "on");
	row_text("thresholds", thresholds_text(a, sizeof(a), m[0].thresholds),
			thresholds_text(b, sizeof(b), m[1].thresholds));
}

static void print_results(const struct measured m[2])
{
	uint64_t collected[2] = {0, 0};
	uint64_t uncollectable[2] = {0, 0};
	char name[48];

	for (int g = 0; g < GCS_NR_GENERATIONS; g++) {
		snprintf(name, sizeof(name), "collections of generation %d", g);
		row(name, m[0].stats[g].collections, m[1].stats[g].collections);
		for (int i = 0; i < 2; i++) {
			collected[i] += m[i].stats[g].collected;
			uncollectable[i] += m[i].stats[g].uncollectable;
		}
	}
	row("collected objects", collected[0], collected[1]);
	row("uncollectable objects", uncollectable[0], uncollectable[1]);
	row("objects visited", m[0].work.objects, m[1].work.objects);
	row("references followed", m[0].work.references, m[1].work.references);
	row("peak bytes", m[0].counts.peak_bytes, m[1].counts.peak_bytes);
	row("live objects at the end", m[0].counts.live, m[1].counts.live);
}

static bool same_output(const struct measured m[2])
{
	const struct sim_buffer *a = &m[0].output.out;
	const struct sim_buffer *b = &m[1].output.out;

	if (m[0].result.status != m[1].result.status || a->nr != b->nr)
		return false;
	return !a->nr || !memcmp(a->data, b->data, a->nr);
}

int sim_compare_policies(const struct sim_file *file, const struct scenario_options *given)
{
	struct scenario_options standard = *given;
	struct measured m[2] = {0};
	int status;

	standard.profile = GCS_PROFILE_CPYTHON311;
	standard.has_thresholds = standard.gc_off = false;
	status = run(file, &standard, &m[0]);
	if (status < 0)
		status = run(file, given, &m[1]);
	if (status < 0) {
		print_policies(m);
		print_results(m);
		if (!same_output(m))
			printf("The scenario's own output or exit status is not the same under both.\n");
		status = CLI_DONE;
	}
	for (int i = 0; i < 2; i++) {
		sim_buffer_release(&m[i].output.out);
		sim_buffer_release(&m[i].output.err);
	}
	return status;
}
