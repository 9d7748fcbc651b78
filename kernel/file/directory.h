/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries of one directory, for the rest of the file system; the caller holds fs_lock (path.h).
 *
 * An entry is in two balanced trees of its directory: by name, for lookups, and by position, for
 * listing. Positions grow from entry to entry and are never reused. So a listing in pieces, each
 * from the position where the last one ended, sees every entry that exists throughout exactly once,
 * whatever is made and removed meanwhile.
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

/* A name inside a path or a symbolic link, where a slash or a NUL follows it. */
struct name {
	const char *text;
	size_t length; /* at most FS_NAME_MAX where an entry is searched for or made */
};

/* Returns the entry of that name; NULL: there is none. */
struct entry *directory_find(const struct inode *directory, const struct name *name);

/* Returns the first entry with a greater position; NULL: there is none. */
struct entry *directory_next(const struct inode *directory, uint64_t position);

/* Allocates an entry that is in no directory; NULL: out of memory. */
struct entry *entry_alloc(void);

/*
 * Adds an entry to a directory, after all others, with that name. Takes over the caller's reference
 * to the inode.
 */
void directory_attach(struct inode *directory, struct entry *entry, const struct name *name,
		      struct inode *inode);

/* Removes an entry from a directory. The entry keeps its reference. */
void directory_detach(struct inode *directory, struct entry *entry);

/* Removes an entry and frees it. Returns its inode, with the entry's reference. */
struct inode *directory_remove(struct inode *directory, struct entry *entry);

#endif
