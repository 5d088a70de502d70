/* SPDX-License-Identifier: MIT */
/* The scenario's output on its way to the terminal, to a buffer, or to both. */
#include "cli/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES 65536

static int reserve(struct sim_buffer *buffer, size_t more)
{
	size_t room = buffer->room ? buffer->room : 4096;
	char *bigger;

	if (more > SIZE_MAX / 4 - buffer->nr)
		return -ENOMEM;
	while (room - buffer->nr < more)
		room *= 2;
	if (room == buffer->room)
		return 0;
	bigger = realloc(buffer->data, room);
	if (!bigger)
		return -ENOMEM;
	buffer->data = bigger;
	buffer->room = room;
	return 0;
}

int sim_buffer_add(struct sim_buffer *buffer, const char *data, size_t length)
{
	int rc = reserve(buffer, length);

	if (!rc && length) {
		memcpy(buffer->data + buffer->nr, data, length);
		buffer->nr += length;
	}
	return rc;
}

int sim_buffer_read(struct sim_buffer *buffer, int fd, size_t most)
{
	for (;;) {
		ssize_t n;
		int rc = reserve(buffer, READ_BYTES);

		if (rc)
			return rc;
		n = read(fd, buffer->data + buffer->nr, READ_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		buffer->nr += (size_t)n;
		if (buffer->nr > most)
			return -EFBIG;
	}
}

void sim_buffer_release(struct sim_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct sim_buffer){0};
}

static int put(FILE *file, struct sim_buffer *buffer, const struct sim_output *output, const char *text,
		size_t length)
{
	if (output->is_kept && output->max_bytes && length > output->max_bytes - buffer->nr)
		return 1;
	if (output->is_kept && sim_buffer_add(buffer, text, length))
		return -1;
	if (output->is_shown && length && fwrite(text, 1, length, file) != length)
		return -1;
	return 0;
}

int sim_write_out(const char *text, size_t length, void *arg)
{
	struct sim_output *output = arg;

	return put(stdout, &output->out, output, text, length);
}

int sim_write_err(const char *text, size_t length, void *arg)
{
	struct sim_output *output = arg;

	return put(stderr, &output->err, output, text, length);
}
