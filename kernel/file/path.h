/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Following a path to the directory of its last name, for the functions that create and remove
 * names. The caller holds fs_lock.
 */
#ifndef KERNEL_FILE_PATH_H
#define KERNEL_FILE_PATH_H

#include "directory.h"
#include <arch/lock.h>

/* Guards the whole tree: names, directories, and the path that is being followed. */
extern struct spinlock fs_lock;

/* What a path ends in; Linux's errors depend on it. */
enum ending { ENDS_NOWHERE, ENDS_IN_DOT, ENDS_IN_DOTS, ENDS_IN_NAME };

/*
 * When a symbolic link at the end of a path is followed: always; only if a slash follows it; never,
 * where the *name* counts (creating, removing, renaming).
 */
enum follow { FOLLOW_LAST, FOLLOW_BEFORE_SLASH, FOLLOW_NEVER };

/* The end of a walk along a path. */
struct walk {
	enum ending ending;
	struct inode *at;     /* the inode there; NULL: none, but its directory exists */
	struct inode *parent; /* the directory of the last name; NULL: it was ".", ".." or none */
	struct entry *entry;  /* the entry of the last name; NULL: none */
	char last[FS_NAME_MAX + 1];
	bool slash; /* a slash followed the last name: it must be a directory */
};

/*
 * Follows a path from "base", or from the root if it begins with a slash. If the last name does not
 * exist, walk->at is NULL. Returns 0, or ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG.
 */
long path_walk(struct inode *base, const char *path, enum follow follow, struct walk *walk);

/*
 * Follows a path whose last name must exist, and must be a directory if a slash follows it. Returns
 * as path_walk().
 */
long path_find(struct inode *base, const char *path, enum follow follow, struct walk *walk);

#endif
