/* SPDX-License-Identifier: MIT */
/* Origins: the presets, what the user adds, and what is refused. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/origins.h"

static const struct hl_resolve_options defaults;

static struct hl_origins *make(const struct hl_resolve_options *options)
{
	struct hl_origins *o;
	char *problem = NULL;
	int rc = hl_origins_new(options, &o, &problem);

	ck_assert_msg(rc == 0, "%s", problem);
	return o;
}

static enum hl_role role(const struct hl_resolve_options *options, enum hl_origin_part part, const char *text)
{
	struct hl_origins *o = make(options);
	enum hl_role is = hl_origins_role(o, part, text);

	hl_origins_free(o);
	return is;
}

static const char *const allocators[] = {
	"malloc", "operator new", "operator new[]", "_Znwm", "strdup", "xmalloc", "g_malloc0",
	"g_slice_alloc", "PyMem_RawMalloc", "_PyMem_RawMalloc", "PyObject_Malloc", "l_alloc",
	"luaM_realloc_", "sqlite3Malloc", "sqlite3_malloc64", "xmlMallocAtomicLoc",
	"alloc::alloc::alloc", "alloc::raw_vec::finish_grow", "__rust_alloc",
	"std::allocator<int>::allocate",
	"std::allocator_traits<std::allocator<char> >::allocate",
	"__gnu_cxx::new_allocator<std::pair<int, int> >::allocate",
	"std::__new_allocator<int>::allocate",
	"std::_Vector_base<int, std::allocator<int> >::_M_allocate",
	"zmalloc_usable", "zcalloc_num", "ngx_palloc_large", "palloc0", "MemoryContextAllocZero",
	"xrealloc.part.0", "sqlite3Malloc.isra.0", "xmalloc.constprop.1",
	"<my::Counting as core::alloc::global::GlobalAlloc>::alloc",
};

START_TEST(allocators_are_known)
{
	ck_assert_msg(role(&defaults, HL_ORIGIN_FUNCTION, allocators[_i]) >= HL_ROLE_ALLOCATOR, "%s", allocators[_i]);
}
END_TEST

static const char *const nobodys[] = {
	"", "main", "mallocs", "my_malloc", "xmalloc2", "operator<<", "operator new_thing",
	"parse_node", "std::vector<int>::push_back", "alloc::vec::push", "sqlite3_exec",
	"PyList_New", ".L1", "lua_newtable", "allocate", "pallocs", "ngx_create_pool",
	"exit", "clone", "start_thread", "call_init", "runtime.c", "g_main_loop_run",
};

/* Whatever is called so in a file of the user's. */
START_TEST(functions_of_programs_are_nobodys)
{
	ck_assert_msg(role(&defaults, HL_ORIGIN_FUNCTION, nobodys[_i]) == HL_ROLE_OTHER, "%s", nobodys[_i]);
}
END_TEST

