/* SPDX-License-Identifier: MIT */
/*
 * The symboliser: its modules, and frames from what debugging information and symbol tables say.
 * A module is opened by the first question about it, and stays open.
 */
#include "symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debuginfod.h"
#include "demangle.h"
#include "dwarf-index.h"
#include "elf-module.h"
#include "elf-returned.h"
#include "elf-sections.h"
#include "named-file.h"
#include "sym-strings.h"
#include "symtab.h"

struct module {
	const char *path;		/* as recorded, interned */
	const char *name;		/* for "module+0xoffset" */
	struct hl_build_id id;		/* as recorded */
	bool is_open;
	bool has_dwarf;
	struct hl_elf_module elf;
	struct hl_symtab symtab;
	struct hl_dwarf_index dwarf;
	struct hl_symbols_info info;
};

struct hl_symbols {
	struct hl_strings strings;
	struct hl_elf_places places;
	struct hl_named_folders *folders; /* borrowed; NULL: nobody wants to know */
	bool keep_parameters;
	struct module **modules;	/* pointers: a module stays where it is */
	size_t nr_modules;
	size_t module_room;
};

struct hl_symbols *hl_symbols_new(const struct hl_symbols_options *options)
{
	struct hl_symbols *symbols = calloc(1, sizeof(*symbols));
	int rc;

	if (!symbols)
		return NULL;
	symbols->keep_parameters = options && options->keep_parameters;
	symbols->folders = options ? options->folders : NULL;
	rc = hl_elf_places_add_dirs(&symbols->places, options ? options->debug_dirs : NULL,
		options ? options->nr_debug_dirs : 0);
	if (!rc && options && options->sysroot)
		rc = hl_elf_places_set_sysroot(&symbols->places, options->sysroot);
	if (!rc && options && options->debuginfod) {
		symbols->places.servers = hl_debuginfod_new();
		rc = symbols->places.servers ? 0 : -ENOMEM;
	}
	if (rc) {
		hl_symbols_free(symbols);
		errno = -rc;
		return NULL;
	}
	return symbols;
}

void hl_symbols_free(struct hl_symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->nr_modules; i++) {
		struct module *module = symbols->modules[i];

		hl_dwarf_index_release(&module->dwarf);
		hl_symtab_release(&module->symtab);
		hl_elf_module_release(&module->elf);
		free(module);
	}
	free(symbols->modules);
	hl_elf_places_release(&symbols->places);
	hl_strings_release(&symbols->strings);
	free(symbols);
}

int hl_symbols_add_process(struct hl_symbols *symbols, int process, int pid)
{
	return hl_elf_places_add_process(&symbols->places, process, pid);
}

void hl_symbols_set_fetch_progress(struct hl_symbols *symbols,
	void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg)
{
	if (symbols->places.servers)
		hl_debuginfod_set_progress(symbols->places.servers, progress, arg);
}

int hl_symbols_fetch_error(const struct hl_symbols *symbols)
{
	return symbols->places.servers ? hl_debuginfod_error(symbols->places.servers) : 0;
}

static const char *intern(struct hl_symbols *symbols, const char *text)
{
	return hl_strings_add(&symbols->strings, text, strlen(text));
}

static int find_module(const struct hl_symbols *symbols, const char *path,
	const uint8_t *build_id, size_t length)
{
	for (size_t i = 0; i < symbols->nr_modules; i++) {
		const struct module *m = symbols->modules[i];

		/* paths are interned: the same text is the same pointer */
		if (m->path == path && m->id.length == length &&
			(length == 0 || memcmp(m->id.bytes, build_id, length) == 0))
			return (int)i;
	}
	return -ENOENT;
}

static int grow_modules(struct hl_symbols *symbols)
{
	size_t room = symbols->module_room ? symbols->module_room * 2 : 32;
	struct module **modules;

	if (symbols->nr_modules < symbols->module_room)
		return 0;
	modules = realloc(symbols->modules, room * sizeof(struct module *));
	if (!modules)
		return -ENOMEM;
	symbols->modules = modules;
	symbols->module_room = room;
	return 0;
}

int hl_symbols_module(
	struct hl_symbols *symbols, const char *path, const uint8_t *build_id, size_t length)
{
	const char *name = intern(symbols, path);
	struct module *module;
	const char *slash;
	int handle;

