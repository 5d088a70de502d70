/* SPDX-License-Identifier: MIT */
/* Which files are found, which are refused, and what the user is told; and damaged files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "fixture-programs.h"
#include "fixture.h"

static uint64_t call_in_outer;		/* in outer(), with two inlined frames */
static uint8_t id[64];
static size_t id_length;

static void make_program(const char *flags)
{
	uint64_t addresses[2];

	write_file("where.c", WHERE_SOURCE);
	write_file("chain.c", CHAIN_SOURCE);
	must_run(TEST_CC " -O2 -g -fno-optimize-sibling-calls -Wl,--build-id=sha1 %s "
			 "-o chain chain.c where.c -ldl", flags);
	ck_assert_uint_eq(run_fixture("chain", addresses, 2), 2);
	call_in_outer = addresses[1];
	id_length = build_id_of("chain", id);
}

static void enter(void)
{
	fixture_enter();
	make_program("");
	ck_assert_uint_eq(id_length, 20);
}

static void enter_without_id(void)
{
	fixture_enter();
	make_program("-Wl,--build-id=none");
	ck_assert_uint_eq(id_length, 0);
}

/* Asks for the status, and whether the chain of inlined calls is known. */
static struct hl_symbols_info ask(struct hl_symbols *symbols, const char *path, bool expect_chain)
{
	int module = hl_symbols_module(symbols, path, id, id_length);
	struct hl_frame frames[8];
	struct hl_symbols_info info;
	size_t n;

	ck_assert_int_ge(module, 0);
	n = hl_symbols_lookup(symbols, module, call_in_outer, frames, 8);
	ck_assert_int_eq(hl_symbols_module_info(symbols, module, &info), 0);
	ck_assert_uint_eq(n, expect_chain ? 3 : 1);
	if (expect_chain) {
		ck_assert_str_eq(frames[0].function, "innermost");
		ck_assert_str_eq(frames[2].function, "outer");
		ck_assert_uint_eq(frames[2].line, 13);
	}
	return info;
}

static void expect_status(const char *path, enum hl_symbols_status status, const char *text)
{
	struct hl_symbols *symbols = symbols_with(NULL);
	struct hl_symbols_info info = ask(symbols, path, status == HL_SYMBOLS_DWARF);

	ck_assert_int_eq(info.status, status);
	if (text)
		ck_assert_msg(info.text && strstr(info.text, text), "text: %s", info.text);
	else
		ck_assert_msg(!info.text, "text: %s", info.text);
	hl_symbols_free(symbols);
}

/* Expects the chain, and that it came from @debug_file. */
static void expect_debug_file(const char *debug_dir, const char *debug_file)
{
	struct hl_symbols *symbols = symbols_with(debug_dir);
	struct hl_symbols_info info = ask(symbols, in_fixture("chain"), true);

	ck_assert_int_eq(info.status, HL_SYMBOLS_DWARF);
	ck_assert_str_eq(info.debug_file, in_fixture(debug_file));
	hl_symbols_free(symbols);
}

static void split_off(const char *debug_file)
{
	must_run("objcopy --only-keep-debug chain %s && strip chain && "
		 "objcopy --add-gnu-debuglink=%s chain", debug_file, debug_file);
}

START_TEST(recorded_build_id_verifies_the_file)
{
	struct hl_symbols *symbols = symbols_with(NULL);
	struct hl_symbols_info info = ask(symbols, in_fixture("chain"), true);

	ck_assert(info.verified);
	ck_assert_ptr_null(info.text);
	ck_assert_str_eq(info.debug_file, in_fixture("chain"));
	hl_symbols_free(symbols);
}
END_TEST

static struct hl_symbols *symbols_in(const char *sysroot)
{
	struct hl_symbols_options options = { .sysroot = sysroot };
	struct hl_symbols *symbols = hl_symbols_new(&options);

	ck_assert_ptr_nonnull(symbols);
	return symbols;
}