static const struct {
	enum hl_origin_part part;
	const char *text;
	enum hl_role role;
} cases[] = {
	{HL_ORIGIN_NAMESPACE, "std::vector<int>::push_back", HL_ROLE_LIBRARY},
	{HL_ORIGIN_NAMESPACE, "std::__1::vector<int>::push_back", HL_ROLE_LIBRARY},
	{HL_ORIGIN_NAMESPACE, "alloc::vec::Vec<T>::push", HL_ROLE_LIBRARY},
	{HL_ORIGIN_NAMESPACE, "<alloc::vec::Vec<T> as core::iter::traits::collect::FromIterator<T>>::from_iter",
		HL_ROLE_LIBRARY},
	{HL_ORIGIN_NAMESPACE, "<mine::Tree as core::fmt::Display>::fmt", HL_ROLE_LIBRARY},
	{HL_ORIGIN_FUNCTION, "__rustc::__rust_alloc", HL_ROLE_HEAP},
	{HL_ORIGIN_FUNCTION, "operator new", HL_ROLE_HEAP},
	{HL_ORIGIN_NAMESPACE, "standard::f", HL_ROLE_OTHER},
	{HL_ORIGIN_NAMESPACE, "exit", HL_ROLE_START},
	{HL_ORIGIN_NAMESPACE, "runtime.asmcgocall", HL_ROLE_LIBRARY},
	{HL_ORIGIN_FUNCTION, "main._Cfunc_keep", HL_ROLE_LIBRARY},
	{HL_ORIGIN_FUNCTION, "_start", HL_ROLE_START},
	{HL_ORIGIN_FILE, "/usr/include/c++/12/bits/stl_vector.h", HL_ROLE_LIBRARY},
	{HL_ORIGIN_FILE, "/usr/include/x86_64-linux-gnu/c++/12/bits/c++config.h", HL_ROLE_LIBRARY},
	{HL_ORIGIN_FILE, "/usr/lib/llvm-14/bin/../include/c++/v1/vector", HL_ROLE_LIBRARY},
	{HL_ORIGIN_FILE, "/usr/include/x86_64-linux-gnu/bits/string_fortified.h", HL_ROLE_LIBRARY},
	{HL_ORIGIN_FILE, "/rustc/90c541806f23a127002d/library/alloc/src/vec/mod.rs", HL_ROLE_LIBRARY},
	{HL_ORIGIN_FILE, "/usr/src/rustc-1.63.0/library/std/src/rt.rs", HL_ROLE_LIBRARY},
	{HL_ORIGIN_FILE, "/usr/src/rustc-1.63.0/library/alloc/src/alloc.rs", HL_ROLE_ALLOCATOR},
	{HL_ORIGIN_FILE, "/home/u/.rustup/toolchains/stable/lib/rustlib/src/rust/library/core/src/iter/mod.rs",
		HL_ROLE_LIBRARY},
	{HL_ORIGIN_FILE, "/home/u/app/src/main.cpp", HL_ROLE_OTHER},
	{HL_ORIGIN_FILE, "/home/u/app/include/cache.h", HL_ROLE_OTHER},
	{HL_ORIGIN_FILE, "/home/u/app/src/runtime/value.c", HL_ROLE_OTHER},
	{HL_ORIGIN_FILE, "/home/u/app/library/core/src/list.c", HL_ROLE_OTHER},
	{HL_ORIGIN_FILE, "/usr/lib/go-1.19/src/runtime/cgocall.go", HL_ROLE_LIBRARY},
	{HL_ORIGIN_FILE, "/home/u/.cargo/registry/src/github.com-1ecc6299db9ec823/serde-1.0/src/lib.rs", HL_ROLE_OTHER},
	{HL_ORIGIN_OBJECT, "/lib/x86_64-linux-gnu/libc.so.6", HL_ROLE_LIBRARY},
	{HL_ORIGIN_OBJECT, "/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30", HL_ROLE_LIBRARY},
	{HL_ORIGIN_OBJECT, "/lib64/ld-linux-x86-64.so.2", HL_ROLE_LIBRARY},
	{HL_ORIGIN_OBJECT, "/usr/lib/x86_64-linux-gnu/libcurl.so.4", HL_ROLE_OTHER},
	{HL_ORIGIN_OBJECT, "/usr/lib/x86_64-linux-gnu/libglib-2.0.so.0", HL_ROLE_OTHER},
	{HL_ORIGIN_OBJECT, "/srv/app/libc.so.6/libmine.so", HL_ROLE_OTHER},
};

START_TEST(the_default_presets_know_the_standard_libraries)
{
	enum hl_role is = role(&defaults, cases[_i].part, cases[_i].text);

	ck_assert_msg(is == cases[_i].role, "%s is %s", cases[_i].text, hl_role_names[is]);
}
END_TEST

