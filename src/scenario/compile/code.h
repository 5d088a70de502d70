/* SPDX-License-Identifier: MIT */
/*
 * Code: what the compiler makes of a scenario and what the virtual machine runs.
 *
 * The machine that is meant is a stack machine in the manner of CPython 3.11: each instruction's
 * effect on the operand stack is the documented one of that version (dis module), so that temporaries
 * live as long, values are released in the same order, and the size of a suspended frame is the
 * same. opcodes.h has the list with each instruction's contract. What differs from CPython:
 *   - no PRECALL, RESUME, CACHE, EXTENDED_ARG, JUMP_BACKWARD: operands have 32 bits, and jumps name
 *     the index of their target in instrs[], whichever way they go;
 *   - no async, match, and no star in displays: the parser refuses them.
 *
 * Ownership: a struct program owns everything that can be reached from it, in one arena, and
 * program_free() releases it; nothing in it changes after program_compile(), apart from the fields
 * that are marked as the machine's own. Strings end with NUL besides their length.
 * Nothing here depends on the machine or on its objects.
 */
#ifndef HL_SCENARIO_CODE_H
#define HL_SCENARIO_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "scenario/compile/opcodes.h"

struct code;

/* Constants ------------------------------------------------------------------------------------ */

enum constant_kind {
	CONSTANT_NONE,
	CONSTANT_FALSE,
	CONSTANT_TRUE,
	CONSTANT_ELLIPSIS,
	CONSTANT_INT,		/* integer */
	CONSTANT_BIG_INT,	/* text: optional '-' and decimal digits, beyond 64 bits */
	CONSTANT_FLOAT,		/* real */
	CONSTANT_STR,		/* text: UTF-8; a lone surrogate is three bytes, as surrogatepass makes it */
	CONSTANT_BYTES,		/* text: the bytes */
	CONSTANT_TUPLE,		/* items, in order; also empty */
	CONSTANT_FROZENSET,	/* items in source order, the order of insertion; some may be equal */
	CONSTANT_CODE,		/* code */
};

/*
 * A constant. In one program equal constants of one type are the same struct (0.0 and -0.0, 1 and
 * True, 1 and 1.0 are not equal; tuples by their items), like in CPython, where the constants
 * of all functions of a module are merged: so make one object per struct, not one per use.
 *
 * @id: 0 .. program->nr_constants - 1: index into a table of objects that the machine keeps. An item
 *      always has a smaller id than the tuple or frozenset around it, and the constants of a code have
 *      smaller ids than the CONSTANT_CODE that holds it, so that a loop over
 *      program->constants[] in order finds the parts made.
 * @is_name: of CONSTANT_STR: only ASCII letters, digits and '_'. CPython interns these (the
 *      same object as an equal name in names[] or an equal attribute name); the others it does not.
 */
struct constant {
	enum constant_kind kind;
	uint32_t id;
	bool is_name;
	union {
		int64_t integer;
		double real;
		struct {
			const char *data;
			size_t length;	/* bytes */
		} text;
		struct {
			const struct constant *const *data;
			uint32_t nr;
		} items;
		struct code *code;
	};
};

/* Instructions --------------------------------------------------------------------------------- */

/*
 * One instruction. @op is an enum opcode below OP_NR; numbers from OP_NR up are free for the machine,
 * which may overwrite op and aux in place (specialisation, superinstructions, counters), and must
 * put nothing else there. @aux is 0 after compilation.
 */
struct instr {
	uint16_t op;
	uint16_t aux;
	uint32_t arg;
};

/*
 * One range of an exception table (CPython 3.11's layout, decoded). Ranges are sorted, do not overlap
 * and are already the innermost: an instruction has at most one.
 *
 * When the instruction at index i, start <= i < end, raises: release values from the top until @depth
 * remain; if @lasti, push a placeholder (CPython: int(i); nothing here reads it, but later
 * instructions count on the slot; use None); push the exception instance; continue at @target.
 * An exception of a called function arrives at the index of the CALL.
 */
struct handler {
	uint32_t start;
	uint32_t end;
	uint32_t target;
	uint32_t depth;
	bool lasti;
};

enum code_flag {
	CODE_OPTIMIZED = 1 << 0,	/* function, lambda or comprehension: fast locals; else module or class body */
	CODE_GENERATOR = 1 << 1,	/* has yield, or is a generator expression: begins with RETURN_GENERATOR
					 * (after COPY_FREE_VARS and MAKE_CELL) */
	CODE_VARARGS = 1 << 2,		/* the slot after the nr_args arguments gets a tuple of the rest */
	CODE_COMPREHENSION = 1 << 3,	/* list, set, dict comprehension or generator expression: one
					 * argument, ".0", an iterator */
	CODE_CLASS = 1 << 4,		/* class body: called with a fresh dict as its local namespace */
	CODE_MODULE = 1 << 5,		/* a file or a cell: the local namespace is the global one */
	CODE_DOCSTRING = 1 << 6,	/* function with a docstring: constants[0]; else its __doc__ is None */
	CODE_NESTED = 1 << 7,		/* is in a function */
};

enum slot_kind {
	SLOT_LOCAL = 1 << 0,	/* a variable of varnames: arguments first, then by first appearance */
	SLOT_CELL = 1 << 1,	/* holds a cell once MAKE_CELL ran; with SLOT_LOCAL: an argument that is one */
	SLOT_FREE = 1 << 2,	/* filled from the function's closure by COPY_FREE_VARS */
};