/* Expects that the program at a path that is nowhere else is found in the root, and its debug file there. */
static void expect_in_root(const char *path, const char *file, const char *debug_file)
{
	struct hl_symbols *symbols = symbols_in(in_fixture("root"));
	struct hl_symbols_info info = ask(symbols, path, true);

	ck_assert_int_eq(info.status, HL_SYMBOLS_DWARF);
	ck_assert(info.verified);
	ck_assert_str_eq(info.file, in_fixture(file));
	ck_assert_str_eq(info.debug_file, in_fixture(debug_file));
	ck_assert_ptr_null(info.text);
	hl_symbols_free(symbols);
}

START_TEST(programs_and_debug_files_are_found_in_a_sysroot)
{
	char path[256], rest[2 * 64];

	must_run("mkdir -p root/opt/real && mv chain root/opt/real && ln -s real root/opt/x");
	expect_in_root("/opt/x/chain", "root/opt/x/chain", "root/opt/x/chain");
	/* by .gnu_debuglink, beside it */
	must_run("cd root/opt/real && objcopy --only-keep-debug chain chain.debug && strip chain && "
		 "objcopy --add-gnu-debuglink=chain.debug chain");
	expect_in_root("/opt/x/chain", "root/opt/x/chain", "root/opt/x/chain.debug");
	/* by build-id, in the root's own folder */
	snprintf(path, sizeof(path), "root/usr/lib/debug/.build-id/%02x", id[0]);
	for (size_t i = 1; i < id_length; i++)
		sprintf(rest + 2 * (i - 1), "%02x", id[i]);
	must_run("mkdir -p %s && mv root/opt/real/chain.debug %s/%s.debug", path, path, rest);
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%s.debug", rest);
	expect_in_root("/opt/x/chain", "root/opt/x/chain", path);
}
END_TEST

START_TEST(the_sysroot_comes_first_and_only_with_its_build_id)
{
	struct hl_symbols *symbols;
	struct hl_symbols_info info;
	char *path = strdup(in_fixture("chain"));

	must_run("mkdir -p root/$(pwd) && cp chain root/$(pwd)");
	symbols = symbols_in("root");
	info = ask(symbols, path, true);
	ck_assert_msg(strncmp(info.file, "root/", 5) == 0, "file: %s", info.file);
	hl_symbols_free(symbols);
	must_run("cd root/$(pwd) && objcopy --remove-section=.note.gnu.build-id chain");
	symbols = symbols_in("root");
	info = ask(symbols, path, true);
	ck_assert_str_eq(info.file, path);
	hl_symbols_free(symbols);
	free(path);
}
END_TEST

START_TEST(a_sysroot_that_is_none_is_refused)
{
	struct hl_symbols_options options = { .sysroot = "nowhere" };

	ck_assert_ptr_null(hl_symbols_new(&options));
	ck_assert_int_eq(errno, ENOENT);
	options.sysroot = "chain.c";
	ck_assert_ptr_null(hl_symbols_new(&options));
	ck_assert_int_eq(errno, ENOTDIR);
}
END_TEST

