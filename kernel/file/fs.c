// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree of files: its root, its lock, and listing a directory.
 */
#include "inode.h"
#include "path.h"
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>

struct spinlock fs_lock = SPINLOCK(LOCK_FS);

static struct inode *root;

struct inode *fs_root(void)
{
	return root;
}

/*
 * Finds the first entry after a position. Stores its name, its inode with a reference, and its
 * position. Returns false if there is none. A removed directory has none, not even "." and "..".
 */
static bool entry_after(struct inode *directory, uint64_t *position, char *name,
			struct inode **inode)
{
	bool events = spin_lock(&fs_lock);
	const struct entry *entry = NULL;

	*inode = NULL;
	if (*position < 2 && directory->parent) {
		*inode = ++*position == 1 ? directory : directory->parent;
		memcpy(name, "..", 3);
		name[*position] = '\0';
	} else if ((entry = directory_next(directory, *position))) {
		*inode = entry->inode;
		*position = entry->position;
		memcpy(name, entry->name, strlen(entry->name) + 1);
	}
	if (*inode)
		inode_get(*inode);
	spin_unlock(&fs_lock, events);
	return *inode;
}

long fs_list(struct inode *directory, uint64_t *cursor,
	     bool (*visit)(const char *name, struct inode *inode, uint64_t next, void *argument),
	     void *argument)
{
	char name[FS_NAME_MAX + 1];
	uint64_t position = *cursor;
	struct inode *inode;
	bool more = true;

	if (!inode_is(directory, FS_DIRECTORY))
		return -ENOTDIR;
	while (more && entry_after(directory, &position, name, &inode)) {
		more = visit(name, inode, position, argument);
		if (more)
			*cursor = position;
		inode_put(inode);
	}
	return 0;
}

bool fs_init(void)
{
	root = inode_create(FS_DIRECTORY | 0755);
	if (!root)
		return false;
	root->links = 2;
	root->parent = root;
	return true;
}

static void clear_directory(struct inode *directory)
{
	struct entry *entry;

	while ((entry = directory_next(directory, 0))) {
		if (inode_is(entry->inode, FS_DIRECTORY))
			clear_directory(entry->inode);
		inode_put(directory_remove(directory, entry));
	}
}

void fs_clear(void)
{
	clear_directory(root);
	inode_put(root);
	root = NULL;
}
