/* SPDX-License-Identifier: MIT */
/* Snapshots of stacks by source: equal frames, nodes and sites become one. */
#include "snapshot/heapledger-build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "snapshot/map.h"
#include "snapshot/snapshot.h"

struct hl_builder {
	struct hl_snapshot *s;
	struct hl_map strings;		/* hash of a text, number of the try -> place in texts */
	struct hl_map frames;		/* (file and function, line) -> frame */
	struct hl_map names;		/* (file, function) -> number of the pair */
	struct hl_map nodes;		/* (parent, ip) -> node */
	struct hl_map sites;		/* (node, domain and total) -> site */
	struct hl_text *texts;		/* copies */
	size_t nr_texts, text_room;
	uint32_t nr_names;
	size_t deepest;
	bool has_peak[HL_NR_DOMAINS];
};

struct hl_builder *hl_builder_new(void)
{
	struct hl_builder *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->s = hl_snapshot_new();
	if (b->s)
		return b;
	free(b);
	return NULL;
}

void hl_builder_free(struct hl_builder *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->nr_texts; i++)
		free((char *)b->texts[i].data);
	free(b->texts);
	hl_map_release(&b->strings);
	hl_map_release(&b->frames);
	hl_map_release(&b->names);
	hl_map_release(&b->nodes);
	hl_map_release(&b->sites);
	hl_snapshot_unref(b->s);
	free(b);
}

