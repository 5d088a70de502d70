/* SPDX-License-Identifier: MIT */
/* int: operators, int() and bool(), methods. */
#include "int.h"

#include <ctype.h>
#include <math.h>

/* What sim_int_compute() is to do. */
struct operation {
	struct gcs_object *a, *b;
	enum sim_binary op;
	enum sim_unary unary;
	struct gcs_object *result;
	double ratio;
};

static int compute_unary(struct sim *sim, void *arg)
{
	struct operation *o = arg;
	mp_limb_t word;
	mpz_t view, out;

	sim_int_view(o->a, view, &word);
	mpz_init(out);
	if (o->unary == SIM_INVERT)
		mpz_com(out, view);
	else
		mpz_neg(out, view);
	o->result = sim_int_from_mpz(sim, out, 0);
	return o->result ? 0 : -1;
}

struct gcs_object *sim_int_unary(struct sim *sim, struct gcs_object *self, enum sim_unary op)
{
	struct operation o = {.a = self, .unary = op};

	if (op == SIM_POSITIVE || (op == SIM_ABS && sim_int_sign(self) >= 0))
		return sim_kind(self) == SIM_BOOL ? sim_int_new(sim, self == sim->true_) : sim_incref(self);
	return sim_int_charge(sim, self) || sim_int_compute(sim, compute_unary, &o) ? NULL : o.result;
}

/* The bytes that CPython's algorithm asks for before it knows how long the result is; 0: as many as needed. */
static uint64_t result_bytes(const struct gcs_object *a, const struct gcs_object *b, enum sim_binary op)
{
	size_t nr_a = sim_int_digits(a), nr_b = sim_int_digits(b), most = nr_a > nr_b ? nr_a : nr_b;
	bool same_sign = (sim_int_sign(a) < 0) == (sim_int_sign(b) < 0);

	if (most == 1)
		return 0;
	if (op == SIM_ADD || op == SIM_SUB)
		return 24 + 4 * (most + (same_sign == (op == SIM_ADD)));
	return op == SIM_MUL ? 24 + 4 * (nr_a + nr_b) : 0;
}

/* The operation on machine words; false: it does not fit, or needs more care. */
static bool compute_words(int64_t a, int64_t b, enum sim_binary op, int64_t *out)
{
	switch (op) {
	case SIM_ADD:
		return !__builtin_add_overflow(a, b, out);
	case SIM_SUB:
		return !__builtin_sub_overflow(a, b, out);
	case SIM_MUL:
		return !__builtin_mul_overflow(a, b, out);
	case SIM_FLOOR_DIVIDE:
		if (b == 0 || b == -1)
			return false;
		*out = a / b - (a % b != 0 && (a < 0) != (b < 0));
		return true;
	case SIM_MOD:
		if (b == 0 || b == -1)
			return false;
		*out = a % b;
		if (*out && (*out < 0) != (b < 0))
			*out += b;
		return true;
	case SIM_AND:
		*out = a & b;
		return true;
	case SIM_OR:
		*out = a | b;
		return true;
	case SIM_XOR:
		*out = a ^ b;
		return true;
	case SIM_RSHIFT:
		if (b < 0)
			return false;
		*out = a >> (b > 63 ? 63 : b);
		return true;
	default:
		return false;
	}
}

static int compute_shift(struct sim *sim, const mpz_t a, struct gcs_object *b, enum sim_binary op, mpz_t out)
{
	int64_t count;

	if (sim_int_sign(b) < 0)
		return sim_raise(sim, SIM_VALUE_ERROR, "negative shift count");
	if (!sim_int_fits(b, &count))
		count = INT64_MAX;
	if (op == SIM_RSHIFT) {
		if (sim_charge_places(sim, mpz_size(a)))
			return -1;
		mpz_fdiv_q_2exp(out, a, count);
		return 0;
	}
	if (mpz_sgn(a) == 0)
		return 0;
	if (count == INT64_MAX)
		return sim_raise(sim, SIM_OVERFLOW_ERROR, "too many digits in integer");
	if (sim_int_check_bits(sim, (double)mpz_sizeinbase(a, 2) + (double)count))
		return -1;
	mpz_mul_2exp(out, a, count);
	return 0;
}

