/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Following a path to the directory of its last name, for those that make and remove names. All of
 * it is guarded by fs_lock, which the caller holds.
 */
#ifndef KERNEL_FILE_PATH_H
#define KERNEL_FILE_PATH_H

#include "directory.h"
#include <arch/lock.h>

/* Guards the whole tree: inodes' names, directories, and the paths that are being followed. */
extern struct spinlock fs_lock;

/* What a path ends in: Linux tells these apart in its errors. */
enum ending { ENDS_NOWHERE, ENDS_IN_DOT, ENDS_IN_DOTS, ENDS_IN_NAME };

/*
 * What becomes of a symbolic link at a path's end: it is followed; only if a slash comes behind it;
 * never, where the *name* is what counts (making, removing, renaming).
 */
enum follow { FOLLOW_LAST, FOLLOW_BEFORE_SLASH, FOLLOW_NEVER };

/* Where a path leads. */
struct walk {
	enum ending ending;
	struct inode *at;     /* what is there; NULL: nothing, but its directory is */
	struct inode *parent; /* the directory of the last name; NULL: it was ".", ".." or none */
	struct entry *entry;  /* of the last name in it, if there is one */
	char last[FS_NAME_MAX + 1];
	bool slash; /* came behind the last name: a directory is meant */
};

/*
 * Follows a path from "base", or from the root if it begins with a slash. Its last name may be
 * absent: then walk->at is NULL. 0, or ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG.
 */
long path_walk(struct inode *base, const char *path, enum follow follow, struct walk *walk);

/* Follows a path to something that exists, and is a directory if the path ends in a slash. */
long path_find(struct inode *base, const char *path, enum follow follow, struct walk *walk);

#endif
