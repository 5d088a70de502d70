/* SPDX-License-Identifier: MIT */
/*
 * Symbol tables.  Sizes are taken seriously: an address behind the end of a sized symbol belongs to
 * nobody, rather than to the last exported function before a stripped one.  Symbols of size 0
 * (assembler) reach to the next symbol or to the end of their section.
 */
#include "symtab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdwfl.h>
#include <gelf.h>

#include "elf-sections.h"

/* Addresses and sections of one file while its table is read. */
struct reader {
	struct hl_symtab *table;
	struct hl_strings *strings;
	uint64_t low, high;		/* executable segments */
};

void hl_symtab_release(struct hl_symtab *table)
{
	free(table->symbols);
	memset(table, 0, sizeof(*table));
}

/* Functions before labels, sized before unsized, exported before weak before local names. */
static uint32_t rank_symbol(const GElf_Sym *symbol, const char *name)
{
	static const uint8_t bindings[] = { [STB_LOCAL] = 0, [STB_GLOBAL] = 2, [STB_WEAK] = 1 };
	unsigned int binding = GELF_ST_BIND(symbol->st_info);
	uint32_t rank = binding < sizeof(bindings) ? bindings[binding] : 2;

	if (GELF_ST_TYPE(symbol->st_info) != STT_NOTYPE)
		rank += 16;
	if (symbol->st_size)
		rank += 8;
	/* of malloc, __malloc and __libc_malloc the plain one says most to a user */
	return rank * 2 + (name[0] != '_');
}

static bool is_code(const struct reader *reader, const GElf_Sym *symbol)
{
	unsigned int type = GELF_ST_TYPE(symbol->st_info);

	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
		return false;
	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS)
		return false;
	return symbol->st_value >= reader->low && symbol->st_value < reader->high;
}

static int add_symbol(struct reader *reader, const GElf_Sym *symbol, const char *name)
{
	struct hl_symtab *table = reader->table;
	const char *version;
	struct hl_symbol *s;

	if (!name || !*name || !is_code(reader, symbol))
		return 0;
	if (table->nr_symbols == table->room) {
		size_t room = table->room ? table->room * 2 : 1024;

		s = realloc(table->symbols, room * sizeof(*s));
		if (!s)
			return -ENOMEM;
		table->symbols = s;
		table->room = room;
	}
	version = strchrnul(name, '@');
	s = &table->symbols[table->nr_symbols];
	s->name = hl_strings_add(reader->strings, name, (size_t)(version - name));
	if (!s->name)
		return -ENOMEM;
	s->address = symbol->st_value;
	s->end = symbol->st_size < reader->high - s->address ? s->address + symbol->st_size
							     : reader->high;
	s->rank = rank_symbol(symbol, name);
	table->nr_symbols++;
	return 0;
}

static int read_section(struct reader *reader, Elf *elf, Elf_Scn *section)
{
	GElf_Shdr header;
	Elf_Data *data;
	size_t count;

	if (!section || !gelf_getshdr(section, &header) || !header.sh_entsize)
		return 0;
	if (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM)
		return 0;
	data = elf_getdata(section, NULL);
	if (!data)
		return 0;
	count = data->d_size / gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Sym symbol;
		int err;

		if (!gelf_getsym(data, (int)i, &symbol))
			break;
		err = add_symbol(reader, &symbol, elf_strptr(elf, header.sh_link, symbol.st_name));
		if (err)
			return err;
	}
	return 0;
}

static int no_debuginfo(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
	const char *file, const char *link, GElf_Word crc, char **found)
{
	(void)module, (void)user, (void)name, (void)base;
	(void)file, (void)link, (void)crc, (void)found;
	return -1;
}

static int read_dwfl_symbols(struct reader *reader, Dwfl_Module *module)
{
	int count = dwfl_module_getsymtab(module);

	for (int i = 1; i < count; i++) {
		GElf_Sym symbol;
		GElf_Addr address;
		const char *name =
			dwfl_module_getsym_info(module, i, &symbol, &address, NULL, NULL, NULL);
		int err;

		if (!name)
			continue;
		symbol.st_value = address;
		err = add_symbol(reader, &symbol, name);
		if (err)
			return err;
	}
	return 0;
}

