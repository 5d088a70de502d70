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

/* A view of any int as libgmp's; @word is room for the machine word's. */
void sim_int_view(const struct gcs_object *object, mpz_t out, mp_limb_t *word);
/* @bytes: the block that CPython asks for while it computes the number; 0: just what it needs. */
struct gcs_object *sim_int_from_mpz(struct sim *sim, const mpz_t number, uint64_t bytes);
/* The nearest double of a/b for positive a, b, ties to even; infinity when it is too large. */
double sim_int_ratio(const mpz_t a, const mpz_t b);

#endif
