/* SPDX-License-Identifier: MIT */
/*
 * GCC writes no linkage name for functions that no other unit can call: those in unnamed namespaces, in local classes,
 * and lambdas.  Without what is around them all lambdas of a program are one "operator()".
 *
 * libdw knows no parents; dwarf_getscopes_die() walks the whole unit for each question.
 */
#include "dwarf-scopes.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"

enum {
	MAX_PARTS = 32,			/* of a name; what is deeper has its own name only */
	MAX_LINKS = 4,			/* from a call to the function and on to its declaration */
	MAX_MEMBERS = 64,		/* of a class, until its operator() */
	MAX_SEARCHED = 4096,		/* containers among which a lambda is counted */
	MAX_NAME = 16 * 1024,
};

struct parts {
	char *texts[MAX_PARTS];		/* innermost first */
	size_t nr;
	size_t length;
};

void hl_containers_release(struct hl_containers *containers)
{
	free(containers->items);
	memset(containers, 0, sizeof(*containers));
}

uint32_t hl_containers_add(struct hl_containers *containers, Dwarf_Die *die, uint32_t parent)
{
	struct hl_containers *c = containers;

	if (c->nr == c->room) {
		size_t room = c->room ? c->room * 2 : 64;
		struct hl_container *items = reallocarray(c->items, room, sizeof(*items));

		if (!items || room >= HL_NO_CONTAINER)
			return HL_NO_CONTAINER;
		c->items = items;
		c->room = room;
	}
	c->items[c->nr] = (struct hl_container){.die = die->addr, .end = die->addr, .parent = parent};
	return (uint32_t)c->nr++;
}

static uint32_t container_of(const struct hl_containers *c, const char *die)
{
	size_t low = 0, high = c->nr;
	uint32_t found;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->items[middle].die < die)
			low = middle + 1;
		else
			high = middle;
	}
	found = low ? (uint32_t)low - 1 : HL_NO_CONTAINER;
	while (found != HL_NO_CONTAINER && c->items[found].end <= die)
		found = c->items[found].parent;
	return found;
}

static const char *name_of(Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	return name && *name ? name : NULL;
}

/* From a call to the function, from the function to where it is declared; false: in another unit. */
static bool find_declaration(Dwarf_Die *die)
{
	for (int i = 0; i < MAX_LINKS; i++) {
		Dwarf_Attribute attribute;
		Dwarf_Die next;

		if (!dwarf_attr(die, DW_AT_abstract_origin, &attribute) &&
				!dwarf_attr(die, DW_AT_specification, &attribute))
			return true;
		if (!dwarf_formref_die(&attribute, &next) || next.cu != die->cu)
			return false;
		*die = next;
	}
	return false;
}

/* A class without name that is called: GCC's constructors of lambdas are "<lambda>". */
static bool is_lambda(Dwarf_Die *class)
{
	const char *name = name_of(class);
	Dwarf_Die member;

	if (name || dwarf_child(class, &member) != 0)
		return name && !strncmp(name, "<lambda", 7);
	for (int i = 0; i < MAX_MEMBERS; i++) {
		name = dwarf_tag(&member) == DW_TAG_subprogram ? name_of(&member) : NULL;
		if (name && (!strncmp(name, "<lambda", 7) || !strcmp(name, "operator()")))
			return true;
		if (dwarf_siblingof(&member, &member) != 0)
			return false;
	}
	return false;
}

