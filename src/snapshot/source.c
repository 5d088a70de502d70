/* SPDX-License-Identifier: MIT */
/* A cache of source files with the starts of their lines. */
#include "snapshot/source.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/embed-use.h"
#include "snapshot/named-file.h"
#include "snapshot/resolve.h"
#include "snapshot/utf8.h"

struct source_file {
	char *path;
	char *text;			/* NULL: not readable */
	size_t length;
	uint32_t *starts;		/* offset of each line */
	size_t nr_lines;
	int problem;			/* -errno of opening it */
	bool is_checked;		/* is_utf8 is known */
	bool is_utf8;
	struct source_file *next;
};

/* A report names few files, so a list with the last one in front is enough. */
struct hl_sources {
	const struct hl_resolver *resolver;	/* borrowed; NULL: nobody vouches for anything */
	struct source_file *files;
};

struct hl_sources *hl_sources_new(const struct hl_resolver *resolver)
{
	struct hl_sources *sources = calloc(1, sizeof(*sources));

	if (sources)
		sources->resolver = resolver;
	return sources;
}

void hl_sources_free(struct hl_sources *sources)
{
	struct source_file *next;

	for (struct source_file *f = sources ? sources->files : NULL; f; f = next) {
		next = f->next;
		free(f->path);
		free(f->text);
		free(f->starts);
		free(f);
	}
	free(sources);
}

/* What has a NUL is no text, whatever it is called. */
static bool read_text(struct source_file *f, int fd, size_t bytes)
{
	f->text = malloc(bytes);
	while (f->text && f->length < bytes) {
		ssize_t n = read(fd, f->text + f->length, bytes - f->length);

		if (n <= 0)
			break;
		f->length += (size_t)n;
	}
	if (f->text && memchr(f->text, '\0', f->length)) {
		free(f->text);
		f->text = NULL;
		f->length = 0;
	}
	return f->text;
}

/* Lines end with LF, CR LF or CR. */
static bool ends_line(const struct source_file *f, size_t i)
{
	return f->text[i] == '\n' ||
		(f->text[i] == '\r' && (i + 1 == f->length || f->text[i + 1] != '\n'));
}

static bool is_utf8(const char *text, size_t length)
{
	uint32_t code;
	size_t n;

	for (; length; text += n, length -= n) {
		n = hl_utf8_decode(text, length, &code);
		if (!n)
			return false;
	}
	return true;
}

static void find_lines(struct source_file *f)
{
	size_t nr = 1;

	for (size_t i = 0; i < f->length; i++)
		nr += ends_line(f, i);
	f->starts = malloc(nr * sizeof(*f->starts));
	if (!f->starts)
		return;
	f->starts[f->nr_lines++] = 0;
	for (size_t i = 0; i < f->length; i++)
		if (ends_line(f, i))
			f->starts[f->nr_lines++] = (uint32_t)(i + 1);
}

