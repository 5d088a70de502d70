/* SPDX-License-Identifier: MIT */
/* Displays, f-strings and calls: what puts many values on the stack. */
#include "scenario/compile/compile.h"

#include "scenario/compile/constant.h"

static bool all_constant(const struct expr_list *list, uint32_t begin, uint32_t end)
{
	for (uint32_t i = begin; i < end; i++) {
		if (list->data[i]->kind != EXPR_CONSTANT)
			return false;
	}
	return true;
}

static const struct constant *constant_slice(struct unit *u, const struct expr_list *list,
		uint32_t begin, uint32_t end, enum constant_kind kind)
{
	const struct constant **items = NEW_ARRAY(u->c, const struct constant *, end - begin);

	for (uint32_t i = begin; i < end; i++)
		items[i - begin] = list->data[i]->constant;
	return constant_items(u->c, kind, items, end - begin);
}

static const struct {
	uint8_t build, add, extend;
} sequence_ops[] = {
	[SEQUENCE_LIST] = {OP_BUILD_LIST, OP_LIST_APPEND, OP_LIST_EXTEND},
	[SEQUENCE_TUPLE] = {OP_BUILD_LIST, OP_LIST_APPEND, OP_LIST_EXTEND},
	[SEQUENCE_SET] = {OP_BUILD_SET, OP_SET_ADD, OP_SET_UPDATE},
};

static void compile_constant_sequence(struct unit *u, const struct expr_list *items,
		uint32_t pushed, enum sequence_kind kind)
{
	const struct constant *folded = constant_slice(u, items, 0, items->nr,
			kind == SEQUENCE_SET ? CONSTANT_FROZENSET : CONSTANT_TUPLE);

	if (kind == SEQUENCE_TUPLE && !pushed) {
		emit_constant(u, folded);
		return;
	}
	emit(u, sequence_ops[kind].build, pushed);
	emit_constant(u, folded);
	emit(u, sequence_ops[kind].extend, 1);
	if (kind == SEQUENCE_TUPLE)
		emit(u, OP_LIST_TO_TUPLE, 0);
}

/* One that grows item by item: it is long, or has a "*". */
static void compile_growing(struct unit *u, const struct expr_list *items, uint32_t pushed,
		enum sequence_kind kind, bool is_big)
{
	bool is_built = is_big;

	if (is_big)
		emit(u, sequence_ops[kind].build, pushed);
	for (uint32_t i = 0; i < items->nr; i++) {
		const struct expr *e = items->data[i];

		if (e->kind == EXPR_STARRED) {
			if (!is_built)
				emit(u, sequence_ops[kind].build, i + pushed);
			is_built = true;
			compile_expr(u, e->value);
			emit(u, sequence_ops[kind].extend, 1);
		} else {
			compile_expr(u, e);
			if (is_built)
				emit(u, sequence_ops[kind].add, 1);
		}
	}
	if (kind == SEQUENCE_TUPLE)
		emit(u, OP_LIST_TO_TUPLE, 0);
}

void compile_sequence(struct unit *u, const struct expr_list *items, uint32_t pushed,
		enum sequence_kind kind)
{
	bool is_big = items->nr + pushed > STACK_USE_GUIDELINE;
	bool has_star = false;

	if (items->nr > 2 && all_constant(items, 0, items->nr)) {
		compile_constant_sequence(u, items, pushed, kind);
		return;
	}
	for (uint32_t i = 0; i < items->nr; i++)
		has_star = has_star || items->data[i]->kind == EXPR_STARRED;
	if (is_big || has_star) {
		compile_growing(u, items, pushed, kind, is_big);
		return;
	}
	compile_exprs(u, items);
	emit(u, kind == SEQUENCE_TUPLE ? OP_BUILD_TUPLE : sequence_ops[kind].build, items->nr + pushed);
}

