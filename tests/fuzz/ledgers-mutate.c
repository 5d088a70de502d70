/* SPDX-License-Identifier: MIT */
/*
 * What is done to the tables, and to how they are cut.  What is done to sections says that the
 * file must be refused, that the model does not cover it, or nothing; of the tables the model tells that.
 */
#include "ledgers.h"

#include <string.h>

void note(struct tables *t, const char *what)
{
	t->must_accept = false;
	if (t->nr_notes < MAX_NOTES)
		t->notes[t->nr_notes++] = what;
}

static uint32_t any_site(struct tables *t, struct random *r)
{
	return (uint32_t)random_below(r, t->nr_sites);
}

/* ---- Numbers -------------------------------------------------------------------------------------------------- */

static void extreme_counters(struct tables *t, struct random *r)
{
	for (uint64_t n = 1 + random_below(r, 4); n; n--) {
		struct hl_counters *c = counters_of(t, (uint32_t)random_below(r, t->nr_shards), any_site(t, r));
		uint64_t *const fields[] = {
			&c->alloc_count, &c->alloc_bytes, &c->free_count, &c->free_bytes, &c->temp_count,
			&c->move_count,
		};

		*fields[random_below(r, 6)] = random_extreme(r);
	}
	note(t, "extreme counters");
}

/* What wraps to something small: the heart of the matter. */
static void wrapping_counters(struct tables *t, struct random *r)
{
	uint64_t half = UINT64_C(1) << (62 + random_below(r, 2));
	uint32_t shard = (uint32_t)random_below(r, t->nr_shards);

	for (uint64_t n = 2 + 2 * random_below(r, 2); n; n--) {
		struct hl_counters *c = counters_of(t, random_chance(r, 50) ? shard :
				(uint32_t)random_below(r, t->nr_shards), any_site(t, r));

		if (random_chance(r, 80))
			c->alloc_bytes += half;
		else
			c->free_bytes += half;
		c->alloc_count++;
	}
	note(t, "sums that go round");
}

static void extreme_peaks(struct tables *t, struct random *r)
{
	struct hl_counters *c = counters_of(t, (uint32_t)random_below(r, t->nr_shards), any_site(t, r));
	struct hl_globals *g = &t->globals;

	switch (random_below(r, 6)) {
	case 0:
		c->peak_bytes = (int64_t)random_extreme(r);
		break;
	case 1:
		c->peak_count = (int32_t)random_extreme(r);
		break;
	case 2:
		c->peak_epoch = (uint32_t)random_extreme(r);
		break;
	case 3:
		g->domains[random_below(r, HL_NR_DOMAINS)].peak_bytes = (int64_t)random_extreme(r);
		break;
	case 4:
		g->domains[random_below(r, HL_NR_DOMAINS)].peak_epoch = (uint32_t)random_extreme(r);
		break;
	default:
		g->sum.peak_bytes = (int64_t)random_extreme(r);
		g->peak_bound_bytes = random_chance(r, 30) ? random_extreme(r) : 0;
	}
	note(t, "extreme peaks");
}

static void extreme_globals(struct tables *t, struct random *r)
{
	struct hl_globals *g = &t->globals;
	uint64_t *const fields[] = {
		&g->nr_modules, &g->nr_shards, &g->nr_generations, &g->file_bytes, &g->private_bytes, &g->refused_bytes,
		&g->early_lost, &g->threads_seen, &g->grain_bytes, &g->first_site, &g->lost_blocks, &g->lost_children,
	};

	*fields[random_below(r, 12)] = random_extreme(r);
	note(t, "extreme globals");
}

/* How many records are in use: of a live ledger as many as there are, of a copy exactly these. */
static void wrong_numbers(struct tables *t, struct random *r)
{
	struct hl_globals *g = &t->globals;
	uint64_t *const fields[] = {&g->nr_nodes, &g->nr_sites, &g->string_bytes};
	unsigned int i = (unsigned int)random_below(r, 3);

	*fields[i] = random_extreme(r);
	t->is_unknown = true;
	note(t, "wrong numbers of records");
}

static void extreme_header(struct tables *t, struct random *r)
{
	struct hl_ledger_header *h = &t->header;

	switch (random_below(r, 8)) {
	case 0:
		h->flags = (uint32_t)random_extreme(r);
		break;
	case 1:
		h->depth_limit = h->unwind_mode = (uint32_t)random_extreme(r);
		break;
	case 2:
		h->sample_bytes = random_extreme(r);
		break;
	case 3:
		h->end_reason = (uint32_t)random_extreme(r);
		h->end_status = (int32_t)random_extreme(r);
		break;
	case 4:
		h->start_monotonic_ns = random_extreme(r);
		h->end_monotonic_ns = random_extreme(r);
		break;
	case 5:
		h->start_realtime_ns = random_extreme(r);
		h->snapshot_monotonic_ns = random_extreme(r);
		break;
	case 6:
		h->max_bytes = h->session = random_extreme(r);
		break;
	default:
		(&h->exe)[random_below(r, 5)] = (struct hl_string){
			(uint32_t)random_extreme(r), (uint32_t)random_extreme(r),
		};
	}
	note(t, "extreme header");
}

