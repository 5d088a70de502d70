/* SPDX-License-Identifier: MIT */
/* Filters: a snapshot with some of the call sites of another. */
#include "snapshot/resolve.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/glob.h"

/* Whether a frame is one that is looked for; asked once for each resolved frame. */
struct frame_test {
	const struct hl_glob *glob;	/* one of these two */
	const regex_t *regex;
	const struct hl_filter *filter;
	const struct hl_resolver *r;
	uint8_t *answers;		/* by frame: 0 not asked yet, 1 no, 2 yes */
	uint8_t *any;			/* by node: whether its stack has such a frame; may be NULL */
};

static struct hl_text text_of(const char *string)
{
	return (struct hl_text){.data = string, .length = strlen(string)};
}

/* tracemalloc looks at the source of a compiled Python file. */
static struct hl_text normalised(struct hl_text name)
{
	if (name.length >= 4 && !memcmp(name.data + name.length - 4, ".pyc", 4))
		name.length--;
	return name;
}

static bool name_matches(const struct hl_glob *glob, const struct hl_resolver *r, const char *name)
{
	size_t length = r->directory ? strlen(r->directory) : 0;

	if (hl_glob_matches(glob, normalised(text_of(name))))
		return true;
	/* Reports name files from the directory; what is seen there can be asked for. */
	return length > 1 && !strncmp(name, r->directory, length) && name[length] == '/' &&
		hl_glob_matches(glob, normalised(text_of(name + length + 1)));
}

static bool place_matches(const struct frame_test *t, const char *file, const char *module,
		uint32_t lineno)
{
	if (t->filter->has_lineno && t->filter->lineno != lineno)
		return false;
	return name_matches(t->glob, t->r, file) ||
		(!lineno && *module && name_matches(t->glob, t->r, module));
}

static bool regex_matches(const regex_t *regex, const char *file, const char *function,
		const char *module)
{
	return !regexec(regex, function, 0, NULL, 0) || !regexec(regex, file, 0, NULL, 0) ||
		(*module && !regexec(regex, module, 0, NULL, 0));
}

static bool test_frame(struct frame_test *t, uint32_t frame)
{
	const struct hl_resolved_frame *f = &t->r->frames[frame];
	const char *file = t->r->strings[f->file];
	const char *module = t->r->strings[f->module];
	bool yes;

	if (!t->answers[frame]) {
		if (t->glob)
			yes = place_matches(t, file, module, f->lineno);
		else
			yes = regex_matches(t->regex, file, t->r->strings[f->function], module);
		t->answers[frame] = yes ? 2 : 1;
	}
	return t->answers[frame] == 2;
}

/* A stack that is missing has the file name that reports show. */
static bool test_reserved(const struct frame_test *t, uint32_t node)
{
	const char *name = node == HL_NODE_UNATTRIBUTED ? "<unattributed>" : "<unknown>";

	return t->glob ? place_matches(t, name, "", 0) : regex_matches(t->regex, name, "", "");
}

static int find_any(struct frame_test *t, const struct hl_snapshot *s)
{
	const struct hl_resolution *n = s->resolution;

	t->any = calloc(n->nr_nodes + 1, 1);
	if (!t->any)
		return -ENOMEM;
	for (uint64_t i = HL_NR_RESERVED_NODES; i < n->nr_nodes; i++) {
		const struct hl_resolved_address *a = &t->r->addresses[n->addresses[i]];
		bool any = t->any[s->nodes[i].parent];

		for (uint32_t k = 0; !any && k < a->nr; k++)
			any = test_frame(t, a->first + k);
		t->any[i] = any;
	}
	return 0;
}

static int frame_test_init(struct frame_test *t, const struct hl_snapshot *s, bool all_frames)
{
	t->r = s->resolution->resolver;
	t->answers = calloc(t->r->nr_frames + 1, 1);
	if (!t->answers)
		return -ENOMEM;
	return all_frames ? find_any(t, s) : 0;
}

static void frame_test_release(struct frame_test *t)
{
	free(t->answers);
	free(t->any);
}

