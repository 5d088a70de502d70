/* SPDX-License-Identifier: MIT */
/* Tables of a ledger that a program might have written. */
#include "ledgers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODE 0x400000u

uint64_t random_number(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t random_below(struct random *r, uint64_t n)
{
	return n ? random_number(r) % n : 0;
}

bool random_chance(struct random *r, unsigned int percent)
{
	return random_below(r, 100) < percent;
}

uint64_t random_extreme(struct random *r)
{
	static const uint64_t ends[] = {
		0, 1, 1u << 15, 1u << 16, 1u << 31, UINT64_C(1) << 32, UINT64_C(1) << 48, UINT64_C(1) << 53,
		UINT64_C(1) << 61, UINT64_C(1) << 62, UINT64_C(1) << 63,
	};
	uint64_t end = ends[random_below(r, sizeof(ends) / sizeof(*ends))];

	if (random_chance(r, 15))
		return random_number(r) >> random_below(r, 64);
	return end + random_below(r, 5) - 2;
}

struct tables *tables_new(void)
{
	struct tables *t = calloc(1, sizeof(*t));

	if (t) {
		t->nodes = calloc(MAX_NODES, sizeof(*t->nodes));
		t->sites = calloc(MAX_SITES, sizeof(*t->sites));
		t->counters = calloc((size_t)MAX_SHARDS * MAX_SITES, sizeof(*t->counters));
		t->peaks = calloc((size_t)MAX_SHARDS * MAX_SITES, sizeof(*t->peaks));
	}
	if (!t || !t->nodes || !t->sites || !t->counters || !t->peaks) {
		fprintf(stderr, "ledgers: out of memory\n");
		exit(2);
	}
	return t;
}

static void clear(struct tables *t)
{
	struct tables empty = {
		.nodes = t->nodes, .sites = t->sites, .counters = t->counters, .peaks = t->peaks,
	};

	for (uint32_t i = 0; i < t->nr_shards; i++) {
		memset(t->counters + (size_t)i * MAX_SITES, 0, t->nr_sites * sizeof(*t->counters));
		memset(t->peaks + (size_t)i * MAX_SITES, 0, t->nr_sites * sizeof(*t->peaks));
	}
	memset(t->nodes, 0, t->nr_nodes * sizeof(*t->nodes));
	memset(t->sites, 0, t->nr_sites * sizeof(*t->sites));
	*t = empty;
}

struct hl_counters *counters_of(struct tables *t, uint32_t shard, uint32_t site)
{
	return &t->counters[(size_t)shard * MAX_SITES + site];
}

uint32_t put_string(struct tables *t, const char *text, size_t length, struct hl_string *out)
{
	if (length > MAX_STRINGS - t->string_bytes)
		length = 0;
	memcpy(t->strings + t->string_bytes, text, length);
	*out = (struct hl_string){.offset = t->string_bytes, .length = (uint32_t)length};
	t->string_bytes += (uint32_t)length;
	return out->offset;
}

static void put_text(struct tables *t, const char *text, struct hl_string *out)
{
	put_string(t, text, strlen(text), out);
}

uint32_t add_node(struct tables *t, uint32_t parent, uint64_t ip)
{
	if (t->nr_nodes == MAX_NODES)
		return parent;
	t->nodes[t->nr_nodes] = (struct hl_node){.ip = ip, .parent = parent};
	return t->nr_nodes++;
}

uint32_t add_site(struct tables *t, uint32_t node, unsigned int domain)
{
	if (t->nr_sites == MAX_SITES)
		return t->nr_sites - 1;
	t->sites[t->nr_sites] = (struct hl_site){
		.node = node,
		.kind = domain == HL_DOMAIN_MMAP ? HL_KIND_MMAP : HL_KIND_MALLOC,
		.domain = (uint8_t)domain,
	};
	return t->nr_sites++;
}

static void make_header(struct tables *t, struct random *r)
{
	struct hl_ledger_header *h = &t->header;

	memcpy(h->magic, HL_LEDGER_MAGIC, sizeof(h->magic));
	h->version = HL_LEDGER_VERSION;
	h->endian = HL_LEDGER_ENDIAN;
	h->header_bytes = HL_LEDGER_PAGE;
	h->machine = 62;
	h->kind = random_chance(r, 50) ? HL_LEDGER_LIVE : HL_LEDGER_SNAPSHOT;
	h->pid = 4711;
	h->ppid = 1;
	h->depth_limit = 256;
	h->max_bytes = 1u << 30;
	h->start_realtime_ns = UINT64_C(1700000000000000000);
	h->start_monotonic_ns = 1000;
	h->state = 1;
	h->end_reason = HL_END_EXIT;
	h->end_monotonic_ns = 2000;
	put_text(t, "/nowhere/program", &h->exe);
	put_string(t, "program\0argument", 17, &h->command);
	put_text(t, "/nowhere", &h->directory);
	put_text(t, "/nowhere/libc.so.6", &h->allocator);
	put_text(t, "1.0", &h->shim_version);
}

static void make_places(struct tables *t, struct random *r)
{
	char text[64];

	t->nr_generations = 1;
	t->nr_modules = 1 + (uint32_t)random_below(r, 4);
	for (uint32_t i = 0; i < t->nr_modules; i++) {
		struct hl_module *m = &t->modules[i];

		m->start = m->bias = (uint64_t)CODE * (i + 1);
		m->end = m->start + 0x10000;
		m->first_generation = 1;
		snprintf(text, sizeof(text), "/nowhere/lib%u.so", i);
		put_text(t, text, &m->path);
	}
	t->nr_frames = (uint32_t)random_below(r, 20);
	for (uint32_t i = 0; i < t->nr_frames; i++) {
		snprintf(text, sizeof(text), "file%u.c", i % 5);
		put_text(t, text, &t->frames[i].file);
		snprintf(text, sizeof(text), "function%u", i);
		put_text(t, text, &t->frames[i].function);
		t->frames[i].lineno = i + 1;
	}
	t->nr_marks = (uint32_t)random_below(r, 3);
	for (uint32_t i = 0; i < t->nr_marks; i++) {
		put_text(t, "a mark", &t->marks[i].text);
		t->marks[i].monotonic_ns = 1100 + i;
		t->marks[i].current_bytes[0] = t->marks[i].peak_bytes[0] = 100;
	}
	t->nr_threads = (uint32_t)random_below(r, 4);
	for (uint32_t i = 0; i < t->nr_threads; i++) {
		put_text(t, "worker", &t->threads[i].name);
		t->threads[i].start_ns = 1100 + i;
		t->threads[i].tid = 4711 + i;
	}
}

static uint64_t any_ip(struct tables *t, struct random *r)
{
	if (t->nr_frames && random_chance(r, 50))
		return HL_IP_FRAME_TAG | random_below(r, t->nr_frames);
	return (uint64_t)CODE * (1 + random_below(r, t->nr_modules)) + random_below(r, 0x100) * 16 + 1;
}

static void make_stacks(struct tables *t, struct random *r)
{
	uint32_t nr_nodes = 1 + (uint32_t)random_below(r, 60);
	uint32_t nr_sites = (uint32_t)random_below(r, 40);

	t->nr_nodes = HL_NR_RESERVED_NODES;
	t->nr_sites = HL_NR_RESERVED_SITES;
	for (uint32_t i = 0; i < nr_nodes; i++) {
		uint32_t parent = (uint32_t)random_below(r, t->nr_nodes);

		add_node(t, parent == HL_NODE_UNATTRIBUTED ? HL_NODE_ROOT : parent, any_ip(t, r));
	}
	for (uint32_t i = 0; i < nr_sites; i++) {
		uint32_t site = add_site(t, (uint32_t)random_below(r, t->nr_nodes),
				(unsigned int)random_below(r, t->has_peaks ? 2 : HL_NR_DOMAINS));

		t->sites[site].thread = (uint16_t)random_below(r, t->nr_threads + 1);
	}
}

/* Blocks of one size, some of which another shard frees. */
static void make_counts(struct tables *t, struct random *r)
{
	for (uint32_t i = HL_NR_RESERVED_SITES; i < t->nr_sites; i++) {
		uint64_t size = 1 + random_below(r, 1000);
		uint64_t nr = random_below(r, 50);
		struct hl_counters *c = counters_of(t, (uint32_t)random_below(r, t->nr_shards), i);

		c->alloc_count += nr;
		c->alloc_bytes += nr * size;
		t->shards[0].shard.events += nr;
		c->temp_count += random_below(r, nr + 1);
		c->peak_bytes = (int64_t)(nr * size);
		c->peak_count = (int32_t)nr;
		c->peak_epoch = 1;
		t->globals.domains[t->sites[i].domain].peak_bytes += (int64_t)(nr * size);
		nr = random_below(r, nr + 1);
		c = counters_of(t, (uint32_t)random_below(r, t->nr_shards), i);
		c->free_count += nr;
		c->free_bytes += nr * size;
		c->peak_epoch = 1;
		t->shards[0].shard.events += nr;
	}
}

static void make_globals(struct tables *t)
{
	struct hl_globals *g = &t->globals;

	for (int d = 0; d < HL_NR_DOMAINS; d++)
		g->domains[d].peak_epoch = g->domains[d].epoch = g->sum_epochs[d] = 1;
	if (t->has_peaks)
		g->sum.peak_bytes = g->domains[0].peak_bytes + g->domains[1].peak_bytes;
	g->nr_nodes = t->nr_nodes;
	g->nr_sites = t->nr_sites;
	g->nr_modules = t->nr_modules;
	g->nr_shards = t->nr_shards;
	g->nr_generations = t->nr_generations;
	g->string_bytes = t->string_bytes;
	g->file_bytes = 65536;
	g->threads_seen = t->nr_shards;
}

void make_ledger(struct tables *t, struct random *r)
{
	clear(t);
	t->must_accept = true;
	t->has_peaks = random_chance(r, 25);
	t->nr_shards = random_chance(r, 50) ? 1 : 1 + (uint32_t)random_below(r, 6);
	make_header(t, r);
	make_places(t, r);
	make_stacks(t, r);
	make_counts(t, r);
	make_globals(t);
	if (t->header.kind == HL_LEDGER_LIVE && random_chance(r, 30))
		t->header.end_monotonic_ns = t->header.end_reason = 0;
	for (uint32_t i = 1; i < t->nr_shards; i++) {
		t->shards[i].shard.seq = 2 * i;
		t->shards[i].shard.partial_events = i;
	}
}
