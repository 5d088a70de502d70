/* SPDX-License-Identifier: MIT */
/*
 * System calls and own memory of the shim.
 * mmap & co go through syscall() because the shim exports functions of those names.
 */
#include "base/os.h"
#include "cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif
#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static uint64_t mapped_bytes;

/* syscall() reports through errno, which belongs to the program. */
#define RAW(...)                                                                                   \
	({                                                                                         \
		int saved_errno_ = errno;                                                          \
		long r_ = syscall(__VA_ARGS__);                                                    \
		if (r_ == -1)                                                                      \
			r_ = -errno;                                                               \
		errno = saved_errno_;                                                              \
		r_;                                                                                \
	})

void *hl_os_map(size_t bytes)
{
	long r = RAW(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (r < 0 && r > -4096)
		return NULL;
	__atomic_fetch_add(&mapped_bytes, bytes, __ATOMIC_RELAXED);
	return (void *)r;
}

void *hl_os_map_large(size_t bytes)
{
	size_t before;
	char *p;

	bytes = (bytes + 4095) / 4096 * 4096;
	p = bytes < HL_HUGE_PAGE ? NULL : hl_os_map(bytes + HL_HUGE_PAGE);
	if (!p)
		return hl_os_map(bytes);
	before = -(uintptr_t)p % HL_HUGE_PAGE;
	if (before != 0)
		hl_os_unmap(p, before);
	p += before;
	hl_os_unmap(p + bytes, HL_HUGE_PAGE - before);
	RAW(SYS_madvise, p, bytes, MADV_HUGEPAGE);
	return p;
}

void hl_os_unmap(void *p, size_t bytes)
{
	RAW(SYS_munmap, p, bytes);
	__atomic_fetch_sub(&mapped_bytes, bytes, __ATOMIC_RELAXED);
}

void hl_os_map_over(void *p, size_t bytes)
{
	RAW(SYS_mmap, p, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

void hl_os_forget(void *p, size_t bytes)
{
	RAW(SYS_madvise, p, bytes, MADV_DONTNEED);
}

uint64_t hl_os_mapped_bytes(void)
{
	return __atomic_load_n(&mapped_bytes, __ATOMIC_RELAXED);
}

int hl_os_map_file(int fd, uint64_t offset, size_t bytes, char **base)
{
	long r = RAW(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);

	if (r < 0 && r > -4096)
		return (int)r;
	*base = (char *)r;
	return 0;
}

/* mremap() of nothing to something makes a second mapping of what is shared. */
int hl_os_map_again(char *page, size_t bytes, char **base)
{
	long r = RAW(SYS_mremap, page, 0, bytes, MREMAP_MAYMOVE, 0);

	if (r < 0 && r > -4096)
		return (int)r;
	*base = (char *)r;
	return 0;
}

int hl_os_map_behind(char *end, size_t bytes, char **base)
{
	int r = hl_os_map_again(end - 4096, 4096 + bytes, base);

	if (r < 0)
		return r;
	hl_os_unmap_file(*base, 4096);
	*base += 4096;
	return 0;
}

void hl_os_unmap_file(void *p, size_t bytes)
{
	RAW(SYS_munmap, p, bytes);
}

int hl_os_populate(void *p, size_t bytes)
{
	long r;

	do
		r = RAW(SYS_madvise, p, bytes, MADV_POPULATE_WRITE);
	while (r == -EINTR || r == -EAGAIN);
	return (int)r;
}

int64_t hl_os_file_size(int fd)
{
	struct stat st;
	long r = RAW(SYS_fstat, fd, &st);

	return r < 0 ? r : st.st_size;
}

bool hl_os_file_has_holes(int fd)
{
	struct stat st;

	return RAW(SYS_fstat, fd, &st) == 0 && st.st_blocks * 512 < st.st_size;
}

int hl_os_file_resize(int fd, uint64_t bytes)
{
	long r;

	do
		r = RAW(SYS_ftruncate, fd, bytes);
	while (r == -EINTR);
	return (int)r;
}

uint64_t hl_os_file_limit(void)
{
	struct rlimit limit;

	if (RAW(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return INT64_MAX;
	return limit.rlim_cur;
}

bool hl_os_is_readable(uintptr_t address)
{
	/* The kernel reads the new mask, if there is one, before it looks at what to do with it, which is nonsense. */
	return address != 0 && RAW(SYS_rt_sigprocmask, -1, address, NULL, sizeof(uint64_t)) != -EFAULT;
}

#define KEPT_BYTES (64u << 10)

const void *hl_os_keep(const void *bytes, size_t nr_bytes)
{
	static char *room;
	static size_t left;
	char *kept;

	if (left < nr_bytes) {
		left = nr_bytes > KEPT_BYTES ? nr_bytes : KEPT_BYTES;
		room = hl_os_map(left);
		if (!room)
			left = 0;
	}
	if (left < nr_bytes)
		return NULL;
	kept = memcpy(room, bytes, nr_bytes);
	room += nr_bytes;
	left -= nr_bytes;
	return kept;
}

uint32_t *hl_os_wipeonfork_page(void)
{
	uint32_t *page = hl_os_map(4096);

	if (page && RAW(SYS_madvise, page, 4096, MADV_WIPEONFORK) != 0) {
		hl_os_unmap(page, 4096);
		return NULL;
	}
	return page;
}

int hl_os_protect(void *p, size_t bytes, int prot)
{
	return (int)RAW(SYS_mprotect, p, bytes, prot);
}

/*
 * Waits for no time, if the word is the same.  process_vm_readv() would tell the word itself, but a program may have
 * had system calls taken from it on pain of death, and no program goes without futex().
 */
bool hl_os_differs(const void *from, uint32_t word)
{
	static const struct timespec now;

	return RAW(SYS_futex, from, FUTEX_WAIT_PRIVATE, word, &now, NULL, 0) == -EAGAIN;
}

/* For file systems without fallocate: zeros written once have blocks, too. */
static int write_zeros(int fd, uint64_t offset, uint64_t bytes)
{
	static const char zeros[4096];

	while (bytes > 0) {
		size_t n = bytes < sizeof(zeros) ? bytes : sizeof(zeros);
		long r = RAW(SYS_pwrite64, fd, zeros, n, offset);

		if (r == -EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? (int)r : -ENOSPC;
		offset += r;
		bytes -= r;
	}
	return 0;
}

int hl_os_reserve_file(int fd, uint64_t offset, uint64_t bytes)
{
	long r;

	if (offset + bytes > hl_os_file_limit())
		return -EFBIG;
	do
		r = RAW(SYS_fallocate, fd, 0, offset, bytes);
	while (r == -EINTR);
	if (r == -EOPNOTSUPP || r == -ENOSYS)
		return write_zeros(fd, offset, bytes);
	return (int)r;
}

int hl_os_open(const char *path, int flags, int mode)
{
	return (int)RAW(SYS_openat, AT_FDCWD, path, flags, mode);
}

ssize_t hl_os_read(int fd, void *buf, size_t bytes)
{
	return RAW(SYS_read, fd, buf, bytes);
}

static uint64_t pending_signals(void)
{
	uint64_t set = 0;

	RAW(SYS_rt_sigpending, &set, sizeof(set));
	return set;
}

/* A closed pipe and a file at its limit send a signal with the error, which would end the program. */
ssize_t hl_os_write(int fd, const void *buf, size_t bytes)
{
	const uint64_t deadly = 1ull << (SIGPIPE - 1) | 1ull << (SIGXFSZ - 1);
	struct timespec now = { 0, 0 };
	uint64_t ours;
	uint64_t saved;
	ssize_t r;

	hl_os_block_signals(&saved);
	ours = deadly & ~pending_signals();
	r = RAW(SYS_write, fd, buf, bytes);
	if ((r == -EPIPE || r == -EFBIG) && ours)
		RAW(SYS_rt_sigtimedwait, &ours, NULL, &now, sizeof(ours));
	hl_os_restore_signals(&saved);
	return r;
}

ssize_t hl_os_readlink(const char *path, char *buf, size_t bytes)
{
	return RAW(SYS_readlinkat, AT_FDCWD, path, buf, bytes);
}

ssize_t hl_os_cwd(char *buf, size_t bytes)
{
	long r = RAW(SYS_getcwd, buf, bytes);

	return r > 0 ? r - 1 : r;
}

ssize_t hl_os_write_at(int fd, const void *buf, size_t bytes, uint64_t offset)
{
	return RAW(SYS_pwrite64, fd, buf, bytes, offset);
}

int hl_os_write_whole(int fd, const char *from, uint64_t bytes, uint64_t offset)
{
	while (bytes > 0) {
		ssize_t n = hl_os_write_at(fd, from, bytes, offset);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? (int)n : -ENOSPC;
		from += n;
		offset += (uint64_t)n;
		bytes -= (uint64_t)n;
	}
	return 0;
}

int hl_os_close(int fd)
{
	return (int)RAW(SYS_close, fd);
}

int hl_os_unlink(const char *path)
{
	return (int)RAW(SYS_unlinkat, AT_FDCWD, path, 0);
}

bool hl_os_exists(const char *path)
{
	struct stat st;

	return RAW(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int hl_os_rename(const char *from, const char *to)
{
	long r = RAW(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

	/* Some file systems know no RENAME_NOREPLACE; some of those know links. */
	if (r != -EINVAL && r != -ENOSYS)
		return (int)r;
	r = RAW(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
	return r < 0 ? (int)r : hl_os_unlink(from);
}

int hl_os_raise_fd(int fd)
{
	struct rlimit limit;
	long high = 1024, step = 64, r;

	/* Not higher than 1024: the kernel sizes the descriptor table by the highest number. */
	if (RAW(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) == 0 && limit.rlim_cur < 1024)
		high = (long)limit.rlim_cur;
	/* Few numbers: the very last one, so that the program's first is what it would be. */
	if (high < 128)
		step = 1;
	for (long from = high - step / 2 - 1; from > fd; from -= step) {
		r = RAW(SYS_fcntl, fd, F_DUPFD_CLOEXEC, from);
		if (r >= 0) {
			hl_os_close(fd);
			return (int)r;
		}
	}
	return fd;
}

int hl_os_identify(int fd, uint64_t *dev, uint64_t *ino)
{
	struct stat st;
	long r = RAW(SYS_fstat, fd, &st);

	if (r < 0)
		return (int)r;
	*dev = st.st_dev;
	*ino = st.st_ino;
	return 0;
}

bool hl_os_is_special(const char *path)
{
	struct stat st;

	return RAW(SYS_newfstatat, AT_FDCWD, path, &st, 0) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

uint64_t hl_os_random(void)
{
	uint64_t random;

	if (RAW(SYS_getrandom, &random, sizeof(random), 1) != sizeof(random))
		random = hl_os_realtime_ns();
	return random;
}

bool hl_os_fd_is(int fd, uint64_t dev, uint64_t ino)
{
	uint64_t d = 0, i = 0;

	return fd >= 0 && hl_os_identify(fd, &d, &i) == 0 && d == dev && i == ino;
}

int hl_os_names(struct utsname *names)
{
	return (int)RAW(SYS_uname, names);
}

void hl_os_sleep(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };

	RAW(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &ts, NULL);
}

#define NO_FUTEX_SLEEP_NS 100000u

void hl_os_wait(uint32_t *word, uint32_t value, uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
	long r = RAW(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, ns ? &ts : NULL);

	/* Refused by a filter of the program's: the others still must get the processor. */
	if (r < 0 && r != -EAGAIN && r != -EINTR && r != -ETIMEDOUT)
		hl_os_sleep(NO_FUTEX_SLEEP_NS);
}

void hl_os_wake(uint32_t *word, uint32_t threads)
{
	RAW(SYS_futex, word, FUTEX_WAKE_PRIVATE, threads);
}

bool hl_os_is_real_time(void)
{
	long policy = RAW(SYS_sched_getscheduler, 0) & ~SCHED_RESET_ON_FORK;

	return policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_DEADLINE;
}

bool hl_os_wait_and_lend(uint32_t *word, uint64_t ns)
{
	uint64_t end_ns = hl_os_realtime_ns() + ns;
	struct timespec end = { (time_t)(end_ns / 1000000000u), (long)(end_ns % 1000000000u) };

	return RAW(SYS_futex, word, FUTEX_LOCK_PI_PRIVATE, 0, &end) == 0;
}

bool hl_os_hand_over(uint32_t *word)
{
	return RAW(SYS_futex, word, FUTEX_UNLOCK_PI_PRIVATE) == 0;
}

bool hl_os_try_barrier(void)
{
	static bool is_missing;
	long r;

	if (is_missing)
		return false;
	r = RAW(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	if (r == -EPERM && RAW(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0)
		r = RAW(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	is_missing = r != 0;
	return r == 0;
}

void hl_os_barrier(void)
{
	/* No processor keeps a store to itself for that long. */
	if (!hl_os_try_barrier())
		hl_os_sleep(1000000);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

bool hl_os_thread_is_gone(uint32_t pid, uint32_t tid)
{
	return RAW(SYS_tgkill, pid, tid, 0) == -ESRCH;
}

size_t hl_os_thread_name(uint32_t tid, char name[HL_THREAD_NAME_BYTES])
{
	char path[] = "/proc/self/task/0000000000/comm";
	char *digit = path + sizeof("/proc/self/task/0000000000") - 2;
	ssize_t n;
	int fd;

	if (tid == hl_os_tid())
		return RAW(SYS_prctl, PR_GET_NAME, name, 0, 0, 0) == 0 ? strnlen(name, HL_THREAD_NAME_BYTES) : 0;
	/* Leading zeros are no number for the kernel: the digits end where those of the path do. */
	do
		*digit-- = (char)('0' + tid % 10);
	while (tid /= 10);
	memmove(path + sizeof("/proc/self/task/") - 1, digit + 1, strlen(digit + 1) + 1);
	fd = hl_os_open(path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	n = hl_os_read(fd, name, HL_THREAD_NAME_BYTES);
	hl_os_close(fd);
	return n > 0 && name[n - 1] == '\n' ? (size_t)n - 1 : 0;
}

uint32_t hl_os_pid(void)
{
	return (uint32_t)RAW(SYS_getpid);
}

uint32_t hl_os_ppid(void)
{
	return (uint32_t)RAW(SYS_getppid);
}

uint32_t hl_os_tid(void)
{
	return (uint32_t)RAW(SYS_gettid);
}

/* Before a sanitizer's start its clock_gettime() is not fit for use. */
static uint64_t raw_ns(clockid_t clock)
{
	struct timespec ts = { 0, 0 };

	RAW(SYS_clock_gettime, clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t hl_os_realtime_ns(void)
{
	return raw_ns(CLOCK_REALTIME);
}

uint64_t hl_os_start_ns(void)
{
	return raw_ns(CLOCK_MONOTONIC);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t hl_os_monotonic_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

uint64_t hl_os_coarse_ns(void)
{
	return now_ns(CLOCK_MONOTONIC_COARSE);
}

bool hl_os_on_signal_stack(void)
{
	stack_t stack = { .ss_flags = SS_ONSTACK };

	return RAW(SYS_sigaltstack, NULL, &stack) != 0 || stack.ss_flags & SS_ONSTACK;
}

bool hl_os_has_stack(size_t bytes)
{
	stack_t stack = { .ss_flags = 0 };

	return RAW(SYS_sigaltstack, NULL, &stack) != 0 || !(stack.ss_flags & SS_ONSTACK) ||
		(uintptr_t)__builtin_frame_address(0) - (uintptr_t)stack.ss_sp >= bytes;
}

void hl_os_block_signals(uint64_t *saved)
{
	uint64_t all = ~0ull;

	RAW(SYS_rt_sigprocmask, SIG_SETMASK, &all, saved, sizeof(all));
}

void hl_os_restore_signals(const uint64_t *saved)
{
	RAW(SYS_rt_sigprocmask, SIG_SETMASK, saved, NULL, sizeof(uint64_t));
}
