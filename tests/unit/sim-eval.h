/* SPDX-License-Identifier: MIT */
/* Expressions for the tests of the objects: enough of Python's to reach every type and operator. */
#ifndef HL_TEST_SIM_EVAL_H
#define HL_TEST_SIM_EVAL_H

#include "scenario/objects/operate.h"

/* A sim whose output is thrown away. */
struct sim *test_sim_new(void);

/* The value; new reference, NULL: the exception is pending. */
struct gcs_object *test_eval(struct sim *sim, const char *text);

/* The repr of the value, or the line of the exception; malloc()ed. */
char *test_eval_text(struct sim *sim, const char *text);

#endif
