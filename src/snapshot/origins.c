/* SPDX-License-Identifier: MIT */
/*
 * Patterns for frames, by what they begin with.
 *
 * A program has as many names as it has functions, and there are some hundreds of patterns: those that begin with a
 * character of their own lie together, and a name meets only these, and those that begin with a star.  Nearly all
 * have one star at most, and are compared as words.
 */
#include "snapshot/origins.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/glob.h"
#include "snapshot/origins-data.h"

/* Of names that only a damaged file has; a pattern takes as long as both lengths together make. */
#define MAX_TEXT 16384u
#define MAX_WORD 64u
#define NR_FIRST 257u			/* bytes, and what begins with no one of them */

struct pattern {
	struct pattern *next;
	enum hl_role role;
	bool is_base;			/* for the last part of a path only */
	size_t head;			/* bytes before the star; without a star the whole */
	const char *tail;		/* behind the star; NULL: there is none */
	size_t tail_length;
	struct hl_glob *glob;		/* what is no word with one star; else NULL */
	char text[];
};

struct hl_origins {
	struct pattern *first[HL_NR_ORIGIN_PARTS][NR_FIRST];
	bool has_own;
};

/* Reading presets. */
struct reading {
	struct hl_origins *origins;
	const char *wanted;		/* --origins; NULL: the default ones */
	char **problem;
	const char *name;		/* of the text */
	unsigned int lineno;
	enum hl_role role;
	bool is_on;			/* the preset at hand */
	bool has_preset;
};

static const char *const part_words[HL_NR_ORIGIN_PARTS] = {"function", "namespace", "file", "object"};

__attribute__((format(printf, 2, 3)))
static int complain(char **problem, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(problem, format, args);
	va_end(args);
	if (n < 0)
		*problem = NULL;
	return n < 0 ? -ENOMEM : -EINVAL;
}

static size_t first_of(const char *text)
{
	return strchr("*?[", *text) ? NR_FIRST - 1 : (unsigned char)*text;
}

/* A word with at most one star needs no glob. */
static int compile(struct pattern *p, size_t length)
{
	const char *star = memchr(p->text, '*', length);

	p->head = star ? (size_t)(star - p->text) : length;
	p->tail = star ? star + 1 : NULL;
	p->tail_length = star ? length - p->head - 1 : 0;
	if (!strpbrk(p->text, "?[") && !(star && strchr(star + 1, '*')))
		return 0;
	p->glob = hl_glob_new((struct hl_text){.data = p->text, .length = length});
	return p->glob ? 0 : -ENOMEM;
}

static struct pattern *new_pattern(enum hl_origin_part part, const char *text, size_t length)
{
	bool is_path = part == HL_ORIGIN_FILE || part == HL_ORIGIN_OBJECT;
	bool has_slash = memchr(text, '/', length);
	/* "third_party/": all that is below a folder of this name, wherever it is. */
	bool is_folder = is_path && text[length - 1] == '/';
	bool is_relative = is_path && has_slash && !strchr("/*", *text);
	struct pattern *p = calloc(1, sizeof(*p) + length + 4);

	if (!p)
		return NULL;
	sprintf(p->text, "%s%.*s%s", is_relative ? "*/" : "", (int)length, text, is_folder ? "*" : "");
	p->is_base = is_path && !has_slash;
	return p;
}

static int add(struct hl_origins *o, enum hl_origin_part part, enum hl_role role, const char *text, size_t length)
{
	struct pattern *p = length < MAX_TEXT ? new_pattern(part, text, length) : NULL;
	size_t first;

	if (!p || compile(p, strlen(p->text))) {
		free(p);
		return -ENOMEM;
	}
	p->role = role;
	first = first_of(p->text);
	p->next = o->first[part][first];
	o->first[part][first] = p;
	o->has_own |= role == HL_ROLE_OWN;
	return 0;
}

