/* SPDX-License-Identifier: MIT */
/* Compressed debug sections against what libelf makes of them; damaged ones. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <gelf.h>

#include "fixture-programs.h"
#include "fixture.h"
#include "snapshot/elf-inflate.h"
#include "snapshot/elf-sections.h"

static Elf *elf;
static int fd = -1;

static void open_elf(void)
{
	elf_version(EV_CURRENT);
	fd = open("chain.o", O_RDWR);
	ck_assert_int_ge(fd, 0);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	ck_assert_ptr_nonnull(elf);
}

static void close_elf(void)
{
	elf_end(elf);
	close(fd);
}

static void compile(const char *flags)
{
	write_file("chain.c", CHAIN_SOURCE "void where(void) {}\n");
	must_run("%s -O2 -fPIC -shared -g %s -o chain.o chain.c", TEST_CC, flags);
	open_elf();
}

static Elf_Data *contents(Elf *of, const char *name)
{
	Elf_Scn *section = hl_elf_find_section(of, name);

	return section ? elf_rawdata(section, NULL) : NULL;
}

/* Where the compressed contents of .debug_info lie in the file. */
static off_t info_offset(void)
{
	GElf_Shdr header;

	ck_assert_ptr_nonnull(gelf_getshdr(hl_elf_find_section(elf, ".debug_info"), &header));
	ck_assert(header.sh_flags & SHF_COMPRESSED);
	return (off_t)header.sh_offset;
}

START_TEST(sections_are_what_libelf_makes_of_them)
{
	static const char *const names[] = { ".debug_info", ".debug_abbrev", ".debug_line",
		".debug_str", ".debug_line_str", ".debug_aranges" };
	struct hl_elf_inflated made = { .elf = NULL };
	int nr_compressed = 0;

	compile(_i ? "-gz=zlib -gdwarf-4" : "-gz=zlib -gdwarf-5");
	ck_assert(hl_elf_inflate(elf, &made));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		Elf_Scn *section = hl_elf_find_section(elf, names[i]);
		Elf_Data *theirs, *ours = contents(made.elf, names[i]);
		GElf_Shdr header;

		ck_assert_int_eq(section != NULL, ours != NULL);
		if (!section)
			continue;
		ck_assert_ptr_nonnull(gelf_getshdr(section, &header));
		if (header.sh_flags & SHF_COMPRESSED) {
			nr_compressed++;
			ck_assert_int_ge(elf_compress(section, 0, 0), 0);
		}
		theirs = elf_rawdata(section, NULL);
		ck_assert_uint_eq(ours->d_size, theirs->d_size);
		ck_assert_mem_eq(ours->d_buf, theirs->d_buf, theirs->d_size);
	}
	ck_assert_int_gt(nr_compressed, 1);
	/* not read, not there */
	ck_assert_ptr_null(contents(made.elf, ".text"));
	ck_assert_ptr_null(contents(made.elf, ".debug_loclists"));
	hl_elf_inflated_release(&made);
	ck_assert_ptr_null(made.elf);
	close_elf();
}
END_TEST

#ifdef HAVE_LIBZSTD
/* libelf 0.188 does not know this kind: the same file without compression says what is right. */
static bool compile_zstd(void)
{
	compile("-gz=none");
	if (run("objcopy --compress-debug-sections=zstd chain.o z.o 2>/dev/null && readelf -t z.o | grep -q ZSTD"))
		return true;
	fprintf(stderr, "SKIPPED: objcopy cannot compress with zstd\n");
	close_elf();
	return false;
}

START_TEST(sections_of_zstandard_are_what_they_were_before)
{
	static const char *const names[] = { ".debug_info", ".debug_abbrev", ".debug_line", ".debug_str" };
	struct hl_elf_inflated made = { .elf = NULL };
	int z;
	Elf *compressed;

	if (!compile_zstd())
		return;
	z = open("z.o", O_RDONLY);
	compressed = elf_begin(z, ELF_C_READ, NULL);
	ck_assert(hl_elf_inflate(compressed, &made));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		Elf_Data *plain = contents(elf, names[i]), *ours = contents(made.elf, names[i]);

		ck_assert_ptr_nonnull(ours);
		ck_assert_uint_eq(ours->d_size, plain->d_size);
		ck_assert_mem_eq(ours->d_buf, plain->d_buf, plain->d_size);
	}
	hl_elf_inflated_release(&made);
	elf_end(compressed);
	close(z);
	close_elf();
}
END_TEST