START_TEST(a_list_of_presets_replaces_or_changes_the_default)
{
	const char *glib = "/usr/lib/x86_64-linux-gnu/libglib-2.0.so.0";
	const char *libc = "/lib/x86_64-linux-gnu/libc.so.6";
	const struct hl_resolve_options only = {.origins = "glib"};
	const struct hl_resolve_options both = {.origins = "std,glib"};
	const struct hl_resolve_options more = {.origins = "+glib"};
	const struct hl_resolve_options less = {.origins = "-std"};
	const struct hl_resolve_options none = {.origins = "none"};
	const struct hl_resolve_options nothing = {.origins = "none,-heap"};
	char *problem;

	ck_assert_int_eq(role(&only, HL_ORIGIN_OBJECT, glib), HL_ROLE_LIBRARY);
	ck_assert_int_eq(role(&only, HL_ORIGIN_OBJECT, libc), HL_ROLE_OTHER);
	ck_assert_int_eq(role(&both, HL_ORIGIN_OBJECT, glib), HL_ROLE_LIBRARY);
	ck_assert_int_eq(role(&both, HL_ORIGIN_OBJECT, libc), HL_ROLE_LIBRARY);
	ck_assert_int_eq(role(&more, HL_ORIGIN_OBJECT, glib), HL_ROLE_LIBRARY);
	ck_assert_int_eq(role(&more, HL_ORIGIN_OBJECT, libc), HL_ROLE_LIBRARY);
	ck_assert_int_eq(role(&less, HL_ORIGIN_OBJECT, libc), HL_ROLE_OTHER);
	ck_assert_int_eq(role(&none, HL_ORIGIN_OBJECT, libc), HL_ROLE_OTHER);
	/* Allocators go only by name. */
	ck_assert_int_eq(role(&none, HL_ORIGIN_FUNCTION, "malloc"), HL_ROLE_HEAP);
	ck_assert_int_eq(role(&only, HL_ORIGIN_FUNCTION, "malloc"), HL_ROLE_HEAP);
	ck_assert_int_eq(role(&nothing, HL_ORIGIN_FUNCTION, "malloc"), HL_ROLE_OTHER);
	problem = hl_resolve_options_problem(&nothing);
	ck_assert_ptr_null(problem);
}
END_TEST

START_TEST(what_the_user_says_is_passed_over)
{
	const char *const pass[] = {"pool_?et", "file:third_party/", "object:libfoo.so*", "file:gen_*.c",
		"function:*::operator()", NULL};
	const char *const wrappers[] = {"my_*", "operator new[]", "f[0-9]", NULL};
	const struct hl_resolve_options o = {.pass = pass, .wrappers = wrappers};

	ck_assert_int_eq(role(&o, HL_ORIGIN_FUNCTION, "pool_get"), HL_ROLE_LIBRARY);
	ck_assert_int_eq(role(&o, HL_ORIGIN_FUNCTION, "pool_reset"), HL_ROLE_OTHER);
	ck_assert_int_eq(role(&o, HL_ORIGIN_FUNCTION, "main::{lambda()#1}::operator()"), HL_ROLE_LIBRARY);
	ck_assert_int_eq(role(&o, HL_ORIGIN_FILE, "/src/third_party/x/y.c"), HL_ROLE_LIBRARY);
	ck_assert_int_eq(role(&o, HL_ORIGIN_FILE, "/src/not_third_party/x.c"), HL_ROLE_OTHER);
	ck_assert_int_eq(role(&o, HL_ORIGIN_FILE, "/src/gen_parser.c"), HL_ROLE_LIBRARY);
	ck_assert_int_eq(role(&o, HL_ORIGIN_FILE, "/gen_x.c/parser.c"), HL_ROLE_OTHER);
	ck_assert_int_eq(role(&o, HL_ORIGIN_OBJECT, "/opt/libfoo.so.3"), HL_ROLE_LIBRARY);
	ck_assert_int_eq(role(&o, HL_ORIGIN_OBJECT, "libfoo.so"), HL_ROLE_LIBRARY);
	ck_assert_int_eq(role(&o, HL_ORIGIN_FUNCTION, "my_alloc"), HL_ROLE_ALLOCATOR);
	ck_assert_int_eq(role(&o, HL_ORIGIN_FUNCTION, "f7"), HL_ROLE_ALLOCATOR);
	ck_assert_int_eq(role(&o, HL_ORIGIN_FUNCTION, "my"), HL_ROLE_OTHER);
}
END_TEST

START_TEST(ones_own_are_sources_and_objects)
{
	const char *const own[] = {"src/mine", "/opt/app/", "libmine.so", NULL};
	const struct hl_resolve_options o = {.own = own};
	struct hl_origins *origins = make(&o);

	ck_assert(hl_origins_has_own(origins));
	hl_origins_free(origins);
	ck_assert_int_eq(role(&o, HL_ORIGIN_FILE, "/home/u/src/mine/a.c"), HL_ROLE_OWN);
	ck_assert_int_eq(role(&o, HL_ORIGIN_FILE, "/home/u/src/mine.c"), HL_ROLE_OTHER);
	ck_assert_int_eq(role(&o, HL_ORIGIN_OBJECT, "/opt/app/bin/server"), HL_ROLE_OWN);
	ck_assert_int_eq(role(&o, HL_ORIGIN_OBJECT, "/usr/lib/libmine.so"), HL_ROLE_OWN);
	ck_assert_int_eq(role(&o, HL_ORIGIN_OBJECT, "/usr/lib/libmine.so.1"), HL_ROLE_OTHER);
}
END_TEST