static bool is_class(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

/* How many lambdas of the same function begin no later; 0: too far away from its beginning. */
static unsigned int lambda_number(struct hl_containers *c, uint32_t id, struct Dwarf_CU *cu)
{
	uint32_t parent = c->items[id].parent;
	uint32_t first = parent == HL_NO_CONTAINER ? 0 : parent + 1;
	unsigned int number = 0;

	if (id - first > MAX_SEARCHED)
		return 0;
	for (uint32_t i = first; i <= id; i++) {
		struct hl_container *item = &c->items[i];
		Dwarf_Die die = {.addr = item->die, .cu = cu};

		if (item->parent != parent)
			continue;
		if (item->kind == HL_CONTAINER_UNKNOWN)
			item->kind = is_class(&die) && is_lambda(&die) ? HL_CONTAINER_LAMBDA : HL_CONTAINER_OTHER;
		number += item->kind == HL_CONTAINER_LAMBDA;
	}
	return number;
}

static bool add_part(struct parts *parts, char *text)
{
	if (!text || parts->nr == MAX_PARTS || parts->length + strlen(text) > MAX_NAME) {
		free(text);
		return false;
	}
	parts->length += strlen(text) + 2;
	parts->texts[parts->nr++] = text;
	return true;
}

static char *class_name(struct hl_containers *c, uint32_t id, Dwarf_Die *die)
{
	const char *name = name_of(die);
	unsigned int number;
	char *text = NULL;

	if (!is_lambda(die))
		return strdup(name ? name : "{unnamed type}");
	number = lambda_number(c, id, die->cu);
	if (!number)
		return strdup("{lambda}");
	return asprintf(&text, "{lambda#%u}", number) < 0 ? NULL : text;
}

/* The part of a container's name, and the next one outwards. */
static char *part_of(struct hl_containers *c, uint32_t id, struct Dwarf_CU *cu, uint32_t *outer)
{
	Dwarf_Die die = {.addr = c->items[id].die, .cu = cu};
	Dwarf_Attribute attribute;
	const char *linkage;
	const char *name = name_of(&die);
	char *text;

	*outer = c->items[id].parent;
	if (dwarf_tag(&die) == DW_TAG_namespace)
		return strdup(name ? name : "(anonymous namespace)");
	if (dwarf_tag(&die) != DW_TAG_subprogram)
		return class_name(c, id, &die);
	linkage = dwarf_formstring(dwarf_attr_integrate(&die, DW_AT_linkage_name, &attribute));
	text = linkage ? hl_demangle(linkage, false) : NULL;
	if (text) {
		*outer = HL_NO_CONTAINER;
		return text;
	}
	if (!find_declaration(&die))
		return NULL;
	*outer = container_of(c, die.addr);
	/* a damaged unit may lead round in circles */
	if (*outer != HL_NO_CONTAINER && *outer >= id)
		return NULL;
	return name ? strdup(name) : NULL;
}

/* The parts and @name with "::" between them. */
static char *join(const struct parts *parts, const char *name)
{
	char *text = malloc(parts->length + strlen(name) + 1);
	char *end = text;

	if (!text)
		return NULL;
	for (size_t i = parts->nr; i-- > 0;) {
		end = stpcpy(end, parts->texts[i]);
		end = stpcpy(end, "::");
	}
	strcpy(end, name);
	return text;
}

char *hl_containers_qualify(struct hl_containers *containers, const Dwarf_Die *die, const char *name)
{
	Dwarf_Die declaration = *die;
	struct parts parts = {0};
	uint32_t id = HL_NO_CONTAINER;
	char *text = NULL;

	if (find_declaration(&declaration))
		id = container_of(containers, declaration.addr);
	while (id != HL_NO_CONTAINER) {
		uint32_t outer;

		if (!add_part(&parts, part_of(containers, id, declaration.cu, &outer)))
			break;
		id = outer;
	}
	if (parts.nr && id == HL_NO_CONTAINER)
		text = join(&parts, name);
	while (parts.nr)
		free(parts.texts[--parts.nr]);
	return text;
}

uint32_t hl_containers_line(const struct hl_containers *containers, const Dwarf_Die *die)
{
	Dwarf_Die declaration = *die;
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	uint32_t id;

	if (!find_declaration(&declaration))
		return 0;
	id = container_of(containers, declaration.addr);
	if (id == HL_NO_CONTAINER)
		return 0;
	declaration = (Dwarf_Die){.addr = containers->items[id].die, .cu = declaration.cu};
	if (dwarf_formudata(dwarf_attr(&declaration, DW_AT_decl_line, &attribute), &value) || value > UINT32_MAX)
		return 0;
	return (uint32_t)value;
}
