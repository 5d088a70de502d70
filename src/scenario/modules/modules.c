/* SPDX-License-Identifier: MIT */
/* The modules: found by name, made when they are first imported; the built-in names. */
#include "scenario/modules/modules.h"

#include <string.h>

#include "scenario/objects/internal.h"
#include "scenario/machine/vm.h"

int sim_stream_class(struct sim *sim);		/* print.c */

static const struct sim_module_table *const tables[] = {
	&sim_module_gc, &sim_module_sys, &sim_module_weakref, &sim_module_tracemalloc,
};

#define NR_TABLES (sizeof(tables) / sizeof(tables[0]))

const struct sim_module_table *sim_module_find(const char *name)
{
	for (size_t i = 0; i < NR_TABLES; i++)
		if (!strcmp(tables[i]->name, name))
			return tables[i];
	return NULL;
}

struct gcs_object *sim_arguments_tuple(struct sim *sim, const struct sim_call *call)
{
	for (size_t i = 0; i < call->nr; i++)
		sim_incref(call->args[i]);
	return sim_tuple_from(sim, call->args, call->nr);
}

struct gcs_object *sim_name(struct sim *sim, const char *text)
{
	return sim_str_intern(sim, text, strlen(text));
}

int sim_argument_truth(struct sim *sim, struct gcs_object *argument, bool fallback)
{
	return argument ? sim_truth(sim, argument) : fallback;
}

int sim_argument_int(struct sim *sim, struct gcs_object *argument, int *value)
{
	int64_t wide;

	if (sim_index(sim, argument, true, &wide))
		return -1;
	if (wide == INT64_MAX || wide == INT64_MIN)
		return sim_raise(sim, SIM_OVERFLOW_ERROR, "Python int too large to convert to C int");
	if (wide > INT32_MAX || wide < INT32_MIN)
		return sim_raise(sim, SIM_OVERFLOW_ERROR, "signed integer is %s than %s",
				wide > 0 ? "greater" : "less", wide > 0 ? "maximum" : "minimum");
	*value = (int)wide;
	return 0;
}

int sim_argument_c_int(struct sim *sim, struct gcs_object *argument, int *value)
{
	int64_t wide;

	if (sim_index(sim, argument, true, &wide))
		return -1;
	if (wide > INT32_MAX || wide < INT32_MIN)
		return sim_raise(sim, SIM_OVERFLOW_ERROR, "Python int too large to convert to C int");
	*value = (int)wide;
	return 0;
}

static struct gcs_object *make_module(struct sim *sim, const struct sim_module_table *table)
{
	struct gcs_object *module = sim_module_new(sim, table->name);

	if (!module)
		return NULL;
	if (!sim_module_add_methods(sim, module, table->methods) && (!table->fill || !table->fill(sim, module)))
		return module;
	gcs_decref(module);
	return NULL;
}

/* From those that are ready to sys.modules, which is its only owner then. */
static struct gcs_object *import_module(struct sim *sim, struct gcs_object *name, void *arg)
{
	struct gcs_object *module = sim_dict_pop(sim, sim->ready_modules, name);

	(void)arg;
	if (!module && !sim->pending)
		return sim_raise_null(sim, SIM_MODULE_NOT_FOUND_ERROR, "No module named %R", name);
	if (module && sim_dict_set(sim, sim->modules, name, module))
		GCS_CLEAR(&module);
	return module;
}

static int add_name(struct sim *sim, const char *name, struct gcs_object *value)
{
	return sim_dict_set_text(sim, sim->builtins, name, value);
}

