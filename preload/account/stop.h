/* SPDX-License-Identifier: MIT */
/* Times in which nothing is recorded: hl_stop(), `heapledger ctl PID stop`, --start-paused. */
#ifndef HL_PRELOAD_STOP_H
#define HL_PRELOAD_STOP_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/** hl_stop_recording() - from now on (@stop) nothing is recorded, or again; so there are blocks that nobody knows */
void hl_stop_recording(bool stop);

#pragma GCC visibility pop
#endif
