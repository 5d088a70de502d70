/* SPDX-License-Identifier: MIT */
/* The evaluator of the tests: recursive descent, each rule gives its value at once. */
#include "sim-eval.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct eval {
	struct sim *sim;
	const char *at;
};

static struct gcs_object *comparison(struct eval *e);

static int write_nothing(const char *text, size_t length, void *arg)
{
	(void)text;
	(void)length;
	(void)arg;
	return 0;
}

struct sim *test_sim_new(void)
{
	struct sim_options options = {.profile = GCS_PROFILE_CPYTHON311, .out = write_nothing, .err = write_nothing};

	return sim_new(&options);
}

static bool take(struct eval *e, const char *symbol)
{
	while (*e->at == ' ')
		e->at++;
	if (strncmp(e->at, symbol, strlen(symbol)))
		return false;
	e->at += strlen(symbol);
	return true;
}

/* --- functions that are no types --------------------------------------------------------------------- */

static struct gcs_object *fn_getsizeof(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_int_new(sim, sim_getsizeof(sim, call->args[0]));
}

static struct gcs_object *fn_len(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t nr = sim_length(sim, call->args[0]);

	(void)self;
	return nr < 0 ? NULL : sim_int_new(sim, nr);
}

static struct gcs_object *fn_repr(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_repr(sim, call->args[0]);
}

static struct gcs_object *fn_hash(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t hash = sim_hash(sim, call->args[0]);

	(void)self;
	return hash == -1 ? NULL : sim_int_new(sim, hash);
}

static struct gcs_object *fn_iter(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_iter(sim, call->args[0]);
}

static struct gcs_object *fn_next(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *item = sim_next(sim, call->args[0]);

	(void)self;
	if (!item && !sim->pending)
		sim_raise_value(sim, SIM_STOP_ITERATION, NULL);
	return item;
}

static struct gcs_object *fn_format(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_format(sim, call->args[0], call->nr > 1 ? call->args[1] : NULL);
}

static struct gcs_object *fn_abs(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_unary(sim, call->args[0], SIM_ABS);
}

static struct gcs_object *fn_is_tracked(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_bool(sim, gcs_is_tracked(call->args[0]));
}

static struct gcs_object *fn_isinstance(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int found = sim_is_instance(sim, call->args[0], call->args[1]);

	(void)self;
	return found < 0 ? NULL : sim_bool(sim, found);
}

/* do(object, method, ...) calls the method and gives the object: what a statement would have done to it. */
static struct gcs_object *fn_do(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *result = sim_call_method(sim, call->args[0], call->args[1], call->nr - 2, call->args + 2);

	(void)self;
	gcs_xdecref(result);
	return result ? sim_incref(call->args[0]) : NULL;
}

static struct gcs_object *fn_put(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_set_item(sim, call->args[0], call->args[1], call->args[2]) ? NULL : sim_incref(call->args[0]);
}

static struct gcs_object *fn_drop(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_del_item(sim, call->args[0], call->args[1]) ? NULL : sim_incref(call->args[0]);
}

static const struct sim_method functions[] = {
	{"getsizeof", fn_getsizeof, 1, 1, 0}, {"len", fn_len, 1, 1, 0}, {"repr", fn_repr, 1, 1, 0},
	{"hash", fn_hash, 1, 1, 0}, {"iter", fn_iter, 1, 1, 0}, {"next", fn_next, 1, 1, 0},
	{"format", fn_format, 1, 2, 0}, {"abs", fn_abs, 1, 1, 0}, {"is_tracked", fn_is_tracked, 1, 1, 0},
	{"isinstance", fn_isinstance, 2, 2, 0}, {"do", fn_do, 2, -1, 0}, {"put", fn_put, 3, 3, 0},
	{"drop", fn_drop, 2, 2, 0}, {0},
};

static struct gcs_object *look_up(struct eval *e, const char *name, size_t length)
{
	struct sim *sim = e->sim;

	for (const struct sim_method *m = functions; m->name; m++)
		if (strlen(m->name) == length && !memcmp(m->name, name, length))
			return sim_builtin_new(sim, m, NULL, NULL);
	for (int i = 0; i < SIM_NR_KINDS; i++) {
		const char *type = sim->classes[i] ? sim->classes[i]->slots->gc.name : "";

		if (strlen(type) == length && !memcmp(type, name, length))
			return sim_incref(&sim->classes[i]->head);
	}
	if (length == 4 && !memcmp(name, "None", 4))
		return sim_none(sim);
	if (length == 4 && !memcmp(name, "True", 4))
		return sim_bool(sim, true);
	if (length == 5 && !memcmp(name, "False", 5))
		return sim_bool(sim, false);
	return sim_raise_null(sim, SIM_NAME_ERROR, "name '%.*s' is not defined", (int)length, name);
}

/* --- atoms ------------------------------------------------------------------------------------------- */

static struct gcs_object *number(struct eval *e)
{
	size_t nr = strspn(e->at, "0123456789"), real = nr;
	struct gcs_object *value;

