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

/* The frames of an address, innermost first. */
static void expect_chain(uint64_t address, const char *const *functions, const uint32_t *lines, size_t nr)
{
	struct hl_frame frames[MAX_FRAMES];
	struct hl_symbols *symbols;

	ck_assert_uint_eq(lookup("local", address, frames, MAX_FRAMES, &symbols), nr);
	for (size_t i = 0; i < nr; i++) {
		ck_assert_str_eq(frames[i].function, functions[i]);
		ck_assert_uint_eq(frames[i].function_line, lines[i]);
	}
	hl_symbols_free(symbols);
}

START_TEST(local_functions_are_named_with_what_is_around_them)
{
	static const char *const names[] = {"f::{lambda#1}::operator()", "f::{lambda#2}::operator()", "f", "main"};
	static const uint32_t lines[] = {7, 8, 5, 13};
	uint64_t addresses[8];

	if (!have_tool("g++"))
		return;
	write_file("where.c", WHERE_SOURCE);
	write_file("local.cc", LOCAL_SOURCE);
	must_run(TEST_CC " -O2 -c -o where.o where.c");
	must_run("g++ -O2 -g -fno-optimize-sibling-calls -o local local.cc where.o -ldl");
	ck_assert_uint_eq(run_fixture("local", addresses, 8), 5);
	expect_chain(addresses[0], names, lines, 4);
	expect_chain(addresses[1], names + 1, lines + 1, 3);
	expect_chain(addresses[2], (const char *const[]){"f::local::g", "f", "main"}, (uint32_t[]){9, 5, 13}, 3);
	expect_chain(addresses[3], (const char *const[]){"main::{lambda#1}::operator()", "main"},
		(uint32_t[]){15, 13}, 2);
	expect_chain(addresses[4], (const char *const[]){"ns::(anonymous namespace)::helper", "main"},
		(uint32_t[]){3, 13}, 2);
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
	struct hl_symbols_info info;
	struct hl_frame frames[MAX_FRAMES];
	struct hl_symbols *symbols;
	uint64_t addresses[4];

	make_chain("-g -gsplit-dwarf");
	must_run("rm -f *.dwo");
	run_fixture("chain", addresses, 4);
	ck_assert_uint_eq(lookup("chain", addresses[1], frames, MAX_FRAMES, &symbols), 1);
	expect_frame(&frames[0], "outer", "chain.c", 5, false);
	ck_assert_int_eq(frames[0].source, HL_FRAME_SYMTAB);
	ck_assert_int_eq(hl_symbols_module_info(symbols, 0, &info), 0);
	ck_assert(info.split_missing);
	ck_assert_ptr_nonnull(strstr(info.text, "chain.dwo"));
	hl_symbols_free(symbols);
}
END_TEST

static void expect_chain_of(uint64_t address, size_t nr)
{
	struct hl_frame frames[MAX_FRAMES];
	struct hl_symbols *symbols;

	ck_assert_uint_eq(lookup("chain", address, frames, MAX_FRAMES, &symbols), nr);
	expect_frame(&frames[nr - 1], "outer", "chain.c", nr == 3 ? 13 : 5, false);
	if (nr == 3) {
		expect_frame(&frames[0], "innermost", "chain.c", 5, true);
		expect_frame(&frames[1], "middle", "chain.c", 9, true);
	}
	hl_symbols_free(symbols);
}

/* The form of GNU, of two units; beside the program, behind a link, and below a folder of debug files. */
START_TEST(units_of_a_package_are_found_by_their_id)
{
	uint64_t addresses[4];

	if (!have_tool("dwp"))
		return;
	make_chain("-g -gdwarf-4 -gsplit-dwarf");
	run_fixture("chain", addresses, 4);
	must_run("timeout 20 dwp -e chain -o chain.dwp && rm *.dwo");
	expect_chain_of(addresses[1], 3);
	must_run("mkdir real && mv chain chain.dwp real && ln -s real/chain chain");
	expect_chain_of(addresses[1], 3);
	/* the ids of others, and no ids */
	must_run("objcopy --dump-section .debug_cu_index=index real/chain.dwp && cp real/chain.dwp whole && "
		 "tr '\\001-\\377' '\\002-\\377\\001' <index >other && "
		 "objcopy --update-section .debug_cu_index=other real/chain.dwp");
	expect_chain_of(addresses[1], 1);
	must_run("cp whole real/chain.dwp && rm real/chain.dwp && mkfifo real/chain.dwp");
	expect_chain_of(addresses[1], 1);
}
END_TEST

/* Header, one id, its row, and five columns: their numbers, offsets and sizes. */
#define INDEX_WORDS (4 + 2 + 1 + 3 * 5)

static void put32(FILE *file, uint32_t value)
{
	ck_assert_uint_eq(fwrite(&value, 4, 1, file), 1);
}

