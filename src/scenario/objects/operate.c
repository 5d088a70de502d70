/* SPDX-License-Identifier: MIT */
/* Operators, items, iteration, text of any object. */
#include "class.h"

struct gcs_object *sim_not_implemented(struct sim *sim)
{
	return sim_incref(sim->not_implemented);
}

/* --- text -------------------------------------------------------------------------------------------- */

struct gcs_object *sim_object_repr(struct sim *sim, struct gcs_object *self)
{
	struct sim_class *cls = sim_class_of(sim, self);
	struct gcs_object *module = sim_dict_get_str(sim, cls->dict, sim->names.d_module);
	unsigned long long at = (uintptr_t)self;

	if (!module || !sim_is_str(module) || sim_str_is(module, "builtins"))
		return sim_str_format(sim, "<%U object at 0x%llx>", cls->qualname, at);
	return sim_str_format(sim, "<%U.%U object at 0x%llx>", module, cls->qualname, at);
}

struct gcs_object *sim_repr(struct sim *sim, struct gcs_object *object)
{
	const struct sim_type *type = sim_type(object);
	struct gcs_object *result;

	if (sim_charge(sim, 1) || sim_enter(sim, " while getting the repr of an object"))
		return NULL;
	result = type->repr ? type->repr(sim, object) : sim_object_repr(sim, object);
	sim_leave(sim);
	return result;
}

struct gcs_object *sim_str_of(struct sim *sim, struct gcs_object *object)
{
	const struct sim_type *type = sim_type(object);
	struct gcs_object *result;

	if (sim_is_str(object))
		return sim_incref(object);
	if (!type->str)
		return sim_repr(sim, object);
	if (sim_enter(sim, " while getting the str of an object"))
		return NULL;
	result = type->str(sim, object);
	sim_leave(sim);
	return result;
}

struct gcs_object *sim_format(struct sim *sim, struct gcs_object *object, struct gcs_object *spec)
{
	if (!spec)
		spec = sim->empty_str;
	if (!sim_is_str(spec))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "format() argument 2 must be str, not %T", spec);
	if (sim_type(object)->format)
		return sim_type(object)->format(sim, object, spec);
	if (!sim_as_str(spec)->length)
		return sim_str_of(sim, object);
	return sim_raise_null(sim, SIM_TYPE_ERROR, "unsupported format string passed to %T.__format__", object);
}

struct gcs_object *sim_format_value(struct sim *sim, struct gcs_object *object, int conversion,
		struct gcs_object *spec)
{
	struct gcs_object *text, *result;

	if (!conversion) {
		if (sim_is_str(object) && (!spec || !sim_as_str(spec)->length))
			return sim_incref(object);
		return sim_format(sim, object, spec);
	}
	text = conversion == 'r' ? sim_repr(sim, object) : conversion == 'a' ? sim_ascii(sim, object) :
		sim_str_of(sim, object);
	if (!text || !spec)
		return text;
	result = sim_format(sim, text, spec);
	gcs_decref(text);
	return result;
}

/* As CPython's, both are made for the first container that is shown, and then seen by the collector. */
static int make_repr_stack(struct sim *sim)
{
	struct gcs_object *dict = sim_dict_new(sim), *list = dict ? sim_list_new(sim, 0) : NULL;
	int rc = list ? sim_dict_set(sim, dict, sim->names.n_Py_Repr, list) : -1;

	if (list)
		gcs_decref(list);
	if (rc < 0) {
		if (dict)
			gcs_decref(dict);
		return -1;
	}
	sim->thread_dict = dict;
	sim->repr_stack = list;
	return 0;
}

int sim_repr_enter(struct sim *sim, struct gcs_object *object)
{
	if (!sim->repr_stack && make_repr_stack(sim))
		return -1;
	if (sim_charge_places(sim, sim_list_size(sim->repr_stack)))
		return -1;
	for (size_t i = sim_list_size(sim->repr_stack); i-- > 0;)
		if (sim_list_item(sim->repr_stack, i) == object)
			return 1;
	return sim_list_append(sim, sim->repr_stack, object);
}

