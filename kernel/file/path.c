// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Paths (path_resolution(7)): from a path to an inode, and from a directory back to its path.
 */
#include "path.h"
#include "inode.h"
#include <kernel/lib/errno.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>
#include <kernel/lib/text.h>

#define MAX_SYMLINKS 40 /* in one lookup, as on Linux */

/*
 * The rest of the path that is being followed, with the targets of symbolic links substituted.
 * Guarded by fs_lock.
 */
static char work[FS_PATH_MAX];

/* Puts a symbolic link's target before the rest of the path. */
static long substitute(struct inode *link, const char *rest, unsigned int *followed)
{
	struct object *target = ++*followed > MAX_SYMLINKS ? NULL : inode_target(link);
	uint64_t length, left = strlen(rest) + 1;
	long error = 0;

	if (!target)
		return *followed > MAX_SYMLINKS ? -ELOOP : -ENOENT;
	length = target->bytes;
	if (!length)
		error = -ENOENT;
	else if (length + left > FS_PATH_MAX)
		error = -ENAMETOOLONG;
	if (!error) {
		memmove(work + length, rest, left);
		object_read(target, 0, work, length);
	}
	object_put(target);
	return error;
}

static bool is_name(const struct name *name, const char *text)
{
	return text_equals(name->text, name->length, text);
}

static const char *skip_slashes(const char *path)
{
	while (*path == '/')
		path++;
	return path;
}

static struct name name_at(const char *path)
{
	struct name name = {path, 0};

	while (path[name.length] && path[name.length] != '/')
		name.length++;
	return name;
}

/* Records the last name of a path, whether such an entry exists or not. */
static void note_last(struct walk *walk, const struct name *name, bool slash)
{
	walk->ending = ENDS_IN_NAME;
	walk->parent = walk->at;
	walk->entry = directory_find(walk->at, name);
	walk->slash = slash;
	memcpy(walk->last, name->text, name->length);
	walk->last[name->length] = '\0';
}

/* Follows one name of a path. Stores the rest of the path in *next. */
static long step(struct walk *walk, const char *path, enum follow follow, unsigned int *followed,
		 const char **next)
{
	struct name name = name_at(path);
	const char *rest = path + name.length;
	bool last = !*skip_slashes(rest);
	struct entry *entry;
	long error;

	*next = rest;
	if (name.length > FS_NAME_MAX)
		return -ENAMETOOLONG;
	if (!inode_is(walk->at, FS_DIRECTORY))
		return -ENOTDIR;
	if (is_name(&name, ".")) {
		walk->ending = ENDS_IN_DOT;
		return 0;
	}
	if (is_name(&name, "..")) {
		walk->ending = ENDS_IN_DOTS;
		walk->at = walk->at->parent ? walk->at->parent : walk->at;
		return 0;
	}
	entry = directory_find(walk->at, &name);
	if (entry && inode_is(entry->inode, FS_SYMLINK) &&
	    (!last || follow == FOLLOW_LAST || (follow == FOLLOW_BEFORE_SLASH && *rest == '/'))) {
		error = substitute(entry->inode, rest, followed);
		if (error)
			return error;
		if (work[0] == '/')
			walk->at = fs_root();
		*next = work;
		return 0;
	}
	if (last)
		note_last(walk, &name, *rest == '/');
	else if (!entry)
		return -ENOENT;
	walk->at = entry ? entry->inode : NULL;
	return 0;
}

long path_walk(struct inode *base, const char *path, enum follow follow, struct walk *walk)
{
	size_t length = strnlen(path, FS_PATH_MAX);
	unsigned int followed = 0;
	const char *rest = work;

	if (!length)
		return -ENOENT;
	if (length == FS_PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(work, path, length + 1);
	*walk = (struct walk){.at = work[0] == '/' ? fs_root() : base};
	for (rest = skip_slashes(rest); *rest; rest = skip_slashes(rest)) {
		long error = step(walk, rest, follow, &followed, &rest);

		if (error)
			return error;
		/* The last name may not exist; that ends the walk. */
		if (!walk->at)
			return 0;
	}
	return 0;
}

long path_find(struct inode *base, const char *path, enum follow follow, struct walk *walk)
{
	long error = path_walk(base, path, follow, walk);

	if (error)
		return error;
	if (!walk->at)
		return -ENOENT;
	return walk->slash && !inode_is(walk->at, FS_DIRECTORY) ? -ENOTDIR : 0;
}

long path_lookup(struct inode *base, const char *path, bool follow, struct inode **result)
{
	bool events = spin_lock(&fs_lock);
	struct walk walk;
	long error = path_find(base, path, follow ? FOLLOW_LAST : FOLLOW_BEFORE_SLASH, &walk);

	if (!error)
		*result = inode_get(walk.at);
	spin_unlock(&fs_lock, events);
	return error;
}

/*
 * Writes the path of a directory into the buffer. Returns false if it was removed or does not fit.
 */
static bool path_of(struct inode *directory, char *buffer, uint64_t size)
{
	uint64_t at = size;
	bool fits = size >= 2 && directory->parent;

	/* It is written from the end of the buffer, and then moved to its start. */
	if (fits)
		buffer[--at] = '\0';
	while (fits && directory != fs_root()) {
		const struct entry *entry = directory->entry;
		size_t length = entry ? strlen(entry->name) : 0;

		fits = entry && at >= length + 1;
		if (!fits)
			break;
		at -= length;
		memcpy(buffer + at, entry->name, length);
		buffer[--at] = '/';
		directory = directory->parent;
	}
	if (fits && at == size - 1)
		buffer[--at] = '/';
	if (fits)
		memmove(buffer, buffer + at, size - at);
	return fits;
}

bool path_of_directory(struct inode *directory, char *buffer, uint64_t size)
{
	bool events = spin_lock(&fs_lock);
	bool fits = path_of(directory, buffer, size);

	spin_unlock(&fs_lock, events);
	return fits;
}

bool path_resolve(struct inode *base, const char *path, char *buffer, uint64_t size)
{
	bool events = spin_lock(&fs_lock);
	struct walk walk;
	bool fits = path_walk(base, path, FOLLOW_LAST, &walk) == 0 &&
		    path_of(walk.parent ? walk.parent : walk.at, buffer, size);

	if (fits && walk.parent) {
		size_t length = strlen(buffer);

		/* Only the root's path ends in a slash. */
		length -= length == 1;
		fits = length + 1 + strlen(walk.last) < size;
		if (fits)
			snprintf(buffer + length, size - length, "/%s", walk.last);
	}
	spin_unlock(&fs_lock, events);
	return fits;
}