static uint64_t hash_text(struct hl_text text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < text.length; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static int copy_text(struct hl_builder *b, struct hl_text text, uint32_t *out)
{
	char *data;

	if (b->nr_texts >= UINT32_MAX)
		return -EFBIG;
	if (hl_array_grow((void **)&b->texts, &b->text_room, b->nr_texts, sizeof(*b->texts)))
		return -ENOMEM;
	data = malloc(text.length + 1);
	if (!data)
		return -ENOMEM;
	if (text.length)
		memcpy(data, text.data, text.length);
	*out = (uint32_t)b->nr_texts;
	b->texts[b->nr_texts++] = (struct hl_text){data, text.length};
	return 0;
}

/* The number of a text; texts with the same hash are told apart by trying on. */
static int text_number(struct hl_builder *b, struct hl_text text, uint32_t *out)
{
	uint64_t hash = hash_text(text);

	for (uint64_t i = 0;; i++) {
		struct hl_map_entry *e = hl_map_at(&b->strings, hash, i);
		const struct hl_text *known;

		if (!e)
			return -ENOMEM;
		if (e->value == UINT32_MAX) {
			int rc = copy_text(b, text, &e->value);

			*out = e->value;
			return rc;
		}
		known = &b->texts[e->value];
		if (known->length == text.length && (!text.length ||
				!memcmp(known->data, text.data, text.length))) {
			*out = e->value;
			return 0;
		}
	}
}

static int frame_ip(struct hl_builder *b, const struct hl_place *place, uint64_t *ip)
{
	uint32_t file = 0;
	uint32_t function = 0;
	struct hl_map_entry *e;
	int rc = text_number(b, place->file, &file);

	if (!rc)
		rc = text_number(b, place->function, &function);
	if (rc)
		return rc;
	e = hl_map_at(&b->names, file, function);
	if (!e)
		return -ENOMEM;
	if (e->value == UINT32_MAX)
		e->value = b->nr_names++;
	e = hl_map_at(&b->frames, e->value, place->lineno);
	if (!e)
		return -ENOMEM;
	if (e->value == UINT32_MAX) {
		rc = hl_snapshot_add_frame(b->s, place->file, place->function, place->lineno, ip);
		if (!rc)
			e->value = (uint32_t)(*ip & ~HL_IP_TAG_MASK);
		return rc;
	}
	*ip = HL_IP_FRAME_TAG | e->value;
	return 0;
}

static int add_node(struct hl_builder *b, uint32_t parent, uint64_t ip, uint32_t *out)
{
	struct hl_map_entry *e = hl_map_at(&b->nodes, parent, ip);
	int rc = e ? 0 : -ENOMEM;

	if (!rc && e->value == UINT32_MAX)
		rc = hl_snapshot_add_node(b->s, parent, ip, &e->value);
	if (!rc)
		*out = e->value;
	return rc;
}

/* Outermost frame first: a node's parent has a smaller number. */
static int stack_node(struct hl_builder *b, const struct hl_place *places, size_t nr, size_t nr_total,
		uint32_t *out)
{
	uint32_t node = nr_total > nr ? HL_NODE_TRUNCATED : HL_NODE_ROOT;
	uint64_t ip = 0;
	int rc = 0;

	if (!nr)
		node = HL_NODE_UNATTRIBUTED;
	while (!rc && nr--) {
		rc = frame_ip(b, &places[nr], &ip);
		if (!rc)
			rc = add_node(b, node, ip, &node);
	}
	*out = node;
	return rc;
}

static enum hl_kind kind_of(int domain)
{
	return domain == HL_DOMAIN_MALLOC ? HL_KIND_MALLOC : HL_KIND_TRACKED;
}

static int add_site(struct hl_builder *b, uint32_t node, uint32_t total, int domain,
		const struct hl_counts *counts)
{
	struct hl_map_entry *e = hl_map_at(&b->sites, node, (uint64_t)domain << 32 | total);
	int rc;

	if (!e)
		return -ENOMEM;
	if (e->value != UINT32_MAX)
		return hl_counts_add(&b->s->sites[e->value].counts, counts) ? 0 : -ERANGE;
	rc = hl_snapshot_add_site(b->s, node, kind_of(domain), (enum hl_domain)domain, counts);
	if (rc)
		return rc;
	e->value = (uint32_t)b->s->globals.nr_sites - 1;
	b->s->sites[e->value].site.total_frames = total;
	return 0;
}

int hl_builder_add(struct hl_builder *b, const struct hl_place *places, size_t nr, size_t nr_total,
		int domain, const struct hl_counts *counts)
{
	struct hl_domain_totals *totals;
	uint32_t node = 0;
	int rc;

	if (domain < 0 || domain >= HL_NR_DOMAINS)
		return -EINVAL;
	if (nr_total > UINT32_MAX)
		nr_total = UINT32_MAX;
	/* The most recent ones come first; what is left out makes the stack a truncated one. */
	if (nr > HL_MAX_FRAMES) {
		nr_total = nr_total < nr ? nr : nr_total;
		nr = HL_MAX_FRAMES;
	}
	rc = stack_node(b, places, nr, nr_total, &node);
	if (!rc)
		rc = add_site(b, node, nr_total > nr ? (uint32_t)nr_total : 0, domain, counts);
	if (rc)
		return rc;
	totals = &b->s->globals.domains[domain];
	if (__builtin_add_overflow(totals->current_bytes, (int64_t)(counts->alloc_bytes - counts->free_bytes),
			&totals->current_bytes) ||
			(!b->has_peak[domain] && __builtin_add_overflow(totals->peak_bytes, counts->peak_bytes,
					&totals->peak_bytes)) ||
			!hl_shard_add(&b->s->shard, &(struct hl_shard){.events = counts->alloc_count}) ||
			!hl_shard_add(&b->s->shard, &(struct hl_shard){.events = counts->free_count}))
		return -ERANGE;
	if (nr > b->deepest)
		b->deepest = nr;
	return 0;
}

int hl_builder_set_peak(struct hl_builder *b, int domain, uint64_t bytes)
{
	if (domain < 0 || domain >= HL_NR_DOMAINS || bytes > INT64_MAX)
		return -EINVAL;
	b->s->globals.domains[domain].peak_bytes = (int64_t)bytes;
	b->has_peak[domain] = true;
	return 0;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int hl_builder_finish(struct hl_builder *b, const char *program, struct hl_snapshot **out)
{
	struct hl_ledger_header *header = &b->s->header;
	const char *reason;
	uint64_t site;

	if (hl_snapshot_check_sites(b->s, &site, &reason) || hl_snapshot_check_globals(b->s, &reason))
		return -ERANGE;
	if (program) {
		int rc = hl_snapshot_add_string(b->s, program, strlen(program), &header->exe);

		if (rc)
			return rc;
		header->command = header->exe;
	}
	header->pid = (uint32_t)getpid();
	header->depth_limit = (uint32_t)b->deepest;
	header->start_realtime_ns = now_ns(CLOCK_REALTIME);
	header->start_monotonic_ns = now_ns(CLOCK_MONOTONIC);
	header->snapshot_monotonic_ns = header->start_monotonic_ns;
	*out = b->s;
	b->s = NULL;
	hl_builder_free(b);
	return 0;
}
