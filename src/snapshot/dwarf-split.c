/* SPDX-License-Identifier: MIT */
/* Split units: finding their files, and giving them to libdw. */
#include "dwarf-split.h"

#include <dwarf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dwarf-package.h"
#include "elf-sections.h"

bool hl_dwarf_has_skeletons(Dwarf *dwarf)
{
	Dwarf_CU *cu = NULL;
	uint8_t type;

	while (dwarf_get_units(dwarf, cu, &cu, NULL, &type, NULL, NULL) == 0)
		if (type == DW_UT_skeleton)
			return true;
	return false;
}

/* --- the package ----------------------------------------------------------------------------- */

static bool try_dwp(struct hl_dwarf_split *split, const struct hl_elf_place *place, const char *path)
{
	int fd = hl_elf_file_open(&split->dwp, place, path);

	if (fd < 0)
		return false;
	hl_elf_file_done(&split->dwp, fd);
	if (hl_elf_has_section(split->dwp.elf, ".debug_cu_index"))
		return true;
	hl_elf_file_release(&split->dwp);
	return false;
}

/* Beside a file, and at its path below folders of debug files. */
static bool find_dwp_of(struct hl_dwarf_split *split, const struct hl_elf_file *file)
{
	char path[3 * PATH_MAX], real[PATH_MAX];
	struct hl_debug_dir dir;

	snprintf(path, sizeof(path), "%.*s.dwp", PATH_MAX, file->inside);
	if (try_dwp(split, file->place, path))
		return true;
	if (file->place || !realpath(file->path, real))
		snprintf(real, sizeof(real), "%.*s", PATH_MAX - 1, file->inside);
	snprintf(path, sizeof(path), "%s.dwp", real);
	if (try_dwp(split, file->place, path))
		return true;
	for (size_t i = 0; hl_elf_places_dir(split->places, i, &dir); i++) {
		snprintf(path, sizeof(path), "%.*s%s.dwp", PATH_MAX, dir.path, real);
		if (try_dwp(split, dir.place, path))
			return true;
	}
	return false;
}

static Elf *find_dwp(struct hl_dwarf_split *split)
{
	if (!split->is_dwp_searched) {
		split->is_dwp_searched = true;
		if (!(split->program && find_dwp_of(split, split->program)) && split->file != split->program)
			find_dwp_of(split, split->file);
		if (split->dwp.elf)
			hl_elf_inflate(split->dwp.elf, &split->dwp_inflated);
	}
	return split->dwp_inflated.elf ? split->dwp_inflated.elf : split->dwp.elf;
}

/* --- .dwo files ------------------------------------------------------------------------------ */

/* A descriptor; or the error that hl_named_open() gives. */
static int open_dwo(const struct hl_dwarf_split *split, const char *folder, const char *directory, const char *name)
{
	char path[3 * PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s%s%s%s%s", folder, *folder ? "/" : "", directory, *directory ? "/" : "",
		name);
	int fd = -ENAMETOOLONG;

	if (n >= (int)sizeof(path))
		return fd;
	if (split->file->place)
		fd = hl_elf_place_open(split->file->place, path, NULL);
	return fd >= 0 ? fd : hl_elf_place_open(NULL, path, NULL);
}

/* Where libdw looks: beside the file, then in the unit's compilation directory. */
static int find_dwo(const struct hl_dwarf_split *split, const char *directory, const char *name)
{
	const char *folder = split->file->folder ? split->file->folder : ".";
	int fd;

	if (name[0] == '/')
		return open_dwo(split, "", "", name);
	fd = open_dwo(split, folder, "", name);
	if (fd < 0 && directory)
		fd = open_dwo(split, directory[0] == '/' ? "" : folder, directory, name);
	return fd;
}

/* --- libdw ----------------------------------------------------------------------------------- */

/* Where the offset of an attribute's string is, in the copy; NULL: in no way that is known here. */
static unsigned char *string_offset(const struct hl_elf_inflated *copy, Dwarf_Die *unit, Dwarf_Attribute *name,
	uint8_t width)
{
	unsigned char *image = copy->image, *at = name->valp;
	Dwarf_Attribute base;
	Dwarf_Word start = 0;
	uint32_t index = 0;
	unsigned int bytes;

	switch (name->form) {
	case DW_FORM_strp:
		break;
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
		bytes = name->form - DW_FORM_strx1 + 1;
		if (at < image || at + bytes > image + copy->bytes)
			return NULL;
		memcpy(&index, at, bytes);
		if (dwarf_attr(unit, DW_AT_str_offsets_base, &base) &&
			dwarf_formudata(&base, &start) == 0 && start < copy->bytes && copy->str_offsets)
			at = image + copy->str_offsets + start + (uint64_t)index * width;
		else
			return NULL;
		break;
	default:
		return NULL;
	}
	return at >= image && at + width <= image + copy->bytes ? at : NULL;
}

/* Lets the skeleton name the descriptor, and libdw open it. */
static bool link_unit(struct hl_dwarf_split *split, Dwarf_Die *unit, Dwarf_Attribute *name, int fd, Dwarf_Die *out)
{
	const struct hl_elf_inflated *copy = &split->file->inflated;
	uint64_t tail = copy->tail_offset;
	unsigned char *at;
	uint8_t width;

	if (!copy->tail || dwarf_cu_info(unit->cu, NULL, NULL, NULL, NULL, NULL, NULL, &width) != 0)
		return false;
	at = string_offset(copy, unit, name, width);
	if (!at)
		return false;
	snprintf(copy->tail, HL_INFLATED_TAIL, "/proc/self/fd/%d", fd);
	memcpy(at, &tail, width);
	return dwarf_cu_info(unit->cu, NULL, NULL, NULL, out, NULL, NULL, NULL) == 0 && out->addr;
}

static bool find_unit(struct hl_dwarf_split *split, Dwarf_Die *unit, Dwarf_Attribute *attribute, const char *directory,
	const char *name, Dwarf_Die *out)
{
	Elf *dwp = find_dwp(split);
	uint64_t id;
	bool found;
	int fd = -ENOENT;

	if (dwarf_cu_info(unit->cu, NULL, NULL, NULL, NULL, &id, NULL, NULL) != 0)
		return false;
	if (dwp)
		fd = hl_dwarf_package_unit(dwp, id);
	if (fd < 0)
		fd = find_dwo(split, directory, name);
	if (fd < 0)
		return false;
	found = link_unit(split, unit, attribute, fd, out);
	close(fd);
	return found;
}

bool hl_dwarf_split_find(struct hl_dwarf_split *split, Dwarf_Die *unit, const char *directory, Dwarf_Die *out)
{
	Dwarf_Attribute attribute;
	const char *name;
	char *own;
	bool found;

	if (!dwarf_attr(unit, DW_AT_dwo_name, &attribute) && !dwarf_attr(unit, DW_AT_GNU_dwo_name, &attribute))
		return false;
	name = dwarf_formstring(&attribute);
	own = name ? strdup(name) : NULL;
	if (!own)
		return false;
	found = find_unit(split, unit, &attribute, directory, own, out);
	if (!found && split->nr_missing++ == 0) {
		split->missing = own;
		return false;
	}
	free(own);
	return found;
}

void hl_dwarf_split_release(struct hl_dwarf_split *split)
{
	hl_elf_inflated_release(&split->dwp_inflated);
	hl_elf_file_release(&split->dwp);
	free(split->missing);
	memset(split, 0, sizeof(*split));
}