	if (e->at[nr] == '.')
		real += 1 + strspn(e->at + nr + 1, "0123456789");
	if (e->at[real] == 'e' && (isdigit((unsigned char)e->at[real + 1]) || e->at[real + 1] == '-'))
		real += 2 + strspn(e->at + real + 2, "0123456789");
	value = real > nr ? sim_float_new(e->sim, strtod(e->at, NULL)) : sim_int_parse(e->sim, e->at, nr, 10);
	e->at += real;
	return value;
}

static struct gcs_object *string(struct eval *e, bool bytes)
{
	char mark = *e->at++, *out = malloc(strlen(e->at) + 1);
	struct gcs_object *value;
	size_t nr = 0;

	for (; *e->at != mark; e->at++) {
		if (*e->at == '\\' && e->at[1] == 'x') {
			out[nr++] = strtol((char[]){e->at[2], e->at[3], 0}, NULL, 16);
			e->at += 3;
		} else if (*e->at == '\\') {
			e->at++;
			out[nr++] = *e->at == 'n' ? '\n' : *e->at == 't' ? '\t' : *e->at;
		} else {
			out[nr++] = *e->at;
		}
	}
	e->at++;
	value = bytes ? sim_bytes_new(e->sim, out, nr) : sim_str_intern(e->sim, out, nr);
	free(out);
	return value;
}

#define MOST 64

/* Values separated by commas up to @close; keys and values alternate in a dict.  -1: exception. */
static int values(struct eval *e, const char *close, struct gcs_object **out, bool *comma, bool *pairs)
{
	int nr = 0;

	*comma = *pairs = false;
	while (!take(e, close)) {
		out[nr] = comparison(e);
		if (!out[nr])
			goto fail;
		nr++;
		if (take(e, ":"))
			*pairs = true;
		else if (take(e, ","))
			*comma = true;
	}
	return nr;
fail:
	while (nr-- > 0)
		gcs_decref(out[nr]);
	return -1;
}

static struct gcs_object *display(struct eval *e, const char *close)
{
	struct gcs_object *items[MOST], *value;
	bool comma, pairs;
	int nr = values(e, close, items, &comma, &pairs);

	if (nr < 0)
		return NULL;
	if (*close == ']')
		return sim_list_from(e->sim, items, nr);
	if (*close == ')')
		return nr == 1 && !comma ? items[0] : sim_tuple_from(e->sim, items, nr);
	if (pairs || !nr) {
		value = sim_dict_from_items(e->sim, items, items + 1, nr / 2, 2);
	} else {
		value = sim_set_new(e->sim, NULL);
		for (int i = 0; value && i < nr; i++)
			if (sim_set_add(e->sim, value, items[i]))
				GCS_CLEAR(&value);
	}
	while (nr-- > 0)
		gcs_decref(items[nr]);
	return value;
}

static struct gcs_object *atom(struct eval *e)
{
	const char *start;

	while (*e->at == ' ')
		e->at++;
	if (isdigit((unsigned char)*e->at))
		return number(e);
	if (*e->at == '\'' || *e->at == '"')
		return string(e, false);
	if (*e->at == 'b' && e->at[1] == '\'') {
		e->at++;
		return string(e, true);
	}
	if (take(e, "["))
		return display(e, "]");
	if (take(e, "("))
		return display(e, ")");
	if (take(e, "{"))
		return display(e, "}");
	for (start = e->at; isalnum((unsigned char)*e->at) || *e->at == '_';)
		e->at++;
	return look_up(e, start, e->at - start);
}

/* --- calls, subscripts, attributes ------------------------------------------------------------------- */

/* name=value at the end of a call */
static bool keyword(struct eval *e, struct gcs_object **name)
{
	const char *start = e->at, *end;

	while (*start == ' ')
		start++;
	for (end = start; isalpha((unsigned char)*end);)
		end++;
	if (end == start || *end != '=' || end[1] == '=')
		return false;
	*name = sim_str_intern(e->sim, start, end - start);
	e->at = end + 1;
	return true;
}

static struct gcs_object *call(struct eval *e, struct gcs_object *callable)
{
	struct gcs_object *args[MOST], *names[MOST], *kwnames = NULL, *result = NULL;
	size_t nr = 0, nr_names = 0;
	bool failed = false;

	while (!failed && !take(e, ")")) {
		nr_names += keyword(e, &names[nr_names]);
		args[nr] = comparison(e);
		failed = !args[nr];
		nr += !failed;
		take(e, ",");
	}
	if (nr_names)
		kwnames = sim_tuple_from(e->sim, names, nr_names);
	if (!failed)
		result = sim_call(e->sim, callable, &(struct sim_call){args, nr - nr_names, kwnames});
	gcs_xdecref(kwnames);
	while (nr-- > 0)
		gcs_decref(args[nr]);
	gcs_decref(callable);
	return result;
}