/* Whether @word is one of the comma separated words of @list, perhaps behind a sign. */
static bool is_listed(const char *list, const char *word, size_t length, char *sign)
{
	while (*list) {
		size_t n = strcspn(list, ",");
		bool is_signed = n && strchr("+-", *list);

		if (n - is_signed == length && !memcmp(list + is_signed, word, length)) {
			*sign = is_signed ? *list : 0;
			return true;
		}
		list += n + (list[n] == ',');
	}
	return false;
}

/* "std,qt" is these two; "+qt" and "-std" change what is on by default.  Allocators are on unless taken away. */
static bool is_wanted(const struct reading *r, const char *word, size_t length, bool is_default)
{
	bool is_replaced = r->wanted && *r->wanted && !strchr("+-", *r->wanted);
	char sign = 0;

	if (r->wanted && is_listed(r->wanted, word, length, &sign))
		return sign != '-';
	return is_default && (!is_replaced || r->role >= HL_ROLE_ALLOCATOR || r->role == HL_ROLE_START);
}

static int complain_line(const struct reading *r, const char *what)
{
	return complain(r->problem, "%s:%u: %s", r->name, r->lineno, what);
}

static size_t word_length(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
}

/* "[std library default]" */
static int begin_preset(struct reading *r, const char *line, size_t length)
{
	char text[3 * MAX_WORD];
	char name[MAX_WORD] = "";
	char role[MAX_WORD] = "library";
	char on[MAX_WORD] = "";

	if (length >= sizeof(text) || line[length - 1] != ']')
		return complain_line(r, "a preset begins with [NAME], [NAME ROLE] or [NAME ROLE default]");
	memcpy(text, line + 1, length - 2);
	text[length - 2] = '\0';
	if (sscanf(text, "%63s %63s %63s", name, role, on) < 1 || name[word_length(name)] ||
			(*on && strcmp(on, "default")))
		return complain_line(r, "a preset begins with [NAME], [NAME ROLE] or [NAME ROLE default]");
	r->role = HL_ROLE_OTHER;
	for (unsigned int i = 0; i < HL_NR_ROLES; i++)
		if (!strcmp(hl_role_names[i], role))
			r->role = (enum hl_role)i;
	if (r->role == HL_ROLE_OTHER || r->role == HL_ROLE_OWN)
		return complain_line(r, "the role of a preset is library, allocator, heap or start");
	r->has_preset = true;
	r->is_on = is_wanted(r, name, strlen(name), *on);
	return 0;
}

/* The part that stands before the colon, and the length of both; HL_NR_ORIGIN_PARTS: none does. */
static enum hl_origin_part parse_part(const char *text, size_t length, size_t *prefix)
{
	for (unsigned int i = 0; i < HL_NR_ORIGIN_PARTS; i++) {
		size_t n = strlen(part_words[i]);

		if (length > n && !memcmp(text, part_words[i], n) && text[n] == ':') {
			*prefix = n + 1;
			return (enum hl_origin_part)i;
		}
	}
	return HL_NR_ORIGIN_PARTS;
}

static int read_line(struct reading *r, const char *line, size_t length)
{
	enum hl_origin_part part;
	size_t prefix;

	while (length && strchr(" \t\r", line[length - 1]))
		length--;
	while (length && strchr(" \t", *line)) {
		line++;
		length--;
	}
	if (!length || *line == '#')
		return 0;
	if (memchr(line, '\0', length))
		return complain_line(r, "a line with a NUL");
	if (*line == '[')
		return begin_preset(r, line, length);
	part = parse_part(line, length, &prefix);
	if (part == HL_NR_ORIGIN_PARTS)
		return complain_line(r, "a line begins with function:, namespace:, file:, object:, # or [");
	if (!r->has_preset)
		return complain_line(r, "a pattern before the first [NAME]");
	while (prefix < length && line[prefix] == ' ')
		prefix++;
	if (prefix == length)
		return complain_line(r, "an empty pattern");
	return r->is_on ? add(r->origins, part, r->role, line + prefix, length - prefix) : 0;
}

