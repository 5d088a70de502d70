/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean": the name that is nearest to the one that was not found, by the rules that CPython 3.11 shows:
 * a move costs 2, a change of case 1, and at most a third of both names may differ.
 */
#include <stdlib.h>
#include <string.h>

#include "scenario/machine/machine.h"

#define MOVE_COST 2
#define CASE_COST 1
#define LONGEST_NAME 40
#define MOST_CANDIDATES 750

/* The names of CPython's builtins, which may be meant although there is no such name here. */
static const char *const builtin_names[] = {
	"__name__", "__doc__", "__package__", "__loader__", "__spec__", "__build_class__", "__import__", "abs", "all",
	"any", "ascii", "bin", "breakpoint", "callable", "chr", "compile", "delattr", "dir", "divmod", "eval", "exec",
	"format", "getattr", "globals", "hasattr", "hash", "hex", "id", "input", "isinstance", "issubclass", "iter",
	"aiter", "len", "locals", "max", "min", "next", "anext", "oct", "ord", "pow", "print", "repr", "round",
	"setattr", "sorted", "sum", "vars", "None", "Ellipsis", "NotImplemented", "False", "True", "bool",
	"memoryview", "bytearray", "bytes", "classmethod", "complex", "dict", "enumerate", "filter", "float",
	"frozenset", "property", "int", "list", "map", "object", "range", "reversed", "set", "slice", "staticmethod",
	"str", "super", "tuple", "type", "zip", "__debug__", "BaseException", "BaseExceptionGroup", "Exception",
	"GeneratorExit", "KeyboardInterrupt", "SystemExit", "ArithmeticError", "AssertionError", "AttributeError",
	"BufferError", "EOFError", "ImportError", "LookupError", "MemoryError", "NameError", "OSError",
	"ReferenceError", "RuntimeError", "StopAsyncIteration", "StopIteration", "SyntaxError", "SystemError",
	"TypeError", "ValueError", "Warning", "FloatingPointError", "OverflowError", "ZeroDivisionError",
	"BytesWarning", "DeprecationWarning", "EncodingWarning", "FutureWarning", "ImportWarning",
	"PendingDeprecationWarning", "ResourceWarning", "RuntimeWarning", "SyntaxWarning", "UnicodeWarning",
	"UserWarning", "BlockingIOError", "ChildProcessError", "ConnectionError", "FileExistsError",
	"FileNotFoundError", "InterruptedError", "IsADirectoryError", "NotADirectoryError", "PermissionError",
	"ProcessLookupError", "TimeoutError", "IndentationError", "IndexError", "KeyError", "ModuleNotFoundError",
	"NotImplementedError", "RecursionError", "UnboundLocalError", "UnicodeError", "BrokenPipeError",
	"ConnectionAbortedError", "ConnectionRefusedError", "ConnectionResetError", "TabError", "UnicodeDecodeError",
	"UnicodeEncodeError", "UnicodeTranslateError", "ExceptionGroup", "EnvironmentError", "IOError", "open", "quit",
	"exit", "copyright", "credits", "license", "help",
};

struct search {
	const char *wanted;
	size_t nr;
	char best[LONGEST_NAME * 8];
	size_t distance;		/* of the best one */
};

