/* SPDX-License-Identifier: MIT */
/* First all scopes with their names are collected (scope-collect.c), then each name is resolved. */
#include "scenario/compile/scope.h"

#include <string.h>

#include "scenario/compile/scope-collect.h"

struct symbol_key {
	const struct scope *scope;
	const char *name;
};

static uint64_t hash_key(const struct symbol_key *key)
{
	return hash_bytes(key, sizeof(*key), 0);
}

static uint64_t hash_symbol(const void *item)
{
	const struct symbol *s = item;

	return hash_key(&(struct symbol_key){s->scope, s->name});
}

static bool is_symbol(const void *item, const void *key)
{
	const struct symbol *s = item;
	const struct symbol_key *k = key;

	return s->scope == k->scope && s->name == k->name;
}

static const void **find_slot(struct scope_table *t, const struct scope *scope, const char *name)
{
	struct symbol_key key = {scope, name};

	return table_find(t->c, &t->symbols, hash_key(&key), is_symbol, &key, hash_symbol);
}

struct symbol *scope_find(struct scope_table *t, const struct scope *scope, const char *name)
{
	return (struct symbol *)*find_slot(t, scope, name);
}

struct symbol *scope_add(struct scope_table *t, struct scope *scope, const char *name)
{
	const void **slot = find_slot(t, scope, name);
	struct symbol *s = (struct symbol *)*slot;

	if (s)
		return s;
	compilation_spend(t->c, 0, 1);
	s = NEW(t->c, struct symbol);
	s->name = name;
	s->scope = scope;
	if (scope->last)
		scope->last->next = s;
	else
		scope->first = s;
	scope->last = s;
	*slot = s;
	t->symbols.nr++;
	return s;
}

const char *scope_mangle(struct compilation *c, const char *private_name, const char *name)
{
	size_t length = strlen(name);
	char *mangled;

	if (!private_name || strncmp(name, "__", 2) || !strcmp(name + length - 2, "__"))
		return name;
	private_name += strspn(private_name, "_");
	if (!*private_name)
		return name;
	mangled = compilation_format(c, "_%s%s", private_name, name);
	return compilation_name(c, mangled, strlen(mangled));
}

static bool is_bound(const struct symbol *s)
{
	return s->flags & (SYMBOL_LOCAL | SYMBOL_PARAMETER);
}

/* The scope whose variable a name in @scope means, if it is one around it; else NULL: it is global. */
static struct scope *find_owner(struct scope_table *t, const struct scope *scope, const char *name)
{
	struct scope *p;
	struct symbol *s;

	for (p = scope->parent; p; p = p->parent) {
		if (p->kind == SCOPE_CLASS && name == t->class_name)
			return p;
		s = p->kind == SCOPE_FUNCTION ? scope_find(t, p, name) : NULL;
		if (!s)
			continue;
		if (s->flags & SYMBOL_GLOBAL)
			return NULL;
		if (is_bound(s) && !(s->flags & SYMBOL_NONLOCAL))
			return p;
	}
	return NULL;
}

/* Hands a variable of @owner through the scopes between it and @scope. */
static void pass_through(struct scope_table *t, struct scope *scope, struct scope *owner,
		const char *name)
{
	struct scope *p;
	struct symbol *s;

	for (p = scope->parent; p != owner; p = p->parent) {
		s = scope_add(t, p, name);
		if (s->place == PLACE_FREE || (s->flags & SYMBOL_CLASS_FREE))
			return;
		if (p->kind == SCOPE_CLASS && (s->flags & (SYMBOL_LOCAL | SYMBOL_GLOBAL)))
			s->flags |= SYMBOL_CLASS_FREE;
		else
			s->place = PLACE_FREE;
	}
	if (owner->kind == SCOPE_CLASS)
		owner->needs_class_cell = true;
	else
		scope_find(t, owner, name)->place = PLACE_CELL;
}

static void resolve(struct scope_table *t, struct scope *scope, struct symbol *s)
{
	struct scope *owner;

	if (s->flags & SYMBOL_GLOBAL) {
		if (s->flags & SYMBOL_NONLOCAL)
			fail_syntax(t->c, s->line, "name '%.100s' is nonlocal and global", s->name);
		s->place = PLACE_GLOBAL;
		return;
	}
	if (is_bound(s) && !(s->flags & SYMBOL_NONLOCAL)) {
		if (s->place == PLACE_UNKNOWN)	/* else a cell already, for a function within */
			s->place = PLACE_LOCAL;
		return;
	}
	owner = find_owner(t, scope, s->name);
	if (!owner && (s->flags & SYMBOL_NONLOCAL))
		fail_syntax(t->c, s->line, "no binding for nonlocal '%.100s' found", s->name);
	s->place = owner ? PLACE_FREE : PLACE_IMPLICIT_GLOBAL;
	if (owner)
		pass_through(t, scope, owner, s->name);
}

struct scope *scope_analyse(struct scope_table *t, struct compilation *c, struct module *module)
{
	struct scope *scope;
	struct symbol *s;

	memset(t, 0, sizeof(*t));
	t->c = c;
	t->class_name = compilation_name(c, "__class__", 9);
	t->iterator_name = compilation_name(c, ".0", 2);
	t->super_name = compilation_name(c, "super", 5);
	scope_collect(t, module);
	for (scope = t->first; scope; scope = scope->next) {
		for (s = scope->first; s; s = s->next) {
			/* A free one that a function within asked for is not of this scope's own text. */
			if (s->flags & ~(uint32_t)SYMBOL_CLASS_FREE)
				resolve(t, scope, s);
		}
	}
	return t->first;
}
