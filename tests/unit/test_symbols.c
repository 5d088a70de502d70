/* SPDX-License-Identifier: MIT */
/* Frames of programs whose source is known, and equality with addr2line where it is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "fixture-programs.h"
#include "fixture.h"

enum { MAX_FRAMES = 32 };

/* Compiles the C fixture as ./chain. */
static void make_chain(const char *flags)
{
	write_file("where.c", WHERE_SOURCE);
	write_file("chain.c", CHAIN_SOURCE);
	must_run(TEST_CC " -O2 -c -o where.o where.c");
	must_run(TEST_CC " -O2 -fno-optimize-sibling-calls %s -o chain chain.c where.o -ldl", flags);
}

static void make_cxx(const char *flags)
{
	write_file("where.c", WHERE_SOURCE);
	write_file("cxx.cc", CXX_SOURCE);
	must_run(TEST_CC " -O2 -c -o where.o where.c");
	must_run("g++ -O2 -fno-optimize-sibling-calls %s -o cxx cxx.cc where.o -ldl", flags);
}

static size_t lookup(const char *program, uint64_t address, struct hl_frame *frames, size_t max,
	struct hl_symbols **owner)
{
	struct hl_symbols *symbols = symbols_with(NULL);

	*owner = symbols;
	return hl_symbols_lookup(symbols,
		hl_symbols_module(symbols, in_fixture(program), NULL, 0), address, frames, max);
}

static void expect_frame(
	const struct hl_frame *frame, const char *function, const char *file, uint32_t line, bool inlined)
{
	ck_assert_str_eq(frame->function, function);
	if (file)
		ck_assert_str_eq(frame->file, in_fixture(file));
	else
		ck_assert_ptr_null(frame->file);
	ck_assert_uint_eq(frame->line, line);
	ck_assert_int_eq(frame->inlined, inlined);
}

/* innermost() and middle() inlined into outer(), which main() calls; and a call in main() itself. */
static void check_chain(const char *flags)
{
	struct hl_frame frames[MAX_FRAMES];
	struct hl_symbols *symbols;
	uint64_t addresses[4];

	make_chain(flags);
	ck_assert_uint_eq(run_fixture("chain", addresses, 4), 2);
	ck_assert_uint_eq(lookup("chain", addresses[0], frames, MAX_FRAMES, &symbols), 1);
	expect_frame(&frames[0], "main", "chain.c", 19, false);
	/* with -g1 clang describes only functions that others were inlined into */
	if (strcmp(flags, "-g1") != 0)
		ck_assert_int_eq(frames[0].source, HL_FRAME_DWARF);
	hl_symbols_free(symbols);
	ck_assert_uint_eq(lookup("chain", addresses[1], frames, MAX_FRAMES, &symbols), 3);
	expect_frame(&frames[0], "innermost", "chain.c", 5, true);
	expect_frame(&frames[1], "middle", "chain.c", 9, true);
	expect_frame(&frames[2], "outer", "chain.c", 13, false);
	ck_assert_str_eq(frames[2].linkage_name, "outer");
	hl_symbols_free(symbols);
}

static const char *const dwarf_flags[] = { "-g -gdwarf-4", "-g -gdwarf-5", "-g1", "-g -no-pie",
	"-g -gz=zlib", "-g -gdwarf-5 -gsplit-dwarf", "-g -gdwarf-4 -gsplit-dwarf", "-g -flto",
	"-g -ffunction-sections -Wl,--gc-sections", "-g3" };

START_TEST(inlined_calls_have_the_lines_of_their_calls)
{
	check_chain(dwarf_flags[_i]);
}
END_TEST

