/* SPDX-License-Identifier: MIT */
/*
 * Sampling by bytes.
 */
#include "account/sample.h"

uint32_t hl_sample_flags;
__thread int64_t hl_sample_left;
static __thread uint64_t random_state __attribute__((tls_model("initial-exec")));

/* 1/11 to 1/2, with 63 bits behind the point: ln(1 + r) = r - r^2 (1/2 - r (1/3 - r (1/4 - ...))). */
#define INVERSE(n) ((int64_t)((UINT64_C(1) << 63) / (n)))
static const int64_t inverses[] = { INVERSE(11), INVERSE(10), INVERSE(9), INVERSE(8), INVERSE(7), INVERSE(6),
	INVERSE(5), INVERSE(4), INVERSE(3), INVERSE(2) };

/* ln 2 - ln(33/32), ... - ln(35/32), ... - ln(63/32): what is left to 2 from the middle of each sixteenth. */
static const int64_t logs[16] = {
	0x54c8b89a19e15ccc, 0x4d40a2b676321708, 0x4623b903c8f2998a, 0x3f66b15ef4910860,
	0x38fff38e8aa99249, 0x32e7468626ad5b9e, 0x2d15907d38d42835, 0x2784a4ee6663076b,
	0x222f1d044fc8f7bc, 0x1d1037f2655e7b58, 0x1823c16551a3c1bb, 0x1365fcb015901630,
	0x0ed393b1c2235128, 0x0a6988ae903f562f, 0x06252a8527ecd0cd, 0x02040acb126b08e9,
};
#define LN2 UINT64_C(0xb17217f7d1cf79ac)	/* 64 bits behind the point */

/* Of two numbers with a and b bits behind the point, one with a + b - 64. */
static int64_t product(int64_t a, int64_t b)
{
	return (int64_t)((__int128)a * b >> 64);
}

uint64_t hl_sample_minus_log(uint64_t u)
{
	int zeros = __builtin_clzll(u);
	uint64_t sixteenth;
	int64_t r, sum = 0, log;

	/* u = (c + z) / 2^zeros, where c is the middle of its sixteenth of [1, 2), and r = z / c. */
	u <<= zeros;
	sixteenth = u >> 59 & 15;
	r = (int64_t)(u - ((2 * sixteenth + 33) << 58)) * 32 / (int64_t)(2 * sixteenth + 33) * 2;
#pragma GCC unroll 10
	for (size_t i = 0; i < sizeof(inverses) / sizeof(inverses[0]); i++)
		sum = inverses[i] - product(sum, r);
	log = logs[sixteenth] - r / 2 + product(product(sum, r), r);
	return (uint64_t)((unsigned __int128)LN2 * (unsigned int)zeros >> 6) + (uint64_t)(log > 0 ? log >> 5 : 0);
}

/* splitmix64: a finaliser whose output passes the usual tests of randomness. */
static uint64_t mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

int64_t hl_sample_distance(uint64_t bits, uint64_t mean)
{
	/* In the middle between two multiples of 2^-63: never 0, never 1. */
	unsigned __int128 bytes = (unsigned __int128)hl_sample_minus_log(bits | 1) * mean >> 58;

	return bytes < INT64_MAX ? (int64_t)bytes + 1 : INT64_MAX;
}

static int64_t next_distance(void)
{
	random_state = mix(random_state);
	return hl_sample_distance(random_state, hl_options.sample_bytes);
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
	/* A thread's first block: its sequence begins, at a distance like any other. */
	if (random_state == 0) {
		random_state = mix((uint64_t)&random_state ^ hl_os_monotonic_ns());
		hl_sample_left += next_distance();
		if (hl_sample_left > 0)
			return false;
	}
	/* How far the next chosen byte is does not depend on where the latest was. */
	hl_sample_left = next_distance();
	return true;
}

#define ONE (UINT64_C(1) << 32)		/* 32 bits behind the point */

/* coth(y) / 2 - 1 / (2 y) for y < 1: y / 6 - y^3 / 90 + y^5 / 945 - ... */
static uint64_t half_coth_rest(uint64_t y)
{
	static const uint32_t terms[] = { 5, 48, 471, 4648, 45908, 454494, 4544939, 47721859, 715827883 };
	uint64_t square = y * y >> 32, sum = 0;

#pragma GCC unroll 9
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
		sum = terms[i] - (sum * square >> 32);
	return sum * y >> 32;
}

/* 1 / (e^x - 1) for x >= 2, by halves: of v that of 2 x is v^2 / (2 v + 1). */
static uint64_t rest_of_large(uint64_t x)
{
	int halvings = 0;
	uint64_t v;

	for (; x >= 2 * ONE; x /= 2)
		halvings++;
	v = UINT64_MAX / x - ONE / 2 + half_coth_rest(x / 2);
	while (halvings-- > 0)
		v = v * v / (2 * v + ONE);
	return v;
}

uint64_t hl_sample_weigh(uint64_t size, uint64_t mean, uint32_t *fraction)
{
	uint64_t x, whole = 1, rest;

	*fraction = 0;
	if (size / 32 >= mean)
		return 1;
	for (; size > UINT32_MAX; size /= 2)
		mean /= 2;
	x = size * ONE / mean;
	if (x < 2 * ONE) {
		/* 1 / x as it is, for x may have few bits. */
		whole = mean / size;
		rest = mean % size * ONE / size + ONE / 2 + half_coth_rest(x / 2);
	} else {
		rest = rest_of_large(x);
	}
	*fraction = (uint32_t)rest;
	return whole + (rest >> 32);
}

uint64_t hl_sample_weight(const void *block, size_t size)
{
	uint32_t fraction;
	uint64_t whole;

	if (hl_options.sample_bytes == 0)
		return 1;
	whole = hl_sample_weigh(size ? size : 1, hl_options.sample_bytes, &fraction);
	return whole + (mix((uint64_t)block) >> 32 < fraction);
}
