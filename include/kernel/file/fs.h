/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file system: files in memory, unpacked from the initramfs.
 *
 * An inode is a file, a directory, a symbolic link or a device. Its contents are a memory object;
 * the entries of a directory are balanced trees. An inode lives as long as a name or a pointer
 * refers to it. Paths, errors and modes are Linux's (path_resolution(7), inode(7)). One lock guards
 * the whole tree; no operation sleeps.
 */
#ifndef KERNEL_FILE_FS_H
#define KERNEL_FILE_FS_H

#include <kernel/lib/cpio.h>
#include <kernel/lib/tree.h>
#include <mm/user/object.h>

/* Types in "mode"; the longest name, without a NUL, and the longest path, with its NUL. */
#define FS_TYPE_MASK 0170000u
#define FS_FILE      0100000u
#define FS_DIRECTORY 0040000u
#define FS_SYMLINK   0120000u
#define FS_DEVICE    0020000u
#define FS_NAME_MAX  255
#define FS_PATH_MAX  4096

struct inode {
	uint32_t references; /* names, and pointers to it */
	uint32_t links;      /* names; of a directory also "." and the ".." of its children */
	uint32_t mode;
	uint32_t device;       /* which device, or which contents of inode_contents() */
	uint64_t number;       /* never used twice */
	uint64_t mtime;        /* seconds since 1970 */
	struct object *data;   /* a file's contents, a symbolic link's target */
	struct tree names;     /* a directory's entries; see kernel/file/directory.h */
	struct tree positions; /* these entries, in the order of their creation */
	struct inode *parent;  /* a directory's "..": itself for the root, NULL once removed */
	struct entry *entry;   /* a directory's entry in its parent; NULL: the root, or removed */
};

static inline bool inode_is(const struct inode *inode, uint32_t type)
{
	return (inode->mode & FS_TYPE_MASK) == type;
}

/* Creates the root directory. Once. Returns false if out of memory. */
bool fs_init(void);
struct inode *fs_root(void);

/* Removes the whole tree, for tests; only names may refer to inodes. */
void fs_clear(void);

struct inode *inode_get(struct inode *inode);
void inode_put(struct inode *inode);

/* Sets the time of its last change to now. */
void inode_touch(struct inode *inode);

/*
 * Follows a path from "base", or from the root if it begins with a slash. Symbolic links are
 * followed, the last one only if "follow" is set or a slash follows it. Returns 0 and a reference
 * in *result, or ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG.
 */
long path_lookup(struct inode *base, const char *path, bool follow, struct inode **result);

/*
 * Creates a file, directory, device or symbolic link (to "target") with that mode, type included.
 * Returns 0 and a reference in *result, unless that is NULL; or EEXIST, ENOMEM, or an error of
 * path_lookup().
 */
long name_create(struct inode *base, const char *path, uint32_t mode, const char *target,
		 struct inode **result);

/*
 * Finds or creates a file: what is at the path, after symbolic links; if nothing is, a new file
 * with that mode. With "exclusive" anything there is EEXIST. Otherwise returns as path_lookup() and
 * name_create() do.
 */
long name_make_file(struct inode *base, const char *path, uint32_t mode, bool exclusive,
		    struct inode **result);

/*
 * Links a file to another name. Returns 0, or EPERM for a directory, EEXIST, ENOMEM, or an error of
 * path_lookup().
 */
long name_link(struct inode *base, struct inode *inode, const char *path);

/*
 * Removes a name: with "directory" that of a directory, which must be empty (ENOTEMPTY; "." is
 * EINVAL); otherwise that of anything else (EISDIR). The root is EBUSY.
 */
long name_unlink(struct inode *base, const char *path, bool directory);

/*
 * Renames, replacing what has the new name. Returns EINVAL if a directory would move into itself;
 * otherwise an error of path_lookup(), name_create() or name_unlink().
 */
long name_rename(struct inode *base, const char *from, struct inode *new_base, const char *to);

/*
 * Reads a symbolic link's target, at most "size" bytes and without a NUL. Returns the number of
 * bytes, or EINVAL.
 */
long inode_read_link(struct inode *inode, char *buffer, uint64_t size);

/*
 * Calls visit() for the entries of a directory, "." and ".." first, from position *cursor on, until
 * it returns false; advances *cursor. The lock is not held meanwhile: entries may be created and
 * removed, and those that exist throughout are visited once. Returns 0, or ENOTDIR.
 */
long fs_list(struct inode *directory, uint64_t *cursor,
	     bool (*visit)(const char *name, struct inode *inode, uint64_t next, void *argument),
	     void *argument);

/*
 * Writes the path of a directory from the root. Returns false if it was removed or "size" is too
 * small.
 */
bool path_of_directory(struct inode *directory, char *buffer, uint64_t size);

/*
 * Writes the path of anything from the root, without symbolic links. Returns false if it cannot be
 * found or "size" is too small.
 */
bool path_resolve(struct inode *base, const char *path, char *buffer, uint64_t size);

/*
 * Returns the present contents of a file or symbolic link whose "device" is not 0, with a
 * reference; NULL: out of memory, or there are none. Set by the code that creates such inodes.
 */
extern struct object *(*inode_contents)(uint32_t device);

/* Returns the time for new and changed inodes, in seconds since 1970; NULL: 0. */
extern uint64_t (*inode_now)(void);

/*
 * Unpacks an archive into the tree, over what is there. Returns NULL, or a message; the entries
 * before the error stay.
 */
const char *unpack_archive(struct cpio_reader *reader);

#endif
