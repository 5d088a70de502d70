/* SPDX-License-Identifier: MIT */
/*
 * Demangling by libiberty.  Its default recursion limit stays on: a hostile name gives NULL, not a
 * stack overflow.
 */
#include "demangle.h"

#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

/* Longer ones exist only in damaged files; the demangler's work grows faster than their length. */
enum {
	NAME_MAX_BYTES = 16 * 1024
};

/* Where the compiler's own suffix starts, as in _ZN1fEv.part.0; Rust's legacy names may have dots. */
static size_t length_without_clones(const char *name)
{
	static const char *const suffixes[] = { ".cold", ".part.", ".constprop.", ".isra.",
		".lto_priv.", ".localalias", ".llvm.", "@" };
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		const char *p = strstr(name, suffixes[i]);

		if (p && p != name && (size_t)(p - name) < length)
			length = (size_t)(p - name);
	}
	return length;
}

static bool is_mangled(const char *name)
{
	return strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0 ||
	       strncmp(name, "__Z", 3) == 0 || strncmp(name, "_D", 2) == 0;
}

/*
 * Rust first and without options (that drops the hash of legacy names, which DMGL_AUTO would show
 * as a component of its own); then C++.
 */
static char *demangle_plain(const char *name, bool parameters)
{
	/* Not DMGL_RET_DROP: without parameters it drops what function types among the arguments return. */
	int options = DMGL_ANSI | (parameters ? DMGL_PARAMS : 0);
	char *text;

	if (strncmp(name, "_D", 2) == 0)
		return dlang_demangle(name, DMGL_DLANG);
	text = rust_demangle(name, DMGL_NO_OPTS);
	if (!text)
		text = cplus_demangle_v3(name, options);
	return text;
}

char *hl_demangle(const char *name, bool parameters)
{
	size_t length = length_without_clones(name);
	char *plain, *text = NULL;

	if (length > NAME_MAX_BYTES)
		return NULL;
	plain = strndup(name, length);
	if (!plain)
		return NULL;
	if (is_mangled(plain))
		text = demangle_plain(plain, parameters);
	if (text || name[length] == '\0') {
		free(plain);
		return text;
	}
	return plain;
}
