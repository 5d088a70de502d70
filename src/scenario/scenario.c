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
	/* Where there was no memory for it the sites are the lines alone. */
	sim_clear_pending(sim);
}

#define NO_START 1

static int run(struct sim *sim, const struct program *program, const struct scenario_options *o,
		struct scenario_result *out)
{
	int rc = 0;

	if (vm_attach(sim))
		return NO_START;
	/* Nor do the steps of the start count. */
	sim->max_steps = 0;
	rc = sim_modules_start(sim, o->script ? o->script : "") ? NO_START : 0;
	sim->max_steps = o->max_steps;
	if (!rc) {
		set_policy(sim, o);
		sim_charge_bytes(sim, program->memory_bytes);
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

/* There was no memory to begin with: without a limit it is the machine that has none. */
static int not_started(const struct scenario_options *options, struct scenario_result *out)
{
	if (!options->max_bytes)
		return -ENOMEM;
	*out = (struct scenario_result){RUN_LIMIT, SIM_STOP_BYTES};
	return 0;
}

int scenario_run(const struct program *program, const struct scenario_options *options,
		struct scenario_result *out)
{
	struct sim_options sim_options = {
		.profile = options->profile,
		.max_steps = options->max_steps,
		.max_bytes = options->max_bytes,
		.out = options->out,
		.err = options->err,
		.write_arg = options->write_arg,
	};
	struct scenario_result result = {0};
	struct sim *sim;
	int rc;

	if (options->max_bytes && program->memory_bytes >= options->max_bytes)
		return not_started(options, out);
	if (options->max_bytes)
		sim_options.max_bytes -= program->memory_bytes;
	sim = sim_new(&sim_options);
	if (!sim)
		return not_started(options, out);
	rc = run(sim, program, options, &result);
	sim_free(sim);
	if (rc == NO_START)
		rc = not_started(options, &result);
	if (!rc)
		*out = result;
	return rc;
}