static int read_text(struct reading *r, const char *name, const char *text, size_t length)
{
	int rc = 0;

	r->name = name;
	r->lineno = 0;
	r->has_preset = false;
	while (!rc && length) {
		const char *end = memchr(text, '\n', length);
		size_t n = end ? (size_t)(end - text) : length;

		r->lineno++;
		rc = read_line(r, text, n);
		n += end != NULL;
		text += n;
		length -= n;
	}
	return rc;
}

/* Whether a text has a preset of this name. */
static bool has_preset(const char *text, const char *word, size_t length)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line == '[' && word_length(line + 1) == length && !memcmp(line + 1, word, length))
			return true;
	}
	return false;
}

/* " std boost qt": for who asked for one that there is not. */
static char *names_of(const char *text)
{
	char *names = NULL;
	size_t length;
	FILE *file = open_memstream(&names, &length);

	if (!file)
		return NULL;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line == '[')
			fprintf(file, " %.*s", (int)word_length(line + 1), line + 1);
	}
	if (fclose(file)) {
		free(names);
		return NULL;
	}
	return names;
}

static int check_wanted(const struct hl_resolve_options *options, char **problem)
{
	const char *list = options->origins;
	const char *more = options->origins_text ? options->origins_text : "";

	if (!list)
		return 0;
	for (; *list; list += *list == ',') {
		size_t n = strcspn(list, ",");
		size_t sign = n && strchr("+-", *list);

		if (!(n == 4 && !memcmp(list, "none", 4)) &&
				!has_preset(hl_origins_presets, list + sign, n - sign) &&
				!has_preset(more, list + sign, n - sign)) {
			char *names = names_of(hl_origins_presets);
			int rc = complain(problem, "'%.*s' is none of the origins; there are:%s", (int)n, list,
					names ? names : "");

			free(names);
			return rc;
		}
		list += n;
	}
	return 0;
}

/* "file:*.../x", or without a part what names a function. */
static int add_pass(struct hl_origins *o, const char *text, char **problem)
{
	size_t prefix = 0;
	enum hl_origin_part part = parse_part(text, strlen(text), &prefix);

	if (part == HL_NR_ORIGIN_PARTS) {
		if (strchr(text, '/') && strncmp(text, "operator", 8) != 0)
			return complain(problem, "'%s' has a '/': say file:%s or object:%s", text, text, text);
		part = HL_ORIGIN_FUNCTION;
	}
	if (!text[prefix])
		return complain(problem, "'%s': an empty pattern", text);
	return add(o, part, HL_ROLE_LIBRARY, text + prefix, strlen(text + prefix));
}

/* What has no part is a source, an object, or a folder of either. */
static int add_own(struct hl_origins *o, const char *text, char **problem)
{
	size_t prefix = 0;
	size_t length = strlen(text);
	enum hl_origin_part part = parse_part(text, length, &prefix);
	char *below;
	int rc;

	if (!text[prefix])
		return complain(problem, "'%s': an empty pattern", text);
	if (part != HL_NR_ORIGIN_PARTS)
		return add(o, part, HL_ROLE_OWN, text + prefix, length - prefix);
	if (asprintf(&below, "%s%s", text, text[length - 1] == '/' ? "" : "/") < 0)
		return -ENOMEM;
	rc = add(o, HL_ORIGIN_FILE, HL_ROLE_OWN, text, length);
	if (!rc)
		rc = add(o, HL_ORIGIN_OBJECT, HL_ROLE_OWN, text, length);
	if (!rc)
		rc = add(o, HL_ORIGIN_FILE, HL_ROLE_OWN, below, strlen(below));
	if (!rc)
		rc = add(o, HL_ORIGIN_OBJECT, HL_ROLE_OWN, below, strlen(below));
	free(below);
	return rc;
}

static int add_lists(struct hl_origins *o, const struct hl_resolve_options *options, char **problem)
{
	int rc = 0;

	for (const char *const *w = options->wrappers; !rc && w && *w; w++)
		rc = add(o, HL_ORIGIN_FUNCTION, HL_ROLE_ALLOCATOR, *w, strlen(*w));
	for (const char *const *p = options->pass; !rc && p && *p; p++)
		rc = add_pass(o, *p, problem);
	for (const char *const *p = options->own; !rc && p && *p; p++)
		rc = add_own(o, *p, problem);
	return rc;
}