/* What debuginfod's client keeps is BUILD-ID/debuginfo and BUILD-ID/executable. */
START_TEST(files_that_debuginfod_fetched_before_are_found)
{
	struct { const char *variable, *value, *folder; } homes[] = {
		{ "DEBUGINFOD_CACHE_PATH", "cache", "cache" },
		{ "XDG_CACHE_HOME", "cache", "cache/debuginfod_client" },
		{ "HOME", "home", "home/.cache/debuginfod_client" },
		{ "HOME", "home", "home/.debuginfod_client_cache" },
	};
	char hex[2 * 64 + 1];
	struct hl_symbols *symbols;
	struct hl_symbols_info info;

	for (size_t i = 0; i < id_length; i++)
		sprintf(hex + 2 * i, "%02x", id[i]);
	unsetenv("DEBUGINFOD_CACHE_PATH");
	unsetenv("XDG_CACHE_HOME");
	setenv(homes[_i].variable, in_fixture(homes[_i].value), 1);
	must_run("mkdir -p %s/%s && objcopy --only-keep-debug chain %s/%s/debuginfo && strip chain", homes[_i].folder,
		hex, homes[_i].folder, hex);
	symbols = symbols_with(NULL);
	info = ask(symbols, in_fixture("chain"), true);
	ck_assert_ptr_nonnull(strstr(info.debug_file, homes[_i].folder));
	hl_symbols_free(symbols);
	/* another build is not used; an empty file says that nobody has it */
	must_run("objcopy --remove-section=.note.gnu.build-id %s/%s/debuginfo", homes[_i].folder, hex);
	symbols = symbols_with(NULL);
	ask(symbols, in_fixture("chain"), false);
	hl_symbols_free(symbols);
	must_run(": >%s/%s/debuginfo && mv chain %s/%s/executable", homes[_i].folder, hex, homes[_i].folder, hex);
	symbols = symbols_with(NULL);
	info = ask(symbols, in_fixture("chain"), false);
	ck_assert_ptr_nonnull(strstr(info.file, "/executable"));
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(without_a_recorded_build_id_the_user_is_told)
{
	id_length = 0;
	expect_status(in_fixture("chain"), HL_SYMBOLS_DWARF, "no build-id was recorded");
}
END_TEST

START_TEST(changed_file_is_refused_and_said)
{
	id[3] ^= 1;
	expect_status(in_fixture("chain"), HL_SYMBOLS_CHANGED, "has changed since");
	id[3] ^= 1;
	must_run("objcopy --remove-section=.note.gnu.build-id chain");
	expect_status(in_fixture("chain"), HL_SYMBOLS_CHANGED, "build-id none");
}
END_TEST

START_TEST(deleted_file_is_used_only_if_its_build_id_agrees)
{
	char path[300];

	snprintf(path, sizeof(path), "%s (deleted)", in_fixture("chain"));
	expect_status(path, HL_SYMBOLS_DWARF, NULL);
	id_length = 0;
	expect_status(path, HL_SYMBOLS_CHANGED, "has changed");
	must_run("rm chain");
	expect_status(path, HL_SYMBOLS_MISSING, "No such file");
}
END_TEST

START_TEST(what_never_was_a_file_is_named)
{
	struct hl_symbols *symbols = symbols_with(NULL);
	struct hl_symbols_info info;
	struct hl_frame frame;
	int module = hl_symbols_module(symbols, "[vdso]", NULL, 0);

	ck_assert_uint_eq(hl_symbols_lookup(symbols, module, 0x6a0, &frame, 1), 1);
	ck_assert_str_eq(frame.function, "[vdso]+0x6a0");
	hl_symbols_module_info(symbols, module, &info);
	ck_assert_int_eq(info.status, HL_SYMBOLS_VIRTUAL);
	ck_assert_ptr_nonnull(info.text);
	module = hl_symbols_module(symbols, "", NULL, 0);
	hl_symbols_lookup(symbols, module, 0x10, &frame, 1);
	ck_assert_str_eq(frame.function, "[unknown]+0x10");
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(debuglink_is_followed_beside_the_file_and_below_debug)
{
	split_off("chain.debug");
	expect_debug_file(NULL, "chain.debug");
	must_run("mkdir .debug && mv chain.debug .debug");
	expect_debug_file(NULL, ".debug/chain.debug");
}
END_TEST

START_TEST(debuglink_is_followed_in_extra_directories)
{
	char dir[300], file[600];

	split_off("chain.debug");
	strcpy(dir, in_fixture("extra"));
	snprintf(file, sizeof(file), "extra%s", in_fixture("chain.debug"));
	must_run("mkdir -p extra$PWD && mv chain.debug extra$PWD");
	expect_debug_file(dir, file);
}
END_TEST

START_TEST(debug_file_is_found_by_build_id)
{
	char path[300];

	must_run("mkdir -p extra/.build-id/%02x", id[0]);
	snprintf(path, sizeof(path), "extra/.build-id/%02x/", id[0]);
	for (size_t i = 1; i < id_length; i++)
		sprintf(path + strlen(path), "%02x", id[i]);
	strcat(path, ".debug");
	must_run("objcopy --only-keep-debug chain %s && strip chain", path);
	{
		char dir[300];

		strcpy(dir, in_fixture("extra"));
		expect_debug_file(dir, path);
		/* the debug file proves itself: the program need not be there any more */
		must_run("rm chain");
		expect_debug_file(dir, path);
	}
}
END_TEST

START_TEST(debug_file_of_another_build_is_refused)
{
	split_off("chain.debug");
	must_run(TEST_CC " -O0 -g -Wl,--build-id=sha1 -o chain.debug chain.c where.c -ldl");
	expect_status(in_fixture("chain"), HL_SYMBOLS_STRIPPED, "belongs to another build");
}
END_TEST

START_TEST(debuglink_without_build_id_is_checked_by_sum)
{
	split_off("chain.debug");
	expect_debug_file(NULL, "chain.debug");
	must_run("printf x >>chain.debug");
	expect_status(in_fixture("chain"), HL_SYMBOLS_STRIPPED, "belongs to another build");
}
END_TEST

START_TEST(dwarf_in_an_unknown_compression_is_said)
{
	if (!run("objcopy --compress-debug-sections=zstd chain chain.zstd && "
		 "mv chain.zstd chain && ! readelf -t chain | grep -A3 debug_info | grep -q ZLIB")) {
		fprintf(stderr, "SKIPPED: objcopy cannot compress with zstd\n");
		return;
	}
	{
		struct hl_symbols *symbols = symbols_with(NULL);
		int module = hl_symbols_module(symbols, in_fixture("chain"), id, id_length);
		struct hl_symbols_info info;
		struct hl_frame frames[8];

		hl_symbols_module_info(symbols, module, &info);
		hl_symbols_lookup(symbols, module, call_in_outer, frames, 8);
		/* a newer libdw can read it: then the chain must be there */
		if (info.status != HL_SYMBOLS_DWARF) {
			ck_assert_int_eq(info.status, HL_SYMBOLS_SYMTAB);
			ck_assert(info.dwarf_unreadable);
			ck_assert_ptr_nonnull(strstr(info.text, "cannot be read"));
			ck_assert_str_eq(frames[0].function, "outer");
		} else {
			ck_assert_str_eq(frames[0].function, "innermost");
		}
		hl_symbols_free(symbols);
	}
}
END_TEST

/* dwz moves what two files share into a third one. */
static bool make_dwz(void)
{
	if (!have_tool("dwz"))
		return false;
	/* DWARF 4: dwz does not know all that clang writes as DWARF 5 */
	must_run(TEST_CC " -O2 -gdwarf-4 -fno-optimize-sibling-calls -Wl,--build-id=sha1 "
			 "-o chain chain.c where.c -ldl && "
			 "sed 's/argc - argc/argc - argc + 0/' chain.c >second.c && " TEST_CC
			 " -O2 -gdwarf-4 -o second second.c where.c -ldl");
	id_length = build_id_of("chain", id);
	if (run("dwz -m common.debug -M $PWD/common.debug chain second") &&
		access("common.debug", R_OK) == 0)
		return true;
	fprintf(stderr, "SKIPPED: dwz found nothing in common\n");
	return false;
}

START_TEST(names_in_a_file_shared_by_dwz_are_found)
{
	struct hl_symbols *symbols;
	struct hl_symbols_info info;

	if (!make_dwz())
		return;
	symbols = symbols_with(NULL);
	info = ask(symbols, in_fixture("chain"), true);
	ck_assert(!info.alt_missing);
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(missing_dwz_file_is_said_and_lines_stay)
{
	struct hl_symbols *symbols;
	struct hl_symbols_info info;
	struct hl_frame frames[8];
	size_t n;
	int module;

	if (!make_dwz())
		return;
	must_run("rm common.debug");
	symbols = symbols_with(NULL);
	module = hl_symbols_module(symbols, in_fixture("chain"), id, id_length);
	n = hl_symbols_lookup(symbols, module, call_in_outer, frames, 8);
	hl_symbols_module_info(symbols, module, &info);
	ck_assert(info.alt_missing);
	ck_assert_ptr_nonnull(strstr(info.text, "dwz"));
	ck_assert_uint_eq(frames[0].line, 5);
	ck_assert_str_eq(frames[n - 1].function, "outer");
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(mini_debuginfo_names_static_functions)
{
	struct hl_symbols *symbols;
	struct hl_symbols_info info;

	if (!have_tool("xz"))
		return;
	must_run("objcopy --only-keep-debug chain mini && strip -g mini && xz mini && strip chain "
		 "&& objcopy --add-section .gnu_debugdata=mini.xz chain");
	symbols = symbols_with(NULL);
	info = ask(symbols, in_fixture("chain"), false);
	ck_assert_int_eq(info.status, HL_SYMBOLS_SYMTAB);
	{
		struct hl_frame frame;

		hl_symbols_lookup(symbols, 0, call_in_outer, &frame, 1);
		ck_assert_str_eq(frame.function, "outer");
	}
	hl_symbols_free(symbols);
}
END_TEST

START_TEST(files_that_are_no_elf_are_unreadable)
{
	write_file("text", "not an ELF file\n");
	write_file("empty", "");
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	must_run("head -c 40 chain >header");
	expect_status(in_fixture("text"), HL_SYMBOLS_UNREADABLE, "not an ELF file");
	expect_status(in_fixture("empty"), HL_SYMBOLS_UNREADABLE, "not an ELF file");
	expect_status(in_fixture("header"), HL_SYMBOLS_UNREADABLE, "not an ELF file");
	expect_status(in_fixture("fifo"), HL_SYMBOLS_UNREADABLE, "not an ELF file");
	expect_status(in_fixture("."), HL_SYMBOLS_UNREADABLE, "not an ELF file");
	expect_status(in_fixture("none"), HL_SYMBOLS_MISSING, "No such file");
}
END_TEST

static char *read_all(const char *path, size_t *size)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *bytes;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fstat(fileno(f), &st), 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size);
	ck_assert_uint_eq(fread(bytes, 1, *size, f), *size);
	fclose(f);
	return bytes;
}

/* Looks up addresses all over the file; only survival is asked for. */
static void look_everywhere(const char *bytes, size_t size)
{
	struct hl_symbols *symbols = symbols_with(NULL);
	FILE *f = fopen("damaged", "w");
	int module = hl_symbols_module(symbols, in_fixture("damaged"), NULL, 0);
	struct hl_frame frames[8];

	ck_assert_uint_eq(fwrite(bytes, 1, size, f), size);
	fclose(f);
	for (uint64_t address = 0; address < 0x5000; address += 61) {
		size_t n = hl_symbols_lookup(symbols, module, address, frames, 8);

		ck_assert_uint_ge(n, 1);
		ck_assert_uint_le(n, 8);
		for (size_t i = 0; i < n; i++)
			ck_assert_ptr_nonnull(frames[i].function);
	}
	hl_symbols_free(symbols);
}

START_TEST(truncated_files_are_survived)
{
	size_t size;
	char *bytes = read_all("chain", &size);

	for (size_t i = 0; i < 200; i++)
		look_everywhere(bytes, size * i / 200);
	free(bytes);
}
END_TEST

START_TEST(flipped_bits_are_survived)
{
	size_t size;
	char *bytes = read_all("chain", &size);
	unsigned int seed = 1000u * (unsigned int)_i + 1;

	for (int i = 0; i < 300; i++) {
		size_t at[16];

		for (int k = 0; k < 16; k++) {
			/* the sections that are read lie behind the code and data */
			at[k] = size / 3 + (size_t)rand_r(&seed) % (size - size / 3);
			bytes[at[k]] ^= (char)(1 << (k % 8));
		}
		look_everywhere(bytes, size);
		for (int k = 15; k >= 0; k--)
			bytes[at[k]] ^= (char)(1 << (k % 8));
	}
	free(bytes);
}
END_TEST

/* 40 nested blocks, each of which names its own first child as its sibling: 2^40 ways through. */
START_TEST(sibling_links_into_the_own_subtree_end)
{
	struct hl_symbols *symbols = symbols_with(NULL);
	struct hl_symbols_info info;

	write_file("loop.s", "	.text\n	.globl main\n	.type main, @function\n"
		"main:	ret\n	.size main, 1\n.Ltext_end:\n"
		"	.section .note.GNU-stack,\"\",@progbits\n"
		"	.section .debug_abbrev,\"\",@progbits\n.Labbrev:\n"
		"	.byte 1, 0x11, 1, 0x11, 1, 0x12, 7, 0, 0\n"	/* unit: low_pc, high_pc */
		"	.byte 2, 0x0b, 1, 1, 0x13, 0, 0, 0\n"		/* block: sibling */
		"	.section .debug_info,\"\",@progbits\n.Linfo:\n"
		"	.long .Lend - .Lstart\n.Lstart:\n	.value 4\n	.long 0\n"
		"	.byte 8, 1\n	.quad main, .Ltext_end - main\n"
		"	.rept 40\n	.byte 2\n	.long . + 4 - .Linfo\n	.endr\n"
		"	.byte 0x55\n.Lend:\n");			/* no such abbreviation */
	must_run(TEST_CC " -nostartfiles -static -Wl,-e,main -o loop loop.s");
	id_length = 0;
	call_in_outer = 0x401000;
	info = ask(symbols, in_fixture("loop"), false);
	ck_assert_int_eq(info.status, HL_SYMBOLS_DWARF);
	hl_symbols_free(symbols);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name, void (*setup)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, fixture_leave);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	return tc;
}

Suite *make_suite(void)
{
	Suite *suite = suite_create("elf-module");
	TCase *core = add_case(suite, "core", enter);
	TCase *no_id = add_case(suite, "no build-id", enter_without_id);
	TCase *errors = add_case(suite, "errors", enter);

	tcase_add_test(core, recorded_build_id_verifies_the_file);
	tcase_add_test(core, without_a_recorded_build_id_the_user_is_told);
	tcase_add_test(core, programs_and_debug_files_are_found_in_a_sysroot);
	tcase_add_test(core, the_sysroot_comes_first_and_only_with_its_build_id);
	tcase_add_test(core, a_sysroot_that_is_none_is_refused);
	tcase_add_loop_test(core, files_that_debuginfod_fetched_before_are_found, 0, 4);
	tcase_add_test(core, debuglink_is_followed_beside_the_file_and_below_debug);
	tcase_add_test(core, debuglink_is_followed_in_extra_directories);
	tcase_add_test(core, debug_file_is_found_by_build_id);
	tcase_add_test(core, names_in_a_file_shared_by_dwz_are_found);
	tcase_add_test(core, mini_debuginfo_names_static_functions);
	tcase_add_test(core, what_never_was_a_file_is_named);
	tcase_add_test(no_id, debuglink_without_build_id_is_checked_by_sum);
	tcase_add_test(errors, changed_file_is_refused_and_said);
	tcase_add_test(errors, deleted_file_is_used_only_if_its_build_id_agrees);
	tcase_add_test(errors, debug_file_of_another_build_is_refused);
	tcase_add_test(errors, dwarf_in_an_unknown_compression_is_said);
	tcase_add_test(errors, missing_dwz_file_is_said_and_lines_stay);
	tcase_add_test(errors, files_that_are_no_elf_are_unreadable);
	tcase_add_test(errors, sibling_links_into_the_own_subtree_end);
	tcase_add_test(errors, truncated_files_are_survived);
	tcase_add_loop_test(errors, flipped_bits_are_survived, 0, 4);
	return suite;
}
