/* SPDX-License-Identifier: MIT */
/* Writing the live blocks of a snapshot as a traces text (heapledger-traces(5)). */
#include "snapshot/resolve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/traces-read.h"
#include "snapshot/utf8.h"

struct traces_output {
	FILE *file;
	const struct hl_snapshot *s;
	const struct hl_resolver *r;
	struct hl_map functions;	/* (file, line) -> function that the text has said */
};

/* What a reader or a terminal would take for something else. */
static bool needs_escape(uint32_t code)
{
	return code == '\\' || code == ';' || hl_utf8_is_harmful(code);
}

static void put_name(FILE *file, const char *text, size_t length)
{
	uint32_t before = 0;

	while (length) {
		uint32_t code = 0;
		size_t n = hl_utf8_decode(text, length, &code);
		/* "##[" and the like are commands to CI systems. */
		bool is_escaped = !n || needs_escape(code) || (code == '#' && before == '#');

		n = n ? n : 1;
		if (n == 1 && *text == '\\')
			fputs("\\\\", file);
		else if (!is_escaped)
			fwrite(text, 1, n, file);
		for (size_t i = 0; is_escaped && *text != '\\' && i < n; i++)
			fprintf(file, "\\x%02x", (unsigned char)text[i]);
		before = code;
		text += n;
		length -= n;
	}
}

static void put_place(const struct traces_output *out, const struct hl_resolved_frame *f)
{
	const char *name = out->r->strings[f->file];

	put_name(out->file, name, strlen(name));
	fprintf(out->file, ":%" PRIu32, f->lineno);
}

/* Say a place's function before the first line that has it, and whenever it is another one. */
static int put_function(struct traces_output *out, const struct hl_resolved_frame *f)
{
	struct hl_map_entry *entry = hl_map_at(&out->functions, f->file, f->lineno);
	const char *name = out->r->strings[f->function];

	if (!entry)
		return -ENOMEM;
	if (entry->value == f->function || (entry->value == HL_NONE && !f->function))
		return 0;
	entry->value = f->function;
	fputs("#in\t", out->file);
	put_place(out, f);
	fputc('\t', out->file);
	put_name(out->file, name, strlen(name));
	fputc('\n', out->file);
	return 0;
}

static const struct hl_resolved_address *address_of(const struct traces_output *out, uint32_t node)
{
	return &out->r->addresses[out->s->resolution->addresses[node]];
}

/* @nr receives the number of frames, those of inlined calls too. */
static int put_functions(struct traces_output *out, uint32_t node, uint64_t *nr)
{
	int rc = 0;

	for (*nr = 0; !rc && node >= HL_NR_RESERVED_NODES; node = out->s->nodes[node].parent) {
		const struct hl_resolved_address *a = address_of(out, node);

		for (uint32_t k = 0; !rc && k < a->nr; k++)
			rc = put_function(out, &out->r->frames[a->first + k]);
		*nr += a->nr;
	}
	return rc;
}

static void put_frames(const struct traces_output *out, uint32_t node)
{
	const char *separator = "";

	if (node < HL_NR_RESERVED_NODES)
		fputs(node == HL_NODE_UNATTRIBUTED ? "<unattributed>:0" : "<unknown>:0", out->file);
	for (; node >= HL_NR_RESERVED_NODES; node = out->s->nodes[node].parent) {
		const struct hl_resolved_address *a = address_of(out, node);

		for (uint32_t k = 0; k < a->nr; k++) {
			fputs(separator, out->file);
			put_place(out, &out->r->frames[a->first + k]);
			separator = ";";
		}
	}
}

/* Frames before any limit cut the stack; where nobody counted them, one more than there are. */
static uint64_t total_frames(const struct hl_snapshot *s, const struct hl_site *site, uint64_t nr)
{
	uint64_t depth = 0;
	uint32_t node = site->node;

	for (; node >= HL_NR_RESERVED_NODES; node = s->nodes[node].parent)
		depth++;
	if (site->total_frames > depth)
		return nr + (site->total_frames - depth);
	return nr + (node == HL_NODE_TRUNCATED || node == HL_NODE_PARTIAL || !nr);
}

static void put_group(const struct traces_output *out, const struct hl_site *site, uint64_t total,
		uint64_t size, uint64_t count)
{
	if (!count)
		return;
	fprintf(out->file, "%u\t%" PRIu64 "\t%" PRIu64 "\t", site->domain, size, total);
	put_frames(out, site->node);
	if (count > 1)
		fprintf(out->file, "\t%" PRIu64, count);
	fputc('\n', out->file);
}

/*
 * A call site knows the sum of its blocks.  Of a remainder some blocks get a byte more, so that
 * bytes and blocks are exact.
 */
static int put_site(struct traces_output *out, const struct hl_site_counts *site)
{
	uint64_t count = site->counts.alloc_count - site->counts.free_count;
	uint64_t bytes = site->counts.alloc_bytes - site->counts.free_bytes;
	uint64_t total;
	uint64_t nr;
	int rc;

	/* negative, or bytes without a block: what a damaged file says */
	if (!count || (int64_t)count < 0 || (int64_t)bytes < 0)
		return 0;
	rc = put_functions(out, site->site.node, &nr);
	if (rc)
		return rc;
	total = total_frames(out->s, &site->site, nr);
	put_group(out, &site->site, total, bytes / count + 1, bytes % count);
	put_group(out, &site->site, total, bytes / count, count - bytes % count);
	return 0;
}

int hl_snapshot_write_traces(struct hl_snapshot *snapshot, struct hl_resolver *resolver, FILE *file)
{
	struct traces_output out = {.file = file, .s = snapshot, .r = resolver};
	struct hl_info info;
	int rc = hl_snapshot_resolve(snapshot, resolver);

	if (rc)
		return rc;
	hl_snapshot_info(snapshot, &info);
	fprintf(file, "%s\n#limit\t%" PRIu32 "\n", HL_TRACES_HEADER, info.depth_limit);
	if (info.command.length) {
		fputs("#command\t", file);
		put_name(file, info.command.data, info.command.length);
		fputc('\n', file);
	}
	for (uint64_t i = HL_NR_RESERVED_SITES; !rc && i < snapshot->globals.nr_sites; i++)
		rc = put_site(&out, &snapshot->sites[i]);
	hl_map_release(&out.functions);
	return rc;
}
