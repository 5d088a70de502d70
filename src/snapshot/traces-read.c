/* SPDX-License-Identifier: MIT */
/*
 * From a traces text to a snapshot: one group of equal blocks per line,
 *
 *	domain <tab> size <tab> total frames <tab> file:line;file:line... [<tab> count]
 *
 * most recent frame first.  Equal frames and stacks become one node, as in a ledger.
 */
#include "snapshot/traces-read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "snapshot/ledger-image.h"
#include "snapshot/map.h"
#include "snapshot/snapshot.h"

#define MAX_COLUMNS 5
/* What a node and a place take, here and in what is made of them, and what each text may take; see resolve.h. */
#define NODE_BYTES 170u
#define PLACE_BYTES 200u
#define FREE_BYTES (UINT64_C(48) << 20)

/* A place as it stands in the text, and the source frame that it became. */
struct place {
	UT_hash_handle hh;
	struct hl_text function;	/* of "#in"; inside the text */
	uint64_t ip;
	bool has_ip;
	char text[];
};

struct parsing {
	struct hl_snapshot *s;
	struct hl_error *err;
	char *text;
	size_t length;
	size_t at;
	size_t line;			/* where the current line begins */
	bool has_escapes;
	uint64_t limit;			/* 0: the text does not say */
	uint64_t deepest;
	uint64_t total_bytes;
	uint64_t charged_bytes;		/* see charge() */
	struct place *places;
	struct hl_map nodes;		/* (parent, ip) -> node */
	struct hl_map sites;		/* (node, domain and total) -> site */
	uint64_t *ips;			/* of the current line, most recent first */
	size_t ip_room;
};

static int bad(struct parsing *p, int code, const char *msg)
{
	return hl_fail(p->err, code, p->line, msg);
}

static int no_memory(struct parsing *p)
{
	return hl_fail(p->err, ENOMEM, HL_NO_OFFSET, "out of memory");
}

bool hl_traces_is_text(int fd)
{
	char c;

	return pread(fd, &c, 1, 0) == 1 && (c == '#' || c == '\n' || c == '\r' || (c >= '0' && c <= '9'));
}

