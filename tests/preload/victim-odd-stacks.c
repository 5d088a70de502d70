/* SPDX-License-Identifier: MIT */
/*
 * Stacks that lead an unwinder astray: it must end them, or say that they are partial, and read nothing outside.
 *
 * Usage: victim-odd-stacks MODE
 *   null      1,000 allocations in a coroutine whose entry has the return address 0, as coroutines of languages have
 *   stale     an allocation whose frame pointer leads to a stale return address of a function with a large frame
 *   crossed   the same on a thread's stack, with nothing mapped above it; the frame ends just above it, too
 *   made      600 allocations through code that is made at run time, each page of it when it is needed
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *volatile sink;

/* The stack that runs is kept in *from, the one in *to goes on. */
void switch_stack(void **from, void **to);
__asm__(".text\n"
	".type switch_stack, @function\n"
	"switch_stack:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov (%rsi), %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n"
	".size switch_stack, . - switch_stack\n");

static void *main_stack, *coroutine_stack;

/* 1,000 blocks of 100 bytes. */
void in_coroutine(void)
{
	sink = malloc(100);
}

__attribute__((noreturn)) void coroutine_entry(void)
{
	for (;;) {
		in_coroutine();
		switch_stack(&coroutine_stack, &main_stack);
	}
}

static int do_null(void)
{
	size_t bytes = 64 << 10;
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void **top = (void **)(map + bytes);

	*--top = NULL;
	*--top = (void *)coroutine_entry;
	coroutine_stack = top - 6;
	for (int i = 0; i < 1000; i++)
		switch_stack(&main_stack, &coroutine_stack);
	return 0;
}

/* End in a call that does not return: the address behind it belongs to a frame of 900,000 or of 6,000 bytes. */
extern const char behind_large_frame[], behind_medium_frame[];
__asm__(".text\n"
	".type large_frame, @function\n"
	"large_frame:\n"
	"	.cfi_startproc\n"
	"	sub $900008, %rsp\n"
	"	.cfi_def_cfa_offset 900016\n"
	"	call abort@PLT\n"
	"behind_large_frame:\n"
	"	nop\n"
	"	.cfi_endproc\n"
	".size large_frame, . - large_frame\n"
	".type medium_frame, @function\n"
	"medium_frame:\n"
	"	.cfi_startproc\n"
	"	sub $6008, %rsp\n"
	"	.cfi_def_cfa_offset 6016\n"
	"	call abort@PLT\n"
	"behind_medium_frame:\n"
	"	nop\n"
	"	.cfi_endproc\n"
	".size medium_frame, . - medium_frame\n");

/*
 * Calls malloc(40) with a frame pointer of the caller's choice, without unwind information.  Where it leads there
 * are a frame pointer of 0 and the stale address.
 */
void *malloc_from_chain(const void *stale, uintptr_t *place);
__asm__(".text\n"
	".type malloc_from_chain, @function\n"
	"malloc_from_chain:\n"
	"	push %rbp\n"
	"	mov %rsi, %rbp\n"
	"	movq $0, (%rbp)\n"
	"	mov %rdi, 8(%rbp)\n"
	"	mov $40, %edi\n"
	"	call malloc@PLT\n"
	"	pop %rbp\n"
	"	ret\n"
	".size malloc_from_chain, . - malloc_from_chain\n");

/* The words that the frame pointer leads to are in this frame, near the outer end of the stack. */
void chase(const void *stale)
{
	uintptr_t words[4] = { 0, 0, 0, 0 };

	sink = malloc_from_chain(stale, words);
	free(sink);
}

static int do_stale(void)
{
	chase(behind_large_frame);
	return 0;
}

static void *chase_on_stack(void *arg)
{
	chase(behind_large_frame);
	chase(behind_medium_frame);
	return arg;
}

/* A thread's stack with pages above it that are not there. */
static int do_crossed(void)
{
	size_t bytes = 256 << 10, guard = 64 << 10;
	char *map = mmap(NULL, bytes + 2 * guard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attr;
	pthread_t thread;

	if (mprotect(map, guard, PROT_NONE) != 0 || mprotect(map + guard + bytes, guard, PROT_NONE) != 0)
		return 3;
	pthread_attr_init(&attr);
	if (pthread_attr_setstack(&attr, map + guard, bytes) != 0 ||
		pthread_create(&thread, &attr, chase_on_stack, NULL) != 0)
		return 3;
	pthread_join(thread, NULL);
	return 0;
}

void in_made(void)
{
	sink = malloc(50);
	free(sink);
}

#define NR_PAGES 200
#define PAGE 4096

/* Data that looks like a return address first: what is not code now must not be taken for what comes later. */
static int do_made(void)
{
	static const unsigned char code[] = { 0x55,		/* push %rbp */
		0x48, 0x89, 0xe5,				/* mov %rsp, %rbp */
		0xff, 0xd7,					/* call *%rdi */
		0x5d, 0xc3 };					/* pop %rbp; ret */
	static unsigned char data[64] = { [11] = 0xe8 };
	char *pages = mmap(NULL, NR_PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	chase(data + 16);
	usleep(500000);
	for (int i = 0; i < NR_PAGES; i++) {
		char *page = pages + i * PAGE;
		void (*function)(void (*)(void));

		if (mprotect(page, PAGE, PROT_READ | PROT_WRITE) != 0)
			return 3;
		memcpy(page, code, sizeof(code));
		if (mprotect(page, PAGE, PROT_READ | PROT_EXEC) != 0)
			return 3;
		memcpy(&function, &page, sizeof(function));
		for (int k = 0; k < 3; k++)
			function(in_made);
		chase(data + 16);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int status = 2;

	free(malloc(1));
	if (argc > 1 && strcmp(argv[1], "null") == 0)
		status = do_null();
	if (argc > 1 && strcmp(argv[1], "stale") == 0)
		status = do_stale();
	if (argc > 1 && strcmp(argv[1], "crossed") == 0)
		status = do_crossed();
	if (argc > 1 && strcmp(argv[1], "made") == 0)
		status = do_made();
	if (status == 0)
		(void)!write(1, "ok\n", 3);
	return status;
}
