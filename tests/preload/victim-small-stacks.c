/* SPDX-License-Identifier: MIT */
/*
 * Allocations on stacks so small that there is hardly room for malloc itself; below each lies a page that nobody
 * may touch, or a pattern that nobody may change.
 *
 * Usage: victim-small-stacks coroutine|mapping|first|neighbour|handler|fault BYTES; prints "ok".
 *   coroutine  20 coroutines of BYTES, after the first event
 *   mapping    20 coroutines of BYTES that map a page each instead
 *   first      a coroutine of BYTES has the very first event of the program
 *   neighbour  coroutines in an array of stacks: what is written below one of them is in another one
 *   handler    a signal handler on a stack of what the kernel needs (MINSIGSTKSZ) and BYTES
 *   fault      a handler of SIGSEGV on such a stack
 */
#include <signal.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
#define PAGE 4096ul

static void *volatile sink;

/* 1 block of 24 bytes, freed. */
void on_small_stack(void)
{
	sink = malloc(24);
	free(sink);
}

/* A page, which stays. */
void map_on_small_stack(void)
{
	sink = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static ucontext_t outside, inside;

static void (*on_coroutine)(void) = on_small_stack;

static void enter(char *stack, size_t bytes)
{
	getcontext(&inside);
	inside.uc_stack.ss_sp = stack;
	inside.uc_stack.ss_size = bytes;
	inside.uc_link = &outside;
	makecontext(&inside, on_coroutine, 0);
	swapcontext(&outside, &inside);
}

/* BYTES that end at the end of a page; the page below them is not there. */
static char *guarded_stack(size_t bytes)
{
	size_t pages = (bytes + PAGE - 1) / PAGE * PAGE;
	char *map = mmap(NULL, pages + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map, PAGE, PROT_NONE) != 0)
		_exit(3);
	memset(map + PAGE, 0x5a, pages - bytes);
	return map + PAGE + pages - bytes;
}

/* A stack of less than a page has a pattern between it and the page that is not there. */
static int is_untouched(const char *stack)
{
	const char *page = (const char *)((uintptr_t)stack / PAGE * PAGE);

	for (const char *p = page; p < stack; p++)
		if (*p != 0x5a)
			return 0;
	return 1;
}

static int do_coroutine(size_t bytes, int nr)
{
	for (int i = 0; i < nr; i++) {
		char *stack = guarded_stack(bytes);

		enter(stack, bytes);
		if (!is_untouched(stack))
			return 4;
	}
	return 0;
}

#define NR_NEIGHBOURS 16
static int do_neighbour(size_t bytes)
{
	char *stacks = guarded_stack(NR_NEIGHBOURS * bytes);

	for (size_t i = NR_NEIGHBOURS; i-- > 1;) {
		memset(stacks + (i - 1) * bytes, 0x5a, bytes);
		enter(stacks + i * bytes, bytes);
		for (size_t k = 0; k < bytes; k++)
			if (stacks[(i - 1) * bytes + k] != 0x5a)
				return 4;
	}
	return 0;
}

static void on_signal(int signal)
{
	(void)signal;
	on_small_stack();
}

static sigjmp_buf back;
static void on_fault(int signal)
{
	(void)signal;
	on_small_stack();
	siglongjmp(back, 1);
}

static int do_handler(size_t bytes, int number, void (*handler)(int))
{
	size_t least = getauxval(AT_MINSIGSTKSZ);
	stack_t stack = { .ss_flags = 0 };
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	volatile char *nowhere = guarded_stack(1);
	volatile int i;

	nowhere = (volatile char *)((uintptr_t)nowhere / PAGE * PAGE) - PAGE;
	stack.ss_size = (least ? least : 2048) + bytes;
	stack.ss_sp = guarded_stack(stack.ss_size);
	if (sigaltstack(&stack, NULL) != 0 || sigaction(number, &action, NULL) != 0)
		return 77;
	for (i = 0; i < 20; i++)
		if (number != SIGSEGV)
			raise(number);
		else if (sigsetjmp(back, 1) == 0)
			*nowhere = 1;
	return is_untouched(stack.ss_sp) ? 0 : 4;
}

int main(int argc, char **argv)
{
	size_t bytes = argc > 2 ? (size_t)atol(argv[2]) : 0;
	const char *mode = argc > 1 ? argv[1] : "";
	int status = 2;

	if (strcmp(mode, "first") == 0)
		status = do_coroutine(bytes, 1);
	free(malloc(1));
	if (strcmp(mode, "coroutine") == 0)
		status = do_coroutine(bytes, 20);
	if (strcmp(mode, "mapping") == 0) {
		on_coroutine = map_on_small_stack;
		status = do_coroutine(bytes, 20);
	}
	if (strcmp(mode, "neighbour") == 0)
		status = do_neighbour(bytes);
	if (strcmp(mode, "handler") == 0)
		status = do_handler(bytes, SIGUSR1, on_signal);
	if (strcmp(mode, "fault") == 0)
		status = do_handler(bytes, SIGSEGV, on_fault);
	if (status == 0)
		(void)!write(1, "ok\n", 3);
	return status;
}
