/* SPDX-License-Identifier: MIT */
/*
 * The syntax tree of a scenario: the nodes of Python's own ast module, as far as the subset has them.
 *
 * Everything lives in the parser's arena; names are interned in it, so equal names are the same
 * pointer. Lists are arrays. No node is deeper than AST_MAX_DEPTH, so that walking the tree by
 * recursion is safe. The parser leaves out nothing and folds nothing, but joins adjacent
 * literals; fold.c changes the tree afterwards, as CPython's optimizer of the tree does.
 */
#ifndef HL_SCENARIO_AST_H
#define HL_SCENARIO_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scenario/compile/opcodes.h"

/* Levels of nodes; CPython gives up near 3000 ("maximum recursion depth exceeded"). */
#define AST_MAX_DEPTH 1000

struct constant;
struct scope;
struct expr;
struct stmt;

struct expr_list {
	struct expr **data;
	uint32_t nr;
};

struct stmt_list {
	struct stmt **data;
	uint32_t nr;
};

enum expr_kind {
	EXPR_CONSTANT,
	EXPR_NAME,
	EXPR_ATTRIBUTE,
	EXPR_SUBSCRIPT,
	EXPR_SLICE,		/* only as the index of a subscript, or in a tuple there */
	EXPR_UNARY,
	EXPR_BINARY,
	EXPR_BOOL,		/* and, or */
	EXPR_COMPARE,
	EXPR_CONDITIONAL,	/* a if b else c */
	EXPR_LAMBDA,
	EXPR_CALL,
	EXPR_STARRED,		/* only as a positional argument */
	EXPR_TUPLE,
	EXPR_LIST,
	EXPR_SET,
	EXPR_DICT,
	EXPR_LIST_COMP,
	EXPR_SET_COMP,
	EXPR_DICT_COMP,
	EXPR_GENERATOR,
	EXPR_YIELD,
	EXPR_FORMATTED,		/* {value!r:spec} in an f-string */
	EXPR_JOINED,		/* an f-string */
};

enum expr_context {
	CONTEXT_LOAD,
	CONTEXT_STORE,
	CONTEXT_DELETE,
};

enum unary_op {
	UNARY_OP_POSITIVE,
	UNARY_OP_NEGATIVE,
	UNARY_OP_NOT,
	UNARY_OP_INVERT,
};

/* Operators of a comparison; the first six are enum compare_op. */
enum comparison {
	COMPARISON_IS = COMPARE_GE + 1,
	COMPARISON_IS_NOT,
	COMPARISON_IN,
	COMPARISON_NOT_IN,
};

struct keyword {
	const char *name;
	struct expr *value;
	uint32_t line;
};

/* One "for target in iter if ifs..." of a comprehension. */
struct for_clause {
	struct expr *target;
	struct expr *iter;
	struct expr_list ifs;
};

/* Of a parameter, by its name, or of what a function returns: "return". */
struct annotation {
	const char *name;
	struct expr *value;
};

/* Parameters of a function: the last nr_defaults of them have one; varargs is the name after '*'. */
struct parameters {
	const char **names;
	uint32_t nr;
	struct expr_list defaults;
	const char *varargs;	/* or NULL */
	struct annotation *annotations;
	uint32_t nr_annotations;
};

