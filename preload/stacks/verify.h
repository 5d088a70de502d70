/* SPDX-License-Identifier: MIT */
/*
 * The test build (HL_VERIFY_UNWIND, libheapledger_verify.so): every stack once more through
 * unw_backtrace(), compared frame by frame.
 */
#ifndef HL_PRELOAD_VERIFY_H
#define HL_PRELOAD_VERIFY_H

#include <stdint.h>

#include "frame.h"
#include "stacks/walk.h"

#pragma GCC visibility push(hidden)

/** hl_verify_open() - @library has unw_backtrace() among its dependences */
void hl_verify_open(void *library);

/**
 * hl_verify_stack() - compare the node of @caller's stack with what libunwind says
 *
 * A difference is printed on descriptor 2; the sums are printed at the end, when HEAPLEDGER_LOG is
 * set: "heapledger: PID: verified N stacks, M differ".
 */
void hl_verify_stack(const struct hl_caller *caller, uint32_t node, enum hl_walk_end end);
void hl_verify_report(void);

#pragma GCC visibility pop
#endif
