/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making and following inodes, for the other files of the file system; see kernel/file/fs.h.
 */
#ifndef KERNEL_FILE_INODE_H
#define KERNEL_FILE_INODE_H

#include <kernel/file/fs.h>

/*
 * Creates an inode of that mode, type included, with one reference, no name and nothing in it.
 * NULL: out of memory. fs_lock is held.
 */
struct inode *inode_create(uint32_t mode);

/* Returns a symbolic link's target as text, with a reference; NULL: it has none. */
struct object *inode_target(struct inode *link);

#endif
