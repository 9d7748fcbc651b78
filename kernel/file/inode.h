/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Creating and following inodes, for the other files of the file system; see kernel/file/fs.h.
 */
#ifndef KERNEL_FILE_INODE_H
#define KERNEL_FILE_INODE_H

#include <kernel/file/fs.h>

/*
 * Creates an empty inode of that mode, type included, with one reference and no name. Returns NULL
 * if out of memory. The caller holds fs_lock, or is alone.
 */
struct inode *inode_create(uint32_t mode);

/* Returns a symbolic link's target as text, with a reference; NULL: it has none. */
struct object *inode_target(struct inode *link);

#endif
