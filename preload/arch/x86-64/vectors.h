/* SPDX-License-Identifier: MIT */
/*
 * The registers that the shim does not use: vectors, masks, x87 and MMX.  libunwind and ld.so do use them;
 * so a step that calls one of the two in an event saves them before and restores them after it.
 * Part of the seam: another processor has a folder of its own with these names.
 */
#ifndef HL_ARCH_VECTORS_H
#define HL_ARCH_VECTORS_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

#define HL_VECTORS_ALIGN 64u

/**
 * hl_vectors_bytes() - room that they need: 512 to about 2,700 bytes, always the same; never 0
 *
 * Asks the processor at the first call, which a virtual machine takes long for.
 * Safety: MT-Safe, AS-Safe
 */
size_t hl_vectors_bytes(void);

/**
 * hl_vectors_save() - store them; they stay what they are
 * @area: hl_vectors_bytes(), aligned to HL_VECTORS_ALIGN
 */
void hl_vectors_save(void *area);

/** hl_vectors_restore() - load what hl_vectors_save() stored in @area */
void hl_vectors_restore(const void *area);

#pragma GCC visibility pop
#endif
