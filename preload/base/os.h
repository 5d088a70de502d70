/* SPDX-License-Identifier: MIT */
/*
 * System calls and own memory of the shim.
 *
 * Everything here is async-signal-safe, allocates nothing from malloc and keeps errno.
 */
#ifndef HL_PRELOAD_OS_H
#define HL_PRELOAD_OS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/utsname.h>

#define hl_likely(x) __builtin_expect(!!(x), 1)
#define hl_unlikely(x) __builtin_expect(!!(x), 0)
#define HL_HIDDEN __attribute__((visibility("hidden")))

/* x86-64 has no smaller pages. */
#define HL_PAGE ((uintptr_t)4096)

#pragma GCC visibility push(hidden)

/**
 * hl_os_map() - private zeroed memory of the shim's own
 * Returns NULL when the kernel refuses.  Counted in hl_os_mapped_bytes().
 */
void *hl_os_map(size_t bytes);

/**
 * hl_os_map_large() - as hl_os_map(), in huge pages where the kernel has them on request
 * For what is read and written all over: a page fault for 512 pages, and one entry of the TLB.
 */
#define HL_HUGE_PAGE ((size_t)2 << 20)
void *hl_os_map_large(size_t bytes);
void hl_os_unmap(void *p, size_t bytes);

/** hl_os_forget() - give the pages back but keep the range: it reads as zero from now on */
void hl_os_forget(void *p, size_t bytes);

/** hl_os_map_over() - put private zeroed memory in place of a mapping, so that old pointers stay valid */
void hl_os_map_over(void *p, size_t bytes);
uint64_t hl_os_mapped_bytes(void);

/** hl_os_map_file() - map part of @fd shared and writable; 0 or -errno */
int hl_os_map_file(int fd, uint64_t offset, size_t bytes, char **base);

/** hl_os_map_again() - map the file of a shared mapping once more, from @page on; 0 or -errno */
int hl_os_map_again(char *page, size_t bytes, char **base);

/** hl_os_map_behind() - map what follows in the file of the shared mapping that ends at @end; 0 or -errno */
int hl_os_map_behind(char *end, size_t bytes, char **base);

/** hl_os_keep() - a copy for ever; NULL: no memory.  One thread at a time: the loader's list is the only user */
const void *hl_os_keep(const void *bytes, size_t nr_bytes);

/** hl_os_wipeonfork_page() - a page that reads as zero in a forked child; NULL if the kernel can't */
uint32_t *hl_os_wipeonfork_page(void);

/** hl_os_protect() - mprotect() of whole pages; 0 or -errno */
int hl_os_protect(void *p, size_t bytes, int prot);

/** hl_os_differs() - is the word at @from another?  false, too: there is nothing to be read */
bool hl_os_differs(const void *from, uint32_t word);

void hl_os_unmap_file(void *p, size_t bytes);

/**
 * hl_os_populate() - give the pages of a shared mapping blocks and memory, as storing to them would
 * Returns: 0; -EINVAL: the kernel (before 5.14) or the file system cannot; -EFAULT: no room, where a
 * store would be SIGBUS; other -errno.
 */
int hl_os_populate(void *p, size_t bytes);

int64_t hl_os_file_size(int fd);			/* or -errno */
bool hl_os_file_has_holes(int fd);			/* fewer blocks than bytes */
int hl_os_file_resize(int fd, uint64_t bytes);		/* 0 or -errno */
uint64_t hl_os_file_limit(void);			/* RLIMIT_FSIZE: past it the kernel sends SIGXFSZ */

/** hl_os_reserve_file() - make sure that @bytes at @offset have blocks; 0 or -errno, never a signal */
int hl_os_reserve_file(int fd, uint64_t offset, uint64_t bytes);

/** hl_os_is_readable() - can the word at @address be read? A system call, no signal */
bool hl_os_is_readable(uintptr_t address);

