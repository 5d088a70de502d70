/* SPDX-License-Identifier: MIT */
/* Prints the code of scenario files for tests: print_code [--cells] FILE... */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/compile/code.h"

static char *read_file(const char *path, size_t *length)
{
	FILE *f = fopen(path, "rb"), *out;
	char buffer[4096], *data = NULL;
	size_t n;

	if (!f)
		return NULL;
	out = open_memstream(&data, length);
	while (out && (n = fread(buffer, 1, sizeof(buffer), f)) > 0)
		fwrite(buffer, 1, n, out);
	if (out)
		fclose(out);
	fclose(f);
	return data;
}

static int print_file(const char *path, unsigned int flags)
{
	struct scenario_error err = {0};
	struct program *program = NULL;
	size_t length;
	char *text = read_file(path, &length);

	printf("file %s\n", path);
	if (!text) {
		printf("error 0 %s\n", strerror(errno));
		return 2;
	}
	if (program_compile(text, length, path, flags, &program, &err))
		printf("error %u %s\n", err.line, err.message);
	for (uint32_t i = 0; program && i < program->nr_units; i++)
		code_print(program->units[i], stdout);
	program_free(program);
	free(text);
	return err.kind == SCENARIO_OK ? 0 : err.kind == SCENARIO_SYNTAX ? 1 : 2;
}

int main(int argc, char **argv)
{
	bool has_cells = argc > 1 && !strcmp(argv[1], "--cells");
	int status = 0;

	for (int i = 1 + has_cells; i < argc; i++) {
		int one = print_file(argv[i], has_cells ? PROGRAM_CELLS : 0);

		status = one > status ? one : status;
	}
	return status;
}
