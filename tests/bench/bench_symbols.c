/* SPDX-License-Identifier: MIT */
/*
 * What the symboliser costs: bench_symbols [-d DEBUG_DIR] [-n NUMBER] [-p] FILE [ADDRESSES]
 *
 * Looks up NUMBER (default 100,000) addresses of FILE, drawn evenly from ADDRESSES (a text file with
 * one hexadecimal address per line, "-" for stdin), or else from its executable segments.  With -p
 * each is looked up once and printed as `addr2line -ife FILE` does: a line with the linkage name
 * and one with file:line for each frame.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <fcntl.h>
#include <gelf.h>

#include "snapshot/elf-sections.h"
#include "snapshot/symbols.h"

enum { MAX_FRAMES = 128 };

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t read_addresses(const char *path, uint64_t **addresses)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	size_t n = 0, room = 0;
	unsigned long long value;

	*addresses = NULL;
	while (f && fscanf(f, "%llx", &value) == 1) {
		if (n == room) {
			room = room ? room * 2 : 4096;
			*addresses = realloc(*addresses, room * sizeof(**addresses));
			if (!*addresses)
				abort();
		}
		(*addresses)[n++] = value;
	}
	if (f && f != stdin)
		fclose(f);
	return n;
}

static size_t make_addresses(const char *file, size_t n, uint64_t **addresses)
{
	int fd = open(file, O_RDONLY);
	Elf *elf = (elf_version(EV_CURRENT), elf_begin(fd, ELF_C_READ, NULL));
	uint64_t low, high, seed = 42;

	*addresses = calloc(n, sizeof(**addresses));
	if (!*addresses || !elf || !hl_elf_text_range(elf, &low, &high))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		(*addresses)[i] = low + (seed >> 16) % (high - low);
	}
	elf_end(elf);
	close(fd);
	return n;
}

static void print_frames(const struct hl_frame *frames, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct hl_frame *f = &frames[i];

		puts(f->source == HL_FRAME_OFFSET ? "??"
			: f->linkage_name	  ? f->linkage_name
						  : f->function);
		if (f->line)
			printf("%s:%u\n", f->file ? f->file : "??", f->line);
		else
			printf("%s:?\n", f->file ? f->file : "??");
	}
}

static void print_all(struct hl_symbols *symbols, int module, const uint64_t *addresses, size_t n)
{
	struct hl_frame frames[MAX_FRAMES];

	for (size_t i = 0; i < n; i++) {
		size_t count = hl_symbols_lookup(symbols, module, addresses[i], frames, MAX_FRAMES);

		printf("0x%016llx\n", (unsigned long long)addresses[i]);
		print_frames(frames, count);
	}
}

static void measure(struct hl_symbols *symbols, int module, const uint64_t *addresses, size_t n,
	size_t number)
{
	struct hl_frame frames[MAX_FRAMES];
	struct rusage usage;
	double start = seconds(), first = 0;
	size_t count = 0, with_line = 0, inlined = 0;

	for (size_t i = 0; i < number; i++) {
		size_t k = hl_symbols_lookup(
			symbols, module, addresses[i * 7919 % n], frames, MAX_FRAMES);

		if (i == 0)
			first = seconds() - start;
		count += k;
		inlined += k - 1;
		with_line += frames[0].line != 0;
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("%zu lookups of %zu addresses: %.3f s (first one %.1f ms), %zu frames (%zu inlined), "
	       "%zu with a line, %ld MB\n",
		number, n, seconds() - start, first * 1e3, count, inlined, with_line,
		usage.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
	struct hl_symbols_options options = { 0 };
	size_t number = 100000, n;
	struct hl_symbols_info info;
	struct hl_symbols *symbols;
	const char *dir;
	uint64_t *addresses;
	int option, module, print = 0;

	while ((option = getopt(argc, argv, "d:n:p")) != -1) {
		if (option == 'd') {
			dir = optarg;
			options.debug_dirs = &dir;
			options.nr_debug_dirs = 1;
		} else if (option == 'n') {
			number = strtoul(optarg, NULL, 10);
		} else if (option == 'p') {
			print = 1;
		} else {
			return 2;
		}
	}
	if (optind >= argc)
		return 2;
	n = optind + 1 < argc ? read_addresses(argv[optind + 1], &addresses)
			      : make_addresses(argv[optind], number, &addresses);
	symbols = hl_symbols_new(&options);
	if (!n || !symbols)
		return 2;
	module = hl_symbols_module(symbols, argv[optind], NULL, 0);
	if (print) {
		print_all(symbols, module, addresses, n);
	} else {
		measure(symbols, module, addresses, n, number);
		hl_symbols_module_info(symbols, module, &info);
		printf("debug file %s: %s\n", info.debug_file, info.text);
	}
	hl_symbols_free(symbols);
	free(addresses);
	return 0;
}
