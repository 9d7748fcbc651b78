// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inodes, names and paths; see the header.
 */
#include "directory.h"
#include <arch/lock.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>
#include <mm/frame/slab.h>

#define MAX_SYMLINKS 40 /* on the way to one file: as Linux */

static struct slab_cache inodes = SLAB_CACHE(struct inode);
struct object *(*fs_contents)(uint32_t device);
uint64_t (*fs_now)(void);

static struct spinlock lock;
static struct inode *root;
static uint64_t next_number = 1;

struct inode *fs_root(void)
{
	return root;
}

/* ---- inodes ---- */

static struct inode *new_inode(uint32_t mode)
{
	struct inode *inode = slab_alloc(&inodes);

	if (!inode)
		return NULL;
	inode->references = 1;
	inode->mode = mode;
	inode->number = next_number++;
	inode->mtime = fs_now ? fs_now() : 0;
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

/* ---- paths ---- */

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

/* The path that is left to go, with the targets of symbolic links put in. Guarded by the lock. */
static char work[FS_PATH_MAX];

/* What a symbolic link says, with a reference; NULL: nothing. */
static struct object *target_of(struct inode *link)
{
	return link->device ? fs_contents(link->device) : object_get(link->data);
}

/* Puts a symbolic link's target in front of what is left of the path. */
static long substitute(struct inode *link, const char *rest, unsigned int *followed)
{
	struct object *target = ++*followed > MAX_SYMLINKS ? NULL : target_of(link);
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

/* Notes the last name of a path, whether there is such an entry or not. */
static void note_last(struct walk *walk, const struct name *name, bool slash)
{
	walk->ending = ENDS_IN_NAME;
	walk->parent = walk->at;
	walk->entry = directory_find(walk->at, name);
	walk->slash = slash;
	memcpy(walk->last, name->text, name->length);
	walk->last[name->length] = '\0';
}

/* One name further. *next is where the path goes on. */
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
			walk->at = root;
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

static long walk_path(struct inode *base, const char *path, enum follow follow, struct walk *walk)
{
	size_t length = strnlen(path, FS_PATH_MAX);
	unsigned int followed = 0;
	const char *rest = work;

	if (!length)
		return -ENOENT;
	if (length == FS_PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(work, path, length + 1);
	*walk = (struct walk){.at = work[0] == '/' ? root : base};
	for (rest = skip_slashes(rest); *rest; rest = skip_slashes(rest)) {
		long error = step(walk, rest, follow, &followed, &rest);

		if (error)
			return error;
		/* The last name may be absent; then the walk is over. */
		if (!walk->at)
			return 0;
	}
	return 0;
}

/* The same for something that must be there, and be a directory if a slash says so. */
static long find(struct inode *base, const char *path, enum follow follow, struct walk *walk)
{
	long error = walk_path(base, path, follow, walk);

	if (error)
		return error;
	if (!walk->at)
		return -ENOENT;
	return walk->slash && !inode_is(walk->at, FS_DIRECTORY) ? -ENOTDIR : 0;
}

long fs_lookup(struct inode *base, const char *path, bool follow, struct inode **result)
{
	bool events = spin_lock(&lock);
	struct walk walk;
	long error = find(base, path, follow ? FOLLOW_LAST : FOLLOW_BEFORE_SLASH, &walk);

	if (!error)
		*result = inode_get(walk.at);
	spin_unlock(&lock, events);
	return error;
}

/* ---- making names ---- */

/* Gives an inode the name that a walk ended at. Takes over a reference to it. */
static long name_it(struct walk *walk, struct inode *inode)
{
	struct name name = {walk->last, strlen(walk->last)};
	struct entry *entry;

	/* A directory that was removed takes no more names. */
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
	inode = new_inode(mode);
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

long fs_create(struct inode *base, const char *path, uint32_t mode, const char *target,
	       struct inode **result)
{
	bool events = spin_lock(&lock);
	struct walk walk;
	long error = walk_path(base, path, FOLLOW_NEVER, &walk);

	if (!error)
		error = create(&walk, mode, target, result);
	spin_unlock(&lock, events);
	return error;
}

long fs_make_file(struct inode *base, const char *path, uint32_t mode, bool exclusive,
		  struct inode **result)
{
	bool events = spin_lock(&lock);
	struct walk walk;
	long error = walk_path(base, path, exclusive ? FOLLOW_NEVER : FOLLOW_LAST, &walk);

	if (!error && (!walk.at || exclusive))
		error = create(&walk, mode, NULL, result);
	else if (!error && walk.slash && !inode_is(walk.at, FS_DIRECTORY))
		error = -ENOTDIR;
	else if (!error)
		*result = inode_get(walk.at);
	spin_unlock(&lock, events);
	return error;
}

long fs_link(struct inode *base, struct inode *inode, const char *path)
{
	bool events = spin_lock(&lock);
	struct walk walk;
	long error = walk_path(base, path, FOLLOW_NEVER, &walk);

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
	spin_unlock(&lock, events);
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

long fs_unlink(struct inode *base, const char *path, bool directory)
{
	bool events = spin_lock(&lock);
	struct walk walk;
	struct inode *gone = NULL;
	long error = find(base, path, FOLLOW_NEVER, &walk);

	if (!error)
		error = may_remove(&walk, directory);
	if (!error)
		gone = directory_remove(walk.parent, walk.entry);
	spin_unlock(&lock, events);
	if (gone)
		inode_put(gone);
	return error;
}

/* Whether a directory is the other, or lies below it. */
static bool is_within(const struct inode *directory, const struct inode *above)
{
	while (directory && directory != above && directory != root)
		directory = directory->parent;
	return directory == above;
}

/* In Linux's order: which of several mistakes is told. */
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

/* Returns what had the name until now, with the reference of that name; NULL: nothing had. */
static struct inode *move_name(const struct walk *from, const struct walk *to)
{
	struct name name = {to->last, strlen(to->last)};
	struct inode *gone = to->entry ? directory_remove(to->parent, to->entry) : NULL;

	directory_detach(from->parent, from->entry);
	directory_attach(to->parent, from->entry, &name, from->at);
	return gone;
}

long fs_rename(struct inode *base, const char *from, struct inode *new_base, const char *to)
{
	static struct walk source, target; /* names make them large; guarded by the lock */
	bool events = spin_lock(&lock);
	struct inode *gone = NULL;
	long error = walk_path(base, from, FOLLOW_NEVER, &source);

	if (!error)
		error = walk_path(new_base, to, FOLLOW_NEVER, &target);
	if (!error)
		error = may_rename(&source, &target);
	/* Two names of one file: nothing happens. */
	if (!error && source.at != target.at)
		gone = move_name(&source, &target);
	spin_unlock(&lock, events);
	/* The contents of a large file are many pages to free. */
	if (gone)
		inode_put(gone);
	return error;
}

/* ---- looking ---- */

long fs_readlink(struct inode *inode, char *buffer, uint64_t size)
{
	struct object *target;
	uint64_t length;

	if (!inode_is(inode, FS_SYMLINK))
		return -EINVAL;
	target = target_of(inode);
	if (!target)
		return -ENOENT;
	length = object_read(target, 0, buffer, size);
	object_put(target);
	return (long)length;
}

/*
 * Notes the first entry after a position: its name, its inode with a reference, its own position.
 * False: there is none. A directory that was removed is empty, even of "." and "..".
 */
static bool entry_after(struct inode *directory, uint64_t *position, char *name,
			struct inode **inode)
{
	bool events = spin_lock(&lock);
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
	spin_unlock(&lock, events);
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

/* Writes the path of a directory into the buffer; false: it was removed, or does not fit. */
static bool path_of(struct inode *directory, char *buffer, uint64_t size)
{
	uint64_t at = size;
	bool fits = size >= 2 && directory->parent;

	/* From the end, and then moved to the front. */
	if (fits)
		buffer[--at] = '\0';
	while (fits && directory != root) {
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

bool fs_path(struct inode *directory, char *buffer, uint64_t size)
{
	bool events = spin_lock(&lock);
	bool fits = path_of(directory, buffer, size);

	spin_unlock(&lock, events);
	return fits;
}

bool fs_real_path(struct inode *base, const char *path, char *buffer, uint64_t size)
{
	bool events = spin_lock(&lock);
	struct walk walk;
	bool fits = walk_path(base, path, FOLLOW_LAST, &walk) == 0 &&
		    path_of(walk.parent ? walk.parent : walk.at, buffer, size);

	if (fits && walk.parent) {
		size_t length = strlen(buffer);

		/* Only the root's path ends in a slash. */
		length -= length == 1;
		fits = length + 1 + strlen(walk.last) < size;
		if (fits)
			snprintf(buffer + length, size - length, "/%s", walk.last);
	}
	spin_unlock(&lock, events);
	return fits;
}

/* ---- the whole ---- */

bool fs_init(void)
{
	root = new_inode(FS_DIRECTORY | 0755);
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
