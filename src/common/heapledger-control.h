/* SPDX-License-Identifier: MIT */
/*
 * In-process control: a program that opts in asks and steers its own recording.
 *
 *	#include <heapledger-control.h>
 *
 * There is nothing to link with.  Under `heapledger record` the preloaded library answers; without
 * it every function does nothing and says so, at the cost of a load and a branch.  The program must
 * be position independent, as compilers make it by default: otherwise the linker decides that
 * nobody will ever answer.
 *
 * All functions: MT-Safe | AS-Unsafe lock, unless said otherwise.
 */
#ifndef HEAPLEDGER_CONTROL_H
#define HEAPLEDGER_CONTROL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HL_MARK_BYTES 1000u

/* Domains of hl_track(): tracemalloc's numbers; 0 malloc and 1 mmap are heapledger's own. */
#define HL_TRACK_DOMAIN_FIRST 2u
#define HL_TRACK_DOMAIN_LAST 3u

/*
 * What the preloaded library offers.  Later versions add functions at the end; size tells which
 * are there.
 */
struct hl_control {
	uint32_t version;		/* HL_CONTROL_VERSION */
	uint32_t size;			/* bytes of the table */
	int (*start)(void);
	int (*stop)(void);
	bool (*is_tracing)(void);
	int (*take_snapshot)(const char *path);
	int (*get_traced_memory)(unsigned int domain, uint64_t *current, uint64_t *peak);
	int (*reset_peak)(void);
	int (*clear_traces)(void);
	int (*get_object_traceback)(const void *object, void **frames, int max);
	uint64_t (*get_tracer_memory)(void);
	int (*mark)(const char *text);
	int (*track)(unsigned int domain, uintptr_t address, size_t size);
	int (*untrack)(unsigned int domain, uintptr_t address);
};
#define HL_CONTROL_VERSION 1u

/* The one symbol of the preloaded library; NULL result: it does not know this version. */
extern const struct hl_control *hl_control(uint32_t version) __attribute__((weak));

static inline const struct hl_control *hl_control_table(void)
{
	return hl_control ? hl_control(HL_CONTROL_VERSION) : (const struct hl_control *)0;
}

/* Calls a function of the table; @otherwise where there is none. */
#define HL_CONTROL_CALL(call, otherwise)                                                           \
	do {                                                                                       \
		const struct hl_control *control_ = hl_control_table();                            \
		return control_ ? control_->call : (otherwise);                                    \
	} while (0)

/*
 * All functions that return int return -ENOSYS when nobody records, and those that look at the
 * account as a whole (start, stop, take_snapshot, get_traced_memory, reset_peak, clear_traces) -EAGAIN
 * in a signal handler that came into the middle of an allocation, or when another thread is in the
 * middle of one for a second.  Threads that allocate wait until such a function is done.
 */

/**
 * hl_start() - record from now on
 *
 * A recording begins started; starting what is started does nothing.
 * Source:  tracemalloc.start
 */
static inline int hl_start(void)
{
	HL_CONTROL_CALL(start(), -ENOSYS);
}

/**
 * hl_stop() - record no more, and forget all that was recorded
 *
 * Take a snapshot before.  Stopping what is stopped does nothing.
 * Returns: 0; -ENOSPC: the ledger has no room for another account, nothing has changed.
 * Source:  tracemalloc.stop
 */
static inline int hl_stop(void)
{
	HL_CONTROL_CALL(stop(), -ENOSYS);
}

/* Whether allocations are being recorded. */
static inline bool hl_is_tracing(void)
{
	HL_CONTROL_CALL(is_tracing(), false);
}

/**
 * hl_take_snapshot() - write a copy of the ledger as it is now
 * @path: a new file; NULL: beside the ledger, with the first free number (NAME.1.hl, ...)
 *
 * The file appears under its name when it is whole.
 *
 * Cost:    all threads that allocate wait while the ledger is copied.
 * Returns: 0; -EEXIST; -ENODATA: stopped; errors of writing.
 * Source:  tracemalloc.take_snapshot
 */