static bool test_site(struct frame_test *t, const struct hl_snapshot *s, const struct hl_site *site)
{
	if (site->node < HL_NR_RESERVED_NODES)
		return test_reserved(t, site->node);
	if (t->any)
		return t->any[site->node];
	return test_frame(t, hl_resolution_line(s->resolution, site->node));
}

/* By site: what the filters say; a site is kept when one inclusive one, and no exclusive, has it. */
enum verdict {
	VERDICT_INCLUDED = 1,
	VERDICT_EXCLUDED = 2,
};

static int apply_filter(const struct hl_snapshot *s, const struct hl_filter *f, uint8_t *verdicts)
{
	struct hl_glob *glob = f->is_domain_filter ? NULL : hl_glob_new(normalised(f->pattern));
	struct frame_test t = {.glob = glob, .filter = f};
	uint8_t verdict = f->is_inclusive ? VERDICT_INCLUDED : VERDICT_EXCLUDED;
	int rc = 0;

	if (!f->is_domain_filter)
		rc = glob ? frame_test_init(&t, s, f->all_frames) : -ENOMEM;
	for (uint64_t i = HL_NR_RESERVED_SITES; !rc && i < s->globals.nr_sites; i++) {
		const struct hl_site *site = &s->sites[i].site;

		if ((f->is_domain_filter || f->has_domain) && site->domain != f->domain)
			continue;
		if (f->is_domain_filter || test_site(&t, s, site))
			verdicts[i] |= verdict;
	}
	frame_test_release(&t);
	hl_glob_free(glob);
	return rc;
}

int hl_snapshot_copy_site(struct hl_snapshot *copy, const struct hl_site_counts *site)
{
	int rc = hl_snapshot_add_site(copy, site->site.node, HL_KIND_NONE,
			(enum hl_domain)site->site.domain, &site->counts);

	if (!rc) {
		/* also a kind that only a later version knows */
		copy->sites[copy->globals.nr_sites - 1].site.kind = site->site.kind;
		copy->sites[copy->globals.nr_sites - 1].site.thread = site->site.thread;
		copy->sites[copy->globals.nr_sites - 1].site.total_frames =
			site->site.total_frames;
		copy->sites[copy->globals.nr_sites - 1].own = site->own;
	}
	return rc;
}

/* The domains that a site must be of to be kept, whatever its place. */
static unsigned int domains_of(const struct hl_filter *filters, size_t nr)
{
	unsigned int included = 0;
	unsigned int excluded = 0;
	bool has_inclusive = false;

	for (size_t i = 0; i < nr; i++) {
		const struct hl_filter *f = &filters[i];
		unsigned int domain = f->domain < HL_NR_DOMAINS ? 1u << f->domain : 0;

		has_inclusive |= f->is_inclusive;
		if (f->is_inclusive)
			included |= f->is_domain_filter || f->has_domain ? domain : HL_ALL_DOMAINS;
		else if (f->is_domain_filter)
			excluded |= domain;
	}
	return (has_inclusive ? included : HL_ALL_DOMAINS) & ~excluded;
}

/*
 * What is left of the peak.  Of whole domains it is theirs; of some of their sites it is what these held when the
 * domains were at their peak.
 */
static void cut_peaks(struct hl_snapshot *copy, const struct hl_snapshot *s, const uint8_t *verdicts,
		uint8_t wanted, unsigned int domains)
{
	bool is_part = false;

	for (uint64_t i = HL_NR_RESERVED_SITES; !is_part && i < s->globals.nr_sites; i++) {
		const struct hl_site_counts *site = &s->sites[i];

		is_part = verdicts[i] != wanted && domains >> site->site.domain & 1 &&
			hl_counts_has_any(&site->counts);
	}
	if (domains != HL_ALL_DOMAINS)
		hl_snapshot_keep_domains(copy, domains);
	if (is_part)
		hl_snapshot_sum_peaks(copy);
}

