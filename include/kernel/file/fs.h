/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file system: everything in memory, filled from the initramfs.
 *
 * An inode is a file, a directory, a symbolic link or a device; its contents are a memory object,
 * the entries of a directory balanced trees. It lives as long as a name or somebody who has it open
 * refers to it. Paths, errors and modes are Linux's (path_resolution(7), inode(7)). One lock for
 * all of it: no operation waits for anything.
 */
#ifndef KERNEL_FILE_FS_H
#define KERNEL_FILE_FS_H

#include <kernel/lib/cpio.h>
#include <kernel/lib/tree.h>
#include <mm/user/object.h>

/* Types in "mode", and the longest name and path, without and with the final 0. */
#define FS_TYPE_MASK 0170000u
#define FS_FILE      0100000u
#define FS_DIRECTORY 0040000u
#define FS_SYMLINK   0120000u
#define FS_DEVICE    0020000u
#define FS_NAME_MAX  255
#define FS_PATH_MAX  4096

struct inode {
	uint32_t references; /* names, and whoever holds a pointer */
	uint32_t links;      /* names; of a directory also "." and the ".." of its children */
	uint32_t mode;
	uint32_t device;       /* which, of a device or of something made by inode_contents() */
	uint64_t number;       /* never used twice */
	uint64_t mtime;        /* seconds since 1970 */
	struct object *data;   /* a file's contents, a symbolic link's target */
	struct tree names;     /* a directory's entries; see kernel/file/directory.h */
	struct tree positions; /* the same ones, in the order in which they were made */
	struct inode *parent;  /* a directory's "..": itself for the root, NULL once removed */
	struct entry *entry;   /* a directory's own in its parent; NULL: the root, or removed */
};

static inline bool inode_is(const struct inode *inode, uint32_t type)
{
	return (inode->mode & FS_TYPE_MASK) == type;
}

/* Makes the root directory. Once; false: out of memory. */
bool fs_init(void);
struct inode *fs_root(void);

/* Takes the whole tree away again, for tests: nobody may hold anything but names. */
void fs_clear(void);

struct inode *inode_get(struct inode *inode);
void inode_put(struct inode *inode);

/* Notes that its contents have changed now. */
void inode_touch(struct inode *inode);

/*
 * Follows a path from "base" (or from the root, if it begins with a slash); symbolic links in it
 * are followed, the last one only if "follow" says so or a slash comes after it. 0 and a reference
 * in *result, or ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG.
 */
long path_lookup(struct inode *base, const char *path, bool follow, struct inode **result);

/*
 * Makes a file, directory, device or symbolic link ("target") with that mode, type included. 0 and
 * a reference in *result (if that is not NULL), or EEXIST, ENOMEM, or as path_lookup().
 */
long name_create(struct inode *base, const char *path, uint32_t mode, const char *target,
		 struct inode **result);

/*
 * Opens or makes a file: what is at the path, following symbolic links; if nothing is, a new one
 * with that mode. "exclusive": EEXIST if there is anything. Else as path_lookup() and
 * name_create().
 */
long name_make_file(struct inode *base, const char *path, uint32_t mode, bool exclusive,
		    struct inode **result);

/* One more name for a file: 0, or EPERM for a directory, EEXIST, ENOMEM, or as path_lookup(). */
long name_link(struct inode *base, struct inode *inode, const char *path);

/*
 * Takes a name away: of a directory if "directory" (it must be empty: ENOTEMPTY; "." is EINVAL),
 * of anything else if not (EISDIR). EBUSY for the root.
 */
long name_unlink(struct inode *base, const char *path, bool directory);

/* Moves a name, over another one if need be; EINVAL into itself; else as the above. */
long name_rename(struct inode *base, const char *from, struct inode *new_base, const char *to);

/* What a symbolic link says, not 0-terminated, at most "size" bytes; how many, or EINVAL. */
long inode_read_link(struct inode *inode, char *buffer, uint64_t size);

/*
 * Calls visit() for a directory's entries as long as that returns true: "." and ".." first, from
 * position *cursor on, which moves. The lock is not held meanwhile, and entries may come and go:
 * those that are there throughout are visited once. 0, or ENOTDIR.
 */
long fs_list(struct inode *directory, uint64_t *cursor,
	     bool (*visit)(const char *name, struct inode *inode, uint64_t next, void *argument),
	     void *argument);

/* The path of a directory from the root; false: it was removed, or "size" is too small. */
bool path_of_directory(struct inode *directory, char *buffer, uint64_t size);

/* The same of anything, by a path to it, without symbolic links. */
bool path_resolve(struct inode *base, const char *path, char *buffer, uint64_t size);

/*
 * What is in a file or symbolic link whose "device" is not 0, at this moment: with a reference, or
 * NULL. Set by who makes such inodes.
 */
extern struct object *(*inode_contents)(uint32_t device);

/* The time that new inodes get, in seconds since 1970; NULL: 0. */
extern uint64_t (*inode_now)(void);

/* Unpacks an archive over what is there. NULL, or what is wrong; what came before it stays. */
const char *unpack_archive(struct cpio_reader *reader);

#endif
