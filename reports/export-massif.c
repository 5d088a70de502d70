/* SPDX-License-Identifier: MIT */
/*
 * massif's output file: an empty snapshot at the start, one with the stacks at the peak, and one at
 * the end; between them the points of the time line, without stacks.  The tree has the allocation at
 * its root and callers below; as in massif, allocators and wrappers are passed over, and what is below
 * 1 % of the snapshot is one line.
 *
 * ms_print takes '#' for the start of a comment anywhere in a line, so names have '$' instead.
 */
#include "reports/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/ledger.h"
#include "reports/escape.h"
#include "reports/frame-text.h"

#define NS_PER_MS 1000000u
#define FROM "#"
#define TO "$"
/* Depth of the tree: more than valgrind records at all, and bounded for our own stack. */
#define MAX_DEPTH 500u

/* A call site on its way to its outermost frame. */
struct walk {
	struct hl_stack_cursor next;
	const struct hl_stack_frame *frame; /* NULL: the stack has ended */
	uint64_t bytes;
};

struct massif {
	FILE *file;
	const struct hl_export *export;
	struct walk *walks;
	size_t nr_walks;
	uint64_t threshold;		/* bytes */
};

/* Walks that go through one frame: walks[first] and the following. */
struct group {
	size_t first;
	size_t nr;
	uint64_t bytes;
};

static void advance(const struct massif *m, struct walk *walk)
{
	if (hl_stacks_next_frame(m->export->stacks, &walk->next, &walk->frame))
		walk->frame = NULL;
}

static void start(const struct massif *m, struct walk *walk, const struct hl_stack_site *site)
{
	walk->next = hl_stacks_line(m->export->stacks, site, &walk->frame);
}

static int start_all(struct massif *m, enum hl_value value)
{
	size_t nr = hl_stacks_nr_sites(m->export->stacks);

	m->walks = calloc(nr + 1, sizeof(*m->walks));
	if (!m->walks)
		return -ENOMEM;
	m->nr_walks = 0;
	for (size_t i = 0; i < nr; i++) {
		const struct hl_stack_site *site = hl_stacks_site(m->export->stacks, i);
		uint64_t bytes = hl_export_natural(&site->counts, value);

		if (!bytes)
			continue;
		m->walks[m->nr_walks].bytes = bytes;
		start(m, &m->walks[m->nr_walks++], site);
	}
	return 0;
}

/* Frames lie in one array, in the order of their places: the same in every run. */
static int compare_walks(const void *a, const void *b)
{
	const struct walk *x = a;
	const struct walk *y = b;

	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

static int compare_groups(const void *a, const void *b)
{
	const struct group *x = a;
	const struct group *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* Group walks[first ... first + nr - 1] by frame; those that have ended are left out. */
static int make_groups(struct massif *m, size_t first, size_t nr, struct group **out,
		size_t *nr_out)
{
	struct walk *walks = m->walks + first;
	struct group *groups = calloc(nr + 1, sizeof(*groups));
	size_t n = 0;

	if (!groups)
		return -ENOMEM;
	qsort(walks, nr, sizeof(*walks), compare_walks);
	for (size_t i = 0; i < nr; i++) {
		if (!walks[i].frame)
			continue;
		if (!n || walks[i].frame != walks[i - 1].frame)
			groups[n++].first = first + i;
		groups[n - 1].nr++;
		groups[n - 1].bytes += walks[i].bytes;
	}
	qsort(groups, n, sizeof(*groups), compare_groups);
	*out = groups;
	*nr_out = n;
	return 0;
}

static void indent(FILE *file, unsigned int depth)
{
	while (depth--)
		fputc(' ', file);
}

static int put_children(struct massif *m, size_t first, size_t nr, uint64_t bytes,
		const struct hl_stack_frame *frame, unsigned int depth);

static int put_group(struct massif *m, const struct group *group, unsigned int depth)
{
	const struct hl_stack_frame *frame = m->walks[group->first].frame;

	for (size_t i = 0; i < group->nr; i++)
		advance(m, &m->walks[group->first + i]);
	return put_children(m, group->first, group->nr, group->bytes, frame, depth);
}

static void put_rest(struct massif *m, const struct group *groups, size_t nr, unsigned int depth)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < nr; i++)
		bytes += groups[i].bytes;
	indent(m->file, depth);
	if (nr == 1)
		fprintf(m->file, "n0: %" PRIu64 " in 1 place, below massif's threshold (1.00%%)\n",
				bytes);
	else
		fprintf(m->file, "n0: %" PRIu64 " in %zu places, all below massif's threshold"
				" (1.00%%)\n", bytes, nr);
}

