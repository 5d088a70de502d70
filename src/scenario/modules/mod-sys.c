/* SPDX-License-Identifier: MIT */
/* import sys: reference counts, sizes, streams, and what every program may ask for. */
#include "scenario/modules/modules.h"

#include "scenario/objects/internal.h"

static struct gcs_object *sys_getrefcount(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_int_new(sim, gcs_refcount(call->args[0]));
}

/* type(object).__sizeof__(object) if the scenario wrote one, and the collector's links. */
static int size_of(struct sim *sim, struct gcs_object *object, int64_t *out)
{
	struct gcs_object *method = NULL;
	struct gcs_object *size;

	if (sim_type(object)->flags & SIM_TYPE_HEAP)
		method = sim_class_lookup(sim, sim_class_of(sim, object), sim->names.d_sizeof);
	if (!method || sim_kind(method) != SIM_FUNCTION) {
		*out = (int64_t)sim_getsizeof(sim, object);
		return 0;
	}
	sim_incref(method);
	size = sim_call_args(sim, method, 1, &object);
	gcs_decref(method);
	if (!size)
		return -1;
	if (!sim_is_int(size) || !sim_int_fits(size, out)) {
		sim_raise(sim, SIM_TYPE_ERROR, "an integer is required");
		*out = -1;
	} else if (*out < 0) {
		sim_raise(sim, SIM_VALUE_ERROR, "__sizeof__() should return >= 0");
	}
	gcs_decref(size);
	*out += (object->type->flags & GCS_TYPE_GC ? SIM_GC_HEAD : 0) + (int64_t)sim_dict_head(sim, object);
	return sim->pending ? -1 : 0;
}

static struct gcs_object *sys_getsizeof(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *v[2];
	int64_t size;

	(void)self;
	if (sim_call_parse(sim, "getsizeof", call, "object | default", v))
		return NULL;
	if (!size_of(sim, v[0], &size))
		return sim_int_new(sim, size);
	if (!v[1] || !sim_pending_is(sim, SIM_TYPE_ERROR))
		return NULL;
	sim_clear_pending(sim);
	return sim_incref(v[1]);
}

static struct gcs_object *sys_exit(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	sim_raise_value(sim, SIM_SYSTEM_EXIT, call->nr ? call->args[0] : sim->none);
	return NULL;
}

static struct gcs_object *sys_getrecursionlimit(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return sim_int_new(sim, sim->recursion_limit);
}

/* Not above CPython's default: the C stack below has been measured for that. */
static struct gcs_object *sys_setrecursionlimit(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int limit;

	(void)self;
	if (sim_argument_int(sim, call->args[0], &limit))
		return NULL;
	if (limit < 1)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "recursion limit must be greater or equal than 1");
	if (sim->depth >= limit)
		return sim_raise_null(sim, SIM_RECURSION_ERROR,
				"cannot set the recursion limit to %d at the recursion depth %d: the limit is too low",
				limit, sim->depth);
	sim->recursion_limit = limit < SIM_RECURSION_LIMIT ? limit : SIM_RECURSION_LIMIT;
	return sim_none(sim);
}

static struct gcs_object *sys_intern(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	if (!sim_is_str(call->args[0]))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "intern() argument must be str, not %T", call->args[0]);
	return sim_str_intern_object(sim, sim_incref(call->args[0]));
}

static struct gcs_object *sys_getdefaultencoding(struct sim *sim, struct gcs_object *self,
		const struct sim_call *call)
{
	(void)self;
	(void)call;
	return sim_str_from(sim, "utf-8");
}

/* (type, value, traceback) */
static struct gcs_object *sys_exc_info(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *e = sim->handled;
	struct gcs_object *traceback;

	(void)self;
	(void)call;
	if (!e)
		return sim_tuple_pack(sim, 3, sim_none(sim), sim_none(sim), sim_none(sim));
	traceback = ((struct sim_exception *)e)->traceback;
	return sim_tuple_pack(sim, 3, sim_incref(&sim_class_of(sim, e)->head), sim_incref(e),
			sim_incref(traceback ? traceback : sim->none));
}

static const struct sim_method methods[] = {
	{"exc_info", sys_exc_info, 0, 0, 0},
	{"exit", sys_exit, 0, 1, 0},
	{"getdefaultencoding", sys_getdefaultencoding, 0, 0, 0},
	{"getrecursionlimit", sys_getrecursionlimit, 0, 0, 0},
	{"getrefcount", sys_getrefcount, 1, 1, 0},
	{"getsizeof", sys_getsizeof, 0, -1, SIM_METHOD_KEYWORDS},
	{"intern", sys_intern, 1, 1, 0},
	{"setrecursionlimit", sys_setrecursionlimit, 1, 1, 0},
	{NULL, NULL, 0, 0, 0},
};

/* sys.version_info: a tuple with names. */
struct version_info {
	struct gcs_object head;
	struct gcs_object *tuple;
};

static struct gcs_object *version_tuple(const struct gcs_object *self)
{
	return ((const struct version_info *)self)->tuple;
}

static struct gcs_object *version_item(struct sim *sim, struct gcs_object *self, size_t index)
{
	(void)sim;
	return sim_incref(sim_tuple_item(version_tuple(self), index));
}

#define VERSION_FIELD(name, index)                                                                              \
	static struct gcs_object *version_##name(struct sim *sim, struct gcs_object *self)                      \
	{                                                                                                       \
		return version_item(sim, self, index);                                                          \
	}