START_TEST(clang_without_aranges_is_understood)
{
	static const char *const flags[] = { "-gdwarf-5", "-gdwarf-4", "-gline-tables-only" };
	struct hl_frame frames[MAX_FRAMES];
	struct hl_symbols *symbols;
	uint64_t addresses[4];

	if (!have_tool("clang"))
		return;
	write_file("where.c", WHERE_SOURCE);
	write_file("chain.c", CHAIN_SOURCE);
	must_run("clang -O2 -fno-optimize-sibling-calls %s -o chain chain.c where.c -ldl", flags[_i]);
	ck_assert_uint_eq(run_fixture("chain", addresses, 4), 2);
	ck_assert_uint_eq(lookup("chain", addresses[1], frames, MAX_FRAMES, &symbols), 3);
	expect_frame(&frames[0], "innermost", "chain.c", 5, true);
	expect_frame(&frames[1], "middle", "chain.c", 9, true);
	expect_frame(&frames[2], "outer", "chain.c", 13, false);
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(long_chains_keep_the_function_that_has_the_code)
{
	struct hl_frame frames[MAX_FRAMES];
	struct hl_symbols *symbols;
	uint64_t addresses[4];

	make_chain("-g");
	run_fixture("chain", addresses, 4);
	ck_assert_uint_eq(lookup("chain", addresses[1], frames, 2, &symbols), 2);
	expect_frame(&frames[0], "innermost", "chain.c", 5, true);
	expect_frame(&frames[1], "outer", "chain.c", 13, false);
	hl_symbols_free(symbols);
	ck_assert_uint_eq(lookup("chain", addresses[1], frames, 1, &symbols), 1);
	expect_frame(&frames[0], "outer", "chain.c", 13, false);
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(relative_paths_are_joined_to_the_compiler_s_directory)
{
	struct hl_frame frames[MAX_FRAMES];
	struct hl_symbols *symbols;
	uint64_t addresses[4];

	make_chain("-g");
	must_run("mkdir -p build src && cp chain.c src && cd build && " TEST_CC
		 " -O2 -g -fno-optimize-sibling-calls -o ../chain ../src/./chain.c ../where.o -ldl");
	run_fixture("chain", addresses, 4);
	lookup("chain", addresses[0], frames, MAX_FRAMES, &symbols);
	expect_frame(&frames[0], "main", "src/chain.c", 19, false);
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(cxx_names_are_demangled_without_parameters)
{
	struct hl_frame frames[MAX_FRAMES];
	struct hl_symbols *symbols;
	uint64_t addresses[8];

	if (!have_tool("g++"))
		return;
	make_cxx("-g");
	ck_assert_uint_eq(run_fixture("cxx", addresses, 8), 3);
	ck_assert_uint_eq(lookup("cxx", addresses[0], frames, MAX_FRAMES, &symbols), 1);
	expect_frame(&frames[0], "ns::box<long>::get", "cxx.cc", 6, false);
	ck_assert_str_eq(frames[0].linkage_name, "_ZNK2ns3boxIlE3getEi");
	hl_symbols_free(symbols);
	ck_assert_uint_eq(lookup("cxx", addresses[1], frames, MAX_FRAMES, &symbols), 2);
	expect_frame(&frames[0], "ns::box<long>::twice", "cxx.cc", 7, true);
	expect_frame(&frames[1], "main", "cxx.cc", 18, false);
	hl_symbols_free(symbols);
	ck_assert_uint_eq(lookup("cxx", addresses[2], frames, MAX_FRAMES, &symbols), 1);
	expect_frame(&frames[0], "(anonymous namespace)::hidden", "cxx.cc", 12, false);
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(parameters_are_kept_on_request)
{
	struct hl_symbols_options options = { .keep_parameters = true };
	struct hl_symbols *symbols = hl_symbols_new(&options);
	struct hl_frame frames[MAX_FRAMES];
	uint64_t addresses[8];

	if (!have_tool("g++"))
		return;
	make_cxx("-g");
	run_fixture("cxx", addresses, 8);
	hl_symbols_lookup(symbols, hl_symbols_module(symbols, in_fixture("cxx"), NULL, 0),
		addresses[0], frames, MAX_FRAMES);
	ck_assert_str_eq(frames[0].function, "ns::box<long>::get(int) const");
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(without_dwarf_the_symbol_table_names_functions)
{
	struct hl_frame frames[MAX_FRAMES];
	struct hl_symbols *symbols;
	uint64_t addresses[4];

	make_chain("-g0");
	run_fixture("chain", addresses, 4);
	ck_assert_uint_eq(lookup("chain", addresses[1], frames, MAX_FRAMES, &symbols), 1);
	expect_frame(&frames[0], "outer", NULL, 0, false);
	ck_assert_int_eq(frames[0].source, HL_FRAME_SYMTAB);
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(without_anything_module_and_offset_are_left)
{
	struct hl_frame frames[MAX_FRAMES];
	struct hl_symbols *symbols;
	uint64_t addresses[4];
	char expected[64];

	make_chain("-g0");
	run_fixture("chain", addresses, 4);
	must_run("strip chain");
	ck_assert_uint_eq(lookup("chain", addresses[1], frames, MAX_FRAMES, &symbols), 1);
	snprintf(expected, sizeof(expected), "chain+0x%llx", (unsigned long long)addresses[1]);
	expect_frame(&frames[0], expected, NULL, 0, false);
	ck_assert_int_eq(frames[0].source, HL_FRAME_OFFSET);
	ck_assert_ptr_null(frames[0].linkage_name);
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(split_dwarf_without_its_dwo_file_keeps_function_and_line)
{
	struct hl_frame frames[MAX_FRAMES];
	struct hl_symbols *symbols;
	uint64_t addresses[4];

	make_chain("-g -gsplit-dwarf");
	must_run("rm -f *.dwo");
	run_fixture("chain", addresses, 4);
	ck_assert_uint_eq(lookup("chain", addresses[1], frames, MAX_FRAMES, &symbols), 1);
	expect_frame(&frames[0], "outer", "chain.c", 5, false);
	ck_assert_int_eq(frames[0].source, HL_FRAME_SYMTAB);
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(equal_strings_are_one_pointer)
{
	struct hl_symbols *symbols = symbols_with(NULL);
	struct hl_frame a[MAX_FRAMES], b[MAX_FRAMES];
	uint64_t addresses[4];
	int module;

	make_chain("-g");
	run_fixture("chain", addresses, 4);
	module = hl_symbols_module(symbols, in_fixture("chain"), NULL, 0);
	ck_assert_int_eq(hl_symbols_module(symbols, in_fixture("chain"), NULL, 0), module);
	hl_symbols_lookup(symbols, module, addresses[0], a, MAX_FRAMES);
	hl_symbols_lookup(symbols, module, addresses[1], b, MAX_FRAMES);
	ck_assert_ptr_eq(a[0].file, b[2].file);
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(a_handle_that_is_none_gives_an_offset)
{
	struct hl_symbols *symbols = symbols_with(NULL);
	struct hl_symbols_info info;
	struct hl_frame frame;

	ck_assert_uint_eq(hl_symbols_lookup(symbols, 3, 0x10, &frame, 1), 1);
	ck_assert_str_eq(frame.function, "[unknown]+0x10");
	ck_assert_uint_eq(hl_symbols_lookup(symbols, -1, 0x10, &frame, 1), 1);
	ck_assert_int_lt(hl_symbols_module_info(symbols, 0, &info), 0);
	hl_symbols_free(symbols);
}
END_TEST

/* The same lines as addr2line prints, paths in one spelling. */
static void print_like_addr2line(const char *program, const char *addresses, const char *out)
{
	struct hl_symbols *symbols = symbols_with(NULL);
	int module = hl_symbols_module(symbols, in_fixture(program), NULL, 0);
	FILE *in = fopen(addresses, "r"), *f = fopen(out, "w");
	struct hl_frame frames[MAX_FRAMES];
	unsigned long long address;

	while (fscanf(in, "%llx", &address) == 1) {
		size_t n = hl_symbols_lookup(symbols, module, address, frames, MAX_FRAMES);

		for (size_t i = 0; i < n; i++)
			fprintf(f, "%s %s:%u\n",
				frames[i].linkage_name ? frames[i].linkage_name : frames[i].function,
				frames[i].line ? frames[i].file : "??", frames[i].line);
	}
	fclose(in);
	fclose(f);
	hl_symbols_free(symbols);
}

START_TEST(all_call_sites_equal_those_of_addr2line)
{
	static const char *const flags[] = { "-gdwarf-4", "-gdwarf-5" };
	unsigned int lines = 0, differ = 0;
	FILE *f;

	if (!have_tool("addr2line") || !have_tool("objdump") || !have_tool("g++"))
		return;
	write_file("big.cc", "#include <algorithm>\n#include <map>\n#include <regex>\n"
			     "#include <string>\n#include <vector>\n"
			     "int main(int c, char **v)\n{\n"
			     "	std::map<std::string, int> m;\n	std::vector<int> z{3, 1, 2};\n"
			     "	for (int i = 0; i < c; i++)\n		m[v[i]] = i;\n"
			     "	std::regex r(\"a+b*\");\n"
			     "	std::sort(z.begin(), z.end());\n"
			     "	return std::regex_search(v[0], r) + (int)m.size() + z[0];\n}\n");
	must_run("g++ -O2 -g %s -o big big.cc", flags[_i]);
	must_run("objdump -d --no-show-raw-insn -j .text big | awk '/^ / { if (call) print $1; "
		 "call = /\\tcall/ }' | tr -d : | while read a; do "
		 "printf '%%x\\n' $((0x$a - 1)); done >addresses");
	/* crtstuff has no lines; addr2line takes its file from the symbol table */
	must_run("addr2line -ife big <addresses | sed 's/ (discriminator.*//' | paste -d ' ' - - |"
		 " sed -E 's,[^ ]*:(0|\\?)$,??:0,' >theirs");
	print_like_addr2line("big", "addresses", "ours");
	must_run("diff theirs ours | grep -c '^<' >differ; wc -l <ours >lines");
	f = fopen("differ", "r");
	ck_assert_int_eq(fscanf(f, "%u", &differ), 1);
	fclose(f);
	f = fopen("lines", "r");
	ck_assert_int_eq(fscanf(f, "%u", &lines), 1);
	fclose(f);
	ck_assert_uint_gt(lines, 3000);
	/* the cold part of a function has that function's name here, its symbol's name there */
	ck_assert_msg(differ * 500 <= lines, "%u of %u frames differ", differ, lines);
}
END_TEST

START_TEST(debuginfod_is_never_asked)
{
	struct hl_frame frames[MAX_FRAMES];
	struct hl_symbols *symbols;
	uint64_t addresses[4];

	setenv("DEBUGINFOD_URLS", "http://127.0.0.1:9/", 1);
	make_chain("-g0");
	run_fixture("chain", addresses, 4);
	must_run("strip chain");
	lookup("chain", addresses[1], frames, MAX_FRAMES, &symbols);
	hl_symbols_free(symbols);
	/* libdw loads the client library before it asks */
	ck_assert(system("! grep -q debuginfod /proc/$PPID/maps") == 0);
}
END_TEST

Suite *make_suite(void)
{
	Suite *suite = suite_create("symbols");
	TCase *core = tcase_create("core"), *limits = tcase_create("limits");

	tcase_add_checked_fixture(core, fixture_enter, fixture_leave);
	tcase_set_timeout(core, 60);
	tcase_add_loop_test(core, inlined_calls_have_the_lines_of_their_calls, 0,
		sizeof(dwarf_flags) / sizeof(dwarf_flags[0]));
	tcase_add_loop_test(core, clang_without_aranges_is_understood, 0, 3);
	tcase_add_test(core, relative_paths_are_joined_to_the_compiler_s_directory);
	tcase_add_test(core, cxx_names_are_demangled_without_parameters);
	tcase_add_test(core, parameters_are_kept_on_request);
	tcase_add_test(core, without_dwarf_the_symbol_table_names_functions);
	tcase_add_test(core, without_anything_module_and_offset_are_left);
	tcase_add_test(core, split_dwarf_without_its_dwo_file_keeps_function_and_line);
	tcase_add_test(core, equal_strings_are_one_pointer);
	tcase_add_loop_test(core, all_call_sites_equal_those_of_addr2line, 0, 2);
	tcase_add_test(core, debuginfod_is_never_asked);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(limits, fixture_enter, fixture_leave);
	tcase_add_test(limits, long_chains_keep_the_function_that_has_the_code);
	tcase_add_test(limits, a_handle_that_is_none_gives_an_offset);
	suite_add_tcase(suite, limits);
	return suite;
}