/* Entries of a dict display: one part of a long one. */
static void compile_entries(struct unit *u, const struct expr *e, uint32_t begin, uint32_t end)
{
	uint32_t nr = end - begin;
	bool is_big = 2 * nr > STACK_USE_GUIDELINE;

	if (nr > 1 && !is_big && all_constant(&e->dict.keys, begin, end)) {
		for (uint32_t i = begin; i < end; i++)
			compile_expr(u, e->dict.values.data[i]);
		emit_constant(u, constant_slice(u, &e->dict.keys, begin, end, CONSTANT_TUPLE));
		emit(u, OP_BUILD_CONST_KEY_MAP, nr);
		return;
	}
	if (is_big)
		emit(u, OP_BUILD_MAP, 0);
	for (uint32_t i = begin; i < end; i++) {
		compile_expr(u, e->dict.keys.data[i]);
		compile_expr(u, e->dict.values.data[i]);
		if (is_big)
			emit(u, OP_MAP_ADD, 1);
	}
	if (!is_big)
		emit(u, OP_BUILD_MAP, nr);
}

/* CPython starts a new part whenever the one before has 17 entries. */
static void compile_dict(struct unit *u, const struct expr *e)
{
	uint32_t nr = e->dict.keys.nr, part = STACK_USE_GUIDELINE / 2 + 2, begin = 0;

	if (!nr)
		emit(u, OP_BUILD_MAP, 0);
	for (; begin < nr; begin += part) {
		compile_entries(u, e, begin, nr - begin < part ? nr : begin + part);
		if (begin)
			emit(u, OP_DICT_UPDATE, 1);
	}
}

static void compile_joined(struct unit *u, const struct expr *e)
{
	if (e->items.nr <= STACK_USE_GUIDELINE) {
		compile_exprs(u, &e->items);
		if (e->items.nr != 1)
			emit(u, OP_BUILD_STRING, e->items.nr);
		return;
	}
	emit_constant(u, constant_text(u->c, CONSTANT_STR, "", 0));
	emit(u, OP_LOAD_METHOD, unit_name(u, compilation_name(u->c, "join", 4)));
	emit(u, OP_BUILD_LIST, 0);
	for (uint32_t i = 0; i < e->items.nr; i++) {
		compile_expr(u, e->items.data[i]);
		emit(u, OP_LIST_APPEND, 1);
	}
	emit(u, OP_CALL, 1);
}

static void compile_targets(struct unit *u, const struct expr *e)
{
	if (e->context == CONTEXT_STORE)
		emit(u, OP_UNPACK_SEQUENCE, e->items.nr);
	compile_exprs(u, &e->items);
}

void compile_display(struct unit *u, const struct expr *e)
{
	if (e->kind == EXPR_DICT)
		compile_dict(u, e);
	else if (e->kind == EXPR_JOINED)
		compile_joined(u, e);
	else if (e->context != CONTEXT_LOAD)
		compile_targets(u, e);
	else
		compile_sequence(u, &e->items, 0, e->kind == EXPR_LIST ? SEQUENCE_LIST :
				e->kind == EXPR_SET ? SEQUENCE_SET : SEQUENCE_TUPLE);
}

static const struct constant *keyword_names(struct unit *u, const struct keyword *keywords,
		uint32_t begin, uint32_t end)
{
	const struct constant **names = NEW_ARRAY(u->c, const struct constant *, end - begin);

	for (uint32_t i = begin; i < end; i++)
		names[i - begin] = constant_name(u->c, keywords[i].name);
	return constant_items(u->c, CONSTANT_TUPLE, names, end - begin);
}

static void emit_call(struct unit *u, uint32_t nr, const struct keyword *keywords,
		uint32_t nr_keywords)
{
	if (nr_keywords)
		emit(u, OP_KW_NAMES, unit_constant(u, keyword_names(u, keywords, 0, nr_keywords)));
	emit(u, OP_CALL, nr + nr_keywords);
}

