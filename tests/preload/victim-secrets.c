/* SPDX-License-Identifier: MIT */
/*
 * Fills its memory with a secret that is nowhere else: heap blocks of many sizes that live, move and go,
 * stacks, threads, a child, mappings.  The secret is put together at run time, so it is in no file.
 *
 * Usage: victim-secrets; prints the secret in the end.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET_BYTES 24

static char secret[SECRET_BYTES + 1];

static void make_secret(void)
{
	unsigned int seed = 4711;

	for (int i = 0; i < SECRET_BYTES; i++)
		secret[i] = (char)('A' + rand_r(&seed) % 26);
}

static void fill(char *block, size_t bytes)
{
	for (size_t at = 0; at < bytes; at++)
		block[at] = secret[at % SECRET_BYTES];
}

static void deep(int depth)
{
	char room[200], *block;

	fill(room, sizeof(room));
	block = malloc((size_t)depth * 7 % 900 + 1);
	fill(block, (size_t)depth * 7 % 900 + 1);
	if (depth > 0)
		deep(depth - 1);
	block = realloc(block, 2000);
	fill(block, 2000);
	if (depth % 3 != 0)
		free(block);
	fill(room, sizeof(room));
}

/*
 * malloc() by functions that keep a pointer to their data where others keep the frame pointer: one without unwind
 * information, as in JIT code and assembly, and one that says where its caller is.
 */
void *ask_bare(uint64_t *data);
void *ask_told(uint64_t *data);
__asm__(".text\n"
	"ask_bare:\n"
	"	push %rbp\n	mov %rdi, %rbp\n	mov $64, %edi\n	call malloc@PLT\n	pop %rbp\n	ret\n"
	"ask_told:\n"
	"	.cfi_startproc\n"
	"	push %rbp\n	.cfi_def_cfa_offset 16\n	.cfi_offset %rbp, -16\n"
	"	mov %rdi, %rbp\n	mov $64, %edi\n	call malloc@PLT\n"
	"	pop %rbp\n	.cfi_restore %rbp\n	.cfi_def_cfa_offset 8\n	ret\n"
	"	.cfi_endproc\n");

#define NR_GUESSES 16

/* Data that looks like frames: each word pair is a link and a part of the secret, of @bytes bytes. */
static void guess(size_t bytes)
{
	volatile uint64_t data[2 * NR_GUESSES + 2] = { 0 };

	for (int i = 0; i < NR_GUESSES; i++) {
		uint64_t word = 0;

		memcpy(&word, secret + i, bytes);
		data[2 * i] = (uint64_t)(uintptr_t)&data[2 * i + 2];
		data[2 * i + 1] = word;
	}
	/* Links that begin further out, too; and a first word that is code, as after a true frame. */
	for (int i = 0; i < 6; i++) {
		free(ask_bare((uint64_t *)&data[4 * (i % 3)]));
		free(ask_told((uint64_t *)&data[4 * (i % 3)]));
	}
	data[1] = (uint64_t)(uintptr_t)__builtin_return_address(0);
	free(ask_bare((uint64_t *)data));
	free(ask_told((uint64_t *)data));
}

static void *run(void *arg)
{
	for (int i = 0; i < 50; i++)
		deep(i);
	guess(5);
	guess(8);
	return arg;
}

int main(void)
{
	pthread_t threads[3];
	char *map;

	make_secret();
	map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return 3;
	fill(map, 1 << 20);
	for (int i = 0; i < 3; i++)
		if (pthread_create(&threads[i], NULL, run, NULL) != 0)
			return 4;
	run(NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	if (fork() == 0) {
		run(NULL);
		_exit(0);
	}
	wait(NULL);
	return write(1, secret, SECRET_BYTES) != SECRET_BYTES;
}
