/* SPDX-License-Identifier: MIT */
/*
 * From a ledger file to a snapshot.
 *
 * The order matters while the program runs: counters first, then the sites, nodes, modules and
 * strings that they lead to, because the program makes these in the opposite order.
 */
#include "snapshot/ledger-count.h"
#include "snapshot/ledger-image.h"
#include "snapshot/moments.h"
#include "snapshot/orders.h"
#include "snapshot/snapshot.h"
#include "snapshot/times.h"
#include "snapshot/traces-read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct reading {
	struct hl_image image;
	struct hl_snapshot *s;
	struct hl_error *err;
};

static int damaged(struct reading *r, unsigned int type, const char *msg)
{
	const struct hl_table *table = &r->image.tables[type];

	return hl_fail(r->err, EBADMSG, table->nr_chunks ? table->chunks[0].offset : HL_NO_OFFSET,
			msg);
}

/* The number of records in use.  Only a running program may be ahead of its directory. */
static int in_use(struct reading *r, unsigned int type, uint64_t said, uint64_t *nr)
{
	uint64_t room = hl_image_room(&r->image, type);

	if (said > room && r->image.header.kind != HL_LEDGER_LIVE)
		return damaged(r, type == HL_SECTION_STRINGS ? HL_SECTION_GLOBALS : type,
				"a table has less room than it has records");
	*nr = said < room ? said : room;
	if (type != HL_SECTION_STRINGS && *nr > UINT32_MAX)
		*nr = UINT32_MAX;
	return 0;
}

static int read_globals(struct reading *r, struct hl_globals *globals)
{
	if (!hl_image_room(&r->image, HL_SECTION_GLOBALS))
		return hl_fail(r->err, EBADMSG, r->image.header.directory_offset,
				"no globals section");
	return hl_image_records(&r->image, HL_SECTION_GLOBALS, globals, 1, sizeof(*globals), r->err);
}

/* Room for a table and its reserved records, all zero; 0 or -errno. */
static int new_table(struct reading *r, uint64_t nr, uint64_t reserved, size_t record_bytes, void *out)
{
	int rc = hl_image_charge(&r->image, nr, record_bytes, r->err);
	void *table = rc ? NULL : calloc(nr > reserved ? nr : reserved, record_bytes);

	if (!rc && !table)
		rc = hl_fail(r->err, ENOMEM, HL_NO_OFFSET, "out of memory");
	memcpy(out, &table, sizeof(table));
	return rc;
}

/* Records of a table for sites that are there, of all shards. */
static uint64_t nr_of_sites(const struct reading *r, unsigned int type, uint64_t nr_sites)
{
	const struct hl_table *table = &r->image.tables[type];
	uint64_t sum = 0;

	for (size_t i = 0; i < table->nr_chunks; i++) {
		const struct hl_chunk *chunk = &table->chunks[i];
		uint64_t left = chunk->first < nr_sites ? nr_sites - chunk->first : 0;

		sum += left < chunk->nr_records ? left : chunk->nr_records;
	}
	return sum;
}

/* What counting will read.  A site without any counters is none that a program has made. */
static int charge_counters(struct reading *r, uint64_t nr_sites)
{
	uint64_t nr = nr_of_sites(r, HL_SECTION_COUNTERS, nr_sites);
	int rc = hl_image_charge(&r->image, nr > nr_sites ? nr : nr_sites, sizeof(struct hl_counters), r->err);

	if (!rc)
		rc = hl_image_charge(&r->image, nr_of_sites(r, HL_SECTION_PEAKS, nr_sites), sizeof(struct hl_peak),
				r->err);
	if (!rc)
		rc = hl_image_charge(&r->image, hl_image_room(&r->image, HL_SECTION_SHARDS), sizeof(struct hl_shard),
				r->err);
	return rc;
}

static int read_site_records(struct reading *r, uint64_t nr)
{
	struct hl_site *sites = calloc(nr + 1, sizeof(*sites));
	int rc;

	if (!sites)
		return hl_fail(r->err, ENOMEM, HL_NO_OFFSET, "out of memory");
	rc = hl_image_records(&r->image, HL_SECTION_SITES, sites, nr, sizeof(*sites), r->err);
	for (uint64_t i = 0; !rc && i < nr; i++)
		r->s->sites[i].site = sites[i];
	free(sites);
	return rc;
}

/*
 * The sites are read twice: before the counters for their domains, behind them because a site
 * that was only just being made may have got its node since.
 */
