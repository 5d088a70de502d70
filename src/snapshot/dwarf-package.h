/* SPDX-License-Identifier: MIT */
/* A .dwp file: the parts of one unit. */
#ifndef HL_SNAPSHOT_DWARF_PACKAGE_H
#define HL_SNAPSHOT_DWARF_PACKAGE_H

#include <stdint.h>

#include <libelf.h>

/**
 * hl_dwarf_package_unit() - a .dwo file with one unit of a package
 * @elf: of the package; its sections are not compressed
 * @id: the unit's
 *
 * Of the strings only those that the unit names are in it: those of a browser's package have a GB.  No number of the
 * index is trusted; what is made is bounded by the package.  Both forms of the index are known: that of DWARF 5 and
 * that which GNU made for DWARF 4.
 *
 * Returns: a descriptor of a file in memory, owned by the caller; -ENOENT: no such unit; -EINVAL: damaged; -ENOMEM.
 */
int hl_dwarf_package_unit(Elf *elf, uint64_t id);

#endif
