/* SPDX-License-Identifier: MIT */
/* The table of what runtimes keep, and the search for it. */
#include "snapshot/runtime-blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/resolve.h"

enum runtime {
	RUNTIME_NONE,
	RUNTIME_LIBC,
	RUNTIME_LOADER,
	RUNTIME_CXX,
	NOT_ASKED,
};

/* By the end of an object's path; patterns as of suppressions. */
static const struct {
	enum runtime runtime;
	const char *pattern;
} objects[] = {
	{RUNTIME_LOADER, "/ld-linux*.so*"},
	{RUNTIME_LOADER, "/ld-2.*.so$"},
	{RUNTIME_LIBC, "/libc.so.6$"},
	{RUNTIME_LIBC, "/libc-2.*.so$"},
	{RUNTIME_LIBC, "/libpthread.so.0$"},
	{RUNTIME_LIBC, "/libdl.so.2$"},
	{RUNTIME_CXX, "/libstdc++.so.6*"},
	{RUNTIME_CXX, "/libc++.so.1*"},
	{RUNTIME_CXX, "/libc++abi.so.1*"},
};

/*
 * What is kept, and why nobody else can free it.  Names are those that a stripped library exports, as Debian's has
 * them, and those that its debug symbols add, without what stands before them there (see bare_name()).  fopen,
 * iconv_open, getaddrinfo and the like are not here: their results are the caller's.
 */
static const struct {
	enum runtime runtime;
	const char *pattern;
} kept[] = {
	/*
	 * Of the loader everything (is_kept()): objects, search paths, thread-local memory of threads, dlerror's text;
	 * and constructors of runtimes, which it calls: libstdc++'s emergency pool of 72 KiB.  Here what asks it.
	 */
	{RUNTIME_LIBC, "^dl_"},
	{RUNTIME_LIBC, "^dlerror"},
	/* Buffers of standard input and output, which are never closed. */
	{RUNTIME_LIBC, "^IO_file_doallocate$"},
	{RUNTIME_LIBC, "^IO_default_doallocate$"},
	{RUNTIME_LIBC, "^IO_wdefault_doallocate$"},
	{RUNTIME_LIBC, "^IO_wfile_doallocate$"},
	{RUNTIME_LIBC, "^IO_doallocbuf$"},
	{RUNTIME_LIBC, "^IO_wdoallocbuf$"},
	/* Functions to call at exit and at fork. */
	{RUNTIME_LIBC, "^cxa_atexit$"},
	{RUNTIME_LIBC, "^new_exitfn$"},
	{RUNTIME_LIBC, "^on_exit$"},
	{RUNTIME_LIBC, "^pthread_atfork$"},
	{RUNTIME_LIBC, "^register_atfork$"},
	/* The environment, which may not be freed by anybody. */
	{RUNTIME_LIBC, "^setenv$"},
	{RUNTIME_LIBC, "^add_to_environ$"},
	{RUNTIME_LIBC, "^putenv$"},
	/* Values of threads' keys beyond the first 32. */
	{RUNTIME_LIBC, "^pthread_setspecific$"},
	/* The current locale, catalogues of messages, tables of conversions. */
	{RUNTIME_LIBC, "^setlocale$"},
	{RUNTIME_LIBC, "^nl_"},
	{RUNTIME_LIBC, "^textdomain$"},
	{RUNTIME_LIBC, "^bindtextdomain$"},
	{RUNTIME_LIBC, "^bind_textdomain_codeset$"},
	{RUNTIME_LIBC, "gettext$"},
	{RUNTIME_LIBC, "^dcigettext$"},
	{RUNTIME_LIBC, "^gconv_load_c"},
	{RUNTIME_LIBC, "^gconv_read_conf$"},
	{RUNTIME_LIBC, "^gconv_find_"},
	{RUNTIME_LIBC, "^gconv_lookup_cache$"},
	{RUNTIME_LIBC, "^wcsmbs_load_conv$"},
	/* Time zones. */
	{RUNTIME_LIBC, "^tzset"},
	{RUNTIME_LIBC, "^tz"},
	{RUNTIME_LIBC, "^localtime"},
	{RUNTIME_LIBC, "^mktime$"},
	{RUNTIME_LIBC, "^strftime"},
	/* Databases: results in memory of libc, and the services themselves. */
	{RUNTIME_LIBC, "^getpw"},
	{RUNTIME_LIBC, "^getgr"},
	{RUNTIME_LIBC, "^getsp"},
	{RUNTIME_LIBC, "^gethost"},
	{RUNTIME_LIBC, "^getserv"},
	{RUNTIME_LIBC, "^getproto"},
	{RUNTIME_LIBC, "^getnet"},
	{RUNTIME_LIBC, "^nss_"},
	/* The C++ library: locales, and memory for exceptions. */
	{RUNTIME_CXX, "__gnu_cxx::__freeres"},
	{RUNTIME_CXX, "anonymous namespace)::pool"},
	{RUNTIME_CXX, "^std::locale::"},
	{RUNTIME_CXX, "^std::ios_base::Init::"},
	{RUNTIME_CXX, "^cxa_get_globals"},
	{RUNTIME_CXX, "^cxa_thread_atexit"},
};

