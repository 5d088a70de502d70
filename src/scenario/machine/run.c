/* SPDX-License-Identifier: MIT */
/* The life of a scenario: the machine, __main__ and its units, the end of the interpreter. */
#include <stdlib.h>
#include <string.h>

#include "scenario/machine/machine.h"

static const struct sim_vm functions = {
	.call_function = call_function,
	.generator_send = generator_send,
	.generator_throw = generator_throw,
	.generator_close = generator_close,
	.frame_traverse = frame_traverse,
	.frame_release = frame_release,
	.unraisable = unwind_unraisable,
	.super_arguments = vm_super_arguments,
};

static struct gcs_object *build_class(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return vm_build_class(sim, call);
}

static const struct sim_method build_class_method = {"__build_class__", build_class, 2, -1, 0};

int vm_attach(struct sim *sim)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return -1;
	vm->sim = sim;
	vm->site_frames = 1;
	vm->main_handled.value = &vm->main_exception;
	vm->handled = &vm->main_handled;
	sim->vm = &functions;
	sim->vm_state = vm;
	vm_set_dispatch(vm);
	vm->build_class = sim_builtin_new(sim, &build_class_method, NULL, NULL);
	if (vm->build_class && frame_init(vm) == 0) {
		gcs_untrack(vm->build_class);
		return 0;
	}
	vm_detach(sim);
	return -1;
}

void vm_detach(struct sim *sim)
{
	struct vm *vm = vm_of(sim);

	if (!vm)
		return;
	/* A traceback's frames know their codes: it goes before these. */
	GCS_CLEAR(&vm->last_exception);
	GCS_CLEAR(&vm->last_traceback);
	GCS_CLEAR(&vm->build_class);
	vm_release_constants(vm);
	frame_release_chunks(vm);
	vm_release_sites(vm);
	vm_unload(vm);
	sim->vm = NULL;
	sim->vm_state = NULL;
	free(vm);
}

/* --- __main__ ------------------------------------------------------------------------------------------------ */

static int add_main_names(struct sim *sim, struct gcs_object *dict, const struct program *program)
{
	const char *filename = program->nr_units ? program->units[0]->filename : "";
	struct gcs_object *annotations = sim_dict_new(sim), *file = sim_str_from(sim, filename);
	struct gcs_object *builtins = sim_dict_get_text(sim, sim->modules, "builtins");
	int rc = -1;

	if (annotations && file && sim_dict_set_text(sim, dict, "__annotations__", annotations) == 0 &&
			sim_dict_set_text(sim, dict, "__builtins__", builtins ? builtins : sim->builtins) == 0 &&
			sim_dict_set_text(sim, dict, "__file__", file) == 0 &&
			sim_dict_set_text(sim, dict, "__cached__", sim->none) == 0)
		rc = 0;
	gcs_xdecref(file);
	gcs_xdecref(annotations);
	return rc;
}

static int make_main(struct sim *sim, const struct program *program)
{
	struct gcs_object *module;
	int rc = -1;

	if (sim->main_globals)
		return 0;
	if (!sim->modules)
		sim->modules = sim_dict_new(sim);
	if (!sim->builtins)
		sim->builtins = sim_dict_new(sim);
	if (!sim->modules || !sim->builtins)
		return -1;
	module = sim_module_new(sim, "__main__");
	if (!module)
		return -1;
	if (sim_dict_set_text(sim, sim->modules, "__main__", module) == 0) {
		sim->main_globals = sim_incref(((struct sim_module *)module)->dict);
		rc = add_main_names(sim, sim->main_globals, program);
	}
	gcs_decref(module);
	return rc;
}

/*
 * An interpreter's free lists are not empty when its program starts; what loading took out of them is put back. How
 * many there are differs from one start to the next; these are near to what is usual.
 */
static int fill_free_lists(struct sim *sim)
{
	static const uint8_t nr_tuples[SIM_TUPLE_LISTS] = {[1] = 5, [2] = 16, [3] = 4, [4] = 3, [5] = 3, [7] = 1};
	enum { NR_OTHERS = 8, NR_MOST = 2 * NR_OTHERS + 32 };
	struct gcs_object *made[NR_MOST];
	size_t nr = 0;

	for (; nr < 2 * NR_OTHERS; nr++)
		made[nr] = nr < NR_OTHERS ? sim_list_new(sim, 0) : sim_dict_new(sim);
	for (size_t size = 1; size < SIM_TUPLE_LISTS; size++) {
		for (size_t i = 0; i < nr_tuples[size]; i++)
			made[nr++] = sim_tuple_new(sim, size);
	}
	while (nr > 0)
		gcs_xdecref(made[--nr]);
	return sim->pending ? -1 : 0;
}

/*
 * What exists before the first instruction runs is not the scenario's doing: the collector's counters go on
 * where those who started it have set them.
 */
static int prepare(struct vm *vm, const struct program *program)
{
	struct gcs_heap *heap = vm->sim->heap;
	struct gcs_generation_stats stats[GCS_NR_GENERATIONS];
	bool enabled = gcs_is_enabled(heap);
	int counts[GCS_NR_GENERATIONS], rc;

	gcs_get_stats(heap, stats);
	gcs_get_count(heap, counts);
	gcs_disable(heap);
	rc = make_main(vm->sim, program) < 0 || vm_load(vm, program) < 0 || fill_free_lists(vm->sim) < 0 ? -1 : 0;
	gcs_preset(heap, stats, counts);
	if (enabled)
		gcs_enable(heap);
	return rc;
}

