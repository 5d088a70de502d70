/* SPDX-License-Identifier: MIT */
/* Functions, lambdas, comprehensions, classes and modules: what has a code of its own. */
#include "scenario/compile/compile.h"

#include "scenario/compile/constant.h"

static void enter(struct unit *inner, struct unit *outer, struct scope *scope, enum unit_kind kind,
		const char *name, uint32_t line)
{
	inner->c = outer->c;
	inner->scopes = outer->scopes;
	unit_init(inner, outer, scope, kind, name, line);
}

/* Makes a function object of a code; @flags: what is on the stack for it. */
static void emit_function(struct unit *u, const struct unit *inner, struct code *code, uint32_t flags)
{
	for (uint32_t i = 0; i < inner->nr_frees; i++)
		emit(u, OP_LOAD_CLOSURE, unit_cell(u, inner->frees[i]->name));
	if (inner->nr_frees) {
		emit(u, OP_BUILD_TUPLE, inner->nr_frees);
		flags |= 8;
	}
	emit_constant(u, constant_code(u->c, code));
	emit(u, OP_MAKE_FUNCTION, flags);
}

static uint32_t compile_defaults(struct unit *u, const struct parameters *parameters)
{
	if (!parameters->defaults.nr)
		return 0;
	compile_exprs(u, &parameters->defaults);
	emit(u, OP_BUILD_TUPLE, parameters->defaults.nr);
	return 1;
}

static void set_parameters(struct unit *inner, const struct parameters *parameters)
{
	inner->nr_args = parameters->nr;
	if (parameters->varargs)
		inner->flags |= CODE_VARARGS;
}

static const struct constant *docstring_of(const struct stmt_list *body)
{
	const struct expr *e;

	if (!body->nr || body->data[0]->kind != STMT_EXPR)
		return NULL;
	e = body->data[0]->value;
	return e->kind == EXPR_CONSTANT && e->constant->kind == CONSTANT_STR ? e->constant : NULL;
}

/* Where a function or class begins. */
static uint32_t first_line(const struct stmt *s)
{
	return s->decorators.nr ? s->decorators.data[0]->line : s->line;
}

/* The innermost decorator, which stands last, gets what was made. */
static void apply_decorators(struct unit *u, const struct stmt *s)
{
	for (uint32_t i = s->decorators.nr; i-- > 0;) {
		u->line = s->decorators.data[i]->line;
		emit(u, OP_CALL, 0);
	}
	u->line = s->line;
}

void compile_function(struct unit *u, const struct stmt *s)
{
	const struct constant *docstring = docstring_of(&s->function.body);
	struct unit inner;
	struct code *code;
	uint32_t flags;

	compile_exprs(u, &s->decorators);
	flags = compile_defaults(u, &s->function.parameters);
	if (compile_annotations(u, &s->function.parameters))
		flags |= 4;
	enter(&inner, u, s->function.scope, UNIT_FUNCTION, s->function.name, first_line(s));
	set_parameters(&inner, &s->function.parameters);
	if (docstring)
		inner.flags |= CODE_DOCSTRING;
	unit_constant(&inner, docstring ? docstring : constant_simple(u->c, CONSTANT_NONE));
	for (uint32_t i = !!docstring; i < s->function.body.nr; i++)
		compile_stmt(&inner, s->function.body.data[i]);
	code = unit_assemble(&inner, true);
	emit_function(u, &inner, code, flags);
	apply_decorators(u, s);
	emit_variable(u, s->function.name, CONTEXT_STORE);
}

void compile_lambda(struct unit *u, const struct expr *e)
{
	uint32_t flags = compile_defaults(u, &e->lambda.parameters);
	struct unit inner;
	struct code *code;

	enter(&inner, u, e->lambda.scope, UNIT_LAMBDA, "<lambda>", e->line);
	set_parameters(&inner, &e->lambda.parameters);
	unit_constant(&inner, constant_simple(u->c, CONSTANT_NONE));
	compile_expr(&inner, e->lambda.body);
	inner.line = e->line;
	emit(&inner, OP_RETURN_VALUE, 0);
	code = unit_assemble(&inner, false);
	emit_function(u, &inner, code, flags);
}

/* What a comprehension does with each element; @depth: how many iterators are above the result. */
static void emit_element(struct unit *u, const struct expr *e, uint32_t depth)
{
	compile_expr(u, e->comprehension.element);
	switch (e->kind) {
	case EXPR_LIST_COMP:
		emit(u, OP_LIST_APPEND, depth + 1);
		break;
	case EXPR_SET_COMP:
		emit(u, OP_SET_ADD, depth + 1);
		break;
	case EXPR_DICT_COMP:
		compile_expr(u, e->comprehension.value);
		emit(u, OP_MAP_ADD, depth + 1);
		break;
	default:
		emit(u, OP_YIELD_VALUE, 0);
		emit(u, OP_POP_TOP, 0);
	}
}

/* "for x in [y]" is an assignment. */
static const struct expr *single_item(const struct expr *iter)
{
	return (iter->kind == EXPR_TUPLE || iter->kind == EXPR_LIST) && iter->items.nr == 1 ?
		iter->items.data[0] : NULL;
}

