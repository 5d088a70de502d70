/* SPDX-License-Identifier: MIT */
/* What a thread has in thread-local storage, and the words that each event reads. */
#include "base/thread.h"

__thread struct hl_tls hl_tls;

static uint32_t always_alive = HL_ALIVE;
uint32_t *hl_alive = &always_alive;

uint32_t hl_mode = HL_MODE_EARLY;