	if (length > HL_SYMBOLS_BUILD_ID_MAX)
		return -EINVAL;
	if (!name || grow_modules(symbols) < 0)
		return -ENOMEM;
	handle = find_module(symbols, name, build_id, length);
	if (handle >= 0)
		return handle;
	module = calloc(1, sizeof(*module));
	if (!module)
		return -ENOMEM;
	module->path = name;
	slash = strrchr(name, '/');
	module->name = slash && slash[1] ? slash + 1 : name;
	if (length)
		memcpy(module->id.bytes, build_id, length);
	module->id.length = length;
	symbols->modules[symbols->nr_modules] = module;
	return (int)symbols->nr_modules++;
}

/* Text for the user, built once per module. */
__attribute__((format(printf, 2, 3)))
static const char *text_of(struct hl_symbols *symbols, const char *format, ...)
{
	const char *text;
	char *buffer;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&buffer, format, args);
	va_end(args);
	if (n < 0)
		return "out of memory";
	text = intern(symbols, buffer);
	free(buffer);
	return text ? text : "out of memory";
}

static enum hl_symbols_status status_of(const struct module *module)
{
	if (module->has_dwarf)
		return HL_SYMBOLS_DWARF;
	if (module->symtab.nr_symbols)
		return HL_SYMBOLS_SYMTAB;
	switch (module->elf.state) {
	case HL_ELF_CHANGED:
		return HL_SYMBOLS_CHANGED;
	case HL_ELF_MISSING:
		return HL_SYMBOLS_MISSING;
	case HL_ELF_UNREADABLE:
		return HL_SYMBOLS_UNREADABLE;
	case HL_ELF_VIRTUAL:
		return HL_SYMBOLS_VIRTUAL;
	case HL_ELF_FOUND:
		break;
	}
	return HL_SYMBOLS_STRIPPED;
}

static const char *format_id(const struct hl_build_id *id, char text[HL_BUILD_ID_TEXT])
{
	if (!id->length)
		return "none";
	hl_build_id_format(id, false, text);
	return text;
}

/* Why the file at the recorded path is not used. */
static const char *explain_file(struct hl_symbols *symbols, const struct module *module)
{
	char disk[HL_BUILD_ID_TEXT], recorded[HL_BUILD_ID_TEXT];

	switch (module->elf.state) {
	case HL_ELF_CHANGED:
		return text_of(symbols,
			"the file has changed since it was recorded "
			"(build-id %s, recorded %s) and is not used",
			format_id(&module->elf.disk_id, disk), format_id(&module->id, recorded));
	case HL_ELF_MISSING:
		if (module->elf.open_error == EPERM)
			return "it lies where programs do not (in /proc, /sys, /dev or /etc) and is not opened";
		return text_of(symbols, "cannot open the file: %s",
			strerror(module->elf.open_error));
	case HL_ELF_UNREADABLE:
		return "the file is not an ELF file, or is damaged";
	case HL_ELF_VIRTUAL:
		return "not a file: no symbols exist for it";
	case HL_ELF_FOUND:
		break;
	}
	return NULL;
}

/* What is missing from a module whose file is the right one. */
static const char *explain_data(const struct module *module)
{
	if (module->elf.dwarf_unreadable)
		return module->has_dwarf || module->symtab.nr_symbols
			       ? "its debugging information is damaged or compressed in a way that "
				 "cannot be read: function names come from the symbol table"
			       : "its debugging information is damaged or compressed in a way that "
				 "cannot be read, and it has no symbol table";
	if (module->elf.alt_missing)
		return "the file that its debugging information shares with others (dwz) was not "
		       "found: some names are missing";
	if (!module->has_dwarf && module->elf.debuglink_mismatch)
		return "a debug file was found, but belongs to another build and is not used";
	if (!module->has_dwarf)
		return module->symtab.nr_symbols
			       ? "no debugging information found: function names without lines"
			       : "neither debugging information nor a symbol table was found";
	if (!module->id.length)
		return "no build-id was recorded: the file may have changed since";
	return NULL;
}

static const char *explain(struct hl_symbols *symbols, const struct module *module)
{
	const char *file = explain_file(symbols, module);

	if (file && module->info.debug_file)
		return text_of(symbols, "%s; symbols come from %s", file, module->info.debug_file);
	return file ? file : explain_data(module);
}

static void fill_info(struct hl_symbols *symbols, struct module *module)
{
	const struct hl_elf_file *dwarf = hl_elf_module_dwarf_file(&module->elf);
	struct hl_symbols_info *info = &module->info;

	info->status = status_of(module);
	info->verified = module->id.length && (module->elf.main.elf || module->elf.debug.elf);
	info->dwarf_unreadable = module->elf.dwarf_unreadable;
	info->alt_missing = module->elf.alt_missing;
	if (module->elf.main.elf)
		info->file = intern(symbols, module->elf.main.path);
	if (dwarf)
		info->debug_file = intern(symbols, dwarf->path);
	else if (module->elf.debug.elf)
		info->debug_file = intern(symbols, module->elf.debug.path);
	info->text = explain(symbols, module);
}

