/* SPDX-License-Identifier: MIT */
/*
 * measure RESULT-FILE COMMAND [ARGUMENT...]: runs COMMAND and writes what it took:
 *   user_us N sys_us N wall_us N peak_kib N status N
 *
 * It waits for everything that COMMAND leaves behind as well (the helpers of some profilers outlive
 * the shell that started them). A program of its own because a child's peak memory starts at that
 * of the process that forked it, and an interpreter's would hide what is to be seen.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static long long as_us(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

/* The first child's status as a shell tells it; the others are only waited for. */
static int wait_for_all(pid_t first)
{
	int status, result = 255;
	pid_t pid;

	while ((pid = wait(&status)) > 0 || errno == EINTR)
		if (pid == first)
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return result;
}

int main(int argc, char **argv)
{
	struct rusage used;
	long long began;
	int status;
	pid_t pid;
	FILE *out;

	if (argc < 3) {
		fprintf(stderr, "usage: measure RESULT-FILE COMMAND [ARGUMENT...]\n");
		return 2;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	began = now_us();
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		fprintf(stderr, "measure: %s: %s\n", argv[2], strerror(errno));
		_exit(127);
	}
	if (pid < 0) {
		perror("measure: fork");
		return 2;
	}
	status = wait_for_all(pid);
	began = now_us() - began;
	getrusage(RUSAGE_CHILDREN, &used);
	out = fopen(argv[1], "w");
	if (!out) {
		perror(argv[1]);
		return 2;
	}
	fprintf(out, "user_us %lld sys_us %lld wall_us %lld peak_kib %ld status %d\n",
		as_us(used.ru_utime), as_us(used.ru_stime), began, used.ru_maxrss, status);
	return fclose(out) == 0 ? 0 : 2;
}
