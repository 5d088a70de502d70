/* SPDX-License-Identifier: MIT */
/* Codes: the instructions' names and effects, handlers, and a listing. */
#include "scenario/compile/code.h"

static const char *const names[] = {
#define OPCODE_TEXT(name) #name,
	OPCODES(OPCODE_TEXT)
#undef OPCODE_TEXT
};

const char *code_op_name(unsigned int op)
{
	return op < OP_NR ? names[op] : "?";
}

const struct handler *code_find_handler(const struct code *code, uint32_t index)
{
	uint32_t low = 0, high = code->nr_handlers;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (code->handlers[middle].end <= index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < code->nr_handlers && code->handlers[low].start <= index ? &code->handlers[low] : NULL;
}

int code_stack_effect(enum opcode op, uint32_t arg, bool jumps)
{
	int n = (int)arg;

	switch (op) {
	case OP_NOP: case OP_SWAP: case OP_DELETE_FAST: case OP_MAKE_CELL: case OP_COPY_FREE_VARS:
	case OP_DELETE_DEREF: case OP_DELETE_NAME: case OP_DELETE_GLOBAL: case OP_LOAD_ATTR:
	case OP_UNARY_POSITIVE: case OP_UNARY_NEGATIVE: case OP_UNARY_NOT: case OP_UNARY_INVERT:
	case OP_LIST_TO_TUPLE: case OP_GET_ITER: case OP_JUMP: case OP_KW_NAMES: case OP_YIELD_VALUE:
	case OP_CHECK_EXC_MATCH: case OP_SETUP_ANNOTATIONS:
		return 0;
	case OP_COPY: case OP_PUSH_NULL: case OP_LOAD_CONST: case OP_LOAD_FAST: case OP_LOAD_CLOSURE:
	case OP_LOAD_DEREF: case OP_LOAD_CLASSDEREF: case OP_LOAD_NAME: case OP_LOAD_METHOD:
	case OP_LOAD_BUILD_CLASS: case OP_RETURN_GENERATOR: case OP_PUSH_EXC_INFO:
	case OP_LOAD_ASSERTION_ERROR: case OP_IMPORT_FROM: case OP_BEFORE_WITH:
	case OP_WITH_EXCEPT_START:
		return 1;
	case OP_POP_TOP: case OP_STORE_FAST: case OP_STORE_DEREF: case OP_STORE_NAME:
	case OP_STORE_GLOBAL: case OP_DELETE_ATTR: case OP_BINARY_SUBSCR: case OP_BINARY_OP:
	case OP_COMPARE_OP: case OP_IS_OP: case OP_CONTAINS_OP: case OP_LIST_APPEND: case OP_SET_ADD:
	case OP_LIST_EXTEND: case OP_SET_UPDATE: case OP_DICT_UPDATE: case OP_POP_JUMP_IF_FALSE:
	case OP_POP_JUMP_IF_TRUE: case OP_POP_JUMP_IF_NONE: case OP_POP_JUMP_IF_NOT_NONE:
	case OP_RETURN_VALUE: case OP_POP_EXCEPT: case OP_RERAISE: case OP_IMPORT_NAME:
	case OP_PRINT_EXPR:
		return -1;
	case OP_STORE_ATTR: case OP_DELETE_SUBSCR: case OP_MAP_ADD:
		return -2;
	case OP_STORE_SUBSCR:
		return -3;
	case OP_LOAD_GLOBAL:
		return 1 + (n & 1);
	case OP_BUILD_SLICE:
		return n == 3 ? -2 : -1;
	case OP_BUILD_TUPLE: case OP_BUILD_LIST: case OP_BUILD_SET: case OP_BUILD_STRING:
		return 1 - n;
	case OP_BUILD_MAP:
		return 1 - 2 * n;
	case OP_BUILD_CONST_KEY_MAP:
		return -n;
	case OP_FORMAT_VALUE:
		return n & 4 ? -1 : 0;
	case OP_UNPACK_SEQUENCE:
		return n - 1;
	case OP_FOR_ITER:
		return jumps ? -1 : 1;
	case OP_JUMP_IF_FALSE_OR_POP: case OP_JUMP_IF_TRUE_OR_POP:
		return jumps ? 0 : -1;
	case OP_CALL:
		return -1 - n;
	case OP_CALL_FUNCTION_EX:
		return -2 - (n & 1);
	case OP_MAKE_FUNCTION:
		return -!!(n & 1) - !!(n & 4) - !!(n & 8);
	case OP_RAISE_VARARGS:
		return -n;
	case OP_NR:
		break;
	}
	return 0;
}

static void print_text(const struct constant *k, FILE *out)
{
	fputs(k->kind == CONSTANT_BYTES ? "b'" : "'", out);
	for (size_t i = 0; i < k->text.length; i++) {
		unsigned char ch = (unsigned char)k->text.data[i];

		if (ch < ' ' || ch > '~' || ch == '\'' || ch == '\\')
			fprintf(out, "\\x%02x", ch);
		else
			fputc(ch, out);
	}
	fputc('\'', out);
}

static void print_constant(const struct constant *k, FILE *out)
{
	switch (k->kind) {
	case CONSTANT_NONE:
		fputs("None", out);
		break;
	case CONSTANT_FALSE:
		fputs("False", out);
		break;
	case CONSTANT_TRUE:
		fputs("True", out);
		break;
	case CONSTANT_ELLIPSIS:
		fputs("...", out);
		break;
	case CONSTANT_INT:
		fprintf(out, "%lld", (long long)k->integer);
		break;
	case CONSTANT_BIG_INT:
		fputs(k->text.data, out);
		break;
	case CONSTANT_FLOAT:
		fprintf(out, "float %.17g", k->real);
		break;
	case CONSTANT_STR: case CONSTANT_BYTES:
		print_text(k, out);
		break;
	case CONSTANT_TUPLE: case CONSTANT_FROZENSET:
		fputs(k->kind == CONSTANT_TUPLE ? "(" : "frozenset(", out);
		for (uint32_t i = 0; i < k->items.nr; i++) {
			print_constant(k->items.data[i], out);
			fputs(", ", out);
		}
		fputc(')', out);
		break;
	case CONSTANT_CODE:
		fprintf(out, "code %s", k->code->qualname);
		break;
	}
}

static void print_argument(const struct code *code, const struct instr *i, FILE *out)
{
	switch (i->op) {
	case OP_LOAD_CONST: case OP_KW_NAMES:
		print_constant(code->constants[i->arg], out);
		break;
	case OP_LOAD_FAST: case OP_STORE_FAST: case OP_DELETE_FAST: case OP_LOAD_CLOSURE:
	case OP_MAKE_CELL: case OP_LOAD_DEREF: case OP_STORE_DEREF: case OP_DELETE_DEREF:
	case OP_LOAD_CLASSDEREF:
		fputs(code->slot_names[i->arg], out);
		break;
	case OP_LOAD_GLOBAL:
		fprintf(out, "%s%s", i->arg & 1 ? "NULL + " : "", code->names[i->arg >> 1]);
		break;
	case OP_LOAD_NAME: case OP_STORE_NAME: case OP_DELETE_NAME: case OP_STORE_GLOBAL:
	case OP_DELETE_GLOBAL: case OP_LOAD_ATTR: case OP_STORE_ATTR: case OP_DELETE_ATTR:
	case OP_LOAD_METHOD: case OP_IMPORT_NAME: case OP_IMPORT_FROM:
		fputs(code->names[i->arg], out);
		break;
	default:
		fprintf(out, "%u", i->arg);
	}
}

static void print_instructions(const struct code *code, FILE *out)
{
	for (uint32_t i = 0; i < code->nr_instrs; i++) {
		fprintf(out, "%5u %5u %-24s ", code->lines[i], i, code_op_name(code->instrs[i].op));
		print_argument(code, &code->instrs[i], out);
		fputc('\n', out);
	}
	for (uint32_t i = 0; i < code->nr_handlers; i++) {
		const struct handler *h = &code->handlers[i];

		fprintf(out, "  handler %u .. %u -> %u depth %u%s\n", h->start, h->end, h->target,
				h->depth, h->lasti ? " lasti" : "");
	}
}

void code_print(const struct code *code, FILE *out)
{
	fprintf(out, "code %s line %u flags %u args %u locals %u cells %u free %u slots %u stack %u\n",
			code->qualname, code->first_line, code->flags, code->nr_args, code->nr_locals,
			code->nr_cells, code->nr_free, code->nr_slots, code->stack_size);
	fputs("  slots:", out);
	for (uint32_t i = 0; i < code->nr_slots; i++)
		fprintf(out, " %s/%u", code->slot_names[i], code->slot_kinds[i]);
	fputc('\n', out);
	print_instructions(code, out);
	for (uint32_t i = 0; i < code->nr_constants; i++) {
		if (code->constants[i]->kind == CONSTANT_CODE)
			code_print(code->constants[i]->code, out);
	}
}