static void extreme_shards(struct tables *t, struct random *r)
{
	struct hl_sized_shard *sized = &t->shards[random_below(r, t->nr_shards)];
	struct hl_shard *s = &sized->shard;
	uint64_t *const fields[] = {
		&s->seq, &s->events, &s->truncated_events, &s->partial_events, &s->unknown_frees, &s->inherited_frees,
		&s->replaced_blocks, &s->failed_allocs, &s->timed_events, &s->timed_ns, &s->partial_code,
		&sized->sizes[random_below(r, HL_NR_SIZE_CLASSES)],
	};

	*fields[random_below(r, 12)] = random_extreme(r);
	s->tid = random_chance(r, 30) ? (uint32_t)random_extreme(r) : 0;
	note(t, "extreme shards");
}

/* ---- Stacks --------------------------------------------------------------------------------------------------- */

static void odd_nodes(struct tables *t, struct random *r)
{
	for (uint64_t n = 1 + random_below(r, 3); n; n--) {
		struct hl_node *node = &t->nodes[random_below(r, t->nr_nodes)];

		/* a cycle, if it has a way back: nobody calls what was there before */
		if (random_chance(r, 30)) {
			node->parent = (uint32_t)random_below(r, t->nr_nodes + 2);
		} else if (random_chance(r, 20)) {
			node->parent = (uint32_t)random_extreme(r);
		} else {
			node->ip = random_extreme(r);
			if (random_chance(r, 50))
				node->ip |= random_number(r) << HL_IP_TAG_SHIFT;
		}
	}
	note(t, "odd nodes");
}

static void odd_sites(struct tables *t, struct random *r)
{
	uint32_t i = any_site(t, r);
	struct hl_site *site = &t->sites[i];

	switch (random_below(r, 5)) {
	case 0:
		site->node = (uint32_t)random_extreme(r);
		break;
	case 1:
		site->kind = (uint8_t)random_number(r);
		break;
	case 2:
		site->domain = (uint8_t)random_number(r);
		break;
	case 3:
		site->thread = (uint16_t)random_number(r);
		break;
	default:
		site->total_frames = (uint32_t)random_extreme(r);
		site->next = i;
	}
	note(t, "odd sites");
}

/* One chain, many chains, and sites at their ends or all the way. */
static void deep_stacks(struct tables *t, struct random *r)
{
	size_t depth = random_chance(r, 40) ? HL_MAX_FRAMES - 2 + random_below(r, 5) : 10 + random_below(r, 1000);
	size_t nr = 1 + random_below(r, 3);

	for (size_t chain = 0; chain < nr; chain++) {
		uint32_t node = (uint32_t)random_below(r, 3);

		for (size_t i = 0; i < depth; i++) {
			node = add_node(t, node, random_chance(r, 50) ? 0x400001 + 16 * (i % 40) :
					HL_IP_FRAME_TAG | i % (t->nr_frames + 1));
			if (random_chance(r, 1))
				counters_of(t, 0, add_site(t, node, 0))->alloc_count += 1;
		}
		counters_of(t, 0, add_site(t, node, 0))->alloc_bytes += 8;
	}
	t->globals.nr_nodes = t->nr_nodes;
	t->globals.nr_sites = t->nr_sites;
	note(t, "deep stacks");
}

/* ---- Places --------------------------------------------------------------------------------------------------- */

/* Objects on top of each other, turned round, with strange numbers. */
static void odd_modules(struct tables *t, struct random *r)
{
	while (t->nr_modules < MAX_SMALL && random_chance(r, 80)) {
		t->modules[t->nr_modules] = t->modules[random_below(r, t->nr_modules)];
		t->nr_modules++;
	}
	t->globals.nr_modules = t->nr_modules;
	for (uint64_t n = 1 + random_below(r, 3); n; n--) {
		struct hl_module *m = &t->modules[random_below(r, t->nr_modules)];
		uint64_t *const fields[] = {&m->bias, &m->start, &m->end};
		uint32_t *const small[] = {
			&m->first_generation, &m->last_generation, &m->build_id_bytes, &m->tag, &m->flags,
			&m->path.offset, &m->path.length,
		};

		if (random_chance(r, 50))
			*fields[random_below(r, 3)] = random_extreme(r);
		else
			*small[random_below(r, 7)] = (uint32_t)random_extreme(r);
	}
	note(t, "odd modules");
}

