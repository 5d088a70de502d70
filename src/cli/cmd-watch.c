/* SPDX-License-Identifier: MIT */
/* heapledger watch: write the time line of a program that is recorded without `heapledger record`. */
#include "cli/cli.h"

#include <limits.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "cli/duration.h"
#include "cli/open-running.h"
#include "cli/timeline.h"

static volatile sig_atomic_t is_enough;

static void on_signal(int number)
{
	(void)number;
	is_enough = 1;
}

static void look_until_end(struct hl_timeline *timeline)
{
	while (!is_enough) {
		int64_t ns = hl_timeline_look(timeline);
		struct timespec wait = {ns / 1000000000, ns % 1000000000};

		if (!hl_timeline_nr(timeline))
			break;
		nanosleep(&wait, NULL);
	}
}

static int run(const char *operand, double seconds)
{
	struct sigaction action = {.sa_handler = on_signal};
	char name[PATH_MAX];
	struct hl_error err;
	int fd = cli_open_running("watch", operand, name);
	struct hl_timeline *timeline = fd < 0 ? NULL : hl_timeline_new((uint64_t)(seconds * 1e9));
	int status = CLI_FAILED;
	int rc;

	if (fd >= 0 && !timeline)
		cli_complain("watch", "out of memory");
	if (!timeline) {
		if (fd >= 0)
			close(fd);
		return CLI_FAILED;
	}
	rc = hl_timeline_follow(timeline, NULL, fd, &err);
	if (rc) {
		cli_complain_file("watch", name, &err);
	} else {
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		look_until_end(timeline);
		status = CLI_DONE;
	}
	hl_timeline_free(timeline);
	return status;
}

int cmd_watch(int argc, char **argv)
{
	const char *interval = "10ms";
	const struct cli_option options[] = {
		{0, "interval", "TIME", CLI_STRING, &interval, "between points at first (10ms)", NULL},
		{0},
	};
	const struct cli_usage usage = {
		.word = "watch",
		.operands = "PID | FILE",
		.summary = "Write the time line of a running program into its ledger, until it ends.",
		.options = options,
		.min_operands = 1,
		.max_operands = 1,
	};
	double seconds;
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status >= 0)
		return status;
	if (cli_parse_duration(interval, &seconds) || seconds < CLI_MIN_INTERVAL_S) {
		cli_complain("watch", "--interval=%s: a time of at least 1ms, like 10ms, 1s or 2m", interval);
		return CLI_FAILED;
	}
	return run(argv[first], seconds);
}
