/* SPDX-License-Identifier: MIT */
/*
 * A C program that loads a plugin as its first argument says, and exchanges blocks with it.
 *
 * Usage: victim-deepbind HOW PLUGIN [ALONE]
 * HOW: letters: n now, l lazy, g global, d deep; x: blocks cross; k: stays loaded; s: libc by dlsym() and other names.
 * A plugin has make(), drop() and resize() of its own.  The numbers are in tests/preload/deepbind.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void *__libc_valloc(size_t);
extern void *__libc_pvalloc(size_t);
extern void __libc_free(void *);

static struct {
	void *(*make)(size_t);
	void (*drop)(void *);
	void *(*resize)(void *, size_t);
} plugin;

static void find(void *function, void *library, const char *name)
{
	void *address = dlsym(library, name);

	if (!address) {
		fprintf(stderr, "%s\n", dlerror());
		exit(3);
	}
	memcpy(function, &address, sizeof(address));
}

/* 10 blocks of 1000 of the plugin, 4 freed there. */
void stays_there(void)
{
	void *blocks[10];

	for (int i = 0; i < 10; i++)
		blocks[i] = plugin.make(1000);
	for (int i = 0; i < 4; i++)
		plugin.drop(blocks[i]);
}

/* 10 blocks of 700 of the plugin, 5 freed here, 2 resized here to 50; 10 of 500 from here, 8 freed there, 1 resized. */
void crosses(void)
{
	void *blocks[10];

	for (int i = 0; i < 10; i++)
		blocks[i] = plugin.make(700);
	for (int i = 0; i < 5; i++)
		free(blocks[i]);
	for (int i = 5; i < 7; i++)
		blocks[i] = realloc(blocks[i], 50);
	for (int i = 0; i < 10; i++)
		blocks[i] = malloc(500);
	for (int i = 0; i < 8; i++)
		plugin.drop(blocks[i]);
	blocks[8] = plugin.resize(blocks[8], 20000);
}

static void *(*libc_malloc)(size_t);
static void *(*libc_calloc)(size_t, size_t);
static void (*libc_free)(void *);

/* 10 blocks of 300 and 10 of 30, 3 and 3 freed. */
void by_handle(void)
{
	void *block;

	for (int i = 0; i < 10; i++) {
		block = libc_malloc(300);
		if (i < 3)
			libc_free(block);
		block = libc_calloc(3, 10);
		if (i < 3)
			free(block);
	}
}

/* 7 blocks, 10 + 200 + 3000 + 40000 + 5 + 6 + 7 bytes; 5 freed, with 3000 and 5 left. */
void by_other_names(void)
{
	void *a = __libc_malloc(10), *b = __libc_calloc(2, 100), *c = __libc_memalign(64, 3000), *d;

	d = __libc_realloc(NULL, 4);
	d = __libc_realloc(d, 40000);
	__libc_free(a);
	free(b);
	__libc_free(d);
	__libc_free(__libc_valloc(5) ? NULL : c);
	free(__libc_pvalloc(6));
	__libc_free(malloc(7));
	__libc_free(NULL);
}

static void ask_libc(void)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);

	find(&libc_malloc, libc, "malloc");
	find(&libc_calloc, RTLD_NEXT, "calloc");
	find(&libc_free, libc, "free");
	by_handle();
	by_other_names();
}

static int mode_of(const char *how)
{
	int mode = strchr(how, 'l') ? RTLD_LAZY : RTLD_NOW;

	if (strchr(how, 'g'))
		mode |= RTLD_GLOBAL;
	if (strchr(how, 'd'))
		mode |= RTLD_DEEPBIND;
	return mode;
}

int main(int argc, char **argv)
{
	const char *how = argc > 2 ? argv[1] : "";
	void *library = argc > 2 ? dlopen(argv[2], mode_of(how)) : NULL;

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return 2;
	}
	find(&plugin.make, library, "make");
	find(&plugin.drop, library, "drop");
	find(&plugin.resize, library, "resize");
	stays_there();
	if (strchr(how, 'x'))
		crosses();
	if (strchr(how, 's'))
		ask_libc();
	return strchr(how, 'k') ? 0 : dlclose(library);
}