static void put_node(struct massif *m, size_t nr_children, uint64_t bytes,
		const struct hl_stack_frame *frame, unsigned int depth)
{
	indent(m->file, depth);
	fprintf(m->file, "n%zu: %" PRIu64 " ", nr_children, bytes);
	if (frame)
		hl_put_frame(m->file, frame, FROM, TO);
	else
		fputs("(heap allocation functions) malloc/new/new[], --alloc-fns, etc.", m->file);
	fputc('\n', m->file);
}

/* A node and what is below it: the stacks of walks[first ...], which go on with their frame. */
static int put_children(struct massif *m, size_t first, size_t nr, uint64_t bytes,
		const struct hl_stack_frame *frame, unsigned int depth)
{
	struct group *groups = NULL;
	size_t nr_groups = 0;
	size_t shown = 0;
	int rc = 0;

	if (depth < MAX_DEPTH)
		rc = make_groups(m, first, nr, &groups, &nr_groups);
	if (rc)
		return rc;
	while (shown < nr_groups && groups[shown].bytes >= m->threshold)
		shown++;
	put_node(m, shown + (shown < nr_groups), bytes, frame, depth);
	for (size_t i = 0; !rc && i < shown; i++)
		rc = put_group(m, &groups[i], depth + 1);
	if (!rc && shown < nr_groups)
		put_rest(m, groups + shown, nr_groups - shown, depth + 1);
	free(groups);
	return rc;
}

static void put_head(FILE *file, int number, uint64_t time_ms, uint64_t bytes, const char *tree)
{
	fprintf(file, "#-----------\nsnapshot=%d\n#-----------\ntime=%" PRIu64 "\n"
			"mem_heap_B=%" PRIu64 "\nmem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree=%s\n",
			number, time_ms, bytes, tree);
}

static int put_snapshot(struct massif *m, int number, uint64_t time_ms, enum hl_value value,
		const char *tree)
{
	uint64_t bytes = hl_export_sum(m->export, value);
	int rc;

	put_head(m->file, number, time_ms, bytes, bytes ? tree : "empty");
	if (!bytes)
		return 0;
	m->threshold = bytes / 100 + (bytes % 100 != 0);
	rc = start_all(m, value);
	if (!rc)
		rc = put_children(m, 0, m->nr_walks, bytes, NULL, 0);
	free(m->walks);
	m->walks = NULL;
	return rc;
}

static uint64_t bytes_of(const struct hl_time_info *t)
{
	uint64_t sum = 0;

	for (int d = 0; d < HL_NR_DOMAINS; d++)
		sum += (uint64_t)t->live_bytes[d];
	return sum;
}

/* The points of the time line in [from, to), of which *next is the first that has not been put yet. */
static void put_points(struct massif *m, uint64_t from, uint64_t to, size_t *next, int *number)
{
	const struct hl_snapshot *s = m->export->snapshot;
	size_t nr = hl_snapshot_nr_times(s, NULL);

	for (; *next < nr; ++*next) {
		struct hl_time_info t;
		uint64_t at;

		hl_snapshot_time(s, *next, &t);
		at = hl_export_since_start(m->export, t.monotonic_ns) / NS_PER_MS;
		if (at >= to)
			return;
		if (at > from)
			put_head(m->file, (*number)++, at, bytes_of(&t), "empty");
	}
}

static int write_massif(FILE *file, const struct hl_export *export)
{
	struct massif m = {.file = file, .export = export};
	struct hl_totals totals;
	uint64_t peak_ms;
	uint64_t end_ms = hl_export_duration(export) / NS_PER_MS;
	size_t point = 0;
	int number = 1;
	int rc;

	hl_snapshot_totals(export->snapshot, -1, &totals);
	peak_ms = hl_export_since_start(export, totals.peak_ns) / NS_PER_MS;
	if (peak_ms > end_ms)
		end_ms = peak_ms;
	fputs("desc: --time-unit=ms (exported by ", file);
	hl_put_replaced(file, export->creator, strlen(export->creator), FROM, TO);
	fputs(")\ncmd: ", file);
	hl_export_put_command(file, export, FROM, TO);
	fputs("\ntime_unit: ms\n", file);
	put_head(file, 0, 0, 0, "empty");
	put_points(&m, 0, peak_ms, &point, &number);
	rc = put_snapshot(&m, number++, peak_ms, HL_VALUE_PEAK_BYTES, "peak");
	put_points(&m, peak_ms, end_ms, &point, &number);
	if (!rc)
		rc = put_snapshot(&m, number, end_ms, HL_VALUE_LIVE_BYTES, "detailed");
	hl_export_note_negative(export, 1u << HL_VALUE_PEAK_BYTES | 1u << HL_VALUE_LIVE_BYTES);
	return rc;
}

const struct hl_export_writer hl_export_massif = {
	.name = "massif",
	.write = write_massif,
};