/*
 * A frame is slots[nr_slots] followed by a stack of stack_size values. Slots: first the nr_locals
 * locals, the arguments leading; then the cells that are not arguments, then the nr_free free ones
 * (all three in CPython's order). sys.getsizeof(generator) is 168 + 8 * (nr_slots + stack_size).
 * When a frame ends its slots are released from first to last, as CPython does.
 *
 * Defaults: those of a function belong to the last of its nr_args arguments (MAKE_FUNCTION).
 * There are no keyword-only, positional-only or ** parameters.
 */
struct code {
	const char *name;		/* "f", "<lambda>", "<listcomp>", "<genexpr>", "<module>", "C" */
	const char *qualname;		/* "f.<locals>.<lambda>" */
	const char *filename;
	uint32_t first_line;
	uint32_t flags;			/* enum code_flag */
	uint32_t nr_args;
	uint32_t nr_locals;
	uint32_t nr_cells;		/* slots with SLOT_CELL */
	uint32_t nr_free;
	uint32_t nr_slots;
	uint32_t stack_size;
	const char *const *slot_names;	/* [nr_slots] */
	const uint8_t *slot_kinds;	/* [nr_slots], enum slot_kind */

	uint32_t nr_names;
	const char *const *names;	/* of globals, attributes, modules: interned in the program, so that
					 * equal names of two codes are the same pointer */
	uint32_t nr_constants;
	const struct constant *const *constants;

	uint32_t nr_instrs;
	struct instr *instrs;
	/*
	 * [nr_instrs] from 1, of the file, also in a cell. 0: CPython has no line there, such as what it
	 * adds around except clauses. COPY_FREE_VARS, MAKE_CELL and RETURN_GENERATOR run before the
	 * frame counts as begun: what they allocate belongs to the line of the caller (tracemalloc).
	 */
	const uint32_t *lines;
	uint32_t nr_handlers;
	const struct handler *handlers;

	void *machine;			/* the machine's own; NULL after compilation */
};

/*
 * code_find_handler() - the handler of an instruction, or NULL: the exception leaves the frame.
 * Cost: O(log nr_handlers).
 */
const struct handler *code_find_handler(const struct code *code, uint32_t index);

/*
 * code_stack_effect() - by how much an instruction changes the depth of the stack.
 * @jumps: of an instruction that may jump: on the path to its target, else on the path to the next.
 */
int code_stack_effect(enum opcode op, uint32_t arg, bool jumps);

/* code_op_name() - "LOAD_FAST"; "?" for a number that is none. */
const char *code_op_name(unsigned int op);

/* code_print() - a listing of a code and of those in its constants, for people and for tests. */
void code_print(const struct code *code, FILE *out);

/* Programs ------------------------------------------------------------------------------------- */

enum scenario_error_kind {
	SCENARIO_OK,
	SCENARIO_SYNTAX,	/* Python would refuse it too: message is CPython's last line, "SyntaxError:
				 * invalid syntax", "IndentationError: ..."; exit status 1 */
	SCENARIO_UNSUPPORTED,	/* valid Python outside the subset, or a limit of ours: message is "with
				 * statement is not supported"; exit status 2 */
	SCENARIO_NO_MEMORY,
	SCENARIO_LIMIT,		/* of bytes */
};

#define SCENARIO_MESSAGE_BYTES 256

struct scenario_error {
	enum scenario_error_kind kind;
	uint32_t line;			/* from 1, 0 unknown */
	char message[SCENARIO_MESSAGE_BYTES];
};

struct compilation;

/*
 * A compiled file: one unit, or one per cell that is not empty. Units run in order in one global
 * namespace.
 */
struct program {
	uint32_t nr_units;
	struct code **units;
	uint32_t nr_constants;
	const struct constant *const *constants;	/* [nr_constants] by id */
	struct compilation *memory;	/* private */
	uint64_t memory_bytes;		/* of all this: what a run with a limit has less */
};

enum program_flag {
	PROGRAM_CELLS = 1 << 0,	/* the text is a notebook's: see cells.h; the last expression of a cell
				 * ends in PRINT_EXPR */
};

/*
 * program_compile_within() - reads, checks and compiles a scenario; nothing of it runs.
 * @text: the file, any bytes, borrowed during the call
 * @length: of @text in bytes
 * @filename: for code->filename, copied
 * @flags: enum program_flag
 * @max_bytes: that it may take with all that is made on the way; 0: no limit
 * @out: receives the program; the caller owns it
 * @err: receives what is wrong; may be NULL
 *
 * Cost:    linear in @length but for sorting the cells of a function; code that nested finally blocks
 *          multiply is limited to about 20 instructions for each byte.
 * Returns: 0; -EINVAL with @err->kind SCENARIO_SYNTAX or SCENARIO_UNSUPPORTED; -E2BIG with SCENARIO_LIMIT; -ENOMEM.
 *          On error @out is untouched.
 * Safety:  MT-Safe | AS-Unsafe heap
 */
int program_compile_within(const char *text, size_t length, const char *filename, unsigned int flags,
		uint64_t max_bytes, struct program **out, struct scenario_error *err);

/* The same without a limit. */
static inline int program_compile(const char *text, size_t length, const char *filename, unsigned int flags,
		struct program **out, struct scenario_error *err)
{
	return program_compile_within(text, length, filename, flags, 0, out, err);
}

/* program_free() - releases a program and all that it owns; NULL is allowed. */
void program_free(struct program *program);

#endif
