/* SPDX-License-Identifier: MIT */
/* Patterns of ledger names: checked, expanded ahead of the run, turned into a glob after it. */
#include "cli/ledger-name.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* A string that grows in a buffer of HL_NAME_BYTES; left is 0 once something did not fit. */
struct text {
	char *to;
	size_t left;
};

static void put(struct text *text, const char *s, size_t length)
{
	if (length >= text->left)
		text->left = 0;
	if (text->left == 0)
		return;
	memcpy(text->to, s, length);
	text->to += length;
	text->left -= length;
	*text->to = '\0';
}

/* Is the last part of the path of dots only, or still empty? */
static bool ends_in_dots(const struct text *text)
{
	const char *last = text->to - 1;

	while (*last == '.')
		last--;
	return *last == '/';
}

/* As the shim does it: a value adds no folders to the path, leads out of none, and makes no hidden file. */
static void put_value(struct text *text, const char *s)
{
	for (; *s; s++)
		put(text, *s == '/' || (*s == '.' && ends_in_dots(text)) ? "_" : s, 1);
}

/* Length of the conversion at @p, which stands on a %; 0: there is none of that kind. */
static size_t conversion(const char *p)
{
	const char *end;

	if (p[1] != 'q')
		return p[1] && strchr("pehtn%", p[1]) ? 2 : 0;
	end = p[2] == '{' ? strchr(p, '}') : NULL;
	return end ? (size_t)(end - p) + 1 : 0;
}

static int check_pattern(const char *out)
{
	for (const char *p = strchr(out, '%'); p; p = strchr(p, '%')) {
		size_t n = conversion(p);

		if (n == 0)
			return -EINVAL;
		p += n;
	}
	return *out && out[strlen(out) - 1] != '/' ? 0 : -EISDIR;
}

int hl_name_pattern(const char *out, char pattern[HL_NAME_BYTES])
{
	struct text text = {pattern, HL_NAME_BYTES};
	char *cwd;
	int r = check_pattern(out);

	if (r < 0)
		return r;
	if (out[0] != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return -errno;
		for (const char *p = cwd; *p; p++)
			put(&text, *p == '%' ? "%%" : p, *p == '%' ? 2 : 1);
		put(&text, "/", 1);
		free(cwd);
	}
	put(&text, out, strlen(out));
	return text.left ? 0 : -ENAMETOOLONG;
}

static void put_variable(struct text *text, const char *name, size_t length)
{
	char copy[HL_NAME_BYTES];
	const char *value;

	memcpy(copy, name, length);
	copy[length] = '\0';
	value = getenv(copy);
	put_value(text, value ? value : "");
}

static int put_conversion(struct text *text, const char *p, const char *exe)
{
	struct utsname names;
	const char *slash = strrchr(exe, '/');

	switch (p[1]) {
	case '%':
		put(text, "%", 1);
		return 0;
	case 'e':
		put_value(text, slash ? slash + 1 : exe);
		return 0;
	case 'h':
		put_value(text, uname(&names) == 0 ? names.nodename : "host");
		return 0;
	case 'q':
		put_variable(text, p + 3, conversion(p) - 4);
		return 0;
	default:
		return -EAGAIN;
	}
}

int hl_name_expand(const char *pattern, size_t nr, const char *exe, char path[HL_NAME_BYTES])
{
	struct text text = {path, HL_NAME_BYTES};
	const char *end = pattern + nr;
	int r = 0;

	path[0] = '\0';
	for (const char *p = pattern; p < end && r == 0;) {
		size_t n = *p == '%' ? conversion(p) : 0;

		if (n)
			r = put_conversion(&text, p, exe);
		else
			put(&text, p, 1);
		p += n ? n : 1;
	}
	if (r < 0)
		return r;
	return text.left ? 0 : -ENAMETOOLONG;
}

void hl_name_glob(const char *pattern, char glob[2 * HL_NAME_BYTES + 2])
{
	size_t length = strlen(pattern);
	const char *end = pattern + length;
	char *to = glob;

	/* The shim puts numbers that tell processes apart before a final .hl. */
	if (length > 3 && strcmp(end - 3, ".hl") == 0)
		end -= 3;
	for (const char *p = pattern; p < end;) {
		size_t n = *p == '%' ? conversion(p) : 0;

		if (n && p[1] != '%') {
			*to++ = '*';
		} else {
			if (strchr("*?[\\", *p))
				*to++ = '\\';
			*to++ = *p;
		}
		p += n ? n : 1;
	}
	*to++ = '*';
	strcpy(to, end);
}
