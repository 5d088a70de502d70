/* SPDX-License-Identifier: MIT */
/*
 * Names as libiberty, LLVM and debugging information write them, their short forms, and what must hold for any name.
 * Most are taken from cc1plus, libLLVM, libstdc++, libc++, rustc and small programs.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "snapshot/short-name.h"

static const struct {
	const char *full;
	const char *wanted;		/* NULL: stays as it is */
} names[] = {
	{"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >::append",
		"std::string::append"},
	{"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >::_M_create",
		"std::string::_M_create"},
	{"std::__1::basic_string<char, std::__1::char_traits<char>, std::__1::allocator<char> "
		">::find_first_not_of",
		"std::string::find_first_not_of"},
	{"std::__ndk1::basic_string<wchar_t, std::__ndk1::char_traits<wchar_t>, "
		"std::__ndk1::allocator<wchar_t> >::reserve",
		"std::wstring::reserve"},
	{"std::basic_string<char16_t, std::char_traits<char16_t>, std::allocator<char16_t> >::append",
		"std::u16string::append"},
	{"std::basic_string_view<char, std::char_traits<char> >::find", "std::string_view::find"},
	{"std::__cxx11::basic_ostringstream<char, std::char_traits<char>, std::allocator<char> "
		">::str",
		"std::ostringstream::str"},
	{"std::__cxx11::basic_stringbuf<wchar_t, std::char_traits<wchar_t>, std::allocator<wchar_t> "
		">::overflow",
		"std::wstringbuf::overflow"},
	{"std::basic_ostream<char, std::char_traits<char> >::operator<<", "std::ostream::operator<<"},
	{"std::__1::basic_istream<char, std::__1::char_traits<char> >::operator>>", "std::istream::operator>>"},
	{"std::basic_filebuf<char, std::char_traits<char> >::_M_allocate_internal_buffer",
		"std::filebuf::_M_allocate_internal_buffer"},
	{"std::vector<int, std::allocator<int> >::push_back", "std::vector<int>::push_back"},
	{"std::vector<std::vector<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> >, std::allocator<std::__cxx11::basic_string<char, "
		"std::char_traits<char>, std::allocator<char> > > >, "
		"std::allocator<std::vector<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> >, std::allocator<std::__cxx11::basic_string<char, "
		"std::char_traits<char>, std::allocator<char> > > > > "
		">::_M_realloc_insert<std::vector<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> >, std::allocator<std::__cxx11::basic_string<char, "
		"std::char_traits<char>, std::allocator<char> > > > >",
		"std::vector<std::vector<std::string>>::_M_realloc_insert<std::vector<std::string>>"},
	{"std::vector<int, my::allocator<int> >::push_back", "std::vector<int, my::allocator<int>>::push_back"},
	{"std::_Vector_base<std::pair<char, char>, std::allocator<std::pair<char, char> > "
		">::_M_allocate",
		"std::_Vector_base<std::pair<char, char>>::_M_allocate"},
	{"std::map<int, std::__cxx11::list<double, std::allocator<double> >, std::less<int>, "
		"std::allocator<std::pair<int const, std::__cxx11::list<double, std::allocator<double> > > "
		"> >::operator[]",
		"std::map<int, std::list<double>>::operator[]"},
	{"std::map<int, int, Cmp, std::allocator<std::pair<int const, int> > >::operator[]",
		"std::map<int, int, Cmp>::operator[]"},
	{"std::set<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >, "
		"std::less<void>, std::allocator<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> > > >::insert",
		"std::set<std::string, std::less<void>>::insert"},
	{"std::multimap<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> >, int, std::less<std::__cxx11::basic_string<char, "
		"std::char_traits<char>, std::allocator<char> > >, "
		"std::allocator<std::pair<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> > const, int> > >::emplace<char const (&) [2], int>",
		"std::multimap<std::string, int>::emplace<char const (&) [2], int>"},
	{"std::unordered_map<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> >, long, std::hash<std::__cxx11::basic_string<char, "
		"std::char_traits<char>, std::allocator<char> > >, "
		"std::equal_to<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> > >, std::allocator<std::pair<std::__cxx11::basic_string<char, "
		"std::char_traits<char>, std::allocator<char> > const, long> > >::operator[]",
		"std::unordered_map<std::string, long>::operator[]"},
	{"std::unordered_set<unsigned long, Hash, std::equal_to<unsigned long>, "
		"std::allocator<unsigned long> >::insert",
		"std::unordered_set<unsigned long, Hash>::insert"},
	{"std::_Rb_tree<int, std::pair<int const, int>, std::_Select1st<std::pair<int const, int> "
		">, Cmp, std::allocator<std::pair<int const, int> > "
		">::_M_create_node<std::piecewise_construct_t const&, std::tuple<int&&>, std::tuple<> >",
		"std::_Rb_tree<int, std::pair<int const, int>, std::_Select1st<std::pair<int const, int>>, "
		"Cmp>::_M_create_node<std::piecewise_construct_t const&, std::tuple<int&&>, std::tuple<>>"},
	{"std::_Rb_tree<unsigned int, unsigned int, std::_Identity<unsigned int>, "
		"std::less<unsigned int>, std::allocator<unsigned int> >::_M_erase",
		"std::_Rb_tree<unsigned int, unsigned int>::_M_erase"},
	{"std::_Hashtable<unsigned long, std::pair<unsigned long const, A>, "
		"std::allocator<std::pair<unsigned long const, A> >, std::__detail::_Select1st, "
		"std::equal_to<unsigned long>, std::hash<unsigned long>, "
		"std::__detail::_Mod_range_hashing, std::__detail::_Default_ranged_hash, "
		"std::__detail::_Prime_rehash_policy, std::__detail::_Hashtable_traits<false, false, true> "
		">::_M_assign",
		"std::_Hashtable<unsigned long, std::pair<unsigned long const, A>>::_M_assign"},
	{"std::unique_ptr<llvm::MDTuple, std::default_delete<llvm::MDTuple> >::reset",
		"std::unique_ptr<llvm::MDTuple>::reset"},
	{"std::unique_ptr<llvm::MDTuple, llvm::TempMDNodeDeleter>::reset", NULL},
	{"std::priority_queue<std::pair<int, long>, std::vector<std::pair<int, long>, "
		"std::allocator<std::pair<int, long> > >, std::less<std::pair<int, long> > >::push",
		"std::priority_queue<std::pair<int, long>>::push"},
	{"std::stack<int, std::deque<int, std::allocator<int> > >::push", "std::stack<int>::push"},
	{"std::queue<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> "
		">, std::deque<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> >, std::allocator<std::__cxx11::basic_string<char, "
		"std::char_traits<char>, std::allocator<char> > > > >::emplace<char const*>",
		"std::queue<std::string>::emplace<char const*>"},
	{"__gnu_cxx::__normal_iterator<int*, std::vector<int, std::allocator<int> > >::operator++",
		"std::vector<int>::iterator::operator++"},
	{"__gnu_cxx::__normal_iterator<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> > const*, std::vector<std::__cxx11::basic_string<char, "
		"std::char_traits<char>, std::allocator<char> >, "
		"std::allocator<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> > > > >::operator*",
		"std::vector<std::string>::const_iterator::operator*"},
	{"std::__uninitialized_copy_a<__gnu_cxx::__normal_iterator<char const*, "
		"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > >, char*, "
		"char>",
		"std::__uninitialized_copy_a<std::string::const_iterator, char*, char>"},
	{"__gnu_cxx::operator< <char*, std::vector<char, std::allocator<char> > >",
		"__gnu_cxx::operator< <char*, std::vector<char>>"},
	{"std::operator<< <std::char_traits<char> >", "std::operator<< <std::char_traits<char>>"},
	{"std::chrono::operator-<long, std::ratio<1l, 1000l>, long, std::ratio<1l, 1l> >",
		"std::chrono::operator-<long, std::ratio<1, 1000>, long, std::ratio<1>>"},
	{"std::this_thread::sleep_for<long, std::ratio<1l, 1000l> >",
		"std::this_thread::sleep_for<long, std::ratio<1, 1000>>"},
	{"std::this_thread::sleep_until<std::chrono::_V2::steady_clock, std::chrono::duration<long, "
		"std::ratio<1l, 1000000000l> > >",
		"std::this_thread::sleep_until<std::chrono::steady_clock, std::chrono::nanoseconds>"},
	{"std::condition_variable::wait_until<std::chrono::time_point<std::chrono::_V2::system_clock"
		", std::chrono::duration<long, std::ratio<1l, 1000000000l> > > >",
		"std::condition_variable::wait_until<std::chrono::time_point<std::chrono::system_clock>>"},
	{"std::__1::this_thread::sleep_for<std::__1::chrono::duration<long long, "
		"std::__1::ratio<60l, 1l> > >",
		"std::this_thread::sleep_for<std::chrono::minutes>"},
	{"f<std::chrono::duration<double, std::ratio<1l, 1000l> >, std::chrono::duration<long int, "
		"std::ratio<3600, 1> > >",
		"f<std::chrono::duration<double, std::ratio<1, 1000>>, std::chrono::hours>"},
	{"std::__get_helper<0ul, main::{lambda()#2}>", "std::__get_helper<0, main::{lambda#2}>"},
	{"std::__cxx11::basic_regex<char, std::__cxx11::regex_traits<char> >::_M_compile",
		"std::regex::_M_compile"},
	{"std::__detail::_Compiler<std::__cxx11::regex_traits<char> >::_M_expression_term<true, "
		"false>(std::pair<bool, char>&, "
		"std::__detail::_BracketMatcher<std::__cxx11::regex_traits<char>, true, "
		"false>&)::{lambda(char)#1}::operator()",
		"std::__detail::_Compiler<std::regex_traits<char>>::_M_expression_term<true, "
		"false>::{lambda#1}"},
	{"std::filesystem::__cxx11::path::_M_split_cmpts", "std::filesystem::path::_M_split_cmpts"},
	{"std::filesystem::__cxx11::directory_iterator::directory_iterator",
		"std::filesystem::directory_iterator::directory_iterator"},
	{"std::_V2::error_category::~error_category", "std::error_category::~error_category"},
	{"std::_Function_handler<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> > (int), make()::{lambda(int)#1}>::_M_invoke",
		"std::_Function_handler<std::string (int), make::{lambda#1}>::_M_invoke"},
	{"std::function<void (std::vector<int, std::allocator<int> > const&)>::operator()",
		"std::function<void (std::vector<int> const&)>::operator()"},
	{"std::__detail::__variant::_Variant_storage<false, int, std::__cxx11::basic_string<char, "
		"std::char_traits<char>, std::allocator<char> > "
		">::_M_reset()::{lambda(auto:1&&)#1}::operator()<int&>",
		"std::__detail::__variant::_Variant_storage<false, int, "
		"std::string>::_M_reset::{lambda#1}<int&>"},
	{"main::{lambda(std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> > const&, int)#1}::operator()(std::__cxx11::basic_string<char, "
		"std::char_traits<char>, std::allocator<char> > const&, int) "
		"const::{lambda()#1}::operator()",
		"main::{lambda#1}::{lambda#1}"},
	{"std::thread::_State_impl<std::thread::_Invoker<std::tuple<main::{lambda()#2}> > >::_M_run",
		"std::thread::_State_impl<std::thread::_Invoker<std::tuple<main::{lambda#2}>>>::_M_run"},
	{"run<void* (*)()>(void* (*)())::{lambda(int)#1}::operator()", "run<void* (*)()>::{lambda#1}"},
	{"main::{lambda(int)#1}::_FUN", "main::{lambda#1}::_FUN"},
	{"main::{lambda(int)#1}::operator void* (*)(int)", "main::{lambda#1}::operator void* (*)(int)"},
	{"f<int>()::{lambda<typename $T0>($T0)#2}::operator()<long>", "f<int>::{lambda#2}<long>"},
	{"mk[abi:cxx11](int)::$_0::operator()", "mk::{lambda$_0}"},
	{"std::_Function_base::_Base_manager<mk[abi:cxx11](int)::$_0>::_M_create<mk[abi:cxx11](int):"
		":$_0>",
		"std::_Function_base::_Base_manager<mk::$_0>::_M_create<mk::$_0>"},
	{"main::'lambda'(int)::operator()(int) const", "main::{lambda#1}(int) const"},
	{"main::'lambda1'()::operator()", "main::{lambda#3}"},
	{"void each<A, main()::<lambda(auto:1&)> >", "void each<A, main::{lambda}>"},
	{"main()::<lambda(int)>::operator()", "main::{lambda}"},
	{"main()::<lambda(int)>", "main::{lambda}"},
	{"ns::Tree<double>::operator std::vector<std::__cxx11::basic_string<char, "
		"std::char_traits<char>, std::allocator<char> >, "
		"std::allocator<std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> > > >",
		"ns::Tree<double>::operator std::vector<std::string>"},
	{"std::operator\"\"sv[abi:v160006]", "std::operator\"\"sv"},
	{"std::__cxx11::to_string[abi:cxx11]", "std::to_string"},
	{"ns::(anonymous namespace)::Anon::fill", "ns::(anonymous)::Anon::fill"},
	{"(anonymous namespace)::read<(anonymous namespace)::Kind>", "(anonymous)::read<(anonymous)::Kind>"},
	{"f<{anonymous}::Kind>", NULL},
	{"Foo::bar(int)::Local::f", "Foo::bar::Local::f"},
	{"Foo::bar(std::vector<int, std::allocator<int> > const&) const &::Local::f", "Foo::bar::Local::f"},
	{"decltype(x)::f", NULL},
	{"hash_table<hash_map<void const*, mem_usage_pair<bitmap_usage>, "
		"simple_hashmap_traits<default_hash_traits<void const*>, mem_usage_pair<bitmap_usage> > "
		">::hash_entry, false, xcallocator>::expand",
		"hash_table<hash_map<void const*, mem_usage_pair<bitmap_usage>, "
		"simple_hashmap_traits<default_hash_traits<void const*>, "
		"mem_usage_pair<bitmap_usage>>>::hash_entry, false, xcallocator>::expand"},
	{"llvm::SmallVectorTemplateBase<std::pair<unsigned int, std::unique_ptr<llvm::MDNode, "
		"std::default_delete<llvm::MDNode> > >, false>::grow",
		"llvm::SmallVectorTemplateBase<std::pair<unsigned int, std::unique_ptr<llvm::MDNode>>, "
		"false>::grow"},
	{"std::enable_if<((sizeof...(int))>(0)), int>::f<std::vector<int, std::allocator<int> > >",
		"std::enable_if<((sizeof...(int))>(0)), int>::f<std::vector<int>>"},
	{"fmt::v9::detail::buffer<char>::grow", "fmt::detail::buffer<char>::grow"},
	{"absl::lts_20230125::container_internal::raw_hash_set<A>::resize",
		"absl::container_internal::raw_hash_set<A>::resize"},
	{"nlohmann::json_abi_v3_11_2::basic_json<std::map, std::vector>::parse",
		"nlohmann::basic_json<std::map, std::vector>::parse"},
	{"boost::container::vector<int, boost::container::new_allocator<int> >::push_back",
		"boost::container::vector<int, boost::container::new_allocator<int>>::push_back"},
	{"operator new[]", NULL},
	{"operator delete", NULL},
	{"Foo<Bar<int> >::operator new", "Foo<Bar<int>>::operator new"},
	{"Foo<Bar<int> >::operator->", "Foo<Bar<int>>::operator->"},
	{"Foo<Bar<int> >::operator->*", "Foo<Bar<int>>::operator->*"},
	{"Foo<Bar<int> >::operator()", "Foo<Bar<int>>::operator()"},
	{"Foo<Bar<int> >::operator[]", "Foo<Bar<int>>::operator[]"},
	{"Foo<Bar<int> >::operator<=>", "Foo<Bar<int>>::operator<=>"},
	{"Foo<Bar<int> >::operator>>=", "Foo<Bar<int>>::operator>>="},
	{"<alloc::vec::Vec<u8> as core::clone::Clone>::clone", "<Vec<u8> as Clone>::clone"},
	{"<alloc::vec::Vec<T> as alloc::vec::spec_from_iter::SpecFromIter<T,I>>::from_iter",
		"<Vec<T> as SpecFromIter<T,I>>::from_iter"},
	{"<alloc::vec::Vec<T,A> as core::iter::traits::collect::FromIterator<T>>::from_iter",
		"<Vec<T,A> as FromIterator<T>>::from_iter"},
	{"<alloc::boxed::Box<dyn core::ops::function::FnMut<(), Output = core::result::Result<(), "
		"std::io::error::Error>> + core::marker::Sync + core::marker::Send> as "
		"core::ops::drop::Drop>::drop",
		"<Box<dyn FnMut<(), Output = result::Result<(), io::error::Error>> + Sync + Send> as "
		"Drop>::drop"},
	{"<alloc::vec::Vec<u8, alloc::alloc::Global>>::push", "Vec<u8>::push"},
	{"alloc::vec::Vec<T,A>::reserve", "Vec<T,A>::reserve"},
	{"alloc::raw_vec::finish_grow::<alloc::alloc::Global>", NULL},
	{"<alloc::raw_vec::RawVec<u8>>::grow_one", "RawVec<u8>::grow_one"},
	{"<std::collections::hash::map::HashMap<alloc::string::String, alloc::vec::Vec<u32>, "
		"std::hash::random::RandomState>>::insert",
		"HashMap<String, Vec<u32>>::insert"},
	{"<std::collections::hash::map::HashMap<u32, u32, ahash::RandomState>>::insert",
		"HashMap<u32, u32, ahash::RandomState>::insert"},
	{"<[u8]>::to_vec", NULL},
	{"<&mut [u8] as core::fmt::Debug>::fmt", "<&mut [u8] as Debug>::fmt"},
	{"core::ptr::drop_in_place::<alloc::vec::into_iter::IntoIter<std::ffi::os_str::OsString>>",
		"core::ptr::drop_in_place::<vec::into_iter::IntoIter<OsString>>"},
	{"<r::Sq<i32> as r::Shape>::area::{closure#0}", NULL},
	{"r::main::{{closure}}", NULL},
	{"r::main::{closure#0}::h0123456789abcdef", "r::main::{closure#0}"},
	{"mycrate[8f3a1b2c4d5e6f70]::inner::deep::build", "mycrate::inner::deep::build"},
	{"<r[17d6b1ccfd8e42c4]::Arr<17: usize>>::grow", "r::Arr<17: usize>::grow"},
	{"f::<{\"a>b\\\"<\"}, '<'>", NULL},
	{"<for<'a> fn(&'a u8) -> &'a u8 as core::clone::Clone>::clone",
		"<for<'a> fn(&'a u8) -> &'a u8 as Clone>::clone"},
	{"std::rt::lang_start_internal", NULL},
	{"std::ios_base::Init::~Init", NULL},
	{"core::math::Vector::norm", NULL},
	{"std.array.Appender!(immutable(char)[]).Appender.put", NULL},
};
#define NR_NAMES (sizeof(names) / sizeof(names[0]))