/* A dict of the keyword arguments. */
static void compile_keyword_dict(struct unit *u, const struct keyword *keywords, uint32_t nr)
{
	bool is_big = 2 * nr > STACK_USE_GUIDELINE;

	if (is_big)
		emit(u, OP_BUILD_MAP, 0);
	for (uint32_t i = 0; i < nr; i++) {
		if (is_big || nr == 1)
			emit_constant(u, constant_name(u->c, keywords[i].name));
		compile_expr(u, keywords[i].value);
		if (is_big)
			emit(u, OP_MAP_ADD, 1);
	}
	if (!is_big && nr > 1) {
		emit_constant(u, keyword_names(u, keywords, 0, nr));
		emit(u, OP_BUILD_CONST_KEY_MAP, nr);
	} else if (nr == 1) {
		emit(u, OP_BUILD_MAP, 1);
	}
}

static bool has_star(const struct expr_list *arguments)
{
	for (uint32_t i = 0; i < arguments->nr; i++) {
		if (arguments->data[i]->kind == EXPR_STARRED)
			return true;
	}
	return false;
}

static void compile_packed_arguments(struct unit *u, uint32_t pushed,
		const struct expr_list *arguments, const struct keyword *keywords, uint32_t nr_keywords)
{
	if (!pushed && arguments->nr == 1 && arguments->data[0]->kind == EXPR_STARRED)
		compile_expr(u, arguments->data[0]->value);
	else
		compile_sequence(u, arguments, pushed, SEQUENCE_TUPLE);
	if (nr_keywords)
		compile_keyword_dict(u, keywords, nr_keywords);
	emit(u, OP_CALL_FUNCTION_EX, nr_keywords > 0);
}

void compile_arguments(struct unit *u, uint32_t pushed, const struct expr_list *arguments,
		const struct keyword *keywords, uint32_t nr_keywords)
{
	if (arguments->nr + 2 * nr_keywords > STACK_USE_GUIDELINE || has_star(arguments)) {
		compile_packed_arguments(u, pushed, arguments, keywords, nr_keywords);
		return;
	}
	compile_exprs(u, arguments);
	for (uint32_t i = 0; i < nr_keywords; i++)
		compile_expr(u, keywords[i].value);
	emit_call(u, pushed + arguments->nr, keywords, nr_keywords);
}

/* A function of a module is no method, and CPython does not look it up as one. */
static bool is_imported(struct unit *u, const struct expr *e)
{
	const struct symbol *s = e->kind == EXPR_NAME ?
		scope_find(u->scopes, u->scopes->first, e->name) : NULL;

	return s && (s->flags & SYMBOL_IMPORTED);
}

static bool is_method_call(struct unit *u, const struct expr *e)
{
	const struct expr *f = e->call.function;
	uint32_t nr = e->call.arguments.nr + e->call.nr_keywords + (e->call.nr_keywords > 0);

	return f->kind == EXPR_ATTRIBUTE && nr < STACK_USE_GUIDELINE &&
		!has_star(&e->call.arguments) && !is_imported(u, f->attribute.value);
}

static void compile_method_call(struct unit *u, const struct expr *e)
{
	const struct expr *f = e->call.function;
	uint32_t line = u->line;

	compile_expr(u, f->attribute.value);
	u->line = f->line;
	compile_move_to_name(u, f);
	emit_attribute(u, OP_LOAD_METHOD, f->attribute.name);
	compile_exprs(u, &e->call.arguments);
	for (uint32_t i = 0; i < e->call.nr_keywords; i++)
		compile_expr(u, e->call.keywords[i].value);
	u->line = line;
	compile_move_to_name(u, f);
	emit_call(u, e->call.arguments.nr, e->call.keywords, e->call.nr_keywords);
}

void compile_call(struct unit *u, const struct expr *e)
{
	uint32_t line = u->line;

	if (is_method_call(u, e)) {
		compile_method_call(u, e);
		return;
	}
	u->line = e->call.function->line;
	emit(u, OP_PUSH_NULL, 0);
	u->line = line;
	compile_expr(u, e->call.function);
	compile_arguments(u, 0, &e->call.arguments, e->call.keywords, e->call.nr_keywords);
}