/*
 * No tool here makes packages of DWARF 5 of gcc's units: a .dwo file of one unit is one with an index.
 * @damage: number of the word of the index that is all ones instead; -1: none.
 */
static void make_index(uint64_t id, const unsigned long sizes[5], int damage)
{
	static const uint32_t numbers[] = { 1, 3, 4, 6, 8 };	/* INFO, ABBREV, LINE, STR_OFFSETS, RNGLISTS */
	uint32_t words[INDEX_WORDS] = { 5, 5, 1, 1, (uint32_t)id, (uint32_t)(id >> 32), 1 };
	FILE *file = fopen("index", "w");

	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < 5; i++) {
		words[7 + i] = numbers[i];
		words[17 + i] = (uint32_t)sizes[i];
	}
	if (damage >= 0)
		words[damage] = UINT32_MAX;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		put32(file, words[i]);
	fclose(file);
	must_run("objcopy --remove-section=.debug_cu_index dwo chain.dwp && "
		 "objcopy --add-section .debug_cu_index=index dwo chain.dwp");
}

static unsigned long number_of(const char *command)
{
	FILE *pipe = popen(command, "r");
	unsigned long number = 0;

	ck_assert_ptr_nonnull(pipe);
	ck_assert_int_eq(fscanf(pipe, "%lx", &number), 1);
	pclose(pipe);
	return number;
}

START_TEST(packages_of_dwarf_5_are_read_and_damaged_ones_refused)
{
	static const char *const names[] = { "info", "abbrev", "line", "str_offsets", "rnglists" };
	uint64_t addresses[4];
	unsigned long sizes[5];
	char command[200];
	uint64_t id;

	make_chain("-g -gdwarf-5 -gsplit-dwarf");
	run_fixture("chain", addresses, 4);
	must_run("mv *chain.dwo dwo && rm -f *.dwo");
	for (int i = 0; i < 5; i++) {
		snprintf(command, sizeof(command), "readelf -SW dwo | sed -n 's/.*\\.debug_%s\\.dwo *[A-Z]* *[0-9a-f]* "
			"[0-9a-f]* \\([0-9a-f]*\\).*/\\1/p'", names[i]);
		sizes[i] = number_of(command);
	}
	id = number_of("readelf --debug-dump=info dwo 2>/dev/null | sed -n 's/.*DWO ID: *0x\\([0-9a-f]*\\).*/\\1/p'");
	make_index(id, sizes, -1);
	expect_chain_of(addresses[1], 3);
	for (int damage = 0; damage < INDEX_WORDS; damage++) {
		make_index(id, sizes, damage);
		/* names of files need not matter to the functions, and without names of its own (10) it is read, too */
		if (damage != 9 && damage != 10 && damage != 14 && damage != 19)
			expect_chain_of(addresses[1], 1);
	}
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
	TCase *core = tcase_create("core"), *split = tcase_create("split"), *limits = tcase_create("limits");

	tcase_add_checked_fixture(core, fixture_enter, fixture_leave);
	tcase_set_timeout(core, 60);
	tcase_add_loop_test(core, inlined_calls_have_the_lines_of_their_calls, 0,
		sizeof(dwarf_flags) / sizeof(dwarf_flags[0]));
	tcase_add_loop_test(core, clang_without_aranges_is_understood, 0, 3);
	tcase_add_test(core, relative_paths_are_joined_to_the_compiler_s_directory);
	tcase_add_test(core, cxx_names_are_demangled_without_parameters);
	tcase_add_test(core, local_functions_are_named_with_what_is_around_them);
	tcase_add_test(core, parameters_are_kept_on_request);
	tcase_add_test(core, without_dwarf_the_symbol_table_names_functions);
	tcase_add_test(core, without_anything_module_and_offset_are_left);
	tcase_add_test(core, equal_strings_are_one_pointer);
	tcase_add_loop_test(core, all_call_sites_equal_those_of_addr2line, 0, 2);
	tcase_add_test(core, debuginfod_is_never_asked);
	tcase_add_checked_fixture(split, fixture_enter, fixture_leave);
	tcase_set_timeout(split, 120);
	tcase_add_test(split, split_dwarf_without_its_dwo_file_keeps_function_and_line);
	tcase_add_test(split, units_of_a_package_are_found_by_their_id);
	tcase_add_test(split, packages_of_dwarf_5_are_read_and_damaged_ones_refused);
	suite_add_tcase(suite, split);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(limits, fixture_enter, fixture_leave);
	tcase_add_test(limits, long_chains_keep_the_function_that_has_the_code);
	tcase_add_test(limits, a_handle_that_is_none_gives_an_offset);
	suite_add_tcase(suite, limits);
	return suite;
}