struct leaving {
	const struct hl_snapshot *s;
	const struct hl_resolver *r;
	uint8_t *runtimes;		/* by string, as an object's path: enum runtime */
	uint8_t *functions;		/* by string, as a function's name: bit r: one of runtime r's; NOT_KNOWN */
};

#define NOT_KNOWN 0xff

static enum runtime runtime_of(struct leaving *l, uint32_t string)
{
	uint8_t *known = &l->runtimes[string];

	if (*known != NOT_ASKED)
		return *known;
	*known = RUNTIME_NONE;
	for (size_t i = 0; i < sizeof(objects) / sizeof(*objects) && !*known; i++)
		if (hl_suppression_matches(objects[i].pattern, l->r->strings[string]))
			*known = (uint8_t)objects[i].runtime;
	return *known;
}

/* Names of the C library have underscores, and in its debug symbols "__GI_", before what they are called by. */
static const char *bare_name(const char *name)
{
	if (!strncmp(name, "__GI_", 5))
		name += 5;
	return name + strspn(name, "_");
}

static bool is_kept(struct leaving *l, enum runtime runtime, uint32_t function)
{
	uint8_t *known = &l->functions[function];

	/* of the loader everything, also what has no name */
	if (runtime == RUNTIME_LOADER)
		return true;
	if (*known == NOT_KNOWN) {
		*known = 0;
		for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
			if (hl_suppression_matches(kept[i].pattern, bare_name(l->r->strings[function])))
				*known |= (uint8_t)(1u << kept[i].runtime);
	}
	return *known & 1u << runtime;
}

/* From the innermost frame outwards as long as there are runtimes. */
static bool is_runtime(struct leaving *l, uint32_t node)
{
	const struct hl_resolution *n = l->s->resolution;

	for (; node >= HL_NR_RESERVED_NODES; node = l->s->nodes[node].parent) {
		const struct hl_resolved_address *a = &l->r->addresses[n->addresses[node]];

		for (uint32_t k = 0; k < a->nr; k++) {
			const struct hl_resolved_frame *f = &l->r->frames[a->first + k];
			enum runtime runtime = runtime_of(l, f->module);

			if (runtime == RUNTIME_NONE)
				return false;
			if (is_kept(l, runtime, f->function))
				return true;
		}
	}
	return false;
}

static int leave(struct leaving *l, uint8_t *verdicts, struct hl_counts *sum)
{
	size_t nr = l->r->nr_strings;

	l->runtimes = malloc(nr + 1);
	l->functions = malloc(nr + 1);
	if (!l->runtimes || !l->functions)
		return -ENOMEM;
	memset(l->runtimes, NOT_ASKED, nr + 1);
	memset(l->functions, NOT_KNOWN, nr + 1);
	for (uint64_t i = HL_NR_RESERVED_SITES; i < l->s->globals.nr_sites; i++) {
		verdicts[i] = is_runtime(l, l->s->sites[i].site.node);
		if (verdicts[i])
			hl_counts_add(sum, &l->s->sites[i].counts);
	}
	return 0;
}

int hl_snapshot_leave_runtime(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		struct hl_counts *kept_by_runtime, struct hl_snapshot **out)
{
	struct leaving l = {.s = snapshot, .r = resolver};
	struct hl_counts sum = {0};
	uint8_t *verdicts = NULL;
	int rc = hl_snapshot_resolve(snapshot, resolver);

	if (rc)
		return rc;
	verdicts = calloc(snapshot->globals.nr_sites + 1, 1);
	rc = verdicts ? leave(&l, verdicts, &sum) : -ENOMEM;
	if (!rc)
		rc = hl_snapshot_keep(snapshot, verdicts, 0, HL_ALL_DOMAINS, out);
	if (!rc)
		*kept_by_runtime = sum;
	free(verdicts);
	free(l.runtimes);
	free(l.functions);
	return rc;
}