void sim_repr_leave(struct sim *sim, struct gcs_object *object)
{
	struct sim_list *list = (struct sim_list *)sim->repr_stack;

	if (!list->nr || list->items[list->nr - 1] != object)
		return;
	if (list->nr == 1) {
		sim_list_clear(sim, sim->repr_stack);
	} else {
		list->nr--;
		gcs_decref(object);
	}
}

struct gcs_object *sim_repr_items(struct sim *sim, struct gcs_object *self, const char *open, const char *close,
		bool tuple)
{
	struct sim_text text;
	int running;

	if (!(tuple ? sim_tuple_size(self) : sim_list_size(self)))
		return sim_str_format(sim, "%s%s", open, close);
	running = sim_repr_enter(sim, self);
	if (running)
		return running < 0 ? NULL : sim_str_format(sim, "%s...%c", open, *open == '(' ? ')' : ']');
	sim_text_init(&text, sim);
	sim_text_put(&text, open);
	for (size_t i = 0; !text.failed && i < (tuple ? sim_tuple_size(self) : sim_list_size(self)); i++) {
		struct gcs_object *item = sim_incref(tuple ? sim_tuple_item(self, i) : sim_list_item(self, i));

		sim_text_put(&text, i ? ", " : "");
		sim_text_repr(&text, item);
		gcs_decref(item);
	}
	sim_text_put(&text, close);
	sim_repr_leave(sim, self);
	return sim_text_finish(&text);
}

/* --- numbers ----------------------------------------------------------------------------------------- */

static const char *const symbols[SIM_NR_BINARY] = {"+", "-", "*", "/", "//", "%", "** or pow()", "&", "|", "^",
		"<<", ">>",
	"@"};

/* Sequences are asked after everything that is a number or of the scenario's. */
static bool is_sequence(const struct gcs_object *object)
{
	enum sim_kind kind = sim_kind(object);

	return kind == SIM_LIST || kind == SIM_TUPLE || kind == SIM_STR || kind == SIM_BYTES;
}

static struct gcs_object *ask(struct sim *sim, const struct sim_type *type, struct gcs_object *a, struct gcs_object *b,
		enum sim_binary op)
{
	return type->binary ? type->binary(sim, a, b, op) : sim_not_implemented(sim);
}

static struct gcs_object *dispatch(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	const struct sim_type *first = sim_type(a), *second = sim_type(b);
	bool swap = is_sequence(a) && second->binary == sim_user_binary && (op == SIM_ADD || op == SIM_MUL);
	struct gcs_object *result;

	if (second->binary == first->binary)
		return ask(sim, first, a, b, op);
	result = ask(sim, swap ? second : first, a, b, op);
	if (result != sim->not_implemented)
		return result;
	gcs_decref(result);
	return ask(sim, swap ? first : second, a, b, op);
}

static struct gcs_object *unsupported(struct sim *sim, struct gcs_object *a, struct gcs_object *b, const char *symbol,
		const char *in_place)
{
	return sim_raise_null(sim, SIM_TYPE_ERROR, "unsupported operand type(s) for %s%s: '%T' and '%T'", symbol,
			in_place,
			a, b);
}

/* A sequence times an object with __index__. */
static struct gcs_object *repeat(struct sim *sim, struct gcs_object *sequence, struct gcs_object *times)
{
	struct gcs_object *number, *result;
	int64_t n;

	if (sim_index(sim, times, false, &n))
		return NULL;
	number = sim_int_new(sim, n);
	result = number ? dispatch(sim, sequence, number, SIM_MUL) : NULL;
	gcs_xdecref(number);
	return result;
}

static bool has_index(struct sim *sim, struct gcs_object *object)
{
	struct gcs_object *method = sim_kind(object) == SIM_INSTANCE ?
		sim_find_special(sim, object, sim->names.d_index) : NULL;

	gcs_xdecref(method);
	return method;
}