int hl_origins_new(const struct hl_resolve_options *options, struct hl_origins **out, char **problem)
{
	struct reading r = {.origins = calloc(1, sizeof(*r.origins)), .wanted = options->origins, .problem = problem};
	const char *more = options->origins_text;
	int rc = r.origins ? check_wanted(options, problem) : -ENOMEM;

	if (!rc)
		rc = read_text(&r, "origins.conf", hl_origins_presets, strlen(hl_origins_presets));
	if (!rc && more)
		rc = read_text(&r, options->origins_name ? options->origins_name : "origins", more, strlen(more));
	if (!rc)
		rc = add_lists(r.origins, options, problem);
	if (rc) {
		hl_origins_free(r.origins);
		return rc;
	}
	*out = r.origins;
	return 0;
}

void hl_origins_free(struct hl_origins *origins)
{
	struct pattern **lists = origins ? &origins->first[0][0] : NULL;

	for (size_t i = 0; lists && i < HL_NR_ORIGIN_PARTS * NR_FIRST; i++) {
		for (struct pattern *p = lists[i], *next; p; p = next) {
			next = p->next;
			hl_glob_free(p->glob);
			free(p);
		}
	}
	free(origins);
}

char *hl_resolve_options_problem(const struct hl_resolve_options *options)
{
	struct hl_origins *origins;
	char *problem = NULL;

	if (!hl_origins_new(options, &origins, &problem))
		hl_origins_free(origins);
	return problem;
}

bool hl_origins_has_own(const struct hl_origins *origins)
{
	return origins->has_own;
}

static bool matches(const struct pattern *p, const char *text, size_t length)
{
	/* Equality first: "operator new[]" is also a pattern, but for something else. */
	if (!p->tail || p->glob) {
		if (!strncmp(p->text, text, length) && !p->text[length])
			return true;
		return p->glob && length < MAX_TEXT &&
			hl_glob_matches(p->glob, (struct hl_text){.data = text, .length = length});
	}
	return length >= p->head + p->tail_length && !memcmp(p->text, text, p->head) &&
		!memcmp(p->tail, text + length - p->tail_length, p->tail_length);
}

/* Without ".isra.0" and the like; C++ and Rust names have dots only inside <...> or {...}. */
static size_t length_without_suffix(const char *name)
{
	const char *dot = strchr(name, '.');

	if (!dot || dot == name || strpbrk(name, "<{("))
		return strlen(name);
	return (size_t)(dot - name);
}

static enum hl_role best(const struct pattern *list, const char *text, size_t length, bool is_base, enum hl_role role)
{
	for (const struct pattern *p = list; p; p = p->next)
		if (p->role > role && p->is_base == is_base && matches(p, text, length))
			role = p->role;
	return role;
}

static enum hl_role role_of(const struct hl_origins *o, enum hl_origin_part part, const char *text, size_t length,
		bool is_base)
{
	enum hl_role role = best(o->first[part][NR_FIRST - 1], text, length, is_base, HL_ROLE_OTHER);

	return best(o->first[part][(unsigned char)*text], text, length, is_base, role);
}

enum hl_role hl_origins_role(const struct hl_origins *origins, enum hl_origin_part part, const char *text)
{
	bool is_function = part == HL_ORIGIN_FUNCTION || part == HL_ORIGIN_NAMESPACE;
	size_t length = is_function ? length_without_suffix(text) : strlen(text);
	enum hl_role role = role_of(origins, part, text, length, false);
	const char *slash = strrchr(text, '/');
	enum hl_role other = HL_ROLE_OTHER;

	if (is_function && text[length])
		other = role_of(origins, part, text, strlen(text), false);
	else if (!is_function)
		other = role_of(origins, part, slash ? slash + 1 : text, strlen(slash ? slash + 1 : text), true);
	return other > role ? other : role;
}
