/* SPDX-License-Identifier: MIT */
/*
 * Included into every source of the shim before anything else.
 *
 * With _FORTIFY_SOURCE, which distributions set, memcpy() becomes libc's __memcpy_chk(), and the checks
 * end in functions that print and abort: see bytes.c, and the law in README.md.
 */
#undef _FORTIFY_SOURCE

#ifdef __SSE__
#error "the shim must not use vector registers: CFLAGS turns them on again, with -mavx2 or the like"
#endif
