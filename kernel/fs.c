// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inodes, names and paths; see the header.
 */
#include <kernel/errno.h>
#include <kernel/fs.h>
#include <kernel/printf.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>
#include <mm/slab.h>

#define MAX_SYMLINKS 40 /* on the way to one file: as Linux */

struct entry {
	struct list_node link;
	struct inode *inode; /* a reference */
	uint64_t position;   /* for fs_list(): grows from entry to entry */
	char name[FS_NAME_MAX + 1];
};

static struct slab_cache inodes = SLAB_CACHE(struct inode);
static struct slab_cache entries = SLAB_CACHE(struct entry);
struct object *(*fs_contents)(uint32_t device);
uint64_t (*fs_now)(void);

static struct spinlock lock;
static struct inode *root;
static uint64_t next_number = 1, next_position = 3; /* 1 and 2: "." and ".." */

/* A name as it stands in a path, or in a symbolic link. */
struct name {
	const char *text;
	size_t length;
};

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
	list_init(&inode->entries);
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

/* ---- entries of one directory ---- */

static bool is_name(const struct name *name, const char *text)
{
	return text_equals(name->text, name->length, text);
}

static struct entry *find_entry(struct inode *directory, const struct name *name)
{
	list_for_each (node, &directory->entries) {
		struct entry *entry = container_of(node, struct entry, link);

		if (is_name(name, entry->name))
			return entry;
	}
	return NULL;
}

/* Puts an entry at the end; the name's reference to the inode is the caller's to take. */
static void attach(struct inode *directory, struct entry *entry, const struct name *name,
		   struct inode *inode)
{
	memcpy(entry->name, name->text, name->length);
	entry->name[name->length] = '\0';
	entry->inode = inode;
	entry->position = next_position++;
	list_add(directory->entries.previous, &entry->link);
	inode->links++;
	if (inode->data)
		inode->data->named = true;
	if (inode_is(inode, FS_DIRECTORY)) {
		inode->parent = directory;
		inode->links++; /* "." */
		directory->links++;
	}
}

/* Takes an entry out, without giving up its reference. */
static void detach(struct inode *directory, struct entry *entry)
{
	struct inode *inode = entry->inode;

	list_remove(&entry->link);
	inode->links--;
	if (inode->data)
		inode->data->named = inode->links;
	if (inode_is(inode, FS_DIRECTORY)) {
		inode->parent = NULL;
		inode->links--;
		directory->links--;
	}
}

static void remove_entry(struct inode *directory, struct entry *entry)
{
	detach(directory, entry);
	inode_put(entry->inode);
	slab_free(&entries, entry);
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
	walk->entry = find_entry(walk->at, name);
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
	entry = find_entry(walk->at, &name);
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
	entry = slab_alloc(&entries);
	if (!entry)
		return -ENOMEM;
	attach(walk->parent, entry, &name, inode);
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
	return list_empty(&walk->at->entries) ? 0 : -ENOTEMPTY;
}