START_TEST(names_are_what_a_programmer_wrote)
{
	char *text;

	ck_assert_int_eq(hl_short_name(names[_i].full, &text), 0);
	if (names[_i].wanted)
		ck_assert_pstr_eq(text, names[_i].wanted);
	else
		ck_assert_ptr_null(text);
	free(text);
}
END_TEST

START_TEST(short_names_stay_as_they_are)
{
	char *text;

	ck_assert_int_eq(hl_short_name(names[_i].wanted ? names[_i].wanted : names[_i].full, &text), 0);
	ck_assert_ptr_null(text);
}
END_TEST

static void expect_unchanged(const char *name)
{
	char *text;

	ck_assert_int_eq(hl_short_name(name, &text), 0);
	ck_assert_ptr_null(text);
}

START_TEST(names_of_other_languages_stay)
{
	static const char *const others[] = {"main", "", "malloc", "<module>", "<lambda>", "Node.__init__",
		"<listcomp>", "runtime.mallocgc", "main.(*T).grow", "github.com/x/y.F[...]", "-[NSString initWith:]",
		"camlStdlib__List__map_236", "base_GHC.Base_++", "libz.so.1+0x2f80", "f(int, std::vector<int> const&)"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		expect_unchanged(others[i]);
}
END_TEST

START_TEST(broken_names_stay)
{
	static const char *const broken[] = {"std::__cxx11::f<", "std::__cxx11::f>", "std::__cxx11::f<(>)",
		"f[abi:cxx11]]", "f[abi:cxx11", "std::__1::f<\"", "std::__cxx11::{lambda(int#1}", ">std::__cxx11::f<"};

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		expect_unchanged(broken[i]);
}
END_TEST

/* @part again and again, @length bytes of it at most. */
static char *repeat(const char *part, size_t length)
{
	size_t n = strlen(part);
	char *text = malloc(length + 1);

	for (size_t i = 0; i < length; i++)
		text[i] = part[i % n];
	text[length] = '\0';
	return text;
}

START_TEST(hostile_names_are_bounded)
{
	static const char *const parts[] = {"<", "(", "f<", "std::__1::", "'\\", "\"", "'lambda'(", "$_0::operator()",
		"operator", "std::vector<std::vector<", "a<>::", "a()::", "> ", ", ", "[abi:x]",
		"core::fmt::D<", "<a>::", "'lambda'()::operator()::", "std::chrono::duration<long>",
		"h0123456789abcdef::", "\xff", "::"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (size_t length = 1; length <= 32768; length += length < 100 ? 1 : length) {
			char *name = repeat(parts[i], length);
			char *text, *cut;

			ck_assert_int_eq(hl_short_name(name, &text), 0);
			ck_assert(!text || strlen(text) < length);
			ck_assert_int_eq(hl_name_elide(text ? text : name, 60, &cut), 0);
			ck_assert(cut || strlen(text ? text : name) <= 60 || parts[i][0] == '\xff');
			free(cut);
			free(text);
			free(name);
		}
	}
}
END_TEST

/* Whether round, square and curly brackets stand in pairs; < and > mean too much to be counted so simply. */
static bool is_balanced(const char *text)
{
	char open[256];
	size_t depth = 0;

	for (; *text; text++) {
		const char *closing = strchr(")]}", *text);

		if (strchr("([{", *text) && depth < sizeof(open))
			open[depth++] = *text;
		else if (closing && (!depth || open[--depth] != "([{"[closing - ")]}"]))
			return false;
	}
	return depth == 0;
}

static void check_properties(const char *full)
{
	char *text;

	ck_assert_int_eq(hl_short_name(full, &text), 0);
	if (!text)
		return;
	ck_assert_uint_lt(strlen(text), strlen(full));
	ck_assert_msg(!is_balanced(full) || is_balanced(text), "%s: %s", full, text);
	free(text);
}

/* The head of one name and the tail of another: much of it is nearly a name. */
START_TEST(mixed_names_get_no_longer_and_keep_brackets_in_pairs)
{
	uint32_t seed = 12345;

	for (size_t n = 0; n < 20000; n++) {
		const char *a = names[(seed >> 8) % NR_NAMES].full;
		const char *b;
		char mixed[2048];

		seed = seed * 1664525u + 1013904223u;
		b = names[(seed >> 8) % NR_NAMES].full;
		seed = seed * 1664525u + 1013904223u;
		snprintf(mixed, sizeof(mixed), "%.*s%s", (int)((seed >> 8) % (strlen(a) + 1)), a,
			b + (seed >> 16) % (strlen(b) + 1));
		check_properties(mixed);
	}
}
END_TEST

static void expect_elided(const char *name, size_t columns, const char *wanted)
{
	char *text;

	ck_assert_int_eq(hl_name_elide(name, columns, &text), 0);
	if (wanted)
		ck_assert_pstr_eq(text, wanted);
	else
		ck_assert_ptr_null(text);
	free(text);
}

START_TEST(names_that_fit_stay)
{
	expect_elided("", 0, NULL);
	expect_elided("std::map<int, int>::insert", 26, NULL);
	expect_elided("größer", 6, NULL);
}
END_TEST

START_TEST(inner_brackets_go_first)
{
	const char *name = "std::map<std::string, std::vector<int, mine>>::insert";

	expect_elided(name, 52, "std::map<std::string, std::vector<...>>::insert");
	expect_elided(name, 46, "std::map<...>::insert");
	expect_elided(name, 20, "...::insert");
	expect_elided(name, 10, "insert");
	expect_elided("f<aaaa, g<bbbb>, h<cccccccc>>", 28, "f<aaaa, g<bbbb>, h<...>>");
	expect_elided("std::function<void (int, long, char)>::operator()", 40, "std::function<void (...)>::operator()");
}
END_TEST

START_TEST(traits_of_rust_keep_their_name)
{
	const char *name = "<Vec<(String, HashMap<u32, u32>)> as FromIterator<(String, u32)>>::from_iter";

	expect_elided(name, 60, "<Vec<(...)> as FromIterator<(String, u32)>>::from_iter");
	expect_elided(name, 44, "<Vec<...> as FromIterator<(...)>>::from_iter");
	expect_elided(name, 40, "<... as FromIterator<...>>::from_iter");
	expect_elided(name, 30, "...::from_iter");
}
END_TEST

START_TEST(a_long_last_component_keeps_both_ends)
{
	expect_elided("ns::a_function_of_c_with_a_long_name", 20, "a_functi...long_name");
	expect_elided("a_function_of_c_with_a_long_name", 1, "a_...ame");
	expect_elided("broken<name_that_is_long", 16, "broken...is_long");
}
END_TEST

START_TEST(characters_are_never_cut)
{
	expect_elided("äöüäöüäöüäöüäöü", 9, "äöü...äöü");
	expect_elided("ns::größe<äöüäöüäöüäöü>::größtmöglich", 25, "...::größtmöglich");
	expect_elided("€€€€€€€€€", 8, "€€...€€€");
}
END_TEST

START_TEST(elided_names_fit_at_any_width)
{
	for (size_t columns = 8; columns < 200; columns++) {
		char *text;

		ck_assert_int_eq(hl_name_elide(names[_i].full, columns, &text), 0);
		ck_assert_uint_le(strlen(text ? text : names[_i].full), columns);
		ck_assert_msg(!text || columns < 60 || is_balanced(text), "%s", text);
		free(text);
	}
}
END_TEST

Suite *make_suite(void);
Suite *make_suite(void)
{
	Suite *suite = suite_create("short-name");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");
	TCase *errors = tcase_create("errors");

	tcase_set_timeout(limits, 120);
	tcase_add_loop_test(core, names_are_what_a_programmer_wrote, 0, NR_NAMES);
	tcase_add_loop_test(core, short_names_stay_as_they_are, 0, NR_NAMES);
	tcase_add_test(core, names_of_other_languages_stay);
	tcase_add_test(core, inner_brackets_go_first);
	tcase_add_test(core, traits_of_rust_keep_their_name);
	tcase_add_test(core, a_long_last_component_keeps_both_ends);
	tcase_add_test(limits, names_that_fit_stay);
	tcase_add_test(limits, characters_are_never_cut);
	tcase_add_loop_test(limits, elided_names_fit_at_any_width, 0, NR_NAMES);
	tcase_add_test(limits, hostile_names_are_bounded);
	tcase_add_test(limits, mixed_names_get_no_longer_and_keep_brackets_in_pairs);
	tcase_add_test(errors, broken_names_stay);
	suite_add_tcase(suite, core);
	suite_add_tcase(suite, limits);
	suite_add_tcase(suite, errors);
	return suite;
}