static int run_unit(struct vm *vm, struct code *unit)
{
	struct sim *sim = vm->sim;
	struct gcs_object *code = vm_load_code(vm, unit), *function, *result = NULL;

	if (!code)
		return -1;
	function = sim_function_new(sim, code, sim->main_globals, ((struct sim_code_object *)code)->qualname, NULL,
			NULL, NULL);
	if (function) {
		result = call_in_namespace(vm, function, sim->main_globals);
		gcs_decref(function);
	}
	gcs_decref(code);
	gcs_xdecref(result);
	return result ? 0 : -1;
}

/* --- the end of a program -------------------------------------------------------------------------------------- */

/* SystemExit: nothing or None is 0, an int itself, anything else is printed and is 1. */
static int exit_status(struct sim *sim, struct gcs_object *exception)
{
	struct gcs_object *code = ((struct sim_exception *)exception)->extra[0], *text;
	char *keep = NULL;
	const char *utf8;
	size_t length;
	int64_t status;

	if (!code || code == sim->none)
		return 0;
	if (sim_is_int(code))
		return sim_int_fits(code, &status) ? (int)(status & 0xff) : 0xff;
	text = sim_str_of(sim, code);
	utf8 = text ? sim_str_utf8(sim, text, &length, &keep) : NULL;
	if (utf8) {
		sim_write_error(sim, utf8, length);
		sim_write_error(sim, "\n", 1);
	}
	sim_scratch_free(keep);
	gcs_xdecref(text);
	sim_clear_pending(sim);
	return 1;
}

/* The exception that ended the program; sys.last_value and sys.last_traceback keep it until the shutdown. */
static int uncaught(struct vm *vm)
{
	struct sim *sim = vm->sim;
	struct gcs_object *exception;
	int status;

	if (sim->stop)
		return RUN_LIMIT;
	exception = sim_take_pending(sim);
	if (!exception)
		return RUN_EXCEPTION;
	if (sim_class_is_subclass(sim_class_of(sim, exception), sim->classes[SIM_SYSTEM_EXIT])) {
		status = exit_status(sim, exception);
		gcs_decref(exception);
		return status;
	}
	run_print_exception(sim, exception);
	vm->last_exception = exception;
	vm->last_traceback = ((struct sim_exception *)exception)->traceback;
	if (vm->last_traceback)
		gcs_incref(vm->last_traceback);
	return RUN_EXCEPTION;
}

int run_program(struct sim *sim, const struct program *program)
{
	struct vm *vm = vm_of(sim);
	int rc = prepare(vm, program);

	/* The limit may have come since the machine was attached. */
	vm_set_dispatch(vm);
	for (uint32_t i = 0; rc == 0 && i < program->nr_units; i++)
		rc = run_unit(vm, program->units[i]);
	vm_release_constants(vm);
	sim->site = sim->start_site;
	return rc < 0 ? uncaught(vm) : RUN_DONE;
}

/* --- shutdown ---------------------------------------------------------------------------------------------------- */

/* _PyModule_Clear: the names with one leading underscore first, then the rest; __builtins__ stays. */
static void clear_names(struct sim *sim, struct gcs_object *dict, bool underscore)
{
	struct gcs_object *key, *value;
	size_t pos = 0;

	while (sim_dict_next(dict, &pos, &key, &value)) {
		bool private = sim_is_str(key) && sim_str_point(key, 0) == '_' && sim_str_point(key, 1) != '_';

		if (value == sim->none || !sim_is_str(key) || private != underscore || sim_str_is(key, "__builtins__"))
			continue;
		sim_dict_set(sim, dict, key, sim->none);
		sim_clear_pending(sim);
	}
}

/* Weak references to the modules: who lives in spite of the collection is wiped. */
static struct gcs_object *drop_modules(struct sim *sim)
{
	struct gcs_object *weak = sim_list_new(sim, 0), *key, *module;
	size_t pos = 0;

	while (sim_dict_next(sim->modules, &pos, &key, &module)) {
		struct gcs_object *ref = sim_kind(module) == SIM_MODULE && weak ?
				sim_weakref_new(sim, module, NULL) : NULL;

		if (ref)
			sim_list_append_steal(sim, weak, ref);
		sim_dict_set(sim, sim->modules, key, sim->none);
	}
	sim_clear_pending(sim);
	sim_dict_clear(sim, sim->modules);
	return weak;
}

static void wipe_modules(struct sim *sim, struct gcs_object *weak)
{
	for (size_t i = weak ? sim_list_size(weak) : 0; i > 0; i--) {
		struct gcs_object *module = sim_weakref_get(sim, sim_list_item(weak, i - 1));

		if (module && module != sim->none) {
			clear_names(sim, ((struct sim_module *)module)->dict, true);
			clear_names(sim, ((struct sim_module *)module)->dict, false);
		}
		gcs_xdecref(module);
	}
	gcs_xdecref(weak);
}

void run_shutdown(struct sim *sim)
{
	struct vm *vm = vm_of(sim);
	struct gcs_object *weak;

	if (sim->stop)
		return;
	sim_weakref_run_finalizers(sim);
	sim_clear_pending(sim);
	if (gcs_is_enabled(sim->heap))
		gcs_collect(sim->heap, GCS_NR_GENERATIONS - 1);
	vm->finalizing = true;
	GCS_CLEAR(&vm->last_exception);
	GCS_CLEAR(&vm->last_traceback);
	GCS_CLEAR(&sim->main_globals);
	if (!sim->modules || sim->stop)
		return;
	/* The registry of weakref.finalize is the module's, and goes with it. */
	GCS_CLEAR(&sim->finalizers);
	weak = drop_modules(sim);
	gcs_collect(sim->heap, GCS_NR_GENERATIONS - 1);
	wipe_modules(sim, weak);
}

bool run_is_finalizing(const struct sim *sim)
{
	return ((const struct vm *)sim->vm_state)->finalizing;
}
