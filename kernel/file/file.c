// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open files and tables of descriptors, and the simple kinds of file: files in memory, directories,
 * /dev/null and /dev/zero.
 */
#include <kernel/file/file.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <mm/frame/frames.h>
#include <mm/frame/slab.h>
#include <mm/frame/translate.h>

static struct slab_cache open_files = SLAB_CACHE(struct file);
static struct slab_cache tables = SLAB_CACHE(struct files);

WAIT_QUEUE(files_ready);

/* ---- in memory ---- */

/* Copies piece by piece, each within one page of the object. A missing page reads as zeros. */
static long read_memory(struct file *file, uint64_t *position, uintptr_t to, uint64_t bytes)
{
	struct object *object = file->object;
	uint64_t done = 0;

	while (done < bytes && *position < object->bytes) {
		uint64_t within = *position % PAGE_SIZE, rest = object->bytes - *position;
		uint64_t piece = MIN(MIN(bytes - done, rest), PAGE_SIZE - within), copied;
		pfn_t page = object_find(object, *position >> PAGE_SHIFT);
		const char *from = pfn_valid(page) ? pfn_to_virt(page) : NULL;

		copied = user_write_some(to + done, from ? from + within : NULL, piece);
		done += copied;
		*position += copied;
		if (copied < piece)
			return done ? (long)done : -EFAULT;
	}
	return (long)done;
}

static long write_memory(struct file *file, uint64_t *position, uintptr_t from, uint64_t bytes)
{
	struct object *object = file->object;
	uint64_t done = 0;
	long error = 0;

	if (file->flags & O_APPEND)
		*position = object->bytes;
	if (bytes)
		inode_touch(file->inode);
	while (done < bytes && !error) {
		uint64_t within = *position % PAGE_SIZE;
		uint64_t piece = MIN(bytes - done, PAGE_SIZE - within), copied;
		pfn_t page = object_page(object, *position >> PAGE_SHIFT);

		if (!pfn_valid(page)) {
			error = *position >= FILE_MOST ? -EFBIG : -ENOSPC;
			break;
		}
		copied = user_read_some(from + done, (char *)pfn_to_virt(page) + within, piece);
		done += copied;
		*position += copied;
		object->bytes = MAX(object->bytes, *position);
		if (copied < piece)
			error = -EFAULT;
	}
	return done ? (long)done : error;
}

static long no_control(struct file *file, uint32_t request, uintptr_t argument)
{
	(void)file, (void)request, (void)argument;
	return -ENOTTY;
}

static const struct file_type memory_file = {
	.read = read_memory, .write = write_memory, .control = no_control, .has_position = true};

/* ---- directories, /dev/null, /dev/zero ---- */

static long read_directory(struct file *file, uint64_t *position, uintptr_t to, uint64_t bytes)
{
	(void)file, (void)position, (void)to, (void)bytes;
	return -EISDIR;
}

static const struct file_type directory_file = {.read = read_directory,
						.write = read_directory,
						.control = no_control,
						.has_position = true};

static long read_nothing(struct file *file, uint64_t *position, uintptr_t to, uint64_t bytes)
{
	(void)file, (void)position, (void)to, (void)bytes;
	return 0;
}

static long read_zeros(struct file *file, uint64_t *position, uintptr_t to, uint64_t bytes)
{
	uint64_t done = user_write_some(to, NULL, bytes);

	(void)file, (void)position;
	return done || !bytes ? (long)done : -EFAULT;
}

static long write_nothing(struct file *file, uint64_t *position, uintptr_t from, uint64_t bytes)
{
	(void)file, (void)position, (void)from;
	return (long)bytes;
}

static const struct file_type null_file = {
	.read = read_nothing, .write = write_nothing, .control = no_control, .has_position = true};
static const struct file_type zero_file = {
	.read = read_zeros, .write = write_nothing, .control = no_control, .has_position = true};

/* ---- open files ---- */

struct file *file_create(const struct file_type *type, struct inode *inode, uint32_t flags)
{
	struct file *file = slab_alloc(&open_files);

	if (!file)
		return NULL;
	file->references = 1;
	file->type = type;
	file->inode = inode;
	file->flags = flags;
	return file;
}

