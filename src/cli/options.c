/* SPDX-License-Identifier: MIT */
/* Tables of options: parsing and --help. */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPTIONS 40
#define HELP_COLUMN 24
/* getopt's value for the option with index i that has no letter */
#define NO_LETTER 256

static size_t nr_options(const struct cli_usage *u)
{
	size_t n = 0;

	while (u->options[n].name)
		n++;
	return n;
}

static void print_help_line(char letter, const char *name, const char *argument, const char *help)
{
	char left[80];
	int n;

	if (letter)
		n = snprintf(left, sizeof(left), "  -%c, --%s", letter, name);
	else
		n = snprintf(left, sizeof(left), "      --%s", name);
	if (argument)
		snprintf(left + n, sizeof(left) - (size_t)n, "=%s", argument);
	if (strlen(left) < HELP_COLUMN)
		printf("%-*s %s\n", HELP_COLUMN, left, help);
	else
		printf("%s\n%-*s %s\n", left, HELP_COLUMN, "", help);
}

static void print_help(const struct cli_usage *u)
{
	printf("Usage: heapledger %s [OPTION...]%s%s\n%s\n\n", u->word, *u->operands ? " " : "",
			u->operands, u->summary);
	for (const struct cli_option *o = u->options; o->name; o++)
		print_help_line(o->letter, o->name, o->argument, o->help);
	print_help_line('h', "help", NULL, "print this and leave");
	printf("\nMan page: heapledger-%s(1).\n", u->word);
}

static int parse_number(const char *text, bool has_unit, uint64_t *out)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;
	unsigned long long value;
	int shift = 0;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || strchr(text, '-'))
		return -EINVAL;
	unit = has_unit && *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (int)(unit - units + 1);
		end++;
		end += !strncmp(end, "iB", 2) ? 2 : *end == 'B';
	} else if (has_unit && *end == 'B') {
		end++;
	}
	if (*end || value > UINT64_MAX >> shift)
		return -EINVAL;
	*out = (uint64_t)value << shift;
	return 0;
}

int cli_parse_size(const char *text, uint64_t *out)
{
	return parse_number(text, true, out);
}

static int parse_integer(const char *text, int64_t *out)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end)
		return -EINVAL;
	*out = value;
	return 0;
}

static int parse_choice(const struct cli_option *o, const char *text)
{
	for (int i = 0; o->choices[i]; i++) {
		if (!strcmp(o->choices[i], text)) {
			*(int *)o->value = i;
			return 0;
		}
	}
	return -EINVAL;
}

int cli_list_add(struct cli_list *list, const char *item)
{
	const char **bigger = reallocarray(list->items, list->nr + 2, sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	list->items = bigger;
	list->items[list->nr++] = item;
	list->items[list->nr] = NULL;
	return 0;
}

static int set_value(const struct cli_option *o, const char *text)
{
	switch (o->type) {
	case CLI_FLAG:
		*(bool *)o->value = true;
		return 0;
	case CLI_STRING:
		*(const char **)o->value = text;
		return 0;
	case CLI_NUMBER:
	case CLI_SIZE:
		return parse_number(text, o->type == CLI_SIZE, o->value);
	case CLI_INTEGER:
		return parse_integer(text, o->value);
	case CLI_CHOICE:
		return parse_choice(o, text);
	default:
		return cli_list_add(o->value, text);
	}
}

static void fill_getopt(const struct cli_usage *u, struct option *longs, char *shorts)
{
	size_t n = nr_options(u);
	char *s = shorts;

	/* '+': stop at the first operand; ':' then: a missing argument is told apart. */
	if (u->stops_at_operand)
		*s++ = '+';
	*s++ = ':';
	*s++ = 'h';
	for (size_t i = 0; i < n; i++) {
		const struct cli_option *o = &u->options[i];

		longs[i] = (struct option){
			.name = o->name,
			.has_arg = o->argument ? required_argument : no_argument,
			.val = NO_LETTER + (int)i,
		};
		if (!o->letter)
			continue;
		*s++ = o->letter;
		if (o->argument)
			*s++ = ':';
	}
	longs[n] = (struct option){.name = "help", .val = 'h'};
	longs[n + 1] = (struct option){0};
	*s = '\0';
}

static const struct cli_option *find_option(const struct cli_usage *u, int c)
{
	if (c >= NO_LETTER)
		return &u->options[c - NO_LETTER];
	for (const struct cli_option *o = u->options; o->name; o++)
		if (o->letter == c)
			return o;
	return NULL;
}

static int usage_error(const struct cli_usage *u, const char *what, const char *text)
{
	cli_complain(u->word, "%s%s; try 'heapledger %s --help'", what, text, u->word);
	return CLI_FAILED;
}

static int check_operands(const struct cli_usage *u, int nr)
{
	if (nr < u->min_operands)
		return usage_error(u, "missing operand: ", u->operands);
	if (u->max_operands >= 0 && nr > u->max_operands)
		return usage_error(u, "too many operands", "");
	return -1;
}

/* What the argument of an option has to be, behind "is not". */
static const char *wanted(const struct cli_option *o)
{
	switch (o->type) {
	case CLI_CHOICE:
		return o->help;
	case CLI_SIZE:
		return CLI_SIZE_WORDS;
	case CLI_NUMBER:
		return "a number, 0 or more";
	default:
		return "a number";
	}
}

static int handle(const struct cli_usage *u, int c, char **argv)
{
	const struct cli_option *o;

	/* optind has passed the word that made the trouble, or stands in its cluster of letters. */
	if (c == ':')
		return usage_error(u, "missing argument of ", argv[optind - 1]);
	if (c == '?')
		return usage_error(u, "unknown option ", argv[optind - 1]);
	if (c == 'h') {
		print_help(u);
		return CLI_DONE;
	}
	o = find_option(u, c);
	if (set_value(o, optarg)) {
		cli_complain(u->word, "--%s: '%s' is not %s", o->name, optarg, wanted(o));
		return CLI_FAILED;
	}
	return -1;
}

int cli_parse(const struct cli_usage *usage, int argc, char **argv, int *first)
{
	struct option longs[MAX_OPTIONS + 2];
	char shorts[2 * MAX_OPTIONS + 4];
	int rc = -1;
	int c;

	if (nr_options(usage) > MAX_OPTIONS)
		abort();
	fill_getopt(usage, longs, shorts);
	opterr = 0;
	optind = 0;
	while (rc < 0 && (c = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		rc = handle(usage, c, argv);
	if (rc < 0)
		rc = check_operands(usage, argc - optind);
	*first = optind;
	return rc;
}
