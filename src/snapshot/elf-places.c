/* SPDX-License-Identifier: MIT */
/* Where the files of modules are looked for: folders, roots and processes. */
#include "elf-places.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debuginfod.h"
#include "named-file.h"

static void place_free(struct hl_elf_place *place)
{
	if (!place)
		return;
	if (place->root >= 0)
		close(place->root);
	if (place->process >= 0)
		close(place->process);
	free(place->name);
	free(place);
}

/* Takes ownership of @name, NULL: out of memory, and of both descriptors. */
static struct hl_elf_place *place_new(int root, int process, char *name)
{
	struct hl_elf_place *place = name ? malloc(sizeof(*place)) : NULL;

	if (place) {
		*place = (struct hl_elf_place){ .root = root, .process = process, .name = name };
		return place;
	}
	free(name);
	close(root);
	if (process >= 0)
		close(process);
	return NULL;
}

/* Takes ownership of @item; 0 or -ENOMEM. */
static int add_text(char ***items, size_t *nr, char *item)
{
	char **bigger = item ? reallocarray(*items, *nr + 1, sizeof(*bigger)) : NULL;

	if (!bigger) {
		free(item);
		return -ENOMEM;
	}
	*items = bigger;
	bigger[(*nr)++] = item;
	return 0;
}

__attribute__((format(printf, 1, 2)))
static char *format(const char *text, ...)
{
	va_list args;
	char *out;
	int n;

	va_start(args, text);
	n = vasprintf(&out, text, args);
	va_end(args);
	return n < 0 ? NULL : out;
}

/* debuginfod_find_debuginfo(3): what its client keeps, and where older ones did. */
static int add_caches(struct hl_elf_places *places)
{
	const char *path = getenv("DEBUGINFOD_CACHE_PATH"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int rc = 0;

	if (path && *path)
		return add_text(&places->caches, &places->nr_caches, strdup(path));
	if (home && *home)
		rc = add_text(&places->caches, &places->nr_caches, format("%s/.debuginfod_client_cache", home));
	if (!rc && cache && *cache)
		rc = add_text(&places->caches, &places->nr_caches, format("%s/debuginfod_client", cache));
	else if (!rc && home && *home)
		rc = add_text(&places->caches, &places->nr_caches, format("%s/.cache/debuginfod_client", home));
	return rc;
}

int hl_elf_places_add_dirs(struct hl_elf_places *places, const char *const *dirs, size_t nr)
{
	int rc = 0;

	for (size_t i = 0; !rc && i <= nr; i++)
		rc = add_text(&places->dirs, &places->nr_dirs, strdup(i < nr ? dirs[i] : HL_DEFAULT_DEBUG_DIR));
	return rc ? rc : add_caches(places);
}

int hl_elf_places_set_sysroot(struct hl_elf_places *places, const char *path)
{
	int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t length = strlen(path);

	if (root < 0)
		return -errno;
	while (length && path[length - 1] == '/')
		length--;
	place_free(places->sysroot);
	places->sysroot = place_new(root, -1, strndup(path, length));
	return places->sysroot ? 0 : -ENOMEM;
}

int hl_elf_places_add_process(struct hl_elf_places *places, int process, int pid)
{
	int root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct hl_elf_place **bigger, *place;
	int copy;

	if (root < 0)
		return -errno;
	copy = fcntl(process, F_DUPFD_CLOEXEC, 0);
	if (copy < 0) {
		close(root);
		return -errno;
	}
	place = place_new(root, copy, format("/proc/%d/root", pid));
	if (!place)
		return -ENOMEM;
	bigger = reallocarray(places->processes, places->nr_processes + 1, sizeof(struct hl_elf_place *));
	if (!bigger) {
		place_free(place);
		return -ENOMEM;
	}
	places->processes = bigger;
	bigger[places->nr_processes++] = place;
	return 0;
}

void hl_elf_places_release(struct hl_elf_places *places)
{
	place_free(places->sysroot);
	for (size_t i = 0; i < places->nr_processes; i++)
		place_free(places->processes[i]);
	free(places->processes);
	for (size_t i = 0; i < places->nr_dirs; i++)
		free(places->dirs[i]);
	free(places->dirs);
	for (size_t i = 0; i < places->nr_caches; i++)
		free(places->caches[i]);
	free(places->caches);
	hl_debuginfod_free(places->servers);
	memset(places, 0, sizeof(*places));
}

bool hl_elf_places_dir(const struct hl_elf_places *places, size_t i, struct hl_debug_dir *out)
{
	if (places->sysroot) {
		if (i == 0) {
			*out = (struct hl_debug_dir){ places->sysroot, HL_DEFAULT_DEBUG_DIR };
			return true;
		}
		i--;
	}
	if (i < places->nr_dirs) {
		*out = (struct hl_debug_dir){ NULL, places->dirs[i] };
		return true;
	}
	i -= places->nr_dirs;
	if (i >= places->nr_processes)
		return false;
	*out = (struct hl_debug_dir){ places->processes[i], HL_DEFAULT_DEBUG_DIR };
	return true;
}

int hl_elf_place_open(const struct hl_elf_place *place, const char *path, struct stat *st)
{
	return place ? hl_named_open_in(place->root, path, st) : hl_named_open(path, HL_NAMED_OBJECT, NULL, st);
}

/* The range of the first mapping of @path, as map_files calls it. */
static bool find_range(const struct hl_elf_place *place, const char *path, char range[48])
{
	char name[64];
	char *line = NULL;
	size_t room = 0, length = strlen(path);
	bool found = false;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/self/fd/%d/maps", place->process);
	maps = fopen(name, "re");
	while (maps && !found && getline(&line, &room, maps) > 0) {
		const char *slash = strchr(line, '/');

		if (!slash || strncmp(slash, path, length) != 0)
			continue;
		found = (slash[length] == '\n' || strcmp(slash + length, " (deleted)\n") == 0) &&
			sscanf(line, "%47s", range) == 1;
	}
	free(line);
	if (maps)
		fclose(maps);
	return found;
}

int hl_elf_place_open_mapped(const struct hl_elf_place *place, const char *path, int which, char name[128],
	struct stat *st)
{
	char range[48] = "", opened[128];

	if (which == 1 && !find_range(place, path, range))
		return -ENOENT;
	snprintf(opened, sizeof(opened), "/proc/self/fd/%d/%s%s", place->process, which ? "map_files/" : "exe", range);
	snprintf(name, 128, "%.*s/%s%s", (int)(strlen(place->name) - strlen("/root")), place->name,
		which ? "map_files/" : "exe", range);
	return hl_named_open(opened, HL_NAMED_MAPPED, NULL, st);
}

void hl_build_id_format(const struct hl_build_id *id, bool with_slash, char text[HL_BUILD_ID_TEXT])
{
	char *p = text;

	for (size_t i = 0; i < id->length; i++) {
		p += sprintf(p, "%02x", id->bytes[i]);
		if (i == 0 && with_slash)
			*p++ = '/';
	}
	*p = '\0';
}