static int compute_power(struct sim *sim, const mpz_t a, struct gcs_object *b, mpz_t out)
{
	bool unit = mpz_cmpabs_ui(a, 1) <= 0;
	int64_t exponent;
	double bits;
	long two;

	if (!sim_int_fits(b, &exponent))
		exponent = INT64_MAX;
	if (unit) {
		int64_t low = exponent;

		if (exponent == INT64_MAX) {
			mp_limb_t word;
			mpz_t view;

			sim_int_view(b, view, &word);
			low = mpz_odd_p(view);
		}
		mpz_pow_ui(out, a, exponent == 0 ? 0 : 2 - (low & 1));
		return 0;
	}
	/* The logarithm, of which the length is a multiple. */
	bits = fabs(mpz_get_d_2exp(&two, a));
	bits = ((double)two + log2(bits)) * (double)exponent;
	if (sim_int_check_bits(sim, bits + 64) || sim_int_charge_product(sim, (size_t)(bits / 64), (size_t)(bits / 64)))
		return -1;
	mpz_pow_ui(out, a, exponent);
	return 0;
}

static int zero_division(struct sim *sim, enum sim_binary op)
{
	return sim_raise(sim, SIM_ZERO_DIVISION_ERROR, op == SIM_MOD ? "integer modulo by zero" :
			"integer division or modulo by zero");
}

static int compute(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op, mpz_t out)
{
	mp_limb_t word_a, word_b;
	mpz_t x, y;

	if (sim_int_charge(sim, a) || sim_int_charge(sim, b))
		return -1;
	sim_int_view(a, x, &word_a);
	sim_int_view(b, y, &word_b);
	switch (op) {
	case SIM_ADD:
		mpz_add(out, x, y);
		return 0;
	case SIM_SUB:
		mpz_sub(out, x, y);
		return 0;
	case SIM_MUL:
		if (sim_int_check_bits(sim, (double)mpz_sizeinbase(x, 2) + (double)mpz_sizeinbase(y, 2)) ||
				sim_int_charge_product(sim, mpz_size(x), mpz_size(y)))
			return -1;
		mpz_mul(out, x, y);
		return 0;
	case SIM_FLOOR_DIVIDE:
	case SIM_MOD:
		if (mpz_sgn(y) == 0)
			return zero_division(sim, op);
		if (sim_int_charge_product(sim, 4 * mpz_size(x), mpz_size(y)))
			return -1;
		if (op == SIM_MOD)
			mpz_fdiv_r(out, x, y);
		else
			mpz_fdiv_q(out, x, y);
		return 0;
	case SIM_AND:
		mpz_and(out, x, y);
		return 0;
	case SIM_OR:
		mpz_ior(out, x, y);
		return 0;
	case SIM_XOR:
		mpz_xor(out, x, y);
		return 0;
	case SIM_POW:
		return compute_power(sim, x, b, out);
	default:
		return compute_shift(sim, x, b, op, out);
	}
}

static int compute_ratio(struct sim *sim, void *arg)
{
	struct operation *o = arg;
	mp_limb_t word_a, word_b;
	mpz_t p, q;

	sim_int_view(o->a, p, &word_a);
	sim_int_view(o->b, q, &word_b);
	mpz_roinit_n(p, mpz_limbs_read(p), mpz_size(p));
	mpz_roinit_n(q, mpz_limbs_read(q), mpz_size(q));
	/* One of them becomes as long as the other. */
	if (sim_charge_places(sim, 2 * (mpz_size(p) + mpz_size(q))))
		return -1;
	o->ratio = sim_int_ratio(p, q);
	return 0;
}

struct gcs_object *sim_int_true_divide(struct sim *sim, struct gcs_object *a, struct gcs_object *b)
{
	const int64_t exact = (int64_t)1 << 53;
	struct operation o = {.a = a, .b = b};
	int64_t x, y;

	if (sim_int_sign(b) == 0)
		return sim_raise_null(sim, SIM_ZERO_DIVISION_ERROR, "division by zero");
	if (sim_int_sign(a) == 0)
		return sim_float_new(sim, 0.0);
	if (sim_int_fits(a, &x) && sim_int_fits(b, &y) && x <= exact && x >= -exact && y <= exact && y >= -exact)
		return sim_float_new(sim, (double)x / (double)y);
	if (sim_int_compute(sim, compute_ratio, &o))
		return NULL;
	if (isinf(o.ratio))
		return sim_raise_null(sim, SIM_OVERFLOW_ERROR, "integer division result too large for a float");
	return sim_float_new(sim, (sim_int_sign(a) < 0) != (sim_int_sign(b) < 0) ? -o.ratio : o.ratio);
}

