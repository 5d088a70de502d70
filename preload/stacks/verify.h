/* SPDX-License-Identifier: MIT */
/*
 * The test build (HL_VERIFY_UNWIND, libheapledger_verify.so): every stack once more through
 * unw_backtrace(), compared frame by frame.
 */
#ifndef HL_PRELOAD_VERIFY_H
#define HL_PRELOAD_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/**
 * hl_verify_stack() - compare a node with what libunwind says
 *
 * A difference is printed on descriptor 2; the sums are printed at the end, when HEAPLEDGER_LOG is
 * set: "heapledger: PID: verified N stacks, M differ".
 */
void hl_verify_stack(uint32_t node, uint32_t outer, const uintptr_t *ips, size_t nr_ips);
void hl_verify_report(void);

#pragma GCC visibility pop
#endif