/* What nobody has answered: * of a sequence by what is no number, or an error. */
static struct gcs_object *complain(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op,
		bool in_place)
{
	if (op == SIM_MUL && is_sequence(a) && has_index(sim, b))
		return repeat(sim, a, b);
	if (op == SIM_MUL && is_sequence(b) && has_index(sim, a))
		return repeat(sim, b, a);
	if (op == SIM_MUL && (is_sequence(a) || is_sequence(b)))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "can't multiply sequence by non-int of type '%T'",
				is_sequence(a) ? b : a);
	if (op == SIM_POW && in_place)
		return unsupported(sim, a, b, "**", "=");
	return unsupported(sim, a, b, symbols[op], in_place ? "=" : "");
}

struct gcs_object *sim_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	struct gcs_object *result = dispatch(sim, a, b, op);

	if (result != sim->not_implemented)
		return result;
	gcs_decref(result);
	return complain(sim, a, b, op, false);
}

struct gcs_object *sim_in_place(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	struct gcs_object *result;

	if (sim_type(a)->in_place) {
		result = sim_type(a)->in_place(sim, a, b, op);
		if (result != sim->not_implemented)
			return result;
		gcs_decref(result);
	}
	result = dispatch(sim, a, b, op);
	if (result != sim->not_implemented)
		return result;
	gcs_decref(result);
	return complain(sim, a, b, op, true);
}

struct gcs_object *sim_unary(struct sim *sim, struct gcs_object *object, enum sim_unary op)
{
	static const char *const texts[] = {"bad operand type for unary -: '%T'", "bad operand type for unary +: '%T'",
		"bad operand type for unary ~: '%T'", "bad operand type for abs(): '%T'"};
	struct gcs_object *result;

	if (sim_type(object)->unary) {
		result = sim_type(object)->unary(sim, object, op);
		if (result != sim->not_implemented)
			return result;
		gcs_decref(result);
	}
	return sim_raise_null(sim, SIM_TYPE_ERROR, texts[op], object);
}

/* --- containers -------------------------------------------------------------------------------------- */

int64_t sim_length(struct sim *sim, struct gcs_object *object)
{
	if (!sim_type(object)->length)
		return sim_raise(sim, SIM_TYPE_ERROR, "object of type '%T' has no len()", object);
	return sim_type(object)->length(sim, object);
}

struct gcs_object *sim_get_item(struct sim *sim, struct gcs_object *object, struct gcs_object *key)
{
	if (sim_type(object)->get_item)
		return sim_type(object)->get_item(sim, object, key);
	if (sim_is_class(object))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "type '%s' is not subscriptable",
				((struct sim_class *)object)->slots->gc.name);
	return sim_raise_null(sim, SIM_TYPE_ERROR, "'%T' object is not subscriptable", object);
}

int sim_set_item(struct sim *sim, struct gcs_object *object, struct gcs_object *key, struct gcs_object *value)
{
	if (!sim_type(object)->set_item)
		return sim_raise(sim, SIM_TYPE_ERROR, "'%T' object does not support item assignment", object);
	return sim_type(object)->set_item(sim, object, key, value);
}

int sim_del_item(struct sim *sim, struct gcs_object *object, struct gcs_object *key)
{
	if (!sim_type(object)->set_item)
		return sim_raise(sim, SIM_TYPE_ERROR, sim_type(object)->get_item ? "'%T' object doesn't support item "
				"deletion" : "'%T' object does not support item deletion", object);
	return sim_type(object)->set_item(sim, object, key, NULL);
}

int sim_contains(struct sim *sim, struct gcs_object *container, struct gcs_object *item)
{
	struct gcs_object *iterator, *mine;
	int equal = 0;

	if (sim_type(container)->contains)
		return sim_type(container)->contains(sim, container, item);
	if (!sim_type(container)->iter)
		return sim_raise(sim, SIM_TYPE_ERROR, "argument of type '%T' is not iterable", container);
	iterator = sim_iter(sim, container);
	if (!iterator)
		return -1;
	while (!equal && (mine = sim_next(sim, iterator))) {
		equal = sim_compare_bool(sim, mine, item, SIM_EQ);
		gcs_decref(mine);
	}
	gcs_decref(iterator);
	return sim->pending ? -1 : equal;
}