static inline int hl_take_snapshot(const char *path)
{
	HL_CONTROL_CALL(take_snapshot(path), -ENOSYS);
}

/**
 * hl_get_traced_memory() - live bytes of a domain, and their highest value
 * @domain: 0 malloc, 1 anonymous mappings (heapledger record --mmap), 2 and 3 of hl_track()
 * @current: receives bytes; @peak likewise; 0 without a recording and while it is stopped
 *
 * Exact: of one instant, with what all threads have made so far.
 * Returns: 0; -EINVAL: no such domain.
 * Source:  tracemalloc.get_traced_memory
 */
static inline int hl_get_traced_memory(unsigned int domain, uint64_t *current, uint64_t *peak)
{
	*current = 0;
	*peak = 0;
	HL_CONTROL_CALL(get_traced_memory(domain, current, peak), -ENOSYS);
}

/* Make the current size the peak of every domain.  Source: tracemalloc.reset_peak */
static inline int hl_reset_peak(void)
{
	HL_CONTROL_CALL(reset_peak(), -ENOSYS);
}

/**
 * hl_clear_traces() - forget all that was recorded; current size and peak become 0
 *
 * What is freed later of blocks from before is ignored.  The ledger begins a new account, which takes
 * room there: some bytes for each call site that is used again.
 *
 * Returns: 0; -ENOSPC: there is no such room, nothing has changed.
 * Source:  tracemalloc.clear_traces
 */
static inline int hl_clear_traces(void)
{
	HL_CONTROL_CALL(clear_traces(), -ENOSYS);
}

/**
 * hl_get_object_traceback() - where a live block was made
 * @object: its address, as malloc() gave it
 * @frames: receives return addresses, most recent first, at most @max
 *
 * Returns: the number of frames of the stack that was kept (record --depth), which may be more than
 *          @max; -ENOENT: no live block that was recorded begins there.
 * Source:  tracemalloc.get_object_traceback
 */
static inline int hl_get_object_traceback(const void *object, void **frames, int max)
{
	HL_CONTROL_CALL(get_object_traceback(object, frames, max), -ENOSYS);
}

/* Bytes that the recording itself holds, its file included; 0 without one. */
static inline uint64_t hl_get_tracer_memory(void)
{
	HL_CONTROL_CALL(get_tracer_memory(), 0);
}

/**
 * hl_mark() - put a mark into the ledger: a text, the time, and the size and peak of each domain
 * @text: copied; up to HL_MARK_BYTES of it
 *
 * `heapledger info` shows the marks.  Each takes 80 bytes and its text in the ledger for ever.
 *
 * Returns: 0; -ENOSPC: no room in the ledger.
 * Safety:  MT-Safe | AS-Safe
 */
static inline int hl_mark(const char *text)
{
	HL_CONTROL_CALL(mark(text), -ENOSYS);
}

/**
 * hl_track() - book a block of an allocator of the program's own
 * @domain: HL_TRACK_DOMAIN_FIRST to HL_TRACK_DOMAIN_LAST
 * @address: any number that names the block within its domain; one that is known is replaced
 *
 * Returns: 0; -EINVAL: another domain; -ENOMEM: not booked; -ENOENT (which is -2, as CPython has it):
 *          stopped.
 * Source:  PyTraceMalloc_Track
 */
static inline int hl_track(unsigned int domain, uintptr_t address, size_t size)
{
	HL_CONTROL_CALL(track(domain, address, size), -ENOSYS);
}

/* Book a block of hl_track() as freed; one that is not known is ignored.  Returns: as hl_track() */
static inline int hl_untrack(unsigned int domain, uintptr_t address)
{
	HL_CONTROL_CALL(untrack(domain, address), -ENOSYS);
}

#ifdef __cplusplus
}
#endif
#endif
