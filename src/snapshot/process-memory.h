/* SPDX-License-Identifier: MIT */
/*
 * The memory of another process, as /proc shows it: its mappings, which of its pages are in memory, and what is in
 * them.
 *
 * Nothing is stopped and nothing is brought in from swap: whoever reads looks first whether a page is there.
 */
#ifndef HL_SNAPSHOT_PROCESS_MEMORY_H
#define HL_SNAPSHOT_PROCESS_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "snapshot/heapledger.h"

#define HL_PAGE_BYTES 4096u

enum hl_mapping_kind {
	HL_MAPPING_ANONYMOUS,		/* also the heap of brk() */
	HL_MAPPING_STACK,		/* the first thread's */
	HL_MAPPING_FILE,
	HL_MAPPING_OTHER,		/* vdso and the like */
};

struct hl_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t run_end;		/* of those that follow it without a gap: one may have become several */
	uint64_t resident_bytes;
	uint64_t swapped_bytes;
	enum hl_mapping_kind kind;
};

enum hl_page_state {
	HL_PAGE_ABSENT,			/* never touched, or given back */
	HL_PAGE_RESIDENT,
	HL_PAGE_SWAPPED,
};

struct hl_process_memory;

/**
 * hl_process_memory_open() - begin to look at a process
 *
 * Returns: 0; -EACCES, -EPERM: no right to look (it takes that to attach a debugger); -ESRCH; -ENOMEM; other errors of
 *          /proc.
 */
int hl_process_memory_open(pid_t pid, struct hl_process_memory **out, struct hl_error *err);
void hl_process_memory_free(struct hl_process_memory *memory);

/* Its mappings by address, as they were when it was opened. */
const struct hl_mapping *hl_process_memory_mappings(const struct hl_process_memory *memory, size_t *nr);

/* The state of the page with an address; fast where addresses go up. */
enum hl_page_state hl_process_memory_page(struct hl_process_memory *memory, uint64_t address);

/**
 * hl_process_memory_read() - copy bytes of pages that are resident
 *
 * What is in other pages becomes 0.  Returns: 0; -EPERM: no right; pages that have gone meanwhile become 0, too.
 */
int hl_process_memory_read(struct hl_process_memory *memory, uint64_t address, void *out, size_t bytes);

#endif
