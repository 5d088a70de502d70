/* SPDX-License-Identifier: MIT */
#include "vm-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/objects/operate.h"
#include "scenario/machine/vm.h"

struct streams {
	FILE *out, *err;
};

static int write_out(const char *text, size_t length, void *arg)
{
	return fwrite(text, 1, length, ((struct streams *)arg)->out) == length ? 0 : -1;
}

static int write_err(const char *text, size_t length, void *arg)
{
	return fwrite(text, 1, length, ((struct streams *)arg)->err) == length ? 0 : -1;
}

/* --- built-in functions --------------------------------------------------------------------------------- */

static struct gcs_object *fixture_print(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	for (size_t i = 0; i < call->nr; i++) {
		struct gcs_object *text = sim_str_of(sim, call->args[i]);

		if (!text)
			return NULL;
		if (i > 0)
			sim_write(sim, " ", 1);
		sim_write_str(sim, text);
		gcs_decref(text);
	}
	sim_write(sim, "\n", 1);
	return sim_none(sim);
}

static struct gcs_object *fixture_refs(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_int_new(sim, gcs_refcount(call->args[0]));
}

static struct gcs_object *fixture_collect(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return sim_int_new(sim, gcs_collect(sim->heap, GCS_NR_GENERATIONS - 1));
}

static struct gcs_object *fixture_enable(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	gcs_enable(sim->heap);
	return sim_none(sim);
}

static struct gcs_object *fixture_disable(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	gcs_disable(sim->heap);
	return sim_none(sim);
}

static struct gcs_object *fixture_count(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int counts[GCS_NR_GENERATIONS];

	(void)self;
	(void)call;
	gcs_get_count(sim->heap, counts);
	return sim_int_new(sim, counts[0]);
}

static struct gcs_object *fixture_stack(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct vm_position positions[16];
	unsigned int nr = vm_stack(sim, positions, 16);
	char text[1024] = "";

	(void)self;
	(void)call;
	for (unsigned int i = 0; i < nr && i < 16; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s:%u", i ? " " : "",
				positions[i].code->name, positions[i].line);
	return sim_str_from(sim, text);
}

static struct gcs_object *fixture_call(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	const struct sim_call inner = {call->args + 1, call->nr - 1, call->kwnames};

	(void)self;
	return sim_call(sim, call->args[0], &inner);
}

static const struct sim_method functions[] = {
	{"print", fixture_print, 0, -1, 0},
	{"refs", fixture_refs, 1, 1, 0},
	{"collect", fixture_collect, 0, 0, 0},
	{"enable", fixture_enable, 0, 0, 0},
	{"disable", fixture_disable, 0, 0, 0},
	{"count", fixture_count, 0, 0, 0},
	{"stack", fixture_stack, 0, 0, 0},
	{"call", fixture_call, 1, -1, SIM_METHOD_KEYWORDS},
	{NULL, NULL, 0, 0, 0},
};

static int fill_builtins(struct sim *sim)
{
	struct gcs_object *module = sim_module_new(sim, "builtins");

	if (!module || sim_module_add_methods(sim, module, functions) < 0)
		return -1;
	for (int kind = 0; kind < SIM_NR_KINDS; kind++) {
		struct sim_class *cls = sim->classes[kind];
		char *keep = NULL;
		size_t length;

		if (!cls)
			continue;
		if (sim_module_add(sim, module, sim_str_utf8(sim, cls->name, &length, &keep),
				sim_incref((struct gcs_object *)cls)) < 0)
			return -1;
		sim_scratch_free(keep);
	}
	sim->builtins = sim_incref(((struct sim_module *)module)->dict);
	sim->modules = sim_dict_new(sim);
	if (!sim->modules || sim_dict_set_text(sim, sim->modules, "builtins", module) < 0)
		return -1;
	gcs_decref(module);
	return 0;
}

/* --- a run ------------------------------------------------------------------------------------------------ */

static struct program *compile(const char *text, unsigned int flags)
{
	struct scenario_error error = {0};
	struct program *program = NULL;

	program_compile(text, strlen(text), "test.py", flags, &program, &error);
	ck_assert_msg(program != NULL, "line %u: %s", error.line, error.message);
	return program;
}

struct vm_result vm_run(const char *text, const struct vm_options *options)
{
	static const struct vm_options defaults;
	struct vm_result result = {0};
	struct streams streams;
	size_t length;
	struct program *program;
	struct sim *sim;

	if (!options)
		options = &defaults;
	program = compile(text, options->program_flags);
	streams.out = open_memstream(&result.out, &length);
	streams.err = open_memstream(&result.err, &length);
	sim = sim_new(&(struct sim_options){.profile = GCS_PROFILE_CPYTHON311, .max_steps = options->max_steps,
			.max_bytes = options->max_bytes, .out = write_out, .err = write_err, .write_arg = &streams});
	ck_assert_ptr_nonnull(sim);
	ck_assert_int_eq(vm_attach(sim), 0);
	ck_assert_int_eq(fill_builtins(sim), 0);
	gcs_collect(sim->heap, GCS_NR_GENERATIONS - 1);
	gcs_disable(sim->heap);
	if (options->site_frames)
		vm_set_site_frames(sim, options->site_frames);
	result.status = run_program(sim, program);
	if (options->inspect)
		options->inspect(sim, options->arg);
	if (!options->no_shutdown)
		run_shutdown(sim);
	vm_detach(sim);
	sim_free(sim);
	program_free(program);
	fclose(streams.out);
	fclose(streams.err);
	return result;
}

void vm_result_release(struct vm_result *result)
{
	free(result->out);
	free(result->err);
}

void vm_check_case(const struct vm_case *test)
{
	struct vm_result result = vm_run(test->text, NULL);

	ck_assert_msg(strcmp(result.out, test->out) == 0, "%s\nexpected:\n%s\nfound:\n%s\nstderr:\n%s", test->name,
			test->out, result.out, result.err);
	ck_assert_str_eq(result.err, "");
	ck_assert_int_eq(result.status, 0);
	vm_result_release(&result);
}
