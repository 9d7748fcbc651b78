// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The entries of one directory: finding, adding and removing names.
 *
 * Each entry is in two trees, one ordered by name and one by position, so finding a name and
 * continuing a listing both take logarithmic time.
 */
#include "directory.h"
#include <kernel/lib/string.h>
#include <mm/frame/slab.h>

static struct slab_cache entries = SLAB_CACHE(struct entry);
static uint64_t next_position = 3; /* 1 and 2: "." and ".." */

static struct entry *by_name(const struct tree_node *node)
{
	return container_of(node, struct entry, by_name);
}

static struct entry *by_position(const struct tree_node *node)
{
	return container_of(node, struct entry, by_position);
}

/* Compares an entry's name with another, as strcmp() does. */
static int compare(const struct entry *entry, const struct name *name)
{
	int result = strncmp(entry->name, name->text, name->length);

	return result ? result : (unsigned char)entry->name[name->length];
}

static bool name_reached(const struct tree_node *node, const void *name)
{
	return compare(by_name(node), name) >= 0;
}

static bool name_before(const struct tree_node *a, const struct tree_node *b)
{
	return strcmp(by_name(a)->name, by_name(b)->name) < 0;
}

static bool position_passed(const struct tree_node *node, const void *position)
{
	return by_position(node)->position > *(const uint64_t *)position;
}

static bool position_before(const struct tree_node *a, const struct tree_node *b)
{
	return by_position(a)->position < by_position(b)->position;
}

struct entry *directory_find(const struct inode *directory, const struct name *name)
{
	struct tree_node *node = tree_search(&directory->names, name_reached, name);

	return node && compare(by_name(node), name) == 0 ? by_name(node) : NULL;
}

struct entry *directory_next(const struct inode *directory, uint64_t position)
{
	struct tree_node *node = tree_search(&directory->positions, position_passed, &position);

	return node ? by_position(node) : NULL;
}

struct entry *entry_alloc(void)
{
	return slab_alloc(&entries);
}

void directory_attach(struct inode *directory, struct entry *entry, const struct name *name,
		      struct inode *inode)
{
	memcpy(entry->name, name->text, name->length);
	entry->name[name->length] = '\0';
	entry->inode = inode;
	entry->position = next_position++;
	tree_insert(&directory->names, &entry->by_name, name_before);
	tree_insert(&directory->positions, &entry->by_position, position_before);
	inode->links++;
	if (inode->data)
		inode->data->named = true;
	if (inode_is(inode, FS_DIRECTORY)) {
		inode->parent = directory;
		inode->entry = entry;
		inode->links++; /* "." */
		directory->links++;
	}
}

void directory_detach(struct inode *directory, struct entry *entry)
{
	struct inode *inode = entry->inode;

	tree_remove(&directory->names, &entry->by_name);
	tree_remove(&directory->positions, &entry->by_position);
	inode->links--;
	if (inode->data)
		inode->data->named = inode->links;
	if (inode_is(inode, FS_DIRECTORY)) {
		inode->parent = NULL;
		inode->entry = NULL;
		inode->links--;
		directory->links--;
	}
}

struct inode *directory_remove(struct inode *directory, struct entry *entry)
{
	struct inode *inode = entry->inode;

	directory_detach(directory, entry);
	slab_free(&entries, entry);
	return inode;
}
