/* SPDX-License-Identifier: MIT */
/* Exceptions as the interpreter prints them: traceback, causes and contexts, last line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/machine/machine.h"

/* Equal lines of a recursion that are printed, as in CPython. */
#define REPEATED_LINES 3
/* Of a chain of causes and contexts; a longer one loses its oldest. */
#define LONGEST_CHAIN 64

static void put(struct sim *sim, const char *text)
{
	sim_write_error(sim, text, strlen(text));
}

static void put_str(struct sim *sim, struct gcs_object *str)
{
	size_t length;
	char *keep = NULL;
	const char *utf8 = sim_str_utf8(sim, str, &length, &keep);

	if (utf8)
		sim_write_error(sim, utf8, length);
	sim_scratch_free(keep);
}

/* --- traceback ----------------------------------------------------------------------------------------------- */

static void put_repeated(struct sim *sim, unsigned long nr)
{
	char line[80];

	if (nr <= REPEATED_LINES)
		return;
	nr -= REPEATED_LINES;
	snprintf(line, sizeof(line), "  [Previous line repeated %lu more time%s]\n", nr, nr == 1 ? "" : "s");
	put(sim, line);
}

static void put_position(struct sim *sim, const struct code *code, int line)
{
	char number[32];

	put(sim, "  File \"");
	put(sim, code->filename);
	snprintf(number, sizeof(number), "\", line %d, in ", line);
	put(sim, number);
	put(sim, code->name);
	put(sim, "\n");
}

static void put_traceback(struct sim *sim, const struct sim_traceback *entry)
{
	const struct code *last_code = NULL;
	unsigned long nr = 0;
	int last_line = 0;

	if (!entry)
		return;
	put(sim, "Traceback (most recent call last):\n");
	for (; entry; entry = (const struct sim_traceback *)entry->next) {
		struct vm_position position;

		if (!frame_object_position(entry->frame, &position))
			continue;
		if (position.code != last_code || entry->line != last_line) {
			put_repeated(sim, nr);
			nr = 0;
		}
		last_code = position.code;
		last_line = entry->line;
		if (++nr > REPEATED_LINES)
			continue;
		put_position(sim, position.code, entry->line);
		report_cost_of_text(sim);
		report_cost_of_source_line(sim);
	}
	put_repeated(sim, nr);
}

/* --- an exception ----------------------------------------------------------------------------------------------- */

static void put_suggestion(struct vm *vm, struct gcs_object *exception)
{
	struct gcs_object *name = suggest_name(vm, exception);

	if (name) {
		put(vm->sim, ". Did you mean: '");
		put_str(vm->sim, name);
		put(vm->sim, "'?");
		gcs_decref(name);
	}
	sim_clear_pending(vm->sim);
}

void report_exception(struct vm *vm, struct gcs_object *exception, bool with_suggestion)
{
	struct sim *sim = vm->sim;
	struct gcs_object *line;

	put_traceback(sim, (const struct sim_traceback *)((struct sim_exception *)exception)->traceback);
	line = sim_exception_line(sim, exception);
	if (line) {
		put_str(sim, line);
		gcs_decref(line);
	}
	sim_clear_pending(sim);
	report_cost_of_text(sim);
	if (with_suggestion)
		put_suggestion(vm, exception);
	put(sim, "\n");
}

/* What is printed before an exception, and the words between the two. */
static struct gcs_object *earlier(const struct sim_exception *exception, const char **words)
{
	if (exception->cause) {
		*words = "\nThe above exception was the direct cause of the following exception:\n\n";
		return exception->cause;
	}
	*words = "\nDuring handling of the above exception, another exception occurred:\n\n";
	return exception->suppress_context ? NULL : exception->context;
}

static bool is_in(struct gcs_object *const *chain, unsigned int nr, const struct gcs_object *exception)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (chain[i] == exception)
			return true;
	}
	return false;
}

void run_print_exception(struct sim *sim, struct gcs_object *exception)
{
	struct gcs_object *chain[LONGEST_CHAIN];
	const char *words[LONGEST_CHAIN];
	unsigned int nr = 0;

	for (; exception && nr < LONGEST_CHAIN && !is_in(chain, nr, exception); nr++) {
		chain[nr] = sim_incref(exception);
		exception = earlier((const struct sim_exception *)exception, &words[nr]);
	}
	while (nr > 0) {
		report_exception(vm_of(sim), chain[--nr], true);
		if (nr > 0)
			put(sim, words[nr - 1]);
		gcs_decref(chain[nr]);
	}
}
