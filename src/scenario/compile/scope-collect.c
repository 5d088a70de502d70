/* SPDX-License-Identifier: MIT */
/* Scopes and the names in them, in the order in which CPython's symbol table meets them. */
#include "scenario/compile/scope-collect.h"

#include <string.h>

struct collector {
	struct scope_table *table;
	struct compilation *c;
	struct scope *scope;		/* the current one */
};

static void collect_expr(struct collector *k, struct expr *e);
static void collect_stmts(struct collector *k, const struct stmt_list *list);

static struct symbol *add(struct collector *k, const char *name, uint32_t flag)
{
	struct symbol *s;

	name = scope_mangle(k->c, k->scope->private_name, name);
	s = scope_add(k->table, k->scope, name);
	s->flags |= flag;
	return s;
}

static struct scope *enter(struct collector *k, enum scope_kind kind, uint32_t line)
{
	struct scope *scope = NEW(k->c, struct scope);

	scope->kind = kind;
	scope->parent = k->scope;
	if (k->scope) {
		scope->depth = k->scope->depth + 1;
		scope->private_name = k->scope->private_name;
		scope->is_nested = k->scope->is_nested || k->scope->kind == SCOPE_FUNCTION;
	}
	if (scope->depth > SCOPE_MAX_DEPTH)
		fail_unsupported(k->c, line, "nesting functions this deep");
	if (k->table->last)
		k->table->last->next = scope;
	else
		k->table->first = scope;
	k->table->last = scope;
	k->scope = scope;
	return scope;
}

static void leave(struct collector *k)
{
	k->scope = k->scope->parent;
}

static void check_name(struct collector *k, const char *name, uint32_t line)
{
	if (!strcmp(name, "__debug__"))
		fail_syntax(k->c, line, "cannot assign to __debug__");
}

static void add_parameter(struct collector *k, const char *name, uint32_t line)
{
	check_name(k, name, line);
	name = scope_mangle(k->c, k->scope->private_name, name);
	if (scope_find(k->table, k->scope, name))
		fail_syntax(k->c, line, "duplicate argument '%.100s' in function definition", name);
	scope_add(k->table, k->scope, name)->flags |= SYMBOL_PARAMETER;
}

static void add_parameters(struct collector *k, const struct parameters *p, uint32_t line)
{
	for (uint32_t i = 0; i < p->nr; i++)
		add_parameter(k, p->names[i], line);
	if (p->varargs)
		add_parameter(k, p->varargs, line);
}

static void collect_list(struct collector *k, const struct expr_list *list)
{
	for (uint32_t i = 0; i < list->nr; i++)
		collect_expr(k, list->data[i]);
}

static void collect_optional(struct collector *k, struct expr *e)
{
	if (e)
		collect_expr(k, e);
}

static void collect_name(struct collector *k, struct expr *e)
{
	add(k, e->name, e->context == CONTEXT_LOAD ? SYMBOL_USED : SYMBOL_LOCAL);
	/* super() without arguments looks for the cell of the class. */
	if (e->context == CONTEXT_LOAD && e->name == k->table->super_name &&
			k->scope->kind == SCOPE_FUNCTION)
		add(k, k->table->class_name, SYMBOL_USED);
}

static void collect_lambda(struct collector *k, struct expr *e)
{
	collect_list(k, &e->lambda.parameters.defaults);
	e->lambda.scope = enter(k, SCOPE_FUNCTION, e->line);
	add_parameters(k, &e->lambda.parameters, e->line);
	collect_expr(k, e->lambda.body);
	leave(k);
}

static void collect_comprehension(struct collector *k, struct expr *e)
{
	struct for_clause *clauses = e->comprehension.clauses;

	collect_expr(k, clauses[0].iter);
	e->comprehension.scope = enter(k, SCOPE_FUNCTION, e->line);
	k->scope->is_comprehension = true;
	k->scope->is_generator = e->kind == EXPR_GENERATOR;
	scope_add(k->table, k->scope, k->table->iterator_name)->flags |= SYMBOL_PARAMETER;
	for (uint32_t i = 0; i < e->comprehension.nr_clauses; i++) {
		if (i)
			collect_expr(k, clauses[i].iter);
		collect_expr(k, clauses[i].target);
		collect_list(k, &clauses[i].ifs);
	}
	collect_optional(k, e->comprehension.value);
	collect_expr(k, e->comprehension.element);
	leave(k);
}

static void collect_yield(struct collector *k, struct expr *e)
{
	collect_optional(k, e->value);
	if (k->scope->is_comprehension)
		fail_syntax(k->c, e->line, "'yield' inside %s",
				k->scope->is_generator ? "generator expression" : "list comprehension");
	if (k->scope->kind != SCOPE_FUNCTION)
		fail_syntax(k->c, e->line, "'yield' outside function");
	k->scope->is_generator = true;
}

