/* SPDX-License-Identifier: MIT */
/* Built-in functions on any object, and the namespace of them all. */
#include "scenario/modules/modules.h"

#include "scenario/objects/internal.h"
#include "scenario/machine/vm.h"

static struct gcs_object *builtin_len(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t length = sim_length(sim, call->args[0]);

	(void)self;
	return length < 0 ? NULL : sim_int_new(sim, length);
}

static struct gcs_object *builtin_repr(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_repr(sim, call->args[0]);
}

static struct gcs_object *builtin_ascii(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_ascii(sim, call->args[0]);
}

static struct gcs_object *builtin_format(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *spec = call->nr > 1 ? call->args[1] : NULL;

	(void)self;
	if (spec && !sim_is_str(spec))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "format() argument 2 must be str, not %T", spec);
	return sim_format(sim, call->args[0], spec);
}

static struct gcs_object *builtin_id(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_int_new_u(sim, (uintptr_t)call->args[0]);
}

static struct gcs_object *builtin_hash(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t hash = sim_hash(sim, call->args[0]);

	(void)self;
	return hash == -1 ? NULL : sim_int_new(sim, hash);
}

static struct gcs_object *builtin_callable(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_bool(sim, sim_is_callable(sim, call->args[0]));
}

static struct gcs_object *answer(struct sim *sim, int result)
{
	return result < 0 ? NULL : sim_bool(sim, result);
}

static struct gcs_object *builtin_isinstance(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return answer(sim, sim_is_instance(sim, call->args[0], call->args[1]));
}

static struct gcs_object *builtin_issubclass(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return answer(sim, sim_is_subclass(sim, call->args[0], call->args[1]));
}

/* The name of an attribute, interned: new reference. */
static struct gcs_object *attribute_name(struct sim *sim, struct gcs_object *name)
{
	if (!sim_is_str(name))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "attribute name must be string, not '%T'", name);
	return sim_str_intern_object(sim, sim_incref(name));
}

static struct gcs_object *builtin_getattr(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *name = attribute_name(sim, call->args[1]);
	struct gcs_object *value;

	(void)self;
	if (!name)
		return NULL;
	if (call->nr > 2) {
		value = sim_find_attribute(sim, call->args[0], name);
		if (!value && !sim->pending)
			value = sim_incref(call->args[2]);
	} else {
		value = sim_get_attribute(sim, call->args[0], name);
	}
	gcs_decref(name);
	return value;
}

static struct gcs_object *builtin_hasattr(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *name = attribute_name(sim, call->args[1]);
	struct gcs_object *value;
	bool found;

	(void)self;
	if (!name)
		return NULL;
	value = sim_find_attribute(sim, call->args[0], name);
	gcs_decref(name);
	found = value;
	gcs_xdecref(value);
	return sim->pending ? NULL : sim_bool(sim, found);
}

static struct gcs_object *store(struct sim *sim, const struct sim_call *call, struct gcs_object *value)
{
	struct gcs_object *name = attribute_name(sim, call->args[1]);
	int rc;

	if (!name)
		return NULL;
	rc = sim_set_attribute(sim, call->args[0], name, value);
	gcs_decref(name);
	return rc ? NULL : sim_none(sim);
}

static struct gcs_object *builtin_setattr(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return store(sim, call, call->args[2]);
}

static struct gcs_object *builtin_delattr(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return store(sim, call, NULL);
}

static struct gcs_object *builtin_globals(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return sim_incref(vm_globals(sim));
}

static struct gcs_object *builtin_locals(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return vm_locals(sim);
}

static struct gcs_object *builtin_vars(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *dict;

	(void)self;
	if (!call->nr)
		return vm_locals(sim);
	dict = sim_find_attribute(sim, call->args[0], sim->names.d_dict);
	if (!dict && !sim->pending)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "vars() argument must have __dict__ attribute");
	return dict;
}

static struct gcs_object *builtin_exit(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	sim_raise_value(sim, SIM_SYSTEM_EXIT, call->nr ? call->args[0] : sim->none);
	return NULL;
}

static struct gcs_object *builtin_build_class(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return vm_build_class(sim, call);
}

const struct sim_method sim_builtin_methods[] = {
	{"__build_class__", builtin_build_class, 2, -1, 0},
	{"ascii", builtin_ascii, 1, 1, 0},
	{"callable", builtin_callable, 1, 1, 0},
	{"delattr", builtin_delattr, 2, 2, 0},
	{"exit", builtin_exit, 0, 1, 0},
	{"format", builtin_format, 1, 2, 0},
	{"getattr", builtin_getattr, 2, 3, 0},
	{"globals", builtin_globals, 0, 0, 0},
	{"hasattr", builtin_hasattr, 2, 2, 0},
	{"hash", builtin_hash, 1, 1, 0},
	{"id", builtin_id, 1, 1, 0},
	{"isinstance", builtin_isinstance, 2, 2, 0},
	{"issubclass", builtin_issubclass, 2, 2, 0},
	{"len", builtin_len, 1, 1, 0},
	{"locals", builtin_locals, 0, 0, 0},
	{"print", sim_print, 0, -1, SIM_METHOD_KEYWORDS},
	{"quit", builtin_exit, 0, 1, 0},
	{"repr", builtin_repr, 1, 1, 0},
	{"setattr", builtin_setattr, 3, 3, 0},
	{"vars", builtin_vars, 0, 1, 0},
	{NULL, NULL, 0, 0, 0},
};

/* What CPython's builtins module has beside the functions of the tables and the classes of the sim. */
const char *const sim_builtins_missing[] = {
	"BaseExceptionGroup", "BlockingIOError", "BrokenPipeError", "BytesWarning", "ChildProcessError",
	"ConnectionAbortedError", "ConnectionError", "ConnectionRefusedError", "ConnectionResetError",
	"DeprecationWarning", "EncodingWarning", "ExceptionGroup", "FileExistsError", "FileNotFoundError",
	"FutureWarning", "ImportWarning", "IndentationError", "InterruptedError", "IsADirectoryError",
	"NotADirectoryError", "PendingDeprecationWarning", "PermissionError", "ProcessLookupError", "RuntimeWarning",
	"StopAsyncIteration", "SyntaxWarning", "TabError", "TimeoutError", "UnicodeDecodeError", "UnicodeEncodeError",
	"UnicodeTranslateError", "UnicodeWarning", "UserWarning", "__import__", "aiter", "anext", "breakpoint",
	"bytearray", "compile", "complex", "copyright", "credits", "dir", "eval", "exec", "help", "input", "license",
	"memoryview", "open", NULL,
};