struct file *file_get(struct file *file)
{
	file->references++;
	return file;
}

void file_put(struct file *file)
{
	if (--file->references)
		return;
	if (file->type->close)
		file->type->close(file);
	if (file->object)
		object_put(file->object);
	if (file->inode)
		inode_put(file->inode);
	slab_free(&open_files, file);
}

static const struct file_type *type_of(const struct inode *inode)
{
	if (inode_is(inode, FS_DIRECTORY))
		return &directory_file;
	if (inode_is(inode, FS_FILE))
		return &memory_file;
	if (!inode_is(inode, FS_DEVICE))
		return NULL;
	switch (inode->device) {
	case DEVICE_NULL:
		return &null_file;
	case DEVICE_ZERO:
		return &zero_file;
	case DEVICE_TTY:
		return &tty_file;
	default:
		return NULL;
	}
}

long file_open(struct inode *inode, uint32_t flags, struct file **result)
{
	const struct file_type *type = type_of(inode);
	struct file *file;

	if (!type)
		return -ENODEV;
	if (type == &directory_file && ((flags & O_ACCESS) != O_RDONLY || (flags & O_CREAT)))
		return -EISDIR;
	if (type == &memory_file && inode->device && (flags & O_ACCESS) != O_RDONLY)
		return -EACCES;
	file = file_create(type, NULL, flags);
	if (!file)
		return -ENOMEM;
	if (type == &memory_file) {
		file->object =
			inode->device ? inode_contents(inode->device) : object_get(inode->data);
		if (!file->object) {
			file_put(file);
			return -ENOMEM;
		}
		if (flags & O_TRUNC) {
			object_truncate(file->object, 0);
			inode_touch(inode);
		}
	}
	file->inode = inode_get(inode);
	*result = file;
	return 0;
}

/* ---- descriptors ---- */

struct files *files_create(void)
{
	return slab_alloc(&tables);
}

struct files *files_copy(const struct files *files)
{
	struct files *copy = files_create();

	if (!copy)
		return NULL;
	memcpy(copy, files, sizeof(*copy));
	for (unsigned int i = 0; i < copy->end; i++) {
		if (copy->file[i])
			file_get(copy->file[i]);
	}
	return copy;
}

void files_put(struct files *files)
{
	while (files->end)
		files_close(files, files->end - 1);
	slab_free(&tables, files);
}

bool files_closes_on_exec(const struct files *files, unsigned int descriptor)
{
	return files->close_on_exec[descriptor / 64] >> descriptor % 64 & 1;
}

void files_set_close_on_exec(struct files *files, unsigned int descriptor, bool close)
{
	uint64_t bit = 1ull << descriptor % 64;

	files->close_on_exec[descriptor / 64] &= ~bit;
	if (close)
		files->close_on_exec[descriptor / 64] |= bit;
}

void files_exec(struct files *files)
{
	/* From the highest down, since closing the highest makes the table shorter. */
	for (unsigned int i = files->end; i-- > 0;) {
		if (files_closes_on_exec(files, i))
			files_close(files, i);
	}
}

struct file *file_at(const struct files *files, uint64_t descriptor)
{
	return descriptor < files->end ? files->file[descriptor] : NULL;
}

long files_add(struct files *files, struct file *file, unsigned int least, bool close_on_exec)
{
	unsigned int descriptor = least;

	while (descriptor < files->end && files->file[descriptor])
		descriptor++;
	if (descriptor >= FILES_MOST) {
		file_put(file);
		return -EMFILE;
	}
	files->file[descriptor] = file;
	files->end = MAX(files->end, descriptor + 1);
	files_set_close_on_exec(files, descriptor, close_on_exec);
	return descriptor;
}

long files_close(struct files *files, uint64_t descriptor)
{
	struct file *file = descriptor < files->end ? files->file[descriptor] : NULL;

	if (descriptor < files->end) {
		files->file[descriptor] = NULL;
		files_set_close_on_exec(files, (unsigned int)descriptor, false);
	}
	while (files->end && !files->file[files->end - 1])
		files->end--;
	if (!file)
		return -EBADF;
	file_put(file);
	return 0;
}
