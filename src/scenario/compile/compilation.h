/* SPDX-License-Identifier: MIT */
/*
 * What all stages of one compilation share: memory, names, constants, and the way out on an error.
 *
 * Everything is allocated in one arena and freed with it, so that an error can leave from any depth:
 * compilation_fail() jumps to program_compile(), and no stage has to hand an error on.
 */
#ifndef HL_SCENARIO_COMPILATION_H
#define HL_SCENARIO_COMPILATION_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include "scenario/compile/code.h"

struct arena_block;

/* An open hash table of pointers; the owner knows how to hash and to compare. */
struct pointer_table {
	const void **slots;
	uint32_t size;		/* a power of two, or 0 */
	uint32_t nr;
};

struct compilation {
	struct arena_block *blocks;
	size_t left;			/* bytes in the newest block */
	uint64_t bytes, max_bytes;	/* of all blocks; 0: no limit */
	char *next;
	struct pointer_table names;
	struct pointer_table constants;
	const char *filename;
	uint32_t format_depth;		/* f-strings being read, each in the one before */
	/*
	 * How many instructions and symbols may still be made. A finally block is compiled once for
	 * each way out of its try, so that nested ones would double the code with each level.
	 */
	uint64_t budget;
	struct scenario_error err;
	jmp_buf on_error;
};

/* Zeroed memory that lives as long as the compilation; never NULL. */
void *compilation_alloc(struct compilation *c, size_t size);

#define NEW(c, type) ((type *)compilation_alloc(c, sizeof(type)))
#define NEW_ARRAY(c, type, nr) ((type *)compilation_alloc(c, sizeof(type) * (size_t)(nr)))

/*
 * compilation_grow() - makes room for one more item at the end of an array
 * @data: the array, or NULL when @nr is 0
 * @nr: how many it has; all of them were added after a call of this function
 *
 * Cost:    amortised O(1): the array is moved whenever @nr is a power of two.
 * Returns: the array, perhaps at a new place.
 */
void *compilation_grow(struct compilation *c, void *data, uint32_t nr, size_t item_size);

#define PUSH(c, array, nr, item) \
	do { \
		(array) = compilation_grow((c), (array), (nr), sizeof(*(array))); \
		(array)[(nr)++] = (item); \
	} while (0)

/* The name with these bytes: equal names are the same pointer. */
const char *compilation_name(struct compilation *c, const char *data, size_t length);

/* Text with NUL at its end. */
char *compilation_text(struct compilation *c, const char *data, size_t length);
__attribute__((format(printf, 2, 3))) char *compilation_format(struct compilation *c,
		const char *format, ...);

/* Takes from the budget; fails when it is used up. */
void compilation_spend(struct compilation *c, uint32_t line, uint32_t nr);

/* Leaves the compilation. */
_Noreturn __attribute__((format(printf, 4, 5))) void compilation_fail(struct compilation *c,
		enum scenario_error_kind kind, uint32_t line, const char *format, ...);

/* "SyntaxError: " and the message. */
#define fail_syntax(c, line, ...) \
	compilation_fail((c), SCENARIO_SYNTAX, (line), "SyntaxError: " __VA_ARGS__)

/* @what is the construct's name: "with statement". */
_Noreturn void fail_unsupported(struct compilation *c, uint32_t line, const char *what);

/* Frees what was allocated, and itself. */
void compilation_free(struct compilation *c);

/*
 * The slot of the table where an item with this hash is or belongs, after making room for one more; the
 * caller sets an empty slot and counts it in nr.
 */
const void **table_find(struct compilation *c, struct pointer_table *table, uint64_t hash,
		bool (*equals)(const void *item, const void *key), const void *key,
		uint64_t (*hash_of)(const void *item));

uint64_t hash_bytes(const void *data, size_t length, uint64_t seed);

#endif
