/* SPDX-License-Identifier: MIT */
/* A folder as the root of the file system. */
#ifndef HL_SNAPSHOT_OPEN_INSIDE_H
#define HL_SNAPSHOT_OPEN_INSIDE_H

/**
 * hl_open_inside() - meet a file below a folder, as if that were the root of the file system
 * @root: descriptor of the folder
 * @path: starts there, with or without a slash before it
 *
 * Links, absolute ones too, and ".." never lead out of the folder.  The kernel sees to that
 * (openat2); where it cannot, or may not be asked, the parts are opened one by one.
 *
 * Returns: a descriptor of O_PATH, closed on exec, owned by the caller; -ELOOP: too many links;
 *          -ENAMETOOLONG; or -errno of openat().
 * Cost:    one system call, or two for each part of the path.
 * Safety:  MT-Safe | AS-Safe
 */
int hl_open_inside(int root, const char *path);

/* The second way alone, for its test. */
int hl_open_inside_by_parts(int root, const char *path);

#endif
