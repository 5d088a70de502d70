/* SPDX-License-Identifier: MIT */
/* Which variable a name means, by CPython's rules: local, cell, free or global. */
#ifndef HL_SCENARIO_SCOPE_H
#define HL_SCENARIO_SCOPE_H

#include "scenario/syntax/ast.h"
#include "scenario/compile/compilation.h"

/* Functions within functions; what a name means is looked for outwards through all of them. */
#define SCOPE_MAX_DEPTH 100

enum scope_kind {
	SCOPE_MODULE,
	SCOPE_CLASS,
	SCOPE_FUNCTION,		/* also lambdas and comprehensions */
};

enum symbol_flag {
	SYMBOL_LOCAL = 1 << 0,		/* bound here */
	SYMBOL_PARAMETER = 1 << 1,
	SYMBOL_USED = 1 << 2,
	SYMBOL_GLOBAL = 1 << 3,		/* declared */
	SYMBOL_NONLOCAL = 1 << 4,
	SYMBOL_IMPORTED = 1 << 6,	/* bound by an import */
	SYMBOL_ANNOTATED = 1 << 7,
	SYMBOL_CLASS_FREE = 1 << 5,	/* bound in a class body, but passed through to its methods too */
};

enum symbol_place {
	PLACE_UNKNOWN,
	PLACE_LOCAL,
	PLACE_CELL,
	PLACE_FREE,
	PLACE_GLOBAL,			/* declared */
	PLACE_IMPLICIT_GLOBAL,
};

struct symbol {
	const char *name;
	struct scope *scope;
	struct symbol *next;		/* of the scope, in the order of appearance */
	uint32_t flags;
	enum symbol_place place;
	uint32_t line;			/* of its nonlocal declaration */
	uint32_t slot;			/* the compiler's: index among the locals */
	uint32_t cell;			/* and among the cells, then the free variables */
};

struct scope {
	enum scope_kind kind;
	struct scope *parent;
	struct scope *next;		/* of all, in the order of the text */
	uint32_t depth;
	bool is_nested;			/* a function is around it */
	bool is_generator;
	bool is_comprehension;
	bool needs_class_cell;		/* a class: its methods use __class__ or super() */
	const char *private_name;	/* of the class whose private names are mangled here, or NULL */
	struct symbol *first, *last;
};

struct scope_table {
	struct compilation *c;
	struct pointer_table symbols;
	struct scope *first, *last;
	const char *class_name;		/* "__class__", ".0", "super" as names */
	const char *iterator_name;
	const char *super_name;
};

/*
 * scope_analyse() - finds the scopes of a module, and what each name in them means
 * Sets the scope fields of functions, classes, lambdas and comprehensions in the tree.
 * Returns: the module's scope.
 */
struct scope *scope_analyse(struct scope_table *table, struct compilation *c,
		struct module *module);

/* The symbol of a name (mangled already) in a scope, or NULL. */
struct symbol *scope_find(struct scope_table *table, const struct scope *scope, const char *name);

/* "__name" in a class is "_Class__name". */
const char *scope_mangle(struct compilation *c, const char *private_name, const char *name);

#endif
