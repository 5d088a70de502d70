/* SPDX-License-Identifier: MIT */
/* Points for the ledgers of a recording. */
#include "cli/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/find-ledger.h"
#include "cli/ledger-file.h"
#include "cli/ledger-name.h"
#include "cli/process.h"
#include "snapshot/ledger-poll.h"
#include "snapshot/moments.h"
#include "snapshot/times.h"

/* Who starts thousands of programs wants to know the large ones; a line takes 130 KiB here. */
#define MAX_LINES 64
/* Names are looked for often at first, and whenever somebody new was found. */
#define MIN_SCAN_NS 10000000
#define MAX_SCAN_NS 1000000000
/* Between moments, in points: there are 64 of them for 1,024 points. */
#define MOMENT_POINTS 10
/* A point takes 1/20 of the time until the next one at most. */
#define SHARE 20
/* What the kernel adds up for smaps_rollup takes as long as the process is large: 1/100 of the time. */
#define ROLLUP_SHARE 100
#define MIN_ROLLUP_NS 100000000
#define MAX_COPIES 1000000

/* One ledger and its process. */
struct line {
	int fd;
	dev_t dev;
	ino_t ino;
	struct hl_ledger_poll poll;
	struct hl_times_writer writer;
	struct hl_moments_writer moments;
	uint64_t next_ns;
	struct hl_process process;	/* pid 0: it is not known which */
	uint64_t rollup_ns;		/* what it took last */
	char *path;			/* NULL: no copies are made of it */
	uint64_t copy_ns;		/* when the next one is due */
	unsigned int nr_copies;		/* numbers that are taken */
};

struct hl_timeline {
	uint64_t interval_ns;
	uint64_t copy_every_ns;		/* 0: no copies */
	const char *pattern;		/* NULL: nothing is looked for */
	uint64_t session;
	uint64_t scan_ns;		/* when */
	uint64_t scan_wait_ns;
	struct line *lines[MAX_LINES];
	size_t nr;
};

struct hl_timeline *hl_timeline_new(uint64_t interval_ns)
{
	struct hl_timeline *t = calloc(1, sizeof(*t));

	if (t)
		t->interval_ns = interval_ns;
	return t;
}

void hl_timeline_find(struct hl_timeline *t, const char *pattern, uint64_t session)
{
	t->pattern = pattern;
	t->session = session;
	t->scan_wait_ns = MIN_SCAN_NS;
}

