/* SPDX-License-Identifier: MIT */
/* heapledger sim --check: the same file under CPython 3.11, and the first difference. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/sim.h"

struct python_run {
	struct sim_buffer out, err;
	int status;			/* as a shell has it: 128 + signal */
};

/* In the child: never returns. */
static void become(char *const argv[], int out, int err)
{
	int null = open("/dev/null", O_RDONLY);

	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	/* Streams without a buffer make other objects, and a collection comes elsewhere. */
	unsetenv("PYTHONUNBUFFERED");
	execvp(argv[0], argv);
	_exit(127);
}

static int drain(struct python_run *run, int out, int err)
{
	struct pollfd fds[] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
	struct sim_buffer *buffers[] = {&run->out, &run->err};
	int nr_open = 2;

	while (nr_open) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < 2; i++) {
			char data[16384];
			ssize_t n;

			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			n = read(fds[i].fd, data, sizeof(data));
			if (n > 0 && sim_buffer_add(buffers[i], data, (size_t)n))
				return -ENOMEM;
			if (!n || (n < 0 && errno != EINTR)) {
				fds[i].fd = -1;
				nr_open--;
			}
		}
	}
	return 0;
}

static int wait_for(pid_t pid, int *status)
{
	int raw;

	while (waitpid(pid, &raw, 0) < 0)
		if (errno != EINTR)
			return -errno;
	*status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
	return 0;
}

static int run_program_of(char *const argv[], struct python_run *run)
{
	int out[2];
	int err[2];
	pid_t pid;
	int rc;

	fflush(stdout);
	if (pipe2(out, O_CLOEXEC))
		return -errno;
	if (pipe2(err, O_CLOEXEC)) {
		rc = -errno;
		close(out[0]);
		close(out[1]);
		return rc;
	}
	pid = fork();
	rc = pid < 0 ? -errno : 0;
	if (!pid)
		become(argv, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	if (!rc) {
		rc = drain(run, out[0], err[0]);
		if (rc)
			kill(pid, SIGKILL);
		if (wait_for(pid, &run->status) && !rc)
			rc = -ECHILD;
	}
	close(out[0]);
	close(err[0]);
	return rc;
}

static void release(struct python_run *run)
{
	sim_buffer_release(&run->out);
	sim_buffer_release(&run->err);
}

const char *sim_find_python(void)
{
	static const char script[] = "import sys; print('%d.%d' % sys.version_info[:2], end='')";
	const char *name = getenv("HL_PYTHON");
	struct python_run run = {0};
	const char *found = NULL;
	char *argv[] = {NULL, (char *)"-S", (char *)"-c", (char *)script, NULL};
	int rc;

	if (!name || !*name)
		name = "python3";
	argv[0] = (char *)name;
	rc = run_program_of(argv, &run);
	if (rc)
		cli_complain("sim", "--check: %s: %s", name, strerror(-rc));
	else if (run.status == 127)
		cli_complain("sim", "--check: there is no %s; HL_PYTHON names another one", name);
	else if (run.status || run.out.nr > 16)
		cli_complain("sim", "--check: %s is no Python", name);
	else if (run.out.nr != 4 || memcmp(run.out.data, "3.11", 4))
		cli_complain("sim", "--check: %s is Python %.*s, not 3.11; HL_PYTHON names another one", name,
				(int)run.out.nr, run.out.data);
	else
		found = name;
	release(&run);
	return found;
}

/* The line of a text from @from on, without its end. */
struct line {
	const char *data;
	size_t length;
	bool is_there;
};

static struct line line_at(const struct sim_buffer *text, size_t from)
{
	struct line line = {.is_there = from < text->nr};
	const char *end;

	if (!line.is_there)
		return line;
	line.data = text->data + from;
	end = memchr(line.data, '\n', text->nr - from);
	line.length = end ? (size_t)(end - line.data) : text->nr - from;
	return line;
}

static void show(const char *who, const struct line *line)
{
	if (line->is_there)
		cli_complain("sim", "%s: %.*s", who, (int)(line->length < 4096 ? line->length : 4096), line->data);
	else
		cli_complain("sim", "%s: (no such line)", who);
}

static void show_difference(const struct sim_file *file, const struct sim_buffer *python,
		const struct sim_buffer *ours)
{
	size_t shorter = python->nr < ours->nr ? python->nr : ours->nr;
	size_t at = 0;
	size_t start = 0;
	size_t number = 1;
	struct line line;

	while (at < shorter && python->data[at] == ours->data[at]) {
		if (python->data[at++] == '\n') {
			number++;
			start = at;
		}
	}
	cli_complain("sim", "%s: line %zu of the output differs", file->name, number);
	line = line_at(python, start);
	show("python3", &line);
	line = line_at(ours, start);
	show("sim    ", &line);
}

static struct line last_line(const struct sim_buffer *text)
{
	size_t end = text->nr;
	size_t start;

	while (end && text->data[end - 1] == '\n')
		end--;
	start = end;
	while (start && text->data[start - 1] != '\n')
		start--;
	return (struct line){.data = text->data + start, .length = end - start, .is_there = end > start};
}

static bool same(const struct sim_buffer *a, const struct sim_buffer *b)
{
	return a->nr == b->nr && (!a->nr || !memcmp(a->data, b->data, a->nr));
}

static int compare(const struct sim_file *file, const struct python_run *run, const struct sim_output *output,
		int status)
{
	struct line theirs = last_line(&run->err);
	struct line ours = last_line(&output->err);

	if (!same(&run->out, &output->out)) {
		show_difference(file, &run->out, &output->out);
		return CLI_FINDING;
	}
	if (run->status != status) {
		cli_complain("sim", "%s: exit status %d, of python3 %d", file->name, status, run->status);
		return CLI_FINDING;
	}
	if (status && (theirs.length != ours.length || memcmp(theirs.data, ours.data, ours.length))) {
		cli_complain("sim", "%s: the last line on standard error differs", file->name);
		show("python3", &theirs);
		show("sim    ", &ours);
		return CLI_FINDING;
	}
	return CLI_DONE;
}

int sim_check(const char *python, const struct sim_file *file, const struct sim_output *output, int status)
{
	char *argv[] = {(char *)python, file->path, NULL};
	struct python_run run = {0};
	int rc = run_program_of(argv, &run);
	int result = CLI_FAILED;

	if (rc)
		cli_complain("sim", "--check: %s: %s", python, strerror(-rc));
	else
		result = compare(file, &run, output, status);
	release(&run);
	return result;
}
