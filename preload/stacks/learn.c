/* SPDX-License-Identifier: MIT */
/*
 * Unwind rules are learned: the made-up process that libunwind steps through, and what its answer means.
 *
 * Sources: libunwind(3), unw_create_addr_space(3); .eh_frame_hdr: Linux Standard Base 5.0, 10.6.2;
 * finding its table for dwarf_search_unwind_table() is done as in Linux perf.
 */
#include "stacks/learn.h"

#include <dlfcn.h>
#include <errno.h>
#include <libunwind-x86_64.h>
#include <string.h>

#include "base/gate.h"
#include "base/os.h"
#include "base/thread.h"

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
	uint64_t ip;
	uintptr_t start;		/* the object that ip is in; its segment, if it has holes */
	uintptr_t end;
	uintptr_t info_start;		/* where its unwind information is: only these two are really read */
	uintptr_t info_end;
	const unsigned char *eh_frame_hdr;
	bool no_info;			/* find_proc_info found nothing */
};

static unw_addr_space_t (*create_addr_space)(unw_accessors_t *, int);
static int (*init_remote)(unw_cursor_t *, unw_addr_space_t, void *);
static int (*step)(unw_cursor_t *);
static int (*get_reg)(unw_cursor_t *, unw_regnum_t, unw_word_t *);
static int (*search_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *, unw_proc_info_t *, int,
	void *);
static unw_addr_space_t space;

/*
 * Describes the sorted table of .eh_frame_hdr.  Only the form that linkers write: version 1, a
 * count of 4 bytes, entries relative to the header.
 */
static int describe_table(const struct question *q, unw_dyn_info_t *table)
{
	const unsigned char *header = q->eh_frame_hdr;
	uint32_t nr_entries;

	if (header[0] != 1 || header[1] != 0x1b || header[2] != 0x03 || header[3] != 0x3b)
		return -UNW_ENOINFO;
	memcpy(&nr_entries, header + 8, sizeof(nr_entries));
	memset(table, 0, sizeof(*table));
	table->format = UNW_INFO_FORMAT_REMOTE_TABLE;
	table->start_ip = q->start;
	table->end_ip = q->end;
	table->u.rti.segbase = (unw_word_t)header;
	table->u.rti.table_data = (unw_word_t)header + 12;
	table->u.rti.table_len = nr_entries * 8ul / sizeof(unw_word_t);
	return 0;
}

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *info, int need,
	void *arg)
{
	struct question *q = arg;
	unw_dyn_info_t table;
	int r = q->eh_frame_hdr ? describe_table(q, &table) : -UNW_ENOINFO;

	if (r == 0)
		r = search_table(as, ip, &table, info, need, arg);
	if (r < 0)
		q->no_info = true;
	return r;
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *info, void *arg)
{
	(void)as;
	(void)info;
	(void)arg;
}

static int no_dynamic_info(unw_addr_space_t as, unw_word_t *address, void *arg)
{
	(void)as;
	(void)address;
	(void)arg;
	return -UNW_ENOINFO;
}

static int access_memory(unw_addr_space_t as, unw_word_t address, unw_word_t *value, int write,
	void *arg)
{
	struct question *q = arg;

	(void)as;
	if (write)
		return -UNW_EINVAL;
	if ((address >= q->start && address <= q->end - sizeof(*value)) ||
		(address >= q->info_start && address <= q->info_end - sizeof(*value))) {
		memcpy(value, (const void *)address, sizeof(*value));
		return 0;
	}
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
		return -UNW_EINVAL;
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

static int no_fpreg(unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write, void *arg)
{
	(void)as;
	(void)reg;
	(void)value;
	(void)write;
	(void)arg;
	return -UNW_EINVAL;
}

static int no_resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
	(void)as;
	(void)cursor;
	(void)arg;
	return -UNW_EINVAL;
}

static unw_accessors_t accessors = {
	.find_proc_info = find_proc_info,
	.put_unwind_info = put_unwind_info,
	.get_dyn_info_list_addr = no_dynamic_info,
	.access_mem = access_memory,
	.access_reg = access_register,
	.access_fpreg = no_fpreg,
	.resume = no_resume,
};

