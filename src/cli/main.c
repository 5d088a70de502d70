/* SPDX-License-Identifier: MIT */
/* The dispatcher: finds the command, and sees to it that the output was really written. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/suggest.h"
#include "reports/escape.h"

static const struct cli_command commands[] = {
	{"record", "run", cmd_record, "run a program and record its heap"},
	{"top", NULL, cmd_top, "show the lines that hold the memory"},
	{"diff", NULL, cmd_diff, "show what grew between two ledgers"},
	{"tree", NULL, cmd_tree, "show callers and what they called, with shares"},
	{"annotate", NULL, cmd_annotate, "show a source file with bytes beside its lines"},
	{"leaks", NULL, cmd_leaks, "show what was never freed, by call stack"},
	{"growth", NULL, cmd_growth, "show what grows over several ledgers, or in a process"},
	{"check", NULL, cmd_check, "check budgets, for CI"},
	{"merge", NULL, cmd_merge, "add up the ledgers of several processes"},
	{"info", NULL, cmd_info, "show totals and how complete a ledger is"},
	{"export", NULL, cmd_export, "write call stacks for pprof, speedscope, massif ..."},
	{"snapshot", NULL, cmd_snapshot, "copy the ledger of a running program"},
	{"symbolize", NULL, cmd_symbolize, "put the names of addresses into ledgers"},
	{"watch", NULL, cmd_watch, "write the time line of a running program"},
	{"pages", NULL, cmd_pages, "show which lines keep a running program in memory"},
	{"ctl", NULL, cmd_ctl, "tell a running program what to record"},
	{"sim", NULL, cmd_sim, "run a Python program on simulated objects"},
};

#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

static void print_help(void)
{
	printf("Usage: heapledger COMMAND [OPTION...] [OPERAND...]\n"
		"Which lines of a program hold the memory, and which grew.\n\nCommands:\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		printf("  %-12s %s\n", commands[i].word, commands[i].summary);
	printf("\n  -h, --help     print this and leave\n"
		"  -V, --version  print the version and leave\n\n"
		"'heapledger help COMMAND' and heapledger-COMMAND(1) tell more of each.\n");
}

static const struct cli_command *find_command(const char *word)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		const struct cli_command *c = &commands[i];

		if (!strcmp(c->word, word) || (c->alias && !strcmp(c->alias, word)))
			return c;
	}
	return NULL;
}

static int unknown_command(const char *word)
{
	const char *words[2 * NR_COMMANDS + 1] = {[2 * NR_COMMANDS] = "help"};
	const char *nearest;

	for (size_t i = 0; i < NR_COMMANDS; i++) {
		words[2 * i] = commands[i].word;
		words[2 * i + 1] = commands[i].alias;
	}
	nearest = cli_nearest(word, words, 2 * NR_COMMANDS + 1);
	fputs("heapledger: there is no command '", stderr);
	hl_put_name(stderr, word);
	if (nearest)
		fprintf(stderr, "'; did you mean '%s'? Try 'heapledger --help'\n", nearest);
	else
		fputs("'; try 'heapledger --help'\n", stderr);
	return CLI_FAILED;
}

/* "help" and "help COMMAND": as --help and COMMAND --help, whatever else stands there. */
static int help(int argc, char **argv)
{
	const struct cli_command *command = argc > 2 ? find_command(argv[2]) : NULL;
	char *words[] = {NULL, "--help", NULL};

	if (argc > 2 && !command)
		return unknown_command(argv[2]);
	if (!command) {
		print_help();
		return CLI_DONE;
	}
	words[0] = argv[2];
	return command->run(2, words);
}

/*
 * A ledger is mapped while it is read.  Whoever cuts it at this moment would make the kernel kill
 * us with a signal that looks like a crash of ours.
 */
static void on_bus_error(int number)
{
	static const char text[] = "heapledger: a ledger became shorter while it was being read\n";

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(CLI_FAILED);
	_exit(CLI_FAILED);
}

/* A full disk behind stdout shows at the latest here. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "heapledger: cannot write to standard output: %s\n",
				strerror(errno));
		return status ? status : CLI_FAILED;
	}
	return status;
}

/* Tests have a main() of their own, and call this one. */
#ifndef HL_MAIN
#define HL_MAIN main
#endif
int HL_MAIN(int argc, char **argv);

int HL_MAIN(int argc, char **argv)
{
	const struct cli_command *command;

	signal(SIGBUS, on_bus_error);
	if (argc < 2) {
		fprintf(stderr, "heapledger: no command; try 'heapledger --help'\n");
		return CLI_FAILED;
	}
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
		print_help();
		return finish(CLI_DONE);
	}
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		printf("heapledger %s\n", PACKAGE_VERSION);
		return finish(CLI_DONE);
	}
	if (!strcmp(argv[1], "help"))
		return finish(help(argc, argv));
	command = find_command(argv[1]);
	if (!command)
		return unknown_command(argv[1]);
	return finish(command->run(argc - 1, argv + 1));
}
