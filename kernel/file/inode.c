// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inodes: creating, referencing and reading them. An inode lives until its last reference is
 * dropped, and its contents as long as the inode.
 */
#include "inode.h"
#include <kernel/lib/errno.h>
#include <mm/frame/slab.h>

static struct slab_cache inodes = SLAB_CACHE(struct inode);
static uint64_t next_number = 1;

struct object *(*inode_contents)(uint32_t device);
uint64_t (*inode_now)(void);

struct inode *inode_create(uint32_t mode)
{
	struct inode *inode = slab_alloc(&inodes);

	if (!inode)
		return NULL;
	inode->references = 1;
	inode->mode = mode;
	inode->number = next_number++;
	inode->mtime = inode_now ? inode_now() : 0;
	if (inode_is(inode, FS_FILE) || inode_is(inode, FS_SYMLINK)) {
		inode->data = object_create(0);
		if (!inode->data) {
			slab_free(&inodes, inode);
			return NULL;
		}
		inode->data->number = inode->number;
	}
	return inode;
}

struct inode *inode_get(struct inode *inode)
{
	__atomic_fetch_add(&inode->references, 1, __ATOMIC_RELAXED);
	return inode;
}

void inode_put(struct inode *inode)
{
	if (__atomic_sub_fetch(&inode->references, 1, __ATOMIC_ACQ_REL))
		return;
	if (inode->data)
		object_put(inode->data);
	slab_free(&inodes, inode);
}

void inode_touch(struct inode *inode)
{
	inode->mtime = inode_now();
}

struct object *inode_target(struct inode *link)
{
	return link->device ? inode_contents(link->device) : object_get(link->data);
}

long inode_read_link(struct inode *inode, char *buffer, uint64_t size)
{
	struct object *target;
	uint64_t length;

	if (!inode_is(inode, FS_SYMLINK))
		return -EINVAL;
	target = inode_target(inode);
	if (!target)
		return -ENOENT;
	length = object_read(target, 0, buffer, size);
	object_put(target);
	return (long)length;
}