static int read_text(struct parsing *p, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return hl_fail(p->err, errno, HL_NO_OFFSET, "cannot be examined");
	/* A hole is NULs, which no text has. */
	if (hl_is_sparse(fd, &st))
		return hl_fail(p->err, EBADMSG, 0, "a sparse file, no text");
	p->text = malloc((size_t)st.st_size + 1);
	if (!p->text)
		return no_memory(p);
	while (p->length < (size_t)st.st_size) {
		ssize_t n = pread(fd, p->text + p->length, (size_t)st.st_size - p->length,
				(off_t)p->length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hl_fail(p->err, errno, p->length, "cannot be read");
		if (n == 0)
			break;
		p->length += (size_t)n;
	}
	return 0;
}

/* The next line without its end; lines end as in Python's text files. */
static bool next_line(struct parsing *p, struct hl_text *line)
{
	size_t i = p->at;

	if (i >= p->length)
		return false;
	while (i < p->length && p->text[i] != '\n' && p->text[i] != '\r')
		i++;
	p->line = p->at;
	*line = (struct hl_text){.data = p->text + p->at, .length = i - p->at};
	p->at = i + 1;
	return true;
}

/* What stands before the next @mark; false: nothing is left. */
static bool next_part(struct hl_text *rest, char mark, struct hl_text *part)
{
	const char *end;

	if (!rest->data)
		return false;
	end = memchr(rest->data, mark, rest->length);
	*part = (struct hl_text){
		.data = rest->data,
		.length = end ? (size_t)(end - rest->data) : rest->length,
	};
	if (end) {
		rest->length -= part->length + 1;
		rest->data = end + 1;
	} else {
		*rest = (struct hl_text){0};
	}
	return true;
}

static int parse_number(struct hl_text text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!text.length)
		return -EINVAL;
	for (size_t i = 0; i < text.length; i++) {
		uint64_t digit = (uint64_t)(unsigned char)text.data[i] - '0';

		if (digit > 9)
			return -EINVAL;
		if (digit > max || value > (max - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	*out = value;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode \xNN and \\ in place; a text without our header has none. */
static struct hl_text unescaped(const struct parsing *p, struct hl_text text, char *buf)
{
	size_t n = 0;

	if (!p->has_escapes || !memchr(text.data, '\\', text.length))
		return text;
	for (size_t i = 0; i < text.length; i++) {
		const char *c = text.data + i;

		if (*c == '\\' && i + 3 < text.length && c[1] == 'x' && hex_digit(c[2]) >= 0 &&
				hex_digit(c[3]) >= 0) {
			buf[n++] = (char)(hex_digit(c[2]) << 4 | hex_digit(c[3]));
			i += 3;
		} else if (*c == '\\' && i + 1 < text.length && c[1] == '\\') {
			buf[n++] = '\\';
			i++;
		} else {
			buf[n++] = *c;
		}
	}
	return (struct hl_text){.data = buf, .length = n};
}

static struct place *find_place(struct parsing *p, struct hl_text text)
{
	struct place *place;

	HASH_FIND(hh, p->places, text.data, text.length, place);
	if (place)
		return place;
	place = calloc(1, sizeof(*place) + text.length + 1);
	if (!place)
		return NULL;
	memcpy(place->text, text.data, text.length);
	HASH_ADD(hh, p->places, text, text.length, place);
	if (!place->hh.tbl) {
		free(place);
		return NULL;
	}
	return place;
}

/* "file:line"; a file name may have colons of its own. */
static int split_place(struct hl_text text, struct hl_text *file, uint64_t *lineno)
{
	const char *colon = memrchr(text.data, ':', text.length);
	struct hl_text number;

	if (!colon)
		return -EINVAL;
	*file = (struct hl_text){.data = text.data, .length = (size_t)(colon - text.data)};
	number.data = colon + 1;
	number.length = text.length - file->length - 1;
	return parse_number(number, UINT32_MAX, lineno);
}

/* Names of one letter make frames that take forty times their text. */
static bool charge(struct parsing *p, uint64_t bytes)
{
	p->charged_bytes += bytes;
	return p->charged_bytes <= 4 * (uint64_t)p->length + FREE_BYTES;
}

static int make_frame(struct parsing *p, struct hl_text text, struct place *place)
{
	struct hl_text file;
	uint64_t lineno = 0;
	char *buf;
	char *function_buf;
	int rc = split_place(text, &file, &lineno);

	if (rc)
		return bad(p, -rc, "a frame that is not FILE:LINE");
	if (!charge(p, PLACE_BYTES))
		return bad(p, EFBIG, "more different frames than a text of this size may have");
	buf = malloc(file.length + 1);
	function_buf = malloc(place->function.length + 1);
	rc = -ENOMEM;
	if (buf && function_buf)
		rc = hl_snapshot_add_frame(p->s, unescaped(p, file, buf),
				place->function.length ?
				unescaped(p, place->function, function_buf) : place->function,
				(uint32_t)lineno, &place->ip);
	free(buf);
	free(function_buf);
	place->has_ip = !rc;
	if (rc == -EFBIG)
		return bad(p, EFBIG, "more than 4 GiB of names");
	return rc ? no_memory(p) : 0;
}

static int add_ip(struct parsing *p, struct hl_text text, size_t nr)
{
	struct place *place = find_place(p, text);
	int rc;

	if (!place || hl_array_grow((void **)&p->ips, &p->ip_room, nr, sizeof(*p->ips)))
		return no_memory(p);
	rc = place->has_ip ? 0 : make_frame(p, text, place);
	if (!rc)
		p->ips[nr] = place->ip;
	return rc;
}

/* The node of the stack in p->ips; outermost frames first, as nodes have smaller parents. */
static int find_node(struct parsing *p, size_t nr, uint64_t total, uint32_t *out)
{
	uint32_t node = total > nr ? HL_NODE_TRUNCATED : HL_NODE_ROOT;

	while (nr--) {
		struct hl_map_entry *entry = hl_map_at(&p->nodes, node, p->ips[nr]);
		int rc = entry ? 0 : -ENOMEM;

		if (!rc && entry->value == UINT32_MAX && !charge(p, NODE_BYTES))
			return bad(p, EFBIG, "more different frames than a text of this size may have");
		if (!rc && entry->value == UINT32_MAX)
			rc = hl_snapshot_add_node(p->s, node, p->ips[nr], &entry->value);
		if (rc == -EFBIG)
			return bad(p, EFBIG, "too many frames");
		if (rc)
			return no_memory(p);
		node = entry->value;
	}
	*out = node;
	return 0;
}

static enum hl_kind kind_of(uint64_t domain)
{
	return domain == HL_DOMAIN_MALLOC ? HL_KIND_MALLOC :
		domain == HL_DOMAIN_MMAP ? HL_KIND_MMAP : HL_KIND_TRACKED;
}

/* A line's blocks: all live, and live at the peak, because nothing else is known of them. */
static int add_blocks(struct parsing *p, uint32_t node, const uint64_t *values, uint64_t total)
{
	uint64_t domain = values[0];
	struct hl_counts counts = {
		.alloc_count = values[4],
		.alloc_bytes = values[1] * values[4],
		.peak_count = (int64_t)values[4],
		.peak_bytes = (int64_t)(values[1] * values[4]),
	};
	struct hl_map_entry *entry = hl_map_at(&p->sites, node, domain << 32 | total);
	struct hl_domain_totals *d = &p->s->globals.domains[domain];

	if (!entry)
		return no_memory(p);
	if (entry->value == UINT32_MAX) {
		if (hl_snapshot_add_site(p->s, node, kind_of(domain), (enum hl_domain)domain, &counts))
			return no_memory(p);
		entry->value = (uint32_t)p->s->globals.nr_sites - 1;
		p->s->sites[entry->value].site.total_frames = (uint32_t)total;
	} else {
		hl_counts_add(&p->s->sites[entry->value].counts, &counts);
	}
	d->current_bytes += counts.peak_bytes;
	d->peak_bytes = d->current_bytes;
	p->s->shard.events += counts.alloc_count;
	return 0;
}

static int check_size(struct parsing *p, const uint64_t *values)
{
	uint64_t bytes;

	if (__builtin_mul_overflow(values[1], values[4], &bytes) ||
			__builtin_add_overflow(p->total_bytes, bytes, &p->total_bytes) ||
			p->total_bytes > INT64_MAX || values[4] > INT64_MAX - p->s->shard.events)
		return bad(p, ERANGE, "more bytes or blocks than 63 bits can count");
	return 0;
}

static int add_stack(struct parsing *p, struct hl_text frames, uint64_t *values)
{
	struct hl_text frame;
	uint64_t total = values[2];
	uint32_t node = 0;
	size_t nr = 0;
	int rc = 0;

	while (!rc && next_part(&frames, ';', &frame))
		rc = add_ip(p, frame, nr++);
	if (!rc)
		rc = find_node(p, nr, total, &node);
	if (!rc)
		rc = check_size(p, values);
	if (rc)
		return rc;
	p->deepest = nr > p->deepest ? nr : p->deepest;
	/* 0 says: as many as it has; so do equal stacks of equal depth meet */
	return add_blocks(p, node, values, total > nr ? total : 0);
}

static int read_blocks(struct parsing *p, struct hl_text line)
{
	static const uint64_t limits[MAX_COLUMNS] = {
		HL_NR_DOMAINS - 1, INT64_MAX, UINT32_MAX, 0, INT64_MAX,
	};
	struct hl_text columns[MAX_COLUMNS];
	uint64_t values[MAX_COLUMNS] = {0, 0, 0, 0, 1};
	struct hl_text frames;
	size_t nr = 0;

	while (nr < MAX_COLUMNS && next_part(&line, '\t', &columns[nr]))
		nr++;
	if (nr < 4 || line.data)
		return bad(p, EINVAL, "not a line of a traces text, DOMAIN SIZE FRAMES FILE:LINE;..."
				" with tabs between");
	frames = columns[3];
	for (size_t i = 0; i < nr; i++) {
		int rc = i == 3 ? 0 : parse_number(columns[i], limits[i], &values[i]);

		if (rc == -ERANGE && i == 0)
			return bad(p, ERANGE, "a domain that is not 0, 1, 2 or 3");
		if (rc)
			return bad(p, -rc, rc == -ERANGE ? "a number is too large" :
					"a column that is no number");
	}
	return add_stack(p, frames, values);
}

static bool takes_word(struct hl_text *line, const char *word)
{
	size_t length = strlen(word);

	if (line->length < length || memcmp(line->data, word, length))
		return false;
	line->data += length;
	line->length -= length;
	return true;
}

/* "#in <tab> file:line <tab> function": that is what the place is in from here on. */
static int read_function(struct parsing *p, struct hl_text line)
{
	struct hl_text place_text;
	struct hl_text function;
	struct place *place;

	if (!next_part(&line, '\t', &place_text) || !next_part(&line, '\t', &function))
		return bad(p, EINVAL, "not #in FILE:LINE FUNCTION");
	place = find_place(p, place_text);
	if (!place)
		return no_memory(p);
	place->function = function;
	place->has_ip = false;
	return 0;
}

static int read_command(struct parsing *p, struct hl_text line)
{
	char *buf = malloc(line.length + 1);
	struct hl_text command;
	int rc = -ENOMEM;

	if (buf) {
		command = unescaped(p, line, buf);
		rc = hl_snapshot_add_string(p->s, command.data, command.length,
				&p->s->header.command);
	}
	free(buf);
	return rc ? no_memory(p) : 0;
}

/* A comment that this version does not know is one. */
static int read_comment(struct parsing *p, struct hl_text line)
{
	if (!p->has_escapes)
		return 0;
	if (takes_word(&line, "#in\t"))
		return read_function(p, line);
	if (takes_word(&line, "#command\t"))
		return read_command(p, line);
	if (takes_word(&line, "#limit\t") && parse_number(line, UINT32_MAX, &p->limit))
		return bad(p, EINVAL, "a limit that is no number");
	return 0;
}

static int parse(struct parsing *p)
{
	struct hl_text line;
	int rc = 0;

	while (!rc && next_line(p, &line)) {
		struct hl_text first = line;

		if (!p->line && takes_word(&first, HL_TRACES_HEADER) && !first.length)
			p->has_escapes = true;
		else if (line.length && *line.data == '#')
			rc = read_comment(p, line);
		else if (line.length)
			rc = read_blocks(p, line);
	}
	p->s->header.depth_limit = (uint32_t)(p->limit ? p->limit : p->deepest);
	return rc;
}

static void release(struct parsing *p)
{
	struct place *place;
	struct place *next;

	HASH_ITER(hh, p->places, place, next) {
		HASH_DEL(p->places, place);
		free(place);
	}
	hl_map_release(&p->nodes);
	hl_map_release(&p->sites);
	free(p->ips);
	free(p->text);
}

int hl_traces_load_fd(int fd, struct hl_snapshot **out, struct hl_error *err)
{
	struct parsing p = {.err = err, .s = hl_snapshot_new()};
	int rc = p.s ? read_text(&p, fd) : no_memory(&p);

	if (!rc)
		rc = parse(&p);
	release(&p);
	if (!rc)
		hl_snapshot_note_source(p.s, p.length);
	if (rc)
		hl_snapshot_unref(p.s);
	else
		*out = p.s;
	return rc;
}