static void open_dwarf(struct module *module)
{
	const struct hl_elf_module *elf = &module->elf;
	struct hl_text_range text;
	Elf *any = elf->main.elf ? elf->main.elf : elf->debug.elf;

	if (!elf->dwarf || !hl_elf_text_range(any, &text.low, &text.high))
		return;
	hl_dwarf_index_load(&module->dwarf, elf->dwarf, &module->elf.split, &text);
	module->has_dwarf = module->dwarf.nr_ranges > 0;
	if (!module->dwarf.nr_units)
		module->elf.dwarf_unreadable = true;
}

static void open_module(struct hl_symbols *symbols, struct module *module)
{
	if (module->is_open)
		return;
	module->is_open = true;
	hl_elf_module_open(&module->elf, module->path, &module->id, &symbols->places);
	hl_symtab_load(&module->symtab, &module->elf, &symbols->strings);
	open_dwarf(module);
	fill_info(symbols, module);
}

/* Which files of split units were not found; worth more than what else is to be said of a module that has lines. */
static void tell_split(struct hl_symbols *symbols, struct module *module)
{
	const struct hl_dwarf_split *split = &module->elf.split;

	if (!split->nr_missing || module->info.split_missing)
		return;
	module->info.split_missing = true;
	module->info.text = text_of(symbols, "%s, a part of its debugging information, was not found, nor a .dwp file "
		"with that part: inlined functions are missing", split->missing);
}

int hl_symbols_module_info(
	struct hl_symbols *symbols, int module, struct hl_symbols_info *info)
{
	if (module < 0 || (size_t)module >= symbols->nr_modules)
		return -EINVAL;
	open_module(symbols, symbols->modules[module]);
	tell_split(symbols, symbols->modules[module]);
	*info = symbols->modules[module]->info;
	return 0;
}

int hl_symbols_segment(struct hl_symbols *symbols, int module, struct hl_elf_segment *out)
{
	struct module *m;

	if (module < 0 || (size_t)module >= symbols->nr_modules)
		return -ENOENT;
	m = symbols->modules[module];
	open_module(symbols, m);
	/* A file of debug information has other offsets than what was mapped. */
	if (!m->elf.main.elf || !hl_elf_text_segment(m->elf.main.elf, out))
		return -ENOENT;
	return 0;
}

int hl_symbols_returned_text(
	struct hl_symbols *symbols, int module, const char *function, const char **text)
{
	struct module *m;

	if (module < 0 || (size_t)module >= symbols->nr_modules)
		return -ENOENT;
	m = symbols->modules[module];
	open_module(symbols, m);
	for (size_t i = 0; m->elf.main.elf && i < m->symtab.nr_symbols; i++)
		if (strcmp(m->symtab.symbols[i].name, function) == 0)
			return hl_elf_returned_text(m->elf.main.elf, m->symtab.symbols[i].address, text);
	return -ENOENT;
}

static void fill_offset(struct hl_symbols *symbols, const char *module, uint64_t vaddr,
	struct hl_frame *frame)
{
	const char *text =
		text_of(symbols, "%s+0x%" PRIx64, module && *module ? module : "[unknown]", vaddr);

	*frame = (struct hl_frame){ .function = text, .source = HL_FRAME_OFFSET };
}

static void set_symbol(
	struct hl_symbols *symbols, const struct hl_symbol *symbol, struct hl_frame *frame)
{
	char *text = hl_demangle(symbol->name, symbols->keep_parameters);
	const char *function = text ? intern(symbols, text) : symbol->name;

	free(text);
	frame->function = function ? function : symbol->name;
	frame->linkage_name = symbol->name;
}

/* A frame from the symbol table, or from nothing but the address; its line stays. */
static void fill_fallback(struct hl_symbols *symbols, const struct module *module,
	uint64_t vaddr, struct hl_frame *frame)
{
	const struct hl_symbol *symbol = hl_symtab_find(&module->symtab, vaddr);
	const char *file = frame->file;
	uint32_t line = frame->line;

	*frame = (struct hl_frame){ .file = file, .line = line, .source = HL_FRAME_SYMTAB };
	if (symbol) {
		set_symbol(symbols, symbol, frame);
		frame->function_start = symbol->address;
		return;
	}
	fill_offset(symbols, module->name, vaddr, frame);
	frame->file = file;
	frame->line = line;
}