static int read_sites(struct reading *r, const struct hl_globals *globals)
{
	struct hl_snapshot *s = r->s;
	bool is_changing = r->image.header.kind == HL_LEDGER_LIVE;
	uint64_t nr = 0;
	uint64_t said = globals->nr_sites > r->image.site_base ?
		globals->nr_sites - r->image.site_base : 0;
	int rc = in_use(r, HL_SECTION_SITES, said, &nr);

	if (rc)
		return rc;
	rc = charge_counters(r, nr);
	if (!rc)
		rc = hl_image_charge(&r->image, nr, sizeof(struct hl_site), r->err);
	if (rc)
		return rc;
	s->sites = calloc(nr > HL_NR_RESERVED_SITES ? nr : HL_NR_RESERVED_SITES, sizeof(*s->sites));
	if (!s->sites)
		return hl_fail(r->err, ENOMEM, HL_NO_OFFSET, "out of memory");
	s->globals.nr_sites = nr > HL_NR_RESERVED_SITES ? nr : HL_NR_RESERVED_SITES;
	s->site_room = s->globals.nr_sites;
	rc = read_site_records(r, nr);
	if (!rc)
		rc = hl_count_sites(&r->image, is_changing, s, r->err);
	if (!rc && is_changing)
		rc = read_site_records(r, nr);
	return rc;
}

static int check_sites(struct reading *r)
{
	struct hl_snapshot *s = r->s;

	for (uint64_t i = 0; i < s->globals.nr_sites; i++) {
		if (s->sites[i].site.node >= s->globals.nr_nodes)
			return damaged(r, HL_SECTION_SITES, "a call site names a node that is not there");
		if (s->sites[i].site.domain >= HL_NR_DOMAINS)
			return damaged(r, HL_SECTION_SITES, "a call site of an unknown domain");
	}
	return 0;
}

/* What is done with stacks takes as long as they are deep: nobody writes deeper ones. */
static int check_depth(struct reading *r)
{
	int rc = hl_snapshot_check_depth(r->s);

	if (rc == -EFBIG)
		return damaged(r, HL_SECTION_NODES, "a stack of more than 4096 frames");
	return rc ? hl_fail(r->err, ENOMEM, HL_NO_OFFSET, "out of memory") : 0;
}

static int read_nodes(struct reading *r, const struct hl_globals *globals)
{
	struct hl_snapshot *s = r->s;
	uint64_t nr = 0;
	int rc = in_use(r, HL_SECTION_NODES, globals->nr_nodes, &nr);

	if (rc)
		return rc;
	rc = new_table(r, nr, HL_NR_RESERVED_NODES, sizeof(*s->nodes), &s->nodes);
	if (rc)
		return rc;
	rc = hl_image_records(&r->image, HL_SECTION_NODES, s->nodes, nr, sizeof(*s->nodes), r->err);
	if (rc)
		return rc;
	s->globals.nr_nodes = nr > HL_NR_RESERVED_NODES ? nr : HL_NR_RESERVED_NODES;
	s->node_room = s->globals.nr_nodes;
	memset(s->nodes, 0, HL_NR_RESERVED_NODES * sizeof(*s->nodes));
	for (uint64_t i = HL_NR_RESERVED_NODES; i < nr; i++)
		if (s->nodes[i].parent >= i || s->nodes[i].parent == HL_NODE_UNATTRIBUTED)
			return damaged(r, HL_SECTION_NODES, "a frame is called by a later one");
	return check_depth(r);
}

static int read_strings(struct reading *r, const struct hl_globals *globals)
{
	struct hl_snapshot *s = r->s;
	uint64_t nr = 0;
	int rc = in_use(r, HL_SECTION_STRINGS, globals->string_bytes, &nr);

	if (rc)
		return rc;
	rc = new_table(r, nr, 1, 1, &s->strings);
	if (rc)
		return rc;
	s->globals.string_bytes = nr;
	s->string_room = nr;
	return hl_image_records(&r->image, HL_SECTION_STRINGS, s->strings, nr, 1, r->err);
}

static bool is_string_inside(const struct hl_snapshot *s, struct hl_string string)
{
	return !string.length || (uint64_t)string.offset + string.length <= s->globals.string_bytes;
}

static int check_header_strings(struct reading *r)
{
	const struct hl_ledger_header *h = &r->s->header;
	const struct hl_string *strings = &h->exe;

	/* exe .. shim_version follow each other */
	for (int i = 0; i < 5; i++)
		if (!is_string_inside(r->s, strings[i]))
			return hl_fail(r->err, EBADMSG, offsetof(struct hl_ledger_header, exe) +
					(uint64_t)i * sizeof(*strings), "a string lies outside the strings");
	return 0;
}

