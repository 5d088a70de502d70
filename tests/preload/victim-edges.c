/* SPDX-License-Identifier: MIT */
/*
 * Corners of processes, threads and stacks in which the shim once hung, crashed or lost its way.
 *
 * Usage: victim-edges MODE.  The exit status is 0 when all is well; a test gives it a minute.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Blocks that the test counts by this function's name. */
void after(int n)
{
	for (int i = 0; i < n; i++)
		if (!malloc(100))
			_exit(9);
}

static int wait_for(pid_t pid)
{
	int status;

	if (pid < 0)
		return 97;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 99;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void *fork_here(void *arg)
{
	pid_t pid = fork();

	if (pid == 0) {
		after(10);
		_exit(0);
	}
	*(int *)arg = wait_for(pid);
	return NULL;
}

/* A thread with the smallest stack forks, and the child's ledger begins on that stack. */
static int do_small_fork(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	int status = 96;

	after(1);
	pthread_attr_init(&attr);
	if (pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN) != 0 ||
		pthread_create(&thread, &attr, fork_here, &status) != 0)
		return 98;
	pthread_join(thread, NULL);
	return status;
}

/* The only thread of a child ends by pthread_exit(). */
static int do_thread_exit(void)
{
	pid_t pid;

	after(1);
	pid = fork();
	if (pid == 0) {
		after(10);
		pthread_exit(NULL);
	}
	return wait_for(pid);
}

/* malloc(100) with a frame pointer of the caller's choice, and no unwind information. */
void *malloc_with_bp(uintptr_t bp);
__asm__(".text\n"
	".globl malloc_with_bp\n"
	".type malloc_with_bp, @function\n"
	"malloc_with_bp:\n"
	"	push %rbp\n"
	"	mov %rdi, %rbp\n"
	"	mov $100, %edi\n"
	"	call malloc@PLT\n"
	"	pop %rbp\n"
	"	ret\n"
	".size malloc_with_bp, . - malloc_with_bp\n");

/* Frame pointers that point at the very top of the stack, at nothing, or nowhere. */
static void *chase(void *arg)
{
	uintptr_t top = *(uintptr_t *)arg;
	uintptr_t wild[] = { top - 8, top - 16, top, top - 1, top + 8, 1, 0, UINTPTR_MAX - 7, top - 4096,
		0x7ffffffff000, 0x800000000000, (uintptr_t)&wild };

	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
		free(malloc_with_bp(wild[i]));
	return NULL;
}

static int do_chain(void)
{
	size_t bytes = 256 << 10;
	char *stack = mmap(NULL, bytes + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t top = (uintptr_t)stack + bytes;
	pthread_attr_t attr;
	pthread_t thread;

	mprotect(stack + bytes, 4096, PROT_NONE);
	pthread_attr_init(&attr);
	if (pthread_attr_setstack(&attr, stack, bytes) != 0 ||
		pthread_create(&thread, &attr, chase, &top) != 0)
		return 98;
	pthread_join(thread, NULL);
	after(10);
	return 0;
}

static volatile int stop;

static int look(struct dl_phdr_info *info, size_t bytes, void *data)
{
	(void)info, (void)bytes;
	++*(int *)data;
	return 0;
}

static void *hold_loader_lock(void *arg)
{
	int n = 0;

	(void)arg;
	while (!stop)
		dl_iterate_phdr(look, &n);
	return NULL;
}

static void recurse(int depth)
{
	if (depth > 0)
		recurse(depth - 1);
	else
		free(malloc(10));
	__asm__ volatile("" ::: "memory");
}

static void *unwind(void *arg)
{
	for (int i = 0; !stop; i++)
		recurse(i % 100);
	return arg;
}

/* Children of a parent whose other threads are inside the loader, or inside an unwinder. */
static int fork_beside(void *(*other)(void *), int children)
{
	pthread_t thread[3];
	int status = 0;

	after(1);
	for (int i = 0; i < 3; i++)
		if (pthread_create(&thread[i], NULL, other, NULL) != 0)
			return 98;
	for (int i = 0; i < children && status == 0; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			for (int j = 0; j < 20; j++)
				recurse(j);
			after(10);
			_exit(0);
		}
		status = wait_for(pid);
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	return status;
}

static int do_fork_loader(void)
{
	return fork_beside(hold_loader_lock, 60);
}

static int do_fork_unwinder(void)
{
	return fork_beside(unwind, 60);
}

static void allocate_in_handler(int signal)
{
	(void)signal;
	recurse(5);
	after(10);
}

/* A handler on an alternate stack of 8 KiB, with pages behind it that nobody may touch. */
static int do_small_handler_stack(void)
{
	char *pages = mmap(NULL, 8192 + 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = { .ss_sp = pages + 8192, .ss_size = 8192 };
	struct sigaction action = { .sa_handler = allocate_in_handler, .sa_flags = SA_ONSTACK };

	mprotect(pages, 8192, PROT_NONE);
	if (sigaltstack(&stack, NULL) != 0 || sigaction(SIGUSR1, &action, NULL) != 0)
		return 98;
	/* The very first event, then when all is known of the main stack. */
	raise(SIGUSR1);
	recurse(20);
	for (int i = 0; i < 9; i++)
		raise(SIGUSR1);
	return 0;
}

static sigjmp_buf back;
static volatile int may_jump;

static void jump(int signal)
{
	(void)signal;
	if (may_jump)
		siglongjmp(back, 1);
}

/*
 * A handler that leaves by siglongjmp(), out of malloc too.  The allocator beneath is one without locks
 * (bump.so): libc's does not survive this.
 */
static int do_jump(void)
{
	struct sigaction action = { .sa_handler = jump, .sa_flags = SA_NODEFER };
	struct itimerval every = { { 0, 300 }, { 0, 300 } }, never = { { 0, 0 }, { 0, 0 } };
	volatile int jumps = 0;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	while (jumps < 2000) {
		if (sigsetjmp(back, 1) != 0)
			jumps++;
		may_jump = 1;
		for (int i = 0; jumps < 2000; i++)
			recurse(i % 50);
		may_jump = 0;
	}
	may_jump = 0;
	setitimer(ITIMER_REAL, &never, NULL);
	after(1000);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} modes[] = {
	{ "small-fork", do_small_fork },
	{ "thread-exit", do_thread_exit },
	{ "chain", do_chain },
	{ "fork-loader", do_fork_loader },
	{ "fork-unwinder", do_fork_unwinder },
	{ "small-handler-stack", do_small_handler_stack },
	{ "jump", do_jump },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (argc == 2 && strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run();
	return 2;
}