static int compute_binary(struct sim *sim, void *arg)
{
	struct operation *o = arg;
	mpz_t out;

	mpz_init(out);
	if (compute(sim, o->a, o->b, o->op, out))
		return -1;
	o->result = sim_int_from_mpz(sim, out, result_bytes(o->a, o->b, o->op));
	return o->result ? 0 : -1;
}

struct gcs_object *sim_int_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	struct operation o = {.a = a, .b = b, .op = op};
	int64_t x, y, z;

	if (!sim_is_int(a) || !sim_is_int(b) || op == SIM_MATMUL)
		return sim_not_implemented(sim);
	if (sim_int_fits(a, &x) && sim_int_fits(b, &y) && compute_words(x, y, op, &z) &&
			z >= -((int64_t)1 << 29) && z <= (int64_t)1 << 29)
		return sim_int_new(sim, z);
	if (op == SIM_TRUE_DIVIDE)
		return sim_int_true_divide(sim, a, b);
	if (op == SIM_POW && sim_int_sign(b) < 0) {
		double base, exponent;

		if (sim_int_to_double(sim, a, &base) || sim_int_to_double(sim, b, &exponent))
			return NULL;
		return sim_float_pow(sim, base, exponent);
	}
	return sim_int_compute(sim, compute_binary, &o) ? NULL : o.result;
}

struct gcs_object *sim_bool_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	bool x = a == sim->true_, y = b == sim->true_;

	if (sim_kind(a) != SIM_BOOL || sim_kind(b) != SIM_BOOL)
		return sim_int_binary(sim, a, b, op);
	if (op == SIM_AND)
		return sim_bool(sim, x && y);
	if (op == SIM_OR)
		return sim_bool(sim, x || y);
	return op == SIM_XOR ? sim_bool(sim, x != y) : sim_int_binary(sim, a, b, op);
}

/* --- int(x), bool(x) --------------------------------------------------------------------------------- */

/* Removes white space around and single underscores between digits; false: they are where they may not be. */
static bool clean_digits(char *text, size_t *length)
{
	size_t from = 0, to = *length, nr = 0;

	while (from < to && isspace((unsigned char)text[from]))
		from++;
	while (to > from && isspace((unsigned char)text[to - 1]))
		to--;
	for (size_t i = from; i < to; i++) {
		if (text[i] != '_')
			text[nr++] = text[i];
		else if (i == from || i + 1 == to || !isalnum((unsigned char)text[i - 1]) ||
				!isalnum((unsigned char)text[i + 1]))
			return false;
	}
	text[nr] = 0;
	*length = nr;
	return true;
}

/* 0x, 0o, 0b before the digits: allowed with their own base, and with base 0, which they decide. */
static char *skip_prefix(char *text, size_t *length, int *base)
{
	static const struct {
		char letter;
		int base;
	} prefixes[] = {{'x', 16}, {'o', 8}, {'b', 2}};

	for (size_t i = 0; i < 3; i++) {
		if (*length > 2 && text[0] == '0' && tolower((unsigned char)text[1]) == prefixes[i].letter &&
				(*base == 0 || *base == prefixes[i].base)) {
			*base = prefixes[i].base;
			*length -= 2;
			return text + 2;
		}
	}
	if (*base == 0)
		*base = 10;
	return text;
}

static struct gcs_object *from_str(struct sim *sim, struct gcs_object *str, int base)
{
	struct gcs_object *result = NULL;
	char *keep, *copy, *digits;
	bool wrong = true;
	size_t length;
	const char *text = sim_str_utf8(sim, str, &length, &keep);

	if (!text)
		return NULL;
	copy = sim_charge_places(sim, length) ? NULL : sim_scratch_text(sim, text, length);
	sim_scratch_free(keep);
	if (!copy)
		return NULL;
	if (strlen(copy) == length && clean_digits(copy, &length)) {
		digits = skip_prefix(copy, &length, &base);
		result = sim_int_parse(sim, digits, length, base);
		/* The message shows the text as it was given. */
		wrong = !result && length <= MAX_TEXT_DIGITS && sim_pending_is(sim, SIM_VALUE_ERROR);
	}
	sim_scratch_free(copy);
	if (wrong && !result)
		sim_raise(sim, SIM_VALUE_ERROR, "invalid literal for int() with base %d: %R", base, str);
	return result;
}

