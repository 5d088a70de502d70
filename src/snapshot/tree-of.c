/* SPDX-License-Identifier: MIT */
/* Trees from other roots: from the lines to their callers, and around one function. */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>

#include "snapshot/resolve.h"
#include "snapshot/tree.h"

/* Callers of deep stacks without a common end are as many as their frames. */
#define MAX_NODES (1u << 24)

struct planting {
	struct hl_tree *tree;
	size_t room;
	enum hl_tree_kind kind;
	const regex_t *of;		/* NULL: from the lines */
	uint8_t *is_of;			/* by location: 0 not asked yet, 1 no, 2 yes */
	struct hl_map children;		/* (node, location) -> node */
	uint32_t *path;			/* of one stack: locations, from the root on */
	size_t path_room;
};

static bool is_of(struct planting *p, uint32_t location)
{
	const struct hl_location *l = &p->tree->resolver->locations[location].public;
	uint8_t *known = &p->is_of[location];

	if (!*known)
		*known = regexec(p->of, *l->function ? l->function : l->filename, 0, NULL, 0) ? 1 : 2;
	return *known == 2;
}

/*
 * The function that is asked for: for its callers the innermost call, for what it called the outermost one.  The root:
 * the stack has none.  @from: receives where the stack begins: at its line, or if that is further out at its end.
 */
static uint32_t find_of(struct planting *p, uint32_t trace, uint32_t line, uint32_t *from)
{
	const struct hl_resolver *r = p->tree->resolver;
	uint32_t found = HL_TRACE_ROOT;
	uint32_t begin = trace;

	for (uint32_t t = trace; t != HL_TRACE_ROOT; t = r->traces[t].parent) {
		if (t == line)
			begin = line;
		if (!is_of(p, r->traces[t].location))
			continue;
		found = t;
		*from = begin;
		if (p->kind == HL_TREE_CALLERS)
			break;
	}
	return found;
}

static int add_to_path(struct planting *p, size_t *nr, uint32_t location)
{
	if (hl_array_grow((void **)&p->path, &p->path_room, *nr, sizeof(*p->path)))
		return -ENOMEM;
	p->path[(*nr)++] = location;
	return 0;
}

/* The locations of a stack in the order of the tree. */
static int make_path(struct planting *p, uint32_t trace, size_t *nr)
{
	const struct hl_resolver *r = p->tree->resolver;
	uint32_t line = hl_resolver_trace_line(r, trace);
	uint32_t from = line;
	uint32_t of = p->of ? find_of(p, trace, line, &from) : line;
	uint32_t first = p->kind == HL_TREE_CALLERS ? of : from;
	uint32_t last = p->kind == HL_TREE_CALLERS ? HL_TRACE_ROOT : r->traces[of].parent;

	*nr = 0;
	if (of == HL_TRACE_ROOT)
		return 0;
	for (uint32_t t = first; t != last; t = r->traces[t].parent)
		if (add_to_path(p, nr, r->traces[t].location))
			return -ENOMEM;
	for (size_t i = 0; p->kind == HL_TREE_CALLEES && i < *nr / 2; i++) {
		uint32_t location = p->path[i];

		p->path[i] = p->path[*nr - 1 - i];
		p->path[*nr - 1 - i] = location;
	}
	return 0;
}

static int child(struct planting *p, size_t parent, uint32_t location, size_t *out)
{
	struct hl_map_entry *entry = hl_map_at(&p->children, parent, location);
	struct hl_tree *tree = p->tree;

	if (!entry)
		return -ENOMEM;
	if (entry->value == HL_NONE) {
		if (tree->nr_nodes >= MAX_NODES)
			return -EFBIG;
		if (hl_array_grow((void **)&tree->nodes, &p->room, tree->nr_nodes, sizeof(*tree->nodes)))
			return -ENOMEM;
		tree->nodes[tree->nr_nodes] = (struct hl_tree_node){
			.location = &tree->resolver->locations[location].public,
			.parent = parent,
		};
		entry->value = (uint32_t)tree->nr_nodes++;
	}
	*out = entry->value;
	return 0;
}

/* A stack's blocks are those of the last node of its path; the others get them when all is added up. */
static int plant(struct planting *p, const struct hl_statistic *s)
{
	size_t nr;
	size_t node = 0;
	int rc = make_path(p, s->traceback, &nr);

	for (size_t i = 0; !rc && i < nr; i++)
		rc = child(p, node, p->path[i], &node);
	if (rc || !nr)
		return rc;
	p->tree->nodes[node].size += s->size;
	p->tree->nodes[node].count += s->count;
	return 0;
}

static int plant_all(struct planting *p, const struct hl_statistics *statistics)
{
	const struct hl_resolver *r = statistics->resolver;
	int rc = 0;

	p->is_of = calloc(r->nr_locations + 1, 1);
	if (!p->is_of || hl_array_grow((void **)&p->tree->nodes, &p->room, 0, sizeof(*p->tree->nodes)))
		return -ENOMEM;
	p->tree->nodes[p->tree->nr_nodes++] = (struct hl_tree_node){0};
	for (size_t i = 0; !rc && i < statistics->nr_items; i++)
		rc = plant(p, &statistics->items[i]);
	return rc ? rc : hl_tree_finish(p->tree);
}

static int make_tree(const struct hl_statistics *statistics, enum hl_tree_kind kind, const regex_t *of,
		struct hl_tree **out)
{
	struct planting p = {.tree = calloc(1, sizeof(*p.tree)), .kind = kind, .of = of};
	int rc;

	if (!p.tree)
		return -ENOMEM;
	p.tree->resolver = hl_resolver_ref(statistics->resolver);
	rc = plant_all(&p, statistics);
	hl_map_release(&p.children);
	free(p.is_of);
	free(p.path);
	if (rc) {
		hl_tree_unref(p.tree);
		return rc;
	}
	*out = p.tree;
	return 0;
}

int hl_statistics_tree_of(const struct hl_statistics *statistics, enum hl_tree_kind kind, const char *of,
		struct hl_tree **out)
{
	regex_t compiled;
	int rc;

	if (statistics->key != HL_KEY_TRACEBACK || (unsigned int)kind >= HL_NR_TREE_KINDS)
		return -EINVAL;
	if (!of)
		return kind == HL_TREE_CALLEES ? hl_statistics_tree(statistics, out) :
			make_tree(statistics, kind, NULL, out);
	if (regcomp(&compiled, of, REG_EXTENDED | REG_NOSUB))
		return -EINVAL;
	rc = make_tree(statistics, kind, &compiled, out);
	regfree(&compiled);
	return rc;
}