static void odd_names(struct tables *t, struct random *r)
{
	static const char *const names[] = {
		"", "\033]0;title\a", "a;b c", "../../x", "\xff\xfe", "\xe2\x80\xae\x65vil", "::error::x", "<a>&\"'",
		"line\nbreak\ttab\r", "%s%n", "\xf4\x90\x80\x80",
	};
	const char *name = names[random_below(r, sizeof(names) / sizeof(*names))];
	struct hl_string string = {(uint32_t)random_extreme(r), (uint32_t)random_extreme(r)};

	if (random_chance(r, 70)) {
		put_string(t, name, strlen(name), &string);
		t->globals.string_bytes = t->string_bytes;
	}
	switch (random_below(r, 5)) {
	case 0:
		t->modules[random_below(r, t->nr_modules)].path = string;
		break;
	case 1:
		t->frames[random_below(r, t->nr_frames)].file = string;
		break;
	case 2:
		t->frames[random_below(r, t->nr_frames)].function = string;
		t->frames[random_below(r, t->nr_frames)].lineno = (uint32_t)random_extreme(r);
		break;
	case 3:
		t->marks[random_below(r, t->nr_marks)].text = string;
		break;
	default:
		t->threads[random_below(r, t->nr_threads)].name = string;
	}
	note(t, "odd names");
}

static void odd_times(struct tables *t, struct random *r)
{
	while (t->nr_generations < MAX_SMALL && random_chance(r, 60)) {
		t->generations[t->nr_generations] = (struct hl_generation){
			.first_node = random_below(r, t->nr_nodes + 5), .monotonic_ns = random_extreme(r),
		};
		t->nr_generations++;
	}
	t->globals.nr_generations = t->nr_generations;
	t->marks[0].monotonic_ns = random_extreme(r);
	t->marks[0].current_bytes[0] = (int64_t)random_extreme(r);
	t->marks[0].peak_bytes[1] = (int64_t)random_extreme(r);
	t->threads[0].start_ns = random_extreme(r);
	t->threads[0].end_ns = random_extreme(r);
	note(t, "odd times");
}

/* All shards in the middle of an event, for ever; each has counters of all sites. */
static void stuck_shards(struct tables *t, struct random *r)
{
	uint32_t nr = 2 + (uint32_t)random_below(r, MAX_SHARDS - 2);

	if (t->nr_shards < nr)
		t->nr_shards = nr;
	for (uint32_t i = 1; i < t->nr_shards; i++) {
		t->shards[i].shard.seq = 2 * i + 1;
		t->shards[i].shard.tid = random_chance(r, 50) ? i : 0;
	}
	t->globals.nr_shards = t->nr_shards;
	note(t, "shards that never come to rest");
}

void mutate_tables(struct tables *t, struct random *r)
{
	static void (*const mutations[])(struct tables *, struct random *) = {
		extreme_counters, wrapping_counters, extreme_peaks, extreme_globals, wrong_numbers, extreme_header,
		extreme_shards, odd_nodes, odd_sites, odd_modules, odd_names, odd_times, extreme_counters,
		wrapping_counters, extreme_peaks, deep_stacks,
	};

	if (random_chance(r, 5))
		return;
	for (uint64_t n = 1 + random_below(r, 3); n; n--)
		mutations[random_below(r, sizeof(mutations) / sizeof(*mutations))](t, r);
	if (random_chance(r, 2))
		stuck_shards(t, r);
}

/* ---- Sections ------------------------------------------------------------------------------------------------- */

/* The order of the entries means nothing. */
static void shuffle(struct tables *t, struct random *r)
{
	for (size_t i = t->nr_sections; i > 1; i--) {
		size_t k = random_below(r, i);
		struct section s = t->sections[i - 1];

		t->sections[i - 1] = t->sections[k];
		t->sections[k] = s;
	}
}

static struct section *any_section(struct tables *t, struct random *r)
{
	return &t->sections[random_below(r, t->nr_sections)];
}

/* Others are passed over, whatever they say. */
static bool is_known(const struct hl_section *entry)
{
	return entry->type && entry->type <= HL_SECTION_PEAKS && entry->nr_records;
}

/* Records of a later version are longer; what is behind what is known is passed over. */
static void longer_records(struct tables *t, struct random *r)
{
	struct section *s = any_section(t, r);

	if (s->entry.type != HL_SECTION_STRINGS)
		s->entry.record_bytes += 8 * (1 + (uint32_t)random_below(r, 20));
}

