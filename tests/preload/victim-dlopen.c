/* SPDX-License-Identifier: MIT */
/*
 * A C program that loads and unloads libraries, given as arguments, in turn.
 *
 * Usage: victim-dlopen [-|+|@|:|=|%|%+]ROUNDS LIBRARY...
 *
 * -: another thread uses the loader meanwhile. +: each library has to lie elsewhere in each round.
 * @: so, too, and all are loaded at once. ":": at once, each round in another order, at each other's addresses.
 * =: what comes to the place of a library is code made at run time, which allocates 33 bytes.
 * %, %+: other threads are in callbacks of dl_iterate_phdr() nearly all the time, and so have the loader's lock;
 * with +, each library has to lie elsewhere.
 * Calls `int plug(int (*callback)(void (*)(void)))` of each; plug() may call back with a function
 * that throws a C++ exception through our frames. Exit status 0 if each returned 0. The first event
 * of the process is in dlerror(): its message must survive what the shim does then.
 */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static int through(void (*thrower)(void))
{
	thrower();
	return 1;
}

static int moving, making;

struct library {
	void *handle;
	void *start;
	void *plug;
};

static int load(struct library *library, const char *path)
{
	int (*plug)(int (*)(void (*)(void)));
	void *symbol;
	Dl_info info;

	library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library->handle)
		return 2;
	symbol = dlsym(library->handle, "plug");
	memcpy(&plug, &symbol, sizeof(plug));
	if (!dladdr(symbol, &info))
		return 3;
	library->start = info.dli_fbase;
	library->plug = symbol;
	return plug(through);
}

/* push %rbp; mov %rsp, %rbp; mov $33, %edi; movabs $malloc, %rax; call *%rax; pop %rbp; ret */
static const unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0xbf, 33, 0, 0, 0, 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0,
	0xff, 0xd0, 0x5d, 0xc3 };
#define OF_MALLOC 11

/* Where a library was there is code now, which stays. */
static int make_code(const struct library *library)
{
	uintptr_t page = (uintptr_t)library->plug & ~(uintptr_t)4095;
	void *symbol = dlsym(RTLD_DEFAULT, "malloc");
	void *(*function)(void);
	unsigned char *made = mmap((void *)page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (made != (void *)page)
		return 6;
	memcpy(library->plug, code, sizeof(code));
	memcpy((char *)library->plug + OF_MALLOC, &symbol, sizeof(symbol));
	memcpy(&function, &library->plug, sizeof(function));
	free(function());
	return 0;
}

/* And puts a page where it was. */
static int unload(const struct library *library)
{
	if (dlclose(library->handle))
		return 4;
	if (making)
		return make_code(library);
	if (moving && mmap(library->start, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) !=
			      library->start)
		return 5;
	return 0;
}

#define MAX_LIBRARIES 2000

/* A round with @nr libraries at once, beginning with that of number @first. */
static int use(char **paths, int nr, int first)
{
	static struct library library[MAX_LIBRARIES];
	int r = 0;

	for (int i = 0; i < nr && r == 0; i++)
		r = load(&library[i], paths[(i + first) % nr]);
	for (int i = 0; i < nr && r == 0; i++)
		r = unload(&library[i]);
	return r;
}

static int message_survives(void)
{
	const char *message;

	if (dlopen("/nowhere/liba.so", RTLD_NOW))
		return 0;
	message = dlerror();
	return message && strstr(message, "/nowhere/liba.so") != NULL;
}

/* Other threads meanwhile: their stacks pass through the loader, too. */
static int stop;
static void *churn(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		void *p = malloc(11);

		if (dlsym(RTLD_DEFAULT, "no such symbol"))
			abort();
		free(dlerror() ? p : NULL);
	}
	return arg;
}

static int sleep_in_callback(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	(void)info, (void)bytes, (void)arg;
	usleep(5000);
	return 1;
}

static void *keep_loader(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		dl_iterate_phdr(sleep_in_callback, NULL);
		usleep(100);
	}
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t thread[3];
	char how = argc > 1 ? argv[1][0] : '0';
	int rounds = argc > 1 ? atoi(argv[1] + (how < '0' || how > '9')) : 0;
	int together = how == '@' || how == ':' ? argc - 2 : 1, r = 0;
	int nr_threads = how == '-' ? 1 : how == '%' ? 3 : 0;

	moving = how == '+' || how == '@' || (how == '%' && argv[1][1] == '+');
	making = how == '=';
	if (together > MAX_LIBRARIES)
		return 11;
	if (!message_survives())
		return 10;
	for (int i = 0; i < nr_threads; i++)
		pthread_create(&thread[i], NULL, how == '-' ? churn : keep_loader, NULL);
	for (int round = 0; round < rounds && r == 0; round++)
		for (int i = 2; i < argc && r == 0; i += together)
			r = use(argv + i, together, how == ':' ? 7 * round : 0);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	while (nr_threads > 0)
		pthread_join(thread[--nr_threads], NULL);
	return r;
}
