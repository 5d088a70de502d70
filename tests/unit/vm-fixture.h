/* SPDX-License-Identifier: MIT */
/*
 * Runs the text of a scenario on the virtual machine, with a few built-in functions of the fixture's own, and
 * keeps what it printed:
 *	print(...)	the arguments' str(), blanks between them
 *	refs(x)		sys.getrefcount()
 *	collect(), enable(), disable(), count()		the collector's; count() is the youngest generation's counter
 *	stack()		the running calls: "name:line ..."
 *	call(f, ...)	calls f from C
 * and all built-in classes under their names.
 */
#ifndef HL_VM_FIXTURE_H
#define HL_VM_FIXTURE_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

struct sim;

struct vm_options {
	uint64_t max_steps, max_bytes;
	bool no_shutdown;
	unsigned int site_frames;
	unsigned int program_flags;
	void (*inspect)(struct sim *sim, void *arg);	/* called between the run and the shutdown */
	void *arg;
};

struct vm_result {
	char *out, *err;	/* free with vm_result_release() */
	int status;
};

struct vm_result vm_run(const char *text, const struct vm_options *options);
void vm_result_release(struct vm_result *result);

/* A scenario and what CPython prints for it. */
struct vm_case {
	const char *name, *text, *out;
};

/* One test for each: output, exit status 0, nothing on stderr. */
void vm_check_case(const struct vm_case *test);

#endif
