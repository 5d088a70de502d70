/* SPDX-License-Identifier: MIT */
/* Tables of the standard libraries of C++ and Rust. */
#include "name-defaults.h"

#include <string.h>

bool hl_name_part_is(struct hl_name_part part, const char *text)
{
	return strlen(text) == part.length && !memcmp(part.text, text, part.length);
}

bool hl_name_part_starts(struct hl_name_part part, const char *text)
{
	size_t n = strlen(text);

	return part.length >= n && !memcmp(part.text, text, n);
}

static bool ends_with(struct hl_name_part part, const char *text)
{
	size_t n = strlen(text);

	return part.length >= n && !memcmp(part.text + part.length - n, text, n);
}

static struct hl_name_part without(struct hl_name_part part, size_t front, size_t back)
{
	return (struct hl_name_part){part.text + front, part.length - front - back};
}

static bool is_in(struct hl_name_part part, const char *const *words)
{
	for (; *words; words++)
		if (hl_name_part_is(part, *words))
			return true;
	return false;
}

bool hl_name_is_inline(struct hl_name_part outer, struct hl_name_part name)
{
	static const char *const always[] = {"__cxx11", "__1", "__ndk1", "_V2", NULL};

	if (is_in(name, always))
		return true;
	if (hl_name_part_is(outer, "fmt"))
		return name.length > 1 && name.text[0] == 'v' && name.text[1] >= '0' && name.text[1] <= '9';
	if (hl_name_part_is(outer, "absl"))
		return hl_name_part_starts(name, "lts_");
	return hl_name_part_is(outer, "nlohmann") && hl_name_part_starts(name, "json_abi_");
}

/*
 * Default arguments from the second one on, by what they are made of: "L" std::less of the first one, and so on.  What
 * allocates is not compared with the first one: it has to fit.  The classes below the containers have no defaults, but
 * get what the containers have.
 */
static const struct {
	const char *name;		/* behind "std::" */
	const char *defaults;
} templates[] = {
	{"vector", "A"},
	{"deque", "A"},
	{"list", "A"},
	{"forward_list", "A"},
	{"_Vector_base", "A"},
	{"_Deque_base", "A"},
	{"_List_base", "A"},
	{"_Fwd_list_base", "A"},
	{"_Rb_tree", " KLA"},
	{"_Hashtable", " AMEHMMMM"},
	{"__detail::_Map_base", " AMEHMMMMM"},
	{"__detail::_Insert", " AMEHMMMMM"},
	{"basic_string", "TA"},
	{"basic_string_view", "T"},
	{"set", "LA"},
	{"multiset", "LA"},
	{"map", " LA"},
	{"multimap", " LA"},
	{"unordered_set", "HEA"},
	{"unordered_multiset", "HEA"},
	{"unordered_map", " HEA"},
	{"unordered_multimap", " HEA"},
	{"unique_ptr", "D"},
	{"stack", "Q"},
	{"queue", "Q"},
	{"priority_queue", "VL"},
	{"basic_ios", "T"},
	{"basic_streambuf", "T"},
	{"basic_istream", "T"},
	{"basic_ostream", "T"},
	{"basic_iostream", "T"},
	{"basic_filebuf", "T"},
	{"basic_ifstream", "T"},
	{"basic_ofstream", "T"},
	{"basic_fstream", "T"},
	{"basic_stringbuf", "TA"},
	{"basic_istringstream", "TA"},
	{"basic_ostringstream", "TA"},
	{"basic_stringstream", "TA"},
	{"istreambuf_iterator", "T"},
	{"ostreambuf_iterator", "T"},
	{"basic_regex", "R"},
	{"ratio", "1"},
	{"chrono::duration", "S"},
	{"chrono::time_point", "C"},
};

/* "std::less<int>" of std::less and int, also with the blank that older compilers put behind another >. */
static bool is_of(struct hl_name_part argument, const char *name, struct hl_name_part first)
{
	size_t n = strlen(name);

	return argument.length == n + first.length + 2 && !memcmp(argument.text, name, n) && argument.text[n] == '<' &&
	       !memcmp(argument.text + n + 1, first.text, first.length) && ends_with(argument, ">");
}