static struct gcs_object *subscript_key(struct eval *e)
{
	struct gcs_object *part[3] = {0}, *slice;
	int nr = 0;

	for (;;) {
		if (take(e, ":")) {
			nr++;
		} else if (take(e, "]")) {
			break;
		} else {
			part[nr] = comparison(e);
			if (!part[nr])
				return NULL;
		}
	}
	if (!nr)
		return part[0];
	slice = sim_slice_new(e->sim, part[0], part[1], part[2]);
	for (int i = 0; i < 3; i++)
		gcs_xdecref(part[i]);
	return slice;
}

static struct gcs_object *postfix(struct eval *e)
{
	struct gcs_object *value = atom(e), *name, *next;
	const char *start;

	while (value) {
		if (take(e, "(")) {
			value = call(e, value);
		} else if (take(e, "[")) {
			name = subscript_key(e);
			next = name ? sim_get_item(e->sim, value, name) : NULL;
			gcs_xdecref(name);
			gcs_decref(value);
			value = next;
		} else if (take(e, ".")) {
			for (start = e->at; isalnum((unsigned char)*e->at) || *e->at == '_';)
				e->at++;
			name = sim_str_intern(e->sim, start, e->at - start);
			next = sim_get_attribute(e->sim, value, name);
			gcs_decref(name);
			gcs_decref(value);
			value = next;
		} else {
			break;
		}
	}
	return value;
}

/* --- operators --------------------------------------------------------------------------------------- */

static struct gcs_object *binary(struct eval *e, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	struct gcs_object *result = a && b ? sim_binary(e->sim, a, b, op) : NULL;

	gcs_xdecref(a);
	gcs_xdecref(b);
	return result;
}

static struct gcs_object *unary(struct eval *e)
{
	static const char *const symbols[] = {"-", "+", "~"};
	struct gcs_object *value, *result;

	for (int op = 0; op < 3; op++) {
		if (!take(e, symbols[op]))
			continue;
		value = unary(e);
		result = value ? sim_unary(e->sim, value, op) : NULL;
		gcs_xdecref(value);
		return result;
	}
	value = postfix(e);
	return value && take(e, "**") ? binary(e, value, unary(e), SIM_POW) : value;
}

static const struct {
	const char *symbol;
	enum sim_binary op;
	int level;
} operators[] = {
	{"<<", SIM_LSHIFT, 3}, {">>", SIM_RSHIFT, 3}, {"//", SIM_FLOOR_DIVIDE, 5}, {"|", SIM_OR, 0}, {"^", SIM_XOR, 1},
	{"&", SIM_AND, 2}, {"+", SIM_ADD, 4}, {"-", SIM_SUB, 4}, {"*", SIM_MUL, 5}, {"/", SIM_TRUE_DIVIDE, 5},
	{"%", SIM_MOD, 5},
};

static struct gcs_object *level(struct eval *e, int which)
{
	struct gcs_object *value = which > 5 ? unary(e) : level(e, which + 1);
	size_t i = 0;

	while (value && which <= 5 && i < sizeof(operators) / sizeof(operators[0])) {
		if (operators[i].level != which || !take(e, operators[i].symbol)) {
			i++;
			continue;
		}
		value = binary(e, value, level(e, which + 1), operators[i].op);
		i = 0;
	}
	return value;
}

static struct gcs_object *comparison(struct eval *e)
{
	static const char *const symbols[] = {"<=", ">=", "==", "!=", "<", ">"};
	static const enum sim_compare ops[] = {SIM_LE, SIM_GE, SIM_EQ, SIM_NE, SIM_LT, SIM_GT};
	struct gcs_object *value = level(e, 0), *other, *result;
	int found;

	for (int i = 0; value && i < 6; i++) {
		if (!take(e, symbols[i]))
			continue;
		other = level(e, 0);
		result = other ? sim_compare(e->sim, value, other, ops[i]) : NULL;
		gcs_xdecref(other);
		gcs_decref(value);
		return result;
	}
	if (!value || !take(e, "in "))
		return value;
	other = level(e, 0);
	found = other ? sim_contains(e->sim, other, value) : -1;
	gcs_xdecref(other);
	gcs_decref(value);
	return found < 0 ? NULL : sim_bool(e->sim, found);
}

struct gcs_object *test_eval(struct sim *sim, const char *text)
{
	struct eval e = {sim, text};

	return comparison(&e);
}

char *test_eval_text(struct sim *sim, const char *text)
{
	struct gcs_object *value = test_eval(sim, text), *shown, *exception;
	size_t length;
	char *keep, *result;

	shown = value ? sim_repr(sim, value) : NULL;
	gcs_xdecref(value);
	if (!shown) {
		exception = sim_take_pending(sim);
		if (!exception)
			return strdup("nothing, and no exception");
		shown = sim_exception_line(sim, exception);
		gcs_decref(exception);
	}
	result = strdup(sim_str_utf8(sim, shown, &length, &keep));
	sim_scratch_free(keep);
	gcs_decref(shown);
	return result;
}
