/* SPDX-License-Identifier: MIT */
/* The memory of another process. */
#include "snapshot/process-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "snapshot/snapshot.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)
/* Of the page map, read at a time. */
#define WINDOW 2048u

struct hl_process_memory {
	pid_t pid;
	int pagemap;
	struct hl_mapping *mappings;
	size_t nr_mappings, room;
	uint64_t window[WINDOW];
	uint64_t window_page;		/* of its first entry */
	size_t nr_window;
};

/* ---- Mappings ---- */

static enum hl_mapping_kind kind_of(const char *name)
{
	if (*name == '/')
		return HL_MAPPING_FILE;
	if (!strncmp(name, "[stack", 6))
		return HL_MAPPING_STACK;
	if (*name == '[' && strncmp(name, "[heap]", 6) && strncmp(name, "[anon", 5))
		return HL_MAPPING_OTHER;
	return HL_MAPPING_ANONYMOUS;
}

/* "7f1c-7f1d rw-p 00000000 00:00 0    /path"; false: another line. */
static bool read_head(const char *line, struct hl_mapping *out)
{
	unsigned long inode;
	int name = 0;

	*out = (struct hl_mapping){0};
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %lu %n", &out->start, &out->end, &inode, &name) < 3 ||
			!name)
		return false;
	out->kind = kind_of(line + name);
	return out->start < out->end;
}

static int read_line(struct hl_process_memory *m, const char *line)
{
	struct hl_mapping mapping;
	struct hl_mapping *last = m->nr_mappings ? &m->mappings[m->nr_mappings - 1] : NULL;
	uint64_t kib;

	if (read_head(line, &mapping)) {
		int rc = hl_array_grow((void **)&m->mappings, &m->room, m->nr_mappings, sizeof(mapping));

		if (!rc)
			m->mappings[m->nr_mappings++] = mapping;
		return rc;
	}
	if (last && sscanf(line, "Rss: %" SCNu64, &kib) == 1)
		last->resident_bytes = kib * 1024;
	else if (last && sscanf(line, "Swap: %" SCNu64, &kib) == 1)
		last->swapped_bytes = kib * 1024;
	return 0;
}

static void join_runs(struct hl_process_memory *m)
{
	for (size_t i = m->nr_mappings; i-- > 0;) {
		bool goes_on = i + 1 < m->nr_mappings && m->mappings[i + 1].start == m->mappings[i].end;

		m->mappings[i].run_end = goes_on ? m->mappings[i + 1].run_end : m->mappings[i].end;
	}
}

static int read_mappings(struct hl_process_memory *m)
{
	char path[64];
	char *line = NULL;
	size_t room = 0;
	FILE *file;
	int rc = 0;

	snprintf(path, sizeof(path), "/proc/%ld/smaps", (long)m->pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (!rc && getline(&line, &room, file) > 0)
		rc = read_line(m, line);
	if (!rc && ferror(file))
		rc = errno ? -errno : -EIO;
	free(line);
	fclose(file);
	join_runs(m);
	return rc || m->nr_mappings ? rc : -ESRCH;
}

const struct hl_mapping *hl_process_memory_mappings(const struct hl_process_memory *memory, size_t *nr)
{
	*nr = memory->nr_mappings;
	return memory->mappings;
}

/* ---- Pages ---- */

static void read_window(struct hl_process_memory *m, uint64_t page)
{
	ssize_t n = pread(m->pagemap, m->window, sizeof(m->window), (off_t)(page * sizeof(m->window[0])));

	m->window_page = page;
	m->nr_window = n > 0 ? (size_t)n / sizeof(m->window[0]) : 0;
}

enum hl_page_state hl_process_memory_page(struct hl_process_memory *m, uint64_t address)
{
	uint64_t page = address / HL_PAGE_BYTES;
	uint64_t entry;

	if (page < m->window_page || page - m->window_page >= m->nr_window)
		read_window(m, page);
	entry = m->nr_window ? m->window[page - m->window_page] : 0;
	if (entry & PAGEMAP_PRESENT)
		return HL_PAGE_RESIDENT;
	return entry & PAGEMAP_SWAPPED ? HL_PAGE_SWAPPED : HL_PAGE_ABSENT;
}

/* A run of resident pages, or of others: how many bytes from @address on, at most @most. */
static size_t run_of(struct hl_process_memory *m, uint64_t address, size_t most, bool *is_resident)
{
	uint64_t at = address;

	*is_resident = hl_process_memory_page(m, at) == HL_PAGE_RESIDENT;
	do
		at += HL_PAGE_BYTES - at % HL_PAGE_BYTES;
	while (at < address + most && (hl_process_memory_page(m, at) == HL_PAGE_RESIDENT) == *is_resident);
	return at - address < most ? (size_t)(at - address) : most;
}

int hl_process_memory_read(struct hl_process_memory *m, uint64_t address, void *out, size_t bytes)
{
	char *to = out;

	while (bytes) {
		bool is_resident;
		size_t n = run_of(m, address, bytes, &is_resident);
		struct iovec here = {to, n};
		struct iovec there = {(void *)(uintptr_t)address, n};
		ssize_t got = is_resident ? process_vm_readv(m->pid, &here, 1, &there, 1, 0) : 0;

		if (got < 0 && errno != EFAULT)
			return -errno;
		got = got > 0 ? got : 0;
		memset(to + got, 0, n - (size_t)got);
		to += n;
		address += n;
		bytes -= n;
	}
	return 0;
}

void hl_process_memory_free(struct hl_process_memory *m)
{
	if (!m)
		return;
	if (m->pagemap >= 0)
		close(m->pagemap);
	free(m->mappings);
	free(m);
}

int hl_process_memory_open(pid_t pid, struct hl_process_memory **out, struct hl_error *err)
{
	struct hl_process_memory *m = calloc(1, sizeof(*m));
	char path[64];
	int rc;

	if (!m)
		return hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
	m->pid = pid;
	snprintf(path, sizeof(path), "/proc/%ld/pagemap", (long)pid);
	m->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	rc = m->pagemap < 0 ? -errno : read_mappings(m);
	if (!rc) {
		*out = m;
		return 0;
	}
	hl_process_memory_free(m);
	return hl_fail(err, -rc, HL_NO_OFFSET, rc == -EACCES || rc == -EPERM ?
		"its memory may not be looked at: that takes the rights to attach a debugger" : "cannot be looked at");
}