int hl_learn_open(void *library)
{
	static const struct {
		void *function;
		const char *name;
	} wanted[] = {
		{ &create_addr_space, HL_UNW("create_addr_space") },
		{ &init_remote, HL_UNW("init_remote") },
		{ &step, HL_UNW("step") },
		{ &get_reg, HL_UNW("get_reg") },
		{ &search_table, HL_UNW("dwarf_search_unwind_table") },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		void *address = dlsym(library, wanted[i].name);

		if (!address)
			return -ENOSYS;
		memcpy(wanted[i].function, &address, sizeof(address));
	}
	space = create_addr_space(&accessors, 0);
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

static bool decode_bp(uint64_t cfa, uint64_t bp, struct hl_rule *rule)
{
	int64_t at = high_of(bp);

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
	if (rule->kind == HL_RULE_SP && (at > -16 || at < -rule->cfa_offset || at % 8 != 0))
		return false;
	return low_of(bp) == 0 && at >= INT16_MIN && at <= INT16_MAX;
}

static bool is_sigreturn(uintptr_t ip, const struct question *q)
{
	static const unsigned char code[] = HL_SIGRETURN_CODE;

	return ip >= q->start && ip + sizeof(code) <= q->end &&
		memcmp((const void *)ip, code, sizeof(code)) == 0;
}

static struct hl_rule ask(struct question *q)
{
	struct hl_rule rule = { .kind = HL_RULE_FULL };
	uint64_t cfa, ra, bp;
	unw_cursor_t cursor;
	int r;

	if (init_remote(&cursor, space, q) < 0)
		return rule;
	r = step(&cursor);
	if (q->no_info)
		return (struct hl_rule){ .kind = HL_RULE_CHAIN };
	if (r == 0)
		return (struct hl_rule){ .kind = HL_RULE_END };
	if (r < 0 || get_reg(&cursor, HL_UNW_SP, &cfa) < 0 ||
		get_reg(&cursor, HL_UNW_IP, &ra) < 0 ||
		get_reg(&cursor, HL_UNW_BP, &bp) < 0)
		return rule;
	if (!decode_cfa(cfa, ra, &rule) || !decode_bp(cfa, bp, &rule))
		return (struct hl_rule){ .kind = HL_RULE_FULL };
	return rule;
}

/* A step was seen to use 4 KiB; the usual size of a sigaltstack() is 8 KiB. */
#define STEP_STACK_BYTES 5120u

static struct hl_lock learn_lock;

struct hl_rule hl_learn(uintptr_t ip, bool exact, bool *known)
{
	struct dl_find_object object;
	struct question q = { .ip = exact ? ip : ip - 1 };
	struct hl_rule rule = { .kind = HL_RULE_FULL };
	int saved_errno = errno;
	sigset_t outer;

	*known = _dl_find_object((void *)q.ip, &object) == 0;
	if (!*known)
		return (struct hl_rule){ .kind = HL_RULE_CHAIN };
	q.start = (uintptr_t)object.dlfo_map_start;
	q.end = (uintptr_t)object.dlfo_map_end;
	q.eh_frame_hdr = object.dlfo_eh_frame;
	/* Of an object with a hole between two segments glibc shows one segment. */
	if (q.eh_frame_hdr && _dl_find_object((void *)q.eh_frame_hdr, &object) == 0) {
		q.info_start = (uintptr_t)object.dlfo_map_start;
		q.info_end = (uintptr_t)object.dlfo_map_end;
	} else {
		q.info_start = q.start;
		q.info_end = q.end;
	}
	if (is_sigreturn(ip, &q))
		return (struct hl_rule){ .kind = HL_RULE_SIGNAL };
	hl_os_block_signals(&outer);
	*known = hl_os_has_stack(STEP_STACK_BYTES) && hl_gate_enter();
	if (*known) {
		hl_lock_spin(&learn_lock);
		hl_tls.own++;
		rule = ask(&q);
		hl_tls.own--;
		hl_lock_open(&learn_lock);
		hl_gate_leave();
	}
	hl_os_restore_signals(&outer);
	errno = saved_errno;
	return rule;
}

void hl_learn_restart(void)
{
	learn_lock.word = 0;
}
