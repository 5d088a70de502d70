/* SPDX-License-Identifier: MIT */
/* Cutting off the hole at the end of a ledger, under leases. */
#include "cli/trim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/ledger.h"

/*
 * Is the file open for writing somewhere, mappings included?  The kernel answers who asks for a lease to read.
 * @fd was opened for reading only.
 */
static bool is_written(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0)
		return true;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return false;
}

/* Some file systems (overlayfs) forget mappings in their answer: so does this one speak of ours? */
static bool knows_mappings(int fd)
{
	int writer = hl_ledger_file_reopen(fd, O_RDWR);
	void *page = MAP_FAILED;
	bool knows;

	if (writer >= 0) {
		page = mmap(NULL, HL_LEDGER_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, writer, 0);
		close(writer);
	}
	if (page == MAP_FAILED)
		return false;
	knows = is_written(fd);
	munmap(page, HL_LEDGER_PAGE);
	return knows;
}

/* What the ledger says that it uses; 0: nothing that makes sense. */
static uint64_t used_bytes(int fd)
{
	struct hl_ledger_header header;
	struct hl_globals globals;
	struct hl_section first;
	uint64_t at;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return 0;
	at = header.directory_offset + offsetof(struct hl_directory, entries);
	if (at > INT64_MAX || pread(fd, &first, sizeof(first), (off_t)at) != sizeof(first) ||
			first.type != HL_SECTION_GLOBALS || first.record_bytes < offsetof(struct hl_globals, sum) ||
			first.offset > INT64_MAX)
		return 0;
	if (pread(fd, &globals, offsetof(struct hl_globals, sum), (off_t)first.offset) !=
			offsetof(struct hl_globals, sum))
		return 0;
	return globals.file_bytes > first.offset && globals.file_bytes <= INT64_MAX ? globals.file_bytes : 0;
}

/* Whether the file is longer than @used by a hole and nothing else. */
static bool ends_in_hole(int fd, uint64_t used)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (uint64_t)st.st_size > used && lseek(fd, (off_t)used, SEEK_DATA) < 0 &&
		errno == ENXIO;
}

static void cut_off(int fd, uint64_t used)
{
	int writer = hl_ledger_file_reopen(fd, O_RDWR);

	if (writer < 0)
		return;
	(void)!ftruncate(writer, (off_t)used);
	close(writer);
}

void hl_trim_ledger(const char *path, struct hl_ledger_file *file)
{
	int fd = hl_ledger_file_open(path, O_RDONLY, file);
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
	uint64_t used;

	if (fd < 0)
		return;
	/* Who opens the file during a lease is announced by this signal, which would end us. */
	sigaction(SIGIO, &ignore, &old);
	used = used_bytes(fd);
	/* Who has it mapped no more cannot come back: what the kernel says first is true later. */
	if (used && ends_in_hole(fd, used) && !is_written(fd) && knows_mappings(fd))
		cut_off(fd, used);
	sigaction(SIGIO, &old, NULL);
	close(fd);
}
