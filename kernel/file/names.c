// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Creating, moving and removing names; see kernel/file/fs.h.
 */
#include "inode.h"
#include "path.h"
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>

/* Gives an inode the name at which a walk ended. Takes over a reference to the inode. */
static long name_it(struct walk *walk, struct inode *inode)
{
	struct name name = {walk->last, strlen(walk->last)};
	struct entry *entry;

	/* A removed directory gets no more names. */
	if (!walk->parent->parent)
		return -ENOENT;
	entry = entry_alloc();
	if (!entry)
		return -ENOMEM;
	directory_attach(walk->parent, entry, &name, inode);
	return 0;
}

static long create(struct walk *walk, uint32_t mode, const char *target, struct inode **result)
{
	struct inode *inode;
	long error;

	if (walk->at)
		return -EEXIST;
	if (walk->slash && (mode & FS_TYPE_MASK) != FS_DIRECTORY)
		return -ENOENT;
	inode = inode_create(mode);
	if (!inode)
		return -ENOMEM;
	error = 0;
	if (target && object_write(inode->data, 0, target, strlen(target)) < strlen(target))
		error = -ENOMEM;
	if (!error)
		error = name_it(walk, inode);
	if (error)
		inode_put(inode);
	else if (result)
		*result = inode_get(inode);
	return error;
}

long name_create(struct inode *base, const char *path, uint32_t mode, const char *target,
		 struct inode **result)
{
	bool events = spin_lock(&fs_lock);
	struct walk walk;
	long error = path_walk(base, path, FOLLOW_NEVER, &walk);

	if (!error)
		error = create(&walk, mode, target, result);
	spin_unlock(&fs_lock, events);
	return error;
}

long name_make_file(struct inode *base, const char *path, uint32_t mode, bool exclusive,
		    struct inode **result)
{
	bool events = spin_lock(&fs_lock);
	struct walk walk;
	long error = path_walk(base, path, exclusive ? FOLLOW_NEVER : FOLLOW_LAST, &walk);

	if (!error && (!walk.at || exclusive))
		error = create(&walk, mode, NULL, result);
	else if (!error && walk.slash && !inode_is(walk.at, FS_DIRECTORY))
		error = -ENOTDIR;
	else if (!error)
		*result = inode_get(walk.at);
	spin_unlock(&fs_lock, events);
	return error;
}

long name_link(struct inode *base, struct inode *inode, const char *path)
{
	bool events = spin_lock(&fs_lock);
	struct walk walk;
	long error = path_walk(base, path, FOLLOW_NEVER, &walk);

	if (!error && walk.at)
		error = -EEXIST;
	else if (!error && walk.slash)
		error = -ENOENT;
	else if (!error && inode_is(inode, FS_DIRECTORY))
		error = -EPERM;
	if (!error) {
		error = name_it(&walk, inode_get(inode));
		if (error)
			inode_put(inode);
	}
	spin_unlock(&fs_lock, events);
	return error;
}

/* ---- taking names away ---- */

static long may_remove(const struct walk *walk, bool directory)
{
	static const int why_not[] = {
		[ENDS_NOWHERE] = -EBUSY, [ENDS_IN_DOT] = -EINVAL, [ENDS_IN_DOTS] = -ENOTEMPTY};

	if (walk->ending != ENDS_IN_NAME)
		return directory ? why_not[walk->ending] : -EISDIR;
	if (!directory)
		return inode_is(walk->at, FS_DIRECTORY) ? -EISDIR : 0;
	if (!inode_is(walk->at, FS_DIRECTORY))
		return -ENOTDIR;
	return tree_empty(&walk->at->names) ? 0 : -ENOTEMPTY;
}

long name_unlink(struct inode *base, const char *path, bool directory)
{
	bool events = spin_lock(&fs_lock);
	struct walk walk;
	struct inode *gone = NULL;
	long error = path_find(base, path, FOLLOW_NEVER, &walk);

	if (!error)
		error = may_remove(&walk, directory);
	if (!error)
		gone = directory_remove(walk.parent, walk.entry);
	spin_unlock(&fs_lock, events);
	if (gone)
		inode_put(gone);
	return error;
}

/* Returns true if a directory is "above", or lies below it. */
static bool is_within(const struct inode *directory, const struct inode *above)
{
	while (directory && directory != above && directory != fs_root())
		directory = directory->parent;
	return directory == above;
}

/* Checks a rename. Of several errors it returns the one that Linux would. */
static long may_rename(const struct walk *from, const struct walk *to)
{
	bool directory;

	if (from->ending != ENDS_IN_NAME || to->ending != ENDS_IN_NAME)
		return -EBUSY;
	if (!from->at)
		return -ENOENT;
	directory = inode_is(from->at, FS_DIRECTORY);
	if (!directory && (from->slash || to->slash))
		return -ENOTDIR;
	if (is_within(to->parent, from->at))
		return -EINVAL;
	if (to->at && to->at != from->at && is_within(from->parent, to->at))
		return -ENOTEMPTY;
	if (from->at == to->at)
		return 0;
	if (!to->parent->parent)
		return -ENOENT;
	return to->at ? may_remove(to, directory) : 0;
}

/*
 * Moves a name. Returns the inode that had the new name before, with that name's reference; NULL:
 * there was none.
 */
static struct inode *move_name(const struct walk *from, const struct walk *to)
{
	struct name name = {to->last, strlen(to->last)};
	struct inode *gone = to->entry ? directory_remove(to->parent, to->entry) : NULL;

	directory_detach(from->parent, from->entry);
	directory_attach(to->parent, from->entry, &name, from->at);
	return gone;
}

long name_rename(struct inode *base, const char *from, struct inode *new_base, const char *to)
{
	static struct walk source, target; /* too large for the stack; guarded by fs_lock */
	bool events = spin_lock(&fs_lock);
	struct inode *gone = NULL;
	long error = path_walk(base, from, FOLLOW_NEVER, &source);

	if (!error)
		error = path_walk(new_base, to, FOLLOW_NEVER, &target);
	if (!error)
		error = may_rename(&source, &target);
	/* If both are names of one file, nothing happens. */
	if (!error && source.at != target.at)
		gone = move_name(&source, &target);
	spin_unlock(&fs_lock, events);
	/* Without the lock: the contents of a large file are many pages to free. */
	if (gone)
		inode_put(gone);
	return error;
}
