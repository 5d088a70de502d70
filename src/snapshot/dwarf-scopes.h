/* SPDX-License-Identifier: MIT */
/* Namespaces, classes and functions of a compilation unit, and the names that they give to what is in them. */
#ifndef HL_SNAPSHOT_DWARF_SCOPES_H
#define HL_SNAPSHOT_DWARF_SCOPES_H

#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>

#define HL_NO_CONTAINER UINT32_MAX

enum hl_container_kind {
	HL_CONTAINER_UNKNOWN,		/* nobody has asked yet */
	HL_CONTAINER_LAMBDA,
	HL_CONTAINER_OTHER,
};

/* An entry with children that gives them a part of their name. */
struct hl_container {
	char *die;			/* Dwarf_Die.addr */
	char *end;			/* behind its children */
	uint32_t parent;		/* a smaller number; HL_NO_CONTAINER: the unit itself */
	enum hl_container_kind kind;
};

/* In the order of their addresses, so that each stands before those in it.  All zero is an empty list. */
struct hl_containers {
	struct hl_container *items;
	size_t nr, room;
};

void hl_containers_release(struct hl_containers *containers);

/* Adds one whose children come next; its number, HL_NO_CONTAINER: out of memory. */
uint32_t hl_containers_add(struct hl_containers *containers, Dwarf_Die *die, uint32_t parent);

/**
 * hl_containers_qualify() - the name of a function with what is around it
 * @die: a function of the unit, or a call that was inlined
 * @name: its own
 *
 * "first::{lambda#1}::operator()", "(anonymous namespace)::helper": as the demangler has it, but for parameters.
 * Lambdas are numbered as GCC 12 numbers them, by the function around them.
 *
 * Cost:    O(containers) at most.
 * Returns: malloc'ed text; NULL: nothing is around it, it is somewhere else (in another unit), or out of memory.
 */
char *hl_containers_qualify(struct hl_containers *containers, const Dwarf_Die *die, const char *name);

/**
 * hl_containers_line() - where what is around a function is written
 *
 * For GCC's lambdas: their class has a line, what it does when it is called has none.
 * Returns: 0: not known.
 */
uint32_t hl_containers_line(const struct hl_containers *containers, const Dwarf_Die *die);

#endif
