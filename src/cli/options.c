/* SPDX-License-Identifier: MIT */
/* Tables of options: parsing and --help. */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/suggest.h"

#define MAX_OPTIONS 48
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

/* The digits behind a point: a part of 10^18, so many digits as that has; the others change no byte. */
#define NR_DIGITS 18

static const char *parse_fraction(const char *text, uint64_t *out)
{
	*out = 0;
	for (int i = 0; i < NR_DIGITS; i++) {
		bool is_digit = *text >= '0' && *text <= '9';

		*out = *out * 10 + (is_digit ? (uint64_t)(*text - '0') : 0);
		text += is_digit;
	}
	return text + strspn(text, "0123456789");
}

/* 0: there is no unit. */
static int parse_unit(const char **text)
{
	static const char units[] = "KMGT";
	const char *unit = **text ? strchr(units, **text) : NULL;

	if (!unit) {
		*text += **text == 'B';
		return 0;
	}
	++*text;
	*text += !strncmp(*text, "iB", 2) ? 2 : **text == 'B';
	return 10 * (int)(unit - units + 1);
}

/* A part of a byte is given away; a part of something without a unit is no size. */
static int parse_number(const char *text, bool has_unit, uint64_t *out)
{
	const char *end;
	unsigned long long value;
	uint64_t fraction = 0;
	bool has_fraction;
	int shift = 0;

	errno = 0;
	value = strtoull(text, (char **)&end, 10);
	if (errno || end == text || strchr(text, '-'))
		return -EINVAL;
	has_fraction = has_unit && end[0] == '.' && end[1] >= '0' && end[1] <= '9';
	if (has_fraction)
		end = parse_fraction(end + 1, &fraction);
	if (has_unit)
		shift = parse_unit(&end);
	if (*end || value > UINT64_MAX >> shift || (has_fraction && !shift))
		return -EINVAL;
	*out = ((uint64_t)value << shift) +
		(uint64_t)(((unsigned __int128)fraction << shift) / UINT64_C(1000000000000000000));
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

/* How many options begin so; @names: room for all. */
static size_t find_beginning(const struct cli_usage *u, const char *name, size_t length, const char **names)
{
	size_t nr = 0;

	for (const struct cli_option *o = u->options; o->name; o++)
		if (!strncmp(o->name, name, length))
			names[nr++] = o->name;
	if (!strncmp("help", name, length))
		names[nr++] = "help";
	return nr;
}

/* "--n" of --number and --no-skip: all that it may stand for. */
static int ambiguous(const struct cli_usage *u, const char *text, const char *const *names, size_t nr)
{
	char list[MAX_OPTIONS * 24] = "";
	size_t used = 0;

	for (size_t i = 0; i < nr && used < sizeof(list) - 32; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s--%.24s",
				!i ? "" : i + 1 == nr ? " or " : ", ", names[i]);
	cli_complain(u->word, "%s may be %s", text, list);
	return CLI_FAILED;
}

static int unknown_long(const struct cli_usage *u, const char *text)
{
	const char *names[MAX_OPTIONS + 1] = {NULL};
	char name[64];
	size_t length = strcspn(text + 2, "=");
	size_t nr = find_beginning(u, text + 2, length, names);
	const char *nearest;

	if (nr > 1)
		return ambiguous(u, text, names, nr);
	if (nr == 1) {
		cli_complain(u->word, "--%s takes no argument", names[0]);
		return CLI_FAILED;
	}
	snprintf(name, sizeof(name), "%.*s", length < sizeof(name) ? (int)length : 0, text + 2);
	nearest = cli_nearest(name, names, find_beginning(u, "", 0, names));
	if (!nearest)
		return usage_error(u, "unknown option ", text);
	cli_complain(u->word, "unknown option %s; did you mean --%s? Try 'heapledger %s --help'", text, nearest,
			u->word);
	return CLI_FAILED;
}

/* Of a cluster of letters getopt tells the one that it does not know. */
static int unknown_option(const struct cli_usage *u, const char *text)
{
	char letter[] = {'-', (char)optopt, '\0'};

	if (!strncmp(text, "--", 2))
		return unknown_long(u, text);
	return usage_error(u, "unknown option ", optopt ? letter : text);
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
		return unknown_option(u, argv[optind - 1]);
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