static bool is_default(char what, struct hl_name_part argument, struct hl_name_part first)
{
	switch (what) {
	case 'A':
		return hl_name_part_starts(argument, "std::allocator<");
	case 'T':
		return is_of(argument, "std::char_traits", first);
	case 'L':
		return is_of(argument, "std::less", first);
	case 'H':
		return is_of(argument, "std::hash", first);
	case 'E':
		return is_of(argument, "std::equal_to", first);
	case 'D':
		return is_of(argument, "std::default_delete", first);
	case 'Q':
		return is_of(argument, "std::deque", first);
	case 'V':
		return is_of(argument, "std::vector", first);
	case 'R':
		return is_of(argument, "std::regex_traits", first);
	case 'K':
		return hl_name_part_starts(argument, "std::_Select1st<") ||
		       hl_name_part_starts(argument, "std::_Identity<");
	case 'M':
		return hl_name_part_starts(argument, "std::__detail::_");
	case '1':
		return hl_name_part_is(argument, "1");
	case 'S':
		return hl_name_part_is(argument, "std::ratio<1>");
	case 'C':
		return hl_name_part_is(argument, "std::chrono::nanoseconds") &&
		       (hl_name_part_is(first, "std::chrono::system_clock") ||
			       hl_name_part_is(first, "std::chrono::steady_clock"));
	default:
		return false;
	}
}

static size_t nr_needed_std(struct hl_name_part name, const struct hl_name_part *arguments, size_t nr)
{
	size_t n = nr;

	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		const char *defaults = templates[i].defaults;

		if (!hl_name_part_is(name, templates[i].name) || nr > strlen(defaults) + 1)
			continue;
		while (n > 1 && is_default(defaults[n - 2], arguments[n - 1], arguments[0]))
			n--;
		break;
	}
	return n;
}

size_t hl_name_nr_needed(struct hl_name_part name, const struct hl_name_part *arguments, size_t nr)
{
	if (hl_name_part_starts(name, "std::"))
		return nr_needed_std(without(name, 5, 0), arguments, nr);
	if (nr > 1 && hl_name_part_is(arguments[nr - 1], "alloc::alloc::Global"))
		nr--;
	if (nr > 1 && (hl_name_part_is(name, "HashMap") || hl_name_part_is(name, "HashSet")) &&
			hl_name_part_is(arguments[nr - 1], "RandomState"))
		nr--;
	return nr;
}

static const struct {
	const char *type;
	const char *alias;
} aliases[] = {
	{"std::basic_string<char>", "std::string"},
	{"std::basic_string<wchar_t>", "std::wstring"},
	{"std::basic_string<char8_t>", "std::u8string"},
	{"std::basic_string<char16_t>", "std::u16string"},
	{"std::basic_string<char32_t>", "std::u32string"},
	{"std::basic_string_view<char>", "std::string_view"},
	{"std::basic_string_view<wchar_t>", "std::wstring_view"},
	{"std::basic_string_view<char8_t>", "std::u8string_view"},
	{"std::basic_string_view<char16_t>", "std::u16string_view"},
	{"std::basic_string_view<char32_t>", "std::u32string_view"},
	{"std::basic_ios<char>", "std::ios"},
	{"std::basic_ios<wchar_t>", "std::wios"},
	{"std::basic_streambuf<char>", "std::streambuf"},
	{"std::basic_streambuf<wchar_t>", "std::wstreambuf"},
	{"std::basic_istream<char>", "std::istream"},
	{"std::basic_istream<wchar_t>", "std::wistream"},
	{"std::basic_ostream<char>", "std::ostream"},
	{"std::basic_ostream<wchar_t>", "std::wostream"},
	{"std::basic_iostream<char>", "std::iostream"},
	{"std::basic_iostream<wchar_t>", "std::wiostream"},
	{"std::basic_filebuf<char>", "std::filebuf"},
	{"std::basic_filebuf<wchar_t>", "std::wfilebuf"},
	{"std::basic_ifstream<char>", "std::ifstream"},
	{"std::basic_ifstream<wchar_t>", "std::wifstream"},
	{"std::basic_ofstream<char>", "std::ofstream"},
	{"std::basic_ofstream<wchar_t>", "std::wofstream"},
	{"std::basic_fstream<char>", "std::fstream"},
	{"std::basic_fstream<wchar_t>", "std::wfstream"},
	{"std::basic_stringbuf<char>", "std::stringbuf"},
	{"std::basic_stringbuf<wchar_t>", "std::wstringbuf"},
	{"std::basic_istringstream<char>", "std::istringstream"},
	{"std::basic_istringstream<wchar_t>", "std::wistringstream"},
	{"std::basic_ostringstream<char>", "std::ostringstream"},
	{"std::basic_ostringstream<wchar_t>", "std::wostringstream"},
	{"std::basic_stringstream<char>", "std::stringstream"},
	{"std::basic_stringstream<wchar_t>", "std::wstringstream"},
	{"std::basic_regex<char>", "std::regex"},
	{"std::basic_regex<wchar_t>", "std::wregex"},
};