static int read_modules(struct reading *r, const struct hl_globals *globals)
{
	struct hl_snapshot *s = r->s;
	uint64_t nr = 0;
	int rc = in_use(r, HL_SECTION_MODULES, globals->nr_modules, &nr);

	if (rc)
		return rc;
	rc = new_table(r, nr, 1, sizeof(*s->modules), &s->modules);
	if (rc)
		return rc;
	s->globals.nr_modules = nr;
	s->module_room = nr;
	return hl_image_records(&r->image, HL_SECTION_MODULES, s->modules, nr, sizeof(*s->modules),
			r->err);
}

static int check_modules(struct reading *r)
{
	const struct hl_snapshot *s = r->s;

	for (uint64_t i = 0; i < s->globals.nr_modules; i++) {
		const struct hl_module *m = &s->modules[i];

		if (m->start > m->end || m->build_id_bytes > HL_BUILD_ID_BYTES)
			return damaged(r, HL_SECTION_MODULES, "impossible module");
		if (!is_string_inside(s, m->path))
			return damaged(r, HL_SECTION_MODULES, "a module's path lies outside the strings");
	}
	return 0;
}

static int read_generations(struct reading *r, const struct hl_globals *globals)
{
	struct hl_snapshot *s = r->s;
	uint64_t nr = 0;
	int rc = in_use(r, HL_SECTION_GENERATIONS, globals->nr_generations, &nr);

	if (rc)
		return rc;
	rc = new_table(r, nr, 1, sizeof(*s->generations), &s->generations);
	if (rc)
		return rc;
	rc = hl_image_records(&r->image, HL_SECTION_GENERATIONS, s->generations, nr,
			sizeof(*s->generations), r->err);
	if (rc)
		return rc;
	s->globals.nr_generations = nr ? nr : 1;
	s->generation_room = s->globals.nr_generations;
	for (uint64_t i = 1; i < nr; i++)
		if (s->generations[i].first_node < s->generations[i - 1].first_node)
			return damaged(r, HL_SECTION_GENERATIONS, "generations go backwards");
	return 0;
}

/* Source frames have no number in use in the globals: all that there is room for. */
static int read_frames(struct reading *r)
{
	struct hl_snapshot *s = r->s;
	uint64_t nr = hl_image_room(&r->image, HL_SECTION_FRAMES);
	int rc;

	if (!nr)
		return 0;
	if (nr > UINT32_MAX)
		return damaged(r, HL_SECTION_FRAMES, "too many source frames");
	rc = new_table(r, nr, 1, sizeof(*s->frames), &s->frames);
	if (rc)
		return rc;
	s->nr_frames = s->frame_room = nr;
	return hl_image_records(&r->image, HL_SECTION_FRAMES, s->frames, nr, sizeof(*s->frames),
			r->err);
}

/* Of a mark's first site; 0 stays 0. */
static uint32_t index_of_site(const struct reading *r, uint32_t site)
{
	uint64_t base = r->image.site_base;

	return site <= base ? 0 : (uint32_t)(site - base);
}

/* Marks have no number in use either: those that are there have a time. */
static int read_marks(struct reading *r)
{
	struct hl_snapshot *s = r->s;
	uint64_t nr = hl_image_room(&r->image, HL_SECTION_MARKS);
	int rc;

	if (!nr)
		return 0;
	rc = new_table(r, nr, 1, sizeof(*s->marks), &s->marks);
	if (rc)
		return rc;
	s->mark_room = nr;
	rc = hl_image_records(&r->image, HL_SECTION_MARKS, s->marks, nr, sizeof(*s->marks), r->err);
	for (uint64_t i = 0; !rc && i < nr; i++)
		if (s->marks[i].monotonic_ns)
			s->marks[s->nr_marks++] = s->marks[i];
	for (size_t i = 0; i < s->nr_marks; i++)
		s->marks[i].first_site = index_of_site(r, s->marks[i].first_site);
	return rc;
}