/* Raw calls: result or -errno. */
int hl_os_open(const char *path, int flags, int mode);
ssize_t hl_os_read(int fd, void *buf, size_t bytes);
ssize_t hl_os_write(int fd, const void *buf, size_t bytes);
ssize_t hl_os_readlink(const char *path, char *buf, size_t bytes);
ssize_t hl_os_cwd(char *buf, size_t bytes);	/* length without the NUL */
ssize_t hl_os_write_at(int fd, const void *buf, size_t bytes, uint64_t offset);
int hl_os_write_whole(int fd, const char *from, uint64_t bytes, uint64_t offset);	/* 0 or -errno */
int hl_os_close(int fd);
int hl_os_unlink(const char *path);
bool hl_os_exists(const char *path);
int hl_os_rename(const char *from, const char *to);	/* -EEXIST when there is such a file */
int hl_os_raise_fd(int fd);		/* to a high close-on-exec number; the old one is closed */
bool hl_os_is_special(const char *path);	/* wherever links lead: neither file nor folder */
uint64_t hl_os_random(void);
bool hl_os_fd_is(int fd, uint64_t dev, uint64_t ino);
int hl_os_identify(int fd, uint64_t *dev, uint64_t *ino);
int hl_os_names(struct utsname *names);	/* uname(); 0 or -errno */
void hl_os_sleep(uint64_t ns);

/**
 * hl_os_wait() - sleep while *@word is @value, until hl_os_wake(), for at most @ns (0: as long as it takes)
 *
 * It may return early, so the caller looks at the word again.  All waiting is done here or in hl_os_sleep():
 * sched_yield() gives the processor to nobody of a lower priority, and a real-time thread that waits by it for
 * one of these waits for ever.
 */
void hl_os_wait(uint32_t *word, uint32_t value, uint64_t ns);

/** hl_os_wake() - wake at most @threads of those that wait for the word to change; it has been changed before */
#define HL_WAKE_ALL 0x7fffffffu
void hl_os_wake(uint32_t *word, uint32_t threads);

/** hl_os_is_real_time() - has the calling thread a priority above all ordinary ones? */
bool hl_os_is_real_time(void);

/**
 * hl_os_wait_and_lend() - FUTEX_LOCK_PI: the thread whose id is in @word has our priority until the word is ours
 * Returns: false: it is not ours, after @ns or because the kernel does not know that thread.
 */
bool hl_os_wait_and_lend(uint32_t *word, uint64_t ns);

/** hl_os_hand_over() - FUTEX_UNLOCK_PI: to the first that waits in hl_os_wait_and_lend(); false: it was refused */
bool hl_os_hand_over(uint32_t *word);

/** hl_os_barrier() - a full barrier in every thread of the process; may take a millisecond */
void hl_os_barrier(void);
/** hl_os_try_barrier() - the same where it is quick; false: the kernel has no such call */
bool hl_os_try_barrier(void);
/** hl_os_thread_is_gone() - of process @pid: a vfork child asks for its parent's threads */
bool hl_os_thread_is_gone(uint32_t pid, uint32_t tid);

/** hl_os_thread_name() - of this thread or another of the process, 0: none; length without the NUL */
#define HL_THREAD_NAME_BYTES 16u
size_t hl_os_thread_name(uint32_t tid, char name[HL_THREAD_NAME_BYTES]);
uint32_t hl_os_pid(void);
uint32_t hl_os_ppid(void);
uint32_t hl_os_tid(void);
uint64_t hl_os_realtime_ns(void);	/* a system call, as the next */
uint64_t hl_os_start_ns(void);		/* CLOCK_MONOTONIC, where nothing may be called yet */
uint64_t hl_os_monotonic_ns(void);
uint64_t hl_os_coarse_ns(void);		/* CLOCK_MONOTONIC_COARSE: a few ns per call, some ms of grain */

bool hl_os_on_signal_stack(void);	/* sigaltstack(); true when in doubt */

/** hl_os_has_stack() - false on a sigaltstack() with less than @bytes left; a system call */
bool hl_os_has_stack(size_t bytes);

void hl_os_block_signals(uint64_t *saved);
void hl_os_restore_signals(const uint64_t *saved);

#pragma GCC visibility pop
#endif
