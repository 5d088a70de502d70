/* SPDX-License-Identifier: MIT */
/*
 * What is code, and what is any other word.
 *
 * Where code has no unwind information its caller is guessed by the frame pointer, and what lies there may be
 * whatever the program keeps on its stack: a key, a card's number.  So a guessed address is taken into a stack only if
 * it lies in an executable mapping, of an object or of code that was made at run time.
 *
 * Of mappings /proc/self/maps is read when an address that looks like a return address is met that lies in none of
 * those that are known: seldom, and not again for some milliseconds where it was in vain.  What was unmapped since is
 * still taken for code.
 */
#ifndef HL_PRELOAD_CODE_H
#define HL_PRELOAD_CODE_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/**
 * hl_code_is() - is there code at @ip?
 * @exact: it was interrupted there; else it is a return address, before which there is a call
 * Without locks, and fit for signal handlers; where mappings have to be read, signals are blocked and the private
 * stack is used.
 */
bool hl_code_is(uintptr_t ip, bool exact);

/** hl_code_restart() - in a forked child: no other thread reads the mappings */
void hl_code_restart(void);

#pragma GCC visibility pop
#endif