/* As many as have a time, without a gap: their places are their numbers. */
static int read_threads(struct reading *r)
{
	struct hl_snapshot *s = r->s;
	uint64_t nr = hl_image_room(&r->image, HL_SECTION_THREADS);
	int rc;

	if (nr > HL_MAX_THREADS)
		nr = HL_MAX_THREADS;
	if (!nr)
		return 0;
	rc = new_table(r, nr, 1, sizeof(*s->threads), &s->threads);
	if (rc)
		return rc;
	s->thread_room = nr;
	rc = hl_image_records(&r->image, HL_SECTION_THREADS, s->threads, nr, sizeof(*s->threads), r->err);
	while (!rc && s->nr_threads < nr && s->threads[s->nr_threads].start_ns)
		s->nr_threads++;
	return rc;
}

static int check_threads(struct reading *r)
{
	const struct hl_snapshot *s = r->s;

	for (size_t i = 0; i < s->nr_threads; i++)
		if (!is_string_inside(s, s->threads[i].name))
			return damaged(r, HL_SECTION_THREADS, "a thread's name lies outside the strings");
	return 0;
}

static int check_marks(struct reading *r)
{
	const struct hl_snapshot *s = r->s;

	for (size_t i = 0; i < s->nr_marks; i++)
		if (!is_string_inside(s, s->marks[i].text))
			return damaged(r, HL_SECTION_MARKS, "a mark's text lies outside the strings");
	return 0;
}

static int check_frames(struct reading *r)
{
	const struct hl_snapshot *s = r->s;

	for (size_t i = 0; i < s->nr_frames; i++)
		if (!is_string_inside(s, s->frames[i].file) ||
				!is_string_inside(s, s->frames[i].function))
			return damaged(r, HL_SECTION_FRAMES,
					"a source frame's name lies outside the strings");
	return 0;
}

/* Behind the modules that they are of.  Only who sees to it that nobody else writes puts them there. */
static int read_symbols(struct reading *r)
{
	uint64_t nr = hl_image_room(&r->image, HL_SECTION_SYMBOLS);
	unsigned char *section = NULL;
	const char *msg;
	int rc;

	if (!nr)
		return 0;
	rc = new_table(r, nr, 1, 1, &section);
	if (!rc)
		rc = hl_image_records(&r->image, HL_SECTION_SYMBOLS, section, nr, 1, r->err);
	if (!rc) {
		rc = hl_embedded_read(section, nr, r->s->globals.nr_modules, &r->s->embedded, &msg);
		if (!rc)
			return 0;
		rc = rc == -ENOMEM ? hl_fail(r->err, ENOMEM, HL_NO_OFFSET, "out of memory") :
			damaged(r, HL_SECTION_SYMBOLS, msg);
	}
	free(section);
	return rc;
}

/* What was there before hl_clear_traces(): the blocks are forgotten, the nodes do no harm. */
static void drop_cleared(struct reading *r, uint64_t first_site)
{
	struct hl_snapshot *s = r->s;
	uint64_t base = r->image.site_base;

	s->globals.first_site = 0;
	if (first_site < base || first_site - base >= s->globals.nr_sites)
		return;
	for (uint64_t i = HL_NR_RESERVED_SITES; i < first_site - base; i++)
		s->sites[i] = (struct hl_site_counts){.site.node = s->sites[i].site.node};
}

/* Where the counters of a site begin, of the first shard that has any. */
static uint64_t offset_of_site(const struct reading *r, uint64_t site)
{
	const struct hl_table *table = &r->image.tables[HL_SECTION_COUNTERS];

	for (size_t i = 0; i < table->nr_chunks; i++) {
		const struct hl_chunk *chunk = &table->chunks[i];

		if (site >= chunk->first && site - chunk->first < chunk->nr_records)
			return chunk->offset + (site - chunk->first) * chunk->record_bytes;
	}
	return HL_NO_OFFSET;
}

/* What cannot be added up is refused here, so that no report has to think of it. */
static int settle_sums(struct reading *r)
{
	const char *msg;
	uint64_t site;

	if (hl_snapshot_check_sites(r->s, &site, &msg))
		return hl_fail(r->err, ERANGE, offset_of_site(r, site), msg);
	if (!hl_snapshot_check_globals(r->s, &msg)) {
		hl_snapshot_settle_peaks(r->s);
		if (!hl_snapshot_check_globals(r->s, &msg))
			return 0;
	}
	return hl_fail(r->err, ERANGE, r->image.tables[HL_SECTION_GLOBALS].chunks[0].offset, msg);
}

