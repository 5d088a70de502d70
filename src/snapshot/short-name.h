/* SPDX-License-Identifier: MIT */
/* Demangled names as a programmer would have written them, and names that fit into a line. */
#ifndef HL_SNAPSHOT_SHORT_NAME_H
#define HL_SNAPSHOT_SHORT_NAME_H

#include <stddef.h>

/**
 * hl_short_name() - shorten a demangled name
 * @full: of C++ (GCC's, clang's and LLVM's spelling; libstdc++ and libc++), Rust (both manglings) or D; may be anything
 * @out: receives malloc'ed text; NULL: there is nothing to shorten
 *
 * Gone are template arguments that are the default, inline namespaces, ABI tags, parameters of an enclosing function or
 * of a lambda, hashes and modules of Rust's own library, suffixes of numbers; what has a name of its own gets it:
 *   std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >::append   std::string::append
 *   std::vector<int, std::allocator<int> >::push_back                                      std::vector<int>::push_back
 *   ns::f(int)::{lambda(int, int)#2}::operator()                                           ns::f::{lambda#2}
 *   <alloc::vec::Vec<u8> as core::clone::Clone>::clone                                     <Vec<u8> as Clone>::clone
 *
 * The short form is never longer, and brackets stay in pairs.  A name whose brackets have no partner, or are more than
 * HL_NAME_DEPTH in each other, and one of more than 16 KiB stays as it is.  Different names may have one short form.
 *
 * Cost:    O(length) for names of compilers, at most O(length * HL_NAME_DEPTH); memory O(length).
 * Returns: 0; -ENOMEM.
 */
int hl_short_name(const char *full, char **out);

/**
 * hl_name_elide() - make a name fit
 * @name: UTF-8; may be anything
 * @columns: characters that there is room for; below 8 as 8
 * @out: receives malloc'ed text; NULL: it fits as it is
 *
 * First the inside of brackets becomes "...", innermost ones first, of equally deep ones the longest; then outer scopes
 * go, and what is still too long is cut in its middle:
 *   std::map<std::string, std::vector<int>>::insert    std::map<std::string, std::vector<...>>::insert
 *                                                      std::map<...>::insert
 *                                                      ...::insert
 *
 * Cost:    O(length log length); memory O(length).
 * Returns: 0; -ENOMEM.
 */
int hl_name_elide(const char *name, size_t columns, char **out);

#endif
