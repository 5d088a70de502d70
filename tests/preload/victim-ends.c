/* SPDX-License-Identifier: MIT */
/*
 * Allocations before main() and after it, and at the end of threads: each kind in a function of its own.
 *
 * Usage: victim-ends [return|exit|quick|pthread_exit]
 * Every function below allocates blocks of N, N + 1 and N + 2 bytes and frees the second, so many times as its
 * comment says.  N differs: of functions with one body a compiler makes one.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

/* Not a function: the account is by the function that asks. */
#define ALLOCATE(n)                                                                                \
	do {                                                                                       \
		void *one = malloc(n), *two = malloc(n + 1), *three = malloc(n + 2);                 \
		if (!one || !three)                                                                \
			_exit(9);                                                                  \
		free(two);                                                                         \
	} while (0)

/* Before every constructor; the libraries are not initialised by then. Once. */
void in_preinit(void)
{
	ALLOCATE(100);
}
__attribute__((section(".preinit_array"), used)) static void (*preinit)(void) = in_preinit;

/* Once. */
void in_init_array(void)
{
	ALLOCATE(200);
}
__attribute__((section(".init_array"), used)) static void (*init)(void) = in_init_array;

/* Twice: with a priority and without. */
void in_constructor(void)
{
	ALLOCATE(300);
}
__attribute__((constructor(101))) static void first(void)
{
	in_constructor();
}
__attribute__((constructor)) static void last(void)
{
	in_constructor();
}

/* Twice, by exit. */
void in_destructor(void)
{
	ALLOCATE(400);
}
__attribute__((destructor(101))) static void very_last(void)
{
	in_destructor();
}
__attribute__((destructor)) static void not_last(void)
{
	in_destructor();
}

/* Once, by exit. */
void in_fini_array(void)
{
	ALLOCATE(500);
}
__attribute__((section(".fini_array"), used)) static void (*fini)(void) = in_fini_array;

/* Twice by exit: registered by main, and by a handler. */
void in_atexit(void)
{
	static int nr;

	ALLOCATE(600);
	if (nr++ == 0)
		atexit(in_atexit);
}

/* Once, by exit. */
void in_on_exit(int status, void *arg)
{
	(void)status, (void)arg;
	ALLOCATE(700);
}

/* Twice, by quick_exit. */
void in_at_quick_exit(void)
{
	ALLOCATE(800);
}

/* PTHREAD_DESTRUCTOR_ITERATIONS times per thread, 5 threads: 20. */
static pthread_key_t key;
void in_key_destructor(void *arg)
{
	ALLOCATE(900);
	pthread_setspecific(key, arg);
}

/* C11: the same, 20. */
static tss_t other_key;
void in_tss_destructor(void *arg)
{
	ALLOCATE(1000);
	tss_set(other_key, arg);
}

/* Once per thread: 5; what glibc calls for a C++ object that is thread_local. */
extern int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *dso) __attribute__((weak));
extern void *__dso_handle;
void in_thread_local(void *object)
{
	(void)object;
	ALLOCATE(1100);
}

static void *live(void *arg)
{
	pthread_setspecific(key, arg);
	tss_set(other_key, arg);
	if (__cxa_thread_atexit_impl)
		__cxa_thread_atexit_impl(in_thread_local, arg, &__dso_handle);
	return arg;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "return";
	static int anything;
	pthread_t thread;

	if (pthread_key_create(&key, in_key_destructor) != 0 ||
		tss_create(&other_key, in_tss_destructor) != thrd_success)
		return 3;
	for (int i = 0; i < 5; i++) {
		if (pthread_create(&thread, NULL, live, &anything) != 0)
			return 4;
		pthread_join(thread, NULL);
	}
	if (atexit(in_atexit) != 0 || on_exit(in_on_exit, NULL) != 0 || at_quick_exit(in_at_quick_exit) != 0 ||
		at_quick_exit(in_at_quick_exit) != 0)
		return 5;
	if (strcmp(how, "exit") == 0)
		exit(0);
	if (strcmp(how, "quick") == 0)
		quick_exit(0);
	if (strcmp(how, "pthread_exit") == 0)
		pthread_exit(NULL);
	return 0;
}