void hl_timeline_keep(struct hl_timeline *t, uint64_t every_ns)
{
	t->copy_every_ns = every_ns;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- What the kernel says ---- */

/* A process that has the ledger mapped as its own is the one that it is of, whatever its number means here. */
static void find_process(struct line *line)
{
	const struct hl_ledger_header *h = &line->poll.image.header;
	struct hl_ledger_header mapped;

	if (!cli_find_ledger_header((pid_t)h->pid, &mapped) || mapped.pid != h->pid ||
			mapped.start_monotonic_ns != h->start_monotonic_ns)
		return;
	if (!hl_process_read((pid_t)h->pid, &line->process))
		line->process.pid = 0;
}

/* False: it has ended, or goes on as another program. */
static bool lives(struct line *line, struct hl_time_point *point)
{
	struct hl_process now;

	if (!line->process.pid)
		return true;
	if (!hl_process_read(line->process.pid, &now) || now.start != line->process.start ||
			now.image != line->process.image || now.state == 'Z' || now.state == 'X')
		return false;
	point->resident_bytes = now.resident_bytes;
	point->nr_threads = now.nr_threads;
	return true;
}

static uint64_t read_rollup(pid_t pid)
{
	unsigned long long kib = 0;
	char name[64];
	char text[256];
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%ld/smaps_rollup", (long)pid);
	file = fopen(name, "re");
	while (file && fgets(text, sizeof(text), file))
		if (sscanf(text, "Pss: %llu kB", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib << 10;
}

static void ask_rollup(struct line *line, struct hl_time_point *point)
{
	uint64_t start = cpu_ns();

	if (!line->process.pid || line->writer.interval_ns < MIN_ROLLUP_NS ||
			line->rollup_ns > line->writer.interval_ns / ROLLUP_SHARE)
		return;
	point->proportional_bytes = read_rollup(line->process.pid);
	line->rollup_ns = cpu_ns() - start;
}

/* ---- Lines ---- */

static void end_line(struct hl_timeline *t, size_t index)
{
	struct line *line = t->lines[index];

	hl_moments_end(&line->moments);
	hl_ledger_poll_end(&line->poll);
	close(line->fd);
	free(line->path);
	free(line);
	t->lines[index] = t->lines[--t->nr];
}

static int begin_line(struct line *line, uint64_t interval_ns, struct hl_error *err)
{
	struct stat st;
	int rc = fstat(line->fd, &st) ? -errno : hl_ledger_poll_begin(&line->poll, line->fd, err);

	if (rc)
		return rc;
	line->dev = st.st_dev;
	line->ino = st.st_ino;
	rc = hl_times_begin(&line->writer, line->fd, interval_ns, err);
	if (!rc)
		rc = hl_moments_begin(&line->moments, &line->poll.image, line->fd, MOMENT_POINTS * interval_ns, err);
	if (!rc) {
		find_process(line);
		return 0;
	}
	hl_moments_end(&line->moments);
	hl_ledger_poll_end(&line->poll);
	return rc;
}

int hl_timeline_follow(struct hl_timeline *t, const char *path, int fd, struct hl_error *err)
{
	struct line *line = t->nr < MAX_LINES ? calloc(1, sizeof(*line)) : NULL;
	int rc = t->nr < MAX_LINES ? -ENOMEM : -ENFILE;

	if (line) {
		line->fd = fd;
		rc = begin_line(line, t->interval_ns, err);
	}
	if (!rc) {
		if (path && t->copy_every_ns) {
			line->path = strdup(path);
			line->copy_ns = hl_monotonic_ns() + t->copy_every_ns;
		}
		t->lines[t->nr++] = line;
		return 0;
	}
	free(line);
	close(fd);
	return rc;
}

/* What the lines held; without room on the disk there are fewer of them, and that is all. */
static void add_moment(struct line *line, uint64_t now_ns)
{
	struct hl_held *held;
	size_t nr;

	if (hl_ledger_poll_sites(&line->poll, &held, &nr))
		return;
	hl_moments_add(&line->moments, now_ns, held, nr);
	free(held);
}

/* False: it was the last one. */
static bool add_point(struct line *line)
{
	uint64_t start = cpu_ns();
	struct hl_time_point point;
	struct hl_error err;
	bool is_last, is_followed;

	/* Before the figures: what it wrote before its end is in them. */
	is_last = hl_ledger_poll_has_ended(&line->poll);
	if (hl_ledger_poll(&line->poll, &point, &err))
		return false;
	is_last |= !lives(line, &point);
	if (!is_last)
		ask_rollup(line, &point);
	is_followed = !hl_times_add(&line->writer, &point) && !is_last;
	if (hl_moments_are_due(&line->moments, point.monotonic_ns) || (!is_followed && line->moments.nr))
		add_moment(line, point.monotonic_ns);
	line->next_ns = hl_monotonic_ns() + (cpu_ns() - start) * SHARE;
	if (line->next_ns < hl_times_due(&line->writer))
		line->next_ns = hl_times_due(&line->writer);
	return is_followed;
}

/* ---- Copies ---- */

static int write_copy(struct line *line, char name[HL_NAME_BYTES + 32], struct hl_error *err)
{
	size_t stem = strlen(line->path);
	struct hl_snapshot *snapshot;
	int rc = hl_snapshot_load_fd(line->fd, &snapshot, err);

	if (rc)
		return rc;
	if (stem > 3 && strcmp(line->path + stem - 3, ".hl") == 0)
		stem -= 3;
	do {
		snprintf(name, HL_NAME_BYTES + 32, "%.*s.snapshot-%u.hl", (int)stem, line->path, ++line->nr_copies);
		rc = hl_snapshot_write(snapshot, name, 0, err);
	} while (rc == -EEXIST && line->nr_copies < MAX_COPIES);
	hl_snapshot_unref(snapshot);
	return rc;
}

static void make_copy(struct hl_timeline *t, struct line *line)
{
	char name[HL_NAME_BYTES + 32] = "";
	struct hl_error err;

	line->copy_ns += t->copy_every_ns;
	if (!write_copy(line, name, &err))
		return;
	cli_complain_file("record", *name ? name : line->path, &err);
	free(line->path);
	line->path = NULL;
}

static bool is_followed(const struct hl_timeline *t, const struct hl_ledger_file *file)
{
	for (size_t i = 0; i < t->nr; i++)
		if (t->lines[i]->dev == file->dev && t->lines[i]->ino == file->ino)
			return true;
	return false;
}

static bool consider(struct hl_timeline *t, const char *path)
{
	struct hl_ledger_file file = {0};
	struct hl_ledger_header header;
	struct hl_error err;
	int fd = hl_ledger_file_open(path, O_RDWR, &file);

	if (fd < 0)
		return false;
	if (!is_followed(t, &file) && hl_ledger_file_is_of(fd, t->session, &header) && header.state &&
			!header.end_monotonic_ns)
		return !hl_timeline_follow(t, path, fd, &err);
	close(fd);
	return false;
}

static void scan(struct hl_timeline *t)
{
	char pattern[2 * HL_NAME_BYTES + 2];
	uint64_t start = cpu_ns();
	glob_t found = {0};
	bool is_new = false;

	hl_name_glob(t->pattern, pattern);
	if (glob(pattern, GLOB_NOSORT | GLOB_PERIOD, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			is_new |= consider(t, found.gl_pathv[i]);
	globfree(&found);
	t->scan_wait_ns = is_new ? MIN_SCAN_NS : t->scan_wait_ns + t->scan_wait_ns / 2;
	if (t->scan_wait_ns > MAX_SCAN_NS)
		t->scan_wait_ns = MAX_SCAN_NS;
	t->scan_ns = hl_monotonic_ns() + t->scan_wait_ns + (cpu_ns() - start) * SHARE;
}

int64_t hl_timeline_look(struct hl_timeline *t)
{
	uint64_t next = UINT64_MAX;
	uint64_t now;

	if (t->pattern && hl_monotonic_ns() >= t->scan_ns)
		scan(t);
	for (size_t i = 0; i < t->nr;) {
		if (hl_monotonic_ns() >= t->lines[i]->next_ns && !add_point(t->lines[i])) {
			end_line(t, i);
			continue;
		}
		if (t->lines[i]->path && hl_monotonic_ns() >= t->lines[i]->copy_ns)
			make_copy(t, t->lines[i]);
		if (t->lines[i]->next_ns < next)
			next = t->lines[i]->next_ns;
		if (t->lines[i]->path && t->lines[i]->copy_ns < next)
			next = t->lines[i]->copy_ns;
		i++;
	}
	if (t->pattern && t->scan_ns < next)
		next = t->scan_ns;
	now = hl_monotonic_ns();
	return next > now ? (int64_t)(next - now) : 0;
}

size_t hl_timeline_nr(const struct hl_timeline *t)
{
	return t->nr;
}

void hl_timeline_free(struct hl_timeline *t)
{
	if (!t)
		return;
	while (t->nr) {
		add_point(t->lines[0]);
		end_line(t, 0);
	}
	free(t);
}
