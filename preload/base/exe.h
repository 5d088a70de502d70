/* SPDX-License-Identifier: MIT */
/*
 * Which file is the program, and where is its loader?
 *
 * The kernel answers both, unless it was the loader that was run: `/lib64/ld-linux-x86-64.so.2 ./program`, as scripts
 * of programs that bring a libc of their own do.  Then /proc/self/exe is the loader, and there is no AT_BASE.  The
 * loader puts the program's own AT_PHDR into the auxiliary vector, and says in _r_debug where it is itself.
 */
#ifndef HL_PRELOAD_EXE_H
#define HL_PRELOAD_EXE_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

#define HL_EXE_BYTES 4096u

/** hl_exe_find() - in the constructor: finds the path */
void hl_exe_find(void);

/** hl_exe_path() - the program's file; *@bytes: its length without the NUL; 0: not known */
const char *hl_exe_path(size_t *bytes);

/** hl_exe_loader() - the lowest address of ld.so */
uintptr_t hl_exe_loader(void);

#pragma GCC visibility pop
#endif