/* __int__, then __index__ of an object of the scenario's. */
static struct gcs_object *from_object(struct sim *sim, struct gcs_object *object)
{
	struct gcs_object *method = sim_find_special(sim, object, sim->names.d_int), *result;

	if (!method && !sim->pending)
		method = sim_find_special(sim, object, sim->names.d_index);
	if (!method) {
		if (!sim->pending)
			sim_raise(sim, SIM_TYPE_ERROR, "int() argument must be a string, a bytes-like object or a real "
					"number, not '%T'", object);
		return NULL;
	}
	result = sim_call_args(sim, method, 0, NULL);
	gcs_decref(method);
	if (result && !sim_is_int(result)) {
		sim_raise(sim, SIM_TYPE_ERROR, "__int__ returned non-int (type %T)", result);
		GCS_CLEAR(&result);
	}
	return result;
}

struct gcs_object *sim_int_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	struct gcs_object *given[2];
	int64_t base = 10;

	(void)cls;
	if (sim_call_parse(sim, "int", call, "| x / base", given))
		return NULL;
	if (given[1]) {
		if (sim_index(sim, given[1], true, &base))
			return NULL;
		if (base != 0 && (base < 2 || base > 36))
			return sim_raise_null(sim, SIM_VALUE_ERROR, "int() base must be >= 2 and <= 36, or 0");
		if (!given[0] || !sim_is_str(given[0]))
			return sim_raise_null(sim, SIM_TYPE_ERROR, given[0] ?
					"int() can't convert non-string with explicit base" :
					"int() missing string argument");
	}
	if (!given[0])
		return sim_int_new(sim, 0);
	if (sim_is_str(given[0]))
		return from_str(sim, given[0], base);
	if (sim_is_int(given[0]))
		return sim_int_unary(sim, given[0], SIM_POSITIVE);
	if (sim_is_float(given[0]))
		return sim_int_from_double(sim, sim_float_value(given[0]));
	return from_object(sim, given[0]);
}

struct gcs_object *sim_bool_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	int truth = 0;

	(void)cls;
	if (sim_no_keywords(sim, "bool", call))
		return NULL;
	if (call->nr > 1)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "bool expected at most 1 argument, got %zu", call->nr);
	if (call->nr)
		truth = sim_truth(sim, call->args[0]);
	return truth < 0 ? NULL : sim_bool(sim, truth);
}

/* --- methods ----------------------------------------------------------------------------------------- */

static struct gcs_object *int_bit_length(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	mp_limb_t word;
	mpz_t view;

	(void)call;
	sim_int_view(self, view, &word);
	return sim_int_new(sim, mpz_sgn(view) ? mpz_sizeinbase(view, 2) : 0);
}

static struct gcs_object *int_bit_count(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	mp_limb_t word;
	mpz_t view;

	(void)call;
	if (sim_int_charge(sim, self))
		return NULL;
	sim_int_view(self, view, &word);
	mpz_roinit_n(view, mpz_limbs_read(view), mpz_size(view));
	return sim_int_new(sim, mpz_popcount(view));
}

static struct gcs_object *int_itself(struct sim *sim, struct gcs_object *self)
{
	return sim_int_unary(sim, self, SIM_POSITIVE);
}

static struct gcs_object *int_zero(struct sim *sim, struct gcs_object *self)
{
	(void)self;
	return sim_int_new(sim, 0);
}

static struct gcs_object *int_one(struct sim *sim, struct gcs_object *self)
{
	(void)self;
	return sim_int_new(sim, 1);
}

const struct sim_method sim_int_methods[] = {
	{"bit_count", int_bit_count, 0, 0, 0},
	{"bit_length", int_bit_length, 0, 0, 0},
	{0},
};

const struct sim_getset sim_int_getsets[] = {
	{"denominator", int_one, NULL},
	{"imag", int_zero, NULL},
	{"numerator", int_itself, NULL},
	{"real", int_itself, NULL},
	{0},
};