START_TEST(damaged_sections_of_zstandard_are_refused)
{
	struct { off_t offset; uint64_t value; } damages[] = {
		{ offsetof(Elf64_Chdr, ch_size), UINT64_MAX },
		{ offsetof(Elf64_Chdr, ch_size), 1ull << 34 },
		{ offsetof(Elf64_Chdr, ch_size), 1 },
		{ sizeof(Elf64_Chdr), UINT64_MAX },
		{ sizeof(Elf64_Chdr) + 20, UINT64_MAX },
	};
	struct hl_elf_inflated made = { .elf = NULL };
	off_t at;

	if (!compile_zstd())
		return;
	close_elf();
	must_run("mv z.o chain.o");
	open_elf();
	at = info_offset() + damages[_i].offset;
	ck_assert_int_eq(pwrite(fd, &damages[_i].value, 8, at), 8);
	close_elf();
	open_elf();
	ck_assert(!hl_elf_inflate(elf, &made));
	ck_assert_ptr_null(made.elf);
	close_elf();
}
END_TEST
#endif

START_TEST(what_is_not_compressed_is_left_alone)
{
	struct hl_elf_inflated made = { .elf = NULL };

	compile("-gz=none");
	ck_assert(!hl_elf_inflate(elf, &made));
	ck_assert_ptr_null(made.elf);
	hl_elf_inflated_release(&made);
	close_elf();
}
END_TEST

/* A name behind the strings is one of them, and nothing else has moved. */
START_TEST(skeletons_are_copied_with_room_for_a_name)
{
	struct hl_elf_inflated made = { .elf = NULL };
	Elf_Data *strings, *info;

	compile(_i ? "-gz=zlib -gsplit-dwarf" : "-gz=none -gsplit-dwarf");
	ck_assert(hl_elf_copy_skeletons(elf, &made));
	strings = contents(made.elf, ".debug_str");
	info = contents(made.elf, ".debug_info");
	ck_assert_ptr_nonnull(strings);
	ck_assert_ptr_nonnull(info);
	ck_assert_ptr_nonnull(contents(made.elf, ".debug_addr"));
	ck_assert_ptr_eq((char *)strings->d_buf + made.tail_offset, made.tail);
	ck_assert_uint_eq(made.tail_offset + HL_INFLATED_TAIL, strings->d_size);
	ck_assert_int_eq(made.tail[-1], 0);
	ck_assert((char *)info->d_buf >= (char *)made.image && (char *)info->d_buf < (char *)made.image + made.bytes);
	hl_elf_inflated_release(&made);
	close_elf();
}
END_TEST

/* In turn: the size, the kind of compression, the contents. */
START_TEST(damaged_sections_are_refused)
{
	struct hl_elf_inflated made = { .elf = NULL };
	struct { off_t offset; uint64_t value; size_t bytes; } damages[] = {
		{ offsetof(Elf64_Chdr, ch_size), UINT64_MAX, 8 },
		{ offsetof(Elf64_Chdr, ch_size), 1ull << 40, 8 },
		{ offsetof(Elf64_Chdr, ch_size), 1, 8 },
		{ offsetof(Elf64_Chdr, ch_size), 100000, 8 },
		{ offsetof(Elf64_Chdr, ch_type), 77, 4 },
		{ sizeof(Elf64_Chdr), UINT64_MAX, 8 },
		{ sizeof(Elf64_Chdr) + 20, UINT64_MAX, 8 },
	};
	off_t at;

	compile("-gz=zlib");
	at = info_offset() + damages[_i].offset;
	ck_assert_int_eq(pwrite(fd, &damages[_i].value, damages[_i].bytes, at),
		(ssize_t)damages[_i].bytes);
	close_elf();
	open_elf();
	ck_assert(!hl_elf_inflate(elf, &made));
	ck_assert_ptr_null(made.elf);
	close_elf();
}
END_TEST

Suite *make_suite(void)
{
	Suite *suite = suite_create("elf-inflate");
	TCase *core = tcase_create("core"), *errors = tcase_create("errors");

	tcase_add_checked_fixture(core, fixture_enter, fixture_leave);
	tcase_add_loop_test(core, sections_are_what_libelf_makes_of_them, 0, 2);
	tcase_add_test(core, what_is_not_compressed_is_left_alone);
	tcase_add_loop_test(core, skeletons_are_copied_with_room_for_a_name, 0, 2);
#ifdef HAVE_LIBZSTD
	tcase_add_test(core, sections_of_zstandard_are_what_they_were_before);
	tcase_add_loop_test(errors, damaged_sections_of_zstandard_are_refused, 0, 5);
#endif
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(errors, fixture_enter, fixture_leave);
	tcase_add_loop_test(errors, damaged_sections_are_refused, 0, 7);
	suite_add_tcase(suite, errors);
	return suite;
}
