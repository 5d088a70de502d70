/* SPDX-License-Identifier: MIT */
/*
 * The words of the dispatch loop: what its instructions have in common. They use the loop's own variables and
 * labels, so that only vm.c can include this.
 */
#ifndef HL_SCENARIO_VM_WORDS_H
#define HL_SCENARIO_VM_WORDS_H

#include "scenario/machine/vm-inline.h"

/* Whatever may allocate, raise or run other code says first where it is. */
#define HERE() (frame->at = i, sim->site = i->site)
#define NEXT()                                                                                                  \
	do {                                                                                                    \
		i = ip++;                                                                                       \
		goto *dispatch[i->op];                                                                          \
	} while (0)
#define JUMP_TO(target) (ip = code->instrs + (target))
#define OP(name) op_##name:
#define PUSH(value) (*sp++ = (value))
#define POP() (*--sp)

/* The frame changed: its registers. */
#define LOAD_FRAME()                                                                                            \
	do {                                                                                                    \
		code = frame->code;                                                                             \
		slots = frame->slots;                                                                           \
		constants = code->constants;                                                                    \
		sp = frame->sp;                                                                                 \
		frame->sp = NULL;                                                                               \
	} while (0)

/* Operations on the topmost values a (and b above it), which are released after it. */
#define WITH_TOP(operation)                                                                                     \
	do {                                                                                                    \
		HERE();                                                                                         \
		a = POP();                                                                                      \
		c = (operation);                                                                                \
		gcs_decref(a);                                                                                  \
		PUSH_RESULT(c);                                                                                 \
	} while (0)
#define WITH_TWO(operation)                                                                                     \
	do {                                                                                                    \
		HERE();                                                                                         \
		b = POP();                                                                                      \
		a = POP();                                                                                      \
		c = (operation);                                                                                \
		gcs_decref(a);                                                                                  \
		gcs_decref(b);                                                                                  \
		PUSH_RESULT(c);                                                                                 \
	} while (0)
#define DO_WITH_TOP(operation)                                                                                  \
	do {                                                                                                    \
		HERE();                                                                                         \
		a = POP();                                                                                      \
		rc = (operation);                                                                               \
		gcs_decref(a);                                                                                  \
		NEXT_UNLESS(rc < 0);                                                                            \
	} while (0)
#define DO_WITH_TWO(operation)                                                                                  \
	do {                                                                                                    \
		HERE();                                                                                         \
		b = POP();                                                                                      \
		a = POP();                                                                                      \
		rc = (operation);                                                                               \
		gcs_decref(a);                                                                                  \
		gcs_decref(b);                                                                                  \
		NEXT_UNLESS(rc < 0);                                                                            \
	} while (0)
/* A display of the @nr topmost values, which it steals. */
#define BUILD(nr, operation)                                                                                    \
	do {                                                                                                    \
		HERE();                                                                                         \
		sp -= (nr);                                                                                     \
		PUSH_RESULT(operation);                                                                         \
	} while (0)
/* Pops a value a, and jumps if the condition, -1 for an exception, is true. */
#define POP_JUMP_IF(condition)                                                                                  \
	do {                                                                                                    \
		HERE();                                                                                         \
		a = POP();                                                                                      \
		rc = (condition);                                                                               \
		gcs_decref(a);                                                                                  \
		if (rc > 0)                                                                                     \
			JUMP_TO(i->arg);                                                                        \
		NEXT_UNLESS(rc < 0);                                                                            \
	} while (0)
#define JUMP_OR_POP(condition)                                                                                  \
	do {                                                                                                    \
		HERE();                                                                                         \
		rc = truth(sim, sp[-1]);                                                                        \
		if (rc < 0)                                                                                     \
			goto error;                                                                             \
		if (condition)                                                                                  \
			JUMP_TO(i->arg);                                                                        \
		else                                                                                            \
			gcs_decref(POP());                                                                      \
		NEXT();                                                                                         \
	} while (0)

/* The call that has become the running one. */
#define RUN_CALLEE()                                                                                            \
	do {                                                                                                    \
		frame->sp = sp;                                                                                 \
		frame = vm->frame;                                                                              \
		LOAD_FRAME();                                                                                   \
		ip = code->instrs;                                                                              \
		NEXT();                                                                                         \
	} while (0)

/* The result of an operation whose operands are released already. */
#define PUSH_RESULT(value)                                                                                      \
	do {                                                                                                    \
		struct gcs_object *result_ = (value);                                                           \
		if (!result_)                                                                                   \
			goto error;                                                                             \
		PUSH(result_);                                                                                  \
		NEXT();                                                                                         \
	} while (0)
#define NEXT_UNLESS(failed)                                                                                     \
	do {                                                                                                    \
		if (failed)                                                                                     \
			goto error;                                                                             \
		NEXT();                                                                                         \
	} while (0)

#endif