/* Of a duration, by what stands behind the type that counts. */
static const struct {
	const char *period;
	const char *alias;
} durations[] = {
	{", std::ratio<1, 1000000000>>", "std::chrono::nanoseconds"},
	{", std::ratio<1, 1000000>>", "std::chrono::microseconds"},
	{", std::ratio<1, 1000>>", "std::chrono::milliseconds"},
	{">", "std::chrono::seconds"},
	{", std::ratio<60>>", "std::chrono::minutes"},
	{", std::ratio<3600>>", "std::chrono::hours"},
};

static bool duration_alias(struct hl_name_part type, struct hl_name_part *out)
{
	/* 64 bits, as libstdc++ and libc++ and as GCC's and LLVM's names of types have it */
	static const char *const counters[] = {"long long int", "long long", "long int", "long"};
	struct hl_name_part rest = without(type, strlen("std::chrono::duration<"), 0);
	size_t counter = 0;

	for (size_t i = 0; !counter && i < sizeof(counters) / sizeof(counters[0]); i++)
		if (hl_name_part_starts(rest, counters[i]))
			counter = strlen(counters[i]);
	if (!counter)
		return false;
	rest = without(rest, counter, 0);
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		if (!hl_name_part_is(rest, durations[i].period))
			continue;
		*out = (struct hl_name_part){durations[i].alias, strlen(durations[i].alias)};
		return true;
	}
	return false;
}

bool hl_name_alias(struct hl_name_part type, struct hl_name_part *out)
{
	if (hl_name_part_starts(type, "std::chrono::duration<"))
		return duration_alias(type, out);
	if (!hl_name_part_starts(type, "std::basic_"))
		return false;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (!hl_name_part_is(type, aliases[i].type))
			continue;
		*out = (struct hl_name_part){aliases[i].alias, strlen(aliases[i].alias)};
		return true;
	}
	return false;
}

/* The first module of a path: C++ has namespaces of these crates' names, but hardly with these in them. */
static const char *const core_modules[] = {"alloc", "any", "array", "borrow", "cell", "char", "clone", "cmp", "convert",
	"default", "error", "ffi", "fmt", "future", "hash", "iter", "marker", "mem", "net", "num", "ops", "option",
	"panic", "pin", "ptr", "range", "result", "slice", "str", "sync", "task", "time", "unicode", NULL};
static const char *const alloc_modules[] = {"alloc", "borrow", "boxed", "collections", "ffi", "fmt", "raw_vec", "rc",
	"slice", "str", "string", "sync", "task", "vec", NULL};

/* Of C++'s own std no namespace is among them. */
static const char *const std_modules[] = {"alloc", "backtrace", "backtrace_rs", "collections", "env", "error", "ffi",
	"fs", "hash", "io", "net", "os", "panic", "panicking", "path", "process", "sync", "sys", "sys_common", "thread",
	"time", NULL};

/* Several modules have types of these names. */
static const char *const ambiguous[] = {"Error", "Result", "Write", "Read", "Iter", "IterMut", "IntoIter", "Entry",
	"Drain", "Kind", "Range", "Inner", "Context", "Lines", "Split", NULL};

static size_t module_length(struct hl_name_part path)
{
	size_t n = 0;

	while (n < path.length && path.text[n] != ':')
		n++;
	return n;
}

static bool is_known_module(struct hl_name_part crate, struct hl_name_part module)
{
	if (hl_name_part_is(crate, "core"))
		return is_in(module, core_modules);
	return is_in(module, hl_name_part_is(crate, "std") ? std_modules : alloc_modules);
}

/* "Vec", neither a function nor a static variable. */
static bool is_rust_type(struct hl_name_part name)
{
	bool has_small = false;

	for (size_t i = 0; i < name.length; i++)
		has_small |= name.text[i] >= 'a' && name.text[i] <= 'z';
	return has_small && name.text[0] >= 'A' && name.text[0] <= 'Z';
}

size_t hl_name_rust_cut(struct hl_name_part path)
{
	struct hl_name_part crate = {path.text, module_length(path)};
	struct hl_name_part module, last = path;
	size_t cut;

	if (!hl_name_part_is(crate, "core") && !hl_name_part_is(crate, "alloc") && !hl_name_part_is(crate, "std"))
		return 0;
	while ((cut = module_length(last)) + 2 <= last.length)
		last = without(last, cut + 2, 0);
	if (last.text == path.text || last.text == path.text + crate.length + 2 || !is_rust_type(last))
		return 0;
	for (const char *p = path.text; p < last.text; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_' || *p == ':'))
			return 0;
	module = without(path, crate.length + 2, 0);
	module.length = module_length(module);
	if (!is_known_module(crate, module))
		return 0;
	/* an argument to be dropped, or nothing that is met elsewhere */
	if (hl_name_part_is(path, "alloc::alloc::Global"))
		return 0;
	return is_in(last, ambiguous) ? crate.length + 2 : (size_t)(last.text - path.text);
}
