// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls about descriptors and their open files. Reading and writing are in
 * kernel/syscall/transfer.c, waiting for several files in kernel/syscall/poll.c.
 */
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <kernel/process/clock.h>
#include <kernel/syscall/table.h>

/* ---- descriptors ---- */

long sys_close(uint64_t descriptor)
{
	return files_close(process_current()->files, descriptor);
}

static long duplicate(uint64_t descriptor, uint64_t least, bool close_on_exec)
{
	struct file *file = file_at(process_current()->files, descriptor);

	if (!file)
		return -EBADF;
	if (least >= FILES_MOST)
		return -EINVAL;
	return files_add(process_current()->files, file_get(file), (unsigned int)least,
			 close_on_exec);
}

long sys_dup(uint64_t descriptor)
{
	return duplicate(descriptor, 0, false);
}

long sys_dup3(uint64_t old, uint64_t new, uint32_t flags, bool same_is_fine)
{
	if (!file_at(process_current()->files, old) || new >= FILES_MOST)
		return -EBADF;
	if (old == new)
		return same_is_fine ? (long)new : -EINVAL;
	if (flags & ~(uint32_t)O_CLOEXEC)
		return -EINVAL;
	files_close(process_current()->files, new);
	return duplicate(old, new, flags & O_CLOEXEC);
}

long sys_fcntl(uint64_t descriptor, uint32_t command, uint64_t argument)
{
	enum { DUPFD, GETFD, SETFD, GETFL, SETFL, DUPFD_CLOEXEC = 1030 };
	const uint32_t changeable = O_APPEND | O_NONBLOCK;
	struct files *files = process_current()->files;
	struct file *file = file_at(process_current()->files, descriptor);

	if (!file)
		return -EBADF;
	switch (command) {
	case DUPFD:
	case DUPFD_CLOEXEC:
		return duplicate(descriptor, argument, command == DUPFD_CLOEXEC);
	case GETFD:
		return files_closes_on_exec(files, (unsigned int)descriptor);
	case SETFD:
		files_set_close_on_exec(files, (unsigned int)descriptor, argument & 1);
		return 0;
	case GETFL:
		return file->flags & (O_ACCESS | changeable);
	case SETFL:
		file->flags = (file->flags & ~changeable) | ((uint32_t)argument & changeable);
		return 0;
	default:
		return -EINVAL;
	}
}

long sys_ioctl(uint64_t descriptor, uint32_t request, uintptr_t argument)
{
	struct file *file = file_at(process_current()->files, descriptor);

	return file ? file->type->control(file, request, argument) : -EBADF;
}

long sys_pipe2(uintptr_t descriptors, uint32_t flags)
{
	struct files *files = process_current()->files;
	struct file *reader, *writer;
	int numbers[2];
	long error;

	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	error = pipe_create(&reader, &writer, flags & O_NONBLOCK);
	if (error)
		return error;
	numbers[0] = (int)files_add(files, reader, 0, flags & O_CLOEXEC);
	numbers[1] = (int)files_add(files, writer, 0, flags & O_CLOEXEC);
	if (numbers[0] < 0 || numbers[1] < 0)
		error = -EMFILE;
	else
		error = user_write(descriptors, numbers, sizeof(numbers));
	for (unsigned int i = 0; i < 2 && error; i++) {
		if (numbers[i] >= 0)
			files_close(files, (uint64_t)numbers[i]);
	}
	return error;
}

/* ---- what they are ---- */

/* Returns Linux's number of a device: major and minor. */
static uint64_t device_number(const struct inode *inode)
{
	static const uint16_t numbers[] = {
		[DEVICE_NULL] = 0x103, [DEVICE_ZERO] = 0x105, [DEVICE_TTY] = 0x500};

	return inode_is(inode, FS_DEVICE) && inode->device < ARRAY_SIZE(numbers)
		       ? numbers[inode->device]
		       : 0;
}