struct expr {
	enum expr_kind kind;
	uint16_t depth;		/* of the tree below, 1 for a leaf */
	uint8_t context;	/* enum expr_context of a name, attribute, subscript, tuple, list */
	bool parenthesised;	/* inside its own parentheses: "(a), b = ..." and "(yield)" */
	uint32_t line;
	uint32_t end_line;
	union {
		const struct constant *constant;
		const char *name;
		struct {
			struct expr *value;
			const char *name;
		} attribute;
		struct {
			struct expr *value;
			struct expr *index;
		} subscript;
		struct {
			struct expr *lower, *upper, *step;	/* each may be NULL */
		} slice;
		struct {
			enum unary_op op;
			struct expr *operand;
		} unary;
		struct {
			enum binary_op op;
			struct expr *left, *right;
		} binary;
		struct {
			bool is_or;
			struct expr_list values;
		} boolean;
		struct {
			struct expr *left;
			uint8_t *ops;			/* enum compare_op, enum comparison */
			struct expr_list comparators;
		} compare;
		struct {
			struct expr *test, *body, *orelse;
		} conditional;
		struct {
			struct parameters parameters;
			struct expr *body;
			struct scope *scope;		/* set by scope.c, as those below */
		} lambda;
		struct {
			struct expr *function;
			struct expr_list arguments;
			struct keyword *keywords;
			uint32_t nr_keywords;
		} call;
		struct expr_list items;			/* tuple, list, set, f-string */
		struct {
			struct expr_list keys;
			struct expr_list values;
		} dict;
		struct {
			struct expr *element;		/* the key, of a dict */
			struct expr *value;		/* of a dict */
			struct for_clause *clauses;
			uint32_t nr_clauses;
			struct scope *scope;
		} comprehension;
		struct expr *value;			/* starred, yield (may be NULL) */
		struct {
			struct expr *value;
			uint8_t conversion;		/* as FORMAT_VALUE: 0 none, 1 s, 2 r, 3 a */
			struct expr *spec;		/* EXPR_JOINED or NULL */
		} formatted;
	};
};

enum stmt_kind {
	STMT_EXPR,
	STMT_ASSIGN,
	STMT_AUG_ASSIGN,
	STMT_ANN_ASSIGN,
	STMT_DELETE,
	STMT_RETURN,
	STMT_RAISE,
	STMT_ASSERT,
	STMT_PASS,
	STMT_BREAK,
	STMT_CONTINUE,
	STMT_GLOBAL,
	STMT_NONLOCAL,
	STMT_IMPORT,
	STMT_IMPORT_FROM,
	STMT_IF,
	STMT_WHILE,
	STMT_FOR,
	STMT_TRY,
	STMT_WITH,
	STMT_FUNCTION,
	STMT_CLASS,
};

struct import_alias {
	const char *name;
	const char *as_name;	/* or NULL */
};

struct except_clause {
	struct expr *type;	/* or NULL */
	const char *name;	/* or NULL */
	struct stmt_list body;
	uint32_t line;
};

struct with_item {
	struct expr *context;
	struct expr *target;	/* or NULL */
};

struct stmt {
	enum stmt_kind kind;
	bool silent;		/* of an expression statement: ends in ';', a notebook does not echo it */
	uint32_t line;
	uint32_t end_line;
	struct expr_list decorators;	/* of a function or class; @line is behind them */
	union {
		struct expr *value;		/* expression statement, return (may be NULL) */
		struct {
			struct expr_list targets;	/* a = b = value has two */
			struct expr *value;
		} assign;
		struct {
			struct expr *target;
			enum binary_op op;	/* without BINARY_INPLACE */
			struct expr *value;
		} aug_assign;
		struct {
			struct expr *target, *annotation;
			struct expr *value;	/* or NULL */
			bool is_simple;		/* the target is a name without parentheses */
		} ann_assign;
		struct expr_list targets;	/* del */
		struct {
			struct expr *exception, *cause;	/* may be NULL */
		} raise;
		struct {
			struct expr *test, *message;	/* message may be NULL */
		} assertion;
		struct {
			const char **data;
			uint32_t nr;
		} names;			/* global, nonlocal */
		struct {
			const char *module;	/* of "from", else NULL */
			struct import_alias *aliases;
			uint32_t nr;
		} import;
		struct {
			struct expr *test;	/* if, while */
			struct stmt_list body;
			struct stmt_list orelse;
		} branch;
		struct {
			struct expr *target;
			struct expr *iter;
			struct stmt_list body;
			struct stmt_list orelse;
		} loop;
		struct {
			struct stmt_list body;
			struct except_clause *clauses;
			uint32_t nr_clauses;
			struct stmt_list orelse;
			struct stmt_list finally;
		} try;
		struct {
			struct with_item *items;
			uint32_t nr_items;
			struct stmt_list body;
		} with;
		struct {
			const char *name;
			struct parameters parameters;
			struct stmt_list body;
			struct scope *scope;
		} function;
		struct {
			const char *name;
			struct expr_list bases;
			struct stmt_list body;
			struct scope *scope;
		} class;
	};
};

/* A file, or one cell of a notebook. */
struct module {
	struct stmt_list body;
	uint32_t first_line;
};

#endif
