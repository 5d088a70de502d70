/* SPDX-License-Identifier: MIT */
/*
 * Exceptions thrown through frames that allocate, caught at several depths, and containers whose
 * allocations are deep in templates.
 */
#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Noisy {
	std::string text = std::string(40, 'x');
	~Noisy()
	{
		std::vector<int> last(10);
	}
};

int descend(int depth, int bottom)
{
	Noisy noisy;
	auto extra = std::make_unique<std::map<int, std::string>>();

	(*extra)[depth] = std::string(static_cast<size_t>(depth) + 20, 'y');
	if (depth == bottom)
		throw std::runtime_error("at " + std::to_string(depth));
	try {
		return descend(depth + 1, bottom) + 1;
	} catch (const std::runtime_error &) {
		if (depth % 3 != 0)
			throw;
		std::string handled(100, 'z');
		return static_cast<int>(handled.size());
	}
}

} // namespace

int main()
{
	long sum = 0;

	for (int i = 0; i < 400; i++)
		sum += descend(0, 1 + i % 30);
	std::printf("%ld\n", sum);
}
