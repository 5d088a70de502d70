/* SPDX-License-Identifier: MIT */
/*
 * Runs a program to which the kernel refuses a system call, through a seccomp filter.
 *
 * Usage: inject SYSCALL ERROR [AT-LEAST] -- PROGRAM [ARG...]
 * SYSCALL and ERROR: names below.  With AT-LEAST only calls of
 * that many bytes are refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned int nr;
	int size_arg;			/* -1: none */
	int flag_arg;			/* -1: none */
	unsigned int flag;		/* any of these bits */
} calls[] = {
	{ "fallocate", SYS_fallocate, 3, -1, 0 },
	{ "openat-create", SYS_openat, -1, 2, O_CREAT },
	{ "mmap", SYS_mmap, 1, -1, 0 },
	{ "mmap-shared", SYS_mmap, 1, 3, MAP_SHARED },
	{ "madvise", SYS_madvise, 1, -1, 0 },
	{ "populate", SYS_madvise, 1, 2, 1 },	/* MADV_POPULATE_WRITE, 23, is the only odd advice in use */
	{ "ftruncate", SYS_ftruncate, 1, -1, 0 },
	{ "mprotect-write", SYS_mprotect, -1, 2, PROT_WRITE },
	{ "pwrite64", SYS_pwrite64, 2, -1, 0 },
};

static const struct {
	const char *name;
	int value;
} errors[] = {
	{ "ENOSPC", ENOSPC }, { "EDQUOT", EDQUOT }, { "ENOMEM", ENOMEM }, { "EACCES", EACCES },
	{ "EPERM", EPERM }, { "EROFS", EROFS }, { "EMFILE", EMFILE }, { "EINVAL", EINVAL },
	{ "EOPNOTSUPP", EOPNOTSUPP }, { "EIO", EIO }, { "EFAULT", EFAULT },
};

#define ARG(n) ((unsigned int)(offsetof(struct seccomp_data, args) + 8 * (size_t)(n)))

/* Loads one word and goes on if the condition holds, else to the end, which allows. */
static int install(size_t which, int error, unsigned int at_least)
{
	struct sock_filter code[16];
	unsigned short n = 0, jumps[4], nr_jumps = 0;
	struct sock_fprog program = { .filter = code };

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	jumps[nr_jumps++] = n;
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[which].nr, 0, 0);
	if (calls[which].size_arg >= 0 && at_least) {
		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG(calls[which].size_arg));
		jumps[nr_jumps++] = n;
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, at_least, 0, 0);
	}
	if (calls[which].flag_arg >= 0) {
		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG(calls[which].flag_arg));
		jumps[nr_jumps++] = n;
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, calls[which].flag, 0, 0);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error);
	for (unsigned short i = 0; i < nr_jumps; i++)
		code[jumps[i]].jf = (unsigned char)(n - jumps[i] - 1);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = n;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static size_t find_call(const char *name)
{
	size_t i = 0;

	while (i < sizeof(calls) / sizeof(calls[0]) && strcmp(calls[i].name, name) != 0)
		i++;
	return i;
}

static int find_error(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].value;
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int at_least = 0;
	size_t which;
	int error, program;

	if (argc < 5)
		return 2;
	which = find_call(argv[1]);
	error = find_error(argv[2]);
	program = strcmp(argv[3], "--") == 0 ? 4 : 5;
	if (program == 5)
		at_least = (unsigned int)strtoul(argv[3], NULL, 0);
	if (which == sizeof(calls) / sizeof(calls[0]) || !error || strcmp(argv[program - 1], "--") != 0)
		return 2;
	if (install(which, error, at_least) != 0) {
		perror("inject: seccomp");
		return 77;
	}
	execvp(argv[program], argv + program);
	perror(argv[program]);
	return 126;
}