static size_t change_cost(char a, char b)
{
	if (a == b)
		return 0;
	if (a >= 'A' && a <= 'Z')
		a += 'a' - 'A';
	if (b >= 'A' && b <= 'Z')
		b += 'a' - 'A';
	return a == b ? CASE_COST : MOVE_COST;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Both at most LONGEST_NAME long. */
static size_t edit_distance(const char *a, size_t nr_a, const char *b, size_t nr_b)
{
	size_t row[LONGEST_NAME + 1];

	for (size_t j = 0; j <= nr_b; j++)
		row[j] = j * MOVE_COST;
	for (size_t i = 1; i <= nr_a; i++) {
		size_t diagonal = row[0];

		row[0] = i * MOVE_COST;
		for (size_t j = 1; j <= nr_b; j++) {
			size_t above = row[j];

			row[j] = smallest(diagonal + change_cost(a[i - 1], b[j - 1]), above + MOVE_COST,
					row[j - 1] + MOVE_COST);
			diagonal = above;
		}
	}
	return row[nr_b];
}

/* SIZE_MAX: too long to be compared. */
static size_t distance(const char *a, size_t nr_a, const char *b, size_t nr_b)
{
	while (nr_a && nr_b && a[0] == b[0])
		a++, b++, nr_a--, nr_b--;
	while (nr_a && nr_b && a[nr_a - 1] == b[nr_b - 1])
		nr_a--, nr_b--;
	if (nr_a == 0 || nr_b == 0)
		return (nr_a + nr_b) * MOVE_COST;
	if (nr_a > LONGEST_NAME || nr_b > LONGEST_NAME)
		return SIZE_MAX;
	return edit_distance(a, nr_a, b, nr_b);
}

static void consider(struct search *search, const char *name)
{
	size_t nr = strlen(name), most = (search->nr + nr + 3) * MOVE_COST / 6, found;

	if (strcmp(name, search->wanted) == 0 || nr >= sizeof(search->best))
		return;
	if (search->distance && most > search->distance - 1)
		most = search->distance - 1;
	found = distance(search->wanted, search->nr, name, nr);
	if (found > most || (search->best[0] && found >= search->distance))
		return;
	memcpy(search->best, name, nr + 1);
	search->distance = found;
}

static void consider_str(struct sim *sim, struct search *search, const struct gcs_object *str)
{
	char *keep = NULL;
	size_t length;
	const char *name = sim_is_str(str) ? sim_str_utf8(sim, str, &length, &keep) : NULL;

	if (name)
		consider(search, name);
	sim_scratch_free(keep);
}

static void consider_dict(struct sim *sim, struct search *search, const struct gcs_object *dict)
{
	struct gcs_object *key, *value;
	size_t pos = 0;

	if (!dict || sim_dict_size(dict) >= MOST_CANDIDATES)
		return;
	while (sim_dict_next(dict, &pos, &key, &value))
		consider_str(sim, search, key);
}

/* --- NameError: the variables of the innermost frame, its globals, the builtins ------------------------------ */

static const struct vm_frame *innermost_frame(const struct sim_exception *exception)
{
	const struct sim_traceback *entry = (const struct sim_traceback *)exception->traceback;

	while (entry && entry->next)
		entry = (const struct sim_traceback *)entry->next;
	return entry ? frame_of_object(entry->frame) : NULL;
}

static void search_variables(struct sim *sim, struct search *search, const struct sim_exception *exception)
{
	const struct vm_frame *frame = innermost_frame(exception);
	const struct code *code;

	if (!frame)
		return;
	code = frame->code->code;
	for (uint32_t i = 0; i < code->nr_locals && i < MOST_CANDIDATES; i++)
		consider(search, code->slot_names[i]);
	if (!search->best[0])
		consider_dict(sim, search, frame->globals);
	if (search->best[0])
		return;
	for (size_t i = 0; i < sizeof(builtin_names) / sizeof(builtin_names[0]); i++)
		consider(search, builtin_names[i]);
}

/* --- AttributeError: what dir() shows, in its order ------------------------------------------------------------ */

static int add_keys(struct sim *sim, struct gcs_object *names, struct gcs_object *dict)
{
	struct gcs_object *key, *value;
	size_t pos = 0;

	while (dict && sim_dict_next(dict, &pos, &key, &value)) {
		if (sim_is_str(key) && sim_dict_set(sim, names, key, sim->none) < 0)
			return -1;
	}
	return 0;
}

static int add_class_names(struct sim *sim, struct gcs_object *names, const struct sim_class *cls)
{
	for (size_t i = 0; cls->mro && i < sim_tuple_size(cls->mro); i++) {
		if (add_keys(sim, names, ((struct sim_class *)sim_tuple_item(cls->mro, i))->dict) < 0)
			return -1;
	}
	return 0;
}

/* The names of an object's attributes, each once: a dict. */
static struct gcs_object *attribute_names(struct sim *sim, struct gcs_object *object)
{
	struct gcs_object *names = sim_dict_new(sim), *own = NULL;
	int rc = names ? 0 : -1;

	if (rc == 0 && sim_is_class(object)) {
		rc = add_class_names(sim, names, (struct sim_class *)object);
	} else if (rc == 0) {
		own = sim_find_attribute(sim, object, sim->names.d_dict);
		if (own && sim_kind(own) == SIM_DICT)
			rc = add_keys(sim, names, own);
		if (rc == 0 && sim_kind(object) != SIM_MODULE)
			rc = add_class_names(sim, names, sim_class_of(sim, object));
	}
	sim_clear_pending(sim);
	gcs_xdecref(own);
	if (rc < 0)
		GCS_CLEAR(&names);
	return names;
}

static void search_attributes(struct sim *sim, struct search *search, struct gcs_object *object)
{
	struct gcs_object *names = object ? attribute_names(sim, object) : NULL, *list = NULL;

	if (names)
		list = sim_dict_keys_list(sim, names);
	if (list && sim_list_size(list) < MOST_CANDIDATES && sim_list_sort(sim, list, NULL, false) == 0) {
		for (size_t i = 0; i < sim_list_size(list); i++)
			consider_str(sim, search, sim_list_item(list, i));
	}
	gcs_xdecref(list);
	gcs_xdecref(names);
}

struct gcs_object *suggest_name(struct vm *vm, struct gcs_object *self)
{
	struct sim *sim = vm->sim;
	const struct sim_exception *exception = (const struct sim_exception *)self;
	const struct sim_class *cls = sim_class_of(sim, self);
	bool attribute = sim_class_is_subclass(cls, sim->classes[SIM_ATTRIBUTE_ERROR]);
	struct gcs_object *wanted = exception->extra[attribute ? 1 : 0];
	struct search search = {.best = ""};
	char *keep = NULL;

	if (!attribute && !sim_class_is_subclass(cls, sim->classes[SIM_NAME_ERROR]))
		return NULL;
	if (!wanted || !sim_is_str(wanted))
		return NULL;
	search.wanted = sim_str_utf8(sim, wanted, &search.nr, &keep);
	if (search.wanted && attribute)
		search_attributes(sim, &search, exception->extra[0]);
	else if (search.wanted)
		search_variables(sim, &search, exception);
	sim_scratch_free(keep);
	return search.best[0] ? sim_str_from(sim, search.best) : NULL;
}
