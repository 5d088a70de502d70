/* SPDX-License-Identifier: MIT */
/*
 * Who holds the loader's lock allocates, while others allocate through new stacks that only libunwind can walk,
 * load and unload plugins, throw, and fork.  No lock of the program's own: alone it cannot hang.
 *
 * Usage: victim-lock-order SECONDS PLUGIN [THROWER]; prints "ok".
 *   PLUGIN   a library with plug(); its constructors and destructors allocate
 *   THROWER  a library with throw_and_catch(): C++
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile int stop;
static char **libraries;
static int nr_libraries;
static unsigned long done[6];	/* rounds of each kind of thread */

/* 256 places that allocate. */
#define FOUR(m, n) m(n##0) m(n##1) m(n##2) m(n##3)
#define SIXTEEN(m, n) FOUR(m, n##0) FOUR(m, n##1) FOUR(m, n##2) FOUR(m, n##3)
#define ALL(m) SIXTEEN(m, 0) SIXTEEN(m, 1) SIXTEEN(m, 2) SIXTEEN(m, 3)
#define PLACE(n)                                                                                   \
	static void *place##n(void)                                                                \
	{                                                                                          \
		return malloc(32 + (__COUNTER__ & 7));                                             \
	}
#define NAME(n) place##n,
#define MORE(m) ALL(m)
MORE(PLACE)
static void *(*const places[])(void) = { MORE(NAME) };
#define NR_PLACES (sizeof(places) / sizeof(places[0]))

/* Calls its argument; its CFA is in a register that no learned rule can express. */
void *by_rbx(void *(*place)(void));
__asm__(".text\n"
	".type by_rbx, @function\n"
	"by_rbx:\n"
	"	.cfi_startproc\n"
	"	push %rbx\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset 3, -16\n"
	"	mov %rsp, %rbx\n"
	"	.cfi_def_cfa_register 3\n"
	"	call *%rdi\n"
	"	pop %rbx\n"
	"	.cfi_def_cfa 7, 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size by_rbx, . - by_rbx\n");

static void *deeper(unsigned int path, unsigned int n)
{
	void *block;

	if (path == 0)
		return by_rbx(places[n % NR_PLACES]);
	if (path & 1)
		block = deeper(path >> 1, n);
	else
		block = deeper(path >> 1, n + 1);
	__asm__ volatile("" ::: "memory");
	return block;
}

static int in_callback(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	unsigned int *n = arg;

	(void)info, (void)bytes;
	for (int i = 0; i < 4; i++, *n += 7)
		free(deeper(*n / NR_PLACES & 15, *n));
	return 0;
}

static void *iterate(void *arg)
{
	unsigned int n = 0;

	while (!stop) {
		dl_iterate_phdr(in_callback, &n);
		++*(unsigned long *)arg;
	}
	return NULL;
}

static void *allocate(void *arg)
{
	for (unsigned int n = 0; !stop; n++) {
		free(deeper(n / NR_PLACES & 15, n));
		++*(unsigned long *)arg;
	}
	return NULL;
}

static void *load(void *arg)
{
	while (!stop) {
		void *plugin = dlopen(libraries[0], RTLD_NOW | RTLD_LOCAL);
		int (*plug)(void);

		if (!plugin)
			_exit(4);
		*(void **)&plug = dlsym(plugin, "plug");
		plug();
		dlclose(plugin);
		++*(unsigned long *)arg;
	}
	return NULL;
}

static void *throw_often(void *arg)
{
	void *thrower = nr_libraries > 1 ? dlopen(libraries[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	int (*throw_and_catch)(int);

	if (!thrower)
		return NULL;
	*(void **)&throw_and_catch = dlsym(thrower, "throw_and_catch");
	for (int i = 0; !stop; i++) {
		if (throw_and_catch(i % 20) != i % 20)
			_exit(5);
		++*(unsigned long *)arg;
	}
	return NULL;
}

static void *fork_often(void *arg)
{
	while (!stop) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			for (unsigned int n = 0; n < 40; n++)
				free(deeper(n & 15, n));
			_exit(0);
		}
		while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (pid < 0 || status != 0)
			_exit(6);
		++*(unsigned long *)arg;
		usleep(20000);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static void *(*const crew[])(void *) = { iterate, iterate, allocate, allocate, load, load, throw_often,
		throw_often, fork_often };
	static const int kinds[] = { 0, 0, 1, 1, 2, 2, 3, 3, 4 };
	pthread_t thread[sizeof(crew) / sizeof(crew[0])];
	size_t n = sizeof(crew) / sizeof(crew[0]);
	time_t end;

	if (argc < 3)
		return 2;
	libraries = argv + 2;
	nr_libraries = argc - 2;
	free(malloc(5));
	end = time(NULL) + atoi(argv[1]);
	for (size_t i = 0; i < n; i++)
		if (pthread_create(&thread[i], NULL, crew[i], &done[kinds[i]]) != 0)
			return 3;
	while (time(NULL) <= end)
		usleep(50000);
	stop = 1;
	while (n > 0)
		pthread_join(thread[--n], NULL);
	/* Each kind of thread has had its turn, or nothing was tried. */
	if (!done[0] || !done[1] || !done[2] || (nr_libraries > 1 && !done[3]) || !done[4])
		return 7;
	fprintf(stderr, "%lu iterations, %lu allocations, %lu loads, %lu throws, %lu forks\n", done[0], done[1],
		done[2], done[3], done[4]);
	puts("ok");
	return 0;
}
