/* SPDX-License-Identifier: MIT */
/* int: representation, conversion, text. */
#include "int.h"

#include <math.h>

#define INT_HEAD 24		/* CPython's bytes before the digits */
#define SHORTEST_BLOCK 32	/* what it asks for when a number has one digit */
#define HASH_BITS 61

bool sim_is_int(const struct gcs_object *object)
{
	return sim_kind(object) == SIM_INT || sim_kind(object) == SIM_BOOL;
}

static size_t digits_of_word(uint64_t value)
{
	size_t nr = 1;

	while (value >>= SIM_INT_DIGIT_BITS)
		nr++;
	return nr;
}

static uint64_t magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

static struct gcs_object *make_word(struct sim *sim, int64_t value, uint64_t bytes)
{
	struct gcs_object *object;

	if (!bytes) {
		size_t digits = digits_of_word(magnitude(value));

		bytes = digits > 1 ? INT_HEAD + 4 * digits : SHORTEST_BLOCK;
	}
	object = gcs_new_untracked(sim->heap, &sim_int_type.gc, sim->site, 0, bytes);
	if (!object)
		return sim_no_memory_null(sim);
	((struct sim_int *)object)->value = value;
	return object;
}

static bool is_small(int64_t value)
{
	return value >= SIM_SMALL_INT_MIN && value <= SIM_SMALL_INT_MAX;
}

struct gcs_object *sim_int_new(struct sim *sim, int64_t value)
{
	if (is_small(value) && sim->small_ints[value - SIM_SMALL_INT_MIN])
		return sim_incref(sim->small_ints[value - SIM_SMALL_INT_MIN]);
	return make_word(sim, value, 0);
}

struct gcs_object *sim_int_new_u(struct sim *sim, uint64_t value)
{
	mp_limb_t limb = value;
	mpz_t number;

	if (value <= INT64_MAX)
		return sim_int_new(sim, value);
	mpz_roinit_n(number, &limb, 1);
	return sim_int_from_mpz(sim, number, 0);
}

struct gcs_object *sim_bool_make(struct sim *sim, bool value)
{
	struct gcs_object *object = sim_alloc(sim, &sim_bool_type.gc, 0, 28);

	if (object)
		((struct sim_int *)object)->value = value;
	return object;
}

struct gcs_object *sim_int_from_mpz(struct sim *sim, const mpz_t number, uint64_t bytes)
{
	size_t nr = mpz_size(number);
	size_t digits = (mpz_sizeinbase(number, 2) + SIM_INT_DIGIT_BITS - 1) / SIM_INT_DIGIT_BITS;
	struct sim_int *object;

	if (mpz_fits_slong_p(number)) {
		int64_t value = mpz_get_si(number);

		return is_small(value) ? sim_int_new(sim, value) : make_word(sim, value, bytes);
	}
	if (bytes < INT_HEAD + 4 * digits)
		bytes = INT_HEAD + 4 * digits;
	object = (struct sim_int *)sim_alloc(sim, &sim_int_type.gc, nr * sizeof(mp_limb_t), bytes);
	if (!object)
		return NULL;
	memcpy(object->limbs, mpz_limbs_read(number), nr * sizeof(mp_limb_t));
	object->nr = mpz_sgn(number) < 0 ? -(int32_t)nr : (int32_t)nr;
	return &object->head;
}

void sim_int_view(const struct gcs_object *object, mpz_t out, mp_limb_t *word)
{
	const struct sim_int *number = sim_as_int(object);

	if (number->nr) {
		mpz_roinit_n(out, number->limbs, number->nr);
		return;
	}
	*word = magnitude(number->value);
	mpz_roinit_n(out, word, (number->value > 0) - (number->value < 0));
}

size_t sim_int_digits(const struct gcs_object *object)
{
	mp_limb_t word;
	mpz_t view;

	if (!sim_as_int(object)->nr)
		return digits_of_word(magnitude(sim_as_int(object)->value));
	sim_int_view(object, view, &word);
	return (mpz_sizeinbase(view, 2) + SIM_INT_DIGIT_BITS - 1) / SIM_INT_DIGIT_BITS;
}