/*
 * Some functions have no linkage name in DWARF (static and unnamed-namespace ones of C++): the
 * symbol that starts where the function does has it.
 */
static void name_scope(struct hl_symbols *symbols, const struct module *module,
	struct hl_dwarf_unit *unit, struct hl_scope *scope)
{
	const struct hl_symbol *symbol;
	struct hl_frame frame;

	if (scope->named)
		return;
	hl_dwarf_unit_name(unit, scope, symbols->keep_parameters, &symbols->strings);
	if (scope->linkage_name || scope->parent != HL_NO_SCOPE)
		return;
	symbol = hl_symtab_find(&module->symtab, scope->low);
	if (!symbol || symbol->address != scope->low)
		return;
	set_symbol(symbols, symbol, &frame);
	scope->function = frame.function;
	scope->linkage_name = frame.linkage_name;
}

/*
 * Walks from the innermost scope outwards.  The place in the source moves one frame inwards: the
 * row of the line table is in the innermost function, and each call's line in the one around it.
 */
static size_t fill_chain(struct hl_symbols *symbols, const struct module *module,
	const struct hl_dwarf_place *place, struct hl_frame *frames, size_t max)
{
	struct hl_dwarf_unit *unit = place->unit;
	struct hl_frame frame = { .source = HL_FRAME_DWARF };
	uint32_t id = place->scope;
	size_t n = 0;

	if (place->row) {
		frame.file = hl_dwarf_unit_row_path(unit, place->row->file, &symbols->strings);
		frame.line = place->row->line;
	}
	for (;;) {
		struct hl_scope *scope = &unit->scopes[id];

		name_scope(symbols, module, unit, scope);
		frame.function = scope->function;
		frame.linkage_name = scope->linkage_name;
		frame.function_line = scope->decl_line;
		frame.inlined = scope->parent != HL_NO_SCOPE;
		frames[n < max ? n : max - 1] = frame;
		n++;
		if (!frame.inlined)
			return n < max ? n : max;
		frame.file =
			hl_dwarf_unit_call_path(unit, scope->call_file, &symbols->strings);
		frame.line = scope->call_line;
		id = scope->parent;
	}
}

/* An inlined function without a name (damaged, or in a dwz file that is missing). */
static void fill_missing_names(struct hl_symbols *symbols, const struct module *module,
	uint64_t vaddr, struct hl_frame *frames, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (frames[i].function)
			continue;
		if (frames[i].inlined)
			frames[i].function = "[inlined]";
		else
			fill_fallback(symbols, module, vaddr, &frames[i]);
	}
}

/*
 * A program whose build-id is the recorded one vouches for the folder that it was built in; but in the root of a
 * process, or in an image of another system, anybody may have files that are root's.
 */
static void vouch(struct hl_symbols *symbols, const struct module *module, struct hl_dwarf_unit *unit)
{
	const struct hl_elf_file *file = hl_elf_module_dwarf_file(&module->elf);

	if (unit->is_vouched_for)
		return;
	unit->is_vouched_for = true;
	if (symbols->folders && module->info.verified && file && !file->place && unit->directory)
		hl_named_folders_add_unit(symbols->folders, unit->directory,
			hl_dwarf_unit_source(unit, &symbols->strings), file->owner);
}

size_t hl_symbols_lookup(struct hl_symbols *symbols, int handle, uint64_t vaddr,
	struct hl_frame *frames, size_t max)
{
	struct hl_dwarf_place place = { .scope = HL_NO_SCOPE };
	struct module *module;
	size_t n = 1;

	if (handle < 0 || (size_t)handle >= symbols->nr_modules) {
		fill_offset(symbols, NULL, vaddr, &frames[0]);
		return 1;
	}
	module = symbols->modules[handle];
	open_module(symbols, module);
	if (module->has_dwarf)
		place = hl_dwarf_index_find(&module->dwarf, vaddr, &symbols->strings);
	if (place.unit)
		vouch(symbols, module, place.unit);
	if (place.scope != HL_NO_SCOPE) {
		n = fill_chain(symbols, module, &place, frames, max);
		fill_missing_names(symbols, module, vaddr, frames, n);
		return n;
	}
	memset(&frames[0], 0, sizeof(frames[0]));
	if (place.row) {
		frames[0].file =
			hl_dwarf_unit_row_path(place.unit, place.row->file, &symbols->strings);
		frames[0].line = place.row->line;
	}
	fill_fallback(symbols, module, vaddr, &frames[0]);
	return 1;
}
