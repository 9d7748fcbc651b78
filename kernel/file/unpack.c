// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unpacking an archive into files. The cost of an entry is its own bytes and the logarithm of the
 * number of files, whatever the archive is like.
 */
#include <kernel/file/fs.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <mm/frame/slab.h>

/* A file with several names in the archive, by the first of them. */
struct first {
	struct tree_node node;
	uint64_t device;
	uint32_t archive, inode;
	const char *name;
};

static struct slab_cache firsts = SLAB_CACHE(struct first);

static struct first *first_at(const struct tree_node *node)
{
	return container_of(node, struct first, node);
}

/* Any order will do, as long as it is consistent. */
static bool is_before(const struct tree_node *node, const struct tree_node *other)
{
	const struct first *a = first_at(node), *b = first_at(other);

	if (a->inode != b->inode)
		return a->inode < b->inode;
	return a->archive != b->archive ? a->archive < b->archive : a->device < b->device;
}

static bool is_reached(const struct tree_node *node, const void *key)
{
	return !is_before(node, &((const struct first *)key)->node);
}

/*
 * Finds the first name of the file that an entry is a name of; records the entry's if it is the
 * first. Of the names of one file the first or the last carries its data. Returns false if out of
 * memory. *name: the first name; NULL if that is the entry's.
 */
static bool find_first(struct tree *files, const struct cpio_entry *entry, const char **name)
{
	struct first key = {.device = entry->device,
			    .archive = entry->archive,
			    .inode = entry->inode,
			    .name = entry->name};
	struct tree_node *node;
	struct first *first;

	*name = NULL;
	if (entry->links < 2 || (entry->mode & CPIO_TYPE_MASK) != CPIO_FILE)
		return true;
	node = tree_search(files, is_reached, &key);
	if (node && !is_before(&key.node, node)) {
		*name = first_at(node)->name;
		return true;
	}
	first = slab_alloc(&firsts);
	if (!first)
		return false;
	*first = key;
	tree_insert(files, &first->node, is_before);
	return true;
}

/*
 * Returns the directory of a path's last name, and that name in *name. Creates missing directories,
 * which archives may leave out. NULL: that failed.
 */
static struct inode *make_parents(const char *path, const char **name)
{
	struct inode *at = inode_get(fs_root());

	for (;;) {
		size_t length = 0, slashes = 0;
		char part[FS_NAME_MAX + 1];
		struct inode *next;
		long error;

		while (path[length] && path[length] != '/')
			length++;
		while (path[length + slashes] == '/')
			slashes++;
		if (!path[length + slashes]) {
			*name = path;
			return at;
		}
		error = length > FS_NAME_MAX ? -ENAMETOOLONG : 0;
		if (!error) {
			memcpy(part, path, length);
			part[length] = '\0';
			error = path_lookup(at, part, true, &next);
		}
		if (error == -ENOENT)
			error = name_create(at, part, FS_DIRECTORY | 0755, NULL, &next);
		inode_put(at);
		if (error)
			return NULL;
		at = next;
		path += length + slashes;
	}
}

/* Writes a file's data, if the entry has them. */
static const char *fill(struct inode *inode, const struct cpio_entry *entry)
{
	inode->mtime = entry->mtime;
	if (inode_is(inode, FS_FILE) &&
	    object_write(inode->data, 0, entry->data, entry->size) < entry->size)
		return "memory is out";
	return NULL;
}

static const char *unpack_link(const struct cpio_entry *entry, struct inode *parent,
			       const char *name, const char *first)
{
	struct inode *inode;
	const char *problem = NULL;
	long error = path_lookup(fs_root(), first, false, &inode);

	if (error)
		return "a file has vanished before its second name came";
	error = name_link(parent, inode, name);
	if (error == -EEXIST) {
		/* The later entry replaces the earlier one. */
		error = name_unlink(parent, name, false);
		if (!error)
			error = name_link(parent, inode, name);
	}
	if (error)
		problem = "a second name cannot be made";
	if (!problem && entry->size)
		problem = fill(inode, entry);
	inode_put(inode);
	return problem;
}

static const char *unpack_new(const struct cpio_entry *entry, struct inode *parent,
			      const char *name)
{
	const char *problem;
	struct inode *inode = NULL;
	char target[FS_NAME_MAX + 1];
	bool link = (entry->mode & CPIO_TYPE_MASK) == CPIO_SYMLINK;
	long error;

	if (link && entry->size > FS_NAME_MAX)
		return "a symbolic link is too long";
	if (link) {
		memcpy(target, entry->data, entry->size);
		target[entry->size] = '\0';
	}
	error = name_create(parent, name, entry->mode, link ? target : NULL, &inode);
	if (error == -EEXIST) {
		/* The later entry replaces the earlier one; a directory stays. */
		if ((entry->mode & CPIO_TYPE_MASK) == CPIO_DIRECTORY)
			return NULL;
		error = name_unlink(parent, name, false);
		if (!error)
			error = name_create(parent, name, entry->mode, link ? target : NULL,
					    &inode);
	}
	if (error)
		return error == -ENOMEM ? "memory is out" : "a name cannot be made";
	problem = fill(inode, entry);
	inode_put(inode);
	return problem;
}

static const char *unpack_entry(struct tree *files, const struct cpio_entry *entry)
{
	struct inode *parent;
	const char *first, *name, *problem;

	if (!*entry->name)
		return NULL; /* the root itself */
	if (!find_first(files, entry, &first))
		return "memory is out";
	parent = make_parents(entry->name, &name);
	if (!parent)
		return "a file lies below something that is no directory, or memory is out";
	problem = first ? unpack_link(entry, parent, name, first) : unpack_new(entry, parent, name);
	inode_put(parent);
	return problem;
}

const char *unpack_archive(struct cpio_reader *reader)
{
	struct tree files = {.update = NULL};
	const char *error = NULL;
	struct cpio_entry entry;
	struct tree_node *node;

	while (!error && cpio_next(reader, &entry))
		error = unpack_entry(&files, &entry);
	while ((node = tree_take_leaf(&files)))
		slab_free(&firsts, first_at(node));
	return error ? error : reader->error;
}
