/* SPDX-License-Identifier: MIT */
/* What is known of the standard libraries' names: default arguments and names of types. */
#ifndef HL_SNAPSHOT_NAME_DEFAULTS_H
#define HL_SNAPSHOT_NAME_DEFAULTS_H

#include <stdbool.h>
#include <stddef.h>

/* A part of a name; not NUL-terminated. */
struct hl_name_part {
	const char *text;
	size_t length;
};

bool hl_name_part_is(struct hl_name_part part, const char *text);
bool hl_name_part_starts(struct hl_name_part part, const char *text);

/* An inline namespace of a library, by its name alone or by that of the namespace around it. */
bool hl_name_is_inline(struct hl_name_part outer, struct hl_name_part name);

#define HL_NAME_ARGUMENTS 12u

/**
 * hl_name_nr_needed() - how many arguments of a template have to be written
 * @name: "std::vector"
 * @arguments: their short forms, @nr of them, at most HL_NAME_ARGUMENTS
 *
 * Returns: 1 to @nr.
 */
size_t hl_name_nr_needed(struct hl_name_part name, const struct hl_name_part *arguments, size_t nr);

/**
 * hl_name_alias() - the name of a type that is usually not written as a template
 * @type: "std::basic_string<char>", without default arguments
 * @out: receives a constant; shorter than @type
 */
bool hl_name_alias(struct hl_name_part type, struct hl_name_part *out);

/**
 * hl_name_rust_cut() - the modules that nobody writes in front of a type of Rust's library
 * @path: "core::ops::function::FnMut"
 *
 * Returns: bytes in front; 0: it is no such path.
 */
size_t hl_name_rust_cut(struct hl_name_part path);

#endif
