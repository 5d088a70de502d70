/* SPDX-License-Identifier: MIT */
/*
 * Executable mappings.
 */
#include "stacks/code.h"

#include <fcntl.h>
#include <link.h>

#include "base/lock.h"
#include "base/os.h"
#include "base/private.h"
#include "stacks/object.h"

struct range {
	uintptr_t start;
	uintptr_t end;
};

/* The kernel's usual limit is 65,530 mappings, and not all of them are executable. */
#define MAX_RANGES 32768u

/*
 * Two of them: who still reads the one before the last while it is written anew may get a wrong answer for once, of
 * addresses that were code before.
 */
struct ranges {
	uint32_t nr;
	struct range range[MAX_RANGES];
};
static struct ranges *current, *other;

static struct hl_lock lock = { .rank = HL_RANK_CODE };
/*
 * A word that looks like a return address and is none: the mappings are not read again for its page, nor for any
 * other one until they have cost about a fiftieth of the time.
 */
#define NR_VAIN 64u
#define VAIN_NS 1000000000u
#define PAUSE_NS 1000000u
#define PAUSE_NS_PER_BYTE 500u
static struct {
	uintptr_t page;
	uint64_t until_ns;
} vain[NR_VAIN];
static uint64_t next_ns;

static bool is_known(uintptr_t ip)
{
	const struct ranges *ranges = __atomic_load_n(&current, __ATOMIC_ACQUIRE);
	uint32_t low = 0, high = ranges ? __atomic_load_n(&ranges->nr, __ATOMIC_RELAXED) : 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (ip >= ranges->range[middle].end)
			low = middle + 1;
		else if (ip < ranges->range[middle].start)
			high = middle;
		else
			return true;
	}
	return false;
}

/* A call ends before a return address: E8 and four bytes, or FF and one to seven. */
static bool follows_call(uintptr_t ip)
{
	const unsigned char *code = (const unsigned char *)ip;
	int room = 7;			/* at the begin of a mapping there is nothing before */

	if (ip < HL_PAGE || !hl_os_is_readable(ip - 1))
		return false;
	if (ip % HL_PAGE < 7 && !hl_os_is_readable(ip - 7))
		room = (int)(ip % HL_PAGE);
	if (room >= 5 && code[-5] == 0xe8)
		return true;
	for (int i = 2; i <= room; i++)
		if (code[-i] == 0xff && (code[1 - i] & 0x38) == 0x10)
			return true;
	return false;
}

/* ---- The mappings ---- */

/* What has been read of a line: "start-end rwxp ...". */
struct line {
	uintptr_t number[2];
	uint32_t field;			/* the first number, the second, the rights, the rest */
	uint32_t column;		/* of the rights */
	bool is_code;
};

static void add_range(struct ranges *ranges, const struct line *line)
{
	struct range *last = &ranges->range[ranges->nr - 1];

	if (ranges->nr != 0 && last->end == line->number[0])
		last->end = line->number[1];
	else if (ranges->nr < MAX_RANGES)
		ranges->range[ranges->nr++] = (struct range){ line->number[0], line->number[1] };
}

static void add_char(struct ranges *ranges, struct line *line, char c)
{
	if (c == '\n') {
		if (line->is_code)
			add_range(ranges, line);
		*line = (struct line){ 0 };
	} else if (c == ' ' || (c == '-' && line->field == 0)) {
		line->field++;
	} else if (line->field < 2) {
		line->number[line->field] = line->number[line->field] << 4 |
			(uintptr_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	} else if (line->field == 2 && line->column++ == 2) {
		line->is_code = c == 'x';
	}
}

/* Returns how long the text was; 0: it could not be read. */
static size_t read_ranges(struct ranges *ranges)
{
	char text[1024];
	struct line line = { 0 };
	size_t bytes = 0;
	ssize_t n = 0;
	int fd = hl_os_open("/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	ranges->nr = 0;
	while ((n = hl_os_read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			add_char(ranges, &line, text[i]);
		bytes += (size_t)n;
	}
	hl_os_close(fd);
	return n == 0 ? bytes : 0;
}

static size_t read_anew(void)
{
	struct ranges *before = current;
	size_t bytes;

	if (!other)
		other = hl_os_map(sizeof(*other));
	bytes = other ? read_ranges(other) : 0;
	if (bytes == 0)
		return 0;
	__atomic_store_n(&current, other, __ATOMIC_RELEASE);
	other = before;
	return bytes;
}

struct question {
	uintptr_t ip;
	uint64_t now_ns;
	bool is_code;
};

static bool is_vain(const struct question *q)
{
	uintptr_t page = q->ip / HL_PAGE;

	return q->now_ns < __atomic_load_n(&next_ns, __ATOMIC_RELAXED) ||
		(__atomic_load_n(&vain[page % NR_VAIN].page, __ATOMIC_RELAXED) == page &&
			q->now_ns < __atomic_load_n(&vain[page % NR_VAIN].until_ns, __ATOMIC_RELAXED));
}

/* On a private stack, so with signals blocked. */
static void look_in_private(void *data)
{
	struct question *q = data;
	uintptr_t page = q->ip / HL_PAGE;
	size_t bytes;

	hl_lock_close(&lock);
	q->is_code = is_known(q->ip);
	if (!q->is_code && !is_vain(q)) {
		bytes = read_anew();
		q->is_code = is_known(q->ip);
		if (!q->is_code) {
			__atomic_store_n(&next_ns, q->now_ns + PAUSE_NS + bytes * PAUSE_NS_PER_BYTE, __ATOMIC_RELAXED);
			__atomic_store_n(&vain[page % NR_VAIN].page, page, __ATOMIC_RELAXED);
			__atomic_store_n(&vain[page % NR_VAIN].until_ns, q->now_ns + VAIN_NS, __ATOMIC_RELAXED);
		}
	}
	hl_lock_open(&lock);
}

static bool look_again(uintptr_t ip)
{
	struct question q = { .ip = ip, .now_ns = hl_os_monotonic_ns() };

	if (!is_vain(&q))
		hl_private_run(look_in_private, &q);
	return q.is_code;
}

/* ---- Objects: whether the mappings can be read or not ---- */

static bool is_in_object(uintptr_t ip)
{
	struct dl_phdr_info info;
	uint64_t start, end;

	if (!hl_object_find(ip - 1, &info, &start, &end))
		return false;
	for (int i = 0; i < info.dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info.dlpi_phdr[i];

		if (segment->p_type == PT_LOAD && segment->p_flags & PF_X &&
			ip - info.dlpi_addr - segment->p_vaddr <= segment->p_memsz)
			return true;
	}
	return false;
}

bool hl_code_is(uintptr_t ip, bool exact)
{
	if (hl_likely(is_known(ip)))
		return true;
	if (is_in_object(ip)) {
		look_again(ip);
		return true;
	}
	return (exact || follows_call(ip)) && look_again(ip);
}

void hl_code_restart(void)
{
	hl_lock_reset(&lock);
}
