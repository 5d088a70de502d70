/* SPDX-License-Identifier: MIT */
/*
 * Before a program runs: does it name something of a module or of a built-in class that ours lacks?
 *
 * A name counts as a module where the whole program binds it by one import only; then every name.attribute is
 * checked, in any function.  A built-in name counts where the program never binds it, and so does an attribute
 * that only built-in classes have.  What is reached in other ways (getattr, m = gc) is found when it runs.
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

struct bindings {
	struct binding *items;		/* after join_bindings(): each name once, in order */
	size_t nr, room;
};

struct check {
	struct bindings names, attributes;
	struct scenario_error *err;
	int rc;
};

/* Attributes of built-in classes in CPython that are not here. */
static const char *const missing_attributes[] = {
	"as_integer_ratio", "conjugate", "expandtabs", "fdel", "fget", "format_map", "from_bytes", "fromhex",
	"fset", "indices", "isascii", "isidentifier", "isprintable", "istitle", "maketrans", "mapping",
	"to_bytes", "translate", NULL,
};

/* Methods that CPython would call and that nothing calls here. */
static const char *const missing_methods[] = {
	"__bytes__", "__class_getitem__", "__delete__", "__divmod__", "__get__", "__instancecheck__", "__ipow__",
	"__matmul__", "__mro_entries__", "__prepare__", "__rdivmod__", "__rmatmul__", "__set__",
	"__subclasscheck__", NULL,
};

static int compare_bindings(const void *a, const void *b)
{
	return strcmp(((const struct binding *)a)->name, ((const struct binding *)b)->name);
}

static const struct binding *find_binding(const struct bindings *bindings, const char *name)
{
	const struct binding key = {.name = name};

	if (!bindings->nr)
		return NULL;
	return bsearch(&key, bindings->items, bindings->nr, sizeof(key), compare_bindings);
}

static void bind(struct check *check, struct bindings *bindings, const char *name,
		const struct sim_module_table *module)
{
	if (bindings->nr == bindings->room) {
		size_t room = bindings->room ? 2 * bindings->room : 32;
		struct binding *bigger = reallocarray(bindings->items, room, sizeof(*bigger));

		if (!bigger) {
			check->rc = -ENOMEM;
			return;
		}
		bindings->items = bigger;
		bindings->room = room;
	}
	bindings->items[bindings->nr++] = (struct binding){name, module};
}

static void join_bindings(struct bindings *bindings)
{
	size_t nr = 0;

	if (!bindings->nr)
		return;
	qsort(bindings->items, bindings->nr, sizeof(*bindings->items), compare_bindings);
	for (size_t i = 1; i < bindings->nr; i++) {
		struct binding *last = &bindings->items[nr];

		if (compare_bindings(last, &bindings->items[i]))
			bindings->items[++nr] = bindings->items[i];
		else if (last->module != bindings->items[i].module)
			last->module = NULL;
	}
	bindings->nr = nr + 1;
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
		bind(check, &check->names, code->slot_names[i], NULL);
	for (uint32_t i = 0; i < code->nr_instrs; i++) {
		const char *name = stored_name(code, &code->instrs[i]);
		const struct instr *before = i ? &code->instrs[i - 1] : NULL;

		if (code->instrs[i].op == OP_STORE_ATTR)
			bind(check, &check->attributes, code->names[code->instrs[i].arg], NULL);
		if (!name)
			continue;
		bind(check, &check->names, name, before && before->op == OP_IMPORT_NAME ?
				sim_module_find(code->names[before->arg]) : NULL);
		if (code->instrs[i].op == OP_STORE_NAME)
			bind(check, &check->attributes, name, NULL);
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
	const struct binding *binding = find_binding(&check->names, name);
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

static void check_attribute(struct check *check, const struct code *code, uint32_t index)
{
	const char *name = code->names[code->instrs[index].arg];

	if (is_missing(missing_attributes, name) && !find_binding(&check->attributes, name))
		complain(check, code, index, "the attribute ", name);
}

/* Names are stored by classes and by whole programs; there such a function is nobody's method. */
static void check_method(struct check *check, const struct code *code, uint32_t index)
{
	const char *name = code->names[code->instrs[index].arg];

	if (strcmp(code->name, "<module>") && is_missing(missing_methods, name))
		complain(check, code, index, "a class's ", name);
}

static void check_code(struct check *check, const struct code *code)
{
	for (uint32_t i = 0; i < code->nr_instrs && !check->rc; i++) {
		const char *name = loaded_name(code, &code->instrs[i]);

		if (name)
			check_load(check, code, i, name);
		else if (code->instrs[i].op == OP_IMPORT_NAME)
			check_import(check, code, i);
		else if (code->instrs[i].op == OP_LOAD_ATTR || code->instrs[i].op == OP_LOAD_METHOD)
			check_attribute(check, code, i);
		else if (code->instrs[i].op == OP_STORE_NAME)
			check_method(check, code, i);
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
	join_bindings(&check.names);
	join_bindings(&check.attributes);
	if (!check.rc)
		each_code(&check, program, check_code);
	free(check.names.items);
	free(check.attributes.items);
	return check.rc;
}
