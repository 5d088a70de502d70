/* SPDX-License-Identifier: MIT */
/*
 * Unwind rules are learned: the made-up process that libunwind steps through, and what its answer means.
 */
#include "stacks/learn.h"

#include <errno.h>
#include <libunwind-x86_64.h>
#include <string.h>

#include "base/gate.h"
#include "base/private.h"
#include "stacks/libunwind.h"

/* ---- The made-up process ---- */

/*
 * Values of a made-up register or memory word: bits 63..56 say what it is (no canonical address has
 * these), 55..32 the offset of the word that it was read from, 31..0 what was added to it since.
 * Both numbers are biased, so that small negative ones stay in their field.
 */
enum tag {
	TAG_SP = 0x51,			/* SP + low */
	TAG_BP = 0x52,			/* BP + low */
	TAG_AT_SP = 0x53,		/* *(SP + high) + low */
	TAG_AT_BP = 0x54,		/* *(BP + high) + low */
	TAG_AT_AT_BP = 0x55,		/* *(*(BP + high) + low) */
	TAG_OTHER = 0x56,		/* another register */
};
#define LOW_BIAS 0x80000000u
#define HIGH_BIAS 0x800000u

static uint64_t made_up(enum tag tag, int64_t high, int64_t low)
{
	return (uint64_t)tag << 56 | (uint64_t)(high + HIGH_BIAS) << 32 | (uint64_t)(low + LOW_BIAS);
}

static enum tag tag_of(uint64_t value)
{
	return value >> 56;
}

static int64_t high_of(uint64_t value)
{
	return (int64_t)(value >> 32 & 0xffffff) - HIGH_BIAS;
}

static int64_t low_of(uint64_t value)
{
	return (int64_t)(value & 0xffffffff) - LOW_BIAS;
}

/* One question to libunwind. */
struct question {
	struct hl_unwind_info info;	/* first, as libunwind.h wants it */
	uint64_t ip;
	bool exact;
};

static unw_addr_space_t space;

static int access_memory(unw_addr_space_t as, unw_word_t address, unw_word_t *value, int write,
	void *arg)
{
	struct question *q = arg;

	(void)as;
	if (write)
		return -UNW_EINVAL;
	if (hl_likely(hl_libunwind_read_near(&q->info, address, value)))
		return 0;
	switch (tag_of(address)) {
	case TAG_SP:
		*value = made_up(TAG_AT_SP, low_of(address), 0);
		return 0;
	case TAG_BP:
		*value = made_up(TAG_AT_BP, low_of(address), 0);
		return 0;
	case TAG_AT_BP:
		*value = made_up(TAG_AT_AT_BP, high_of(address), low_of(address));
		return 0;
	default:
		return hl_libunwind_read_info(&q->info, address, value) ? 0 : -UNW_EINVAL;
	}
}

static int access_register(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write,
	void *arg)
{
	struct question *q = arg;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	switch (reg) {
	case HL_UNW_IP:
		*value = q->ip;
		return 0;
	case HL_UNW_SP:
		*value = made_up(TAG_SP, 0, 0);
		return 0;
	case HL_UNW_BP:
		*value = made_up(TAG_BP, 0, 0);
		return 0;
	default:
		*value = made_up(TAG_OTHER, reg, 0);
		return 0;
	}
}

int hl_learn_open(void)
{
	space = hl_libunwind_new_space(access_memory, access_register);
	return space ? 0 : -ENOSYS;
}

/* ---- From the answer to the rule ---- */

/* The CFA, and that the return address was read right below it. */
static bool decode_cfa(uint64_t cfa, uint64_t ra, struct hl_rule *rule)
{
	int64_t offset = low_of(cfa);

	switch (tag_of(cfa)) {
	case TAG_SP:
		rule->kind = HL_RULE_SP;
		rule->cfa_offset = (int32_t)offset;
		return ra == made_up(TAG_AT_SP, offset - 8, 0) && offset >= 8 && offset % 8 == 0 &&
			offset <= HL_RULE_MAX_FRAME;
	case TAG_BP:
		rule->kind = HL_RULE_BP;
		rule->cfa_offset = (int32_t)offset;
		return ra == made_up(TAG_AT_BP, offset - 8, 0);
	case TAG_AT_BP:
		rule->kind = HL_RULE_BP_DEREF;
		rule->cfa_offset = (int32_t)high_of(cfa);
		return offset == 0 && ra == made_up(TAG_AT_AT_BP, high_of(cfa), -8);
	default:
		return false;
	}
}

/* No signal handler's frame touches so much below the stack pointer (x86-64 psABI, 3.2.2). */
#define RED_ZONE_BYTES 128

/*
 * @exact: of an interrupted instruction.  Between an epilogue's pops and its return the saved BP is said to be where
 * it was, below the stack pointer, where it still is.
 */