START_TEST(presets_of_a_text_are_added)
{
	const struct hl_resolve_options o = {
		.origins_text = "# mine\n[corp library default]\n\tfile: */corp/*\r\n[slab allocator default]\n"
			"function: slab_get\n[rest]\nobject: librest.so\n[std]\nobject: libmore.so",
	};
	struct hl_resolve_options more = o;

	more.origins = "+rest";
	ck_assert_int_eq(role(&o, HL_ORIGIN_FILE, "/x/corp/a.c"), HL_ROLE_LIBRARY);
	ck_assert_int_eq(role(&o, HL_ORIGIN_FUNCTION, "slab_get"), HL_ROLE_ALLOCATOR);
	ck_assert_int_eq(role(&o, HL_ORIGIN_OBJECT, "librest.so"), HL_ROLE_OTHER);
	ck_assert_int_eq(role(&more, HL_ORIGIN_OBJECT, "librest.so"), HL_ROLE_LIBRARY);
}
END_TEST

static const struct {
	const char *text;
	const char *problem;
} refused[] = {
	{"object: x", "mine:1: a pattern before the first [NAME]"},
	{"[a]\n\nlibc.so", "mine:3: a line begins with function:, namespace:, file:, object:, # or ["},
	{"[a]\nfile:", "mine:2: an empty pattern"},
	{"[a", "mine:1: a preset begins with [NAME], [NAME ROLE] or [NAME ROLE default]"},
	{"[]", "mine:1: a preset begins with [NAME], [NAME ROLE] or [NAME ROLE default]"},
	{"[a library always]", "mine:1: a preset begins with [NAME], [NAME ROLE] or [NAME ROLE default]"},
	{"[a other]", "mine:1: the role of a preset is library, allocator, heap or start"},
	{"[a own]", "mine:1: the role of a preset is library, allocator, heap or start"},
};

START_TEST(a_text_that_is_none_is_refused)
{
	const struct hl_resolve_options o = {.origins_text = refused[_i].text, .origins_name = "mine"};
	char *problem = hl_resolve_options_problem(&o);

	ck_assert_ptr_nonnull(problem);
	ck_assert_str_eq(problem, refused[_i].problem);
	free(problem);
}
END_TEST

START_TEST(what_is_no_preset_or_pattern_is_refused)
{
	const char *const slash[] = {"src/x.c", NULL};
	const char *const empty[] = {"file:", NULL};
	const struct hl_resolve_options unknown = {.origins = "std,qtt"};
	const struct hl_resolve_options path = {.pass = slash};
	const struct hl_resolve_options nothing = {.pass = empty};
	struct hl_resolver *resolver;
	char *problem = hl_resolve_options_problem(&unknown);

	ck_assert_str_eq(problem, "'qtt' is none of the origins; there are: allocators heap start std boost qt glib "
			"absl folly crates");
	free(problem);
	problem = hl_resolve_options_problem(&path);
	ck_assert_str_eq(problem, "'src/x.c' has a '/': say file:src/x.c or object:src/x.c");
	free(problem);
	problem = hl_resolve_options_problem(&nothing);
	ck_assert_str_eq(problem, "'file:': an empty pattern");
	free(problem);
	ck_assert_int_eq(hl_resolver_new(&unknown, &resolver), -EINVAL);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("origins");
	TCase *core = tcase_create("core");

	tcase_add_loop_test(core, allocators_are_known, 0, sizeof(allocators) / sizeof(*allocators));
	tcase_add_loop_test(core, functions_of_programs_are_nobodys, 0, sizeof(nobodys) / sizeof(*nobodys));
	tcase_add_loop_test(core, the_default_presets_know_the_standard_libraries, 0, sizeof(cases) / sizeof(*cases));
	tcase_add_test(core, a_list_of_presets_replaces_or_changes_the_default);
	tcase_add_test(core, what_the_user_says_is_passed_over);
	tcase_add_test(core, ones_own_are_sources_and_objects);
	tcase_add_test(core, presets_of_a_text_are_added);
	tcase_add_loop_test(core, a_text_that_is_none_is_refused, 0, sizeof(refused) / sizeof(*refused));
	tcase_add_test(core, what_is_no_preset_or_pattern_is_refused);
	suite_add_tcase(suite, core);
	return suite;
}
