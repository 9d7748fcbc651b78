/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries of one directory, for the rest of the file system; fs_lock (path.h) is held for all
 * of it.
 *
 * An entry is in two balanced trees of its directory: by name, for finding it, and by position, for
 * listing. Positions grow from entry to entry and are never used twice. So whoever lists a
 * directory in pieces, each from the position where the last one ended, sees every entry that is
 * there throughout exactly once, whatever comes and goes meanwhile.
 */
#ifndef KERNEL_FILE_DIRECTORY_H
#define KERNEL_FILE_DIRECTORY_H

#include <kernel/file/fs.h>

struct entry {
	struct tree_node by_name, by_position;
	struct inode *inode; /* a reference */
	uint64_t position;
	char name[FS_NAME_MAX + 1];
};

/* A name as it stands in a path, or in a symbolic link: it is followed by a slash or a NUL. */
struct name {
	const char *text;
	size_t length; /* FS_NAME_MAX at most, where an entry is looked for or made */
};

/* Returns the entry of that name; NULL: there is none. */
struct entry *directory_find(const struct inode *directory, const struct name *name);

/* Returns the first entry with a greater position; NULL: there is none. */
struct entry *directory_next(const struct inode *directory, uint64_t position);

/* Allocates an entry that is in no directory; NULL: out of memory. */
struct entry *entry_alloc(void);

/*
 * Puts an entry into a directory, after all others, with that name and a reference to the inode
 * that the caller gives up.
 */
void directory_attach(struct inode *directory, struct entry *entry, const struct name *name,
		      struct inode *inode);

/* Takes an entry out; it keeps its reference. */
void directory_detach(struct inode *directory, struct entry *entry);

/* Takes an entry out and frees it. Returns its inode, whose reference is the caller's now. */
struct inode *directory_remove(struct inode *directory, struct entry *entry);

#endif
