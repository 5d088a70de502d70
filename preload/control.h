/* SPDX-License-Identifier: MIT */
/*
 * What orders from outside (account/orders.h) do: the same as the functions of <heapledger-control.h>.
 */
#ifndef HL_PRELOAD_CONTROL_H
#define HL_PRELOAD_CONTROL_H

#include <stdbool.h>

#include "common/ledger.h"

#pragma GCC visibility push(hidden)

/**
 * hl_control_carry_out() - carry one out; one thread at a time, outside of events
 * Returns: false: a thread has been inside of an event for a second.  What cannot be done for lack of room is not.
 */
bool hl_control_carry_out(const struct hl_order *order);

#pragma GCC visibility pop
#endif