static void unknown_section(struct tables *t, struct random *r)
{
	if (t->nr_sections == MAX_SECTIONS)
		return;
	t->sections[t->nr_sections++] = (struct section){
		.entry = {
			.type = HL_SECTION_ORDERS + 1 + (uint32_t)random_extreme(r) % 1000000,
			.instance = (uint32_t)random_extreme(r),
			.first = random_extreme(r), .offset = random_extreme(r),
			.nr_records = (uint32_t)random_extreme(r), .record_bytes = (uint32_t)random_extreme(r),
		},
		.is_forced = true,
	};
}

/* Counters that are not there: nothing is known of these sites in that shard. */
static void drop_counters(struct tables *t, struct random *r)
{
	struct section *s = any_section(t, r);

	if (s->entry.type != HL_SECTION_COUNTERS)
		return;
	*s = t->sections[--t->nr_sections];
	note(t, "missing counters");
}

static void twice_the_same(struct tables *t, struct random *r)
{
	struct section *s = any_section(t, r);

	if (t->nr_sections == MAX_SECTIONS || !s->entry.nr_records)
		return;
	t->sections[t->nr_sections++] = *s;
	t->must_refuse |= is_known(&s->entry);
	note(t, "the same records twice");
}

/* Over the header or the directory, or over itself at another instance. */
static void overlap(struct tables *t, struct random *r)
{
	struct section *s = any_section(t, r);

	if (!s->entry.nr_records)
		return;
	s->is_forced = true;
	s->entry.offset = 8 * random_below(r, 2 * HL_LEDGER_PAGE / 8);
	t->must_refuse |= is_known(&s->entry);
	note(t, "sections that overlap");
}

static void odd_entry(struct tables *t, struct random *r)
{
	struct hl_section *e = &any_section(t, r)->entry;
	uint32_t *const fields[] = {&e->type, &e->instance, &e->nr_records, &e->record_bytes};

	t->is_unknown = true;
	if (random_chance(r, 30)) {
		e->first = random_extreme(r);
	} else {
		any_section(t, r)->is_forced = false;
		*fields[random_below(r, 4)] = (uint32_t)random_extreme(r) & 0xffffu;
	}
	note(t, "an odd entry of the directory");
}

/* Records that only the directory speaks of. */
static void hole(struct tables *t, struct random *r)
{
	static const uint32_t record_bytes[] = {0, 0, 1, 96, 16, 16, 128, 64, 16, 24, 80, 32, 16};
	uint32_t type = 2 + (uint32_t)random_below(r, 11);
	struct section *s;
	uint64_t first = 0;

	if (t->nr_sections == MAX_SECTIONS)
		return;
	for (size_t i = 0; i < t->nr_sections; i++) {
		const struct hl_section *e = &t->sections[i].entry;

		if (e->type == type && !e->instance && e->first + e->nr_records > first)
			first = e->first + e->nr_records;
	}
	s = &t->sections[t->nr_sections++];
	*s = (struct section){
		.entry = {
			.type = type, .first = first, .record_bytes = record_bytes[type],
			.nr_records = random_chance(r, 50) ? 1u << (10 + random_below(r, 21)) :
				(uint32_t)random_below(r, 100000),
		},
		.own_bytes = record_bytes[type],
	};
	/* In use or room only; sites and nodes that are all zero change nothing. */
	if (random_chance(r, 60)) {
		uint64_t *const said[] = {
			NULL, NULL, &t->globals.string_bytes, &t->globals.nr_modules, &t->globals.nr_nodes,
			&t->globals.nr_sites, &t->globals.nr_shards, NULL, &t->globals.nr_generations, NULL, NULL, NULL,
			NULL,
		};

		if (said[type])
			*said[type] = first + s->entry.nr_records;
	}
	note(t, "records in a hole");
}

static void loop(struct tables *t, struct random *r)
{
	t->loop_to = random_chance(r, 70) ? HL_LEDGER_PAGE : random_extreme(r);
	t->must_refuse |= t->loop_to != 0;
	note(t, "a directory that does not end");
}

static void cut(struct tables *t, struct random *r)
{
	t->cut_bytes = 1 + random_below(r, 30000);
	t->is_unknown = true;
	note(t, "a file that is cut");
}

static void flip(struct tables *t, struct random *r)
{
	t->nr_flips = 1 + (uint32_t)random_below(r, 4);
	t->is_unknown = true;
	note(t, "flipped bits");
}

void mutate_sections(struct tables *t, struct random *r)
{
	static void (*const mutations[])(struct tables *, struct random *) = {
		drop_counters, twice_the_same, overlap, odd_entry, hole, hole, loop, cut, flip,
	};

	if (random_chance(r, 30))
		longer_records(t, r);
	if (random_chance(r, 20))
		unknown_section(t, r);
	if (random_chance(r, 20))
		add_course(t, r);
	if (random_chance(r, 20))
		mutations[random_below(r, sizeof(mutations) / sizeof(*mutations))](t, r);
	if (random_chance(r, 30))
		shuffle(t, r);
}