static size_t int_size(const struct gcs_object *self)
{
	return INT_HEAD + 4 * sim_int_digits(self);
}

bool sim_int_fits(const struct gcs_object *object, int64_t *value)
{
	if (sim_as_int(object)->nr)
		return false;
	*value = sim_as_int(object)->value;
	return true;
}

int sim_int_sign(const struct gcs_object *object)
{
	const struct sim_int *number = sim_as_int(object);
	int64_t sign = number->nr ? number->nr : number->value;

	return (sign > 0) - (sign < 0);
}

/* __index__ of another type: an int, or NULL. */
static struct gcs_object *ask_index(struct sim *sim, struct gcs_object *object)
{
	struct gcs_object *method = sim_find_special(sim, object, sim->names.d_index), *result;

	if (!method) {
		if (!sim->pending)
			sim_raise(sim, SIM_TYPE_ERROR, "'%T' object cannot be interpreted as an integer", object);
		return NULL;
	}
	result = sim_call_args(sim, method, 0, NULL);
	gcs_decref(method);
	if (result && !sim_is_int(result)) {
		sim_raise(sim, SIM_TYPE_ERROR, "__index__ returned non-int (type %T)", result);
		GCS_CLEAR(&result);
	}
	return result;
}

int sim_index(struct sim *sim, struct gcs_object *object, bool clip, int64_t *value)
{
	struct gcs_object *number = sim_is_int(object) ? sim_incref(object) : ask_index(sim, object);
	int result = 0;

	if (!number)
		return -1;
	if (!sim_int_fits(number, value)) {
		*value = sim_int_sign(number) < 0 ? INT64_MIN : INT64_MAX;
		if (!clip)
			result = sim_raise(sim, SIM_OVERFLOW_ERROR, "Python int too large to convert to C ssize_t");
	}
	gcs_decref(number);
	return result;
}

int64_t sim_int_hash(struct sim *sim, struct gcs_object *self)
{
	const uint64_t modulus = ((uint64_t)1 << HASH_BITS) - 1;
	mp_limb_t word;
	int64_t hash;
	mpz_t view;

	if (sim_int_charge(sim, self))
		return -1;
	sim_int_view(self, view, &word);
	hash = mpz_tdiv_ui(view, modulus);
	if (sim_int_sign(self) < 0)
		hash = -hash;
	return hash == -1 ? -2 : hash;
}

double sim_int_ratio(const mpz_t a, const mpz_t b)
{
	/* A quotient of 63 or 64 bits; its lowest bit stands for all that is cut off. */
	long shift = 63 - ((long)mpz_sizeinbase(a, 2) - (long)mpz_sizeinbase(b, 2));
	mpz_t dividend, divisor, rest;
	uint64_t quotient;

	mpz_init_set(dividend, a);
	mpz_init_set(divisor, b);
	mpz_init(rest);
	if (shift > 0)
		mpz_mul_2exp(dividend, dividend, shift);
	else
		mpz_mul_2exp(divisor, divisor, -shift);
	mpz_tdiv_qr(dividend, rest, dividend, divisor);
	quotient = mpz_get_ui(dividend) | (mpz_sgn(rest) != 0);
	if (shift > INT32_MAX)
		return 0;
	return ldexp((double)quotient, shift < INT32_MIN ? INT32_MAX : (int)-shift);
}

/* An int and a double, one made from the other. */
struct conversion {
	const struct gcs_object *from;
	struct gcs_object *to;
	double value;
};

static int compute_double(struct sim *sim, void *arg)
{
	struct conversion *c = arg;
	mp_limb_t word, one_word = 1;
	mpz_t view, positive, one;
	double result;

	sim_int_view(c->from, view, &word);
	mpz_roinit_n(positive, mpz_limbs_read(view), mpz_size(view));
	mpz_roinit_n(one, &one_word, 1);
	result = mpz_sizeinbase(view, 2) > 1025 ? INFINITY : sim_int_ratio(positive, one);
	if (isinf(result))
		return sim_raise(sim, SIM_OVERFLOW_ERROR, "int too large to convert to float");
	c->value = sim_int_sign(c->from) < 0 ? -result : result;
	return 0;
}