int hl_snapshot_keep(const struct hl_snapshot *s, const uint8_t *verdicts, uint8_t wanted,
		unsigned int domains, struct hl_snapshot **out)
{
	struct hl_snapshot *copy = hl_snapshot_new_like(s);
	int rc = copy ? 0 : -ENOMEM;

	for (uint64_t i = HL_NR_RESERVED_SITES; !rc && i < s->globals.nr_sites; i++)
		if (verdicts[i] == wanted)
			rc = hl_snapshot_copy_site(copy, &s->sites[i]);
	if (rc) {
		hl_snapshot_unref(copy);
		return rc;
	}
	cut_peaks(copy, s, verdicts, wanted, domains);
	*out = copy;
	return 0;
}

int hl_snapshot_filter(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		const struct hl_filter *filters, size_t nr, struct hl_snapshot **out)
{
	uint8_t *verdicts = calloc(snapshot->globals.nr_sites + 1, 1);
	bool has_inclusive = false;
	bool all_frames = false;
	int rc = verdicts ? 0 : -ENOMEM;

	for (size_t i = 0; i < nr; i++)
		all_frames |= filters[i].all_frames;
	if (!rc)
		rc = all_frames ? hl_snapshot_resolve(snapshot, resolver) :
			hl_snapshot_resolve_lines(snapshot, resolver);
	for (size_t i = 0; !rc && i < nr; i++) {
		has_inclusive |= filters[i].is_inclusive;
		rc = apply_filter(snapshot, &filters[i], verdicts);
	}
	if (!rc)
		rc = hl_snapshot_keep(snapshot, verdicts, has_inclusive ? VERDICT_INCLUDED : 0,
				domains_of(filters, nr), out);
	free(verdicts);
	return rc;
}

int hl_snapshot_focus(struct hl_snapshot *snapshot, struct hl_resolver *resolver, const char *regex,
		bool keep, struct hl_snapshot **out)
{
	uint8_t *verdicts = NULL;
	regex_t compiled;
	struct frame_test t = {.regex = &compiled};
	int rc;

	if (regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB))
		return -EINVAL;
	verdicts = calloc(snapshot->globals.nr_sites + 1, 1);
	rc = verdicts ? hl_snapshot_resolve(snapshot, resolver) : -ENOMEM;
	if (!rc)
		rc = frame_test_init(&t, snapshot, true);
	for (uint64_t i = HL_NR_RESERVED_SITES; !rc && i < snapshot->globals.nr_sites; i++)
		verdicts[i] = test_site(&t, snapshot, &snapshot->sites[i].site);
	if (!rc)
		rc = hl_snapshot_keep(snapshot, verdicts, keep, HL_ALL_DOMAINS, out);
	frame_test_release(&t);
	regfree(&compiled);
	free(verdicts);
	return rc;
}

/* A number behind the last @mark in front of @end; true: there is one, and @end is set before it. */
static bool take_number(struct hl_text *spec, char mark, uint64_t *out)
{
	size_t i = spec->length;
	uint64_t value = 0;

	while (i && spec->data[i - 1] >= '0' && spec->data[i - 1] <= '9')
		i--;
	if (i == spec->length || !i || spec->data[i - 1] != mark)
		return false;
	for (size_t k = i; k < spec->length; k++)
		value = value > UINT32_MAX ? value : value * 10 + (uint64_t)(spec->data[k] - '0');
	spec->length = i - 1;
	*out = value;
	return true;
}

int hl_filter_parse(const char *spec, bool is_inclusive, struct hl_filter *out)
{
	struct hl_filter f = {.is_inclusive = is_inclusive};
	struct hl_text rest = text_of(spec);
	uint64_t domain = 0;
	uint64_t lineno = 0;

	f.has_domain = take_number(&rest, '%', &domain);
	if (f.has_domain && !rest.length) {
		f.is_domain_filter = true;
	} else {
		if (rest.length && rest.data[rest.length - 1] == '!') {
			f.all_frames = true;
			rest.length--;
		}
		f.has_lineno = take_number(&rest, '@', &lineno);
	}
	if (domain > UINT32_MAX || lineno > UINT32_MAX)
		return -ERANGE;
	f.domain = (uint32_t)domain;
	f.lineno = (uint32_t)lineno;
	f.pattern = rest;
	*out = f;
	return 0;
}
