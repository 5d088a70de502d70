/* SPDX-License-Identifier: MIT */
/*
 * What a program brings along that keeps events from the shim; the ledger says so.
 */
#ifndef HL_PRELOAD_PROGRAM_H
#define HL_PRELOAD_PROGRAM_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

/** hl_program_look() - the constructor's look at who provides malloc and operator new; after hl_real_find() */
void hl_program_look(void);

/** hl_program_flags() - what is known by now, of enum hl_ledger_flags */
uint32_t hl_program_flags(void);

/** hl_program_note_namespaces() - the loader's list has changed: tell the ledger what is new about it */
void hl_program_note_namespaces(void);

#pragma GCC visibility pop
#endif