int sim_int_to_double(struct sim *sim, const struct gcs_object *object, double *value)
{
	struct conversion c = {.from = object};

	if (!sim_as_int(object)->nr)
		*value = (double)sim_as_int(object)->value;
	else if (sim_int_compute(sim, compute_double, &c))
		return -1;
	else
		*value = c.value;
	return 0;
}

static int compute_int(struct sim *sim, void *arg)
{
	struct conversion *c = arg;
	mpz_t number;

	mpz_init_set_d(number, c->value);
	c->to = sim_int_from_mpz(sim, number, 0);
	return c->to ? 0 : -1;
}

struct gcs_object *sim_int_from_double(struct sim *sim, double value)
{
	struct conversion c = {.value = value};

	if (isnan(value))
		return sim_raise_null(sim, SIM_VALUE_ERROR, "cannot convert float NaN to integer");
	if (isinf(value))
		return sim_raise_null(sim, SIM_OVERFLOW_ERROR, "cannot convert float infinity to integer");
	if (fabs(value) < 9e18)
		return sim_int_new(sim, (int64_t)value);
	return sim_int_compute(sim, compute_int, &c) ? NULL : c.to;
}

int sim_int_order(const struct gcs_object *a, const struct gcs_object *b)
{
	mp_limb_t word_a, word_b;
	mpz_t view_a, view_b;
	int order;

	if (!sim_as_int(a)->nr && !sim_as_int(b)->nr)
		return (sim_as_int(a)->value > sim_as_int(b)->value) - (sim_as_int(a)->value < sim_as_int(b)->value);
	sim_int_view(a, view_a, &word_a);
	sim_int_view(b, view_b, &word_b);
	order = mpz_cmp(view_a, view_b);
	return (order > 0) - (order < 0);
}

int sim_int_order_double(const struct gcs_object *a, double b)
{
	mp_limb_t word;
	mpz_t view;
	int order;

	if (isinf(b))
		return b > 0 ? -1 : 1;
	sim_int_view(a, view, &word);
	order = mpz_cmp_d(view, b);
	return (order > 0) - (order < 0);
}

/* A number and its digits, one made from the other. */
struct reading {
	const struct gcs_object *number;
	struct gcs_object *made;
	char *text;
	int base;
	bool is_wrong;			/* no digits of that base */
};

static int write_digits(struct sim *sim, void *arg)
{
	struct reading *r = arg;
	mp_limb_t word;
	mpz_t view;

	(void)sim;
	sim_int_view(r->number, view, &word);
	mpz_get_str(r->text, r->base, view);
	return 0;
}

char *sim_int_text(struct sim *sim, const struct gcs_object *object, int base)
{
	struct reading r = {.number = object, .base = base};
	mp_limb_t word;
	size_t room;
	mpz_t view;

	sim_int_view(object, view, &word);
	room = mpz_sizeinbase(view, base) + 2;
	if (base == 10 && room - 2 > MAX_TEXT_DIGITS + 1)
		return sim_raise_null(sim, SIM_VALUE_ERROR,
				"Exceeds the limit (%d digits) for integer string conversion; "
				"use sys.set_int_max_str_digits() to increase the limit", MAX_TEXT_DIGITS);
	/* In base 10 at most some thousand digits; the others are powers of two. */
	if (sim_charge_places(sim, room))
		return NULL;
	r.text = sim_scratch(sim, NULL, room, 1);
	if (r.text && sim_int_compute(sim, write_digits, &r)) {
		sim_scratch_free(r.text);
		return NULL;
	}
	return r.text;
}