/* A name that stands in the ledger is of no use until an object has vouched for it. */
static int open_source(struct hl_sources *sources, const char *path, struct stat *st)
{
	const struct hl_resolver *r = sources->resolver;
	int fd = hl_named_open(path, HL_NAMED_SOURCE, r ? &r->folders : NULL, st);

	if (fd == -EPERM && r && hl_resolver_vouch(r, path))
		fd = hl_named_open(path, HL_NAMED_SOURCE, &r->folders, st);
	if (fd >= 0 && r && hl_resolver_is_outdated(r, path, st)) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

static struct source_file *open_file(struct hl_sources *sources, const char *path)
{
	struct source_file *f = calloc(1, sizeof(*f));
	struct stat st;
	int fd;

	if (!f)
		return NULL;
	f->path = strdup(path);
	if (!f->path) {
		free(f);
		return NULL;
	}
	fd = open_source(sources, path, &st);
	if (fd >= 0) {
		if (read_text(f, fd, (size_t)st.st_size))
			find_lines(f);
		close(fd);
	} else {
		f->problem = fd;
	}
	f->next = sources->files;
	sources->files = f;
	return f;
}

static struct source_file *find_file(struct hl_sources *sources, const char *path)
{
	for (struct source_file *f = sources->files; f; f = f->next)
		if (!strcmp(f->path, path))
			return f;
	return open_file(sources, path);
}

/* The bytes of a line with its end; false: there is none. */
static bool whole_line(const struct source_file *f, uint32_t lineno, const char **start,
		const char **end)
{
	if (!f || !lineno || lineno > f->nr_lines)
		return false;
	*start = f->text + f->starts[lineno - 1];
	*end = lineno < f->nr_lines ? f->text + f->starts[lineno] : f->text + f->length;
	return true;
}

const char *hl_sources_line(struct hl_sources *sources, const char *path, uint32_t lineno,
		size_t *length)
{
	const char *start;
	const char *end;

	if (!whole_line(find_file(sources, path), lineno, &start, &end))
		return NULL;
	while (start < end && isspace((unsigned char)*start))
		start++;
	while (end > start && isspace((unsigned char)end[-1]))
		end--;
	*length = (size_t)(end - start);
	return *length ? start : NULL;
}

uint32_t hl_sources_nr_lines(struct hl_sources *sources, const char *path)
{
	const struct source_file *f = find_file(sources, path);

	if (!f || !f->nr_lines)
		return 0;
	/* what stands behind the last newline is a line only if there is something */
	return (uint32_t)(f->nr_lines - (f->starts[f->nr_lines - 1] == f->length));
}

int hl_sources_problem(struct hl_sources *sources, const char *path)
{
	const struct source_file *f = find_file(sources, path);

	return f ? f->problem : -ENOMEM;
}

const char *hl_sources_whole_line(struct hl_sources *sources, const char *path, uint32_t lineno,
		size_t *length)
{
	const char *start;
	const char *end;

	if (!whole_line(find_file(sources, path), lineno, &start, &end))
		return NULL;
	while (end > start && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	*length = (size_t)(end - start);
	return start;
}

/* str.isspace() of one character. */
static bool is_python_space(uint32_t code)
{
	return (code >= 9 && code <= 13) || (code >= 0x1c && code <= 0x20) || code == 0x85 ||
		code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
		code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
		code == 0x3000;
}

/* UTF-8 backwards: a character begins at the first byte before @end that is no continuation. */
static const char *last_character(const char *start, const char *end)
{
	const char *c = end - 1;

	while (c > start && ((unsigned char)*c & 0xc0) == 0x80)
		c--;
	return c;
}

static const char *strip(const char *start, const char *end, size_t *length)
{
	uint32_t code;
	size_t n;

	for (; start < end; start += n) {
		n = hl_utf8_decode(start, (size_t)(end - start), &code);
		if (!n || !is_python_space(code))
			break;
	}
	while (end > start) {
		const char *c = last_character(start, end);

		if (!hl_utf8_decode(c, (size_t)(end - c), &code) || !is_python_space(code))
			break;
		end = c;
	}
	*length = (size_t)(end - start);
	return *length ? start : NULL;
}

const char *hl_sources_python_line(struct hl_sources *sources, const char *path, uint32_t lineno,
		size_t *length)
{
	size_t path_length = strlen(path);
	struct source_file *f;
	const char *start;
	const char *end;

	if (!path_length || (*path == '<' && path[path_length - 1] == '>'))
		return NULL;
	f = find_file(sources, path);
	if (!whole_line(f, lineno, &start, &end))
		return NULL;
	if (!f->is_checked) {
		f->is_utf8 = is_utf8(f->text, f->length);
		f->is_checked = true;
	}
	if (!f->is_utf8)
		return NULL;
	/* the mark of UTF-8 is not part of the text */
	if (lineno == 1 && end - start >= 3 && !memcmp(start, "\xef\xbb\xbf", 3))
		start += 3;
	return strip(start, end, length);
}