static void collect_call(struct collector *k, struct expr *e)
{
	collect_expr(k, e->call.function);
	collect_list(k, &e->call.arguments);
	for (uint32_t i = 0; i < e->call.nr_keywords; i++) {
		check_name(k, e->call.keywords[i].name, e->call.keywords[i].line);
		collect_expr(k, e->call.keywords[i].value);
	}
}

static void collect_expr(struct collector *k, struct expr *e)
{
	switch (e->kind) {
	case EXPR_CONSTANT:
		break;
	case EXPR_NAME:
		collect_name(k, e);
		break;
	case EXPR_ATTRIBUTE:
		collect_expr(k, e->attribute.value);
		break;
	case EXPR_SUBSCRIPT:
		collect_expr(k, e->subscript.value);
		collect_expr(k, e->subscript.index);
		break;
	case EXPR_SLICE:
		collect_optional(k, e->slice.lower);
		collect_optional(k, e->slice.upper);
		collect_optional(k, e->slice.step);
		break;
	case EXPR_UNARY:
		collect_expr(k, e->unary.operand);
		break;
	case EXPR_BINARY:
		collect_expr(k, e->binary.left);
		collect_expr(k, e->binary.right);
		break;
	case EXPR_BOOL:
		collect_list(k, &e->boolean.values);
		break;
	case EXPR_COMPARE:
		collect_expr(k, e->compare.left);
		collect_list(k, &e->compare.comparators);
		break;
	case EXPR_CONDITIONAL:
		collect_expr(k, e->conditional.test);
		collect_expr(k, e->conditional.body);
		collect_expr(k, e->conditional.orelse);
		break;
	case EXPR_LAMBDA:
		collect_lambda(k, e);
		break;
	case EXPR_CALL:
		collect_call(k, e);
		break;
	case EXPR_TUPLE: case EXPR_LIST: case EXPR_SET: case EXPR_JOINED:
		collect_list(k, &e->items);
		break;
	case EXPR_DICT:
		collect_list(k, &e->dict.keys);
		collect_list(k, &e->dict.values);
		break;
	case EXPR_LIST_COMP: case EXPR_SET_COMP: case EXPR_DICT_COMP: case EXPR_GENERATOR:
		collect_comprehension(k, e);
		break;
	case EXPR_STARRED:
		collect_expr(k, e->value);
		break;
	case EXPR_YIELD:
		collect_yield(k, e);
		break;
	case EXPR_FORMATTED:
		collect_expr(k, e->formatted.value);
		collect_optional(k, e->formatted.spec);
		break;
	}
}

static void collect_function(struct collector *k, struct stmt *s)
{
	check_name(k, s->function.name, s->line);
	add(k, s->function.name, SYMBOL_LOCAL);
	collect_list(k, &s->function.parameters.defaults);
	for (uint32_t i = 0; i < s->function.parameters.nr_annotations; i++)
		collect_expr(k, s->function.parameters.annotations[i].value);
	collect_list(k, &s->decorators);
	s->function.scope = enter(k, SCOPE_FUNCTION, s->line);
	add_parameters(k, &s->function.parameters, s->line);
	collect_stmts(k, &s->function.body);
	leave(k);
}

static void collect_class(struct collector *k, struct stmt *s)
{
	check_name(k, s->class.name, s->line);
	add(k, s->class.name, SYMBOL_LOCAL);
	collect_list(k, &s->class.bases);
	collect_list(k, &s->decorators);
	s->class.scope = enter(k, SCOPE_CLASS, s->line);
	k->scope->private_name = s->class.name;
	collect_stmts(k, &s->class.body);
	leave(k);
}

static void declare(struct collector *k, const struct stmt *s, const char *name)
{
	bool is_global = s->kind == STMT_GLOBAL;
	const char *mangled = scope_mangle(k->c, k->scope->private_name, name);
	struct symbol *symbol = scope_add(k->table, k->scope, mangled);
	const char *word = is_global ? "global" : "nonlocal";

	if (!is_global && k->scope->kind == SCOPE_MODULE)
		fail_syntax(k->c, s->line, "nonlocal declaration not allowed at module level");
	if (symbol->flags & SYMBOL_PARAMETER)
		fail_syntax(k->c, s->line, "name '%.100s' is parameter and %s", name, word);
	if (symbol->flags & SYMBOL_USED)
		fail_syntax(k->c, s->line, "name '%.100s' is used prior to %s declaration", name, word);
	if (symbol->flags & SYMBOL_ANNOTATED)
		fail_syntax(k->c, s->line, "annotated name '%.100s' can't be %s", name, word);
	if (symbol->flags & SYMBOL_LOCAL)
		fail_syntax(k->c, s->line, "name '%.100s' is assigned to before %s declaration", name, word);
	symbol->flags |= is_global ? SYMBOL_GLOBAL : SYMBOL_NONLOCAL;
	symbol->line = s->line;
	if (is_global)	/* makes it one of the module's too, as CPython's table has it */
		scope_add(k->table, k->table->first, mangled)->flags |= SYMBOL_GLOBAL;
}

