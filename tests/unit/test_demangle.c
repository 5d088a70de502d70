/* SPDX-License-Identifier: MIT */
/* Names of each language, with and without parameters, and names that are none. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "snapshot/demangle.h"

static void expect(const char *name, bool parameters, const char *wanted)
{
	char *text = hl_demangle(name, parameters);

	if (wanted)
		ck_assert_pstr_eq(text, wanted);
	else
		ck_assert_ptr_null(text);
	free(text);
}

START_TEST(cxx_names_lose_parameters_unless_wanted)
{
	expect("_ZNK2ns3boxIlE3getEi", false, "ns::box<long>::get");
	expect("_ZNK2ns3boxIlE3getEi", true, "ns::box<long>::get(int) const");
	expect("_ZN12_GLOBAL__N_16hiddenEi", false, "(anonymous namespace)::hidden");
}
END_TEST

START_TEST(function_types_among_the_arguments_keep_what_they_return)
{
	expect("_Z3runIPFPvvEES0_T_", false, "run<void* (*)()>");
	expect("_ZNSt6threadC4IRFviEJRiEvEEOT_DpOT0_", false, "std::thread::thread<void (&)(int), int&, void>");
	expect("_ZZ3runIPFPvvEES0_T_ENKUliE_clEi", false, "run<void* (*)()>(void* (*)())::{lambda(int)#1}::operator()");
	expect("_ZZ4mainENKUliE_cvPFPviEEv", false, "main::{lambda(int)#1}::operator void* (*)(int)");
}
END_TEST

START_TEST(rust_names_lose_their_hash)
{
	expect("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", false, "core::fmt::Formatter::pad");
	expect("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", true, "core::fmt::Formatter::pad");
	expect("_RNvCs1234_7mycrate3foo", false, "mycrate::foo");
}
END_TEST

START_TEST(parts_of_a_function_have_its_name)
{
	expect("_ZL4stati.cold", false, "stat");
	expect("_ZL4stati.constprop.0.isra.1", false, "stat");
	expect("scan.part.0", false, "scan");
}
END_TEST

START_TEST(plain_and_broken_names_stay)
{
	expect("main", false, NULL);
	expect("__libc_malloc", false, NULL);
	expect("_Zbroken", false, NULL);
	expect("_D", false, NULL);
	expect("", false, NULL);
}
END_TEST

START_TEST(hostile_names_are_refused)
{
	size_t length = 1 << 20;
	char *name = malloc(length + 1);

	/* a pointer to a pointer to ...: one recursion each */
	memset(name, 'P', length);
	memcpy(name, "_Z1f", 4);
	name[length] = '\0';
	expect(name, true, NULL);
	name[10000] = '\0';
	expect(name, true, NULL);
	free(name);
}
END_TEST

Suite *make_suite(void)
{
	Suite *suite = suite_create("demangle");
	TCase *core = tcase_create("core"), *limits = tcase_create("limits");

	tcase_add_test(core, cxx_names_lose_parameters_unless_wanted);
	tcase_add_test(core, function_types_among_the_arguments_keep_what_they_return);
	tcase_add_test(core, rust_names_lose_their_hash);
	tcase_add_test(core, parts_of_a_function_have_its_name);
	tcase_add_test(core, plain_and_broken_names_stay);
	suite_add_tcase(suite, core);
	tcase_add_test(limits, hostile_names_are_refused);
	suite_add_tcase(suite, limits);
	return suite;
}