static struct gcs_object *int_repr(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *str;
	char out[24], *text;

	if (!sim_as_int(self)->nr) {
		int nr = snprintf(out, sizeof(out), "%lld", (long long)sim_as_int(self)->value);

		return sim_str_new(sim, out, nr);
	}
	text = sim_int_text(sim, self, 10);
	if (!text)
		return NULL;
	/* mpz_sizeinbase() may be one too many: the exact check is of the text. */
	if (strlen(text) - (*text == '-') > MAX_TEXT_DIGITS)
		str = sim_raise_null(sim, SIM_VALUE_ERROR,
				"Exceeds the limit (%d digits) for integer string conversion; "
				"use sys.set_int_max_str_digits() to increase the limit", MAX_TEXT_DIGITS);
	else
		str = sim_str_from(sim, text);
	sim_scratch_free(text);
	return str;
}

static struct gcs_object *bool_repr(struct sim *sim, struct gcs_object *self)
{
	return self == sim->true_ ? sim_str_intern(sim, "True", 4) : sim_str_intern(sim, "False", 5);
}

static int read_digits(struct sim *sim, void *arg)
{
	struct reading *r = arg;
	mpz_t number;

	mpz_init(number);
	if (mpz_set_str(number, r->text + (*r->text == '+' || *r->text == '-'), r->base)) {
		r->is_wrong = true;
		return -1;
	}
	if (*r->text == '-')
		mpz_neg(number, number);
	r->made = sim_int_from_mpz(sim, number, 28);
	return r->made ? 0 : -1;
}

/* Steps to read so many digits: halves of halves, with a product for each, unless the base is a power of two. */
static int charge_digits(struct sim *sim, size_t length, int base)
{
	size_t nr_limbs = length / 12;

	if (sim_charge(sim, length / 2) || !(base & (base - 1)))
		return sim->stop ? -1 : 0;
	return sim_int_charge_product(sim, 4 * nr_limbs, nr_limbs);
}

struct gcs_object *sim_int_parse(struct sim *sim, const char *digits, size_t length, int base)
{
	size_t sign = length > 1 && (*digits == '+' || *digits == '-');
	struct reading r = {.base = base};

	if (base == 10 && length > MAX_TEXT_DIGITS)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "Exceeds the limit (%d digits) for integer string "
				"conversion: value has %zu digits; use sys.set_int_max_str_digits() to increase "
				"the limit", MAX_TEXT_DIGITS, length - sign);
	r.text = charge_digits(sim, length, base) ? NULL : sim_scratch_text(sim, digits, length);
	if (!r.text)
		return NULL;
	/* libgmp would skip white space, and knows no plus sign. */
	if (strspn(r.text + sign, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == length - sign &&
			length > sign)
		sim_int_compute(sim, read_digits, &r);
	else
		r.is_wrong = true;
	if (r.is_wrong)
		sim_raise(sim, SIM_VALUE_ERROR, "invalid literal for int() with base %d: '%s'", base, r.text);
	sim_scratch_free(r.text);
	return r.made;
}

static int int_truth(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_int_sign(self) != 0;
}

static struct gcs_object *int_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	if (!sim_is_int(a) || !sim_is_int(b))
		return sim_not_implemented(sim);
	return sim_int_charge(sim, a) ? NULL : sim_compare_result(sim, sim_int_order(a, b), op);
}

const struct sim_type sim_int_type = {
	.gc = {.name = "int", .size = sizeof(struct sim_int), .dealloc = gcs_object_free,
		.size_of = int_size},
	.kind = SIM_INT,
	.basic_size = INT_HEAD,
	.methods = sim_int_methods,
	.getsets = sim_int_getsets,
	.repr = int_repr,
	.hash = sim_int_hash,
	.compare = int_compare,
	.truth = int_truth,
	.binary = sim_int_binary,
	.unary = sim_int_unary,
	.format = sim_format_int,
	.construct = sim_int_construct,
};

const struct sim_type sim_bool_type = {
	.gc = {.name = "bool", .size = sizeof(struct sim_int), .size_of = int_size},
	.kind = SIM_BOOL,
	.basic_size = INT_HEAD + 8,
	.repr = bool_repr,
	.hash = sim_int_hash,
	.compare = int_compare,
	.truth = int_truth,
	.binary = sim_bool_binary,
	.unary = sim_int_unary,
	.format = sim_format_int,
	.construct = sim_bool_construct,
};
