/* SPDX-License-Identifier: MIT */
// Statements that keep memory, each in a line of its own, and what operator new was asked for by each: the program's
// account of itself, printed as "LINE SIZE COUNT" of what is left.
#include <any>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <queue>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>
#include <cstdio>
#include <cstdlib>
#include <cstring>

enum { TABLE = 1 << 17 };
static struct block { void *address; size_t size; int line; } blocks[TABLE];
static int current;

static block *find(void *address)
{
	size_t i = (reinterpret_cast<size_t>(address) >> 4) % TABLE;

	while (blocks[i].address && blocks[i].address != address)
		i = (i + 1) % TABLE;
	return &blocks[i];
}

void *operator new(size_t size)
{
	void *address = malloc(size);

	if (!address)
		abort();
	if (current)
		*find(address) = block{address, size, current};
	return address;
}

void *operator new[](size_t size)
{
	return operator new(size);
}

// The place in the table stays taken, of no line, until the address comes back.
void operator delete(void *address) noexcept
{
	block *b = address ? find(address) : nullptr;

	if (b && b->address)
		b->line = 0;
	free(address);
}

void operator delete[](void *address) noexcept
{
	operator delete(address);
}

void operator delete(void *address, size_t) noexcept
{
	operator delete(address);
}

void operator delete[](void *address, size_t) noexcept
{
	operator delete(address);
}

struct node {
	char name[40];
	std::vector<std::string> words;
	virtual ~node() = default;
};

struct leaf : node {
	char more[100];
};

template <class T> class cache {
public:
	void put(const std::string &key, T value)
	{
		current = __LINE__; values[key].push_back(value); current = 0;
	}

private:
	std::map<std::string, std::vector<T>> values;
};

std::vector<int> numbers;
std::map<int, std::string> names;
std::unordered_map<std::string, int> counts;
std::vector<std::shared_ptr<node>> nodes;
std::deque<long> deque;
std::list<double> list;
std::function<int(int)> function;
std::string text;
std::set<std::string> words;
std::unique_ptr<node> leaf_of_tree;
std::regex *expression;
std::ostringstream *stream;
std::wostringstream *wide;
std::priority_queue<int> queue;
std::any anything;
std::vector<std::vector<std::string>> table;
cache<long> cached;

#define KEEP(...) do { current = __LINE__; __VA_ARGS__; current = 0; } while (0)

__attribute__((noinline)) static void containers(int n)
{
	KEEP(for (int i = 0; i < n; i++) numbers.push_back(i));
	KEEP(for (int i = 0; i < n; i++) names[i] = std::string(100, 'x'));
	KEEP(for (int i = 0; i < n; i++) counts["a rather long key to allocate " + std::to_string(i)] = i);
	KEEP(for (int i = 0; i < n; i++) nodes.push_back(std::make_shared<node>()));
	KEEP(for (int i = 0; i < n; i++) deque.push_back(i));
	KEEP(for (int i = 0; i < n; i++) list.push_back(i));
	KEEP(for (int i = 0; i < n; i++) words.insert("some words that do not fit " + std::to_string(i)));
	KEEP(for (int i = 0; i < n; i++) queue.push(i));
	KEEP(table.resize(7, std::vector<std::string>(3, std::string(50, 'y'))));
	for (int i = 0; i < n; i++)
		cached.put("key " + std::to_string(i % 10), i);
}

__attribute__((noinline)) static void others(int n)
{
	char big[200] = {1};

	KEEP(function = [big, n](int i) { return big[i % 200] + n; });
	KEEP(text.append(static_cast<size_t>(n) * 10, 'z'));
	KEEP(leaf_of_tree = std::make_unique<leaf>());
	KEEP(expression = new std::regex("(a|b)*c[0-9]+"));
	KEEP(stream = new std::ostringstream; *stream << text << n);
	KEEP(wide = new std::wostringstream; *wide << L"some wide text that has to be kept" << n);
	KEEP(anything = std::string(300, 'q'));
}

int main(int argc, char **)
{
	static long size[200], count[200];

	containers(500 + argc);
	others(500 + argc);
	for (const block &b : blocks) {
		size[b.line] += static_cast<long>(b.size);
		count[b.line]++;
	}
	for (int i = 1; i < 200; i++)
		if (count[i])
			printf("%d %ld %ld\n", i, size[i], count[i]);
	fflush(stdout);
	quick_exit(0);
}