struct gcs_object *sim_iter(struct sim *sim, struct gcs_object *object)
{
	if (!sim_type(object)->iter)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "'%T' object is not iterable", object);
	return sim_type(object)->iter(sim, object);
}

struct gcs_object *sim_next(struct sim *sim, struct gcs_object *iterator)
{
	struct gcs_object *item;

	if (!sim_type(iterator)->next)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "'%T' object is not an iterator", iterator);
	if (sim_charge(sim, 1))
		return NULL;
	item = sim_type(iterator)->next(sim, iterator);
	if (!item && sim_pending_is(sim, SIM_STOP_ITERATION))
		sim_clear_pending(sim);
	return item;
}

int64_t sim_length_hint(struct sim *sim, struct gcs_object *object, int64_t fallback)
{
	struct gcs_object *hint;
	int64_t length;

	if (sim_type(object)->length) {
		length = sim_type(object)->length(sim, object);
		if (length >= 0 || !sim_pending_is(sim, SIM_TYPE_ERROR))
			return length;
		sim_clear_pending(sim);
	}
	if (sim_kind(object) == SIM_INSTANCE) {
		hint = sim_call_special(sim, object, sim->names.d_length_hint, 0, NULL);
		if (!hint)
			return sim->pending ? -1 : fallback;
		length = sim_index(sim, hint, false, &length) ? -1 : length;
		gcs_decref(hint);
		return length;
	}
	length = sim_iterator_hint(object);
	return length < 0 ? fallback : length;
}

/* --- unpacking --------------------------------------------------------------------------------------- */

static int unpack_error(struct gcs_object **out, size_t got)
{
	for (size_t i = 0; i < got; i++)
		GCS_CLEAR(&out[i]);
	return -1;
}

/* The items after the starred target: taken from the end of the list that it got. */
static int unpack_star(struct sim *sim, struct gcs_object *iterator, size_t nr, size_t star, struct gcs_object **out)
{
	struct gcs_object *list = sim_list_from_iterable(sim, iterator);
	size_t after = nr - star - 1, size;

	if (!list)
		return unpack_error(out, star);
	size = sim_list_size(list);
	if (size < after) {
		sim_raise(sim, SIM_VALUE_ERROR, "not enough values to unpack (expected at least %zu, got %zu)", nr - 1,
				star + size);
		gcs_decref(list);
		return unpack_error(out, star);
	}
	for (size_t i = 0; i < after; i++)
		out[star + 1 + i] = sim_list_item(list, size - after + i);
	((struct sim_list *)list)->nr = size - after;
	out[star] = list;
	return 0;
}

int sim_unpack(struct sim *sim, struct gcs_object *iterable, size_t nr, int star, struct gcs_object **out)
{
	struct gcs_object *iterator, *more;
	size_t fixed = star < 0 ? nr : (size_t)star, got;
	int result = 0;

	if (!sim_type(iterable)->iter)
		return sim_raise(sim, SIM_TYPE_ERROR, "cannot unpack non-iterable %T object", iterable);
	iterator = sim_iter(sim, iterable);
	if (!iterator)
		return -1;
	for (got = 0; got < fixed && (out[got] = sim_next(sim, iterator)); got++)
		;
	if (got < fixed) {
		if (!sim->pending)
			sim_raise(sim, SIM_VALUE_ERROR, star < 0 ?
					"not enough values to unpack (expected %zu, got %zu)" :
					"not enough values to unpack (expected at least %zu, got %zu)",
					star < 0 ? nr : nr - 1, got);
		result = unpack_error(out, got);
	} else if (star >= 0) {
		result = unpack_star(sim, iterator, nr, star, out);
	} else if ((more = sim_next(sim, iterator))) {
		gcs_decref(more);
		sim_raise(sim, SIM_VALUE_ERROR, "too many values to unpack (expected %zu)", nr);
		result = unpack_error(out, got);
	} else if (sim->pending) {
		result = unpack_error(out, got);
	}
	gcs_decref(iterator);
	return result;
}

size_t sim_getsizeof(struct sim *sim, struct gcs_object *object)
{
	(void)sim;
	/* Built-in classes are not GC objects for CPython: their size has the links taken off. */
	return gcs_sizeof(object);
}
