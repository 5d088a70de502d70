/* SPDX-License-Identifier: MIT */
/* A sim is made, filled, run, shut down and ended. */
#include "scenario/scenario.h"

#include <errno.h>

#include "scenario/modules/modules.h"
#include "scenario/machine/vm.h"

/* After all that is made at the start, so that nothing of it counts. */
static void set_policy(struct sim *sim, const struct scenario_options *o)
{
	if (o->nr_frames > 1)
		vm_set_site_frames(sim, o->nr_frames);
	if (o->has_thresholds)
		gcs_set_threshold(sim->heap, o->thresholds);
	if (o->has_start)
		gcs_preset(sim->heap, o->start_stats, o->start_counts);
	if (o->gc_off)
		gcs_disable(sim->heap);
}

static int run(struct sim *sim, const struct program *program, const struct scenario_options *o,
		struct scenario_result *out)
{
	int rc = 0;

	if (vm_attach(sim))
		return -ENOMEM;
	if (sim_modules_start(sim, o->script ? o->script : "")) {
		rc = -ENOMEM;
	} else {
		set_policy(sim, o);
		out->status = run_program(sim, program);
		out->stop = sim->stop;
		if (!sim->stop)
			sim_stream_flush(sim);
		if (o->ended)
			rc = o->ended(sim->heap, o->ended_arg);
		run_shutdown(sim);
		/* Also while the last words were printed, or at the end. */
		if (sim->stop) {
			out->status = RUN_LIMIT;
			out->stop = sim->stop;
		}
	}
	sim_modules_end(sim);
	vm_detach(sim);
	return rc;
}

int scenario_run(const struct program *program, const struct scenario_options *options,
		struct scenario_result *out)
{
	const struct sim_options sim_options = {
		.profile = options->profile,
		.max_steps = options->max_steps,
		.max_bytes = options->max_bytes,
		.out = options->out,
		.err = options->err,
		.write_arg = options->write_arg,
	};
	struct sim *sim = sim_new(&sim_options);
	struct scenario_result result = {0};
	int rc;

	if (!sim)
		return -ENOMEM;
	rc = run(sim, program, options, &result);
	sim_free(sim);
	if (!rc)
		*out = result;
	return rc;
}