static int read_tables(struct reading *r)
{
	struct hl_domain_totals domains[HL_NR_DOMAINS];
	struct hl_domain_totals sum;
	struct hl_globals globals;
	struct hl_orders orders;
	uint64_t nr_sites;
	int rc = read_globals(r, &globals);

	if (!rc)
		rc = read_sites(r, &globals);
	if (rc)
		return rc;
	memcpy(domains, r->s->globals.domains, sizeof(domains));
	sum = r->s->globals.sum;
	nr_sites = r->s->globals.nr_sites;
	/* Again: the nodes of these sites are there by now, those of later sites do no harm. */
	rc = read_globals(r, &globals);
	r->s->globals = globals;
	r->s->globals.nr_sites = nr_sites;
	memcpy(r->s->globals.domains, domains, sizeof(domains));
	r->s->globals.sum = sum;
	drop_cleared(r, globals.first_site);
	if (!rc)
		rc = read_nodes(r, &globals);
	if (!rc)
		rc = check_sites(r);
	if (!rc)
		rc = read_generations(r, &globals);
	if (!rc)
		rc = read_frames(r);
	if (!rc)
		rc = read_modules(r, &globals);
	if (!rc)
		rc = hl_orders_read(&r->image, &orders, r->err);
	if (!rc)
		rc = read_marks(r);
	if (!rc)
		rc = read_threads(r);
	if (!rc)
		rc = read_strings(r, &globals);
	if (!rc)
		rc = check_frames(r);
	if (!rc)
		rc = check_marks(r);
	if (!rc)
		rc = check_threads(r);
	if (!rc)
		rc = check_modules(r);
	if (!rc)
		rc = read_symbols(r);
	if (!rc)
		rc = check_header_strings(r);
	if (!rc)
		rc = hl_times_read(&r->image, &r->s->times, r->err);
	if (!rc)
		rc = hl_moments_read(&r->image, &r->s->moments, r->err);
	if (!rc)
		rc = hl_orders_add(&orders, r->s, r->err);
	return rc ? rc : settle_sums(r);
}

static uint64_t room_of(const struct hl_image *image, unsigned int type)
{
	const struct hl_table *table = &image->tables[type];
	uint64_t room = 0;

	for (size_t i = 0; i < table->nr_chunks; i++)
		room += table->chunks[i].nr_records;
	return room;
}

/* Room for points of the time line that were not written takes nothing. */
static void take_off_room(struct hl_snapshot *s, const struct hl_image *image)
{
	uint64_t room = room_of(image, HL_SECTION_TIMES) + room_of(image, HL_SECTION_MOMENTS);
	uint64_t used = 0;

	if (s->times.nr)
		used += HL_LEDGER_PAGE + s->times.nr * sizeof(*s->times.points);
	if (s->moments.length)
		used += HL_LEDGER_PAGE + s->moments.length;
	if (s->header.kind == HL_LEDGER_LIVE && room > used && s->globals.file_bytes > room)
		s->globals.file_bytes -= room - used;
}

/* The moment of a ledger that has not ended: a copy of it says when it was taken. */
static void note_time(struct hl_snapshot *s)
{
	struct timespec now;

	if (s->header.kind != HL_LEDGER_LIVE || s->header.end_monotonic_ns)
		return;
	if (!clock_gettime(CLOCK_MONOTONIC, &now))
		s->read_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int hl_snapshot_load_fd(int fd, struct hl_snapshot **out, struct hl_error *err)
{
	struct reading r = {.err = err};
	struct stat st;
	int rc;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && hl_traces_is_text(fd))
		return hl_traces_load_fd(fd, out, err);
	rc = hl_image_open(&r.image, fd, err);
	if (rc)
		return rc;
	r.s = calloc(1, sizeof(*r.s));
	if (!r.s) {
		rc = hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
		goto out;
	}
	r.s->nr_refs = 1;
	r.s->header = r.image.header;
	r.s->site_base = r.image.site_base;
	note_time(r.s);
	rc = hl_image_map(&r.image, err);
	if (!rc)
		rc = read_tables(&r);
	if (!rc)
		take_off_room(r.s, &r.image);
	if (!rc)
		hl_snapshot_note_source(r.s, r.image.allocated_bytes);
	if (!rc)
		*out = r.s;
	else
		hl_snapshot_unref(r.s);
out:
	hl_image_release(&r.image);
	return rc;
}

int hl_snapshot_load(const char *path, struct hl_snapshot **out, struct hl_error *err)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc;

	if (fd < 0)
		return hl_fail(err, errno, HL_NO_OFFSET, "cannot be opened");
	rc = hl_snapshot_load_fd(fd, out, err);
	close(fd);
	return rc;
}