/* An xz-compressed ELF file in a section: libdwfl knows how to unpack it. */
static int read_mini_debuginfo(struct reader *reader, const char *path)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = no_debuginfo,
		.section_address = dwfl_offline_section_address,
	};
	Dwfl *dwfl = dwfl_begin(&callbacks);
	Dwfl_Module *module;
	int err = 0;

	if (!dwfl)
		return 0;
	dwfl_report_begin(dwfl);
	module = dwfl_report_elf(dwfl, path, path, -1, 0, false);
	dwfl_report_end(dwfl, NULL, NULL);
	if (module)
		err = read_dwfl_symbols(reader, module);
	dwfl_end(dwfl);
	return err;
}

static int by_address(const void *a, const void *b)
{
	const struct hl_symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* A symbol without size may not reach over the end of its section. */
static uint64_t section_end(Elf *elf, uint64_t address, uint64_t high)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_ALLOC))
			continue;
		if (address >= header.sh_addr && address - header.sh_addr < header.sh_size)
			return header.sh_addr + header.sh_size;
	}
	return high;
}

static void sort_symbols(struct hl_symtab *table)
{
	struct hl_symbol *s = table->symbols;
	size_t n = 0;

	if (!table->nr_symbols)
		return;
	qsort(s, table->nr_symbols, sizeof(*s), by_address);
	for (size_t i = 0; i < table->nr_symbols; i++) {
		if (n == 0 || s[i].address != s[n - 1].address)
			s[n++] = s[i];
	}
	table->nr_symbols = n;
}

/* A label inside a sized function names nothing; one outside reaches to the next symbol. */
static void find_ends(struct hl_symtab *table, Elf *elf, uint64_t high)
{
	struct hl_symbol *s = table->symbols;
	uint64_t reach = 0;

	for (size_t i = 0; i < table->nr_symbols; i++) {
		if (s[i].end == s[i].address && reach <= s[i].address) {
			uint64_t limit = section_end(elf, s[i].address, high);
			uint64_t next = i + 1 < table->nr_symbols ? s[i + 1].address : limit;

			s[i].end = next < limit ? next : limit;
		}
		if (s[i].end > reach)
			reach = s[i].end;
		s[i].reach = reach;
	}
}

static int read_file(struct reader *reader, const struct hl_elf_file *file)
{
	int err;

	if (!file->elf)
		return 0;
	err = read_section(reader, file->elf, hl_elf_find_section(file->elf, ".symtab"));
	if (err)
		return err;
	return read_section(reader, file->elf, hl_elf_find_section(file->elf, ".dynsym"));
}

int hl_symtab_load(
	struct hl_symtab *table, const struct hl_elf_module *module, struct hl_strings *strings)
{
	const struct hl_elf_file *any = module->main.elf ? &module->main : &module->debug;
	struct reader reader = { .table = table, .strings = strings };
	int err;

	memset(table, 0, sizeof(*table));
	if (!any->elf || !hl_elf_text_range(any->elf, &reader.low, &reader.high))
		return 0;
	err = read_file(&reader, &module->main);
	if (!err)
		err = read_file(&reader, &module->debug);
	if (!err && module->main.elf && !hl_elf_has_section(module->main.elf, ".symtab") &&
		hl_elf_has_section(module->main.elf, ".gnu_debugdata"))
		err = read_mini_debuginfo(&reader, module->main.path);
	sort_symbols(table);
	find_ends(table, any->elf, reader.high);
	return err;
}

/*
 * Symbols may nest (a local label in a sized function).  reach says how far back one can be that
 * still covers the address; the bound is for damaged tables where every symbol covers everything.
 */
const struct hl_symbol *hl_symtab_find(const struct hl_symtab *table, uint64_t address)
{
	size_t low = 0, high = table->nr_symbols;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low, tries = 64; i > 0 && tries > 0; i--, tries--) {
		const struct hl_symbol *s = &table->symbols[i - 1];

		if (s->reach <= address)
			return NULL;
		if (address < s->end)
			return s;
	}
	return NULL;
}