VERSION_FIELD(major, 0)
VERSION_FIELD(minor, 1)
VERSION_FIELD(micro, 2)
VERSION_FIELD(releaselevel, 3)
VERSION_FIELD(serial, 4)

static const struct sim_getset version_getsets[] = {
	{"major", version_major, NULL},
	{"minor", version_minor, NULL},
	{"micro", version_micro, NULL},
	{"releaselevel", version_releaselevel, NULL},
	{"serial", version_serial, NULL},
	{NULL, NULL, NULL},
};

static struct gcs_object *version_repr(struct sim *sim, struct gcs_object *self)
{
	(void)self;
	return sim_str_from(sim, "sys.version_info(major=3, minor=11, micro=2, releaselevel='final', serial=0)");
}

static struct gcs_object *version_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b,
		enum sim_compare op)
{
	a = sim_kind(a) == SIM_EXTENSION ? version_tuple(a) : a;
	b = sim_kind(b) == SIM_EXTENSION && b->type->size == sizeof(struct version_info) ? version_tuple(b) : b;
	return sim_compare(sim, a, b, op);
}

static int64_t version_hash(struct sim *sim, struct gcs_object *self)
{
	return sim_hash(sim, version_tuple(self));
}

static int64_t version_length(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return (int64_t)sim_tuple_size(version_tuple(self));
}

static struct gcs_object *version_get_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	return sim_get_item(sim, version_tuple(self), key);
}

static struct gcs_object *version_iter(struct sim *sim, struct gcs_object *self)
{
	return sim_iter(sim, version_tuple(self));
}

static const struct sim_type version_type = {
	.gc = {.name = "sys.version_info", .size = sizeof(struct version_info)},
	.kind = SIM_EXTENSION,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 24,
	.getsets = version_getsets,
	.repr = version_repr,
	.hash = version_hash,
	.compare = version_compare,
	.length = version_length,
	.get_item = version_get_item,
	.iter = version_iter,
	.get_attribute = sim_generic_get,
	.set_attribute = sim_generic_set,
};

/* Debian 12's python3. */
static struct gcs_object *make_version_info(struct sim *sim)
{
	struct version_info *self;

	if (!sim_class_builtin(sim, &version_type, NULL, "sys"))
		return NULL;
	self = (struct version_info *)sim_new_object(sim, &version_type, 0, 0);
	if (!self)
		return NULL;
	self->tuple = sim_tuple_pack(sim, 5, sim_int_new(sim, 3), sim_int_new(sim, 11), sim_int_new(sim, 2),
			sim_str_from(sim, "final"), sim_int_new(sim, 0));
	return self->tuple ? &self->head : NULL;
}

static int fill(struct sim *sim, struct gcs_object *module)
{
	struct gcs_object *out = sim_stream_new(sim, false);
	struct gcs_object *err = sim_stream_new(sim, true);

	if (!out || !err)
		return -1;
	sim->sys_dict = sim_incref(((struct sim_module *)module)->dict);
	return sim_module_add(sim, module, "stdout", sim_incref(out)) ||
		sim_module_add(sim, module, "__stdout__", out) ||
		sim_module_add(sim, module, "stderr", sim_incref(err)) ||
		sim_module_add(sim, module, "__stderr__", err) ||
		sim_module_add(sim, module, "version_info", make_version_info(sim)) ||
		sim_module_add(sim, module, "version", sim_str_from(sim, "3.11.2 (heapledger sim)")) ||
		sim_module_add(sim, module, "hexversion", sim_int_new(sim, 0x030b02f0)) ||
		sim_module_add(sim, module, "maxsize", sim_int_new(sim, INT64_MAX)) ||
		sim_module_add(sim, module, "maxunicode", sim_int_new(sim, 0x10ffff)) ||
		sim_module_add(sim, module, "byteorder", sim_str_from(sim, "little")) ||
		sim_module_add(sim, module, "platform", sim_str_from(sim, "linux")) ||
		sim_module_add(sim, module, "modules", sim_incref(sim->modules)) ? -1 : 0;
}

static const char *const missing[] = {
	"__breakpointhook__", "__displayhook__", "__excepthook__", "__interactivehook__", "__stdin__",
	"__unraisablehook__", "_clear_type_cache", "_current_exceptions", "_current_frames", "_debugmallocstats",
	"_getframe", "_getquickenedcount", "_xoptions", "abiflags", "addaudithook", "api_version", "audit",
	"base_exec_prefix", "base_prefix", "breakpointhook", "builtin_module_names", "call_tracing", "copyright",
	"displayhook", "dont_write_bytecode", "excepthook", "exception", "exec_prefix", "executable", "flags",
	"float_info", "float_repr_style", "get_asyncgen_hooks", "get_coroutine_origin_tracking_depth",
	"get_int_max_str_digits", "getallocatedblocks", "getdlopenflags", "getfilesystemencodeerrors",
	"getfilesystemencoding", "getprofile", "getswitchinterval", "gettrace", "hash_info", "implementation",
	"int_info", "is_finalizing", "meta_path", "orig_argv", "path", "path_hooks", "path_importer_cache",
	"platlibdir", "prefix", "pycache_prefix", "set_asyncgen_hooks", "set_coroutine_origin_tracking_depth",
	"set_int_max_str_digits", "setdlopenflags", "setprofile", "setswitchinterval", "settrace", "stdin",
	"stdlib_module_names", "thread_info", "unraisablehook", "warnoptions", NULL,
};

const struct sim_module_table sim_module_sys = {
	.name = "sys",
	.methods = methods,
	.fill = fill,
	.missing = missing,
};
