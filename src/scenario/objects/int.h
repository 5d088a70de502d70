/* SPDX-License-Identifier: MIT */
/* Inside of int: a machine word where it fits, limbs of libgmp where not. */
#ifndef HL_SCENARIO_INT_H
#define HL_SCENARIO_INT_H

#include <gmp.h>

#include "internal.h"

#define SIM_INT_DIGIT_BITS 30	/* CPython's, for sizes */
#define MAX_TEXT_DIGITS 4300	/* sys.get_int_max_str_digits() */

/* Normal form: numbers that fit into int64_t are there. */
struct sim_int {
	struct gcs_object head;
	int64_t value;		/* if nr is 0 */
	int32_t nr;		/* limbs; negative for negative numbers */
	mp_limb_t limbs[];
};

static inline const struct sim_int *sim_as_int(const struct gcs_object *object)
{
	return (const struct sim_int *)object;
}

/*
 * sim_int_compute() - calls @compute, in which libgmp may ask for memory
 *
 * That memory is the heap's and ends with the call: nothing needs mpz_clear(), and no number of @compute's own outlives
 * it. Where there is no more memory libgmp would end the process; so it is left by a jump out of @compute, which may
 * hold nothing else that has to be released.
 *
 * Returns: what @compute does: 0 or -1; -1 with MemoryError.
 */
int sim_int_compute(struct sim *sim, int (*compute)(struct sim *sim, void *arg), void *arg);
/* Tells libgmp: before the first number. */
void sim_int_memory_start(void);

/* Far below what libgmp can count: it ends the process where a number is longer. */
#define SIM_INT_BITS ((uint64_t)1 << 36)

/* Before a number of so many bits is made: -1 and MemoryError, or the limit of steps.  A double, because powers are
 * estimated. */
int sim_int_check_bits(struct sim *sim, double bits);
/* Steps of a product or quotient of numbers of so many limbs. */
int sim_int_charge_product(struct sim *sim, size_t nr_a, size_t nr_b);

/* A view of any int as libgmp's; @word is room for the machine word's. */
void sim_int_view(const struct gcs_object *object, mpz_t out, mp_limb_t *word);
/* @bytes: the block that CPython asks for while it computes the number; 0: just what it needs. */
struct gcs_object *sim_int_from_mpz(struct sim *sim, const mpz_t number, uint64_t bytes);
/* The nearest double of a/b for positive a, b, ties to even; infinity when it is too large. */
double sim_int_ratio(const mpz_t a, const mpz_t b);

#endif
