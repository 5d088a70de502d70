/* SPDX-License-Identifier: MIT */
/* Which frame of a stack is its line. */
#include "snapshot/resolve.h"

const char *const hl_role_names[HL_NR_ROLES + 1] = {
	[HL_ROLE_OTHER] = "other",
	[HL_ROLE_LIBRARY] = "library",
	[HL_ROLE_START] = "start",
	[HL_ROLE_OWN] = "own",
	[HL_ROLE_ALLOCATOR] = "allocator",
	[HL_ROLE_HEAP] = "heap",
};

/* What the patterns say of a string in a part of a frame; asked once. */
static enum hl_role role_of(struct hl_resolver *r, enum hl_origin_part part, uint32_t string)
{
	uint8_t *known = &r->roles[string][part];

	if (!string)
		return HL_ROLE_OTHER;
	if (!*known)
		*known = (uint8_t)(1 + hl_origins_role(r->origins, part, r->strings[string]));
	return (enum hl_role)(*known - 1);
}

static enum hl_role higher(enum hl_role a, enum hl_role b)
{
	return a > b ? a : b;
}

enum hl_role hl_resolver_role(struct hl_resolver *r, const struct hl_resolved_frame *frame)
{
	enum hl_role role;

	if (r->no_skip)
		return HL_ROLE_OTHER;
	role = higher(role_of(r, HL_ORIGIN_FUNCTION, frame->function), role_of(r, HL_ORIGIN_OBJECT, frame->module));
	/* A file without a line is no file but "object+0x123". */
	if (frame->lineno)
		return higher(role, role_of(r, HL_ORIGIN_FILE, frame->file));
	return higher(role, role_of(r, HL_ORIGIN_NAMESPACE, frame->function));
}

void hl_resolver_close_heap(struct hl_resolver *r, size_t first, size_t end)
{
	bool is_inside = false;

	for (size_t i = end; i-- > first;) {
		if (is_inside)
			r->frames[i].role = HL_ROLE_HEAP;
		is_inside |= r->frames[i].role == HL_ROLE_HEAP;
	}
}

enum hl_line_grade hl_line_grade(enum hl_role role, bool is_named)
{
	switch (role) {
	case HL_ROLE_OWN:
		return HL_LINE_OWN;
	case HL_ROLE_OTHER:
		return HL_LINE_OTHER;
	case HL_ROLE_START:
		return HL_LINE_START;
	default:
		return is_named ? HL_LINE_PASSED : HL_LINE_NAMELESS;
	}
}

bool hl_line_is_further_out(enum hl_line_grade grade, enum hl_line_grade best)
{
	return grade > best || (grade == best && grade < HL_LINE_OTHER);
}

bool hl_line_is_further_in(enum hl_line_grade grade, enum hl_line_grade best)
{
	return grade > best || (grade == best && grade >= HL_LINE_OTHER);
}
