/* SPDX-License-Identifier: MIT */
/*
 * Sampling by bytes.
 */
#include "account/sample.h"

uint32_t hl_sample_flags;
__thread int64_t hl_sample_left;
static __thread uint64_t random_state __attribute__((tls_model("initial-exec")));

static const double ln2 = 0.693147180559945309417;

double hl_sample_exp(double x)
{
	double term = 1, sum = 1;
	int halvings = 0;

	if (x < -700)
		return 0;
	/* e^x = (e^(x / 2^n))^(2^n), with a Taylor series where it converges at once. */
	while (x < -0.125) {
		x /= 2;
		halvings++;
	}
	for (int i = 1; i < 12; i++) {
		term *= x / i;
		sum += term;
	}
	while (halvings-- > 0)
		sum *= sum;
	return sum;
}

double hl_sample_log(double x)
{
	double y, term, sum = 0;
	int exponent = 0;

	while (x > 1.5) {
		x /= 2;
		exponent++;
	}
	while (x < 0.75) {
		x *= 2;
		exponent--;
	}
	/* ln x = 2 artanh((x - 1) / (x + 1)) */
	y = (x - 1) / (x + 1);
	term = y;
	for (int i = 1; i < 30; i += 2) {
		sum += term / i;
		term *= y * y;
	}
	return 2 * sum + exponent * ln2;
}

/* splitmix64: a finaliser whose output passes the usual tests of randomness. */
static uint64_t mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* In (0, 1]. */
static double uniform(uint64_t bits)
{
	return (double)((bits >> 11) + 1) * 0x1p-53;
}

static int64_t next_distance(void)
{
	double bytes;

	random_state = mix(random_state);
	bytes = -hl_sample_log(uniform(random_state)) * (double)hl_options.sample_bytes;
	return (int64_t)bytes + 1;
}

uint8_t hl_sample_counts[1u << HL_SAMPLE_HASH_BITS];

/* Who frees a block was given it by who made it, in a way that orders the two. */
void hl_sample_note(const void *block, int step)
{
	uint8_t *count = hl_sample_count_of(block);
	uint8_t seen = __atomic_load_n(count, __ATOMIC_RELAXED);

	do {
		if (seen == UINT8_MAX || (seen == 0 && step < 0))
			return;
	} while (!__atomic_compare_exchange_n(count, &seen, (uint8_t)(seen + step), true,
		__ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

bool hl_sample_chosen(void)
{
	int64_t past = hl_sample_left;

	/* A thread's first block: its sequence begins, at a distance like any other. */
	if (random_state == 0) {
		random_state = mix((uint64_t)&random_state ^ hl_os_monotonic_ns());
		hl_sample_left = next_distance() + past;
		if (hl_sample_left > 0)
			return false;
	}
	while (hl_sample_left <= 0)
		hl_sample_left += next_distance();
	return true;
}

uint64_t hl_sample_weight(const void *block, size_t size)
{
	double mean = (double)hl_options.sample_bytes, weight;
	uint64_t whole;

	if (hl_options.sample_bytes == 0)
		return 1;
	weight = 1 / (1 - hl_sample_exp(-(double)(size ? size : 1) / mean));
	whole = (uint64_t)weight;
	return whole + (uniform(mix((uint64_t)block)) <= weight - (double)whole);
}