static void compile_clause(struct unit *u, const struct expr *e, uint32_t index, uint32_t depth)
{
	const struct for_clause *clause = &e->comprehension.clauses[index];
	const struct expr *single = index ? single_item(clause->iter) : NULL;
	struct block *start = single ? NULL : unit_new_block(u);
	struct block *if_cleanup = unit_new_block(u), *anchor = unit_new_block(u);

	if (!index) {
		emit(u, OP_LOAD_FAST, 0);
	} else if (single) {
		compile_expr(u, single);
	} else {
		compile_expr(u, clause->iter);
		emit(u, OP_GET_ITER, 0);
	}
	if (start) {
		depth++;
		unit_use_block(u, start);
		emit_jump(u, OP_FOR_ITER, anchor);
	}
	compile_expr(u, clause->target);
	for (uint32_t i = 0; i < clause->ifs.nr; i++)
		compile_jump_if(u, clause->ifs.data[i], if_cleanup, false);
	if (index + 1 < e->comprehension.nr_clauses)
		compile_clause(u, e, index + 1, depth);
	else
		emit_element(u, e, depth);
	unit_use_block(u, if_cleanup);
	if (start) {
		emit_jump(u, OP_JUMP, start);
		unit_use_block(u, anchor);
	}
}

void compile_comprehension(struct unit *u, const struct expr *e)
{
	bool is_generator = e->kind == EXPR_GENERATOR;
	struct unit inner;
	struct code *code;

	enter(&inner, u, e->comprehension.scope, UNIT_COMPREHENSION,
			e->kind == EXPR_LIST_COMP ? "<listcomp>" : e->kind == EXPR_SET_COMP ? "<setcomp>" :
			e->kind == EXPR_DICT_COMP ? "<dictcomp>" : "<genexpr>", e->line);
	inner.nr_args = 1;
	inner.flags |= CODE_COMPREHENSION;
	inner.line = e->line;
	if (!is_generator)
		emit(&inner, e->kind == EXPR_LIST_COMP ? OP_BUILD_LIST :
				e->kind == EXPR_SET_COMP ? OP_BUILD_SET : OP_BUILD_MAP, 0);
	if (e->comprehension.nr_clauses > UNIT_MAX_FRAME_BLOCKS)
		fail_syntax(u->c, e->line, "too many statically nested blocks");
	compile_clause(&inner, e, 0, 0);
	if (!is_generator)
		emit(&inner, OP_RETURN_VALUE, 0);
	code = unit_assemble(&inner, true);
	emit_function(u, &inner, code, 0);
	compile_expr(u, e->comprehension.clauses[0].iter);
	emit(u, OP_GET_ITER, 0);
	emit(u, OP_CALL, 0);
}

static void compile_body(struct unit *u, const struct stmt_list *body, bool echoes)
{
	const struct constant *docstring = docstring_of(body);
	uint32_t first = 0;

	if (u->kind == UNIT_MODULE && body->nr)
		u->line = body->data[0]->line;
	if (has_annotated(body))
		emit(u, OP_SETUP_ANNOTATIONS, 0);
	if (docstring && !echoes) {
		u->line = body->data[0]->line;
		emit_constant(u, docstring);
		emit_variable(u, compilation_name(u->c, "__doc__", 7), CONTEXT_STORE);
		first = 1;
	}
	for (; first < body->nr; first++) {
		const struct stmt *s = body->data[first];

		u->echoes = echoes && first + 1 == body->nr && s->kind == STMT_EXPR && !s->silent;
		compile_stmt(u, s);
		u->echoes = false;
	}
}

static struct code *compile_class_body(struct unit *inner, const struct stmt *s)
{
	struct compilation *c = inner->c;

	emit_variable(inner, compilation_name(c, "__name__", 8), CONTEXT_LOAD);
	emit_variable(inner, compilation_name(c, "__module__", 10), CONTEXT_STORE);
	emit_constant(inner, constant_name(c, inner->qualname));
	emit_variable(inner, compilation_name(c, "__qualname__", 12), CONTEXT_STORE);
	compile_body(inner, &s->class.body, false);
	inner->line = 0;
	if (s->class.scope->needs_class_cell) {
		emit(inner, OP_LOAD_CLOSURE, 0);
		emit(inner, OP_COPY, 1);
		emit_variable(inner, compilation_name(c, "__classcell__", 13), CONTEXT_STORE);
	} else {
		emit_none(inner);
	}
	emit(inner, OP_RETURN_VALUE, 0);
	return unit_assemble(inner, true);
}

void compile_class(struct unit *u, const struct stmt *s)
{
	struct unit inner;
	struct code *code;

	compile_exprs(u, &s->decorators);
	enter(&inner, u, s->class.scope, UNIT_CLASS, s->class.name, first_line(s));
	inner.flags |= CODE_CLASS;
	inner.line = first_line(s);
	code = compile_class_body(&inner, s);
	emit(u, OP_PUSH_NULL, 0);
	emit(u, OP_LOAD_BUILD_CLASS, 0);
	emit_function(u, &inner, code, 0);
	emit_constant(u, constant_name(u->c, s->class.name));
	compile_arguments(u, 2, &s->class.bases, NULL, 0);
	apply_decorators(u, s);
	emit_variable(u, s->class.name, CONTEXT_STORE);
}

struct code *compile_module(struct compilation *c, struct scope_table *scopes,
		struct scope *scope, const struct module *module, bool echoes)
{
	struct unit u = {.c = c, .scopes = scopes};

	unit_init(&u, NULL, scope, UNIT_MODULE, "<module>", module->first_line);
	u.flags |= CODE_MODULE;
	compile_body(&u, &module->body, echoes);
	return unit_assemble(&u, true);
}
