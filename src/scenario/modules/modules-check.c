/* SPDX-License-Identifier: MIT */
/*
 * Before a program runs: does it name something of a module that ours lacks?
 *
 * A name counts as a module where the whole program binds it by one import only; then every name.attribute is
 * checked, in any function.  A built-in name counts where the program never binds it.  What is reached in other
 * ways (getattr, m = gc) is found when it runs.
 */
#include "scenario/modules/modules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name that the program binds.  Names are interned in the program: equal ones are one pointer, but a slot's
 * name may be another one, so the text is compared. */
struct binding {
	const char *name;
	const struct sim_module_table *module;	/* NULL: bound to something else as well */
};

struct check {
	struct binding *bindings;
	size_t nr, room;
	struct scenario_error *err;
	int rc;
};

static int compare_bindings(const void *a, const void *b)
{
	return strcmp(((const struct binding *)a)->name, ((const struct binding *)b)->name);
}

static const struct binding *find_binding(const struct check *check, const char *name)
{
	const struct binding key = {.name = name};

	if (!check->nr)
		return NULL;
	return bsearch(&key, check->bindings, check->nr, sizeof(key), compare_bindings);
}

static void bind(struct check *check, const char *name, const struct sim_module_table *module)
{
	if (check->nr == check->room) {
		size_t room = check->room ? 2 * check->room : 32;
		struct binding *bigger = reallocarray(check->bindings, room, sizeof(*bigger));

		if (!bigger) {
			check->rc = -ENOMEM;
			return;
		}
		check->bindings = bigger;
		check->room = room;
	}
	check->bindings[check->nr++] = (struct binding){name, module};
}

/* Each name once, in order. */
static void join_bindings(struct check *check)
{
	size_t nr = 0;

	if (!check->nr)
		return;
	qsort(check->bindings, check->nr, sizeof(*check->bindings), compare_bindings);
	for (size_t i = 1; i < check->nr; i++) {
		struct binding *last = &check->bindings[nr];

		if (compare_bindings(last, &check->bindings[i]))
			check->bindings[++nr] = check->bindings[i];
		else if (last->module != check->bindings[i].module)
			last->module = NULL;
	}
	check->nr = nr + 1;
}

static void complain(struct check *check, const struct code *code, uint32_t index, const char *prefix,
		const char *name)
{
	if (check->rc)
		return;
	check->rc = -EINVAL;
	if (!check->err)
		return;
	*check->err = (struct scenario_error){.kind = SCENARIO_UNSUPPORTED, .line = code->lines[index]};
	snprintf(check->err->message, sizeof(check->err->message), "%s%s is not supported", prefix, name);
}

static void complain_of(struct check *check, const struct code *code, uint32_t index,
		const struct sim_module_table *module, const char *name)
{
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "%s.", module->name);
	complain(check, code, index, prefix, name);
}

static bool is_missing(const char *const *missing, const char *name)
{
	for (; *missing; missing++)
		if (!strcmp(*missing, name))
			return true;
	return false;
}

/* The name that a store binds, or NULL. */
static const char *stored_name(const struct code *code, const struct instr *instr)
{
	switch (instr->op) {
	case OP_STORE_NAME:
	case OP_STORE_GLOBAL:
		return code->names[instr->arg];
	case OP_STORE_FAST:
	case OP_STORE_DEREF:
		return code->slot_names[instr->arg];
	default:
		return NULL;
	}
}

static const char *loaded_name(const struct code *code, const struct instr *instr)
{
	switch (instr->op) {
	case OP_LOAD_NAME:
		return code->names[instr->arg];
	case OP_LOAD_GLOBAL:
		return code->names[instr->arg >> 1];
	case OP_LOAD_FAST:
	case OP_LOAD_DEREF:
	case OP_LOAD_CLASSDEREF:
		return code->slot_names[instr->arg];
	default:
		return NULL;
	}
}

static void collect_bindings(struct check *check, const struct code *code)
{
	for (uint32_t i = 0; i < code->nr_args; i++)
		bind(check, code->slot_names[i], NULL);
	for (uint32_t i = 0; i < code->nr_instrs; i++) {
		const char *name = stored_name(code, &code->instrs[i]);
		const struct instr *before = i ? &code->instrs[i - 1] : NULL;

		if (name)
			bind(check, name, before && before->op == OP_IMPORT_NAME ?
					sim_module_find(code->names[before->arg]) : NULL);
	}
}

static void check_import(struct check *check, const struct code *code, uint32_t index)
{
	const char *name = code->names[code->instrs[index].arg];
	const struct sim_module_table *module = sim_module_find(name);

	if (!module) {
		complain(check, code, index, "import of the module ", name);
		return;
	}
	for (uint32_t i = index + 1; i < code->nr_instrs; i++) {
		const struct instr *instr = &code->instrs[i];

		if (instr->op == OP_IMPORT_FROM && is_missing(module->missing, code->names[instr->arg]))
			complain_of(check, code, i, module, code->names[instr->arg]);
		if (instr->op != OP_IMPORT_FROM && !stored_name(code, instr))
			break;
	}
}

static void check_load(struct check *check, const struct code *code, uint32_t index, const char *name)
{
	const struct binding *binding = find_binding(check, name);
	const struct instr *next = index + 1 < code->nr_instrs ? &code->instrs[index + 1] : NULL;

	if (!binding) {
		if (is_missing(sim_builtins_missing, name))
			complain(check, code, index, "", name);
		return;
	}
	if (!binding->module || !next || (next->op != OP_LOAD_ATTR && next->op != OP_LOAD_METHOD))
		return;
	if (is_missing(binding->module->missing, code->names[next->arg]))
		complain_of(check, code, index + 1, binding->module, code->names[next->arg]);
}

static void check_code(struct check *check, const struct code *code)
{
	for (uint32_t i = 0; i < code->nr_instrs && !check->rc; i++) {
		const char *name = loaded_name(code, &code->instrs[i]);

		if (name)
			check_load(check, code, i, name);
		else if (code->instrs[i].op == OP_IMPORT_NAME)
			check_import(check, code, i);
	}
}

/* Every code of the program once: units, then functions and classes as constants. */
static void each_code(struct check *check, const struct program *program,
		void (*fn)(struct check *check, const struct code *code))
{
	for (uint32_t i = 0; i < program->nr_units; i++)
		fn(check, program->units[i]);
	for (uint32_t i = 0; i < program->nr_constants; i++)
		if (program->constants[i]->kind == CONSTANT_CODE)
			fn(check, program->constants[i]->code);
}

int sim_modules_check(const struct program *program, struct scenario_error *err)
{
	struct check check = {.err = err};

	each_code(&check, program, collect_bindings);
	join_bindings(&check);
	if (!check.rc)
		each_code(&check, program, check_code);
	free(check.bindings);
	return check.rc;
}
