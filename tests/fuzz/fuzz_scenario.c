/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of scenarios: whatever text it is given, it ends in an error with its words, or in code that
 * holds what code.h promises, which then runs to its end or to a limit and leaves nothing behind. The
 * first byte chooses between a file and cells, and the policy.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/modules/modules.h"
#include "scenario/scenario.h"
#include "snapshot/heapledger.h"
#include "fuzz.h"

#define MAX_STEPS 200000
#define MAX_BYTES (64u << 20)
#define MAX_OUTPUT (16u << 20)

static bool has_target(unsigned int op)
{
	return op == OP_FOR_ITER || (op >= OP_JUMP && op <= OP_JUMP_IF_TRUE_OR_POP);
}

static bool ends_path(unsigned int op)
{
	return op == OP_JUMP || op == OP_RETURN_VALUE || op == OP_RAISE_VARARGS || op == OP_RERAISE;
}

/* A stack depth for each instruction, the same on all paths, within the size of the stack. */
static void check_path(const struct code *code, int *depths, uint32_t *work)
{
	uint32_t nr = 0;

#define VISIT(index, depth) \
	do { \
		assert((index) < code->nr_instrs); \
		assert((depth) >= 0 && (uint32_t)(depth) <= code->stack_size); \
		if (depths[index] < 0) { \
			depths[index] = (depth); \
			work[nr++] = (index); \
		} \
		assert(depths[index] == (depth)); \
	} while (0)

	VISIT(0, 0);
	while (nr) {
		uint32_t i = work[--nr];
		const struct instr *instr = &code->instrs[i];
		const struct handler *h = code_find_handler(code, i);
		int depth = depths[i];

		if (has_target(instr->op))
			VISIT(instr->arg, depth + code_stack_effect((enum opcode)instr->op, instr->arg, true));
		if (h) {
			assert(h->depth <= (uint32_t)depth);
			VISIT(h->target, (int)h->depth + h->lasti + 1);
		}
		if (!ends_path(instr->op))
			VISIT(i + 1, depth + code_stack_effect((enum opcode)instr->op, instr->arg, false));
	}
#undef VISIT
}

static void check_argument(const struct code *code, const struct instr *i)
{
	switch (i->op) {
	case OP_LOAD_CONST: case OP_KW_NAMES:
		assert(i->arg < code->nr_constants);
		break;
	case OP_LOAD_FAST: case OP_STORE_FAST: case OP_DELETE_FAST:
		assert(i->arg < code->nr_slots && (code->slot_kinds[i->arg] & SLOT_LOCAL));
		break;
	case OP_MAKE_CELL: case OP_LOAD_CLOSURE: case OP_LOAD_DEREF: case OP_STORE_DEREF:
	case OP_DELETE_DEREF: case OP_LOAD_CLASSDEREF:
		assert(i->arg < code->nr_slots && (code->slot_kinds[i->arg] & (SLOT_CELL | SLOT_FREE)));
		break;
	case OP_LOAD_GLOBAL:
		assert(i->arg >> 1 < code->nr_names);
		break;
	case OP_LOAD_NAME: case OP_STORE_NAME: case OP_DELETE_NAME: case OP_STORE_GLOBAL:
	case OP_DELETE_GLOBAL: case OP_LOAD_ATTR: case OP_STORE_ATTR: case OP_DELETE_ATTR:
	case OP_LOAD_METHOD: case OP_IMPORT_NAME: case OP_IMPORT_FROM:
		assert(i->arg < code->nr_names);
		break;
	default:
		assert(i->op < OP_NR);
	}
	assert(!i->aux);
}

static void check_code(const struct program *program, const struct code *code)
{
	int *depths = malloc(sizeof(*depths) * code->nr_instrs);
	uint32_t *work = malloc(sizeof(*work) * code->nr_instrs);

	assert(depths && work && code->nr_instrs);
	memset(depths, 0xff, sizeof(*depths) * code->nr_instrs);
	for (uint32_t i = 0; i < code->nr_instrs; i++)
		check_argument(code, &code->instrs[i]);
	check_path(code, depths, work);
	free(depths);
	free(work);
	for (uint32_t i = 0; i < code->nr_constants; i++) {
		const struct constant *k = code->constants[i];

		assert(k->id < program->nr_constants && program->constants[k->id] == k);
		if (k->kind == CONSTANT_CODE)
			check_code(program, k->code);
	}
}

/* Reads every byte, for the sanitizer to see. */
static int swallow(const char *text, size_t length, void *arg)
{
	size_t *left = arg;
	unsigned int sum = 0;

	for (size_t i = 0; i < length; i++)
		sum += (unsigned char)text[i];
	if (length > *left || sum == UINT32_MAX)
		return -1;
	*left -= length;
	return 0;
}

static int look(struct gcs_heap *heap, void *arg)
{
	struct hl_snapshot *snapshot;

	(void)arg;
	if (!gcs_snapshot(heap, GCS_SNAPSHOT_ALL, &snapshot))
		hl_snapshot_unref(snapshot);
	return 0;
}

static void run(const struct program *program, unsigned int choice)
{
	size_t left = MAX_OUTPUT;
	const struct scenario_options options = {
		.profile = choice & 2 ? GCS_PROFILE_PLAIN : GCS_PROFILE_CPYTHON311,
		.gc_off = choice & 4,
		.has_thresholds = choice & 8,
		.thresholds = {5, 2, 2},
		.nr_frames = choice & 16 ? 8 : 1,
		.max_steps = MAX_STEPS,
		.max_bytes = MAX_BYTES,
		.out = swallow,
		.err = swallow,
		.write_arg = &left,
		.ended = look,
	};
	struct scenario_result result;

	if (!scenario_run(program, &options, &result))
		assert(result.status >= 0 && result.status <= 255);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct scenario_error err = {0};
	struct program *program = NULL;
	int r;

	if (!size)
		return 0;
	r = program_compile((const char *)data + 1, size - 1, "fuzz.py", *data & PROGRAM_CELLS, &program,
			&err);
	if (r) {
		assert(!program && err.kind && *err.message);
		assert(r == (err.kind == SCENARIO_NO_MEMORY ? -ENOMEM : -EINVAL));
		return 0;
	}
	for (uint32_t i = 0; i < program->nr_units; i++)
		check_code(program, program->units[i]);
	if (!sim_modules_check(program, &err))
		run(program, *data);
	program_free(program);
	return 0;
}
