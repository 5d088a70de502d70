/* SPDX-License-Identifier: MIT */
/*
 * Suppressions: blocks of stacks with a frame that somebody knows already.
 *
 * Of many patterns a stack is left out by the first one that matches any of its frames.  A name is tried once, however
 * many frames have it, and a pattern is tried only where the name has all of its pairs of characters.
 */
#include "snapshot/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* No pattern; larger than each. */
#define NOBODY HL_NONE
#define NOT_ASKED (HL_NONE - 1)

struct suppressing {
	const struct hl_snapshot *s;
	const struct hl_resolver *r;
	const char *const *patterns;
	uint32_t nr;
	uint64_t *pairs;		/* by pattern, see pairs_of() */
	uint32_t *by_string;		/* the first pattern that matches; NOT_ASKED */
	uint32_t *by_node;		/* of the whole stack */
};

/*
 * A pattern is looked for anywhere in the text, '^' and '$' bind it to the ends, '*' stands for
 * anything.  Each part between stars is taken where it is first found: if there is a match at all,
 * then also this one.
 */
bool hl_suppression_matches(const char *pattern, const char *text)
{
	bool is_bound = *pattern == '^';
	bool is_found = true;

	pattern += is_bound;
	/* an unknown name is matched by nothing, not even by a star */
	if (!*text)
		return false;
	for (;;) {
		size_t length = strcspn(pattern, "*$");
		bool is_last = pattern[length] == '$' && !pattern[length + 1];
		size_t rest = strlen(text);

		if (is_last && !is_bound)
			return rest >= length && !memcmp(text + rest - length, pattern, length);
		if (!is_bound && length) {
			text = memmem(text, rest, pattern, length);
			is_found = text;
		} else {
			is_found = !strncmp(text, pattern, length);
		}
		if (!is_found)
			return false;
		text += length;
		pattern += length;
		if (!*pattern)
			return true;
		if (is_last)
			return !*text;
		is_bound = *pattern == '$';	/* a '$' inside is a character that never is there */
		if (is_bound)
			return false;
		pattern += strspn(pattern, "*");
	}
}

/* A bit for each pair of characters that follow each other: what a text must have for a pattern to match. */
static uint64_t pairs_of(const char *text, const char *separators)
{
	uint64_t pairs = 0;

	for (; *text; text++)
		if (text[1] && !strchr(separators, text[0]) && !strchr(separators, text[1]))
			pairs |= UINT64_C(1) << (((unsigned char)text[0] * 31u + (unsigned char)text[1]) % 64);
	return pairs;
}

static uint32_t first_match(const struct suppressing *p, const char *text)
{
	uint64_t pairs = pairs_of(text, "");

	for (uint32_t i = 0; i < p->nr; i++)
		if (!(p->pairs[i] & ~pairs) && hl_suppression_matches(p->patterns[i], text))
			return i;
	return NOBODY;
}

static uint32_t match_of(struct suppressing *p, uint32_t string)
{
	if (p->by_string[string] == NOT_ASKED)
		p->by_string[string] = first_match(p, p->r->strings[string]);
	return p->by_string[string];
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t match_of_frame(struct suppressing *p, const struct hl_resolved_frame *f)
{
	return lesser(lesser(match_of(p, f->function), match_of(p, f->file)), match_of(p, f->module));
}

/* A stack that is missing has the file name that reports show; those reserved for beginnings have none. */
static void ask_nodes(struct suppressing *p)
{
	const struct hl_resolution *n = p->s->resolution;

	for (uint32_t i = 0; i < HL_NR_RESERVED_NODES; i++)
		p->by_node[i] = NOBODY;
	for (uint64_t i = HL_NR_RESERVED_NODES; i < n->nr_nodes; i++) {
		const struct hl_resolved_address *a = &p->r->addresses[n->addresses[i]];
		uint32_t match = p->by_node[p->s->nodes[i].parent];

		for (uint32_t k = 0; k < a->nr; k++)
			match = lesser(match, match_of_frame(p, &p->r->frames[a->first + k]));
		p->by_node[i] = match;
	}
	for (uint32_t i = 0; i < HL_NR_RESERVED_NODES; i++)
		p->by_node[i] = first_match(p, i == HL_NODE_UNATTRIBUTED ? "<unattributed>" : "<unknown>");
}

static int prepare(struct suppressing *p)
{
	size_t nr_strings = p->r->nr_strings;

	p->pairs = calloc((size_t)p->nr + 1, sizeof(*p->pairs));
	p->by_string = malloc((nr_strings + 1) * sizeof(*p->by_string));
	p->by_node = calloc(p->s->resolution->nr_nodes + 1, sizeof(*p->by_node));
	if (!p->pairs || !p->by_string || !p->by_node)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->nr; i++)
		p->pairs[i] = pairs_of(p->patterns[i], "^*$");
	for (size_t i = 0; i < nr_strings; i++)
		p->by_string[i] = NOT_ASKED;
	return 0;
}

static int suppress(struct suppressing *p, struct hl_counts *suppressed, struct hl_snapshot **out)
{
	const struct hl_snapshot *s = p->s;
	uint8_t *verdicts = calloc(s->globals.nr_sites + 1, 1);
	int rc = verdicts ? prepare(p) : -ENOMEM;

	if (!rc) {
		memset(suppressed, 0, p->nr * sizeof(*suppressed));
		ask_nodes(p);
	}
	for (uint64_t i = HL_NR_RESERVED_SITES; !rc && i < s->globals.nr_sites; i++) {
		uint32_t match = p->by_node[s->sites[i].site.node];

		verdicts[i] = match != NOBODY;
		if (match != NOBODY)
			hl_counts_add(&suppressed[match], &s->sites[i].counts);
	}
	if (!rc)
		rc = hl_snapshot_keep(s, verdicts, 0, HL_ALL_DOMAINS, out);
	free(verdicts);
	free(p->pairs);
	free(p->by_string);
	free(p->by_node);
	return rc;
}

int hl_snapshot_suppress_all(struct hl_snapshot *snapshot, struct hl_resolver *resolver, const char *const *patterns,
		size_t nr, struct hl_counts *suppressed, struct hl_snapshot **out)
{
	struct suppressing p = {.s = snapshot, .r = resolver, .patterns = patterns, .nr = (uint32_t)nr};
	int rc = nr >= NOT_ASKED ? -ENOMEM : hl_snapshot_resolve(snapshot, resolver);

	return rc ? rc : suppress(&p, suppressed, out);
}

int hl_snapshot_suppress(struct hl_snapshot *snapshot, struct hl_resolver *resolver, const char *pattern,
		struct hl_counts *suppressed, struct hl_snapshot **out)
{
	struct hl_counts counts;
	int rc = hl_snapshot_suppress_all(snapshot, resolver, &pattern, 1, &counts, out);

	if (!rc)
		*suppressed = counts;
	return rc;
}
