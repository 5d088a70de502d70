/* SPDX-License-Identifier: MIT */
/*
 * Each operator new and delete, and malloc beside them.  Prints what was asked for: "blocks bytes
 * freed-blocks freed-bytes".
 */
#include <cstdio>
#include <cstdlib>
#include <new>
#include <unistd.h>

namespace {

struct alignas(64) Wide {
	char content[192];
};

unsigned long blocks, bytes, freed, freed_bytes;

void made(void *volatile block, unsigned long size)
{
	if (!block)
		std::exit(3);
	blocks++;
	bytes += size;
}

void gone(unsigned long size)
{
	freed++;
	freed_bytes += size;
}

void exchange(int i)
{
	int *one = new int(i);
	char *many = new char[100 + i];
	Wide *wide = new Wide;
	void *nothrow = operator new(50, std::nothrow);
	void *plain = std::malloc(30 + i);

	made(one, sizeof(int));
	made(many, 100 + i);
	made(wide, sizeof(Wide));
	made(nothrow, 50);
	made(plain, 30 + i);
	if (i % 3 == 0)
		return;
	delete one;
	gone(sizeof(int));
	delete[] many;
	gone(100 + i);
	delete wide;
	gone(sizeof(Wide));
	operator delete(nothrow, std::size_t{50});
	gone(50);
	std::free(plain);
	gone(30 + i);
}

} // namespace

int main()
{
	for (int i = 0; i < 1000; i++)
		exchange(i);
	char line[100];
	int n = std::snprintf(line, sizeof(line), "%lu %lu %lu %lu\n", blocks, bytes, freed, freed_bytes);

	return write(1, line, static_cast<std::size_t>(n)) == n ? 0 : 4;
}
