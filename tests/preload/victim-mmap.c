/* SPDX-License-Identifier: MIT */
/*
 * Anonymous mappings for HEAPLEDGER_MMAP=1: what is added, cut, moved, covered, and what fails.
 * The numbers are in tests/preload/mappings.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul

/* Not a function: the account is by the function that calls mmap. */
#define map(pages)                                                                                 \
	mmap(NULL, (pages)*PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)

/* 1 block of 10 pages, all of it unmapped. */
void mapping_whole(void)
{
	munmap(map(10), 10 * PAGE);
}

/* 1 block of 10 pages: 2 at the start, 2 in the middle, 2 at the end unmapped; 4 pages live. */
void mapping_cut(void)
{
	char *p = map(10);

	munmap(p, 2 * PAGE);
	munmap(p + 8 * PAGE, 2 * PAGE);
	munmap(p + 4 * PAGE, 2 * PAGE);
}

/* 1 block of 10 pages in two pieces; both go: 1 block freed. */
void mapping_pieces(void)
{
	char *p = map(10);

	munmap(p + 4 * PAGE, 2 * PAGE);
	munmap(p, 10 * PAGE);
}

/* 1 block of 10 pages in three pieces that go from above: 1 block freed, when the last of them goes. */
void mapping_from_above(void)
{
	char *p = map(10);

	munmap(p + 2 * PAGE, PAGE);
	munmap(p + 6 * PAGE, PAGE);
	munmap(p + 7 * PAGE, 3 * PAGE);
	munmap(p + 3 * PAGE, 3 * PAGE);
	munmap(p, 2 * PAGE);
}

/* 1 block of 10 pages; the upper piece of two goes, by its whole and from its end: 4 pages live, no block freed. */
void mapping_lower_stays(void)
{
	char *p = map(10);

	munmap(p + 4 * PAGE, 2 * PAGE);
	munmap(p + 9 * PAGE, PAGE);
	munmap(p + 6 * PAGE, 3 * PAGE);
}

/* 1 block of 10 pages; a hole that is cut from above, then all but the first page: 1 page live. */
void mapping_first_stays(void)
{
	char *p = map(10);

	munmap(p + 8 * PAGE, 2 * PAGE);
	munmap(p + 5 * PAGE, PAGE);
	munmap(p + 1 * PAGE, 9 * PAGE);
}

/* 1 block of 2,000 pages; each second one goes, from above, then the other ones: 1 block freed. */
void mapping_many_pieces(void)
{
	char *p = map(2000);

	for (size_t i = 2000; i > 0; i -= 2)
		munmap(p + (i - 1) * PAGE, PAGE);
	for (size_t i = 2000; i > 0; i -= 2)
		munmap(p + (i - 2) * PAGE, PAGE);
}

/* A size that is no multiple of a page: 2 pages. Live. */
void mapping_odd(void)
{
	if (mmap(NULL, PAGE + 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		_exit(1);
}

/* 10 pages, then 3 of them covered by a new anonymous mapping: 2 blocks, 13 pages, 3 freed. */
void mapping_fixed(void)
{
	char *p = map(10);

	p = mmap(p + 2 * PAGE, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (p == MAP_FAILED)
		_exit(1);
}

/* Nothing of this changes anything: 1 block of 10 pages, live. */
void mapping_fails(void)
{
	char *p = map(10);

	if (mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, 999, 0) != MAP_FAILED ||
		mmap(p + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
			MAP_FAILED ||
		mmap(p, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED ||
		munmap(p + 1, PAGE) == 0 || munmap(p, 0) == 0 || munmap(p, SIZE_MAX) == 0 ||
		munmap(p, 1ul << 60) == 0 ||
		mremap(p, 10 * PAGE, SIZE_MAX / 2, MREMAP_MAYMOVE) != MAP_FAILED)
		_exit(1);
	errno = 4711;
	p[9 * PAGE] = 1;
}

/* 1 of 4 pages, grown to 8, moved to 100, shrunk to 1: 4 blocks, 3 freed, 113 pages, 1 live. */
void mapping_moved(void)
{
	char *p = map(4);

	p = mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	p = mremap(p, 8 * PAGE, 100 * PAGE, MREMAP_MAYMOVE);
	p = mremap(p, 100 * PAGE, PAGE, 0);
	p[0] = 1;
}

/* A mapping of a file is not one of ours. */
void mapping_file(int fd)
{
	munmap(mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0), 3 * PAGE);
}

int main(void)
{
	mapping_whole();
	mapping_cut();
	mapping_pieces();
	mapping_from_above();
	mapping_lower_stays();
	mapping_first_stays();
	mapping_many_pieces();
	mapping_odd();
	mapping_fixed();
	mapping_fails();
	mapping_moved();
	mapping_file(0);
	return 0;
}