long files_write_status(const struct inode *inode, uintptr_t to)
{
	/* struct stat */
	struct {
		uint64_t device, inode, links;
		uint32_t mode, user, group, padding;
		uint64_t which;
		int64_t bytes, block_bytes, blocks;
		struct clock_time access, modification, change;
		int64_t unused[3];
	} status = {
		.device = 1,
		.inode = inode->number,
		.links = inode->links,
		.mode = inode->mode,
		.which = device_number(inode),
		.bytes = inode->data ? (int64_t)inode->data->bytes : 0,
		.block_bytes = PAGE_SIZE,
		.blocks = inode->data ? (int64_t)inode->data->pages * (PAGE_SIZE / 512) : 0,
		.access.seconds = (int64_t)inode->mtime,
		.modification.seconds = (int64_t)inode->mtime,
		.change.seconds = (int64_t)inode->mtime,
	};

	_Static_assert(sizeof(status) == 144, "as Linux has it");
	return user_write(to, &status, sizeof(status));
}

long sys_fstat(uint64_t descriptor, uintptr_t to)
{
	const struct file *file = file_at(process_current()->files, descriptor);
	const struct inode pipe = {.mode = 0010600, .links = 1};

	if (!file)
		return -EBADF;
	return files_write_status(file->inode ? file->inode : &pipe, to);
}

long sys_ftruncate(uint64_t descriptor, int64_t bytes)
{
	struct file *file = file_at(process_current()->files, descriptor);

	if (!file)
		return -EBADF;
	if (bytes < 0 || !file->object || !file_writes(file))
		return -EINVAL;
	if ((uint64_t)bytes > FILE_MOST)
		return -EFBIG;
	object_truncate(file->object, (uint64_t)bytes);
	inode_touch(file->inode);
	return 0;
}

/* Files are only in memory, so there is nothing to flush. */
long sys_fsync(uint64_t descriptor)
{
	return file_at(process_current()->files, descriptor) ? 0 : -EBADF;
}

long sys_fchmod(uint64_t descriptor, uint32_t mode)
{
	struct file *file = file_at(process_current()->files, descriptor);

	if (!file)
		return -EBADF;
	if (!file->inode)
		return -EINVAL;
	file->inode->mode = (file->inode->mode & FS_TYPE_MASK) | (mode & 07777);
	return 0;
}

long sys_fchdir(uint64_t descriptor)
{
	struct process *process = process_current();
	struct file *file = file_at(process_current()->files, descriptor);

	if (!file)
		return -EBADF;
	if (!file->inode || !inode_is(file->inode, FS_DIRECTORY))
		return -ENOTDIR;
	inode_put(process->directory);
	process->directory = inode_get(file->inode);
	return 0;
}

/* ---- directories ---- */

/* The buffer of getdents64() that is left, and the error that ended it. */
struct listing {
	uintptr_t to;
	uint64_t left;
	long error;
};

static bool list_entry(const char *name, struct inode *inode, uint64_t next, void *argument)
{
	struct __attribute__((packed)) {
		uint64_t inode, next;
		uint16_t bytes;
		uint8_t type;
		char name[FS_NAME_MAX + 1];
	} entry;
	struct listing *listing = argument;
	uint64_t length = offsetof(__typeof__(entry), name) + strlen(name) + 1;

	entry.inode = inode->number;
	entry.next = next;
	entry.bytes = (uint16_t)ROUND_UP(length, 8);
	entry.type = (uint8_t)(inode->mode >> 12 & 15);
	memcpy(entry.name, name, strlen(name) + 1);
	if (entry.bytes > listing->left) {
		listing->error = -EINVAL;
		return false;
	}
	if (user_write(listing->to, &entry, length)) {
		listing->error = -EFAULT;
		return false;
	}
	listing->to += entry.bytes;
	listing->left -= entry.bytes;
	return true;
}

/*
 * The most bytes that one call lists. A caller with a larger buffer calls again, and other tasks
 * run in between.
 */
#define LISTING_MOST 65536

long sys_getdents64(uint64_t descriptor, uintptr_t to, uint64_t bytes)
{
	struct listing listing = {to, MIN(bytes, LISTING_MOST), 0};
	struct file *file = file_at(process_current()->files, descriptor);
	long error;

	if (!file)
		return -EBADF;
	if (!file->inode)
		return -ENOTDIR;
	error = fs_list(file->inode, &file->position, list_entry, &listing);
	if (error)
		return error;
	/* It is an error only if not even one entry fits. */
	return listing.to > to ? (long)(listing.to - to) : listing.error;
}