static bool decode_bp(uint64_t cfa, uint64_t bp, bool exact, struct hl_rule *rule)
{
	int64_t at = high_of(bp), below = exact ? RED_ZONE_BYTES : 0;

	if (bp == made_up(TAG_BP, 0, 0)) {
		rule->bp = HL_BP_SAME;
		return true;
	}
	/* Saved relative to the register that the CFA is made from: the same as relative to the CFA. */
	if ((tag_of(bp) == TAG_AT_SP && tag_of(cfa) == TAG_SP) ||
		(tag_of(bp) == TAG_AT_BP && tag_of(cfa) == TAG_BP)) {
		rule->bp = HL_BP_AT_CFA;
		at -= low_of(cfa);
	} else if (tag_of(bp) == TAG_AT_BP) {
		rule->bp = HL_BP_AT_BP;
	} else {
		return false;
	}
	rule->bp_offset = (int16_t)at;
	/* With the CFA from SP the slot is known to lie in the frame. */
	if (rule->kind == HL_RULE_SP && (at > -16 || at < -rule->cfa_offset - below || at % 8 != 0))
		return false;
	return low_of(bp) == 0 && at >= INT16_MIN && at <= INT16_MAX;
}

static bool is_sigreturn(uintptr_t ip, const struct hl_unwind_info *info)
{
	static const unsigned char code[] = HL_SIGRETURN_CODE;

	return ip >= info->start && ip + sizeof(code) <= info->end &&
		memcmp((const void *)ip, code, sizeof(code)) == 0;
}

/* On a private stack. */
struct asking {
	struct question question;
	struct hl_rule rule;
	bool was_asked;
};

static struct hl_rule ask(struct question *q)
{
	struct hl_rule rule = { .kind = HL_RULE_FULL };
	uint64_t cfa, ra, bp;
	unw_cursor_t cursor;
	int r;

	if (hl_libunwind.init_remote(&cursor, space, q) < 0)
		return rule;
	r = hl_libunwind.step(&cursor);
	if (q->info.has_none)
		return (struct hl_rule){ .kind = HL_RULE_CHAIN };
	if (r == 0)
		return (struct hl_rule){ .kind = HL_RULE_END };
	if (r < 0 || hl_libunwind.get_reg(&cursor, HL_UNW_SP, &cfa) < 0 ||
		hl_libunwind.get_reg(&cursor, HL_UNW_IP, &ra) < 0 ||
		hl_libunwind.get_reg(&cursor, HL_UNW_BP, &bp) < 0)
		return rule;
	if (!decode_cfa(cfa, ra, &rule) || !decode_bp(cfa, bp, q->exact, &rule))
		return (struct hl_rule){ .kind = HL_RULE_FULL };
	return rule;
}

static void ask_in_private(void *arg)
{
	struct asking *asking = arg;

	if (!hl_gate_enter())
		return;
	asking->rule = ask(&asking->question);
	asking->was_asked = true;
	hl_gate_leave();
}

/* Those that nobody has taken yet; more than these at once are forgotten. */
#define NR_BARE 16u
static uintptr_t bare[NR_BARE];
uint32_t hl_learn_has_bare;

static void note_bare(uintptr_t ip)
{
	for (uint32_t i = 0; i < NR_BARE; i++) {
		uintptr_t none = 0;

		if (__atomic_compare_exchange_n(&bare[i], &none, ip, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			break;
	}
	__atomic_store_n(&hl_learn_has_bare, 1, __ATOMIC_RELEASE);
}

uintptr_t hl_learn_take_bare(void)
{
	for (uint32_t i = 0; i < NR_BARE; i++) {
		uintptr_t ip = __atomic_exchange_n(&bare[i], 0, __ATOMIC_RELAXED);

		if (ip != 0)
			return ip;
	}
	__atomic_store_n(&hl_learn_has_bare, 0, __ATOMIC_RELAXED);
	return 0;
}

struct hl_rule hl_learn(uintptr_t ip, bool exact, bool *known)
{
	struct asking asking = { .question = { .ip = exact ? ip : ip - 1, .exact = exact }, .rule.kind = HL_RULE_FULL };

	*known = hl_libunwind_find_info(asking.question.ip, &asking.question.info);
	if (!*known)
		return (struct hl_rule){ .kind = HL_RULE_CHAIN };
	if (is_sigreturn(ip, &asking.question.info))
		return (struct hl_rule){ .kind = HL_RULE_SIGNAL };
	*known = hl_private_call(ask_in_private, &asking) && asking.was_asked;
	if (*known && asking.rule.kind == HL_RULE_CHAIN)
		note_bare(asking.question.ip);
	return asking.rule;
}
