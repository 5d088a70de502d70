/* SPDX-License-Identifier: MIT */
/* Annotations: those of modules and classes are evaluated and kept, those of functions' variables are not. */
#include "scenario/compile/compile.h"

#include <string.h>

#include "scenario/compile/constant.h"

static bool clauses_have(const struct stmt *s)
{
	for (uint32_t i = 0; i < s->try.nr_clauses; i++) {
		if (has_annotated(&s->try.clauses[i].body))
			return true;
	}
	return false;
}

static bool is_or_has_annotated(const struct stmt *s)
{
	switch (s->kind) {
	case STMT_ANN_ASSIGN:
		return true;
	case STMT_IF: case STMT_WHILE:
		return has_annotated(&s->branch.body) || has_annotated(&s->branch.orelse);
	case STMT_FOR:
		return has_annotated(&s->loop.body) || has_annotated(&s->loop.orelse);
	case STMT_TRY:
		return has_annotated(&s->try.body) || clauses_have(s) || has_annotated(&s->try.orelse) ||
			has_annotated(&s->try.finally);
	case STMT_WITH:
		return has_annotated(&s->with.body);
	default:
		return false;
	}
}

bool has_annotated(const struct stmt_list *list)
{
	for (uint32_t i = 0; i < list->nr; i++) {
		if (is_or_has_annotated(list->data[i]))
			return true;
	}
	return false;
}

/* Built-in classes that Python lets annotations give parameters: list[int]. */
static bool is_generic(const struct expr *e)
{
	static const char *const names[] = {"dict", "enumerate", "filter", "frozenset", "list", "map", "reversed",
		"set", "tuple", "type", "zip"};

	for (size_t i = 0; e->kind == EXPR_NAME && i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(e->name, names[i]))
			return true;
	}
	return false;
}

/* The objects that list[int] and int | None are in Python are not there. Annotations that nothing evaluates may have
 * them. */
static void check_annotation(struct unit *u, const struct expr *e)
{
	if (e->kind == EXPR_SUBSCRIPT && is_generic(e->subscript.value))
		fail_unsupported(u->c, e->line, "a class with parameters in an annotation");
	if (e->kind == EXPR_BINARY && e->binary.op == BINARY_OR)
		fail_unsupported(u->c, e->line, "a union of classes in an annotation");
}

static void compile_annotation(struct unit *u, const struct expr *e)
{
	check_annotation(u, e);
	compile_expr(u, e);
}

bool compile_annotations(struct unit *u, const struct parameters *parameters)
{
	for (uint32_t i = 0; i < parameters->nr_annotations; i++) {
		const struct annotation *annotation = &parameters->annotations[i];

		emit_constant(u, constant_name(u->c,
				scope_mangle(u->c, u->scope->private_name, annotation->name)));
		compile_annotation(u, annotation->value);
	}
	if (parameters->nr_annotations)
		emit(u, OP_BUILD_TUPLE, 2 * parameters->nr_annotations);
	return parameters->nr_annotations;
}

static void compile_and_drop(struct unit *u, const struct expr *e)
{
	compile_expr(u, e);
	emit(u, OP_POP_TOP, 0);
}

static void drop_index(struct unit *u, const struct expr *e)
{
	const struct expr *const parts[] = {e->slice.lower, e->slice.upper, e->slice.step};

	switch (e->kind) {
	case EXPR_TUPLE:
		for (uint32_t i = 0; i < e->items.nr; i++)
			drop_index(u, e->items.data[i]);
		break;
	case EXPR_SLICE:
		for (int i = 0; i < 3; i++) {
			if (parts[i])
				compile_and_drop(u, parts[i]);
		}
		break;
	default:
		compile_and_drop(u, e);
	}
}

/* A target without a value: what it consists of is evaluated, for what that may raise. */
static void drop_target(struct unit *u, const struct expr *target)
{
	if (target->kind == EXPR_ATTRIBUTE) {
		compile_and_drop(u, target->attribute.value);
	} else if (target->kind == EXPR_SUBSCRIPT) {
		compile_and_drop(u, target->subscript.value);
		drop_index(u, target->subscript.index);
	}
}

/* __annotations__[name] = annotation */
static void keep_annotation(struct unit *u, const struct stmt *s)
{
	compile_annotation(u, s->ann_assign.annotation);
	emit(u, OP_LOAD_NAME, unit_name(u, compilation_name(u->c, "__annotations__", 15)));
	emit_constant(u, constant_name(u->c,
			scope_mangle(u->c, u->scope->private_name, s->ann_assign.target->name)));
	emit(u, OP_STORE_SUBSCR, 0);
}

void compile_annotated(struct unit *u, const struct stmt *s)
{
	bool is_kept = u->kind == UNIT_MODULE || u->kind == UNIT_CLASS;

	if (s->ann_assign.value) {
		compile_expr(u, s->ann_assign.value);
		compile_expr(u, s->ann_assign.target);
	} else {
		drop_target(u, s->ann_assign.target);
	}
	if (!is_kept)
		return;
	if (s->ann_assign.is_simple) {
		keep_annotation(u, s);
	} else {
		compile_annotation(u, s->ann_assign.annotation);
		emit(u, OP_POP_TOP, 0);
	}
}