long fs_unlink(struct inode *base, const char *path, bool directory)
{
	bool events = spin_lock(&lock);
	struct walk walk;
	long error = find(base, path, FOLLOW_NEVER, &walk);

	if (!error)
		error = may_remove(&walk, directory);
	if (!error)
		remove_entry(walk.parent, walk.entry);
	spin_unlock(&lock, events);
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

static void move_name(const struct walk *from, const struct walk *to)
{
	struct name name = {to->last, strlen(to->last)};

	if (to->entry)
		remove_entry(to->parent, to->entry);
	detach(from->parent, from->entry);
	attach(to->parent, from->entry, &name, from->at);
}

long fs_rename(struct inode *base, const char *from, struct inode *new_base, const char *to)
{
	static struct walk source, target; /* names make them large; guarded by the lock */
	bool events = spin_lock(&lock);
	long error = walk_path(base, from, FOLLOW_NEVER, &source);

	if (!error)
		error = walk_path(new_base, to, FOLLOW_NEVER, &target);
	if (!error)
		error = may_rename(&source, &target);
	/* Two names of one file: nothing happens. */
	if (!error && source.at != target.at)
		move_name(&source, &target);
	spin_unlock(&lock, events);
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

long fs_list(struct inode *directory, uint64_t *cursor,
	     bool (*visit)(const char *name, struct inode *inode, uint64_t next, void *argument),
	     void *argument)
{
	bool events, more = true;

	if (!inode_is(directory, FS_DIRECTORY))
		return -ENOTDIR;
	events = spin_lock(&lock);
	/* One that was removed is empty, even of these. */
	for (uint64_t dots = 1; directory->parent && more && dots <= 2; dots++) {
		if (*cursor >= dots)
			continue;
		more = visit(dots == 1 ? "." : "..", dots == 1 ? directory : directory->parent,
			     dots, argument);
		if (more)
			*cursor = dots;
	}
	list_for_each (node, &directory->entries) {
		struct entry *entry = container_of(node, struct entry, link);

		if (!more || entry->position <= *cursor)
			continue;
		more = visit(entry->name, entry->inode, entry->position, argument);
		if (more)
			*cursor = entry->position;
	}
	spin_unlock(&lock, events);
	return 0;
}

static const struct entry *entry_of(struct inode *directory)
{
	list_for_each (node, &directory->parent->entries) {
		const struct entry *entry = container_of(node, struct entry, link);

		if (entry->inode == directory)
			return entry;
	}
	return NULL;
}

/* The same with the lock held. */
static bool path_of(struct inode *directory, char *buffer, uint64_t size)
{
	uint64_t at = size;
	bool fits = size >= 2 && directory->parent;

	/* From the end, and then moved to the front. */
	if (fits)
		buffer[--at] = '\0';
	while (fits && directory != root) {
		const struct entry *entry = directory->parent ? entry_of(directory) : NULL;
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
	while (!list_empty(&directory->entries)) {
		struct entry *entry = container_of(directory->entries.next, struct entry, link);

		if (inode_is(entry->inode, FS_DIRECTORY))
			clear_directory(entry->inode);
		remove_entry(directory, entry);
	}
}

void fs_clear(void)
{
	clear_directory(root);
	inode_put(root);
	root = NULL;
}

/* ---- unpacking ---- */

/* Archives may leave directories out; a file brings those above it into being. */
static bool make_parents(const char *path)
{
	static char part[FS_PATH_MAX];

	for (size_t i = 0; path[i] && i < sizeof(part) - 1; i++) {
		long error;

		part[i] = '\0';
		error = path[i] == '/' && i ? fs_create(root, part, FS_DIRECTORY | 0755, NULL, NULL)
					    : 0;
		if (error && error != -EEXIST)
			return false;
		part[i] = path[i];
	}
	return true;
}

/*
 * The first name in the archive of the file that an entry is one more name of; NULL: it is the
 * first itself. Names of one file carry its data once, with the first or with the last of them.
 */
static const char *first_name(const struct cpio_reader *reader, const struct cpio_entry *entry)
{
	struct cpio_reader again;
	struct cpio_entry other;

	if (entry->links < 2 || (entry->mode & CPIO_TYPE_MASK) != CPIO_FILE)
		return NULL;
	cpio_open(&again, reader->archive, reader->size);
	while (cpio_next(&again, &other) && other.name != entry->name) {
		if (other.inode == entry->inode && other.device == entry->device && other.links > 1)
			return other.name;
	}
	return NULL;
}

/* Gives a file its data, if the entry has them. */
static const char *fill(struct inode *inode, const struct cpio_entry *entry)
{
	inode->mtime = entry->mtime;
	if (inode_is(inode, FS_FILE) &&
	    object_write(inode->data, 0, entry->data, entry->size) < entry->size)
		return "memory is out";
	return NULL;
}

static const char *unpack_link(const struct cpio_entry *entry, const char *first)
{
	struct inode *inode;
	const char *problem = NULL;
	long error = fs_lookup(root, first, false, &inode);

	if (error)
		return "a file has vanished before its second name came";
	error = fs_link(root, inode, entry->name);
	if (error && error != -EEXIST)
		problem = "a second name cannot be made";
	if (!problem && entry->size)
		problem = fill(inode, entry);
	inode_put(inode);
	return problem;
}

static const char *unpack_entry(const struct cpio_entry *entry)
{
	const char *problem;
	struct inode *inode = NULL;
	char target[FS_NAME_MAX + 1];
	bool link = (entry->mode & CPIO_TYPE_MASK) == CPIO_SYMLINK;
	long error;

	if (!*entry->name)
		return NULL; /* the root itself */
	if (link && entry->size > FS_NAME_MAX)
		return "a symbolic link is too long";
	if (link) {
		memcpy(target, entry->data, entry->size);
		target[entry->size] = '\0';
	}
	if (!make_parents(entry->name))
		return "a file lies below something that is no directory, or memory is out";
	error = fs_create(root, entry->name, entry->mode, link ? target : NULL, &inode);
	if (error == -EEXIST) {
		/* The later one counts; a directory stays what it is. */
		if ((entry->mode & CPIO_TYPE_MASK) == CPIO_DIRECTORY)
			return NULL;
		error = fs_unlink(root, entry->name, false);
		if (!error)
			error = fs_create(root, entry->name, entry->mode, link ? target : NULL,
					  &inode);
	}
	if (error)
		return error == -ENOMEM ? "memory is out" : "a name cannot be made";
	problem = fill(inode, entry);
	inode_put(inode);
	return problem;
}

const char *fs_unpack(struct cpio_reader *reader)
{
	struct cpio_entry entry;

	while (cpio_next(reader, &entry)) {
		const char *first = first_name(reader, &entry);
		const char *error = first ? unpack_link(&entry, first) : unpack_entry(&entry);

		if (error)
			return error;
	}
	return reader->error;
}