/* The classes that CPython's builtins module shows. */
static int add_classes(struct sim *sim)
{
	static const enum sim_kind kinds[] = {
		SIM_OBJECT, SIM_TYPE, SIM_INT, SIM_BOOL, SIM_FLOAT, SIM_STR, SIM_BYTES, SIM_LIST, SIM_TUPLE, SIM_DICT,
		SIM_SET, SIM_FROZENSET, SIM_RANGE, SIM_SLICE, SIM_REVERSED, SIM_ENUMERATE, SIM_ZIP, SIM_MAP,
		SIM_FILTER, SIM_STATICMETHOD, SIM_CLASSMETHOD, SIM_PROPERTY, SIM_SUPER,
	};
	const size_t nr = sizeof(kinds) / sizeof(kinds[0]);

	for (size_t i = 0; i < nr + SIM_NR_KINDS - SIM_BASE_EXCEPTION; i++) {
		struct sim_class *cls = sim->classes[i < nr ? kinds[i] : SIM_BASE_EXCEPTION + (i - nr)];

		if (cls && sim_dict_set(sim, sim->builtins, cls->name, &cls->head))
			return -1;
	}
	return add_name(sim, "IOError", &sim->classes[SIM_OS_ERROR]->head) ||
		add_name(sim, "EnvironmentError", &sim->classes[SIM_OS_ERROR]->head) ? -1 : 0;
}

static int add_builtins(struct sim *sim, struct gcs_object *module)
{
	if (sim_module_add_methods(sim, module, sim_builtin_methods) ||
			sim_module_add_methods(sim, module, sim_number_methods) ||
			sim_module_add_methods(sim, module, sim_iterate_methods) || add_classes(sim))
		return -1;
	return add_name(sim, "NotImplemented", sim->not_implemented) || add_name(sim, "Ellipsis", sim->ellipsis) ||
		add_name(sim, "__debug__", sim->true_) || add_name(sim, "None", sim->none) ||
		add_name(sim, "True", sim->true_) || add_name(sim, "False", sim->false_) ? -1 : 0;
}

static int start_builtins(struct sim *sim)
{
	struct gcs_object *builtins = sim_module_new(sim, "builtins");
	int rc;

	if (!builtins)
		return -1;
	sim->builtins = sim_incref(((struct sim_module *)builtins)->dict);
	rc = add_builtins(sim, builtins) || sim_dict_set_text(sim, sim->modules, "builtins", builtins) ? -1 : 0;
	gcs_decref(builtins);
	return rc;
}

/* All modules, whether they will be imported or not: what an import makes is the interpreter's, and old. */
static int make_modules(struct sim *sim)
{
	sim->ready_modules = sim_dict_new(sim);
	if (!sim->ready_modules || sim_stream_class(sim))
		return -1;
	for (size_t i = 0; i < NR_TABLES; i++) {
		struct gcs_object *module = make_module(sim, tables[i]);
		struct gcs_object *where = tables[i] == &sim_module_sys ? sim->modules : sim->ready_modules;
		int rc = module ? sim_dict_set_text(sim, where, tables[i]->name, module) : -1;

		gcs_xdecref(module);
		if (rc)
			return -1;
	}
	return 0;
}

static int start(struct sim *sim, const char *script)
{
	struct gcs_object *argv;

	sim->modules = sim_dict_new(sim);
	if (!sim->modules || start_builtins(sim) || make_modules(sim))
		return -1;
	argv = sim_list_new(sim, 0);
	if (!argv || sim_dict_set_text(sim, sim->sys_dict, "argv", argv))
		return -1;
	gcs_decref(argv);
	return sim_list_append_steal(sim, argv, sim_str_from(sim, script));
}

int sim_modules_start(struct sim *sim, const char *script)
{
	bool was_enabled = gcs_is_enabled(sim->heap);
	struct gcs_generation_stats stats[GCS_NR_GENERATIONS];
	int counts[GCS_NR_GENERATIONS];
	int rc;

	gcs_get_stats(sim->heap, stats);
	gcs_get_count(sim->heap, counts);
	gcs_disable(sim->heap);
	rc = start(sim, script);
	if (!rc) {
		vm_set_import(sim, import_module, NULL);
		/* into the oldest generation, without the work of a collection */
		gcs_freeze(sim->heap);
		gcs_unfreeze(sim->heap);
	}
	gcs_preset(sim->heap, stats, counts);
	if (was_enabled)
		gcs_enable(sim->heap);
	return rc;
}
