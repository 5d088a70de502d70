/* SPDX-License-Identifier: MIT */
/* Debug files from debuginfod's servers, by libdebuginfod, which is loaded when it is needed. */
#include "debuginfod.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_LIBDEBUGINFOD
#include <dlfcn.h>
#include <elfutils/debuginfod.h>
#endif

#include "elf-places.h"

#define MAX_SILENCE_SECONDS 10
#define MAX_SECONDS 300

struct hl_debuginfod {
	hl_debuginfod_progress *progress;
	void *progress_arg;
	int error;			/* not 0: nobody is asked again */
	time_t spent;			/* seconds of all questions before this one */
	time_t start;			/* of this one */
	time_t moved;			/* when its bytes last grew */
	long bytes;
#ifdef HAVE_LIBDEBUGINFOD
	void *library;
	debuginfod_client *client;
	__typeof__(&debuginfod_find_debuginfo) find[2]; /* by enum hl_debuginfod_kind */
	__typeof__(&debuginfod_end) end;
#endif
};

struct hl_debuginfod *hl_debuginfod_new(void)
{
	return calloc(1, sizeof(struct hl_debuginfod));
}

void hl_debuginfod_set_progress(struct hl_debuginfod *d, hl_debuginfod_progress *progress, void *arg)
{
	d->progress = progress;
	d->progress_arg = arg;
}

int hl_debuginfod_error(const struct hl_debuginfod *d)
{
	return d->error;
}

#ifdef HAVE_LIBDEBUGINFOD
static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* The function of the library that belongs to the data of a client. */
static __typeof__(&debuginfod_get_user_data) client_data;

/* Called some times a second while a question is under way; not 0: give up. */
static int look(debuginfod_client *client, long done, long total)
{
	struct hl_debuginfod *d = client_data(client);
	time_t t = now();

	if (!d)
		return 0;
	if (done > d->bytes) {
		d->bytes = done;
		d->moved = t;
	}
	if (d->progress && done >= 0)
		d->progress(d->progress_arg, (uint64_t)done, total > 0 ? (uint64_t)total : 0);
	return t - d->moved > MAX_SILENCE_SECONDS || d->spent + (t - d->start) > MAX_SECONDS;
}

/* The symbols that are used; false: another library of that name. */
static bool bind(struct hl_debuginfod *d)
{
	__typeof__(&debuginfod_begin) begin = (__typeof__(&debuginfod_begin))dlsym(d->library, "debuginfod_begin");
	__typeof__(&debuginfod_set_progressfn) set_progress =
		(__typeof__(&debuginfod_set_progressfn))dlsym(d->library, "debuginfod_set_progressfn");
	__typeof__(&debuginfod_set_user_data) set_data;

	d->find[HL_FETCH_DEBUGINFO] =
		(__typeof__(d->find[0]))dlsym(d->library, "debuginfod_find_debuginfo");
	d->find[HL_FETCH_EXECUTABLE] =
		(__typeof__(d->find[0]))dlsym(d->library, "debuginfod_find_executable");
	d->end = (__typeof__(d->end))dlsym(d->library, "debuginfod_end");
	client_data = (__typeof__(client_data))dlsym(d->library, "debuginfod_get_user_data");
	set_data = (__typeof__(set_data))dlsym(d->library, "debuginfod_set_user_data");
	if (!begin || !set_progress || !client_data || !set_data || !d->find[0] || !d->find[1] || !d->end)
		return false;
	d->client = begin();
	if (d->client) {
		set_data(d->client, d);
		set_progress(d->client, look);
	}
	return d->client != NULL;
}

static int start(struct hl_debuginfod *d)
{
	const char *urls = getenv(DEBUGINFOD_URLS_ENV_VAR);

	if (d->client)
		return 0;
	if (!urls || !*urls)
		return -EHOSTUNREACH;
	d->library = dlopen(DEBUGINFOD_SONAME, RTLD_NOW | RTLD_LOCAL);
	return d->library && bind(d) ? 0 : -ENOPKG;
}

/* Whether an answer says no more than that there is no such file. */
static bool is_answer(int rc)
{
	return rc >= 0 || rc == -ENOENT || rc == -EACCES;
}

int hl_debuginfod_fetch(struct hl_debuginfod *d, enum hl_debuginfod_kind kind, const struct hl_build_id *id,
	char **path)
{
	char *name = NULL;
	int fd;

	if (!d->error)
		d->error = start(d);
	if (d->error)
		return d->error;
	d->start = d->moved = now();
	d->bytes = 0;
	fd = d->find[kind](d->client, id->bytes, (int)id->length, &name);
	d->spent += now() - d->start;
	if (d->progress)
		d->progress(d->progress_arg, 0, 0);
	if (!is_answer(fd))
		d->error = fd == -ENOMEM ? fd : -EHOSTUNREACH;
	if (fd < 0)
		return d->error ? d->error : -ENOENT;
	close(fd);
	*path = name;
	return name ? 0 : -ENOMEM;
}

void hl_debuginfod_free(struct hl_debuginfod *d)
{
	if (!d)
		return;
	/* The library stays: curl leaves things behind that point into it. */
	if (d->client)
		d->end(d->client);
	free(d);
}
#else
int hl_debuginfod_fetch(struct hl_debuginfod *d, enum hl_debuginfod_kind kind, const struct hl_build_id *id,
	char **path)
{
	(void)kind;
	(void)id;
	(void)path;
	d->error = -ENOPKG;
	return d->error;
}

void hl_debuginfod_free(struct hl_debuginfod *d)
{
	free(d);
}
#endif
