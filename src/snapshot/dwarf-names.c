/* SPDX-License-Identifier: MIT */
/* Names of functions and files of a compilation unit, looked up when they are first asked for. */
#include "dwarf-unit.h"

#include <dwarf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demangle.h"
#include "named-file.h"

static const char *full_path(
	const struct hl_dwarf_unit *unit, const char *name, struct hl_strings *strings)
{
	const char *directory = name[0] != '/' && unit->directory ? unit->directory : "";
	size_t prefix = strlen(directory);
	size_t length = strlen(name);
	char *path = malloc(prefix + length + 2);
	const char *result;

	if (!path)
		return NULL;
	memcpy(path, directory, prefix);
	if (prefix)
		path[prefix++] = '/';
	memcpy(path + prefix, name, length + 1);
	hl_path_normalise(path);
	result = hl_strings_add(strings, path, strlen(path));
	free(path);
	return result;
}

static const char *file_path(const struct hl_dwarf_unit *unit, Dwarf_Files *files, uint32_t file,
	const char **cached, struct hl_strings *strings)
{
	const char *name;

	if (*cached)
		return *cached;
	name = dwarf_filesrc(files, file, NULL, NULL);
	/* libdw's name for file 0 before DWARF 5 */
	if (!name || !*name || strcmp(name, "???") == 0)
		return NULL;
	*cached = full_path(unit, name, strings);
	return *cached;
}

const char *hl_dwarf_unit_source(const struct hl_dwarf_unit *unit, struct hl_strings *strings)
{
	Dwarf_Attribute attribute;
	Dwarf_Die die = unit->tree;
	const char *name = dwarf_formstring(dwarf_attr(&die, DW_AT_name, &attribute));

	return name && *name ? full_path(unit, name, strings) : NULL;
}

const char *hl_dwarf_unit_row_path(
	struct hl_dwarf_unit *unit, uint32_t file, struct hl_strings *strings)
{
	if (file >= unit->nr_line_files)
		return NULL;
	return file_path(unit, unit->line_files, file, &unit->line_paths[file], strings);
}

const char *hl_dwarf_unit_call_path(
	struct hl_dwarf_unit *unit, uint32_t file, struct hl_strings *strings)
{
	if (file >= unit->nr_call_files)
		return NULL;
	return file_path(unit, unit->call_files, file, &unit->call_paths[file], strings);
}

static const char *string_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	const char *text = dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));

	return text && *text ? text : NULL;
}

/* Where the function is written; of an inlined call, the function that was inlined. */
static uint32_t decl_line_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr_integrate(die, DW_AT_decl_line, &attribute), &value))
		return 0;
	return value > UINT32_MAX ? 0 : (uint32_t)value;
}

void hl_dwarf_unit_name(struct hl_dwarf_unit *unit, struct hl_scope *scope, bool parameters,
	struct hl_strings *strings)
{
	Dwarf_Die die = { .addr = scope->die, .cu = unit->tree.cu };
	const char *linkage = string_of(&die, DW_AT_linkage_name);
	const char *name = NULL;
	char *text = NULL;

	if (scope->named)
		return;
	scope->named = true;
	scope->decl_line = decl_line_of(&die);
	if (!scope->decl_line)
		scope->decl_line = hl_containers_line(&unit->containers, &die);
	if (!linkage)
		linkage = string_of(&die, DW_AT_MIPS_linkage_name);
	if (!linkage)
		name = string_of(&die, DW_AT_name);
	if (!linkage && !unit->has_linkage_names)
		linkage = name;
	if (linkage) {
		scope->linkage_name = hl_strings_add(strings, linkage, strlen(linkage));
		text = hl_demangle(linkage, parameters);
		name = text ? text : linkage;
	} else if (name) {
		text = hl_containers_qualify(&unit->containers, &die, name);
		name = text ? text : name;
	}
	if (name)
		scope->function = hl_strings_add(strings, name, strlen(name));
	free(text);
}