static void collect_import(struct collector *k, const struct stmt *s)
{
	for (uint32_t i = 0; i < s->import.nr; i++) {
		const struct import_alias *alias = &s->import.aliases[i];

		add(k, alias->as_name ? alias->as_name : alias->name,
				SYMBOL_LOCAL | SYMBOL_IMPORTED);
	}
}

static void collect_try(struct collector *k, struct stmt *s)
{
	collect_stmts(k, &s->try.body);
	for (uint32_t i = 0; i < s->try.nr_clauses; i++) {
		struct except_clause *clause = &s->try.clauses[i];

		collect_optional(k, clause->type);
		if (clause->name) {
			check_name(k, clause->name, clause->line);
			add(k, clause->name, SYMBOL_LOCAL);
		}
		collect_stmts(k, &clause->body);
	}
	collect_stmts(k, &s->try.orelse);
	collect_stmts(k, &s->try.finally);
}

static void collect_with(struct collector *k, struct stmt *s)
{
	for (uint32_t i = 0; i < s->with.nr_items; i++) {
		collect_expr(k, s->with.items[i].context);
		collect_optional(k, s->with.items[i].target);
	}
	collect_stmts(k, &s->with.body);
}

/* A name that is annotated is bound, whether it gets a value or not. */
static void collect_annotated_name(struct collector *k, const struct stmt *s)
{
	const char *name = s->ann_assign.target->name;
	const struct symbol *symbol = scope_find(k->table, k->scope,
			scope_mangle(k->c, k->scope->private_name, name));

	if (s->ann_assign.is_simple && k->scope->kind != SCOPE_MODULE && symbol &&
			symbol->flags & (SYMBOL_GLOBAL | SYMBOL_NONLOCAL))
		fail_syntax(k->c, s->line, "annotated name '%.100s' can't be %s", name,
				symbol->flags & SYMBOL_GLOBAL ? "global" : "nonlocal");
	if (s->ann_assign.is_simple)
		add(k, name, SYMBOL_LOCAL | SYMBOL_ANNOTATED);
	else if (s->ann_assign.value)
		add(k, name, SYMBOL_LOCAL);
}

static void collect_annotated(struct collector *k, struct stmt *s)
{
	if (s->ann_assign.target->kind == EXPR_NAME)
		collect_annotated_name(k, s);
	else
		collect_expr(k, s->ann_assign.target);
	collect_expr(k, s->ann_assign.annotation);
	collect_optional(k, s->ann_assign.value);
}

static void collect_assignment(struct collector *k, struct stmt *s)
{
	collect_list(k, &s->assign.targets);
	collect_expr(k, s->assign.value);
}

static void collect_stmt(struct collector *k, struct stmt *s)
{
	switch (s->kind) {
	case STMT_EXPR: case STMT_RETURN:
		collect_optional(k, s->value);
		break;
	case STMT_ASSIGN:
		collect_assignment(k, s);
		break;
	case STMT_AUG_ASSIGN:
		collect_expr(k, s->aug_assign.target);
		collect_expr(k, s->aug_assign.value);
		break;
	case STMT_ANN_ASSIGN:
		collect_annotated(k, s);
		break;
	case STMT_DELETE:
		collect_list(k, &s->targets);
		break;
	case STMT_RAISE:
		collect_optional(k, s->raise.exception);
		collect_optional(k, s->raise.cause);
		break;
	case STMT_ASSERT:
		collect_expr(k, s->assertion.test);
		collect_optional(k, s->assertion.message);
		break;
	case STMT_GLOBAL: case STMT_NONLOCAL:
		for (uint32_t i = 0; i < s->names.nr; i++)
			declare(k, s, s->names.data[i]);
		break;
	case STMT_IMPORT: case STMT_IMPORT_FROM:
		collect_import(k, s);
		break;
	case STMT_IF: case STMT_WHILE:
		collect_expr(k, s->branch.test);
		collect_stmts(k, &s->branch.body);
		collect_stmts(k, &s->branch.orelse);
		break;
	case STMT_FOR:
		collect_expr(k, s->loop.target);
		collect_expr(k, s->loop.iter);
		collect_stmts(k, &s->loop.body);
		collect_stmts(k, &s->loop.orelse);
		break;
	case STMT_TRY:
		collect_try(k, s);
		break;
	case STMT_WITH:
		collect_with(k, s);
		break;
	case STMT_FUNCTION:
		collect_function(k, s);
		break;
	case STMT_CLASS:
		collect_class(k, s);
		break;
	case STMT_PASS: case STMT_BREAK: case STMT_CONTINUE:
		break;
	}
}

static void collect_stmts(struct collector *k, const struct stmt_list *list)
{
	for (uint32_t i = 0; i < list->nr; i++)
		collect_stmt(k, list->data[i]);
}

void scope_collect(struct scope_table *table, struct module *module)
{
	struct collector k = {.table = table, .c = table->c};

	enter(&k, SCOPE_MODULE, module->first_line);
	collect_stmts(&k, &module->body);
}
