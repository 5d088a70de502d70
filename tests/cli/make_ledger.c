/* SPDX-License-Identifier: MIT */
/*
 * make_ledger OUT < SPEC: a ledger from a description, for tests of the commands.
 *
 * One record per line, words separated by tabs; \xNN in a word is that byte.
 *   command ARG...                     exe PATH
 *   pid N                              peak BYTES [NANOSECONDS]
 *   end REASON STATUS                  lost N
 *   taken NANOSECONDS                  started NANOSECONDS: since the epoch
 *   mmap-peak BYTES                    sum BYTES [NANOSECONDS]: peak of malloc and mmap together
 *   bound BYTES                        flags N
 *   sample BYTES
 *   partial ALL NO-INFO CODE UNWINDER BUDGET
 *   children N PID ERRNO               module-flags N: of the last module
 *   own COUNT BYTES                    of the last site: at its domain's peak, where there is a sum
 *   module PATH BUILD-ID|- START END BIAS
 *   site KIND COUNT BYTES FREED-COUNT FREED-BYTES TEMP PEAK-COUNT PEAK-BYTES ADDRESS...
 *       addresses: of the calls, outermost first, in hexadecimal like START, END and BIAS
 *   symbol RANK ADDRESS FUNCTION FILE LINE...
 *       of an address in a module: what stands in the ledger of it, the innermost of its inlined calls first; "-": not
 *       known
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/snapshot.h"

#define MAX_WORDS 400

static struct hl_embedding *symbols;

static void fail(const char *what)
{
	fprintf(stderr, "make_ledger: %s\n", what);
	exit(2);
}

static void must(int rc, const char *what)
{
	if (rc)
		fail(what);
}

/* Decode \xNN in place; the length. */
static size_t unescape(char *word)
{
	char *to = word;

	for (char *from = word; *from;) {
		unsigned int byte;

		if (from[0] == '\\' && from[1] == 'x' && sscanf(from + 2, "%2x", &byte) == 1) {
			*to++ = (char)byte;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return (size_t)(to - word);
}

static uint64_t hex(const char *word)
{
	return strtoull(word, NULL, 16);
}

static uint64_t number(const char *word)
{
	return strtoull(word, NULL, 10);
}

static void put_string(struct hl_snapshot *s, char *word, struct hl_string *out)
{
	size_t length = unescape(word);

	must(hl_snapshot_add_string(s, word, length, out), "string");
}

static void put_command(struct hl_snapshot *s, char **words, int nr)
{
	char text[4096];
	size_t used = 0;

	for (int i = 1; i < nr; i++) {
		size_t length = unescape(words[i]);

		memcpy(text + used, words[i], length + 1);
		used += length + 1;
	}
	must(hl_snapshot_add_string(s, text, used, &s->header.command), "command");
}

static void put_module(struct hl_snapshot *s, char **words, int nr)
{
	uint8_t id[HL_BUILD_ID_BYTES];
	struct hl_module_info m = {.build_id = id};

	if (nr != 6)
		fail("module");
	m.path.data = words[1];
	m.path.length = unescape(words[1]);
	for (const char *c = words[2]; *c != '-' && isxdigit((unsigned char)*c); c += 2) {
		unsigned int byte = 0;

		sscanf(c, "%2x", &byte);
		id[m.build_id_bytes++] = (uint8_t)byte;
	}
	m.start = hex(words[3]);
	m.end = hex(words[4]);
	m.bias = hex(words[5]);
	must(hl_snapshot_add_module(s, &m), "module");
}

static enum hl_kind kind_of(const char *word)
{
	for (int i = HL_KIND_MALLOC; i < HL_NR_KINDS; i++)
		if (!strcmp(hl_kind_name((unsigned int)i), word))
			return (enum hl_kind)i;
	fail("kind");
	return HL_KIND_NONE;
}

static void put_site(struct hl_snapshot *s, char **words, int nr)
{
	struct hl_counts c = {0};
	enum hl_kind kind;
	uint32_t node = HL_NODE_ROOT;

	if (nr < 9)
		fail("site");
	kind = kind_of(words[1]);
	c.alloc_count = number(words[2]);
	c.alloc_bytes = number(words[3]);
	c.free_count = number(words[4]);
	c.free_bytes = number(words[5]);
	c.temp_count = number(words[6]);
	c.peak_count = (int64_t)number(words[7]);
	c.peak_bytes = (int64_t)number(words[8]);
	for (int i = 9; i < nr; i++)
		must(hl_snapshot_add_node(s, node, hex(words[i]) + 1, &node), "node");
	must(hl_snapshot_add_site(s, node, kind, kind == HL_KIND_MMAP ? HL_DOMAIN_MMAP :
			HL_DOMAIN_MALLOC, &c), "site");
	s->shard.events += c.alloc_count + c.free_count;
}

static uint32_t module_at(const struct hl_snapshot *s, uint64_t address)
{
	for (uint32_t i = 0; i < s->globals.nr_modules; i++)
		if (address >= s->modules[i].start && address < s->modules[i].end)
			return i;
	fail("symbol outside of modules");
	return 0;
}

static void put_symbol(const struct hl_snapshot *s, char **words, int nr)
{
	struct hl_frame frames[HL_EMBEDDED_MAX_CHAIN];
	uint64_t address = nr > 2 ? hex(words[2]) : 0;
	uint32_t module = module_at(s, address);
	int nr_frames = (nr - 3) / 3;

	if (nr < 6 || nr % 3 || nr_frames > (int)HL_EMBEDDED_MAX_CHAIN)
		fail("symbol");
	for (int i = 0; i < nr_frames; i++) {
		char **w = &words[3 + 3 * i];

		unescape(w[0]);
		unescape(w[1]);
		frames[i] = (struct hl_frame){
			.function = w[0],
			.file = strcmp(w[1], "-") ? w[1] : NULL,
			.line = (uint32_t)number(w[2]),
			.source = strcmp(w[0], "-") ? HL_FRAME_DWARF : HL_FRAME_OFFSET,
			.inlined = i + 1 < nr_frames,
		};
	}
	must(hl_embedding_add(symbols, module, (enum hl_embedded_rank)number(words[1]),
			address - s->modules[module].bias, frames, (size_t)nr_frames), "symbol");
}

/* Why something is not there; whether it was one of these records. */
static bool put_gap(struct hl_snapshot *s, char **words, int nr)
{
	const char *what = words[0];

	if (!strcmp(what, "partial") && nr == 6) {
		s->shard.partial_events = number(words[1]);
		s->shard.partial_no_info = number(words[2]);
		s->shard.partial_code = number(words[3]);
		s->shard.partial_unwinder = number(words[4]);
		s->shard.partial_budget = number(words[5]);
	} else if (!strcmp(what, "children") && nr == 4) {
		s->globals.lost_children = number(words[1]);
		s->globals.lost_child_pid = (uint32_t)number(words[2]);
		s->globals.lost_child_error = (int32_t)number(words[3]);
	} else if (!strcmp(what, "module-flags") && nr == 2 && s->globals.nr_modules) {
		s->modules[s->globals.nr_modules - 1].flags = (uint32_t)number(words[1]);
	} else {
		return false;
	}
	return true;
}

static void put_record(struct hl_snapshot *s, char **words, int nr)
{
	const char *what = words[0];

	if (!strcmp(what, "command")) {
		put_command(s, words, nr);
	} else if (!strcmp(what, "module")) {
		put_module(s, words, nr);
	} else if (!strcmp(what, "site")) {
		put_site(s, words, nr);
	} else if (!strcmp(what, "symbol")) {
		put_symbol(s, words, nr);
	} else if (put_gap(s, words, nr)) {
		return;
	} else if (nr < 2) {
		fail(what);
	} else if (!strcmp(what, "exe")) {
		put_string(s, words[1], &s->header.exe);
	} else if (!strcmp(what, "pid")) {
		s->header.pid = (uint32_t)number(words[1]);
	} else if (!strcmp(what, "peak")) {
		s->globals.domains[0].peak_bytes = (int64_t)number(words[1]);
		s->globals.domains[0].peak_monotonic_ns = nr > 2 ? number(words[2]) : 0;
	} else if (!strcmp(what, "end")) {
		s->header.end_reason = (uint32_t)number(words[1]);
		s->header.end_status = nr > 2 ? (int32_t)number(words[2]) : 0;
		s->header.end_monotonic_ns = 2500000000u;
	} else if (!strcmp(what, "mmap-peak")) {
		s->globals.domains[1].peak_bytes = (int64_t)number(words[1]);
	} else if (!strcmp(what, "sum")) {
		s->globals.sum.peak_bytes = (int64_t)number(words[1]);
		s->globals.sum.peak_monotonic_ns = nr > 2 ? number(words[2]) : 0;
	} else if (!strcmp(what, "sample")) {
		s->header.sample_bytes = number(words[1]);
	} else if (!strcmp(what, "bound")) {
		s->globals.peak_bound_bytes = number(words[1]);
	} else if (!strcmp(what, "flags")) {
		s->header.flags = (uint32_t)number(words[1]);
	} else if (!strcmp(what, "own") && nr > 2) {
		s->sites[s->globals.nr_sites - 1].own = (struct hl_held){
			.count = (int64_t)number(words[1]),
			.bytes = (int64_t)number(words[2]),
		};
	} else if (!strcmp(what, "taken")) {
		s->header.snapshot_monotonic_ns = number(words[1]);
	} else if (!strcmp(what, "started")) {
		s->header.start_realtime_ns = number(words[1]);
	} else if (!strcmp(what, "lost")) {
		s->globals.early_lost = number(words[1]);
	} else {
		fail(what);
	}
}

int main(int argc, char **argv)
{
	struct hl_snapshot *s = hl_snapshot_new();
	char line[32768];

	symbols = hl_embedding_new();
	if (argc != 2 || !s || !symbols)
		fail("usage: make_ledger OUT < SPEC");
	s->header.start_realtime_ns = 1700000000000000000u;
	s->header.start_monotonic_ns = 1000000000;
	s->header.depth_limit = 256;
	while (fgets(line, sizeof(line), stdin)) {
		char *words[MAX_WORDS];
		int nr = 0;

		for (char *w = strtok(line, "\t\n"); w && nr < MAX_WORDS; w = strtok(NULL, "\t\n"))
			words[nr++] = w;
		if (nr)
			put_record(s, words, nr);
	}
	must(hl_embedding_finish(symbols, s->globals.nr_modules, &s->embedded), "symbols");
	hl_embedding_free(symbols);
	must(hl_snapshot_write(s, argv[1], HL_WRITE_FORCE, NULL), "write");
	hl_snapshot_unref(s);
	return 0;
}
