/* SPDX-License-Identifier: MIT */
/* heapledger ctl: tell a running program what to record. */
#include "cli/cli.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/open-running.h"
#include "snapshot/orders.h"

/* How long is waited until the program has carried an order out. */
#define LOOK_NS 1000000
#define LOOKS 100

static const struct {
	const char *word;
	enum hl_order_what what;
} orders[] = {
	{"mark", HL_ORDER_MARK},
	{"start", HL_ORDER_START},
	{"stop", HL_ORDER_STOP},
	{"clear", HL_ORDER_CLEAR},
};
#define NR_ORDERS (sizeof(orders) / sizeof(orders[0]))

/* Which of them; -1 after a complaint. */
static int find_order(const char *word, bool has_text)
{
	for (size_t i = 0; i < NR_ORDERS; i++) {
		if (strcmp(orders[i].word, word))
			continue;
		if (has_text == (orders[i].what == HL_ORDER_MARK))
			return (int)i;
		cli_complain("ctl", has_text ? "%s takes no text" : "%s: which text is the mark to have?", word);
		return -1;
	}
	cli_complain("ctl", "'%s': there are mark, start, stop and clear", word);
	return -1;
}

static int look(const char *name, int fd, struct hl_orders_state *state)
{
	struct hl_error err;
	int rc = hl_orders_look(fd, state, &err);

	if (rc)
		cli_complain_file("ctl", name, &err);
	return rc;
}

static int show(const char *name, int fd)
{
	struct hl_orders_state state;

	if (look(name, fd, &state))
		return CLI_FAILED;
	puts(state.is_stopped ? "nothing is recorded" : "recording");
	if (state.asked != state.done)
		printf("waiting for the program's next event: %" PRIu64 "\n", state.asked - state.done);
	return CLI_DONE;
}

/* What is carried out before the next event is as good as done; but the user may want to know. */
static int wait_for(const char *name, int fd, uint64_t number)
{
	const struct timespec pause = {.tv_nsec = LOOK_NS};
	struct hl_orders_state state;

	for (int i = 0; i < LOOKS; i++) {
		if (look(name, fd, &state))
			return CLI_FAILED;
		if (state.done >= number)
			return CLI_DONE;
		nanosleep(&pause, NULL);
	}
	fputs("heapledger ctl: note: the program allocates and frees nothing at the moment; this is in force before it "
		"does again\n", stderr);
	return CLI_DONE;
}

static int give(const char *operand, int which, const char *text)
{
	char name[PATH_MAX];
	struct hl_error err;
	uint64_t number;
	int status;
	int fd = cli_open_running("ctl", operand, name);

	if (fd < 0)
		return CLI_FAILED;
	if (which < 0) {
		status = show(name, fd);
	} else if (hl_orders_give(fd, orders[which].what, (struct hl_text){text, strlen(text)}, &number, &err)) {
		cli_complain_file("ctl", name, &err);
		status = CLI_FAILED;
	} else {
		status = wait_for(name, fd, number);
	}
	close(fd);
	return status;
}

int cmd_ctl(int argc, char **argv)
{
	const struct cli_option options[] = {{0}};
	const struct cli_usage usage = {
		.word = "ctl",
		.operands = "PID|FILE [mark TEXT | start | stop | clear]",
		.summary = "Tell a running program what to record.",
		.options = options,
		.min_operands = 1,
		.max_operands = 3,
	};
	int which = -1;
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status >= 0)
		return status;
	if (argc - first > 1)
		which = find_order(argv[first + 1], argc - first > 2);
	if (argc - first > 1 && which < 0)
		return CLI_FAILED;
	return give(argv[first], which, argc - first > 2 ? argv[first + 2] : "");
}
